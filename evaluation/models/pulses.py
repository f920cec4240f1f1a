"""The last sign of life of what runs by itself: reconciler, sender of letters, backups, checks of the journal."""

from datetime import datetime

from sqlalchemy import Boolean, DateTime, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table


class Pulse(Table):
    """When a thing of this name last ran, by the database's clock, and whether it went well."""

    __tablename__ = "pulse"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    succeeded: Mapped[bool] = mapped_column(Boolean)
    detail: Mapped[str | None] = mapped_column(Text)
