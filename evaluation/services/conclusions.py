"""The register of conclusions that alone make a year not completed (Article 20.4.b, 20.4.d)."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Conclusion, Person
from evaluation.queries import conclusions as register
from evaluation.queries import organisation
from evaluation.queries.annual_round import Member
from evaluation.rules.grading import Blocker
from evaluation.rules.names import clean_name
from evaluation.rules.permissions import Action, Role
from evaluation.services import access, annual_round, audit, receipts, rulebooks
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

# Discipline has a register of its own; a conclusion needs no decision of discipline.
BLOCKERS = (Blocker.DEGENERATION, Blocker.UNIT_CORRUPTION)


@dataclass(frozen=True, slots=True)
class Concluded:
    """A competent body's conclusion as its document says it."""

    blocker: Blocker | None
    body: str
    document_number: str
    concluded_on: date | None


def keeps_register(actor: Actor, unit_id: int) -> bool:
    """Whether an actor keeps the register over a unit: its personnel office and Home Affairs."""
    over = {unit for role in (Role.PERSONNEL, Role.HOME_AFFAIRS) for unit in actor.standing.units_of(role)}
    return bool(over) and not over.isdisjoint(organisation.ancestors(unit_id, clock.today()))


def member_for(actor: Actor, person_id: int, year: int) -> Member:
    """An official whose register the actor keeps; nobody keeps the own."""
    member, _held = annual_round.member_for(actor, person_id, year)
    if person_id == actor.person_id or not keeps_register(actor, member.unit_id):
        said = Forbidden(_("Only the personnel office and Home Affairs keep the register of conclusions."))
        thing = (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.RECORD_ROUND, annual_round.subject_of(member), thing)
    return member


def record(
    actor: Actor, person_id: int, year: int, concluded: Concluded, *, transaction_id: str | None = None
) -> Conclusion:
    """Enters a conclusion for a year; what bars leaders only is not entered for others (Article 20.4)."""
    member = member_for(actor, person_id, year)
    known = receipts.taken(actor, transaction_id, "conclusion.recorded")
    if known is not None:
        return db.session.get_one(Conclusion, known["id"])
    faults = []
    if concluded.blocker not in BLOCKERS:
        faults.append(Fault("blocker", _("Choose what was concluded.")))
    elif not rulebooks.bars(
        concluded.blocker,
        leads=member.office.leads,
        book=rulebooks.law_of(member.rulebook),
        year=year,
    ):
        article = rulebooks.law_of(member.rulebook).article(concluded.blocker)
        faults.append(
            Fault(
                "blocker", _("This ground concerns heads and deputies only (%(article)s).", article=article)
            )
        )
    if not clean_name(concluded.body):
        faults.append(Fault("body", _("Write which competent body concluded.")))
    if not clean_name(concluded.document_number):
        faults.append(Fault("document_number", _("Write the number of the document.")))
    if concluded.concluded_on is None:
        faults.append(Fault("concluded_on", _("Write the day of the document.")))
    elif concluded.concluded_on > clock.today():
        faults.append(Fault("concluded_on", _("This day is to come.")))
    if faults:
        raise Invalid(faults)
    assert concluded.blocker is not None
    assert concluded.concluded_on is not None
    made = Conclusion(
        person_id=person_id,
        year=year,
        blocker=concluded.blocker,
        body=clean_name(concluded.body)[:300],
        document_number=clean_name(concluded.document_number)[:100],
        concluded_on=concluded.concluded_on,
        recorded_by=actor.person_id,
        recorded_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "conclusion.recorded",
        made,
        after={"year": year, "blocker": made.blocker, "document": made.document_number},
        unit_id=member.unit_id,
    )
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def withdraw(
    actor: Actor, conclusion_id: int, *, reason: str, transaction_id: str | None = None
) -> Conclusion:
    """Takes a conclusion out of use, for a reason; it stays in the register."""
    made = db.session.get(Conclusion, conclusion_id, with_for_update=True, populate_existing=True)
    if made is None:  # in the words of the door behind it: neither tells the other apart
        raise Missing(_("There is no annual round of this official in this year."))
    member = member_for(actor, made.person_id, made.year)
    if receipts.taken(actor, transaction_id, "conclusion.withdrawn") is not None:
        return made
    if made.withdrawn_at is not None:
        raise Conflict(_("This conclusion was already withdrawn."))
    why = reason_given(reason)
    made.withdrawn_at, made.withdrawn_reason = clock.now(), why
    audit.record(
        actor,
        "conclusion.withdrawn",
        made,
        before={"blocker": made.blocker, "document": made.document_number},
        reason=why,
        unit_id=member.unit_id,
    )
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def of_person(actor: Actor, person_id: int, year: int) -> tuple[Member, list[Conclusion]]:
    """The register of one official's year, withdrawn conclusions included."""
    member = member_for(actor, person_id, year)
    return member, register.of_person(person_id, year)
