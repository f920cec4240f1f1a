"""What one delay is (Điều 14.2.c leaves it open): a missed last day, or so many days behind."""

from __future__ import annotations

from datetime import date

from evaluation.rules.rulebook import Rulebook


def least_delays(
    due_on: date | None, done_on: date | None, missed_before: int, *, book: Rulebook, day: date
) -> int:
    """How often a line is late at least; `missed_before` are last days that passed before it got another one.

    EVENT: each missed last day, the first and every later one. PER_DAYS: each begun run of days_per_delay days behind
    the last day in force.
    """
    late = 0 if due_on is None or done_on is None else max(0, (done_on - due_on).days)
    if book.has("delays") and book.choice("delay_counting", day) == "PER_DAYS":
        return -(-late // int(book.number("days_per_delay", day)))
    return missed_before + (late > 0)
