"""In which year, and on which organisation, a decision of discipline counts (Điều 11.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class NotCounted(StrEnum):
    """Why a decision that takes effect in a year is no ground for that year's class."""

    QUASHED = "QUASHED"
    NOT_DUTY_RELATED = "NOT_DUTY_RELATED"
    SAME_ACT_COUNTED_BEFORE = "SAME_ACT_COUNTED_BEFORE"
    ACT_ALREADY_A_GROUND = "ACT_ALREADY_A_GROUND"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of discipline as the register holds it; `used_in` is the year whose class already rested on its act."""

    id: int
    number: str
    decided_on: date
    effective_on: date
    duty_related: bool
    act_on: date | None = None
    act_unit: int | None = None
    same_act_as: int | None = None
    quashed: bool = False
    used_in: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A decision with the year it counts in, or why it counts in none."""

    decision: Decision
    year: int | None
    why_not: NotCounted | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """Service in a unit from a day (included) to a day (excluded)."""

    unit_id: int
    since: date
    until: date | None = None


def effects(decisions: Iterable[Decision]) -> tuple[Effect, ...]:
    """Each decision of one person with the single year it counts in.

    Party and administrative discipline for one act count in one year only, the first in which one takes effect (11.3.a);
    an act on which an earlier year's class already rested does not count again (11.3.b).
    """
    known = sorted(decisions, key=lambda one: (one.effective_on, one.id))
    acts = _acts(known)
    first: dict[int, int] = {}
    used: dict[int, int] = {}
    for one in known:
        act = acts[one.id]
        if not one.quashed and one.duty_related:
            first.setdefault(act, one.effective_on.year)
        if one.used_in is not None:
            used[act] = min(one.used_in, used.get(act, one.used_in))
    return tuple(_effect(one, first.get(acts[one.id]), used.get(acts[one.id])) for one in known)


def counted_in(decisions: Iterable[Decision], year: int) -> tuple[Effect, ...]:
    """The decisions that make a year not completed (Điều 11.3.a, 20.4.c)."""
    return tuple(effect for effect in effects(decisions) if effect.year == year)


def _effect(one: Decision, first: int | None, used: int | None) -> Effect:
    year = one.effective_on.year
    if one.quashed:
        return Effect(one, None, NotCounted.QUASHED)
    if not one.duty_related:
        return Effect(one, None, NotCounted.NOT_DUTY_RELATED)
    if used is not None and used < year:
        return Effect(one, None, NotCounted.ACT_ALREADY_A_GROUND)
    if first is not None and first < year:
        return Effect(one, None, NotCounted.SAME_ACT_COUNTED_BEFORE)
    return Effect(one, year)


def _acts(decisions: Sequence[Decision]) -> Mapping[int, int]:
    """The act behind each decision: decisions that name one another share the smallest id among them."""
    act = {one.id: one.id for one in decisions}

    def root(key: int) -> int:
        while act.get(key, key) != key:
            key = act[key]
        return key

    for one in decisions:
        if one.same_act_as is not None and one.same_act_as in act:
            mine, other = root(one.id), root(one.same_act_as)
            act[max(mine, other)] = min(mine, other)
    return {one.id: root(one.id) for one in decisions}


def organisation_of(decision: Decision, service: Iterable[Served]) -> int | None:
    """The unit in whose result a decision counts: where the act was done, not where it was punished (11.3.c, 11.3.d).

    Without a unit on record it is where the person served on the day of the act, or of the decision.
    """
    if decision.act_unit is not None:
        return decision.act_unit
    day = decision.act_on or decision.decided_on
    for one in service:
        if one.since <= day and (one.until is None or day < one.until):
            return one.unit_id
    return None
