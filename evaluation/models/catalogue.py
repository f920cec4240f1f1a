"""Job positions with their frameworks, and the catalogue of converted products (Article 13)."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import (
    Dated,
    Table,
    coefficient,
    identity,
    in_order,
    never_twice,
    points,
    reference,
    word,
)
from evaluation.rules.organisation import PositionKind


class JobPosition(Table):
    """A job position (vị trí việc làm): the hub of assignments, frameworks and products."""

    __tablename__ = "job_position"

    id: Mapped[identity]
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[PositionKind] = mapped_column(word(PositionKind))
    rank_code: Mapped[str | None] = mapped_column(Text)
    peer_group: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)

    competencies: Mapped[list["Competency"]] = relationship(
        back_populates="position", order_by="Competency.ordinal", cascade="all, delete-orphan"
    )


class Competency(Table):
    """One line of a position's competency framework."""

    __tablename__ = "competency"
    __table_args__ = (UniqueConstraint("position_id", "ordinal"),)

    id: Mapped[identity]
    position_id: Mapped[reference] = mapped_column(ForeignKey("job_position.id"))
    ordinal: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(Text)

    position: Mapped[JobPosition] = relationship(back_populates="competencies")


class Catalogue(Dated, Table):
    """A decided catalogue of an agency with the points of its standard product (Article 13.2)."""

    __tablename__ = "catalogue"
    __table_args__ = (in_order(), CheckConstraint("standard_points > 0", name="standard_product_has_points"))

    id: Mapped[identity]
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    decision_number: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    standard_points: Mapped[Decimal] = mapped_column(points)


class Product(Table):
    """A product known by its code within one agency; what it says and weighs is dated in versions."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[identity]
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(Text)

    versions: Mapped[list["ProductVersion"]] = relationship(
        back_populates="product", order_by="ProductVersion.valid_from"
    )


class ProductVersion(Dated, Table):
    """What a product is and weighs while a decision is in force; a new decision is a new version."""

    __tablename__ = "product_version"
    __table_args__ = (
        in_order(),
        CheckConstraint("complexity_group between 1 and 5", name="at_most_five_groups"),
        CheckConstraint("points > 0 and coefficient > 0", name="weighs_something"),
        CheckConstraint(
            "points_min is null or points_max is null or points_min <= points_max", name="frame_in_order"
        ),
        never_twice("product_has_one_version", "product_id"),
        Index("ix_product_version_catalogue", "catalogue_id"),
        Index(
            "ix_product_version_search",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )

    id: Mapped[identity]
    product_id: Mapped[reference] = mapped_column(ForeignKey("product.id"))
    catalogue_id: Mapped[reference] = mapped_column(ForeignKey("catalogue.id"))
    section: Mapped[str | None] = mapped_column(Text)
    task: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    output: Mapped[str | None] = mapped_column(Text)
    measure: Mapped[str | None] = mapped_column(Text)
    complexity_group: Mapped[int] = mapped_column(SmallInteger)
    points_min: Mapped[Decimal | None] = mapped_column(points)
    points_max: Mapped[Decimal | None] = mapped_column(points)
    points: Mapped[Decimal] = mapped_column(points)
    coefficient: Mapped[Decimal] = mapped_column(coefficient)
    working_days: Mapped[int | None] = mapped_column(Integer)
    quality_requirement: Mapped[str | None] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)

    product: Mapped[Product] = relationship(back_populates="versions")
    catalogue: Mapped[Catalogue] = relationship()
    positions: Mapped[list["ProductPosition"]] = relationship(cascade="all, delete-orphan")
    units: Mapped[list["ProductUnit"]] = relationship(cascade="all, delete-orphan")


class ProductPosition(Table):
    """A position that uses a product version; none at all means every position."""

    __tablename__ = "product_position"

    version_id: Mapped[reference] = mapped_column(ForeignKey("product_version.id"), primary_key=True)
    position_id: Mapped[reference] = mapped_column(
        ForeignKey("job_position.id"), primary_key=True, index=True
    )


class ProductUnit(Table):
    """A unit that uses a product version; none at all means every unit of the agency."""

    __tablename__ = "product_unit"

    version_id: Mapped[reference] = mapped_column(ForeignKey("product_version.id"), primary_key=True)
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)
