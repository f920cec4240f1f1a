"""Who fits under the cap of a title: the order of merit within one deciding authority, and the line that cuts it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from evaluation.rules.facts import InitiativeLevel

REACH = {InitiativeLevel.CO_SO: 1, InitiativeLevel.TINH: 2, InitiativeLevel.TOAN_QUOC: 3}


@dataclass(frozen=True, slots=True)
class Merit:
    """What the order of merit looks at, and nothing else: never the name, the rank or the length of service."""

    key: Hashable
    score: Fraction | None
    reach: int = 0
    direct_worker: bool = False
    female: bool = False
    waited: int = 0

    @property
    def order(self) -> tuple[Fraction, int, bool, bool, int]:
        """Annual score, initiative's reach, direct work, women first among equals, then who waited longest since the last
        commendation; without a score comes last.
        """
        return (
            Fraction(-1) if self.score is None else self.score,
            self.reach,
            self.direct_worker,
            self.female,
            self.waited,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A rank shared by equals; `within` is None where the last place is tied and a person must choose."""

    key: Hashable
    rank: int
    within: bool | None
    equals: int


def reach_of(levels: Iterable[InitiativeLevel]) -> int:
    """The widest reach among a person's initiatives, 0 for none."""
    return max((REACH[level] for level in levels), default=0)


def places(merits: Iterable[Merit], quota: int) -> list[Place]:
    """The order of merit with the cut after `quota` places; equals on both sides of the cut are left to a person."""
    if quota < 0:
        raise ValueError("A quota cannot be negative.")
    found: list[Place] = []
    ordered = sorted(merits, key=lambda one: one.order, reverse=True)
    for _order, group in groupby(ordered, key=lambda one: one.order):
        equals = list(group)
        first, last = len(found) + 1, len(found) + len(equals)
        within = None if first <= quota < last else last <= quota
        found += [Place(one.key, first, within, len(equals)) for one in equals]
    return found
