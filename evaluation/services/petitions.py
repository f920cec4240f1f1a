"""Petitions against a month's score or a year's class: lodged, read, taken back (Article 22)."""

from datetime import date, datetime
from typing import NoReturn

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Petition, Report, ScoreSheet, Stage, YearGrade
from evaluation.queries import petitions as queries
from evaluation.queries.organisation import Subject, relations
from evaluation.rules import petitions as rules
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.workflow import (
    PETITION_MOVES,
    GradeState,
    NotAllowed,
    PetitionState,
    ReportState,
    moved,
)
from evaluation.services import access, audit, grades, notices, receipts, reminders, rulebooks
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

LODGED = "%(name)s has lodged a petition (%(what)s). The answer is due by %(due)s."
TAKEN_BACK = "%(name)s has taken back the petition (%(what)s)."
NOTIFIED = (ReportState.CONFIRMED, ReportState.PUBLISHED)
MOST_WANTED = 2000


def lodge_against_score(
    actor: Actor, report_id: int, *, reason: str, wanted: str = "", transaction_id: str | None = None
) -> Petition:
    """The official petitions against the final score of a month; one open petition at a time (Article 22)."""
    earlier = receipts.taken(actor, transaction_id, "petition.lodged")
    if earlier is not None:
        return db.session.get_one(Petition, earlier["petition"])
    report, _held = access.report_for(actor, report_id, to=Action.LODGE_PETITION, lock=True)
    refuse_against_score(report)
    petition = Petition(report_id=report.id, deciding_unit_id=report.confirming_unit_id)
    book, told = rulebooks.book_of(report), notified_of_score(report)
    return _lodge(actor, petition, book, told, report.unit_id, reason, wanted, transaction_id)


def lodge_against_class(
    actor: Actor, grade_id: int, *, reason: str, wanted: str = "", transaction_id: str | None = None
) -> Petition:
    """The official petitions against the published class of a year; one open petition at a time (Article 22)."""
    earlier = receipts.taken(actor, transaction_id, "petition.lodged")
    if earlier is not None:
        return db.session.get_one(Petition, earlier["petition"])
    grade, held = grades.grade_for(actor, grade_id, lock=True)
    if not allowed(Action.LODGE_PETITION, held):
        said = Forbidden(_("Only the official concerned may petition against this result."))
        thing = (YearGrade.__tablename__, grade.id)
        raise access.denied(said, actor, Action.LODGE_PETITION, grades.subject_of(grade), thing)
    refuse_against_class(grade)
    petition = Petition(grade_id=grade.id, deciding_unit_id=grade.confirming_unit_id)
    book, told = rulebooks.shelf().named(grade.rulebook), local_day(grade.published_at)
    return _lodge(actor, petition, book, told, grade.unit_id, reason, wanted, transaction_id)


def refuse_against_score(report: Report) -> None:
    """Conflict, saying why, where no petition against this score can be lodged now."""
    if report.state not in NOTIFIED:
        raise Conflict(_("There is nothing to petition against yet: the score of this month is not final."))
    known = queries.of_report(report.id)
    _refuse_second(known)
    live = db.session.scalar(
        select(ScoreSheet.decided_at).where(
            ScoreSheet.report_id == report.id,
            ScoreSheet.stage == Stage.FINAL,
            ScoreSheet.superseded_at.is_(None),
        )
    )
    _refuse_answered(known, live)
    _refuse_too_late(rulebooks.book_of(report), notified_of_score(report, live))


def refuse_against_class(grade: YearGrade) -> None:
    """Conflict, saying why, where no petition against this class can be lodged now."""
    if grade.state is not GradeState.PUBLISHED:
        raise Conflict(_("There is nothing to petition against yet: the class of this year is not public."))
    known = [one for one in queries.of_grade(grade) if one.grade_id == grade.id]
    _refuse_second(known)
    _refuse_answered(known, grade.published_at)
    _refuse_too_late(rulebooks.shelf().named(grade.rulebook), local_day(grade.published_at))


def may_lodge(known: list[Petition], live: datetime | None, book: Rulebook, told: date | None) -> bool:
    """Whether a page offers to lodge: the same three refusals, asked without a word."""
    try:
        _refuse_second(known)
        _refuse_answered(known, live)
        _refuse_too_late(book, told)
        rules.answer_due(book, clock.today())
    except (Conflict, RulebookError):
        return False
    return True


def petition_for(
    actor: Actor, petition_id: int, *, to: Action = Action.READ_PETITION, lock: bool = False
) -> tuple[Petition, frozenset[Relation]]:
    """A petition for an action, row-locked for writing; one that may not even be read looks missing."""
    petition = db.session.get(
        Petition,
        petition_id,
        with_for_update={"of": Petition} if lock else None,
        populate_existing=lock,
        options=[
            joinedload(Petition.person),
            joinedload(Petition.report).joinedload(Report.period),
            joinedload(Petition.grade),
        ],
    )
    if petition is None:
        raise Missing(_("There is no such petition."))
    subject, thing = subject_of(petition), (Petition.__tablename__, petition.id)
    held = relations(actor.standing, subject)
    if not allowed(Action.READ_PETITION, held):
        raise access.denied(Missing(_("There is no such petition.")), actor, to, subject, thing)
    if not allowed(to, held):
        said = Forbidden(_("You are not allowed to do this here."))
        raise access.denied(said, actor, to, subject, thing)
    access.opened(thing, subject, held)
    return petition, held


def read(actor: Actor, petition_id: int) -> tuple[Petition, frozenset[Relation]]:
    """A petition for its page."""
    return petition_for(actor, petition_id)


def take_back(actor: Actor, petition_id: int, *, transaction_id: str | None = None) -> Petition:
    """The official takes back a petition that was not answered yet."""
    if receipts.taken(actor, transaction_id, "petition.taken_back") is not None:
        return petition_for(actor, petition_id)[0]
    petition, held = petition_for(actor, petition_id, to=Action.LODGE_PETITION, lock=True)
    petition.state = step(petition, "take_back", held)
    petition.withdrawn_at = clock.now()
    audit.record(
        actor,
        "petition.taken_back",
        petition,
        before={"state": PetitionState.LODGED},
        after={"state": petition.state},
        unit_id=_unit_of(petition),
    )
    tell_deciders(petition, TAKEN_BACK, name=petition.person.full_name, what=what(petition))
    receipts.keep(transaction_id, {"petition": petition.id})
    db.session.commit()
    return petition


def step(petition: Petition, action: str, held: frozenset[Relation]) -> PetitionState:
    """The state a petition gets by an action, or a Conflict for the person refused."""
    try:
        return PetitionState(moved(PETITION_MOVES, petition.state, action, held))
    except NotAllowed as refused:
        raise Conflict(_(refused.reason)) from refused


def subject_of(petition: Petition) -> Subject:
    """What a petition is to the permission function: the contested result, with the unit that answers."""
    report = petition.report
    return Subject(
        unit_id=_unit_of(petition),
        person_id=petition.person_id,
        supervising_unit_id=report.supervising_unit_id if report else None,
        confirming_unit_id=petition.deciding_unit_id,
    )


def what(petition: Petition) -> str:
    """What is contested, in short: the month of the score, or the year of the class."""
    if petition.report is not None:
        return petition.report.period.covers.short
    assert petition.grade is not None
    return str(petition.grade.year)


def book_of(petition: Petition) -> Rulebook:
    """The rulebook that the contested result was worked out by."""
    if petition.report is not None:
        return rulebooks.book_of(petition.report)
    assert petition.grade is not None
    return rulebooks.shelf().named(petition.grade.rulebook)


def notified_of_score(report: Report, live: datetime | None = None) -> date | None:
    """The day the official was told: of the publication, else of the confirmation, or of the newer score in force."""
    known = [one for one in (report.published_at or report.confirmed_at, live) if one is not None]
    return local_day(max(known)) if known else None


def local_day(moment: datetime | None) -> date | None:
    """The day of a moment in Vietnam."""
    return None if moment is None else moment.astimezone(clock.PROVINCE_ZONE).date()


def deciders(unit_id: int) -> list[int]:
    """Who answers for a unit today: its head and whoever stands in for the head."""
    rows = db.session.scalars(
        text(
            f"with {reminders.KEEPER} select person_id from keeper where unit_id = :unit_id order by person_id"
        ),
        {"today": clock.today(), "unit_id": unit_id},
    )
    return list(rows)


def tell_deciders(petition: Petition, says: str, **parameters: str) -> None:
    """Tells whoever answers a petition today, never the petitioner."""
    for person_id in deciders(petition.deciding_unit_id):
        if person_id != petition.person_id:
            notices.tell(person_id, says, link=f"/petitions/{petition.id}", **parameters)


def _lodge(
    actor: Actor,
    petition: Petition,
    book: Rulebook,
    told: date | None,
    unit_id: int,
    reason: str,
    wanted: str,
    transaction_id: str | None,
) -> Petition:
    petition.person_id = actor.person_id
    petition.reason = reason_given(reason)
    petition.wanted = _wanted(wanted)
    petition.state = PetitionState.LODGED
    petition.lodged_at = clock.now()
    petition.due_on = _due(book)
    db.session.add(petition)
    db.session.flush()
    audit.record(
        actor,
        "petition.lodged",
        petition,
        after={
            "report": petition.report_id,
            "grade": petition.grade_id,
            "notified": told,
            "due": petition.due_on,
            "rulebook": book.name,
        },
        reason=petition.reason,
        unit_id=unit_id,
    )
    tell_deciders(
        petition,
        LODGED,
        name=petition.person.full_name,
        what=what(petition),
        due=f"{petition.due_on:%d/%m/%Y}",
    )
    receipts.keep(transaction_id, {"petition": petition.id})
    db.session.commit()
    return petition


def _wanted(text_given: str) -> str | None:
    wanted = " ".join(text_given.replace("\x00", "").split())
    if len(wanted) > MOST_WANTED:
        raise Invalid([Fault("wanted", _("A reason has at most %(most)s characters.", most=MOST_WANTED))])
    return wanted or None


def _due(book: Rulebook) -> date:
    try:
        return rules.answer_due(book, clock.today())
    except RulebookError:
        _no_law(book)


def _no_law(book: Rulebook) -> NoReturn:
    raise Conflict(
        _("%(law)s sets no time for answering a petition; nothing can be lodged here.", law=book.law)
    )


def _refuse_second(known: list[Petition]) -> None:
    if any(one.state is PetitionState.LODGED for one in known):
        raise Conflict(_("A petition against this result is open already; wait for its answer."))


def _refuse_answered(known: list[Petition], result_since: datetime | None) -> None:
    """A result that was upheld in the answer stands: the decree knows no second petition against the same result."""
    for one in known:
        if one.state is not PetitionState.REJECTED or one.decided_at is None:
            continue
        if result_since is None or result_since <= one.decided_at:
            raise Conflict(
                _(
                    "The petition against this result was answered on %(day)s; Article 22 knows no second one.",
                    day=f"{local_day(one.decided_at):%d/%m/%Y}",
                )
            )


def _refuse_too_late(book: Rulebook, told: date | None) -> None:
    last = None if told is None else rules.last_filing_day(book, told)
    if last is not None and clock.today() > last:
        raise Conflict(
            _("The time for a petition against this result ended on %(day)s.", day=f"{last:%d/%m/%Y}")
        )


def _unit_of(petition: Petition) -> int:
    if petition.report is not None:
        return petition.report.unit_id
    assert petition.grade is not None
    return petition.grade.unit_id
