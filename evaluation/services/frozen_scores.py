"""A frozen score worked out again from its snapshot, and nothing but its snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from evaluation.rules import scoring
from evaluation.rules.explain import parse_exact
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import LeaderRatios, PeriodScore, WorkKind, WorkLine

ZERO = Fraction(0)
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
    columns = inputs.get("columns", ())
    return [_line(dict(zip(columns, values, strict=True))) for values in inputs.get("lines", ())]


def _line(values: dict[str, Any]) -> FrozenLine:
    item_id, kind = values.pop("item"), WorkKind(values.pop("kind"))
    for name in NUMBERS:
        values[name] = parse_exact(values[name])
    return FrozenLine(item_id, WorkLine(kind=kind, **values))


def general_of(inputs: Mapping[str, Any]) -> Fraction:
    """The points of the general criteria in a snapshot."""
    return sum((parse_exact(value) for value in inputs.get("general", {}).values() if value is not None), ZERO)


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
    lines = (one.line for one in lines_of(inputs) if one.item_id != without)
    sums = scoring.sums_of(lines, book=book, day=day)
    return scoring.judge(sums, general_of(inputs), book=book, day=day, leader=leader_of(inputs))
