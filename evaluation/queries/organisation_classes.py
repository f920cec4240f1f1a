"""Recognised classes of units: the one in force and those before it, and the heads whose proposals rest on it."""

from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import OrganisationClass, UnitYear, YearGrade
from evaluation.rules.workflow import GradeState


def of_unit(unit_id: int, year: int) -> list[OrganisationClass]:
    """Every recognition of a unit's year, the newest first."""
    return list(
        db.session.scalars(
            select(OrganisationClass)
            .where(OrganisationClass.unit_id == unit_id, OrganisationClass.year == year)
            .order_by(OrganisationClass.id.desc())
        )
    )


def unit_year(unit_id: int, year: int, *, lock: bool = False) -> UnitYear | None:
    """What the register says of a unit's year."""
    return db.session.get(UnitYear, (unit_id, year), with_for_update=lock or None, populate_existing=lock)


def head_grades(unit_id: int, year: int) -> list[YearGrade]:
    """The classes in force of whoever heads a unit, as their snapshots say."""
    return list(
        db.session.scalars(
            select(YearGrade).where(
                YearGrade.unit_id == unit_id,
                YearGrade.year == year,
                YearGrade.superseded_at.is_(None),
                YearGrade.inputs["facts"]["head_of_unit"].astext == "true",
            )
        )
    )


def waiting_heads(year: int) -> int:
    """How many heads of a year have a proposal that waits for the class of their unit."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(YearGrade)
            .where(
                YearGrade.year == year,
                YearGrade.superseded_at.is_(None),
                YearGrade.state == GradeState.PROPOSED,
                YearGrade.status == "UNIT_NOT_CLASSIFIED",
            )
        )
        or 0
    )
