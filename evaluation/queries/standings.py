"""Figures of units: a month and its trend, the units below compared, rank among units of the same kind, averages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, text

from evaluation.extensions import db
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.rules.periods import Cycle, Span, SpanKind, Stretch, stretch_of
from evaluation.rules.scoring import Band

MONTHS_OFFERED = 36

PLACE = """
place as (
    select unit_id, parent_id, name from unit_place
    where valid_from <= :day and (valid_to is null or valid_to > :day)
)
"""

FIGURES = """
figure.expected, figure.scored, figure.not_rated, figure.mean,
figure.excellent, figure.good, figure.completed, figure.not_completed
"""

# A unit within an agency has the periods of its agency's cycle, one above agencies those of both.
MONTHS = text(
    f"""
    with recursive climb(unit_id, role, depth) as (
        select id, role, 0 from unit where id = :unit_id
        union all
        select unit.id, unit.role, climb.depth + 1
        from climb
        join lateral (
            select parent_id from unit_place where unit_place.unit_id = climb.unit_id order by valid_from desc limit 1
        ) as place on true
        join unit on unit.id = place.parent_id
        where climb.role = 'DIRECT_UNIT' and climb.depth < 20
    ),
    mine as (select unit_id from climb where role = 'USING_AGENCY')
    select period.id as period_id, period.month, period.cycle, period.submit_due, period.score_due, period.confirm_due,
        (select rolled_up_at from unit_month where unit_month.period_id = period.id limit 1) as rolled_up_at,
        {FIGURES}
    from period
    left join unit_month figure on figure.period_id = period.id and figure.unit_id = :unit_id
    where figure.unit_id is not null or not exists (select from mine) or period.cycle = coalesce((
        select agency_cycle.cycle from agency_cycle join mine on mine.unit_id = agency_cycle.agency_id
        where agency_cycle.valid_from <= period.month
          and (agency_cycle.valid_to is null or agency_cycle.valid_to > period.month)
    ), 'MONTH')
    order by period.month desc, period.cycle
    limit {MONTHS_OFFERED}
    """
)

# Agencies are compared over the whole province, parts of an agency with the other parts of it.
UNIT = text(
    f"""
    with {PLACE},
    me as (
        select unit.id, unit.kind, unit.role, spot.name, spot.parent_id, spot.stood
        from unit
        join lateral (
            select name, parent_id,
                valid_from <= :day and (valid_to is null or valid_to > :day) as stood
            from unit_place where unit_id = unit.id
            order by stood desc, valid_from desc limit 1
        ) as spot on true
        where unit.id = :unit_id
    ),
    peer as (
        select unit.id, rank() over (order by figure.mean desc) as rank, count(*) over () as peers
        from me
        join unit on unit.kind = me.kind and unit.role = me.role
        join place on place.unit_id = unit.id
        join unit_month figure on figure.unit_id = unit.id and figure.period_id = :period_id
        where figure.mean is not null and (me.role = 'USING_AGENCY' or place.parent_id = me.parent_id)
    )
    select me.id, me.kind, me.role, me.name, me.parent_id, me.stood, place.name as parent, peer.rank, peer.peers
    from me
    left join place on place.unit_id = me.parent_id
    left join peer on peer.id = me.id
    """
)

SPANS = text(
    """
    select kind, year, index as part, scored, mean, excellent, good, completed, not_completed
    from unit_span
    where unit_id = :unit_id and (kind, year, index) in (
        select * from unnest(cast(:kinds as text[]), cast(:years as int[]), cast(:indexes as int[]))
    )
    """
)


def _overdue(states: str, step: str, column: str) -> str:
    """Counts sheets that wait in these states past the last day of a step, extensions counted."""
    return f"""
    count(*) filter (where case when report.state in ({states}) and period.{column} < :today then coalesce((
        select max(due) from extension
        where extension.period_id = report.period_id and extension.step = '{step}'
          and (extension.report_id = report.id
               or (extension.agency_id = report.agency_id and extension.granted_by <> report.person_id))
    ), period.{column}) < :today else false end)
    """


COUNTS = f"""
    count(*) filter (where report.state <> 'NOT_RATED') as rated,
    count(*) filter (where report.state = 'NOT_RATED') as excused,
    count(*) filter (where report.state in ('DRAFT', 'RETURNED')) as drafting,
    count(*) filter (where report.state = 'SUBMITTED') as submitted,
    count(*) filter (where report.state = 'SCORED') as awaiting,
    count(*) filter (where report.state in ('CONFIRMED', 'PUBLISHED')) as final,
    count(*) filter (where report.submitted_late) as submitted_late,
    count(*) filter (where report.scored_late) as scored_late,
    count(*) filter (where report.confirmed_late) as confirmed_late,
    {_overdue("'DRAFT', 'RETURNED'", "SUBMIT", "submit_due")} as submit_overdue,
    {_overdue("'SUBMITTED'", "SCORE", "score_due")} as score_overdue,
    {_overdue("'SCORED'", "CONFIRM", "confirm_due")} as confirm_overdue,
    count(*) filter (where month.differs) as differing,
    count(*) filter (where greatest(report.saved_at, report.submitted_at, report.scored_at, report.confirmed_at,
        report.published_at) >= :rolled_up_at) as changed
"""

# The units compared are {tops}; whoever serves in the whole itself, not in one of them, is counted beside them.
COMPARED = """
with recursive {place},
top as ({tops}),
below(top_id, unit_id) as (
    select id, id from top
    union all
    select below.top_id, place.unit_id
    from below join place on place.parent_id = below.unit_id
    where place.unit_id not in (select id from top)
),
live as (
    select below.top_id as id, {counts}
    from below
    join report on report.period_id = :period_id and report.unit_id = below.unit_id
    join period on period.id = report.period_id
    left join person_month month on month.period_id = report.period_id and month.person_id = report.person_id
    group by below.top_id
)
select top.id, unit.kind, place.name, code.code,
    case when unit.role = 'USING_AGENCY' then coalesce(agency_cycle.cycle, 'MONTH') end as cycle,
    live.rated, live.excused, live.drafting, live.submitted, live.awaiting,
    live.final, live.submitted_late, live.scored_late, live.confirmed_late, live.submit_overdue, live.score_overdue,
    live.confirm_overdue, live.differing, live.changed, {figures}
from top
join unit on unit.id = top.id
left join place on place.unit_id = top.id
left join unit_code code on code.unit_id = top.id and code.valid_from <= :day
    and (code.valid_to is null or code.valid_to > :day)
left join agency_cycle on agency_cycle.agency_id = top.id and agency_cycle.valid_from <= :day
    and (agency_cycle.valid_to is null or agency_cycle.valid_to > :day)
left join live on live.id = top.id
left join unit_month figure on figure.unit_id = top.id and figure.period_id = :period_id
order by code.code, place.name, top.id
"""

DIRECTLY_BELOW = "select :unit_id as id union select unit_id from place where parent_id = :unit_id"
AGENCIES = """
select :unit_id as id union
select unit.id from unit join place on place.unit_id = unit.id where unit.role = 'USING_AGENCY'
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a unit and everything below it came to in a month, as rolled up."""

    expected: int
    scored: int
    not_rated: int
    mean: Decimal | None
    excellent: int
    good: int
    completed: int
    not_completed: int

    @property
    def bands(self) -> dict[Band, int]:
        """How many sheets reached each level, the highest first."""
        return _bands(self)


@dataclass(frozen=True, slots=True)
class MonthOfUnit:
    """A month or a quarter that was opened, with a unit's figures where it was rolled up."""

    period_id: int
    month: Stretch
    submit_due: date
    score_due: date
    confirm_due: date
    rolled_up_at: datetime | None
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class UnitThen:
    """A unit as it stood in a month; rank is None where it has no mean to compare."""

    id: int
    kind: UnitKind
    role: UnitRole
    name: str
    parent_id: int | None
    stood: bool
    parent: str | None
    rank: int | None
    peers: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the sheets of a month stand now, and how many steps were or are late."""

    rated: int = 0
    excused: int = 0
    drafting: int = 0
    submitted: int = 0
    awaiting: int = 0
    final: int = 0
    submitted_late: int = 0
    scored_late: int = 0
    confirmed_late: int = 0
    submit_overdue: int = 0
    score_overdue: int = 0
    confirm_overdue: int = 0
    differing: int = 0
    changed: int = 0

    @property
    def late(self) -> int:
        """Steps done late with an extension, and steps overdue now."""
        return self.done_late + self.overdue

    @property
    def done_late(self) -> int:
        return self.submitted_late + self.scored_late + self.confirmed_late

    @property
    def overdue(self) -> int:
        return self.submit_overdue + self.score_overdue + self.confirm_overdue

    @classmethod
    def sum(cls, parts: Iterable["Counts"]) -> "Counts":
        """All together."""
        rows = [tuple(getattr(part, name) for name in cls.__slots__) for part in parts]
        return cls(*(sum(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the units compared, or (`itself`) the people who serve in none of them."""

    id: int
    kind: UnitKind
    name: str
    itself: bool
    counts: Counts
    figures: Figures | None
    cycle: Cycle | None = None  # of an agency

    @property
    def expected(self) -> int:
        """Sheets expected: as rolled up, else as they stand now."""
        return self.figures.expected if self.figures else self.counts.rated

    @property
    def scored(self) -> int:
        """Sheets with a final score: as rolled up, else as they stand now."""
        return self.figures.scored if self.figures else self.counts.final


@dataclass(frozen=True, slots=True)
class Comparison:
    """The units compared in a month, with the live counts of them all."""

    units: list[Compared]
    itself: Compared | None
    total: Counts


@dataclass(frozen=True, slots=True)
class SpanOfUnit:
    """A unit's quarter, half-year or year: its people's means, counted and averaged."""

    span: Span
    scored: int
    mean: Decimal | None
    excellent: int
    good: int
    completed: int
    not_completed: int

    @property
    def bands(self) -> dict[Band, int]:
        """How many people reached each level, the highest first."""
        return _bands(self)


def _bands(row: Any) -> dict[Band, int]:
    return {
        Band.HTXSNV: row.excellent,
        Band.HTTNV: row.good,
        Band.HTNV: row.completed,
        Band.KHTNV: row.not_completed,
    }


def months_of(unit_id: int) -> list[MonthOfUnit]:
    """The newest months with the unit's figures, newest first, in one query."""
    rows = db.session.execute(MONTHS, {"unit_id": unit_id})
    return [
        MonthOfUnit(
            row.period_id,
            stretch_of(row.month, Cycle(row.cycle)),
            row.submit_due,
            row.score_due,
            row.confirm_due,
            row.rolled_up_at,
            _figures(row._mapping),
        )
        for row in rows
    ]


def _figures(row: RowMapping) -> Figures | None:
    if row["expected"] is None:
        return None
    return Figures(**{name: row[name] for name in Figures.__slots__})


def trend(
    months: Sequence[MonthOfUnit], until: Stretch, length: int = 12
) -> list[tuple[Stretch, Decimal | None]]:
    """The means of the months (or of the quarters) up to one, oldest first; a month without a mean is None, never a zero."""
    known = {one.month: one.figures.mean for one in months if one.figures}
    wanted: list[Stretch] = [until]
    while len(wanted) < length:
        wanted.insert(0, wanted[0].previous())
    first = next((place for place, month in enumerate(wanted) if month in known), len(wanted) - 1)
    return [(month, known.get(month)) for month in wanted[first:]]


def unit_then(unit_id: int, period_id: int, month: Stretch) -> UnitThen | None:
    """A unit as it stood on the first day of a month, with its rank among comparable units, in one query."""
    row = db.session.execute(
        UNIT, {"unit_id": unit_id, "period_id": period_id, "day": month.first_day}
    ).one_or_none()
    if row is None:
        return None
    return UnitThen(row.id, UnitKind(row.kind), UnitRole(row.role), *row[3:])


def compared(month: MonthOfUnit, unit_id: int, today: date, *, agencies: bool = False) -> Comparison:
    """The units directly below one (or all agencies) with figures and live counts, in one query."""
    statement = COMPARED.format(
        place=PLACE, tops=AGENCIES if agencies else DIRECTLY_BELOW, counts=COUNTS, figures=FIGURES
    )
    rows = db.session.execute(
        text(statement),
        {
            "unit_id": unit_id,
            "period_id": month.period_id,
            "day": month.month.first_day,
            "today": today,
            "rolled_up_at": month.rolled_up_at,
        },
    ).all()
    found = [_compared(row._mapping, unit_id) for row in rows]
    units = [one for one in found if not one.itself]
    own = next((one for one in found if one.itself), None)
    return Comparison(
        units,
        _direct(own, units) if own and units else None,
        Counts.sum(one.counts for one in found) if found else Counts(),
    )


def _compared(row: RowMapping, unit_id: int) -> Compared:
    counts = Counts(**{name: row[name] or 0 for name in Counts.__slots__})
    return Compared(
        row["id"],
        UnitKind(row["kind"]),
        row["name"] or "",
        row["id"] == unit_id,
        counts,
        _figures(row),
        Cycle(row["cycle"]) if row["cycle"] else None,
    )


def _direct(whole: Compared, parts: list[Compared]) -> Compared:
    """Who serves in the whole itself: its figures less those of its parts; a mean cannot be taken apart."""
    if whole.figures is None:
        return whole
    known = [part.figures for part in parts if part.figures]
    numbers = {
        name: getattr(whole.figures, name) - sum(getattr(part, name) for part in known)
        for name in Figures.__slots__
        if name != "mean"
    }
    return Compared(whole.id, whole.kind, whole.name, True, whole.counts, Figures(**numbers, mean=None))


def spans_of(unit_id: int, spans: Sequence[Span]) -> list[SpanOfUnit]:
    """A unit's averages of some spans, in their order, in one query; spans not rolled up are left out."""
    rows = db.session.execute(
        SPANS,
        {
            "unit_id": unit_id,
            "kinds": [span.kind.value for span in spans],
            "years": [span.year for span in spans],
            "indexes": [span.index for span in spans],
        },
    )
    found = {Span(SpanKind(row.kind), row.year, row.part): row for row in rows}
    return [SpanOfUnit(span, *found[span][3:]) for span in spans if span in found]
