"""What of a period is not finished, counted and listed set by set; closings and wishes to reopen as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import aliased, joinedload

from evaluation.extensions import db
from evaluation.models import Closing, Period, Person, Reopening
from evaluation.queries import rollups
from evaluation.rules.closing import Open

# Of which kind a sheet's unfinished step is, and whose it is to take it: the unit whose head answers for it.
KIND = """
case
    when report.state in ('DRAFT', 'RETURNED') and person.left_on <= :today then 'LEFT_SERVICE'
    when report.state = 'RETURNED' then 'RETURNED'
    when report.state = 'DRAFT' and lined.report_id is null then 'NO_WORK'
    when report.state = 'DRAFT' then 'NOT_SUBMITTED'
    when report.state = 'SUBMITTED' then 'NOT_SCORED'
    when report.state = 'SCORED' then 'NOT_CONFIRMED'
    when report.state = 'CONFIRMED' then 'NOT_PUBLISHED'
end
"""
UNFINISHED = f"""
unfinished as (
    select report.id, report.person_id, report.unit_id, report.agency_id, {KIND} as kind,
        case when report.state in ('SCORED', 'CONFIRMED') then report.confirming_unit_id
             else report.supervising_unit_id end as keeper_id,
        null::text as detail
    from report join person on person.id = report.person_id
    left join lateral (select report_id from work_item where report_id = report.id limit 1) lined
        on report.state = 'DRAFT'
    where report.period_id = :period_id and report.state not in ('PUBLISHED', 'NOT_RATED')
    union all
    select report.id, report.person_id, report.unit_id, report.agency_id, 'PETITION', petition.deciding_unit_id,
        to_char(petition.due_on, 'DD/MM/YYYY')
    from petition join report on report.id = petition.report_id
    where petition.state = 'LODGED' and report.period_id = :period_id
    union all
    select report.id, person_month.person_id, person_month.unit_id, person_month.agency_id, 'DIFFERS',
        report.confirming_unit_id, null
    from person_month join report on report.id = person_month.report_id
    where person_month.period_id = :period_id and person_month.differs
    union all
    select report.id, report.person_id, report.unit_id, report.agency_id, 'EXTENDED', report.confirming_unit_id,
        to_char(running.due, 'DD/MM/YYYY')
    from (
        select report_id, max(due) as due from extension
        where period_id = :period_id and report_id is not null and due >= :today group by report_id
    ) running
    join report on report.id = running.report_id
    union all
    select null, null, running.agency_id, running.agency_id, 'EXTENDED', running.agency_id,
        to_char(running.due, 'DD/MM/YYYY')
    from (
        select agency_id, max(due) as due from extension
        where period_id = :period_id and agency_id is not null and due >= :today group by agency_id
    ) running
)
"""
COUNTS = text(
    f"""
    with {UNFINISHED}
    select kind, count(*), count(distinct keeper_id) from unfinished group by kind
    union all
    select 'JOB', count(*), 0 from job
    where state in ('QUEUED', 'RUNNING') and arguments ->> 'month' = :stretch
    union all
    select 'IMPORT', count(*), 0 from import_batch where state = 'PREVIEWED'
    """
)
LISTED = text(
    f"""
    with {UNFINISHED}
    select unfinished.id as report_id, unfinished.person_id, person.full_name as name, report.title,
        unit.name as unit, agency.name as agency, keeper.name as keeper_unit, head.full_name as keeper,
        unfinished.detail, count(*) over () as total
    from unfinished
    left join person on person.id = unfinished.person_id
    left join report on report.id = unfinished.id
    left join lateral (select name from unit_place where unit_place.unit_id = unfinished.unit_id
        and valid_from <= :today order by valid_from desc limit 1) unit on true
    left join lateral (select name from unit_place where unit_place.unit_id = unfinished.agency_id
        and valid_from <= :today order by valid_from desc limit 1) agency on true
    left join lateral (select name from unit_place where unit_place.unit_id = unfinished.keeper_id
        and valid_from <= :today order by valid_from desc limit 1) keeper on true
    left join assignment office on office.unit_id = unfinished.keeper_id and office.office = 'HEAD'
        and office.valid_from <= :today and (office.valid_to is null or office.valid_to > :today)
    left join person head on head.id = office.person_id
    where unfinished.kind = :kind
    order by agency.name, unit.name, person.sort_key, unfinished.id
    limit :size offset :skipped
    """
)
FIGURES = text(
    """
    select report.agency_id, place.name as agency, count(*) as sheets,
        count(*) filter (where report.state = 'PUBLISHED') as published,
        count(*) filter (where report.state = 'NOT_RATED') as not_rated,
        count(final.total) as scored,
        count(*) filter (where final.band = 'HTXSNV') as excellent,
        count(*) filter (where final.band = 'HTTNV') as good,
        count(*) filter (where final.band = 'HTNV') as completed,
        count(*) filter (where final.band = 'KHTNV') as not_completed
    from report
    left join score_sheet final on final.report_id = report.id and final.stage = 'FINAL' and final.superseded_at is null
    left join lateral (select name from unit_place where unit_place.unit_id = report.agency_id
        and valid_from <= :last_day order by valid_from desc limit 1) place on true
    where report.period_id = :period_id
    group by report.agency_id, place.name
    order by place.name, report.agency_id
    """
)
# Every result in one text, sheet by sheet: two closings with the same hash hold the same results.
RESULTS_HASH = text(
    """
    select encode(sha256(convert_to(coalesce(string_agg(
        report.id || ':' || coalesce(final.exact_total, report.state), e'\\n' order by report.id
    ), ''), 'UTF8')), 'hex')
    from report
    left join score_sheet final on final.report_id = report.id and final.stage = 'FINAL' and final.superseded_at is null
    where report.period_id = :period_id
    """
)
# What differs from an earlier closing: scores decided, or sheets written, after it.
CHANGED = text(
    """
    select final.report_id, earlier.exact_total as before, final.exact_total as after
    from score_sheet final
    join report on report.id = final.report_id
    left join lateral (
        select exact_total from score_sheet old
        where old.report_id = report.id and old.stage = 'FINAL' and old.decided_at <= :since
        order by old.decided_at desc, old.id desc limit 1
    ) earlier on true
    where report.period_id = :period_id and final.stage = 'FINAL' and final.superseded_at is null
      and final.decided_at > :since and final.exact_total is distinct from earlier.exact_total
    order by final.report_id
    """
)
OF_SHEETS = text(
    """
    select report.id as report_id, person.full_name as name, report.title, place.name as agency
    from report join person on person.id = report.person_id
    left join lateral (select name from unit_place where unit_place.unit_id = report.agency_id
        and valid_from <= :day order by valid_from desc limit 1) place on true
    where report.id = any(:ids)
    """
)
DECIDERS = text(
    """
    select distinct account.person_id from role_grant join account on account.id = role_grant.account_id
    where role_grant.role in ('HOME_AFFAIRS', 'INSPECTOR') and not role_grant.waits_for_approval
      and role_grant.unit_id = :unit_id
      and role_grant.valid_from <= :today and (role_grant.valid_to is null or role_grant.valid_to > :today)
    """
)
PETITIONERS = text(
    """
    select distinct petition.person_id from petition join report on report.id = petition.report_id
    where report.period_id = :period_id and petition.state = 'LODGED'
    """
)
HEADS = text(
    """
    select distinct office.person_id
    from (
        select agency_id as unit_id from report where period_id = :period_id
        union select confirming_unit_id from report where period_id = :period_id
    ) as concerned
    join assignment office on office.unit_id = concerned.unit_id and office.office = 'HEAD'
        and office.valid_from <= :today and (office.valid_to is null or office.valid_to > :today)
    """
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A period in the list: its newest closing, and a wish to reopen that waits."""

    period: Period
    sheets: int
    closing: Closing | None
    asked: Reopening | None


def counts(period: Period, today: date) -> dict[Open, tuple[int, int]]:
    """How many things of each kind are open, and under how many units; two queries whatever the number of sheets."""
    rows = db.session.execute(
        COUNTS, {"period_id": period.id, "today": today, "stretch": str(period.covers)}
    ).all()
    found = {Open(kind): (number, units) for kind, number, units in rows}
    if rollups.is_due(period.id):
        found[Open.STALE] = (1, 0)
    return found


def listed(period: Period, kind: Open, today: date, *, size: int, skipped: int) -> Sequence[Row[Any]]:
    """One page of the things of one kind, each with who must act."""
    return db.session.execute(
        LISTED,
        {"period_id": period.id, "kind": kind.value, "today": today, "size": size, "skipped": skipped},
    ).all()


def by_agency(period: Period, last_day: date) -> list[dict[str, Any]]:
    """The counts of each agency as they stand."""
    rows = db.session.execute(FIGURES, {"period_id": period.id, "last_day": last_day})
    return [dict(row._mapping) for row in rows]


def results_hash(period_id: int) -> str:
    """The SHA-256 of all results of a period in hexadecimal."""
    return str(db.session.execute(RESULTS_HASH, {"period_id": period_id}).scalar_one())


def changed_since(period_id: int, moment: datetime) -> list[dict[str, Any]]:
    """Results that are other ones than at an earlier closing."""
    rows = db.session.execute(CHANGED, {"period_id": period_id, "since": moment})
    return [dict(row._mapping) for row in rows]


def of_sheets(report_ids: Sequence[int], day: date) -> dict[int, Row[Any]]:
    """Whose some sheets are, for a list of what changed."""
    rows = db.session.execute(OF_SHEETS, {"ids": list(report_ids), "day": day})
    return {row.report_id: row for row in rows}


def deciders(unit_id: int, today: date) -> list[int]:
    """Who may decide about reopening: those of Home Affairs and the inspectors of the whole province."""
    return list(db.session.scalars(DECIDERS, {"unit_id": unit_id, "today": today}))


def petitioners(period_id: int) -> list[int]:
    """Whose petition about a period waits for its answer."""
    return list(db.session.scalars(PETITIONERS, {"period_id": period_id}))


def heads(period_id: int, today: date) -> list[int]:
    """Who heads an agency with sheets in a period, or confirms for one."""
    return list(db.session.scalars(HEADS, {"period_id": period_id, "today": today}))


def newest(period_id: int) -> Closing | None:
    """The newest closing of a period."""
    return db.session.scalar(
        select(Closing).where(Closing.period_id == period_id).order_by(Closing.id.desc()).limit(1)
    )


def of_period(period_id: int) -> list[Closing]:
    """Every closing of a period, the newest first."""
    return list(
        db.session.scalars(select(Closing).where(Closing.period_id == period_id).order_by(Closing.id.desc()))
    )


def reopenings_of(period_id: int) -> list[Reopening]:
    """Every wish to reopen a period, the newest first."""
    return list(
        db.session.scalars(
            select(Reopening)
            .join(Closing)
            .where(Closing.period_id == period_id)
            .options(joinedload(Reopening.closing))
            .order_by(Reopening.id.desc())
        )
    )


def waiting(period_id: int) -> Reopening | None:
    """The wish to reopen a period that nobody has decided yet."""
    return db.session.scalar(
        select(Reopening)
        .join(Closing)
        .where(Closing.period_id == period_id, Reopening.decided_by.is_(None))
        .limit(1)
    )


def standings() -> list[Standing]:
    """Every period, the newest first, with its closing and what waits; one query."""
    last = aliased(Closing)
    rows = db.session.execute(
        text(
            """
            select period.id, (select count(*) from report where period_id = period.id) as sheets
            from period
            """
        )
    )
    sheets = {row.id: row.sheets for row in rows}
    found = db.session.execute(
        select(Period, last, Reopening)
        .select_from(Period)
        .outerjoin(
            last,
            last.id == select(func.max(Closing.id)).where(Closing.period_id == Period.id).scalar_subquery(),
        )
        .outerjoin(Reopening, (Reopening.closing_id == last.id) & Reopening.decided_by.is_(None))
        .order_by(Period.month.desc(), Period.cycle)
    )
    return [Standing(period, sheets.get(period.id, 0), closing, asked) for period, closing, asked in found]


def names(person_ids: Sequence[int | None]) -> dict[int, str]:
    """Full names by id."""
    wanted = [one for one in person_ids if one is not None]
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted)))
    return {row.id: row.full_name for row in rows}
