"""The class of a year: the program proposes with the quota in view, the competent head decides and publishes (Article 19–21)."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Job, YearGrade
from evaluation.queries import grades as queries
from evaluation.queries.grades import Counts, MonthOfYear
from evaluation.queries.organisation import Subject, relations
from evaluation.rules import grading
from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, exact, half_up
from evaluation.rules.grading import AnnualProposal, Blocker, Candidate, Leave, QuotaReadings
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.terms import finite
from evaluation.rules.workflow import GRADE_MOVES, GradeState, NotAllowed, moved
from evaluation.services import access, audit, jobs, notices, receipts, rulebooks
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

SCORED = "SCORED"


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota over an agency or a group of similar tasks (`group`), at the usual and the exceptional share."""

    group: str | None
    counts: Counts
    usual: QuotaReadings
    exceptional: QuotaReadings


@dataclass(frozen=True, slots=True)
class Proposed:
    """One official's proposal before the quota is looked at."""

    row: Any
    months: list[MonthOfYear]
    proposal: AnnualProposal

    @property
    def klass(self) -> Band | None:
        """The class that can be proposed; a head whose unit has no class yet has none."""
        return (
            None if self.proposal.status is grading.AnnualStatus.UNIT_NOT_CLASSIFIED else self.proposal.klass
        )


def ask_for_proposals(actor: Actor | None, year: int, agency_id: int | None = None) -> Job:
    """Asks for the proposals of a year, of one agency or of all."""
    arguments: dict[str, Any] = {"year": year}
    if agency_id is not None:
        arguments["agency_id"] = agency_id
    return jobs.ask(actor, PROPOSALS.name, arguments)


def _plan(arguments: dict[str, Any]) -> list[Piece]:
    agencies = (
        [arguments["agency_id"]]
        if "agency_id" in arguments
        else queries.agencies_with_sheets(arguments["year"])
    )
    return [Piece(1, "proposals", {"agency_id": agency_id}) for agency_id in agencies]


PROPOSALS = register(
    Kind(
        "grades.propose",
        "Proposed classes of the year %(year)s",
        _plan,
        lambda arguments, piece: propose(piece["agency_id"], arguments["year"]),
        needs=Action.PROPOSE_GRADES,
        unit_of=lambda arguments: arguments.get("agency_id"),
    )
)


def propose(agency_id: int, year: int) -> None:
    """Proposals for every official of an agency; earlier proposals are superseded, decisions stay. The caller commits."""
    queries.lock_quota(agency_id, year)
    officials = queries.officials(agency_id, year)
    ids = [row.person_id for row in officials]
    known = {grade.person_id: grade for grade in _live(ids, year)}
    book = rulebooks.shelf().for_day("evaluation", queries.bounds(year)["since"])
    found = _proposals(officials, ids, year, book)
    beyond = _beyond_quota(found, known, book, year)
    for one in found:
        old = known.get(one.row.person_id)
        if old is not None and old.state is not GradeState.PROPOSED:
            continue
        new = _grade(one, year, book, beyond.get(one.row.person_id))
        if old is not None and _same(old, new):
            continue
        if old is not None:
            old.superseded_at, old.superseded_reason = clock.now(), "proposed again"
            db.session.flush()
        db.session.add(new)
    db.session.flush()


def _live(person_ids: list[int], year: int) -> list[YearGrade]:
    return list(
        db.session.scalars(
            db.select(YearGrade).where(
                YearGrade.person_id.in_(person_ids), YearGrade.year == year, YearGrade.superseded_at.is_(None)
            )
        )
    )


def _proposals(officials: Any, ids: list[int], year: int, book: Rulebook) -> list[Proposed]:
    day = queries.bounds(year)["since"]
    eleven = book.choice("december", day) == "ELEVEN_MONTHS"
    months = queries.months(ids, year, provisional=not eleven)
    disciplined = queries.disciplined(ids, year)
    classes = queries.unit_classes((row.unit_id for row in officials), year)
    found = []
    for row in officials:
        own = [month for month in months[row.person_id] if not (eleven and month.month == 12)]
        proposal = grading.annual_class(
            [month.score for month in own if month.score is not None],
            book=book,
            day=day,
            months_worked=sum(month.state != "NOT_RATED" for month in own),
            leave=_leave(own),
            blockers=[Blocker.DISCIPLINE_PUBLIC_DUTY] if row.person_id in disciplined else [],
            head_of_unit=row.office == "HEAD",
            unit_class=classes.get(row.unit_id),
        )
        found.append(Proposed(row, own, proposal))
    return found


def _leave(months: list[MonthOfYear]) -> Leave | None:
    """The leave that decides how the year is rated; sick and maternity leave before unpaid leave."""
    reasons = {month.not_rated_reason for month in months}
    return next((leave for leave in Leave if leave.value in reasons), None)


def _beyond_quota(
    found: list[Proposed], known: dict[int, YearGrade], book: Rulebook, year: int
) -> dict[int, str]:
    """Who reached the score of excellent but not a place, with the sentence of the step; ties have no place either."""
    beyond: dict[int, str] = {}
    groups: dict[str | None, list[Proposed]] = {}
    for one in found:
        groups.setdefault(one.row.peer_group, []).append(one)
    for people in [*groups.values(), found]:
        beyond |= _beyond(
            [one for one in people if one.row.person_id not in beyond], people, known, book, year
        )
    return beyond


def _beyond(
    still: list[Proposed], people: list[Proposed], known: dict[int, YearGrade], book: Rulebook, year: int
) -> dict[int, str]:
    day = queries.bounds(year)["since"]
    reached = sum(one.klass is Band.HTXSNV for one in people)
    good = sum(one.klass is Band.HTTNV for one in people)
    quota = grading.quota_readings(reached, good, book=book, day=day).chosen
    taken = {
        person_id
        for person_id, grade in known.items()
        if grade.decided_class is Band.HTXSNV and any(one.row.person_id == person_id for one in people)
    }
    candidates = [
        Candidate(str(one.row.person_id), one.proposal.mean)
        for one in still
        if one.klass is Band.HTXSNV and one.proposal.mean is not None and not _is_decided(known, one)
    ]
    ranking = grading.rank_excellent(candidates, quota - len(taken))
    says = f"{reached} > {quota}"
    return {int(one.key): says for one in (*ranking.tied, *ranking.beyond)}


def _is_decided(known: dict[int, YearGrade], one: Proposed) -> bool:
    grade = known.get(one.row.person_id)
    return grade is not None and grade.state is not GradeState.PROPOSED


def _grade(one: Proposed, year: int, book: Rulebook, beyond: str | None) -> YearGrade:
    steps = [step.as_json() for step in one.proposal.steps]
    klass = one.klass
    if beyond is not None:
        klass = Band.HTTNV
        steps.append(
            Step(
                "quota",
                "Beyond the share of excellent, or tied on its last place: proposed good, the head decides",
                beyond,
                Fraction(klass.rank),
                book.article("excellent_share"),
            ).as_json()
        )
    average = one.proposal.mean
    return YearGrade(
        person_id=one.row.person_id,
        year=year,
        unit_id=one.row.unit_id,
        agency_id=one.row.agency_id,
        confirming_unit_id=one.row.confirming_unit_id,
        peer_group=one.row.peer_group,
        status=SCORED if klass is not None else one.proposal.status.value,
        months_counted=sum(month.score is not None for month in one.months),
        mean=None if average is None else finite(half_up(average, 4)),
        exact_mean=None if average is None else exact(average),
        computed_class=one.proposal.klass,
        proposed_class=klass,
        over_quota=beyond is not None,
        steps=steps,
        rulebook=book.name,
        fingerprint=book.fingerprint,
        state=GradeState.PROPOSED,
    )


def _same(old: YearGrade, new: YearGrade) -> bool:
    names = (
        "unit_id",
        "agency_id",
        "confirming_unit_id",
        "peer_group",
        "status",
        "months_counted",
        "exact_mean",
        "computed_class",
        "proposed_class",
        "over_quota",
        "fingerprint",
        "steps",
    )
    return all(getattr(old, name) == getattr(new, name) for name in names)


def quotas(agency_id: int, year: int) -> list[Quota]:
    """The quota of the agency first, then of each group of similar tasks, in its three readings (Article 20.5)."""
    day = queries.bounds(year)["since"]
    book = rulebooks.shelf().for_day("evaluation", day)
    return [
        Quota(
            group,
            counts,
            grading.quota_readings(counts.at_least_90, counts.good, book=book, day=day),
            grading.quota_readings(counts.at_least_90, counts.good, book=book, day=day, exceptional=True),
        )
        for group, counts in queries.counts(agency_id, year).items()
    ]


def grade_for(actor: Actor, grade_id: int, *, lock: bool = False) -> tuple[YearGrade, frozenset[Relation]]:
    """A grade in force for whoever may see it: leaders and registers at any time, its owner once it is published."""
    grade = db.session.get(
        YearGrade, grade_id, with_for_update={"of": YearGrade} if lock else None, populate_existing=lock
    )
    if grade is None or grade.superseded_at is not None:
        raise Missing(_("There is no such class of the year."))
    held = relations(actor.standing, _subject_of(grade))
    published_own = Relation.OWNER in held and grade.state is GradeState.PUBLISHED
    if not (published_own or allowed(Action.READ_UNIT, held - {Relation.OWNER})):
        raise Missing(_("There is no such class of the year."))
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
    grade = _decide(actor, grade_id, klass, reason, decision_number, exceptional_document)
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
        _decide(actor, grade_id, grade.proposed_class, None, None, None)
    receipts.keep(transaction_id, {"count": len(set(grade_ids))})
    db.session.commit()
    return len(set(grade_ids))


def _decide(
    actor: Actor,
    grade_id: int,
    klass: Band,
    reason: str | None,
    decision_number: str | None,
    exceptional_document: str | None,
) -> YearGrade:
    grade, held = grade_for(actor, grade_id, lock=True)
    if not allowed(Action.DECIDE_GRADE, held):
        raise Forbidden(_("Only the competent head decides this class, and nobody decides the own one."))
    try:
        state = moved(GRADE_MOVES, grade.state, "decide", held)
    except NotAllowed as refused:
        raise Conflict(_(refused.reason)) from refused
    reason = (reason or "").strip() or None
    document = (exceptional_document or "").strip() or None
    if klass is not grade.proposed_class and reason is None:
        raise Invalid([Fault("reason", _("Give the reason: this class differs from the proposed one."))])
    if klass is Band.HTXSNV:
        _check_quota(grade, document)
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


def _check_quota(grade: YearGrade, document: str | None) -> None:
    for quota in quotas(grade.agency_id, grade.year):
        if quota.group not in (None, grade.peer_group):
            continue
        after = quota.counts.excellent_decided + 1
        where = _("in the group “%(group)s”", group=quota.group) if quota.group else _("in the agency")
        if after > quota.exceptional.chosen:
            raise Invalid(
                [
                    Fault(
                        "klass",
                        _(
                            "No place left %(where)s: %(number)s excellent, at most %(most)s even with an exceptional"
                            " document (Article 20.5).",
                            where=where,
                            number=quota.counts.excellent_decided,
                            most=quota.exceptional.chosen,
                        ),
                    )
                ]
            )
        if after > quota.usual.chosen and document is None:
            raise Invalid(
                [
                    Fault(
                        "exceptional_document",
                        _(
                            "No place left %(where)s: %(number)s excellent of %(most)s. Up to %(exceptional)s are possible"
                            " if you give the number of the document on exceptional results (Article 20.5.b).",
                            where=where,
                            number=quota.counts.excellent_decided,
                            most=quota.usual.chosen,
                            exceptional=quota.exceptional.chosen,
                        ),
                    )
                ]
            )


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
    queries.lock_quota(agency_id, year)
    published = 0
    for grade in queries.live_grades(agency_id, year).values():
        held = relations(actor.standing, _subject_of(grade))
        if grade.state is not GradeState.DECIDED or not allowed(Action.DECIDE_GRADE, held):
            continue
        grade.state, grade.published_at = GradeState.PUBLISHED, clock.now()
        grade.decision_number = grade.decision_number or number
        audit.record(actor, "grade.published", grade, after={"number": number}, unit_id=grade.unit_id)
        notices.tell(
            grade.person_id,
            "Your class of the year %(year)s has been published.",
            link=f"/grades/of/{grade.id}",
            year=year,
        )
        published += 1
    if not published:
        raise Conflict(_("There is no decided class here that you can publish."))
    receipts.keep(transaction_id, {"count": published})
    db.session.commit()
    return published


def require_reading(actor: Actor, agency_id: int) -> frozenset[Relation]:
    """The actor's relations to an agency whose classes of the year the actor may see."""
    return access.require(actor, Action.READ_UNIT, Subject(agency_id, confirming_unit_id=agency_id))


def may_ask(actor: Actor, agency_id: int) -> bool:
    """Whether the actor may have an agency's proposals worked out."""
    return access.may(actor, Action.PROPOSE_GRADES, Subject(agency_id, confirming_unit_id=agency_id))


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


def _subject_of(grade: YearGrade) -> Subject:
    return Subject(grade.unit_id, person_id=grade.person_id, confirming_unit_id=grade.confirming_unit_id)


def months_for_lists(person_ids: list[int], year: int) -> dict[int, list[Decimal | None]]:
    """Twelve numbers a person for a small chart, None where a month has no score."""
    found = queries.months(person_ids, year, provisional=True)
    return {
        person_id: [
            next((one.total for one in found.get(person_id, []) if one.month == month), None)
            for month in range(1, 13)
        ]
        for person_id in person_ids
    }
