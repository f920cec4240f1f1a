"""Lending the duty of a head for a time, with a document; it ends by itself and is never lent on (fault 49)."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Delegation, Person, Unit
from evaluation.queries import organisation as questions
from evaluation.queries.organisation import Subject
from evaluation.rules.names import clean_name
from evaluation.rules.organisation import UnitRole
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, notices, receipts
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

DELEGATED = "You act for the head of %(unit)s from %(first)s to %(last)s (document %(document)s)."
LONGEST_DAYS = 366


def subject_of(unit_id: int, head_id: int | None) -> Subject:
    """What lending a duty is upon: the head owns it."""
    return Subject(unit_id=unit_id, person_id=head_id)


def delegate(
    actor: Actor,
    unit_id: int,
    *,
    delegate_id: int | None,
    since: date,
    until: date | None,
    document_number: str,
    reason: str,
    transaction_id: str | None = None,
) -> Delegation:
    """The head (or Home Affairs) lends the duty of a unit to someone of the same agency; `until` is the first day after.

    Not to oneself, not by or to somebody who only acts for another, not without an end and a document.
    """
    known = receipts.taken(actor, transaction_id, "delegation.given")
    if known:
        return db.session.get_one(Delegation, known["id"])
    head = questions.head_of(unit_id, clock.today())
    held = questions.relations(actor.standing, subject_of(unit_id, head.id if head else None))
    if not access.allowed(Action.DELEGATE, held):
        if unit_id in actor.standing.delegated:
            said = Forbidden(_("A duty that was lent to you cannot be lent on."))
            raise access.denied(said, actor, Action.DELEGATE, Subject(unit_id))
        raise access.denied(Missing(_("There is no such unit.")), actor, Action.DELEGATE, Subject(unit_id))
    if head is None:
        raise Conflict(_("The unit has no head today, so there is no duty to lend."))
    faults = _faults(delegate_id, head, since, until, document_number, reason)
    if not faults:
        faults = _wrong_person(unit_id, delegate_id or 0, since)
    if faults:
        raise Invalid(faults)
    lent = Delegation(
        unit_id=unit_id,
        delegator_id=head.id,
        delegate_id=delegate_id,
        document_number=clean_name(document_number)[:100],
        reason=clean_name(reason)[:500],
        valid_from=since,
        valid_to=until,
    )
    db.session.add(lent)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid([Fault("since", _overlap(unit_id, since))]) from None
    assert until is not None
    audit.record(
        actor,
        "delegation.given",
        lent,
        after={
            "delegator_id": head.id,
            "delegate_id": delegate_id,
            "since": since,
            "until": until,
            "document": lent.document_number,
        },
        reason=lent.reason,
        unit_id=unit_id,
    )
    notices.tell(
        delegate_id,
        DELEGATED,
        unit=questions.unit_names([unit_id], since).get(unit_id, ""),
        first=f"{since:%d/%m/%Y}",
        last=f"{date.fromordinal(until.toordinal() - 1):%d/%m/%Y}",
        document=lent.document_number,
    )
    receipts.keep(transaction_id, {"id": lent.id})
    db.session.commit()
    return lent


def _faults(
    delegate_id: int | None, head: Person, since: date, until: date | None, document_number: str, reason: str
) -> list[Fault]:
    faults = []
    if delegate_id is None:
        faults.append(Fault("delegate_id", _("Choose the person who will act for the head.")))
    elif delegate_id == head.id:
        faults.append(Fault("delegate_id", _("The duty cannot be lent to the head.")))
    if since < clock.today():
        faults.append(Fault("since", _("The first day has passed. Choose today or a later day.")))
    if until is None:
        faults.append(Fault("until", _("Write the last day: a duty is lent for a time.")))
    elif until <= since:
        faults.append(Fault("until", _("The last day lies before the first day.")))
    elif (until - since).days > LONGEST_DAYS:
        faults.append(Fault("until", _("A duty is lent for at most one year.")))
    if not clean_name(document_number):
        faults.append(Fault("document_number", _("Write the number of the document.")))
    if not clean_name(reason):
        faults.append(Fault("reason", _("Write why the duty is lent.")))
    return faults


def _wrong_person(unit_id: int, delegate_id: int, since: date) -> list[Fault]:
    own = questions.main_assignment(delegate_id, since)
    if own is None or agency_of(own.unit_id, since) != agency_of(unit_id, since):
        return [Fault("delegate_id", _("Choose somebody who serves in the same agency on that day."))]
    return []


def agency_of(unit_id: int, day: date) -> int:
    """The using agency that a unit belongs to on a day, or the unit itself when there is none above."""
    line = questions.ancestors(unit_id, day)
    roles = {unit.id: unit.role for unit in db.session.scalars(select(Unit).where(Unit.id.in_(line)))}
    return next((above for above in line if roles[above] is UnitRole.USING_AGENCY), unit_id)


def _overlap(unit_id: int, since: date) -> str:
    other = db.session.scalar(
        select(Delegation)
        .where(Delegation.unit_id == unit_id, Delegation.valid_to > since)
        .order_by(Delegation.valid_from)
        .limit(1)
    )
    if other is None or other.valid_to is None:
        return _("The duty is already lent in these days.")
    return _(
        "The duty is already lent to %(name)s from %(first)s to before %(last)s.",
        name=other.delegate.full_name,
        first=f"{other.valid_from:%d/%m/%Y}",
        last=f"{other.valid_to:%d/%m/%Y}",
    )


def end_delegation(actor: Actor, delegation_id: int) -> Delegation:
    """The head takes the duty back from today; one that has not begun is removed by ending it before its first day."""
    lent = db.session.get(Delegation, delegation_id, with_for_update=True)
    if lent is None:
        raise Missing(_("There is no such delegation."))
    head = questions.head_of(lent.unit_id, clock.today())
    subject = subject_of(lent.unit_id, head.id if head else None)
    if not access.may(actor, Action.DELEGATE, subject):
        said, thing = Missing(_("There is no such delegation.")), (Delegation.__tablename__, lent.id)
        raise access.denied(said, actor, Action.DELEGATE, subject, thing)
    today = clock.today()
    if lent.valid_to is not None and lent.valid_to <= today:
        raise Conflict(_("This delegation has already ended."))
    before = {"until": lent.valid_to}
    audit.record(actor, "delegation.ended", lent, before=before, after={"until": today}, unit_id=lent.unit_id)
    if lent.valid_from >= today:
        db.session.delete(lent)
    else:
        lent.valid_to = today
    db.session.commit()
    return lent


def mine(actor: Actor) -> list[Delegation]:
    """Duties of the units a person heads that are or will be lent, and those lent to the person, newest first."""
    return list(
        db.session.scalars(
            select(Delegation)
            .where(
                or_(
                    Delegation.unit_id.in_(actor.standing.headed),
                    Delegation.delegate_id == actor.person_id,
                    Delegation.delegator_id == actor.person_id,
                )
            )
            .order_by(Delegation.valid_from.desc(), Delegation.id.desc())
            .limit(50)
        )
    )
