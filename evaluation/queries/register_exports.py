"""The registers as of a day, for taking them away as files: whose rows, and what stands in them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, select, text

from evaluation.extensions import db
from evaluation.models import Assignment, JobPosition, Person, UnitPlace
from evaluation.queries.organisation import valid_on

PEOPLE = text(
    """
    with last as (
        select distinct on (person_id) person_id, unit_id from assignment
        where is_main order by person_id, valid_from desc
    )
    select person.id from person
    left join last on last.person_id = person.id
    left join assignment running on running.person_id = person.id and running.is_main
        and running.valid_from <= :day and (running.valid_to is null or running.valid_to > :day)
    left join unit_code code on code.unit_id = running.unit_id
        and code.valid_from <= :day and (code.valid_to is null or code.valid_to > :day)
    where cast(:units as bigint[]) is null or last.unit_id = any(:units) or running.unit_id = any(:units)
    order by code.code collate "C" nulls last, person.sort_key, person.id
    """
)


def people_in(unit_ids: Collection[int] | None, day: date) -> list[int]:
    """The people whose running or last main post is in these units (None: everybody), unit by unit, in the order of names."""
    units = None if unit_ids is None else list(unit_ids)
    return list(db.session.scalars(PEOPLE, {"units": units, "day": day}))


def posts_of(person_ids: Collection[int], day: date) -> list[Row[Any]]:
    """Each person with the main post of the day: unit, title and position, empty where none runs."""
    running = and_(Assignment.person_id == Person.id, Assignment.is_main, valid_on(Assignment, day))
    return list(
        db.session.execute(
            select(
                Person.id, Person.official_number, Person.personal_number, Person.full_name, Person.born_on,
                Person.born_year_only, Person.gender, Person.kind, Person.rank_code, Person.hired_on, Person.phone,
                Person.email, Person.left_on, Assignment.unit_id, Assignment.title,
                JobPosition.code.label("position_code"), JobPosition.name.label("position_name"),
            )
            .outerjoin(Assignment, running)
            .outerjoin(JobPosition, JobPosition.id == Assignment.position_id)
            .where(Person.id == func.any(list(person_ids)))
        )
    )  # fmt: skip


def concurrent_posts(person_ids: Collection[int], day: date) -> list[Row[Any]]:
    """The posts beside the main one that run on a day: person, title, unit."""
    return list(
        db.session.execute(
            select(Person.official_number, Person.full_name, Assignment.title, UnitPlace.name.label("unit"))
            .join(Assignment, Assignment.person_id == Person.id)
            .outerjoin(UnitPlace, and_(UnitPlace.unit_id == Assignment.unit_id, valid_on(UnitPlace, day)))
            .where(
                Person.id == func.any(list(person_ids)),
                Assignment.is_main.is_(False),
                valid_on(Assignment, day),
            )
            .order_by(Person.sort_key, Person.id, Assignment.id)
        )
    )


@dataclass(frozen=True, slots=True)
class PlaceOfDay:
    """Where a unit stands on a day and what it is called."""

    id: int
    parent_id: int | None
    name: str
    short_name: str
    valid_from: date
    valid_to: date | None


def places_on(day: date) -> dict[int, PlaceOfDay]:
    """The place of every unit that stands on a day."""
    rows = db.session.execute(
        select(
            UnitPlace.unit_id, UnitPlace.id, UnitPlace.parent_id, UnitPlace.name, UnitPlace.short_name,
            UnitPlace.valid_from, UnitPlace.valid_to,
        ).where(valid_on(UnitPlace, day))
    )  # fmt: skip
    return {row.unit_id: PlaceOfDay(*row[1:]) for row in rows}
