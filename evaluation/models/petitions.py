"""Petitions against a month's score or a year's class: lodged, answered within seven working days (Article 22)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, reference, word
from evaluation.models.organisation import Person
from evaluation.models.reports import Report
from evaluation.models.scores import YearGrade
from evaluation.rules.workflow import PetitionState


class Petition(Table):
    """An official's petition, its last day for the answer, and the answer with its reason."""

    __tablename__ = "petition"
    __table_args__ = (
        CheckConstraint("(report_id is null) <> (grade_id is null)", name="against_a_score_or_a_class"),
        CheckConstraint("length(btrim(reason)) > 0", name="has_a_reason"),
        CheckConstraint("person_id <> decided_by", name="nobody_decides_the_own"),
        CheckConstraint(
            "(state in ('UPHELD', 'REJECTED')) = (decided_by is not null and decided_at is not null"
            " and answer is not null)",
            name="decided_has_an_answer",
        ),
        Index(
            "one_open_petition_of_a_score",
            "report_id",
            unique=True,
            postgresql_where=text("state = 'LODGED'"),
        ),
        Index(
            "one_open_petition_of_a_class", "grade_id", unique=True, postgresql_where=text("state = 'LODGED'")
        ),
        Index("ix_petition_person", "person_id"),
        Index("ix_petition_deciding", "deciding_unit_id", "state"),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    report_id: Mapped[reference | None] = mapped_column(ForeignKey("report.id"))
    grade_id: Mapped[reference | None] = mapped_column(ForeignKey("year_grade.id"))
    deciding_unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(Text)
    wanted: Mapped[str | None] = mapped_column(Text)
    state: Mapped[PetitionState] = mapped_column(word(PetitionState), server_default=text("'LODGED'"))
    lodged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    due_on: Mapped[date] = mapped_column(Date)
    answer: Mapped[str | None] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    decided_for: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    report: Mapped[Report | None] = relationship()
    grade: Mapped[YearGrade | None] = relationship()
