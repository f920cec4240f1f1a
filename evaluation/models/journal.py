"""Who was told what, and which writes were already answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference


class Notice(Table):
    """Something a person is told; the text is a message id so that it reads in either language."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_person", "person_id", "read_at", "id"),)

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    says: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    link: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Receipt(Table):
    """A write already answered: the same transaction id again gets the same answer (faults 1, 7)."""

    __tablename__ = "receipt"

    transaction_id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    actor_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(Text)
    result: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
