from collections.abc import Callable
from datetime import date

import pytest

from evaluation.files.says import FileRefused
from evaluation.files.units import UnitsFile, read_units
from evaluation.rules.organisation import UnitKind, UnitRole

Build = Callable[..., bytes]
HEADER = ["STT", "Mã định danh", "Tên đơn vị", "Tên viết tắt", "Loại đơn vị", "Mã đơn vị cấp trên", "Vai trò", "Hiệu lực từ",
          "Hiệu lực đến", "Ghi chú"]  # fmt: skip
PROVINCE = [1, "H38", "UBND tỉnh", "UBND", "Tỉnh", "", "Cơ quan quản lý", date(2025, 7, 1), "", ""]
OFFICE = [2, "H38.12", "Sở Nội vụ", "SNV", "Sở", "H38", "Cơ quan sử dụng", "01/07/2025", "", ""]
DIVISION = [
    3,
    "H38.12.03",
    "Phòng Công chức",
    "",
    "Phòng",
    "H38.12",
    "Đơn vị trực tiếp sử dụng",
    "",
    "",
    "mới",
]


def places(file: UnitsFile) -> list[tuple[int, str]]:
    return [(error.row, error.column) for error in file.errors]


def test_a_list_of_units_becomes_typed_rows(workbook: Build) -> None:
    file = read_units(workbook([["DANH SÁCH ĐƠN VỊ"], HEADER, PROVINCE, OFFICE, DIVISION]))

    assert file.errors == file.warnings == []
    province, office, division = file.rows
    assert (province.code, province.kind, province.role) == (
        "H38",
        UnitKind.PROVINCE,
        UnitRole.MANAGING_AGENCY,
    )
    assert (office.parent_code, office.valid_from, office.short_name) == ("H38", date(2025, 7, 1), "SNV")
    assert (division.role, division.valid_from, division.note) == (UnitRole.DIRECT_UNIT, None, "mới")


def test_every_wrong_cell_of_every_row_is_reported(workbook: Build) -> None:
    wrong = [1, "38.H", "", "", "Liên hiệp", "??", "sếp", "31/02/2025", "", ""]
    ends_early = [2, "H40", "Sở", "", "", "", "", "02/07/2025", "01/07/2025", ""]

    file = read_units(workbook([HEADER, wrong, ends_early]))

    assert {column for row, column in places(file) if row == 2} == {
        "Mã định danh", "Tên đơn vị", "Loại đơn vị", "Mã đơn vị cấp trên", "Vai trò", "Hiệu lực từ",
    }  # fmt: skip
    assert [column for row, column in places(file) if row == 3] == ["Hiệu lực đến"]


def test_a_code_used_twice_at_one_time_is_reported_on_both_rows(workbook: Build) -> None:
    file = read_units(workbook([HEADER, PROVINCE, OFFICE, [*OFFICE[:2], "Sở khác", *OFFICE[3:]]]))

    assert places(file) == [(3, "Mã định danh"), (4, "Mã định danh")]


def test_units_above_each_other_are_reported(workbook: Build) -> None:
    file = read_units(workbook([HEADER, [1, "H38", "A", "", "", "H39"], [2, "H39", "B", "", "", "H38"]]))

    assert places(file) == [(2, "Mã đơn vị cấp trên"), (3, "Mã đơn vị cấp trên")]


def test_an_old_reversed_code_is_turned_round_with_a_warning(workbook: Build) -> None:
    file = read_units(workbook([HEADER, [1, "000.00.12.H49", "Sở Nội vụ"]]))

    assert file.rows[0].code == "H49.12"
    assert [warning.column for warning in file.warnings] == ["Mã định danh"]


def test_a_missing_column_is_named(workbook: Build) -> None:
    with pytest.raises(FileRefused, match="Mã định danh"):
        read_units(workbook([["Tên đơn vị", "Ghi chú"], ["Sở", ""]]))
