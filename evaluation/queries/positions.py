"""Questions about job positions: the list, one with its framework, who holds it, which products it has."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Assignment,
    Catalogue,
    JobPosition,
    Product,
    ProductPosition,
    ProductVersion,
    Unit,
)
from evaluation.queries.organisation import valid_on
from evaluation.rules.names import fold
from evaluation.rules.organisation import PositionKind, UnitRole

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A position with how many hold it and how many products name it."""

    position: JobPosition
    holders: int
    products: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    rows: list[Row]
    page: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def listed(day: date, words: str, kind: PositionKind | None, page: int) -> Page:
    """Positions by name with counts as of a day: two queries however many there are."""
    statement = select(JobPosition)
    if kind is not None:
        statement = statement.where(JobPosition.kind == kind)
    for word in fold(words).split()[:8]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        statement = statement.where(
            or_(JobPosition.search_key.like(pattern), JobPosition.code.ilike(pattern))
        )
    total = db.session.scalar(statement.with_only_columns(func.count())) or 0
    page = min(max(page, 1), max(1, -(-total // PER_PAGE)))
    holders = (
        select(func.count())
        .where(Assignment.position_id == JobPosition.id, Assignment.is_main, valid_on(Assignment, day))
        .scalar_subquery()
    )
    products = (
        select(func.count())
        .select_from(ProductPosition)
        .join(ProductVersion, ProductVersion.id == ProductPosition.version_id)
        .where(ProductPosition.position_id == JobPosition.id, valid_on(ProductVersion, day))
        .scalar_subquery()
    )
    rows = db.session.execute(
        statement.add_columns(holders, products)
        .order_by(JobPosition.name, JobPosition.code)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([Row(*row) for row in rows], page, total)


def position(position_id: int, *, lock: bool = False) -> JobPosition | None:
    """A position with its competency lines."""
    statement = (
        select(JobPosition)
        .where(JobPosition.id == position_id)
        .options(selectinload(JobPosition.competencies))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(statement)


def by_code(code: str) -> JobPosition | None:
    """A position by its code in any case."""
    return db.session.scalar(select(JobPosition).where(func.lower(JobPosition.code) == code.lower()))


def holders(position_id: int, day: date) -> int:
    """How many people hold a position as their main service on a day."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Assignment)
            .where(Assignment.position_id == position_id, Assignment.is_main, valid_on(Assignment, day))
        )
        or 0
    )


def products(position_id: int, day: date, limit: int = 200) -> list[ProductVersion]:
    """The products in force on a day that name a position, by code."""
    return list(
        db.session.scalars(
            select(ProductVersion)
            .join(Product, Product.id == ProductVersion.product_id)
            .join(Catalogue, Catalogue.id == ProductVersion.catalogue_id)
            .join(ProductPosition, ProductPosition.version_id == ProductVersion.id)
            .where(ProductPosition.position_id == position_id, valid_on(ProductVersion, day))
            .options(contains_eager(ProductVersion.product), contains_eager(ProductVersion.catalogue))
            .order_by(Product.code)
            .limit(limit)
        )
    )


def peer_groups() -> list[str]:
    """The groups of similar work in use, by name."""
    return list(
        db.session.scalars(select(JobPosition.peer_group).distinct().order_by(JobPosition.peer_group))
    )


def managing_agencies(unit_ids: list[int]) -> list[int]:
    """Of some units, those that manage agencies."""
    return list(
        db.session.scalars(
            select(Unit.id).where(Unit.id.in_(unit_ids), Unit.role == UnitRole.MANAGING_AGENCY)
        )
    )
