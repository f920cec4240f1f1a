"""What a file's reader says to a person: an English message id with values, translated at the door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Gettext = Callable[[str], str]


def msgid(text: str) -> str:
    """Marks a message id that translations/vi must carry (a test collects every call)."""
    return text


def said(gettext: Gettext, says_id: str, params: Mapping[str, object]) -> str:
    """The message in the reader's language with its values filled in."""
    text = gettext(says_id)
    return text % params if params else text


@dataclass(frozen=True)
class Says:
    """A sentence for a person that is not tied to a cell."""

    says_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, gettext: Gettext) -> str:
        """The sentence in the reader's language."""
        return said(gettext, self.says_id, self.params)


@dataclass(frozen=True)
class Reader:
    """How the page writes for a reader; every writer of a working is given the same one, so that all of them agree."""

    gettext: Gettext
    number: Callable[[Any], str]
    moment: Callable[[Any], str]
    period: Callable[[Any], str]
    band: Callable[[Any], str]


class FileRefused(ValueError):
    """The whole file cannot be taken; says what is wrong and how to mend it."""

    def __init__(self, says_id: str, **params: object) -> None:
        super().__init__(says_id % params if params else says_id)
        self.says_id = says_id
        self.params = params

    def message(self, gettext: Gettext) -> str:
        """The refusal in the reader's language."""
        return said(gettext, self.says_id, self.params)


class CellRefused(ValueError):
    """One cell's value cannot be read; the sheet's reader adds row and column."""

    def __init__(self, says_id: str, **params: object) -> None:
        super().__init__(says_id % params if params else says_id)
        self.says_id = says_id
        self.params = params


@dataclass(frozen=True)
class RowError:
    """A cell or row that cannot be taken (or a warning about one): where, what, how to mend it.

    `row` counts from 1 as the spreadsheet shows it; `column` is the header as the file writes it, or "".
    """

    sheet: str
    row: int
    column: str
    says_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, gettext: Gettext) -> str:
        """What is wrong, in the reader's language, without the place."""
        return said(gettext, self.says_id, self.params)

    def place(self, gettext: Gettext) -> str:
        """Where it is, in the reader's language."""
        if self.column:
            return said(
                gettext,
                msgid("Sheet “%(sheet)s”, row %(row)s, column “%(column)s”"),
                {"sheet": self.sheet, "row": self.row, "column": self.column},
            )
        return said(gettext, msgid("Sheet “%(sheet)s”, row %(row)s"), {"sheet": self.sheet, "row": self.row})
