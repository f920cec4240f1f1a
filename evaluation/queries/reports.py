"""Questions about monthly sheets: one loaded with its lines, an official's months, products that may be added."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Catalogue,
    Period,
    Product,
    ProductPosition,
    ProductUnit,
    ProductVersion,
    Report,
    WorkItem,
)
from evaluation.rules.names import fold


def loaded(report_id: int, *, marks: bool = False) -> Report | None:
    """A sheet with month, person, criteria, lines and their evidence, in two queries; marks come with the lines."""
    lines = selectinload(Report.items).joinedload(WorkItem.evidence)
    options = [joinedload(Report.period), joinedload(Report.person), joinedload(Report.criteria), lines]
    if marks:
        options.append(selectinload(Report.items).joinedload(WorkItem.marks))
    return (
        db.session.scalars(select(Report).where(Report.id == report_id).options(*options))
        .unique()
        .one_or_none()
    )


def newest_of(person_id: int) -> int | None:
    """The sheet of an official's newest month."""
    return db.session.scalar(
        select(Report.id)
        .join(Period)
        .where(Report.person_id == person_id)
        .order_by(Period.month.desc())
        .limit(1)
    )


def usable_product(report: Report, version_id: int) -> ProductVersion | None:
    """A product version the owner may add: of the agency, in force in the month, for the position and the unit."""
    return db.session.scalar(_usable(report).where(ProductVersion.id == version_id))


def search_products(
    report: Report, words: str, limit: int = 20
) -> Sequence[tuple[ProductVersion, str, bool]]:
    """Products with their code that match all words without accents, the position's own first."""
    own = exists().where(
        ProductPosition.version_id == ProductVersion.id, ProductPosition.position_id == report.position_id
    )
    statement = _usable(report).add_columns(Product.code, own.label("own"))
    for word in fold(words).split()[:8]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        statement = statement.where(or_(ProductVersion.search_key.like(pattern), Product.code.ilike(pattern)))
    rows = db.session.execute(statement.order_by(own.desc(), Product.code).limit(limit))
    return [(version, code, mine) for version, code, mine in rows]


def _usable(report: Report) -> Select[Any]:
    first = report.period.month
    end = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    for_positions = exists().where(ProductPosition.version_id == ProductVersion.id)
    for_units = exists().where(ProductUnit.version_id == ProductVersion.id)
    return (
        select(ProductVersion)
        .join(Product)
        .join(Catalogue, Catalogue.id == ProductVersion.catalogue_id)
        .where(
            Product.agency_id == report.agency_id,
            ProductVersion.valid_from < end,
            or_(ProductVersion.valid_to.is_(None), ProductVersion.valid_to > first),
            or_(
                ~for_positions,
                for_positions.where(ProductPosition.position_id == report.position_id),
            ),
            or_(~for_units, for_units.where(ProductUnit.unit_id.in_([report.unit_id, report.agency_id]))),
        )
    )
