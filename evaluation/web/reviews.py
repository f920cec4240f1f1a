"""A supervisor's inbox: accept what stands as self-assessed, open what differs, score, return."""

from collections import Counter
from collections.abc import Callable, Collection
from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Period, Report, WorkItem
from evaluation.queries import reviews as questions
from evaluation.queries.pages import cut
from evaluation.queries.reviews import Sheet
from evaluation.rules import grading
from evaluation.rules.periods import Stretch, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.rules.workflow import ReportState
from evaluation.services import access, outlooks, receipts, reviews, rulebooks
from evaluation.services.closed_periods import Closed
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once
from evaluation.web.presentation import moment
from evaluation.web.review_form import Panel, findings, panel

blueprint = Blueprint("reviews", __name__, url_prefix="/reviews")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
def index() -> Answer:
    """The sheets of a month that the actor scores."""
    return _inbox()


@blueprint.get("/<int:report_id>")
def show(report_id: int) -> Answer:
    """One sheet with its lines, criteria and score, to score or to return."""
    report = _report(report_id)
    if report.period.closed_at is not None:
        return redirect(url_for("results.show", report_id=report_id), 303)
    return _page(panel(report))


@blueprint.post("/<int:report_id>/open")
def open_sheet(report_id: int) -> Answer:
    """Looks at a sheet: unfolded in its row, or as a page of its own."""
    try:
        reviews.opened(current_actor(), report_id)
    except Closed:
        db.session.rollback()
        return redirect(url_for("results.show", report_id=report_id), 303)
    if not _fragment():
        return redirect(url_for(".show", report_id=report_id), 303)
    return _row(panel(_report(report_id)))


@blueprint.get("/<int:report_id>/row")
def row(report_id: int) -> Answer:
    """The row of a sheet, folded."""
    return _row(None, _report(report_id))


@blueprint.post("/<int:report_id>/outlook")
def outlook(report_id: int) -> Answer:
    """The score with what is typed now; stores nothing."""
    report = _report(report_id)
    try:
        score = outlooks.outlook(report, findings(report))
    except Invalid as refused:
        return render_template(
            "reviews/_outlook.html", report=report, score=None, problem=refused.faults[0].message
        )
    return render_template("reviews/_outlook.html", report=report, score=score, problem=None)


@blueprint.post("/<int:report_id>/save")
def save(report_id: int) -> Answer:
    """Stores findings; the sheet still waits to be scored."""

    def store(report: Report) -> None:
        reviews.save(current_actor(), report_id, findings=findings(report), version=_version())

    refused = _try(report_id, store)
    if refused is not None:
        return refused
    says = _("Saved at %(moment)s. The sheet is not scored yet.", moment=moment(clock.now()))
    saved = panel(_report(report_id), notice=says, notice_kind="success")
    return _row(saved) if _fragment() else _page(saved)


@blueprint.post("/<int:report_id>/score")
def score(report_id: int) -> Answer:
    """Stores findings and scores the sheet."""

    def store(report: Report) -> None:
        reviews.score(
            current_actor(),
            report_id,
            findings=findings(report),
            comment=request.form.get("comment"),
            version=_version(),
            transaction_id=request.form.get("transaction_id"),
        )

    refused = _try(report_id, store)
    if refused is not None:
        return refused
    report = _report(report_id)
    if _fragment():
        return _row(None, report, with_tiles=True)
    flash(
        _(
            "The sheet of %(name)s was scored. Receipt code: %(code)s",
            name=report.person.full_name,
            code=_code(),
        ),
        "success",
    )
    return redirect(url_for(".index", month=str(report.period.covers)), 303)


@blueprint.post("/accept")
def accept() -> Answer:
    """Scores the chosen sheets as they stand."""
    picked = _picked()
    try:
        done = reviews.accept_many(
            current_actor(),
            list(picked),
            versions={key: version for key, version in picked.items() if version},
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as refused:
        db.session.rollback()
        return _inbox(faults=refused.faults, picked=picked.keys()), 422
    except Conflict as refused:
        db.session.rollback()
        return _inbox(faults=[Fault("", refused.message)], picked=picked.keys()), 409
    flash(
        _(
            "%(count)s sheets were accepted at %(moment)s and went on to be confirmed. Receipt code: %(code)s",
            count=len(done),
            moment=moment(clock.now()),
            code=_code(),
        ),
        "success",
    )
    return redirect(url_for(".index", month=request.form.get("month") or None), 303)


@blueprint.post("/return")
def return_sheets() -> Answer:
    """Asks for the reason, then gives the chosen sheets back."""
    ids = list(_picked()) or request.form.getlist("report", type=int)
    reports = [_report(report_id) for report_id in ids]
    if not reports:
        return _inbox(faults=[Fault("", _("Choose at least one sheet."))]), 422
    faults: list[Fault] = []
    if "reason" in request.form:
        try:
            done = reviews.return_many(
                current_actor(),
                ids,
                reason=request.form["reason"],
                transaction_id=request.form.get("transaction_id"),
            )
        except Invalid as refused:
            db.session.rollback()
            faults = refused.faults
        else:
            flash(
                _("%(count)s sheets were returned; their officials were told why.", count=len(done)),
                "success",
            )
            return redirect(url_for(".index", month=request.form.get("month") or None), 303)
    page = render_template(
        "reviews/return.html",
        reports=reports,
        faults=faults,
        errors=[(fault.place, fault.message) for fault in faults],
        reason=request.form.get("reason", ""),
        month=request.form.get("month", ""),
        transaction_id=receipts.new_id(),
    )
    return (page, 422) if faults else page


@blueprint.post("/remind")
@answered_once
def remind() -> Response:
    """Tells those who have not sent their sheet."""
    month = _month(request.form.get("month"))
    if month is None:
        abort(404)
    told = reviews.remind(current_actor(), month)
    if told:
        flash(_("%(count)s officials were reminded.", count=told), "success")
    else:
        flash(_("Everybody who has not submitted was already reminded today."))
    return redirect(url_for(".index", month=str(month)), 303)


def _inbox(*, faults: list[Fault] | None = None, picked: Collection[int] | None = None) -> str:
    actor = current_actor()
    units = list(actor.standing.headed | actor.standing.delegated.keys())
    months = questions.months_of(units) if units else []
    period = _chosen(months)
    sheets = questions.supervised(units, period, rulebooks.shelf(), viewer=actor.person_id) if period else []
    waiting = cut([one for one in sheets if one.waits], request.args.get("page", 1, type=int))
    ticked = (
        set(picked)
        if picked is not None
        else {one.id for one in waiting.rows if one.bulk and not one.findings}
    )
    return render_template(
        "reviews/index.html",
        months=[(one.covers, waiting) for one, waiting in months],
        month=period.covers if period else None,
        sheets=sheets,
        waiting=waiting,
        others=cut([one for one in sheets if not one.waits], request.args.get("other", 1, type=int)),
        picked=ticked,
        tiles=_tiles(sheets),
        states=STATES,
        panel=None,
        errors=[(fault.place, fault.message) for fault in faults or []],
        transaction_id=receipts.new_id(),
        due=min((one.due for one in sheets if one.waits), default=period.score_due if period else None),
    )


def _tiles(sheets: list[Sheet]) -> dict[str, Any]:
    """The four figures over the list."""
    states = Counter(one.state for one in sheets)
    return {
        "rated": len(sheets) - states[ReportState.NOT_RATED],
        "sent": sum(1 for one in sheets if one.handed_in),
        "waiting": states[ReportState.SUBMITTED],
        "missing": states[ReportState.DRAFT] + states[ReportState.RETURNED],
        "mean": grading.mean(one.present.total for one in sheets if one.present.total is not None),
        "mean_before": grading.mean(
            Fraction(one.history[-1]) for one in sheets if one.history[-1] is not None
        ),
        "late": sum(one.late_lines for one in sheets),
        "excused": sum(one.excused_delays for one in sheets),
    }


def _chosen(months: list[tuple[Period, int]]) -> Period | None:
    """The month asked for; else the oldest in which somebody waits, else the newest."""
    wanted = _month(request.values.get("month"))
    if wanted is not None:
        found = next((period for period, _waiting in months if period.covers == wanted), None)
        if found is None:
            abort(404)
        return found
    waiting = [period for period, count in months if count]
    return waiting[-1] if waiting else (months[0][0] if months else None)


def _month(text: str | None) -> Stretch | None:
    try:
        return parse_stretch(text) if text else None
    except ValueError:
        abort(404)


def _report(report_id: int) -> Report:
    """A sheet the actor scores, with everything the panel shows."""
    report, _held = access.report_for(current_actor(), report_id, to=Action.SCORE_REPORT, in_any_state=True)
    db.session.get_one(
        Report,
        report_id,
        options=[
            selectinload(Report.items).options(selectinload(WorkItem.marks), selectinload(WorkItem.evidence)),
            selectinload(Report.criteria),
        ],
        populate_existing=True,
    )
    return report


def _try(report_id: int, store: Callable[[Report], None]) -> Answer | None:
    """Runs a use case; its refusal becomes the panel with everything that was typed still there."""
    report = _report(report_id)
    try:
        store(report)
    except Invalid as refused:
        db.session.rollback()
        again = panel(_report(report_id), request.form, refused.faults)
        return (_row(again) if _fragment() else _page(again)), 422
    except Conflict as refused:
        db.session.rollback()
        again = panel(_report(report_id), request.form, notice=refused.message)
        return (_row(again) if _fragment() else _page(again)), 409
    return None


def _row(opened: Panel | None, report: Report | None = None, *, with_tiles: bool = False) -> str:
    report = opened.report if opened else report
    assert report is not None
    sheet = questions.one(report, rulebooks.shelf())
    tiles = None
    if with_tiles:
        actor = current_actor()
        units = list(actor.standing.headed | actor.standing.delegated.keys())
        tiles = _tiles(questions.supervised(units, report.period, rulebooks.shelf(), viewer=actor.person_id))
    return render_template(
        "reviews/_answer.html",
        sheet=sheet,
        panel=opened,
        picked={sheet.id} if opened is None and sheet.bulk and not sheet.findings else set(),
        score=_score_now(opened) if opened else None,
        month=report.period.covers,
        tiles=tiles,
        states=STATES,
        transaction_id=receipts.new_id(),
    )


def _page(opened: Panel) -> str:
    return render_template(
        "reviews/show.html",
        sheet=questions.one(opened.report, rulebooks.shelf()),
        panel=opened,
        score=_score_now(opened),
        month=opened.report.period.covers,
        errors=opened.summary,
        states=STATES,
        transaction_id=receipts.new_id(),
    )


def _score_now(opened: Panel) -> Any:
    """The score with what is typed; with what is stored when that cannot be read."""
    try:
        return outlooks.outlook(opened.report, findings(opened.report))
    except Invalid:
        return None


def _picked() -> dict[int, int]:
    """The chosen sheets with the versions the page showed; a tick is 'id:version'."""
    found = {}
    for text in request.form.getlist("pick"):
        key, _colon, version = text.partition(":")
        if key.isdigit() and len(key) < 16:
            found[int(key)] = int(version) if version.isdigit() and len(version) < 10 else 0
    return found


def _version() -> int | None:
    return request.form.get("version", type=int)


def _code() -> str:
    return (request.form.get("transaction_id") or "")[:8].upper()


def _fragment() -> bool:
    return request.headers.get("HX-Request") == "true"


STATES = {
    ReportState.DRAFT: ("", "not submitted"),
    ReportState.RETURNED: ("warn", "returned"),
    ReportState.SUBMITTED: ("now", "waits for scoring"),
    ReportState.SCORED: ("info", "scored"),
    ReportState.CONFIRMED: ("ok", "confirmed"),
    ReportState.PUBLISHED: ("ok", "public"),
    ReportState.NOT_RATED: ("", "not evaluated"),
}
