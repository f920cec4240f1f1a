"""Whose scores make up a leader's unit result, by the leader's office and field (Article 15.3, 15.4)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.models import Report
from evaluation.rules.explain import parse_exact
from evaluation.rules.scoring import ScoreStatus

# A deputy with a field in charge answers for that field; one without it for everybody below except the other leaders
# of the same unit; a head for everybody below, which for a using agency is everybody whose agency it is.
STATEMENT = """
with recursive leader as (
    select report.id, report.period_id, report.person_id, report.unit_id, report.agency_id, report.office,
        unit.role, period.month as day,
        :by_field and report.office = 'DEPUTY' and exists (
            select from charge
            where charge.deputy_id = report.person_id and charge.valid_from <= period.month
                and (charge.valid_to is null or charge.valid_to > period.month)
        ) as has_field
    from report
    join unit on unit.id = report.unit_id
    join period on period.id = report.period_id
    where report.id = any(:report_ids) and report.office <> 'STAFF'
),
field as (
    select leader.id as leader_id, charge.unit_id, charge.person_id
    from leader
    join charge on charge.deputy_id = leader.person_id and charge.valid_from <= leader.day
        and (charge.valid_to is null or charge.valid_to > leader.day)
    where leader.has_field
),
below(leader_id, unit_id, day) as (
    select leader.id, leader.unit_id, leader.day from leader
    where not leader.has_field and leader.role <> 'USING_AGENCY'
    union
    select leader.id, field.unit_id, leader.day from leader
    join field on field.leader_id = leader.id and field.unit_id is not null
    union
    select below.leader_id, place.unit_id, below.day
    from below
    join unit_place place on place.parent_id = below.unit_id and place.valid_from <= below.day
        and (place.valid_to is null or place.valid_to > below.day)
),
under as (
    select leader.id as leader_id, report.id as report_id
    from leader
    join report on report.period_id = leader.period_id and report.agency_id = leader.agency_id
    where not leader.has_field and leader.role = 'USING_AGENCY'
    union
    select below.leader_id, report.id
    from below
    join leader on leader.id = below.leader_id
    join report on report.period_id = leader.period_id and report.unit_id = below.unit_id
    union
    select field.leader_id, report.id
    from field
    join leader on leader.id = field.leader_id
    join report on report.period_id = leader.period_id and report.person_id = field.person_id
)
select under.leader_id, report.id, report.person_id, person.full_name, sheet.status, sheet.exact_total
from under
join leader on leader.id = under.leader_id
join report on report.id = under.report_id
join person on person.id = report.person_id
left join score_sheet sheet on sheet.report_id = report.id and sheet.stage = 'FINAL' and sheet.superseded_at is null
where report.person_id <> leader.person_id
    and report.state <> 'NOT_RATED'
    and not (
        leader.office = 'DEPUTY' and not leader.has_field
        and report.unit_id = leader.unit_id and report.office <> 'STAFF'
    )
order by under.leader_id, person.sort_key, report.id
"""


@dataclass(frozen=True, slots=True)
class Subordinate:
    """One official under a leader: the exact final score, or None while it is missing."""

    report_id: int
    person_id: int
    total: Fraction | None
    name: str = ""


def of_leader(report: Report, *, by_field: bool = True) -> list[Subordinate]:
    """The officials under a leader in the sheet's month; people not rated that month are left out."""
    return of_leaders([report.id], by_field=by_field).get(report.id, [])


def of_leaders(report_ids: Collection[int], *, by_field: bool = True) -> dict[int, list[Subordinate]]:
    """The officials under each of many leaders, by the leader's sheet, in one statement.

    `by_field` false makes every deputy answer for the whole unit (the rulebook's choice `deputy_unit_result`).
    """
    found: dict[int, list[Subordinate]] = defaultdict(list)
    if not report_ids:
        return found
    rows = db.session.execute(text(STATEMENT), {"report_ids": list(report_ids), "by_field": by_field})
    for leader_id, report_id, person_id, name, status, total in rows:
        if status != ScoreStatus.INSUFFICIENT_DATA:
            subordinate = Subordinate(report_id, person_id, parse_exact(total) if total else None, name)
            found[leader_id].append(subordinate)
    return found
