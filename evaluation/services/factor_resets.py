"""A lost second factor is taken away by two persons: an administrator asks, somebody else who checked the identity decides."""

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import FactorReset
from evaluation.queries import accounts as questions
from evaluation.rules.permissions import Action
from evaluation.services import audit, receipts, second_factors
from evaluation.services.access import Actor
from evaluation.services.account_states import checked_reason
from evaluation.services.accounts import account_for, unit_of
from evaluation.services.refusals import Conflict, Forbidden, Missing


def ask(actor: Actor, account_id: int, *, reason: str, transaction_id: str | None = None) -> FactorReset:
    """An administrator asks that an account's second factor be taken away; nothing changes before somebody else agrees."""
    if known := receipts.taken(actor, transaction_id, "factor.reset_asked_for"):
        return db.session.get_one(FactorReset, known["id"])
    account = account_for(actor, account_id, to=Action.CHANGE_ACCOUNTS, lock=True)
    why = checked_reason(reason)
    if account.totp_confirmed_at is None:
        raise Conflict(_("This account has no second factor."))
    if questions.open_reset(account.id) is not None:
        raise Conflict(_("This was asked for already and waits for a second person."))
    asked = FactorReset(account=account, reason=why, asked_by=actor.person_id, asked_at=clock.now())
    db.session.add(asked)
    audit.record(actor, "factor.reset_asked_for", account, reason=why, unit_id=unit_of(account))
    receipts.keep(transaction_id, {"id": asked.id})
    db.session.commit()
    return asked


def decide(actor: Actor, reset_id: int, *, agrees: bool, transaction_id: str | None = None) -> None:
    """Home Affairs or another administrator agrees, and factor, recovery codes and sessions end; or refuses."""
    if receipts.taken(actor, transaction_id, "factor.reset_decided"):
        return
    asked = db.session.get(FactorReset, reset_id, with_for_update={"of": FactorReset}, populate_existing=True)
    if asked is None:
        raise Missing(_("There is no such request."))
    account = account_for(actor, asked.account_id, to=Action.DECIDE_FACTOR_RESET, lock=True)
    if actor.person_id == asked.asked_by:
        raise Forbidden(_("Whoever asked cannot be the second person."))
    if asked.decided_at is not None:
        raise Conflict(_("This was decided already."))
    asked.decided_by, asked.decided_at, asked.confirmed = actor.person_id, clock.now(), agrees
    if agrees:
        second_factors.reset(actor, account)
    audit.record(
        actor,
        "factor.reset" if agrees else "factor.reset_refused",
        account,
        before={"asked_by": asked.asked_by},
        after={"second_factor": not agrees},
        reason=asked.reason,
        unit_id=unit_of(account),
    )
    receipts.keep(transaction_id, {"id": reset_id})
    db.session.commit()
