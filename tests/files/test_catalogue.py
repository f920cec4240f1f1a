from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from evaluation.files.catalogue import CatalogueFile, read_catalogue
from evaluation.files.catalogue_check import FindingKind, check_catalogue
from evaluation.files.catalogue_notations import parse_frame, parse_group
from evaluation.files.says import CellRefused, FileRefused

Build = Callable[..., bytes]
REAL = Path(__file__).resolve().parents[3] / "shared/data/danh-muc-san-pham-cong-viec-xa.xlsx"
ANNEX = "(Kèm theo Quyết định số 12/ QĐ-UBND ngày 3 tháng 4 năm 2026 của UBND xã Hoa Mai)"
HEADER = [
    "STT",
    "Mã CV",
    "Nhiệm vụ",
    "Công việc chi tiết",
    "Sản phẩm đầu ra",
    "Nhóm",
    "Khung điểm",
    "Điểm chấm",
    "Hệ số quy đổi",
]
CRITERIA = [
    ["PHỤ LỤC I: TIÊU CHÍ CHUNG"],
    [ANNEX],
    ["TT", "Tiêu chí chấm điểm", "Điểm tối đa"],
    ["I", "Phẩm chất", 10],
]


def product(code: object = "DC.01", **cells: object) -> list[object]:
    values = {"order": 1, "code": code, "task": f"Soạn công văn {code}", "detail": "Dự thảo, trình ký", "output": "Công văn",
              "group": "N2", "frame": "11-50", "points": 25, "coefficient": 5} | cells  # fmt: skip
    return list(values.values())


def annex(*products: list[object]) -> dict[str, list[list[object]]]:
    head = [
        ["PHỤ LỤC III"],
        ["DANH MỤC DÙNG CHUNG"],
        [ANNEX],
        [*HEADER, "Sản phẩm chuẩn = 5 điểm = hệ số 1,00"],
    ]
    return {"PL I": CRITERIA, "PL III": [*head, *products]}


def kinds(file: CatalogueFile) -> list[tuple[int, FindingKind]]:
    return [(finding.row, finding.kind) for finding in check_catalogue(file, 5)]


def test_a_published_annex_is_read_with_its_decision_and_standard_and_its_criteria_sheet_is_skipped(
    workbook: Build,
) -> None:
    first = [*product(coefficient="=ROUND(H5/5,2)"), "Bổ sung"]
    file = read_catalogue(
        workbook(annex(first, product("DC.02", points=40, coefficient="8,00")), merged=["A1:C1"])
    )

    assert (file.standard_points, file.standard_inferred) == (5, False)
    assert (file.decision_no, file.decided_on) == ("12/QĐ-UBND", date(2026, 4, 3))
    assert [(sheet.sheet, sheet.says_id) for sheet in file.skipped] == [
        ("PL I", "General criteria, not products")
    ]
    one, two = file.products
    assert (one.sheet, one.row, one.code, one.group, one.points_min, one.points_max) == (
        "PL III",
        5,
        "DC.01",
        2,
        11,
        50,
    )
    assert (one.points, one.coefficient, one.coefficient_given, one.note) == (25, 5, False, "Bổ sung")
    assert (two.coefficient, two.coefficient_given) == (8, True)
    assert check_catalogue(file, 5) == []


def test_another_offices_columns_notations_and_two_row_header_mean_the_same(workbook: Build) -> None:
    rows = [
        ["DANH MỤC SẢN PHẨM QUY ĐỔI", "", "", "", "", "", ""],
        ["Điểm sản phẩm chuẩn: 25", "", "", "", "", "", ""],
        [
            "TT",
            "Tên sản phẩm/công việc",
            "Kết quả đầu ra",
            "Nhóm phức tạp",
            "Khung điểm",
            "",
            "Điểm",
            "Hệ số (k)",
            "Mã SP",
        ],
        ["", "", "", "", "Từ", "Đến", "", "", ""],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
        ["A", "LĨNH VỰC THU"],
        [1, "Thông báo thuế", "Thông báo", "Nhóm III", 201, 300, "212,5", "8,50", "SP-1"],
    ]

    file = read_catalogue(workbook(rows))

    (row,) = file.products
    assert (file.standard_points, row.row, row.code, row.task, row.output) == (
        25,
        7,
        "SP-1",
        "Thông báo thuế",
        "Thông báo",
    )
    assert (row.group, row.points_min, row.points_max, row.points) == (3, 201, 300, Decimal("212.5"))
    assert (row.coefficient, row.section) == (Decimal("8.50"), "A LĨNH VỰC THU")
    assert check_catalogue(file, 5) == []


@pytest.mark.parametrize(
    "group", ["N3", "Nhóm 3", "III", "3", 3.0, "nhóm III", "N.3", "Nhóm III (phức tạp)", " n3 "]
)
def test_a_group_is_read_in_every_notation(group: object) -> None:
    assert parse_group(group) == 3


@pytest.mark.parametrize("group", ["", "phức tạp", "A", "N", "IIII", "3,5"])
def test_what_names_no_group_is_none(group: object) -> None:
    assert parse_group(group) is None


@pytest.mark.parametrize(
    ("frame", "low", "high"),
    [
        ("51-100", 51, 100),
        ("51 – 100", 51, 100),
        ("51—100 điểm", 51, 100),
        ("từ 51 đến 100", 51, 100),
        ("tối đa 100", None, 100),
        ("≤ 100", None, 100),
        ("Không quá 100 điểm", None, 100),
        ("trên 50 đến 100", 50, 100),
        ("từ 201 trở lên", 201, None),
        ("1,5-2,5", Decimal("1.5"), Decimal("2.5")),
        (100.0, None, 100),
        (date(2026, 10, 1), 1, 10),
        ("", None, None),
    ],
)
def test_a_frame_is_read_in_every_notation(frame: object, low: object, high: object) -> None:
    assert parse_frame(frame)[:2] == (low, high)


def test_a_frame_that_excel_made_a_date_is_read_with_a_warning() -> None:
    assert parse_frame(date(2026, 10, 1))[2] is not None


def test_a_frame_that_is_none_is_refused() -> None:
    for frame in ("cao", "51-", "9" * 200_000):
        with pytest.raises(CellRefused):
            parse_frame(frame)


def test_points_outside_the_frame_are_found(workbook: Build) -> None:
    rows = annex(
        product(points=55, coefficient=11),
        product("DC.02", points=50, coefficient=10),
        product("DC.03", points=10, coefficient=2),
    )

    assert kinds(read_catalogue(workbook(rows))) == [
        (5, FindingKind.POINTS_OUTSIDE_FRAME), (7, FindingKind.POINTS_OUTSIDE_FRAME)
    ]  # fmt: skip


def test_a_coefficient_is_compared_exactly_and_a_printed_rounding_is_only_remarked(workbook: Build) -> None:
    rows = annex(
        product("A", coefficient="5,00"), product("B", coefficient="5,01"), product("C", points="11,013", coefficient="2,20"),
        product("D", points="11,013", coefficient="2,2"), product("E", points="11,013", coefficient="2,203"),
        product("F", points="11,013", coefficient="2,21"),
    )  # fmt: skip
    file = read_catalogue(workbook(rows))

    assert kinds(file) == [
        (6, FindingKind.COEFFICIENT_MISMATCH), (7, FindingKind.COEFFICIENT_ROUNDED),
        (8, FindingKind.COEFFICIENT_ROUNDED), (9, FindingKind.COEFFICIENT_ROUNDED), (10, FindingKind.COEFFICIENT_MISMATCH),
    ]  # fmt: skip
    assert (
        check_catalogue(file, 5)[0].message(lambda text: text)
        == "Coefficient 5,01 is not 25 divided by 5, which is 5."
    )


def test_duplicate_codes_and_texts_are_found_on_every_row_naming_the_others(workbook: Build) -> None:
    rows = annex(
        product("A"),
        product("a ", task="Khác"),
        product("C", task="BÁO CÁO  quý"),
        product("D", task="Báo cáo quý"),
    )
    findings = check_catalogue(read_catalogue(workbook(rows)), 5)

    assert [(finding.row, finding.kind, finding.params["places"]) for finding in findings] == [
        (5, FindingKind.DUPLICATE_CODE, "PL III:6"), (6, FindingKind.DUPLICATE_CODE, "PL III:5"),
        (7, FindingKind.DUPLICATE_TEXT, "PL III:8"), (8, FindingKind.DUPLICATE_TEXT, "PL III:7"),
    ]  # fmt: skip


def test_what_a_row_lacks_is_found(workbook: Build) -> None:
    rows = annex(product("", output="", group="phức tạp", points="", coefficient=""), product("B", group=""))

    assert kinds(read_catalogue(workbook(rows))) == [
        (5, FindingKind.MISSING_CODE), (5, FindingKind.MISSING_OUTPUT), (5, FindingKind.MISSING_POINTS),
        (5, FindingKind.UNKNOWN_GROUP), (6, FindingKind.UNKNOWN_GROUP),
    ]  # fmt: skip


def test_a_sixth_group_breaks_the_limit_of_the_decree_and_is_named_once(workbook: Build) -> None:
    groups = ["N1", "N2", "N3", "N4", "N5", "Nhóm 6", "VI"]
    rows = annex(*(product(f"P{index}", group=group) for index, group in enumerate(groups)))

    found = Counter(kind for _, kind in kinds(read_catalogue(workbook(rows))))

    assert found == {FindingKind.UNKNOWN_GROUP: 2, FindingKind.MORE_THAN_FIVE_GROUPS: 1}


def test_unreadable_cells_are_reported_together_and_the_rest_is_read(workbook: Build) -> None:
    rows = annex(
        product("A", points="1,5o", frame="cao", coefficient="x"),
        product("B"),
        product("C", points=-1, coefficient=0),
    )

    file = read_catalogue(workbook(rows))

    assert [(error.row, error.column) for error in file.errors] == [
        (5, "Khung điểm"), (5, "Hệ số quy đổi"), (5, "Điểm chấm"), (7, "Hệ số quy đổi"), (7, "Điểm chấm")
    ]  # fmt: skip
    assert len(file.products) == 3


def test_a_task_merged_over_several_rows_belongs_to_each_of_them(workbook: Build) -> None:
    rows = annex(product("A", task="Công tác nhân sự"), product("B", task="", detail="Lập danh sách"))

    assert [row.task for row in read_catalogue(workbook(rows)).products] == ["Công tác nhân sự"] * 2


def test_without_a_stated_standard_the_coefficients_tell_it_and_without_these_it_is_unknown(
    workbook: Build,
) -> None:
    told = [
        HEADER,
        *(
            product(f"P{n}", points=points, coefficient=k)
            for n, points, k in [(1, 25, 5), (2, 40, 8), (3, 11, "2,20")]
        ),
    ]
    silent = [HEADER, product(coefficient="")]

    file = read_catalogue(workbook(told))

    assert (file.standard_points, file.standard_inferred) == (5, True)
    unknown = read_catalogue(workbook(silent))
    assert unknown.standard_points is None
    assert kinds(unknown) == [(0, FindingKind.STANDARD_UNKNOWN)]


def test_a_workbook_without_products_is_refused(workbook: Build) -> None:
    with pytest.raises(FileRefused, match="No sheet holds products"):
        read_catalogue(workbook({"PL I": CRITERIA}))


@pytest.mark.skipif(
    not REAL.exists(), reason="the published catalogue of a commune is not part of the project"
)
def test_a_really_published_catalogue_reads_whole_and_clean() -> None:
    file = read_catalogue(REAL.read_bytes())

    assert (file.decision_no, file.decided_on, file.standard_points) == ("283/QĐ-UBND", date(2026, 5, 31), 5)
    assert Counter(row.sheet for row in file.products) == {
        "PL II - Lanh dao QL": 18,
        "PL III - Dung chung": 62,
    }
    assert Counter(row.group for row in file.products) == {1: 8, 2: 44, 3: 26, 4: 2}
    assert [sheet.sheet for sheet in file.skipped] == ["PL I - Tieu chi chung"]
    assert file.errors == []
    assert check_catalogue(file, 5) == []
