"""Reads tables out of .xlsx files as offices send them, and writes tables that open safely in Excel."""

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter

from evaluation.files import handed_over
from evaluation.files.says import CellRefused, FileRefused, RowError, Says, msgid
from evaluation.files.zips import check_workbook
from evaluation.rules.names import fold

__all__ = [
    "CellRefused",
    "Column",
    "FileRefused",
    "Header",
    "OutColumn",
    "OutTable",
    "RowError",
    "Says",
    "Sheet",
    "Source",
    "find_header",
    "header_key",
    "read_workbook",
    "write_table",
    "write_tables",
]

HEADER_SEARCH_ROWS = 20
PARSE_SECONDS = 90
_CHILD = Path(__file__).with_name("sheet_process.py")

Row = Sequence[object]


@dataclass(frozen=True)
class Sheet:
    """One worksheet: `rows[0]` is the spreadsheet's row 1; an empty cell is ""."""

    name: str
    rows: list[list[object]]


@dataclass(frozen=True)
class Column:
    """A column we look for: our key, our own header, and others that mean the same, between bars."""

    key: str
    label: str
    synonyms: str = ""
    required: bool = False


@dataclass(frozen=True)
class Header:
    """Where the header stands and which of the file's columns carries which key."""

    row: int
    first_data_row: int
    places: Mapping[str, int]
    titles: Mapping[str, str]
    missing: tuple[Column, ...] = ()

    def value(self, row: Row, key: str) -> object:
        """The cell of this row under the key's column, "" when the file has no such column."""
        place = self.places.get(key)
        return "" if place is None or place >= len(row) else row[place]

    def title(self, key: str) -> str:
        """The header of the key's column as the file writes it."""
        return self.titles.get(key, "")


def read_workbook(data: bytes) -> list[Sheet]:
    """All worksheets of an .xlsx file; FileRefused with a sentence when it is unsafe or unreadable.

    The zip directory is checked first; parsing happens in a child process with limits on memory and time.
    """
    check_workbook(data)
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=data,
            capture_output=True,
            timeout=PARSE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(msgid("Reading the file took too long. Split it into smaller files.")) from None
    if child.returncode != 0:
        raise FileRefused(
            msgid(
                "The file cannot be read as an Excel workbook. Open it in Excel, save it again and upload it."
            )
        )
    return [Sheet(name, rows) for name, rows in handed_over.unpack(child.stdout)]


_PUNCTUATION = re.compile(r"[^0-9a-z]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def header_key(text: object) -> str:
    """A header for comparing: no accents, case, punctuation or line breaks."""
    return _folded(text[:300]) if isinstance(text, str) else ""


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """Names of columns are compared over and over: each once with every cell of the first rows."""
    return _PUNCTUATION.sub(" ", fold(text)).strip()


def find_header(rows: Sequence[Row], columns: Sequence[Column]) -> Header | None:
    """The best matching header within the first 20 rows (one row, or two under merged cells).

    None unless at least two columns are known; columns that are required and absent are in `missing`.
    """
    names = _names(columns)
    best: tuple[int, int, int, dict[str, int]] | None = None  # matches, row, rows of header, places
    for index in range(min(HEADER_SEARCH_ROWS, len(rows))):
        for depth in (1, 2):
            if index + depth > min(HEADER_SEARCH_ROWS, len(rows)):
                continue
            places = _match(rows[index : index + depth], names)
            if best is None or (len(places), -depth) > (best[0], -best[2]):
                best = (len(places), index, depth, places)
    if best is None or best[0] < 2:
        return None
    _, index, depth, places = best
    block = rows[index : index + depth]
    first = index + depth
    while first < len(rows) and _numbers_the_columns(rows[first]):
        first += 1
    return Header(
        row=index + 1,
        first_data_row=first + 1,
        places=places,
        titles={key: _title(block, place) for key, place in places.items()},
        missing=tuple(column for column in columns if column.required and column.key not in places),
    )


def data_rows(sheet: Sheet, header: Header) -> Iterator[tuple[int, list[object]]]:
    """Each row below the header that holds anything, with the number the spreadsheet shows beside it."""
    for number, row in enumerate(sheet.rows[header.first_data_row - 1 :], header.first_data_row):
        if any(not _blank(value) for value in row):
            yield number, row


def _names(columns: Sequence[Column]) -> dict[str, str]:
    return {header_key(text): column.key for column in columns for text in _names_of(column)}


def _names_of(column: Column) -> list[str]:
    return [text for text in (column.label, *column.synonyms.split("|")) if text]


def _match(block: Sequence[Row], names: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    parent = ""
    for place in range(max(len(row) for row in block)):
        texts = [str(row[place]) if place < len(row) and isinstance(row[place], str) else "" for row in block]
        if len(texts) == 2 and texts[0].strip():
            parent = texts[0]
        for candidate in _candidates(texts, parent):
            key = names.get(candidate)
            if key is not None and key not in places:
                places[key] = place
                break
    return places


def _candidates(texts: list[str], parent: str) -> Iterator[str]:
    """What a header cell may be called, the most telling first."""
    if len(texts) == 2 and texts[1].strip():
        yield header_key(f"{parent} {texts[1]}")
        yield header_key(texts[1])
        if not texts[0].strip():
            return
    for text in (texts[0], _IN_BRACKETS.sub(" ", texts[0]), texts[0].split("\n")[0]):
        if header_key(text):
            yield header_key(text)


def _title(block: Sequence[Row], place: int) -> str:
    words = [str(row[place]).strip() for row in block if place < len(row) and isinstance(row[place], str)]
    return " ".join(" ".join(word for word in words if word).split())


_COLUMN_NUMBER = re.compile(r"\(?[0-9]{1,2}\)?|\(?[A-Z]\)?|\(?[0-9]{1,2}\)?\s*=\s*[0-9()x×*/+\s-]{1,30}")


def _numbers_the_columns(row: Row) -> bool:
    """Whether the row under the header only counts the columns: (1) (2) (3), or A B 1 2."""
    filled = [_as_text(value) for value in row if not _blank(value)]
    return (
        len(filled) >= 3 and all(_COLUMN_NUMBER.fullmatch(text) for text in filled) and "2" in "".join(filled)
    )


def _as_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()[:60]


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class OutColumn:
    """A column to write: header, width in characters, and "text", "number", "integer" or "date"."""

    title: str
    width: int = 18
    kind: str = "text"
    places: int = 2


_LIST_DASH = re.compile(r"[-–] ?[^\W\d_][^|(!=]*")
_PREFIXED = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Source:
    """Who took a file and when, for its last worksheet and its properties; a hash of its rows is added."""

    sheet_name: str
    lines: Sequence[str]
    hash_label: str
    text_hash_label: str = ""
    who: str = ""


def safe_text(value: str) -> str:
    """Text for a CSV that a spreadsheet will open: none of it becomes a formula."""
    return _text(value)


def write_table(
    columns: Sequence[OutColumn],
    rows: Iterable[Sequence[object]],
    *,
    title_lines: Sequence[str] = (),
    sheet_name: str = "Danh sách",
    source: Source | None = None,
) -> bytes:
    """One table as .xlsx: A4 landscape, header frozen and repeated in print; no text becomes a formula or link."""
    target = io.BytesIO()
    write_tables([OutTable(sheet_name, columns, rows, title_lines)], target, source)
    return target.getvalue()


@dataclass(frozen=True)
class OutTable:
    """One worksheet to write: its name, columns, rows and the lines above them."""

    sheet_name: str
    columns: Sequence[OutColumn]
    rows: Iterable[Sequence[object]]
    title_lines: Sequence[str] = ()


def write_tables(tables: Iterable[OutTable], target: io.BytesIO | str, source: Source | None = None) -> None:
    """Several tables as the worksheets of one .xlsx; into a file, rows leave memory as they come."""
    options = {
        "in_memory": not isinstance(target, str),
        "constant_memory": isinstance(target, str),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(target, options)
    digest = hashlib.sha256()
    for table in tables:
        _write_sheet(book, replace(table, rows=_hashed(table.rows, digest)))
    if source is not None:
        write_source(book, source, digest.hexdigest()[:16])
    book.close()


def _hashed(rows: Iterable[Sequence[object]], digest: Any) -> Iterator[Sequence[object]]:
    for row in rows:
        digest.update("\x1f".join(map(str, row)).encode("utf-8", "replace") + b"\n")
        yield row


def write_source(book: xlsxwriter.Workbook, source: Source, rows_hash: str) -> None:
    """The last worksheet and the property that say where a workbook comes from."""
    lines = [*source.lines, f"{source.hash_label} {rows_hash}"]
    page = book.add_worksheet(safe_sheet_name(source.sheet_name))
    page.set_column(0, 0, 60)
    for number, line in enumerate(lines):
        page.write_string(number, 0, _text(line))
    book.set_properties({"comments": _text("; ".join(lines))})


def _write_sheet(book: xlsxwriter.Workbook, table: OutTable) -> None:
    page = book.add_worksheet(safe_sheet_name(table.sheet_name))
    formats = _Formats(book, table.columns)
    for place, column in enumerate(table.columns):
        page.set_column(place, place, column.width)
    for index, line in enumerate(table.title_lines):
        page.write_string(index, 0, _text(line), formats.title if index == 0 else formats.subtitle)
    head = len(table.title_lines) + (1 if table.title_lines else 0)
    for place, column in enumerate(table.columns):
        page.write_string(head, place, column.title, formats.header)
    last = head
    for last, row in enumerate(table.rows, head + 1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _write_cell(page, last, place, column, value, formats)
    _set_page(page, head, last, len(table.columns))


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook, columns: Sequence[OutColumn]) -> None:
        base = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        cell = base | {"border": 1, "border_color": "#c5ccd6"}
        self.title = book.add_format(base | {"bold": True, "font_size": 14})
        self.subtitle = book.add_format(base | {"italic": True})
        self.header = book.add_format(
            cell
            | {"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "bg_color": "#eef1f5"}
        )
        self.text = book.add_format(cell | {"text_wrap": True, "num_format": "@", "quote_prefix": True})
        self.date = book.add_format(cell | {"num_format": "dd/mm/yyyy", "align": "center"})
        self.integer = book.add_format(cell | {"num_format": "#,##0"})
        # Excel shows the separators of the reader's own settings; 1.234,56 appears on a Vietnamese machine.
        self.numbers = {
            column.places: book.add_format(
                cell | {"num_format": "#,##0" + ("." + "0" * column.places) * bool(column.places)}
            )
            for column in columns
        }


def _write_cell(
    page: "xlsxwriter.worksheet.Worksheet",
    row: int,
    place: int,
    column: OutColumn,
    value: object,
    formats: _Formats,
) -> None:
    if value is None or value == "":
        page.write_blank(row, place, None, formats.text)
    elif isinstance(value, bool):
        page.write_string(row, place, "x" if value else "", formats.text)
    elif isinstance(value, datetime):
        page.write_datetime(row, place, value.replace(tzinfo=None), formats.date)
    elif isinstance(value, date):
        page.write_datetime(row, place, datetime.combine(value, time()), formats.date)
    elif isinstance(value, int | Decimal | Fraction | float) and column.kind != "text":
        page.write_number(
            row, place, value, formats.integer if column.kind == "integer" else formats.numbers[column.places]
        )
    else:
        page.write_string(row, place, _text(str(value)), formats.text)


def _text(value: str) -> str:
    """Text that stays text even in a CSV saved from it: a leading sign of a formula gets an apostrophe.

    A plain list dash ("- Soạn thảo") is left alone: it can start no call and no link.
    """
    clean = "".join(character for character in value if character >= " " or character in "\n\t")
    clean = clean.encode("utf-8", "ignore").decode("utf-8")[:32_767]
    if not clean.startswith(_PREFIXED) or _LIST_DASH.fullmatch(clean):
        return clean
    return "'" + clean[:32_766]


def safe_sheet_name(name: str) -> str:
    """A worksheet's name as Excel allows it: 31 letters, none of its signs."""
    return re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:31] or "Sheet1"


def _set_page(page: "xlsxwriter.worksheet.Worksheet", head: int, last: int, width: int) -> None:
    page.freeze_panes(head + 1, 0)
    page.autofilter(head, 0, max(last, head), width - 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.79, right=0.59, top=0.79, bottom=0.79)
    page.repeat_rows(head)
    page.set_footer("&R&P/&N")
