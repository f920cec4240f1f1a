"""The memory that cannot be rewritten unseen: events, their chains, the seals over the chains, and who read whose sheet."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.models.base import Table, identity, reference

APPEND_ONLY = {
    "info": {"append_only": True}
}  # the application's database role may insert and read, nothing else


class AuditEvent(Table):
    """One act, written in the transaction of the change; ids only, no names.

    `chain` is the unit the act belongs to, 0 where it belongs to none.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_object", "object_type", "object_id"),
        Index("ix_audit_event_actor", "actor_id", "id"),
        Index("ix_audit_event_transaction", "transaction"),
        APPEND_ONLY,
    )

    id: Mapped[identity]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    actor_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(Text)
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[reference]
    unit_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[reference | None]
    chain: Mapped[int] = mapped_column(BigInteger, Computed("coalesce(unit_id, 0)", persisted=True))
    transaction: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint")
    )


class AuditLink(Table):
    """An event's place in the chain of its unit: the hash of the link before it and of the event's own payload."""

    __tablename__ = "audit_link"
    __table_args__ = (APPEND_ONLY,)

    event_id: Mapped[reference] = mapped_column(ForeignKey("audit_event.id"), unique=True)
    chain: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Table):
    """The newest link of a chain; only the database's own function writes it."""

    __tablename__ = "audit_head"
    __table_args__ = ({"info": {"read_only": True}},)

    chain: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSeal(Table):
    """A signed Merkle root over the heads of all chains and over the readings since the seal before.

    `heads` holds the chains that moved since the seal before: chain → [seq, hash in hexadecimal].
    """

    __tablename__ = "audit_seal"
    __table_args__ = (APPEND_ONLY,)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    events: Mapped[int] = mapped_column(BigInteger)
    heads: Mapped[dict[str, Any]] = mapped_column(JSONB)
    readings_to: Mapped[int] = mapped_column(BigInteger)
    readings_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    algorithm: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Reading(Table):
    """Somebody opened what is another person's; its owner can see it."""

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_person", "person_id", "id"),
        Index("ix_reading_reader", "reader_id", "at"),
        APPEND_ONLY,
    )

    id: Mapped[identity]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    reader_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    on_behalf_of_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    object_type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[reference]
    how: Mapped[str] = mapped_column(Text)
    relation: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)


class AuditCheck(Table):
    """What one comparison of the journal with the results it tells of came to; nothing in the list is good."""

    __tablename__ = "audit_check"
    __table_args__ = (APPEND_ONLY,)

    id: Mapped[identity]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    seal_number: Mapped[int | None] = mapped_column(Integer)
    complaints: Mapped[list[Any]] = mapped_column(JSONB)
