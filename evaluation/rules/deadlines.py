"""The five steps of a month or a quarter and the last day of each, in working days of Vietnam."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class StepName(StrEnum):
    """The steps of Article 18 that have a last day."""

    ASSIGN = "ASSIGN"
    SUBMIT = "SUBMIT"
    SCORE = "SCORE"
    CONFIRM = "CONFIRM"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True)
class Timetable:
    """Working days after the first day of the period (assign) or after its last day (the others)."""

    assign: int = 5
    submit: int = 2
    score: int = 5
    confirm: int = 7
    publish: int = 9


def nth_working_day(after: date, count: int, holidays: Collection[date]) -> date:
    """The count-th working day after a day; Saturdays, Sundays and holidays do not count."""
    day = after
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            count -= 1
    return day


def due_dates(
    first: date, end: date, timetable: Timetable, holidays: Collection[date]
) -> dict[StepName, date]:
    """Last day of each step of the month or quarter [first, end)."""
    last = end - timedelta(days=1)
    eve = first - timedelta(days=1)
    return {
        StepName.ASSIGN: nth_working_day(eve, timetable.assign, holidays),
        StepName.SUBMIT: nth_working_day(last, timetable.submit, holidays),
        StepName.SCORE: nth_working_day(last, timetable.score, holidays),
        StepName.CONFIRM: nth_working_day(last, timetable.confirm, holidays),
        StepName.PUBLISH: nth_working_day(last, timetable.publish, holidays),
    }
