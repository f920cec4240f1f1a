"""Averages, the class proposed for a year, and the cap on excellent."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.grading import (
    AnnualStatus,
    Blocker,
    Candidate,
    Leave,
    QuotaBase,
    annual_class,
    excellent_quota,
    mean,
    quota_readings,
    rank_excellent,
)
from evaluation.rules.leaders import unit_result
from evaluation.rules.rulebook import default_shelf

DAY = date(2026, 12, 1)
LAW = default_shelf().for_day("evaluation", DAY)
scores = st.fractions(0, 100, max_denominator=222)
years = st.lists(scores, min_size=1, max_size=12)
people = st.integers(0, 400)
shares = st.sampled_from([Fraction(1, 5), Fraction(1, 4)])
bases = st.sampled_from(list(QuotaBase))


@given(years)
def test_the_mean_lies_between_the_lowest_and_the_highest_and_ignores_order(months: list[Fraction]) -> None:
    average = mean(months)
    assert average is not None
    assert min(months) <= average <= max(months)
    assert average == mean(reversed(months))


@given(years, st.integers(0, 6))
def test_a_month_of_leave_never_changes_the_average(months: list[Fraction], on_leave: int) -> None:
    year: list[Fraction | None] = [*months, *[None] * on_leave]
    assert mean(score for score in year if score is not None) == mean(months)


def test_no_score_at_all_is_no_mean_and_no_class() -> None:
    assert mean([]) is None
    proposal = annual_class([], book=LAW, day=DAY)
    assert (proposal.status, proposal.klass) == (AnnualStatus.INSUFFICIENT_DATA, None)


@given(years, st.sets(st.sampled_from(list(Blocker)), min_size=1))
def test_a_blocking_fact_always_means_not_completed(months: list[Fraction], blockers: set[Blocker]) -> None:
    proposal = annual_class(months, book=LAW, day=DAY, blockers=blockers)
    assert proposal.klass is Band.KHTNV
    assert {step.code for step in proposal.steps} >= {blocker.value for blocker in blockers}


@given(years, st.sampled_from(list(Band)))
def test_a_head_is_never_proposed_above_the_organisation(months: list[Fraction], unit: Band) -> None:
    free = annual_class(months, book=LAW, day=DAY).klass
    head = annual_class(months, book=LAW, day=DAY, head_of_unit=True, unit_class=unit)
    assert free is not None
    assert head.klass is min(free, unit)


def test_a_head_waits_for_the_class_of_the_organisation() -> None:
    proposal = annual_class([Fraction(95)] * 12, book=LAW, day=DAY, head_of_unit=True)
    assert proposal.status is AnnualStatus.UNIT_NOT_CLASSIFIED


@given(years, st.integers(0, 12), st.sampled_from([None, *Leave]))
def test_under_six_months_is_unrated_unless_sick_or_maternity_leave(
    months: list[Fraction], worked: int, leave: Leave | None
) -> None:
    proposal = annual_class(months, book=LAW, day=DAY, months_worked=worked, leave=leave)
    excused = leave in (Leave.SICK, Leave.MATERNITY)
    assert (proposal.status is AnnualStatus.NOT_RATED_UNDER_6M) == (worked < 6 and not excused)
    if proposal.status is AnnualStatus.NOT_RATED_UNDER_6M:
        assert proposal.klass is None
        assert proposal.mean is None


@given(people, people, shares, bases)
def test_the_quota_never_passes_its_share_nor_the_people_there_are(
    reached: int, good: int, share: Fraction, base: QuotaBase
) -> None:
    quota = excellent_quota(reached, good, share, base)
    counted = {
        QuotaBase.STATIC: good,
        QuotaBase.OR_BETTER: reached + good,
        QuotaBase.LITERAL: good + reached - quota,
    }[base]
    assert 0 <= quota <= reached
    assert quota <= share * counted


@given(people, people, shares)
def test_the_literal_reading_leaves_no_place_unused(reached: int, good: int, share: Fraction) -> None:
    more = excellent_quota(reached, good, share, QuotaBase.LITERAL) + 1
    assert more > reached or more > share * (good + reached - more)


@given(people, people)
def test_the_three_readings_stand_side_by_side(reached: int, good: int) -> None:
    readings = quota_readings(reached, good, book=LAW, day=DAY)
    wider = quota_readings(reached, good, book=LAW, day=DAY, exceptional=True)
    assert readings.static <= readings.or_better
    assert readings.literal <= readings.or_better
    assert readings.chosen == readings.literal
    assert wider.chosen >= readings.chosen


def test_a_tiny_group_can_be_given_one_place_by_choice() -> None:
    generous = LAW.with_choices({"quota_rounding": "AT_LEAST_ONE", "quota_base": "STATIC"})
    assert quota_readings(2, 4, book=LAW, day=DAY).static == 0
    assert quota_readings(2, 4, book=generous, day=DAY).chosen == 1
    assert quota_readings(0, 4, book=generous, day=DAY).chosen == 0


candidates = st.lists(st.tuples(st.integers(180, 200), st.integers(180, 210)), max_size=12).map(
    lambda rows: [Candidate(f"P{at}", Fraction(a, 2), Fraction(b, 2)) for at, (a, b) in enumerate(rows)]
)


@given(candidates, st.integers(0, 12))
def test_the_ranking_loses_nobody_and_never_passes_the_quota(rows: list[Candidate], quota: int) -> None:
    ranking = rank_excellent(rows, quota)
    assert sorted(
        one.key for part in (ranking.within, ranking.tied, ranking.beyond) for one in part
    ) == sorted(one.key for one in rows)
    assert len(ranking.within) <= quota
    if ranking.tied:
        assert len(ranking.within) < quota < len(ranking.within) + len(ranking.tied)
    if ranking.within and ranking.beyond:
        assert min(one.mean for one in ranking.within) >= max(one.mean for one in ranking.beyond)


@given(candidates, st.integers(0, 12), st.integers(0, 60))
def test_one_more_good_official_never_takes_a_place_away(
    rows: list[Candidate], reached: int, good: int
) -> None:
    before = excellent_quota(reached, good, Fraction(1, 5), QuotaBase.LITERAL)
    after = excellent_quota(reached, good + 1, Fraction(1, 5), QuotaBase.LITERAL)
    kept = {one.key for one in rank_excellent(rows, before).within}
    later = rank_excellent(rows, after)
    assert kept <= {one.key for one in (*later.within, *later.tied)}


@given(st.lists(st.one_of(st.none(), scores), max_size=8))
def test_the_unit_result_is_half_when_one_fails_and_waits_while_one_is_missing(
    subordinates: list[Fraction | None],
) -> None:
    result = unit_result(subordinates, book=LAW, day=DAY)
    if None in subordinates:
        assert result is None
    else:
        assert result == (50 if any(score is not None and score < 50 for score in subordinates) else 100)
