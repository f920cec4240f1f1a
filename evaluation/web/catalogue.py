"""The catalogue of products: the list as of a day, a product through time, the picker's search."""

from datetime import date

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _

from evaluation import clock
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused
from evaluation.models import Product, ProductVersion
from evaluation.queries import catalogue_lists as lists
from evaluation.queries import organisation
from evaluation.queries.catalogue import Found
from evaluation.queries.organisation import Subject
from evaluation.rules.periods import Month, Stretch, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.services import access, catalogue_reach, catalogue_search
from evaluation.services.refusals import Fault, Invalid, Missing
from evaluation.web import catalogue_changes, catalogue_import
from evaluation.web.access import current_actor
from evaluation.web.presentation import day as day_text
from evaluation.web.presentation import quantity

blueprint = Blueprint("catalogue", __name__, url_prefix="/catalogue")
catalogue_changes.add_to(blueprint)
catalogue_import.add_to(blueprint)


@blueprint.get("/")
def index() -> str:
    """Every product in force on a day; decided catalogues are public to whoever signed in."""
    args, errors, on = request.args, [], clock.today()
    try:
        on = parse_date(args.get("on", "").strip()) or on
    except CellRefused:
        errors = [("on", _("“%(text)s” is not a day. Write it as 23/11/2026.", text=args["on"][:20]))]
    group = args.get("group", type=int)
    wanted = lists.Wanted(
        day=on,
        words=args.get("q", "")[:200],
        agency_id=args.get("agency", type=_id),
        section=args.get("section", "")[:500],
        group=group if group in range(1, 6) else None,
        position_id=args.get("position", type=_id),
    )
    page = lists.listed(wanted, args.get("page", 1, type=_id) or 1)
    agencies, sections, positions = lists.filters(on, wanted.agency_id)
    names = organisation.unit_names([*agencies, *(row.product.agency_id for row in page.rows)], on)
    return render_template(
        "catalogue/index.html",
        wanted=wanted,
        page=page,
        agencies=sorted(((one, names.get(one, "")) for one in agencies), key=lambda pair: pair[1]),
        names=names,
        sections=sections,
        positions=positions,
        may_change=catalogue_reach.changes_any(current_actor()),
        filtered=any(args.get(name) for name in ("q", "agency", "section", "group", "position", "on")),
        errors=errors,
    )


@blueprint.get("/<int:product_id>")
def product(product_id: int) -> str:
    """A product: what it says and weighs from when to when, by which decision, who uses it, what lines carry it."""
    found = lists.product(product_id) if product_id < 2**63 else None
    if found is None:
        raise Missing(_("There is no such product."))
    today = clock.today()
    shown = _shown(found, today)
    units = {one.unit_id for version in found.versions for one in version.units} | {found.agency_id}
    return render_template(
        "catalogue/product.html",
        product=found,
        shown=shown,
        versions=list(reversed(found.versions)),
        running=shown.valid_from <= today and (shown.valid_to is None or shown.valid_to > today),
        names=organisation.unit_names(units, today),
        positions=lists.position_names(
            {one.position_id for version in found.versions for one in version.positions}
        ),
        lines=lists.open_lines([version.id for version in found.versions]),
        may_change=access.may(current_actor(), Action.CHANGE_CATALOGUE, Subject(unit_id=found.agency_id)),
        today=today,
    )


def _shown(found: Product, today: date) -> ProductVersion:
    """The version in force today, else the last."""
    begun = [version for version in found.versions if version.valid_from <= today]
    return begun[-1] if begun else found.versions[0]


@blueprint.get("/search")
def search() -> Response:
    """The picker's answer: ?q= with report_id=, or with unit_id= (and position_id=, month=2026-03)."""
    actor, words = current_actor(), request.args.get("q", "")
    month = _month(request.args.get("month"))
    report_id, unit_id = (request.args.get(name, type=_id) for name in ("report_id", "unit_id"))
    if report_id is not None:
        found = catalogue_search.for_report(actor, report_id, words=words)
    elif unit_id is not None:
        position_id = request.args.get("position_id", type=_id)
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
        detail.append(_("until before %(day)s", day=day_text(version.valid_to)))
    return {
        "id": version.id,
        "label": version.task if not version.detail else f"{version.task}: {version.detail}"[:300],
        "detail": " · ".join(text for text in detail if text),
        "match": _why(found),
        "group": _("This position's products") if found.own else _("Other products"),
    }


def _why(found: Found) -> str | None:
    """Why a product is offered; nothing where nothing was typed."""
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


def _id(text: str) -> int:
    """A number of an address; ValueError when it is none that a table could hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def _month(text: str | None) -> Stretch:
    """The month of the address, this month without one."""
    try:
        return parse_stretch(text) if text else Month.of(clock.today())
    except ValueError:
        raise Invalid([Fault("month", _("Write the month as 2026-03."))]) from None
