"""A new decision takes the place of a class already decided; what rested on the old one is named (Article 21.3)."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import YearGrade
from evaluation.queries import annual_round as queries
from evaluation.queries import grades as grade_queries
from evaluation.queries import organisation
from evaluation.queries import replaced_classes as resting
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Action, Relation, Role, allowed
from evaluation.rules.workflow import GradeState
from evaluation.services import (
    access,
    annual_round,
    audit,
    grade_proposals,
    grades,
    notices,
    quotas,
    receipts,
)
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid

REPLACED = "Your class of the year %(year)s was replaced by decision %(number)s. Reason: %(reason)s"
REPLACED_OF = "The class of the year %(year)s of %(name)s was replaced by decision %(number)s."
LIST_RESTS = (
    "The class of the year %(year)s of %(name)s was replaced; the list %(award)s of %(year)s rests on the old class."
    " Work the list out again."
)
# What a new decision has for itself; everything else is taken over from the decision it replaces.
OWN = frozenset(
    {
        "id", "state", "decided_class", "reason", "decision_number", "decided_by", "decided_at", "published_at",
        "proposed_at", "superseded_at", "superseded_reason", "replaces_id", "confirming_unit_id",
    }
)  # fmt: skip


def may_replace(actor: Actor, grade: YearGrade) -> bool:
    """Whether an actor may replace a class: only the head of the managing agency above, or who stands in for that head."""
    if grade.state is GradeState.PROPOSED or grade.superseded_at is not None:
        return False
    if not (actor.standing.headed or actor.standing.delegated) or grade.person_id == actor.person_id:
        return False
    return _competent(actor, grade) is not None


def _competent(actor: Actor, grade: YearGrade) -> int | None:
    """The managing agency above the official that the actor heads or stands in for; None when there is none."""
    held = organisation.relations(actor.standing, grades.subject_of(grade))
    managing = queries.managing_agency(grade.unit_id, clock.today())
    led = actor.standing.headed | actor.standing.delegated.keys()
    return managing if allowed(Action.REPLACE_GRADE, held) and managing in led else None


def replace(
    actor: Actor,
    grade_id: int,
    klass: Band | None,
    *,
    reason: str,
    document_number: str,
    exceptional_document: str = "",
    transaction_id: str | None = None,
) -> YearGrade:
    """Issues the new decision, public at once; the old one stays readable as superseded, with the reason.

    The quota, the blockers and the mean are those of today. The official, the agency's head and, where a list of the year
    rests on the old class, Home Affairs are told.
    """
    known = receipts.taken(actor, transaction_id, "grade.replaced")
    if known is not None:
        return db.session.get_one(YearGrade, known["grade"])
    first, _held = grades.grade_for(actor, grade_id)
    grade_queries.lock_quota(first.agency_id, first.year)
    old, held = grades.grade_for(actor, grade_id, lock=True)
    managing = _competent(actor, old)
    if managing is None or Relation.OWNER in held:
        said = Forbidden(
            _(
                "Only the head of the managing agency replaces a class that was decided (Article 21.3), never the own one."
            )
        )
        thing = (YearGrade.__tablename__, old.id)
        raise access.denied(said, actor, Action.REPLACE_GRADE, grades.subject_of(old), thing)
    if old.state is GradeState.PROPOSED:
        raise Conflict(_("This class was not decided yet: decide it instead of replacing it."))
    faults, why, number = _checked(old, klass, reason, document_number)
    if faults or klass is None:
        raise Invalid(faults)
    before = quotas.beyond(old.agency_id, old.year)
    new = in_place_of(old, why)
    annual_round.require_not_above_unit(new, klass)
    if klass is Band.HTXSNV:
        quotas.check(new, exceptional_document.strip() or None)
    if exceptional_document.strip():
        why = "; ".join(
            [why, _("exceptional document %(number)s", number=exceptional_document.strip()[:100])]
        )
    new.confirming_unit_id = managing
    new.decided_class, new.reason, new.decision_number = klass, why, number
    new.decided_by, new.decided_at = actor.person_id, clock.now()
    new.state, new.published_at = GradeState.PUBLISHED, clock.now()
    db.session.flush()
    audit.record(
        actor,
        "grade.replaced",
        new,
        before={"grade": old.id, "class": old.decided_class, "number": old.decision_number},
        after={
            "grade": new.id,
            "state": new.state,
            "class": klass,
            "number": number,
            "mean": new.exact_mean,
        },
        reason=why,
        unit_id=new.unit_id,
        on_behalf_of=access.acting_for(actor, managing),
    )
    _tell(actor, old, new)
    quotas.tell_if_more_beyond(new, before)
    receipts.keep(transaction_id, {"grade": new.id})
    db.session.commit()
    return new


def _checked(
    old: YearGrade, klass: Band | None, reason: str, document_number: str
) -> tuple[list[Fault], str, str]:
    faults, why = [], ""
    if klass is None:
        faults.append(Fault("klass", _("Choose a class.")))
    elif klass is old.decided_class:
        faults.append(Fault("klass", _("This is the class that stands. Choose another one.")))
    try:
        why = reason_given(reason)
    except Invalid as refused:
        faults += refused.faults
    number = " ".join(document_number.replace("\x00", "").split())[:100]
    if not number:
        faults.append(Fault("document_number", _("Enter the number of the decision.")))
    return faults, why, number


def in_place_of(old: YearGrade, reason: str) -> YearGrade:
    """A proposal in the old decision's place, on the months as they are final today where they can be worked out again."""
    columns = [column.key for column in inspect(YearGrade).column_attrs if column.key not in OWN]
    values: dict[str, Any] = {name: getattr(old, name) for name in columns}
    values |= grade_proposals.worked_out_now(old)
    new = YearGrade(
        **values,
        confirming_unit_id=old.confirming_unit_id,
        state=GradeState.PROPOSED,
        replaces_id=old.id,
        proposed_at=clock.now(),
    )
    old.superseded_at, old.superseded_reason = clock.now(), reason
    db.session.flush()
    db.session.add(new)
    db.session.flush()
    return new


def _tell(actor: Actor, old: YearGrade, new: YearGrade) -> None:
    link, name = f"/grades/of/{new.id}", new.person.full_name
    notices.tell(
        new.person_id,
        REPLACED,
        link=link,
        year=new.year,
        number=new.decision_number,
        reason=new.reason,
    )
    told = {new.person_id, actor.person_id}
    keepers = resting.keepers(
        [new.agency_id, new.unit_id, old.confirming_unit_id], new.unit_id, Role.PERSONNEL, clock.today()
    )
    for person_id in keepers - told:
        notices.tell(person_id, REPLACED_OF, link=link, year=new.year, name=name, number=new.decision_number)
    for award in resting.lists_on(new.person_id, new.year):
        for person_id in resting.keepers([], new.unit_id, Role.HOME_AFFAIRS, clock.today()):
            notices.tell(
                person_id,
                LIST_RESTS,
                link=f"/commendations/{new.year}/{award}",
                year=new.year,
                name=name,
                award=award,
            )
