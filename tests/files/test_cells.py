from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.files.cells import Birth, parse_birth, parse_date, parse_decimal, parse_text
from evaluation.files.choices import guess_office, parse_gender, parse_kind, parse_unit_role
from evaluation.files.codes import (
    doubt_personal_number,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_rank_code,
    parse_unit_code,
)
from evaluation.files.says import CellRefused
from evaluation.rules.organisation import Gender, Office, PersonKind, UnitRole


@pytest.mark.parametrize(
    "value",
    [
        "15/08/1985",
        "15/8/1985",
        "15-08-1985",
        "15.08.1985",
        "1985-08-15",
        "15/08/1985 00:00:00",
        "ngày 15 tháng 8 năm 1985",
        31274.0,
        "31274",
        31274,
        date(1985, 8, 15),
        datetime.combine(date(1985, 8, 15), time()),
    ],
)
def test_a_day_is_read_however_an_office_writes_it(value: object) -> None:
    assert parse_date(value) == date(1985, 8, 15)


@pytest.mark.parametrize(
    "value",
    [
        "08/25/1985",
        "1/2/85",
        "31/02/2020",
        "29/02/2025",
        "00/01/2020",
        "1985",
        1985.0,
        "15081985",
        "15/08/0985",
        "15/08/2185",
        -1.0,
        1e300,
        float("nan"),
        "hôm qua",
        "1" * 200_000,
        "۱۵/۰۸/۱۹۸۵",
        True,
    ],
)
def test_a_day_that_is_impossible_or_can_be_misread_is_refused(value: object) -> None:
    with pytest.raises(CellRefused):
        parse_date(value)


def test_a_month_written_first_is_named_as_such() -> None:
    with pytest.raises(CellRefused, match="month before the day"):
        parse_date("08/25/1985")


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_day_survives_being_written_and_read(day: date) -> None:
    assert parse_date(f"{day.day:02d}/{day.month:02d}/{day.year}") == parse_date(day.isoformat()) == day


def test_a_birth_may_be_a_year_alone_and_says_so() -> None:
    assert parse_birth(1985.0) == parse_birth("1985") == Birth(date(1985, 1, 1), year_only=True)
    assert parse_birth("15/08/1985") == Birth(date(1985, 8, 15))
    assert parse_birth("") == Birth(None)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("89,5", "89.5"),
        ("89.5", "89.5"),
        (89.5, "89.5"),
        (0.1 + 0.2, "0.3"),
        (70.0, "70"),
        ("1.234,5", "1234.5"),
        ("100,0001", "100.0001"),
        ("1.234.567", "1234567"),
        ("-3", "-3"),
        ("−3", "-3"),
        ("1 234,5", "1234.5"),
        (3, "3"),
    ],
)
def test_a_number_is_exact_with_comma_or_dot(value: object, number: str) -> None:
    assert parse_decimal(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        "1.234",
        "nan",
        "NaN",
        "inf",
        "1e309",
        "1e5",
        "1,5o",
        "1,2,3",
        "1,234.5",
        "--3",
        "0x10",
        float("nan"),
        float("inf"),
        1e300,
        True,
        "١٢",
        "9" * 200_000,
    ],
)
def test_what_is_no_number_or_can_be_two_numbers_is_refused(value: object) -> None:
    with pytest.raises(CellRefused):
        parse_decimal(value)


def test_a_thousand_with_a_dot_is_a_thousand_in_a_money_column_only() -> None:
    assert parse_decimal("1.234", money=True) == Decimal(1234)


def test_text_is_composed_clean_and_keeps_whole_numbers_whole() -> None:
    assert parse_text("  Lê\u00a0Va\u0306n ") == "Lê Văn"
    assert parse_text(12.0) == "12"
    assert parse_text("'=1+1") == "=1+1"


def test_text_too_long_to_be_meant_is_refused() -> None:
    with pytest.raises(CellRefused):
        parse_text("a" * 5_000_000)


def test_a_personal_number_that_lost_its_zeros_gets_them_back_with_a_warning() -> None:
    number, doubt = parse_personal_number(1085012345.0)

    assert number == "001085012345"
    assert doubt is not None
    assert parse_personal_number("001085012345") == ("001085012345", None)


@pytest.mark.parametrize(
    "value", ["123456789", 123456789.0, "0010850123456", "00108501234x", "1,08501E+11", "1234567"]
)
def test_a_number_that_is_no_twelve_digit_personal_number_is_refused_without_repeating_it(
    value: object,
) -> None:
    with pytest.raises(CellRefused) as refused:
        parse_personal_number(value)

    assert str(value) not in str(refused.value)


def test_century_year_and_gender_inside_the_number_only_ever_warn() -> None:
    fits = Birth(date(1985, 8, 15))

    assert doubt_personal_number("001085012345", fits, Gender.MALE) is None
    assert doubt_personal_number("001085012345", Birth(date(1986, 8, 15)), Gender.MALE) is not None
    assert doubt_personal_number("001085012345", fits, Gender.FEMALE) is not None
    assert (
        doubt_personal_number("001303012345", Birth(date(2003, 1, 1), year_only=True), Gender.FEMALE) is None
    )


def test_organisation_codes_are_text_and_the_reversed_form_is_turned_round() -> None:
    assert parse_unit_code(" h38.12.03 ") == ("H38.12.03", None)
    code, doubt = parse_unit_code("000.00.12.H49")
    assert code == "H49.12"
    assert doubt is not None


@pytest.mark.parametrize(
    "value", ["38.12", "H3", "H38.1", "H38.12.03.04.05.06", "Н38.12", "H38-12", "A" * 200_000]
)
def test_what_is_no_organisation_code_is_refused(value: str) -> None:
    with pytest.raises(CellRefused):
        parse_unit_code(value)


def test_a_rank_code_that_excel_shortened_is_restored_with_a_warning() -> None:
    code, doubt = parse_rank_code(1.003)

    assert code == "01.003"
    assert doubt is not None
    assert parse_rank_code("V.05.02.07") == ("V.05.02.07", None)


def test_telephones_and_addresses_are_normalised_or_refused() -> None:
    assert (
        parse_phone(912345678.0)
        == parse_phone("+84 912 345 678")
        == parse_phone("0912.345.678")
        == "0912345678"
    )
    assert parse_email(" An.NV@tinh.gov.vn ") == "an.nv@tinh.gov.vn"
    for refused in ("không có", "12"):
        with pytest.raises(CellRefused):
            parse_phone(refused)
    with pytest.raises(CellRefused):
        parse_email("a" * 3_000 + "@x")


def test_kinds_genders_and_roles_are_read_in_the_words_of_offices() -> None:
    assert parse_kind("Công chức") is parse_kind("CC") is PersonKind.CONG_CHUC
    assert parse_kind("HĐ 111") is PersonKind.HOP_DONG
    assert parse_gender("Nữ") is Gender.FEMALE
    assert parse_unit_role("Đơn vị trực tiếp sử dụng") is UnitRole.DIRECT_UNIT
    assert parse_kind("") is None
    with pytest.raises(CellRefused, match="công chức"):
        parse_kind("giám đốc")


@pytest.mark.parametrize(
    ("title", "office"),
    [
        ("Giám đốc Sở", Office.HEAD),
        ("Phó Giám đốc", Office.DEPUTY),
        ("Trưởng phòng", Office.HEAD),
        ("P. Trưởng phòng", Office.DEPUTY),
        ("Phó Trưởng phòng phụ trách", Office.DEPUTY),
        ("Chánh Văn phòng", Office.HEAD),
        ("Phó Chánh Văn phòng", Office.DEPUTY),
        ("Chủ tịch UBND xã", Office.HEAD),
        ("PCT UBND", Office.DEPUTY),
        ("Quyền Giám đốc", Office.HEAD),
        ("Chuyên viên chính", Office.STAFF),
        ("Kế toán trưởng", Office.STAFF),
        ("Chuyên viên giúp việc Phó Giám đốc", Office.STAFF),
        ("Trưởng nhóm", Office.STAFF),
        ("", Office.STAFF),
    ],
)
def test_an_office_is_guessed_from_its_title(title: str, office: Office) -> None:
    assert guess_office(title) is office
