"""The units of a year as they stood on its last day, with what the registers say of each, and who decides for whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.rules.organisation import UnitKind, UnitRole

TREE = """
select unit.id, unit.kind, unit.role, unit.evaluates_contract_workers, place.parent_id, place.name, code.code,
    known.unit_class, known.reform, coalesce(known.criticisms, 0) as criticisms, known.cluster_rank, unit.dissolved_on
from unit
join lateral (
    select parent_id, name from unit_place
    where unit_id = unit.id and valid_from <= :day order by valid_from desc limit 1
) place on true
left join lateral (
    select code from unit_code where unit_id = unit.id and valid_from <= :day order by valid_from desc limit 1
) code on true
left join unit_year known on known.unit_id = unit.id and known.year = :year
order by code.code nulls last, unit.id
"""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit on the last day looked at, with what the register says of its year."""

    id: int
    kind: UnitKind
    role: UnitRole
    evaluates_contract_workers: bool
    parent_id: int | None
    name: str
    code: str | None
    unit_class: Band | None
    reform: ReformResult | None
    criticisms: int
    cluster_rank: int | None
    dissolved_on: date | None


class Tree:
    """The units as they stood on a day, those already dissolved where they last stood."""

    def __init__(self, rows: Iterable[UnitRow]) -> None:
        self.units = {row.id: row for row in rows}
        self._above = {unit_id: self._climb(unit_id) for unit_id in self.units}

    def _climb(self, unit_id: int) -> tuple[int, ...]:
        path, place = [unit_id], self.units[unit_id].parent_id
        while place in self.units and place not in path:
            path.append(place)
            place = self.units[place].parent_id
        return tuple(path)

    def above(self, unit_id: int) -> tuple[int, ...]:
        """A unit and every unit above it, nearest first."""
        return self._above.get(unit_id, (unit_id,))

    def agency(self, unit_id: int) -> int:
        """The using agency of a unit: the nearest that is more than a part of another (Article 3.1)."""
        path = self.above(unit_id)
        whole = (
            place
            for place in path
            if place in self.units and self.units[place].role is not UnitRole.DIRECT_UNIT
        )
        return next(whole, path[-1])

    def authority(self, unit_id: int) -> int:
        """Whose head decides the titles: the nearest using agency with legal status, which no division has."""
        whole = (
            place
            for place in self.above(unit_id)
            if self.units[place].role is not UnitRole.DIRECT_UNIT
            and self.units[place].kind is not UnitKind.DIVISION
        )
        return next(whole, self.agency(unit_id))

    def reform_of(self, unit: UnitRow) -> ReformResult | None:
        """A unit's own result; an agency's completion covers its divisions, its failure alone refuses none of them."""
        if unit.reform is not None:
            return unit.reform
        agency = self.units[self.agency(unit.id)]
        return ReformResult.COMPLETED if agency.reform is ReformResult.COMPLETED else None

    def by_authority(self) -> dict[int, list[int]]:
        """The units of each deciding authority, in the order of the authorities' codes."""
        found: dict[int, list[int]] = {unit_id: [] for unit_id in self.units}
        for unit_id in self.units:
            found[self.authority(unit_id)].append(unit_id)
        return {authority: units for authority, units in found.items() if units}


def tree(year: int, as_of: date) -> Tree:
    """All units on the last day of the year, or on the day looked at when it is earlier."""
    rows = db.session.execute(text(TREE), {"day": last_day(year, as_of), "year": year})
    return Tree(
        UnitRow(
            row.id,
            UnitKind(row.kind),
            UnitRole(row.role),
            row.evaluates_contract_workers,
            row.parent_id,
            row.name,
            row.code,
            Band(row.unit_class) if row.unit_class else None,
            ReformResult(row.reform) if row.reform else None,
            row.criticisms,
            row.cluster_rank,
            row.dissolved_on,
        )
        for row in rows
    )


def last_day(year: int, as_of: date) -> date:
    """The day as of which units and offices of a year are read."""
    return min(as_of, date(year, 12, 31))


def people_in_units(year: int, as_of: date) -> dict[int, int]:
    """How many serve in each unit, for cutting the work into parts of like size."""
    rows = db.session.execute(
        text(
            "select unit_id, count(*) as people from assignment where is_main and valid_from <= :day"
            " and (valid_to is null or valid_to > :first) group by unit_id"
        ),
        {"day": last_day(year, as_of), "first": date(year, 1, 1)},
    )
    return {row.unit_id: row.people for row in rows}
