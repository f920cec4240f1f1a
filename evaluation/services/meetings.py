"""Review meetings with their minutes: recorded once, a mistake is superseded with a reason (Article 21.1.b, 21.2.b)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import IO

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.evidence import MAX_BYTES, accept, safe_name
from evaluation.files.pictures import without_metadata
from evaluation.files.says import FileRefused
from evaluation.models import MeetingOpinion, ReviewMeeting
from evaluation.queries import annual_round as queries
from evaluation.rules.bands import Band
from evaluation.rules.names import clean_name
from evaluation.rules.permissions import Action
from evaluation.services import access, annual_round, audit, kept_files, receipts
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

MOST_MINUTES = 50_000
MOST_REMARKS = 2000
MOST_PEOPLE = 100_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a meeting said of one official."""

    klass: Band | None = None
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class Minutes:
    """A meeting as its minutes tell it."""

    held_on: date | None
    chair: str
    secretary: str
    invited: int | None
    present: int | None
    text: str
    opinions: Mapping[int, Opinion] = field(default_factory=dict)


def record(
    actor: Actor,
    agency_id: int,
    unit_id: int,
    year: int,
    minutes: Minutes,
    *,
    file: tuple[str, IO[bytes]] | None = None,
    corrects: int | None = None,
    reason: str = "",
    transaction_id: str | None = None,
) -> ReviewMeeting:
    """Records a meeting; with `corrects` it takes the place of an earlier record, for a reason.

    A correction keeps the earlier scanned file unless it brings a new one, and drops nobody whose class was decided on it.
    """
    access.require(actor, Action.RECORD_ROUND, annual_round.subject_of_unit(agency_id, unit_id))
    known = receipts.taken(actor, transaction_id, "meeting.recorded")
    if known is not None:
        return db.session.get_one(ReviewMeeting, known["id"])
    earlier = _earlier(actor, corrects)
    may = {member.person_id: member for member in queries.reviewed_in(agency_id, unit_id, year)}
    faults = _faults(minutes, year, may.keys())
    why = _why(reason, faults) if earlier is not None else None
    if earlier is not None:
        dropped = {one.person_id for one in earlier.opinions} - minutes.opinions.keys()
        faults += [
            Fault(
                f"person-{person_id}",
                _(
                    "%(name)s was classified on this meeting: the corrected record cannot leave them out.",
                    name=may[person_id].full_name,
                ),
            )
            for person_id in sorted(dropped)
            if person_id in may and may[person_id].facts.decided_on is not None
        ]
    kept = _file(file, faults)
    if faults:
        raise Invalid(faults)
    assert minutes.held_on is not None
    assert minutes.invited is not None
    assert minutes.present is not None
    if earlier is not None:
        earlier.superseded_at, earlier.superseded_reason = clock.now(), why
    made = ReviewMeeting(
        year=year,
        agency_id=agency_id,
        unit_id=unit_id,
        held_on=minutes.held_on,
        chair=clean_name(minutes.chair)[:200],
        secretary=clean_name(minutes.secretary)[:200],
        invited=minutes.invited,
        present=minutes.present,
        minutes=_plain(minutes.text),
        recorded_by=actor.person_id,
        recorded_at=clock.now(),
    )
    if kept is not None:
        made.file_name, made.stored_name, made.sha256 = kept
    elif earlier is not None and earlier.stored_name is not None:
        made.file_name, made.stored_name, made.sha256 = _copied(earlier)
    made.opinions = [
        MeetingOpinion(person_id=person_id, klass=said.klass, remarks=_plain(said.remarks) or None)
        for person_id, said in sorted(minutes.opinions.items())
    ]
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "meeting.recorded" if earlier is None else "meeting.corrected",
        made,
        before={"meeting": earlier.id} if earlier else None,
        after={
            "year": year,
            "held_on": made.held_on,
            "present": made.present,
            "classes": {str(one.person_id): one.klass for one in made.opinions},
            "sha256": made.sha256,
        },
        reason=why,
        unit_id=unit_id,
        on_behalf_of=access.acting_for(actor, unit_id),
    )
    receipts.keep(transaction_id, {"id": made.id})
    db.session.commit()
    return made


def meeting_for(actor: Actor, meeting_id: int) -> tuple[ReviewMeeting, bool]:
    """A meeting for whoever may see the unit's classes, and whether they may correct its record."""
    meeting = db.session.get(ReviewMeeting, meeting_id)
    if meeting is None:
        raise Missing(_("There is no such meeting."))
    subject = annual_round.subject_of_unit(meeting.agency_id, meeting.unit_id)
    may_read, may_record = (
        access.may(actor, action, subject) for action in (Action.READ_UNIT, Action.RECORD_ROUND)
    )
    if not may_read and not may_record:
        said, thing = Missing(_("There is no such meeting.")), (ReviewMeeting.__tablename__, meeting.id)
        raise access.denied(said, actor, Action.READ_UNIT, subject, thing)
    return meeting, may_record and meeting.superseded_at is None


def file_for(actor: Actor, meeting_id: int) -> tuple[ReviewMeeting, Path]:
    """The scanned minutes and where they lie; anything else looks missing."""
    meeting, _may = meeting_for(actor, meeting_id)
    path = kept_files.folder() / meeting.stored_name if meeting.stored_name else None
    if path is None or not path.is_file():
        raise Missing(_("There is no such file."))
    return meeting, path


def _earlier(actor: Actor, corrects: int | None) -> ReviewMeeting | None:
    if corrects is None:
        return None
    meeting_for(actor, corrects)
    earlier = db.session.get_one(ReviewMeeting, corrects, with_for_update=True, populate_existing=True)
    if earlier.superseded_at is not None:
        raise Conflict(_("This record was already corrected. Open the newest one."))
    return earlier


def _why(reason: str, faults: list[Fault]) -> str | None:
    try:
        return reason_given(reason)
    except Invalid as refused:
        faults += refused.faults
        return None


def _faults(minutes: Minutes, year: int, may: Collection[int]) -> list[Fault]:
    faults: list[Fault] = []
    if minutes.held_on is None:
        faults.append(Fault("held_on", _("Write the day of the meeting.")))
    elif minutes.held_on > clock.today():
        faults.append(Fault("held_on", _("The meeting is recorded once it was held: this day is to come.")))
    elif not year <= minutes.held_on.year <= year + 1:
        faults.append(Fault("held_on", _("This day does not belong to the round of %(year)s.", year=year)))
    for place, value, says in (
        ("chair", minutes.chair, _("Write who chaired the meeting.")),
        ("secretary", minutes.secretary, _("Write who kept the minutes.")),
        ("minutes", minutes.text, _("Write the minutes as the meeting adopted them.")),
    ):
        if not clean_name(value):
            faults.append(Fault(place, says))
    if len(minutes.text) > MOST_MINUTES:
        faults.append(Fault("minutes", _("The minutes have at most %(most)s characters.", most=MOST_MINUTES)))
    if minutes.invited is None or not 0 < minutes.invited < MOST_PEOPLE:
        faults.append(Fault("invited", _("Write how many were invited.")))
    if minutes.present is None or minutes.present <= 0:
        faults.append(Fault("present", _("Write how many were present.")))
    elif minutes.invited is not None and minutes.present > minutes.invited:
        faults.append(Fault("present", _("More were present than invited: check both numbers.")))
    if not minutes.opinions:
        faults.append(Fault("opinions", _("Choose at least one official whom the meeting reviewed.")))
    strangers = [one for one in minutes.opinions if one not in may]
    if strangers:
        faults.append(Fault("opinions", _("Choose officials whom this unit's meeting reviews.")))
    for person_id, said in minutes.opinions.items():
        if len(said.remarks) > MOST_REMARKS:
            faults.append(
                Fault(
                    f"remarks-{person_id}",
                    _("Remarks have at most %(most)s characters.", most=MOST_REMARKS),
                )
            )
    return faults


def _file(file: tuple[str, IO[bytes]] | None, faults: list[Fault]) -> tuple[str, str, str] | None:
    """Accepts the scan by its content; it is stored only when nothing else is wrong."""
    if file is None:
        return None
    name, stream = file
    try:
        data = stream.read(MAX_BYTES + 1)
        kind = accept(name, data)
        data = without_metadata(data, kind)
    except FileRefused as refused:
        faults.append(Fault("file", _("%(name)s: %(what)s", name=safe_name(name), what=refused.message(_))))
        return None
    if faults:
        return None
    return safe_name(name), kept_files.store(data, kind), sha256(data).hexdigest()


def _copied(earlier: ReviewMeeting) -> tuple[str | None, str, str | None]:
    """The earlier scan under a name of its own: each record names its file alone."""
    assert earlier.stored_name is not None
    old = kept_files.folder() / earlier.stored_name
    return earlier.file_name, kept_files.copy(old), earlier.sha256


def _plain(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").strip()
