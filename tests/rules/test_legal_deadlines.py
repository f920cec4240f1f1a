"""The decree's own days, and whom a blocking fact concerns."""

from datetime import date

import pytest

from evaluation.rules.grading import Blocker
from evaluation.rules.legal_deadlines import bars, last_day
from evaluation.rules.rulebook import RulebookError, default_shelf

LAW = default_shelf().named("decree-335-2025")


@pytest.mark.parametrize(
    ("code", "since", "last"),
    [
        ("ORGANISATION_CLASS", date(2026, 11, 2), date(2026, 12, 14)),
        ("ORGANISATION_CLASS_SPECIAL", date(2026, 11, 2), date(2027, 1, 14)),
        ("NATIONAL_DATABASE", date(2026, 12, 30), date(2027, 1, 4)),
        ("CATALOGUE", date(2026, 1, 1), date(2026, 6, 30)),
    ],
)
def test_before_a_day_ends_the_day_before_and_days_count_from_the_result(
    code: str, since: date, last: date
) -> None:
    assert last_day(code, book=LAW, since=since) == last


def test_an_unknown_deadline_is_a_sentence() -> None:
    with pytest.raises(RulebookError, match=r"decree-335-2025.yaml holds no deadline called PARADE"):
        last_day("PARADE", book=LAW, since=date(2026, 1, 1))


def test_corruption_in_the_unit_bars_leaders_only_and_the_others_bar_everybody() -> None:
    barred = {
        (blocker, leads): bars(blocker, leads=leads, book=LAW, day=date(2026, 12, 1))
        for blocker in Blocker
        for leads in (True, False)
    }
    assert [pair for pair, found in barred.items() if not found] == [(Blocker.UNIT_CORRUPTION, False)]
