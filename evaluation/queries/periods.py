"""Questions about evaluated months: which are open, and the last day of each step for each sheet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import holidays
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import Assignment, Extension, Period, Person, Report, UnitPlace
from evaluation.queries.organisation import valid_on
from evaluation.rules.deadlines import StepName, Timetable, nth_working_day
from evaluation.rules.periods import Month, Stretch
from evaluation.rules.workflow import ReportState

STEP_COLUMNS = {
    StepName.ASSIGN: Period.assign_due,
    StepName.SUBMIT: Period.submit_due,
    StepName.SCORE: Period.score_due,
    StepName.CONFIRM: Period.confirm_due,
    StepName.PUBLISH: Period.publish_due,
}


def of_month(month: Stretch) -> Period | None:
    """The period of a month or a quarter, if it was opened."""
    return db.session.scalar(
        select(Period).where(Period.month == month.first_day, Period.cycle == month.cycle)
    )


def latest_open() -> Period | None:
    """The newest period that is not closed; of a month and a quarter that begin together, the month."""
    return db.session.scalar(
        select(Period).where(Period.closed_at.is_(None)).order_by(Period.month.desc(), Period.cycle).limit(1)
    )


def open_periods() -> list[Period]:
    """Every month and quarter that is not closed, the newest first."""
    return list(
        db.session.scalars(
            select(Period).where(Period.closed_at.is_(None)).order_by(Period.month.desc(), Period.cycle)
        )
    )


def all_periods() -> list[Period]:
    """Every month and quarter, the newest first."""
    return list(db.session.scalars(select(Period).order_by(Period.month.desc(), Period.cycle)))


def general_due(period: Period, step: StepName) -> date:
    """The last day of a step for everybody, before any extension."""
    return getattr(period, f"{step.value.lower()}_due")


def days_off(month: Stretch) -> frozenset[date]:
    """The public holidays of Vietnam around a month or a quarter, with the days given in lieu."""
    return frozenset(holidays.country_holidays("VN", years={month.year, month.end.year}, observed=True))


def due_dates(reports: Iterable[Report]) -> dict[int, dict[StepName, date]]:
    """The last day of every step for each sheet, extensions counted, in one query.

    An extension for an agency does not move the sheet of the person who granted it. Who joined in the month can be given
    work as long after joining as others after the first of the month (Article 18.1.d: everybody must have tasks).
    """
    since = (
        select(func.min(Assignment.valid_from))
        .where(
            Assignment.person_id == Report.person_id,
            Assignment.is_main,
            Assignment.unit_id == Report.unit_id,
            Assignment.valid_from < Period.submit_due,
            or_(Assignment.valid_to.is_(None), Assignment.valid_to > Period.month),
        )
        .correlate(Report, Period)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Report.id, Period.month, since, *STEP_COLUMNS.values(), Extension.step, func.max(Extension.due)
        )
        .join(Period, Period.id == Report.period_id)
        .outerjoin(
            Extension,
            (Extension.period_id == Report.period_id)
            & or_(
                Extension.report_id == Report.id,
                (Extension.agency_id == Report.agency_id) & (Extension.granted_by != Report.person_id),
            ),
        )
        .where(Report.id.in_([report.id for report in reports]))
        .group_by(Report.id, Period.id, Extension.step)
    )
    found: dict[int, dict[StepName, date]] = {}
    for report_id, first, joined, *days, step, moved_to in rows:
        dates = found.setdefault(report_id, dict(zip(STEP_COLUMNS, days, strict=True)))
        if joined is not None and joined > first:
            eve = joined - timedelta(days=1)
            own = nth_working_day(eve, Timetable().assign, days_off(Month.of(joined)))
            dates[StepName.ASSIGN] = max(dates[StepName.ASSIGN], own)
        if step is not None:
            dates[step] = max(dates[step], moved_to)
    return found


@dataclass(frozen=True, slots=True)
class Granted:
    """An extension as a reader sees it: for whom, until when, by whom and why."""

    extension: Extension
    granter: str
    person: str | None
    agency: str | None


def extensions_of(
    period_ids: Iterable[int], day: date, *, within: tuple[list[int], int] | None = None, limit: int = 50
) -> list[Granted]:
    """The newest extensions of some months with the names a reader needs, in one query.

    `within` keeps those of some agencies and of one person's own sheet or agency.
    """
    granter, owner = aliased(Person), aliased(Person)
    statement = (
        select(Extension, granter.full_name, owner.full_name, UnitPlace.name)
        .join(granter, granter.id == Extension.granted_by)
        .outerjoin(Report, Report.id == Extension.report_id)
        .outerjoin(owner, owner.id == Report.person_id)
        .outerjoin(
            UnitPlace,
            (UnitPlace.unit_id == func.coalesce(Extension.agency_id, Report.agency_id))
            & valid_on(UnitPlace, day),
        )
        .where(Extension.period_id.in_(list(period_ids)))
        .order_by(Extension.id.desc())
        .limit(limit)
    )
    if within is not None:
        agencies, person_id = within
        own = select(Report.agency_id).where(
            Report.person_id == person_id, Report.period_id == Extension.period_id
        )
        statement = statement.where(
            or_(
                func.coalesce(Extension.agency_id, Report.agency_id).in_(agencies),
                Report.person_id == person_id,
                Extension.agency_id.in_(own.correlate(Extension)),
            )
        )
    return [Granted(*row) for row in db.session.execute(statement)]


def sheet_counts(period_ids: Iterable[int]) -> dict[int, dict[ReportState, int]]:
    """How many sheets of each month stand in each state."""
    rows = db.session.execute(
        select(Report.period_id, Report.state, func.count())
        .where(Report.period_id.in_(list(period_ids)))
        .group_by(Report.period_id, Report.state)
    )
    found: dict[int, dict[ReportState, int]] = {}
    for period_id, state, count in rows:
        found.setdefault(period_id, {})[state] = count
    return found


def agency_due(period: Period, agency_id: int, step: StepName) -> date:
    """The last day of a step for an agency, its extensions counted."""
    moved_to = db.session.scalar(
        select(func.max(Extension.due)).where(
            Extension.period_id == period.id, Extension.agency_id == agency_id, Extension.step == step
        )
    )
    return max(general_due(period, step), moved_to or date.min)


def has_sheets(period_id: int, agency_id: int) -> bool:
    """Whether an agency has sheets in a month."""
    return (
        db.session.scalar(
            select(Report.id).where(Report.period_id == period_id, Report.agency_id == agency_id).limit(1)
        )
        is not None
    )


def agencies_with_sheets(period_ids: Iterable[int], among: Iterable[int] | None) -> list[int]:
    """The agencies that have sheets in some months; all, or those among the given units."""
    statement = select(Report.agency_id).where(Report.period_id.in_(list(period_ids))).distinct()
    if among is not None:
        statement = statement.where(Report.agency_id.in_(list(among)))
    return list(db.session.scalars(statement))


def sheet_of_official(period_id: int, agency_id: int, official_number: str) -> int | None:
    """The sheet of an official number in an agency and month."""
    return db.session.scalar(
        select(Report.id)
        .join(Person, Person.id == Report.person_id)
        .where(
            Report.period_id == period_id,
            Report.agency_id == agency_id,
            func.lower(Person.official_number) == official_number.lower(),
        )
    )
