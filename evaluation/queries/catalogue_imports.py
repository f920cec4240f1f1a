"""What an import of a catalogue is compared with: each product's last version, and which versions are on lines."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from evaluation.extensions import db
from evaluation.models import Product, ProductVersion, WorkItem
from evaluation.rules.names import fold


def last_versions(agency_id: int, *, with_users: bool = True) -> dict[str, ProductVersion]:
    """The last version of each of an agency's products by its code as compared, with who uses it: three queries."""
    users = (selectinload(ProductVersion.positions), selectinload(ProductVersion.units)) if with_users else ()
    rows = db.session.scalars(
        select(ProductVersion)
        .join(Product, Product.id == ProductVersion.product_id)
        .where(Product.agency_id == agency_id)
        .options(
            contains_eager(ProductVersion.product),
            joinedload(ProductVersion.catalogue),
            *users,
        )
        .order_by(ProductVersion.valid_from)
    )
    return {fold(version.product.code).replace(" ", ""): version for version in rows}


def used(version_ids: Collection[int]) -> set[int]:
    """Of some versions, those that stand on a line of any month."""
    if not version_ids:
        return set()
    rows = db.session.scalars(
        select(ProductVersion.id).where(
            ProductVersion.id.in_(list(version_ids)),
            select(WorkItem.id).where(WorkItem.product_version_id == ProductVersion.id).exists(),
        )
    )
    return set(rows)
