"""Frozen results worked out again from their snapshots: nothing may come out otherwise, under the text they were made by."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from evaluation.queries import frozen_results as queries
from evaluation.rules.bands import Band
from evaluation.rules.explain import exact
from evaluation.rules.grading import AnnualStatus
from evaluation.rules.periods import Stretch
from evaluation.rules.rulebook import Rulebook
from evaluation.services import frozen_scores, grade_inputs, rulebook_sources, scores

QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a frozen result that comes out otherwise today."""

    what: str
    value: str
    frozen: object
    now: object


@dataclass(slots=True)
class Verified:
    """How many results were worked out again, and which could not be."""

    scores: int = 0
    grades: int = 0
    differing: int = 0
    without_snapshot: Counter[str] = field(default_factory=Counter)
    of_another_text: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class _Last:
    """The snapshot worked out last: the supervisor's score and the final one mostly have the same."""

    key: tuple[str, str] | None = None
    values: dict[str, Any] = field(default_factory=dict)


def verify(period: Stretch | None, tell: Callable[[Difference], None]) -> Verified:
    """Works out every frozen score and class again (of a period: its scores only) and tells of each difference.

    A result made by another text of its rulebook is counted apart, never worked out by the new text.
    """
    found, last = Verified(), _Last()
    books: dict[tuple[str, str], Rulebook | None] = {}
    for row in queries.scores(period):
        book = _book(row, books, found)
        if book is not None:
            _score(row, book, last, found, tell)
    if period is None:
        for row in queries.grades():
            book = _book(row, books, found)
            if book is not None:
                _grade(row, book, found, tell)
    return found


def _book(row: Row[Any], books: dict[tuple[str, str], Rulebook | None], found: Verified) -> Rulebook | None:
    key = (row.rulebook, row.fingerprint)
    if key not in books:
        books[key] = rulebook_sources.unchanged(*key)
    if books[key] is None:
        found.of_another_text[key] += 1
    return books[key]


def _score(
    row: Row[Any], book: Rulebook, last: _Last, found: Verified, tell: Callable[[Difference], None]
) -> None:
    key = (row.inputs, row.fingerprint)
    if last.key != key:
        inputs = json.loads(row.inputs)
        if not frozen_scores.is_whole(inputs):
            found.without_snapshot["score_sheet"] += 1
            return
        last.values = scores.frozen(frozen_scores.again(inputs, book), frozen_scores.leader_of(inputs))
        last.key = key
    found.scores += 1
    then = {name: getattr(row, name) for name in last.values} | {"steps": json.loads(row.steps)}
    _compare(f"score {row.id} ({row.stage.value}, sheet {row.report_id})", then, last.values, found, tell)


def _grade(row: Row[Any], book: Rulebook, found: Verified, tell: Callable[[Difference], None]) -> None:
    if row.inputs is None:
        found.without_snapshot["year_grade"] += 1
        return
    proposal = grade_inputs.again(row.inputs, book)
    klass = None if proposal.status is AnnualStatus.UNIT_NOT_CLASSIFIED else proposal.klass
    proposed = Band.HTTNV if row.over_quota else klass
    now = {
        "status": "SCORED" if proposed is not None else proposal.status.value,
        "months_counted": sum(
            month.get("months", 1) for month in row.inputs["months"] if month["exact_total"]
        ),
        "exact_mean": None if proposal.mean is None else exact(proposal.mean),
        "computed_class": proposal.klass,
        "proposed_class": proposed,
        "steps": [step.as_json() for step in proposal.steps],
    }
    # Who has a place is decided among all of an agency; a class remembers only that there was none.
    then = {name: getattr(row, name) for name in now}
    then["steps"] = [step for step in row.steps if step["code"] != QUOTA]
    found.grades += 1
    _compare(f"class {row.id} (person {row.person_id}, {row.year})", then, now, found, tell)


def _compare(
    what: str,
    then: dict[str, Any],
    now: dict[str, Any],
    found: Verified,
    tell: Callable[[Difference], None],
) -> None:
    if then == now:
        return
    found.differing += 1
    for name, value in now.items():
        if then[name] != value:
            tell(Difference(what, name, then[name], value))
