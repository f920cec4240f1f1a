"""What was handed to the national database of officials, result by result (Article 26.1.d)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, reference


class NationalExport(Table):
    """One file made for the national database, and when somebody handed it over."""

    __tablename__ = "national_export"
    __table_args__ = (
        CheckConstraint("(sent_at is null) = (sent_by is null)", name="sent_by_somebody"),
        CheckConstraint("results > 0", name="not_empty"),
    )

    id: Mapped[identity]
    made_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_on: Mapped[date] = mapped_column(Date)
    people: Mapped[int] = mapped_column(Integer)
    results: Mapped[int] = mapped_column(Integer)
    stored_name: Mapped[str] = mapped_column(Text, unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    receipt: Mapped[str | None] = mapped_column(Text)

    rows: Mapped[list["NationalExportRow"]] = relationship(back_populates="export")


class NationalExportRow(Table):
    """One result in a file: a month's final score or a year's published class."""

    __tablename__ = "national_export_row"
    __table_args__ = (
        CheckConstraint("(sheet_id is null) <> (grade_id is null)", name="a_score_or_a_class"),
        Index("ix_national_export_row_export", "export_id"),
        Index("ix_national_export_row_sheet", "sheet_id"),
        Index("ix_national_export_row_grade", "grade_id"),
    )

    id: Mapped[identity]
    export_id: Mapped[reference] = mapped_column(ForeignKey("national_export.id"))
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    sheet_id: Mapped[reference | None] = mapped_column(ForeignKey("score_sheet.id"))
    grade_id: Mapped[reference | None] = mapped_column(ForeignKey("year_grade.id"))

    export: Mapped[NationalExport] = relationship(back_populates="rows")
