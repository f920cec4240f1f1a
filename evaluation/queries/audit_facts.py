"""Results as they stand against what the journal last said of them: a row edited behind the application shows here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db

MOST = 200  # complaints of one kind; the first tell enough

# The total and the level of each live score against the act that froze it. A total is kept exact, as a fraction, and rounded.
SCORES = f"""
    with said as (
        select distinct on (event.object_id, act.stage)
               event.object_id as report_id, act.stage, event.after ->> 'total' as total, event.after ->> 'band' as band
        from audit_event event
        join (values ('report.submitted', 'OWN'), ('report.scored', 'SUPERVISOR'), ('report.confirmed', 'FINAL'),
                     ('report.rescored', 'FINAL')) act(action, stage) on act.action = event.action
        where event.object_type = 'report'
        order by event.object_id, act.stage, event.id desc
    ),
    live as (
        select report_id, stage, exact_total, band,
               round(split_part(exact_total, '/', 1)::numeric
                     / coalesce(nullif(split_part(exact_total, '/', 2), ''), '1')::numeric, 4)
               is not distinct from total as agrees
        from score_sheet where superseded_at is null
    )
    select coalesce(report_id, 0) as id, report.unit_id, stage as what, said.total as said, live.exact_total as now
    from live full join said using (report_id, stage) left join report on report.id = report_id
    where (live.report_id is not null and said.report_id is null and live.exact_total is not null)
       or (live.report_id is not null and said.report_id is not null
           and (live.exact_total is distinct from said.total or not live.agrees or live.band is distinct from said.band))
       or (live.report_id is null and (report.id is null
           or stage = 'OWN' and report.state in ('SUBMITTED', 'SCORED', 'CONFIRMED', 'PUBLISHED')
           or stage = 'SUPERVISOR' and report.state in ('SCORED', 'CONFIRMED', 'PUBLISHED')
           or stage = 'FINAL' and report.state in ('CONFIRMED', 'PUBLISHED')))
    order by 1, 3 limit {MOST}
"""

STATES = f"""
    with said as (
        select distinct on (object_id) object_id as id, after ->> 'state' as state
        from audit_event where object_type = 'report' and after ->> 'state' is not null
        order by object_id, audit_event.id desc
    )
    select coalesce(report.id, said.id) as id, report.unit_id, 'state' as what, said.state as said, report.state as now
    from report full join said using (id)
    where report.id is null or coalesce(said.state, 'DRAFT') <> report.state
      and not (report.state in ('DRAFT', 'NOT_RATED') and coalesce(said.state, 'DRAFT') = 'DRAFT')
    order by 1 limit {MOST}
"""

GRADES = f"""
    with said as (
        select object_id as id,
               (array_agg(coalesce(after ->> 'decided', after ->> 'class') order by event.id desc)
                   filter (where after ? 'decided' or after ? 'class'))[1] as klass,
               (array_agg(after ->> 'state' order by event.id desc))[1] as state
        from audit_event event
        where object_type = 'year_grade' and action in ('grade.decided', 'grade.published', 'grade.replaced')
        group by object_id
    )
    select coalesce(grade.id, said.id) as id, grade.unit_id, 'class' as what, said.klass || ' ' || said.state as said,
           case when grade.id is not null then coalesce(grade.decided_class || ' ', '') || grade.state end as now
    from year_grade grade full join said using (id)
    where grade.id is null
       or coalesce(said.klass, '') <> coalesce(grade.decided_class, '') or coalesce(said.state, 'PROPOSED') <> grade.state
       or (grade.superseded_at is not null and grade.decided_class is not null
           and not exists (select from year_grade later where later.replaces_id = grade.id))
    order by 1 limit {MOST}
"""

ROLES = f"""
    with said as (
        select object_id as id,
               (array_agg(after order by event.id desc) filter (where action = 'role.granted'))[1] as granted,
               (array_agg(after order by event.id desc) filter (where action = 'role.ended'))[1] as ended,
               bool_or(action = 'role.refused') as refused
        from audit_event event where object_type = 'role_grant' group by object_id
    )
    select coalesce(held.id, said.id) as id, coalesce(held.unit_id, (said.granted ->> 'unit_id')::bigint) as unit_id,
           'role' as what,
           concat_ws(' ', said.granted ->> 'role', said.granted ->> 'unit_id', said.granted ->> 'account',
                     said.granted ->> 'since', coalesce(said.ended ->> 'until', said.granted ->> 'until')) as said,
           case when held.id is not null
                then concat_ws(' ', held.role, held.unit_id, held.account_id, held.valid_from, held.valid_to) end as now
    from (select * from role_grant where not waits_for_approval) held full join said using (id)
    where held.id is null and said.granted is not null and said.ended is null and not coalesce(said.refused, false)
       or held.id is not null and (said.granted is null
           or (said.granted ->> 'role') is distinct from held.role
           or (said.granted ->> 'unit_id') is distinct from held.unit_id::text
           or (said.granted ->> 'account') is distinct from held.account_id::text
           or (said.granted ->> 'since') is distinct from held.valid_from::text
           or coalesce(said.ended ->> 'until', said.granted ->> 'until') is distinct from held.valid_to::text)
    order by 1 limit {MOST}
"""

DELEGATIONS = f"""
    with said as (
        select object_id as id,
               (array_agg(after order by event.id desc) filter (where action = 'delegation.given'))[1] as given,
               (array_agg(after order by event.id desc) filter (where action = 'delegation.ended'))[1] as ended
        from audit_event event where object_type = 'delegation' group by object_id
    )
    select coalesce(lent.id, said.id) as id, lent.unit_id, 'delegation' as what,
           concat_ws(' ', said.given ->> 'delegator_id', said.given ->> 'delegate_id', said.given ->> 'since',
                     coalesce(said.ended ->> 'until', said.given ->> 'until')) as said,
           case when lent.id is not null
                then concat_ws(' ', lent.delegator_id, lent.delegate_id, lent.valid_from, lent.valid_to) end as now
    from delegation lent full join said using (id)
    where lent.id is null and said.ended is null
       or lent.id is not null and (said.given is null
           or (said.given ->> 'delegator_id') is distinct from lent.delegator_id::text
           or (said.given ->> 'delegate_id') is distinct from lent.delegate_id::text
           or (said.given ->> 'since') is distinct from lent.valid_from::text
           or coalesce(said.ended ->> 'until', said.given ->> 'until') is distinct from lent.valid_to::text)
    order by 1 limit {MOST}
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the journal last said of it; None on one side: no row, or no act."""

    table: str
    id: int
    unit_id: int | None
    what: str
    said: str | None
    now: str | None


ASKED: tuple[tuple[str, str], ...] = (
    ("score_sheet", SCORES),
    ("report", STATES),
    ("year_grade", GRADES),
    ("role_grant", ROLES),
    ("delegation", DELEGATIONS),
)


def differences() -> list[Difference]:
    """Scores, states of sheets, classes of the year, roles and delegations that differ from their last event."""
    found: list[Difference] = []
    for table, statement in ASKED:
        rows: Sequence[Any] = db.session.execute(text(statement)).all()
        found += [Difference(table, row.id, row.unit_id, row.what, row.said, row.now) for row in rows]
    return found
