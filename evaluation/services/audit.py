"""Writing the journal: one event for each use case, in the transaction of the change."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from flask import g, has_request_context

from evaluation import logs
from evaluation.extensions import db
from evaluation.models import AuditEvent
from evaluation.models.base import Table
from evaluation.services.access import Actor


def record(
    actor: Actor | None,
    action: str,
    subject: Table,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    unit_id: int | None = None,
    on_behalf_of: int | None = None,
) -> AuditEvent:
    """Adds one event about a stored object; the caller commits. A job without a person has no actor."""
    if subject.id is None:  # type: ignore[attr-defined]
        db.session.flush()
    return record_of(
        actor,
        action,
        subject.__tablename__,
        subject.id,  # type: ignore[attr-defined]
        before=before,
        after=after,
        reason=reason,
        unit_id=unit_id,
        on_behalf_of=on_behalf_of,
    )


def record_of(
    actor: Actor | None,
    action: str,
    object_type: str,
    object_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    unit_id: int | None = None,
    on_behalf_of: int | None = None,
) -> AuditEvent:
    """The same about an object that is known by its table and number and need not be read for it."""
    event = AuditEvent(
        actor_id=actor.person_id if actor else None,
        on_behalf_of_id=on_behalf_of,
        action=action,
        object_type=object_type,
        object_id=object_id,
        unit_id=unit_id,
        before=plain(before),
        after=plain(after),
        reason=reason,
        request_id=logs.request_id(),
        session_id=g.get("session_id") if has_request_context() else None,
    )
    db.session.add(event)
    return event


def plain(value: Any) -> Any:
    """A value as JSON keeps it without losing exactness: numbers that are not whole become text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Decimal, Fraction)):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
