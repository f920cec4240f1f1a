"""The outbox: a letter is a row in the transaction of what it tells; it leaves later, under a lease."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from evaluation import jobs as doorbell
from evaluation import stopping
from evaluation.extensions import db
from evaluation.models import Letter, LetterState, Person
from evaluation.services import pulses
from evaluation.services.post import Post, Undeliverable

MOST_ATTEMPTS = 8
# After each failure a longer wait: together a little more than a day.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 480, 900))
LEASE = timedelta(minutes=5)
MOST_SUBJECT, MOST_BODY = 200, 20_000
MOST_FAILURES_IN_A_ROW = 3
RESERVED = (".invalid", ".example", ".test", ".localhost")  # no such letterbox exists (RFC 2606)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter under our lease."""

    id: int
    key: str
    address: str
    subject: str
    body: str
    attempts: int
    created_at: datetime


def is_configured() -> bool:
    """Whether letters are sent at all."""
    return bool(current_app.config.get("MAIL_URL"))


def write(person_id: int, key: str, subject: str, body: str) -> bool:
    """Puts a letter to a person into the outbox in the caller's transaction; the same key again is the same letter.

    Whoever has no e-mail address gets none, and nobody does where no mail server is set.
    """
    if not is_configured():
        return False
    return write_to(
        person_id, db.session.scalar(select(Person.email).where(Person.id == person_id)), key, subject, body
    )


def write_to(person_id: int, address: str | None, key: str, subject: str, body: str) -> bool:
    """As `write`, for a caller that knows the address already."""
    if not address or not _may_receive(address):
        return False
    db.session.execute(
        insert(Letter)
        .values(
            key=key,
            person_id=person_id,
            address=address,
            subject=" ".join(subject.split())[:MOST_SUBJECT],
            body=body.replace("\0", "")[:MOST_BODY],
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    doorbell.enqueue(doorbell.SEND_LETTERS)
    return True


def _may_receive(address: str) -> bool:
    return bool(current_app.config.get("MAIL_TO_DEMO")) or not address.lower().endswith(RESERVED)


def send() -> int:
    """Sends what is due, one letter under one lease at a time; twice at once sends nothing twice."""
    if not is_configured():
        return 0
    sent = failures = 0
    try:
        with Post(current_app.config["MAIL_URL"], current_app.config["MAIL_FROM"]) as post:
            while not stopping.asked() and failures < MOST_FAILURES_IN_A_ROW and (letter := _take()):
                try:
                    post.send(
                        letter.id, letter.key, letter.address, letter.subject, letter.body, letter.created_at
                    )
                except Undeliverable as problem:
                    _put_back(letter, str(problem))
                    failures += 1
                else:
                    _mark_sent(letter)
                    sent, failures = sent + 1, 0
    except Undeliverable as problem:  # no server, so no letter's attempt is spent
        _report(False, str(problem))
        return sent
    _report(failures < MOST_FAILURES_IN_A_ROW, None)
    return sent


def _take() -> Taken | None:
    due = (
        select(Letter.id)
        .where(
            Letter.state == LetterState.WAITING,
            Letter.due_at <= func.clock_timestamp(),
            func.coalesce(Letter.leased_until, Letter.due_at) <= func.clock_timestamp(),
        )
        .order_by(Letter.due_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = db.session.execute(
        update(Letter)
        .where(Letter.id == due)
        .values(attempts=Letter.attempts + 1, leased_until=func.clock_timestamp() + LEASE)
        .returning(
            Letter.id,
            Letter.key,
            Letter.address,
            Letter.subject,
            Letter.body,
            Letter.attempts,
            Letter.created_at,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.commit()
    return None if row is None else Taken(*row)


def _mark_sent(letter: Taken) -> None:
    _end(letter, state=LetterState.SENT, sent_at=func.clock_timestamp(), error=None)


def _put_back(letter: Taken, problem: str) -> None:
    """The letter waits for its next attempt, longer each time; after the last it has failed."""
    log.warning("letter %s, attempt %s: %s", letter.id, letter.attempts, problem)
    if letter.attempts >= MOST_ATTEMPTS:
        _end(letter, state=LetterState.FAILED, error=problem)
    else:
        _end(letter, due_at=func.clock_timestamp() + WAITS[letter.attempts - 1], error=problem)


def _end(letter: Taken, **values: object) -> None:
    db.session.execute(
        update(Letter)
        .where(Letter.id == letter.id, Letter.state == LetterState.WAITING)
        .values(leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _report(succeeded: bool, problem: str | None) -> None:
    db.session.rollback()
    pulses.leave(pulses.LETTERS, succeeded=succeeded, detail=problem)
    db.session.commit()
    if problem:
        log.warning("no letters are sent: %s", problem)


def again() -> int:
    """Letters that failed wait once more, from their first attempt on; how many they are."""
    found = db.session.execute(
        update(Letter)
        .where(Letter.state == LetterState.FAILED)
        .values(state=LetterState.WAITING, attempts=0, due_at=func.clock_timestamp())
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    ).all()
    if found:
        doorbell.enqueue(doorbell.SEND_LETTERS)
    db.session.commit()
    return len(found)
