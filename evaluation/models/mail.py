"""The outbox: letters written in the transaction that caused them, sent later under a lease."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference, word


class LetterState(StrEnum):
    """Where a letter stands."""

    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"


class Letter(Table):
    """One e-mail to one person; `key` makes the same letter the same row, however often it is asked for."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("(state = 'SENT') = (sent_at is not null)", name="sent_has_a_time"),
        Index("ix_letter_due", "due_at", postgresql_where=text("state = 'WAITING'")),
        Index("ix_letter_failed", "id", postgresql_where=text("state = 'FAILED'")),
    )

    id: Mapped[identity]
    key: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    state: Mapped[LetterState] = mapped_column(word(LetterState), server_default=text("'WAITING'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
