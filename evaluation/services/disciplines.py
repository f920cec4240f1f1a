"""The register of discipline: decisions with their dates, the act behind them, quashing, and the year that rested on the act."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Discipline, Person
from evaluation.queries import jobs as job_queries
from evaluation.queries import organisation
from evaluation.queries import register_lines as queries
from evaluation.queries.organisation import Subject
from evaluation.queries.pages import Page
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, audit
from evaluation.services.access import Actor
from evaluation.services.conclusions import keeps_register
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing
from evaluation.services.register_lines import line_of, take_back

FIRST_YEAR = 1990
READERS = (Role.PERSONNEL, Role.HOME_AFFAIRS, Role.INSPECTOR)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of discipline as it was typed."""

    whose: str
    form: DisciplineForm | None
    number: str
    decided_on: date | None
    starts_on: date | None
    ends_on: date | None
    duty_related: bool | None
    act_on: date | None = None
    act_unit: str = ""
    same_act_as: str = ""
    used_in_year: int | None = None


def page(actor: Actor, words: str, number: int) -> Page:
    """A page of the register within the reader's branches: personnel offices, Home Affairs, inspectors."""
    return queries.page("DISCIPLINE", words, number, _reach(actor))


def keeps(actor: Actor) -> bool:
    """Whether somebody writes in the register at all, from the roles alone: for showing the form."""
    return any(actor.standing.holds(role) for role in (Role.PERSONNEL, Role.HOME_AFFAIRS))


def decision_for(actor: Actor, line_id: int) -> Discipline:
    """One decision for its readers; else it looks missing."""
    reach = _reach(actor)
    line: Discipline | None = queries.line("DISCIPLINE", line_id)
    if line is None:
        raise Missing(_("There is no such line in the register."))
    if reach is not None and not _serves_in(line.person_id, reach):
        said, thing = (
            Missing(_("There is no such line in the register.")),
            (Discipline.__tablename__, line.id),
        )
        raise access.denied(said, actor, Action.READ_COMMENDATIONS, _subject(line.person_id), thing)
    return line


def person_of(line: Discipline) -> Person:
    """The official a decision is about."""
    return db.session.get_one(Person, line.person_id)


def same_act(line: Discipline) -> Discipline | None:
    """The other decision for the same act."""
    return db.session.get(Discipline, line.same_act_as_id) if line.same_act_as_id else None


def may_change(actor: Actor, line: Discipline) -> bool:
    """Whether the actor keeps this line of the register."""
    try:
        _require_keeper(actor, line.person_id)
    except Forbidden:
        return False
    return line.withdrawn_at is None


def record(actor: Actor, decided: Decided) -> Discipline:
    """Enters a decision (personnel office of the person, or Home Affairs; never about oneself)."""
    if not keeps(actor):
        raise Forbidden(_("Only the personnel office and Home Affairs keep the register of discipline."))
    person = db.session.scalar(select(Person).where(Person.official_number == decided.whose.strip()))
    faults = _faults(decided)
    if person is None:
        faults.insert(
            0, Fault("whose", _("No official and no unit has the code %(code)s.", code=decided.whose[:100]))
        )
        raise Invalid(faults)
    _require_keeper(actor, person.id)
    unit_id = None
    if decided.act_unit.strip():
        unit_id = organisation.unit_by_code(
            decided.act_unit.strip().upper()[:35], decided.act_on or decided.decided_on or clock.today()
        )
        if unit_id is None:
            faults.append(Fault("act_unit", _("No unit has this code on that day.")))
    same = _same_act(person.id, decided, faults)
    if faults:
        raise Invalid(faults)
    made = Discipline(
        person_id=person.id,
        form=decided.form,
        duty_related=decided.duty_related,
        decision_number=decided.number.strip()[:200],
        decided_on=decided.decided_on,
        starts_on=decided.starts_on,
        ends_on=decided.ends_on,
        act_on=decided.act_on,
        unit_id=unit_id,
        same_act_as_id=same,
        used_in_year=decided.used_in_year,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "discipline.recorded",
        made,
        after={
            "form": decided.form,
            "document": made.decision_number,
            "on": decided.decided_on,
            "since": decided.starts_on,
            "until": decided.ends_on,
            "duty_related": decided.duty_related,
            "act_on": decided.act_on,
            "act_unit": unit_id,
            "same_act_as": same,
            "used_in_year": decided.used_in_year,
        },
    )
    db.session.commit()
    return made


def change(
    actor: Actor, line_id: int, *, quashed_on: date | None, used_in_year: int | None, reason: str
) -> None:
    """Records that a decision was quashed, or the year whose class rested on its act (Article 11.3.b), with a reason."""
    decision_for(actor, line_id)  # whose line nobody reads looks missing
    line: Discipline = line_of("DISCIPLINE", line_id)
    _require_keeper(actor, line.person_id)
    if line.withdrawn_at is not None:
        raise Conflict(_("This line is no longer in force."))
    faults = []
    if quashed_on is not None and not line.decided_on <= quashed_on <= clock.today():
        faults.append(Fault("quashed_on", _("The day lies between the decision and today.")))
    faults += _year_faults(used_in_year)
    if not reason.strip():
        faults.append(Fault("reason", _("Write the document and the reason of the change.")))
    if faults:
        raise Invalid(faults)
    before = {"quashed_on": line.quashed_on, "used_in_year": line.used_in_year}
    line.quashed_on, line.used_in_year = quashed_on, used_in_year
    audit.record(
        actor,
        "discipline.changed",
        line,
        before=before,
        after={"quashed_on": quashed_on, "used_in_year": used_in_year},
        reason=reason.strip()[:2000],
    )
    db.session.commit()


def withdraw(actor: Actor, line_id: int, reason: str) -> None:
    """Takes back a decision that was entered wrongly; it stays on record and counts nowhere."""
    decision_for(actor, line_id)  # whose line nobody reads looks missing
    line: Discipline = line_of("DISCIPLINE", line_id)
    _require_keeper(actor, line.person_id)
    take_back(actor, line, reason)
    db.session.commit()


def _faults(decided: Decided) -> list[Fault]:
    faults = []
    if decided.form is None:
        faults.append(Fault("form", _("Choose the form of discipline.")))
    if not decided.number.strip():
        faults.append(Fault("number", _("Write the number of the document.")))
    if decided.duty_related is None:
        faults.append(Fault("duty_related", _("Answer yes or no.")))
    for name in ("decided_on", "starts_on", "ends_on"):
        if getattr(decided, name) is None:
            faults.append(Fault(name, _("Write this day as the decision states it.")))
    if decided.decided_on is not None and decided.decided_on > clock.today():
        faults.append(Fault("decided_on", _("This day is to come.")))
    if decided.starts_on and decided.ends_on and decided.ends_on < decided.starts_on:
        faults.append(Fault("ends_on", _("The last day stands before the first.")))
    if decided.act_on and decided.decided_on and decided.act_on > decided.decided_on:
        faults.append(Fault("act_on", _("The act stands before the decision.")))
    return faults + _year_faults(decided.used_in_year)


def _year_faults(year: int | None) -> list[Fault]:
    last = clock.today().year
    if year is None or FIRST_YEAR <= year <= last:
        return []
    return [Fault("used_in_year", _("Enter a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=last))]


def _same_act(person_id: int, decided: Decided, faults: list[Fault]) -> int | None:
    number = decided.same_act_as.strip()
    if not number:
        return None
    found = db.session.scalar(
        select(Discipline.id)
        .where(
            Discipline.person_id == person_id,
            Discipline.decision_number == number,
            Discipline.withdrawn_at.is_(None),
        )
        .order_by(Discipline.id)
        .limit(1)
    )
    if found is None:
        faults.append(
            Fault("same_act_as", _("This official has no decision %(number)s.", number=number[:100]))
        )
    return found


def _require_keeper(actor: Actor, person_id: int) -> None:
    if person_id == actor.person_id:
        raise Forbidden(_("Nobody writes in these registers about themselves."))
    subject = _subject(person_id)
    if not keeps_register(actor, subject.unit_id):
        said = Forbidden(_("Only the personnel office and Home Affairs keep the register of discipline."))
        thing = (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.READ_COMMENDATIONS, subject, thing)


def _subject(person_id: int) -> Subject:
    """An official where they serve, of the whole province where nowhere."""
    service = organisation.main_assignment(person_id, clock.today())
    return Subject(service.unit_id if service else job_queries.province(clock.today()), person_id)


def _reach(actor: Actor) -> frozenset[int] | None:
    tops = [unit_id for role, unit_id in actor.standing.roles if role in READERS]
    if not tops:
        said, whole = (
            Forbidden(_("You are not allowed to do this here.")),
            Subject(job_queries.province(clock.today())),
        )
        raise access.denied(said, actor, Action.READ_COMMENDATIONS, whole)
    if job_queries.province(clock.today()) in tops:
        return None
    return frozenset(organisation.descendants(tops, clock.today()))


def _serves_in(person_id: int, units: frozenset[int]) -> bool:
    service = organisation.main_assignment(person_id, clock.today())
    return service is not None and service.unit_id in units
