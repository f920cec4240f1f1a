"""No column of the database holds a binary float, and what comes out of one is exact."""

from decimal import Decimal

import pytest
from sqlalchemy import Float, Numeric, text

from evaluation import models  # noqa: F401 - every table
from evaluation.extensions import db
from evaluation.models.base import Table

NUMERIC = [
    column
    for table in Table.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Numeric | Float)
]


def test_there_are_numeric_columns_to_speak_of() -> None:
    assert len(NUMERIC) > 20


@pytest.mark.parametrize("column", NUMERIC, ids=str)
def test_a_numeric_column_has_a_scale_and_gives_decimals(column) -> None:
    assert not isinstance(column.type, Float)
    assert column.type.asdecimal
    assert column.type.scale is not None


def test_the_database_itself_knows_no_float_column(database) -> None:
    found = db.session.execute(
        text(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and data_type in ('real', 'double precision', 'money')"
        )
    ).all()
    assert found == []


def test_a_sum_and_a_product_of_the_database_come_back_without_loss(database) -> None:
    value = db.session.scalar(text("select cast(0.1 as numeric) + 0.2 * cast(1.0001 as numeric)"))
    assert isinstance(value, Decimal)
    assert value == Decimal("0.30002")
