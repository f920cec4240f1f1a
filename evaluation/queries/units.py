"""Units as pages show them on a day: a level of the tree with heads and counts, a unit's history."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Row, func, or_, select, text
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import Assignment, UnitCode, UnitPlace
from evaluation.queries.pages import PER_PAGE, Page, page_of

LEVEL = """
with recursive level as (
    select place.unit_id, place.name, place.short_name, place.parent_id
    from unit_place place
    where (place.parent_id = cast(:parent as bigint) or place.unit_id = any(cast(:tops as bigint[])))
        and place.valid_from <= :day and (place.valid_to is null or place.valid_to > :day)
), shown as (
    select level.*, unit.kind, unit.role, count(*) over () as total,
        (select code from unit_code code where code.unit_id = level.unit_id
            and code.valid_from <= :day and (code.valid_to is null or code.valid_to > :day)) as code
    from level join unit on unit.id = level.unit_id
    order by code nulls last, level.name, level.unit_id
    limit :per_page offset :skip
), below(top_id, unit_id) as (
    select unit_id, unit_id from shown
    union
    select below.top_id, place.unit_id from below join unit_place place on place.parent_id = below.unit_id
    where place.valid_from <= :day and (place.valid_to is null or place.valid_to > :day)
), counted as (
    select below.top_id, count(distinct own.person_id) as people, count(distinct below.unit_id) - 1 as units
    from below
    left join assignment own on own.unit_id = below.unit_id and own.is_main
        and own.valid_from <= :day and (own.valid_to is null or own.valid_to > :day)
    group by below.top_id
)
select shown.unit_id, shown.name, shown.code, shown.kind, shown.role, shown.total,
    counted.people, counted.units, head.full_name as head, head.id as head_id
from shown
join counted on counted.top_id = shown.unit_id
left join assignment heading on heading.unit_id = shown.unit_id and heading.office = 'HEAD'
    and heading.valid_from <= :day and (heading.valid_to is null or heading.valid_to > :day)
left join person head on head.id = heading.person_id
order by shown.code nulls last, shown.name, shown.unit_id
"""


def level(parent_id: int | None, tops: Collection[int], day: date, page: int) -> Page:
    """The units right below one (or these tops) on a day: code, kind, role, head, people including below."""
    rows = db.session.execute(
        text(LEVEL),
        {
            "parent": parent_id,
            "tops": list(tops),
            "day": day,
            "per_page": PER_PAGE,
            "skip": (page - 1) * PER_PAGE,
        },
    ).all()
    return page_of(rows, page)


def line_above(unit_id: int, day: date) -> list[tuple[int, str]]:
    """A unit and those above it on a day with their names then, highest first."""
    rows = db.session.execute(
        text(
            """
            with recursive above(unit_id, parent_id, name, depth) as (
                (select unit_id, parent_id, name, 0 from unit_place
                    where unit_id = :unit_id and valid_from <= :day order by valid_from desc limit 1)
                union all
                select place.unit_id, place.parent_id, place.name, above.depth + 1
                from above join lateral (
                    select * from unit_place where unit_place.unit_id = above.parent_id and valid_from <= :day
                    order by valid_from desc limit 1
                ) place on true
                where above.depth < 20
            )
            select unit_id, name from above order by depth desc
            """
        ),
        {"unit_id": unit_id, "day": day},
    )
    return [(row.unit_id, row.name) for row in rows]


def places_of(unit_id: int) -> list[Row[Any]]:
    """Names and superior units of a unit over time, newest first."""
    above = aliased(UnitPlace)
    parent_name = (
        select(above.name)
        .where(above.unit_id == UnitPlace.parent_id, above.valid_from <= UnitPlace.valid_from)
        .order_by(above.valid_from.desc())
        .limit(1)
        .correlate(UnitPlace)
        .scalar_subquery()
    )
    return list(
        db.session.execute(
            select(
                UnitPlace.name,
                UnitPlace.short_name,
                UnitPlace.parent_id,
                parent_name.label("parent"),
                UnitPlace.valid_from,
                UnitPlace.valid_to,
                UnitPlace.decision_number,
            )
            .where(UnitPlace.unit_id == unit_id)
            .order_by(UnitPlace.valid_from.desc())
        )
    )


def outlasting(unit_id: int, day: date) -> tuple[int, int]:
    """How many assignments and units right below a unit run on a day or begin after it."""
    people = select(func.count()).where(
        Assignment.unit_id == unit_id, or_(Assignment.valid_to.is_(None), Assignment.valid_to > day)
    )
    below = select(func.count()).where(
        UnitPlace.parent_id == unit_id, or_(UnitPlace.valid_to.is_(None), UnitPlace.valid_to > day)
    )
    row = db.session.execute(select(people.scalar_subquery(), below.scalar_subquery())).one()
    return row[0], row[1]


def codes_of(unit_id: int) -> list[Row[Any]]:
    """Codes of a unit over time, newest first."""
    return list(
        db.session.execute(
            select(UnitCode.code, UnitCode.valid_from, UnitCode.valid_to, UnitCode.successor)
            .where(UnitCode.unit_id == unit_id)
            .order_by(UnitCode.valid_from.desc())
        )
    )
