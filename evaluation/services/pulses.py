"""Leaving a sign of life: whoever runs by itself says when it last ran and how it went."""

import contextlib

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from evaluation.extensions import db
from evaluation.models import Pulse
from evaluation.postgres import ServerUnavailable

RECONCILER = "jobs.resume"
LETTERS = "letters.send"
BACKUP = "backup.create"
BACKUP_CHECK = "backup.verify"
AUDIT_CHECK = "audit.verify"
GUARD = "audit.guard"


def leave(name: str, *, succeeded: bool = True, detail: str | None = None) -> None:
    """The last run of a thing of this name; the caller commits."""
    outcome = {"at": func.clock_timestamp(), "succeeded": succeeded, "detail": detail}
    db.session.execute(
        insert(Pulse)
        .values(name=name, **outcome)
        .on_conflict_do_update(index_elements=["name"], set_=outcome)
    )


def leave_now(name: str, *, succeeded: bool = True, detail: str | None = None) -> None:
    """As `leave`, committed at once; a database that is away must not spoil what was done without it."""
    with contextlib.suppress(SQLAlchemyError, ServerUnavailable):
        db.session.rollback()
        leave(name, succeeded=succeeded, detail=detail)
        db.session.commit()
