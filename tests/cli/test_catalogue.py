"""`flask catalogue import` says what the page says, applies what has no errors, and exits with 1 when a row stays out."""

from datetime import date
from pathlib import Path

import pytest

from evaluation.extensions import db
from evaluation.models import Product, ProductVersion
from tests import factories
from tests.catalogue_files import annex, row
from tests.files.conftest import build

DAY = date(2026, 7, 4)
REAL = Path(__file__).resolve().parents[3] / "shared/data/danh-muc-san-pham-cong-viec-xa.xlsx"


@pytest.fixture
def commune(database, clock):
    clock(DAY)
    return factories.unit("Ủy ban nhân dân xã", code="H99.31", role=factories.UnitRole.USING_AGENCY)


@pytest.fixture
def run(runner, tmp_path, commune):
    def invoke(data: bytes, *options: str):
        path = tmp_path / "danh-muc.xlsx"
        path.write_bytes(data)
        return runner.invoke(args=["catalogue", "import", str(path), "--agency", "H99.31", *options])

    return invoke


def test_a_dry_run_lists_every_finding_with_its_row_changes_nothing_and_fails_when_one_blocks(run):
    data = annex(row(), row("DC.02", points=60, coefficient=12), row("DC.03", output=""))
    done = run(data, "--dry-run")
    assert done.exit_code == 1
    assert "283" not in done.output
    assert "12/QĐ-UBND" in done.output
    assert "dòng 6" in done.output
    assert "60 nằm ngoài" in done.output
    assert "dòng 7" in done.output
    assert "Mới: 2" in done.output
    assert db.session.query(Product).count() == 0


def test_a_dry_run_needs_no_agency_to_check_every_row(runner, commune, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(annex(row(), row("DC.02", coefficient=20)))
    done = runner.invoke(args=["catalogue", "import", str(path), "--dry-run"])
    assert done.exit_code == 1
    assert "dòng 6" in done.output
    assert "25 chia 5" in done.output
    path.write_bytes(annex(row(), standard="Ghi chú"))
    unknown = runner.invoke(args=["catalogue", "import", str(path), "--dry-run"])
    assert unknown.exit_code == 0
    assert "Cảnh báo: 1" in unknown.output


def test_a_clean_file_is_applied_and_the_same_file_again_changes_nothing(run):
    data = annex(row(), row("DC.02", points=40, coefficient=8))
    assert run(data, "--dry-run").exit_code == 0
    assert db.session.query(Product).count() == 0
    done = run(data)
    assert done.exit_code == 0, done.output
    assert db.session.query(ProductVersion).count() == 2
    again = run(data)
    assert again.exit_code == 0
    assert "không thay đổi" in again.output
    assert db.session.query(ProductVersion).count() == 2


def test_rows_with_errors_keep_everything_out_unless_only_the_valid_rows_are_wanted(run):
    data = annex(row(), row("DC.02", group="N9"))
    assert run(data).exit_code == 1
    assert db.session.query(Product).count() == 0
    assert run(data, "--only-valid").exit_code == 1
    assert db.session.query(Product).one().code == "DC.01"


def test_decision_day_and_standard_can_be_given_and_wrong_ones_are_named(run):
    data = annex(row(coefficient=""), standard="Ghi chú")
    missing = run(data)
    assert missing.exit_code == 1
    assert "sản phẩm chuẩn" in missing.output
    assert run(data, "--from", "31/02/2026").exit_code == 2
    given = (
        "--decision",
        "77/QĐ-UBND",
        "--decided",
        "01/06/2026",
        "--from",
        "01/07/2026",
        "--standard",
        "2,5",
    )
    done = run(data, *given)
    assert done.exit_code == 0, done.output
    version = db.session.query(ProductVersion).one()
    assert (version.coefficient, version.catalogue.decision_number) == (10, "77/QĐ-UBND")
    assert version.valid_from == date(2026, 7, 1)


def test_an_unknown_agency_and_a_file_without_products_are_one_sentence_each(runner, run, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(annex(row()))
    unknown = runner.invoke(args=["catalogue", "import", str(path), "--agency", "H99.99"])
    assert unknown.exit_code == 1
    assert "H99.99" in unknown.output
    empty = run(build([["Chỉ là một bảng"], ["khác"]]))
    assert empty.exit_code == 1
    assert "Traceback" not in empty.output


OTHER_OFFICE = [
    ["ỦY BAN NHÂN DÂN TỈNH"], ["CỤC HẢI QUAN"], [], ["DANH MỤC SẢN PHẨM CÔNG VIỆC"],
    ["(Kèm theo Quyết định số 88/QĐ-CHQ ngày 01/04/2026)"], ["Điểm của sản phẩm chuẩn: 25 điểm"],
    ["TT", "Mã SP", "Tên công việc", "Kết quả đầu ra", "Nhóm độ phức tạp", "Điểm tối thiểu", "Điểm tối đa", "Điểm", "Hệ số"],
    ["1", "HQ1", "Kiểm tra hồ sơ", "Biên bản", "Nhóm 1", "1", "100", "62,5", "2,5"],
    ["2", "HQ2", "Thông quan", "Tờ khai", "III", 201, 300, 250, 10],
    ["3", "HQ3", "Giám sát", "Nhật ký", "N2", 101, 200, 150, "6,0"],
]  # fmt: skip


def test_another_offices_header_at_row_seven_with_two_frame_columns_and_decimal_commas_is_taken(run):
    done = run(build(OTHER_OFFICE))
    assert done.exit_code == 0, done.output
    rows = db.session.query(ProductVersion).join(Product).order_by(Product.code).all()
    assert [(one.complexity_group, one.points, one.coefficient) for one in rows] == [
        (1, factories.Decimal("62.5"), factories.Decimal("2.5")),
        (3, 250, 10),
        (2, 150, 6),
    ]
    assert (rows[1].points_min, rows[1].points_max) == (201, 300)


@pytest.mark.skipif(not REAL.exists(), reason="the published catalogue is not on this machine")
def test_a_published_commune_catalogue_is_checked_and_applied_whole(runner, commune):
    command = ["catalogue", "import", str(REAL), "--agency", "H99.31"]
    checked = runner.invoke(args=[*command, "--dry-run"])
    assert checked.exit_code == 0, checked.output
    assert "80 sản phẩm" in checked.output
    assert "283/QĐ-UBND" in checked.output
    done = runner.invoke(args=command)
    assert done.exit_code == 0, done.output
    assert db.session.query(ProductVersion).count() == 80
    again = runner.invoke(args=command)
    assert "không thay đổi" in again.output
