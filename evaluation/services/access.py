"""The one permission function, and the doors: every object is fetched through a check it cannot forget."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Period, Report
from evaluation.queries import organisation, secondments
from evaluation.queries.organisation import Standing, Subject
from evaluation.rules.permissions import Action, Relation, allowed, possible
from evaluation.rules.states import PeriodState, ReportState
from evaluation.rules.workflow import WRONG_STATE
from evaluation.services import moves
from evaluation.services.refusals import Conflict, Forbidden, Missing

log = logging.getLogger(__name__)
NOT_NOW = {
    Action.WRITE_REPORT: WRONG_STATE["submit"],
    Action.SCORE_REPORT: WRONG_STATE["score"],
    Action.CONFIRM_REPORT: WRONG_STATE["confirm"],
    Action.LODGE_PETITION: "There is nothing to petition against yet: the score of this month is not final.",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with what they are today."""

    person_id: int
    standing: Standing


def actor_of(account: Account, day: date | None = None) -> Actor:
    """The actor behind a signed-in account, as of a day (today unless said)."""
    return actor_for(account.person_id, account.id, day)


def actor_for(person_id: int, account_id: int | None, day: date | None = None) -> Actor:
    """The actor behind a person, as of a day (today unless said)."""
    return Actor(person_id, organisation.standing(person_id, account_id, day or clock.today()))


def subject_of(report: Report) -> Subject:
    """What a monthly sheet is to the permission function."""
    return Subject(
        unit_id=report.unit_id,
        person_id=report.person_id,
        supervising_unit_id=report.supervising_unit_id,
        confirming_unit_id=report.confirming_unit_id,
    )


def may(actor: Actor, action: Action, subject: Subject) -> bool:
    """Whether an actor may act upon a subject today."""
    return allowed(action, organisation.relations(actor.standing, subject))


def may_each(actor: Actor, action: Action, subjects: Collection[Subject]) -> list[bool]:
    """Whether an actor may act upon each of many subjects today, in their order and in one query."""
    return [allowed(action, held) for held in organisation.relations_to_each(actor.standing, subjects)]


def require(actor: Actor, action: Action, subject: Subject) -> frozenset[Relation]:
    """The actor's relations to a subject, or a refusal."""
    held = organisation.relations(actor.standing, subject)
    if not allowed(action, held):
        log.warning("denied %s to person %s on unit %s", action, actor.person_id, subject.unit_id)
        raise Forbidden(_("You are not allowed to do this here."))
    return held


def report_for(
    actor: Actor, report_id: int, *, to: Action, lock: bool = False, in_any_state: bool = False
) -> tuple[Report, frozenset[Relation]]:
    """A monthly sheet for an action, row-locked for writing; one that may not even be read looks missing.

    A step that its state or a closed period does not allow is a Conflict; a caller that says so itself, or only
    shows the sheet, takes it in any state.
    """
    report = db.session.get(
        Report, report_id, with_for_update={"of": Report} if lock else None, populate_existing=lock
    )
    if report is None:
        raise Missing(_("There is no such sheet."))
    held = organisation.relations(actor.standing, subject_of(report))
    if to is Action.READ_REPORT and not allowed(to, held):
        held |= secondments.sender(actor.standing, report.person_id, report.period.covers, report.unit_id)
    if not allowed(Action.READ_REPORT, held):
        log.warning("denied reading report %s to person %s", report_id, actor.person_id)
        raise Missing(_("There is no such sheet."))
    if not allowed(to, held):
        log.warning("denied %s on report %s to person %s", to, report_id, actor.person_id)
        raise Forbidden(_("You are not allowed to do this here."))
    if not in_any_state and not allowed(to, held, states_of(report)):
        raise Conflict(_why_not_now(report, to))
    return report, held


def states_of(report: Report) -> tuple[ReportState, PeriodState]:
    """Where a sheet and its period stand, for the permission function."""
    return report.state, state_of(report.period)


def state_of(period: Period) -> PeriodState:
    """Whether a period can still be written to, for the permission function."""
    return PeriodState.OPEN if period.closed_at is None else PeriodState.CLOSED


def _why_not_now(report: Report, action: Action) -> str:
    if not possible(action, state_of(report.period)):
        return _("This period is closed. To change anything in it, two persons have to reopen it.")
    said = NOT_NOW.get(action, "This cannot be done to the sheet as it stands now.")
    return f"{_(said)} {moves.last_writer(report)}".strip()


def acting_for(actor: Actor, unit_id: int) -> int | None:
    """The head on whose behalf a delegate acts for a unit; None when acting in one's own office."""
    return actor.standing.acts_for(unit_id)
