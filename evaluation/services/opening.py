"""All sheets of a period in a handful of statements: who gets one, where, and under whom (Article 3.4, 10.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.models import Period
from evaluation.rules.organisation import Office, PersonKind, UnitRole
from evaluation.rules.periods import Cycle, Stretch, in_words_of
from evaluation.services.rulebooks import Law

# A month that has a sheet of its own elsewhere is not evaluated twice: the quarter's sheet opens while more than `fewest`
# months are left.
MONTHS_LEFT = """
(
    select count(*) from generate_series(date_trunc('month', judged.since::timestamp), cast(:end as timestamp) - interval '1 day',
        interval '1 month') as left_month
    where not exists (
        select from report monthly join period on period.id = monthly.period_id and period.cycle = 'MONTH'
        where monthly.person_id = judged.person_id and period.month = cast(left_month as date)
    )
) > :fewest
"""
NEW_SHEETS = """
with recursive place as (
    -- the tree as it stood when the month began, or when a unit of this month began
    select distinct on (unit_id) unit_id, parent_id
    from unit_place
    where valid_from <= :as_of and (valid_to is null or valid_to > :first)
    order by unit_id, valid_from
),
climb(unit_id, agency_id, role, parent_id, depth) as (
    select unit.id, unit.id, unit.role, place.parent_id, 0
    from unit join place on place.unit_id = unit.id
    union all
    select climb.unit_id, unit.id, unit.role, place.parent_id, climb.depth + 1
    from climb
    join unit on unit.id = climb.parent_id
    join place on place.unit_id = unit.id
    where climb.role = :direct_unit and climb.depth < 20
),
agency as materialized (
    select climb.unit_id, climb.agency_id, climb.parent_id as managing_id, unit.evaluates_contract_workers,
        coalesce(agency_cycle.cycle, 'MONTH') as cycle
    from climb join unit on unit.id = climb.agency_id
    left join agency_cycle on agency_cycle.agency_id = climb.agency_id and agency_cycle.valid_from <= :first
        and (agency_cycle.valid_to is null or agency_cycle.valid_to > :first)
    where climb.role <> :direct_unit
),
-- by which rulebook each kind of person is scored; with a code: agencies that have weights of their own
law as (
    select * from unnest(cast(:law_kinds as text[]), cast(:law_codes as text[]), cast(:law_rulebooks as text[]))
        as law(kind, code, rulebook)
),
service as materialized (
    select distinct on (assignment.person_id)
        assignment.person_id, assignment.unit_id, assignment.position_id, assignment.office, assignment.title,
        greatest(assignment.valid_from, :first) as since,
        agency.agency_id, agency.managing_id, agency.cycle, law.rulebook, person.kind
    from assignment
    join person on person.id = assignment.person_id
    join law on law.kind = person.kind and law.code is null
    join agency on agency.unit_id = assignment.unit_id
    where assignment.is_main
      -- a month belongs to the agency where it began; a quarter takes whoever serves on a part of it
      and (:cycle = 'MONTH' or agency.cycle = :cycle)
      and assignment.valid_from <= :as_of
      and (assignment.valid_to is null or assignment.valid_to > :first)
      and (person.left_on is null or person.left_on > :first)
      and (person.kind <> :contract or agency.evaluates_contract_workers)
      and not exists (
          select from report where report.period_id = :period_id and report.person_id = assignment.person_id
      )
    order by assignment.person_id, assignment.valid_from
),
head as materialized (
    select unit_id, person_id, valid_from, valid_to
    from assignment
    where office = :head and valid_from < :end and (valid_to is null or valid_to > :first)
),
judged as (
    select service.*,
        case
            when agency_head.person_id is not null then service.managing_id
            when service.unit_id = service.agency_id or unit_head.person_id is not null then service.agency_id
            else service.unit_id
        end as supervising_id,
        case when agency_head.person_id is not null then service.managing_id else service.agency_id end as confirming_id
    from service
    left join head agency_head
        on agency_head.unit_id = service.agency_id and agency_head.person_id = service.person_id
        and agency_head.valid_from <= service.since
        and (agency_head.valid_to is null or agency_head.valid_to > service.since)
    left join head unit_head
        on unit_head.unit_id = service.unit_id and unit_head.person_id = service.person_id
        and unit_head.valid_from <= service.since
        and (unit_head.valid_to is null or unit_head.valid_to > service.since)
),
opened as (
    insert into report (period_id, person_id, unit_id, agency_id, position_id, office, title,
                        supervising_unit_id, confirming_unit_id, supervisor_id, rulebook)
    select :period_id, judged.person_id, judged.unit_id, judged.agency_id, judged.position_id, judged.office,
        judged.title, judged.supervising_id, judged.confirming_id, supervisor.person_id,
        coalesce(
            (
                select own.rulebook from unit_code join law own on own.code = unit_code.code and own.kind = judged.kind
                where unit_code.unit_id = judged.agency_id
                  and valid_from <= :as_of and (valid_to is null or valid_to > :first)
                order by valid_from desc limit 1
            ),
            judged.rulebook
        )
    from judged
    left join head supervisor
        on supervisor.unit_id = judged.supervising_id
        and supervisor.valid_from <= judged.since
        and (supervisor.valid_to is null or supervisor.valid_to > judged.since)
    where judged.supervising_id is not null and judged.cycle = :cycle and {free}
    on conflict (period_id, person_id) do nothing
    returning id, supervisor_id, supervising_unit_id, rulebook
),
criteria as (
    insert into criterion_mark (report_id, code)
    select opened.id, criterion.code
    from opened join unnest(cast(:criterion_rulebooks as text[]), cast(:criterion_codes as varchar[]))
        as criterion(rulebook, code) using (rulebook)
),
told as (
    insert into notice (person_id, says, parameters, link)
    select supervisor_id, :says,
        jsonb_build_object('count', count(*), 'month', cast(:month_text as text), 'due', cast(:due_text as text)),
        '/workplans/' || supervising_unit_id || '/' || :month_link
    from opened
    where supervisor_id is not null
    group by supervisor_id, supervising_unit_id
)
select count(*) from opened
"""

# A month away from the first day of service to the end of the month has nothing to be rated (Article 11.2, 17.3).
AWAY = """
away as (
    select report.id, (array_agg(absence.kind order by absence.valid_from))[1] as kind
    from report
    join absence on absence.person_id = report.person_id
        and absence.valid_from < :end and (absence.valid_to is null or absence.valid_to > :first)
    left join lateral (
        select min(greatest(valid_from, :first)) as since from assignment
        where assignment.person_id = report.person_id and is_main
          and valid_from < :end and (valid_to is null or valid_to > :first)
    ) service on true
    where report.period_id = :period_id
    group by report.id, service.since
    having range_agg(daterange(absence.valid_from, absence.valid_to))
        @> daterange(coalesce(service.since, :first), :end)
)
"""
NOT_RATED = f"""
with {AWAY}
update report set state = 'NOT_RATED', not_rated_reason = away.kind, version = version + 1
from away where away.id = report.id and report.state = 'DRAFT'
returning report.id
"""
RATED_AFTER_ALL = f"""
with {AWAY}
update report set state = 'DRAFT', not_rated_reason = null, version = version + 1
where period_id = :period_id and state = 'NOT_RATED' and not exists (select from away where away.id = report.id)
returning report.id
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What one run of opening changed."""

    sheets: int
    not_rated: int
    rated_after_all: int

    def __bool__(self) -> bool:
        return bool(self.sheets or self.not_rated or self.rated_after_all)


def open_sheets(period: Period, today: date, *, laws: Sequence[Law], says: str) -> Opened:
    """Adds the sheets that are missing for everybody whose service in the period has begun; nothing twice.

    Whoever stands under a rulebook without points (`laws` leaves those out) gets none.

    A month's are for agencies that evaluate by month, a quarter's for those that do so by quarter. The unit, the office
    and the supervisor are those of the first day of service in the period (and in such an agency). Who has one month or
    less of a quarter is left for the next one where the rulebook says so. The general criteria are opened without
    points. Whoever heads the unit that would judge them is judged one step higher.
    """
    month = period.covers
    span = {"period_id": period.id, "first": month.first_day, "end": month.end}
    criteria = sorted(
        {(law.book.name, row.code) for law in laws for row in law.book.general_criteria(month.first_day)}
    )
    sheets = db.session.execute(
        text(NEW_SHEETS.format(free=":fewest = 0" if period.cycle is Cycle.MONTH else MONTHS_LEFT)),
        span
        | {
            "as_of": _within(month, today),
            "cycle": period.cycle.value,
            "fewest": _fewest_months(period, laws),
            "contract": PersonKind.HOP_DONG.value,
            "head": Office.HEAD.value,
            "direct_unit": UnitRole.DIRECT_UNIT.value,
            "law_kinds": [law.kind.value for law in laws],
            "law_codes": [law.unit_code for law in laws],
            "law_rulebooks": [law.book.name for law in laws],
            "criterion_rulebooks": [name for name, _code in criteria],
            "criterion_codes": [code for _name, code in criteria],
            "says": in_words_of(says, period.cycle),
            "month_text": month.short,
            "month_link": str(month),
            "due_text": f"{period.assign_due:%d/%m/%Y}",
        },
    ).scalar_one()
    back = len(db.session.execute(text(RATED_AFTER_ALL), span).all())
    away = len(db.session.execute(text(NOT_RATED), span).all())
    return Opened(sheets, away, back)


def _fewest_months(period: Period, laws: Sequence[Law]) -> int:
    """So many months of a quarter are too few for a sheet (rulebook's choice `short_quarter`)."""
    if period.cycle is Cycle.MONTH or not laws:
        return 0
    return int(laws[0].book.choice("short_quarter", period.month) == "CARRIED")


def _within(month: Stretch, today: date) -> date:
    """Services that begin later than today wait for their day; an earlier or later month is taken from its edge."""
    if today < month.first_day:
        return month.first_day
    return today if today in month else month.end
