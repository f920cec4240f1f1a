"""Results for the national database of officials: made into a file by a job, registered, handed over (Article 26.1.d)."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files import national_message as files
from evaluation.models import Job, NationalExport
from evaluation.queries import jobs as job_queries
from evaluation.queries import national_exports as queries
from evaluation.queries.national_exports import Waiting
from evaluation.queries.organisation import Subject
from evaluation.rules import national_codes
from evaluation.rules.national_codes import NationalCodes
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, jobs, receipts
from evaluation.services import national_export_files as making
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

MOST_RECEIPT = 200
LEFT_OUT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An official whose results cannot be sent, and why; `why` is a message id."""

    person_id: int
    name: str
    unit: str
    results: int
    why: str


@dataclass(frozen=True, slots=True)
class Due:
    """What waits for the national database today, until when, and who cannot be sent."""

    waiting: Waiting
    due_on: date | None
    left_out: list[LeftOut]
    codes: NationalCodes
    days: int
    article: str
    sender: str


def require(actor: Actor) -> None:
    """Only Home Affairs of the province sends results to the national database."""
    access.require(actor, Action.EXPORT_NATIONAL, Subject(job_queries.province(clock.today())))


def due(actor: Actor) -> Due:
    """What waits, with the last day: so many days after the earliest result that was not sent."""
    require(actor)
    return due_now()


def due_now() -> Due:
    """The same for the command line."""
    today, places = clock.today(), queries.places(clock.today())
    bad = places.without_code
    waiting = queries.waiting(clock.now(), bad, today)
    codes = national_codes.codes_for(today)
    rows = queries.left_out(clock.now(), bad, today, LEFT_OUT_SHOWN) if waiting.left_out else []
    return Due(
        waiting,
        making.last_day(waiting.sendable_since),
        [
            LeftOut(
                row.id,
                row.full_name,
                places.names.get(row.unit_id, ""),
                row.results,
                making.WHY[making.why_not(row.official_number, row.unit_id, places) or "NUMBER"],
            )
            for row in rows
        ],
        codes,
        making.days(),
        making.article(),
        making.sender(places),
    )


def ask(actor: Actor) -> Job:
    """Asks for a file of what changed since the last one; refused while nothing did."""
    require(actor)
    _refuse_empty()
    return jobs.ask(actor, making.MAKE.name, making.arguments_of(actor.person_id), key=making.MAKE.name)


def make_now() -> NationalExport:
    """The same file here and now, without a worker; for the command line."""
    _refuse_empty()
    arguments = making.arguments_of(None)
    for piece in making.plan(arguments):
        making.run(arguments, piece.arguments)
        db.session.commit()
    found = queries.of_token(making.stored_name(arguments))
    assert found is not None
    return found


def hand_over(
    actor: Actor,
    export_id: int,
    *,
    receipt: str,
    at: datetime | None = None,
    transaction_id: str | None = None,
) -> NationalExport:
    """Records that a file was handed over, with the number of the receipt; once."""
    if receipts.taken(actor, transaction_id, "national_export.handed_over") is not None:
        return export_for(actor, export_id)
    export = export_for(actor, export_id, lock=True)
    if export.sent_at is not None:
        raise Conflict(_("This file was already handed over."))
    moment = at or clock.now()
    faults = []
    number = " ".join(receipt.replace("\x00", "").split())
    if not number or len(number) > MOST_RECEIPT:
        says = _("Enter the number of the receipt, at most %(most)s characters.", most=MOST_RECEIPT)
        faults.append(Fault("receipt", says))
    if moment > clock.now():
        faults.append(Fault("at", _("This moment has not come yet.")))
    elif moment < export.made_at.replace(second=0, microsecond=0):
        faults.append(Fault("at", _("The file did not exist at this moment.")))
    if faults:
        raise Invalid(faults)
    export.sent_at, export.sent_by, export.receipt = moment, actor.person_id, number
    audit.record(
        actor,
        "national_export.handed_over",
        export,
        after={"receipt": number, "at": moment, "sha256": export.sha256},
    )
    receipts.keep(transaction_id, {"export": export.id})
    db.session.commit()
    return export


def export_for(actor: Actor, export_id: int, *, lock: bool = False) -> NationalExport:
    """A file of the register, for Home Affairs."""
    require(actor)
    export = db.session.get(
        NationalExport,
        export_id,
        with_for_update={"of": NationalExport} if lock else None,
        populate_existing=lock,
    )
    if export is None:
        raise Missing(_("There is no such file."))
    return export


def download(actor: Actor, export_id: int) -> tuple[str, Path]:
    """The stored file, unchanged since it was made; who took it and when is kept."""
    export = export_for(actor, export_id)
    path = making.folder() / export.stored_name
    if not path.is_file():
        raise Missing(_("This file is no longer stored. Its register stays."))
    if files.sha256_of(path) != export.sha256:
        raise Conflict(_("The stored file is not the one that was made; do not hand it over."))
    audit.record(actor, "national_export.downloaded", export, after={"sha256": export.sha256})
    db.session.commit()
    return file_name(export), path


def file_name(export: NationalExport) -> str:
    """The name the reader's machine sees."""
    return f"ket-qua-csdlqg-{export.id:05d}-{export.made_at.astimezone(clock.PROVINCE_ZONE):%Y%m%d}.zip"


def _refuse_empty() -> None:
    found = due_now()
    if not found.waiting.results:
        raise Conflict(_("Nothing has changed since the last file: there is nothing to send."))
    if not found.waiting.sendable:
        raise Conflict(_("None of the waiting results can be sent yet; mend what is listed first."))
    if not found.sender:
        raise Conflict(
            _(
                "The sender has no code: set NATIONAL_SENDER_CODE or give the province its identification code."
            )
        )
