"""Averages, the class proposed for a year, and how many may be excellent; a person decides every one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, equals, written
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import as_banded, band_of

ZERO = Fraction(0)


class Leave(StrEnum):
    """Long leave that changes how a year is rated (Điều 11)."""

    MATERNITY = "MATERNITY"
    SICK = "SICK"
    UNPAID = "UNPAID"

    @property
    def label(self) -> str:
        """English message id of the leave."""
        return {"MATERNITY": "Maternity leave", "SICK": "Sick leave", "UNPAID": "Unpaid leave"}[self.value]

    @property
    def rated_under_six_months(self) -> bool:
        """Sick and maternity leave keep the right to be rated on the time worked (Điều 11.1, 11.2)."""
        return self in (Leave.MATERNITY, Leave.SICK)


class Blocker(StrEnum):
    """Facts that alone make a year not completed (Điều 20.4)."""

    DEGENERATION = "DEGENERATION"
    DISCIPLINE_PUBLIC_DUTY = "DISCIPLINE_PUBLIC_DUTY"
    UNIT_CORRUPTION = "UNIT_CORRUPTION"

    @property
    def label(self) -> str:
        """English message id of the blocker."""
        return BLOCKER_LABELS[self.value]


BLOCKER_LABELS = {
    "DEGENERATION": "A competent body concluded degeneration or a breach of party members' duties",
    "DISCIPLINE_PUBLIC_DUTY": "Disciplined in the year for a breach tied to public duty",
    "UNIT_CORRUPTION": "The unit in charge is involved in corruption or waste handled by law",
}


class AnnualStatus(StrEnum):
    """Whether a class of the year can be proposed, and why not."""

    RATED = "RATED"
    RATED_ON_ACTUAL_TIME = "RATED_ON_ACTUAL_TIME"
    NOT_RATED_UNDER_6M = "NOT_RATED_UNDER_6M"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    UNIT_NOT_CLASSIFIED = "UNIT_NOT_CLASSIFIED"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return ANNUAL_LABELS[self.value]


ANNUAL_LABELS = {
    "RATED": "Class proposed",
    "RATED_ON_ACTUAL_TIME": "Class proposed on the time actually worked",
    "NOT_RATED_UNDER_6M": "Not classified: worked less than six months in the year",
    "INSUFFICIENT_DATA": "No month of the year has a score",
    "UNIT_NOT_CLASSIFIED": "Waiting for the class of the organisation",
}


class QuotaBase(StrEnum):
    """The three readings of 'the number classified good' (Điều 20.5)."""

    LITERAL = "LITERAL"
    STATIC = "STATIC"
    OR_BETTER = "OR_BETTER"

    @property
    def label(self) -> str:
        """English message id of the reading."""
        return BASE_LABELS[self.value]


BASE_LABELS = {
    "LITERAL": "Share of those good once the rest fall back to good",
    "STATIC": "Share of those whose score is in the good band",
    "OR_BETTER": "Share of those good or better",
}


@dataclass(frozen=True, slots=True)
class AnnualProposal:
    """A proposed class of the year with its working; `klass` without status RATED… is provisional or absent."""

    status: AnnualStatus
    mean: Fraction | None
    klass: Band | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class QuotaReadings:
    """The quota under each reading, and the one the rulebook chose."""

    literal: int
    static: int
    or_better: int
    chosen: int
    base: QuotaBase


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who reached the excellent band; `uncapped` is the mean with ratios over 100 % kept."""

    key: str
    mean: Fraction
    uncapped: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who fits under the cap, who ties on its last place and must be decided, and who is beyond."""

    within: tuple[Candidate, ...]
    tied: tuple[Candidate, ...]
    beyond: tuple[Candidate, ...]


def mean(scores: Iterable[Fraction]) -> Fraction | None:
    """Arithmetic mean of the scores that exist (Điều 17.3); None when there is none, never zero."""
    known = list(scores)
    return sum(known, ZERO) / len(known) if known else None


def mean_band(scores: Iterable[Fraction], *, book: Rulebook, day: date) -> Band | None:
    """The level of the exact mean."""
    average = mean(scores)
    return None if average is None else band_of(average, book=book, day=day)


def annual_class(
    scores: Sequence[Fraction],
    *,
    book: Rulebook,
    day: date,
    months_worked: int = 12,
    leave: Leave | None = None,
    blockers: Collection[Blocker] = (),
    head_of_unit: bool = False,
    unit_class: Band | None = None,
) -> AnnualProposal:
    """The class proposed for a year: under six months, mean, blockers, then the head's limit (Điều 11, 17.3, 20)."""
    steps: list[Step] = []
    needed = book.number("months_needed_for_class", day)
    short = months_worked < needed
    if short and not (leave is not None and leave.rated_under_six_months):
        steps.append(
            Step(
                "under_six_months",
                "Months worked in the year",
                f"{months_worked} < {written(needed)}",
                Fraction(months_worked),
                book.article("under_six_months"),
            )
        )
        return AnnualProposal(AnnualStatus.NOT_RATED_UNDER_6M, None, None, tuple(steps))
    if leave is not None:
        steps.append(
            Step(
                "actual_time",
                "Rated on the months actually worked",
                f"{len(scores)}",
                Fraction(len(scores)),
                book.article("actual_time"),
            )
        )
    average = mean(scores)
    klass: Band | None = None
    if average is not None:
        klass = band_of(average, book=book, day=day)
        total = sum(scores, ZERO)
        formula = f"{written(total)} / {len(scores)} {equals(average)}"
        steps.append(Step("mean", "Mean of the scored months", formula, average, book.article("mean")))
        banded = as_banded(average, book=book, day=day)
        shown = written(average) if banded == average else f"{written(average)} → {written(banded)}"
        steps.append(Step("band", klass.label, shown, banded, book.article("bands")))
    for blocker in sorted(set(blockers)):
        klass = Band.KHTNV
        steps.append(
            Step(blocker.value, blocker.label, "→ KHTNV", Fraction(Band.KHTNV.rank), book.article(blocker))
        )
    if klass is None:
        return AnnualProposal(AnnualStatus.INSUFFICIENT_DATA, None, None, tuple(steps))
    status = AnnualStatus.RATED if leave is None else AnnualStatus.RATED_ON_ACTUAL_TIME
    if head_of_unit and unit_class is None and klass is not Band.KHTNV:
        status = AnnualStatus.UNIT_NOT_CLASSIFIED
    elif head_of_unit and unit_class is not None:
        limited = min(klass, unit_class)
        formula = f"min({klass}, {unit_class}) = {limited}"
        steps.append(
            Step(
                "head_limit",
                "A head is not classified above the organisation",
                formula,
                Fraction(limited.rank),
                book.article("head_limit"),
            )
        )
        klass = limited
    return AnnualProposal(status, average, klass, tuple(steps))


def excellent_quota(
    at_least_90: int, good: int, share: Fraction, base: QuotaBase | str, *, rounding: str = "FLOOR"
) -> int:
    """How many may be excellent among those who reached the score, under one reading of the base (Điều 20.5)."""
    if at_least_90 < 0 or good < 0 or not 0 <= share <= 1:
        raise ValueError("Numbers of people cannot be negative and the share is between 0 and 1.")
    base = QuotaBase(base)
    if base is QuotaBase.STATIC:
        exact = share * good
    elif base is QuotaBase.OR_BETTER:
        exact = share * (at_least_90 + good)
    else:
        # x people excellent leave good + at_least_90 - x good ones; the largest x with x <= share of those.
        exact = share * (at_least_90 + good) / (1 + share)
    return min(at_least_90, whole(exact, rounding))


def whole(exact: Fraction, rounding: str) -> int:
    """A number of places as the rulebook rounds it: FLOOR, HALF_UP or AT_LEAST_ONE."""
    if rounding == "HALF_UP":
        return int((2 * exact + 1) // 2)
    if rounding not in ("FLOOR", "AT_LEAST_ONE"):
        raise ValueError(f"{rounding} is not a way to round. Write FLOOR, HALF_UP or AT_LEAST_ONE.")
    down = exact.numerator // exact.denominator
    return max(down, 1) if rounding == "AT_LEAST_ONE" else down


def quota_readings(
    at_least_90: int, good: int, *, book: Rulebook, day: date, exceptional: bool = False
) -> QuotaReadings:
    """The quota in its three readings and the rulebook's choice, for the people who decide to see side by side."""
    share = book.number("excellent_share_exceptional" if exceptional else "excellent_share", day)
    rounding = str(book.choice("quota_rounding", day))
    values = {base: excellent_quota(at_least_90, good, share, base, rounding=rounding) for base in QuotaBase}
    base = QuotaBase(str(book.choice("quota_base", day)))
    return QuotaReadings(
        literal=values[QuotaBase.LITERAL],
        static=values[QuotaBase.STATIC],
        or_better=values[QuotaBase.OR_BETTER],
        chosen=values[base],
        base=base,
    )


def rank_excellent(candidates: Iterable[Candidate], quota: int) -> Ranking:
    """Best mean first, then the uncapped mean; a tie across the cut line is left to the people who decide."""

    def merit(candidate: Candidate) -> tuple[Fraction, Fraction]:
        uncapped = candidate.mean if candidate.uncapped is None else candidate.uncapped
        return (-candidate.mean, -uncapped)

    order = sorted(candidates, key=lambda candidate: (*merit(candidate), candidate.key))
    quota = max(quota, 0)
    if quota >= len(order):
        return Ranking(tuple(order), (), ())
    if quota == 0:
        return Ranking((), (), tuple(order))
    last, first_out = merit(order[quota - 1]), merit(order[quota])
    if last != first_out:
        return Ranking(tuple(order[:quota]), (), tuple(order[quota:]))
    return Ranking(
        tuple(one for one in order if merit(one) < last),
        tuple(one for one in order if merit(one) == last),
        tuple(one for one in order if merit(one) > last),
    )
