"""Units through time: founded, renamed, moved, coded and dissolved; earlier months keep their tree."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.files.codes import parse_unit_code
from evaluation.files.says import CellRefused
from evaluation.models import Assignment, Unit, UnitCode, UnitPlace
from evaluation.queries import organisation as questions
from evaluation.queries.organisation import Subject
from evaluation.rules.names import clean_name, code_points, fold, foreign_letters, hidden_characters
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, receipts
from evaluation.services.access import Actor
from evaluation.services.people import hidden_fault
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

NAME_LIMIT = 250


def unit_for(actor: Actor | None, unit_id: int, *, to: Action) -> Unit:
    """A unit for an action; one whose organisation may not even be read looks missing. No actor: the command line."""
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise Missing(_("There is no such unit."))
    if actor is None:
        return unit
    held = questions.relations(actor.standing, Subject(unit_id=unit_id))
    if not access.allowed(Action.READ_ORGANISATION, held):
        raise access.denied(Missing(_("There is no such unit.")), actor, to, Subject(unit_id=unit_id))
    if not access.allowed(to, held):
        said = Forbidden(_("You are not allowed to do this here."))
        raise access.denied(said, actor, to, Subject(unit_id=unit_id))
    return unit


def found_unit(
    actor: Actor | None,
    *,
    parent_id: int,
    name: str,
    short_name: str = "",
    code: str,
    kind: UnitKind,
    role: UnitRole,
    since: date,
    decision_number: str | None = None,
    transaction_id: str | None = None,
) -> Unit:
    """A new unit under another from a day, with its code."""
    known = receipts.taken(actor, transaction_id, "unit.founded") if actor else None
    if known:
        return db.session.get_one(Unit, known["id"])
    unit_for(actor, parent_id, to=Action.CHANGE_ORGANISATION)
    name, short_name = _clean(name, short_name)
    code = _code(code)
    if _place_on(parent_id, since) is None:
        raise Invalid([Fault("since", _("The superior unit does not exist on this day."))])
    unit = Unit(kind=kind, role=role)
    db.session.add(unit)
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=unit.id,
            parent_id=parent_id,
            name=name,
            short_name=short_name,
            search_key=fold(name),
            decision_number=decision_number,
            valid_from=since,
        )
    )
    db.session.add(UnitCode(unit_id=unit.id, code=code, valid_from=since))
    _flush("code", _("The code %(code)s already names another unit on this day.", code=code))
    after = {"name": name, "code": code, "parent_id": parent_id, "since": since}
    audit.record(actor, "unit.founded", unit, after=after, unit_id=unit.id)
    receipts.keep(transaction_id, {"id": unit.id})
    db.session.commit()
    return unit


def rename_or_move(
    actor: Actor | None,
    unit_id: int,
    *,
    since: date,
    name: str | None = None,
    short_name: str | None = None,
    parent_id: int | None = None,
    decision_number: str | None = None,
    transaction_id: str | None = None,
) -> UnitPlace:
    """Closes the running place and opens the next from a day; months before that day keep the old tree.

    The same day as the running place began corrects that place. Refused under itself or anything below it.
    """
    known = receipts.taken(actor, transaction_id, "unit.changed") if actor else None
    if known:
        return db.session.get_one(UnitPlace, known["id"])
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    if parent_id is not None:
        unit_for(actor, parent_id, to=Action.CHANGE_ORGANISATION)
    running = _place_on(unit_id, since)
    if running is None:
        raise Invalid([Fault("since", _("The unit does not exist on this day."))])
    if db.session.scalar(
        select(UnitPlace.id).where(UnitPlace.unit_id == unit_id, UnitPlace.valid_from > since)
    ):
        raise Invalid([Fault("since", _("The unit was changed again after this day. Choose a later day."))])
    above = running.parent_id if parent_id is None else parent_id
    if parent_id is not None:
        if _place_on(parent_id, since) is None:
            raise Invalid([Fault("parent_id", _("The superior unit does not exist on this day."))])
        if unit_id in questions.ancestors(parent_id, since):
            raise Invalid([Fault("parent_id", _("A unit cannot stand under itself or a unit below it."))])
    new_name, new_short = _clean(
        name or running.name, short_name or (running.short_name if name is None else name)
    )
    same = (new_name, new_short, above) == (running.name, running.short_name, running.parent_id)
    if same and running.valid_from != since:
        raise Invalid(
            [Fault("name", _("Nothing would change. Write another name or choose another superior unit."))]
        )
    before = {"name": running.name, "parent_id": running.parent_id}
    values = {
        "name": new_name,
        "short_name": new_short,
        "search_key": fold(new_name),
        "parent_id": above,
        "decision_number": decision_number,
    }
    if running.valid_from == since:
        place = running
        for key, value in values.items():
            setattr(place, key, value)
    else:
        place = UnitPlace(unit_id=unit_id, valid_from=since, valid_to=running.valid_to, **values)
        running.valid_to = since
        db.session.flush()
        db.session.add(place)
    _flush("since", _("The unit already has another place in these days."))
    audit.record(
        actor,
        "unit.moved" if above != before["parent_id"] else "unit.renamed",
        place,
        before=before,
        after={"name": new_name, "parent_id": above, "since": since},
        unit_id=unit_id,
    )
    receipts.keep(transaction_id, {"id": place.id})
    db.session.commit()
    return place


def give_code(
    actor: Actor | None, unit_id: int, *, code: str, since: date, transaction_id: str | None = None
) -> UnitCode:
    """A code from a day; the running one closes that day and names the new one as successor."""
    known = receipts.taken(actor, transaction_id, "unit.code_given") if actor else None
    if known:
        return db.session.get_one(UnitCode, known["id"])
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    code = _code(code)
    running = db.session.scalar(
        select(UnitCode).where(UnitCode.unit_id == unit_id, questions.valid_on(UnitCode, since))
    )
    if running is not None:
        if running.code == code:
            return running
        if running.valid_from == since:
            raise Invalid([Fault("since", _("The running code began on this day. Choose a later day."))])
        running.valid_to, running.successor = since, code
        db.session.flush()
    given = UnitCode(unit_id=unit_id, code=code, valid_from=since)
    db.session.add(given)
    _flush("code", _("The code %(code)s already names another unit on this day.", code=code))
    audit.record(
        actor,
        "unit.code_given",
        given,
        before={"code": running.code} if running else None,
        after={"code": code, "since": since},
        unit_id=unit_id,
    )
    receipts.keep(transaction_id, {"id": given.id})
    db.session.commit()
    return given


def close_code(
    actor: Actor | None,
    unit_id: int,
    *,
    code: str,
    until: date,
    successor: str | None = None,
    transaction_id: str | None = None,
) -> UnitCode:
    """A code no longer names the unit from a day; mergers say which code takes over."""
    known = receipts.taken(actor, transaction_id, "unit.code_closed") if actor else None
    if known:
        return db.session.get_one(UnitCode, known["id"])
    unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    running = db.session.scalar(
        select(UnitCode).where(
            UnitCode.unit_id == unit_id, UnitCode.code == code, questions.valid_on(UnitCode, until)
        )
    )
    if running is None or running.valid_from >= until:
        raise Invalid([Fault("until", _("The code does not name this unit on this day."))])
    running.valid_to = until
    running.successor = _code(successor, "successor") if successor else None
    audit.record(
        actor,
        "unit.code_closed",
        running,
        after={"code": code, "until": until, "successor": running.successor},
        unit_id=unit_id,
    )
    receipts.keep(transaction_id, {"id": running.id})
    db.session.commit()
    return running


def dissolve_unit(
    actor: Actor | None,
    unit_id: int,
    *,
    on: date,
    successor: str | None = None,
    transaction_id: str | None = None,
) -> Unit:
    """A unit ends on a day (the first it no longer exists), with its place and code; refused while anyone serves in it."""
    known = receipts.taken(actor, transaction_id, "unit.dissolved") if actor else None
    if known:
        return db.session.get_one(Unit, known["id"])
    unit = unit_for(actor, unit_id, to=Action.CHANGE_ORGANISATION)
    if unit.dissolved_on is not None:
        raise Conflict(_("This unit is already dissolved."))
    people = db.session.query(Assignment).filter(
        Assignment.unit_id == unit_id, or_(Assignment.valid_to.is_(None), Assignment.valid_to > on)
    )
    below = db.session.query(UnitPlace).filter(
        UnitPlace.parent_id == unit_id, or_(UnitPlace.valid_to.is_(None), UnitPlace.valid_to > on)
    )
    if people.count() or below.count():
        raise Conflict(
            _(
                "%(people)s assignments and %(units)s units would outlast this unit. Move or end them first.",
                people=people.count(),
                units=below.count(),
            )
        )
    place = _place_on(unit_id, on)
    if place is None or place.valid_from >= on:
        raise Invalid([Fault("on", _("The unit does not exist on this day."))])
    place.valid_to, unit.dissolved_on = on, on
    for code in unit.codes:
        if code.valid_to is None and code.valid_from < on:
            code.valid_to, code.successor = on, _code(successor, "successor") if successor else None
    audit.record(actor, "unit.dissolved", unit, after={"on": on, "successor": successor}, unit_id=unit_id)
    receipts.keep(transaction_id, {"id": unit_id})
    db.session.commit()
    return unit


def _place_on(unit_id: int, day: date) -> UnitPlace | None:
    return db.session.scalar(
        select(UnitPlace).where(UnitPlace.unit_id == unit_id, questions.valid_on(UnitPlace, day))
    )


def _clean(name: str, short_name: str) -> tuple[str, str]:
    faults = [
        Fault(place, fault)
        for place, text in (("name", name), ("short_name", short_name))
        if (fault := _strange(text[: NAME_LIMIT * 2]))
    ]
    if faults:
        raise Invalid(faults)
    name = clean_name(name)
    if not name or len(name) > NAME_LIMIT:
        raise Invalid(
            [Fault("name", _("Write the name of the unit, at most %(limit)s characters.", limit=NAME_LIMIT))]
        )
    return name, clean_name(short_name)[:NAME_LIMIT] or name


def _strange(text: str) -> str | None:
    """Why a text cannot name a unit: a letter that only looks like ours would make two units of one name (fault 42)."""
    if foreign := foreign_letters(text):
        return _(
            "The name holds letters of another script: %(characters)s. Type it anew.",
            characters=" ".join(f"{one} ({code_points(one)})" for one in foreign[:5]),
        )
    hidden = hidden_characters(text)
    return hidden_fault(hidden) if hidden else None


def _code(text: str, place: str = "code") -> str:
    try:
        code, _doubt = parse_unit_code(text)
    except CellRefused as refused:
        raise Invalid([Fault(place, _(refused.says_id) % refused.params)]) from None
    if not code:
        raise Invalid([Fault(place, _("Write the code of the unit, for example H38.12.03."))])
    return code


def _flush(place: str, message: str) -> None:
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid([Fault(place, message)]) from None
