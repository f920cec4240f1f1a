"""Walks the data rows of a sheet and gathers every cell's error and warning with its place."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from evaluation.files.cells import parse_text
from evaluation.files.legacy_fonts import SAMPLES, Conversion, Sample, convert_column, detect
from evaluation.files.says import CellRefused, FileRefused, RowError, Says, msgid
from evaluation.files.sheets import Column, Header, Sheet, data_rows, find_header
from evaluation.rules.names import code_points, hidden_characters

_Value = TypeVar("_Value")
NAMED = 5
HIDDEN_IN = 500  # characters of a cell that are looked at


class RowReader:
    """One row under its header: reads cells by key, and writes down what is wrong instead of stopping."""

    def __init__(
        self,
        sheet: Sheet,
        header: Header,
        number: int,
        row: Sequence[object],
        *,
        errors: list[RowError],
        warnings: list[RowError],
    ) -> None:
        self.sheet, self.header, self.number, self.row = sheet, header, number, row
        self.errors, self.warnings = errors, warnings

    def read(self, key: str, parse: Callable[[object], _Value], empty: _Value) -> _Value:
        """The cell's value, or `empty` after writing down why it was refused."""
        try:
            return parse(self.header.value(self.row, key))
        except CellRefused as refused:
            self.fail(key, refused.says_id, **refused.params)
            return empty

    def read_doubtful(
        self, key: str, parse: Callable[[object], tuple[_Value, Says | None]], empty: _Value
    ) -> _Value:
        """Like `read` for parsers that may answer with a warning beside the value."""
        nothing: tuple[_Value, Says | None] = (empty, None)
        value, doubt = self.read(key, parse, nothing)
        if doubt is not None:
            self.warn(key, doubt)
        return value

    def text(self, key: str) -> str:
        """The cell as clean text."""
        return self.read(key, parse_text, "")

    def note_hidden(self, key: str) -> None:
        """Warns of characters that cannot be seen, which reading the cell took out."""
        value = self.header.value(self.row, key)
        hidden = hidden_characters(value[:HIDDEN_IN]) if isinstance(value, str) else ""
        if hidden:
            says = msgid("Characters that cannot be seen were taken out: %(characters)s.")
            self.warn(key, Says(says, {"characters": code_points(hidden)}))

    def fail(self, key: str, says_id: str, **params: object) -> None:
        """Writes down an error at this row's cell (or at the row, with an empty key)."""
        self.errors.append(RowError(self.sheet.name, self.number, self.header.title(key), says_id, params))

    def warn(self, key: str, says: Says) -> None:
        """Writes down a warning at this row's cell."""
        title = self.header.title(key)
        self.warnings.append(RowError(self.sheet.name, self.number, title, says.says_id, says.params))

    def filled(self) -> int:
        """How many cells of the row hold anything."""
        return sum(1 for value in self.row if parse_text(str(value)[:20]))


def tables(sheets: Iterable[Sheet], columns: Sequence[Column]) -> list[tuple[Sheet, Header]]:
    """The sheets that carry a header with all required columns; FileRefused naming what the best one lacks."""
    found: list[tuple[Sheet, Header]] = []
    nearest: Header | None = None
    for sheet in sheets:
        header = find_header(sheet.rows, columns)
        if header is None:
            continue
        if not header.missing:
            found.append((sheet, header))
        elif nearest is None or len(header.places) > len(nearest.places):
            nearest = header
    if found:
        return found
    if nearest is None:
        raise FileRefused(
            msgid(
                "No header row was found in the first 20 rows. The first row of the table needs: %(columns)s."
            ),
            columns=", ".join(column.label for column in columns if column.required),
        )
    raise FileRefused(
        msgid("The header in row %(row)s lacks: %(columns)s. Add the columns and upload the file again."),
        row=nearest.row,
        columns=", ".join(column.label for column in nearest.missing),
    )


def convert_legacy(sheet: Sheet, header: Header, keys: Iterable[str]) -> tuple[Sheet, list[Conversion]]:
    """The sheet with legacy-font columns in Unicode, and what changed, for a person to agree to."""
    rows = [list(row) for row in sheet.rows]
    conversions: list[Conversion] = []
    for key in keys:
        place = header.places.get(key)
        if place is None:
            continue
        numbers = [number for number, row in data_rows(sheet, header) if _is_text(row, place)]
        cells = [str(rows[number - 1][place]) for number in numbers]
        font = detect(cells)
        if font is None:
            continue
        after = convert_column(cells, font)
        changed = [
            Sample(number, old, new)
            for number, old, new in zip(numbers, cells, after, strict=True)
            if old != new
        ]
        for sample in changed:
            rows[sample.row - 1][place] = sample.after
        conversions.append(
            Conversion(sheet.name, header.title(key), font, len(changed), tuple(changed[:SAMPLES]))
        )
    return replace(sheet, rows=rows), conversions


def _is_text(row: Sequence[object], place: int) -> bool:
    return place < len(row) and isinstance(row[place], str) and bool(row[place])


def repeated(keys: Iterable[tuple[Hashable, RowReader]]) -> list[tuple[RowReader, list[int]]]:
    """Each row whose key another row also has, with the numbers of the first five of those other rows.

    Five tell a person enough, and a file of one name 80,000 times must not cost the square of that.
    """
    by_key: dict[Hashable, list[RowReader]] = defaultdict(list)
    for key, reader in keys:
        if key:
            by_key[key].append(reader)
    return [
        (reader, [other.number for other in group[: NAMED + 1] if other is not reader][:NAMED])
        for group in by_key.values()
        if len(group) > 1
        for reader in group
    ]
