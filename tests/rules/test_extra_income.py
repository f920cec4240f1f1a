"""Extra income of Da Nang 2026: coefficients, floors, the highest of several posts, and a sentence from 2027 on."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.extra_income import Post, extra_income, highest, rate_of
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import RulebookError, default_shelf

DAY = date(2026, 3, 1)
BOOK = default_shelf().for_day("extra_income", DAY)
salaries = st.fractions(0, 60_000_000, max_denominator=1000)
posts = st.builds(
    Post,
    key=st.integers(1, 10**6),
    level=st.integers(1, 4),
    office=st.sampled_from(Office),
    is_main=st.booleans(),
)


@given(salaries, st.sampled_from(Band), st.sampled_from(Band))
def test_a_better_class_never_earns_less(salary: Fraction, one: Band, other: Band) -> None:
    low, high = sorted((one, other), key=lambda band: band.rank)
    amounts = [extra_income(band, salary, book=BOOK, day=DAY).amount for band in (low, high)]
    assert amounts[0] is not None
    assert amounts[1] is not None
    assert amounts[0] <= amounts[1]


@given(salaries, st.sampled_from(Band))
def test_nobody_gets_less_than_the_floor_or_anything_for_tasks_not_completed(
    salary: Fraction, band: Band
) -> None:
    found = extra_income(band, salary, book=BOOK, day=DAY)
    assert found.amount is not None
    assert found.amount >= found.rate.floor
    assert (found.amount == 0) == (band is Band.KHTNV)
    assert found.steps[-1].value == found.amount


def test_the_amount_waits_for_finance_as_long_as_there_is_no_salary() -> None:
    found = extra_income(Band.HTTNV, None, book=BOOK, day=DAY)
    assert found.amount is None
    assert (found.rate.coefficient, found.rate.floor) == (Fraction(3, 10), 1_500_000)


def test_from_2027_there_is_a_sentence_and_no_rate() -> None:
    with pytest.raises(RulebookError, match="No rulebook for extra_income covers 01/01/2027"):
        default_shelf().for_day("extra_income", date(2027, 1, 1))
    assert rate_of(Band.HTNV, book=BOOK, day=date(2026, 12, 31)).floor == 500_000


@given(st.lists(posts, min_size=1, max_size=5, unique_by=lambda post: post.key), st.randoms())
def test_the_highest_post_does_not_depend_on_the_order(held: list[Post], chance: object) -> None:
    mixed = list(held)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert highest(held) == highest(mixed)


def test_a_deputy_of_the_department_stands_above_the_head_of_its_division() -> None:
    deputy = Post(1, 2, Office.DEPUTY, is_main=False)
    head = Post(2, 3, Office.HEAD, is_main=True)
    staff = Post(3, 1, Office.STAFF, is_main=False)
    assert highest([staff, head, deputy]) == deputy
    assert highest([staff, head]) == head
