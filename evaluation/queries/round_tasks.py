"""What the annual round asks of one person today: the own class, meetings of units led, Party opinions to collect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries.grades import bounds

# By the services of today and not by the sheets of the year: the question is asked on every home page.
TASKS = text(
    """
    with recursive below(unit_id) as (
        select unnest(cast(:kept as bigint[]))
        union
        select place.unit_id from unit_place place join below on place.parent_id = below.unit_id
        where place.valid_from <= :day and (place.valid_to is null or place.valid_to > :day)
    ),
    serving as (
        select assignment.person_id, assignment.unit_id, assignment.office
        from assignment join person on person.id = assignment.person_id
        where assignment.is_main and person.kind = 'CONG_CHUC' and assignment.person_id <> :me
          and assignment.valid_from <= :day and (assignment.valid_to is null or assignment.valid_to > :day)
          and (assignment.unit_id = any(:led)
               or assignment.office <> 'STAFF' and assignment.unit_id in (select unit_id from below))
          and not exists (
              select from year_grade grade
              where grade.person_id = assignment.person_id and grade.year = :year
                and grade.superseded_at is null and grade.decided_at is not null
          )
          and exists (
              select from report join period on period.id = report.period_id
              where report.person_id = assignment.person_id and period.month >= :since and period.month < :until
          )
    ),
    unmet as (
        select serving.person_id, serving.unit_id from serving
        where serving.unit_id = any(:led) and not exists (
            select from meeting_opinion
            join review_meeting on review_meeting.id = meeting_opinion.meeting_id
            where meeting_opinion.person_id = serving.person_id and review_meeting.year = :year
              and review_meeting.superseded_at is null
        )
    )
    select
        (select exists (
            select from report join period on period.id = report.period_id
            where report.person_id = :me and period.month >= :since and period.month < :until
        ) and not exists (
            select from self_classification where person_id = :me and year = :year and superseded_at is null
        ) and not exists (
            select from year_grade
            where person_id = :me and year = :year and superseded_at is null and decided_at is not null
        )) as own,
        (select count(*) from unmet) as unmet,
        (select min(unit_id) from unmet) as unit_id,
        (select count(*) from serving
         where office <> 'STAFF' and unit_id in (select unit_id from below)
           and not exists (
               select from party_opinion
               where party_opinion.person_id = serving.person_id and party_opinion.year = :year
                 and party_opinion.superseded_at is null
           )) as unasked
    """
)


@dataclass(frozen=True, slots=True)
class RoundTasks:
    """The own class is missing; officials of units led without a meeting (`unit_id` is one of them); leaders unasked."""

    own: bool
    unmet: int
    unit_id: int | None
    unasked: int


def tasks(person_id: int, year: int, day: date, *, led: Iterable[int], kept: Iterable[int]) -> RoundTasks:
    """What waits for a person who leads some units and keeps the personnel files of others, in one question."""
    row = db.session.execute(
        TASKS,
        {
            "me": person_id,
            "year": year,
            "day": day,
            "led": list(led),
            "kept": list(kept),
            **bounds(year),
        },
    ).one()
    return RoundTasks(row.own, row.unmet, row.unit_id, row.unasked)
