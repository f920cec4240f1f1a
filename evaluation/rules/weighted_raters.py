"""A score given by several raters, each with a weight, over weighted groups: the scheme of Đà Nẵng of 2012, for comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.condition_words import Rater
from evaluation.rules.explain import Step, equals, written
from evaluation.rules.rulebook import Rulebook

GROUPS = "raters.groups"
WEIGHTS = "raters.weights"
ZERO = Fraction(0)


class RatersStatus(StrEnum):
    """Whether there is a score; a rater who has not answered is no zero."""

    SCORED = "SCORED"
    MISSING_RATERS = "MISSING_RATERS"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return {"SCORED": "Scored", "MISSING_RATERS": "A rater has not scored yet"}[self.value]


@dataclass(frozen=True, slots=True)
class WeightedScore:
    """The weighted score, its level, who has not answered, and the working."""

    status: RatersStatus
    total: Fraction | None
    band: Band | None
    missing: tuple[Rater, ...]
    steps: tuple[Step, ...]


Ballot = Mapping[str, Fraction]


def weighted_score(
    ballots: Mapping[Rater, Sequence[Ballot]], *, book: Rulebook, day: date, leader: bool = False
) -> WeightedScore:
    """Each rater's points by group added up, several of one kind averaged, then weighted; levels by the rulebook's bands.

    A ballot holds points for every group, from nothing to the group's most; anything else is a ValueError.
    """
    groups = {row.text("code"): row for row in book.table(GROUPS, day)}
    role = "LEADER" if leader else "STAFF"
    weights = {Rater(row.text("rater")): row for row in book.table(WEIGHTS, day) if row.text("role") == role}
    unasked = sorted(set(ballots) - set(weights))
    if unasked:
        raise ValueError(f"{unasked[0].value} has no say about this person.")
    missing = tuple(rater for rater in weights if not ballots.get(rater))
    steps: list[Step] = []
    means: dict[Rater, Fraction] = {}
    for rater, given in ballots.items():
        if not given:
            continue
        sums = [
            _points(ballot, {code: row.number("most") for code, row in groups.items()}) for ballot in given
        ]
        means[rater] = sum(sums, ZERO) / len(sums)
        formula = " + ".join(written(one) for one in sums)
        if len(sums) > 1:
            formula = f"({formula}) / {len(sums)}"
        steps.append(
            Step(
                rater.value,
                rater.label,
                f"{formula} {equals(means[rater])}",
                means[rater],
                weights[rater].text("article"),
            )
        )
    if missing:
        return WeightedScore(RatersStatus.MISSING_RATERS, None, None, missing, tuple(steps))
    whole = sum((row.number("weight") for row in weights.values()), ZERO)
    total = sum((row.number("weight") * means[rater] for rater, row in weights.items()), ZERO) / whole
    terms = " + ".join(
        f"{written(row.number('weight'))} × {written(means[rater])}" for rater, row in weights.items()
    )
    steps.append(
        Step(
            "total",
            "Weighted score",
            f"({terms}) / {written(whole)} {equals(total)}",
            total,
            book.article(WEIGHTS),
        )
    )
    band = next(Band(row.band) for row in book.bands(day) if total >= row.at_least)
    steps.append(Step("band", band.label, written(total), total, book.article("bands")))
    return WeightedScore(RatersStatus.SCORED, total, band, (), tuple(steps))


def _points(ballot: Ballot, most: Mapping[str, Fraction]) -> Fraction:
    for code in ballot:
        if code not in most:
            raise ValueError(f"There is no group {code}; the groups are {', '.join(most)}.")
    for code, limit in most.items():
        if code not in ballot:
            raise ValueError(f"A ballot has no points for {code}.")
        if not 0 <= ballot[code] <= limit:
            raise ValueError(f"{code} is scored between 0 and {written(limit)} points.")
    return sum(ballot.values(), ZERO)
