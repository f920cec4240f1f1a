"""Passwords: hashed with argon2id, refused when weak, changed by their owner, chosen anew with a ticket.

At least 12 and at most 200 characters of any kind; no rule asks for capitals or digits, and no password grows old (ASVS 6.2).
Nobody but its owner ever sees or sets a password: an administrator hands over a ticket, good once and for a day.
"""

import hashlib
import secrets
import unicodedata
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _
from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, PasswordTicket, Person
from evaluation.rules.names import fold
from evaluation.services import audit, notices, sessions
from evaluation.services.access import Actor, actor_of
from evaluation.services.refusals import Conflict, Fault, Invalid

hasher = PasswordHasher()
# Verified against when the username is unknown, so that a stranger learns nothing from the time an answer takes.
NOBODY = hasher.hash(secrets.token_hex(16))
LEAST, MOST = 12, 200
STRONG_ENOUGH = 3  # of zxcvbn's 0 to 4: more than a hundred million guesses
JUDGED = 72  # characters; what follows only makes it stronger
HERE = (
    "congtam",
    "matkhau",
    "vietnam",
    "hochiminh",
    "hanoi",
    "danang",
    "danhgia",
    "congchuc",
    "canbo",
    "ubnd",
    "noivu",
)
TICKET_LASTS = timedelta(hours=24)


def hashed(password: str) -> str:
    """What is stored of a password."""
    return hasher.hash(_composed(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password of a hash; without one it takes as long and is never right."""
    try:
        return hasher.verify(stored or NOBODY, _composed(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def refuse_weak(password: str, *, username: str, person: Person, place: str = "password") -> None:
    """Raises Invalid for a password that is too short or long, holds the owner's name or number, or is easily guessed."""
    says = _weakness(_composed(password), username, person)
    if says:
        raise Invalid([Fault(place, says)])


def choose(account: Account, password: str, *, place: str = "password") -> None:
    """Stores a password its owner chose, if it is good enough; the caller records and commits."""
    refuse_weak(password, username=account.username, person=account.person, place=place)
    account.password_hash = hashed(password)
    account.password_set_at = clock.now()
    account.must_change_password = False
    db.session.execute(
        update(PasswordTicket)
        .where(PasswordTicket.account_id == account.id, PasswordTicket.used_at.is_(None))
        .values(used_at=clock.now())
    )


def change(actor: Actor, account: Account, *, old: str, new: str, session_id: int) -> None:
    """Changes one's own password; every other session of the account ends."""
    if not matches(account.password_hash, old):
        raise Invalid([Fault("old", _("This is not your present password."))])
    if matches(account.password_hash, new):
        raise Invalid([Fault("new", _("Choose another password than the present one."))])
    choose(account, new, place="new")
    sessions.end_all(account.id, "PASSWORD_CHANGED", but=session_id)
    _tell(actor, account, "password.changed")


def ticket(actor: Actor | None, account: Account) -> str:
    """Leave to choose a password within a day, to be handed to its owner; whoever makes it may reset passwords. Commits."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    db.session.execute(
        update(PasswordTicket)
        .where(PasswordTicket.account_id == account.id, PasswordTicket.used_at.is_(None))
        .values(used_at=now)
    )
    made = PasswordTicket(
        account_id=account.id,
        token_hash=_hashed_token(token),
        made_by=actor.person_id if actor else None,
        made_at=now,
        ends_at=now + TICKET_LASTS,
    )
    db.session.add(made)
    audit.record(actor, "password.ticket_made", account)
    notices.tell(
        account.person_id,
        "Leave to choose a new password for your account was given out. If you did not ask for it,"
        " tell your administrator at once.",
    )
    db.session.commit()
    return token


def redeem(token: str, new: str) -> Account:
    """Stores the password its owner chose with a ticket; all sessions end, and the ticket is used up."""
    found = db.session.scalar(
        select(PasswordTicket).where(PasswordTicket.token_hash == _hashed_token(token)).with_for_update()
    )
    account = db.session.get(Account, found.account_id) if found else None
    if (
        found is None
        or account is None
        or found.used_at
        or found.ends_at <= clock.now()
        or not account.is_active
    ):
        raise Conflict(
            _(
                "This code was used already, is older than a day or was never given out. Ask your administrator for another."
            )
        )
    choose(account, new, place="new")
    sessions.end_all(account.id, "PASSWORD_CHANGED")
    _tell(actor_of(account), account, "password.chosen")
    return account


def _tell(actor: Actor, account: Account, action: str) -> None:
    audit.record(actor, action, account)
    notices.tell(
        account.person_id, "Your password was changed. If it was not you, tell your administrator at once."
    )
    db.session.commit()


def _weakness(password: str, username: str, person: Person) -> str | None:
    if len(password) < LEAST:
        return _("A password has at least %(least)s characters.", least=LEAST)
    if len(password) > MOST:
        return _("A password has at most %(most)s characters.", most=MOST)
    bare = fold(password).replace(" ", "")
    own = [fold(text).replace(" ", "") for text in (username, person.full_name, person.official_number)]
    if any(len(text) > 3 and text in bare for text in own):
        return _("A password does not hold your name, username or official number.")
    if _is_easily_guessed(password, bare, own):
        return _(
            "This password is easily guessed: it is common, or a common word with additions. Choose another."
        )
    return None


def _is_easily_guessed(password: str, bare: str, own: list[str]) -> bool:
    """As zxcvbn's lists of common passwords and words judge it, with and without tone marks."""
    from zxcvbn import zxcvbn  # its lists are read when the first password is judged

    return any(
        zxcvbn(text[:JUDGED], user_inputs=[*HERE, *own])["score"] < STRONG_ENOUGH for text in {password, bare}
    )


def _hashed_token(token: str) -> bytes:
    return hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()


def _composed(password: str) -> str:
    """The same letter typed with two keyboards is one letter (NFC); nothing else of a password is touched."""
    return unicodedata.normalize("NFC", password)
