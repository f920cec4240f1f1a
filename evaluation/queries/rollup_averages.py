"""Quarter, half-year and year: the means of people's months and quarters, and of units from their people's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select, text

from evaluation.extensions import db
from evaluation.models import Person
from evaluation.queries.cycles import COVERED
from evaluation.queries.replacing import copy_lines, one_at_a_time
from evaluation.queries.rollups import Range
from evaluation.rules.organisation import PersonKind
from evaluation.rules.periods import Span

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

# People count in the unit of their last scored month of the span, and that unit under the tree of that month.
REPLACE_SPAN_UNITS = text(
    """
    with recursive own as materialized (
        select last_month as day, unit_id, count(*) as scored, sum(mean) as points,
            count(*) filter (where band = 'HTXSNV') as excellent,
            count(*) filter (where band = 'HTTNV') as good,
            count(*) filter (where band = 'HTNV') as completed,
            count(*) filter (where band = 'KHTNV') as not_completed
        from person_span
        where kind = :kind and year = :year and index = :index
        group by last_month, unit_id
    ),
    place as materialized (
        select distinct on (month.day, unit_id) month.day, unit_id, parent_id
        from (select distinct day from own) as month join unit_place
            on valid_from < month.day + interval '1 month' and (valid_to is null or valid_to > month.day)
        order by month.day, unit_id, valid_from
    ),
    above(day, unit_id, ancestor_id) as (
        select day, unit_id, unit_id from own
        union
        select above.day, above.unit_id, place.parent_id
        from above join place on place.day = above.day and place.unit_id = above.ancestor_id
        where place.parent_id is not null
    )
    insert into unit_span (kind, year, index, unit_id, scored, mean, excellent, good, completed, not_completed)
    select :kind, :year, :index, above.ancestor_id, sum(scored), sum(points) / sum(scored), sum(excellent), sum(good),
        sum(completed), sum(not_completed)
    from own join above using (day, unit_id)
    group by above.ancestor_id
    """
)


QUARTERS = text(
    f"""
    select report.person_id, extract(month from period.month)::int as month, report.exact_total, report.unit_id,
        covered.months, extract(month from covered.last_month)::int as last_month
    from period
    join person_month report on report.period_id = period.id and report.exact_total is not null
        and report.person_id between :first and :last
    cross join lateral ({COVERED}) as covered
    where period.cycle = 'QUARTER' and period.month >= :since and period.month < :until and covered.months > 0
    """
)


@dataclass(frozen=True, slots=True)
class PartOfYear:
    """A scored month, or a scored quarter with the months it speaks for and the last of them."""

    month: int
    exact_total: str
    unit_id: int
    months: int
    last_month: int


def quarters_of_year(year: int, first: int, last: int) -> dict[int, list[PartOfYear]]:
    """The quarters that were evaluated whole, of a run of people by person; nothing to read while all go by month."""
    found: dict[int, list[PartOfYear]] = defaultdict(list)
    for person_id, *part in db.session.execute(QUARTERS, {**_bounds(year), "first": first, "last": last}):
        found[person_id].append(PartOfYear(*part))
    return found


def _bounds(year: int) -> dict[str, date]:
    return {"since": date(year, 1, 1), "until": date(year + 1, 1, 1)}


def people_ranges(year: int, size: int) -> list[Range]:
    """The people with a sheet in a year, in runs of ids."""
    rows = db.session.execute(PEOPLE_RANGES, {**_bounds(year), "size": size})
    return [Range(**row._mapping) for row in rows]


def people_of_kinds(kinds: Sequence[PersonKind], first: int, last: int) -> Sequence[Row[int, PersonKind]]:
    """Id and kind of the people of some kinds in a run of ids."""
    wanted = select(Person.id, Person.kind).where(Person.kind.in_(kinds), Person.id.between(first, last))
    return db.session.execute(wanted).all()


def totals_of_year(year: int, first: int, last: int) -> Iterator[Row[Any]]:
    """Month, exact total and unit of each scored month of a run of people, by person and month."""
    return iter(
        db.session.execute(
            text(
                """
                select person_month.person_id, extract(month from period.month)::int as month,
                    person_month.exact_total, person_month.total, person_month.band, person_month.unit_id
                from person_month join period on period.id = person_month.period_id
                where period.month >= :since and period.month < :until and period.cycle = 'MONTH'
                  and person_month.exact_total is not null
                  and person_month.person_id between :first and :last
                order by person_month.person_id, period.month
                """
            ),
            {**_bounds(year), "first": first, "last": last},
        )
    )


def replace_spans(spans: Iterable[Span], first: int, last: int, lines: Iterable[str]) -> None:
    """Writes the averages of a run of people over some spans anew by COPY."""
    spans = list(spans)
    one_at_a_time("person_span", spans[0].year, first)
    for span in spans:
        db.session.execute(
            text(
                "delete from person_span where kind = :kind and year = :year and index = :index"
                " and person_id between :first and :last"
            ),
            {"kind": span.kind.value, "year": span.year, "index": span.index, "first": first, "last": last},
        )
    copy_lines(
        "person_span (kind, year, index, person_id, months_counted, mean, exact_mean, band, unit_id, last_month)",
        lines,
    )


def replace_span_units(span: Span) -> None:
    """Every unit's span anew: people count where they were in their last scored month, under the tree of that month."""
    one_at_a_time("unit_span", span.year, span.index)
    which = {"kind": span.kind.value, "year": span.year, "index": span.index}
    db.session.execute(
        text("delete from unit_span where kind = :kind and year = :year and index = :index"), which
    )
    db.session.execute(REPLACE_SPAN_UNITS, {**which, "since": span.first_day, "until": span.end})
