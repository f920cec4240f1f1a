"""The registers of units and people as whole tables, for comparing a file with them: one query each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, Select, Text, and_, cast, func, or_, select, union
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.types import TypeEngine

from evaluation.extensions import db
from evaluation.models import Assignment, JobPosition, Person, Unit, UnitCode, UnitPlace
from evaluation.queries.organisation import valid_on
from evaluation.rules.names import fold
from evaluation.rules.organisation import Office, UnitKind, UnitRole


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit with its last place and its last code."""

    id: int
    kind: UnitKind
    role: UnitRole
    dissolved_on: date | None
    place_id: int
    parent_id: int | None
    name: str
    short_name: str
    placed_from: date
    placed_to: date | None
    code: str
    code_from: date | None
    code_to: date | None
    successor: str | None

    def stands_on(self, day: date) -> bool:
        """Whether the unit has a place on a day."""
        return self.placed_to is None or day < self.placed_to


def units() -> list[KnownUnit]:
    """Every unit with its latest place and latest code, dissolved ones too."""
    place = (
        select(UnitPlace)
        .ext(distinct_on(UnitPlace.unit_id))
        .order_by(UnitPlace.unit_id, UnitPlace.valid_from.desc())
    )
    code = (
        select(UnitCode)
        .ext(distinct_on(UnitCode.unit_id))
        .order_by(UnitCode.unit_id, UnitCode.valid_from.desc())
    )
    p, c = place.subquery(), code.subquery()
    rows = db.session.execute(
        select(
            Unit.id, Unit.kind, Unit.role, Unit.dissolved_on,
            p.c.id, p.c.parent_id, p.c.name, p.c.short_name, p.c.valid_from, p.c.valid_to,
            func.coalesce(c.c.code, ""), c.c.valid_from, c.c.valid_to, c.c.successor,
        )
        .join(p, p.c.unit_id == Unit.id)
        .outerjoin(c, c.c.unit_id == Unit.id)
    )  # fmt: skip
    return [KnownUnit(*row) for row in rows]


def codes_ever_given(codes: Collection[str]) -> dict[str, list[tuple[int, date, date | None, str | None]]]:
    """Every use of these codes: unit, first day, day after the last, successor; newest first."""
    found: dict[str, list[tuple[int, date, date | None, str | None]]] = {}
    rows = db.session.execute(
        select(UnitCode.code, UnitCode.unit_id, UnitCode.valid_from, UnitCode.valid_to, UnitCode.successor)
        .where(UnitCode.code.in_(list(codes)))
        .order_by(UnitCode.valid_from.desc())
    )
    for code, *rest in rows:
        found.setdefault(code, []).append(tuple(rest))  # type: ignore[arg-type]
    return found


PERSON_FIELDS = (
    "official_number", "personal_number", "full_name", "gender", "born_on", "born_year_only", "kind",
    "rank_code", "hired_on", "email", "phone", "left_on",
)  # fmt: skip


def people(official_numbers: Collection[str], personal_numbers: Collection[str]) -> Iterable[Row[Any]]:
    """The people known by any of these numbers, their id first."""
    return db.session.execute(
        select(Person.id, *(getattr(Person, name) for name in PERSON_FIELDS)).where(
            Person.id.in_(
                union(
                    select(Person.id).where(Person.official_number.in_(_each(official_numbers, Text))),
                    select(Person.id).where(Person.personal_number.in_(_each(personal_numbers, Text))),
                )
            )
        )
    )


def _each(values: Collection[Any], kind: type[TypeEngine[Any]]) -> Select[Any]:
    """The values as rows of one array parameter: PostgreSQL joins them by hash instead of searching a list."""
    return select(func.unnest(cast(list(values), ARRAY(kind))))


@dataclass(frozen=True, slots=True)
class Served:
    """A main assignment as far as an import compares it."""

    id: int
    person_id: int
    unit_id: int
    office: Office
    title: str
    position_id: int | None
    valid_from: date
    valid_to: date | None


_SERVED = (
    Assignment.id, Assignment.person_id, Assignment.unit_id, Assignment.office, Assignment.title,
    Assignment.position_id, Assignment.valid_from, Assignment.valid_to,
)  # fmt: skip


def last_main_assignments(person_ids: Collection[int]) -> dict[int, Served]:
    """Each person's latest main assignment, running or not."""
    rows = db.session.execute(
        select(*_SERVED)
        .where(Assignment.person_id.in_(_each(person_ids, BigInteger)), Assignment.is_main)
        .ext(distinct_on(Assignment.person_id))
        .order_by(Assignment.person_id, Assignment.valid_from.desc())
    )
    return {row.person_id: Served(*row) for row in rows}


def heads_from(day: date) -> dict[int, list[tuple[int, int, str, date, date | None]]]:
    """Who heads each unit on a day or later: assignment, person, name, days."""
    found: dict[int, list[tuple[int, int, str, date, date | None]]] = {}
    rows = db.session.execute(
        select(
            Assignment.unit_id, Assignment.id, Assignment.person_id, Person.full_name,
            Assignment.valid_from, Assignment.valid_to,
        )
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.office == Office.HEAD, or_(Assignment.valid_to.is_(None), Assignment.valid_to > day))
    )  # fmt: skip
    for unit_id, *rest in rows:
        found.setdefault(unit_id, []).append(tuple(rest))  # type: ignore[arg-type]
    return found


def running_in(unit_ids: Collection[int], day: date) -> list[Row[Any]]:
    """Main assignments running on a day in these units: id, person, unit, official number, name."""
    return list(
        db.session.execute(
            select(
                Assignment.id,
                Assignment.person_id,
                Assignment.unit_id,
                Assignment.valid_from,
                Person.official_number,
                Person.full_name,
            )
            .join(Person, Person.id == Assignment.person_id)
            .where(
                Assignment.unit_id.in_(_each(unit_ids, BigInteger)),
                Assignment.is_main,
                valid_on(Assignment, day),
            )
            .order_by(Person.sort_key, Person.id)
        )
    )


def people_left_in(ends: dict[int, date]) -> dict[int, int]:
    """For units that end on a day: how many assignments would outlast them."""
    if not ends:
        return {}
    outlasts = or_(
        *(
            and_(
                Assignment.unit_id == unit_id,
                or_(Assignment.valid_to.is_(None), Assignment.valid_to > day),
            )
            for unit_id, day in ends.items()
        )
    )
    rows = db.session.execute(
        select(Assignment.unit_id, func.count()).where(outlasts).group_by(Assignment.unit_id)
    )
    return {row.unit_id: row[1] for row in rows}


def positions() -> tuple[dict[str, int], dict[str, list[int]], dict[int, str]]:
    """Job positions by code in capitals, by folded name, and names by id."""
    by_code: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    names: dict[int, str] = {}
    for id_, code, name in db.session.execute(select(JobPosition.id, JobPosition.code, JobPosition.name)):
        by_code[code.upper()] = id_
        by_name.setdefault(fold(name), []).append(id_)
        names[id_] = name
    return by_code, by_name, names
