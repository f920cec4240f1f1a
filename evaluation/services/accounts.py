"""Accounts: who may look after which, how one is opened, how one signs in with a password."""

import secrets
import string
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Person, RoleGrant
from evaluation.queries import accounts as questions
from evaluation.queries.jobs import province
from evaluation.queries.organisation import Subject
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit, passwords, receipts
from evaluation.services.access import Actor
from evaluation.services.people import last_unit, person_for
from evaluation.services.refusals import Fault, Forbidden, Invalid, Missing

LEAST_NAME, MOST_NAME = 3, 64
NAME_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + ".-_@")


def subjects_of(account: Account) -> list[Subject]:
    """What an act upon an account is upon: its owner where the last service was, then every unit it holds a role over.

    Who changes an account administers all of these: otherwise the administrator of a commune could take the account
    of the province by starting a password reset.
    """
    own, today = last_unit(account.person_id), clock.today()
    units = [own] if own is not None else []
    units += [unit_id for unit_id in questions.roles_over(account.id, today) if unit_id != own]
    # Who never served anywhere is looked after by whoever looks after the whole province.
    return [Subject(unit_id=unit_id, person_id=account.person_id) for unit_id in units or [province(today)]]


def may(actor: Actor, account: Account, action: Action) -> bool:
    """Whether an actor may act upon an account."""
    return all(access.may_each(actor, action, subjects_of(account)))


def account_for(actor: Actor, account_id: int, *, to: Action, lock: bool = False) -> Account:
    """An account for an action; one that may not even be read looks missing."""
    account = db.session.get(
        Account, account_id, with_for_update={"of": Account} if lock else None, populate_existing=lock
    )
    if account is None:
        raise Missing(_("There is no such account."))
    subject, thing = subjects_of(account)[0], (Account.__tablename__, account.id)
    if not access.may(actor, Action.READ_ACCOUNTS, subject):
        raise access.denied(Missing(_("There is no such account.")), actor, to, subject, thing)
    if to is not Action.READ_ACCOUNTS and not may(actor, account, to):
        said = Forbidden(_("You are not allowed to do this here."))
        raise access.denied(said, actor, to, subject, thing)
    return account


def proposed_username(person: Person) -> str:
    """The official number as a username."""
    return "".join(one for one in person.official_number.lower() if one in NAME_CHARACTERS)


def unit_of(account: Account) -> int | None:
    """The unit in whose chain of the journal an act upon an account stands."""
    return last_unit(account.person_id)


def open_account(
    actor: Actor | None,
    person: Person,
    *,
    username: str,
    password: str | None = None,
    transaction_id: str | None = None,
) -> Account:
    """Gives a person an account under a name of its own; without a password its owner chooses one with a ticket.

    A name has 3 to 64 small letters without accents, digits, dots and dashes; a password is not easily guessed.
    """
    known = receipts.taken(actor, transaction_id, "account.opened") if actor else None
    if known:
        return db.session.get_one(Account, known["id"])
    if actor is not None:
        person_for(actor, person.id, to=Action.CHANGE_ACCOUNTS)
    name = username.strip().lower()
    if fault := username_fault(name):
        raise Invalid([Fault("username", fault)])
    taken = Account.username == name, Account.person_id == person.id
    if db.session.scalar(select(Account.id).where(or_(*taken))) is not None:
        raise Invalid([Fault("username", _taken())])
    if password is not None:
        passwords.refuse_weak(password, username=name, person=person)
    account = Account(
        person=person,
        username=name,
        password_hash=passwords.hashed(password or secrets.token_urlsafe(32)),
        must_change_password=password is None,
    )
    db.session.add(account)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid([Fault("username", _taken())]) from None
    audit.record(actor, "account.opened", account, after={"username": name}, unit_id=last_unit(person.id))
    receipts.keep(transaction_id, {"id": account.id})
    db.session.commit()
    return account


def _taken() -> str:
    return _("This username is taken, or the official already has an account.")


def username_fault(name: str) -> str | None:
    """Why a text cannot be a username; a letter that only looks like another is named (fault 42)."""
    if not LEAST_NAME <= len(name) <= MOST_NAME:
        return _("A username has %(least)s to %(most)s characters.", least=LEAST_NAME, most=MOST_NAME)
    strange = sorted(set(name) - NAME_CHARACTERS)
    if strange:
        return _(
            "A username holds only small letters without accents, digits, dots and dashes. Not allowed: %(characters)s.",
            characters=", ".join(
                one if one.isprintable() and one != " " else f"U+{ord(one):04X}" for one in strange
            ),
        )
    return None


def grant_role(
    actor: Actor | None, account: Account, *, role: Role, unit_id: int, since: date | None = None
) -> RoleGrant:
    """Gives an account a role at once, for the command line of a new province; people grant with services/roles.py."""
    grant = RoleGrant(account=account, role=role, unit_id=unit_id, valid_from=since or clock.today())
    db.session.add(grant)
    db.session.flush()
    after = {"account": account.id, "role": role, "unit_id": unit_id, "since": grant.valid_from}
    audit.record(actor, "role.granted", grant, after=after, unit_id=unit_id)
    db.session.commit()
    return grant


def set_locale(account: Account, locale: str) -> None:
    """Remembers the language a person reads in."""
    account.locale = "en" if locale == "en" else "vi"
    db.session.commit()
