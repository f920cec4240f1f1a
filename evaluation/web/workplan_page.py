"""What the page of a unit's work plan shows: people with their load, lines with what is stored or was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import lazy_gettext as _l

from evaluation import clock
from evaluation.models import Period, Report, WorkItem
from evaluation.queries import periods as period_questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services.assigning import OPEN_FOR_WORK
from evaluation.services.workplans import ASSIGNABLE, line_name
from evaluation.web.presentation import day, quantity, short_day

STATES = {
    ReportState.DRAFT: ("", _l("Being written")),
    ReportState.RETURNED: ("warn", _l("Returned")),
    ReportState.SUBMITTED: ("info", _l("Submitted")),
    ReportState.SCORED: ("ok", _l("Scored")),
    ReportState.CONFIRMED: ("ok", _l("Confirmed")),
    ReportState.PUBLISHED: ("ok", _l("Published")),
    ReportState.NOT_RATED: ("", _l("Not evaluated this month")),
}
KIND_TAGS = {
    WorkKind.ADHOC: ("now", _l("ad hoc")),
    WorkKind.RECEIVED: ("info", _l("taken over")),
    WorkKind.TRANSFERRED_OUT: ("", _l("handed over")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the grid with its two cells."""

    item: WorkItem
    code: str
    quantity: str
    due_on: str
    units: Fraction
    editable: bool
    removable: bool
    remove: bool
    can_hand_over: bool
    error: str | None = None
    due_error: str | None = None
    stored: str | None = None


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with the converted units of the plan, what comes on top, and the lines."""

    report: Report
    position: str
    planned: Fraction
    extra: Fraction
    open: bool
    can_plan: bool
    last_day: date
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """The whole unit at a glance."""

    people: list[Someone]
    most: Fraction
    mean: Fraction | None
    without: int


def people_of(
    sheets: list[tuple[Report, str | None, dict[int, str]]],
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    differences: Mapping[int, tuple[Decimal | None, date | None]] | None = None,
) -> Load:
    """Every person with their lines; what was typed stands in the cells after a refusal."""
    typed, faults, differences = typed or {}, faults or {}, differences or {}
    due = period_questions.due_dates(report for report, _position, _codes in sheets)
    today, people = clock.today(), []
    for report, position, codes in sheets:
        last_day = due[report.id][StepName.ASSIGN]
        is_open = report.state in OPEN_FOR_WORK and report.period.closed_at is None
        someone = Someone(
            report,
            position or report.title,
            _units(report, planned=True),
            _units(report, planned=False),
            is_open,
            is_open and today <= last_day,
            last_day,
        )
        for item in report.items:
            someone.lines.append(_line(item, codes[item.id], someone, typed, faults, differences))
        people.append(someone)
    rated = [one for one in people if one.report.state is not ReportState.NOT_RATED]
    planned = [one.planned for one in rated]
    return Load(
        people,
        max(planned, default=Fraction(0)),
        sum(planned, Fraction(0)) / len(planned) if planned else None,
        sum(not one.planned for one in rated),
    )


def _line(
    item: WorkItem,
    code: str,
    someone: Someone,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    differences: Mapping[int, tuple[Decimal | None, date | None]],
) -> Line:
    own = item.kind in ASSIGNABLE and not item.added_by_owner
    editable = own and (someone.can_plan if item.kind is WorkKind.PLANNED else someone.open)
    stored = None
    if item.id in differences:
        stored = f"{quantity(item.assigned)}; {day(item.due_on)}"
    return Line(
        item,
        code,
        typed.get(f"quantity-{item.id}", quantity(item.assigned)),
        typed.get(f"due_on-{item.id}", short_day(item.due_on) if item.due_on else ""),
        Fraction(item.assigned) * Fraction(item.coefficient),
        editable,
        editable and not item.reported,
        f"remove-{item.id}" in typed,
        item.kind is WorkKind.PLANNED and someone.open and item.assigned > item.done,
        _beside(faults.get(f"quantity-{item.id}"), someone, item),
        _beside(faults.get(f"due_on-{item.id}"), someone, item),
        stored,
    )


def _beside(fault: str | None, someone: Someone, item: WorkItem) -> str | None:
    """The fault without the names of the person and the work, which stand in the row."""
    return fault.removeprefix(line_name(someone.report, item)) if fault else None


def _units(report: Report, *, planned: bool) -> Fraction:
    return sum(
        (
            Fraction(item.assigned if item.kind is not WorkKind.ADHOC or item.assigned else item.done)
            * Fraction(item.coefficient)
            for item in report.items
            if item.kind.in_assigned is planned
        ),
        Fraction(0),
    )


def recipients(people: list[Someone]) -> list[tuple[str, Any]]:
    """To whom a product can be given at once: all, the holders of a position that several hold, each person."""
    holders: dict[int, int] = {}
    names: dict[int, str] = {}
    for someone in people:
        position_id = someone.report.position_id
        if position_id and someone.open:
            holders[position_id] = holders.get(position_id, 0) + 1
            names[position_id] = someone.position
    return [
        (f"position:{position_id}", (names[position_id], count))
        for position_id, count in sorted(holders.items(), key=lambda pair: names[pair[0]])
    ]


def plan_open(period: Period) -> bool:
    """Whether the plan can generally still be changed today."""
    return period.closed_at is None and clock.today() <= period.assign_due
