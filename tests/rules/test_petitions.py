"""The Vietnamese working calendar, and the days of a petition by rulebook."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.permissions import Relation
from evaluation.rules.petitions import answer_due, last_filing_day
from evaluation.rules.rulebook import default_shelf
from evaluation.rules.workflow import PETITION_MOVES, NotAllowed, PetitionState, moved
from evaluation.rules.working_days import is_working_day, working_day_after, working_days_left

days = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 18), False),  # Tết
        (date(2026, 4, 27), False),  # in lieu of the Hung Kings' day on a Sunday
        (date(2026, 8, 31), False),  # exchanged
        (date(2026, 8, 22), True),  # for this Saturday
        (date(2026, 8, 29), False),
        (date(2026, 11, 24), False),  # the Vietnam Cultural Day, new in 2026
        (date(2026, 11, 25), True),
    ],
)
def test_holidays_days_in_lieu_and_saturdays_worked_in_exchange(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_seven_working_days_from_the_eve_of_tet_end_after_it() -> None:
    book = default_shelf().named("decree-335-2025")
    assert answer_due(book, date(2026, 2, 13)) == date(2026, 3, 3)
    assert answer_due(book, date(2026, 8, 20)) == date(2026, 8, 28)  # Saturday the 22nd is worked
    assert answer_due(book, date(2026, 11, 21)) == date(2026, 12, 2)  # received on a Saturday


@given(days, st.integers(0, 30))
def test_the_last_day_is_a_working_day_and_as_many_days_are_left(day: date, count: int) -> None:
    last = working_day_after(day, count)
    assert working_days_left(day, last) == count
    assert not count or is_working_day(last)


@given(days, days)
def test_days_left_and_days_overdue_are_counted_alike(first: date, second: date) -> None:
    assert working_days_left(first, second) == -working_days_left(second, first)


def test_who_serves_under_another_decree_has_other_days() -> None:
    book = default_shelf().named("decree-233-2026")
    assert answer_due(book, date(2026, 9, 7)) == date(2026, 9, 21)
    assert last_filing_day(book, date(2026, 9, 7)) == date(2026, 9, 14)


def test_the_window_is_open_unless_somebody_chose_one() -> None:
    book = default_shelf().named("decree-335-2025")
    assert last_filing_day(book, date(2026, 9, 7)) is None
    narrow = book.with_choices({"petition_window": "WORKING_DAYS_5"})
    assert last_filing_day(narrow, date(2026, 9, 4)) == date(2026, 9, 11)


@given(st.sampled_from(list(PetitionState)), st.frozensets(st.sampled_from(list(Relation)), max_size=4))
def test_only_an_open_petition_moves_and_only_by_its_owner_or_the_confirmer(
    state: PetitionState, held: frozenset[Relation]
) -> None:
    for action in ("take_back", "uphold", "reject"):
        try:
            moved(PETITION_MOVES, state, action, held)
        except NotAllowed:
            continue
        assert state is PetitionState.LODGED
        assert held & (
            {Relation.OWNER} if action == "take_back" else {Relation.CONFIRMER, Relation.CONFIRMER_DELEGATE}
        )


def test_counting_never_ends_in_an_error_however_late_an_answer_is() -> None:
    today = date(2027, 12, 31)
    assert working_days_left(today, today - timedelta(days=700)) < -400
