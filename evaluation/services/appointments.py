"""Where people serve: hired into a unit, appointed, transferred, ended; every date is half-open."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.models import Assignment, JobPosition, Person, Unit
from evaluation.queries import organisation as questions
from evaluation.rules.names import clean_name, foreign_letters, hidden_characters
from evaluation.rules.organisation import Office, PersonKind
from evaluation.rules.permissions import Action
from evaluation.services import audit, receipts
from evaluation.services.access import Actor
from evaluation.services.organisation import unit_for
from evaluation.services.people import checked, hidden_fault, person_for
from evaluation.services.refusals import Fault, Invalid, Missing


def hire(
    actor: Actor | None,
    *,
    unit_id: int,
    since: date,
    office: Office,
    title: str,
    official_number: str,
    full_name: str,
    kind: PersonKind,
    position_id: int | None = None,
    decision_number: str | None = None,
    transaction_id: str | None = None,
    **facts: Any,
) -> Person:
    """A new person with a first main assignment."""
    known = receipts.taken(actor, transaction_id, "person.hired") if actor else None
    if known:
        return db.session.get_one(Person, known["id"])
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    number = clean_name(official_number).replace(" ", "")
    faults = [] if number else [Fault("official_number", _("Write the official number."))]
    if strange := foreign_letters(official_number) or hidden_characters(official_number):
        faults.append(Fault("official_number", hidden_fault(strange)))
    values = checked({"full_name": full_name, "kind": kind, **facts}, faults)
    if faults:
        raise Invalid(faults)
    person = Person(official_number=number, **values)
    db.session.add(person)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            [
                Fault(
                    "official_number",
                    _("Another person already has this official number or personal number."),
                )
            ]
        ) from None
    audit.record(
        actor, "person.hired", person, after={"official_number": number, "kind": kind}, unit_id=unit_id
    )
    _open(
        actor, person, unit_id, since=since, office=office, title=title, position_id=position_id,
        is_main=True, decision_number=decision_number,
    )  # fmt: skip
    receipts.keep(transaction_id, {"id": person.id})
    db.session.commit()
    return person


def appoint(
    actor: Actor | None,
    person_id: int,
    *,
    unit_id: int,
    since: date,
    office: Office,
    title: str,
    position_id: int | None = None,
    is_main: bool = True,
    decision_number: str | None = None,
    seconded_from_id: int | None = None,
    transaction_id: str | None = None,
) -> Assignment:
    """An assignment from a day; a main one closes the running main one on that day (a transfer).

    `seconded_from_id` is the unit that lends the official: the receiving unit scores, the sending one reads the results.

    Refused with a sentence that names the other assignment when the days overlap or the unit has a head.
    """
    known = receipts.taken(actor, transaction_id, "person.appointed") if actor else None
    if known:
        return db.session.get_one(Assignment, known["id"])
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    if seconded_from_id is not None and (seconded_from_id == unit_id or not is_main):
        raise Invalid(
            [
                Fault(
                    "seconded_from_id-search",
                    _("A secondment is a main assignment in another unit than the one that sends."),
                )
            ]
        )
    running = questions.main_assignment(person_id, since) if is_main else None
    if running is not None and running.valid_from == since:
        raise Invalid([Fault("since", _already(running))])
    if running is not None:
        later = _later_main(person_id, since)
        if later is not None:
            raise Invalid([Fault("since", _already(later))])
        running.valid_to = since
        db.session.flush()
    made = _open(
        actor, person, unit_id, since=since, office=office, title=title, position_id=position_id,
        is_main=is_main, decision_number=decision_number, closed=running, seconded_from_id=seconded_from_id,
    )  # fmt: skip
    if person.left_on is not None and person.left_on <= since:
        person.left_on = None
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def _open(
    actor: Actor | None,
    person: Person,
    unit_id: int,
    *,
    since: date,
    office: Office,
    title: str,
    position_id: int | None,
    is_main: bool,
    decision_number: str | None,
    closed: Assignment | None = None,
    seconded_from_id: int | None = None,
) -> Assignment:
    faults = []
    title = clean_name(title)[:200]
    if not title:
        faults.append(Fault("title", _("Write the title, for example Chuyên viên.")))
    if unit_id not in questions.descendants([unit_id], since) or _stands(unit_id, since) is None:
        faults.append(Fault("unit_id", _("This unit does not exist on that day.")))
    if position_id is not None and db.session.get(JobPosition, position_id) is None:
        faults.append(Fault("position_id", _("There is no such job position.")))
    if faults:
        db.session.rollback()
        raise Invalid(faults)
    made = Assignment(
        person_id=person.id,
        unit_id=unit_id,
        position_id=position_id,
        office=office,
        title=title,
        is_main=is_main,
        decision_number=decision_number or None,
        seconded_from_id=seconded_from_id,
        valid_from=since,
    )
    person_id = person.id
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError as clash:
        db.session.rollback()
        raise Invalid([_clash(str(clash.orig), person_id, unit_id, since)]) from None
    audit.record(
        actor,
        "person.transferred" if closed is not None else "person.appointed",
        made,
        before={"assignment_id": closed.id, "unit_id": closed.unit_id} if closed is not None else None,
        after={"unit_id": unit_id, "office": office, "title": title, "since": since, "main": is_main}
        | ({"seconded_from_id": seconded_from_id} if seconded_from_id is not None else {}),
        unit_id=unit_id,
    )
    return made


def _stands(unit_id: int, day: date) -> Unit | None:
    unit = db.session.get(Unit, unit_id)
    if unit is None or (unit.dissolved_on is not None and unit.dissolved_on <= day):
        return None
    return unit if any(place.valid_from <= day for place in unit.places) else None


def _clash(told: str, person_id: int, unit_id: int, since: date) -> Fault:
    """Why the database refused, as a sentence that names the other assignment."""
    if "one_head_of_a_unit" in told:
        other = db.session.scalar(
            select(Assignment)
            .where(
                Assignment.unit_id == unit_id,
                Assignment.office == Office.HEAD,
                or_(Assignment.valid_to.is_(None), Assignment.valid_to > since),
            )
            .order_by(Assignment.valid_from)
        )
        if other is not None:
            return Fault(
                "office",
                _(
                    "The unit already has a head: %(name)s, %(days)s.",
                    name=other.person.full_name,
                    days=_days(other),
                ),
            )
    other = _later_main(person_id, since)
    if other is not None:
        return Fault("since", _already(other))
    return Fault("since", _("This assignment overlaps another one."))


def _later_main(person_id: int, since: date) -> Assignment | None:
    return db.session.scalar(
        select(Assignment)
        .where(Assignment.person_id == person_id, Assignment.is_main, Assignment.valid_from > since)
        .order_by(Assignment.valid_from)
        .limit(1)
    )


def _already(other: Assignment) -> str:
    names = questions.unit_names([other.unit_id], other.valid_from)
    return _(
        "The person already has a main assignment: %(title)s, %(unit)s, %(days)s.",
        title=other.title,
        unit=names.get(other.unit_id, ""),
        days=_days(other),
    )


def _days(other: Assignment) -> str:
    if other.valid_to is None:
        return _("from %(first)s", first=f"{other.valid_from:%d/%m/%Y}")
    return _(
        "from %(first)s to before %(last)s",
        first=f"{other.valid_from:%d/%m/%Y}",
        last=f"{other.valid_to:%d/%m/%Y}",
    )


def end_assignment(
    actor: Actor | None,
    assignment_id: int,
    *,
    on: date,
    leaves: bool = False,
    transaction_id: str | None = None,
) -> Assignment:
    """An assignment ends on a day (the first it no longer runs); `leaves` also ends the person's service."""
    known = receipts.taken(actor, transaction_id, "assignment.ended") if actor else None
    if known:
        return db.session.get_one(Assignment, known["id"])
    assignment = db.session.get(Assignment, assignment_id, with_for_update=True)
    if assignment is None:
        raise Missing(_("There is no such assignment."))
    person = person_for(actor, assignment.person_id, to=Action.CHANGE_ORGANISATION)
    if on <= assignment.valid_from or (assignment.valid_to is not None and on > assignment.valid_to):
        raise Invalid(
            [Fault("on", _("This day lies outside the assignment (%(days)s).", days=_days(assignment)))]
        )
    before = {"valid_to": assignment.valid_to}
    assignment.valid_to = on
    if leaves:
        person.left_on = on
    audit.record(
        actor, "assignment.ended", assignment, before=before, after={"valid_to": on, "leaves": leaves},
        unit_id=assignment.unit_id,
    )  # fmt: skip
    receipts.keep(transaction_id, {"id": assignment.id})
    db.session.commit()
    return assignment
