"""Whether an agency evaluates by month or by quarter: Home Affairs changes it, from a quarter not yet begun (Article 3.4)."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import AgencyCycle
from evaluation.queries import cycles as questions
from evaluation.queries import periods as period_questions
from evaluation.queries.cycles import AgencyInCycle
from evaluation.queries.organisation import Subject
from evaluation.rules.deadlines import StepName, Timetable, due_dates
from evaluation.rules.periods import Cycle, Month, Stretch, quarter_of, starts_a_quarter, stretch_of
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit, receipts
from evaluation.services.access import Actor
from evaluation.services.refusals import Fault, Forbidden, Invalid, Missing

NUMBER_LIMIT = 100
AHEAD = 3


@dataclass(frozen=True, slots=True)
class Coming:
    """A period that will open for an agency, with the last day of each step."""

    covers: Stretch
    due: dict[StepName, date]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: the last period of the old cycle, the first ones of the new, for how many officials."""

    agency: AgencyInCycle
    cycle: Cycle
    since: date
    last: Stretch
    coming: list[Coming]
    people: int


def require(actor: Actor) -> None:
    """Refuses who holds no office of Home Affairs."""
    if not may_change(actor):
        raise Forbidden(_("You are not allowed to do this here."))


def may_change(actor: Actor) -> bool:
    """Whether the actor is of Home Affairs; over which agencies is asked for each."""
    return actor.standing.holds(Role.HOME_AFFAIRS)


def first_free_quarter() -> date:
    """The first day of the first quarter in which nothing is open yet: the earliest a cycle can change."""
    newest = questions.newest_opened()
    after = quarter_of(max(clock.today(), newest or date.min)).end
    return after


def agency_for(actor: Actor, agency_id: int | None) -> AgencyInCycle:
    """An agency whose cycle the actor may change; another looks missing."""
    found = questions.agencies(clock.today(), agency_id) if agency_id is not None else []
    if not found or not access.may(actor, Action.CHANGE_CYCLE, Subject(unit_id=found[0].id)):
        raise Missing(_("There is no such agency."))
    return found[0]


def preview(actor: Actor, agency_id: int | None, *, cycle: Cycle, since: date) -> Preview:
    """What would open when, if the change were recorded; refused as the change itself would be."""
    agency = agency_for(actor, agency_id)
    faults = _faults(agency, cycle, since)
    if faults:
        raise Invalid(faults)
    return _preview(agency, cycle, since)


def change(
    actor: Actor,
    agency_id: int | None,
    *,
    cycle: Cycle,
    since: date,
    decision_number: str,
    transaction_id: str | None = None,
) -> AgencyCycle:
    """An agency's cycle from the first day of a quarter on, by a decision with its number.

    Refused where a period of that time is open already (nothing is changed backwards), where the cycle is the same, and
    beside a change that is recorded for later.
    """
    known = receipts.taken(actor, transaction_id, "cycle.changed")
    if known:
        return db.session.get_one(AgencyCycle, known["id"])
    agency = agency_for(actor, agency_id)
    rows = questions.rows_of(agency.id, lock=True)
    number = " ".join(decision_number.split())
    faults = _faults(agency, cycle, since)
    if not number:
        faults.append(Fault("decision_number", _("Write the number of the decision.")))
    elif len(number) > NUMBER_LIMIT:
        faults.append(Fault("decision_number", _("Write at most %(limit)s characters.", limit=NUMBER_LIMIT)))
    if faults:
        raise Invalid(faults)
    before = {"cycle": agency.cycle, "since": agency.since, "decision_number": agency.decision_number}
    for row in rows:
        if row.valid_to is None:
            row.valid_to = since
    db.session.flush()
    made = AgencyCycle(
        agency_id=agency.id,
        cycle=cycle,
        valid_from=since,
        decision_number=number,
        set_by=actor.person_id,
        set_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "cycle.changed",
        made,
        before=before,
        after={"cycle": cycle, "since": since, "decision_number": number},
        unit_id=agency.id,
    )
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def _faults(agency: AgencyInCycle, cycle: Cycle, since: date) -> list[Fault]:
    if not starts_a_quarter(since):
        return [
            Fault(
                "since",
                _(
                    "A cycle changes on the first day of a quarter. Write %(before)s or %(after)s.",
                    before=f"{quarter_of(since).first_day:%d/%m/%Y}",
                    after=f"{quarter_of(since).end:%d/%m/%Y}",
                ),
            )
        ]
    opened = questions.opened_since(since)
    if opened is not None or since <= clock.today():
        return [
            Fault(
                "since",
                _(
                    "Periods from %(day)s on have begun, and a cycle is not changed backwards. The earliest day is %(earliest)s.",
                    day=f"{since:%d/%m/%Y}",
                    earliest=f"{first_free_quarter():%d/%m/%Y}",
                ),
            )
        ]
    if agency.next_from is not None:
        return [
            Fault(
                "since",
                _(
                    "Decision %(number)s already changes the cycle on %(day)s. Another change can follow once that day has come.",
                    number=agency.next_decision or "",
                    day=f"{agency.next_from:%d/%m/%Y}",
                ),
            )
        ]
    if agency.cycle is cycle:
        return [Fault("cycle", _("The agency is evaluated by this cycle already."))]
    return []


def _preview(agency: AgencyInCycle, cycle: Cycle, since: date) -> Preview:
    coming: list[Coming] = []
    stretch = stretch_of(since, cycle)
    for _number in range(AHEAD if cycle is Cycle.MONTH else 2):
        off = period_questions.days_off(stretch)
        coming.append(Coming(stretch, due_dates(stretch.first_day, stretch.end, Timetable(), off)))
        stretch = stretch.next()
    eve = Month.of(since).previous().first_day
    return Preview(
        agency,
        cycle,
        since,
        stretch_of(eve, agency.cycle),
        coming,
        questions.people_in(agency.id, clock.today()),
    )
