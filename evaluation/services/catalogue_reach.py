"""Which agencies' catalogues an actor may change."""

from evaluation.queries import catalogue_lists, organisation
from evaluation.rules.permissions import ALLOWED, Action, Role
from evaluation.services.access import Actor

ROLES = tuple(role for role in Role if role.value in {one.value for one in ALLOWED[Action.CHANGE_CATALOGUE]})


def changes_any(actor: Actor) -> bool:
    """Whether the actor changes any catalogue at all."""
    return any(actor.standing.holds(role) for role in ROLES)


def agencies_to_change(actor: Actor) -> list[int]:
    """The agencies whose catalogue the actor may change today."""
    tops = [unit_id for role in ROLES for unit_id in actor.standing.units_of(role)]
    if not tops:
        return []
    return catalogue_lists.agencies(organisation.descendants(tops, actor.standing.day))
