"""Names of background work and the doorbell: nobody needs to import a task, and the job tables stay the truth."""

import logging
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session, SessionTransaction

from evaluation import logs
from evaluation.extensions import celery, db

CLOSE_UNUSED_ACCOUNTS = "accounts.close_unused"
LOOK_FOR_BULK_READING = "readings.look_for_bulk"
LOOK_FOR_MUTUAL_SCORES = "scores.look_for_mutual"
OPEN_MONTH = "months.open"
REMIND = "months.remind"
REMIND_OF_PETITIONS = "petitions.remind"
ROLL_UP_DUE = "rollups.due"
RUN_JOB = "jobs.run"
RESUME_JOBS = "jobs.resume"
SWEEP_BROKER = "broker.sweep"
SWEEP_SESSIONS = "sessions.sweep"
SEND_LETTERS = "letters.send"
SEAL = "audit.seal"
CHECK_AUDIT = "audit.check"
CHECK_GUARD = "audit.guard"

MOST_SECONDS_TO_RING = 4
WAITING = "doorbells waiting for the commit"

log = logging.getLogger(__name__)


def enqueue(name: str, **arguments: Any) -> None:
    """Rings for a worker once the present transaction is committed, at once if it has written nothing.

    A broker that does not answer is logged and otherwise ignored: the reconciler finds the job's row.
    """
    session = db.session()
    if _has_written(session):
        waiting = session.info.setdefault(WAITING, [])
        if (name, arguments) not in waiting[-100:]:  # a hundred letters of one transaction are one ring
            waiting.append((name, arguments))
    else:
        ring(name, arguments)


def ring(name: str, arguments: dict[str, Any]) -> None:
    """Sends the message now, on a connection of its own, so that a broken one is never met twice."""
    try:
        with celery.connection_for_write() as connection:
            celery.send_task(
                name,
                kwargs=arguments,
                connection=connection,
                retry=False,
                ignore_result=True,
                headers=asked_by(),
                confirm_timeout=MOST_SECONDS_TO_RING,  # a broker that is full takes connections and no messages
            )
    except Exception as problem:
        log.warning("the broker did not take %s: %s", name, problem)


def asked_by() -> dict[str, str]:
    """The header of a message that lets the lines of its task be found with those of the page that asked."""
    request = logs.request_id()
    return {logs.HEADER: request} if request else {}


def _has_written(session: Session) -> bool:
    if not session.in_transaction():
        return bool(session.new)
    if session.new or session.dirty or session.deleted:
        return True
    return session.scalar(text("select pg_current_xact_id_if_assigned()::text")) is not None


@event.listens_for(db.session, "after_commit")
def _ring_all(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for name, arguments in session.info.pop(WAITING, []):
        ring(name, arguments)


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(WAITING, None)
