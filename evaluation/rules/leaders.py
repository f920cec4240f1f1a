"""What subordinates' scores make of their leader's unit result."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import band_of


def unit_result(
    subordinate_totals: Iterable[Fraction | None], *, book: Rulebook, day: date
) -> Fraction | None:
    """d in percent: reduced when any subordinate is at not completed, full otherwise (Điều 15.3); None while a score is missing.

    People who are not evaluated in the period are left out by the caller.
    """
    failing = False
    for total in subordinate_totals:
        if total is None:
            return None
        failing = failing or band_of(total, book=book, day=day) is Band.KHTNV
    return book.number("leader_ratio_reduced" if failing else "leader_ratio_full", day)
