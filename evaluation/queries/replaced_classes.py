"""What rested on a class of the year that was replaced, and who has to hear of it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries import organisation
from evaluation.rules.permissions import Role

# The newest list of each title; an entry rests on the class that stood when the list was worked out.
NEWEST = """
newest as (
    select distinct on (award) id, award, year, run_at from eligibility_run
    where year = :year and finished_at is not null order by award, id desc
)
"""
LISTS_ON = f"""
with {NEWEST}
select newest.award from newest
where exists (select from eligibility_entry where run_id = newest.id and person_id = :person_id)
order by newest.award
"""
REPLACED_SINCE = """
select entry.id as entry_id, grade.id as grade_id
from eligibility_run run
join eligibility_entry entry on entry.run_id = run.id
join year_grade grade
    on grade.person_id = entry.person_id and grade.year = run.year and grade.superseded_at is null
    and grade.replaces_id is not null and grade.decided_at > run.run_at
where run.id = :run_id
order by entry.id
"""
KEEPERS = """
select person_id from assignment
where unit_id = any(:units) and office = 'HEAD' and valid_from <= :day and (valid_to is null or valid_to > :day)
union
select account.person_id from role_grant join account on account.id = role_grant.account_id
where role_grant.role = :role and role_grant.unit_id = any(:above)
  and role_grant.valid_from <= :day and (role_grant.valid_to is null or role_grant.valid_to > :day)
"""


def lists_on(person_id: int, year: int) -> list[str]:
    """The titles whose newest list of a year has an entry of a person."""
    return list(db.session.scalars(text(LISTS_ON), {"person_id": person_id, "year": year}))


def entries_resting(run_id: int) -> dict[int, int]:
    """The entries of a list whose class was replaced after the list was worked out, with the class that stands now."""
    return {
        row.entry_id: row.grade_id for row in db.session.execute(text(REPLACED_SINCE), {"run_id": run_id})
    }


def keepers(units: Iterable[int], under: int, role: Role, day: date) -> set[int]:
    """The heads of some units and whoever holds a role over a unit on a day."""
    return set(
        db.session.scalars(
            text(KEEPERS),
            {
                "units": list(units),
                "above": organisation.ancestors(under, day),
                "role": role.value,
                "day": day,
            },
        )
    )
