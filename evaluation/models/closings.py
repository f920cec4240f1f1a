"""The closing of a month or a quarter, and its reopening by two people."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, reference
from evaluation.models.periods import Period


class Closing(Table):
    """What stood when a period was closed, and the seal that was newest then."""

    __tablename__ = "closing"
    __table_args__ = (Index("ix_closing_period", "period_id", "id"), {"info": {"append_only": True}})

    id: Mapped[identity]
    period_id: Mapped[reference] = mapped_column(ForeignKey("period.id"))
    closed_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seal_number: Mapped[int] = mapped_column(Integer)
    seal_root: Mapped[bytes] = mapped_column(LargeBinary)

    period: Mapped[Period] = relationship()


class Reopening(Table):
    """A wish to reopen a closed period: one person asks with a reason, another decides."""

    __tablename__ = "reopening"
    __table_args__ = (
        CheckConstraint("decided_by is null or decided_by <> asked_by", name="two_persons"),
        CheckConstraint(
            "(decided_by is null) = (decided_at is null) and (decided_by is null) = (granted is null)",
            name="decided_whole",
        ),
        Index(
            "one_open_reopening_of_a_closing",
            "closing_id",
            unique=True,
            postgresql_where=text("decided_by is null"),
        ),
    )

    id: Mapped[identity]
    closing_id: Mapped[reference] = mapped_column(ForeignKey("closing.id"))
    asked_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    granted: Mapped[bool | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)

    closing: Mapped[Closing] = relationship()
