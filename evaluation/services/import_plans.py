"""What every kind of import shares: what a file says, what applying it would change, and how both are stored."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

from evaluation.files.legacy_fonts import Conversion
from evaluation.files.says import RowError
from evaluation.files.sheets import Column, OutColumn
from evaluation.models import ImportNoun
from evaluation.services.access import Actor

Place = tuple[str, int]
MOST_ENDED_PERCENT = 5
ALWAYS_ENDED = 1


class What(StrEnum):
    """What one row of a file would do to the register."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the preview: which row, what it does, and every value before and after (None: there is none)."""

    what: What
    sheet: str
    row: int
    label: str
    fields: tuple[tuple[str, str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the person chose beside the file: the day changes count from, and whether whoever is missing ends."""

    day: date
    complete: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Diff:
    """What applying the good rows would change; `plan` is the noun's own and never stored."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    ends: int = 0
    running: int = 0
    plan: Any = None

    def count(self, what: What) -> int:
        """How many rows do this."""
        return sum(1 for change in self.changes if change.what is what)

    def ends_too_many(self) -> bool:
        """More than 5 % of the running main assignments of the agencies in the file would end (fault 26).

        It is the mark of a wrong file; a single end is always allowed: in a small office one retirement is more.
        """
        return self.ends > ALWAYS_ENDED and self.ends * 100 > self.running * MOST_ENDED_PERCENT

    def fingerprint(self) -> str:
        """Changes when the register or the file would give another result."""
        return _fingerprint(self, [_change_out(change) for change in self.changes])

    def summary(self) -> dict[str, Any]:
        """What the batch keeps of it."""
        lines = [_change_out(change) for change in self.changes]
        return {
            "new": self.count(What.NEW),
            "changed": self.count(What.CHANGED),
            "ended": self.count(What.ENDED),
            "unchanged": self.unchanged,
            "ends": self.ends,
            "running": self.running,
            "refused": self.ends_too_many(),
            "fingerprint": _fingerprint(self, lines),
            "lines": lines,
        }


@dataclass(frozen=True)
class Reading:
    """A file as read: rows (a dataclass of `files` with `sheet` and `row`), all errors, warnings and font conversions."""

    rows: list[Any]
    errors: list[RowError]
    warnings: list[RowError]
    conversions: list[Conversion]

    def bad(self) -> set[Place]:
        """The places of rows with an error."""
        return {(error.sheet, error.row) for error in self.errors}


@dataclass(frozen=True)
class ImportKind:
    """Everything one noun brings to the common import.

    `read` is a function of `files` (bytes → an object with rows, errors, warnings, conversions);
    `scope` raises Forbidden or answers with the units the actor may change (None: all);
    `compare` gets the good rows only and may find more errors, whose rows it leaves out of its plan;
    `write` applies a plan inside the caller's transaction; `tables` are locked while comparing to apply.
    """

    noun: ImportNoun
    columns: Sequence[Column]
    example: Sequence[object]
    read: Callable[[bytes], Any]
    row_type: type
    scope: Callable[[Actor | None, Options], Collection[int] | None]
    compare: Callable[[list[Any], Options, Collection[int] | None], Diff]
    write: Callable[[Diff, Options], None]
    tables: tuple[str, ...]
    by_day: bool = True
    can_be_complete: bool = False

    def template_columns(self) -> list[OutColumn]:
        """The columns of an empty form for this import."""
        return [OutColumn(column.label, max(12, min(30, len(column.label) + 4))) for column in self.columns]


def _fingerprint(diff: Diff, lines: list[Any]) -> str:
    digest = hashlib.sha256(f"{diff.unchanged} {diff.ends}".encode())
    for line in lines:
        digest.update(json.dumps(line, ensure_ascii=False).encode())
    return digest.hexdigest()


def _change_out(change: Change) -> list[Any]:
    return [change.what.value, change.sheet, change.row, change.label, change.fields]


def change_in(stored: Sequence[Any]) -> Change:
    """A stored line of the preview."""
    what, sheet, row, label, items = stored
    return Change(What(what), sheet, row, label, tuple((key, before, after) for key, before, after in items))


def error_out(error: RowError) -> list[Any]:
    """An error as JSON keeps it."""
    params = {
        key: value if isinstance(value, int | str) else str(value) for key, value in error.params.items()
    }
    return [error.sheet, error.row, error.column, error.says_id, params]


def error_in(stored: Sequence[Any]) -> RowError:
    """A stored error."""
    return RowError(*stored)


def row_out(row: Any) -> list[Any]:
    """A row of a file as a JSON list in the order of its fields."""
    return [_plain(getattr(row, item.name)) for item in fields(row)]


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def rows_in(row_type: type, stored: Sequence[Sequence[Any]]) -> list[Any]:
    """Stored rows as the dataclass they came from."""
    hints = get_type_hints(row_type)
    makers = [_maker(hints[item.name]) for item in fields(row_type)]
    return [
        row_type(*(make(value) if make and value is not None else value for make, value in zip(makers, row)))  # noqa: B905
        for row in stored
    ]


def _maker(hint: Any) -> Callable[[Any], Any] | None:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    for kind in kinds:
        if kind is date:
            return date.fromisoformat
        if kind is Decimal:
            return Decimal
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind
    return None
