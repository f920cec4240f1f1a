"""The months of officials as finance needs them: whose class of the month stands, and which posts they hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.rules.periods import Month, quarter_of

# A month is the month's own sheet, or in an agency that evaluates by quarter the sheet of its quarter.
WANTED = """
with wanted as materialized (
    select distinct on (month.first, report.person_id)
        month.first as month, month.last_day, month.ordinal, report.id as report_id, report.person_id, report.unit_id,
        report.agency_id, report.confirming_unit_id, report.office, report.title, report.state, report.not_rated_reason
    from unnest(cast(:months as date[]), cast(:last_days as date[]), cast(:quarters as date[]))
        with ordinality as month(first, last_day, quarter, ordinal)
    join period on (period.cycle = 'MONTH' and period.month = month.first)
        or (period.cycle = 'QUARTER' and period.month = month.quarter)
    join report on report.period_id = period.id
    where cast(:agencies as bigint[]) is null or report.agency_id = any(:agencies)
    order by month.first, report.person_id, period.cycle
)
"""

LINES = text(
    WANTED
    + """
select wanted.month, wanted.report_id, wanted.person_id, wanted.unit_id, wanted.agency_id, wanted.office, wanted.title,
    wanted.state, wanted.not_rated_reason, sheet.status, sheet.band as month_band, span.band as quarter_band,
    person.full_name, person.official_number, place.name as unit_name, held.posts
from wanted
join person on person.id = wanted.person_id
left join score_sheet sheet on sheet.report_id = wanted.report_id and sheet.stage = 'FINAL'
    and sheet.superseded_at is null and wanted.state in ('CONFIRMED', 'PUBLISHED')
left join person_span span on span.person_id = wanted.person_id and span.kind = 'QUARTER'
    and span.year = extract(year from wanted.month)::int and span.index = extract(quarter from wanted.month)::int
left join lateral (
    select name from unit_place where unit_id = wanted.unit_id and valid_from <= wanted.last_day
    order by valid_from desc limit 1
) place on true
left join lateral (
    select json_agg(json_build_object('key', assignment.id, 'kind', unit.kind, 'office', assignment.office,
        'is_main', assignment.is_main, 'title', assignment.title)) as posts
    from assignment join unit on unit.id = assignment.unit_id
    where assignment.person_id = wanted.person_id and assignment.valid_from <= wanted.last_day
      and (assignment.valid_to is null or assignment.valid_to > wanted.last_day)
) held on true
order by person.sort_key, person.id, wanted.month
limit :limit offset :offset
"""
)

AGENCIES = text(
    WANTED
    + """
select wanted.agency_id, place.name, count(distinct wanted.person_id) as people, count(*) as lines,
    count(*) filter (where wanted.state = 'NOT_RATED') as not_rated,
    count(*) filter (where wanted.state not in ('CONFIRMED', 'PUBLISHED', 'NOT_RATED')) as pending
from wanted
left join lateral (
    select name from unit_place where unit_id = wanted.agency_id and valid_from <= :day
    order by valid_from desc limit 1
) place on true
group by wanted.agency_id, place.name
order by place.name, wanted.agency_id
"""
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: some months, of some agencies (None is all)."""

    months: tuple[Month, ...]
    agencies: tuple[int, ...] | None = None

    def parameters(self) -> dict[str, Any]:
        """The question by the names the statements know it by."""
        return {
            "months": [month.first_day for month in self.months],
            "last_days": [month.end - timedelta(days=1) for month in self.months],
            "quarters": [quarter_of(month.first_day).first_day for month in self.months],
            "agencies": None if self.agencies is None else list(self.agencies),
        }


def agencies(wanted: Wanted) -> Sequence[Row[Any]]:
    """Agencies with sheets in these months: people, lines, and how many have no class (yet)."""
    day = wanted.months[-1].end - timedelta(days=1)
    return db.session.execute(AGENCIES, wanted.parameters() | {"day": day}).all()


def lines(wanted: Wanted, *, limit: int | None = None, offset: int = 0) -> Iterator[Row[Any]]:
    """One row a person and month, in the order of the register, a thousand at a time."""
    yield from db.session.execute(
        LINES,
        wanted.parameters() | {"limit": limit, "offset": offset},
        execution_options={"yield_per": 1000},
    )


def months_with_sheets() -> list[date]:
    """First days of the months and quarters that were opened, newest first."""
    return list(db.session.scalars(text("select distinct month from period order by month desc")))
