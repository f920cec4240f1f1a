"""A period as sets: sheets of a chunk with their sums, units with all above them as the tree stood, averages of people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.models import Stage
from evaluation.models.base import coefficient, quantity
from evaluation.queries.replacing import copy_lines, one_at_a_time
from evaluation.queries.sums import work_and_general
from evaluation.rules.periods import Cycle, Stretch, stretch_of
from evaluation.rules.terms import SqlTerms, places

# Decimals of a quantity times a coefficient, as the tables keep them.
PLACES = (quantity.scale or 0) + (coefficient.scale or 0)

# The tree as it stood when the period began, or when a unit of this period began; every unit with itself and all above.
# It stands on an expression `people` that names the units with sheets.
ABOVE = """
place as (
    select distinct on (unit_id) unit_id, parent_id from unit_place
    where valid_from < :until and (valid_to is null or valid_to > :day)
    order by unit_id, valid_from
),
above(unit_id, ancestor_id) as (
    select unit_id, unit_id from (select unit_id from place union select unit_id from people) as known
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

CHUNK = """
with wanted as not materialized (
    select id as report_id from report
    where period_id = :period_id and id between :first and :last and rulebook = :rulebook
      and state in ('CONFIRMED', 'PUBLISHED')
),
{sums}
select
    concat_ws(e'\\t', report.period_id, report.person_id, report.id, report.unit_id, report.agency_id) as keys,
    report.state, report.office,
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
with recursive people as materialized (
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
    from person_month
    where period_id = :period_id
    group by unit_id
),
{above}
insert into unit_month (
    period_id, unit_id, expected, scored, not_rated, mean, excellent, good, completed, not_completed, rolled_up_at
)
select
    :period_id, above.ancestor_id, sum(people.expected), sum(people.scored), sum(people.not_rated),
    sum(people.points) / nullif(sum(people.scored), 0), sum(people.excellent), sum(people.good),
    sum(people.completed), sum(people.not_completed), :moment
from people join above on above.unit_id = people.unit_id
group by above.ancestor_id
"""

DUE = """
    select period.month, period.cycle
    from period
    join lateral (
        select count(*) as sheets, greatest(
            max(greatest(saved_at, submitted_at, scored_at, confirmed_at, published_at)),
            -- a petition that was upheld changed a score and nothing else of its sheet
            (select max(petition.decided_at) from petition join report scored on scored.id = petition.report_id
             where scored.period_id = period.id and petition.state = 'UPHELD')
        ) as changed
        from report where period_id = period.id
    ) as report on report.sheets > 0
    left join lateral (
        select min(rolled_up_at) as moment from unit_month where period_id = period.id
    ) as run on true
    where period.closed_at is null and {which} and (
        run.moment is null or report.changed >= run.moment
        or report.sheets <> (select count(*) from person_month where period_id = period.id)
    )
    order by period.month, period.cycle
"""


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
    # The runs themselves are done side by side: helpers of helpers would only get in each other's way.
    db.session.execute(text("set local max_parallel_workers_per_gather = 0"))
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
    one_at_a_time("person_month", period_id, first)
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


def replace_units(period_id: int, stretch: Stretch, moment: datetime) -> None:
    """Every unit's month or quarter anew, with all below it as the tree stood on the first day."""
    one_at_a_time("unit_month", period_id)
    db.session.execute(text("delete from unit_month where period_id = :period_id"), {"period_id": period_id})
    db.session.execute(
        text(REPLACE_UNITS.format(above=ABOVE)),
        {"period_id": period_id, "day": stretch.first_day, "until": stretch.end, "moment": moment},
    )


def without_waiting_for_the_disk() -> None:
    """Lets this transaction end before its rows are on the disk.

    The mark that a piece is done lies in the same transaction: a crash loses both or neither, and the piece is done again.
    """
    db.session.execute(text("set local synchronous_commit = off"))


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


def due_periods() -> list[Stretch]:
    """Months and quarters whose sheets changed since they were last rolled up."""
    return [
        stretch_of(first, Cycle(cycle)) for first, cycle in db.session.execute(text(DUE.format(which="true")))
    ]


def is_due(period_id: int) -> bool:
    """Whether the sheets of one period changed since it was last rolled up, or it never was."""
    which = text(DUE.format(which="period.id = :period_id"))
    return db.session.execute(which, {"period_id": period_id}).first() is not None
