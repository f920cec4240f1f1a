"""The Party's quarterly verdict beside the State's on the same facts: shares of the quarter's tasks, points, the unit's share.

The texts of 366-QĐ/TW, HD 43 and HD 02 were not obtained; where what is known fits no level, people decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, equals, written
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import Rulebook

ZERO = Fraction(0)
HUNDRED = Fraction(100)
LEVELS = "levels.rows"
AXES = "axes.rows"


class PartyStatus(StrEnum):
    """Whether the Party's rules give a verdict."""

    RATED = "RATED"
    REQUIRES_DECISION = "REQUIRES_DECISION"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    NOT_EVALUATED = "NOT_EVALUATED"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return STATUS_LABELS[self.value]


STATUS_LABELS = {
    "RATED": "Verdict by the Party's rules",
    "REQUIRES_DECISION": "What is known of the text fits no level; the competent authority decides",
    "INSUFFICIENT_DATA": "No score or no assigned work in this quarter",
    "NOT_EVALUATED": "The fourth quarter is part of the year's evaluation",
}


class Reach(StrEnum):
    """For whom the Party's rules are worked out (open question Q15)."""

    OFF = "OFF"
    LEADERS = "LEADERS"
    ALL = "ALL"

    def covers(self, office: Office) -> bool:
        """Whether somebody in this office gets the second verdict."""
        return self is Reach.ALL or (self is Reach.LEADERS and office.leads)


@dataclass(frozen=True, slots=True)
class Work:
    """Converted units of a quarter or year: assigned, done of what was assigned, done beyond it, behind time."""

    assigned: Fraction
    done: Fraction
    over: Fraction
    late: Fraction

    def __post_init__(self) -> None:
        if min(self.assigned, self.done, self.over, self.late) < 0 or self.done > self.assigned:
            raise ValueError("Units cannot be negative, and no more is done of the plan than was assigned.")

    def share(self, part: Fraction) -> Fraction:
        """A part of what was assigned, in percent."""
        return part / self.assigned * HUNDRED


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A person's quarter: points (None without a final score), own work, office, what the unit in charge completed."""

    points: Fraction | None
    work: Work
    office: Office = Office.STAFF
    unit_done: Fraction | None = None
    force_majeure: bool = False


@dataclass(frozen=True, slots=True)
class PartyVerdict:
    """A second verdict with its working; `consider_replacement` only on a year."""

    status: PartyStatus
    klass: Band | None
    steps: tuple[Step, ...]
    consider_replacement: bool = False

    @property
    def because(self) -> str:
        """English message id of what decided: the gate that closed, else the level reached or the gap."""
        if self.klass is None:
            return self.status.label
        closed = [step for step in self.steps if "→" in step.formula]
        return closed[-1].says if closed else next(step.says for step in self.steps if step.code == "band")


def reach_of(book: Rulebook, day: date) -> Reach:
    """For whom the State's rulebook of a day switches the Party's rules on."""
    return Reach(str(book.choice("party_rules", day))) if book.has("party") else Reach.OFF


def over_fulfilled(beyond: Fraction, extra: Fraction, *, book: Rulebook, day: date) -> Fraction:
    """Units that count as completed beyond what was asked: planned work done in excess, with extra work if so chosen."""
    return beyond + extra if book.choice("over_fulfilled", day) == "WITH_EXTRA_WORK" else beyond


def quarter_verdict(facts: PartyFacts, *, book: Rulebook, day: date) -> PartyVerdict:
    """The verdict on one quarter: the gates of 100 % and 70 %, then the level of the points with its conditions."""
    if facts.points is None or facts.work.assigned == 0:
        return PartyVerdict(PartyStatus.INSUFFICIENT_DATA, None, ())
    klass, steps = _judged(facts, book, day)
    return _verdict(klass, steps, book)


def year_verdict(
    facts: PartyFacts, quarters: Mapping[int, Band | None], *, book: Rulebook, day: date
) -> PartyVerdict:
    """The verdict on a year: its own facts, then what the quarters before bar (HD 02); the fourth quarter is in the year."""
    if any(number not in evaluated_quarters(book, day) for number in quarters):
        raise ValueError("Only the quarters that are evaluated count for the year.")
    if facts.points is None or facts.work.assigned == 0:
        return PartyVerdict(PartyStatus.INSUFFICIENT_DATA, None, ())
    klass, steps = _judged(facts, book, day)
    failed = sorted(number for number, verdict in quarters.items() if verdict is Band.KHTNV)
    if len(failed) >= book.number("failed_quarters_bar_excellent", day) and klass is Band.HTXSNV:
        klass = Band.HTTNV
        steps.append(
            Step(
                "failed_quarter",
                "A failed quarter bars excellent for the year",
                f"{', '.join(f'Q{number}' for number in failed)} → {klass}",
                Fraction(len(failed)),
                book.article("failed_quarters_bar_excellent"),
            )
        )
    run = longest_run(failed)
    replace = run >= book.number("failed_quarters_in_a_row", day)
    if replace:
        steps.append(
            Step(
                "consider_replacement",
                "Failed quarters in a row: replacement or transfer is considered",
                f"{run} ≥ {written(book.number('failed_quarters_in_a_row', day))}",
                Fraction(run),
                book.article("failed_quarters_in_a_row"),
            )
        )
    verdict = _verdict(klass, steps, book)
    return PartyVerdict(verdict.status, verdict.klass, verdict.steps, replace)


def evaluated_quarters(book: Rulebook, day: date) -> range:
    """The quarters that get a verdict of their own; the last merges into the year (HD 43)."""
    return range(1, int(book.number("quarters_evaluated", day)) + 1)


def longest_run(numbers: Sequence[int]) -> int:
    """How many of the numbers follow each other without a gap, at most."""
    best = run = 0
    before: int | None = None
    for number in sorted(set(numbers)):
        run = run + 1 if before is not None and number == before + 1 else 1
        best, before = max(best, run), number
    return best


def _judged(facts: PartyFacts, book: Rulebook, day: date) -> tuple[Band | None, list[Step]]:
    """The level of a quarter or year before its history, and the steps to it."""
    assert facts.points is not None
    steps = [
        Step(
            "points",
            "Points of the quarter or year",
            written(facts.points),
            facts.points,
            book.article(LEVELS),
        )
    ]
    failed = _own_gate(facts, steps, book, day)
    klass = _level(facts, steps, book, day)
    return _unit_gate(facts, Band.KHTNV if failed else klass, steps, book, day), steps


def _own_gate(facts: PartyFacts, steps: list[Step], book: Rulebook, day: date) -> bool:
    """Whether too little of the own tasks is done; a confirmed force majeure lifts the gate (HD 02)."""
    needed = book.number("own_tasks_needed", day)
    done = facts.work.share(facts.work.done)
    formula = f"{written(facts.work.done)} / {written(facts.work.assigned)} × 100 {equals(done)}%"
    if done >= needed:
        steps.append(
            Step("own_tasks", "Own tasks completed", formula, done, book.article("own_tasks_needed"))
        )
        return False
    formula += f" < {written(needed)}%"
    if facts.force_majeure:
        steps.append(
            Step(
                "force_majeure",
                "Own tasks not completed, force majeure confirmed",
                formula,
                done,
                book.article("force_majeure"),
            )
        )
        return False
    steps.append(
        Step(
            "own_tasks",
            "Own tasks not completed",
            f"{formula} → KHTNV",
            done,
            book.article("own_tasks_needed"),
        )
    )
    return True


def _level(facts: PartyFacts, steps: list[Step], book: Rulebook, day: date) -> Band | None:
    """The level of the points with all its conditions; None where a condition is not met and no text says what then."""
    assert facts.points is not None
    level = next(row for row in book.table(LEVELS, day) if facts.points >= row.number("at_least"))
    klass = Band(level.text("band"))
    article = level.text("article")
    reached = f"{written(facts.points)} ≥ {written(level.number('at_least'))}"
    steps.append(Step("band", klass.label, reached, facts.points, article))
    over = level.maybe_number("over_of_leaders") if facts.office.leads else None
    met = True
    for code, says, needed, part, at_most in (
        ("done", "Own tasks completed", level.maybe_number("done"), facts.work.done, False),
        ("late", "Tasks behind time", level.maybe_number("late"), facts.work.late, True),
        ("over", "Tasks completed beyond what was asked", over, facts.work.over, False),
    ):
        if needed is None:
            continue
        share = facts.work.share(part)
        holds = share <= needed if at_most else share >= needed
        sign = ("≤" if at_most else "≥") if holds else (">" if at_most else "<")
        steps.append(Step(code, says, f"{written(share)}% {sign} {written(needed)}%", share, article))
        met = met and holds
    return klass if met else None


def _unit_gate(
    facts: PartyFacts, klass: Band | None, steps: list[Step], book: Rulebook, day: date
) -> Band | None:
    """A collective below its gate fails its head and bars excellent for its deputies (HD 02)."""
    needed = book.number("unit_tasks_needed", day)
    if not facts.office.leads or facts.unit_done is None or facts.unit_done >= needed:
        return klass
    head = facts.office is Office.HEAD
    limited = Band.KHTNV if head else (Band.HTTNV if klass is Band.HTXSNV else klass)
    outcome = "→ KHTNV" if head else "→ < HTXSNV"
    steps.append(
        Step(
            "unit_tasks",
            "Tasks of the unit in charge completed",
            f"{written(facts.unit_done)}% < {written(needed)}% {outcome}",
            facts.unit_done,
            book.article("unit_tasks_needed"),
        )
    )
    return limited


def _verdict(klass: Band | None, steps: list[Step], book: Rulebook) -> PartyVerdict:
    if klass is not None:
        return PartyVerdict(PartyStatus.RATED, klass, tuple(steps))
    status = PartyStatus.REQUIRES_DECISION
    gap = Step(status.value, status.label, "→ ?", ZERO, book.article("gap"))
    return PartyVerdict(status, None, (*steps, gap))
