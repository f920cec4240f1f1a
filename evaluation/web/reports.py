"""An official's month: fill in, check, submit, take back."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Report
from evaluation.queries import reports as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.permissions import Action, Relation
from evaluation.rules.workflow import ReportState
from evaluation.services import access, catalogue_search, periods, projections, receipts, reports
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing
from evaluation.services.reports import LineEntry, Stale
from evaluation.web import sheet_page
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once
from evaluation.web.presentation import clock_time
from evaluation.web.presentation import period_label as month_text

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
CELLS = ("done", "quality_fails", "delays", "done_on", "note")


@blueprint.get("/")
def current() -> Answer | str:
    """The sheet of the newest month, or why there is none."""
    report_id = questions.newest_of(current_actor().person_id)
    if report_id is not None:
        return redirect(url_for(".show", report_id=report_id))
    return render_template("reports/none.html", period=periods.current(), report=None, absences={})


@blueprint.get("/<int:report_id>")
def show(report_id: int) -> Answer | str:
    """The sheet to fill in; one that is not the reader's or no longer open shows its results instead."""
    report, mine = _readable(report_id)
    if report.state is ReportState.NOT_RATED and mine:
        return render_template(
            "reports/none.html", period=report.period, report=report, absences=sheet_page.ABSENCES
        )
    if not mine or report.state not in reports.EDITABLE:
        return redirect(url_for("results.show", report_id=report_id))
    return render_template("reports/show.html", **sheet_page.context(report))


@blueprint.post("/<int:report_id>/draft")
def draft(report_id: int) -> Answer | tuple[str | Response, int] | Response:
    """Keeps what is typed; answers JSON to the page's script and a page to a browser without it."""
    wants_json = request.headers.get("X-Requested-With") == "fetch"
    try:
        report = _save(report_id)
    except Stale as stale:
        return _two_versions(stale, wants_json)
    except Invalid as invalid:
        if wants_json:
            return _faults(invalid)
        return _typed_again(report_id, invalid.faults)
    if wants_json:
        return _saved(report)
    if request.form.get("then") == "add":
        return redirect(url_for(".add", report_id=report_id))
    if request.form.get("then", "").startswith("evidence-"):
        item_id = request.form["then"].removeprefix("evidence-")
        if item_id.isdecimal():
            return redirect(url_for("evidence.line", item_id=int(item_id[:18])))
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".show", report_id=report_id))


@blueprint.post("/<int:report_id>/check")
def check_and_save(report_id: int) -> Answer | tuple[str | Response, int]:
    """Keeps what is typed, names what is missing, else goes on to the answers."""
    try:
        report = _save(report_id)
    except Stale as stale:
        return _two_versions(stale, False)
    except Invalid as invalid:
        return _typed_again(report_id, invalid.faults)
    missing = reports.missing_criteria(report)
    if missing:
        return _typed_again(report_id, missing)
    return redirect(url_for(".check", report_id=report_id))


@blueprint.get("/<int:report_id>/check")
def check(report_id: int) -> Answer | str:
    """The answers before submitting: totals, what follows, what is still missing."""
    report = _own_open(report_id)
    if report is None:
        return redirect(url_for(".show", report_id=report_id))
    if reports.missing_criteria(report):
        flash(_("Fill in all ten general criteria first."), "error")
        return redirect(url_for(".show", report_id=report_id))
    late = None
    try:
        if report.state is ReportState.DRAFT:
            periods.late(report, StepName.SUBMIT)
    except Conflict as refused:
        late = refused.message
    return render_template(
        "reports/check.html",
        **sheet_page.context(report),
        transaction_id=receipts.new_id(),
        too_late=late,
    )


@blueprint.post("/<int:report_id>/submit")
def submit(report_id: int) -> Answer | tuple[str | Response, int]:
    """Hands the sheet to the supervisor; a resent form leads to the same confirmation."""
    try:
        reports.submit(
            current_actor(),
            report_id,
            version=_number(request.form.get("version")),
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as invalid:
        return _typed_again(report_id, invalid.faults)
    return redirect(url_for(".submitted", report_id=report_id))


@blueprint.get("/<int:report_id>/submitted")
def submitted(report_id: int) -> Answer | str:
    """The confirmation with time and receipt code."""
    report, mine = _readable(report_id)
    sheet = reports.own_sheet(report)
    if not mine or sheet is None or report.state in reports.EDITABLE:
        return redirect(url_for(".show", report_id=report_id))
    return render_template(
        "reports/submitted.html",
        report=report,
        sheet=sheet,
        code=reports.receipt_code(sheet),
        around=questions.around(report, clock.today()),
    )


@blueprint.post("/<int:report_id>/withdraw")
@answered_once
def withdraw(report_id: int) -> Answer:
    """Takes the sheet back for correction."""
    reports.withdraw(current_actor(), report_id)
    flash(_("The sheet is a draft again. Submit it before the last day."), "success")
    return redirect(url_for(".show", report_id=report_id))


@blueprint.get("/<int:report_id>/add")
def add(report_id: int) -> Answer | str:
    """Finds a product of the agency's catalogue for work outside the plan."""
    report = _own_open(report_id)
    if report is None:
        return redirect(url_for(".show", report_id=report_id))
    return _add_page(report, request.args, [])


@blueprint.post("/<int:report_id>/add")
@answered_once
def add_work(report_id: int) -> Answer | tuple[str, int]:
    """Adds work outside the plan."""
    form = request.form
    try:
        item = reports.add_adhoc(
            current_actor(),
            report_id,
            version_id=_number(next(filter(None, form.getlist("version_id")), None)),
            quantity=form.get("quantity", ""),
            due_on=form.get("due_on", ""),
            note=form.get("note", ""),
        )
    except Invalid as invalid:
        db.session.rollback()
        report = _own_open(report_id)
        if report is None:
            return redirect(url_for(".show", report_id=report_id))
        return _add_page(report, form, invalid.faults), 422
    flash(_("“%(task)s” was added to the sheet.", task=item.task), "success")
    return redirect(url_for(".show", report_id=report_id))


@blueprint.post("/lines/<int:item_id>/remove")
def remove_work(item_id: int) -> Answer:
    """Takes back work the official added."""
    report = reports.remove_adhoc(current_actor(), item_id)
    flash(_("The added work was removed."), "success")
    return redirect(url_for(".show", report_id=report.id))


def _readable(report_id: int) -> tuple[Report, bool]:
    """A sheet with its lines, and whether it is the reader's own."""
    known = questions.loaded(report_id)  # held here, so that the door finds it without asking again
    if known is None:
        raise Missing(_("There is no such sheet."))
    report, held = access.report_for(current_actor(), report_id, to=Action.READ_REPORT)
    return report, Relation.OWNER in held


def _own_open(report_id: int) -> Report | None:
    """The reader's own sheet while it can be changed; None when it is past that, Forbidden when another's."""
    report, mine = _readable(report_id)
    if not mine:
        raise Forbidden(_("You are not allowed to do this here."))
    return report if report.state in reports.EDITABLE else None


def _save(report_id: int) -> Report:
    form = request.form
    return reports.save_draft(
        current_actor(),
        report_id,
        version=_number(form.get("version")),
        lines=_lines(form),
        criteria={
            name.removeprefix("criterion-"): text
            for name, text in form.items()
            if name.startswith("criterion-")
        },
        strengths=form.get("strengths"),
        shortcomings=form.get("shortcomings"),
    )


def _lines(form: Mapping[str, str]) -> dict[int, LineEntry]:
    """The five cells an official may fill on each line; any other field is not read."""
    cells: dict[int, dict[str, str]] = {}
    for name, text in form.items():
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "line" and parts[1].isdecimal() and parts[2] in CELLS:
            cells.setdefault(int(parts[1][:18]), {})[parts[2]] = text
    return {item_id: LineEntry(**found) for item_id, found in cells.items()}


def _saved(report: Report) -> Response:
    """The answer to the page's script: when, which version, the score now, and delays that the due day forced."""
    late = [item for item in report.items if sheet_page.is_late(item)]
    return jsonify(
        saved_at=clock_time(report.saved_at or clock.now()),
        version=report.version,
        projection=render_template(
            "reports/_projection.html", report=report, projection=projections.of_report(report)
        ),
        corrected={f"line-{item.id}-delays": str(item.delays) for item in late},
        late=[str(item.id) for item in late],
    )


def _faults(invalid: Invalid) -> tuple[Response, int]:
    """The faults for the page's script, each with the sentence that stands beside its cell."""
    db.session.rollback()
    faults = [{"place": fault.place, "message": sheet_page.beside(fault)} for fault in invalid.faults]
    return jsonify(message=_("Not saved: correct the cells marked in red."), faults=faults), 422


def _two_versions(stale: Stale, wants_json: bool) -> tuple[str | Response, int]:
    """Both versions: as data for the script, else as a page where one of them is chosen."""
    db.session.rollback()
    if wants_json:
        return (
            jsonify(
                message=stale.message,
                version=stale.version,
                saved_at=clock_time(stale.saved_at),
                differences=[
                    {"place": place, "label": label, "stored": _text(stored), "typed": _text(typed)}
                    for place, label, stored, typed in stale.differences
                ],
            ),
            409,
        )
    page = render_template(
        "reports/two_versions.html",
        stale=stale,
        differences=[
            (label, _column(place), _text(stored), _text(typed))
            for place, label, stored, typed in stale.differences
        ],
        typed=[
            (name, text)
            for name, text in request.form.items()
            if name not in ("csrf_token", "version", "then")
        ],
    )
    return page, 409


def _typed_again(report_id: int, faults: list[Fault]) -> Answer | tuple[str, int]:
    """The same page with everything still typed, the faults on top and beside their cells."""
    db.session.rollback()
    report = _own_open(report_id)
    if report is None:
        return redirect(url_for(".show", report_id=report_id))
    return render_template("reports/show.html", **sheet_page.context(report, request.form, faults)), 422


def _add_page(report: Report, form: Mapping[str, str], faults: list[Fault]) -> str:
    words = form.get("q", "")[:200]
    return render_template(
        "reports/add.html",
        report=report,
        words=words,
        products=catalogue_search.for_report(current_actor(), report.id, words=words),
        form_values=form,
        month=month_text(report.period.covers),
        errors=[(fault.place, fault.message) for fault in faults],
        faults={fault.place: fault.message for fault in faults},
    )


def _column(place: str) -> str:
    return {
        "done": _("Done"),
        "quality_fails": _("Failed reviews"),
        "delays": _("Delays"),
        "done_on": _("Finished on"),
        "note": _("Note"),
        "strengths": _("Strengths"),
        "shortcomings": _("Shortcomings"),
    }.get(place.rsplit("-", 1)[-1], _("Points"))


def _text(value: object) -> str:
    return sheet_page.shown(value)


def _number(text: str | None) -> int:
    """A whole number of a form, or a refusal as an out-of-date form."""
    if text is None or not text.isdecimal() or len(text) > 18:
        return 0
    return int(text)
