"""The catalogue of products: the picker's search, the list, a product with its versions."""

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _

from evaluation import clock
from evaluation.queries.catalogue import Found
from evaluation.rules.periods import Month
from evaluation.services import catalogue_search
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.presentation import day, quantity

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")


@blueprint.get("/search")
def search() -> Response:
    """The picker's answer: ?q= with report_id=, or with unit_id= (and position_id=, month=2026-03)."""
    actor, words = current_actor(), request.args.get("q", "")
    month = _month(request.args.get("month"))
    report_id, unit_id = (request.args.get(name, type=int) for name in ("report_id", "unit_id"))
    if report_id is not None:
        found = catalogue_search.for_report(actor, report_id, words=words)
    elif unit_id is not None:
        position_id = request.args.get("position_id", type=int)
        found = catalogue_search.for_unit(actor, unit_id, month=month, words=words, position_id=position_id)
    else:
        raise Invalid([Fault("report_id", _("Say for which sheet or unit a product is looked for."))])
    return jsonify(options=[_option(one) for one in found])


def _option(found: Found) -> dict[str, object]:
    version = found.version
    detail = [
        found.code,
        version.output,
        _("coefficient %(value)s", value=quantity(version.coefficient)),
        _("group %(number)s", number=version.complexity_group),
    ]
    if version.valid_to is not None:
        detail.append(_("until before %(day)s", day=day(version.valid_to)))
    return {
        "id": version.id,
        "label": version.task if not version.detail else f"{version.task}: {version.detail}"[:300],
        "detail": " · ".join(text for text in detail if text),
        "match": _why(found),
        "group": _("This position's products") if found.own else _("Other products"),
    }


def _why(found: Found) -> str | None:
    """Why a product is offered; nothing where the task itself holds the words."""
    if found.near:
        return _("written nearly like what you typed")
    names = {
        "code": _("in the code"),
        "detail": _("in the detail"),
        "output": _("in the output product"),
        "section": _("in the section"),
    }
    places = [names.get(name, _("in the task")) for name in found.matched]
    return _("found %(places)s", places=", ".join(places)) if places else None


def _month(text: str | None) -> Month:
    """The month of the address, this month without one."""
    try:
        return Month.parse(text) if text else Month.of(clock.today())
    except ValueError:
        raise Invalid([Fault("month", _("Write the month as 2026-03."))]) from None
