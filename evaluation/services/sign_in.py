"""Signing in: password, second factor, and a throttle that stops guessing without locking anybody out for long.

The rule. A try is counted by the name that was typed, known or not, and by its *seat*: the browser, if this person has signed in
with it before (a signed device cookie), else the address it comes from.

1. After five wrong tries in a row the pair of name and seat waits: 1 minute, then 2, 4 … up to 60 (TCVN 14423 §5.5). Nobody else
   waits. Somebody who shares the address of a rival has another seat than the rival's own browser.
2. More than fifty wrong tries an hour on one name from strangers (neither a known browser nor an address from which this name
   signed in within 90 days) let only one stranger a minute try that name; known browsers and addresses notice nothing of it.
3. Whoever has a second factor gets past both by entering its code together with the password (at most twenty such tries an hour
   from a seat): wrong passwords alone lock no account that has one.
4. Wrong codes are counted in the same way in a row of their own; they can only be tried after the right password, so strangers
   are slowed after ten.

An unknown name, a wrong password and a disabled account get the same answer after the same work, and count in the same way.
"""

import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select, text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Session, SignInAttempt
from evaluation.services import audit, notices, passwords, second_factors, sessions
from evaluation.services.access import actor_of
from evaluation.services.refusals import Refusal

log = logging.getLogger(__name__)

PASSWORD, BOTH, CODE, CONFIRM = "PASSWORD", "BOTH", "CODE", "CONFIRM"
FREE_TRIES = 5
LONGEST_WAIT = timedelta(hours=1)
REMEMBERED = timedelta(hours=24)
STRANGERS = {PASSWORD: (50, timedelta(minutes=1)), CODE: (10, timedelta(minutes=5))}
MOST_BOTH = 20
KNOWN_FOR = timedelta(days=90)
HOUR = timedelta(hours=1)
WORTH_A_NOTICE = 3


class WrongPassword(Refusal):
    """The username and password do not belong together; which of them is wrong is not said."""

    status = 401


class WrongCode(Refusal):
    """The second factor's code is not right, or was used already."""

    status = 401


class Locked(Refusal):
    """Too many wrong tries: the moment from which one more counts."""

    status = 429

    def __init__(self, until: datetime) -> None:
        minutes = max(1, -(-int((until - clock.now()).total_seconds()) // 60))
        super().__init__(
            ngettext(
                "Too many wrong tries. Try again in %(num)s minute.",
                "Too many wrong tries. Try again in %(num)s minutes.",
                minutes,
            )
        )
        self.until = until


@dataclass(frozen=True, slots=True)
class Client:
    """Where a try comes from: its address, its browser's name, and the device cookie if it is this name's."""

    source: str
    agent: str | None = None
    device: str | None = None

    @property
    def seat(self) -> str:
        """What wrong tries are counted by, beside the name."""
        return f"device:{self.device}" if self.device else self.source


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a person is told at sign-in: when and from where the account was used last, and the wrong tries since."""

    token: str
    last_at: datetime | None
    last_source: str | None
    failed: int


def by_password(username: str, password: str, client: Client, *, code: str = "") -> tuple[Account, bool]:
    """The account of a username and password, or WrongPassword, or Locked.

    The code counts only past a lock; the second answer is whether it did and was right.
    """
    name = normal(username)
    hashed = hashed_name(name)
    attempt, with_code = _take_a_try(hashed, client, PASSWORD, code)
    account = db.session.scalar(select(Account).where(Account.username == name))
    right = passwords.matches(account.password_hash if account else None, password)
    if with_code:
        # only digits: a recovery code costs a slow hash, and the time of the answer would tell who has an account
        right = (
            account is not None
            and code.strip().isdecimal()
            and second_factors.check(account.id, code)
            and right
        )
    if account is None or not right or not account.is_active:
        db.session.commit()
        log.warning("sign-in refused at %s: account %s", attempt.stage, account.id if account else None)
        raise WrongPassword(_("The username or the password is not right."))
    attempt.succeeded, attempt.account_id = True, account.id
    if passwords.hasher.check_needs_rehash(account.password_hash):
        account.password_hash = passwords.hashed(password)
    db.session.commit()
    return account, with_code


def by_code(account: Account, code: str, client: Client) -> None:
    """Takes the code of the second step, or WrongCode, or Locked."""
    attempt, _with_code = _take_a_try(hashed_name(account.username), client, CODE, "")
    attempt.account_id = account.id
    if not second_factors.check(account.id, code):
        db.session.commit()
        log.warning("second factor refused: account %s", account.id)
        raise WrongCode(_("This code is not right or was used already. Wait for the next one."))
    attempt.succeeded = True
    db.session.commit()


def enter(account: Account, client: Client, *, second_factor: bool) -> Welcome:
    """Begins the session of somebody who passed, and says what happened with the account since the last time."""
    last = db.session.scalar(
        select(Session).where(Session.account_id == account.id).order_by(Session.id.desc()).limit(1)
    )
    failed = _failed_since(account, last.began_at if last else account.created_at)
    if failed >= WORTH_A_NOTICE:
        notices.tell(
            account.person_id,
            "%(count)s wrong tries to sign in as you since you signed in last. If they were not yours, change your password.",
            count=failed,
        )
    audit.record(actor_of(account), "account.signed_in", account, after={"second_factor": second_factor})
    token = sessions.begin(account, second_factor=second_factor, source=client.source, agent=client.agent)
    return Welcome(token, last.began_at if last else None, last.source if last else None, failed)


def confirm(session_id: int, *, password: str, code: str = "") -> None:
    """Notes that the person of a session proved anew who they are; WrongPassword, and five of them end the session."""
    session = db.session.get_one(Session, session_id)
    account = session.account
    seat = Client(source=f"session:{session_id}")
    hashed = hashed_name(account.username)
    attempt = _note(hashed, seat, CONFIRM)
    attempt.account_id = account.id
    right = passwords.matches(account.password_hash, password)
    if account.totp_confirmed_at is not None:
        right = second_factors.check(account.id, code) and right
    if not right:
        tries, _last = _wrong_in_a_row(hashed, seat.seat, (CONFIRM,))
        if tries >= FREE_TRIES:
            sessions.end(session, "WRONG_PASSWORDS")
            audit.record(actor_of(account), "session.ended", session, reason="WRONG_PASSWORDS")
        db.session.commit()
        raise WrongPassword(_("The password or the code is not right."))
    attempt.succeeded, session.confirmed_at = True, clock.now()
    db.session.commit()


def account_of(username: str) -> Account | None:
    """The account of a name as it is typed."""
    return db.session.scalar(select(Account).where(Account.username == normal(username)))


def normal(username: str) -> str:
    """A username as it is stored."""
    return username.strip().lower()


def hashed_name(username: str) -> bytes:
    """What is stored of a name that was typed: people type passwords there, so never the text itself."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, b"name:" + normal(username).encode("utf-8", "replace"), hashlib.sha256).digest()


def sweep() -> int:
    """Forgets tries that no rule looks at any more; how many."""
    gone = db.session.execute(
        delete(SignInAttempt).where(SignInAttempt.at < clock.now() - KNOWN_FOR).returning(SignInAttempt.id)
    ).all()
    db.session.commit()
    return len(gone)


def _take_a_try(hashed: bytes, client: Client, stage: str, code: str) -> tuple[SignInAttempt, bool]:
    """Counts a try before it is judged, so that many at once are counted too; whether a code must be right as well."""
    number = int.from_bytes(hashed[:8], signed=True)
    db.session.execute(text("select pg_advisory_xact_lock(:number)"), {"number": number})
    until = _waits_until(hashed, client, stage)
    past_the_lock = until is not None and bool(code) and stage == PASSWORD
    if until is not None and not (past_the_lock and _failures(hashed, BOTH, client.seat) < MOST_BOTH):
        db.session.commit()
        log.warning("sign-in locked at %s", stage)
        raise Locked(until)
    attempt = _note(hashed, client, BOTH if past_the_lock else stage)
    db.session.commit()
    return attempt, past_the_lock


def _note(hashed: bytes, client: Client, stage: str) -> SignInAttempt:
    attempt = SignInAttempt(
        at=clock.now(), username_hash=hashed, source=client.seat, stage=stage, succeeded=False
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt


def _waits_until(hashed: bytes, client: Client, stage: str) -> datetime | None:
    now = clock.now()
    stages = (PASSWORD, BOTH) if stage == PASSWORD else (stage,)
    tries, last = _wrong_in_a_row(hashed, client.seat, stages)
    if last is not None and tries >= FREE_TRIES:
        until = last + min(timedelta(minutes=2 ** min(tries - FREE_TRIES, 20)), LONGEST_WAIT)
        if until > now:
            return until
    most, pause = STRANGERS[stage]
    if client.device is None and _failures(hashed, stage) > most and not _is_known(hashed, client.source):
        newest = db.session.scalar(select(func.max(SignInAttempt.at)).where(*_by_strangers(hashed, stage)))
        if newest is not None and newest + pause > now:
            return newest + pause
    return None


def _wrong_in_a_row(hashed: bytes, seat: str, stages: tuple[str, ...]) -> tuple[int, datetime | None]:
    """How many tries of this pair failed since the last that did not, and when the newest was."""
    rows = db.session.execute(
        select(SignInAttempt.at, SignInAttempt.succeeded)
        .where(
            SignInAttempt.username_hash == hashed,
            SignInAttempt.source == seat,
            SignInAttempt.stage.in_(stages),
            SignInAttempt.at > clock.now() - REMEMBERED,
        )
        .order_by(SignInAttempt.id.desc())
        .limit(40)
    ).all()
    tries = next((place for place, row in enumerate(rows) if row.succeeded), len(rows))
    return tries, rows[0].at if tries else None


def _failures(hashed: bytes, stage: str, seat: str | None = None) -> int:
    """The wrong tries of the last hour: of one seat, or of all strangers together."""
    if seat is None:
        whose = _by_strangers(hashed, stage)
    else:
        whose = (
            SignInAttempt.username_hash == hashed,
            SignInAttempt.stage == stage,
            SignInAttempt.source == seat,
        )
    wrong = SignInAttempt.succeeded.is_(False), SignInAttempt.at > clock.now() - HOUR
    return db.session.scalar(select(func.count(SignInAttempt.id)).where(*whose, *wrong)) or 0


def _by_strangers(hashed: bytes, stage: str):  # type: ignore[no-untyped-def]
    return (
        SignInAttempt.username_hash == hashed,
        SignInAttempt.stage == stage,
        SignInAttempt.source.not_like("device:%"),
    )


def _is_known(hashed: bytes, source: str) -> bool:
    """Whether this name signed in from this address lately."""
    return bool(
        db.session.scalar(
            select(SignInAttempt.id)
            .where(
                SignInAttempt.username_hash == hashed,
                SignInAttempt.source == source,
                SignInAttempt.succeeded,
                SignInAttempt.at > clock.now() - KNOWN_FOR,
            )
            .limit(1)
        )
    )


def _failed_since(account: Account, moment: datetime) -> int:
    return (
        db.session.scalar(
            select(func.count(SignInAttempt.id)).where(
                SignInAttempt.username_hash == hashed_name(account.username),
                SignInAttempt.succeeded.is_(False),
                SignInAttempt.at > moment,
            )
        )
        or 0
    )
