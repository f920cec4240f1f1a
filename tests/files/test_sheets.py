import io
import time
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import openpyxl
import pytest

from evaluation.files import zips
from evaluation.files.sheets import (
    Column,
    FileRefused,
    OutColumn,
    RowError,
    find_header,
    read_workbook,
    write_table,
)

COLUMNS = (
    Column("name", "Họ và tên", "Họ tên", required=True),
    Column("born", "Ngày sinh", "Năm sinh"),
    Column("low", "Điểm tối thiểu", "Khung điểm Từ"),
    Column("high", "Điểm tối đa", "Khung điểm Đến"),
)
SHEET = "xl/worksheets/sheet1.xml"


def rezipped(
    data: bytes, *, replace: dict[str, bytes] | None = None, add: dict[str, bytes] | None = None
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, (replace or {}).get(name, old.read(name)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def sheet_xml(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()
    )


@pytest.fixture
def plain(workbook: Callable[..., bytes]) -> bytes:
    return workbook([["Họ và tên", "Ngày sinh"], ["Lê An", date(1985, 8, 15)]])


def refusal(data: bytes) -> str:
    started = time.perf_counter()
    with pytest.raises(FileRefused) as refused:
        read_workbook(data)
    assert time.perf_counter() - started < 5
    return refused.value.message(lambda text: text)


def test_rows_keep_the_numbers_the_spreadsheet_shows_and_empty_rows_stay(
    workbook: Callable[..., bytes],
) -> None:
    (sheet,) = read_workbook(workbook({"Tờ 1": [[], ["", "B2"], [], [1.5]]}))

    assert sheet.name == "Tờ 1"
    assert [row[:2] for row in sheet.rows] == [["", ""], ["", "B2"], ["", ""], [1.5, ""]]


def test_a_header_is_found_below_merged_titles_whatever_its_accents_and_line_breaks(
    workbook: Callable[..., bytes],
) -> None:
    rows = [
        ["DANH SÁCH", "", ""],
        ["(Kèm theo …)", "", ""],
        [],
        ["STT", "HỌ  VÀ\nTÊN", "Ngày sinh (dd/mm/yyyy)"],
        [1, "Lê An", ""],
    ]
    (sheet,) = read_workbook(workbook(rows, merged=["A1:C1", "A2:C2"]))

    header = find_header(sheet.rows, COLUMNS)

    assert header is not None
    assert (header.row, header.first_data_row, dict(header.places)) == (4, 5, {"name": 1, "born": 2})
    assert header.title("name") == "HỌ VÀ TÊN"


def test_a_header_of_two_rows_under_merged_cells_is_read_as_one() -> None:
    rows = [["Họ tên", "Khung điểm", ""], ["", "Từ", "Đến"], ["(1)", "(2)", "(3)"], ["Lê An", 1.0, 10.0]]

    header = find_header(rows, COLUMNS)

    assert header is not None
    assert dict(header.places) == {"name": 0, "low": 1, "high": 2}
    assert header.first_data_row == 4
    assert header.title("high") == "Đến"


def test_a_title_right_above_the_header_is_no_part_of_it() -> None:
    header = find_header([["DANH SÁCH CÔNG CHỨC", ""], ["Họ tên", "Năm sinh"], ["Lê An", 1985.0]], COLUMNS)

    assert header is not None
    assert (header.row, header.title("name")) == (2, "Họ tên")


def test_a_table_without_any_known_column_has_no_header_and_a_missing_one_is_named() -> None:
    assert find_header([["a", "b"], [1.0, 2.0]], COLUMNS) is None
    assert find_header([], COLUMNS) is None
    header = find_header([["Năm sinh", "Điểm tối đa"]], COLUMNS)
    assert header is not None
    assert [column.label for column in header.missing] == ["Họ và tên"]


def test_a_header_is_not_looked_for_below_the_twentieth_row() -> None:
    assert find_header([[""]] * 20 + [["Họ tên", "Năm sinh"]], COLUMNS) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + b"\x00" * 50,
        b"Ho ten;Nam sinh\r\nLe An;1985\r\n",
        b"MZ\x90\x00",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_workbook_is_refused_in_a_sentence(data: bytes) -> None:
    assert refusal(data).endswith(".")


def test_a_csv_renamed_to_xlsx_is_told_to_be_saved_as_xlsx() -> None:
    assert "not an Excel .xlsx file" in refusal("Họ tên;Năm sinh\r\n".encode("utf-8-sig"))


def test_an_old_xls_and_an_encrypted_workbook_are_told_apart() -> None:
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504

    assert "old .xls" in refusal(compound)
    assert "password" in refusal(compound + "EncryptedPackage".encode("utf-16-le"))


def test_a_truncated_workbook_is_called_damaged(plain: bytes) -> None:
    for cut in (30, len(plain) // 2, len(plain) - 10):
        assert "damaged" in refusal(plain[:cut])


def test_every_single_flipped_byte_is_read_or_refused_and_never_crashes(plain: bytes) -> None:
    says: list[str] = []
    for place in range(0, len(plain), max(1, len(plain) // 40)):
        broken = plain[:place] + bytes([plain[place] ^ 0xFF]) + plain[place + 1 :]
        try:
            read_workbook(broken)
        except FileRefused as refused:
            says.append(refused.message(lambda text: text))
    assert all(says)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("readme.txt", "x")

    assert "not an Excel .xlsx file" in refusal(target.getvalue())


def test_macros_and_links_to_other_files_are_refused(plain: bytes) -> None:
    assert "macros" in refusal(rezipped(plain, add={"xl/vbaProject.bin": b"x"}))
    assert "links to other files" in refusal(
        rezipped(plain, add={"xl/externalLinks/externalLink1.xml": b"<a/>"})
    )


def test_a_zip_bomb_is_refused_before_anything_unpacks_it(plain: bytes) -> None:
    bomb = rezipped(
        plain, replace={SHEET: sheet_xml("<row r='1'>" + "<c r='A1'><v>1</v></c>" * 3_000_000 + "</row>")}
    )
    assert len(bomb) < 400_000
    started = time.perf_counter()

    assert "unpacks to far more" in refusal(bomb)
    assert time.perf_counter() - started < 1


def test_a_member_that_lies_about_its_size_is_refused(plain: bytes) -> None:
    content = b"<a/>" * 2_000_000
    honest = rezipped(plain, add={"xl/extra.xml": content})
    size = len(content).to_bytes(4, "little")
    assert honest.count(size) >= 2

    assert "." in refusal(honest.replace(size, (1_000).to_bytes(4, "little")))


def test_a_package_of_thousands_of_members_is_refused(plain: bytes) -> None:
    assert "far more" in refusal(
        rezipped(plain, add={f"xl/media/{n}.xml": b"" for n in range(zips.MAX_ENTRIES + 1)})
    )


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1'><c  r = 'XFD1'><v>1</v></c></row>",
        '<row r="9999999"><c r="ZZZZ9999999"><v>1</v></c></row>',
    ],
)
def test_a_value_far_from_the_table_is_refused_before_it_takes_all_memory(plain: bytes, cells: str) -> None:
    said = refusal(rezipped(plain, replace={SHEET: sheet_xml(cells)}))

    assert "far away" in said or "columns" in said


def test_a_far_cell_hidden_from_the_check_ends_the_reading_process_and_not_ours(plain: bytes) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">' + "<c><v>1</v></c>" * 16_000 + "</row>"

    assert refusal(rezipped(plain, replace={SHEET: sheet_xml(far)}))


def test_empty_coloured_cells_to_the_far_right_do_no_harm(plain: bytes) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>Họ tên</t></is></c><c r="XFD1" s="0"/></row>'

    (sheet,) = read_workbook(rezipped(plain, replace={SHEET: sheet_xml(cells)}))

    assert sheet.rows[0][0] == "Họ tên"


def test_an_entity_bomb_in_the_xml_is_harmless(plain: bytes) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    cells = sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>').removeprefix(
        b'<?xml version="1.0"?>'
    )
    try:
        (sheet,) = read_workbook(rezipped(plain, replace={SHEET: bomb + cells}))
    except FileRefused:
        return
    assert len(str(sheet.rows)) < 100


def test_the_reading_process_has_a_limit_on_memory(plain: bytes) -> None:
    from evaluation.files import sheet_process

    assert sheet_process.MEMORY_LIMIT <= 2 * 1024**3


def opened(data: bytes) -> "openpyxl.worksheet.worksheet.Worksheet":
    return openpyxl.load_workbook(io.BytesIO(data)).active


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "+cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "-2+3",
        "\t=1",
        "http://vi.du",
        "- Soạn | (=1",
    ],
)
def test_no_text_ever_becomes_a_formula_or_a_link(text: str) -> None:
    page = opened(write_table([OutColumn("Nội dung")], [[text]]))

    cell = page["A2"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert not str(cell.value).startswith(("=", "+", "@", "-", "\t"))


def test_a_plain_list_dash_stays_as_written() -> None:
    assert (
        opened(write_table([OutColumn("Nội dung")], [["- Soạn thảo công văn"]]))["A2"].value
        == "- Soạn thảo công văn"
    )


def test_a_written_table_prints_on_a4_landscape_with_its_header_on_every_page() -> None:
    columns = [OutColumn("Họ và tên", 30), OutColumn("Điểm", kind="number"), OutColumn("Ngày", kind="date")]
    data = write_table(
        columns, [["Lê An", Fraction(173, 2), date(2026, 11, 23)]], title_lines=["DANH SÁCH", "Năm 2026"]
    )

    page = opened(data)

    assert (page["A1"].value, page["A2"].value, page["A4"].value) == ("DANH SÁCH", "Năm 2026", "Họ và tên")
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.print_title_rows == "$4:$4"
    assert page.freeze_panes == "A5"
    assert (page["B5"].value, page["B5"].number_format) == (86.5, "#,##0.00")
    assert page["C5"].number_format == "dd/mm/yyyy"
    assert page.column_dimensions["A"].width >= 30


def test_what_is_written_is_read_back_unchanged() -> None:
    rows = [["Lê An", "001085012345", Decimal("1.5")], ["Đỗ Ân\x00\ud800", "H38.12", Decimal(1234)]]
    data = write_table([OutColumn("Họ và tên"), OutColumn("Mã"), OutColumn("Hệ số", kind="number")], rows)

    (sheet,) = read_workbook(data)

    assert sheet.rows[1:] == [["Lê An", "001085012345", 1.5], ["Đỗ Ân", "H38.12", 1234.0]]


def test_a_row_error_says_where_and_what_in_the_readers_language() -> None:
    error = RowError("Tờ 1", 17, "Hệ số", "“%(value)s” is not a number.", {"value": "1,5o"})
    vietnamese = {"“%(value)s” is not a number.": "“%(value)s” không phải là số."}

    assert error.message(lambda text: vietnamese.get(text, text)) == "“1,5o” không phải là số."
    assert error.place(lambda text: text) == "Sheet “Tờ 1”, row 17, column “Hệ số”"
