"""The score a sheet would have as typed so far, and what each finding costs, by judging again without it."""

from dataclasses import dataclass
from fractions import Fraction

from evaluation.models import Report, Stage, WorkItem
from evaluation.rules import scoring
from evaluation.rules.scoring import PeriodScore, ScoreStatus, Sums, WorkKind, WorkLine
from evaluation.services import entries, rulebooks, scores


@dataclass(frozen=True, slots=True)
class Loss:
    """A line that costs points: what was found on it, and how many points it alone takes away, exactly."""

    item: WorkItem
    undone: Fraction
    quality_fails: int
    delays: int
    points: Fraction


@dataclass(frozen=True, slots=True)
class Projection:
    """The score so far, the points lost in all, the lines that lose them, and criteria still empty."""

    score: PeriodScore
    lost: Fraction
    losses: tuple[Loss, ...]
    empty_criteria: int


def of_report(report: Report) -> Projection:
    """The official's own score as it stands, untouched lines counted as assigned."""
    book, day = rulebooks.book_of(report), report.period.month
    leader = scores.leader_ratios(report, Stage.OWN)
    general = scores.general_points(report, Stage.OWN)
    lines = [(item, own_line(item)) for item in report.items]
    each = {item.id: scoring.line_sums(line, book=book, day=day) for item, line in lines}
    sums = sum(each.values(), scoring.NO_SUMS)
    score = scoring.judge(sums, general, book=book, day=day, leader=leader)
    filled = sum(1 for row in report.criteria if row.own_points is not None)
    empty = len(book.general_criteria(day)) - filled
    if score.status is not ScoreStatus.SCORED or score.total is None:
        return Projection(score, Fraction(0), (), empty)

    def total_with(changed: Sums) -> Fraction:
        return scoring.totals(changed, general, book=book, day=day, leader=leader).total or Fraction(0)

    losses, flawless = [], sums
    for item, line in lines:
        better = without_findings(line)
        if better == line:
            continue
        gain = less(scoring.line_sums(better, book=book, day=day), each[item.id])
        flawless += gain
        points = total_with(sums + gain) - score.total
        undone = better.done - line.done
        losses.append(Loss(item, undone, line.quality_fails, line.delays, points))
    losses.sort(key=lambda loss: (-loss.points, loss.item.id))
    return Projection(score, total_with(flawless) - score.total, tuple(losses), empty)


def own_line(item: WorkItem) -> WorkLine:
    """A stored line as the rules read it, an untouched one as done in full."""
    line = scores.line_of(item, Stage.OWN)
    return (
        WorkLine(line.assigned, line.assigned, line.coefficient, line.kind)
        if entries.untouched(item)
        else line
    )


def without_findings(line: WorkLine) -> WorkLine:
    """The same line done in full, never failed and never late."""
    whole = max(line.done, line.assigned) if line.kind is WorkKind.PLANNED else line.done
    return WorkLine(line.assigned, whole, line.coefficient, line.kind)


def less(more: Sums, fewer: Sums) -> Sums:
    """The difference of two sums."""
    return Sums(
        more.assigned - fewer.assigned,
        more.done - fewer.done,
        more.quality - fewer.quality,
        more.progress - fewer.progress,
    )
