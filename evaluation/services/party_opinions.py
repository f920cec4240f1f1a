"""The Party committee's written opinion on a head or deputy (Article 21.1.c, 21.2.c)."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import PartyOpinion, Person
from evaluation.queries import annual_round as queries
from evaluation.queries.annual_round import Member
from evaluation.rules import annual_round as rules
from evaluation.rules.bands import Band
from evaluation.rules.names import clean_name
from evaluation.rules.permissions import Action
from evaluation.services import access, annual_round, audit, receipts
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid

MOST = 20_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """The document of a Party committee on one official."""

    committee: str
    text: str
    given_on: date | None
    klass: Band | None = None
    document_number: str = ""


def member_to_judge(actor: Actor, person_id: int, year: int) -> Member:
    """A head or deputy on whom the actor may record the committee's opinion; nobody records it on oneself."""
    member, _held = annual_round.member_for(actor, person_id, year)
    if not annual_round.may_record_for(actor, member):
        said, thing = Forbidden(_("You are not allowed to do this here.")), (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.RECORD_ROUND, annual_round.subject_of(member), thing)
    if not rules.party_asked(member.office):
        raise Conflict(
            _("The Party committee's opinion is asked only on heads and deputies (Article 21.1.c, 21.2.c).")
        )
    return member


def record(
    actor: Actor,
    person_id: int,
    year: int,
    opinion: Opinion,
    *,
    reason: str = "",
    transaction_id: str | None = None,
) -> PartyOpinion:
    """Records the opinion; one that is already there is superseded, for a reason, until the class is decided."""
    member = member_to_judge(actor, person_id, year)
    known = receipts.taken(actor, transaction_id, "party.recorded")
    if known is not None:
        return db.session.get_one(PartyOpinion, known["id"])
    if member.facts.decided_on is not None:
        raise Conflict(_("This class was already decided; a later opinion needs a replacement decision."))
    faults = _faults(opinion, year)
    earlier = queries.live_party(person_id, year)
    why = None
    if earlier is not None:
        try:
            why = reason_given(reason)
        except Invalid as refused:
            faults += refused.faults
    if faults:
        raise Invalid(faults)
    assert opinion.given_on is not None
    if earlier is not None:
        earlier.superseded_at = clock.now()
        db.session.flush()
    made = PartyOpinion(
        person_id=person_id,
        year=year,
        committee=clean_name(opinion.committee)[:300],
        klass=opinion.klass,
        opinion=opinion.text.replace("\x00", "").strip(),
        document_number=clean_name(opinion.document_number)[:100] or None,
        given_on=opinion.given_on,
        recorded_by=actor.person_id,
        recorded_at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "party.recorded",
        made,
        before={"opinion": earlier.id, "class": earlier.klass} if earlier else None,
        after={"year": year, "class": made.klass, "document": made.document_number},
        reason=why,
        unit_id=member.unit_id,
    )
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def _faults(opinion: Opinion, year: int) -> list[Fault]:
    faults = []
    if not clean_name(opinion.committee):
        faults.append(Fault("committee", _("Write which Party committee gave the opinion.")))
    if not clean_name(opinion.text):
        faults.append(Fault("opinion", _("Write the opinion of the committee.")))
    elif len(opinion.text) > MOST:
        faults.append(Fault("opinion", _("The opinion has at most %(most)s characters.", most=MOST)))
    if opinion.given_on is None:
        faults.append(Fault("given_on", _("Write the day of the document.")))
    elif opinion.given_on > clock.today():
        faults.append(Fault("given_on", _("This day is to come.")))
    elif not year <= opinion.given_on.year <= year + 1:
        faults.append(Fault("given_on", _("This day does not belong to the round of %(year)s.", year=year)))
    return faults
