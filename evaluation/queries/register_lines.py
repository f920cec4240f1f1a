"""The lines of the registers as they were entered: newest first, found without accents, with who entered each and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import (
    Assignment,
    AuditEvent,
    Discipline,
    Initiative,
    OldUnitOpinion,
    PastRating,
    PendingMatter,
    Person,
    Title,
    UnitPlace,
)
from evaluation.queries.organisation import valid_on
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.rules.names import fold

TABLES: dict[str, Any] = {
    "TITLE": Title,
    "PAST_RATING": PastRating,
    "OLD_UNIT": OldUnitOpinion,
    "MATTER": PendingMatter,
    "INITIATIVE": Initiative,
    "DISCIPLINE": Discipline,
}
RECORDED = ("commendations.recorded", "discipline.recorded")


@dataclass(frozen=True, slots=True)
class Entered:
    """A line with the person or unit it is about and who entered it; a line the program brought has nobody."""

    line: Any
    person: Person | None
    unit: str | None
    by: str | None
    at: datetime | None


def page(register: str, words: str, number: int, within: Collection[int] | None = None) -> Page:
    """A page of a register, withdrawn and superseded lines too; `within` keeps to people serving in some units."""
    table = TABLES[register]
    of_units = hasattr(table, "unit_id") and table is not Discipline
    place = (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == table.unit_id)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
        if of_units
        else None
    )
    columns = [table, Person, *([] if place is None else [place.label("unit")])]
    asked = select(*columns, func.count().over().label("total")).outerjoin(
        Person, Person.id == table.person_id
    )
    key = fold(words)[:100]
    if key:
        named = Person.search_key.contains(key, autoescape=True)
        if of_units:
            known = select(UnitPlace.unit_id).where(UnitPlace.search_key.contains(key, autoescape=True))
            named = or_(named, table.unit_id.in_(known))
        asked = asked.where(or_(named, Person.official_number == words.strip()[:100]))
    if within is not None:
        serving = select(Assignment.person_id).where(
            Assignment.is_main, Assignment.unit_id.in_(list(within)), valid_on(Assignment, clock.today())
        )
        asked = asked.where(table.person_id.in_(serving))
    rows = db.session.execute(
        asked.order_by(table.id.desc()).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    ).all()
    writers = _writers(table.__tablename__, [row[0].id for row in rows])
    return Page(
        [
            Entered(row[0], row[1], row.unit if of_units else None, *writers.get(row[0].id, (None, None)))
            for row in rows
        ],
        number,
        rows[0].total if rows else 0,
    )


def line(register: str, line_id: int, *, lock: bool = False) -> Any | None:
    """One line of a register."""
    table = TABLES.get(register)
    if table is None:
        return None
    return db.session.get(
        table, line_id, with_for_update={"of": table} if lock else None, populate_existing=lock
    )


def _writers(table: str, ids: list[int]) -> dict[int, tuple[str | None, datetime]]:
    rows = db.session.execute(
        select(AuditEvent.object_id, Person.full_name, AuditEvent.at)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .where(
            AuditEvent.object_type == table, AuditEvent.object_id.in_(ids), AuditEvent.action.in_(RECORDED)
        )
        .order_by(AuditEvent.id)
    )
    return {row.object_id: (row.full_name, row.at) for row in rows}
