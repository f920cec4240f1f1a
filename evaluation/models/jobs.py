"""Background work as the database knows it; the broker is only a doorbell."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, reference, word


class JobState(StrEnum):
    """Where a job or one chunk of it stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class Job(Table):
    """One asked-for piece of work with its progress; `key` makes the same request the same job while it is alive."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("(state in ('DONE', 'FAILED')) = (finished_at is not null)", name="ended_has_an_end"),
        Index(
            "one_live_job_of_a_key",
            "key",
            unique=True,
            postgresql_where=text("state in ('QUEUED', 'RUNNING')"),
        ),
        Index("ix_job_created", "created_at"),
    )

    id: Mapped[identity]
    name: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[JobState] = mapped_column(word(JobState), server_default=text("'QUEUED'"))
    request_id: Mapped[str | None] = mapped_column(Text)  # of the page that asked, for the logs
    requested_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    chunks: Mapped[list["JobChunk"]] = relationship(back_populates="job", order_by="JobChunk.ordinal")


class JobChunk(Table):
    """A repeatable part of a job, taken under a lease; chunks of a step wait for the steps before."""

    __tablename__ = "job_chunk"
    __table_args__ = (Index("ix_job_chunk_job", "job_id", "ordinal", unique=True),)

    id: Mapped[identity]
    job_id: Mapped[reference] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(SmallInteger)
    label: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    size: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    state: Mapped[JobState] = mapped_column(word(JobState), server_default=text("'QUEUED'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_by: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)

    job: Mapped[Job] = relationship(back_populates="chunks")
