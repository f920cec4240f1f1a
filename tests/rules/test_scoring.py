"""The score of a period: what must hold whatever the month looks like, and a slow honest reference beside it."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.rules.explain import half_up
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import Rulebook, default_shelf
from evaluation.rules.scoring import (
    Band,
    LeaderRatios,
    ScoreStatus,
    Sums,
    WorkKind,
    WorkLine,
    band_of,
    judge,
    sums_of,
    totals,
)
from evaluation.rules.tables import Row

DAY = date(2026, 8, 1)
LAW = default_shelf().for_day("evaluation", DAY)
OF_UNITS = default_shelf().for_subject(PersonKind.VIEN_CHUC, DAY)


def answered(book: Rulebook) -> st.SearchStrategy[Rulebook]:
    """A decree with any answers to its open questions."""
    asked = [key for key in book.choices if key != "nothing_assigned"]
    return st.fixed_dictionaries(
        {key: st.sampled_from(list(book.choices[key].options)) for key in asked}
    ).map(book.with_choices)


def weighing(weights: tuple[int, int, int]) -> Rulebook:
    """The decree of viên chức with other weights for everybody."""
    cells = dict(zip(("quantity", "quality", "progress"), map(Fraction, weights), strict=True))
    row = Row(cells | {"article": "Quy chế"}, 1)
    dated = OF_UNITS.tables["weights.results"]
    changed = replace(dated, values=((dated.values[0][0], (row,)),))
    return replace(OF_UNITS, tables=dict(OF_UNITS.tables) | {"weights.results": changed})


books = st.one_of(
    answered(LAW),
    answered(OF_UNITS.for_unit("H15.99")),
    st.tuples(*[st.integers(0, 40)] * 3).filter(any).map(weighing),
)
quantities = st.one_of(
    st.integers(0, 40).map(Fraction), st.fractions(0, 40, max_denominator=20), st.just(Fraction(0))
)
coefficients = st.sampled_from(
    [Fraction(1), Fraction(1, 2), Fraction(12, 5), Fraction(24, 5), Fraction(36, 5)]
)
lines = st.builds(
    WorkLine,
    assigned=quantities,
    done=quantities,
    coefficient=coefficients,
    kind=st.sampled_from(list(WorkKind)),
    quality_fails=st.integers(0, 6),
    delays=st.integers(0, 6),
    exempt_quality_fails=st.integers(0, 3),
    exempt_delays=st.integers(0, 3),
)
months = st.lists(lines, max_size=8)
generals = st.integers(0, 60).map(lambda halves: Fraction(halves, 2))
percents = st.sampled_from([Fraction(50), Fraction(100)])
leaders = st.one_of(st.none(), st.builds(LeaderRatios, percents, percents, percents))


def total_of(month: list[WorkLine], general: Fraction, book: Rulebook, leader: Any = None) -> Fraction | None:
    return judge(sums_of(month, book=book, day=DAY), general, book=book, day=DAY, leader=leader).total


def reference(month: list[WorkLine], general: Fraction, book: Rulebook, leader: LeaderRatios | None) -> Any:
    """The decree read aloud, one product after another; slow and without cleverness."""
    given = done = good = timely = Fraction(0)
    for line in month:
        units = line.done * line.coefficient
        if line.kind in ("PLANNED", "TRANSFERRED_OUT"):
            given += line.assigned * line.coefficient
        if line.kind == "TRANSFERRED_OUT":
            continue
        done += units
        if line.kind != "PLANNED" and not book.choice("extra_work_in_quality_and_progress", DAY):
            continue
        hit = line.coefficient if book.choice("deduction", DAY) == "PER_UNIT" else units
        kept_quality, kept_progress = units, units
        for _ in range(line.quality_fails):
            kept_quality -= hit * Fraction(1, 4)
        for _ in range(line.delays):
            kept_progress -= hit * (Fraction(1, 4) if book.choice("late_product", DAY) == "STEP" else 1)
        good += kept_quality if kept_quality > 0 else 0
        timely += kept_progress if kept_progress > 0 else 0
    if given == 0:
        return None
    ratios = [done / given, good / given, timely / given]
    if book.choice("ratio_cap", DAY) == "EACH_100":
        ratios = [ratio if ratio < 1 else Fraction(1) for ratio in ratios]
    row = book.weights(DAY)
    weights = [row.number(part) if row else Fraction(1) for part in ("quantity", "quality", "progress")]
    share = sum((weight * ratio for weight, ratio in zip(weights, ratios, strict=True)), Fraction(0)) / sum(
        weights
    )
    if leader is not None and leader.unit_result is not None:
        led = (leader.unit_result + leader.organising + leader.cohesion) / 300
        share = (share + led) / 2
    total = 70 * (share if share < 1 else Fraction(1)) + general
    places = {"ONE_DECIMAL_FIRST": 1, "TWO_DECIMALS_FIRST": 2}.get(str(book.choice("score_rounding", DAY)))
    return total if places is None else half_up(total, places)


@given(months, generals, books, leaders)
def test_the_score_is_what_the_decree_says_read_aloud(
    month: list[WorkLine], general: Fraction, book: Rulebook, leader: LeaderRatios | None
) -> None:
    assert total_of(month, general, book, leader) == reference(month, general, book, leader)


@given(months, generals, books, leaders)
def test_totals_without_steps_equal_the_score_with_steps(
    month: list[WorkLine], general: Fraction, book: Rulebook, leader: LeaderRatios | None
) -> None:
    sums = sums_of(month, book=book, day=DAY)
    score = judge(sums, general, book=book, day=DAY, leader=leader)
    quick = totals(sums, general, book=book, day=DAY, leader=leader)
    assert quick == (score.status, score.total, score.band)


@pytest.mark.parametrize("cap", ["EACH_100", "TOTAL_70"])
@pytest.mark.parametrize("leader", [None, LeaderRatios(Fraction(50), Fraction(100), Fraction(50))])
def test_work_far_beyond_the_plan_stops_at_seventy_in_both_ways_of_computing(
    cap: str, leader: LeaderRatios | None
) -> None:
    book = LAW.with_choices({"ratio_cap": cap})
    sums = Sums(Fraction(10), Fraction(30), Fraction(29), Fraction(28))
    score = judge(sums, Fraction(20), book=book, day=DAY, leader=leader)
    assert totals(sums, Fraction(20), book=book, day=DAY, leader=leader).total == score.total
    assert score.uncapped == (300, 290, 280)
    assert score.task == (70 if leader is None or cap == "TOTAL_70" else Fraction(175, 3))


@given(months, generals, books, leaders)
def test_the_score_stays_within_its_bounds(
    month: list[WorkLine], general: Fraction, book: Rulebook, leader: LeaderRatios | None
) -> None:
    score = judge(sums_of(month, book=book, day=DAY), general, book=book, day=DAY, leader=leader)
    if score.task is not None and score.total is not None:
        assert 0 <= score.task <= 70
        assert 0 <= score.total <= 100


@given(st.lists(lines, min_size=1, max_size=6), generals, books, st.data())
def test_one_more_finding_never_raises_the_score(
    month: list[WorkLine], general: Fraction, book: Rulebook, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(month) - 1))
    field = data.draw(st.sampled_from(["quality_fails", "delays"]))
    worse = [*month]
    worse[at] = replace(month[at], **{field: getattr(month[at], field) + 1})
    before, after = total_of(month, general, book), total_of(worse, general, book)
    assert (before is None) == (after is None)
    assert before is None or after is None or after <= before


@given(st.lists(lines, min_size=1, max_size=6), generals, books, st.data())
def test_finishing_one_more_never_lowers_the_score(
    month: list[WorkLine], general: Fraction, book: Rulebook, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(month) - 1))
    better = [*month]
    better[at] = replace(month[at], done=month[at].done + 1, quality_fails=0, delays=0)
    clean = [*month]
    clean[at] = replace(month[at], quality_fails=0, delays=0)
    before, after = total_of(clean, general, book), total_of(better, general, book)
    assert before is None or after is None or after >= before


@given(st.lists(lines, min_size=1, max_size=6), generals, books, st.data())
def test_an_exempt_finding_costs_nothing(
    month: list[WorkLine], general: Fraction, book: Rulebook, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(month) - 1))
    excused = [*month]
    excused[at] = replace(
        month[at],
        exempt_quality_fails=month[at].exempt_quality_fails + 1,
        exempt_delays=month[at].exempt_delays + 1,
    )
    assert total_of(excused, general, book) == total_of(month, general, book)


@given(months, generals, books, st.randoms())
def test_the_order_of_lines_is_irrelevant(
    month: list[WorkLine], general: Fraction, book: Rulebook, random: Any
) -> None:
    shuffled = [*month]
    random.shuffle(shuffled)
    assert total_of(shuffled, general, book) == total_of(month, general, book)


@given(months, generals, books, st.fractions(0, 1, max_denominator=7))
def test_cutting_a_line_without_findings_in_two_changes_nothing(
    month: list[WorkLine], general: Fraction, book: Rulebook, share: Fraction
) -> None:
    clean = [replace(line, quality_fails=0, delays=0) for line in month]
    cut = [
        replace(line, assigned=line.assigned * part, done=line.done * part)
        for line in clean
        for part in (share, 1 - share)
    ]
    assert total_of(cut, general, book) == total_of(clean, general, book)


@given(months, generals, books)
def test_a_leader_never_gains_from_a_failing_subordinate(
    month: list[WorkLine], general: Fraction, book: Rulebook
) -> None:
    full, half = (
        total_of(month, general, book, LeaderRatios(Fraction(d), Fraction(100), Fraction(100)))
        for d in (100, 50)
    )
    assert full is None or half is None or half <= full


@given(st.fractions(0, 100), st.fractions(0, 100))
def test_a_higher_score_never_reaches_a_lower_band(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert band_of(low, book=LAW, day=DAY) <= band_of(high, book=LAW, day=DAY)


@given(st.integers(1, 10**9))
@example(1000)
def test_a_score_that_only_looks_like_ninety_is_not_excellent(denominator: int) -> None:
    score = Fraction(90) - Fraction(1, denominator)
    assert band_of(score, book=LAW, day=DAY) is Band.HTTNV
    assert band_of(Fraction(90), book=LAW, day=DAY) is Band.HTXSNV


def test_five_of_five_with_two_faults_and_a_delay_is_exactly_ninety() -> None:
    month = [
        WorkLine(Fraction(4), Fraction(4)),
        WorkLine(Fraction(1), Fraction(1), quality_fails=2, delays=1),
    ]
    score = judge(sums_of(month, book=LAW, day=DAY), Fraction(47, 2), book=LAW, day=DAY)
    assert score.total == 90
    assert score.band is Band.HTXSNV


def test_a_score_just_under_a_band_is_not_printed_as_the_band() -> None:
    sums = Sums(Fraction(3_000_000), *[Fraction(2_999_999)] * 3)
    score = judge(sums, Fraction(20), book=LAW, day=DAY)
    assert score.band is Band.HTTNV
    assert score.steps[-1].formula.startswith("70 ≤ ")
    assert "≤ 90 <" not in score.steps[-1].formula


def test_every_step_carries_an_article_and_the_numbers() -> None:
    month = [
        WorkLine(Fraction(6), Fraction(6)),
        WorkLine(Fraction(1), Fraction(1), Fraction(2), quality_fails=1, delays=1),
        WorkLine(Fraction(2), Fraction(0)),
    ]
    leader = LeaderRatios(Fraction(50), Fraction(100), Fraction(100))
    score = judge(sums_of(month, book=LAW, day=DAY), Fraction(28), book=LAW, day=DAY, leader=leader)
    steps = {step.code: step for step in score.steps}
    assert list(steps) == [
        "assigned",
        "quantity",
        "quality",
        "progress",
        "unit_result",
        "organising",
        "cohesion",
        "task",
        "general",
        "total",
        "band",
    ]
    assert all(step.article.startswith("Điều") for step in score.steps)
    assert steps["quality"].formula == "b = 7,5 / 10 × 100 = 75%"
    assert steps["quality"].article == "Điều 14.2.b NĐ 335/2025"
    assert steps["task"].formula == "(80% + 75% + 75% + 50% + 100% + 100%) / 6 × 70 = 56"
    assert steps["total"].formula == "28 + 56 = 84"


def test_a_leader_waits_for_subordinates_and_has_no_total() -> None:
    sums = Sums(*[Fraction(4)] * 4)
    leader = LeaderRatios(None, Fraction(100), Fraction(100))
    score = judge(sums, Fraction(28), book=LAW, day=DAY, leader=leader)
    assert (score.status, score.total, score.band) == (ScoreStatus.PENDING, None, None)
    assert totals(sums, Fraction(28), book=LAW, day=DAY, leader=leader).status is ScoreStatus.PENDING


def test_nothing_assigned_is_a_state_unless_the_choice_makes_it_a_zero() -> None:
    nothing = sums_of([], book=LAW, day=DAY)
    assert judge(nothing, Fraction(25), book=LAW, day=DAY).status is ScoreStatus.INSUFFICIENT_DATA
    zero = LAW.with_choices({"nothing_assigned": "ZERO"})
    score = judge(nothing, Fraction(25), book=zero, day=DAY)
    assert (score.status, score.task, score.total) == (ScoreStatus.SCORED, 0, 25)
    assert totals(nothing, Fraction(25), book=zero, day=DAY)[1:] == (25, Band.KHTNV)


@pytest.mark.parametrize("general", [Fraction(-1, 2), Fraction(61, 2)])
def test_general_points_outside_the_form_are_refused(general: Fraction) -> None:
    with pytest.raises(ValueError, match="between 0 and 30"):
        totals(Sums(*[Fraction(1)] * 4), general, book=LAW, day=DAY)


def test_equal_weights_are_the_plain_mean_to_the_step() -> None:
    sums = Sums(Fraction(10), Fraction(10), Fraction(17, 2), Fraction(9))
    for leader in (None, LeaderRatios(Fraction(50), Fraction(100), Fraction(100))):
        plain = judge(sums, Fraction(27), book=LAW, day=DAY, leader=leader)
        for weights in ((1, 1, 1), (7, 7, 7)):
            equal = judge(sums, Fraction(27), book=weighing(weights), day=DAY, leader=leader)
            assert [step.formula for step in equal.steps] == [step.formula for step in plain.steps]
            assert (equal.total, equal.band) == (plain.total, plain.band)


def test_weights_stand_in_the_formula() -> None:
    own = OF_UNITS.for_unit("H15.99")
    sums = Sums(Fraction(10), Fraction(10), Fraction(17, 2), Fraction(37, 4))
    score = judge(sums, Fraction(27), book=own, day=DAY)
    task = next(step for step in score.steps if step.code == "task")
    assert task.formula == "(20 × 100% + 32 × 85% + 18 × 92,5%) / 70 × 70 = 63,85"
    led = judge(sums, Fraction(27), book=own, day=DAY, leader=LeaderRatios(*[Fraction(100)] * 3))
    task = next(step for step in led.steps if step.code == "task")
    assert task.formula.startswith("(20 × 100% + 32 × 85% + 18 × 92,5% + 23,3333 × 100% + ")
