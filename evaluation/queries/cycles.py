"""Questions about the cycles of agencies: who is evaluated by quarter, since when, and what a quarter's sheet covers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, text

from evaluation.extensions import db
from evaluation.models import AgencyCycle, Period, Report
from evaluation.queries.organisation import valid_on
from evaluation.rules.periods import Cycle, Stretch

# The months of a quarter that a quarter's sheet speaks for: the person serves in them, is not away all month, and has no
# sheet of that month from an agency that evaluates by month. It stands beside `report` and its `period`.
COVERED = """
select count(*)::int as months, cast(max(inside) as date) as last_month
from generate_series(cast(period.month as timestamp), period.month + interval '2 months', interval '1 month') as inside
where not exists (
        select from report monthly join period one on one.id = monthly.period_id and one.cycle = 'MONTH'
        where monthly.person_id = report.person_id and one.month = cast(inside as date)
    )
    and exists (
        select from assignment
        where assignment.person_id = report.person_id and assignment.is_main
          and assignment.valid_from < inside + interval '1 month'
          and (assignment.valid_to is null or assignment.valid_to > inside)
    )
    and coalesce((
        select not range_agg(daterange(absence.valid_from, absence.valid_to))
            @> daterange(cast(inside as date), cast(inside + interval '1 month' as date))
        from absence
        where absence.person_id = report.person_id and absence.valid_from < inside + interval '1 month'
          and (absence.valid_to is null or absence.valid_to > inside)
    ), true)
"""

# The last month a sheet speaks for: of an official's sheets the newest is the one with the latest.
LAST_MONTH = f"""
case when period.cycle = 'MONTH' then period.month
    else coalesce((select covered.last_month from ({COVERED}) as covered), period.month) end
"""


@dataclass(frozen=True, slots=True)
class AgencyInCycle:
    """A using agency with its cycle on a day, the decision behind it, and the change that is already recorded."""

    id: int
    name: str
    cycle: Cycle
    since: date | None
    decision_number: str | None
    next_cycle: Cycle | None
    next_from: date | None
    next_decision: str | None


AGENCIES = text(
    """
    select unit.id, place.name, coalesce(present.cycle, 'MONTH') as cycle, present.valid_from as since,
        present.decision_number, coming.cycle as next_cycle, coming.valid_from as next_from,
        coming.decision_number as next_decision
    from unit
    join unit_place place on place.unit_id = unit.id and place.valid_from <= :day
        and (place.valid_to is null or place.valid_to > :day)
    left join agency_cycle present on present.agency_id = unit.id and present.valid_from <= :day
        and (present.valid_to is null or present.valid_to > :day)
    left join lateral (
        select cycle, valid_from, decision_number from agency_cycle
        where agency_id = unit.id and valid_from > :day order by valid_from limit 1
    ) coming on true
    where unit.role = 'USING_AGENCY' and (cast(:agency_id as bigint) is null or unit.id = :agency_id)
    order by place.name, unit.id
    """
)


def agencies(day: date, agency_id: int | None = None) -> list[AgencyInCycle]:
    """Every using agency, or one, with its cycle on a day and the change that is recorded for later; one query."""
    return [
        AgencyInCycle(
            row.id,
            row.name,
            Cycle(row.cycle),
            row.since,
            row.decision_number,
            Cycle(row.next_cycle) if row.next_cycle else None,
            row.next_from,
            row.next_decision,
        )
        for row in db.session.execute(AGENCIES, {"day": day, "agency_id": agency_id})
    ]


def agencies_by_quarter(day: date, among: Collection[int] | None = None) -> frozenset[int]:
    """The agencies that evaluate by quarter on a day; all, or those among the given."""
    statement = select(AgencyCycle.agency_id).where(
        AgencyCycle.cycle == Cycle.QUARTER, valid_on(AgencyCycle, day)
    )
    if among is not None:
        statement = statement.where(AgencyCycle.agency_id.in_(list(among)))
    return frozenset(db.session.scalars(statement))


def rows_of(agency_id: int, *, lock: bool = False) -> list[AgencyCycle]:
    """What was recorded for an agency, the earliest first."""
    statement = select(AgencyCycle).where(AgencyCycle.agency_id == agency_id).order_by(AgencyCycle.valid_from)
    return list(db.session.scalars(statement.with_for_update() if lock else statement))


def opened_since(day: date) -> Stretch | None:
    """The newest period that was opened and ends after a day: whatever it is, it is not changed any more."""
    found = db.session.scalar(
        select(Period).where(Period.month >= day).order_by(Period.month.desc(), Period.cycle).limit(1)
    )
    return found.covers if found is not None else None


def newest_opened() -> date | None:
    """The first day of the newest period."""
    return db.session.scalar(select(func.max(Period.month)))


def people_in(agency_id: int, day: date) -> int:
    """How many officials serve in an agency and the units below it that are no agencies of their own."""
    return (
        db.session.scalar(
            text(
                """
                with recursive below(unit_id) as (
                    select cast(:agency_id as bigint)
                    union
                    select place.unit_id from below
                    join unit_place place on place.parent_id = below.unit_id and place.valid_from <= :day
                        and (place.valid_to is null or place.valid_to > :day)
                    join unit on unit.id = place.unit_id and unit.role = 'DIRECT_UNIT'
                )
                select count(distinct assignment.person_id)
                from below join assignment on assignment.unit_id = below.unit_id and assignment.is_main
                    and assignment.valid_from <= :day and (assignment.valid_to is null or assignment.valid_to > :day)
                join person on person.id = assignment.person_id and person.kind = 'CONG_CHUC'
                """
            ),
            {"agency_id": agency_id, "day": day},
        )
        or 0
    )


def newest_sheet(person_id: int) -> int | None:
    """The sheet that speaks for the newest month of an official."""
    return db.session.scalar(
        text(
            f"""
            select report.id from report join period on period.id = report.period_id
            where report.person_id = :person_id
            order by {LAST_MONTH} desc, report.id desc
            limit 1
            """
        ),
        {"person_id": person_id},
    )


def newest_open_under(units: Collection[int]) -> Period | None:
    """The newest open period with sheets that heads of some units judge."""
    return db.session.scalar(
        select(Period)
        .where(
            Period.closed_at.is_(None),
            select(Report.id)
            .where(Report.period_id == Period.id, Report.supervising_unit_id.in_(list(units)))
            .exists(),
        )
        .order_by(Period.month.desc(), Period.cycle)
        .limit(1)
    )


def covered_by(report_ids: Iterable[int]) -> dict[int, int]:
    """How many months each of some quarters' sheets speaks for."""
    rows: Sequence[Row[Any]] = db.session.execute(
        text(
            f"""
            select report.id, covered.months
            from report join period on period.id = report.period_id and period.cycle = 'QUARTER'
            cross join lateral ({COVERED}) as covered
            where report.id = any(:ids)
            """
        ),
        {"ids": list(report_ids)},
    ).all()
    return {row.id: row.months for row in rows}
