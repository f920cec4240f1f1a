"""Rulebooks: the law's numbers and open choices as dated YAML, read whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

from evaluation.rules.methods import METHODS
from evaluation.rules.organisation import PersonKind
from evaluation.rules.tables import Row

Value = TypeVar("Value")
FOLDER = Path(__file__).resolve().parent.parent / "rulebooks"


class RulebookError(Exception):
    """A rulebook cannot be used; `says` is an English message id and `params` fill it in."""

    def __init__(self, says: str, **params: object) -> None:
        super().__init__(says % params if params else says)
        self.says = says
        self.params = params


def day_text(day: date) -> str:
    """A day the Vietnamese way: 01/01/2026."""
    return f"{day:%d/%m/%Y}"


@dataclass(frozen=True, eq=False)
class Dated(Generic[Value]):
    """A value of the law by the day it takes effect; None ends it."""

    key: str
    article: str
    values: tuple[tuple[date, Value | None], ...]
    file: str

    def at(self, day: date) -> Value:
        """The value in force on a day, or a sentence that says since when there is one."""
        found: Value | None = None
        for since, value in self.values:
            if since <= day:
                found = value
        if found is not None:
            return found
        first = self.values[0][0]
        if day < first:
            raise RulebookError(
                "%(key)s has no value on %(day)s; first value: %(first)s. Check its `values:` in %(file)s.",
                key=self.key,
                day=day_text(day),
                first=day_text(first),
                file=self.file,
            )
        raise RulebookError(
            "%(key)s has no value on %(day)s; it ended on %(last)s. Check its `values:` in %(file)s.",
            key=self.key,
            day=day_text(day),
            last=day_text(self.values[-1][0]),
            file=self.file,
        )


@dataclass(frozen=True, slots=True)
class GeneralCriterion:
    """One row of the general criteria, with the most points it can get and what to look at."""

    code: str
    group: str
    group_title: str
    title: str
    max_points: Fraction
    help: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BandRow:
    """A level and the lowest score that still reaches it."""

    band: str
    at_least: Fraction


@dataclass(frozen=True, eq=False)
class Choice:
    """A question the law leaves open (`question` is its number), with its dated answer and who answered."""

    asks: str
    options: Mapping[str | bool, str]
    default: str | bool
    decided_by: str | None
    answers: Dated[str | bool]
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """For whom and how long a rulebook decides: a kind of person, or everybody it concerns (None); the last day is excluded."""

    kind: PersonKind | None
    since: date
    until: date | None
    article: str
    line: int

    def covers(self, day: date) -> bool:
        """Whether the term runs on a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, eq=False)
class Rulebook:
    """One decree: its numbers, bands, criteria, choices and grounds, each by date and with its article."""

    name: str
    family: str
    title: str
    law: str
    method: str
    issued: date
    effective: tuple[date, date | None]
    terms: tuple[Term, ...]
    verified: bool
    note: str | None
    numbers: Mapping[str, Dated[Fraction]]
    choices: Mapping[str, Choice]
    grounds: Mapping[str, str]
    band_rows: Dated[tuple[BandRow, ...]] | None
    criteria: Dated[tuple[GeneralCriterion, ...]] | None
    tables: Mapping[str, Dated[tuple[Row, ...]]]
    chapters: frozenset[str]
    fingerprint: str
    file: str
    unit: str | None = None

    def covers(self, day: date, kind: PersonKind | None = None) -> bool:
        """Whether the decree decides on a day about a kind of person, or about anybody (None); the last day is excluded."""
        return any(term.covers(day) for term in self.terms if kind is None or term.kind in (None, kind))

    @property
    def scores_months(self) -> bool:
        """Whether a month has points under this rulebook; decrees of conditions judge a year only."""
        return METHODS[self.method].scores_months

    def number(self, key: str, day: date) -> Fraction:
        """A number of the law on a day, exact."""
        if key not in self.numbers:
            raise RulebookError("%(file)s holds no number called %(key)s.", file=self.file, key=key)
        return self.numbers[key].at(day)

    def choice(self, key: str, day: date) -> str | bool:
        """The answer in force on a day to a question the law leaves open."""
        if key not in self.choices:
            raise RulebookError("%(file)s holds no choice called %(key)s.", file=self.file, key=key)
        return self.choices[key].answers.at(day)

    def article(self, key: str) -> str:
        """The article behind a number, a choice, the bands, the general criteria, a table or a ground."""
        if key in self.numbers:
            return self.numbers[key].article
        if key in self.choices:
            return self.choices[key].answers.article
        if key == "bands" and self.band_rows is not None:
            return self.band_rows.article
        if key == "general_criteria" and self.criteria is not None:
            return self.criteria.article
        if key in self.tables:
            return self.tables[key].article
        if key in self.grounds:
            return self.grounds[key]
        raise RulebookError("%(file)s names no article for %(key)s.", file=self.file, key=key)

    def bands(self, day: date) -> tuple[BandRow, ...]:
        """The levels in force on a day, the best first."""
        if self.band_rows is None:
            raise RulebookError("%(file)s holds no bands.", file=self.file)
        return self.band_rows.at(day)

    def general_criteria(self, day: date) -> tuple[GeneralCriterion, ...]:
        """The rows of the general criteria in force on a day, in the order of the form."""
        if self.criteria is None:
            raise RulebookError("%(file)s holds no general criteria.", file=self.file)
        return self.criteria.at(day)

    def has(self, chapter: str) -> bool:
        """Whether the rulebook holds a chapter of its method, whole."""
        return chapter in self.chapters

    def table(self, key: str, day: date) -> tuple[Row, ...]:
        """The rows of a table ('chapter.table') in force on a day, in the order of the file."""
        if key not in self.tables:
            raise RulebookError("%(file)s holds no table called %(key)s.", file=self.file, key=key)
        return self.tables[key].at(day)

    def weights(self, day: date) -> Row | None:
        """The row of weights of quantity, quality and progress: the unit's own, else everybody's; None where all are equal."""
        if not self.has("weights"):
            return None
        rows = self.table("weights.results", day)
        own = [row for row in rows if row.maybe_text("unit") == self.unit]
        return (own or [row for row in rows if "unit" not in row])[0]

    def units(self) -> frozenset[str]:
        """Codes of the units that have weights of their own at some time."""
        if not self.has("weights"):
            return frozenset()
        versions = [rows for _since, rows in self.tables["weights.results"].values]
        return frozenset(row.text("unit") for rows in versions if rows for row in rows if "unit" in row)

    def for_unit(self, code: str) -> Rulebook:
        """The same decree with a unit's own weights, under a name ('decree-233-2026@H17.05') and a fingerprint of its own."""
        if code not in self.units():
            return self
        mark = hashlib.sha256(f"{self.fingerprint}|unit={code}".encode()).hexdigest()
        return replace(self, name=f"{self.name}@{code}", unit=code, fingerprint=mark)

    def with_choices(self, answers: Mapping[str, str | bool]) -> Rulebook:
        """The same decree with other answers to its open questions, under a fingerprint of its own."""
        choices = dict(self.choices)
        for key, answer in answers.items():
            if key not in choices:
                raise RulebookError("%(file)s holds no choice called %(key)s.", file=self.file, key=key)
            old = choices[key]
            if answer not in old.options:
                raise RulebookError(
                    "%(key)s cannot be %(answer)s; it can be %(options)s.",
                    key=key,
                    answer=answer,
                    options=", ".join(str(option) for option in old.options),
                )
            since = old.answers.values[0][0]
            choices[key] = replace(old, answers=replace(old.answers, values=((since, answer),)))
        changed = ",".join(f"{key}={answers[key]}" for key in sorted(answers))
        mark = (
            hashlib.sha256(f"{self.fingerprint}|{changed}".encode()).hexdigest()
            if answers
            else self.fingerprint
        )
        return replace(self, choices=choices, fingerprint=mark)


class Shelf:
    """The rulebooks at hand; asked for a family or a kind of person and a day it answers with exactly one."""

    def __init__(self, paths: Iterable[Path | str]) -> None:
        from evaluation.rules.rulebook_reader import load

        self.books: tuple[Rulebook, ...] = tuple(load(path) for path in paths)
        self._refuse_unclear_terms()
        of_units = [book.for_unit(code) for book in self.books for code in sorted(book.units())]
        self._by_name = {book.name: book for book in (*self.books, *of_units)}

    def for_day(self, family: str, day: date) -> Rulebook:
        """The one rulebook of a family ('evaluation', 'commendation') on a day; for 'evaluation' the one of công chức."""
        found = [book for book, term in self.terms(family, PersonKind.CONG_CHUC) if term.covers(day)]
        if len(found) == 1:
            return found[0]
        first = min((term.since for _book, term in self.terms(family, PersonKind.CONG_CHUC)), default=None)
        raise RulebookError(
            "No rulebook for %(family)s covers %(day)s; the earliest starts on %(first)s."
            " Add one to evaluation/rulebooks.",
            family=family,
            day=day_text(day),
            first=day_text(first) if first else "?",
        )

    def for_subject(self, kind: PersonKind, day: date) -> Rulebook:
        """The one rulebook by which a kind of person is evaluated on a day (Điều 2, 27, 28 NĐ 335/2025)."""
        found = [book for book, term in self.terms("evaluation", kind) if term.covers(day)]
        if len(found) == 1:
            return found[0]
        raise RulebookError(
            "No rulebook covers %(kind)s on %(day)s. Name this kind under `subjects:` of a file in evaluation/rulebooks.",
            kind=kind.value,
            day=day_text(day),
        )

    def for_month(self, kind: PersonKind, day: date) -> Rulebook:
        """The rulebook by which a month is scored; a decree of conditions has no points and is refused with its name."""
        book = self.for_subject(kind, day)
        if not book.scores_months:
            raise RulebookError(
                "On %(day)s %(kind)s stands under %(title)s, which gives a month no points.",
                day=day_text(day),
                kind=kind.value,
                title=book.title,
            )
        return book

    def terms(self, family: str, kind: PersonKind) -> list[tuple[Rulebook, Term]]:
        """Every term in which a rulebook of a family decides about a kind of person, the earliest first."""
        found = [
            (book, term)
            for book in self.books
            if book.family == family
            for term in book.terms
            if term.kind in (None, kind)
        ]
        return sorted(found, key=lambda one: one[1].since)

    def named(self, name: str) -> Rulebook:
        """The rulebook of a name, as a frozen result remembers it; after an @ stands a unit with weights of its own."""
        if name in self._by_name:
            return self._by_name[name]
        raise RulebookError("There is no rulebook called %(name)s in evaluation/rulebooks.", name=name)

    def latest(self, family: str, kind: PersonKind = PersonKind.CONG_CHUC) -> Rulebook:
        """The rulebook of a family that took effect last for a kind of person."""
        found = self.terms(family, kind)
        if not found:
            raise RulebookError("There is no rulebook for %(family)s in evaluation/rulebooks.", family=family)
        return found[-1][0]

    def _refuse_unclear_terms(self) -> None:
        for family in {book.family for book in self.books}:
            for kind in PersonKind:
                for (older, first), (newer, second) in pairwise(self.terms(family, kind)):
                    if first.until is None or second.since < first.until:
                        raise RulebookError(
                            "%(newer)s, line %(line)s: %(older)s and %(newer)s both apply on %(day)s to %(kind)s."
                            " End the older one on that day.",
                            older=older.file,
                            newer=newer.file,
                            line=second.line,
                            day=day_text(second.since),
                            kind=kind.value,
                        )
                    if first.until < second.since:
                        raise RulebookError(
                            "%(newer)s, line %(line)s: a hole. From %(day)s no rulebook applies to %(kind)s:"
                            " %(older)s has ended and %(newer)s begins on %(since)s.",
                            older=older.file,
                            newer=newer.file,
                            line=second.line,
                            day=day_text(first.until),
                            kind=kind.value,
                            since=day_text(second.since),
                        )


def load(path: Path | str) -> Rulebook:
    """Reads one rulebook file; a file with a hole, an overlap or a missing article does not load."""
    from evaluation.rules import rulebook_reader

    return rulebook_reader.load(path)


@cache
def default_shelf() -> Shelf:
    """The rulebooks that ship with the program, read once."""
    return Shelf(sorted(FOLDER.glob("*.yaml")))
