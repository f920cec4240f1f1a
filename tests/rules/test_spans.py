"""Months and quarters as one kind of thing, and the mean of both: exact, whatever is mixed (Article 17.3)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.deadlines import StepName, Timetable, due_dates
from evaluation.rules.periods import (
    Cycle,
    Month,
    Span,
    in_words_of,
    parse_stretch,
    quarter_of,
    spans_containing,
    starts_a_quarter,
    stretch_of,
)
from evaluation.rules.spans import ScoredPart, shares_of, span_score

days = st.dates(date(2012, 1, 1), date(2030, 12, 31))
scores = st.fractions(0, 100, max_denominator=840)


@given(days, st.sampled_from(Cycle))
def test_a_day_belongs_to_one_period_of_a_cycle_which_reads_back_as_it_is_written(day, cycle):
    stretch = stretch_of(day, cycle)
    assert day in stretch
    assert day not in stretch.next()
    assert day not in stretch.previous()
    assert stretch.next().previous() == stretch
    assert stretch.next().first_day == stretch.end
    assert parse_stretch(str(stretch)) == stretch
    assert stretch.cycle is cycle


def test_a_quarter_is_three_months_and_is_named_in_roman_numerals():
    quarter = parse_stretch("2026-Q3")
    assert [str(month) for month in quarter.months] == ["2026-07", "2026-08", "2026-09"]
    assert (quarter.short, Month(2026, 7).short) == ("III/2026", "07/2026")
    assert spans_containing(quarter) == spans_containing(Month(2026, 8))


@pytest.mark.parametrize("text", ["2026", "2026-H1", "2026-Q5", "2026-13", "quý 3", ""])
def test_only_months_and_quarters_are_evaluated(text):
    with pytest.raises(ValueError, match="month or a quarter"):
        parse_stretch(text)


def test_half_years_and_years_are_no_cycle():
    with pytest.raises(ValueError, match="not a period of evaluation"):
        _ = Span.parse("2026-H1").cycle


@given(days)
def test_a_quarter_starts_on_four_days_of_a_year(day):
    assert starts_a_quarter(day) == ((day.month, day.day) in {(1, 1), (4, 1), (7, 1), (10, 1)})


def test_a_sentence_about_a_month_has_one_about_a_quarter():
    says = "Month %(month)s is open; sheets of month %(month)s wait."
    assert in_words_of(says, Cycle.MONTH) == says
    assert in_words_of(says, Cycle.QUARTER) == "Quarter %(month)s is open; sheets of quarter %(month)s wait."


@given(days)
def test_the_steps_of_a_quarter_lie_around_the_quarter_as_those_of_a_month_around_the_month(day):
    quarter = quarter_of(day)
    due = due_dates(quarter.first_day, quarter.end, Timetable(), ())
    first, last = quarter.months[0], quarter.months[-1]
    assert due[StepName.ASSIGN] == due_dates(first.first_day, first.end, Timetable(), ())[StepName.ASSIGN]
    monthly = due_dates(last.first_day, last.end, Timetable(), ())
    assert all(due[step] == monthly[step] for step in StepName if step is not StepName.ASSIGN)
    assert due[StepName.SUBMIT] > quarter.end - timedelta(days=1)


def test_customs_in_2026_six_months_and_two_quarters_are_twelve_months():
    months = [
        ScoredPart(Fraction(score), (number + 3) // 3)
        for number, score in enumerate((80, 90, 85, 70, 95, 88))
    ]
    quarters = [ScoredPart(Fraction(91), 3, 3), ScoredPart(Fraction(265, 3), 4, 3)]
    assert span_score([*months, *quarters], "MEAN_OF_MONTHS") == Fraction(508 + 273 + 265, 12)


def test_four_quarters_are_their_plain_mean():
    four = [ScoredPart(Fraction(score), number, 3) for number, score in ((1, 90), (2, 80), (3, 71), (4, 99))]
    assert span_score(four, "MEAN_OF_MONTHS") == span_score(four, "DIRECT_QUARTER") == 85


def test_part_of_a_quarter_counts_as_the_months_it_covers():
    parts = [ScoredPart(Fraction(60), 3), ScoredPart(Fraction(90), 3, 2)]
    assert span_score(parts, "MEAN_OF_MONTHS") == 80
    assert span_score([*parts, ScoredPart(Fraction(100), 4)], "DIRECT_QUARTER") == 90
    assert span_score([ScoredPart(Fraction(50), 1, 0)], "MEAN_OF_MONTHS") is None, "it covers nothing"


def test_nothing_scored_has_no_mean_and_another_reading_is_refused():
    assert span_score([], "MEAN_OF_MONTHS") is None
    with pytest.raises(ValueError, match="no way"):
        span_score([], "SOMEHOW")


@given(st.lists(st.tuples(scores, st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=12))
def test_a_quarters_score_is_the_same_as_that_many_months_with_it(rows):
    parts = [ScoredPart(*row) for row in rows]
    months = [ScoredPart(part.score, part.quarter) for part in parts for _each in range(part.months)]
    assert span_score(parts, "MEAN_OF_MONTHS") == span_score(months, "MEAN_OF_MONTHS")
    assert len(shares_of(parts, "MEAN_OF_MONTHS")) == sum(part.months for part in parts)
    for how in ("MEAN_OF_MONTHS", "DIRECT_QUARTER"):
        found = span_score(parts, how)
        assert min(part.score for part in parts) <= found <= max(part.score for part in parts)
