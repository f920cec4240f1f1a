"""A year of facts for everyone examined for a title: a fixed number of set-based questions, whatever the number of people.

Which unit's register counts for whom (decree 335 Articles 10, 19 and 20.6; the chairman's directives on reform):
- an official is judged where they served last in the year (the new unit considers, Article 19.1);
- reform of an official's unit is that of the agency; of a head, that of the unit headed. An agency's completion covers
  its divisions, but its failure alone does not refuse the head of a division whose own result is not on record;
- the class that limits a head, written criticism and subordinates' discipline are those of the unit headed. Who heads
  several units answers for each: the lowest class, any failed reform, all criticism;
- a decision of discipline counts where the act was done, or where it was decided when no day of the act is known (11.3.c, d).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries.evidence_tree import Tree, last_day
from evaluation.queries.petitions import AS_MATTERS
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.facts import (
    AwardFact,
    AwardType,
    Criticism,
    Discipline,
    DisciplineForm,
    Facts,
    Initiative,
    InitiativeLevel,
    LeaveFact,
    LeaveKind,
    PendingKind,
    PendingMatter,
    PersonFacts,
    Position,
    ReformResult,
    TitleFact,
    Transfer,
    UnitFacts,
)
from evaluation.rules.organisation import AbsenceKind, Gender, Office, PersonKind
from evaluation.rules.service_time import completed_months, months_served
from evaluation.rules.verdicts import FORMS

YEARS_READ = 3
LONG_STUDY = timedelta(days=365)

PEOPLE = """
select person.id, person.gender, person.hired_on, person.left_on, service.unit_id, service.office, service.title
from assignment service join person on person.id = service.person_id
where service.is_main and service.unit_id = any(:units) and service.valid_from <= :day
  and (service.valid_to is null or service.valid_to > :first)
  and (person.left_on is null or person.left_on > :first)
  and (person.kind = :official or person.kind = :contract and service.unit_id = any(:with_contracts))
  and not exists (
      select from assignment later
      where later.person_id = service.person_id and later.is_main
        and later.valid_from > service.valid_from and later.valid_from <= :day
  )
order by person.id
"""
SERVICE = """
select person_id, unit_id, office, is_main, valid_from, valid_to from assignment
where person_id = any(:people) and valid_from <= :day order by person_id, valid_from
"""
ABSENCES = """
select person_id, kind, valid_from, valid_to from absence
where person_id = any(:people) and valid_from < :after and (valid_to is null or valid_to > :first)
"""
# A class decided in the system stands before what was entered of the years before it.
GRADES = """
select person_id, year, exact_mean, decided_class, state in ('DECIDED', 'PUBLISHED') as decided from year_grade
where person_id = any(:people) and year between :since and :year and superseded_at is null
union all
select past.person_id, past.year, null, past.klass, true from past_rating past
where past.person_id = any(:people) and past.year between :since and :year and past.superseded_at is null
  and past.decided_on <= :as_of and not exists (
      select from year_grade grade
      where grade.person_id = past.person_id and grade.year = past.year and grade.superseded_at is null
        and grade.state in ('DECIDED', 'PUBLISHED'))
order by year
"""
OPINIONS = """
select person_id, moved_on, agrees, document_number from old_unit_opinion
where person_id = any(:people) and superseded_at is null and given_on <= :as_of
"""
DISCIPLINE = """
select discipline.*, coalesce(discipline.unit_id, service.unit_id) as served_in from discipline
left join assignment service on service.person_id = discipline.person_id and service.is_main
    and service.valid_from <= coalesce(discipline.act_on, discipline.decided_on)
    and (service.valid_to is null or service.valid_to > coalesce(discipline.act_on, discipline.decided_on))
where discipline.withdrawn_at is null and discipline.decided_on <= :as_of and (
    discipline.person_id = any(:people)
    or extract(year from discipline.decided_on) = :year or extract(year from discipline.starts_on) = :year)
order by discipline.decided_on, discipline.id
"""
PENDING = f"""
select person_id, kind, opened_on, closed_on, outcome from pending_matter
where person_id = any(:people) and opened_on <= :as_of and withdrawn_at is null
union all {AS_MATTERS} order by opened_on
"""
TITLES = """
select * from title where withdrawn_at is null
  and person_id = any(:people) and year <= :year and (decided_on is null or decided_on <= :as_of) order by year, id
"""
INITIATIVES = """
select * from initiative where withdrawn_at is null
  and person_id = any(:people) and decided_on <= :as_of and year between :since and :year order by year, id
"""
LEAVE_KINDS = {AbsenceKind.MATERNITY: LeaveKind.MATERNITY, AbsenceKind.SICK: LeaveKind.SICK}
LEAVE_KINDS |= {AbsenceKind.UNPAID: LeaveKind.UNPAID}


@dataclass(frozen=True, slots=True)
class YearRecord:
    """One person's year: what the rules examine, what the order of merit needs, what the list prints."""

    person_id: int
    unit_id: int
    authority_id: int
    title: str
    office: Office
    female: bool
    mean: Fraction | None
    exact_mean: str | None
    facts: Facts
    printed: dict[str, Any]
    years: int = YEARS_READ


def year_records(
    units: Tree,
    within: Collection[int],
    year: int,
    *,
    as_of: date,
    received: date,
    years: int = YEARS_READ,
) -> Iterator[YearRecord]:
    """Everybody whose last service of the year was in one of the units, in ten questions in all; so many years back."""
    registers = _Registers(units, within, year, as_of, years)
    for row in registers.people:
        yield registers.record(row, received)


class _Registers:
    """What the registers say of a set of people, read at once and kept by person."""

    def __init__(self, units: Tree, within: Collection[int], year: int, as_of: date, years: int) -> None:
        self.tree, self.year, self.as_of, self.day = units, year, as_of, last_day(year, as_of)
        self.years = years
        with_contracts = [
            unit for unit in within if units.units[units.agency(unit)].evaluates_contract_workers
        ]
        self.given: dict[str, Any] = {
            "day": self.day,
            "first": date(year, 1, 1),
            "after": date(year + 1, 1, 1),
            "year": year,
            "since": year - years + 1,
            "as_of": as_of,
            "units": list(within),
            "with_contracts": with_contracts,
            "official": PersonKind.CONG_CHUC.value,
            "contract": PersonKind.HOP_DONG.value,
        }
        self.people = db.session.execute(text(PEOPLE), self.given).all()
        self.given["people"] = [row.id for row in self.people]
        self.service = self._by_person(SERVICE)
        self.absences = self._by_person(ABSENCES)
        self.grades = self._by_person(GRADES)
        self.pending = self._by_person(PENDING)
        self.titles = self._by_person(TITLES)
        self.initiatives = self._by_person(INITIATIVES)
        self.opinions = self._by_person(OPINIONS)
        self.discipline = self._by_person(DISCIPLINE)
        self.below: dict[int, list[Any]] = defaultdict(list)
        for rows in self.discipline.values():
            for row in rows:
                for unit_id in units.above(row.served_in) if row.served_in else ():
                    self.below[unit_id].append(row)

    def _by_person(self, question: str) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for row in db.session.execute(text(question), self.given):
            found[row.person_id].append(row)
        return found

    def record(self, row: Any, received: date) -> YearRecord:
        grades = self.grades.get(row.id, [])
        own = next((grade for grade in grades if grade.year == self.year), None)
        office = Office(row.office)
        headed = self._headed(row)
        return YearRecord(
            person_id=row.id,
            unit_id=row.unit_id,
            authority_id=self.tree.authority(row.unit_id),
            title=row.title,
            office=office,
            female=row.gender == Gender.FEMALE,
            mean=parse_exact(own.exact_mean) if own and own.exact_mean else None,
            exact_mean=own.exact_mean if own else None,
            facts=Facts(
                self.year, self.as_of, received, self._person(row, office, headed), self._unit(row, headed)
            ),
            printed=self._printed(row.id, office, headed, grades),
            years=self.years,
        )

    def _headed(self, row: Any) -> list[int]:
        """The units a person heads on the day, and the one headed when service ended before it."""
        held = [
            one.unit_id
            for one in self.service.get(row.id, [])
            if one.office == Office.HEAD and (one.valid_to is None or one.valid_to > self.day)
        ]
        return sorted({*held, row.unit_id} if row.office == Office.HEAD else set(held))

    def _person(self, row: Any, office: Office, headed: list[int]) -> PersonFacts:
        position = Position.HEAD if headed else Position.DEPUTY if office is Office.DEPUTY else Position.NONE
        titles = self.titles.get(row.id, [])
        return PersonFacts(
            ratings={
                grade.year: Band(grade.decided_class) if grade.decided_class else None
                for grade in self.grades.get(row.id, [])
                if grade.decided
            },
            position=position,
            months_worked={self.year: self._months(row)},
            leave=tuple(self._leave(row.id)),
            transfers=tuple(self._transfers(row.id)),
            discipline=tuple(self._decision(one) for one in self.discipline.get(row.id, [])),
            pending=tuple(
                PendingMatter(PendingKind(one.kind), one.opened_on, one.closed_on, one.outcome)
                for one in self.pending.get(row.id, [])
            ),
            titles=tuple(
                TitleFact(one.code, one.year) for one in titles if one.award_type == AwardType.CONG_TRANG
            ),
            awards=tuple(map(award_fact, titles)),
            initiatives=tuple(
                Initiative(InitiativeLevel(one.level), one.year, one.sole_author)
                for one in self.initiatives.get(row.id, [])
            ),
        )

    def _months(self, row: Any) -> int:
        """Whole months at work; who has no day of hiring on record is taken as serving all year (silence refuses nobody)."""
        away = [
            (one.valid_from, one.valid_to)
            for one in self.absences.get(row.id, [])
            if one.kind != AbsenceKind.STUDY
        ]
        return months_served(self.year, row.hired_on, row.left_on, away)

    def _leave(self, person_id: int) -> Iterator[LeaveFact]:
        for one in self.absences.get(person_id, []):
            kind = LEAVE_KINDS.get(AbsenceKind(one.kind))
            if one.kind == AbsenceKind.STUDY:
                long = one.valid_to is None or one.valid_to - one.valid_from >= LONG_STUDY
                kind = LeaveKind.STUDY_GE1Y if long else LeaveKind.STUDY_LT1Y
            if kind is not None:
                yield LeaveFact(kind, one.valid_from, one.valid_to)

    def _transfers(self, person_id: int) -> Iterator[Transfer]:
        """Moves of a person between agencies; a unit that moves takes nobody from one agency to another."""
        since: date | None = None
        agency: int | None = None
        for one in self.service.get(person_id, []):
            if not one.is_main:
                continue
            here = self.tree.agency(one.unit_id)
            if agency is not None and here != agency and since is not None:
                opinion = self._opinion(person_id, one.valid_from)
                yield Transfer(
                    one.valid_from,
                    completed_months(since, one.valid_from),
                    old_opinion=opinion is True,
                    against=opinion is False,
                )
            if here != agency:
                since, agency = one.valid_from, here

    def _opinion(self, person_id: int, moved_on: date) -> bool | None:
        """Whether the old agency agreed, None while it has not written."""
        return next(
            (one.agrees for one in self.opinions.get(person_id, []) if one.moved_on == moved_on), None
        )

    def _decision(self, one: Any) -> Discipline:
        return Discipline(
            DisciplineForm(one.form),
            one.decided_on,
            one.starts_on,
            one.ends_on,
            one.duty_related,
            one.quashed_on is not None and one.quashed_on <= self.as_of,
        )

    def _unit(self, row: Any, headed: list[int]) -> UnitFacts:
        agency = self.tree.units[self.tree.agency(row.unit_id)]
        own = [self.tree.units[unit_id] for unit_id in headed if unit_id in self.tree.units]
        reform = _worst_reform([self.tree.reform_of(unit) for unit in own]) if own else agency.reform
        classes = [unit.unit_class for unit in own] or [agency.unit_class]
        known = [one for one in classes if one is not None]
        limit = min(known) if len(known) == len(classes) else None
        below = {
            one.id: one for unit in own for one in self.below.get(unit.id, []) if one.person_id != row.id
        }
        return UnitFacts(
            ratings={} if limit is None else {self.year: limit},
            reform={} if reform is None else {self.year: reform},
            criticism=(Criticism(self.given["first"]),) * sum(unit.criticisms for unit in own),
            discipline=tuple(self._decision(one) for one in below.values()),
        )

    def _printed(
        self, person_id: int, office: Office, headed: list[int], grades: list[Any]
    ) -> dict[str, Any]:
        """What the list shows beside the verdict, kept as it was on the day of the run."""
        return {
            "leads": office.leads or bool(headed),
            "classes": {str(one.year): one.decided_class for one in grades if one.decided},
            "initiatives": [
                {
                    "level": one.level,
                    "year": one.year,
                    "number": one.decision_number,
                    "on": one.decided_on.isoformat(),
                }
                for one in self.initiatives.get(person_id, [])
            ],
            "titles": [
                {
                    "code": one.code,
                    "year": one.year,
                    "number": one.decision_number,
                    "on": one.decided_on.isoformat() if one.decided_on else None,
                }
                for one in self.titles.get(person_id, [])
            ],
            "discipline": [
                {"form": one.form, "number": one.decision_number, "on": one.decided_on.isoformat()}
                for one in self.discipline.get(person_id, [])
                if one.quashed_on is None or one.quashed_on > self.as_of
            ],
            "pending": [
                {"kind": one.kind, "on": one.opened_on.isoformat()}
                for one in self.pending.get(person_id, [])
                if one.closed_on is None or one.closed_on > self.as_of
            ],
        }


def award_fact(one: Any) -> AwardFact:
    """A title or award of the register; a title rewards its year, a form the years its decision names."""
    first = one.achieved_from.year if one.achieved_from else None
    last = one.achieved_to.year if one.achieved_to else None
    if first is None and last is None and one.code not in FORMS:
        first = last = one.year
    return AwardFact(one.code, AwardType(one.award_type), first, last, one.year)


def _worst_reform(results: list[ReformResult | None]) -> ReformResult | None:
    if ReformResult.NOT_COMPLETED in results:
        return ReformResult.NOT_COMPLETED
    return None if None in results else ReformResult.COMPLETED
