"""The people of a unit in a month with where their sheets stand: also those who should have a sheet and have none."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries.standings import PLACE
from evaluation.rules.names import fold
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.periods import Stretch
from evaluation.rules.scoring import Band, ScoreStatus
from evaluation.rules.workflow import ReportState

PER_PAGE = 50
ORDERS = {
    "name": "person.sort_key, sheet_of.person_id",
    "points": "frozen.total desc nulls last, person.sort_key, sheet_of.person_id",
}
SHOWN = {
    "": "true",
    "open": "(sheet_of.state is null or sheet_of.state not in ('CONFIRMED', 'PUBLISHED', 'NOT_RATED'))",
    "differs": "coalesce(rolled.differs, false)",
} | {band.value: f"frozen.band = '{band.value}'" for band in Band}

# A contract worker counts where the agency evaluates them; only its sheet can tell, so without one only officials are missed.
PEOPLE = """
with recursive {place},
below(unit_id) as (
    select cast(:unit_id as bigint)
    union
    select place.unit_id from below join place on place.parent_id = below.unit_id
),
sheet_of as (
    select report.id as report_id, report.person_id, report.unit_id, report.supervising_unit_id,
        report.confirming_unit_id, report.title, report.state, report.not_rated_reason, report.submitted_late
    from below join report on report.unit_id = below.unit_id and report.period_id = :period_id
    union all
    select null, assignment.person_id, assignment.unit_id, null, null, assignment.title, null, null, false
    from below
    join assignment on assignment.unit_id = below.unit_id and assignment.is_main
        and assignment.valid_from <= :day and (assignment.valid_to is null or assignment.valid_to > :day)
    join person on person.id = assignment.person_id and person.kind = 'CONG_CHUC'
    where not exists (
        select from report where report.period_id = :period_id and report.person_id = assignment.person_id
    )
    -- who is evaluated by the other cycle is not missed in this one
    and not exists (
        select from report join period on period.id = report.period_id and period.cycle <> :cycle
            and period.month >= date_trunc('quarter', cast(:day as date))
            and period.month <= case when :cycle = 'QUARTER' then cast(:last as date) else cast(:day as date) end
        where report.person_id = assignment.person_id
    )
),
wanted as (
    select sheet_of.*, person.full_name as name, frozen.exact_total as final, frozen.band, frozen.status,
        rolled.exact_total as recomputed, rolled.status as recomputed_status, coalesce(rolled.differs, false) as differs,
        count(*) over () as matches, row_number() over (order by {order}) as place_in_list
    from sheet_of
    join person on person.id = sheet_of.person_id
    left join score_sheet frozen on frozen.report_id = sheet_of.report_id and frozen.stage = 'FINAL'
        and frozen.superseded_at is null
    left join person_month rolled on rolled.period_id = :period_id and rolled.person_id = sheet_of.person_id
        and rolled.report_id = sheet_of.report_id
    where {shown} and strpos(person.search_key, :words) > 0
    order by place_in_list
    limit :limit offset :offset
)
select wanted.*, place.name as unit, (
    select array_agg(recent.total order by recent.month)
    from (
        select period.month, person_month.total
        from person_month join period on period.id = person_month.period_id
        where person_month.person_id = wanted.person_id and period.month <= :day
        order by period.month desc limit 6
    ) as recent
) as trend
from wanted left join place on place.unit_id = wanted.unit_id
order by wanted.place_in_list
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the unit in the month; without a sheet there is no state."""

    person_id: int
    name: str
    title: str
    unit_id: int
    unit: str | None
    report_id: int | None
    supervising_unit_id: int | None
    confirming_unit_id: int | None
    state: ReportState | None
    reason: AbsenceKind | None
    submitted_late: bool
    final: str | None
    band: Band | None
    status: ScoreStatus | None
    differs: bool
    recomputed: str | None
    trend: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class People:
    """A page of people; as the pagination macro wants it."""

    lines: list[Line]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def people_of(
    unit_id: int,
    period_id: int,
    month: Stretch,
    *,
    words: str = "",
    shown: str = "",
    order: str = "name",
    page: int = 1,
    per_page: int = PER_PAGE,
) -> People:
    """The people of a unit and all below it as it stood that month, a page at a time, in one query."""
    statement = PEOPLE.format(place=PLACE, order=ORDERS[order], shown=SHOWN[shown])
    given = {
        "unit_id": unit_id,
        "period_id": period_id,
        "day": month.first_day,
        "last": month.months[-1].first_day,
        "cycle": month.cycle.value,
        "words": fold(words)[:100],
        "limit": per_page,
    }
    rows = db.session.execute(text(statement), {**given, "offset": (page - 1) * per_page}).all()
    if not rows and page > 1:  # a page past the end: the first one instead
        page = 1
        rows = db.session.execute(text(statement), {**given, "offset": 0}).all()
    return People([_line(row) for row in rows], page, per_page, rows[0].matches if rows else 0)


def _line(row: Any) -> Line:
    return Line(
        person_id=row.person_id,
        name=row.name,
        title=row.title,
        unit_id=row.unit_id,
        unit=row.unit,
        report_id=row.report_id,
        supervising_unit_id=row.supervising_unit_id,
        confirming_unit_id=row.confirming_unit_id,
        state=ReportState(row.state) if row.state else None,
        reason=AbsenceKind(row.not_rated_reason) if row.not_rated_reason else None,
        submitted_late=row.submitted_late,
        final=row.final,
        band=Band(row.band) if row.band else None,
        status=ScoreStatus(row.status) if row.status else None,
        differs=row.differs,
        recomputed=row.recomputed,
        trend=tuple(row.trend or ()),
    )
