"""Officials lent to another agency: who lends them, and what the lender may read (A9: the receiving agency scores)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, text

from evaluation.extensions import db
from evaluation.models import Assignment
from evaluation.queries import organisation
from evaluation.queries.grades import bounds
from evaluation.queries.organisation import Standing, Subject
from evaluation.rules.periods import Stretch
from evaluation.rules.permissions import Relation

NOBODY: frozenset[Relation] = frozenset()
SENDERS = text(
    """
    select distinct grade.id as grade_id, person.full_name as name, head.person_id as head_id
    from assignment service
    join person on person.id = service.person_id
    join year_grade grade
        on grade.person_id = service.person_id and grade.year = :year and grade.superseded_at is null
    join assignment head
        on head.unit_id = service.seconded_from_id and head.office = 'HEAD'
        and (head.valid_to is null or head.valid_to >= :until)
    where service.person_id = any(:people) and service.seconded_from_id is not null
      and service.valid_from < :until and (service.valid_to is null or service.valid_to > :since)
      and head.person_id <> service.person_id
    order by grade.id
    """
)
OUT = text(
    """
    select distinct on (person.sort_key, service.person_id)
        service.person_id, person.full_name as name, service.unit_id, service.seconded_from_id as sender_id,
        service.valid_from, service.valid_to, grade.id as grade_id, grade.exact_mean, grade.state,
        grade.decided_class
    from assignment service
    join person on person.id = service.person_id
    left join year_grade grade
        on grade.person_id = service.person_id and grade.year = :year and grade.superseded_at is null
    where service.seconded_from_id = any(:units) and service.valid_from < :until
      and (service.valid_to is null or service.valid_to > :since)
    order by person.sort_key, service.person_id, service.valid_from desc
    """
)


@dataclass(frozen=True, slots=True)
class Sender:
    """The head of a unit that lent an official, and the official's class."""

    grade_id: int
    name: str
    head_id: int


@dataclass(frozen=True, slots=True)
class Out:
    """An official lent to another unit in a year, with the class as it stands."""

    person_id: int
    name: str
    unit_id: int
    sender_id: int
    valid_from: date
    valid_to: date | None
    grade_id: int | None
    exact_mean: str | None
    state: str | None
    decided_class: str | None


def sender(who: Standing, person_id: int, stretch: Stretch, unit_id: int) -> frozenset[Relation]:
    """How somebody stands to a sheet as one of the agency that lent its official at some time of that month or quarter."""
    return _over(who, person_id, stretch.first_day, stretch.end, unit_id)


def sender_in_year(who: Standing, person_id: int, year: int) -> frozenset[Relation]:
    """How somebody stands to a class of the year as one of an agency that lent the official in it."""
    limits = bounds(year)
    return _over(who, person_id, limits["since"], limits["until"], None)


def _over(
    who: Standing, person_id: int, since: date, until: date, unit_id: int | None
) -> frozenset[Relation]:
    if not (who.headed or who.deputised or who.delegated or who.roles):
        return NOBODY
    query = select(Assignment.seconded_from_id).where(
        Assignment.person_id == person_id,
        Assignment.seconded_from_id.is_not(None),
        Assignment.valid_from < until,
        or_(Assignment.valid_to.is_(None), Assignment.valid_to > since),
    )
    if unit_id is not None:
        query = query.where(Assignment.unit_id == unit_id)
    units = {found for found in db.session.scalars(query) if found is not None}
    if not units:
        return NOBODY
    held = organisation.relations_to_each(who, [Subject(unit) for unit in sorted(units)])
    return frozenset().union(*held)


def senders(people: Iterable[int], year: int) -> list[Sender]:
    """The heads of the units that lent some of these people in a year."""
    rows = db.session.execute(SENDERS, {"people": list(people), "year": year, **bounds(year)})
    return [Sender(row.grade_id, row.name, row.head_id) for row in rows]


def sent_out(units: Iterable[int], year: int) -> list[Out]:
    """The officials that some units lent in a year, with their class as far as it is."""
    rows = db.session.execute(OUT, {"units": list(units), "year": year, **bounds(year)})
    return [Out(**row._mapping) for row in rows]
