"""What the pages of the catalogue show: products as of a day, one product through time, who uses it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Catalogue,
    JobPosition,
    Period,
    Product,
    ProductPosition,
    ProductVersion,
    Report,
    Unit,
    UnitCode,
    WorkItem,
)
from evaluation.queries.catalogue import has_word
from evaluation.queries.organisation import valid_on
from evaluation.rules.names import fold
from evaluation.rules.organisation import UnitRole

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader filters by; nothing means everything."""

    day: date
    words: str = ""
    agency_id: int | None = None
    section: str = ""
    group: int | None = None
    position_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    rows: list[ProductVersion]
    page: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def listed(wanted: Wanted, page: int) -> Page:
    """A page of the products in force on a day, by agency and code: two queries however many there are."""
    statement = _wanted(wanted)
    total = db.session.scalar(statement.with_only_columns(func.count()).order_by(None)) or 0
    page = min(max(page, 1), max(1, -(-total // PER_PAGE)))
    rows = db.session.scalars(
        statement.options(contains_eager(ProductVersion.product), contains_eager(ProductVersion.catalogue))
        .order_by(Product.agency_id, Product.code)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page(list(rows), page, total)


def _wanted(wanted: Wanted) -> Select[Any]:
    statement = (
        select(ProductVersion)
        .join(Product, Product.id == ProductVersion.product_id)
        .join(Catalogue, Catalogue.id == ProductVersion.catalogue_id)
        .where(valid_on(ProductVersion, wanted.day))
    )
    for word in fold(wanted.words).split()[:8]:
        statement = statement.where(has_word(word))
    if wanted.agency_id is not None:
        statement = statement.where(Product.agency_id == wanted.agency_id)
    if wanted.section:
        statement = statement.where(ProductVersion.section == wanted.section)
    if wanted.group is not None:
        statement = statement.where(ProductVersion.complexity_group == wanted.group)
    if wanted.position_id is not None:
        links = exists().where(ProductPosition.version_id == ProductVersion.id)
        own = links.where(ProductPosition.position_id == wanted.position_id)
        statement = statement.where(or_(~links, own))
    return statement


def filters(day: date, agency_id: int | None) -> tuple[list[int], list[str], list[tuple[int, str]]]:
    """What can be chosen: agencies with a catalogue, sections in force, positions by name."""
    agencies = list(db.session.scalars(select(Catalogue.agency_id).distinct()))
    sections = select(ProductVersion.section).distinct().where(valid_on(ProductVersion, day))
    if agency_id is not None:
        sections = sections.join(Product, Product.id == ProductVersion.product_id).where(
            Product.agency_id == agency_id
        )
    named = [name for name in db.session.scalars(sections.order_by(ProductVersion.section)) if name]
    return agencies, named[:200], positions()


def positions() -> list[tuple[int, str]]:
    """Every job position by name, with its code."""
    rows = db.session.execute(
        select(JobPosition.id, JobPosition.name, JobPosition.code).order_by(JobPosition.name)
    )
    return [(position_id, f"{name} ({code})") for position_id, name, code in rows]


def product(product_id: int) -> Product | None:
    """A product with all its versions, their decisions and who uses them: four queries."""
    return db.session.scalar(
        select(Product)
        .where(Product.id == product_id)
        .options(
            selectinload(Product.versions).options(
                joinedload(ProductVersion.catalogue),
                selectinload(ProductVersion.positions),
                selectinload(ProductVersion.units),
            )
        )
        .execution_options(populate_existing=True)
    )


def open_lines(version_ids: Collection[int]) -> dict[int, list[tuple[Decimal, int]]]:
    """How many lines of months still open carry each version, by the coefficient frozen on them."""
    rows = db.session.execute(
        select(WorkItem.product_version_id, WorkItem.coefficient, func.count())
        .join(Report, Report.id == WorkItem.report_id)
        .join(Period, Period.id == Report.period_id)
        .where(WorkItem.product_version_id.in_(list(version_ids)), Period.closed_at.is_(None))
        .group_by(WorkItem.product_version_id, WorkItem.coefficient)
        .order_by(WorkItem.coefficient)
    )
    found: dict[int, list[tuple[Decimal, int]]] = {}
    for version_id, coefficient, count in rows:
        found.setdefault(version_id or 0, []).append((coefficient, count))
    return found


def position_names(position_ids: Collection[int]) -> dict[int, str]:
    """Names of job positions."""
    rows = db.session.execute(
        select(JobPosition.id, JobPosition.name).where(JobPosition.id.in_(list(position_ids)))
    )
    return dict(rows.all())


def unit_codes(unit_ids: Collection[int], day: date) -> dict[int, str]:
    """Codes of units as of a day."""
    rows = db.session.execute(
        select(UnitCode.unit_id, UnitCode.code).where(
            UnitCode.unit_id.in_(list(unit_ids)), valid_on(UnitCode, day)
        )
    )
    return dict(rows.all())


def units_of_codes(codes: Collection[str], day: date) -> Mapping[str, int]:
    """Units by their code as of a day."""
    rows = db.session.execute(
        select(UnitCode.code, UnitCode.unit_id).where(UnitCode.code.in_(list(codes)), valid_on(UnitCode, day))
    )
    return dict(rows.all())


def agencies(unit_ids: Collection[int]) -> list[int]:
    """Of some units, those that are agencies."""
    return list(
        db.session.scalars(
            select(Unit.id).where(
                Unit.id.in_(list(unit_ids)), Unit.role != UnitRole.DIRECT_UNIT, Unit.dissolved_on.is_(None)
            )
        )
    )


def decisions(agency_ids: Collection[int]) -> list[Catalogue]:
    """The catalogues some agencies decided, the newest first."""
    return list(
        db.session.scalars(
            select(Catalogue)
            .where(Catalogue.agency_id.in_(list(agency_ids)))
            .order_by(Catalogue.valid_from.desc(), Catalogue.id.desc())
        )
    )
