"""The 14-column tracking sheet of a month's work as .xlsx: converted quantities, and a, b, c with their fractions below."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any

import xlsxwriter

from evaluation.files.sheets import Source, safe_sheet_name, safe_text, write_source
from evaluation.files.word import COUNTRY, MOTTO
from evaluation.rules.explain import exact, written

TITLE = "BẢNG THEO DÕI KẾT QUẢ THỰC HIỆN NHIỆM VỤ"
COLUMNS = (
    ("STT", 5, "(1)"),
    ("Nội dung nhiệm vụ", 38, "(2)"),
    ("Ngày hết hạn", 12, "(3)"),
    ("Sản phẩm, công việc", 20, "(4)"),
    ("Hệ số quy đổi", 10, "(5)"),
    ("Số lượng giao", 10, "(6)"),
    ("Số lượng giao quy đổi", 12, "(7) = (5) × (6)"),
    ("Số lượng hoàn thành thực tế", 12, "(8)"),
    ("Số lượng hoàn thành quy đổi", 12, "(9) = (5) × (8)"),
    ("Ngày hoàn thành", 12, "(10)"),
    ("Số ngày chậm", 9, "(11)"),
    ("Số lượng đạt tiến độ quy đổi", 12, "(12)"),
    ("Số lần làm lại", 9, "(13)"),
    ("Số lượng đạt chất lượng quy đổi", 12, "(14)"),
)
LINE_HEIGHT = 16
HEAD_ROW = 7  # the heads' place, counted from nought; their numbers follow, then the lines


@dataclass(frozen=True, slots=True)
class TrackingLine:
    """One line of work; `assigned` is None for work outside the plan, which counts only in what was done."""

    task: str
    due_on: date | None
    product: str
    coefficient: Fraction
    assigned: Fraction | None
    assigned_units: Fraction
    done: Fraction
    done_units: Fraction
    done_on: date | None
    days_late: int
    progress_units: Fraction
    redone: int
    quality_units: Fraction


@dataclass(frozen=True, slots=True)
class Ratio:
    """a, b or c: the two sums, their exact ratio in percent, and what of it counts after the rulebook's cap."""

    symbol: str
    says: str
    columns: str
    part: Fraction
    whole: Fraction
    reached: Fraction | None
    counted: Fraction | None


@dataclass(frozen=True, slots=True)
class TrackingSheet:
    """One official's period; `stands` says whose figures these are."""

    sheet_name: str
    agency: str
    unit: str
    period: str
    name: str
    office: str
    stands: str
    lines: Sequence[TrackingLine]
    ratios: Sequence[Ratio]


def write_tracking_sheets(
    sheets: Iterable[TrackingSheet], target: io.BytesIO | str, source: Source | None = None
) -> None:
    """One worksheet for each official; into a file, rows leave memory as they come."""
    options = {
        "in_memory": not isinstance(target, str),
        "constant_memory": isinstance(target, str),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(target, options)
    formats = _formats(book)
    used: set[str] = set()
    digest = hashlib.sha256()
    for sheet in sheets:
        page = book.add_worksheet(_unused(sheet.sheet_name, used))
        _write(page, sheet, formats)
        digest.update(repr(sheet).encode("utf-8", "replace"))
    if source is not None:
        write_source(book, source, digest.hexdigest()[:16])
    book.close()


def _unused(name: str, used: set[str]) -> str:
    """A name no other worksheet has: Excel compares them without case and takes 31 letters."""
    base = safe_sheet_name(name)
    found, number = base, 1
    while found.lower() in used:
        number += 1
        ending = f" ({number})"
        found = base[: 31 - len(ending)] + ending
    used.add(found.lower())
    return found


def _formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
    cell = base | {"border": 1, "text_wrap": True}
    made = {
        "plain": base,
        "middle": base | {"align": "center"},
        "bold": base | {"bold": True, "align": "center"},
        "title": base | {"bold": True, "font_size": 14, "align": "center"},
        "italic": base | {"italic": True, "text_wrap": True},
        "head": cell | {"bold": True, "align": "center"},
        "number": cell | {"italic": True, "align": "center", "font_size": 10},
        "text": cell | {"num_format": "@", "quote_prefix": True},
        "date": cell | {"num_format": "dd/mm/yyyy", "align": "center"},
        "integer": cell | {"num_format": "0", "align": "center"},
        "quantity": cell | {"align": "center"},  # Excel's own format: as many decimals as the number has
        "sum": cell | {"align": "center", "bold": True},
        "label": cell | {"bold": True},
        "reached": cell | {"num_format": '"đạt "0.00"%"', "align": "center"},
        "counted": cell | {"num_format": '"tính "0.00"%"', "align": "center", "bold": True},
    }
    return {name: book.add_format(look) for name, look in made.items()}


def _write(page: Any, sheet: TrackingSheet, formats: dict[str, Any]) -> None:
    for place, (_title, width, _number) in enumerate(COLUMNS):
        page.set_column(place, place, width)
    last = len(COLUMNS) - 1
    head = (
        (sheet.agency if sheet.unit else "", COUNTRY, "middle", "bold"),
        (sheet.unit or sheet.agency, MOTTO, "bold", "bold"),
    )
    for row, (left, right, left_look, right_look) in enumerate(head):
        page.merge_range(row, 0, row, 3, safe_text(left), formats[left_look])
        page.merge_range(row, 6, row, last, right, formats[right_look])
    page.merge_range(2, 0, 2, last, "", formats["plain"])
    page.merge_range(3, 0, 3, last, TITLE, formats["title"])
    page.merge_range(4, 0, 4, last, f"Kỳ theo dõi, đánh giá: {sheet.period}", formats["middle"])
    page.merge_range(5, 0, 5, last, safe_text(f"Họ và tên: {sheet.name}; {sheet.office}"), formats["middle"])
    page.merge_range(6, 0, 6, last, sheet.stands, formats["italic"])
    page.set_row(HEAD_ROW, 64)
    for place, (title, _width, _number) in enumerate(COLUMNS):
        page.write_string(HEAD_ROW, place, title, formats["head"])
    for place, (_title, _width, column_number) in enumerate(COLUMNS):
        page.write_string(HEAD_ROW + 1, place, column_number, formats["number"])
    row = HEAD_ROW + 2
    for number, line in enumerate(sheet.lines, 1):
        _line(page, row, number, line, formats)
        row += 1
    _sums(page, row, sheet, formats)
    for ratio in sheet.ratios:
        row += 1
        _ratio(page, row, ratio, formats)
    page.freeze_panes(HEAD_ROW + 2, 2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.79, right=0.59, top=0.79, bottom=0.79)
    page.repeat_rows(HEAD_ROW, HEAD_ROW + 1)
    page.set_footer("&C&P/&N")


def _line(page: Any, row: int, number: int, line: TrackingLine, formats: dict[str, Any]) -> None:
    values: tuple[tuple[object, str], ...] = (
        (number, "integer"),
        (line.task, "text"),
        (line.due_on, "date"),
        (line.product, "text"),
        (line.coefficient, "quantity"),
        (line.assigned, "quantity"),
        (line.assigned_units, "quantity"),
        (line.done, "quantity"),
        (line.done_units, "quantity"),
        (line.done_on, "date"),
        (line.days_late, "integer"),
        (line.progress_units, "quantity"),
        (line.redone, "integer"),
        (line.quality_units, "quantity"),
    )
    page.set_row(row, LINE_HEIGHT * max(_wrapped(line.task, 1), _wrapped(line.product, 3)))
    for place, (value, look) in enumerate(values):
        if value is None or value == "":
            page.write_blank(row, place, None, formats[look])
        elif isinstance(value, date):
            page.write_datetime(row, place, datetime.combine(value, time()), formats[look])
        elif isinstance(value, str):
            page.write_string(row, place, safe_text(value), formats[look])
        else:
            page.write_number(row, place, value, formats[look])


def _wrapped(text: str, place: int) -> int:
    """How many lines a text takes in its column: only Excel works that out by itself."""
    width = COLUMNS[place][1]
    return sum(-(-len(part) // width) or 1 for part in text.split("\n")) or 1


def _sums(page: Any, row: int, sheet: TrackingSheet, formats: dict[str, Any]) -> None:
    sums = {
        6: sum((line.assigned_units for line in sheet.lines), Fraction(0)),
        8: sum((line.done_units for line in sheet.lines), Fraction(0)),
        11: sum((line.progress_units for line in sheet.lines), Fraction(0)),
        13: sum((line.quality_units for line in sheet.lines), Fraction(0)),
    }
    for place in range(len(COLUMNS)):
        if place in sums:
            page.write_number(row, place, sums[place], formats["sum"])
        else:
            page.write_string(row, place, "Tổng cộng" if place == 1 else "", formats["label"])


def _ratio(page: Any, row: int, ratio: Ratio, formats: dict[str, Any]) -> None:
    """What the ratio is, its formula with the exact fraction as text, what was reached, what counts."""
    page.write_string(row, 0, ratio.symbol, formats["label"])
    page.merge_range(row, 1, row, 3, ratio.says, formats["label"])
    page.merge_range(row, 4, row, 9, _formula(ratio), formats["text"])
    for place, value, look in ((10, ratio.reached, "reached"), (12, ratio.counted, "counted")):
        page.merge_range(row, place, row, place + 1, "" if value is None else value, formats[look])


def _formula(ratio: Ratio) -> str:
    """'a = Σ(9) / Σ(7) = 8 / 10 = 80%'; a ratio without end is given as its fraction."""
    if ratio.reached is None:
        return f"{ratio.symbol} = {ratio.columns}: không có nhiệm vụ được giao trong kỳ"
    parts = f"{ratio.symbol} = {ratio.columns} = {written(ratio.part, 8)} / {written(ratio.whole, 8)}"
    share = ratio.reached / 100
    said = written(ratio.reached, 8)
    end = f"{said}%" if Fraction(said.replace(".", "").replace(",", ".")) == ratio.reached else exact(share)
    counted = ""
    if ratio.counted is not None and ratio.counted != ratio.reached:
        counted = f", tính {written(ratio.counted)}%"
    return f"{parts} = {end}{counted}"
