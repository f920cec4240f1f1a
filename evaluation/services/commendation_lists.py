"""Reading the lists of titles: Home Affairs and inspectors the whole province, a personnel office its own agencies."""

from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation import clock
from evaluation.models import EligibilityEntry, EligibilityRun
from evaluation.queries import commendations as queries
from evaluation.queries import jobs as job_queries
from evaluation.queries import organisation
from evaluation.queries.commendations import Filters, Lines
from evaluation.queries.organisation import Subject
from evaluation.rules.names import fold
from evaluation.rules.permissions import ALLOWED, Action, Relation
from evaluation.rules.verdicts import VerdictStatus
from evaluation.services import access
from evaluation.services.access import Actor
from evaluation.services.refusals import Forbidden, Missing

PER_PAGE = 50
Reach = frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Authority:
    """A deciding authority of a run with the counts above its list."""

    id: int
    name: str
    counts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the newest list with every authority the reader may see."""

    run: EligibilityRun
    authorities: list[Authority]
    lines: Lines


@dataclass(frozen=True, slots=True)
class Why:
    """One line with the months and the working behind it."""

    run: EligibilityRun
    line: Row[Any]
    year: Row[Any]


def reach(actor: Actor) -> Reach:
    """The authorities whose lists somebody may read; None is all, and nobody else reads any (READ_COMMENDATIONS)."""
    readers = ALLOWED[Action.READ_COMMENDATIONS]
    held = [unit_id for role, unit_id in actor.standing.roles if Relation(role.value) in readers]
    if not held:
        said, whole = (
            Forbidden(_("You are not allowed to do this here.")),
            Subject(job_queries.province(clock.today())),
        )
        raise access.denied(said, actor, Action.READ_COMMENDATIONS, whole)
    if job_queries.province(clock.today()) in held:
        return None
    return frozenset(organisation.descendants(held, clock.today()))


def may_run(actor: Actor) -> bool:
    """Whether somebody may have lists worked out, from the roles alone: for showing the button."""
    runners = ALLOWED[Action.RUN_COMMENDATIONS]
    return any(Relation(role.value) in runners for role, _unit in actor.standing.roles)


def newest(actor: Actor) -> list[tuple[EligibilityRun, list[Authority]]]:
    """The newest list of every year and title, with the authorities the reader may see."""
    within = reach(actor)
    return [(run, authorities_of(run, within)) for run in queries.newest_runs()]


def run_for(year: int, award: str) -> EligibilityRun:
    """The newest finished list of a title and year."""
    run = queries.newest_run(year, award)
    if run is None:
        raise Missing(_("This list has not been worked out yet. Ask Home Affairs to compute it."))
    return run


def authorities_of(run: EligibilityRun, within: Reach) -> list[Authority]:
    """The authorities of a run in the order of their codes."""
    known = (run.summary or {}).get("authorities", {})
    rows = [
        Authority(int(key), counts["name"], counts)
        for key, counts in known.items()
        if within is None or int(key) in within
    ]
    return sorted(rows, key=lambda one: (one.counts["code"] is None, one.counts["code"] or "", one.id))


def page(actor: Actor, year: int, award: str, filters: Filters, number: int) -> ListPage:
    """One page of the newest list, within what the reader may see."""
    within = reach(actor)
    run = run_for(year, award)
    found = queries.lines(run, _within(filters, within), max(1, number), PER_PAGE)
    return ListPage(run, authorities_of(run, within), found)


def why(actor: Actor, entry_id: int) -> Why:
    """One line of a list; one that may not be read looks missing."""
    within = reach(actor)
    run = queries.run_of(entry_id)
    line = queries.line(run, entry_id) if run else None
    if run is None or line is None:
        raise Missing(_("There is no such line in a list."))
    if within is not None and line.authority_id not in within:
        said, thing = (
            Missing(_("There is no such line in a list.")),
            (EligibilityEntry.__tablename__, entry_id),
        )
        raise access.denied(said, actor, Action.READ_COMMENDATIONS, Subject(line.authority_id), thing)
    return Why(run, line, behind(line, run))


def behind(line: Row[Any], run: EligibilityRun) -> Row[Any]:
    """The months and the working of the year behind a line."""
    return queries.sheets_of_year(line.person_id, run.year)


def filters(agency: int | None = None, status: str = "", name: str = "") -> Filters:
    """What was asked for; an unknown status is no filter, and a name is searched without accents."""
    return Filters(
        authorities=None if agency is None else (agency,),
        statuses=(status,) if status in tuple(VerdictStatus) else None,
        name=fold(name)[:100] or None,
    )


def within(actor: Actor, asked: Filters) -> Filters:
    """What was asked for, narrowed to what the reader may see."""
    return _within(asked, reach(actor))


def _within(asked: Filters, allowed: Reach) -> Filters:
    if allowed is None:
        return asked
    wanted = allowed if asked.authorities is None else allowed & set(asked.authorities)
    return replace(asked, authorities=tuple(sorted(wanted)))
