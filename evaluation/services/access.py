"""The one permission function, and the doors: every object is fetched through a check it cannot forget."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask import g, has_request_context
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Period, Report, Unit
from evaluation.queries import organisation, secondments
from evaluation.queries.organisation import Standing, Subject
from evaluation.rules.permissions import Action, Relation, allowed, possible
from evaluation.rules.states import PeriodState, ReportState
from evaluation.rules.workflow import WRONG_STATE
from evaluation.services import closed_periods, moves
from evaluation.services.refusals import Conflict, Denied, Forbidden, Missing, Refusal

# What writes nothing of a sheet; for anything else its period is held open until the transaction ends.
OF_READERS = frozenset({Action.READ_REPORT, Action.LODGE_PETITION, Action.WHAT_IF})
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
        raise denied(Forbidden(_("You are not allowed to do this here.")), actor, action, subject)
    return held


def denied(
    refusal: Refusal,
    actor: Actor,
    action: Action,
    subject: Subject,
    thing: tuple[str, int] | None = None,
) -> Refusal:
    """A refusal that leaves its trace in the journal: about a thing (table and id), or about the subject's unit."""
    object_type, object_id = thing or (Unit.__tablename__, subject.unit_id)
    refusal.denied = Denied(actor.person_id, str(action), object_type, object_id, subject.unit_id)
    return refusal


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
    thing = (Report.__tablename__, report.id)
    if not allowed(Action.READ_REPORT, held):
        raise denied(Missing(_("There is no such sheet.")), actor, to, subject_of(report), thing)
    if not allowed(to, held):
        said = Forbidden(_("You are not allowed to do this here."))
        raise denied(said, actor, to, subject_of(report), thing)
    if lock and to not in OF_READERS:
        closed_periods.hold_open(report.period)
    if not in_any_state and not allowed(to, held, states_of(report)):
        if not possible(to, state_of(report.period)):
            raise closed_periods.Closed(closed_periods.sentence(report.period))
        raise Conflict(_why_not_now(report, to))
    opened(thing, subject_of(report), held)
    return report, held


def opened(thing: tuple[str, int], subject: Subject, held: frozenset[Relation]) -> None:
    """Remembers in a request what a door was opened to and by which relations: the trace of reading asks for it."""
    if has_request_context():
        g.setdefault("doors", {})[thing] = (subject, held)


def states_of(report: Report) -> tuple[ReportState, PeriodState]:
    """Where a sheet and its period stand, for the permission function."""
    return report.state, state_of(report.period)


def state_of(period: Period) -> PeriodState:
    """Whether a period can still be written to, for the permission function."""
    return PeriodState.OPEN if period.closed_at is None else PeriodState.CLOSED


def _why_not_now(report: Report, action: Action) -> str:
    said = NOT_NOW.get(action, "This cannot be done to the sheet as it stands now.")
    return f"{_(said)} {moves.last_writer(report)}".strip()


def acting_for(actor: Actor, unit_id: int) -> int | None:
    """The head on whose behalf a delegate acts for a unit; None when acting in one's own office."""
    return actor.standing.acts_for(unit_id)
