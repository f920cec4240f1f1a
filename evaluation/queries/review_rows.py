"""The rows behind the lists of sheets to score and to confirm: one statement for the sheets, one for their lines."""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import (
    Absence,
    CriterionMark,
    Evidence,
    Extension,
    ItemMark,
    Period,
    Person,
    Report,
    ScoreSheet,
    Stage,
    UnitPlace,
    WorkItem,
)
from evaluation.queries.periods import STEP_COLUMNS
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Cycle, Stretch
from evaluation.rules.workflow import ReportState


def statement(period: Period, step: StepName) -> Any:
    """One row for each sheet with what a list shows beside it; narrow it with `where`."""
    scorer, for_whom, own = aliased(Person), aliased(Person), aliased(ScoreSheet)
    return (
        select(
            Report,
            Person.full_name.label("name"),
            scorer.full_name.label("scored_by"),
            for_whom.full_name.label("scored_for"),
            own.exact_total.label("own"),
            _unit_name(period).label("unit"),
            _absent_days(period).label("absent_days"),
            _history(period).label("history"),
            STEP_COLUMNS[step].label("due"),
            _extended(step).label("extended"),
            _sent_back().label("sent_back"),
            _criteria(CriterionMark.own_points.is_(None) & CriterionMark.given_points.is_(None)).label(
                "empty"
            ),
            _criteria(CriterionMark.given_points != CriterionMark.own_points).label("changed"),
        )
        .join(Person, Person.id == Report.person_id)
        .join(Period, Period.id == Report.period_id)
        .outerjoin(scorer, scorer.id == Report.scored_by)
        .outerjoin(for_whom, for_whom.id == Report.scored_for)
        .outerjoin(own, (own.report_id == Report.id) & (own.stage == Stage.OWN) & own.superseded_at.is_(None))
        .order_by(Person.sort_key, Report.id)
    )


def _unit_name(period: Period) -> ScalarSelect[Any]:
    return (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == Report.unit_id, UnitPlace.valid_from < period.covers.end)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .correlate(Report)
        .scalar_subquery()
    )


def _absent_days(period: Period) -> ScalarSelect[Any]:
    first, end = period.month, period.covers.end
    return (
        select(
            func.coalesce(
                func.sum(
                    func.least(func.coalesce(Absence.valid_to, end), end)
                    - func.greatest(Absence.valid_from, first)
                ),
                0,
            )
        )
        .where(
            Absence.person_id == Report.person_id,
            Absence.valid_from < end,
            or_(Absence.valid_to.is_(None), Absence.valid_to > first),
        )
        .correlate(Report)
        .scalar_subquery()
    )


def _history(period: Period) -> ScalarSelect[Any]:
    """'2026-03=81.6700' for each of the five periods of the same cycle before that has a final score."""
    earlier, month = aliased(Report), aliased(Period)
    written = "YYYY-MM" if period.cycle is Cycle.MONTH else 'YYYY-"Q"Q'
    text = func.to_char(month.month, written) + "=" + cast(ScoreSheet.total, Text)
    return (
        select(func.array_agg(aggregate_order_by(text, month.month)))
        .select_from(earlier)
        .join(month, month.id == earlier.period_id)
        .join(
            ScoreSheet,
            (ScoreSheet.report_id == earlier.id)
            & (ScoreSheet.stage == Stage.FINAL)
            & ScoreSheet.superseded_at.is_(None),
        )
        .where(
            earlier.person_id == Report.person_id,
            month.cycle == period.cycle,
            month.month < period.month,
            month.month >= months_before(period)[0].first_day,
            ScoreSheet.total.is_not(None),
        )
        .correlate(Report)
        .scalar_subquery()
    )


def _extended(step: StepName) -> ScalarSelect[Any]:
    """The latest extension of a step for a sheet or its agency; nobody's own grant moves their own sheet."""
    return (
        select(func.max(Extension.due))
        .where(
            Extension.period_id == Report.period_id,
            Extension.step == step,
            or_(
                Extension.report_id == Report.id,
                (Extension.agency_id == Report.agency_id) & (Extension.granted_by != Report.person_id),
            ),
        )
        .correlate(Report)
        .scalar_subquery()
    )


def _sent_back() -> ScalarSelect[Any]:
    """Whether the supervisor's score of what now waits was refused by whoever confirms."""
    return (
        select(func.count())
        .where(
            ScoreSheet.report_id == Report.id,
            ScoreSheet.stage == Stage.SUPERVISOR,
            ScoreSheet.superseded_at >= Report.submitted_at,
            Report.state == ReportState.SUBMITTED,
        )
        .correlate(Report)
        .scalar_subquery()
    )


def _criteria(condition: ColumnElement[bool]) -> ScalarSelect[Any]:
    return (
        select(func.count())
        .where(CriterionMark.report_id == Report.id, condition)
        .correlate(Report)
        .scalar_subquery()
    )


def lines_of(report_ids: list[int]) -> dict[int, list[Any]]:
    """The reported facts of every line of some sheets, with whether it is marked and proved."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = db.session.execute(
        select(
            WorkItem.report_id,
            WorkItem.kind,
            WorkItem.assigned,
            WorkItem.done,
            WorkItem.quality_fails,
            WorkItem.delays,
            WorkItem.due_on,
            WorkItem.done_on,
            WorkItem.added_by_owner,
            ItemMark.id.label("mark"),
            ItemMark.delays.label("marked_delays"),
            ItemMark.exempt_delays,
            select(Evidence.id)
            .where(Evidence.item_id == WorkItem.id, Evidence.removed_at.is_(None))
            .exists()
            .label("has_evidence"),
        )
        .outerjoin(ItemMark, (ItemMark.item_id == WorkItem.id) & ItemMark.superseded_at.is_(None))
        .where(WorkItem.report_id.in_(report_ids))
        .order_by(WorkItem.report_id, WorkItem.ordinal, WorkItem.id)
    )
    for row in rows:
        found[row.report_id].append(row)
    return found


def months_before(period: Period) -> list[Stretch]:
    """The five periods of the same cycle before one, the oldest first."""
    before: list[Stretch] = []
    stretch = period.covers
    for _step in range(5):
        stretch = stretch.previous()
        before.insert(0, stretch)
    return before
