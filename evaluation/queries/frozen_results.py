"""Every frozen result as a stream in constant memory, and where the results of one rulebook stand."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, String, Text, cast, func, select

from evaluation.extensions import db
from evaluation.models import EligibilityRun, Period, Person, Report, ScoreSheet, UnitPlace, YearGrade
from evaluation.rules.periods import Stretch

AT_ONCE = 1000


def scores(period: Stretch | None = None) -> Iterator[Row[Any]]:
    """Every score sheet, live and superseded, of one period or of all; steps and inputs as JSON text."""
    statement = select(
        ScoreSheet.id,
        ScoreSheet.report_id,
        ScoreSheet.stage,
        *(getattr(ScoreSheet, name) for name in ("status", "general", "quantity", "quality", "progress")),
        *(getattr(ScoreSheet, name) for name in ("unit_result", "task", "total", "exact_total", "band")),
        cast(ScoreSheet.steps, Text).label("steps"),
        cast(ScoreSheet.inputs, Text).label("inputs"),
        ScoreSheet.rulebook,
        ScoreSheet.fingerprint,
    )
    if period is not None:
        statement = (
            statement.join(Report, Report.id == ScoreSheet.report_id)
            .join(Period, Period.id == Report.period_id)
            .where(Period.month == period.first_day, Period.cycle == period.cycle)
        )
    return _streamed(statement.order_by(ScoreSheet.id))


def grades(year: int | None = None) -> Iterator[Row[Any]]:
    """Every class of a year, live and superseded, of one year or of all, in the order of ids."""
    statement = select(
        YearGrade.id,
        YearGrade.person_id,
        YearGrade.year,
        *(getattr(YearGrade, name) for name in ("status", "months_counted", "exact_mean", "computed_class")),
        *(getattr(YearGrade, name) for name in ("proposed_class", "over_quota", "steps", "inputs")),
        YearGrade.rulebook,
        YearGrade.fingerprint,
    )
    if year is not None:
        statement = statement.where(YearGrade.year == year)
    return _streamed(statement.order_by(YearGrade.id))


def _streamed(statement: Any) -> Iterator[Row[Any]]:
    return iter(db.session.execute(statement, execution_options={"yield_per": AT_ONCE}))


def other_scores(rulebook: str, fingerprint: str) -> Sequence[Row[Any]]:
    """Scores in force that carry another fingerprint of a rulebook: period, cycle, agency, fingerprint, how many."""
    return db.session.execute(
        select(
            Period.month,
            Period.cycle,
            _agency_name(Report.agency_id).label("agency"),
            func.count().label("number"),
        )
        .select_from(ScoreSheet)
        .join(Report, Report.id == ScoreSheet.report_id)
        .join(Period, Period.id == Report.period_id)
        .where(
            ScoreSheet.rulebook == rulebook,
            ScoreSheet.fingerprint != fingerprint,
            ScoreSheet.superseded_at.is_(None),
        )
        .group_by(Period.month, Period.cycle, Report.agency_id)
        .order_by(Period.month, Period.cycle, "agency")
    ).all()


def named_scores(rulebook: str, fingerprint: str, limit: int | None) -> Iterator[Row[Any]]:
    """The same one by one: period, person, stage, exact total, level, fingerprint."""
    statement = (
        select(
            Period.month,
            Period.cycle,
            Person.official_number,
            Person.full_name,
            ScoreSheet.stage,
            ScoreSheet.exact_total,
            ScoreSheet.band,
            ScoreSheet.fingerprint,
        )
        .select_from(ScoreSheet)
        .join(Report, Report.id == ScoreSheet.report_id)
        .join(Period, Period.id == Report.period_id)
        .join(Person, Person.id == Report.person_id)
        .where(
            ScoreSheet.rulebook == rulebook,
            ScoreSheet.fingerprint != fingerprint,
            ScoreSheet.superseded_at.is_(None),
        )
        .order_by(Period.month, Period.cycle, ScoreSheet.id)
    )
    return _streamed(statement if limit is None else statement.limit(limit))


def other_grades(rulebook: str, fingerprint: str) -> Sequence[Row[Any]]:
    """Classes in force that carry another fingerprint of a rulebook: year, agency, how many."""
    return db.session.execute(
        select(
            YearGrade.year, _agency_name(YearGrade.agency_id).label("agency"), func.count().label("number")
        )
        .where(
            YearGrade.rulebook == rulebook,
            YearGrade.fingerprint != fingerprint,
            YearGrade.superseded_at.is_(None),
        )
        .group_by(YearGrade.year, YearGrade.agency_id)
        .order_by(YearGrade.year, "agency")
    ).all()


def named_grades(rulebook: str, fingerprint: str, limit: int | None) -> Iterator[Row[Any]]:
    """The same one by one: year, person, class, fingerprint."""
    statement = (
        select(
            YearGrade.year,
            Person.official_number,
            Person.full_name,
            func.coalesce(
                cast(YearGrade.decided_class, String), cast(YearGrade.proposed_class, String)
            ).label("klass"),
            YearGrade.fingerprint,
        )
        .join(Person, Person.id == YearGrade.person_id)
        .where(
            YearGrade.rulebook == rulebook,
            YearGrade.fingerprint != fingerprint,
            YearGrade.superseded_at.is_(None),
        )
        .order_by(YearGrade.year, YearGrade.id)
    )
    return _streamed(statement if limit is None else statement.limit(limit))


def other_lists(rulebook: str, fingerprint: str) -> Sequence[EligibilityRun]:
    """Lists of titles that carry another fingerprint of a rulebook."""
    return db.session.scalars(
        select(EligibilityRun)
        .where(EligibilityRun.rulebook == rulebook, EligibilityRun.fingerprint != fingerprint)
        .order_by(EligibilityRun.id)
    ).all()


def superseded(rulebook: str, fingerprint: str) -> int:
    """How many replaced scores and classes carry another fingerprint; they stay as they were."""
    counts = [
        db.session.scalar(
            select(func.count()).where(
                table.rulebook == rulebook, table.fingerprint != fingerprint, table.superseded_at.is_not(None)
            )
        )
        for table in (ScoreSheet, YearGrade)
    ]
    return sum(count or 0 for count in counts)


def _agency_name(column: Any) -> Any:
    """The newest name of an agency."""
    return (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == column)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
