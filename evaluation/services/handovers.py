"""Handing work over to a colleague: it stays in the giver's total and adds to the receiver's results (Article 18.1.d)."""

from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Report, WorkItem
from evaluation.queries import organisation
from evaluation.queries import workplans as questions
from evaluation.rules.periods import in_words_of
from evaluation.rules.permissions import Action
from evaluation.rules.scoring import WorkKind
from evaluation.services import access, assigning, audit, moves, notices, receipts
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

GIVEN = "%(quantity)s of “%(task)s” was handed over to %(name)s. It stays in your plan of month %(month)s. Reason: %(reason)s"
RECEIVED = "You received %(quantity)s of “%(task)s” from %(name)s in month %(month)s. It adds to your results. Reason: %(reason)s"
RECEIVED_BY_YOURS = "%(receiver)s received %(quantity)s of “%(task)s” from %(name)s in month %(month)s."


def hand_over(
    actor: Actor,
    item_id: int,
    *,
    to_report_id: int | None,
    quantity: Decimal | str,
    reason: str,
    version: int | None = None,
    transaction_id: str | None = None,
) -> tuple[WorkItem, WorkItem]:
    """Moves a quantity of a planned line to a colleague of the same agency; returns the giver's and the receiver's line.

    The giver's assigned total stays the same, the receiver's too; coefficient and last day go along. Refused for more than
    what is left to do, to oneself, across agencies, and when either sheet was already sent.
    """
    known = receipts.taken(actor, transaction_id, "workplan.handed_over")
    if known:
        return db.session.get_one(WorkItem, known["given"]), db.session.get_one(WorkItem, known["received"])
    giver_id = db.session.scalar(select(WorkItem.report_id).where(WorkItem.id == item_id))
    if giver_id is None:
        raise Missing(_("There is no such sheet."))
    questions.lock({giver_id, to_report_id or giver_id})
    giver = assigning.sheet_for(actor, giver_id, version=version)
    item = db.session.get_one(WorkItem, item_id, populate_existing=True)
    amount = _terms(item, quantity)
    why = moves.reason_given(reason)
    receiver = _receiver(actor, giver, to_report_id)
    given, received = _split(actor, item, receiver, amount)
    assigning.written(giver)
    assigning.written(receiver)
    after = {"item": item.id, "quantity": amount, "given": given.id, "received": received.id}
    for report in (giver, receiver):
        audit.record(
            actor,
            "workplan.handed_over",
            report,
            after=after | {"from": giver.id, "to": receiver.id},
            reason=why,
            unit_id=report.unit_id,
            on_behalf_of=access.acting_for(actor, giver.supervising_unit_id),
        )
    _tell(giver, receiver, item.task, amount, why)
    receipts.keep(transaction_id, {"given": given.id, "received": received.id})
    db.session.commit()
    return given, received


def _terms(item: WorkItem, quantity: Decimal | str) -> Decimal:
    if item.kind is not WorkKind.PLANNED:
        raise Conflict(_("Only planned work can be handed over."))
    if any(mark.superseded_at is None for mark in item.marks):
        raise Conflict(_("A supervisor has already judged this line, so it can no longer be handed over."))
    try:
        amount = assigning.read_quantity(quantity)
    except ValueError as problem:
        raise Invalid([Fault("quantity", str(problem))]) from None
    left = item.assigned - item.done
    if amount > left:
        raise Invalid(
            [
                Fault(
                    "quantity",
                    _(
                        "%(done)s of %(assigned)s are done; at most %(left)s can be handed over.",
                        done=_plain(item.done),
                        assigned=_plain(item.assigned),
                        left=_plain(max(left, Decimal(0))),
                    ),
                )
            ]
        )
    return amount


def _receiver(actor: Actor, giver: Report, to_report_id: int | None) -> Report:
    receiver = db.session.get(Report, to_report_id) if to_report_id else None
    if (
        receiver is None
        or receiver.id == giver.id
        or (receiver.period_id, receiver.agency_id) != (giver.period_id, giver.agency_id)
    ):
        raise Invalid([Fault("to_report_id", _("Choose a colleague of the same agency."))])
    if receiver.person_id == actor.person_id:
        raise Invalid([Fault("to_report_id", _("Nobody hands work over to oneself."))])
    db.session.refresh(receiver)
    assigning.refuse_sent(receiver)
    return receiver


def _split(actor: Actor, item: WorkItem, receiver: Report, amount: Decimal) -> tuple[WorkItem, WorkItem]:
    """The planned line keeps the rest; when nothing is left it becomes the handed-over line itself."""
    received = WorkItem(
        report_id=receiver.id,
        product_version_id=item.product_version_id,
        kind=WorkKind.RECEIVED,
        ordinal=max((one.ordinal for one in receiver.items), default=0) + 1,
        task=item.task,
        coefficient=item.coefficient,
        assigned=amount,
        due_on=item.due_on,
        document_number=item.document_number,
        assigned_by=actor.person_id,
        assigned_at=clock.now(),
    )
    receiver.items.append(received)
    if amount == item.assigned:
        given = item
        given.kind = WorkKind.TRANSFERRED_OUT
    else:
        item.assigned -= amount
        given = WorkItem(
            report_id=item.report_id,
            product_version_id=item.product_version_id,
            kind=WorkKind.TRANSFERRED_OUT,
            ordinal=item.ordinal,
            task=item.task,
            coefficient=item.coefficient,
            assigned=amount,
            due_on=item.due_on,
            document_number=item.document_number,
            assigned_by=actor.person_id,
            assigned_at=clock.now(),
        )
        item.report.items.append(given)
    db.session.flush()
    given.counterpart_id, received.counterpart_id = received.id, given.id
    return given, received


def _tell(giver: Report, receiver: Report, task: str, amount: Decimal, why: str) -> None:
    month, cycle = giver.period.covers.short, giver.period.cycle
    said = {"quantity": _plain(amount), "task": task, "month": month, "reason": why}
    for told, says, other in ((giver, GIVEN, receiver), (receiver, RECEIVED, giver)):
        notices.tell(
            told.person_id,
            in_words_of(says, cycle),
            link=f"/reports/{told.id}",
            name=other.person.full_name,
            **said,
        )
    if receiver.supervising_unit_id != giver.supervising_unit_id:
        head = organisation.head_of(receiver.supervising_unit_id, clock.today())
        if head is not None and head.id != receiver.person_id:
            del said["reason"]
            notices.tell(
                head.id,
                in_words_of(RECEIVED_BY_YOURS, cycle),
                link=f"/workplans/{receiver.supervising_unit_id}/{giver.period.covers}",
                receiver=receiver.person.full_name,
                name=giver.person.full_name,
                **said,
            )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")


def item_for(actor: Actor, item_id: int) -> WorkItem:
    """A line that an actor may hand over, for the page that asks how much and to whom."""
    item = db.session.get(WorkItem, item_id)
    if item is None:
        raise Missing(_("There is no such sheet."))
    access.report_for(actor, item.report_id, to=Action.ASSIGN_WORK)
    return item
