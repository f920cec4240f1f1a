"""Reads a catalogue of products as an office published it (Article 13); headers and notations differ by office."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from evaluation.files.catalogue_notations import Frame, parse_frame, parse_group
from evaluation.files.cells import parse_date, parse_decimal, parse_text, short_text
from evaluation.files.legacy_fonts import Conversion
from evaluation.files.rows import RowReader, convert_legacy
from evaluation.files.says import CellRefused, FileRefused, RowError, msgid
from evaluation.files.sheets import Column, Header, Sheet, data_rows, find_header, header_key, read_workbook
from evaluation.rules.names import clean_name, fold

READABLE_GROUPS = 99  # how many are allowed is a number of the law, checked with the rulebook
HEAD_ROWS = 20
COMPUTED_PLACES = Decimal("0.0001")

COLUMNS = (
    Column("order", "STT", "TT|Số TT|Số thứ tự"),
    Column(
        "code",
        "Mã CV",
        "Mã công việc|Mã sản phẩm|Mã SP|Mã|Mã số|Mã SP/CV|Mã sản phẩm/công việc|Ký hiệu|Mã nhiệm vụ|Mã hiệu",
    ),
    Column(
        "task",
        "Nhiệm vụ",
        "Tên nhiệm vụ|Công việc|Tên công việc|Nội dung nhiệm vụ|Tên sản phẩm/công việc"
        "|Sản phẩm/công việc|Danh mục sản phẩm/công việc|Nội dung công việc|Nhiệm vụ/công việc"
        "|Tên sản phẩm, công việc|Tên nhiệm vụ/công việc|Danh mục công việc|Lĩnh vực/nhiệm vụ",
    ),
    Column(
        "detail",
        "Công việc chi tiết",
        "Chi tiết|Mô tả|Mô tả công việc|Nội dung chi tiết|Chi tiết công việc|Công việc cụ thể"
        "|Nội dung thực hiện|Các bước thực hiện|Diễn giải|Công việc cụ thể/chi tiết",
    ),
    Column(
        "output",
        "Sản phẩm đầu ra",
        "Sản phẩm|Kết quả đầu ra|Đầu ra|Loại sản phẩm|Sản phẩm công việc|Kết quả/sản phẩm"
        "|Sản phẩm cụ thể|Sản phẩm/kết quả đầu ra|Kết quả, sản phẩm",
    ),
    Column(
        "group",
        "Nhóm",
        "Nhóm sản phẩm|Nhóm độ phức tạp|Nhóm phức tạp|Nhóm công việc|Phân nhóm|Mức độ phức tạp"
        "|Nhóm SP|Nhóm sản phẩm/công việc|Nhóm điểm|Nhóm mức độ phức tạp",
    ),
    Column(
        "frame",
        "Khung điểm",
        "Khung|Khung điểm nhóm|Khung điểm của nhóm|Thang điểm|Mức điểm|Khung điểm chấm|Khung điểm theo nhóm",
    ),
    Column(
        "points_min",
        "Điểm tối thiểu",
        "Khung điểm Từ|Khung điểm Tối thiểu|Tối thiểu|Điểm thấp nhất|Khung điểm thấp nhất|Điểm sàn"
        "|Điểm từ|Min",
    ),
    Column(
        "points_max",
        "Điểm tối đa",
        "Khung điểm Đến|Khung điểm Tối đa|Tối đa|Điểm cao nhất|Điểm trần|Mức điểm tối đa"
        "|Điểm tối đa của nhóm|Điểm đến|Max",
    ),
    Column(
        "points",
        "Điểm chấm",
        "Điểm|Số điểm|Điểm sản phẩm|Điểm chấm sản phẩm|Điểm quy đổi|Điểm công việc"
        "|Điểm chấm sản phẩm/công việc|Điểm đề xuất|Điểm số",
    ),
    Column(
        "coefficient",
        "Hệ số quy đổi",
        "Hệ số|Hệ số quy đổi (k)|k|Hệ số k|HSQĐ|Hệ số QĐ|Hệ số quy đổi sản phẩm"
        "|Hệ số quy đổi ra sản phẩm chuẩn",
    ),
    Column(
        "section",
        "Lĩnh vực",
        "Phần|Mảng công việc|Đơn vị|Phòng|Phòng/đơn vị|Nhóm lĩnh vực|Đơn vị thực hiện",
    ),
    Column("note", "Ghi chú", "Chú thích|Căn cứ|Diễn giải khác"),
)
_TEXT_KEYS = ("task", "detail", "output", "section", "note")


@dataclass(frozen=True)
class ProductRow:
    """One product as the file has it; `coefficient_given` is False when the program computed the coefficient."""

    sheet: str
    row: int
    code: str
    task: str
    detail: str
    output: str
    group: int | None
    group_text: str
    points_min: Decimal | None
    points_max: Decimal | None
    points: Decimal | None
    coefficient: Decimal | None
    coefficient_given: bool
    section: str
    note: str


@dataclass(frozen=True)
class SkippedSheet:
    """A sheet that holds no products, and why."""

    sheet: str
    says_id: str


@dataclass(frozen=True)
class CatalogueFile:
    """A catalogue as read; `standard_inferred` is True when no cell states the standard product's points.

    They are then what most printed coefficients imply.
    """

    standard_points: Decimal | None
    standard_inferred: bool
    decision_no: str
    decided_on: date | None
    products: list[ProductRow] = field(default_factory=list)
    skipped: list[SkippedSheet] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)


def read_catalogue(data: bytes) -> CatalogueFile:
    """All products of all sheets that have product columns; the rest is listed as skipped with the reason.

    FileRefused when no sheet holds products.
    """
    sheets = read_workbook(data)
    heads = [row for sheet in sheets for row in sheet.rows[:HEAD_ROWS]]
    decision_no, decided_on = _decision(heads)
    stated = _standard_points(heads)
    file = CatalogueFile(stated, False, decision_no, decided_on)
    for sheet in sheets:
        header = _product_header(sheet)
        if header is None:
            file.skipped.append(SkippedSheet(sheet.name, _why_skipped(sheet)))
            continue
        converted, conversions = convert_legacy(sheet, header, _TEXT_KEYS)
        file.conversions.extend(conversions)
        file.products.extend(_products(converted, header, file))
    if not file.products and not file.errors:
        raise FileRefused(
            msgid("No sheet holds products. A product sheet has a header with: %(columns)s."),
            columns=", ".join(column.label for column in COLUMNS[1:11]),
        )
    return _with_coefficients(file)


def _product_header(sheet: Sheet) -> Header | None:
    header = find_header(sheet.rows, COLUMNS)
    if header is None:
        return None
    has = header.places.keys()
    says_what = bool(has & {"task", "detail", "output"})
    says_worth = bool(has & {"points", "coefficient", "group", "frame", "points_max"})
    if not says_what or not says_worth:
        return None
    if "note" not in has:
        place = _standard_column(sheet.rows[header.row - 1])
        if place is not None:
            return replace(header, places={**header.places, "note": place})
    return header


def _standard_column(row: Sequence[object]) -> int | None:
    """The column whose header states the standard product: offices write it over the column of notes."""
    for place, value in enumerate(row):
        if isinstance(value, str) and "san pham chuan" in header_key(value):
            return place
    return None


def _why_skipped(sheet: Sheet) -> str:
    if any("tieu chi" in header_key(value) for row in sheet.rows[:HEAD_ROWS] for value in row):
        return msgid("General criteria, not products")
    if not any(parse_text(str(value)[:10]) for row in sheet.rows for value in row):
        return msgid("The sheet is empty")
    return msgid("No header with product columns in the first 20 rows")


_DECISION = re.compile(
    r"quyết định số\s*:?\s*([0-9]{1,6})\s?/\s*((?:[0-9]{4}/)?QĐ[-–A-ZĐ0-9.]{0,30})", re.IGNORECASE
)
_DECIDED_ON = re.compile(
    r"ngày\s*([0-9]{1,2}\s*(?:tháng|/|-)\s*[0-9]{1,2}\s*(?:năm|/|-)\s*[0-9]{4})", re.IGNORECASE
)


def _decision(rows: list[list[object]]) -> tuple[str, date | None]:
    """Number and day of the decision the catalogue is annexed to, when a title row names it."""
    for value in (value for row in rows for value in row):
        if not isinstance(value, str):
            continue
        text = clean_name(value[:500])
        found = _DECISION.search(text)
        if found is None:
            continue
        day = _DECIDED_ON.search(text, found.end())
        numbers = re.sub(r"[^0-9]+", "/", day[1]) if day else ""
        try:
            return f"{found[1]}/{found[2]}".rstrip(".-–"), parse_date(numbers)
        except CellRefused:
            return f"{found[1]}/{found[2]}".rstrip(".-–"), None
    return "", None


_STANDARD = re.compile(
    r"(?:san pham chuan|sp chuan|1 sp|01 sp|1 san pham(?: chuan)?|diem chuan|diem cua san pham chuan)"
    r"[^0-9]{0,25}([0-9]{1,5}(?:[.,][0-9]{1,2})?)\s*diem"
)
_STANDARD_AFTER = re.compile(
    r"diem (?:cua )?san pham chuan\s*[:=]?\s*(?:la )?([0-9]{1,5}(?:[.,][0-9]{1,2})?)"
)


def _standard_points(rows: list[list[object]]) -> Decimal | None:
    """The points of the standard product, when a title or header cell states them (“Sản phẩm chuẩn = 5 điểm”)."""
    for row in rows:
        for place, value in enumerate(row):
            text = fold(value[:500]) if isinstance(value, str) else ""
            found = _STANDARD.search(text) or _STANDARD_AFTER.search(text)
            if found:
                return parse_decimal(found[1])
            beside = row[place + 1] if place + 1 < len(row) else ""
            if re.fullmatch(r"diem (?:cua )?(?:sp|san pham) chuan\s*:?", text) and isinstance(beside, float):
                return parse_decimal(beside)
    return None


def _products(sheet: Sheet, header: Header, file: CatalogueFile) -> list[ProductRow]:
    products: list[ProductRow] = []
    section = task = ""
    for number, row in data_rows(sheet, header):
        reader = RowReader(sheet, header, number, row, errors=file.errors, warnings=file.warnings)
        kind = _kind_of_row(reader)
        if kind == "section":
            section, task = _section_name(reader), ""
        elif kind == "product":
            product = _product(reader, section=section, task_above=task)
            task = product.task
            products.append(product)
    return products


def _kind_of_row(reader: RowReader) -> str:
    """A product has its own code, points, group or output; a line of words alone opens a section; the rest is a footer."""
    worth = any(_filled(reader, key) for key in ("code", "output", "group", "frame", "points", "coefficient"))
    named = _filled(reader, "task") or _filled(reader, "detail")
    if worth and (named or reader.filled() > 2):
        return "product"
    words = fold(_section_name(reader))
    if not words or words.startswith(("tong cong", "cong:", "nguoi lap", "ghi chu")):
        return "footer"
    return "section" if not (named and _filled(reader, "detail") and _filled(reader, "task")) else "product"


def _filled(reader: RowReader, key: str) -> bool:
    value = reader.header.value(reader.row, key)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _section_name(reader: RowReader) -> str:
    words = [parse_text(value[:500]) for value in reader.row if isinstance(value, str) and value.strip()]
    return " ".join(words)[:500]


def _product(reader: RowReader, *, section: str, task_above: str) -> ProductRow:
    points_min, points_max = _frame(reader)
    task, detail = reader.text("task"), reader.text("detail")
    if not task and detail:
        task = task_above  # a task merged over several rows stands in the first of them only
    coefficient = reader.read("coefficient", parse_decimal, None)
    if coefficient is not None and coefficient <= 0:
        reader.fail("coefficient", msgid("The coefficient must be greater than zero."))
        coefficient = None
    points = reader.read("points", parse_decimal, None)
    if points is not None and points < 0:
        reader.fail("points", msgid("Points cannot be negative."))
        points = None
    if not task and not detail:
        reader.fail("task", msgid("The product has no task and no detail. Describe the work."))
    group_cell = reader.header.value(reader.row, "group")
    group = parse_group(group_cell)
    return ProductRow(
        sheet=reader.sheet.name,
        row=reader.number,
        code=reader.text("code"),
        task=task,
        detail=detail,
        output=reader.text("output"),
        group=group if group is not None and group <= READABLE_GROUPS else None,
        group_text=short_text(group_cell),
        points_min=points_min,
        points_max=points_max,
        points=points,
        coefficient=coefficient,
        coefficient_given=coefficient is not None,
        section=reader.text("section") or section,
        note=reader.text("note"),
    )


def _frame(reader: RowReader) -> tuple[Decimal | None, Decimal | None]:
    nothing: Frame = (None, None, None)
    low, high, doubt = reader.read("frame", parse_frame, nothing)
    if doubt is not None:
        reader.warn("frame", doubt)
    own_low = reader.read("points_min", parse_decimal, None)
    own_high = reader.read("points_max", _highest, None)
    low, high = own_low if own_low is not None else low, own_high if own_high is not None else high
    if low is not None and high is not None and low > high:
        key = "frame" if "frame" in reader.header.places else "points_max"
        reader.fail(key, msgid("The frame ends below its beginning. Write the lower number first."))
    return low, high


def _highest(value: object) -> Decimal | None:
    """A column “Điểm tối đa” holds a number, or words such as “tối đa 100”."""
    return parse_frame(value)[1] if isinstance(value, str) else parse_decimal(value)


def _with_coefficients(file: CatalogueFile) -> CatalogueFile:
    """The file with the standard product's points settled and missing coefficients computed to four places."""
    standard = file.standard_points or _implied_standard(file.products)
    products = [_with_coefficient(product, standard) for product in file.products]
    inferred = file.standard_points is None and standard is not None
    return replace(file, standard_points=standard, standard_inferred=inferred, products=products)


def _with_coefficient(product: ProductRow, standard: Decimal | None) -> ProductRow:
    if product.coefficient_given or product.points is None or not standard or product.points == 0:
        return product
    return replace(
        product, coefficient=rounded(Fraction(product.points) / Fraction(standard), COMPUTED_PLACES)
    )


def rounded(value: Fraction, places: Decimal) -> Decimal:
    """An exact fraction as a decimal, half up, at the given places."""
    scaled = value / Fraction(places)
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return (whole * places).quantize(places, rounding=ROUND_HALF_UP)


def _implied_standard(products: Sequence[ProductRow]) -> Decimal | None:
    """The standard that more than half of the printed coefficients imply: points divided by coefficient."""
    ratios = [
        rounded(Fraction(product.points) / Fraction(product.coefficient), Decimal("0.1"))
        for product in products
        if product.points and product.coefficient and product.coefficient_given
    ]
    if len(ratios) < 3:
        return None
    ratio, count = Counter(ratios).most_common(1)[0]
    return ratio.normalize() + 0 if 2 * count > len(ratios) else None
