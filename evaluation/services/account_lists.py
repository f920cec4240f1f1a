"""Lists of accounts: for the page, for the six-monthly review (TCVN 14423:2026, 5.6), and what waits for a second person."""

import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.sheets import OutColumn, OutTable, write_tables
from evaluation.models import FactorReset, RoleGrant, Unit
from evaluation.queries import accounts as questions
from evaluation.queries import organisation
from evaluation.queries.accounts import Show
from evaluation.queries.jobs import province
from evaluation.queries.organisation import Subject
from evaluation.queries.pages import Page
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit
from evaluation.services.access import Actor
from evaluation.services.account_states import IDLE_DAYS
from evaluation.services.accounts import subjects_of
from evaluation.services.refusals import Forbidden
from evaluation.services.sources import source

ROLES = {
    Role.PERSONNEL: _l("Personnel office"),
    Role.HOME_AFFAIRS: _l("Home Affairs"),
    Role.INSPECTOR: _l("Inspector"),
    Role.ADMINISTRATOR: _l("Administrator"),
}
ADMINISTRATIVE = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of accounts with their roles; an account not used since `idle_before` is marked."""

    page: Page
    roles: dict[int, list[Any]]
    idle_before: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a second person, and whether this reader can be that person."""

    asked: RoleGrant | FactorReset
    name: str
    unit: str
    asked_by: str
    may_decide: bool


@dataclass(frozen=True, slots=True)
class AllWaiting:
    """What waits in the reader's units: roles, and second factors to be taken away."""

    roles: list[Waiting]
    factors: list[Waiting]

    @property
    def count(self) -> int:
        """How much of it this reader can decide."""
        return sum(one.may_decide for one in (*self.roles, *self.factors))


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready."""

    name: str
    data: bytes


def tops_of(actor: Actor) -> list[int]:
    """The units from which an actor reads accounts downwards, or a refusal where there is none."""
    roles = (Role.ADMINISTRATOR, Role.HOME_AFFAIRS, Role.INSPECTOR)
    tops = {unit_id for role in roles for unit_id in actor.standing.units_of(role)}
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    return sorted(tops)


def listed(actor: Actor, page: int, *, words: str, show: Show, role: Role | None) -> Listed:
    """One page of the accounts an actor may read."""
    today, tops = clock.today(), tops_of(actor)
    found = questions.listed(
        tops,
        today,
        page,
        idle_before=_idle_before(),
        whole=province(today) in tops,
        words=words,
        show=show,
        role=role,
    )
    roles = questions.roles_of([row.id for row in found.rows], today)
    return Listed(found, roles, _idle_before())


def _idle_before() -> datetime:
    return clock.now() - timedelta(days=current_app.config["IDLE_ACCOUNT_DAYS"] or IDLE_DAYS)


def waiting(actor: Actor) -> AllWaiting:
    """What waits for a second person in the units an actor reads accounts of."""
    tops_of(actor)
    grants, resets = questions.waiting_grants(), questions.waiting_resets()
    names = questions.names_of([one.granted_by for one in grants] + [one.asked_by for one in resets])
    return AllWaiting(
        [
            one
            for given in grants
            if (one := _waiting(actor, given, Action.APPROVE_ROLE, given.granted_by, names)) is not None
        ],
        [
            one
            for asked in resets
            if (one := _waiting(actor, asked, Action.DECIDE_FACTOR_RESET, asked.asked_by, names)) is not None
        ],
    )


def _waiting(
    actor: Actor, asked: RoleGrant | FactorReset, action: Action, by: int | None, names: dict[int, str]
) -> Waiting | None:
    if isinstance(asked, RoleGrant):
        subjects = [Subject(unit_id=asked.unit_id, person_id=asked.account.person_id)]
    else:
        subjects = subjects_of(asked.account)
    if not access.may(actor, Action.READ_ACCOUNTS, subjects[0]):
        return None
    unit = organisation.unit_names([subjects[0].unit_id], clock.today()).get(subjects[0].unit_id, "")
    may = actor.person_id != by and all(access.may_each(actor, action, subjects))
    return Waiting(asked, asked.account.person.full_name, unit, names.get(by or 0, ""), may)


def review(actor: Actor) -> Made:
    """Every account below an actor's units as .xlsx, for the review that is due every six months."""
    today, tops = clock.today(), tops_of(actor)
    rows = list(questions.everybody(tops, today, idle_before=_idle_before(), whole=province(today) in tops))
    roles = questions.roles_of([row.id for row in rows], today)
    target = io.BytesIO()
    titles = [
        _("List of accounts for review"),
        _(
            "As of %(day)s. An account not used for %(days)s days is marked.",
            day=f"{today:%d/%m/%Y}",
            days=IDLE_DAYS,
        ),
    ]
    cells = (_cells(number, row, roles[row.id]) for number, row in enumerate(rows, 1))
    write_tables([OutTable(_("Accounts"), _columns(), cells, titles)], target, source())
    unit = db.session.get_one(Unit, tops[0])
    audit.record(actor, "accounts.exported", unit, after={"accounts": len(rows)}, unit_id=unit.id)
    db.session.commit()
    return Made(f"tai-khoan-{today:%Y-%m-%d}.xlsx", target.getvalue())


def _columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), 6, "integer"),
        OutColumn(_("Username"), 18),
        OutColumn(_("Full name"), 26),
        OutColumn(_("Official number"), 16),
        OutColumn(_("Unit"), 34),
        OutColumn(_("Kind of account"), 14),
        OutColumn(_("State"), 34),
        OutColumn(_("Roles"), 44),
        OutColumn(_("Second factor"), 12),
        OutColumn(_("Opened on"), 13, "date"),
        OutColumn(_("Disabled on"), 13, "date"),
        OutColumn(_("Last used on"), 13, "date"),
        OutColumn(_("Idle days"), 10, "integer"),
    ]


def _cells(number: int, row: Any, roles: list[Any]) -> list[object]:
    running = [one for one in roles if not one.waits_for_approval]
    administrative = any(one.role in ADMINISTRATIVE for one in running)
    idle = (clock.now() - row.idle_since).days
    state = _("enabled")
    if row.disabled_at:
        state = _("disabled: %(why)s", why=_(row.disabled_because) if row.disabled_because else "–")
    elif row.idle_since < _idle_before():
        state = _("enabled, idle")
    return [
        number,
        row.username,
        row.full_name,
        row.official_number,
        row.unit or "",
        _("administration") if administrative else _("operation"),
        state,
        "; ".join(_role(one) for one in running),
        _("yes") if row.second_factor else _("no"),
        _day(row.created_at),
        _day(row.disabled_at),
        _day(row.last_use),
        idle if not row.disabled_at else None,
    ]


def _role(one: Any) -> str:
    first = f"{ROLES[Role(one.role)]} · {one.unit} · {one.valid_from:%d/%m/%Y}"
    return f"{first}–{one.valid_to - timedelta(days=1):%d/%m/%Y}" if one.valid_to else first


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(clock.PROVINCE_ZONE).date()
