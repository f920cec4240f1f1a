"""Sessions kept on the server: begun at sign-in, known by a token whose hash alone is stored, ended at once by whoever may."""

import hashlib
import secrets

from flask_babel import gettext as _
from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Session
from evaluation.services import passwords
from evaluation.services.refusals import Refusal


class NotConfirmed(Refusal):
    """The password or the code asked for once more was not right."""

    status = 403


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


def confirm(session_id: int, *, password: str, code: str = "") -> None:
    """Notes that the person of a session proved anew who they are, or NotConfirmed."""
    session = db.session.get_one(Session, session_id)
    if not passwords.matches(session.account.password_hash, password):
        raise NotConfirmed(_("This is not your password."))
    session.confirmed_at = clock.now()
    db.session.commit()


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
