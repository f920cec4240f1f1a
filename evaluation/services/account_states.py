"""An account disabled, enabled, signed out everywhere, its password to be chosen anew: each ends its sessions at once."""

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account
from evaluation.queries import accounts as questions
from evaluation.rules.names import clean_name
from evaluation.rules.permissions import Action
from evaluation.services import audit, notices, passwords, receipts, sessions
from evaluation.services.access import Actor
from evaluation.services.accounts import account_for, unit_of
from evaluation.services.refusals import Conflict, Fault, Invalid

REASON_LIMIT = 500
# The standard's figure (TCVN 14423:2026, 5.6): marked in the list even where the setting disables nobody.
IDLE_DAYS = 45
IDLE, LEFT = "Nobody has used the account for a long time.", "The official has left the service."
RESET_BY = (
    "%(name)s started a reset of your password. If you did not ask for it, tell your administrator at once."
)
SIGNED_OUT_BY = "%(name)s signed your account out of every browser."
ENABLED_BY = "Your account is enabled again."


def disable(actor: Actor, account_id: int, *, reason: str, transaction_id: str | None = None) -> Account:
    """Closes an account with a reason; its next request is refused."""
    if known := receipts.taken(actor, transaction_id, "account.disabled"):
        return db.session.get_one(Account, known["id"])
    account = account_for(actor, account_id, to=Action.CHANGE_ACCOUNTS, lock=True)
    why = checked_reason(reason)
    if account.disabled_at is not None:
        raise Conflict(_("This account is already disabled."))
    _close(actor, account, why)
    receipts.keep(transaction_id, {"id": account.id})
    db.session.commit()
    return account


def enable(actor: Actor, account_id: int, *, reason: str, transaction_id: str | None = None) -> Account:
    """Opens a disabled account again with a reason; its idle days are counted from now."""
    if known := receipts.taken(actor, transaction_id, "account.enabled"):
        return db.session.get_one(Account, known["id"])
    account = account_for(actor, account_id, to=Action.CHANGE_ACCOUNTS, lock=True)
    why = checked_reason(reason)
    if account.disabled_at is None:
        raise Conflict(_("This account is not disabled."))
    if account.person.left_on is not None and account.person.left_on <= clock.today():
        raise Conflict(_("The official has left the service; an appointment comes before the account."))
    before = {"disabled_at": account.disabled_at, "because": account.disabled_because}
    account.disabled_at = account.disabled_because = None
    account.enabled_at = clock.now()
    audit.record(actor, "account.enabled", account, before=before, reason=why, unit_id=unit_of(account))
    notices.tell(account.person_id, ENABLED_BY)
    receipts.keep(transaction_id, {"id": account.id})
    db.session.commit()
    return account


def end_sessions(actor: Actor, account_id: int, *, transaction_id: str | None = None) -> Account:
    """Signs an account out of every browser at once; its owner is told."""
    if known := receipts.taken(actor, transaction_id, "account.sessions_ended"):
        return db.session.get_one(Account, known["id"])
    account = account_for(actor, account_id, to=Action.CHANGE_ACCOUNTS, lock=True)
    count = len(questions.sessions_of(account.id))
    sessions.end_all(account.id, "ENDED_BY_ADMINISTRATOR")
    audit.record(
        actor, "account.sessions_ended", account, before={"sessions": count}, unit_id=unit_of(account)
    )
    notices.tell(account.person_id, SIGNED_OUT_BY, name=_name(actor))
    receipts.keep(transaction_id, {"id": account.id})
    db.session.commit()
    return account


def reset_password(actor: Actor, account_id: int, *, transaction_id: str | None = None) -> str | None:
    """A ticket with which the owner chooses a password; shown this once, and None when the form is sent again.

    Whoever starts the reset never sees or sets a password. Every session ends, and the owner is told at the next sign-in.
    """
    if receipts.taken(actor, transaction_id, "account.password_reset"):
        return None
    account = account_for(actor, account_id, to=Action.CHANGE_ACCOUNTS, lock=True)
    if account.disabled_at is not None:
        raise Conflict(_("This account is disabled. Enable it first."))
    sessions.end_all(account.id, "PASSWORD_RESET")
    receipts.keep(transaction_id, {"id": account.id})
    return passwords.ticket(actor, account)


def close_unused() -> tuple[int, int]:
    """Disables accounts of people who left and accounts nobody used for IDLE_ACCOUNT_DAYS (0: none): how many of each."""
    gone = questions.left(clock.today())
    for account in gone:
        _close(None, account, LEFT)
    db.session.flush()
    days = current_app.config["IDLE_ACCOUNT_DAYS"]
    unused = questions.idle(clock.now() - timedelta(days=days)) if days else []
    for account in unused:
        _close(None, account, IDLE)
    db.session.commit()
    return len(gone), len(unused)


def _close(actor: Actor | None, account: Account, why: str) -> None:
    account.disabled_at, account.disabled_because = clock.now(), why
    sessions.end_all(account.id, "ACCOUNT_DISABLED")
    audit.record(
        actor,
        "account.disabled",
        account,
        before={"disabled_at": None},
        after={"disabled_at": account.disabled_at},
        reason=why,
        unit_id=unit_of(account),
    )


def checked_reason(text: str) -> str:
    """A reason as it is kept: clean, 3 to 500 characters."""
    why = clean_name(text[: REASON_LIMIT * 2])
    if not 3 <= len(why) <= REASON_LIMIT:
        raise Invalid(
            [Fault("reason", _("Write the reason, at most %(limit)s characters.", limit=REASON_LIMIT))]
        )
    return why


def _name(actor: Actor) -> str:
    return questions.names_of([actor.person_id]).get(actor.person_id, "")
