"""A period as sets: sheets of a chunk with their sums, units with all above them as the tree stood, averages of people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.models import Stage
from evaluation.models.base import coefficient, quantity
from evaluation.queries.sums import work_and_general
from evaluation.rules.periods import Month, Span
from evaluation.rules.terms import SqlTerms, places

# Decimals of a quantity times a coefficient, as the tables keep them.
PLACES = (quantity.scale or 0) + (coefficient.scale or 0)

# The tree as it stood when the month began, or when a unit of this month began; every unit with itself and all above.
ABOVE = """
place as (
    select distinct on (unit_id) unit_id, parent_id from unit_place
    where valid_from < cast(:day as date) + interval '1 month' and (valid_to is null or valid_to > :day)
    order by unit_id, valid_from
),
above(unit_id, ancestor_id) as (
    select unit_id, unit_id from (select unit_id from place union select unit_id from {people}) as known
    union
    select above.unit_id, place.parent_id
    from above join place on place.unit_id = above.ancestor_id
    where place.parent_id is not null
)
"""

RANGES = text(
    """
    select min(id) as first, max(id) as last, count(*) as size
    from (
        select id, (row_number() over (order by id) - 1) / :size as part
        from report where period_id = :period_id
    ) as numbered
    group by part order by part
    """
)

PEOPLE_RANGES = text(
    """
    select min(person_id) as first, max(person_id) as last, count(*) as size
    from (
        select person_id, (row_number() over (order by person_id) - 1) / :size as part
        from (
            select person_id from report join period on period.id = report.period_id
            where period.month >= :since and period.month < :until group by person_id
        ) as people
    ) as numbered
    group by part order by part
    """
)

CHUNK = """
with wanted as not materialized (
    select id as report_id from report
    where period_id = :period_id and id between :first and :last and rulebook = :rulebook
      and state in ('CONFIRMED', 'PUBLISHED')
),
{sums}
select
    report.id, report.person_id, report.unit_id, report.agency_id, report.state, report.office,
    report.organising, report.cohesion,
    wanted.report_id is not null as final,
    cast(work.assigned * :scale as bigint) as assigned, cast(work.done * :scale as bigint) as done,
    cast(work.quality * :scale as bigint) as quality, cast(work.progress * :scale as bigint) as progress,
    general.points,
    sheet.status, sheet.exact_total,
    sheet.unit_result
from report
left join wanted on wanted.report_id = report.id
left join work on work.report_id = report.id
left join general on general.report_id = report.id
left join score_sheet sheet
    on sheet.report_id = wanted.report_id and sheet.stage = 'FINAL' and sheet.superseded_at is null
where report.period_id = :period_id and report.id between :first and :last and report.rulebook = :rulebook
order by report.id
"""

REPLACE_UNITS = """
with recursive {above}
insert into unit_month (
    period_id, unit_id, expected, scored, not_rated, mean, excellent, good, completed, not_completed, rolled_up_at
)
select
    :period_id, above.ancestor_id, sum(own.expected), sum(own.scored), sum(own.not_rated),
    sum(own.points) / nullif(sum(own.scored), 0), sum(own.excellent), sum(own.good), sum(own.completed),
    sum(own.not_completed), :moment
from (
    select
        unit_id,
        count(*) filter (where status <> 'NOT_RATED') as expected,
        count(total) as scored,
        count(*) filter (where status = 'NOT_RATED') as not_rated,
        sum(total) as points,
        count(*) filter (where band = 'HTXSNV') as excellent,
        count(*) filter (where band = 'HTTNV') as good,
        count(*) filter (where band = 'HTNV') as completed,
        count(*) filter (where band = 'KHTNV') as not_completed
    from people
    group by unit_id
) as own
join above on above.unit_id = own.unit_id
group by above.ancestor_id
"""

# Of each leader with a final score: is a subordinate's score missing, and is one at the lowest level?
# Whom a leader leads is said by queries/subordinates.py, one leader at a time; a test holds the two together.
LEADERS = """
with recursive {above},
counted as (
    select month.person_id, month.unit_id, month.agency_id, report.office <> 'STAFF' as leads,
        (month.status not in ('NOT_RATED', 'INSUFFICIENT_DATA') and month.total is null) as missing,
        coalesce(month.band = 'KHTNV', false) as failing
    from person_month month join report on report.id = month.report_id
    where month.period_id = :period_id
),
own as (
    select unit_id, agency_id, leads, count(*) filter (where missing) as missing, count(*) filter (where failing) as failing
    from counted where missing or failing
    group by unit_id, agency_id, leads
),
leader as (
    select report.id, report.person_id, report.unit_id, report.agency_id, report.office, unit.role,
        :by_field and exists (
            select from charge where charge.deputy_id = report.person_id and report.office = 'DEPUTY'
              and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
        ) as has_field
    from report join unit on unit.id = report.unit_id
    where report.period_id = :period_id and report.office <> 'STAFF' and report.state in ('CONFIRMED', 'PUBLISHED')
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
    where leader.office = 'HEAD' and (counted.missing or counted.failing)
    union all
    select leader.id, counted.missing::int, counted.failing::int
    from leader
    join charge on charge.deputy_id = leader.person_id
        and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
    join above on above.ancestor_id = charge.unit_id
    join counted on counted.unit_id = above.unit_id and counted.person_id <> leader.person_id
    where leader.has_field and (counted.missing or counted.failing)
    union all
    select leader.id, counted.missing::int, counted.failing::int
    from leader
    join charge on charge.deputy_id = leader.person_id
        and charge.valid_from <= :day and (charge.valid_to is null or charge.valid_to > :day)
    join counted on counted.person_id = charge.person_id and counted.person_id <> leader.person_id
    where leader.has_field and (counted.missing or counted.failing)
)
select leader.id as report_id, coalesce(bool_or(missing > 0), false) as missing, coalesce(sum(failing) > 0, false) as failing
from leader left join (
    select id, sum(missing) as missing, sum(failing) as failing from below group by id
) as found on found.id = leader.id
group by leader.id
order by leader.id
"""

# Once a person's last month of the span is known, unit and tree are those of that month.
REPLACE_SPAN_UNITS = text(
    """
    with recursive month as (
        select id as period_id, month as day from period where month >= :since and month < :until
    ),
    place as (
        select distinct on (month.day, unit_id) month.day, unit_id, parent_id
        from month join unit_place
            on valid_from < month.day + interval '1 month' and (valid_to is null or valid_to > month.day)
        order by month.day, unit_id, valid_from
    ),
    belongs as (
        select distinct on (person_id) person_id, unit_id, month.day
        from person_month join month using (period_id)
        where total is not null
        order by person_id, month.day desc
    ),
    above(day, unit_id, ancestor_id) as (
        select day, unit_id, unit_id from belongs
        union
        select above.day, above.unit_id, place.parent_id
        from above join place on place.day = above.day and place.unit_id = above.ancestor_id
        where place.parent_id is not null
    ),
    own as (
        select belongs.day, belongs.unit_id, count(*) as scored, sum(mean) as points,
            count(*) filter (where band = 'HTXSNV') as excellent,
            count(*) filter (where band = 'HTTNV') as good,
            count(*) filter (where band = 'HTNV') as completed,
            count(*) filter (where band = 'KHTNV') as not_completed
        from person_span join belongs using (person_id)
        where kind = :kind and year = :year and index = :index
        group by belongs.day, belongs.unit_id
    )
    insert into unit_span (kind, year, index, unit_id, scored, mean, excellent, good, completed, not_completed)
    select :kind, :year, :index, above.ancestor_id, sum(scored), sum(points) / sum(scored), sum(excellent), sum(good),
        sum(completed), sum(not_completed)
    from own join above using (day, unit_id)
    group by above.ancestor_id
    """
)

DUE = text(
    """
    select period.month
    from period
    join lateral (
        select count(*) as sheets, max(greatest(saved_at, submitted_at, scored_at, confirmed_at, published_at)) as changed
        from report where period_id = period.id
    ) as report on report.sheets > 0
    left join lateral (
        select min(rolled_up_at) as moment from unit_month where period_id = period.id
    ) as run on true
    where run.moment is null or report.changed >= run.moment
       or report.sheets <> (select count(*) from person_month where period_id = period.id)
    order by period.month
    """
)


@dataclass(frozen=True, slots=True)
class Range:
    """A run of ids with the number of rows in it."""

    first: int
    last: int
    size: int


def sheet_ranges(period_id: int, size: int) -> list[Range]:
    """The sheets of a month in runs of ids."""
    return [
        Range(**row._mapping) for row in db.session.execute(RANGES, {"period_id": period_id, "size": size})
    ]


def people_ranges(year: int, size: int) -> list[Range]:
    """The people with a sheet in a year, in runs of ids."""
    since, until = date(year, 1, 1), date(year + 1, 1, 1)
    rows = db.session.execute(PEOPLE_RANGES, {"since": since, "until": until, "size": size})
    return [Range(**row._mapping) for row in rows]


def rulebooks_of(period_id: int, first: int, last: int) -> list[str]:
    """The rulebooks frozen on the sheets of a run."""
    return list(
        db.session.scalars(
            text(
                "select distinct rulebook from report"
                " where period_id = :period_id and id between :first and :last order by rulebook"
            ),
            {"period_id": period_id, "first": first, "last": last},
        )
    )


def parts_of_a_unit(terms: SqlTerms) -> int:
    """Into how many parts a converted unit is cut so that every sum of a sheet is a whole number of them."""
    return 10 ** (PLACES + max(places(terms.quality_cost), places(terms.progress_cost)))


def sheets(period_id: int, first: int, last: int, rulebook: str, terms: SqlTerms) -> Sequence[Row[Any]]:
    """The sheets of a run under one rulebook, with the sums of the final ones and what was frozen on them.

    The four sums are whole numbers of `parts_of_a_unit`: a ratio of two of them is the same, and integers are quick.
    """
    # Lines and criteria of a run lie side by side; by default the planner reads whole tables for fear of scattered pages.
    db.session.execute(text("set local random_page_cost = 1.1"))
    # After five runs psycopg prepares a statement, and a plan made for any run is twice as slow as one for this run.
    db.session.execute(text("set local plan_cache_mode = force_custom_plan"))
    sums = work_and_general(Stage.FINAL, "wanted", "between :first and :last")
    return db.session.execute(
        text(CHUNK.format(sums=sums)),
        {
            "period_id": period_id,
            "rulebook": rulebook,
            "first": first,
            "last": last,
            "scale": parts_of_a_unit(terms),
            **terms.parameters(),
        },
    ).all()


def replace_people(period_id: int, first: int, last: int, lines: Iterable[str]) -> None:
    """Writes a run's rows of person_month anew by COPY; the lines are in COPY's text form."""
    lines = list(lines)
    _one_at_a_time("person_month", period_id, first)
    db.session.execute(
        text(
            "delete from person_month using report where person_month.report_id = report.id"
            " and report.period_id = :period_id and report.id between :first and :last"
            " and person_month.period_id = :period_id"
        ),
        {"period_id": period_id, "first": first, "last": last},
    )
    copy_lines(
        "person_month (period_id, person_id, report_id, unit_id, agency_id, status, total, exact_total, band, differs)",
        lines,
    )


def replace_units(period_id: int, day: date, moment: datetime) -> None:
    """Every unit's month anew, with all below it as the tree stood on the first day."""
    _one_at_a_time("unit_month", period_id)
    db.session.execute(text("delete from unit_month where period_id = :period_id"), {"period_id": period_id})
    people = "people as (select * from person_month where period_id = :period_id),"
    db.session.execute(
        text(REPLACE_UNITS.format(above=people + ABOVE.format(people="people"))),
        {"period_id": period_id, "day": day, "moment": moment},
    )


@dataclass(frozen=True, slots=True)
class Below:
    """What the subordinates' rolled-up scores say of a leader."""

    report_id: int
    missing: bool
    failing: bool


def leaders(period_id: int, day: date, *, by_field: bool) -> list[Below]:
    """All leaders with a final sheet, in one statement; `by_field` false makes deputies answer for the whole unit."""
    people = "people as (select unit_id from person_month where period_id = :period_id),"
    rows = db.session.execute(
        text(LEADERS.format(above=people + ABOVE.format(people="people"))),
        {"period_id": period_id, "day": day, "by_field": by_field},
    )
    return [Below(**row._mapping) for row in rows]


def frozen_leaders(period_id: int) -> dict[int, Row[Any]]:
    """What was frozen on the final sheets of leaders: d, đ, e, status and exact total, by sheet."""
    rows = db.session.execute(
        text(
            """
            select report.id, report.rulebook, report.organising, report.cohesion, sheet.status, sheet.exact_total,
                sheet.unit_result
            from report left join score_sheet sheet
                on sheet.report_id = report.id and sheet.stage = 'FINAL' and sheet.superseded_at is null
            where report.period_id = :period_id and report.office <> 'STAFF'
              and report.state in ('CONFIRMED', 'PUBLISHED')
            """
        ),
        {"period_id": period_id},
    )
    return {row.id: row for row in rows}


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


def totals_of_year(year: int, first: int, last: int) -> Iterator[Row[Any]]:
    """Month and exact total of each scored month of a run of people, by person and month."""
    return iter(
        db.session.execute(
            text(
                """
                select person_month.person_id, extract(month from period.month)::int as month,
                    person_month.exact_total, person_month.total, person_month.band
                from person_month join period on period.id = person_month.period_id
                where period.month >= :since and period.month < :until and person_month.exact_total is not null
                  and person_month.person_id between :first and :last
                order by person_month.person_id, period.month
                """
            ),
            {"since": date(year, 1, 1), "until": date(year + 1, 1, 1), "first": first, "last": last},
        )
    )


def replace_spans(spans: Iterable[Span], first: int, last: int, lines: Iterable[str]) -> None:
    """Writes the averages of a run of people over some spans anew by COPY."""
    spans = list(spans)
    _one_at_a_time("person_span", spans[0].year, first)
    for span in spans:
        db.session.execute(
            text(
                "delete from person_span where kind = :kind and year = :year and index = :index"
                " and person_id between :first and :last"
            ),
            {"kind": span.kind.value, "year": span.year, "index": span.index, "first": first, "last": last},
        )
    copy_lines("person_span (kind, year, index, person_id, months_counted, mean, exact_mean, band)", lines)


def replace_span_units(span: Span) -> None:
    """Every unit's span anew: people count where they were in their last scored month, under the tree of that month."""
    _one_at_a_time("unit_span", span.year, span.index)
    which = {"kind": span.kind.value, "year": span.year, "index": span.index}
    db.session.execute(
        text("delete from unit_span where kind = :kind and year = :year and index = :index"), which
    )
    db.session.execute(REPLACE_SPAN_UNITS, {**which, "since": span.first_day, "until": span.end})


def figures(period_id: int) -> dict[str, int]:
    """The counts of a rolled-up month that its report names."""
    row = db.session.execute(
        text(
            "select count(*) as sheets, count(total) as scored,"
            " count(*) filter (where status = 'NOT_RATED') as not_rated,"
            " count(*) filter (where differs) as differing,"
            " (select count(*) from unit_month where period_id = :period_id) as units"
            " from person_month where period_id = :period_id"
        ),
        {"period_id": period_id},
    ).one()
    return dict(row._mapping)


def due_months() -> list[Month]:
    """Months whose sheets changed since they were last rolled up."""
    return [Month.of(day) for day in db.session.scalars(DUE)]


def copy_lines(target: str, lines: Iterable[str]) -> None:
    """Sends lines in COPY's text form to a table, in the session's own transaction.

    The lines are gathered first: while a COPY is open its connection answers nothing else.
    """
    data = "".join(lines)
    connection = db.session.connection().connection.dbapi_connection
    with connection.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:  # type: ignore[union-attr]
        copy.write(data)


def _one_at_a_time(*what: object) -> None:
    """Whoever replaces the same rows waits until this transaction ends."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:what, 335))"), {"what": ":".join(map(str, what))}
    )
