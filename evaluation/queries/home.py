"""What the home page lists: a person's own sheets and the sheets that wait in the units they lead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from evaluation.extensions import db
from evaluation.models import Period, Report, WorkItem
from evaluation.rules.periods import Stretch, stretch_of
from evaluation.rules.workflow import ReportState


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """One of the person's sheets of an open month or quarter."""

    report_id: int
    month: Stretch
    state: ReportState
    submit_due: date
    lines: int


@dataclass(frozen=True, slots=True)
class LedMonth:
    """What an open month or quarter asks of the head of some units."""

    month: Stretch
    assign_due: date
    score_due: date
    confirm_due: date
    without_work: int
    not_submitted: int
    to_score: int
    to_confirm: int


def own_sheets(person_id: int) -> list[OwnSheet]:
    """The person's sheets of the months still open, newest first."""
    lines = select(func.count(WorkItem.id)).where(WorkItem.report_id == Report.id).scalar_subquery()
    rows = db.session.execute(
        select(Report.id, Period.month, Period.cycle, Report.state, Period.submit_due, lines)
        .join(Period, Period.id == Report.period_id)
        .where(Report.person_id == person_id, Period.closed_at.is_(None))
        .order_by(Period.month.desc())
        .limit(3)
    )
    return [OwnSheet(row[0], stretch_of(row[1], row[2]), *row[3:]) for row in rows]


def led_months(units: Iterable[int], person_id: int) -> list[LedMonth]:
    """For each open month, how many sheets under these units still need work, a score or a confirmation."""
    wanted = list(units)
    if not wanted:
        return []
    scored_here = Report.supervising_unit_id.in_(wanted)
    confirmed_here = Report.confirming_unit_id.in_(wanted)
    open_states = (ReportState.DRAFT, ReportState.RETURNED)
    no_lines = ~select(WorkItem.id).where(WorkItem.report_id == Report.id).exists()
    rows = db.session.execute(
        select(
            Period.month,
            Period.cycle,
            Period.assign_due,
            Period.score_due,
            Period.confirm_due,
            func.count().filter(scored_here, Report.state.in_(open_states), no_lines),
            func.count().filter(scored_here, Report.state.in_(open_states)),
            func.count().filter(scored_here, Report.state == ReportState.SUBMITTED),
            func.count().filter(confirmed_here, Report.state == ReportState.SCORED),
        )
        .select_from(Report)
        .join(Period, Period.id == Report.period_id)
        .where(or_(scored_here, confirmed_here), Period.closed_at.is_(None), Report.person_id != person_id)
        .group_by(Period.id)
        .order_by(Period.month.desc(), Period.cycle)
        .limit(4)
    )
    return [LedMonth(stretch_of(row[0], row[1]), *row[2:]) for row in rows]
