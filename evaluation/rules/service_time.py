"""How long somebody served in a year, in whole months: days are added up month by month, exactly."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

Away = tuple[date, date | None]


def months_served(year: int, hired_on: date | None, left_on: date | None, away: Iterable[Away]) -> int:
    """Whole months at work in a year between hiring and leaving, absences taken off; overlapping ones count once."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    start = max(first, hired_on or first)
    end = min(after, left_on or after)
    gone = sorted((max(since, start), min(until or end, end)) for since, until in away)
    if start == first and end == after and not gone:
        return 12
    total, place = Fraction(0), start
    for since, until in gone:
        if until > place:
            total += _months(place, max(place, since))
            place = max(place, until)
    return int(total + _months(place, end))


def completed_months(since: date, until: date) -> int:
    """Whole months from a day (included) to a day (excluded)."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return max(0, months - (until.day < since.day))


def _months(start: date, end: date) -> Fraction:
    """The months between two days of a year, each part of a month as its share of that month's days."""
    total = Fraction(0)
    while start < end:
        days = monthrange(start.year, start.month)[1]
        next_month = start.replace(day=1) + timedelta(days=days)
        stop = min(end, next_month)
        total += Fraction((stop - start).days, days)
        start = stop
    return total
