"""Reads the list of units as offices send it: one row a unit, every row's errors at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from evaluation.files.cells import parse_date
from evaluation.files.choices import parse_unit_kind, parse_unit_role
from evaluation.files.codes import parse_unit_code
from evaluation.files.legacy_fonts import Conversion
from evaluation.files.rows import RowReader, convert_legacy, repeated, tables
from evaluation.files.says import RowError, Says, msgid
from evaluation.files.sheets import Column, Sheet, data_rows, read_workbook
from evaluation.rules.names import code_points, foreign_letters
from evaluation.rules.organisation import UnitKind, UnitRole

COLUMNS = (
    Column("order", "STT", "TT|Số TT|Số thứ tự"),
    Column(
        "code",
        "Mã định danh",
        "Mã đơn vị|Mã|Mã cơ quan|Mã định danh cơ quan|Mã định danh đơn vị|Mã định danh điện tử|Mã tổ chức",
        required=True,
    ),
    Column(
        "name",
        "Tên đơn vị",
        "Đơn vị|Tên cơ quan|Cơ quan|Tên cơ quan, đơn vị|Cơ quan, đơn vị|Tên tổ chức|Tên"
        "|Tên cơ quan, tổ chức, đơn vị",
        required=True,
    ),
    Column("short_name", "Tên viết tắt", "Tên ngắn|Viết tắt|Tên gọi tắt"),
    Column("kind", "Loại đơn vị", "Loại|Loại hình|Loại cơ quan|Cấp|Phân loại"),
    Column(
        "parent_code",
        "Mã đơn vị cấp trên",
        "Mã cấp trên|Đơn vị cấp trên|Mã đơn vị cha|Trực thuộc|Cơ quan chủ quản|Mã cơ quan cấp trên"
        "|Mã cơ quan chủ quản|Cấp trên|Thuộc đơn vị",
    ),
    Column("role", "Vai trò", "Vai trò theo Điều 3|Vai trò sử dụng công chức|Thẩm quyền"),
    Column("valid_from", "Hiệu lực từ", "Từ ngày|Ngày thành lập|Ngày hiệu lực|Có hiệu lực từ|Ngày bắt đầu"),
    Column(
        "valid_to",
        "Hiệu lực đến",
        "Đến ngày|Ngày giải thể|Ngày hết hiệu lực|Ngày kết thúc|Hết hiệu lực",
    ),
    Column("note", "Ghi chú", "Chú thích"),
)
_TEXT_KEYS = ("name", "short_name", "note")
NAME_LIMIT = 250
MOST_LEVELS = 30


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit as the file has it; `valid_to` is the last day, as offices write it."""

    sheet: str
    row: int
    code: str
    name: str
    short_name: str
    kind: UnitKind | None
    parent_code: str
    role: UnitRole | None
    valid_from: date | None
    valid_to: date | None
    note: str


@dataclass(frozen=True)
class UnitsFile:
    """What a file of units holds, in the file's order, with every error and warning."""

    rows: list[UnitRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)


def read_units(data: bytes) -> UnitsFile:
    """All units of all sheets with code and name; parents outside the file are left for the importer to find."""
    return units_in(read_workbook(data))


def units_in(worksheets: Iterable[Sheet]) -> UnitsFile:
    """The same of worksheets already in memory: an export asks it what an import would read."""
    file = UnitsFile()
    readers: list[tuple[RowReader, UnitRow]] = []
    for sheet, header in tables(worksheets, COLUMNS):
        converted, conversions = convert_legacy(sheet, header, _TEXT_KEYS)
        file.conversions.extend(conversions)
        for number, row in data_rows(converted, header):
            reader = RowReader(converted, header, number, row, errors=file.errors, warnings=file.warnings)
            if reader.filled() <= 2 and not reader.text("code"):
                reader.warn("", Says(msgid("This row holds no unit; it was read as a heading and skipped.")))
                continue
            readers.append((reader, _unit(reader)))
    file.rows.extend(unit for _, unit in readers)
    for reader, others in repeated(
        ((unit.code, unit.valid_from), reader) for reader, unit in readers if unit.code
    ):
        reader.fail(
            "code",
            msgid("The same code stands in row %(rows)s. A code belongs to one unit at a time."),
            rows=", ".join(map(str, others)),
        )
    _report_circles(readers)
    file.errors.sort(key=lambda error: (error.sheet, error.row))
    return file


def _unit(reader: RowReader) -> UnitRow:
    code = reader.read_doubtful("code", parse_unit_code, "")
    name = reader.text("name")
    if not reader.text("code"):
        reader.fail("code", msgid("The code of the unit is missing."))
    if not name:
        reader.fail("name", msgid("The name of the unit is missing."))
    if len(name) > NAME_LIMIT:
        reader.fail(
            "name", msgid("The name is longer than %(limit)s characters. Shorten it."), limit=NAME_LIMIT
        )
    reader.note_hidden("name")
    if foreign := foreign_letters(name):
        reader.fail(
            "name",
            msgid("The name holds letters of another script: %(characters)s. Type it anew."),
            characters=" ".join(f"{one} ({code_points(one)})" for one in foreign[:5]),
        )
    valid_from = reader.read("valid_from", parse_date, None)
    valid_to = reader.read("valid_to", parse_date, None)
    if valid_from and valid_to and valid_to < valid_from:
        reader.fail("valid_to", msgid("The unit ends before it begins. Check both days."))
    parent_code = reader.read_doubtful("parent_code", parse_unit_code, "")
    return UnitRow(
        sheet=reader.sheet.name,
        row=reader.number,
        code=code,
        name=name,
        short_name=reader.text("short_name"),
        kind=reader.read("kind", parse_unit_kind, None),
        parent_code=parent_code,
        role=reader.read("role", parse_unit_role, None),
        valid_from=valid_from,
        valid_to=valid_to,
        note=reader.text("note"),
    )


def _report_circles(readers: list[tuple[RowReader, UnitRow]]) -> None:
    """An error on every unit that, going up, comes back to itself."""
    parents = {unit.code: unit.parent_code for _, unit in readers if unit.code}
    for reader, unit in readers:
        seen: set[str] = set()
        above = unit.parent_code
        while above and above not in seen and above != unit.code and len(seen) < MOST_LEVELS:
            seen.add(above)
            above = parents.get(above, "")
        if unit.code and above == unit.code:
            reader.fail(
                "parent_code", msgid("The unit stands above itself. Correct the code of its superior unit.")
            )
