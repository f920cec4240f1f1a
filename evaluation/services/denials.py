"""The trace of a denial: who asked for what without the right to it, in a transaction of its own."""

import logging

from flask import g, has_request_context
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from evaluation import metrics
from evaluation.extensions import db
from evaluation.models import AuditEvent
from evaluation.services.refusals import Denied

ACTION = "access.denied"
MOST = 30
WITHIN = text("interval '10 minutes'")

log = logging.getLogger(__name__)


def record(denied: Denied) -> None:
    """Adds one event and commits; the same again within ten minutes, or more than thirty, stay in the log only.

    The caller's transaction was rolled back. A journal that cannot be written must not turn a refusal into a fault.
    """
    metrics.DENIED.inc()
    log.warning(
        "denied %s on %s %s to person %s",
        denied.action,
        denied.object_type,
        denied.object_id,
        denied.person_id,
    )
    try:
        if _heard_of(denied):
            return
        db.session.add(
            AuditEvent(
                actor_id=denied.person_id,
                action=ACTION,
                object_type=denied.object_type,
                object_id=denied.object_id,
                unit_id=denied.unit_id,
                after={"wanted": denied.action},
                request_id=g.get("request_id") if has_request_context() else None,
                session_id=g.get("session_id") if has_request_context() else None,
            )
        )
        db.session.commit()
    except IntegrityError:  # the thing asked for is not there at all, so nobody was kept from it
        db.session.rollback()
    except SQLAlchemyError:
        db.session.rollback()
        log.exception("a denial was not written to the journal")


def _heard_of(denied: Denied) -> bool:
    """Whether this very denial is on record of late, or so many that more would only fill the journal."""
    recent = db.session.execute(
        select(AuditEvent.object_type, AuditEvent.object_id, AuditEvent.after)
        .where(
            AuditEvent.actor_id == denied.person_id,
            AuditEvent.action == ACTION,
            AuditEvent.at > func.now() - WITHIN,
        )
        .order_by(AuditEvent.id.desc())
        .limit(MOST)
    ).all()
    same = (denied.object_type, denied.object_id, {"wanted": denied.action})
    return len(recent) >= MOST or any(tuple(row) == same for row in recent)
