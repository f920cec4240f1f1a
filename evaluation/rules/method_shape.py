"""The shape of a method: what its rules read from a rulebook, whole chapters apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.rules.tables import Table

Options = Mapping[str, frozenset[str | bool]]


@dataclass(frozen=True)
class Chapter:
    """A part of a method that a rulebook holds whole or leaves out whole: `book.has("name")` asks which.

    Its numbers, choices and grounds stand in the blocks of the rulebook; its tables stand under a key of the chapter's name:
    `name: { table: { article: …, values: { 2026-01-01: [rows] } } }`, read with `book.table("name.table", day)`.
    A `required` chapter may not be left out.
    """

    numbers: frozenset[str] = frozenset()
    choices: Options = field(default_factory=dict)
    grounds: frozenset[str] = frozenset()
    tables: Mapping[str, Table] = field(default_factory=dict)
    required: bool = False


@dataclass(frozen=True)
class Method:
    """A family of rules and what a rulebook must hold for it; `chapters` are the parts it may leave out whole.

    `by_subject` says that its rulebooks name the kinds of person they decide about, `scores_months` that months get points.
    """

    family: str
    numbers: frozenset[str]
    choices: Options
    grounds: frozenset[str]
    bands: bool = False
    general_criteria: bool = False
    by_subject: bool = False
    scores_months: bool = False
    chapters: Mapping[str, Chapter] = field(default_factory=dict)

    def options(self, choice: str) -> frozenset[str | bool]:
        """The answers the rules can follow for a choice, in the method or in one of its chapters."""
        for choices in (self.choices, *(chapter.choices for chapter in self.chapters.values())):
            if choice in choices:
                return choices[choice]
        return frozenset()
