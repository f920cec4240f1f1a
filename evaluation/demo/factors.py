"""One second factor for all demo people who must have one, so that the demo needs one entry in an authenticator app."""

import pyotp
from cryptography.exceptions import InvalidTag
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Assignment, Delegation, Person, RoleGrant
from evaluation.rules.organisation import Office
from evaluation.services import second_factors

# The people of a demo are known by their letterbox: nobody real has one under the reserved domain `invalid`.
LETTERBOX = "%@demo.invalid"


def enrol() -> str | None:
    """Gives every demo person who leads or holds a role the shared secret; None where there are no demo people."""
    leading = _leading()
    secret = shared() or (pyotp.random_base32() if leading else None)
    for account in leading:
        if secret is not None and _secret_of(account) != secret:
            second_factors.enrol(account, secret)
    db.session.commit()
    return secret


def shared() -> str | None:
    """The secret the demo people share, if they have one and its key is here."""
    known = db.session.scalars(
        select(Account)
        .join(Person, Person.id == Account.person_id)
        .where(Person.email.like(LETTERBOX), Account.totp_confirmed_at.is_not(None))
        .order_by(Account.id)
        .limit(1)
    ).first()
    return _secret_of(known) if known else None


def _secret_of(account: Account) -> str | None:
    try:
        return second_factors.secret_of(account) if account.totp_secret else None
    except InvalidTag:
        return None


def _leading() -> list[Account]:
    today = clock.today()
    leads = exists().where(
        Assignment.person_id == Account.person_id,
        Assignment.office != Office.STAFF,
        or_(Assignment.valid_to.is_(None), Assignment.valid_to > today),
    )
    stands_in = exists().where(Delegation.delegate_id == Account.person_id)
    holds = exists().where(RoleGrant.account_id == Account.id)
    return list(
        db.session.scalars(
            select(Account)
            .options(joinedload(Account.person))
            .join(Person, Person.id == Account.person_id)
            .where(Person.email.like(LETTERBOX), or_(leads, stands_in, holds))
            .order_by(Account.id)
        )
    )
