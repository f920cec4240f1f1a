"""What the forms of the decree are filled from: many sheets or many classes of the year in a constant number of queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import defer, joinedload, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Assignment,
    AuditEvent,
    Period,
    Person,
    ProductVersion,
    Report,
    ScoreSheet,
    SelfClassification,
    Stage,
    WorkItem,
    YearGrade,
)
from evaluation.queries import organisation
from evaluation.rules.periods import Cycle
from evaluation.rules.workflow import ReportState

HANDED_IN = (ReportState.SUBMITTED, ReportState.SCORED, ReportState.CONFIRMED, ReportState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Filed:
    """Sheets with everything a form prints of them; units are named as they were in the sheets' month."""

    reports: Sequence[Report]
    scores: dict[int, dict[Stage, ScoreSheet]]
    people: dict[int, str]
    units: dict[tuple[int, date], str]

    def unit(self, report: Report, unit_id: int) -> str:
        """A unit's name in the month of a sheet."""
        return self.units.get((unit_id, report.period.month), "")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit on a day with everything below it."""

    name: str
    below: list[int]


def sheets(report_ids: Collection[int], *, lines: bool = False) -> Filed:
    """Chosen sheets in the order of their officials' names, with scores; with their lines and findings if asked."""
    statement = (
        select(Report)
        .join(Person, Person.id == Report.person_id)
        .where(Report.id.in_(report_ids))
        .options(joinedload(Report.period), joinedload(Report.person), selectinload(Report.criteria))
        .order_by(Person.sort_key, Report.id)
    )
    if lines:
        statement = statement.options(selectinload(Report.items).selectinload(WorkItem.marks))
    reports = db.session.scalars(statement).all()
    scores: dict[int, dict[Stage, ScoreSheet]] = {report.id: {} for report in reports}
    live = (
        select(ScoreSheet)
        .where(ScoreSheet.report_id.in_(report_ids), ScoreSheet.superseded_at.is_(None))
        .options(defer(ScoreSheet.inputs))
    )
    for score in db.session.scalars(live):
        scores[score.report_id][score.stage] = score
    units: dict[tuple[int, date], str] = {}
    for day in {report.period.month for report in reports}:
        wanted = {
            unit_id
            for report in reports
            if report.period.month == day
            for unit_id in (report.unit_id, report.agency_id)
        }
        units |= {(unit_id, day): name for unit_id, name in organisation.unit_names(wanted, day).items()}
    return Filed(reports, scores, names([report.scored_by for report in reports]), units)


def names(person_ids: Collection[int | None]) -> dict[int, str]:
    """Full names of people."""
    wanted = {one for one in person_ids if one is not None}
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted)))
    return {row.id: row.full_name for row in rows}


def assignments(person_ids: Collection[int]) -> Sequence[Assignment]:
    """Every office that some people hold or held."""
    return db.session.scalars(
        select(Assignment).where(Assignment.person_id.in_(person_ids)).order_by(Assignment.id)
    ).all()


def deciders_for(grade_ids: Collection[int]) -> dict[int, int]:
    """The head on whose behalf a delegate decided a class of the year, by class; who decides in the own office is not in it."""
    rows = db.session.execute(
        select(AuditEvent.object_id, AuditEvent.on_behalf_of_id)
        .where(
            AuditEvent.object_type == YearGrade.__tablename__,
            AuditEvent.object_id.in_(grade_ids),
            AuditEvent.action.in_(("grade.decided", "grade.replaced")),
        )
        .order_by(AuditEvent.id)
    )
    last = {row.object_id: row.on_behalf_of_id for row in rows}
    return {grade_id: head for grade_id, head in last.items() if head is not None}


def people(person_ids: Collection[int]) -> Sequence[Person]:
    """Chosen people by name."""
    return db.session.scalars(
        select(Person).where(Person.id.in_(person_ids)).order_by(Person.sort_key, Person.id)
    ).all()


def products(version_ids: Collection[int | None]) -> dict[int, str]:
    """The output that each version of the catalogue names, where it names one."""
    wanted = {one for one in version_ids if one is not None}
    rows = db.session.execute(
        select(ProductVersion.id, ProductVersion.output).where(ProductVersion.id.in_(wanted))
    )
    return {row.id: row.output for row in rows if row.output}


def unit(unit_id: int, day: date) -> Unit | None:
    """A unit on a day, None where there is none."""
    found = organisation.unit_names([unit_id], day)
    return Unit(found[unit_id], organisation.descendants([unit_id], day)) if unit_id in found else None


def period(month: date, cycle: Cycle) -> Period | None:
    """A period by its first day and cycle."""
    return db.session.scalar(select(Period).where(Period.month == month, Period.cycle == cycle))


def periods_of(unit_ids: Collection[int]) -> Sequence[Period]:
    """The newest periods in which some units have sheets."""
    return db.session.scalars(
        select(Period)
        .where(select(Report.id).where(Report.period_id == Period.id, Report.unit_id.in_(unit_ids)).exists())
        .order_by(Period.month.desc(), Period.id.desc())
        .limit(24)
    ).all()


def handed_in(unit_ids: Collection[int], period_id: int) -> Sequence[Report]:
    """The sheets of some units in a period that their officials have handed in, by name, without their lines."""
    return db.session.scalars(
        select(Report)
        .join(Person, Person.id == Report.person_id)
        .where(Report.unit_id.in_(unit_ids), Report.period_id == period_id, Report.state.in_(HANDED_IN))
        .order_by(Person.sort_key, Report.id)
    ).all()


def count_lines(report_ids: Collection[int]) -> int:
    """How many lines of work some sheets have."""
    return db.session.scalar(select(func.count()).where(WorkItem.report_id.in_(report_ids))) or 0


def grades_of(unit_ids: Collection[int], year: int) -> Sequence[YearGrade]:
    """The classes in force of a year whose officials belong to some units, by name."""
    return db.session.scalars(
        select(YearGrade)
        .join(Person, Person.id == YearGrade.person_id)
        .where(YearGrade.unit_id.in_(unit_ids), YearGrade.year == year, YearGrade.superseded_at.is_(None))
        .order_by(Person.sort_key, YearGrade.id)
    ).all()


def grades(grade_ids: Collection[int]) -> Sequence[YearGrade]:
    """Chosen classes of the year with their officials, by name."""
    return db.session.scalars(
        select(YearGrade)
        .join(Person, Person.id == YearGrade.person_id)
        .where(YearGrade.id.in_(grade_ids))
        .options(joinedload(YearGrade.person))
        .order_by(Person.sort_key, YearGrade.id)
    ).all()


def grade_of(person_id: int, year: int) -> YearGrade | None:
    """The class in force of an official's year."""
    return db.session.scalar(
        select(YearGrade).where(
            YearGrade.person_id == person_id, YearGrade.year == year, YearGrade.superseded_at.is_(None)
        )
    )


def years_of(unit_ids: Collection[int]) -> Sequence[int]:
    """The years in which some units have classes, newest first."""
    return db.session.scalars(
        select(YearGrade.year)
        .where(YearGrade.unit_id.in_(unit_ids), YearGrade.superseded_at.is_(None))
        .distinct()
        .order_by(YearGrade.year.desc())
    ).all()


def self_classifications(person_ids: Collection[int], year: int) -> dict[int, SelfClassification]:
    """The class each official gave the own year, where they did."""
    rows = db.session.scalars(
        select(SelfClassification).where(
            SelfClassification.person_id.in_(person_ids),
            SelfClassification.year == year,
            SelfClassification.superseded_at.is_(None),
        )
    )
    return {row.person_id: row for row in rows}


def year_sheets(person_ids: Collection[int], year: int) -> list[Row[Any]]:
    """Where each official was in every period of a year: person, first month, cycle, unit, agency and title, in order."""
    return list(
        db.session.execute(
            select(
                Report.person_id,
                Period.month,
                Period.cycle,
                Report.unit_id,
                Report.agency_id,
                Report.title,
                Report.rulebook,
            )
            .join(Period, Period.id == Report.period_id)
            .where(
                Report.person_id.in_(person_ids),
                Period.month >= date(year, 1, 1),
                Period.month < date(year + 1, 1, 1),
            )
            .order_by(Report.person_id, Period.month, Period.cycle)
        )
    )
