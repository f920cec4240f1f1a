"""Months, spans, and how exact numbers are written and read."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.explain import Step, exact, half_up, parse_exact, shown
from evaluation.rules.periods import Month, Span, SpanKind, spans_containing

months = st.builds(Month, st.integers(2000, 2100), st.integers(1, 12))


@given(months)
def test_a_month_is_written_and_read_and_followed_by_the_next(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert month.next().previous() == month
    assert month < month.next()
    assert Month.of(month.end - timedelta(days=1)) == month
    assert Month.of(month.end) == month.next()


@given(months)
def test_the_spans_of_a_month_contain_it_and_parse_back(month: Month) -> None:
    for span, size in zip(spans_containing(month), (3, 6, 12), strict=True):
        assert month in span.months
        assert len(span.months) == size
        assert span.first_day <= month.first_day < month.end <= span.end
        assert Span.parse(str(span)) == span


@pytest.mark.parametrize(
    "text", ["2026-3", "2026-13", "2026-00", "03/2026", "2026-03-01", "", "0000-01", "٢٠٢٦-03"]
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


def test_the_second_half_of_2026() -> None:
    span = Span(SpanKind.HALF_YEAR, 2026, 2)
    assert (str(span), span.first_day, span.end) == ("2026-H2", date(2026, 7, 1), date(2027, 1, 1))
    with pytest.raises(ValueError, match="does not exist"):
        Span(SpanKind.HALF_YEAR, 2026, 3)


@given(st.fractions())
def test_an_exact_number_survives_writing_and_reading(value: Fraction) -> None:
    assert parse_exact(exact(value)) == value


@given(st.fractions(0, 100), st.text(max_size=20))
def test_a_step_survives_storing(value: Fraction, text: str) -> None:
    step = Step("task", text, "a = 1", value, "Điều 16")
    assert Step.from_json(step.as_json()) == step


@pytest.mark.parametrize(
    "text", ["1,5", "1/0", "nan", "inf", "1e3", "1_000", ".5", "5.", "", "1/2/3", "0x10", "½"]
)
def test_what_is_not_exact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an exact number"):
        parse_exact(text)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Fraction(2469, 2), 2, "1.234,50"),
        (Fraction(173, 2), 1, "86,5"),
        (Fraction(1, 200), 2, "0,01"),
        (Fraction(-1, 200), 2, "-0,01"),
        (Fraction(-1, 1000), 2, "0,00"),
        (Fraction(1999999, 2), 0, "1.000.000"),
        (Fraction(565, 6), 2, "94,17"),
        (Fraction(0), 2, "0,00"),
    ],
)
def test_numbers_are_shown_the_vietnamese_way_half_up(value: Fraction, places: int, text: str) -> None:
    assert shown(value, places) == text


@given(st.fractions(), st.integers(0, 6))
def test_half_up_moves_by_at_most_half_a_unit(value: Fraction, places: int) -> None:
    assert abs(half_up(value, places) - value) <= Fraction(1, 2 * 10**places)
