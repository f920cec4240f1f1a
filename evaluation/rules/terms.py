"""What the set-based sums need of a rulebook: which kinds count where and what a finding costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.scoring import WorkKind


@dataclass(frozen=True, slots=True)
class SqlTerms:
    """The law's numbers of one day as parameters of a statement, all exact decimals."""

    in_assigned: tuple[str, ...]
    in_done: tuple[str, ...]
    in_quality: tuple[str, ...]
    per_unit: bool
    quality_cost: Decimal
    progress_cost: Decimal

    def parameters(self) -> dict[str, object]:
        """The terms by the names the statement knows them by."""
        return {
            "in_assigned": list(self.in_assigned),
            "in_done": list(self.in_done),
            "in_quality": list(self.in_quality),
            "per_unit": self.per_unit,
            "quality_cost": self.quality_cost,
            "progress_cost": self.progress_cost,
        }


def sql_terms(book: Rulebook, day: date) -> SqlTerms:
    """The terms of a rulebook on a day; they say in SQL what `scoring.sums_of` says in Python (Điều 14.2, 18.1.d)."""
    everywhere = book.choice("extra_work_in_quality_and_progress", day) is True
    deduction = finite(book.number("finding_deduction", day))
    late_costs_all = book.choice("late_product", day) == "NOTHING"
    return SqlTerms(
        in_assigned=tuple(kind.value for kind in WorkKind if kind.in_assigned),
        in_done=tuple(kind.value for kind in WorkKind if kind.in_done),
        in_quality=tuple(
            kind.value for kind in WorkKind if kind.in_done and (everywhere or kind is WorkKind.PLANNED)
        ),
        per_unit=book.choice("deduction", day) == "PER_UNIT",
        quality_cost=deduction,
        progress_cost=Decimal(1) if late_costs_all else deduction,
    )


def finite(value: Fraction) -> Decimal:
    """A number of the law as a decimal without rounding; SQL cannot hold a third."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(decimal) != value:
        raise RulebookError("%(value)s cannot be written as a finite decimal.", value=str(value))
    return decimal


def places(value: Decimal) -> int:
    """How many decimals a finite number needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
