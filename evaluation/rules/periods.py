"""Months and the quarters, half-years and years made of them; every end is the first day that no longer belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One calendar month."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12 or not 1 <= self.year <= 9998:
            raise ValueError(f"{self.year}-{self.month} is not a month. Write it as 2026-03.")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Reads '2026-03'; anything else is a ValueError that says how to write it."""
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
        if found is None:
            raise ValueError(f"{text!r} is not a month. Write it as 2026-03.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month a day belongs to."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """First day of the next month: excluded."""
        return self.next().first_day

    def next(self) -> Month:
        """The month after this one."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Month:
        """The month before this one."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day < self.end

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class Cycle(StrEnum):
    """How often an agency evaluates its officials (Điều 3.4)."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"


class SpanKind(StrEnum):
    """The periods the decree averages months over (Điều 17.3)."""

    QUARTER = "QUARTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"


MONTHS_IN = {SpanKind.QUARTER: 3, SpanKind.HALF_YEAR: 6, SpanKind.YEAR: 12}
LETTER = {SpanKind.QUARTER: "Q", SpanKind.HALF_YEAR: "H"}


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A quarter (index 1-4), a half-year (1-2) or a year (1)."""

    kind: SpanKind
    year: int
    index: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= 12 // MONTHS_IN[self.kind]:
            raise ValueError(f"{self.kind} {self.index} does not exist in a year.")

    @classmethod
    def parse(cls, text: str) -> Span:
        """Reads '2026-Q1', '2026-H2' or '2026'."""
        found = re.fullmatch(r"([0-9]{4})(?:-([QH])([1-4]))?", text)
        if found is None:
            raise ValueError(f"{text!r} is not a period. Write 2026-Q1, 2026-H1 or 2026.")
        if found[2] is None:
            return cls(SpanKind.YEAR, int(found[1]))
        kind = SpanKind.QUARTER if found[2] == "Q" else SpanKind.HALF_YEAR
        return cls(kind, int(found[1]), int(found[3]))

    @property
    def months(self) -> tuple[Month, ...]:
        """The months it is made of, in order."""
        size = MONTHS_IN[self.kind]
        first = (self.index - 1) * size + 1
        return tuple(Month(self.year, month) for month in range(first, first + size))

    @property
    def first_day(self) -> date:
        return self.months[0].first_day

    @property
    def end(self) -> date:
        """First day after it: excluded."""
        return self.months[-1].end

    def __str__(self) -> str:
        if self.kind is SpanKind.YEAR:
            return f"{self.year:04d}"
        return f"{self.year:04d}-{LETTER[self.kind]}{self.index}"


def spans_containing(month: Month) -> tuple[Span, Span, Span]:
    """The quarter, the half-year and the year a month counts in."""
    return (
        Span(SpanKind.QUARTER, month.year, (month.month - 1) // 3 + 1),
        Span(SpanKind.HALF_YEAR, month.year, (month.month - 1) // 6 + 1),
        Span(SpanKind.YEAR, month.year),
    )
