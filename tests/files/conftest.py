"""Workbooks made on the spot, in the shapes that offices send."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time

import pytest
import xlsxwriter

Rows = Sequence[Sequence[object]]


@pytest.fixture(scope="session")
def workbook() -> Callable[..., bytes]:
    """Builds an .xlsx: `{sheet: rows}`; "=…" becomes a formula without a cached value; `merged` are A1:C1 ranges."""
    return build


def build(sheets: Mapping[str, Rows] | Rows, *, merged: Sequence[str] = ()) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in (sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}).items():
        page = book.add_worksheet(name)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                if value is None or value == "":
                    continue
                if isinstance(value, str) and value.startswith("="):
                    page.write_formula(row, column, value, None, "")
                elif isinstance(value, str):
                    page.write_string(row, column, value)
                elif isinstance(value, date | datetime):
                    page.write_datetime(row, column, datetime.combine(value, time()), day)
                else:
                    page.write(row, column, value)
        for area in merged:
            first = area.split(":")[0]
            page.merge_range(area, _value_at(rows, first))
    book.close()
    return target.getvalue()


def _value_at(rows: Rows, place: str) -> object:
    column, row = ord(place[0]) - 65, int(place[1:]) - 1
    return rows[row][column]
