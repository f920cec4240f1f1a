"""A frozen score worked out again from its snapshot, and nothing but its snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from evaluation.rules import scoring
from evaluation.rules.explain import parse_exact
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import LeaderRatios, PeriodScore, Sums, WorkKind, WorkLine

ZERO = Fraction(0)
KEPT = 50_000
NUMBERS = ("coefficient", "assigned", "done")


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """A line as it was when its score was frozen."""

    item_id: int
    line: WorkLine


def is_whole(inputs: Mapping[str, Any]) -> bool:
    """Whether a snapshot holds what a score is worked out from."""
    return all(key in inputs for key in ("month", "columns", "lines", "general", "leader"))


def lines_of(inputs: Mapping[str, Any]) -> list[FrozenLine]:
    """The lines of a snapshot; columns are found by their names, so their order may change."""
    columns = tuple(inputs.get("columns", ()))
    return [
        FrozenLine(values[columns.index("item")], _line(*_parted(columns, values)))
        for values in _rows(inputs)
    ]


def _rows(inputs: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = inputs.get("lines", [])
    return rows


def _parted(columns: tuple[str, ...], values: list[Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The columns and values of a line without its id."""
    at = columns.index("item")
    return columns[:at] + columns[at + 1 :], (*values[:at], *values[at + 1 :])


@lru_cache(maxsize=KEPT)
def _line(columns: tuple[str, ...], values: tuple[Any, ...]) -> WorkLine:
    known: dict[str, Any] = dict(zip(columns, values, strict=True))
    for name in NUMBERS:
        known[name] = parse_exact(known[name])
    return WorkLine(kind=WorkKind(known.pop("kind")), **known)


@lru_cache(maxsize=KEPT)
def _sums(columns: tuple[str, ...], values: tuple[Any, ...], book: Rulebook, day: date) -> Sums:
    """What a line adds; the lines of a province are a few thousand kinds, each worked out once."""
    return scoring.line_sums(_line(columns, values), book=book, day=day)


def general_of(inputs: Mapping[str, Any]) -> Fraction:
    """The points of the general criteria in a snapshot."""
    return sum(
        (parse_exact(value) for value in inputs.get("general", {}).values() if value is not None), ZERO
    )


def leader_of(inputs: Mapping[str, Any]) -> LeaderRatios | None:
    """d, đ and e of a snapshot."""
    ratios = inputs.get("leader")
    if ratios is None:
        return None
    d = ratios["unit_result"]
    return LeaderRatios(
        None if d is None else parse_exact(d),
        parse_exact(ratios["organising"]),
        parse_exact(ratios["cohesion"]),
    )


def day_of(inputs: Mapping[str, Any]) -> date:
    """The first day of the period, by which the rulebook is read."""
    return date.fromisoformat(inputs["month"])


def again(inputs: Mapping[str, Any], book: Rulebook, *, without: int | None = None) -> PeriodScore:
    """The score a snapshot gives under a rulebook, with its steps; `without` leaves out one line."""
    day = day_of(inputs)
    columns = tuple(inputs["columns"])
    at, sums = columns.index("item"), scoring.NO_SUMS
    for values in _rows(inputs):
        if values[at] != without:
            sums += _sums(*_parted(columns, values), book, day)
    return scoring.judge(sums, general_of(inputs), book=book, day=day, leader=leader_of(inputs))
