import unicodedata
from collections.abc import Callable
from datetime import date

import pytest

from evaluation.files.legacy_fonts import LegacyFont, to_legacy
from evaluation.files.people import PeopleFile, read_people
from evaluation.files.says import FileRefused
from evaluation.rules.organisation import Gender, Office, PersonKind

Build = Callable[..., bytes]
HEADER = ["STT", "Mã định danh cơ quan", "Đơn vị", "Phòng/ban", "Số hiệu CBCCVC", "CMND/CCCD", "Họ và tên", "Ngày sinh",
          "Giới tính", "Dân tộc", "Chức vụ", "Vị trí việc làm", "Mã VTVL", "Loại", "Mã ngạch", "Ngày vào cơ quan",
          "Điện thoại", "Email công vụ", "Người đánh giá trực tiếp", "Trạng thái", "Ghi chú"]  # fmt: skip
HUNG = [1, "H38.12", "Sở Nội vụ", "Phòng Công chức", "H38-0001", "001085012345", "Trần Mạnh Hùng", date(1985, 8, 15),
        "Nam", "Kinh", "Trưởng phòng", "Trưởng phòng", "LD.01", "Công chức", "01.002", "01/07/2010",
        "0912345678", "hung@tinh.gov.vn", "H38-0009", "Đang công tác", ""]  # fmt: skip
LAN = [2, "H38.12", "Sở Nội vụ", "Phòng Công chức", "H38-0002", "001190000002", "Nguyễn Thị Lan", 1990,
       "Nữ", "Kinh", "Chuyên viên", "Chuyên viên tổ chức", "CM.07", "CC", "01.003", 42186,
       912345679, "", "H38-0001", "", ""]  # fmt: skip


def with_cells(person: list[object], **cells: object) -> list[object]:
    keys = {
        "code": 1,
        "number": 4,
        "personal": 5,
        "name": 6,
        "born": 7,
        "gender": 8,
        "kind": 13,
        "rank": 14,
        "email": 17,
    }
    changed = list(person)
    for key, value in cells.items():
        changed[keys[key]] = value
    return changed


def places(file: PeopleFile) -> list[tuple[int, str]]:
    return [(error.row, error.column) for error in file.errors]


def test_a_list_as_an_office_sends_it_becomes_typed_rows(workbook: Build) -> None:
    title = [["UBND TỈNH", "", ""], ["DANH SÁCH CÁN BỘ, CÔNG CHỨC", "", ""], [], HEADER, HUNG, LAN]

    file = read_people(workbook({"DS": title}, merged=["A1:C1", "A2:C2"]))

    assert file.errors == []
    hung, lan = file.rows
    assert (hung.row, hung.full_name, hung.born_on, hung.born_year_only) == (
        5,
        "Trần Mạnh Hùng",
        date(1985, 8, 15),
        False,
    )
    assert (hung.office, hung.title, hung.kind, hung.gender) == (
        Office.HEAD,
        "Trưởng phòng",
        PersonKind.CONG_CHUC,
        Gender.MALE,
    )
    assert (hung.unit_code, hung.unit_name, hung.division_name) == ("H38.12", "Sở Nội vụ", "Phòng Công chức")
    assert (hung.rank_code, hung.hired_on, hung.email) == ("01.002", date(2010, 7, 1), "hung@tinh.gov.vn")
    assert (hung.supervisor_number, hung.status) == ("H38-0009", "Đang công tác")
    assert (lan.born_on, lan.born_year_only, lan.office) == (date(1990, 1, 1), True, Office.STAFF)
    assert (lan.hired_on, lan.phone, lan.position_code) == (date(2015, 7, 1), "0912345679", "CM.07")


def test_all_errors_of_all_rows_are_reported_at_once_with_their_cells(workbook: Build) -> None:
    bad = with_cells(
        HUNG,
        code="12",
        personal="123456789",
        name="",
        born="08/25/1985",
        kind="giám đốc",
        rank="x",
        email="@",
    )
    worse = with_cells(LAN, gender="Khác", number="", personal="")

    file = read_people(workbook([HEADER, bad, worse]))

    assert sorted(places(file)) == [
        (2, "CMND/CCCD"), (2, "Email công vụ"), (2, "Họ và tên"), (2, "Loại"), (2, "Mã ngạch"),
        (2, "Mã định danh cơ quan"), (2, "Ngày sinh"), (3, "Giới tính"), (3, "Số hiệu CBCCVC"),
    ]  # fmt: skip
    assert len(file.rows) == 2


def test_a_number_used_twice_is_reported_on_both_rows_naming_the_other(workbook: Build) -> None:
    file = read_people(workbook([HEADER, HUNG, with_cells(LAN, number="H38-0001", personal="001085012345")]))

    assert sorted(places(file)) == [
        (2, "CMND/CCCD"),
        (2, "Số hiệu CBCCVC"),
        (3, "CMND/CCCD"),
        (3, "Số hiệu CBCCVC"),
    ]
    assert {(error.row, error.params["rows"]) for error in file.errors} == {(2, "3"), (3, "2")}


def test_a_name_decomposed_and_the_same_composed_are_one_person(workbook: Build) -> None:
    twin = with_cells(
        HUNG, number="H38-0099", personal="", name=unicodedata.normalize("NFD", "Trần Mạnh Hùng")
    )

    file = read_people(workbook([HEADER, HUNG, twin]))

    assert file.rows[0].full_name == file.rows[1].full_name
    assert file.errors == []
    assert [(warning.row, warning.params["rows"]) for warning in file.warnings] == [(2, "3"), (3, "2")]


def test_a_personal_number_that_lost_its_zeros_or_contradicts_the_row_only_warns(workbook: Build) -> None:
    file = read_people(
        workbook([HEADER, with_cells(HUNG, personal=1085012345), with_cells(LAN, gender="Nam")])
    )

    assert file.errors == []
    assert file.rows[0].personal_number == "001085012345"
    assert [(warning.row, warning.column) for warning in file.warnings] == [
        (2, "CMND/CCCD"),
        (3, "CMND/CCCD"),
    ]


def test_look_alike_letters_in_a_name_are_refused_and_named(workbook: Build) -> None:
    file = read_people(workbook([HEADER, with_cells(HUNG, name="Trần Mаnh Hùng")]))

    assert "U+0430" in file.errors[0].message(lambda text: text)


def test_bidi_and_zero_width_characters_are_stripped_from_names(workbook: Build) -> None:
    file = read_people(workbook([HEADER, with_cells(HUNG, name="\u202eTrần\u00a0Mạnh\u200b Hùng")]))

    assert file.rows[0].full_name == "Trần Mạnh Hùng"


@pytest.mark.parametrize(
    "header",
    [["STT", "Số hiệu", "Họ và chữ đệm", "Tên", "Năm sinh"], ["STT", "Số hiệu", "Họ và tên", "", "Năm sinh"]],
)
def test_a_name_split_over_two_columns_is_put_together(workbook: Build, header: list[str]) -> None:
    file = read_people(workbook([header, [1, "H38-0001", "Trần Mạnh", "Hùng", "1985"]]))

    assert file.rows[0].full_name == "Trần Mạnh Hùng"
    assert file.rows[0].born_year_only


def test_a_year_of_birth_under_nam_or_nu_gives_the_gender_too(workbook: Build) -> None:
    header = [["STT", "Số hiệu", "Họ và tên", "Năm sinh", ""], ["", "", "", "Nam", "Nữ"]]
    file = read_people(
        workbook([*header, [1, "H1", "Trần Hùng", 1985, ""], [2, "H2", "Nguyễn Lan", "", 1990]])
    )

    assert [(row.gender, row.born_on and row.born_on.year) for row in file.rows] == [
        (Gender.MALE, 1985),
        (Gender.FEMALE, 1990),
    ]


def test_group_lines_and_the_signature_below_the_table_are_skipped_with_a_notice(workbook: Build) -> None:
    rows = [HEADER, ["I", "", "PHÒNG CÔNG CHỨC"], HUNG, [], ["", "", "", "", "", "", "Người lập biểu"]]

    file = read_people(workbook(rows))

    assert [row.full_name for row in file.rows] == ["Trần Mạnh Hùng"]
    assert file.errors == []
    assert [warning.row for warning in file.warnings] == [2, 5]


@pytest.mark.parametrize("font", list(LegacyFont))
def test_names_in_an_old_font_are_shown_converted_for_agreement(workbook: Build, font: LegacyFont) -> None:
    file = read_people(workbook([HEADER, with_cells(HUNG, name=to_legacy("Trần Đức Thuận", font)), LAN]))

    (conversion,) = [one for one in file.conversions if one.column == "Họ và tên"]
    assert (conversion.font, conversion.changed) == (font, 1)
    assert (conversion.samples[0].row, conversion.samples[0].after) == (2, "Trần Đức Thuận")
    assert [row.full_name for row in file.rows] == ["Trần Đức Thuận", "Nguyễn Thị Lan"]


def test_a_file_without_a_name_column_is_refused_saying_which_column_to_add(workbook: Build) -> None:
    with pytest.raises(FileRefused, match="Họ và tên"):
        read_people(workbook([["Số hiệu", "Ngày sinh"], ["H1", "1985"]]))
    with pytest.raises(FileRefused):
        read_people(workbook([["a"], ["b"]]))


def test_one_name_a_thousand_times_is_named_by_its_first_rows_only(workbook: Build) -> None:
    many = [with_cells(HUNG, number=f"H{number}", personal="") for number in range(1_000)]

    file = read_people(workbook([HEADER, *many]))

    assert len(file.warnings) == 1_000
    assert file.warnings[-1].params["rows"] == "2, 3, 4, 5, 6"


def test_the_same_file_read_twice_gives_the_same_rows(workbook: Build) -> None:
    data = workbook([HEADER, HUNG, LAN])

    assert read_people(data) == read_people(data)
