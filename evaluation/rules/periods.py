"""Months and quarters that are evaluated, and the spans averaged of them; every end is the first day that no longer belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Cycle(StrEnum):
    """How often an agency evaluates its officials (Điều 3.4)."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"


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

    @property
    def months(self) -> tuple[Month, ...]:
        """Itself alone, so that a month and a quarter can be asked alike."""
        return (self,)

    @property
    def cycle(self) -> Cycle:
        """The cycle whose periods are months."""
        return Cycle.MONTH

    @property
    def short(self) -> str:
        """'03/2026', as it stands in a sentence."""
        return f"{self.month:02d}/{self.year:04d}"

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


class SpanKind(StrEnum):
    """The periods the decree averages months over (Điều 17.3)."""

    QUARTER = "QUARTER"
    HALF_YEAR = "HALF_YEAR"
    YEAR = "YEAR"


MONTHS_IN = {SpanKind.QUARTER: 3, SpanKind.HALF_YEAR: 6, SpanKind.YEAR: 12}
ROMAN = ("", "I", "II", "III", "IV")
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

    @property
    def cycle(self) -> Cycle:
        """The cycle whose periods are quarters; half-years and years are averages, nobody is evaluated by them."""
        if self.kind is not SpanKind.QUARTER:
            raise ValueError(f"{self} is not a period of evaluation. Write a month or a quarter.")
        return Cycle.QUARTER

    @property
    def short(self) -> str:
        """'III/2026' for a quarter, as it stands in a sentence."""
        return f"{ROMAN[self.index]}/{self.year:04d}" if self.kind is SpanKind.QUARTER else str(self)

    def next(self) -> Span:
        """The span of the same kind after this one."""
        last = self.index == 12 // MONTHS_IN[self.kind]
        return Span(self.kind, self.year + last, 1 if last else self.index + 1)

    def previous(self) -> Span:
        """The span of the same kind before this one."""
        if self.index > 1:
            return Span(self.kind, self.year, self.index - 1)
        return Span(self.kind, self.year - 1, 12 // MONTHS_IN[self.kind])

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day < self.end

    def __str__(self) -> str:
        if self.kind is SpanKind.YEAR:
            return f"{self.year:04d}"
        return f"{self.year:04d}-{LETTER[self.kind]}{self.index}"


# What a sheet covers: a month, or a quarter in an agency that evaluates by quarter (Điều 3.4).
Stretch = Month | Span


def quarter_of(day: date) -> Span:
    """The quarter a day belongs to."""
    return Span(SpanKind.QUARTER, day.year, (day.month - 1) // 3 + 1)


def stretch_of(day: date, cycle: Cycle) -> Stretch:
    """The month or the quarter a day belongs to."""
    return Month.of(day) if cycle is Cycle.MONTH else quarter_of(day)


def parse_stretch(text: str) -> Stretch:
    """Reads '2026-03' or '2026-Q1'; anything else is a ValueError that says how to write it."""
    if re.fullmatch(r"[0-9]{4}-Q[1-4]", text):
        return Span.parse(text)
    try:
        return Month.parse(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a month or a quarter. Write it as 2026-03 or 2026-Q1.") from None


def starts_a_quarter(day: date) -> bool:
    """Whether a day is the first of a quarter: only then may an agency change its cycle."""
    return day == quarter_of(day).first_day


def spans_containing(stretch: Stretch) -> tuple[Span, Span, Span]:
    """The quarter, the half-year and the year a month or a quarter counts in."""
    first = stretch.first_day
    return (
        quarter_of(first),
        Span(SpanKind.HALF_YEAR, first.year, (first.month - 1) // 6 + 1),
        Span(SpanKind.YEAR, first.year),
    )


def in_words_of(says: str, cycle: Cycle) -> str:
    """A message id that speaks of a month, as it reads for a period of this cycle: each has its twin for quarters."""
    if cycle is Cycle.MONTH:
        return says
    return re.sub(r"(?<!\()\b[Mm]onth\b", lambda word: "Quarter" if word[0] == "Month" else "quarter", says)
