"""Two people who judged each other within a month: one scored or confirmed the other's sheet, and the other theirs."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from evaluation.extensions import db

# Whoever scores or confirms judges; in one's own office or for somebody who lent the duty makes no difference.
PAIRS = """
with judged as (
    select report.scored_by as judge, report.person_id as person, period.month
    from report join period on period.id = report.period_id
    where period.month >= :since and report.scored_by is not null
    union
    select report.confirmed_by, report.person_id, period.month
    from report join period on period.id = report.period_id
    where period.month >= :since and report.confirmed_by is not null
)
select distinct one.judge as one_id, one.person as other_id, greatest(one.month, other.month) as month
from judged one join judged other on other.judge = one.person and other.person = one.judge
where one.judge < one.person
  and other.month between one.month - interval '1 month' and one.month + interval '1 month'
  and not exists (
    select from audit_event told
    where told.object_type = 'person' and told.object_id = one.judge and told.action = 'scores.mutual'
      and told.after = jsonb_build_object(
        'other', one.person, 'month', to_char(greatest(one.month, other.month), 'YYYY-MM')))
order by 3, 1, 2
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, and the later of the two months in which they judged each other."""

    one_id: int
    other_id: int
    month: date


def untold(since: date) -> list[Pair]:
    """Pairs of the months from a day on of which the journal does not know yet."""
    rows = db.session.execute(text(PAIRS), {"since": since})
    return [Pair(row.one_id, row.other_id, row.month) for row in rows]
