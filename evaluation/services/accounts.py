"""Signing in with argon2 passwords, giving accounts and roles."""

import secrets
from datetime import date

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _
from sqlalchemy import or_, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Person, RoleGrant
from evaluation.rules.permissions import Role
from evaluation.services import audit
from evaluation.services.access import Actor, actor_of
from evaluation.services.refusals import Fault, Invalid, Refusal

hasher = PasswordHasher()
# Verified against when the username is unknown, so that a stranger learns nothing from the time an answer takes.
NOBODY = hasher.hash(secrets.token_hex(16))
LEAST_LENGTH = 12


class WrongPassword(Refusal):
    """The username and password do not belong together; which of them is wrong is not said."""

    status = 401


def sign_in(username: str, password: str) -> Account:
    """The account of a username and password, or WrongPassword."""
    account = db.session.scalar(select(Account).where(Account.username == username.strip().lower()))
    try:
        hasher.verify(account.password_hash if account else NOBODY, password)
    except (VerificationError, InvalidHashError):
        account = None
    if account is None or not account.is_active:
        raise WrongPassword(_("The username or the password is not right."))
    if hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hasher.hash(password)
    audit.record(actor_of(account), "account.signed_in", account)
    db.session.commit()
    return account


def open_account(actor: Actor | None, person: Person, *, username: str, password: str) -> Account:
    """Gives a person an account under a name of its own, with a password of at least twelve characters."""
    name = username.strip().lower()
    taken = Account.username == name, Account.person_id == person.id
    if not name or db.session.scalar(select(Account.id).where(or_(*taken))) is not None:
        raise Invalid(
            [Fault("username", _("This username is taken, or the official already has an account."))]
        )
    if len(password) < LEAST_LENGTH:
        raise Invalid(
            [Fault("password", _("A password has at least %(least)s characters.", least=LEAST_LENGTH))]
        )
    account = Account(
        person=person,
        username=name,
        password_hash=hasher.hash(password),
    )
    db.session.add(account)
    audit.record(actor, "account.opened", account)
    db.session.commit()
    return account


def grant_role(
    actor: Actor | None, account: Account, *, role: Role, unit_id: int, since: date | None = None
) -> RoleGrant:
    """Gives an account a role over a unit and all below it, from a day."""
    grant = RoleGrant(account=account, role=role, unit_id=unit_id, valid_from=since or clock.today())
    db.session.add(grant)
    audit.record(actor, "role.granted", grant, after={"role": role, "unit_id": unit_id})
    db.session.commit()
    return grant


def set_locale(account: Account, locale: str) -> None:
    """Remembers the language a person reads in."""
    account.locale = "en" if locale == "en" else "vi"
    db.session.commit()
