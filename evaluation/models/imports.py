"""Spreadsheets read and held for confirmation; nothing is applied before a person confirms."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Integer, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference, word


class ImportNoun(StrEnum):
    """What a spreadsheet holds."""

    UNITS = "UNITS"
    PEOPLE = "PEOPLE"
    CATALOGUE = "CATALOGUE"


class ImportState(StrEnum):
    """Where an import stands between reading and confirmation."""

    PREVIEWED = "PREVIEWED"
    APPLIED = "APPLIED"
    DISCARDED = "DISCARDED"


class ImportBatch(Table):
    """One uploaded file as it was read: its rows, every row's errors, and what applying it would change."""

    __tablename__ = "import_batch"

    id: Mapped[identity]
    noun: Mapped[ImportNoun] = mapped_column(word(ImportNoun))
    file_name: Mapped[str] = mapped_column(Text)
    stored_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    rows: Mapped[list[Any]] = mapped_column(JSONB)
    errors: Mapped[list[Any]] = mapped_column(JSONB)
    warnings: Mapped[list[Any]] = mapped_column(JSONB)
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    error_count: Mapped[int] = mapped_column(Integer)
    state: Mapped[ImportState] = mapped_column(word(ImportState), server_default=text("'PREVIEWED'"))
    uploaded_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    applied_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
