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
    """The exact mean of the parts that have a score; None when there is none, never zero."""
    shares = shares_of(parts, how)
    return sum(shares, Fraction(0)) / len(shares) if shares else None


def shares_of(parts: Iterable[ScoredPart], how: str | bool) -> list[Fraction]:
    """The scores whose plain mean is the score of the span.

    MEAN_OF_MONTHS: a quarter's own score counts as often as it covers months, so that four whole quarters are their plain
    mean and six months with two quarters are twelve months. DIRECT_QUARTER: each quarter counts once, whatever it is made of.
    """
    known = [part for part in parts if part.months]
    if how == "MEAN_OF_MONTHS":
        return _of_months(known)
    if how == "DIRECT_QUARTER":
        return [_mean(one, known) for one in sorted({part.quarter for part in known})]
    raise ValueError(f"{how} is no way to score a quarter. Write MEAN_OF_MONTHS or DIRECT_QUARTER.")


def _of_months(parts: Sequence[ScoredPart]) -> list[Fraction]:
    return [part.score for part in parts for _month in range(part.months)]


def _mean(quarter: int, parts: Sequence[ScoredPart]) -> Fraction:
    months = _of_months([part for part in parts if part.quarter == quarter])
    return sum(months, Fraction(0)) / len(months)
