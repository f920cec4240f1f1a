"""The class of a year proposed: means, blockers, limits, then the quota; nothing is decided here (Article 11, 20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Job, YearGrade
from evaluation.queries import grades as queries
from evaluation.queries.grades import MonthOfYear
from evaluation.rules import grading
from evaluation.rules.bands import Band
from evaluation.rules.circumstances import Circumstance
from evaluation.rules.excellent_places import Official, Terms, places_of
from evaluation.rules.explain import Step, exact, half_up
from evaluation.rules.grading import AnnualProposal, Leave
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.terms import finite
from evaluation.rules.workflow import GradeState
from evaluation.services import grade_inputs, jobs, rulebooks
from evaluation.services.access import Actor
from evaluation.services.circumstances import Circumstances
from evaluation.services.job_kinds import Kind, Piece, register

SCORED = "SCORED"


@dataclass(frozen=True, slots=True)
class Proposed:
    """One official's proposal before the quota is looked at."""

    row: Any
    months: list[MonthOfYear]
    proposal: AnnualProposal
    inputs: dict[str, Any]
    book: Rulebook
    circumstances: tuple[Circumstance, ...] = ()

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
    for found in _by_law(officials, year):
        _store(found, known, year)
    db.session.flush()


def _store(found: list[Proposed], known: dict[int, YearGrade], year: int) -> None:
    """The proposals of those who stand under one law: its quota counts them alone (Article 20.5)."""
    beyond = _beyond_quota(found, known, year)
    for one in found:
        old = known.get(one.row.person_id)
        if old is not None and old.state is not GradeState.PROPOSED:
            continue
        new = _grade(one, year, beyond.get(one.row.person_id))
        if old is not None and _same(old, new):
            continue
        if old is not None:
            old.superseded_at, old.superseded_reason = clock.now(), "proposed again"
            db.session.flush()
        db.session.add(new)


TAKEN_OVER = (
    "status",
    "months_counted",
    "mean",
    "exact_mean",
    "computed_class",
    "proposed_class",
    "over_quota",
    "steps",
    "inputs",
    "circumstances",
    "rulebook",
    "fingerprint",
)


def worked_out(agency_id: int, year: int) -> list[Proposed]:
    """What an agency's proposals would be on the facts of today, before the quota; nothing is stored."""
    return [one for found in _by_law(queries.officials(agency_id, year), year) for one in found]


def worked_out_now(grade: YearGrade) -> dict[str, Any]:
    """The working of one class on the facts of today; empty where no sheet of the year is known."""
    for one in worked_out(grade.agency_id, grade.year):
        if one.row.person_id == grade.person_id:
            fresh = _grade(one, grade.year, None)
            return {name: getattr(fresh, name) for name in TAKEN_OVER}
    return {}


def _live(person_ids: list[int], year: int) -> list[YearGrade]:
    return list(
        db.session.scalars(
            db.select(YearGrade).where(
                YearGrade.person_id.in_(person_ids), YearGrade.year == year, YearGrade.superseded_at.is_(None)
            )
        )
    )


def _by_law(officials: Sequence[Any], year: int) -> list[list[Proposed]]:
    """The proposals by the law of each one's last sheet of the year: công chức and viên chức have laws of their own."""
    groups: dict[str, list[Any]] = {}
    for row in officials:
        groups.setdefault(rulebooks.law_of(row.rulebook).name, []).append(row)
    return [
        _proposals(rows, [row.person_id for row in rows], year, rulebooks.shelf().named(name))
        for name, rows in sorted(groups.items())
    ]


def _proposals(officials: Any, ids: list[int], year: int, book: Rulebook) -> list[Proposed]:
    day = rulebooks.day_of_year(book, year)
    eleven = book.choice("december", day) == "ELEVEN_MONTHS"
    months = queries.months(ids, year, provisional=not eleven)
    known = Circumstances(ids, year)
    classes = queries.unit_classes((row.unit_id for row in officials), year)
    found = []
    for row in officials:
        own = [month for month in months[row.person_id] if not (eleven and month.month == 12)]
        facts: dict[str, Any] = {
            "months_worked": sum(month.months for month in own if month.state != "NOT_RATED"),
            "leave": _leave(own),
            "blockers": known.blockers(row.person_id, row.office, book),
            "head_of_unit": row.office == "HEAD",
            "unit_class": classes.get(row.unit_id),
        }
        inputs = grade_inputs.snapshot(day, own, facts)
        proposal = grade_inputs.again(inputs, book)
        particular = known.of(row.person_id, proposal.status, facts["months_worked"], book)
        found.append(Proposed(row, own, proposal, inputs, book, particular))
    return found


def _leave(months: list[MonthOfYear]) -> Leave | None:
    """The leave that decides how the year is rated; sick and maternity leave before unpaid leave."""
    reasons = {month.not_rated_reason for month in months}
    return next((leave for leave in Leave if leave.value in reasons), None)


def _beyond_quota(found: list[Proposed], known: dict[int, YearGrade], year: int) -> dict[int, str]:
    """Who reached the score of excellent but not a place, with the sentence of the step; ties have no place either."""
    officials = [_official(one, known.get(one.row.person_id)) for one in found]
    terms = Terms.of(found[0].book, rulebooks.day_of_year(found[0].book, year))
    beyond = places_of(officials, terms).beyond
    return {int(key): f"{scope.reached} > {scope.places}" for key, scope in beyond.items()}


def _official(one: Proposed, known: YearGrade | None) -> Official:
    return Official(
        key=str(one.row.person_id),
        group=one.row.peer_group,
        klass=one.klass,
        mean=one.proposal.mean,
        decided=known is not None and known.state is not GradeState.PROPOSED,
        decided_class=None if known is None else known.decided_class,
    )


def _grade(one: Proposed, year: int, beyond: str | None) -> YearGrade:
    book = one.book
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
        months_counted=sum(month.months for month in one.months if month.score is not None),
        mean=None if average is None else finite(half_up(average, 4)),
        exact_mean=None if average is None else exact(average),
        computed_class=one.proposal.klass,
        proposed_class=klass,
        over_quota=beyond is not None,
        steps=steps,
        inputs=one.inputs,
        circumstances=[particular.as_json() for particular in one.circumstances],
        rulebook=book.name,
        fingerprint=book.fingerprint,
        state=GradeState.PROPOSED,
        proposed_at=clock.now(),
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
        "inputs",
        "circumstances",
    )
    return all(getattr(old, name) == getattr(new, name) for name in names)
