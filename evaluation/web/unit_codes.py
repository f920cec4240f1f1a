"""Forms of a unit's identification code: give another one, close the running one."""

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation.services import organisation
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import together
from evaluation.web.organisation_forms import (
    CloseCodeForm,
    CodeForm,
    day_in,
    done,
    form_page,
    text_in,
)
from evaluation.web.presentation import NOTHING
from evaluation.web.unit_changes import back_to, to_unit, unit_to_change

blueprint = Blueprint("unit_codes", __name__, url_prefix="/organisation/units/<int:unit_id>")
Page = str | Answer | tuple[str, int]


@blueprint.route("/code", methods=["GET", "POST"])
def give(unit_id: int) -> Page:
    """Another identification code from a day."""
    _changed, name, running = unit_to_change(unit_id)
    form = CodeForm(request.form)
    if request.method == "POST":
        made = done(
            form,
            lambda: organisation.give_code(
                current_actor(),
                unit_id,
                code=form.code.data or "",
                transaction_id=request.form.get("transaction_id"),
                **together(since=lambda: day_in(form.since, missing=_("Write the first day."))),
            ),
        )
        if made is not None:
            flash(_("The code is recorded."), "success")
            return to_unit(unit_id)
    return form_page(
        form,
        title=_("Give a new code"),
        about=name,
        effects=[
            _(
                "The old code closes on that day and names the new one as its successor; earlier months keep the old code."
            )
        ],
        button=_("Record the code"),
        back=back_to(unit_id, name),
        facts=[(_("Code now"), running or NOTHING)],
    )


@blueprint.route("/close-code", methods=["GET", "POST"])
def close(unit_id: int) -> Page:
    """The running code no longer names the unit from a day."""
    _changed, name, running = unit_to_change(unit_id)
    form = CloseCodeForm(request.form)
    if request.method == "POST":
        made = done(
            form,
            lambda: organisation.close_code(
                current_actor(),
                unit_id,
                code=running,
                successor=text_in(form.successor) or None,
                transaction_id=request.form.get("transaction_id"),
                **together(until=lambda: day_in(form.until, missing=_("Write the day."))),
            ),
        )
        if made is not None:
            flash(_("The code is closed."), "success")
            return to_unit(unit_id)
    return form_page(
        form,
        title=_("Close the code"),
        about=name,
        effects=[_("From that day the code names no unit; earlier months keep it.")],
        button=_("Close the code"),
        back=back_to(unit_id, name),
        facts=[(_("Code now"), running or NOTHING)],
    )
