"""The timetable of the open months, with every extension and who granted it; a form to extend."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused, said
from evaluation.queries import organisation
from evaluation.queries import periods as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.permissions import Role
from evaluation.services import cycles, periods, receipts
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.web.access import current_actor

blueprint = Blueprint("periods", __name__, url_prefix="/periods")

STEPS = {
    StepName.ASSIGN: _l("Assign work"),
    StepName.SUBMIT: _l("Submit sheets"),
    StepName.SCORE: _l("Score sheets"),
    StepName.CONFIRM: _l("Confirm scores"),
    StepName.PUBLISH: _l("Publish results"),
}


@blueprint.get("/")
def index() -> str:
    """The dates of the open months; extensions as far as the reader may see them."""
    return _page()


@blueprint.post("/extend")
def extend() -> Answer | tuple[str, int]:
    """Grants a later last day for an agency or for one official's sheet."""
    typed = request.form
    try:
        _extend(current_actor(), typed)
    except Invalid as invalid:
        db.session.rollback()
        return _page(typed, {fault.place: fault.message for fault in invalid.faults}), 422
    except Conflict as conflict:
        db.session.rollback()
        return _page(typed, {}, sentence=conflict.message), 409
    flash(_("The date was extended. Everybody concerned has been told."), "success")
    return redirect(url_for(".index"))


def _extend(actor: Actor, typed: Mapping[str, str]) -> None:
    faults = []
    period_id, agency_id = _number(typed.get("period_id")), _number(typed.get("agency_id"))
    step = typed.get("step", "")
    if step not in StepName.__members__:
        faults.append(Fault("step", _("Choose the step to extend.")))
    if period_id is None:
        faults.append(Fault("period_id", _("Choose the month.")))
    if agency_id is None:
        faults.append(Fault("agency_id", _("Choose the agency.")))
    due: date | None = None
    try:
        due = parse_date(typed.get("due"))
    except CellRefused as refused:
        faults.append(Fault("due", said(_, refused.says_id, refused.params)))
    else:
        if due is None:
            faults.append(Fault("due", _("Write the new last day, for example 15/10/2026.")))
    official, report_id = typed.get("official", "").strip(), None
    if official and period_id and agency_id:
        report_id = questions.sheet_of_official(period_id, agency_id, official)
        if report_id is None:
            faults.append(
                Fault("official", _("No sheet of this official was found in this agency and month."))
            )
    if not typed.get("reason", "").strip():
        faults.append(Fault("reason", _("Write why the date is extended.")))
    if faults or due is None or period_id is None:
        raise Invalid(faults)
    periods.grant_extension(
        actor,
        period_id=period_id,
        step=StepName(step),
        due=due,
        reason=typed["reason"],
        report_id=report_id,
        agency_id=None if official else agency_id,
        transaction_id=typed.get("transaction_id"),
    )


def _page(
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    sentence: str | None = None,
) -> str:
    actor = current_actor()
    months = questions.open_periods()
    everywhere = any(actor.standing.holds(role) for role in (Role.HOME_AFFAIRS, Role.INSPECTOR))
    led = actor.standing.headed | actor.standing.delegated.keys()
    ids = [period.id for period in months]
    may_extend = (
        questions.agencies_with_sheets(ids, None)
        if actor.standing.holds(Role.HOME_AFFAIRS)
        else questions.agencies_with_sheets(ids, led)
    )
    names = organisation.unit_names(may_extend, clock.today())
    errors: list[Any] = [sentence] if sentence else list((faults or {}).items())
    return render_template(
        "periods/index.html",
        months=months,
        changes_cycles=cycles.may_change(actor),
        steps=STEPS,
        due={
            period.id: {step: questions.general_due(period, step) for step in StepName} for period in months
        },
        granted=questions.extensions_of(
            ids, clock.today(), within=None if everywhere else (list(led), actor.person_id)
        ),
        agencies=sorted(names.items(), key=lambda pair: pair[1]),
        typed=typed or {},
        faults=faults or {},
        errors=errors or None,
        transaction_id=receipts.new_id(),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
