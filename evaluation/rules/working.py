"""The working of a result as a reader opens it: inputs with who entered them, steps, articles, rulebook, who computed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step
from evaluation.rules.grading import Blocker
from evaluation.rules.periods import Stretch

Cell = str | int | Fraction | None
# Steps of a class of the year whose value is the rank of a level.
CLASS_STEPS = frozenset({"quota", "head_limit", "decided"} | {blocker.value for blocker in Blocker})


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
    def common(self) -> tuple[Entered, ...]:
        """Who entered what is the same in every row, said once for all of them."""
        rows = [row.entered for row in self.rows if not row.is_sum]
        if len(rows) < 2:
            return ()
        return tuple(one for one in rows[0] if all(one in others for others in rows))

    def apart(self, row: Row) -> tuple[Entered, ...]:
        """Who entered what in this row, beyond what is the same in all."""
        common = self.common
        return tuple(one for one in row.entered if one not in common)

    @property
    def names_people(self) -> bool:
        """Whether any row says who entered it, beyond what is the same in all."""
        return any(self.apart(row) for row in self.rows)


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


def level_of(step: Step) -> Band | None:
    """The level that a step of a class came to; None for a step whose value is a number."""
    if step.code not in CLASS_STEPS:
        return None
    return next((band for band in Band if band.rank == step.value), None)
