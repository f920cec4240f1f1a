"""The four quality levels, in their order."""

from __future__ import annotations

from enum import StrEnum


class Band(StrEnum):
    """Level of quality (Điều 20); a better one is greater."""

    KHTNV = "KHTNV"
    HTNV = "HTNV"
    HTTNV = "HTTNV"
    HTXSNV = "HTXSNV"

    @property
    def rank(self) -> int:
        """0 for not completed up to 3 for excellent."""
        return RANKS[self.value]

    @property
    def label(self) -> str:
        """English message id of the level's name."""
        return LABELS[self.value]

    def __lt__(self, other: str) -> bool:
        return self.rank < RANKS[other]

    def __le__(self, other: str) -> bool:
        return self.rank <= RANKS[other]

    def __gt__(self, other: str) -> bool:
        return self.rank > RANKS[other]

    def __ge__(self, other: str) -> bool:
        return self.rank >= RANKS[other]


RANKS = {"KHTNV": 0, "HTNV": 1, "HTTNV": 2, "HTXSNV": 3}
LABELS = {
    "KHTNV": "Tasks not completed",
    "HTNV": "Tasks completed",
    "HTTNV": "Tasks completed well",
    "HTXSNV": "Tasks completed excellently",
}
