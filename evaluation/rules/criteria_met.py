"""A class by conditions instead of points: the decrees before 335, where the best level whose conditions all hold is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.condition_words import FACTS, Role, Test
from evaluation.rules.explain import Step, written
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.tables import Row

CONDITIONS = "conditions.rows"
LEVELS = "conditions.levels"


class CriteriaStatus(StrEnum):
    """Whether the conditions give a class, and why not; none of the others is a class."""

    RATED = "RATED"
    MISSING_FACTS = "MISSING_FACTS"
    REQUIRES_DECISION = "REQUIRES_DECISION"
    NOT_RATED_UNDER_6M = "NOT_RATED_UNDER_6M"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return STATUS_LABELS[self.value]


STATUS_LABELS = {
    "RATED": "Class proposed",
    "MISSING_FACTS": "Facts are missing",
    "REQUIRES_DECISION": "No level of the text fits: the competent authority decides",
    "NOT_RATED_UNDER_6M": "Not classified: worked less than six months in the year",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class that the conditions give, the facts that are missing, and the steps to it; `title` is the text's own name."""

    status: CriteriaStatus
    klass: Band | None
    title: str | None
    missing: tuple[str, ...]
    steps: tuple[Step, ...]


def classify(
    facts: Mapping[str, Fraction | bool],
    *,
    book: Rulebook,
    day: date,
    kind: PersonKind = PersonKind.CONG_CHUC,
    leader: bool = False,
    months_worked: int = 12,
) -> Verdict:
    """The class of a year: not completed when any of its conditions holds, else the best level whose conditions all hold.

    A fact that would decide and is unknown gives MISSING_FACTS; a case that fits no level gives REQUIRES_DECISION.
    """
    unknown = sorted(set(facts) - set(FACTS))
    if unknown:
        raise ValueError(f"{unknown[0]} is not a fact of these decrees.")
    needed = book.number("months_needed_for_class", day)
    if months_worked < needed:
        step = Step(
            "under_six_months",
            "Months worked in the year",
            f"{months_worked} < {written(needed)}",
            Fraction(months_worked),
            book.article("months_needed_for_class"),
        )
        return Verdict(CriteriaStatus.NOT_RATED_UNDER_6M, None, None, (), (step,))
    bound = (Role.EVERYONE, Role.LEADER if leader else Role.STAFF)
    rows = [row for row in book.table(CONDITIONS, day) if row.text("role") in bound]
    case = _Case({fact: Fraction(value) for fact, value in facts.items()})
    if True in [case.holds(row) for row in rows if row.text("band") == Band.KHTNV]:
        return _rated(Band.KHTNV, kind, case, book, day)
    missing = case.take_missing()
    for band in (Band.HTXSNV, Band.HTTNV, Band.HTNV):
        wanted = [row for row in rows if row.text("band") == band]
        answers = [case.holds(row) for row in wanted]
        if False in answers:
            case.take_missing()  # one condition fails: what is unknown about the others decides nothing
        elif None in answers:
            missing += case.take_missing()
            break
        elif wanted and not missing:
            return _rated(band, kind, case, book, day)
        elif wanted:
            break
    status = CriteriaStatus.MISSING_FACTS if missing else CriteriaStatus.REQUIRES_DECISION
    return Verdict(status, None, None, tuple(dict.fromkeys(missing)), tuple(case.steps))


def excellent_places(people: int, *, book: Rulebook, day: date) -> int:
    """How many of the people classified may be excellent; a share of one means that the decree set no limit yet."""
    exact = book.number("excellent_share", day) * people
    return exact.numerator // exact.denominator


def _rated(band: Band, kind: PersonKind, case: _Case, book: Rulebook, day: date) -> Verdict:
    names = [row for row in book.table(LEVELS, day) if row.text("band") == band]
    own = [row for row in names if row.maybe_text("kind") == kind] or [
        row for row in names if "kind" not in row
    ]
    case.steps.append(Step("band", band.label, f"→ {band.value}", Fraction(band.rank), book.article(LEVELS)))
    return Verdict(CriteriaStatus.RATED, band, own[0].text("says"), (), tuple(case.steps))


class _Case:
    """The facts of one person, and the steps taken with them."""

    def __init__(self, facts: Mapping[str, Fraction]) -> None:
        self.facts = facts
        self.steps: list[Step] = []
        self.missing: list[str] = []

    def holds(self, row: Row) -> bool | None:
        """Whether a condition holds; None, and the fact is noted, where it is unknown."""
        fact, test, number = row.text("fact"), Test(row.text("test")), row.number("number")
        if fact not in self.facts:
            self.missing.append(fact)
            return None
        value = self.facts[fact]
        passed = test.holds(value, number)
        mark = "✓" if passed else "✗"
        self.steps.append(
            Step(
                fact,
                FACTS[fact],
                f"{row.text('band')}: {written(value)} {test.sign} {written(number)} {mark}",
                value,
                row.text("article"),
            )
        )
        return passed

    def take_missing(self) -> list[str]:
        """The facts asked for since the last time and not known."""
        found, self.missing = self.missing, []
        return found
