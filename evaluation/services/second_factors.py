"""The second factor: six digits of an authenticator app (RFC 6238), and ten recovery codes for a lost phone.

The secret is stored encrypted under a key that lies outside the database (FACTOR_KEY_FILE), bound to its account. A code counts
for its own 30 seconds and the step before and after, and once only. Whoever leads people or holds a role must have one.
"""

import base64
import hmac
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, RecoveryCode, Session
from evaluation.services import audit, notices, sessions
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid

STEP = 30  # seconds
AROUND = (0, -1, 1)
CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that is read as another
LENGTH = 12  # of a recovery code: 31**12 possibilities
ISSUER = "Công Tâm"
FORM = b"\x01"  # how a secret is sealed: AES-256-GCM; another way gets another number
SET_UP_LASTS = timedelta(minutes=30)
hasher = PasswordHasher()


def must_have(actor: Actor) -> bool:
    """Whether this person may go on only with a second factor: whoever leads a unit, stands in for its head, or holds a role."""
    if current_app.config["SECOND_FACTOR"] == "optional":
        return False
    standing = actor.standing
    return bool(standing.headed or standing.deputised or standing.delegated or standing.roles)


def offer(account: Account) -> tuple[str, str]:
    """A new secret to be set up: as the app takes it, and sealed for the form to carry; nothing is stored yet."""
    secret = pyotp.random_base32()
    until = int((clock.now() + SET_UP_LASTS).timestamp())
    return secret, base64.urlsafe_b64encode(_sealed(f"{until}:{secret}", _offered_to(account))).decode()


def offered(account: Account, carried: str) -> str | None:
    """The secret a form carried, if it was offered to this account within the last half hour."""
    try:
        until, _colon, secret = _opened(base64.urlsafe_b64decode(carried), _offered_to(account)).partition(
            ":"
        )
    except (InvalidTag, ValueError):
        return None
    return secret if clock.now().timestamp() <= int(until) else None


def address(account: Account, secret: str) -> str:
    """What the square picture says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)


def set_up(actor: Actor, account: Account, *, carried: str, code: str, session_id: int) -> list[str]:
    """Stores a new second factor once its first code is right; ten recovery codes, shown this once.

    All other sessions end; the present one counts from now on as signed in with both factors.
    """
    secret = offered(account, carried)
    if secret is None:
        raise Invalid(
            [Fault("code", _("This key is out of date. Open the page again and scan the new one."))]
        )
    step = _step_of(secret, code, after=None)
    if step is None:
        raise Invalid(
            [
                Fault(
                    "code",
                    _("This is not the code that the app shows now. Wait for the next one and try again."),
                )
            ]
        )
    session = db.session.get_one(Session, session_id)
    enrol(account, secret)
    account.totp_last_step = step
    session.second_factor, session.confirmed_at = True, clock.now()
    sessions.end_all(account.id, "SECOND_FACTOR_CHANGED", but=session_id)
    codes = _new_codes(account)
    audit.record(actor, "second_factor.set_up", account)
    notices.tell(
        account.person_id,
        "A second factor was set up for your account. If it was not you, tell your administrator at once.",
    )
    db.session.commit()
    return codes


def enrol(account: Account, secret: str) -> None:
    """Stores a secret as the confirmed second factor of an account; the caller commits."""
    account.totp_secret = _sealed(secret, str(account.id).encode())
    account.totp_confirmed_at = clock.now()
    account.totp_last_step = None


def renew_codes(actor: Actor, account: Account) -> list[str]:
    """Ten new recovery codes; the old ones count no more."""
    _require_one(account)
    codes = _new_codes(account)
    audit.record(actor, "second_factor.codes_renewed", account)
    notices.tell(
        account.person_id,
        "New recovery codes were made for your account. If it was not you, tell your administrator at once.",
    )
    db.session.commit()
    return codes


def check(account_id: int, code: str) -> bool:
    """Whether a code of the app or a recovery code is right now; it is used up by this. The caller commits."""
    account = db.session.get_one(Account, account_id, with_for_update={"of": Account}, populate_existing=True)
    if account.totp_secret is None or account.totp_confirmed_at is None:
        return False
    typed = "".join(code.split()).lower()
    if not typed.isdecimal():
        return _use_recovery_code(account, typed)
    step = _step_of(secret_of(account), typed, after=account.totp_last_step)
    if step is not None:
        account.totp_last_step = step
    return step is not None


def codes_left(account: Account) -> int:
    """How many recovery codes are still unused."""
    unused = RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None)
    return db.session.scalar(select(func.count(RecoveryCode.id)).where(*unused)) or 0


def give_up(actor: Actor, account: Account, *, session_id: int) -> None:
    """Takes one's own second factor away; refused to those who must have one. All other sessions end."""
    if must_have(actor):
        raise Forbidden(
            _("Whoever leads people or holds a role has a second factor. You can set up another one.")
        )
    _require_one(account)
    _take_away(account)
    session = db.session.get_one(Session, session_id)
    session.second_factor = False
    sessions.end_all(account.id, "SECOND_FACTOR_CHANGED", but=session_id)
    audit.record(actor, "second_factor.given_up", account)
    db.session.commit()


def reset(actor: Actor | None, account: Account) -> None:
    """Takes the second factor and the recovery codes away and ends all sessions; the caller commits.

    For a lost phone, after two persons have made sure who asks. Whoever must have one sets a new one up at the next sign-in.
    """
    _take_away(account)
    sessions.end_all(account.id, "SECOND_FACTOR_CHANGED")
    audit.record(actor, "second_factor.reset", account)
    notices.tell(
        account.person_id,
        "The second factor of your account was taken away. If you did not ask for it,"
        " tell your administrator at once.",
    )


def _require_one(account: Account) -> None:
    if account.totp_confirmed_at is None:
        raise Conflict(_("This account has no second factor."))


def _take_away(account: Account) -> None:
    account.totp_secret = account.totp_confirmed_at = account.totp_last_step = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def secret_of(account: Account) -> str:
    """The secret of an account's app, or an error when the key that sealed it is not here."""
    assert account.totp_secret is not None
    return _opened(account.totp_secret, str(account.id).encode())


def code_now(secret: str) -> str:
    """The six digits an app shows at this moment."""
    return pyotp.TOTP(secret).generate_otp(_present_step())


def _step_of(secret: str, code: str, *, after: int | None) -> int | None:
    """The step whose code this is, of those around now that come after the last one used."""
    totp, now, found = pyotp.TOTP(secret), _present_step(), None
    for step in (now + shift for shift in AROUND):
        same = hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode())
        if same and found is None and (after is None or step > after):
            found = step
    return found


def _present_step() -> int:
    return int(clock.now().timestamp()) // STEP


def _new_codes(account: Account) -> list[str]:
    """The number before a code tells which row it is, so that only one slow hash is compared."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    made = [_random_code() for _number in range(CODES)]
    for code in made:
        db.session.add(RecoveryCode(account_id=account.id, code_hash=hasher.hash(code), made_at=clock.now()))
        db.session.flush()
    return [f"{number}-{code[:4]}-{code[4:8]}-{code[8:]}" for number, code in enumerate(made)]


def _random_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _number in range(LENGTH))


def _use_recovery_code(account: Account, typed: str) -> bool:
    number, code = typed[:1], typed[1:].replace("-", "")
    rows = db.session.scalars(
        select(RecoveryCode).where(RecoveryCode.account_id == account.id).order_by(RecoveryCode.id)
    ).all()
    row = rows[int(number)] if number.isdecimal() and int(number) < len(rows) else None
    try:
        hasher.verify(row.code_hash if row else hasher.hash("x"), code)
    except (VerificationError, InvalidHashError):
        return False
    if row is None or row.used_at is not None:
        return False
    row.used_at = clock.now()
    left = codes_left(account)
    notices.tell(
        account.person_id,
        "A recovery code was used to sign in; %(left)s are left. If it was not you,"
        " tell your administrator at once.",
        left=left,
    )
    return True


def _offered_to(account: Account) -> bytes:
    return f"offer:{account.id}".encode()


def _sealed(text: str, about: bytes) -> bytes:
    nonce = os.urandom(12)
    return FORM + nonce + AESGCM(_key()).encrypt(nonce, text.encode(), about)


def _opened(sealed: bytes, about: bytes) -> str:
    if sealed[:1] != FORM:
        raise InvalidTag
    return AESGCM(_key()).decrypt(sealed[1:13], sealed[13:], about).decode()


def _key() -> bytes:
    """The key of this installation: made at the first use, readable by its owner only, never in the database."""
    place = Path(current_app.config["FACTOR_KEY_FILE"])
    known: dict[Path, bytes] = current_app.extensions.setdefault("factor_keys", {})
    if place not in known:
        if not place.exists():
            _make_key(place)
        known[place] = bytes.fromhex(place.read_text().strip())
    return known[place]


def _make_key(place: Path) -> None:
    handle, fresh = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")  # its mode is 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, place)  # fails if another process was quicker: both then read one key
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)
