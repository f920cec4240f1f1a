"""The score of one period: converted quantities against what was assigned, plus the general criteria (Điều 14–17)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, equals, exact, half_up, written
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.work import NO_SUMS, Sums, WorkKind, WorkLine

__all__ = [
    "NO_SUMS",
    "Band",
    "LeaderRatios",
    "Parts",
    "PeriodScore",
    "ScoreStatus",
    "Sums",
    "Totals",
    "WorkKind",
    "WorkLine",
    "as_banded",
    "band_of",
    "in_parts",
    "judge",
    "line_sums",
    "sums_of",
    "totals",
    "totals_of_parts",
]

ZERO = Fraction(0)
HUNDRED = Fraction(100)
DECIMALS_FIRST = {"TWO_DECIMALS_FIRST": 2, "ONE_DECIMAL_FIRST": 1}
THREE_HUNDRED = 3 * HUNDRED


class ScoreStatus(StrEnum):
    """Whether there is a score, and why not; none of the others is a zero."""

    SCORED = "SCORED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    PENDING = "PENDING"
    NOT_RATED = "NOT_RATED"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return STATUS_LABELS[self.value]


STATUS_LABELS = {
    "SCORED": "Scored",
    "INSUFFICIENT_DATA": "Nothing was assigned in this period",
    "PENDING": "Waiting for the scores of subordinates",
    "NOT_RATED": "Not evaluated in this period",
}


@dataclass(frozen=True, slots=True)
class LeaderRatios:
    """d, đ and e of a leader in percent, each 100 or 50; d is None while a subordinate has no score (Điều 15.3)."""

    unit_result: Fraction | None
    organising: Fraction
    cohesion: Fraction


class Totals(NamedTuple):
    """A period's result without its working; numbers are None unless the status is SCORED."""

    status: ScoreStatus
    total: Fraction | None
    band: Band | None


@dataclass(frozen=True, slots=True)
class PeriodScore:
    """A period's result with its working; ratios are percent, `uncapped` keeps them before the cap."""

    status: ScoreStatus
    quantity: Fraction | None
    quality: Fraction | None
    progress: Fraction | None
    uncapped: tuple[Fraction, Fraction, Fraction] | None
    task: Fraction | None
    general: Fraction
    total: Fraction | None
    band: Band | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Law:
    """A rulebook's numbers on one day, looked up once."""

    task_max: Fraction
    general_max: Fraction
    deduction: Fraction
    leader_ratios: tuple[Fraction, Fraction]
    weights: tuple[int, int, int]
    cap_each: bool
    per_unit: bool
    late_costs_all: bool
    extra_everywhere: bool
    nothing_is_zero: bool
    decimals_first: int | None
    month_has_class: bool
    bands: tuple[tuple[int, int, Band], ...]


@lru_cache(maxsize=512)
def _law(book: Rulebook, day: date) -> _Law:
    return _Law(
        task_max=book.number("task_results_max", day),
        general_max=book.number("general_max", day),
        deduction=book.number("finding_deduction", day),
        leader_ratios=(book.number("leader_ratio_full", day), book.number("leader_ratio_reduced", day)),
        weights=_weights(book, day),
        cap_each=book.choice("ratio_cap", day) == "EACH_100",
        per_unit=book.choice("deduction", day) == "PER_UNIT",
        late_costs_all=book.choice("late_product", day) == "NOTHING",
        extra_everywhere=book.choice("extra_work_in_quality_and_progress", day) is True,
        nothing_is_zero=book.choice("nothing_assigned", day) == "ZERO",
        month_has_class=book.choice("monthly_class", day) is True,
        decimals_first=DECIMALS_FIRST.get(str(book.choice("score_rounding", day))),
        bands=tuple(
            (row.at_least.numerator, row.at_least.denominator, Band(row.band)) for row in book.bands(day)
        ),
    )


def _weights(book: Rulebook, day: date) -> tuple[int, int, int]:
    """Weights of quantity, quality and progress in whole numbers; equal where the rulebook names none."""
    row = book.weights(day)
    if row is None:
        return 1, 1, 1
    a, b, c = (row.number(part) for part in ("quantity", "quality", "progress"))
    common = lcm(a.denominator, b.denominator, c.denominator)
    p, q, r = (weight.numerator * (common // weight.denominator) for weight in (a, b, c))
    return p, q, r


def line_sums(line: WorkLine, *, book: Rulebook, day: date) -> Sums:
    """What one line adds to the four sums, in converted units (Điều 14.2, 18.1.d); never below nothing."""
    return _line_sums(line, _law(book, day))


def _line_sums(line: WorkLine, law: _Law) -> Sums:
    assigned = line.assigned * line.coefficient if line.kind.in_assigned else ZERO
    if not line.kind.in_done:
        return Sums(assigned, ZERO, ZERO, ZERO)
    done = line.done * line.coefficient
    if not (law.extra_everywhere or line.kind is WorkKind.PLANNED):
        return Sums(assigned, done, ZERO, ZERO)
    one = line.coefficient if law.per_unit else done
    lost_progress = one if law.late_costs_all else one * law.deduction
    return Sums(
        assigned,
        done,
        max(ZERO, done - one * law.deduction * line.quality_fails),
        max(ZERO, done - lost_progress * line.delays),
    )


def sums_of(lines: Iterable[WorkLine], *, book: Rulebook, day: date) -> Sums:
    """The four sums over all lines of a period; their order does not matter."""
    law = _law(book, day)
    result = NO_SUMS
    for line in lines:
        result += _line_sums(line, law)
    return result


def band_of(score: Fraction, *, book: Rulebook, day: date) -> Band:
    """The level of a score or mean (Điều 20.1–20.4.a), exact unless the rulebook rounds first (open question Q9)."""
    rounded = as_banded(score, book=book, day=day)
    return _band(rounded.numerator, rounded.denominator, _law(book, day))


def as_banded(score: Fraction, *, book: Rulebook, day: date) -> Fraction:
    """The number a level is read from: the exact score, or the score rounded as the rulebook says."""
    decimals = _law(book, day).decimals_first
    return score if decimals is None else half_up(score, decimals)


def _band(top: int, bottom: int, law: _Law) -> Band:
    for least_top, least_bottom, band in law.bands:
        if top * least_bottom >= least_top * bottom:
            return band
    raise ValueError("A score cannot be below zero.")


def _check(parts: Parts, general: Fraction, leader: LeaderRatios | None, law: _Law) -> None:
    most = law.general_max
    if not 0 <= general.numerator * most.denominator <= most.numerator * general.denominator:
        raise ValueError(f"The general criteria must be between 0 and {written(most)} points.")
    if min(parts) < 0:
        raise ValueError("A sum of converted units cannot be negative.")
    if leader is not None:
        allowed = law.leader_ratios
        if (
            leader.organising not in allowed
            or leader.cohesion not in allowed
            or (leader.unit_result is not None and leader.unit_result not in allowed)
        ):
            raise ValueError(f"A leader's ratio is {written(allowed[0])} or {written(allowed[1])} percent.")


def _status(assigned: int, leader: LeaderRatios | None, law: _Law) -> ScoreStatus:
    if assigned == 0 and not law.nothing_is_zero:
        return ScoreStatus.INSUFFICIENT_DATA
    if leader is not None and leader.unit_result is None:
        return ScoreStatus.PENDING
    return ScoreStatus.SCORED


class Parts(NamedTuple):
    """The four sums as whole numbers of one common part of a unit: ratios of them are the ratios of the sums."""

    assigned: int
    done: int
    quality: int
    progress: int


def in_parts(sums: Sums) -> Parts:
    """The sums over one common denominator."""
    given, done, good, timely = sums.assigned, sums.done, sums.quality, sums.progress
    common = lcm(given.denominator, done.denominator, good.denominator, timely.denominator)
    return Parts(
        given.numerator * (common // given.denominator),
        done.numerator * (common // done.denominator),
        good.numerator * (common // good.denominator),
        timely.numerator * (common // timely.denominator),
    )


def totals(
    sums: Sums, general: Fraction, *, book: Rulebook, day: date, leader: LeaderRatios | None = None
) -> Totals:
    """The result of `judge` without its steps."""
    return totals_of_parts(in_parts(sums), general, book=book, day=day, leader=leader)


def totals_of_parts(
    parts: Parts, general: Fraction, *, book: Rulebook, day: date, leader: LeaderRatios | None = None
) -> Totals:
    """The same on integers, exact and quick: a province has 80,000 sheets a month."""
    law = _law(book, day)
    _check(parts, general, leader, law)
    status = _status(parts.assigned, leader, law)
    if status is not ScoreStatus.SCORED:
        return Totals(status, None, None)
    top, bottom = _task_share(parts, leader, law)
    top, bottom = top * law.task_max.numerator, bottom * law.task_max.denominator
    total = Fraction(top * general.denominator + general.numerator * bottom, bottom * general.denominator)
    if law.decimals_first is not None:
        total = half_up(total, law.decimals_first)
    return Totals(status, total, _band(total.numerator, total.denominator, law))


def _task_share(parts: Parts, leader: LeaderRatios | None, law: _Law) -> tuple[int, int]:
    """Weighted mean of the three ratios, with d, đ and e as the other half for leaders; at most one."""
    whole, a, b, c = parts
    if whole == 0:
        whole, a, b, c = 1, 0, 0, 0
    if law.cap_each:
        a, b, c = min(a, whole), min(b, whole), min(c, whole)
    p, q, r = law.weights
    top, bottom = p * a + q * b + r * c, (p + q + r) * whole
    if leader is None:
        return min(top, bottom), bottom
    assert leader.unit_result is not None
    led = (leader.unit_result + leader.organising + leader.cohesion) / THREE_HUNDRED
    top = top * led.denominator + led.numerator * bottom
    bottom = 2 * bottom * led.denominator
    return min(top, bottom), bottom


def judge(
    sums: Sums, general: Fraction, *, book: Rulebook, day: date, leader: LeaderRatios | None = None
) -> PeriodScore:
    """The score of a period and every step to it: a, b, c (and d, đ, e), the 70, the 30, the total, the level."""
    law = _law(book, day)
    parts = in_parts(sums)
    _check(parts, general, leader, law)
    status = _status(parts.assigned, leader, law)
    working = _Working(book)
    if sums.assigned == 0:
        uncapped = (ZERO, ZERO, ZERO)
    else:
        working.add(
            "assigned", "Assigned work in converted units", f"D = {written(sums.assigned)}", sums.assigned
        )
        uncapped = (
            sums.done / sums.assigned * 100,
            sums.quality / sums.assigned * 100,
            sums.progress / sums.assigned * 100,
        )
    if status is ScoreStatus.INSUFFICIENT_DATA:
        return PeriodScore(status, None, None, None, None, None, general, None, None, working.done())
    a, b, c = (min(ratio, HUNDRED) if law.cap_each else ratio for ratio in uncapped)
    if sums.assigned:
        working.ratio("quantity", "Quantity", "a", sums.done, sums.assigned, a)
        working.ratio("quality", "Quality", "b", sums.quality, sums.assigned, b)
        working.ratio("progress", "Progress", "c", sums.progress, sums.assigned, c)
    if status is ScoreStatus.PENDING:
        return PeriodScore(status, a, b, c, uncapped, None, general, None, None, working.done())
    ratios, weights = [a, b, c], [Fraction(weight) for weight in law.weights]
    if leader is not None:
        assert leader.unit_result is not None
        ratios += working.led(leader.unit_result, leader.organising, leader.cohesion)
        weights += [sum(weights, ZERO) / 3] * 3
    reached = sum((weight * ratio for weight, ratio in zip(weights, ratios, strict=True)), ZERO)
    share = min(reached / sum(weights, ZERO), HUNDRED)
    task = share / HUNDRED * law.task_max
    working.task(ratios, weights, law.task_max, task)
    total = task + general
    formula = f"{written(general)} + {written(task)} {equals(total)}"
    if law.decimals_first is not None:
        total = half_up(total, law.decimals_first)
        formula = f"{written(general)} + {written(task)} → {written(total)}"
    band = _band(total.numerator, total.denominator, law)
    working.add(
        "general",
        "General criteria",
        f"{written(general)} / {written(law.general_max)}",
        general,
        "general_criteria",
    )
    working.add("total", "Score of the period", formula, total)
    if law.month_has_class:
        working.add("band", band.label, _between(total, band, law), total, "bands")
    return PeriodScore(status, a, b, c, uncapped, task, general, total, band, working.done())


def _between(total: Fraction, band: Band, law: _Law) -> str:
    """'70 ≤ 81,67 < 90'; a score that would look like the next threshold is written as a fraction."""
    above = None
    for top, bottom, name in law.bands:
        if name is band:
            break
        above = Fraction(top, bottom)
    text = written(total)
    if above is None:
        return f"{text} ≥ {written(Fraction(top, bottom))}"
    if half_up(total, 4) >= above:
        text = exact(total)
    return f"{written(Fraction(top, bottom))} ≤ {text} < {written(above)}"


class _Working:
    """Collects the steps of one score with the articles of its rulebook."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.steps: list[Step] = []

    def add(self, code: str, says: str, formula: str, value: Fraction, ground: str | None = None) -> None:
        self.steps.append(Step(code, says, formula, value, self.book.article(ground or code)))

    def ratio(
        self, code: str, says: str, symbol: str, part: Fraction, whole: Fraction, value: Fraction
    ) -> None:
        reached = part / whole * 100
        formula = f"{symbol} = {written(part)} / {written(whole)} × 100 {equals(reached)}%"
        if value != reached:
            formula += f" → {written(value)}%"
        self.add(code, says, formula, value)

    def led(self, unit_result: Fraction, organising: Fraction, cohesion: Fraction) -> list[Fraction]:
        self.add(
            "unit_result",
            "Result of the unit or field in charge",
            f"d = {written(unit_result)}%",
            unit_result,
        )
        self.add("organising", "Organising the work", f"đ = {written(organising)}%", organising)
        self.add("cohesion", "Uniting the officials", f"e = {written(cohesion)}%", cohesion)
        return [unit_result, organising, cohesion]

    def task(self, ratios: list[Fraction], weights: list[Fraction], most: Fraction, task: Fraction) -> None:
        if len(set(weights)) == 1:
            weights = [Fraction(1)] * len(weights)
        terms = " + ".join(
            f"{written(ratio, 2)}%" if weight == 1 else f"{written(weight)} × {written(ratio, 2)}%"
            for weight, ratio in zip(weights, ratios, strict=True)
        )
        whole = sum(weights, ZERO)
        formula = f"({terms}) / {written(whole)} × {written(most)} {equals(task)}"
        reached = sum((weight * ratio for weight, ratio in zip(weights, ratios, strict=True)), ZERO)
        if task == most and reached > HUNDRED * whole:
            formula = f"({terms}) / {written(whole)} × {written(most)} → {written(most)}"
        self.add("task", "Task results", formula, task)

    def done(self) -> tuple[Step, ...]:
        return tuple(self.steps)
