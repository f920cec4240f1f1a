"""The registers behind the circumstances of a year, asked for many people at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text

from evaluation.extensions import db
from evaluation.models import Conclusion, Discipline
from evaluation.queries.grades import bounds
from evaluation.rules.discipline_years import Decision

PARTS = text(
    """
    select report.person_id, extract(month from period.month)::int as month, period.cycle,
        report.unit_id, report.agency_id, report.state, report.not_rated_reason
    from report join period on period.id = report.period_id
    where report.person_id = any(:people) and period.month >= :since and period.month < :until
    order by report.person_id, period.month, report.id
    """
)
SERVICE = text(
    """
    select person_id, unit_id, title, is_main, seconded_from_id, valid_from, valid_to from assignment
    where person_id = any(:people) and valid_from < :until and (valid_to is null or valid_to > :since)
      and (not is_main or seconded_from_id is not null)
    order by person_id, valid_from, id
    """
)
AWAY = text(
    """
    select person_id, kind from absence
    where person_id = any(:people) and valid_from <= :day and (valid_to is null or valid_to > :day)
    order by person_id, valid_from
    """
)


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet of the year: the months it covers, where, and how it stands."""

    months: tuple[int, ...]
    unit_id: int
    agency_id: int
    state: str
    not_rated_reason: str | None


@dataclass(frozen=True, slots=True)
class Registers:
    """What the registers say of some people's year, by person."""

    parts: dict[int, list[Part]]
    service: dict[int, list[Any]]
    away: dict[int, str]
    discipline: dict[int, list[Decision]]
    conclusions: dict[int, list[Conclusion]]


def parts(people: Iterable[int], year: int) -> dict[int, list[Part]]:
    """The sheets of a year with the unit each was served in, oldest first."""
    found: dict[int, list[Part]] = defaultdict(list)
    for row in db.session.execute(PARTS, {"people": list(people), **bounds(year)}):
        months = tuple(range(row.month, row.month + 3)) if row.cycle == "QUARTER" else (row.month,)
        found[row.person_id].append(Part(months, row.unit_id, row.agency_id, row.state, row.not_rated_reason))
    return found


def registers(people: Iterable[int], year: int, day: date) -> Registers:
    """Sheets, other posts and secondments, absence on a day, discipline and conclusions: five questions in all."""
    ids = list(people)
    given: dict[str, Any] = {"people": ids, "day": day, **bounds(year)}
    service: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(SERVICE, given):
        service[row.person_id].append(row)
    away = {row.person_id: row.kind for row in db.session.execute(AWAY, given)}
    return Registers(parts(ids, year), service, away, decisions(ids), conclusions(ids, year))


def decisions(people: Iterable[int]) -> dict[int, list[Decision]]:
    """Every decision of discipline on some people: which year one counts in depends on the others (Article 11.3)."""
    found: dict[int, list[Decision]] = defaultdict(list)
    for one in db.session.scalars(
        select(Discipline)
        .where(Discipline.person_id.in_(list(people)), Discipline.withdrawn_at.is_(None))
        .order_by(Discipline.id)
    ):
        found[one.person_id].append(
            Decision(
                one.id,
                one.decision_number,
                one.decided_on,
                one.starts_on,
                one.duty_related,
                one.act_on,
                one.unit_id,
                one.same_act_as_id,
                one.quashed_on is not None,
                one.used_in_year,
            )
        )
    return found


def conclusions(people: Iterable[int], year: int) -> dict[int, list[Conclusion]]:
    """The conclusions on a year that were not withdrawn."""
    found: dict[int, list[Conclusion]] = defaultdict(list)
    for one in db.session.scalars(
        select(Conclusion)
        .where(
            Conclusion.person_id.in_(list(people)), Conclusion.year == year, Conclusion.withdrawn_at.is_(None)
        )
        .order_by(Conclusion.id)
    ):
        found[one.person_id].append(one)
    return found
