"""Leaders' d from their subordinates' scores as rolled up, and what follows from it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.queries.rollups import ABOVE
from evaluation.rules.periods import Stretch

# Of each leader with a final score: d by the subordinates as rolled up, where it is not the d used last.
# A subordinate's missing score leaves d open; one at the lowest level lowers it.
# Whom a leader leads is said by queries/subordinates.py, one leader at a time; a test holds the two together.
LEADERS = """
with recursive people as (select distinct unit_id from person_month where period_id = :period_id),
{above},
counted as (
    select month.person_id, month.unit_id, month.agency_id, report.office <> 'STAFF' as leads,
        (month.status not in ('NOT_RATED', 'INSUFFICIENT_DATA') and month.total is null) as missing,
        coalesce(month.band = 'KHTNV', false) as failing
    from person_month month join report on report.id = month.report_id
    where month.period_id = :period_id
      and (month.band = 'KHTNV' or month.total is null and month.status not in ('NOT_RATED', 'INSUFFICIENT_DATA'))
),
own as (
    select unit_id, agency_id, leads, count(*) filter (where missing) as missing, count(*) filter (where failing) as failing
    from counted
    group by unit_id, agency_id, leads
),
leader as (
    select report.id, report.person_id, report.unit_id, report.agency_id, report.office, report.rulebook,
        report.organising, report.cohesion, sheet.status, sheet.exact_total, sheet.unit_result, unit.role,
        :by_field and exists (
            select from charge where charge.deputy_id = report.person_id and report.office = 'DEPUTY'
              and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
        ) as has_field
    from report join unit on unit.id = report.unit_id
    left join score_sheet sheet
        on sheet.report_id = report.id and sheet.stage = 'FINAL' and sheet.superseded_at is null
    where report.period_id = :period_id and report.office <> 'STAFF' and report.state in ('CONFIRMED', 'PUBLISHED')
      and report.organising is not null and report.cohesion is not null
),
below as (
    select leader.id, own.missing, own.failing
    from leader join own on own.agency_id = leader.agency_id
    where not leader.has_field and leader.role = 'USING_AGENCY'
      and not (leader.office = 'DEPUTY' and own.unit_id = leader.unit_id and own.leads)
    union all
    select leader.id, own.missing, own.failing
    from leader join above on above.ancestor_id = leader.unit_id join own on own.unit_id = above.unit_id
    where not leader.has_field and leader.role <> 'USING_AGENCY'
      and not (leader.office = 'DEPUTY' and own.unit_id = leader.unit_id and own.leads)
    union all
    -- a head is among the people of the unit: taken out again
    select leader.id, -counted.missing::int, -counted.failing::int
    from leader join counted on counted.person_id = leader.person_id
    where leader.office = 'HEAD'
    union all
    select leader.id, counted.missing::int, counted.failing::int
    from leader
    join charge on charge.deputy_id = leader.person_id
        and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
    join above on above.ancestor_id = charge.unit_id
    join counted on counted.unit_id = above.unit_id and counted.person_id <> leader.person_id
    where leader.has_field
    union all
    select leader.id, counted.missing::int, counted.failing::int
    from leader
    join charge on charge.deputy_id = leader.person_id
        and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
    join counted on counted.person_id = charge.person_id and counted.person_id <> leader.person_id
    where leader.has_field
)
select leader.id as report_id, leader.rulebook, leader.organising, leader.cohesion, leader.status, leader.exact_total,
    result.now as unit_result
from leader
join unnest(cast(:rulebooks as text[]), cast(:fulls as text[]), cast(:reduceds as text[]))
    as law(rulebook, full_ratio, reduced_ratio) on law.rulebook = leader.rulebook
left join unnest(cast(:tried_ids as bigint[]), cast(:tried_results as text[])) as tried(id, unit_result)
    on tried.id = leader.id
left join (
    select id, sum(missing) as missing, sum(failing) as failing from below group by id
) as found on found.id = leader.id
cross join lateral (
    select case when found.missing > 0 then null when found.failing > 0 then law.reduced_ratio else law.full_ratio end as now
) as result
where result.now is distinct from case when tried.id is null then leader.unit_result else tried.unit_result end
order by leader.id
"""


def moved_leaders(
    period_id: int,
    stretch: Stretch,
    *,
    by_field: bool,
    ratios: Mapping[str, tuple[str, str]],
    tried: Mapping[int, str | None],
) -> list[Row[Any]]:
    """The leaders whose d is no longer what was used last: on their final sheet, or in `tried` by sheet.

    `ratios` holds d in full and d reduced of each rulebook, as exact text; `by_field` false makes deputies answer for
    the whole unit. Each row has the new `unit_result`, đ, e and what is frozen on the sheet.
    """
    return list(
        db.session.execute(
            text(LEADERS.format(above=ABOVE)),
            {
                "period_id": period_id,
                "day": stretch.first_day,
                "until": stretch.end,
                "by_field": by_field,
                "rulebooks": list(ratios),
                "fulls": [full for full, _reduced in ratios.values()],
                "reduceds": [reduced for _full, reduced in ratios.values()],
                "tried_ids": list(tried),
                "tried_results": list(tried.values()),
            },
        )
    )


def rulebooks_of_leaders(period_id: int) -> list[str]:
    """The rulebooks frozen on the sheets of leaders."""
    return list(
        db.session.scalars(
            text(
                "select distinct rulebook from report where period_id = :period_id and office <> 'STAFF'"
                " order by rulebook"
            ),
            {"period_id": period_id},
        )
    )


def update_people(rows: list[dict[str, Any]]) -> None:
    """Changes single rows of person_month, for leaders whose d came out otherwise."""
    db.session.execute(
        text(
            "update person_month set status = :status, total = cast(:total as numeric), exact_total = :exact_total,"
            " band = :band, differs = :differs where period_id = :period_id and report_id = :report_id"
            " and person_id = (select person_id from report where id = :report_id)"
        ),
        rows,
    )
