"""Days the decree itself sets, outside the annual round: organisations, the national database, the catalogue."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from evaluation.rules.grading import Blocker
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.tables import Row
from evaluation.rules.working_days import working_day_after

EVENTS = "deadlines.events"
NATIONAL_DATABASE = "NATIONAL_DATABASE"
BLOCKERS = "special_cases.blockers"


def last_day(code: str, *, book: Rulebook, since: date) -> date:
    """The last day on which something is still in time; `since` is a day of its year, or the day the count begins."""
    row = _event(code, book, max(since, book.effective[0]))
    counts = row.text("counts")
    if counts == "DAYS":
        return since + timedelta(days=int(_number(row, "days")))
    if counts == "WORKING_DAYS":
        return working_day_after(since, int(_number(row, "days")))
    if counts == "NOT_LATER":
        return _day(row, int(_number(row, "year")))
    return _day(row, since.year + (counts == "BEFORE_NEXT_YEAR")) - timedelta(days=1)


def days_of(code: str, *, book: Rulebook, day: date) -> int:
    """How many days (calendar or working, as the decree counts) a deadline leaves."""
    return int(_number(_event(code, book, day), "days"))


def article_of(code: str, *, book: Rulebook, day: date) -> str:
    """The article that sets a deadline."""
    return _event(code, book, day).text("article")


def bars(blocker: Blocker, *, leads: bool, book: Rulebook, day: date) -> bool:
    """Whether a fact of Article 20.4 fails the year of somebody who leads, or who does not.

    A rulebook that keeps no table of these facts limits none of them to leaders.
    """
    if BLOCKERS not in book.tables:
        return True
    row = next((row for row in book.table(BLOCKERS, day) if row.text("code") == blocker.value), None)
    return row is not None and (leads or not row.flag("leaders_only"))


def _event(code: str, book: Rulebook, day: date) -> Row:
    for row in book.table(EVENTS, day):
        if row.text("code") == code:
            return row
    raise RulebookError("%(file)s holds no deadline called %(code)s.", file=book.file, code=code)


def _number(row: Row, column: str) -> Fraction:
    value = row.maybe_number(column)
    if value is None:
        raise RulebookError(
            "The deadline %(code)s, line %(line)s, has no %(column)s.",
            code=row.text("code"),
            line=row.line,
            column=column,
        )
    return value


def _day(row: Row, year: int) -> date:
    return date(year, int(_number(row, "month")), int(_number(row, "day")))
