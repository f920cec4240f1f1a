"""The evaluated months and quarters with the dates of their five steps, extensions of those dates, cycles of agencies."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Dated, Table, identity, in_order, never_twice, reference, word
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Cycle, Stretch, stretch_of


class Period(Table):
    """A month or a quarter under evaluation; every step has its last day (Article 18, dates set locally).

    A quarter is known by its first month; an agency is evaluated by one of the two (Article 3.4).
    """

    __tablename__ = "period"
    __table_args__ = (
        UniqueConstraint("month", "cycle"),
        CheckConstraint("extract(day from month) = 1", name="starts_on_the_first"),
        CheckConstraint(
            "cycle = 'MONTH' or extract(month from month) in (1, 4, 7, 10)",
            name="quarter_starts_in_its_month",
        ),
        CheckConstraint(
            "month <= assign_due and assign_due < submit_due and submit_due <= score_due"
            " and score_due <= confirm_due and confirm_due <= publish_due",
            name="steps_in_order",
        ),
    )

    id: Mapped[identity]
    month: Mapped[date] = mapped_column(Date)
    cycle: Mapped[Cycle] = mapped_column(word(Cycle), server_default=text("'MONTH'"))
    assign_due: Mapped[date] = mapped_column(Date)
    submit_due: Mapped[date] = mapped_column(Date)
    score_due: Mapped[date] = mapped_column(Date)
    confirm_due: Mapped[date] = mapped_column(Date)
    publish_due: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def covers(self) -> Stretch:
        """The month or the quarter under evaluation."""
        return stretch_of(self.month, self.cycle or Cycle.MONTH)


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


class AgencyCycle(Dated, Table):
    """Whether an agency evaluates by month or by quarter, from a day on; without a row it is by month (Article 3.4)."""

    __tablename__ = "agency_cycle"
    __table_args__ = (in_order(), never_twice("agency_has_one_cycle", "agency_id"))

    id: Mapped[identity]
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    cycle: Mapped[Cycle] = mapped_column(word(Cycle))
    decision_number: Mapped[str] = mapped_column(Text)
    set_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
