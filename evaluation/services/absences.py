"""Stays away from work: they decide whether a month or a year is rated (Article 11, 19)."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import or_, select

from evaluation.extensions import db
from evaluation.models import Absence
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.permissions import Action
from evaluation.services import audit, receipts
from evaluation.services.access import Actor
from evaluation.services.people import person_for
from evaluation.services.refusals import Fault, Invalid


def record_absence(
    actor: Actor | None,
    person_id: int,
    *,
    kind: AbsenceKind,
    since: date,
    until: date | None,
    document_number: str | None = None,
    transaction_id: str | None = None,
) -> Absence:
    """A stay away from work; `until` is the first day back."""
    known = receipts.taken(actor, transaction_id, "absence.recorded") if actor else None
    if known:
        return db.session.get_one(Absence, known["id"])
    person_for(actor, person_id, to=Action.CHANGE_ORGANISATION)
    if until is not None and until <= since:
        raise Invalid([Fault("until", _("The last day lies before the first day."))])
    overlap = db.session.scalar(
        select(Absence)
        .where(Absence.person_id == person_id, or_(Absence.valid_to.is_(None), Absence.valid_to > since))
        .where(Absence.valid_from < until if until is not None else Absence.id > 0)
    )
    if overlap is not None:
        raise Invalid(
            [
                Fault(
                    "since",
                    _(
                        "An absence from %(first)s already covers these days.",
                        first=f"{overlap.valid_from:%d/%m/%Y}",
                    ),
                )
            ]
        )
    absence = Absence(
        person_id=person_id,
        kind=kind,
        valid_from=since,
        valid_to=until,
        document_number=document_number or None,
    )
    db.session.add(absence)
    db.session.flush()
    audit.record(actor, "absence.recorded", absence, after={"kind": kind, "since": since, "until": until})
    receipts.keep(transaction_id, {"id": absence.id})
    db.session.commit()
    return absence
