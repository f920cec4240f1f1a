"""The evaluated months with the dates of their five steps, and extensions of those dates."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference, word
from evaluation.rules.deadlines import StepName


class Period(Table):
    """A month under evaluation; every step has its last day (Article 18, dates set locally)."""

    __tablename__ = "period"
    __table_args__ = (
        CheckConstraint("extract(day from month) = 1", name="starts_on_the_first"),
        CheckConstraint(
            "month <= assign_due and assign_due < submit_due and submit_due <= score_due"
            " and score_due <= confirm_due and confirm_due <= publish_due",
            name="steps_in_order",
        ),
    )

    id: Mapped[identity]
    month: Mapped[date] = mapped_column(Date, unique=True)
    assign_due: Mapped[date] = mapped_column(Date)
    submit_due: Mapped[date] = mapped_column(Date)
    score_due: Mapped[date] = mapped_column(Date)
    confirm_due: Mapped[date] = mapped_column(Date)
    publish_due: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Extension(Table):
    """A later last day of one step for one sheet or one agency, with who granted it and why."""

    __tablename__ = "extension"
    __table_args__ = (
        CheckConstraint("(report_id is null) <> (agency_id is null)", name="for_a_sheet_or_an_agency"),
        Index("ix_extension_period", "period_id", "step"),
        Index("ix_extension_report", "report_id"),
    )

    id: Mapped[identity]
    period_id: Mapped[reference] = mapped_column(ForeignKey("period.id"))
    step: Mapped[StepName] = mapped_column(word(StepName))
    report_id: Mapped[reference | None] = mapped_column(ForeignKey("report.id"))
    agency_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    due: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    granted_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
