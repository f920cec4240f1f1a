"""Disposable sums of a period, replaced whole by the jobs that make them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Date, DateTime, Index, Integer, SmallInteger, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, points, reference, word
from evaluation.rules.periods import SpanKind
from evaluation.rules.scoring import Band, ScoreStatus


class PersonMonth(Table):
    """An official's month as rolled up: recomputed from the lines and held against the frozen sheet.

    Nothing here is a foreign key: all are copies from the sheets, and checking references for each row of a province
    costs more than adding up its lines.
    """

    __tablename__ = "person_month"
    __table_args__ = (Index("ix_person_month_unit", "period_id", "unit_id"),)

    person_id: Mapped[reference] = mapped_column(primary_key=True)
    period_id: Mapped[reference] = mapped_column(primary_key=True)
    report_id: Mapped[reference]
    unit_id: Mapped[reference]
    agency_id: Mapped[reference]
    status: Mapped[ScoreStatus] = mapped_column(word(ScoreStatus))
    total: Mapped[Decimal | None] = mapped_column(points)
    exact_total: Mapped[str | None] = mapped_column(Text)
    band: Mapped[Band | None] = mapped_column(word(Band))
    differs: Mapped[bool] = mapped_column()


class UnitMonth(Table):
    """A unit and everything below it as the tree stood that month."""

    __tablename__ = "unit_month"

    period_id: Mapped[reference] = mapped_column(primary_key=True)  # copies too
    unit_id: Mapped[reference] = mapped_column(primary_key=True)
    expected: Mapped[int] = mapped_column(Integer)
    scored: Mapped[int] = mapped_column(Integer)
    not_rated: Mapped[int] = mapped_column(Integer)
    mean: Mapped[Decimal | None] = mapped_column(points)
    excellent: Mapped[int] = mapped_column(Integer)
    good: Mapped[int] = mapped_column(Integer)
    completed: Mapped[int] = mapped_column(Integer)
    not_completed: Mapped[int] = mapped_column(Integer)
    rolled_up_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class PersonSpan(Table):
    """An official's quarter, half-year or year: the mean of the months that count (Article 17.3).

    Unit and month are those of the last month that counts: there the official counts in the units' means.
    """

    __tablename__ = "person_span"

    kind: Mapped[SpanKind] = mapped_column(word(SpanKind), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    person_id: Mapped[reference] = mapped_column(primary_key=True)  # a copy from person_month
    months_counted: Mapped[int] = mapped_column(SmallInteger)
    mean: Mapped[Decimal | None] = mapped_column(points)
    exact_mean: Mapped[str | None] = mapped_column(Text)
    unit_id: Mapped[reference]
    last_month: Mapped[date] = mapped_column(Date)
    band: Mapped[Band | None] = mapped_column(word(Band))


class UnitSpan(Table):
    """A unit's quarter, half-year or year: its people's means, counted and averaged."""

    __tablename__ = "unit_span"

    kind: Mapped[SpanKind] = mapped_column(word(SpanKind), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    unit_id: Mapped[reference] = mapped_column(primary_key=True)  # a copy from person_span
    scored: Mapped[int] = mapped_column(Integer)
    mean: Mapped[Decimal | None] = mapped_column(points)
    excellent: Mapped[int] = mapped_column(Integer)
    good: Mapped[int] = mapped_column(Integer)
    completed: Mapped[int] = mapped_column(Integer)
    not_completed: Mapped[int] = mapped_column(Integer)
