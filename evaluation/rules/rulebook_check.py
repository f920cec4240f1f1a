"""What `flask rules check` proves: nothing missing, nothing twice, nothing unread, nothing unsigned in silence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from evaluation.rules.methods import METHODS
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import Choice, Dated, Rulebook, Shelf, day_text
from evaluation.rules.tables import Column, Table

SOURCE = Path(__file__).resolve().parent.parent
PAGES = SOURCE.parent / "templates"
DECLARATIONS = frozenset({"methods.py", "history_methods.py", "method_shape.py"})
QUOTED = re.compile(r"""["']([a-z_.]+)["']""")
FIRST, LAST = date(2012, 1, 1), date(2030, 12, 31)


@dataclass(frozen=True, slots=True)
class BookReport:
    """What was found in one rulebook: its faults, its open answers, and whether its wording was verified."""

    book: Rulebook
    faults: tuple[str, ...]
    unsigned: tuple[str, ...]
    signed: tuple[str, ...]


def examine(book: Rulebook, read: Readers | None = None) -> BookReport:
    """Every value at every change of date, every key read by a rule, every answer signed or the default."""
    read = read or readers()
    unsigned, signed = [], []
    faults = [*_unread(book, read), *_ended(book)]
    for key, choice in sorted(book.choices.items()):
        answer = _answer(choice)
        if choice.decided_by is not None:
            signed.append(f"{key} = {answer}, signed: {choice.decided_by} ({choice.answers.article})")
            continue
        unsigned.append(f"{key} = {answer}, our default ({choice.answers.article})")
        if answer != choice.default:
            faults.append(
                f"{key} is answered {answer}, which is not the default {choice.default}, and nobody signed;"
                " write under decided_by who decided, in which document, on which day"
            )
    return BookReport(book, tuple(faults), tuple(unsigned), tuple(signed))


def _answer(choice: Choice) -> str | bool:
    value = choice.answers.values[-1][1]
    return choice.default if value is None else value


def _dated(book: Rulebook) -> Iterator[Dated[Any]]:
    yield from book.numbers.values()
    yield from (choice.answers for choice in book.choices.values())
    yield from book.tables.values()
    yield from (one for one in (book.band_rows, book.criteria) if one is not None)


def _ended(book: Rulebook) -> Iterator[str]:
    """Values that stop while the rulebook still decides about somebody."""
    until = book.effective[1]
    for dated in _dated(book):
        last, value = dated.values[-1]
        if value is None and (until is None or last < until):
            yield f"{dated.key} has no value from {day_text(last)} on, while the rulebook is in force"


def _unread(book: Rulebook, read: Readers) -> Iterator[str]:
    for key in sorted(book.numbers):
        if not read.reads(key):
            yield f"no rule reads the number {key}"
    for key in sorted(book.choices):
        if not read.reads(key):
            yield f"no rule asks the choice {key}"
    for key in sorted(book.tables):
        if not read.shows(key):
            yield f"no rule and no page reads the table {key}"


def subjects(shelf: Shelf, first: date = FIRST, last: date = LAST) -> tuple[list[str], list[str]]:
    """The rulebooks of each kind of person in their order, and the days on which there is none or more than one."""
    lines, faults = [], []
    for kind in PersonKind:
        terms = shelf.terms("evaluation", kind)
        changes = {first, last + timedelta(days=1)}
        for _book, term in terms:
            changes |= {day for day in (term.since, term.until) if day is not None and first <= day <= last}
        spans = []
        for since, until in pairwise(sorted(changes)):
            found = [book.name for book, term in terms if term.covers(since)]
            days = f"{day_text(since)}–{day_text(until - timedelta(days=1))}"
            spans.append(f"{' and '.join(found) or 'nothing'} {days}")
            if len(found) != 1:
                faults.append(
                    f"{kind.value} has {len(found)} rulebooks on {days}"
                    + (f": {', '.join(found)}" if found else "; name this kind under `subjects:` of one file")
                )
        lines.append(f"{kind.value}: {'; '.join(spans)}")
    return lines, faults


@dataclass(frozen=True)
class Readers:
    """The words that the program's sources use outside the declarations of methods: whole texts, and the shapes of f-strings."""

    words: frozenset[str]
    shapes: tuple[re.Pattern[str], ...]
    pages: frozenset[str] = frozenset()

    def reads(self, key: str) -> bool:
        """Whether some source names a key, or builds it."""
        return key in self.words or any(shape.fullmatch(key) for shape in self.shapes)

    def shows(self, key: str) -> bool:
        """Whether a source or a page names a key: a table of clauses may only be read by people."""
        return self.reads(key) or key in self.pages


@cache
def readers() -> Readers:
    """The readers in this checkout."""
    return readers_of(
        (path for path in sorted(SOURCE.rglob("*.py")) if path.name not in DECLARATIONS),
        sorted(PAGES.rglob("*.html")),
    )


def readers_of(paths: Iterable[Path], pages: Iterable[Path] = ()) -> Readers:
    """The words and shapes in some sources and pages; docstrings name keys without reading them and do not count."""
    words: set[str] = set()
    shapes: set[str] = set()
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                words.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                shapes.add(_shape(node))
    shown = {word for page in pages for word in QUOTED.findall(page.read_text(encoding="utf-8"))}
    return Readers(
        frozenset(words), tuple(re.compile(shape) for shape in sorted(shapes) if shape), frozenset(shown)
    )


def _shape(node: ast.JoinedStr) -> str:
    """An f-string as a pattern of keys; empty where it could be no key or any key."""
    parts = [
        re.escape(part.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        else "[A-Za-z0-9_]+"
        for part in node.values
    ]
    fixed = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return "".join(parts) if re.fullmatch(r"[a-z0-9_.]{4,}", fixed) else ""


def _figures(table: Table) -> list[str]:
    """The columns of a table that hold numbers; words are for people to read."""
    return [name for name, kind in table.columns.items() if kind is Column.NUMBER]


def unread_declarations(read: Readers | None = None) -> list[str]:
    """What a method declares and no source reads: numbers, choices, grounds, tables and their columns of numbers."""
    read = read or readers()
    lost = []
    for name, method in METHODS.items():
        declared = [*method.numbers, *method.choices, *method.grounds]
        for content in method.chapters.values():
            declared += [*content.numbers, *content.choices, *content.grounds]
        lost += [f"{name}: {key}" for key in declared if not read.reads(key)]
        for chapter, content in method.chapters.items():
            for table, shape in content.tables.items():
                lost += [
                    f"{name}: {key}"
                    for key in (f"{chapter}.{table}", *_figures(shape))
                    if not read.shows(key)
                ]
    return sorted(lost)
