"""Writing a confirmed comparison of units: earlier months keep their tree."""

from typing import Any

from sqlalchemy import insert, update

from evaluation.extensions import db
from evaluation.models import Unit, UnitCode, UnitPlace
from evaluation.rules.names import fold
from evaluation.services.import_plans import Diff, Options
from evaluation.services.import_units import UnitPlan


def write(diff: Diff, _options: Options) -> None:
    """Founds, moves, corrects and ends units as planned; earlier months keep their tree."""
    plan: UnitPlan = diff.plan
    _found(plan)
    _place(plan)
    if plan.facts:
        db.session.execute(update(Unit), plan.facts)
    for unit_id, day in plan.ended.items():
        for table in (UnitPlace, UnitCode):
            db.session.execute(
                update(table).where(table.unit_id == unit_id, table.valid_to.is_(None)).values(valid_to=day)
            )
        db.session.execute(update(Unit).where(Unit.id == unit_id).values(dissolved_on=day))


def _found(plan: UnitPlan) -> None:
    if not plan.founded:
        return
    ids = db.session.scalars(
        insert(Unit).returning(Unit.id, sort_by_parameter_order=True),
        [{"kind": unit.kind, "role": unit.role, "dissolved_on": unit.ends} for unit in plan.founded],
    ).all()
    plan.ids |= {unit.code: id_ for unit, id_ in zip(plan.founded, ids, strict=True)}
    db.session.execute(
        insert(UnitPlace),
        [
            {
                "unit_id": plan.ids[unit.code],
                "parent_id": plan.ids[unit.parent_code] if unit.parent_code else None,
                "name": unit.name,
                "short_name": unit.short_name,
                "search_key": fold(unit.name),
                "valid_from": unit.since,
                "valid_to": unit.ends,
            }
            for unit in plan.founded
        ],
    )
    db.session.execute(
        insert(UnitCode),
        [
            {
                "unit_id": plan.ids[unit.code],
                "code": unit.code,
                "valid_from": unit.since,
                "valid_to": unit.ends,
            }
            for unit in plan.founded
        ],
    )


def _place(plan: UnitPlan) -> None:
    fresh: list[dict[str, Any]] = []
    for place in plan.placed:
        values: dict[str, Any] = {
            "name": place.name,
            "short_name": place.short_name,
            "search_key": fold(place.name),
            "parent_id": plan.ids[place.parent_code] if place.parent_code else None,
        }
        own = update(UnitPlace).where(UnitPlace.id == place.unit.place_id)
        if place.replaces:
            db.session.execute(own.values(values))
        else:
            db.session.execute(own.values(valid_to=place.since))
            fresh.append(
                values
                | {"unit_id": place.unit.id, "valid_from": place.since, "valid_to": place.unit.placed_to}
            )
    if fresh:
        db.session.execute(insert(UnitPlace), fresh)
