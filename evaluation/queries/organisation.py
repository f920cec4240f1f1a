"""Questions about units, people and offices, always as of a day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from evaluation.extensions import db
from evaluation.models import Assignment, Charge, Person, UnitCode, UnitPlace
from evaluation.rules.organisation import Office, UnitRole
from evaluation.rules.permissions import Relation, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is on a day: the units headed, deputised and lent by delegation, and the roles granted.

    `agencies` are the using agencies among the units headed or lent.
    """

    person_id: int
    day: date
    headed: frozenset[int] = frozenset()
    deputised: frozenset[int] = frozenset()
    delegated: dict[int, int] = field(default_factory=dict)
    agencies: frozenset[int] = frozenset()
    roles: tuple[tuple[Role, int], ...] = ()

    def acts_for(self, unit_id: int) -> int | None:
        """The person on whose behalf the holder acts for a unit; None when in the holder's own office."""
        return None if unit_id in self.headed else self.delegated.get(unit_id)

    def holds(self, role: Role) -> bool:
        """Whether a role is held over any unit."""
        return any(held is role for held, _ in self.roles)

    def units_of(self, role: Role) -> list[int]:
        """The units over which a role is held."""
        return [unit_id for held, unit_id in self.roles if held is role]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act is upon: the person it judges, the unit it belongs to, the units whose heads score and confirm."""

    unit_id: int
    person_id: int | None = None
    supervising_unit_id: int | None = None
    confirming_unit_id: int | None = None


def valid_on(dated, day: date):  # type: ignore[no-untyped-def]
    """The condition that a dated row is in force on a day."""
    return (dated.valid_from <= day) & or_(dated.valid_to.is_(None), dated.valid_to > day)


STANDING = text(
    """
    select 'office' as what, unit_id, office as word, null::bigint as delegator_id, unit.role
    from assignment join unit on unit.id = assignment.unit_id
    where person_id = :person_id and office <> 'STAFF'
      and valid_from <= :day and (valid_to is null or valid_to > :day)
    union all
    -- a duty is lent only while the lender heads the unit
    select 'lent', delegation.unit_id, null, delegation.delegator_id, unit.role
    from delegation join unit on unit.id = delegation.unit_id
    join assignment on assignment.unit_id = delegation.unit_id
        and assignment.person_id = delegation.delegator_id and assignment.office = 'HEAD'
        and assignment.valid_from <= :day and (assignment.valid_to is null or assignment.valid_to > :day)
    where delegation.delegate_id = :person_id
      and delegation.valid_from <= :day and (delegation.valid_to is null or delegation.valid_to > :day)
    union all
    select 'role', unit_id, role, null, null
    from role_grant
    where account_id = :account_id and not waits_for_approval
      and valid_from <= :day and (valid_to is null or valid_to > :day)
    """
)


def standing(person_id: int, account_id: int | None, day: date) -> Standing:
    """Everything that decides what a person may do on a day, in one query."""
    found = db.session.execute(STANDING, {"person_id": person_id, "account_id": account_id, "day": day}).all()
    return Standing(
        person_id=person_id,
        day=day,
        headed=frozenset(row.unit_id for row in found if row.word == Office.HEAD and row.what == "office"),
        deputised=frozenset(
            row.unit_id for row in found if row.word == Office.DEPUTY and row.what == "office"
        ),
        delegated={row.unit_id: row.delegator_id for row in found if row.what == "lent"},
        agencies=frozenset(
            row.unit_id
            for row in found
            if row.role == UnitRole.USING_AGENCY and (row.what == "lent" or row.word == Office.HEAD)
        ),
        roles=tuple((Role(row.word), row.unit_id) for row in found if row.what == "role"),
    )


def relations(who: Standing, subject: Subject) -> frozenset[Relation]:
    """How a person stands to a subject: one query, for the units above it."""
    return relations_to_each(who, [subject])[0]


def relations_to_each(who: Standing, subjects: Collection[Subject]) -> list[frozenset[Relation]]:
    """How a person stands to each of many subjects, in their order: one query for the units above them all."""
    matters = bool(who.headed or who.deputised or who.delegated or who.roles)
    above = ancestors_of_each({subject.unit_id for subject in subjects}, who.day) if matters else {}
    return [_held(who, subject, above.get(subject.unit_id, [])) for subject in subjects]


def _held(who: Standing, subject: Subject, above: list[int]) -> frozenset[Relation]:
    held: set[Relation] = set()
    if who.person_id == subject.person_id:
        held.add(Relation.OWNER)
    held |= _office_over(who, subject.supervising_unit_id, Relation.SUPERVISOR, Relation.SUPERVISOR_DELEGATE)
    held |= _office_over(who, subject.confirming_unit_id, Relation.CONFIRMER, Relation.CONFIRMER_DELEGATE)
    if not (who.headed | who.deputised | who.delegated.keys()).isdisjoint(above):
        held.add(Relation.LEADER_ABOVE)
    held |= {Relation(role.value) for role, unit_id in who.roles if unit_id in above}
    return frozenset(held)


def _office_over(who: Standing, unit_id: int | None, own: Relation, lent: Relation) -> set[Relation]:
    if unit_id is None:
        return set()
    if unit_id in who.headed:
        return {own}
    return {lent} if unit_id in who.delegated else set()


def ancestors(unit_id: int, day: date) -> list[int]:
    """A unit and every unit above it on a day, nearest first; a dissolved unit stands where it last stood."""
    return ancestors_of_each([unit_id], day)[unit_id]


def ancestors_of_each(unit_ids: Iterable[int], day: date) -> dict[int, list[int]]:
    """Each of many units with every unit above it on a day, nearest first, in one query."""
    found: dict[int, list[int]] = {unit_id: [] for unit_id in unit_ids}
    rows = db.session.execute(
        text(
            """
            with recursive above(origin, unit_id, depth) as (
                select wanted, wanted, 0 from unnest(cast(:unit_ids as bigint[])) as wanted
                union all
                select above.origin, place.parent_id, above.depth + 1
                from above
                join lateral (
                    select parent_id from unit_place
                    where unit_place.unit_id = above.unit_id and valid_from <= :day
                    order by valid_from desc limit 1
                ) place on true
                where place.parent_id is not null and above.depth < 20
            )
            select origin, unit_id from above order by origin, depth
            """
        ),
        {"unit_ids": list(found), "day": day},
    )
    for origin, unit_id in rows:
        found[origin].append(unit_id)
    return found


def descendants(unit_ids: Iterable[int], day: date) -> list[int]:
    """Units and every unit below them on a day."""
    rows = db.session.execute(
        text(
            """
            with recursive below(unit_id) as (
                select unnest(cast(:unit_ids as bigint[]))
                union
                select place.unit_id from unit_place place join below on place.parent_id = below.unit_id
                where place.valid_from <= :day and (place.valid_to is null or place.valid_to > :day)
            )
            select unit_id from below
            """
        ),
        {"unit_ids": list(unit_ids), "day": day},
    )
    return [row.unit_id for row in rows]


def head_of(unit_id: int, day: date) -> Person | None:
    """Who heads a unit on a day."""
    return db.session.scalar(
        select(Person)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.unit_id == unit_id, Assignment.office == Office.HEAD, valid_on(Assignment, day))
    )


def main_assignment(person_id: int, day: date) -> Assignment | None:
    """A person's main service on a day."""
    return db.session.scalar(
        select(Assignment).where(
            Assignment.person_id == person_id, Assignment.is_main, valid_on(Assignment, day)
        )
    )


def main_office(person_id: int, day: date) -> tuple[str, str]:
    """Title and unit name of a person's main service on a day, in one query; empty when there is none."""
    name = (
        select(UnitPlace.name)
        .where(UnitPlace.unit_id == Assignment.unit_id, UnitPlace.valid_from <= day)
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .correlate(Assignment)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(Assignment.title, name).where(
            Assignment.person_id == person_id, Assignment.is_main, valid_on(Assignment, day)
        )
    ).first()
    return (row[0], row[1] or "") if row else ("", "")


def unit_names(unit_ids: Iterable[int], day: date) -> dict[int, str]:
    """Names of units as of a day, or the last name a unit had before it."""
    wanted = list(set(unit_ids))
    rows = db.session.execute(
        select(UnitPlace.unit_id, UnitPlace.name)
        .where(UnitPlace.unit_id.in_(wanted), UnitPlace.valid_from <= day)
        .ext(distinct_on(UnitPlace.unit_id))
        .order_by(UnitPlace.unit_id, UnitPlace.valid_from.desc())
    )
    return {row.unit_id: row.name for row in rows}


def unit_by_code(code: str, day: date) -> int | None:
    """The unit that a code names on a day."""
    return db.session.scalar(select(UnitCode.unit_id).where(UnitCode.code == code, valid_on(UnitCode, day)))


def charges(deputy_id: int, day: date) -> list[Charge]:
    """The field a deputy is in charge of on a day (Article 15.4)."""
    return list(
        db.session.scalars(select(Charge).where(Charge.deputy_id == deputy_id, valid_on(Charge, day)))
    )


def count_people() -> int:
    """How many people the register holds."""
    return db.session.scalar(select(func.count()).select_from(Person)) or 0
