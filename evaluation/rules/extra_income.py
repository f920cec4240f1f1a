"""Extra income of a month by its class: a share of the base salary, never below the floor; the amount is left to finance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, written
from evaluation.rules.organisation import Office, UnitKind
from evaluation.rules.rulebook import Rulebook

RATES = "rates.rows"
LEVELS = {
    UnitKind.PROVINCE: 1,
    UnitKind.DEPARTMENT: 2,
    UnitKind.COMMUNE: 2,
    UnitKind.DIVISION: 3,
    UnitKind.SERVICE_UNIT: 3,
}


class IncomeNote(StrEnum):
    """Why a line of the export asks for a look."""

    NOT_RATED = "NOT_RATED"
    PENDING = "PENDING"
    SEVERAL_POSTS = "SEVERAL_POSTS"

    @property
    def label(self) -> str:
        """English message id of the note."""
        return NOTE_LABELS[self.value]


NOTE_LABELS = {
    "NOT_RATED": "Not rated: no class, and not a zero",
    "PENDING": "Pending: the result is not final yet",
    "SEVERAL_POSTS": "Several posts: only the highest counts",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """What one class earns: the share of the base salary and the least amount a month, in đồng."""

    klass: Band
    coefficient: Fraction
    floor: Fraction
    article: str


@dataclass(frozen=True, slots=True)
class Income:
    """The extra income of one month; None as long as finance has not said the base salary."""

    rate: Rate
    amount: Fraction | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A post somebody holds: the place of its unit in the hierarchy (1 is the province) and the office."""

    key: int
    level: int
    office: Office
    is_main: bool
    title: str = ""


def rate_of(klass: Band, *, book: Rulebook, day: date) -> Rate:
    """The coefficient and the floor of a class on a day."""
    row = next(row for row in book.table(RATES, day) if row.text("band") == klass.value)
    return Rate(klass, row.number("coefficient"), row.number("floor"), book.article(RATES))


def extra_income(klass: Band, base_salary: Fraction | None, *, book: Rulebook, day: date) -> Income:
    """One month's extra income: base salary × coefficient, at least the floor of the class."""
    rate = rate_of(klass, book=book, day=day)
    if base_salary is None:
        return Income(rate, None, ())
    if base_salary < 0:
        raise ValueError("A base salary cannot be negative.")
    share = base_salary * rate.coefficient
    steps = [
        Step(
            "share",
            "Base salary by the coefficient of the class",
            f"{written(base_salary)} × {written(rate.coefficient)} = {written(share)}",
            share,
            rate.article,
        )
    ]
    amount = max(share, rate.floor)
    if amount != share:
        formula = f"max({written(share)}; {written(rate.floor)}) = {written(amount)}"
        steps.append(Step("floor", "Not below the floor of the class", formula, amount, rate.article))
    return Income(rate, amount, tuple(steps))


def highest(posts: Iterable[Post]) -> Post:
    """The one post that counts for somebody who holds several: leading posts, then the higher unit, then the office."""
    order = {Office.HEAD: 0, Office.DEPUTY: 1, Office.STAFF: 2}
    return min(
        posts,
        key=lambda post: (not post.office.leads, post.level, order[post.office], not post.is_main, post.key),
    )
