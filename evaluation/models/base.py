"""What every table shares: identity keys, dated validity, enums stored as checked text."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Enum,
    Identity,
    Numeric,
    Text,
    func,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.extensions import db

if TYPE_CHECKING:
    from evaluation.extensions import Base

    Table = Base
else:
    Table = db.Model

identity = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
reference = Annotated[int, mapped_column(BigInteger)]
text = Annotated[str, mapped_column(Text)]
moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
points = Numeric(9, 4)
quantity = Numeric(10, 2)
coefficient = Numeric(10, 4)


def word(enumeration: type[StrEnum], name: str | None = None) -> Enum:
    """A column type that stores an enumeration as text under a CHECK; two of one kind in a table need names."""
    return Enum(
        enumeration,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name or enumeration.__name__.lower(),
        values_callable=lambda words: [item.value for item in words],
    )


class Dated:
    """Validity from a day (included) to a day (excluded); an open end is null."""

    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


def in_order(name: str = "valid_in_order") -> CheckConstraint:
    """A range never ends before it begins."""
    return CheckConstraint("valid_to is null or valid_from < valid_to", name=name)


def never_twice(name: str, *columns: str, where: str | None = None) -> ExcludeConstraint:
    """No two rows of the same key are valid on one day; the database refuses the second."""
    return ExcludeConstraint(
        *((column, "=") for column in columns),
        (func.daterange(literal_column("valid_from"), literal_column("valid_to")), "&&"),
        name=name,
        using="gist",
        where=None if where is None else sql(where),
    )
