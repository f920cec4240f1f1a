"""People and where they serve: hired, corrected, appointed, transferred, absent; every date is half-open."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.files.codes import parse_email, parse_personal_number, parse_phone
from evaluation.files.says import CellRefused
from evaluation.models import Absence, Assignment, Charge, JobPosition, Person, Unit
from evaluation.queries import organisation as questions
from evaluation.queries.organisation import Subject
from evaluation.rules.names import clean_name, fold, outside_vietnamese, sort_key
from evaluation.rules.organisation import AbsenceKind, Gender, Office, PersonKind
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit
from evaluation.services.access import Actor
from evaluation.services.organisation import unit_for
from evaluation.services.refusals import Fault, Forbidden, Invalid, Missing

CORRECTABLE = frozenset(
    {"full_name", "personal_number", "gender", "born_on", "born_year_only", "kind", "rank_code", "hired_on",
     "email", "phone"}
)  # fmt: skip
PRIVATE = frozenset({"personal_number", "phone", "email", "born_on"})


def person_for(actor: Actor | None, person_id: int, *, to: Action) -> Person:
    """A person for an action, judged by the unit they serve in last; oneself may always read."""
    person = db.session.get(Person, person_id)
    if person is None:
        raise Missing(_("There is no such person."))
    if actor is None:
        return person
    unit_id = _last_unit(person_id)
    held = (
        questions.relations(actor.standing, Subject(unit_id=unit_id, person_id=person_id)) if unit_id else ()
    )
    own = to is Action.READ_ORGANISATION and actor.person_id == person_id
    whole = unit_id is None and any(
        actor.standing.holds(role) for role in (Role.HOME_AFFAIRS, Role.ADMINISTRATOR)
    )
    if own or whole:
        return person
    if not access.allowed(Action.READ_ORGANISATION, held):
        raise Missing(_("There is no such person."))
    if not access.allowed(to, held):
        raise Forbidden(_("You are not allowed to do this here."))
    return person


def _last_unit(person_id: int) -> int | None:
    return db.session.scalar(
        select(Assignment.unit_id)
        .where(Assignment.person_id == person_id)
        .order_by(Assignment.is_main.desc(), Assignment.valid_from.desc())
        .limit(1)
    )


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
    **facts: Any,
) -> Person:
    """A new person with a first main assignment."""
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    number = clean_name(official_number).replace(" ", "")
    faults = [] if number else [Fault("official_number", _("Write the official number."))]
    values = _checked({"full_name": full_name, "kind": kind, **facts}, faults)
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
    db.session.commit()
    return person


def correct_person(actor: Actor | None, person_id: int, **facts: Any) -> Person:
    """Corrects what the register says of a person; the journal names the fields, private values stay out of it."""
    unknown = facts.keys() - CORRECTABLE
    if unknown:
        raise Invalid([Fault(name, _("This field cannot be changed here.")) for name in sorted(unknown)])
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    faults: list[Fault] = []
    values = _checked(facts, faults)
    if faults:
        raise Invalid(faults)
    changed = {key: value for key, value in values.items() if getattr(person, key) != value}
    keys = changed.keys() & CORRECTABLE
    before = {key: None if key in PRIVATE else getattr(person, key) for key in keys}
    for key, value in changed.items():
        setattr(person, key, value)
    if keys:
        after = {key: "•••" if key in PRIVATE else changed[key] for key in keys}
        audit.record(actor, "person.corrected", person, before=before, after=after)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            [Fault("personal_number", _("Another person already has this personal number."))]
        ) from None
    return person


def _checked(facts: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    values = dict(facts)
    if "full_name" in values:
        name = clean_name(values["full_name"] or "")
        if not name or len(name) > 120:
            faults.append(Fault("full_name", _("Write the full name, at most 120 characters.")))
        elif strange := outside_vietnamese(name):
            faults.append(
                Fault("full_name", _("The name holds characters that are not Vietnamese letters: %(characters)s.",
                                     characters=" ".join(strange)))
            )  # fmt: skip
        values |= {"full_name": name, "sort_key": sort_key(name), "search_key": fold(name)}
    for key, parse in (
        ("personal_number", parse_personal_number),
        ("email", parse_email),
        ("phone", parse_phone),
    ):
        if values.get(key):
            try:
                found = parse(values[key])
                values[key] = found[0] if isinstance(found, tuple) else found
            except CellRefused as refused:
                faults.append(Fault(key, _(refused.says_id) % refused.params))
        elif key in values:
            values[key] = None
    for key, words in (("kind", PersonKind), ("gender", Gender)):
        if values.get(key):
            values[key] = words(values[key])
    return values


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
) -> Assignment:
    """An assignment from a day; a main one closes the running main one on that day (a transfer).

    Refused with a sentence that names the other assignment when the days overlap or the unit has a head.
    """
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
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
        is_main=is_main, decision_number=decision_number, closed=running,
    )  # fmt: skip
    if person.left_on is not None and person.left_on <= since:
        person.left_on = None
    db.session.commit()
    return made


transfer = appoint


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
        after={"unit_id": unit_id, "office": office, "title": title, "since": since, "main": is_main},
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


def end_assignment(actor: Actor | None, assignment_id: int, *, on: date, leaves: bool = False) -> Assignment:
    """An assignment ends on a day (the first it no longer runs); `leaves` also ends the person's service."""
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
    db.session.commit()
    return assignment


def record_absence(
    actor: Actor | None,
    person_id: int,
    *,
    kind: AbsenceKind,
    since: date,
    until: date | None,
    document_number: str | None = None,
) -> Absence:
    """A stay away from work; `until` is the first day back."""
    person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    if until is not None and until <= since:
        raise Invalid([Fault("until", _("The last day lies before the first day."))])
    overlap = db.session.scalar(
        select(Absence)
        .where(Absence.person_id == person_id, or_(Absence.valid_to.is_(None), Absence.valid_to > since))
        .where(Absence.valid_from < until if until is not None else Absence.id > 0)
    )
    if overlap is not None:
        raise Invalid(
            [
                Fault(
                    "since",
                    _(
                        "An absence from %(first)s already covers these days.",
                        first=f"{overlap.valid_from:%d/%m/%Y}",
                    ),
                )
            ]
        )
    absence = Absence(
        person_id=person_id,
        kind=kind,
        valid_from=since,
        valid_to=until,
        document_number=document_number or None,
    )
    db.session.add(absence)
    audit.record(actor, "absence.recorded", absence, after={"kind": kind, "since": since, "until": until})
    db.session.commit()
    return absence


def put_in_charge(
    actor: Actor | None,
    deputy_id: int,
    *,
    since: date,
    unit_id: int | None = None,
    person_id: int | None = None,
    until: date | None = None,
) -> Charge:
    """A unit below or one official put into a deputy's field (Article 15.4)."""
    person_for(actor, deputy_id, to=Action.CHANGE_ORGANISATION)
    if (unit_id is None) == (person_id is None):
        raise Invalid([Fault("unit_id", _("Choose one unit or one person."))])
    office = db.session.scalar(
        select(Assignment).where(
            Assignment.person_id == deputy_id,
            Assignment.office == Office.DEPUTY,
            questions.valid_on(Assignment, since),
        )
    )
    if office is None:
        raise Invalid([Fault("since", _("The person is not a deputy head on this day."))])
    target = unit_id if unit_id is not None else _last_unit(person_id or 0)
    if target not in questions.descendants([office.unit_id], since):
        raise Invalid([Fault("unit_id", _("Only what stands below the deputy's own unit can be in charge."))])
    charge = Charge(
        deputy_id=deputy_id, unit_id=unit_id, person_id=person_id, valid_from=since, valid_to=until
    )
    db.session.add(charge)
    after = {"unit_id": unit_id, "person_id": person_id, "since": since, "until": until}
    audit.record(actor, "charge.given", charge, after=after, unit_id=office.unit_id)
    db.session.commit()
    return charge


def reveal_personal_number(actor: Actor, person_id: int) -> str | None:
    """The whole personal number, for Home Affairs or an administrator over the person; every look is in the journal."""
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    audit.record(actor, "person.number_revealed", person)
    db.session.commit()
    return person.personal_number
