"""`flask commendations`: the list as files a spreadsheet opens, and sentences for what cannot be done."""

import csv
import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from evaluation.extensions import db
from tests.services import commendation_stories as stories


@pytest.fixture
def place(runner: Any, clock: Any) -> Any:
    clock(date(2026, 9, 20))
    made = stories.agency()
    made.add("=cmd|' /C calc'!A0", "HTXSNV")
    made.add("Ngô Đình Trường", "HTNV")
    other = stories.agency("Sở Tài chính", province=made.province)
    other.add("Trịnh Văn Tài")
    made.other, made.client = other, runner
    db.session.commit()
    return made


def table(output: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(output.decode("utf-8-sig"), newline="")))


def test_the_csv_opens_in_excel_with_accents_and_without_formulas(place: Any) -> None:
    done = place.client.invoke(args=["commendations", "list", "--year", "2026", "--title", "LDTT"])
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes.startswith(b"\xef\xbb\xbf")
    assert done.stdout_bytes.count(b"\r\n") == done.stdout_bytes.count(b"\n") == 4
    head, *rows = table(done.stdout_bytes)
    assert head[:3] == ["TT", "Họ và tên", "Ngày sinh"]
    found = {row[1]: row for row in rows}
    assert set(found) == {"'=cmd|' /C calc'!A0", "Ngô Đình Trường", "Trịnh Văn Tài"}
    assert found["Trịnh Văn Tài"][head.index("Điểm TB năm 2026")] == "84,00"
    assert "dưới mức" in found["Ngô Đình Trường"][head.index("Lý do")]


def test_one_agency_is_chosen_by_its_code(place: Any, tmp_path: Any) -> None:
    code = place.other.unit.codes[0].code
    target = tmp_path / "list.xlsx"
    wanted = ["--agency", code, "--format", "xlsx", "--output", str(target)]
    done = place.client.invoke(args=["commendations", "list", "--year", "2026", "--title", "LDTT", *wanted])
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(target)
    names = [row[1].value for sheet in book for row in sheet.iter_rows(min_row=5)]
    assert [name for name in names if name] == ["Trịnh Văn Tài"]


def test_the_day_of_receipt_chooses_the_law(place: Any) -> None:
    for day, book in (("2026-09-30", "commendation-2022"), ("2026-10-01", "commendation-2026")):
        done = place.client.invoke(
            args=["commendations", "run", "--year", "2026", "--title", "CSTDCS", "--received", day]
        )
        assert done.exit_code == 0, done.output
        assert "CSTDCS 2026: run" in done.output
        assert book in done.output


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--year", "2031", "--title", "LDTT"], "2031"),
        (["--year", "2026", "--title", "HCLD9"], "LDTT"),
        (["--year", "2026", "--title", "LDTT", "--agency", "X00"], "X00"),
        (["--year", "2026", "--title", "LDTT", "--received", "2019-01-01"], "01/01/2024"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(place: Any, given: list[str], says: str) -> None:
    done = place.client.invoke(args=["commendations", "list", *given])
    assert done.exit_code != 0
    assert says in done.output
    assert "Traceback" not in done.output
