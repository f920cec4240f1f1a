"""Sessions kept on the server: begun at sign-in, known by a token whose hash alone is stored, ended at once by whoever may."""

import hashlib
import secrets

from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Session


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
    """The session of a token unless it was ended or its account disabled."""
    return db.session.scalar(
        select(Session)
        .join(Session.account)
        .where(Session.token_hash == hashed(token), Session.ended_at.is_(None), Account.disabled_at.is_(None))
    )


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


def hashed(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()
