"""The class an official gives the own year on form 02 (Article 21.1.a, 21.2.a)."""

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import SelfClassification
from evaluation.queries import annual_round as queries
from evaluation.rules.bands import Band
from evaluation.services import annual_round, audit, receipts
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

MOST_NOTE = 2000


def classify(
    actor: Actor, year: int, klass: Band | None, *, note: str = "", transaction_id: str | None = None
) -> SelfClassification:
    """The official's own class of the year; a later one supersedes, and after the meeting it needs a reason.

    It opens on the rulebook's day and ends with the decision of the class.
    """
    if receipts.taken(actor, transaction_id, "self.classified") is not None:
        known = queries.live_self(actor.person_id, year)
        assert known is not None
        return known
    member = queries.of_person(actor.person_id, year)
    if member is None:
        raise Missing(_("There is no annual round for you in this year."))
    dates = annual_round.timeline(member, year).dates
    if dates is None:
        raise Missing(_("There is no annual round in this year."))
    if clock.today() < dates.opens:
        raise Conflict(_("You may classify your year yourself from %(day)s.", day=f"{dates.opens:%d/%m/%Y}"))
    if member.facts.decided_on is not None:
        raise Conflict(_("Your class of the year was decided; your own classification stays as it is."))
    if klass is None:
        raise Invalid([Fault("klass", _("Choose a class."))])
    text = note.replace("\x00", "").strip()
    if len(text) > MOST_NOTE:
        raise Invalid([Fault("note", _("A note has at most %(most)s characters.", most=MOST_NOTE))])
    earlier = queries.live_self(actor.person_id, year)
    if earlier is not None and member.facts.meeting_on is not None:
        text = reason_given(text, "note")
    if earlier is not None:
        earlier.superseded_at = clock.now()
        db.session.flush()
    given = SelfClassification(
        person_id=actor.person_id, year=year, klass=klass, note=text or None, given_at=clock.now()
    )
    db.session.add(given)
    db.session.flush()
    audit.record(
        actor,
        "self.classified",
        given,
        before={"class": earlier.klass} if earlier else None,
        after={"year": year, "class": klass},
        reason=text or None,
        unit_id=member.unit_id,
    )
    receipts.keep(transaction_id, {"id": given.id})
    db.session.commit()
    return given
