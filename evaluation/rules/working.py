"""The working of a result as a reader opens it: inputs with who entered them, steps, articles, rulebook, who computed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step
from evaluation.rules.periods import Stretch

Cell = str | int | Fraction | None


@dataclass(frozen=True, slots=True)
class Entered:
    """Who entered a value and when; without a name it was the program."""

    how: str
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of a table of inputs; numbers stand at the right."""

    says: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One input: its values, who entered them, what explains it, and the sheet or the unit it opens down to."""

    cells: tuple[Cell, ...]
    entered: tuple[Entered, ...] = ()
    note: str = ""
    report_id: int | None = None
    unit_id: int | None = None
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """A table of inputs of one sort; `empty` says what it means that there are none."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = ""
    article: str = ""

    @property
    def names_people(self) -> bool:
        """Whether any row says who entered it."""
        return any(row.entered for row in self.rows)


@dataclass(frozen=True, slots=True)
class Ground:
    """One condition of a verdict: met, not met, or (None) to be looked at by a person."""

    met: bool | None
    says: str
    detail: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The rulebook a result was worked out by; `unchanged` is false where its file has another text today."""

    title: str
    name: str
    fingerprint: str
    unchanged: bool = True

    @property
    def short(self) -> str:
        """The fingerprint as people compare it."""
        return self.fingerprint[:12]


@dataclass(frozen=True, slots=True)
class Working:
    """A result with everything it came from; every page, print, Word file and PDF of a working is made of one of these."""

    title: str
    whose: str
    period: Stretch
    points: Fraction | None
    out_of: int | None
    band: Band | None
    says: str
    inputs: tuple[Inputs, ...] = ()
    steps: tuple[Step, ...] = ()
    grounds: tuple[Ground, ...] = ()
    source: Source | None = None
    computed_at: datetime | None = None
    computed_by: str | None = None
    notes: tuple[str, ...] = ()
    report_id: int | None = None
