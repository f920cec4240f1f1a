"""Accounts as their administrators see them: lists with search, roles by date, last use, what waits for a second person."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, or_, select, text

from evaluation.extensions import db
from evaluation.models import Account, FactorReset, Person, RoleGrant, Session
from evaluation.queries.organisation import valid_on
from evaluation.queries.pages import PER_PAGE, Page, page_of
from evaluation.rules.names import clean_name, fold
from evaluation.rules.permissions import Role


class Show(StrEnum):
    """Which accounts a list is narrowed to."""

    ALL = ""
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    IDLE = "IDLE"
    WITHOUT_FACTOR = "WITHOUT_FACTOR"


# A unit that was dissolved stands where it last stood, as for the permission function.
BELOW = """
with recursive place as (
    select distinct on (unit_id) unit_id, parent_id, name from unit_place
    where valid_from <= :day order by unit_id, valid_from desc
), below(unit_id) as (
    select unnest(cast(:tops as bigint[]))
    union
    select place.unit_id from place join below on place.parent_id = below.unit_id
)
"""
SERVICE = """
left join lateral (
    select unit_id, title from assignment where person_id = person.id
    order by is_main desc, valid_from desc limit 1
) service on true
"""
LAST_USE = "(select max(active_at) from session where session.account_id = account.id)"
IDLE_SINCE = f"greatest(account.created_at, account.enabled_at, {LAST_USE})"
NARROWED = {
    Show.ALL: "",
    Show.ACTIVE: "and account.disabled_at is null",
    Show.DISABLED: "and account.disabled_at is not null",
    Show.IDLE: f"and account.disabled_at is null and {IDLE_SINCE} < :idle_before",
    Show.WITHOUT_FACTOR: "and account.disabled_at is null and account.totp_confirmed_at is null",
}
ROWS = f"""
select account.id, account.username, account.created_at, account.disabled_at, account.disabled_because,
    account.enabled_at, account.totp_confirmed_at is not null as second_factor,
    {LAST_USE} as last_use, {IDLE_SINCE} as idle_since,
    person.id as person_id, person.full_name, person.official_number, place.name as unit, service.title, chosen.total
from chosen join account on account.id = chosen.id join person on person.id = account.person_id {SERVICE}
left join place on place.unit_id = service.unit_id
order by person.sort_key, account.id
"""


def listed(
    tops: Collection[int],
    day: date,
    page: int,
    *,
    idle_before: datetime,
    whole: bool,
    words: str = "",
    show: Show = Show.ALL,
    role: Role | None = None,
) -> Page:
    """Accounts of people below units, by the Vietnamese order of names; `whole` adds those who never served anywhere."""
    if words.strip() and not fold(words).split():  # nothing that can be seen was typed
        return Page([], page, 0)
    given = _given(tops, day, idle_before, whole) | {
        "patterns": [f"%{_escaped(word)}%" for word in fold(words)[:100].split()[:8]],
        "begins": f"{_escaped(clean_name(words)[:64].replace(' ', '').lower())}%" if words.strip() else None,
        "role": role.value if role else None,
        "limit": PER_PAGE,
        "offset": (page - 1) * PER_PAGE,
    }
    chosen = f"""
    , chosen as (
        select account.id, person.sort_key, count(*) over () as total
        from account join person on person.id = account.person_id {SERVICE}
        where (service.unit_id in (select unit_id from below) or service.unit_id is null and :whole)
          and (cast(:begins as text) is null or person.search_key like all (cast(:patterns as text[]))
               or account.username like :begins or lower(person.official_number) like :begins)
          and (cast(:role as text) is null or exists (
              select from role_grant where role_grant.account_id = account.id and role_grant.role = :role
              and valid_from <= :day and (valid_to is null or valid_to > :day)))
          {NARROWED[show]}
        order by person.sort_key, account.id limit :limit offset :offset
    )
    """
    return page_of(db.session.execute(text(BELOW + chosen + ROWS), given).all(), page)


def everybody(tops: Collection[int], day: date, *, idle_before: datetime, whole: bool) -> Iterator[Row[Any]]:
    """Every account below units for the review of accounts, read in handfuls."""
    chosen = f"""
    , chosen as (
        select account.id, 0 as total from account join person on person.id = account.person_id {SERVICE}
        where service.unit_id in (select unit_id from below) or service.unit_id is null and :whole
    )
    """
    given = _given(tops, day, idle_before, whole)
    yield from db.session.execute(text(BELOW + chosen + ROWS), given).yield_per(1000)


def _given(tops: Collection[int], day: date, idle_before: datetime, whole: bool) -> dict[str, Any]:
    return {"tops": list(tops), "day": day, "idle_before": idle_before, "whole": whole}


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def roles_of(account_ids: Collection[int], day: date) -> dict[int, list[Row[Any]]]:
    """The roles of accounts that hold on a day or later, with the units' names, in one query."""
    found: dict[int, list[Row[Any]]] = {account_id: [] for account_id in account_ids}
    rows = db.session.execute(
        text(
            """
            select role_grant.id, account_id, role, role_grant.unit_id, valid_from, valid_to, waits_for_approval,
                granted_by, approved_by, granter.full_name as granter, approver.full_name as approver,
                (select name from unit_place where unit_place.unit_id = role_grant.unit_id and valid_from <= :day
                 order by valid_from desc limit 1) as unit
            from role_grant
            left join person granter on granter.id = granted_by left join person approver on approver.id = approved_by
            where account_id = any(:accounts) and (valid_to is null or valid_to > :day)
            order by account_id, waits_for_approval, valid_from, role_grant.id
            """
        ),
        {"accounts": list(account_ids), "day": day},
    )
    for row in rows:
        found[row.account_id].append(row)
    return found


def roles_over(account_id: int, day: date) -> list[int]:
    """The units over which an account holds a role on a day or will hold one."""
    return list(
        db.session.scalars(
            select(RoleGrant.unit_id)
            .where(
                RoleGrant.account_id == account_id,
                ~RoleGrant.waits_for_approval,
                or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > day),
            )
            .distinct()
        )
    )


def sessions_of(account_id: int) -> list[Session]:
    """The signed-in browsers of an account, newest first."""
    return list(
        db.session.scalars(
            select(Session)
            .where(Session.account_id == account_id, Session.ended_at.is_(None))
            .order_by(Session.active_at.desc())
            .limit(PER_PAGE)
        )
    )


def last_use(account_id: int) -> datetime | None:
    """When an account was last used."""
    return db.session.scalar(select(func.max(Session.active_at)).where(Session.account_id == account_id))


def account_of_person(person_id: int) -> Account | None:
    """The account of a person."""
    return db.session.scalar(select(Account).where(Account.person_id == person_id))


def waiting_grants() -> list[RoleGrant]:
    """Roles that wait for a second person, oldest first."""
    return list(
        db.session.scalars(select(RoleGrant).where(RoleGrant.waits_for_approval).order_by(RoleGrant.id))
    )


def waiting_resets() -> list[FactorReset]:
    """Second factors that wait for a second person, oldest first."""
    return list(
        db.session.scalars(
            select(FactorReset).where(FactorReset.decided_at.is_(None)).order_by(FactorReset.id)
        )
    )


def open_reset(account_id: int) -> FactorReset | None:
    """The request for an account that nobody has decided yet."""
    return db.session.scalar(
        select(FactorReset).where(FactorReset.account_id == account_id, FactorReset.decided_at.is_(None))
    )


def names_of(person_ids: Collection[int | None]) -> dict[int, str]:
    """The names of people."""
    wanted = {one for one in person_ids if one is not None}
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted)))
    return {row.id: row.full_name for row in rows}


def holders(role: Role, unit_ids: Collection[int], day: date) -> list[int]:
    """The people who hold a role over one of these units on a day: told when something waits for them."""
    return list(
        db.session.scalars(
            select(Account.person_id)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(
                RoleGrant.role == role,
                RoleGrant.unit_id.in_(list(unit_ids)),
                ~RoleGrant.waits_for_approval,
                valid_on(RoleGrant, day),
                Account.disabled_at.is_(None),
            )
            .distinct()
        )
    )


def all_holders(role: Role, day: date) -> list[int]:
    """The people who hold a role over any unit on a day."""
    return holders(
        role, db.session.scalars(select(RoleGrant.unit_id).where(RoleGrant.role == role)).all(), day
    )


def idle(before: datetime) -> list[Account]:
    """Enabled accounts that nobody has used since a moment."""
    wanted = text(f"select account.id from account where disabled_at is null and {IDLE_SINCE} < :before")
    ids = db.session.scalars(wanted, {"before": before}).all()
    return list(db.session.scalars(select(Account).where(Account.id.in_(ids)).order_by(Account.id)))


def left(day: date) -> list[Account]:
    """Enabled accounts of people who have left the service: `left_on` is the first day after."""
    return list(
        db.session.scalars(
            select(Account)
            .join(Person, Person.id == Account.person_id)
            .where(Account.disabled_at.is_(None), Person.left_on <= day)
            .order_by(Account.id)
        )
    )
