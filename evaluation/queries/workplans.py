"""Questions of whoever assigns work: the unit's sheets with their lines, last month's, products that may be picked."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from evaluation.extensions import db
from evaluation.models import (
    Evidence,
    JobPosition,
    Period,
    Person,
    Product,
    ProductVersion,
    Report,
    UnitPlace,
    WorkItem,
)
from evaluation.queries.organisation import valid_on
from evaluation.rules.periods import Stretch
from evaluation.rules.scoring import WorkKind

IN_PLAN = (WorkKind.PLANNED, WorkKind.TRANSFERRED_OUT)


@dataclass(frozen=True, slots=True)
class LedUnit:
    """A unit of the list: its sheets of a month, how many have planned work, the converted units assigned."""

    unit_id: int
    name: str
    sheets: int
    planned: int
    assigned: Decimal


def led_units(unit_ids: Collection[int], period: Period, besides: int) -> list[LedUnit]:
    """The units whose heads the actor is or stands for, with how far assignment is; the actor's own sheet is not counted."""
    per_sheet = (
        select(
            Report.supervising_unit_id.label("unit_id"),
            Report.id,
            func.coalesce(func.sum(WorkItem.assigned * WorkItem.coefficient), 0).label("assigned"),
            func.count(WorkItem.id).label("lines"),
        )
        .outerjoin(WorkItem, (WorkItem.report_id == Report.id) & WorkItem.kind.in_(IN_PLAN))
        .where(
            Report.period_id == period.id,
            Report.supervising_unit_id.in_(list(unit_ids)),
            Report.person_id != besides,
            Report.not_rated_reason.is_(None),
        )
        .group_by(Report.supervising_unit_id, Report.id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            UnitPlace.unit_id,
            UnitPlace.name,
            func.count(per_sheet.c.id),
            func.count(per_sheet.c.id).filter(per_sheet.c.lines > 0),
            func.coalesce(func.sum(per_sheet.c.assigned), 0),
        )
        .outerjoin(per_sheet, per_sheet.c.unit_id == UnitPlace.unit_id)
        .where(UnitPlace.unit_id.in_(list(unit_ids)), valid_on(UnitPlace, period.month))
        .group_by(UnitPlace.unit_id, UnitPlace.name)
        .order_by(UnitPlace.name)
    )
    return [LedUnit(*row) for row in rows]


def sheets(
    unit_id: int, period_id: int, *, besides: int | None = None, report_ids: Collection[int] | None = None
) -> list[Report]:
    """The sheets that a unit's head assigns, with their owners and lines, by Vietnamese name order: two queries."""
    statement = (
        select(Report)
        .join(Person, Person.id == Report.person_id)
        .where(Report.period_id == period_id, Report.supervising_unit_id == unit_id)
        .options(joinedload(Report.person), joinedload(Report.period), selectinload(Report.items))
        .order_by(Person.sort_key, Person.id)
        .execution_options(populate_existing=True)
    )
    if besides is not None:
        statement = statement.where(Report.person_id != besides)
    if report_ids is not None:
        statement = statement.where(Report.id.in_(list(report_ids)))
    return list(db.session.scalars(statement))


def months_and_name(unit_id: int, month: Stretch) -> tuple[list[Period], str]:
    """The opened months, the newest first, and the name a unit had in one of them: one query."""
    name = (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == unit_id, UnitPlace.valid_from <= month.first_day)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Period, name).order_by(Period.month.desc(), Period.cycle).limit(36)
    ).all()
    return [period for period, _name in rows], (rows[0][1] or "") if rows else ""


def page_sheets(
    unit_id: int, period_id: int, besides: int
) -> list[tuple[Report, str | None, dict[int, str]]]:
    """The sheets of a unit's page with the name of the position and the product codes of the lines: two queries."""
    rows = db.session.execute(
        select(Report, JobPosition.name)
        .join(Report.person)
        .outerjoin(JobPosition, JobPosition.id == Report.position_id)
        .where(
            Report.period_id == period_id,
            Report.supervising_unit_id == unit_id,
            Report.person_id != besides,
        )
        .options(contains_eager(Report.person))
        .order_by(Person.sort_key, Person.id)
    ).all()
    lines: dict[int, list[tuple[WorkItem, str]]] = {report.id: [] for report, _name in rows}
    for item, code in db.session.execute(
        select(WorkItem, Product.code)
        .outerjoin(ProductVersion, ProductVersion.id == WorkItem.product_version_id)
        .outerjoin(Product, Product.id == ProductVersion.product_id)
        .where(WorkItem.report_id.in_(lines))
        .order_by(WorkItem.ordinal, WorkItem.id)
    ):
        lines[item.report_id].append((item, code or ""))
    for report, _name in rows:
        set_committed_value(report, "items", [item for item, _code in lines[report.id]])
    return [(report, name, {item.id: code for item, code in lines[report.id]}) for report, name in rows]


def lock(report_ids: Iterable[int]) -> None:
    """Locks sheets in the order of their ids, so that two writers never wait for each other in a circle."""
    db.session.execute(
        select(Report.id).where(Report.id.in_(list(report_ids))).order_by(Report.id).with_for_update()
    ).all()


def ids_of(unit_id: int, period_id: int) -> list[int]:
    """The sheets that a unit's head assigns, by id."""
    return list(
        db.session.scalars(
            select(Report.id).where(Report.supervising_unit_id == unit_id, Report.period_id == period_id)
        )
    )


def planned_by(person_ids: Collection[int], month: Stretch) -> dict[int, list[tuple[WorkItem, int]]]:
    """What people were to do in a month by plan: lines with their product, in one query."""
    rows = db.session.execute(
        select(Report.person_id, WorkItem, ProductVersion.product_id)
        .join(Report, Report.id == WorkItem.report_id)
        .join(Period, Period.id == Report.period_id)
        .join(ProductVersion, ProductVersion.id == WorkItem.product_version_id)
        .where(
            Period.month == month.first_day,
            Period.cycle == month.cycle,
            Report.person_id.in_(list(person_ids)),
            WorkItem.kind.in_(IN_PLAN),
            WorkItem.assigned > 0,
        )
        .order_by(WorkItem.report_id, WorkItem.ordinal, WorkItem.id)
    )
    found: dict[int, list[tuple[WorkItem, int]]] = {}
    for person_id, item, product_id in rows:
        found.setdefault(person_id, []).append((item, product_id))
    return found


def versions_of(product_ids: Collection[int], month: Stretch) -> dict[int, list[ProductVersion]]:
    """The versions of products in force on some day of a month, the earliest first, with who uses them."""
    found: dict[int, list[ProductVersion]] = {}
    for version in db.session.scalars(
        _in_force(month)
        .where(Product.id.in_(list(product_ids)))
        .options(selectinload(ProductVersion.positions), selectinload(ProductVersion.units))
        .order_by(ProductVersion.valid_from)
    ):
        found.setdefault(version.product_id, []).append(version)
    return found


def version(version_id: int, month: Stretch) -> ProductVersion | None:
    """A product version in force on some day of a month, with its product and who uses it."""
    return db.session.scalar(
        _in_force(month)
        .where(ProductVersion.id == version_id)
        .options(
            joinedload(ProductVersion.product),
            selectinload(ProductVersion.positions),
            selectinload(ProductVersion.units),
        )
    )


def products_of(version_ids: Collection[int | None]) -> dict[int, tuple[int, str]]:
    """Product and code behind versions."""
    rows = db.session.execute(
        select(ProductVersion.id, Product.id, Product.code)
        .join(Product)
        .where(ProductVersion.id.in_([one for one in version_ids if one is not None]))
    )
    return {version_id: (product_id, code) for version_id, product_id, code in rows}


def colleagues(report: Report) -> list[tuple[int, str, str]]:
    """(sheet, name, title) of everybody of the same agency who can take work over in the same month."""
    rows = db.session.execute(
        select(Report.id, Person.full_name, Report.title, UnitPlace.short_name)
        .join(Person, Person.id == Report.person_id)
        .outerjoin(
            UnitPlace, (UnitPlace.unit_id == Report.unit_id) & valid_on(UnitPlace, report.period.month)
        )
        .where(
            Report.period_id == report.period_id,
            Report.agency_id == report.agency_id,
            Report.id != report.id,
            Report.state.in_(("DRAFT", "RETURNED")),
        )
        .order_by(Report.unit_id != report.unit_id, Person.sort_key)
    )
    return [
        (report_id, name, " · ".join(part for part in (title, unit) if part))
        for report_id, name, title, unit in rows
    ]


def has_evidence(item_id: int) -> bool:
    """Whether a file was ever attached to a line."""
    return db.session.scalar(select(Evidence.id).where(Evidence.item_id == item_id).limit(1)) is not None


def months_opened() -> list[Stretch]:
    """The opened months and quarters, the newest first."""
    newest = select(Period).order_by(Period.month.desc(), Period.cycle).limit(24)
    return [period.covers for period in db.session.scalars(newest)]


def _in_force(month: Stretch) -> Select[ProductVersion]:
    return (
        select(ProductVersion)
        .join(Product)
        .where(
            ProductVersion.valid_from < month.end,
            or_(ProductVersion.valid_to.is_(None), ProductVersion.valid_to > month.first_day),
        )
    )


def sheet_of(person_id: int, period_id: int) -> int | None:
    """A person's sheet of a month."""
    return db.session.scalar(
        select(Report.id).where(Report.person_id == person_id, Report.period_id == period_id)
    )
