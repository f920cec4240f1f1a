"""Reopening a closed period: one officer asks with a reason, a second person decides; both stay readable."""

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Closing, Period, Reopening
from evaluation.queries import closings as queries
from evaluation.rules.periods import in_words_of
from evaluation.rules.permissions import Action
from evaluation.services import audit, closed_periods, closings, notices, receipts
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

LEAST_REASON = 20
ASKED = "The reopening of month %(month)s was asked for and waits for a second person. Reason: %(reason)s"
GRANTED = "Month %(month)s was reopened. Reason: %(reason)s"
REFUSED = "The reopening of month %(month)s was refused. Reason: %(reason)s"


def ask(actor: Actor, period_id: int, *, reason: str, transaction_id: str | None = None) -> Reopening:
    """Asks for a closed period to be reopened, with a reason of at least 20 characters; nothing opens by that."""
    known = receipts.taken(actor, transaction_id, "reopening.asked")
    if known:
        return db.session.get_one(Reopening, known["reopening"])
    closings.require(actor, Action.ASK_REOPENING)
    period = db.session.get(Period, period_id, with_for_update=True, populate_existing=True)
    if period is None:
        raise Missing(_("There is no such period."))
    closing = queries.newest(period_id)
    if period.closed_at is None or closing is None:
        raise Conflict(_("This period is not closed, so there is nothing to reopen."))
    if queries.waiting(period_id) is not None:
        raise Conflict(_("Its reopening was already asked for and waits for a second person."))
    text = _long_enough(reason)
    asked = Reopening(closing_id=closing.id, asked_by=actor.person_id, asked_at=clock.now(), reason=text)
    db.session.add(asked)
    db.session.flush()
    top = closings.province()
    audit.record(
        actor,
        "period.reopening_asked",
        period,
        after={"reopening": asked.id, "closing": closing.id},
        reason=text,
        unit_id=top,
    )
    for person_id in queries.deciders(top, clock.today()):
        if person_id != actor.person_id:
            _tell(person_id, ASKED, period, text)
    receipts.keep(transaction_id, {"reopening": asked.id})
    db.session.commit()
    return asked


def decide(
    actor: Actor, reopening_id: int, *, granted: bool, reason: str, transaction_id: str | None = None
) -> Reopening:
    """Grants or refuses a reopening, never one's own wish; granted, the period is open from the same moment on."""
    known = receipts.taken(actor, transaction_id, "reopening.decided")
    if known:
        return db.session.get_one(Reopening, known["reopening"])
    closings.require(actor, Action.DECIDE_REOPENING)
    first = db.session.get(Reopening, reopening_id)
    if first is None:
        raise Missing(_("There is no such wish to reopen."))
    period_id = db.session.get_one(Closing, first.closing_id).period_id
    closed_periods.take(period_id)
    period = db.session.get_one(Period, period_id, with_for_update=True, populate_existing=True)
    asked = db.session.get_one(
        Reopening, reopening_id, with_for_update={"of": Reopening}, populate_existing=True
    )
    if asked.decided_by is not None:
        raise Conflict(_("This wish was decided already."))
    if asked.asked_by == actor.person_id:
        raise Forbidden(_("You asked for it yourself: another person decides."))
    text = reason_given(reason)
    asked.decided_by, asked.decided_at = actor.person_id, clock.now()
    asked.granted, asked.decision_reason = granted, text
    db.session.flush()
    if granted:
        period.closed_at = None
        db.session.flush()
    audit.record(
        actor,
        "period.reopened" if granted else "period.reopening_refused",
        period,
        before={"closing": asked.closing_id, "asked_by": asked.asked_by},
        after={"reopening": asked.id, "granted": granted},
        reason=text,
        unit_id=closings.province(),
    )
    _tell_decided(asked, period, text)
    receipts.keep(transaction_id, {"reopening": asked.id})
    db.session.commit()
    return asked


def reopening_for(actor: Actor, reopening_id: int) -> Reopening:
    """A wish to reopen, for who may see closings."""
    closings.require_reader(actor)
    found = db.session.get(Reopening, reopening_id)
    if found is None:
        raise Missing(_("There is no such wish to reopen."))
    return found


def _tell_decided(asked: Reopening, period: Period, text: str) -> None:
    told = {asked.asked_by}
    if asked.granted:
        told |= {*queries.heads(period.id, clock.today()), *queries.petitioners(period.id)}
    for person_id in sorted(told):
        _tell(person_id, GRANTED if asked.granted else REFUSED, period, text)


def _tell(person_id: int, says: str, period: Period, reason: str) -> None:
    notices.tell(
        person_id,
        in_words_of(says, period.cycle),
        link=f"/closings/{period.id}" if says is ASKED else None,
        month=period.covers.short,
        reason=reason,
    )


def _long_enough(reason: str) -> str:
    text = reason_given(reason)
    if len(text) < LEAST_REASON:
        raise Invalid(
            [
                Fault(
                    "reason",
                    _("Write at least %(least)s characters: what must change and why.", least=LEAST_REASON),
                )
            ]
        )
    return text
