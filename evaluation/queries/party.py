"""The facts of the Party's verdict: what officials completed of each quarter's tasks, and what the unit in charge did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.models import ForceMajeure
from evaluation.queries.cycles import COVERED, LAST_MONTH
from evaluation.queries.sums import exact_number
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import Office
from evaluation.rules.spans import ScoredPart

# Only sheets with a final result count: a month that is not over yet is not a month left undone.
FACTS = text(
    f"""
    with recursive
    time as (
        select id, extract(quarter from month)::int as quarter
        from period where month >= :since and month < :until
    ),
    latest as (
        select distinct on (report.person_id, time.quarter)
            report.person_id, time.quarter, report.unit_id, report.office
        from report join time on time.id = report.period_id join period on period.id = time.id
        where report.person_id = any(:person_ids) and report.state in ('CONFIRMED', 'PUBLISHED')
        order by report.person_id, time.quarter, {LAST_MONTH} desc
    ),
    below(top_id, unit_id) as (
        select distinct unit_id, unit_id from latest where office <> 'STAFF'
        union
        select below.top_id, place.unit_id
        from below join unit_place place on place.parent_id = below.unit_id
        where place.valid_from <= :last_day and (place.valid_to is null or place.valid_to > :last_day)
    ),
    final as materialized (
        select report.id, report.person_id, report.unit_id, report.period_id, time.quarter
        from report join time on time.id = report.period_id
        where report.state in ('CONFIRMED', 'PUBLISHED')
          and (report.person_id = any(:person_ids) or report.unit_id in (select unit_id from below))
    ),
    line as (
        select final.id as report_id, item.kind, item.assigned * item.coefficient as assigned,
            coalesce(mark.done, item.done) as done, item.assigned as asked, item.coefficient,
            coalesce(mark.delays, item.delays) as delays
        from final
        join work_item item on item.report_id = final.id
        left join item_mark mark on mark.item_id = item.id and mark.superseded_at is null
    ),
    sheet as (
        select report_id,
            coalesce(sum(assigned) filter (where kind in ('PLANNED', 'TRANSFERRED_OUT')), 0) as assigned,
            coalesce(sum(least(done, asked) * coefficient) filter (where kind = 'PLANNED'), 0) as done,
            coalesce(sum(assigned) filter (where kind = 'PLANNED' and done > asked), 0) as over,
            coalesce(sum(done * coefficient) filter (where kind in ('RECEIVED', 'ADHOC')), 0) as extra,
            coalesce(sum(assigned) filter (where kind = 'PLANNED' and delays > 0), 0) as late
        from line group by report_id
    ),
    own as (
        select final.person_id, final.quarter, coalesce(sum(sheet.assigned), 0) as assigned,
            coalesce(sum(sheet.done), 0) as done, coalesce(sum(sheet.over), 0) as over,
            coalesce(sum(sheet.extra), 0) as extra, coalesce(sum(sheet.late), 0) as late,
            json_agg(json_build_array(score.exact_total, case period.cycle when 'MONTH' then 1 else covered.months end))
                filter (where score.exact_total is not null) as scores
        from final
        join report on report.id = final.id
        join period on period.id = final.period_id
        left join lateral ({COVERED}) as covered on period.cycle = 'QUARTER'
        left join sheet on sheet.report_id = final.id
        left join score_sheet score on score.report_id = final.id and score.stage = 'FINAL'
            and score.superseded_at is null
        where final.person_id = any(:person_ids)
        group by final.person_id, final.quarter
    ),
    unit as (
        select below.top_id, final.quarter, sum(sheet.assigned) as assigned, sum(sheet.done) as done
        from below
        join final on final.unit_id = below.unit_id
        join sheet on sheet.report_id = final.id
        group by below.top_id, final.quarter
    )
    select own.person_id, own.quarter, latest.unit_id, latest.office, own.assigned, own.done, own.over, own.extra, own.late,
        own.scores, unit.assigned as unit_assigned, unit.done as unit_done, excuse.id is not null as force_majeure
    from own
    join latest using (person_id, quarter)
    left join unit on unit.top_id = latest.unit_id and unit.quarter = own.quarter and latest.office <> 'STAFF'
    left join force_majeure excuse on excuse.person_id = own.person_id and excuse.year = :year
        and excuse.quarter = own.quarter and excuse.withdrawn_at is null
    order by own.person_id, own.quarter
    """
)

PEOPLE = text(
    f"""
    with latest as (
        select distinct on (report.person_id) report.person_id, report.unit_id, report.office, report.title,
            report.agency_id, report.confirming_unit_id
        from report join period on period.id = report.period_id
        where report.agency_id = :agency_id and period.month >= :since and period.month < :until
        order by report.person_id, {LAST_MONTH} desc
    )
    select latest.*, person.full_name, place.name as unit_name, count(*) over () as total
    from latest
    join person on person.id = latest.person_id
    left join lateral (
        select name from unit_place where unit_id = latest.unit_id and valid_from <= :last_day
        order by valid_from desc limit 1
    ) place on true
    where (latest.office <> 'STAFF' or :everybody)
      and (cast(:person_id as bigint) is null or latest.person_id = :person_id)
    order by case latest.office when 'HEAD' then 0 when 'DEPUTY' then 1 else 2 end, person.sort_key, latest.person_id
    limit :limit offset :offset
    """
)


@dataclass(frozen=True, slots=True)
class QuarterFacts:
    """One person's final sheets of a quarter, added up; units are converted units."""

    person_id: int
    quarter: int
    office: Office
    assigned: Fraction
    done: Fraction
    over: Fraction
    extra: Fraction
    late: Fraction
    scores: tuple[ScoredPart, ...]
    unit_assigned: Fraction
    unit_done: Fraction
    force_majeure: bool


def facts(person_ids: Iterable[int], year: int, *, quarter: int | None = None) -> list[QuarterFacts]:
    """The quarters of a year (or one of them) of many people, in one query."""
    since, until = _bounds(year, quarter)
    rows = db.session.execute(
        FACTS,
        {
            "person_ids": list(person_ids),
            "year": year,
            "since": since,
            "until": until,
            "last_day": _before(until),
        },
    )
    return [_read(row) for row in rows]


def people(
    agency_id: int,
    year: int,
    quarter: int,
    *,
    everybody: bool,
    limit: int,
    offset: int,
    person_id: int | None = None,
) -> Sequence[Row[Any]]:
    """Whom an agency's list of a quarter names: leaders first, then the others if wanted, with the total."""
    since, until = _bounds(year, quarter)
    return db.session.execute(
        PEOPLE,
        {
            "agency_id": agency_id,
            "since": since,
            "until": until,
            "last_day": _before(until),
            "everybody": everybody,
            "limit": limit,
            "offset": offset,
            "person_id": person_id,
        },
    ).all()


def excuse(person_id: int, year: int, quarter: int) -> ForceMajeure | None:
    """The force majeure confirmed for a person's quarter."""
    return db.session.scalar(
        db.select(ForceMajeure).where(
            ForceMajeure.person_id == person_id,
            ForceMajeure.year == year,
            ForceMajeure.quarter == quarter,
            ForceMajeure.withdrawn_at.is_(None),
        )
    )


def _bounds(year: int, quarter: int | None) -> tuple[date, date]:
    if quarter is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    first = date(year, 3 * quarter - 2, 1)
    return first, date(year + 1, 1, 1) if quarter == 4 else date(year, 3 * quarter + 1, 1)


def _before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _read(row: Row[Any]) -> QuarterFacts:
    return QuarterFacts(
        person_id=row.person_id,
        quarter=row.quarter,
        office=Office(row.office),
        assigned=exact_number(row.assigned),
        done=exact_number(row.done),
        over=exact_number(row.over),
        extra=exact_number(row.extra),
        late=exact_number(row.late),
        scores=tuple(
            ScoredPart(parse_exact(total), quarter=row.quarter, months=months)
            for total, months in row.scores or ()
        ),
        unit_assigned=exact_number(row.unit_assigned),
        unit_done=exact_number(row.unit_done),
        force_majeure=row.force_majeure,
    )
