"""The journal page by page: events with the names of who acted and where, filtered, newest first, in two queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import AuditEvent, AuditLink, Person, UnitPlace
from evaluation.queries.pages import PER_PAGE, Page

MOST_COUNTED = (
    10_000  # a province writes millions of events a year: beyond this the total is not worth waiting for
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader asks for; None is everything."""

    units: Collection[int] | None = None
    unit_id: int | None = None
    person_id: int | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it; `seq` is its place in the chain of its unit."""

    event: AuditEvent
    name: str | None
    behalf: str | None
    unit: str | None
    seq: int | None


def page(wanted: Wanted, number: int) -> Page:
    """One page of events; the total is counted up to ten thousand."""
    actor, behalf = aliased(Person), aliased(Person)
    unit = (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == AuditEvent.unit_id)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .correlate(AuditEvent)
        .scalar_subquery()
    )
    statement = (
        select(AuditEvent, actor.full_name, behalf.full_name, unit, AuditLink.seq)
        .outerjoin(actor, actor.id == AuditEvent.actor_id)
        .outerjoin(behalf, behalf.id == AuditEvent.on_behalf_of_id)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .order_by(AuditEvent.id.desc())
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    rows = [Line(*row) for row in db.session.execute(_within(statement, wanted))]
    counted = _within(select(AuditEvent.id), wanted).limit(MOST_COUNTED).subquery()
    return Page(rows, number, db.session.scalar(select(func.count()).select_from(counted)) or 0)


def _within(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.units is not None:
        statement = statement.where(AuditEvent.chain.in_(list(wanted.units)))
    for column, value in (
        (AuditEvent.chain, wanted.unit_id),
        (AuditEvent.actor_id, wanted.person_id),
        (AuditEvent.action, wanted.action),
        (AuditEvent.object_type, wanted.object_type),
        (AuditEvent.object_id, wanted.object_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.since is not None:
        statement = statement.where(AuditEvent.at >= wanted.since)
    if wanted.before is not None:
        statement = statement.where(AuditEvent.at < wanted.before)
    return statement


def person_with(official_number: str) -> int | None:
    """The person with an official number."""
    return db.session.scalar(
        select(Person.id).where(func.upper(Person.official_number) == official_number.upper())
    )


def units_named(unit_ids: Collection[int] | None) -> Sequence[tuple[int, str]]:
    """Units to choose from with the last name each had; None is all of them."""
    statement = (
        select(UnitPlace.unit_id, UnitPlace.name)
        .ext(distinct_on(UnitPlace.unit_id))
        .order_by(UnitPlace.unit_id, UnitPlace.valid_from.desc())
    )
    if unit_ids is not None:
        statement = statement.where(UnitPlace.unit_id.in_(list(unit_ids)))
    return [(unit_id, name) for unit_id, name in db.session.execute(statement)]
