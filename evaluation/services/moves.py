"""Taking a monthly sheet one step further, and saying who was quicker when that is no longer possible."""

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import AuditEvent, ItemMark, Person, Report, WorkItem
from evaluation.rules.permissions import Relation
from evaluation.rules.workflow import REPORT_MOVES, NotAllowed, ReportState, moved
from evaluation.services.refusals import Conflict, Fault, Invalid

LEAST_REASON = 3
MOST_REASON = 2000


class Overtaken(Conflict):
    """The sheet was written since the asker read it; nothing was stored."""


def step(report: Report, action: str, held: Collection[Relation]) -> ReportState:
    """The state a sheet gets by an action, or a Conflict that names who took it where it stands."""
    try:
        return ReportState(moved(REPORT_MOVES, report.state, action, held))
    except NotAllowed as refused:
        raise Conflict(f"{_(refused.reason)} {last_writer(report)}".strip()) from None


def same_version(report: Report, version: int | None) -> None:
    """Refuses to write over what somebody else saved meanwhile; without a version nothing is compared."""
    if version is not None and version != report.version:
        raise Overtaken(
            _("The sheet of %(name)s changed after you opened it.", name=report.person.full_name)
            + f" {last_writer(report)} "
            + _("Nothing of yours was stored; compare and save again.")
        )


def last_writer(report: Report) -> str:
    """A sentence saying who last changed a sheet, and when; empty when nobody did."""
    found = db.session.execute(
        select(Person.full_name, AuditEvent.at)
        .join(Person, Person.id == AuditEvent.actor_id)
        .where(
            AuditEvent.object_type == Report.__tablename__,
            AuditEvent.object_id == report.id,
            AuditEvent.action != "report.opened",
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return ""
    at = found.at.astimezone(clock.PROVINCE_ZONE)
    return _(
        "%(name)s changed it at %(time)s on %(day)s.",
        name=found.full_name,
        time=f"{at:%H:%M}",
        day=f"{at:%d/%m/%Y}",
    )


def reason_given(reason: str | None, place: str = "reason") -> str:
    """A reason with its outer spaces taken off, or Invalid saying that one must be written."""
    text = " ".join((reason or "").replace("\x00", "").split())
    if len(text) < LEAST_REASON:
        raise Invalid([Fault(place, _("Write the reason; the person concerned will read it."))])
    if len(text) > MOST_REASON:
        raise Invalid([Fault(place, _("A reason has at most %(most)s characters.", most=MOST_REASON))])
    return text


def fresh_children(report: Report) -> None:
    """Reads a locked sheet's lines, marks and criteria anew: what was read before the lock may be old."""
    db.session.flush()
    items = db.session.scalars(
        select(WorkItem).where(WorkItem.report_id == report.id).execution_options(populate_existing=True)
    ).all()
    db.session.scalars(
        select(ItemMark)
        .where(ItemMark.item_id.in_([item.id for item in items]))
        .execution_options(populate_existing=True)
    ).all()
    for item in items:
        db.session.expire(item, ["marks"])
    for mark in report.criteria:
        db.session.expire(mark)
    db.session.expire(report, ["items", "criteria"])
