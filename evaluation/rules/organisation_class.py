"""The class of an organisation: 30 + 70 points and the conditions of each level; where the text fits no level, people decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, written
from evaluation.rules.grading import QuotaBase, QuotaReadings, excellent_quota
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.tables import Row

HUNDRED = Fraction(100)
LEVELS = "organisations.levels"


class OrganisationStatus(StrEnum):
    """Whether the text gives an organisation its class."""

    RATED = "RATED"
    REQUIRES_DECISION = "REQUIRES_DECISION"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return STATUS_LABELS[self.value]


STATUS_LABELS = {
    "RATED": "Class proposed",
    "REQUIRES_DECISION": "The text fits no level; the competent authority decides",
}


class Condition(StrEnum):
    """What a level of Article 8 asks for beside its points."""

    TASKS_DONE = "TASKS_DONE"
    TASKS_LATE = "TASKS_LATE"
    TASKS_OVER = "TASKS_OVER"
    QUALITY = "QUALITY"
    SUB_UNITS = "SUB_UNITS"
    SHORTCOMINGS = "SHORTCOMINGS"

    @property
    def label(self) -> str:
        """English message id of the condition."""
        return CONDITION_LABELS[self.value]


CONDITION_LABELS = {
    "TASKS_DONE": "Tasks completed",
    "TASKS_LATE": "Tasks behind time",
    "TASKS_OVER": "Tasks completed beyond what was asked",
    "QUALITY": "Quality and effect of the tasks",
    "SUB_UNITS": "No unit directly below failed",
    "SHORTCOMINGS": "Shortcomings found before are mended",
}


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """What is known of an organisation's year; shares are percent of its tasks, None where nobody has said."""

    points: Fraction
    tasks_done: Fraction
    tasks_late: Fraction | None = Fraction(0)
    tasks_over: Fraction | None = None
    quality_met: bool = True
    sub_unit_not_completed: bool = False
    shortcomings_fixed: bool = True
    personnel_wrongdoing: bool = False
    force_majeure: bool = False

    def __post_init__(self) -> None:
        shares = (self.points, self.tasks_done, self.tasks_late, self.tasks_over)
        if any(share is not None and not 0 <= share <= HUNDRED for share in shares):
            raise ValueError("Points and shares of an organisation lie between 0 and 100.")


@dataclass(frozen=True, slots=True)
class OrganisationClass:
    """A proposed class with its working; without a class, `unmet` names what kept the fitting level away."""

    status: OrganisationStatus
    klass: Band | None
    unmet: tuple[Condition, ...]
    steps: tuple[Step, ...]


def total_points(general: Fraction, results: Fraction, *, book: Rulebook, day: date) -> Fraction:
    """Points of the general criteria (Điều 6) and of the results (Điều 7), each within its maximum."""
    for points, key in ((general, "organisation_general_max"), (results, "organisation_results_max")):
        if not 0 <= points <= book.number(key, day):
            raise ValueError(
                f"{written(points)} is not between 0 and {written(book.number(key, day))} points."
            )
    return general + results


def organisation_class(facts: OrganisationFacts, *, book: Rulebook, day: date) -> OrganisationClass:
    """The class of an organisation's year (Điều 8): what fails it, then the level of its points with all its conditions."""
    steps = [
        Step(
            "organisation_points",
            "Points of the organisation",
            written(facts.points),
            facts.points,
            book.article("organisation_points"),
        )
    ]
    failed = _failing(facts, book, day)
    if failed is not None:
        return _rated(Band.KHTNV, [*steps, failed])
    level = next(row for row in book.table(LEVELS, day) if facts.points >= row.number("at_least"))
    klass = Band(level.text("band"))
    reached = f"{written(facts.points)} ≥ {written(level.number('at_least'))}"
    steps.append(Step("band", klass.label, reached, facts.points, level.text("article")))
    if klass is Band.KHTNV:
        return _rated(klass, steps)
    excused = _excused(facts, book, day)
    if excused is not None:
        return _undecided((Condition.TASKS_DONE,), [*steps, excused], book)
    checks = list(_checks(facts, level))
    steps += [step for _condition, _met, step in checks]
    unmet = tuple(condition for condition, met, _step in checks if not met)
    return _undecided(unmet, steps, book) if unmet else _rated(klass, steps)


def organisation_quota(
    excellent: int, good: int, *, book: Rulebook, day: date, exceptional: bool = False
) -> QuotaReadings:
    """How many organisations of one authority may be excellent (Điều 8.5), under each reading of the base."""
    key = "organisation_excellent_share_exceptional" if exceptional else "organisation_excellent_share"
    share, rounding = book.number(key, day), str(book.choice("quota_rounding", day))
    found = {base: excellent_quota(excellent, good, share, base, rounding=rounding) for base in QuotaBase}
    base = QuotaBase(str(book.choice("quota_base", day)))
    return QuotaReadings(
        literal=found[QuotaBase.LITERAL],
        static=found[QuotaBase.STATIC],
        or_better=found[QuotaBase.OR_BETTER],
        chosen=found[base],
        base=base,
    )


def _failing(facts: OrganisationFacts, book: Rulebook, day: date) -> Step | None:
    """The fact that alone makes the year not completed (Điều 8.4), if there is one."""
    if facts.personnel_wrongdoing:
        return Step(
            "organisation_wrongdoing",
            "Wrongdoing in personnel work or disunity was concluded",
            "→ KHTNV",
            Fraction(Band.KHTNV.rank),
            book.article("organisation_wrongdoing"),
        )
    least = book.number("organisation_done_least", day)
    if facts.tasks_done < least and not facts.force_majeure:
        return Step(
            "organisation_done_least",
            "Too few tasks of the year's plan completed",
            f"{written(facts.tasks_done)}% < {written(least)}%",
            facts.tasks_done,
            book.article("organisation_done_least"),
        )
    return None


def _excused(facts: OrganisationFacts, book: Rulebook, day: date) -> Step | None:
    """Too few tasks for a reason nobody could prevent: the authority weighs it, the program does not (Điều 8.4.b)."""
    least = book.number("organisation_done_least", day)
    if not facts.force_majeure or facts.tasks_done >= least:
        return None
    return Step(
        "organisation_force_majeure",
        "Force majeure: the competent authority weighs the circumstances",
        f"{written(facts.tasks_done)}% < {written(least)}%",
        facts.tasks_done,
        book.article("organisation_force_majeure"),
    )


def _checks(facts: OrganisationFacts, level: Row) -> Iterator[tuple[Condition, bool, Step]]:
    """Each condition of a level, whether it is met, and how."""
    article = level.text("article")

    def check(condition: Condition, met: bool, formula: str, value: Fraction) -> tuple[Condition, bool, Step]:
        return condition, met, Step(condition.value, condition.label, formula, value, article)

    for condition, needed, share, at_most in (
        (Condition.TASKS_DONE, level.maybe_number("tasks_done"), facts.tasks_done, False),
        (Condition.TASKS_LATE, level.maybe_number("tasks_late"), facts.tasks_late, True),
        (Condition.TASKS_OVER, level.maybe_number("tasks_over"), facts.tasks_over, False),
    ):
        if needed is None:
            continue
        if share is None:
            yield check(condition, False, f"? / {written(needed)}%", Fraction(0))
            continue
        met = share <= needed if at_most else share >= needed
        sign = ("≤" if at_most else "≥") if met else (">" if at_most else "<")
        yield check(condition, met, f"{written(share)}% {sign} {written(needed)}%", share)
    for condition, asked, met in (
        (Condition.QUALITY, level.flag("quality"), facts.quality_met),
        (Condition.SUB_UNITS, level.flag("sub_units"), not facts.sub_unit_not_completed),
        (Condition.SHORTCOMINGS, level.flag("shortcomings"), facts.shortcomings_fixed),
    ):
        if asked:
            yield check(condition, met, "✓" if met else "✗", Fraction(int(met)))


def _rated(klass: Band, steps: list[Step]) -> OrganisationClass:
    return OrganisationClass(OrganisationStatus.RATED, klass, (), tuple(steps))


def _undecided(unmet: tuple[Condition, ...], steps: list[Step], book: Rulebook) -> OrganisationClass:
    status = OrganisationStatus.REQUIRES_DECISION
    gap = Step(status.value, status.label, "→ ?", Fraction(len(unmet)), book.article("organisation_gap"))
    return OrganisationClass(status, None, unmet, (*steps, gap))
