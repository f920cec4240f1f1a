"""The class of a year decided: the competent head decides with the quota in view and publishes (Article 19–21)."""

from decimal import Decimal

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import YearGrade
from evaluation.queries import grades as queries
from evaluation.queries import secondments
from evaluation.queries.organisation import Subject, relations
from evaluation.rules.bands import Band
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.rules.workflow import GRADE_MOVES, GradeState, NotAllowed, moved
from evaluation.services import (
    access,
    annual_round,
    audit,
    audit_checks,
    notices,
    quotas,
    receipts,
    rulebooks,
)
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing


def grade_for(actor: Actor, grade_id: int, *, lock: bool = False) -> tuple[YearGrade, frozenset[Relation]]:
    """A grade in force for whoever may see it: leaders and registers at any time, its owner once it is published."""
    grade = db.session.get(
        YearGrade, grade_id, with_for_update={"of": YearGrade} if lock else None, populate_existing=lock
    )
    if grade is None or grade.superseded_at is not None:
        raise Missing(_("There is no such class of the year."))
    held = relations(actor.standing, subject_of(grade))
    if not lock and not allowed(Action.READ_UNIT, held):
        held |= secondments.sender_in_year(actor.standing, grade.person_id, grade.year)
    published_own = Relation.OWNER in held and grade.state is GradeState.PUBLISHED
    if not (published_own or allowed(Action.READ_UNIT, held - {Relation.OWNER})):
        said = Missing(_("There is no such class of the year."))
        thing = (YearGrade.__tablename__, grade.id)
        raise access.denied(said, actor, Action.READ_UNIT, subject_of(grade), thing)
    access.opened((YearGrade.__tablename__, grade.id), subject_of(grade), held)
    return grade, held


def decide(
    actor: Actor,
    grade_id: int,
    klass: Band,
    *,
    reason: str | None = None,
    decision_number: str | None = None,
    exceptional_document: str | None = None,
    transaction_id: str | None = None,
) -> YearGrade:
    """The competent head decides a class, never the own one; a class other than proposed needs a reason.

    Excellent beyond the quota is refused, up to the exceptional share it needs the number of its document (Article 20.5.b).
    """
    first, _held = grade_for(actor, grade_id)
    if receipts.taken(actor, transaction_id, "grade.decided") is not None:
        return first
    queries.lock_quota(first.agency_id, first.year)
    grade = decide_locked(actor, grade_id, klass, reason, decision_number, exceptional_document)
    receipts.keep(transaction_id, {"grade": grade_id})
    db.session.commit()
    return grade


def decide_as_proposed(actor: Actor, grade_ids: list[int], *, transaction_id: str | None = None) -> int:
    """Decides many classes as proposed, all or none; answers how many."""
    earlier = receipts.taken(actor, transaction_id, "grades.decided")
    if earlier is not None:
        return int(earlier["count"])
    for grade_id in sorted(set(grade_ids)):
        grade, _held = grade_for(actor, grade_id)
        if grade.proposed_class is None:
            raise Invalid(
                [Fault(f"grade-{grade_id}", _("This official has no proposed class: decide it singly."))]
            )
        queries.lock_quota(grade.agency_id, grade.year)
        decide_locked(actor, grade_id, grade.proposed_class, None, None, None)
    receipts.keep(transaction_id, {"count": len(set(grade_ids))})
    db.session.commit()
    return len(set(grade_ids))


def decide_locked(
    actor: Actor,
    grade_id: int,
    klass: Band,
    reason: str | None,
    decision_number: str | None,
    exceptional_document: str | None,
) -> YearGrade:
    """Decides one class under a quota that the caller holds locked, and commits nothing; petitions come here too."""
    grade, held = grade_for(actor, grade_id, lock=True)
    if not allowed(Action.DECIDE_GRADE, held):
        said = Forbidden(_("Only the competent head decides this class, and nobody decides the own one."))
        thing = (YearGrade.__tablename__, grade.id)
        raise access.denied(said, actor, Action.DECIDE_GRADE, subject_of(grade), thing)
    try:
        state = moved(GRADE_MOVES, grade.state, "decide", held)
    except NotAllowed as refused:
        raise Conflict(_(refused.reason)) from refused
    if grade.replaces_id is None:  # a class that takes another's place rests on the records of the first
        annual_round.require_records(grade, klass)
    reason = (reason or "").strip() or None
    document = (exceptional_document or "").strip() or None
    if klass is not grade.proposed_class and reason is None:
        raise Invalid([Fault("reason", _("Give the reason: this class differs from the proposed one."))])
    if klass is Band.HTXSNV:
        quotas.check(grade, document)
    if document:
        reason = "; ".join(filter(None, [reason, _("exceptional document %(number)s", number=document)]))
    before = {"state": grade.state, "proposed": grade.proposed_class}
    grade.state, grade.decided_class = GradeState(state), klass
    grade.reason, grade.decision_number = reason, (decision_number or "").strip() or None
    grade.decided_by, grade.decided_at = actor.person_id, clock.now()
    audit.record(
        actor,
        "grade.decided",
        grade,
        before=before,
        after={"state": state, "decided": klass},
        reason=reason,
        unit_id=grade.unit_id,
        on_behalf_of=access.acting_for(actor, grade.confirming_unit_id),
    )
    db.session.flush()
    return grade


def publish(
    actor: Actor, agency_id: int, year: int, *, decision_number: str, transaction_id: str | None = None
) -> int:
    """Publishes the decided classes that the actor is competent for and tells everyone; answers how many."""
    earlier = receipts.taken(actor, transaction_id, "grades.published")
    if earlier is not None:
        return int(earlier["count"])
    number = decision_number.strip()
    if not number:
        raise Invalid([Fault("decision_number", _("Enter the number of the decision."))])
    audit_checks.require_clean()
    queries.lock_quota(agency_id, year)
    published = 0
    people: list[int] = []
    for grade in queries.live_grades(agency_id, year).values():
        held = relations(actor.standing, subject_of(grade))
        if grade.state is not GradeState.DECIDED or not allowed(Action.DECIDE_GRADE, held):
            continue
        grade.state, grade.published_at = GradeState.PUBLISHED, clock.now()
        grade.decision_number = grade.decision_number or number
        audit.record(
            actor,
            "grade.published",
            grade,
            after={"state": grade.state, "class": grade.decided_class, "number": grade.decision_number},
            unit_id=grade.unit_id,
        )
        notices.tell(
            grade.person_id,
            "Your class of the year %(year)s has been published.",
            link=f"/grades/of/{grade.id}",
            year=year,
        )
        published += 1
        people.append(grade.person_id)
    if not published:
        raise Conflict(_("There is no decided class here that you can publish."))
    _tell_senders(people, year)
    receipts.keep(transaction_id, {"count": published})
    db.session.commit()
    return published


def _tell_senders(people: list[int], year: int) -> None:
    """The agency that lent an official gets the result: its head is told where it stands."""
    for out in secondments.senders(people, year):
        notices.tell(
            out.head_id,
            "The class of the year %(year)s of %(name)s, seconded from your unit, has been published.",
            link=f"/grades/of/{out.grade_id}",
            year=year,
            name=out.name,
        )


def require_reading(actor: Actor, agency_id: int) -> frozenset[Relation]:
    """The actor's relations to an agency whose classes of the year the actor may see."""
    return access.require(actor, Action.READ_UNIT, Subject(agency_id, confirming_unit_id=agency_id))


def may_ask(held: frozenset[Relation]) -> bool:
    """Whether whoever stands so to an agency may have its proposals worked out."""
    return access.allowed(Action.PROPOSE_GRADES, held)


def december_choice(year: int) -> str:
    """How the rulebook treats December when the year is classified before it ends."""
    day = queries.bounds(year)["since"]
    return str(rulebooks.shelf().for_day("evaluation", day).choice("december", day))


def may_decide(actor: Actor, grade: YearGrade) -> bool:
    """Whether an actor is competent for a grade; for many grades of one list without a query each."""
    units = actor.standing.headed | actor.standing.delegated.keys()
    return (
        grade.state is GradeState.PROPOSED
        and grade.person_id != actor.person_id
        and grade.confirming_unit_id in units
    )


def subject_of(grade: YearGrade) -> Subject:
    """What a class of the year is to the permission function."""
    return Subject(grade.unit_id, person_id=grade.person_id, confirming_unit_id=grade.confirming_unit_id)


def months_for_lists(person_ids: list[int], year: int) -> dict[int, list[Decimal | None]]:
    """Twelve numbers a person for a small chart, None where a month has no score; a quarter's score stands in its months."""
    found = queries.months(person_ids, year, provisional=True)
    return {
        person_id: [
            next(
                (
                    one.total
                    for one in found.get(person_id, [])
                    if Month(year, month) in one.covers(year).months
                ),
                None,
            )
            for month in range(1, 13)
        ]
        for person_id in person_ids
    }
