"""Many monthly sheets side by side, as the people who score and confirm read them, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, func, select

from evaluation.extensions import db
from evaluation.models import (
    Period,
    Report,
    Stage,
)
from evaluation.queries import review_rows, subordinates, sums
from evaluation.queries.subordinates import Subordinate
from evaluation.rules import leaders, scoring
from evaluation.rules.attention import Finding, LineFacts, SheetFacts, to_examine
from evaluation.rules.bands import Band
from evaluation.rules.deadlines import StepName
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.rulebook import Rulebook, Shelf
from evaluation.rules.scoring import LeaderRatios, ScoreStatus, Sums, Totals
from evaluation.rules.terms import sql_terms
from evaluation.rules.workflow import ReportState

HANDED_IN = frozenset(
    {ReportState.SUBMITTED, ReportState.SCORED, ReportState.CONFIRMED, ReportState.PUBLISHED}
)
NO_TOTALS = Totals(ScoreStatus.PENDING, None, None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One official's month in a list; what is not handed in shows no figures (they are the official's draft)."""

    id: int
    version: int
    state: ReportState
    person_id: int
    name: str
    title: str
    unit_id: int
    unit: str
    supervising_unit_id: int
    confirming_unit_id: int
    agency_id: int
    leads: bool
    due: date
    submitted_at: datetime | None
    scored_by: str | None
    scored_for: str | None
    not_rated: AbsenceKind | None
    absent_days: int
    lines: int
    findings: tuple[Finding, ...]
    opened: bool
    late_lines: int
    excused_delays: int
    sums: Sums
    general: Fraction
    own: Fraction | None
    present: Totals
    unit_result: Fraction | None
    below: tuple[Subordinate, ...]
    history: tuple[Decimal | None, ...]

    @property
    def handed_in(self) -> bool:
        """Whether the official has sent it."""
        return self.state in HANDED_IN

    @property
    def waits(self) -> bool:
        """Whether it waits for its supervisor."""
        return self.state is ReportState.SUBMITTED

    @property
    def bulk(self) -> bool:
        """Whether it may be accepted without being opened first."""
        return self.waits and (self.opened or not self.findings)

    @property
    def differs(self) -> Fraction | None:
        """How far the score now stands from the self score; None when they agree or one is missing."""
        if self.own is None or self.present.total is None or self.own == self.present.total:
            return None
        return abs(self.own - self.present.total)

    def ratio(self, part: Fraction) -> Fraction | None:
        """Part of what was assigned, in percent and not capped; None when nothing was assigned."""
        return part / self.sums.assigned * 100 if self.sums.assigned else None

    @property
    def trend(self) -> tuple[Fraction | Decimal | None, ...]:
        """Six months, the oldest first; the last is this month as it stands."""
        return (*self.history, self.present.total if self.handed_in else None)


def supervised(units: Collection[int], period: Period, shelf: Shelf, *, viewer: int) -> list[Sheet]:
    """The sheets that heads of some units score, never the viewer's own."""
    return _sheets(Report.supervising_unit_id.in_(list(units)), period, shelf, viewer, StepName.SCORE)


def confirmed_by(units: Collection[int], period: Period, shelf: Shelf, *, viewer: int) -> list[Sheet]:
    """The sheets that heads of some agencies confirm, never the viewer's own."""
    return _sheets(Report.confirming_unit_id.in_(list(units)), period, shelf, viewer, StepName.CONFIRM)


def one(report: Report, shelf: Shelf, step: StepName = StepName.SCORE) -> Sheet:
    """One sheet as a row of the list."""
    (found,) = _sheets(Report.id == report.id, report.period, shelf, 0, step)
    return found


def rows(reports: Collection[Report], shelf: Shelf, step: StepName = StepName.SCORE) -> list[Sheet]:
    """Chosen sheets as rows of the list, month by month."""
    by_month: dict[Period, list[int]] = defaultdict(list)
    for report in reports:
        by_month[report.period].append(report.id)
    return [
        sheet
        for period, ids in by_month.items()
        for sheet in _sheets(Report.id.in_(ids), period, shelf, 0, step)
    ]


def months_of(units: Collection[int], *, confirming: bool = False) -> list[tuple[Period, int]]:
    """The months in which heads of some units have sheets, newest first, with how many wait for them."""
    unit = Report.confirming_unit_id if confirming else Report.supervising_unit_id
    waits = ReportState.SCORED if confirming else ReportState.SUBMITTED
    rows = db.session.execute(
        select(Period, func.count().filter(Report.state == waits))
        .join(Report, Report.period_id == Period.id)
        .where(unit.in_(list(units)))
        .group_by(Period.id)
        .order_by(Period.month.desc(), Period.cycle)
        .limit(24)
    )
    return [(period, waiting) for period, waiting in rows]


def _sheets(
    wanted: ColumnElement[bool], period: Period, shelf: Shelf, viewer: int, step: StepName
) -> list[Sheet]:
    rows = db.session.execute(
        review_rows.statement(period, step).where(
            wanted, Report.period_id == period.id, Report.person_id != viewer
        )
    ).all()
    handed_in = [row.Report for row in rows if row.Report.state in HANDED_IN]
    lines = review_rows.lines_of([report.id for report in handed_in])
    worked_out = _sums(handed_in, shelf, period.month)
    below = _below(handed_in, shelf, period.month)
    return [
        _sheet(row, period, shelf, lines[row.Report.id], worked_out, below.get(row.Report.id, []))
        for row in rows
    ]


def _sums(reports: Iterable[Report], shelf: Shelf, day: date) -> dict[int, sums.ReportSums]:
    """The sums as they stand with the supervisor's findings: one statement for each rulebook in use, as a rule one."""
    by_book: dict[str, list[int]] = defaultdict(list)
    for report in reports:
        by_book[report.rulebook].append(report.id)
    return {
        row.report_id: row
        for name, ids in by_book.items()
        for row in sums.of_reports(ids, Stage.SUPERVISOR, sql_terms(shelf.named(name), day))
    }


def _below(reports: Iterable[Report], shelf: Shelf, day: date) -> dict[int, list[Subordinate]]:
    """Who is under each leader, by the reading of Article 15.4 that the leader's rulebook chose."""
    by_reading: dict[bool, list[int]] = defaultdict(list)
    for report in reports:
        if report.office.leads:
            choice = shelf.named(report.rulebook).choice("deputy_unit_result", day)
            by_reading[choice == "FIELD"].append(report.id)
    found: dict[int, list[Subordinate]] = {}
    for by_field, ids in by_reading.items():
        found |= subordinates.of_leaders(ids, by_field=by_field)
    return found


def _sheet(
    row: Any,
    period: Period,
    shelf: Shelf,
    lines: list[Any],
    worked_out: dict[int, sums.ReportSums],
    below: list[Subordinate],
) -> Sheet:
    report: Report = row.Report
    book, day = shelf.named(report.rulebook), period.month
    found = worked_out.get(report.id)
    unit_result = (
        leaders.unit_result([one.total for one in below], book=book, day=day)
        if report.office.leads and found is not None
        else None
    )
    present = NO_TOTALS
    if found is not None:
        leader = _leader(report, unit_result, book, day)
        present = scoring.totals(found.sums, found.general, book=book, day=day, leader=leader)
    return Sheet(
        id=report.id,
        version=report.version,
        state=report.state,
        person_id=report.person_id,
        name=row.name,
        title=report.title,
        unit_id=report.unit_id,
        unit=row.unit or "",
        supervising_unit_id=report.supervising_unit_id,
        confirming_unit_id=report.confirming_unit_id,
        agency_id=report.agency_id,
        leads=report.office.leads,
        due=max(row.due, row.extended or date.min),
        submitted_at=report.submitted_at,
        scored_by=row.scored_by,
        scored_for=row.scored_for,
        not_rated=report.not_rated_reason,
        absent_days=row.absent_days,
        lines=len(lines),
        findings=to_examine(_facts(report, row, lines)) if found is not None else (),
        opened=_opened(report),
        late_lines=sum(1 for line in lines if (line.delays or line.marked_delays or line.exempt_delays)),
        excused_delays=sum(1 for line in lines if line.exempt_delays),
        sums=found.sums if found is not None else scoring.NO_SUMS,
        general=found.general if found is not None else Fraction(0),
        own=parse_exact(row.own) if row.own and found is not None else None,
        present=present,
        unit_result=unit_result,
        below=tuple(below),
        history=_trend(row.history, period),
    )


def _leader(report: Report, unit_result: Fraction | None, book: Rulebook, day: date) -> LeaderRatios | None:
    if not report.office.leads:
        return None
    full = book.number("leader_ratio_full", day)
    if report.organising is None or report.cohesion is None:
        return LeaderRatios(None, full, full)
    return LeaderRatios(unit_result, Fraction(report.organising), Fraction(report.cohesion))


def _facts(report: Report, row: Any, lines: list[Any]) -> SheetFacts:
    return SheetFacts(
        lines=tuple(
            LineFacts(
                kind=line.kind,
                assigned=Fraction(line.assigned),
                done=Fraction(line.done),
                quality_fails=line.quality_fails,
                delays=line.delays,
                due_on=line.due_on,
                done_on=line.done_on,
                added_by_owner=line.added_by_owner,
                has_evidence=line.has_evidence,
                marked=line.mark is not None,
            )
            for line in lines
        ),
        leads=report.office.leads,
        submitted_late=report.submitted_late,
        sent_back=bool(row.sent_back),
        criteria_without_points=row.empty,
        criteria_marked=bool(row.changed),
    )


def _opened(report: Report) -> bool:
    opened, submitted = report.opened_by_supervisor_at, report.submitted_at
    return opened is not None and submitted is not None and opened >= submitted


def _trend(pairs: list[str] | None, period: Period) -> tuple[Decimal | None, ...]:
    known = dict(pair.split("=") for pair in pairs or [])
    return tuple(
        Decimal(known[str(month)]) if str(month) in known else None
        for month in review_rows.months_before(period)
    )


def distribution(sheets: Iterable[Sheet]) -> dict[Band, int]:
    """How many sheets stand at each level, the best first."""
    counts = dict.fromkeys(sorted(Band, reverse=True), 0)
    for sheet in sheets:
        if sheet.present.band is not None:
            counts[sheet.present.band] += 1
    return counts
