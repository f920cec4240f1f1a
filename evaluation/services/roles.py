"""Roles given to accounts by date: nobody grants to themselves, and a role that governs waits for a second person (fault 59)."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, RoleGrant, Unit
from evaluation.queries import accounts as questions
from evaluation.queries import organisation
from evaluation.queries.organisation import Subject
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit, notices, receipts, sessions
from evaluation.services.access import Actor
from evaluation.services.accounts import account_for
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

# Who holds one of these sees or decides for everybody below the unit.
GOVERNING = frozenset({Role.ADMINISTRATOR, Role.HOME_AFFAIRS, Role.INSPECTOR})
GIVEN = "You were given a role over %(unit)s: sign in again to use it."
TAKEN_AWAY = "A role of yours over %(unit)s has ended."
WAITS = "A role over %(unit)s for %(name)s waits for a second person."
REFUSED = "The role over %(unit)s for %(name)s was refused by the second person."
WAITING_PAGE = "/accounts/waiting"


def grant(
    actor: Actor,
    account_id: int,
    *,
    role: Role,
    unit_id: int | None,
    since: date,
    until: date | None = None,
    transaction_id: str | None = None,
) -> RoleGrant:
    """Gives an account a role over a unit and all below it; `until` is the first day after.

    The giver administers both the account and the unit. A role that governs gives no right before a second person agrees.
    """
    if known := receipts.taken(actor, transaction_id, "role.granted"):
        return db.session.get_one(RoleGrant, known["id"])
    account = account_for(actor, account_id, to=Action.GRANT_ROLE, lock=True)
    faults = _faults(account, role, unit_id, since, until)
    if faults or unit_id is None:
        raise Invalid(faults)
    _over_unit(actor, Action.GRANT_ROLE, account, unit_id)
    given = RoleGrant(
        account_id=account.id,
        role=role,
        unit_id=unit_id,
        valid_from=since,
        valid_to=until,
        granted_by=actor.person_id,
        waits_for_approval=role in GOVERNING,
    )
    db.session.add(given)
    audit.record(
        actor, "role.asked_for" if given.waits_for_approval else "role.granted", given,
        after=_facts(given), unit_id=unit_id,
    )  # fmt: skip
    _tell_of(given, account, actor)
    receipts.keep(transaction_id, {"id": given.id})
    db.session.commit()
    return given


def _tell_of(given: RoleGrant, account: Account, actor: Actor) -> None:
    unit = _unit_name(given.unit_id)
    if not given.waits_for_approval:
        sessions.end_all(account.id, "ROLE_CHANGED")
        notices.tell(account.person_id, GIVEN, unit=unit)
        return
    above = organisation.ancestors(given.unit_id, clock.today())
    for person_id in questions.holders(Role.HOME_AFFAIRS, above, clock.today()):
        if person_id not in (actor.person_id, account.person_id):
            notices.tell(person_id, WAITS, link=WAITING_PAGE, unit=unit, name=account.person.full_name)


def decide(actor: Actor, grant_id: int, *, agrees: bool, transaction_id: str | None = None) -> None:
    """The second person agrees, and the role holds; or refuses, and it is gone. Never the giver, never the one who gets it."""
    if receipts.taken(actor, transaction_id, "role.decided"):
        return
    given = db.session.get(RoleGrant, grant_id, with_for_update={"of": RoleGrant}, populate_existing=True)
    if given is None:
        raise Missing(_("There is no such role."))
    account = given.account
    subject = Subject(unit_id=given.unit_id, person_id=account.person_id)
    if not access.may(actor, Action.READ_ACCOUNTS, subject):
        said, thing = Missing(_("There is no such role.")), (RoleGrant.__tablename__, given.id)
        raise access.denied(said, actor, Action.APPROVE_ROLE, subject, thing)
    access.require(actor, Action.APPROVE_ROLE, subject)
    if actor.person_id == given.granted_by:
        raise Forbidden(_("Whoever gave a role cannot be its second person."))
    if not given.waits_for_approval:
        raise Conflict(_("This role was decided already."))
    unit, before = _unit_name(given.unit_id), _facts(given)
    if agrees:
        given.waits_for_approval, given.approved_by = False, actor.person_id
        given.valid_from = max(given.valid_from, clock.today())
        audit.record(actor, "role.granted", given, before=before, after=_facts(given), unit_id=given.unit_id)
        sessions.end_all(account.id, "ROLE_CHANGED")
        notices.tell(account.person_id, GIVEN, unit=unit)
    else:
        audit.record(actor, "role.refused", given, before=before, unit_id=given.unit_id)
        notices.tell(given.granted_by, REFUSED, unit=unit, name=account.person.full_name)
        db.session.delete(given)
    receipts.keep(transaction_id, {"id": grant_id})
    db.session.commit()


def end(actor: Actor, grant_id: int, *, transaction_id: str | None = None) -> None:
    """Takes a role away from today; one that has not begun, or that waits, is gone whole. Its sessions end at once."""
    if receipts.taken(actor, transaction_id, "role.ended"):
        return
    given = db.session.get(RoleGrant, grant_id, with_for_update={"of": RoleGrant}, populate_existing=True)
    if given is None:
        raise Missing(_("There is no such role."))
    subject = Subject(given.unit_id, given.account.person_id)
    if not access.may(actor, Action.READ_ACCOUNTS, subject):
        said, thing = Missing(_("There is no such role.")), (RoleGrant.__tablename__, given.id)
        raise access.denied(said, actor, Action.GRANT_ROLE, subject, thing)
    account = account_for(actor, given.account_id, to=Action.GRANT_ROLE, lock=True)
    _over_unit(actor, Action.GRANT_ROLE, account, given.unit_id)
    today = clock.today()
    if given.valid_to is not None and given.valid_to <= today:
        raise Conflict(_("This role has already ended."))
    audit.record(
        actor, "role.ended", given, before=_facts(given), after={"until": today}, unit_id=given.unit_id
    )
    if given.valid_from >= today or given.waits_for_approval:
        db.session.delete(given)
    else:
        given.valid_to = today
    sessions.end_all(account.id, "ROLE_CHANGED")
    notices.tell(account.person_id, TAKEN_AWAY, unit=_unit_name(given.unit_id))
    receipts.keep(transaction_id, {"id": grant_id})
    db.session.commit()


def _faults(
    account: Account, role: Role, unit_id: int | None, since: date, until: date | None
) -> list[Fault]:
    today, faults = clock.today(), []
    if unit_id is None or db.session.get(Unit, unit_id) is None:
        return [Fault("unit_id-search", _("Choose a unit, or write its code."))]
    if since < today:
        faults.append(Fault("since", _("The first day has passed. Choose today or a later day.")))
    if until is not None and until <= since:
        faults.append(Fault("until", _("The last day lies before the first day.")))
    overlapping = select(RoleGrant.id).where(
        RoleGrant.account_id == account.id,
        RoleGrant.role == role,
        RoleGrant.unit_id == unit_id,
        or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > since),
    )
    if until is not None:
        overlapping = overlapping.where(RoleGrant.valid_from < until)
    if db.session.scalar(overlapping) is not None:
        faults.append(Fault("role", _("The account already holds this role over this unit in these days.")))
    return faults


def _over_unit(actor: Actor, action: Action, account: Account, unit_id: int) -> None:
    """Nobody gives or ends a role over a unit that is not theirs to administer."""
    access.require(actor, action, Subject(unit_id=unit_id, person_id=account.person_id))


def _facts(given: RoleGrant) -> dict[str, object]:
    return {
        "account": given.account_id,
        "role": given.role,
        "unit_id": given.unit_id,
        "since": given.valid_from,
        "until": given.valid_to,
        "waits": given.waits_for_approval,
    }


def _unit_name(unit_id: int) -> str:
    return organisation.unit_names([unit_id], clock.today()).get(unit_id, "")
