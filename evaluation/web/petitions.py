"""Petitions: the official's own, those to be answered, one petition with its file, and lodging a new one."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Petition, Report, ScoreSheet, YearGrade
from evaluation.queries import organisation
from evaluation.queries import petitions as questions
from evaluation.rules import petitions as rules
from evaluation.rules.permissions import Action, Role, allowed
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.workflow import PetitionState
from evaluation.rules.working_days import working_days_left
from evaluation.services import access, grades, petitions, receipts, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Fault, Forbidden, Invalid
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.panels import Panel
from evaluation.web.presentation import day as day_text

blueprint = Blueprint("petitions", __name__, url_prefix="/petitions")
Answer = str | Response | tuple[str, int]
STATES = {
    PetitionState.LODGED: ("now", _l("Waits for an answer")),
    PetitionState.WITHDRAWN: ("", _l("Taken back")),
    PetitionState.UPHELD: ("ok", _l("Upheld")),
    PetitionState.REJECTED: ("warn", _l("Rejected")),
}
ACTIONS = {
    "petition.lodged": _l("Petition lodged"),
    "petition.taken_back": _l("Petition taken back"),
    "petition.upheld": _l("Petition upheld"),
    "petition.rejected": _l("Petition rejected"),
}
OVERSEES = (Role.HOME_AFFAIRS, Role.INSPECTOR, Role.PERSONNEL)


@blueprint.get("/")
def index() -> str:
    """The own petitions, and for whoever confirms results those that wait for an answer."""
    actor, today = current_actor(), clock.today()
    led = _led(actor)
    return render_template(
        "petitions/index.html",
        own=questions.of_person(actor.person_id, today),
        waiting=questions.to_answer(led, actor.person_id, today) if led else [],
        answered=questions.answered(led, actor.person_id, today) if led else [],
        leads=bool(led),
        oversees=oversees(actor),
        states=STATES,
        countdown=countdown,
    )


@blueprint.route("/against/score/<int:report_id>", methods=["GET", "POST"])
def lodge_score(report_id: int) -> Answer:
    """Asks what is contested and what is wanted, then lodges a petition against a month's score."""
    report, _held = access.report_for(current_actor(), report_id, to=Action.LODGE_PETITION)
    if request.method == "POST":
        try:
            petition = petitions.lodge_against_score(current_actor(), report_id, **_typed())
        except Invalid as refused:
            db.session.rollback()
            return _lodging(report, None, refused.faults), 422
        return _lodged(petition)
    petitions.refuse_against_score(report)
    return _lodging(report, None, [])


@blueprint.route("/against/class/<int:grade_id>", methods=["GET", "POST"])
def lodge_class(grade_id: int) -> Answer:
    """The same against the class of a year."""
    grade, held = grades.grade_for(current_actor(), grade_id)
    if not allowed(Action.LODGE_PETITION, held):
        raise Forbidden(_("Only the official concerned may petition against this result."))
    if request.method == "POST":
        try:
            petition = petitions.lodge_against_class(current_actor(), grade_id, **_typed())
        except Invalid as refused:
            db.session.rollback()
            return _lodging(None, grade, refused.faults), 422
        return _lodged(petition)
    petitions.refuse_against_class(grade)
    return _lodging(None, grade, [])


@blueprint.get("/<int:petition_id>")
def show(petition_id: int) -> str:
    """The file of one petition: what was contested, until when, the answer, the result before and after."""
    petition, held = petitions.read(current_actor(), petition_id)
    return page(petition, may_answer=allowed(Action.DECIDE_PETITION, held), faults=[])


@blueprint.post("/<int:petition_id>/take-back")
def take_back(petition_id: int) -> Answer:
    """Takes back the own petition."""
    petitions.take_back(
        current_actor(), petition_id, transaction_id=request.form.get("transaction_id") or None
    )
    flash(_("Your petition was taken back."), "success")
    return redirect(url_for(".show", petition_id=petition_id), 303)


def page(petition: Petition, *, may_answer: bool, faults: list[Fault]) -> str:
    """The page of a petition, with the answer's form for whoever may give it."""
    today = clock.today()
    finals = questions.finals_of(petition.report_id) if petition.report_id else []
    happenings = questions.history(petition)
    changed = next((one.event.after for one in happenings if one.event.action == "petition.upheld"), None)
    leaders = questions.names_of_sheets((changed or {}).get("leaders") or [])
    successor = questions.successor_of(petition.grade_id) if petition.grade_id else None
    report, grade = petition.report, petition.grade
    unit = report.unit_id if report else grade.unit_id  # type: ignore[union-attr]
    return render_template(
        "petitions/show.html",
        petition=petition,
        report=report,
        grade=grade,
        mine=petition.person_id == current_actor().person_id,
        open=petition.state is PetitionState.LODGED,
        may_answer=may_answer and petition.state is PetitionState.LODGED,
        contested=_contested(finals, petition),
        after=_outcome(finals, petition),
        successor=successor,
        leaders=leaders,
        names=organisation.unit_names([unit, petition.deciding_unit_id], today),
        unit_id=unit,
        answered_by=next(
            (one for one in happenings if one.event.action in ("petition.upheld", "petition.rejected")), None
        ),
        events=[one for one in happenings if one.event.action in ACTIONS],
        actions=ACTIONS,
        states=STATES,
        countdown=countdown,
        law=petitions.book_of(petition),
        better=questions.better_classes(grade),
        typed=request.form,
        transaction_id=receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )


def countdown(due: date) -> tuple[str, str]:
    """Kind of tag and words: how many working days are left for an answer, or that it is late."""
    today = clock.today()
    left = working_days_left(today, due)
    if today > due:
        if left == 0:
            return "bad", _("overdue since %(day)s", day=day_text(due))
        return "bad", ngettext(
            "overdue by %(num)s working day, was due %(day)s",
            "overdue by %(num)s working days, was due %(day)s",
            -left,
            day=day_text(due),
        )
    if today == due:
        return "warn", _("today is the last day")
    return ("warn" if left <= 2 else "info"), ngettext(
        "%(num)s working day left, until the end of %(day)s",
        "%(num)s working days left, until the end of %(day)s",
        left,
        day=day_text(due),
    )


def oversees(actor: Actor) -> bool:
    """Whether the reader has the register of petitions."""
    return any(actor.standing.holds(role) for role in OVERSEES)


def _led(actor: Actor) -> list[int]:
    return list(actor.standing.headed | actor.standing.delegated.keys())


def _typed() -> dict[str, str]:
    return {
        "reason": request.form.get("reason", ""),
        "wanted": request.form.get("wanted", ""),
        "transaction_id": request.form.get("transaction_id", ""),
    }


def _lodged(petition: Petition) -> Response:
    flash(
        _("Your petition was received; the answer is due by %(day)s.", day=day_text(petition.due_on)),
        "success",
    )
    return redirect(url_for("petitions.show", petition_id=petition.id), 303)


def _lodging(report: Report | None, grade: YearGrade | None, faults: list[Fault]) -> str:
    book = rulebooks.book_of(report) if report else rulebooks.shelf().named(grade.rulebook)  # type: ignore[union-attr]
    finals = questions.finals_of(report.id) if report else []
    return render_template(
        "petitions/lodge.html",
        report=report,
        grade=grade,
        live=next((one for one in reversed(finals) if one.superseded_at is None), None),
        due=rules.answer_due(book, clock.today()),
        days=int(book.number(rules.ANSWER, clock.today())),
        article=book.article(rules.ANSWER),
        typed=request.form,
        transaction_id=receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )


def _contested(finals: list[ScoreSheet], petition: Petition) -> ScoreSheet | None:
    """The final score that was in force when the petition was lodged."""
    at = petition.lodged_at
    known = [
        one
        for one in finals
        if one.decided_at <= at and (one.superseded_at is None or one.superseded_at >= at)
    ]
    return known[0] if known else None


def _outcome(finals: list[ScoreSheet], petition: Petition) -> ScoreSheet | None:
    """The final score that an upheld petition led to."""
    if petition.state is not PetitionState.UPHELD or petition.decided_at is None:
        return None
    known = [one for one in finals if one.decided_at <= petition.decided_at]
    return known[-1] if known else None


def _card_of(actor: Actor, person_id: int, units: set[int]) -> bool:
    """Who sees petitions on the page of a result: its owner, those who score and confirm it, those who oversee."""
    led = actor.standing.headed | actor.standing.delegated.keys()
    return actor.person_id == person_id or not led.isdisjoint(units) or oversees(actor)


def _card(
    actor: Actor, person_id: int, found: list[Petition], lodge_url: str | None, last: date | None
) -> Panel | None:
    if not found and lodge_url is None:
        return None
    return Panel(
        "petitions/_card.html",
        {
            "petitions": found,
            "lodge_url": lodge_url,
            "last_day": last,
            "mine": actor.person_id == person_id,
            "petition_states": STATES,
            "countdown": countdown,
        },
        can_wait=not found,
    )


def _on_sheet(actor: Actor, report: Report) -> Panel | None:
    if report.state not in petitions.NOTIFIED:
        return None
    if not _card_of(actor, report.person_id, {report.supervising_unit_id, report.confirming_unit_id}):
        return None
    found, live = questions.of_report_with_score(report.id)
    book, told = rulebooks.book_of(report), petitions.notified_of_score(report, live)
    may = actor.person_id == report.person_id and petitions.may_lodge(found, live, book, told)
    url = url_for("petitions.lodge_score", report_id=report.id) if may else None
    return _card(actor, report.person_id, found, url, _filing_ends(book, told))


def _on_grade(actor: Actor, grade: YearGrade) -> Panel | None:
    if grade.published_at is None or not _card_of(actor, grade.person_id, {grade.confirming_unit_id}):
        return None
    found = questions.of_grade(grade)
    book, told = rulebooks.shelf().named(grade.rulebook), petitions.local_day(grade.published_at)
    own = [one for one in found if one.grade_id == grade.id]
    may = actor.person_id == grade.person_id and petitions.may_lodge(own, grade.published_at, book, told)
    url = url_for("petitions.lodge_class", grade_id=grade.id) if may else None
    return _card(actor, grade.person_id, found, url, _filing_ends(book, told))


def _filing_ends(book: Rulebook, told: date | None) -> date | None:
    return None if told is None else rules.last_filing_day(book, told)


panels.on_sheet("petition", _on_sheet)
panels.on_grade("petition", _on_grade)
