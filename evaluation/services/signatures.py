"""On whose behalf somebody signed a form: TUQ. for delegated authority, KT. where the delegate is the head's deputy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from evaluation.models import Assignment
from evaluation.queries import forms as queries
from evaluation.rules.organisation import Office


@dataclass(frozen=True, slots=True)
class Act:
    """Who acted in whose place for a unit, and when."""

    by: int
    on_behalf_of: int
    unit_id: int
    day: date


def capacities(acts: Collection[Act]) -> dict[Act, tuple[str, ...]]:
    """What stands above each signature (decree 30/2020, Annex I): the head's office, then the signer's own."""
    if not acts:
        return {}
    people = {person for act in acts for person in (act.by, act.on_behalf_of)}
    held: dict[int, list[Assignment]] = {}
    for one in queries.assignments(people):
        held.setdefault(one.person_id, []).append(one)
    names = queries.names(people)
    return {act: _lines(act, held, names) for act in acts}


def _lines(act: Act, held: dict[int, list[Assignment]], names: dict[int, str]) -> tuple[str, ...]:
    heads = _in(act.unit_id, _on(act.day, held.get(act.on_behalf_of, [])))
    own = _on(act.day, held.get(act.by, []))
    here = _in(act.unit_id, own)
    deputy = next((one for one in here if one.office is Office.DEPUTY), None)
    whose = next((one.title for one in heads if one.office is Office.HEAD), names.get(act.on_behalf_of, ""))
    signer = deputy or next(iter(here), None) or next((one for one in own if one.is_main), None)
    first = f"{'KT.' if deputy else 'TUQ.'} {whose.upper()}"
    return (first, signer.title.upper()) if signer else (first,)


def _on(day: date, rows: Sequence[Assignment]) -> list[Assignment]:
    return [one for one in rows if one.valid_from <= day and (one.valid_to is None or day < one.valid_to)]


def _in(unit_id: int, rows: Sequence[Assignment]) -> list[Assignment]:
    return [one for one in rows if one.unit_id == unit_id]
