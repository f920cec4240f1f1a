"""Which products may be used where, and finding them: the one rule of the house for using a catalogue (Article 13)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, text
from sqlalchemy.orm import contains_eager, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Catalogue,
    JobPosition,
    Product,
    ProductPosition,
    ProductUnit,
    ProductVersion,
    Report,
    Unit,
)
from evaluation.queries.organisation import ancestors
from evaluation.rules.names import fold
from evaluation.rules.organisation import UnitRole
from evaluation.rules.periods import Stretch

MOST_WORDS = 8
NEAR_ENOUGH = 0.4


class Barrier(StrEnum):
    """What keeps a product from being used on a sheet."""

    AGENCY = "AGENCY"
    MONTH = "MONTH"
    UNIT = "UNIT"
    POSITION = "POSITION"


@dataclass(frozen=True, slots=True)
class Reach:
    """The agencies whose catalogues count for a unit in a month, and the units it is part of."""

    month: Stretch
    agencies: frozenset[int]
    units: frozenset[int]


@dataclass(frozen=True, slots=True)
class Found:
    """A product that matched: its code, whether it is the position's own, the places of the match, or how near."""

    version: ProductVersion
    code: str
    own: bool
    matched: tuple[str, ...] = ()
    near: bool = False


def reach(agency_id: int, unit_id: int, month: Stretch) -> Reach:
    """Article 13.2: catalogues decided by the using agency or any agency above it on the month's first day."""
    above = ancestors(unit_id, month.first_day)
    deciding = (
        above[above.index(agency_id) :] if agency_id in above else ancestors(agency_id, month.first_day)
    )
    return Reach(month, frozenset(deciding), frozenset([*above, agency_id]))


def reaches(reports: Iterable[Report]) -> dict[int, Reach]:
    """The reach of each of many sheets of one month, by sheet, in one query."""
    sheets = list(reports)
    if not sheets:
        return {}
    month = sheets[0].period.covers
    units = {one.unit_id for one in sheets} | {one.agency_id for one in sheets}
    above = lineages(units, month.first_day)
    return {
        one.id: Reach(month, frozenset(above[one.agency_id]), frozenset([*above[one.unit_id], one.agency_id]))
        for one in sheets
    }


def lineages(unit_ids: Collection[int], day: date) -> dict[int, list[int]]:
    """Each unit with every unit above it on a day, nearest first: `organisation.ancestors` for many at once."""
    rows = db.session.execute(
        text(
            """
            with recursive above(root_id, unit_id, depth) as (
                select unit_id, unit_id, 0 from unnest(cast(:unit_ids as bigint[])) as unit_id
                union all
                select above.root_id, place.parent_id, above.depth + 1
                from above
                join lateral (
                    select parent_id from unit_place
                    where unit_place.unit_id = above.unit_id and valid_from <= :day
                    order by valid_from desc limit 1
                ) place on true
                where place.parent_id is not null and above.depth < 20
            )
            select root_id, unit_id from above order by root_id, depth
            """
        ),
        {"unit_ids": list(unit_ids), "day": day},
    )
    found: dict[int, list[int]] = {}
    for root_id, unit_id in rows:
        found.setdefault(root_id, []).append(unit_id)
    return found


def usable(
    *,
    agency_id: int,
    unit_id: int,
    position_id: int | None,
    month: Stretch,
    any_position: bool = False,
) -> Select[Any]:
    """The product versions that may be used on a sheet; `Product` and `Catalogue` are joined.

    Decided by the using agency or one above it, in force on some day of the month, for the position (none listed
    means all) and for the unit or one above it (none listed means all). `any_position` leaves the position open.
    """
    return usable_within(reach(agency_id, unit_id, month), position_id, any_position=any_position)


def usable_for(report: Report) -> Select[Any]:
    """The product versions that may be used on a monthly sheet."""
    return usable(
        agency_id=report.agency_id,
        unit_id=report.unit_id,
        position_id=report.position_id,
        month=report.period.covers,
    )


def usable_within(where: Reach, position_id: int | None, *, any_position: bool = False) -> Select[Any]:
    """The same rule when the reach is already known."""
    for_positions = exists().where(ProductPosition.version_id == ProductVersion.id)
    for_units = exists().where(ProductUnit.version_id == ProductVersion.id)
    statement = in_force(where.month).where(
        Catalogue.agency_id.in_(where.agencies),
        or_(~for_units, for_units.where(ProductUnit.unit_id.in_(where.units))),
    )
    if any_position:
        return statement
    return statement.where(or_(~for_positions, _named_for(position_id)))


def in_force(month: Stretch) -> Select[Any]:
    """Versions in force on some day of a month, of catalogues in force then."""
    return (
        select(ProductVersion)
        .join(Product, Product.id == ProductVersion.product_id)
        .join(Catalogue, Catalogue.id == ProductVersion.catalogue_id)
        .where(
            ProductVersion.valid_from < month.end,
            or_(ProductVersion.valid_to.is_(None), ProductVersion.valid_to > month.first_day),
            Catalogue.valid_from < month.end,
            or_(Catalogue.valid_to.is_(None), Catalogue.valid_to > month.first_day),
        )
    )


def barrier(version: ProductVersion, where: Reach, position_id: int | None) -> Barrier | None:
    """What keeps a loaded version from being used by a position; None when nothing does. The same rule as `usable`."""
    if version.catalogue.agency_id not in where.agencies:
        return Barrier.AGENCY
    for dated in (version, version.catalogue):
        ended = dated.valid_to is not None and dated.valid_to <= where.month.first_day
        if dated.valid_from >= where.month.end or ended:
            return Barrier.MONTH
    units = {used.unit_id for used in version.units}
    if units and not units & where.units:
        return Barrier.UNIT
    positions = {used.position_id for used in version.positions}
    if positions and position_id not in positions:
        return Barrier.POSITION
    return None


def agency_of(unit_id: int, month: Stretch) -> int | None:
    """The using agency a unit belongs to on a month's first day: itself or the nearest above."""
    above = ancestors(unit_id, month.first_day)
    agencies = set(
        db.session.scalars(select(Unit.id).where(Unit.id.in_(above), Unit.role != UnitRole.DIRECT_UNIT))
    )
    return next((unit for unit in above if unit in agencies), None)


def find(usable_versions: Select[Any], words: str, position_id: int | None, limit: int = 20) -> list[Found]:
    """Usable products that hold every word in any order without accents, the position's own first.

    When none does, those written nearly so (pg_trgm), the nearest first.
    """
    own = _named_for(position_id)
    wanted = fold(words).split()[:MOST_WORDS]
    statement = usable_versions.add_columns(Product.code, own.label("own")).options(
        contains_eager(ProductVersion.product), contains_eager(ProductVersion.catalogue)
    )
    for word in wanted:
        statement = statement.where(has_word(word))
    phrase_stands = func.strpos(ProductVersion.search_key, fold(words)[:200]) > 0
    ranked = statement.order_by(own.desc(), phrase_stands.desc(), Product.code, ProductVersion.valid_from)
    found = [
        Found(version, code, mine, matched_in(version, code, wanted))
        for version, code, mine in db.session.execute(ranked.limit(limit))
    ]
    return found if found or not wanted else _nearly(usable_versions, fold(words)[:200], own, limit)


def _nearly(usable_versions: Select[Any], words: str, own: Any, limit: int) -> list[Found]:
    likeness = func.word_similarity(words, ProductVersion.search_key)
    rows = db.session.execute(
        usable_versions.add_columns(Product.code, own.label("own"))
        .options(contains_eager(ProductVersion.product), contains_eager(ProductVersion.catalogue))
        .where(likeness >= NEAR_ENOUGH)
        .order_by(likeness.desc(), Product.code)
        .limit(limit)
    )
    found = [Found(version, code, mine, near=True) for version, code, mine in rows]
    return sorted(found, key=lambda one: not one.own)


def has_word(word: str) -> Any:
    """The condition that a folded word stands in a product's search key or code."""
    pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(ProductVersion.search_key.like(pattern), Product.code.ilike(pattern))


def matched_in(version: ProductVersion, code: str, words: Collection[str]) -> tuple[str, ...]:
    """Which parts of a product hold the words: code, task, detail, output or section, the first that hold one."""
    parts = {
        "code": code,
        "task": version.task,
        "detail": version.detail,
        "output": version.output,
        "section": version.section,
    }
    folded = {name: fold(text or "") for name, text in parts.items()}
    found = [next((name for name, text in folded.items() if word in text), None) for word in words]
    return tuple(name for name in folded if name in found)


def with_users(statement: Select[Any]) -> Select[Any]:
    """The same versions with their product, catalogue, positions and units loaded."""
    return statement.options(
        contains_eager(ProductVersion.product),
        contains_eager(ProductVersion.catalogue),
        selectinload(ProductVersion.positions),
        selectinload(ProductVersion.units),
    )


def search_key(
    code: str, task: str, detail: str | None = None, output: str | None = None, section: str | None = None
) -> str:
    """What a product is found by, without accents."""
    return fold(" ".join(part for part in (code, task, detail, output, section) if part))


def _named_for(position_id: int | None) -> Any:
    return exists().where(
        and_(
            ProductPosition.version_id == ProductVersion.id,
            ProductPosition.position_id == (position_id or 0),
        )
    )


def position_name(position_id: int | None) -> str | None:
    """The name of a job position."""
    if position_id is None:
        return None
    return db.session.scalar(select(JobPosition.name).where(JobPosition.id == position_id))


def catalogue_by_number(agency_id: int, decision_number: str) -> Catalogue | None:
    """An agency's catalogue by the number of its decision, spaces and case aside."""
    wanted = fold(decision_number).replace(" ", "")
    rows = db.session.scalars(select(Catalogue).where(Catalogue.agency_id == agency_id))
    return next((one for one in rows if fold(one.decision_number).replace(" ", "") == wanted), None)


def product_by_code(agency_id: int, code: str) -> Product | None:
    """An agency's product by its code in any case."""
    return db.session.scalar(
        select(Product).where(Product.agency_id == agency_id, func.lower(Product.code) == code.lower())
    )


def running_texts(agency_id: int, task: str) -> list[tuple[str, int, str, str | None]]:
    """Code, product, task and detail of an agency's products without an end whose key holds a task."""
    rows = db.session.execute(
        select(Product.code, Product.id, ProductVersion.task, ProductVersion.detail)
        .join(Product, Product.id == ProductVersion.product_id)
        .where(
            Product.agency_id == agency_id,
            ProductVersion.valid_to.is_(None),
            func.strpos(ProductVersion.search_key, fold(task)) > 0,
        )
    )
    return [(code, product_id, words, detail) for code, product_id, words, detail in rows]
