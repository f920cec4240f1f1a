"""Questions behind a working: a frozen score with its sheet, who entered what, a unit's figure taken apart by the units below."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import null, select, text, union_all
from sqlalchemy.orm import joinedload

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Conclusion,
    Discipline,
    Person,
    Report,
    ScoreSheet,
    UnitPlace,
    UnitYear,
    WorkItem,
)
from evaluation.queries.grades import bounds
from evaluation.queries.organisation import valid_on
from evaluation.rules.periods import Span
from evaluation.rules.scoring import Band

WRITING = ("report.saved", "report.submitted", "report.marked", "report.scored", "report.accepted")
FIGURES = """
count(*) filter (where status <> 'NOT_RATED') as expected, count(total) as scored,
count(*) filter (where status = 'NOT_RATED') as not_rated, sum(total) as points,
count(*) filter (where band = 'HTXSNV') as excellent, count(*) filter (where band = 'HTTNV') as good,
count(*) filter (where band = 'HTNV') as completed, count(*) filter (where band = 'KHTNV') as not_completed
"""

# The units directly below as the tree stood in each month that counts; whoever serves in none of them counts for the unit.
PARTS = """
with recursive
place as materialized (
    select distinct on (month.day, unit_id) month.day, unit_id, parent_id
    from unnest(cast(:days as date[])) as month(day) join unit_place
        on valid_from < month.day + interval '1 month' and (valid_to is null or valid_to > month.day)
    order by month.day, unit_id, valid_from
),
top as (
    select day, unit_id as id from place where parent_id = :unit_id
    union select day, :unit_id from unnest(cast(:days as date[])) as month(day)
),
below(day, top_id, unit_id) as (
    select day, id, id from top
    union
    select below.day, below.top_id, place.unit_id
    from below join place on place.day = below.day and place.parent_id = below.unit_id
    where not exists (select from top where top.day = below.day and top.id = place.unit_id)
)
"""
MONTH_PARTS = text(
    f"""
    {PARTS}
    select below.top_id as unit_id, {FIGURES}
    from below join person_month on person_month.unit_id = below.unit_id and person_month.period_id = :period_id
    group by below.top_id
    """
)
SPAN_PARTS = text(
    f"""
    {PARTS},
    counted as (
        select unit_id, last_month, mean as total, band, 'SCORED' as status from person_span
        where kind = :kind and year = :year and index = :index
    )
    select below.top_id as unit_id, {FIGURES}
    from below join counted on counted.unit_id = below.unit_id and counted.last_month = below.day
    group by below.top_id
    """
)


@dataclass(frozen=True, slots=True)
class Part:
    """What the people of a unit directly below, or of the unit itself, add to its figure."""

    unit_id: int
    expected: int
    scored: int
    not_rated: int
    points: Decimal | None
    excellent: int
    good: int
    completed: int
    not_completed: int

    @property
    def bands(self) -> dict[Band, int]:
        """How many reached each level, the highest first."""
        return {
            Band.HTXSNV: self.excellent,
            Band.HTTNV: self.good,
            Band.HTNV: self.completed,
            Band.KHTNV: self.not_completed,
        }


def sheet(sheet_id: int) -> ScoreSheet | None:
    """A frozen score, live or superseded, with its month, its official, its lines and the findings on them."""
    return db.session.scalars(_whole().where(ScoreSheet.id == sheet_id)).one_or_none()


def live_sheets(report_id: int) -> Sequence[ScoreSheet]:
    """The scores in force of a month's sheet, the own one first."""
    return db.session.scalars(
        _whole()
        .where(ScoreSheet.report_id == report_id, ScoreSheet.superseded_at.is_(None))
        .order_by(ScoreSheet.id)
    ).all()


def _whole() -> Any:
    report = joinedload(ScoreSheet.report)
    return select(ScoreSheet).options(
        report.joinedload(Report.period),
        report.joinedload(Report.person),
        report.selectinload(Report.criteria),
        report.selectinload(Report.items).joinedload(WorkItem.marks),
    )


def writings(report_id: int) -> Sequence[AuditEvent]:
    """The events that wrote values of a sheet, newest first."""
    return db.session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.object_type == "report",
            AuditEvent.object_id == report_id,
            AuditEvent.action.in_(WRITING),
        )
        .order_by(AuditEvent.id.desc())
    ).all()


def names(person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people."""
    wanted = {one for one in person_ids if one is not None}
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted)))
    return {row.id: row.full_name for row in rows}


def names_around(person_ids: Iterable[int | None], unit_id: int, day: date) -> tuple[dict[int, str], str]:
    """Names of people, and of a unit as of a day, in one query."""
    people = select(Person.id, Person.full_name, null()).where(
        Person.id.in_({one for one in person_ids if one is not None})
    )
    unit = select(null(), UnitPlace.name, UnitPlace.unit_id).where(
        UnitPlace.unit_id == unit_id, valid_on(UnitPlace, day)
    )
    rows: Sequence[Any] = db.session.execute(union_all(people, unit)).all()
    found = {person_id: name for person_id, name, _of_unit in rows if person_id is not None}
    return found, next((name for person_id, name, _of_unit in rows if person_id is None), "")


def deciders(report_ids: Collection[int]) -> dict[tuple[int, str], Any]:
    """By sheet and stage: who froze the score in force, when, and its id."""
    rows = db.session.execute(
        select(
            ScoreSheet.report_id,
            ScoreSheet.stage,
            ScoreSheet.id,
            ScoreSheet.decided_at,
            ScoreSheet.exact_total,
            Person.full_name,
        )
        .join(Person, Person.id == ScoreSheet.decided_by)
        .where(ScoreSheet.report_id.in_(list(report_ids)), ScoreSheet.superseded_at.is_(None))
    )
    return {(row.report_id, row.stage.value): row for row in rows.all()}


def disciplines(person_id: int, year: int) -> Sequence[Discipline]:
    """Decisions of a year on discipline, quashed ones too."""
    limits = bounds(year)
    return db.session.scalars(
        select(Discipline)
        .where(
            Discipline.person_id == person_id,
            Discipline.withdrawn_at.is_(None),
            Discipline.decided_on >= limits["since"],
            Discipline.decided_on < limits["until"],
        )
        .order_by(Discipline.decided_on, Discipline.id)
    ).all()


def conclusions(person_id: int, year: int) -> Sequence[Conclusion]:
    """Conclusions of competent bodies on a year, withdrawn ones too."""
    return db.session.scalars(
        select(Conclusion)
        .where(Conclusion.person_id == person_id, Conclusion.year == year)
        .order_by(Conclusion.concluded_on, Conclusion.id)
    ).all()


def unit_year(unit_id: int, year: int) -> UnitYear | None:
    """What is known of a unit's year."""
    return db.session.get(UnitYear, (unit_id, year))


def month_parts(unit_id: int, period_id: int, day: date) -> list[Part]:
    """A unit's month taken apart: the people of each unit directly below, and those of the unit itself."""
    rows = db.session.execute(MONTH_PARTS, {"unit_id": unit_id, "period_id": period_id, "days": [day]})
    return [Part(**row._mapping) for row in rows]


def span_parts(unit_id: int, span: Span) -> list[Part]:
    """The same of a quarter, a half-year or a year; people count where they were in their last scored month."""
    rows = db.session.execute(
        SPAN_PARTS,
        {
            "unit_id": unit_id,
            "days": [month.first_day for month in span.months],
            "kind": span.kind.value,
            "year": span.year,
            "index": span.index,
        },
    )
    return [Part(**row._mapping) for row in rows]
