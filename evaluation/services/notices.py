"""Telling people: a notice is a row in the transaction of what it tells."""

from typing import Any

from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Notice
from evaluation.services.access import Actor


def tell(person_id: int | None, says: str, *, link: str | None = None, **parameters: Any) -> None:
    """Adds a notice for a person; `says` is an English message id, its parameters plain text or numbers."""
    if person_id is not None:
        db.session.add(Notice(person_id=person_id, says=says, parameters=parameters, link=link))


def unread(actor: Actor, limit: int = 10) -> list[Notice]:
    """An actor's newest unread notices."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
            .order_by(Notice.id.desc())
            .limit(limit)
        )
    )


def mark_read(actor: Actor) -> None:
    """Everything shown so far counts as read."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
        .values(read_at=clock.now())
    )
    db.session.commit()
