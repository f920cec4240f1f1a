"""Sessions kept on the server: begun at sign-in, known by a token whose hash alone is stored, ended at once by whoever may.

A session ends after 15 minutes in which its person asked for nothing and typed nothing (TCVN 14423 §5.5), after 12 hours in any
case, when its account is disabled, when its password or role changes, and when its person or an administrator ends it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Session
from evaluation.services import audit
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing

IDLE, TOO_LONG = "IDLE", "TOO_LONG"


def begin(
    account: Account, *, second_factor: bool = False, source: str | None = None, agent: str | None = None
) -> str:
    """Begins a session and returns its token, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    db.session.add(
        Session(
            token_hash=hashed(token),
            account_id=account.id,
            began_at=now,
            active_at=now,
            confirmed_at=now,
            second_factor=second_factor,
            source=source,
            agent=agent,
        )
    )
    db.session.commit()
    return token


def by_token(token: str) -> Session | None:
    """The session of a token, unless it was ended, its time is over, or its account is disabled."""
    found = db.session.scalar(
        select(Session)
        .join(Session.account)
        .where(Session.token_hash == hashed(token), Session.ended_at.is_(None), Account.disabled_at.is_(None))
    )
    if found is None or (because := _over(found)) is None:
        return found
    end(found, because)
    db.session.commit()
    return None


def _over(session: Session) -> str | None:
    now = clock.now()
    if now - session.active_at > idle_time():
        return IDLE
    return TOO_LONG if now - session.began_at > current_app.permanent_session_lifetime else None


def idle_time() -> timedelta:
    """How long a session lives without activity."""
    return timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])


def left(active_at: datetime) -> timedelta:
    """How long a session still lives if its person does nothing more."""
    return active_at + idle_time() - clock.now()


def touch(session_id: int, active_at: datetime) -> bool:
    """Notes that the person of a session is there, at most once a minute; whether something was written."""
    if clock.now() - active_at < min(timedelta(minutes=1), idle_time() / 15):
        return False
    db.session.execute(
        update(Session)
        .where(Session.id == session_id)
        .values(active_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return True


def why_ended(token: str) -> str | None:
    """Why the session of a token is over; None for one that is not, or that was never begun."""
    return db.session.scalar(select(Session.ended_because).where(Session.token_hash == hashed(token)))


def end(session: Session, because: str) -> None:
    """Ends one session; the caller commits."""
    session.ended_at, session.ended_because = clock.now(), because


def end_all(account_id: int, because: str, *, but: int | None = None) -> None:
    """Ends every session of an account, but one if wished; the caller commits."""
    db.session.execute(
        update(Session)
        .where(Session.account_id == account_id, Session.ended_at.is_(None), Session.id != (but or 0))
        .values(ended_at=clock.now(), ended_because=because)
    )


def open_ones(account_id: int) -> list[Session]:
    """The sessions of an account that still open something, the one used last first."""
    found = db.session.scalars(
        select(Session)
        .where(
            Session.account_id == account_id,
            Session.ended_at.is_(None),
            Session.active_at >= clock.now() - idle_time(),
            Session.began_at >= clock.now() - current_app.permanent_session_lifetime,
        )
        .order_by(Session.active_at.desc(), Session.id.desc())
    )
    return list(found)


def end_own(actor: Actor, account: Account, session_id: int) -> None:
    """Ends one session of one's own account; a session of somebody else looks missing."""
    session = db.session.get(Session, session_id)
    if session is None or session.account_id != account.id:
        raise Missing(_("There is no such session."))
    if session.ended_at is None:
        end(session, "ENDED_BY_OWNER")
        audit.record(actor, "session.ended", session)
    db.session.commit()


def end_others(actor: Actor, account: Account, *, but: int) -> None:
    """Ends all sessions of one's own account except the present one."""
    end_all(account.id, "ENDED_BY_OWNER", but=but)
    audit.record(actor, "account.other_sessions_ended", account)
    db.session.commit()


def sweep() -> int:
    """Marks as ended what nobody used any more; how many there were."""
    now = clock.now()
    gone = db.session.execute(
        update(Session)
        .where(Session.ended_at.is_(None), Session.active_at < now - idle_time())
        .values(ended_at=now, ended_because=IDLE)
        .returning(Session.id)
    ).all()
    db.session.commit()
    return len(gone)


def hashed(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()
