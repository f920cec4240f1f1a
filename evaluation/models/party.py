"""What the Party's quarterly verdict needs beside the State's facts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference


class ForceMajeure(Table):
    """A confirmed reason nobody could prevent, for an official's unfinished tasks of a quarter (HD 02-HD/BTCTW)."""

    __tablename__ = "force_majeure"
    __table_args__ = (
        CheckConstraint("quarter between 1 and 4", name="quarter_of_a_year"),
        CheckConstraint(
            "length(btrim(reason)) > 0 and length(btrim(document_number)) > 0",
            name="has_a_reason_and_a_document",
        ),
        CheckConstraint("person_id <> confirmed_by", name="nobody_excuses_oneself"),
        CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_reason is null)", name="withdrawn_with_a_reason"
        ),
        Index(
            "one_live_force_majeure",
            "person_id",
            "year",
            "quarter",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    quarter: Mapped[int] = mapped_column(SmallInteger)
    document_number: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    confirmed_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
