"""The cycles of agencies, for Home Affairs: who evaluates by month, who by quarter, since when; a change with its preview."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused, said
from evaluation.models import Report
from evaluation.queries import cycles as questions
from evaluation.queries.pages import cut
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Cycle
from evaluation.services import cycles, receipts
from evaluation.services.access import Actor
from evaluation.services.cycles import Preview
from evaluation.services.refusals import Fault, Invalid
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.panels import Panel
from evaluation.web.periods import STEPS

blueprint = Blueprint("cycles", __name__, url_prefix="/cycles")
Answer = str | Response | tuple[str, int]

NAMES = {Cycle.MONTH: _l("by month"), Cycle.QUARTER: _l("by quarter")}


@blueprint.get("/")
def index() -> Answer:
    """Every agency with its cycle, and the form that changes one."""
    cycles.require(current_actor())
    return _page({})


@blueprint.post("/")
def change() -> Answer:
    """Shows what the change would open; recorded once that was read."""
    actor, typed = current_actor(), request.form
    cycles.require(actor)
    try:
        agency_id, cycle, since = _terms(typed)
        shown = cycles.preview(actor, agency_id, cycle=cycle, since=since)
        if "sure" not in typed:
            _numbered(typed)
            return _confirm(shown, typed)
        cycles.change(
            actor,
            agency_id,
            cycle=cycle,
            since=since,
            decision_number=typed.get("decision_number", ""),
            transaction_id=typed.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        return _page(typed, invalid.faults), 422
    flash(
        _(
            "%(agency)s is evaluated %(cycle)s from %(day)s on.",
            agency=shown.agency.name,
            cycle=str(NAMES[cycle]),
            day=f"{since:%d/%m/%Y}",
        ),
        "success",
    )
    return redirect(url_for(".index"), 303)


def _terms(typed: Mapping[str, str]) -> tuple[int | None, Cycle, date]:
    faults: list[Fault] = []
    text = typed.get("agency_id", "")
    agency_id = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    if agency_id is None:
        faults.append(Fault("agency_id", _("Choose the agency.")))
    cycle = typed.get("cycle", "")
    if cycle not in Cycle.__members__:
        faults.append(Fault("cycle", _("Choose the cycle.")))
    since: date | None = None
    try:
        since = parse_date(typed.get("since"))
    except CellRefused as refused:
        faults.append(Fault("since", said(_, refused.says_id, refused.params)))
    else:
        if since is None:
            faults.append(Fault("since", _("Write the first day.")))
    if faults or since is None:
        raise Invalid(faults)
    return agency_id, Cycle(cycle), since


def _numbered(typed: Mapping[str, str]) -> None:
    if not typed.get("decision_number", "").strip():
        raise Invalid([Fault("decision_number", _("Write the number of the decision."))])


def _page(typed: Mapping[str, str], faults: list[Fault] | None = None) -> str:
    today = clock.today()
    agencies = questions.agencies(today)
    # those that went their own way first
    ordered = sorted(agencies, key=lambda one: (one.cycle is Cycle.MONTH and not one.next_from, one.name))
    return render_template(
        "cycles/index.html",
        agencies=agencies,
        page=cut(ordered, request.args.get("page", 1, type=int)),
        quarterly=sum(one.cycle is Cycle.QUARTER for one in agencies),
        names=NAMES,
        earliest=cycles.first_free_quarter(),
        typed=typed,
        faults={fault.place: fault.message for fault in faults or ()},
        errors=[(fault.place, fault.message) for fault in faults or ()],
    )


def _confirm(shown: Preview, typed: Mapping[str, str]) -> str:
    return render_template(
        "cycles/change.html",
        shown=shown,
        names=NAMES,
        steps=STEPS,
        step_names=list(StepName),
        typed=typed,
        transaction_id=receipts.new_id(),
    )


def _panel(_actor: Actor, report: Report) -> Panel | None:
    """On the sheet of a quarter: which months it speaks for."""
    if report.period.cycle is Cycle.MONTH:
        return None
    covers = report.period.covers
    covered = questions.covered_by([report.id]).get(report.id, 0)
    values = {
        "covers": covers,
        "last": covers.end - timedelta(days=1),
        "covered": covered,
        "whole": covered == len(covers.months),
    }
    return Panel("cycles/_card.html", values)


panels.on_sheet("cycle", _panel)
