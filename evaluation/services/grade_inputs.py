"""What a proposed class of the year was worked out from, kept beside it, and the same class worked out again from it."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from evaluation.queries.grades import MonthOfYear
from evaluation.rules import grading
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.grading import AnnualProposal, Blocker, Leave
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.spans import ScoredPart, shares_of
from evaluation.services.audit import plain

# What the reading of a month is remembered by.
MONTH = ("month", "report_id", "state", "not_rated_reason", "exact_total", "stage", "cycle", "months")


def snapshot(day: date, months: Iterable[MonthOfYear], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The months as they were read and what else `grading.annual_class` was told, exactly."""
    return {
        "day": day.isoformat(),
        "months": [{name: getattr(month, name) for name in MONTH} for month in months],
        "facts": plain(dict(facts)),
    }


def again(inputs: Mapping[str, Any], book: Rulebook) -> AnnualProposal:
    """The proposal that a snapshot gives under a rulebook, before the quota."""
    facts = dict(inputs["facts"])
    if facts.get("leave"):
        facts["leave"] = Leave(facts["leave"])
    if facts.get("unit_class"):
        facts["unit_class"] = Band(facts["unit_class"])
    facts["blockers"] = [Blocker(blocker) for blocker in facts.get("blockers", ())]
    day = date.fromisoformat(inputs["day"])
    parts = [
        ScoredPart(parse_exact(month["exact_total"]), (month["month"] + 2) // 3, month.get("months", 1))
        for month in inputs["months"]
        if month["exact_total"]
    ]
    scores = shares_of(parts, book.choice("span_score", day))
    return grading.annual_class(scores, book=book, day=day, **facts)


def scores_of(months: Iterable[MonthOfYear], book: Rulebook, day: date) -> list[Fraction]:
    """The scores of a year whose plain mean is the year's: a quarter's counts as often as it covers months."""
    parts = [
        ScoredPart(month.score, (month.month + 2) // 3, month.months)
        for month in months
        if month.score is not None
    ]
    return shares_of(parts, book.choice("span_score", day))
