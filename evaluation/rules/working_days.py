"""The Vietnamese working calendar: weekends, public holidays, days given in lieu, and Saturdays worked in exchange."""

from datetime import date, timedelta
from functools import lru_cache

import holidays


@lru_cache(maxsize=32)
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off beside weekends, and weekend days that are worked, of one year."""
    calendar = holidays.country_holidays("VN", years=year, observed=True)
    return frozenset(calendar), frozenset(day for day in calendar.weekend_workdays if day.year == year)


def is_working_day(day: date) -> bool:
    """Whether offices of Vietnam work on a day."""
    off, worked = _year(day.year)
    return day in worked or (day.weekday() < 5 and day not in off)


def working_day_after(day: date, count: int) -> date:
    """The count-th working day after a day; the day itself does not count."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def working_days_left(today: date, last: date) -> int:
    """Working days from tomorrow up to the last day; negative after it: how many have passed since."""
    first, end = min(today, last), max(today, last)
    count = sum(is_working_day(first + timedelta(days=step)) for step in range(1, (end - first).days + 1))
    return count if today <= last else -count
