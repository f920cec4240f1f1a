"""The field of a deputy: the units below and the officials a deputy is in charge of (Article 15.4)."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select, true

from evaluation.extensions import db
from evaluation.models import Assignment, Charge, Person
from evaluation.queries import organisation as questions
from evaluation.rules.organisation import Office
from evaluation.rules.permissions import Action
from evaluation.services import audit, receipts
from evaluation.services.access import Actor
from evaluation.services.people import last_unit, person_for
from evaluation.services.refusals import Fault, Invalid, Missing


def put_in_charge(
    actor: Actor | None,
    deputy_id: int,
    *,
    since: date,
    unit_id: int | None = None,
    person_id: int | None = None,
    until: date | None = None,
    transaction_id: str | None = None,
) -> Charge:
    """A unit below or one official put into a deputy's field (Article 15.4); `until` is the first day after.

    Only what stands below a unit whose deputy the person is on that day, and what no deputy has in these days.
    """
    known = receipts.taken(actor, transaction_id, "charge.given") if actor else None
    if known:
        return db.session.get_one(Charge, known["id"])
    person_for(actor, deputy_id, to=Action.CHANGE_ORGANISATION)
    if (unit_id is None) == (person_id is None):
        raise Invalid([Fault("unit_id", _("Choose one unit or one person."))])
    if until is not None and until <= since:
        raise Invalid([Fault("until", _("The last day lies before the first day."))])
    office = _office_over(deputy_id, unit_id, person_id, since)
    taken = _taken(unit_id, person_id, since, until)
    if taken is not None:
        raise Invalid([Fault("since", taken)])
    charge = Charge(
        deputy_id=deputy_id, unit_id=unit_id, person_id=person_id, valid_from=since, valid_to=until
    )
    db.session.add(charge)
    db.session.flush()
    after = {"unit_id": unit_id, "person_id": person_id, "since": since, "until": until}
    audit.record(actor, "charge.given", charge, after=after, unit_id=office.unit_id)
    receipts.keep(transaction_id, {"id": charge.id})
    db.session.commit()
    return charge


def _office_over(deputy_id: int, unit_id: int | None, person_id: int | None, since: date) -> Assignment:
    """The deputy's office above the unit or the official, or Invalid saying what is missing."""
    offices = db.session.scalars(
        select(Assignment)
        .where(
            Assignment.person_id == deputy_id,
            Assignment.office == Office.DEPUTY,
            questions.valid_on(Assignment, since),
        )
        .order_by(Assignment.is_main.desc())
    ).all()
    if not offices:
        raise Invalid([Fault("since", _("The person is not a deputy head on this day."))])
    target = unit_id if unit_id is not None else last_unit(person_id or 0)
    above = questions.ancestors(target, since) if target is not None else []
    # A unit stands below the deputy's own; an official may serve in that very unit.
    below = above[1:] if unit_id is not None else above
    office = next((one for one in offices if one.unit_id in below), None)
    if office is None or person_id == deputy_id:
        place = "unit_id" if unit_id is not None else "person_id"
        raise Invalid([Fault(place, _("Only what stands below the deputy's own unit can be in charge."))])
    return office


def _taken(unit_id: int | None, person_id: int | None, since: date, until: date | None) -> str | None:
    """Why these days are not free: the deputy who has the unit or the official already."""
    other = db.session.execute(
        select(Person.full_name, Charge.valid_from)
        .join(Person, Person.id == Charge.deputy_id)
        .where(Charge.unit_id == unit_id if unit_id is not None else Charge.person_id == person_id)
        .where(or_(Charge.valid_to.is_(None), Charge.valid_to > since))
        .where(Charge.valid_from < until if until is not None else true())
        .order_by(Charge.valid_from)
        .limit(1)
    ).first()
    if other is None:
        return None
    return _(
        "%(name)s is already in charge of this from %(first)s. End that first, or choose other days.",
        name=other.full_name,
        first=f"{other.valid_from:%d/%m/%Y}",
    )


def end_charge(actor: Actor | None, charge_id: int, *, on: date, transaction_id: str | None = None) -> Charge:
    """A deputy is no longer in charge from a day on."""
    known = receipts.taken(actor, transaction_id, "charge.ended") if actor else None
    if known:
        return db.session.get_one(Charge, known["id"])
    charge = db.session.get(Charge, charge_id, with_for_update=True)
    if charge is None:
        raise Missing(_("There is no such field in charge."))
    person_for(actor, charge.deputy_id, to=Action.CHANGE_ORGANISATION)
    if on <= charge.valid_from or (charge.valid_to is not None and on > charge.valid_to):
        raise Invalid([Fault("on", _("This day lies outside the days in charge."))])
    before = {"valid_to": charge.valid_to}
    charge.valid_to = on
    audit.record(actor, "charge.ended", charge, before=before, after={"valid_to": on})
    receipts.keep(transaction_id, {"id": charge.id})
    db.session.commit()
    return charge
