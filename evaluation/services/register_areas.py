"""Which part of the registers somebody may take away, and whose personal numbers go with it."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation.queries import organisation
from evaluation.rules.permissions import ALLOWED, Action, Role
from evaluation.services.access import Actor
from evaluation.services.imports import sees_all
from evaluation.services.refusals import Forbidden


@dataclass(frozen=True, slots=True)
class Area:
    """The units of the roles held, on a day; `whole` also takes who and what stands in no unit of the day."""

    day: date
    whole: bool
    tops: tuple[int, ...] | None = None
    number_tops: tuple[int, ...] | None = None

    def units(self) -> set[int] | None:
        """The units whose rows may be taken; None is all of them, for the command line."""
        return _below(self.tops, self.day)

    def numbered(self) -> set[int] | None:
        """The units whose people's personal numbers may be taken: those whose people one may also import."""
        return _below(self.number_tops, self.day)


def _below(tops: tuple[int, ...] | None, day: date) -> set[int] | None:
    return None if tops is None else set(organisation.descendants(tops, day))


def area_of(actor: Actor | None, day: date) -> Area:
    """What an actor may take: Home Affairs and administrators with personal numbers, personnel their agencies without.

    The command line takes everything; Forbidden for whoever holds none of these roles.
    """
    if actor is None:
        return Area(day, True)
    tops = _tops(actor, Action.EXPORT_REGISTERS)
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    return Area(day, sees_all(actor), tops, _tops(actor, Action.CHANGE_ORGANISATION))


def may_export(actor: Actor) -> bool:
    """Whether an actor may take any part of the registers away."""
    return bool(_tops(actor, Action.EXPORT_REGISTERS))


def _tops(actor: Actor, action: Action) -> tuple[int, ...]:
    words = {relation.value for relation in ALLOWED[action]}
    roles = [role for role in Role if role.value in words]
    return tuple(unit_id for role in roles for unit_id in actor.standing.units_of(role))
