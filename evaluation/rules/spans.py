"""The score of a quarter, a half-year or a year from the scores of its months and of quarters evaluated whole (Điều 17.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """A scored month, or a scored quarter with the months of it that its sheet speaks for."""

    score: Fraction
    quarter: int
    months: int = 1


def span_score(parts: Iterable[ScoredPart], how: str | bool) -> Fraction | None:
    """The exact mean of the parts that have a score; None when there is none, never zero.

    MEAN_OF_MONTHS: a quarter's own score counts as often as it covers months, so that four whole quarters are their plain
    mean and six months with two quarters are twelve months. DIRECT_QUARTER: each quarter counts once, whatever it is made of.
    """
    known = [part for part in parts if part.months]
    if not known:
        return None
    if how == "MEAN_OF_MONTHS":
        return _of_months(known)
    if how == "DIRECT_QUARTER":
        quarters = sorted({part.quarter for part in known})
        means = [_of_months([part for part in known if part.quarter == one]) for one in quarters]
        return sum(means, Fraction(0)) / len(means)
    raise ValueError(f"{how} is no way to score a quarter. Write MEAN_OF_MONTHS or DIRECT_QUARTER.")


def _of_months(parts: Sequence[ScoredPart]) -> Fraction:
    total = sum((part.score * part.months for part in parts), Fraction(0))
    return total / sum(part.months for part in parts)
