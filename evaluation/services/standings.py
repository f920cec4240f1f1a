"""Doors to the figures of units: whose month may be read, and which sheets behind it."""

import logging
from collections.abc import Iterable

from flask_babel import gettext as _

from evaluation import clock
from evaluation.queries import jobs as register
from evaluation.queries import organisation
from evaluation.queries.organisation import Subject
from evaluation.queries.unit_people import Line
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.services import access
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing

log = logging.getLogger(__name__)


def open_unit(actor: Actor, unit_id: int) -> None:
    """Passes who may read a unit: its leaders and those above, personnel, Home Affairs, inspectors; to others it is missing."""
    if not access.may(actor, Action.READ_UNIT, Subject(unit_id)):
        said = Missing(_("There is no such unit."))
        raise access.denied(said, actor, Action.READ_UNIT, Subject(unit_id))


def open_province(actor: Actor) -> int:
    """The unit above all for who may compare the whole province; to others it is missing."""
    province = register.province(clock.today())
    if not access.may(actor, Action.READ_PROVINCE, Subject(province)):
        log.warning("denied %s to person %s", Action.READ_PROVINCE, actor.person_id)
        raise Missing(_("There is no such unit."))
    return province


def reads_province(actor: Actor) -> int | None:
    """The unit above all if the actor may compare the whole province."""
    province = register.province(clock.today())
    return province if access.may(actor, Action.READ_PROVINCE, Subject(province)) else None


def asks_for_rollups(actor: Actor) -> bool:
    """Whether the actor may have a month rolled up at once; said from the roles held, without a query."""
    return allowed(Action.RUN_JOBS, {Relation(role.value) for role, _unit_id in actor.standing.roles})


def own_units(actor: Actor) -> list[tuple[int, str]]:
    """The units an actor leads, stands in for or holds a role over that reads units, by name."""
    standing = actor.standing
    led = standing.headed | standing.deputised | standing.delegated.keys()
    units = led | {
        unit_id for role, unit_id in standing.roles if allowed(Action.READ_UNIT, {Relation(role.value)})
    }
    return sorted(organisation.unit_names(units, standing.day).items(), key=lambda pair: pair[1])


def readable(actor: Actor, lines: Iterable[Line]) -> frozenset[int]:
    """The sheets among these lines that the actor may open, in one query."""
    sheets = [line for line in lines if line.report_id is not None]
    subjects = [
        Subject(line.unit_id, line.person_id, line.supervising_unit_id, line.confirming_unit_id)
        for line in sheets
    ]
    answers = access.may_each(actor, Action.READ_REPORT, subjects)
    return frozenset(
        line.report_id
        for line, may in zip(sheets, answers, strict=True)
        if may and line.report_id is not None
    )
