"""A year of facts of every unit examined as a collective: the unit's own registers; its members are counted from their verdicts.

A collective is a unit and all below it that the same authority decides for; its members are the people judged there.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries.evidence import award_fact
from evaluation.queries.evidence_tree import Tree, UnitRow
from evaluation.rules.facts import NOBODY, Criticism, Facts, PendingKind, PendingMatter, UnitFacts
from evaluation.rules.organisation import UnitKind

PENDING = """
select unit_id, kind, opened_on, closed_on, outcome from pending_matter
where unit_id = any(:units) and opened_on <= :as_of and withdrawn_at is null order by opened_on
"""
TITLES = """
select * from title where withdrawn_at is null
  and unit_id = any(:units) and year <= :year and (decided_on is null or decided_on <= :as_of) order by year, id
"""
LEADERS = "select count(*) from unit_year where year = :year and cluster_rank <= :rank"


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit's year as a collective: what the rules examine and what the list prints."""

    unit_id: int
    authority_id: int
    within: frozenset[int]
    facts: Facts
    printed: dict[str, Any]


def unit_records(
    units: Tree, within: Collection[int], year: int, *, as_of: date, received: date, first_rank: int
) -> list[UnitRecord]:
    """The collectives among some units, in three questions; a whole province is not one, nor a unit gone before the year."""
    given = {"units": list(within), "year": year, "as_of": as_of, "rank": first_rank}
    pending, titles = _by_unit(PENDING, given), _by_unit(TITLES, given)
    leaders = db.session.scalar(text(LEADERS), given) or None
    below = _below(units, within)
    records = []
    for unit_id in within:
        row = units.units[unit_id]
        if row.kind is UnitKind.PROVINCE or (row.dissolved_on and row.dissolved_on < date(year, 1, 1)):
            continue
        facts = Facts(
            year,
            as_of,
            received,
            NOBODY,
            UnitFacts(
                ratings={} if row.unit_class is None else {year: row.unit_class},
                reform={} if (reform := units.reform_of(row)) is None else {year: reform},
                criticism=(Criticism(date(year, 1, 1)),) * row.criticisms,
                pending=tuple(
                    PendingMatter(PendingKind(one.kind), one.opened_on, one.closed_on, one.outcome)
                    for one in pending[unit_id]
                ),
                dissolved_on=row.dissolved_on,
                cluster_rank={year: row.cluster_rank},
                cluster_leaders=leaders,
                awards=tuple(map(award_fact, titles[unit_id])),
            ),
            collective=True,
        )
        printed = _printed(row, reform, year, as_of, titles[unit_id], pending[unit_id])
        records.append(UnitRecord(unit_id, units.authority(unit_id), below[unit_id], facts, printed))
    return records


def _below(units: Tree, within: Collection[int]) -> dict[int, frozenset[int]]:
    """Each unit with the units below it that have the same deciding authority."""
    found: dict[int, set[int]] = {unit_id: {unit_id} for unit_id in within}
    for unit_id in within:
        authority = units.authority(unit_id)
        for above in units.above(unit_id):
            if above in found and units.authority(above) == authority:
                found[above].add(unit_id)
    return {unit_id: frozenset(members) for unit_id, members in found.items()}


def _by_unit(question: str, given: dict[str, Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(text(question), given):
        found[row.unit_id].append(row)
    return found


def _printed(
    row: UnitRow, reform: Any, year: int, as_of: date, titles: list[Any], pending: list[Any]
) -> dict[str, Any]:
    """What the list of collectives shows of the registers, kept as it was on the day of the run."""
    return {
        "leads": False,
        "classes": {} if row.unit_class is None else {str(year): row.unit_class.value},
        "initiatives": [],
        "discipline": [],
        "reform": None if reform is None else reform.value,
        "criticisms": row.criticisms,
        "cluster_rank": row.cluster_rank,
        "titles": [
            {
                "code": one.code,
                "year": one.year,
                "number": one.decision_number,
                "on": one.decided_on.isoformat() if one.decided_on else None,
            }
            for one in titles
        ],
        "pending": [
            {"kind": one.kind, "on": one.opened_on.isoformat()}
            for one in pending
            if one.closed_on is None or one.closed_on > as_of
        ],
    }
