"""The annual round's door: who may see and record, what a decision may not be taken without, and until when."""

from dataclasses import dataclass

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import LateRound, Person, Unit, YearGrade
from evaluation.queries import annual_round as queries
from evaluation.queries import conclusions, organisation
from evaluation.queries import grades as grade_queries
from evaluation.queries.annual_round import Member
from evaluation.queries.organisation import Subject
from evaluation.rules import annual_round as rules
from evaluation.rules.annual_round import RoundDates, RoundState
from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.rules.rulebook import Rulebook
from evaluation.services import access, audit, receipts, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Fault, Forbidden, Invalid, Missing


@dataclass(frozen=True, slots=True)
class Timeline:
    """One official's round: how far it is, its steps, what a decision still lacks and the days."""

    member: Member
    state: RoundState
    steps: tuple[rules.RoundStep, ...]
    lacking: tuple[RoundState, ...]
    dates: RoundDates | None
    book: Rulebook


def book_of_year(year: int) -> Rulebook:
    """The rulebook by which công chức are classified in a year: where no one person is meant."""
    return rulebooks.shelf().for_day("evaluation", grade_queries.bounds(year)["since"])


def timeline(member: Member, year: int) -> Timeline:
    """The round of one official as its facts tell it."""
    book = rulebooks.law_of(member.rulebook)
    return Timeline(
        member,
        rules.state_of(member.facts),
        rules.steps_of(member.facts),
        rules.lacking(member.facts),
        rules.dates(year, book, late=member.late),
        book,
    )


def subject_of(member: Member) -> Subject:
    """What a member of the round is to the permission function: the head of the unit records, but not for the own year."""
    leads_unit = member.office is Office.HEAD
    return Subject(
        member.unit_id,
        person_id=member.person_id,
        supervising_unit_id=None if leads_unit else member.unit_id,
        confirming_unit_id=member.confirming_unit_id,
    )


def subject_of_unit(agency_id: int, unit_id: int) -> Subject:
    """What a unit's meeting is to the permission function."""
    return Subject(unit_id, supervising_unit_id=unit_id, confirming_unit_id=agency_id)


def member_for(actor: Actor, person_id: int, year: int) -> tuple[Member, frozenset[Relation]]:
    """An official's round for the official and for whoever may see the unit's classes; others find nothing."""
    member = queries.of_person(person_id, year)
    if member is None:
        raise Missing(_("There is no annual round of this official in this year."))
    held = organisation.relations(actor.standing, subject_of(member))
    if Relation.OWNER not in held and not allowed(Action.READ_UNIT, held):
        said = Missing(_("There is no annual round of this official in this year."))
        thing = (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.READ_UNIT, subject_of(member), thing)
    return member, held


def may_record(actor: Actor, agency_id: int, unit_id: int) -> bool:
    """Whether an actor may record what happens in a unit's round."""
    return access.may(actor, Action.RECORD_ROUND, subject_of_unit(agency_id, unit_id))


def may_record_for(actor: Actor, member: Member) -> bool:
    """Whether an actor may record an opinion on somebody; never on oneself."""
    return member.person_id != actor.person_id and access.may(actor, Action.RECORD_ROUND, subject_of(member))


LACKS = {
    RoundState.MEETING_HELD: "%(name)s: the minutes of the review meeting are not recorded (%(article)s). Record them"
    " under Annual class → Annual round → Record a meeting.",
    RoundState.PARTY_OPINION: "%(name)s: the written opinion of the Party committee is not recorded (%(article)s). Record it"
    " under Annual class → Annual round → Party committee's opinion.",
}


GROUNDS = {RoundState.MEETING_HELD: "round_meeting", RoundState.PARTY_OPINION: "round_party"}


def require_records(grade: YearGrade, klass: Band) -> None:
    """A class is not decided without the meeting's minutes and, for heads and deputies, the Party committee's opinion.

    A head's class comes after that of the organisation and is not above it. Years of other rulebooks ask for neither.
    """
    book = rulebooks.law_of(grade.rulebook)
    if not book.has(rules.CHAPTER):
        return
    member = queries.of_person(grade.person_id, grade.year)
    if member is None:
        return
    faults = [
        Fault("records", _(LACKS[one], name=member.full_name, article=book.article(GROUNDS[one])))
        for one in rules.lacking(member.facts)
    ]
    if member.office is Office.HEAD:
        faults += _above_the_unit(grade, klass, member)
    if conclusions.newer_than(grade.person_id, grade.year, grade.proposed_at) is not None:
        faults.append(
            Fault(
                "records",
                _(
                    "%(name)s: the register of conclusions changed after the proposal. Work out the proposals again first.",
                    name=member.full_name,
                ),
            )
        )
    if faults:
        raise Invalid(faults)


def require_not_above_unit(grade: YearGrade, klass: Band) -> None:
    """A head's class comes after that of the organisation and is not above it (Article 20.6)."""
    member = queries.of_person(grade.person_id, grade.year)
    book = rulebooks.law_of(grade.rulebook)
    if member is not None and member.office is Office.HEAD and book.has(rules.CHAPTER):
        faults = _above_the_unit(grade, klass, member)
        if faults:
            raise Invalid(faults)


def _above_the_unit(grade: YearGrade, klass: Band, member: Member) -> list[Fault]:
    """A head is classified after the organisation and not above it (Article 20.6); not completed needs no class of it."""
    known = grade_queries.unit_classes([grade.unit_id], grade.year).get(grade.unit_id)
    if klass is Band.KHTNV or (known is not None and klass <= known):
        return []
    article = rulebooks.law_of(grade.rulebook).article("head_limit")
    if known is None:
        says = _(
            "%(name)s: the class of the organisation is not recognised yet; it comes first (%(article)s).",
            name=member.full_name,
            article=article,
        )
    else:
        says = _(
            "%(name)s heads an organisation of a lower class: a head is not classified above it (%(article)s).",
            name=member.full_name,
            article=article,
        )
    return [Fault("klass", says)]


def set_late(
    actor: Actor, agency_id: int, year: int, *, document_number: str, transaction_id: str | None = None
) -> LateRound:
    """An agency of a special sector ends its round before 15 January, by a document of the level above (Article 19.2)."""
    if receipts.taken(actor, transaction_id, "round.late") is not None:
        return db.session.get_one(LateRound, (agency_id, year))
    if db.session.get(Unit, agency_id) is None:
        raise Forbidden(_("Only the level above or Home Affairs may set a later last day (Article 19.2)."))
    managing = queries.managing_agency(agency_id, clock.today())
    above = managing is not None and (
        managing in actor.standing.headed or managing in actor.standing.delegated
    )
    held = organisation.relations(actor.standing, Subject(agency_id))
    if not above and Relation.HOME_AFFAIRS not in held:
        said = Forbidden(_("Only the level above or Home Affairs may set a later last day (Article 19.2)."))
        raise access.denied(said, actor, Action.EXTEND_DEADLINE, Subject(agency_id))
    number = " ".join(document_number.replace("\x00", "").split())[:100]
    if not number:
        raise Invalid([Fault("document_number", _("Write the number of the document."))])
    if book_of_year(year).has(rules.CHAPTER) is False:
        raise Missing(_("There is no annual round in this year."))
    late = queries.late_round(agency_id, year)
    before = {"document": late.document_number} if late else None
    if late is None:
        late = LateRound(agency_id=agency_id, year=year, document_number=number, set_by=actor.person_id)
        db.session.add(late)
    late.document_number, late.set_by, late.set_at = number, actor.person_id, clock.now()
    db.session.flush()
    audit.record(
        actor,
        "round.late",
        db.session.get_one(Unit, agency_id),
        before=before,
        after={"year": year, "document": number},
        unit_id=agency_id,
    )
    receipts.keep(transaction_id, {"agency": agency_id})
    db.session.commit()
    return late
