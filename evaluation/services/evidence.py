"""Files that prove a line of work: kept outside the web root under names the server makes, never thrown away."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.evidence import ACCEPTED, MAX_BYTES, MAX_FILES_A_LINE, accept, safe_name
from evaluation.files.pictures import without_metadata
from evaluation.files.says import FileRefused
from evaluation.models import Evidence, Report, WorkItem
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, kept_files
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing
from evaluation.services.reports import EDITABLE

QUOTA_OF = timedelta(days=31)
__all__ = ["ACCEPTED", "MAX_BYTES", "MAX_FILES_A_LINE", "attach", "line_for", "open_for", "remove"]


def line_for(actor: Actor, item_id: int) -> tuple[WorkItem, bool]:
    """A line with its evidence for whoever may read its sheet, and whether they may change the evidence now."""
    item = _item(item_id)
    report, _held = access.report_for(actor, item.report_id, to=Action.READ_REPORT)
    return item, report.person_id == actor.person_id and report.state in EDITABLE


def attach(actor: Actor, item_id: int, *, name: str, stream: IO[bytes]) -> Evidence:
    """Keeps one file on the owner's line while the sheet is a draft.

    At most 10 MB a file and five files a line; the kind is told from the content, pictures lose their metadata.
    """
    report, item = _own_line(actor, item_id)
    kept = [file for file in item.evidence if file.removed_at is None]
    shown_name = safe_name(name)
    if len(kept) >= MAX_FILES_A_LINE:
        raise _refused(
            shown_name,
            _(
                "A line has at most %(limit)s files. Remove one first, or put several pages in one file.",
                limit=MAX_FILES_A_LINE,
            ),
        )
    if said := _over_quota(actor):
        raise _refused(shown_name, said)
    data = stream.read(MAX_BYTES + 1)
    try:
        kind = accept(name, data)
        data = without_metadata(data, kind)
    except FileRefused as refused:
        raise _refused(shown_name, refused.message(_)) from None
    stored = kept_files.store(data, kind)
    file = Evidence(
        item_id=item.id,
        name=shown_name,
        stored_name=stored,
        media_type=kind.media_type,
        size=len(data),
        sha256=sha256(data).hexdigest(),
        uploaded_by=actor.person_id,
        uploaded_at=clock.now(),
    )
    item.evidence.append(file)
    db.session.flush()
    audit.record(
        actor,
        "evidence.attached",
        report,
        after={"item": item.id, "evidence": file.id, "size": file.size, "sha256": file.sha256},
        unit_id=report.unit_id,
    )
    db.session.commit()
    return file


def _over_quota(actor: Actor) -> str | None:
    """Why a person may hand in no more for now; files taken off a line count too, for they are kept (fault 31)."""
    most_files, most_bytes = (
        current_app.config["EVIDENCE_FILES"],
        current_app.config["EVIDENCE_MEGABYTES"] * 1024**2,
    )
    count, size = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Evidence.size), 0)).where(
            Evidence.uploaded_by == actor.person_id, Evidence.uploaded_at > clock.now() - QUOTA_OF
        )
    ).one()
    if count < most_files and size < most_bytes:
        return None
    return _(
        "You have attached %(count)s files of %(megabytes)s MB within %(days)s days, which is as much as one person may."
        " Wait some days, or ask your administrator.",
        count=count,
        megabytes=size // 1024**2,
        days=QUOTA_OF.days,
    )


def remove(actor: Actor, evidence_id: int) -> Evidence:
    """Takes a file off its line while the sheet is a draft; the file itself is kept for the record."""
    file = _file(evidence_id)
    report, _item_of_file = _own_line(actor, file.item_id)
    if file.removed_at is None:
        file.removed_at = clock.now()
        audit.record(
            actor,
            "evidence.removed",
            report,
            before={"item": file.item_id, "evidence": file.id, "sha256": file.sha256},
            unit_id=report.unit_id,
        )
    db.session.commit()
    return file


def open_for(actor: Actor, evidence_id: int) -> tuple[Evidence, Path]:
    """A file and where it lies, for whoever may read its sheet; anything else looks missing."""
    file = _file(evidence_id)
    item = _item(file.item_id)
    access.report_for(actor, item.report_id, to=Action.READ_REPORT)
    path = kept_files.folder() / file.stored_name
    if file.removed_at is not None or not path.is_file():
        raise Missing(_("There is no such file."))
    return file, path


def _own_line(actor: Actor, item_id: int) -> tuple[Report, WorkItem]:
    item = _item(item_id)
    report, _held = access.report_for(actor, item.report_id, to=Action.WRITE_REPORT, lock=True)
    if report.state not in EDITABLE:
        raise Conflict(_("The sheet has been submitted, so its evidence can no longer be changed."))
    db.session.refresh(item, ["evidence"])
    return report, item


def _item(item_id: int) -> WorkItem:
    item = db.session.get(WorkItem, item_id)
    if item is None:
        raise Missing(
            _("There is no such sheet.")
        )  # as the door of its sheet says: neither tells the other apart
    return item


def _file(evidence_id: int) -> Evidence:
    file = db.session.get(Evidence, evidence_id)
    if file is None:
        raise Missing(_("There is no such sheet."))  # as the door of its sheet says
    return file


def _refused(name: str, message: str) -> Invalid:
    return Invalid([Fault("files", _("%(name)s: %(what)s", name=name, what=message))])
