"""Golden cases of the decrees of conditions and of the scheme of several raters, read strictly."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from evaluation.rules.case_reading import CaseError, Fields, number
from evaluation.rules.condition_words import FACTS, YES_OR_NO, Rater
from evaluation.rules.criteria_met import classify, excellent_places
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import Rulebook, Shelf
from evaluation.rules.weighted_raters import Ballot, weighted_score

Result = dict[str, Any]


def _of_conditions(case: Fields, shelf: Shelf) -> Rulebook:
    book = shelf.for_subject(case.one_of("subject", PersonKind, "CONG_CHUC"), case.sure_day("day"))
    if book.method != "criteria_met":
        raise CaseError(f"day: {book.name} gives points; write the case as period_score or annual_class")
    return book


def _criteria_met(case: Fields, shelf: Shelf) -> Result:
    given = Fields(case.raw("facts"), "facts", FACTS)
    verdict = classify(
        {fact: given.flag(fact) if fact in YES_OR_NO else given.number(fact) for fact in given.data},
        book=_of_conditions(case, shelf),
        day=case.sure_day("day"),
        kind=case.one_of("subject", PersonKind, "CONG_CHUC"),
        leader=case.flag("leader", False),
        months_worked=case.count("months_worked", 12),
    )
    return {
        "status": verdict.status.value,
        "class": None if verdict.klass is None else verdict.klass.value,
        "title": verdict.title,
        "missing": ", ".join(verdict.missing) or None,
    }


def _excellent_places(case: Fields, shelf: Shelf) -> Result:
    return {
        "quota": excellent_places(
            case.count("people"), book=_of_conditions(case, shelf), day=case.sure_day("day")
        )
    }


def _weighted_score(case: Fields, shelf: Shelf) -> Result:
    day = case.sure_day("day")
    given = Fields(case.raw("ballots"), "ballots", [rater.value for rater in Rater])
    score = weighted_score(
        {Rater(name): given.items(name, _ballot) for name in given.data},
        book=shelf.for_day("comparison", day),
        day=day,
        leader=case.flag("leader", False),
    )
    return {
        "status": score.status.value,
        "total": score.total,
        "band": None if score.band is None else score.band.value,
        "missing": ", ".join(score.missing) or None,
    }


def _ballot(data: Any, where: str) -> Ballot:
    if not isinstance(data, dict):
        raise CaseError(f"{where} must hold `group: points` lines")
    points: dict[str, Fraction] = {
        str(group): number(value, f"{where}.{group}") for group, value in data.items()
    }
    return points


HISTORY_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Fields, Shelf], Result]]] = {
    "criteria_met": (
        ("day", "subject", "leader", "months_worked", "facts"),
        ("status", "class", "title", "missing"),
        _criteria_met,
    ),
    "excellent_places": (("day", "subject", "people"), ("quota",), _excellent_places),
    "weighted_score": (
        ("day", "leader", "ballots"),
        ("status", "total", "band", "missing"),
        _weighted_score,
    ),
}
