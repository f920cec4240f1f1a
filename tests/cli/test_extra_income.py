"""`flask extra-income export`: a file for finance, and sentences for what cannot be."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.rules.bands import Band
from tests import factories
from tests.services.test_extra_income import sheet


@pytest.fixture
def office(runner: Any, clock: Any) -> Any:
    clock(date(2026, 4, 10))
    made = factories.office()
    sheet(made, made.lan, Band.HTNV)
    db.session.commit()
    return made


def test_the_csv_has_a_line_a_person_with_a_decimal_comma(office: Any, runner: Any) -> None:
    code = office.department.codes[0].code
    done = runner.invoke(args=["extra-income", "export", "--month", "2026-03", "--unit", code])
    assert done.exit_code == 0, done.output
    head, row = csv.reader(io.StringIO(done.stdout_bytes.decode("utf-8-sig"), newline=""))
    found = dict(zip(head, row, strict=True))
    assert (found["Họ và tên"], found["Hệ số"], found["Mức sàn (đồng/tháng)"]) == (
        "Nguyễn Thị Lan",
        "0,1",
        "500000",
    )
    assert found["Số tiền (tài chính tính)"] == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--month", "2026-3"], "Write it as 2026-03"),
        (["--quarter", "2026"], "is not a quarter"),
        ([], "Write either --month 2026-03 or --quarter 2026-Q1"),
        (["--month", "2026-03", "--unit", "H99.999"], "names no unit"),
        (["--month", "2027-01"], "01/2027"),
    ],
)
def test_what_cannot_be_is_a_sentence(office: Any, runner: Any, given: list[str], says: str) -> None:
    done = runner.invoke(args=["extra-income", "export", *given])
    assert done.exit_code != 0
    assert says in done.output
