"""What a council's vote comes to (G9): counted on all members, against the threshold of the award where one is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.commendation_keys import WITH_THRESHOLD
from evaluation.rules.explain import written
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.verdicts import Award


class VoteResult(StrEnum):
    """Passed, not passed, or a share that the regulations in force must settle."""

    PASSED = "PASSED"
    NOT_PASSED = "NOT_PASSED"
    NEEDS_REVIEW = "NEEDS_REVIEW"

    @property
    def label(self) -> str:
        """English message id of the result."""
        return {
            "PASSED": "The council agreed",
            "NOT_PASSED": "The council did not agree",
            "NEEDS_REVIEW": "Whether so many votes are enough must be looked up",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What an award needs of the council: the known threshold, or None, with the two marks every vote is held against."""

    percent: Fraction | None
    surely: Fraction
    never: Fraction
    article: str


def threshold(award: Award, pack: Rulebook, received: date) -> Threshold:
    """The thresholds of an award by the pack of the day the dossier was received."""
    day = received if pack.covers(received) else pack.effective[0]
    key = f"council_threshold_{award.value.lower()}" if award in WITH_THRESHOLD else None
    return Threshold(
        None if key is None else pack.number(key, day),
        pack.number("council_surely_percent", day),
        pack.number("council_never_percent", day),
        pack.article(key or "council_surely_percent"),
    )


def council_passes(members: int, yes: int, threshold_percent: Fraction | int) -> bool:
    """Whether enough of all council members, present or not, agree."""
    if members <= 0 or not 0 <= yes <= members or not 0 <= threshold_percent <= 100:
        raise ValueError(
            f"A council of {members} cannot give {yes} votes at {written(threshold_percent)} percent; check the numbers."
        )
    return yes * 100 >= threshold_percent * members


def council_result(members: int, yes: int, needed: Threshold) -> VoteResult:
    """Three ways: at the upper mark it passes, a known threshold decides from the lower mark up, the rest is looked up.

    Below the lower mark a known threshold is missed for certain; where none is known nothing refuses.
    """
    if council_passes(members, yes, needed.surely):
        return VoteResult.PASSED
    if needed.percent is not None and council_passes(members, yes, needed.percent):
        return VoteResult.PASSED
    if needed.percent is None or council_passes(members, yes, needed.never):
        return VoteResult.NEEDS_REVIEW
    return VoteResult.NOT_PASSED
