"""Lines of work as the rules read them, and the four sums they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

ZERO = Fraction(0)


class WorkKind(StrEnum):
    """How a line came to a person; it decides where the line counts (Điều 18.1)."""

    PLANNED = "PLANNED"
    RECEIVED = "RECEIVED"
    ADHOC = "ADHOC"
    TRANSFERRED_OUT = "TRANSFERRED_OUT"

    @property
    def label(self) -> str:
        """English message id of the kind's name."""
        return KIND_LABELS[self.value]

    @property
    def in_assigned(self) -> bool:
        """Whether the line counts in what was assigned."""
        return self in (WorkKind.PLANNED, WorkKind.TRANSFERRED_OUT)

    @property
    def in_done(self) -> bool:
        """Whether the line can count as done."""
        return self is not WorkKind.TRANSFERRED_OUT


KIND_LABELS = {
    "PLANNED": "Planned work",
    "RECEIVED": "Work taken over from a colleague",
    "ADHOC": "Ad hoc work",
    "TRANSFERRED_OUT": "Work handed over to a colleague",
}


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One line of work in units of its product; exempt findings have a confirmed objective cause and cost nothing."""

    assigned: Fraction
    done: Fraction
    coefficient: Fraction = Fraction(1)
    kind: WorkKind = WorkKind.PLANNED
    quality_fails: int = 0
    delays: int = 0
    exempt_quality_fails: int = 0
    exempt_delays: int = 0

    def __post_init__(self) -> None:
        if self.assigned < 0 or self.done < 0 or self.coefficient <= 0:
            raise ValueError("Quantities cannot be negative and the coefficient must be above zero.")
        if min(self.quality_fails, self.delays, self.exempt_quality_fails, self.exempt_delays) < 0:
            raise ValueError("The number of findings cannot be negative.")


@dataclass(frozen=True, slots=True)
class Sums:
    """Converted units of a period, not yet divided: assigned (D), done (Na), of good quality (Nb), on time (Nc)."""

    assigned: Fraction
    done: Fraction
    quality: Fraction
    progress: Fraction

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.assigned + other.assigned,
            self.done + other.done,
            self.quality + other.quality,
            self.progress + other.progress,
        )


NO_SUMS = Sums(ZERO, ZERO, ZERO, ZERO)
