"""Tables of a rulebook: rows of typed cells, by date and under one article, as a method declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, NoReturn

Cell = str | Fraction | bool | tuple[str, ...]
Refuse = Callable[..., NoReturn]


class Column(StrEnum):
    """What a cell of a column may hold."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    FLAG = "FLAG"
    WORDS = "WORDS"


@dataclass(frozen=True)
class Table:
    """The columns of a table; `key` names columns whose values together may not repeat, `allowed` the words a column knows.

    `may_be_empty` is for a table whose absence of rows says something: the text names no conditions.
    """

    columns: Mapping[str, Column]
    optional: frozenset[str] = frozenset()
    key: tuple[str, ...] = ()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    may_be_empty: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """One line of a table; a cell that may be left out is asked with the `maybe_` question."""

    cells: Mapping[str, Cell]
    line: int

    def __contains__(self, column: str) -> bool:
        return column in self.cells

    def text(self, column: str) -> str:
        """The words in a TEXT column."""
        value = self.cells[column]
        assert isinstance(value, str)
        return value

    def maybe_text(self, column: str) -> str | None:
        """The words in a TEXT column, or None where the line leaves it out."""
        return self.text(column) if column in self.cells else None

    def number(self, column: str) -> Fraction:
        """The exact number in a NUMBER column."""
        value = self.cells[column]
        assert isinstance(value, Fraction)
        return value

    def maybe_number(self, column: str) -> Fraction | None:
        """The exact number in a NUMBER column, or None where the line leaves it out."""
        return self.number(column) if column in self.cells else None

    def flag(self, column: str) -> bool:
        """Yes or no in a FLAG column; left out means no."""
        value = self.cells.get(column, False)
        assert isinstance(value, bool)
        return value

    def words(self, column: str) -> tuple[str, ...]:
        """The list in a WORDS column; left out means empty."""
        value = self.cells.get(column, ())
        assert isinstance(value, tuple)
        return value


def read_rows(
    place: tuple[object, ...], raw: Any, table: Table, line_of: Callable[..., int], refuse: Refuse
) -> tuple[Row, ...]:
    """The rows of one version of a table; the first mistake is refused at its line."""
    if not isinstance(raw, list) or not (raw or table.may_be_empty):
        refuse(place, "%(where)s must be a list.", where=".".join(map(str, place)))
    rows: list[Row] = []
    seen: dict[tuple[Cell | None, ...], int] = {}
    for at, given in enumerate(raw):
        spot = (*place, at)
        row = Row(_cells(spot, given, table, refuse), line_of(*spot))
        if table.key:
            name = tuple(row.cells.get(column) for column in table.key)
            if name in seen:
                refuse(
                    spot,
                    "%(name)s already stands on line %(first)s.",
                    name=", ".join(str(part) for part in name),
                    first=seen[name],
                )
            seen[name] = row.line
        rows.append(row)
    return tuple(rows)


def _cells(spot: tuple[object, ...], given: Any, table: Table, refuse: Refuse) -> dict[str, Cell]:
    if not isinstance(given, dict):
        refuse(spot, "a row must hold `key: value` cells.")
    for key in given:
        if key not in table.columns:
            refuse((*spot, key), "%(key)s is not a column of this table.", key=key)
    cells: dict[str, Cell] = {}
    for column, kind in table.columns.items():
        value = given.get(column)
        if value is None:
            if column in table.optional:
                continue
            refuse(spot, "the row has no %(column)s.", column=column)
        cells[column] = _cell((*spot, column), column, kind, value, refuse)
        allowed = table.allowed.get(column)
        words = cells[column] if kind is Column.WORDS else (cells[column],)
        for word in words if allowed is not None and isinstance(words, tuple) else ():
            if allowed is not None and word not in allowed:
                refuse(
                    (*spot, column),
                    "%(column)s cannot be %(value)s; it can be %(options)s.",
                    column=column,
                    value=word,
                    options=", ".join(sorted(allowed)),
                )
    return cells


def _cell(spot: tuple[object, ...], column: str, kind: Column, value: Any, refuse: Refuse) -> Cell:
    if kind is Column.NUMBER and isinstance(value, int | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    if kind is Column.FLAG and isinstance(value, bool):
        return value
    if kind is Column.TEXT and isinstance(value, str) and value.strip():
        return value
    if kind is Column.WORDS and isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    wanted = {
        Column.NUMBER: "a number such as 70 or 0.25",
        Column.FLAG: "true or false",
        Column.TEXT: "a text",
        Column.WORDS: "a list of texts",
    }[kind]
    refuse(
        spot, "%(column)s must be %(wanted)s, not %(value)s.", column=column, wanted=wanted, value=str(value)
    )
