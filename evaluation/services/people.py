"""People as the register knows them: found for an act, corrected, their private number shown."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.codes import parse_email, parse_personal_number, parse_phone, parse_rank_code
from evaluation.files.says import CellRefused
from evaluation.models import Assignment, Person
from evaluation.queries import organisation as questions
from evaluation.queries.organisation import Subject
from evaluation.rules.names import (
    clean_name,
    code_points,
    fold,
    hidden_characters,
    outside_vietnamese,
    sort_key,
)
from evaluation.rules.organisation import Gender, PersonKind
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit, receipts
from evaluation.services.access import Actor
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
    unit_id = last_unit(person_id)
    held = (
        questions.relations(actor.standing, Subject(unit_id=unit_id, person_id=person_id)) if unit_id else ()
    )
    own = to is Action.READ_ORGANISATION and actor.person_id == person_id
    whole = unit_id is None and any(
        actor.standing.holds(role) for role in (Role.HOME_AFFAIRS, Role.ADMINISTRATOR)
    )
    if own or whole:
        return person
    subject, thing = Subject(unit_id or 0, person_id=person_id), (Person.__tablename__, person_id)
    if not access.allowed(Action.READ_ORGANISATION, held):
        raise access.denied(Missing(_("There is no such person.")), actor, to, subject, thing)
    if not access.allowed(to, held):
        said = Forbidden(_("You are not allowed to do this here."))
        raise access.denied(said, actor, to, subject, thing)
    access.opened(thing, subject, frozenset(held))
    return person


def last_unit(person_id: int) -> int | None:
    """The unit a person serves in, or served in last; the main service counts before a concurrent one."""
    return db.session.scalar(
        select(Assignment.unit_id)
        .where(Assignment.person_id == person_id)
        .order_by(Assignment.is_main.desc(), Assignment.valid_from.desc())
        .limit(1)
    )


def correct_person(
    actor: Actor | None, person_id: int, *, transaction_id: str | None = None, **facts: Any
) -> Person:
    """Corrects what the register says of a person; the journal names the fields, private values stay out of it."""
    known = receipts.taken(actor, transaction_id, "person.corrected") if actor else None
    if known:
        return db.session.get_one(Person, known["id"])
    unknown = facts.keys() - CORRECTABLE
    if unknown:
        raise Invalid([Fault(name, _("This field cannot be changed here.")) for name in sorted(unknown)])
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    faults: list[Fault] = []
    values = checked(facts, faults)
    hired_on = values.get("hired_on", person.hired_on)
    if hired_on is not None and person.left_on is not None and hired_on > person.left_on:
        faults.append(
            Fault("hired_on", _("The person left the service on %(day)s.", day=f"{person.left_on:%d/%m/%Y}"))
        )
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
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            [Fault("personal_number", _("Another person already has this personal number."))]
        ) from None
    receipts.keep(transaction_id, {"id": person_id})
    db.session.commit()
    return person


def checked(facts: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Facts as the register keeps them; every fault found is added to the list."""
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
        elif hidden := hidden_characters((values["full_name"] or "")[:1000]):
            faults.append(Fault("full_name", hidden_fault(hidden)))
        values |= {"full_name": name, "sort_key": sort_key(name), "search_key": fold(name)}
    for key, parse in (
        ("personal_number", parse_personal_number),
        ("email", parse_email),
        ("phone", parse_phone),
        ("rank_code", parse_rank_code),
    ):
        if values.get(key):
            try:
                found = parse(values[key])
                values[key] = found[0] if isinstance(found, tuple) else found
            except CellRefused as refused:
                faults.append(Fault(key, _(refused.says_id) % refused.params))
        elif key in values:
            values[key] = None
    if values.get("born_on") is not None and values["born_on"] > clock.today():
        faults.append(Fault("born_on", _("This day has not come yet.")))
    for key, words in (("kind", PersonKind), ("gender", Gender)):
        if values.get(key):
            values[key] = words(values[key])
    return values


def hidden_fault(hidden: str) -> str:
    """The sentence about characters that cannot be seen, as copied text brings them along."""
    return _(
        "The text holds characters that cannot be seen (%(characters)s). Delete it and type it anew.",
        characters=code_points(hidden),
    )


def reveal_personal_number(actor: Actor, person_id: int) -> str | None:
    """The whole personal number, for Home Affairs or an administrator over the person; every look is in the journal."""
    person = person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    audit.record(actor, "person.number_revealed", person)
    db.session.commit()
    return person.personal_number
