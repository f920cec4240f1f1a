"""Review meetings: recorded with their minutes, read, corrected by a new record."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.evidence import ACCEPTED, MAX_BYTES
from evaluation.models import Person, ReviewMeeting
from evaluation.queries import annual_round as questions
from evaluation.queries import organisation
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Action
from evaluation.services import access, annual_round, meetings, receipts
from evaluation.services.meetings import Minutes, Opinion
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.annual_round import only_known_years
from evaluation.web.appointments import typed_day

blueprint = Blueprint("meetings", __name__, url_prefix="/round")
blueprint.url_value_preprocessor(only_known_years)
MEGABYTE = 1024 * 1024
Answer = str | Response | tuple[str, int]


@blueprint.route("/<int:unit_id>/<int:year>/meetings/new", methods=["GET", "POST"])
def new(unit_id: int, year: int) -> Answer:
    """The form for the meeting of a unit; `of` chooses a part of an agency."""
    chosen = request.args.get("of", unit_id, type=int)
    agency_id = questions.agency_of(unit_id, clock.today())
    if chosen not in {unit_id, agency_id, *questions.units_of(agency_id, year)}:
        raise Missing(_("There is no such unit."))
    access.require(current_actor(), Action.RECORD_ROUND, annual_round.subject_of_unit(agency_id, chosen))
    if request.method == "GET":
        return _form(agency_id, chosen, year, {}, [])
    return _record(agency_id, chosen, year, None)


@blueprint.get("/meetings/<int:meeting_id>")
def show(meeting_id: int) -> str:
    """A meeting's record as it was adopted."""
    meeting, may_correct = meetings.meeting_for(current_actor(), meeting_id)
    ids = {one.person_id for one in meeting.opinions} | {meeting.recorded_by}
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(ids)))
    people = {row.id: row.full_name for row in rows}
    return render_template(
        "annual_round/meeting.html",
        meeting=meeting,
        may_correct=may_correct,
        people=people,
        unit=organisation.unit_names([meeting.unit_id], clock.today()).get(meeting.unit_id, "–"),
    )


@blueprint.get("/meetings/<int:meeting_id>/file")
def file(meeting_id: int) -> Response:
    """The signed minutes as an attachment: never shown inside the site, whatever they hold."""
    meeting, path = meetings.file_for(current_actor(), meeting_id)
    answer = send_file(path, as_attachment=True, download_name=meeting.file_name, max_age=0)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.route("/meetings/<int:meeting_id>/correct", methods=["GET", "POST"])
def correct(meeting_id: int) -> Answer:
    """The same form, filled with the record it will take the place of."""
    meeting, may_correct = meetings.meeting_for(current_actor(), meeting_id)
    if not may_correct:
        raise Forbidden(_("This record cannot be corrected by you. Open the newest record of the meeting."))
    if request.method == "GET":
        return _form(meeting.agency_id, meeting.unit_id, meeting.year, _typed(meeting), [], meeting)
    return _record(meeting.agency_id, meeting.unit_id, meeting.year, meeting)


def _typed(meeting: ReviewMeeting) -> dict[str, str]:
    typed = {
        "held_on": meeting.held_on.isoformat(),
        "chair": meeting.chair,
        "secretary": meeting.secretary,
        "invited": str(meeting.invited),
        "present": str(meeting.present),
        "minutes": meeting.minutes,
    }
    for one in meeting.opinions:
        typed[f"class-{one.person_id}"] = one.klass.value if one.klass else ""
        typed[f"remarks-{one.person_id}"] = one.remarks or ""
    return typed


def _record(agency_id: int, unit_id: int, year: int, corrects: ReviewMeeting | None) -> Answer:
    form = request.form
    faults: list[Fault] = []
    held_on = typed_day(form, "held_on", faults)
    scan = request.files.get("file")
    try:
        made = meetings.record(
            current_actor(),
            agency_id,
            unit_id,
            year,
            _minutes(form, held_on),
            file=(scan.filename, scan.stream) if scan is not None and scan.filename else None,
            corrects=corrects.id if corrects is not None else None,
            reason=form.get("reason", ""),
            transaction_id=form.get("transaction_id"),
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        said = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        shown = faults + [fault for fault in said if fault.place not in {one.place for one in faults}]
        known = meetings.meeting_for(current_actor(), corrects.id)[0] if corrects is not None else None
        return _form(agency_id, unit_id, year, form, shown, known), refused.status
    flash(_("The meeting is on record."), "success")
    return redirect(url_for(".show", meeting_id=made.id), 303)


def _minutes(form: Mapping[str, str], held_on: date | None) -> Minutes:
    return Minutes(
        held_on=held_on,
        chair=form.get("chair", ""),
        secretary=form.get("secretary", ""),
        invited=_count(form.get("invited", "")),
        present=_count(form.get("present", "")),
        text=form.get("minutes", ""),
        opinions={
            person_id: Opinion(
                _band(form.get(f"class-{person_id}", "")), form.get(f"remarks-{person_id}", "")
            )
            for person_id in _picked()
        },
    )


def _picked() -> list[int]:
    return [
        int(value[:18]) for value in request.form.getlist("person") if value.isascii() and value.isdecimal()
    ]


def _count(text: str) -> int | None:
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdecimal() and len(clean) < 7 else None


def _band(word: str) -> Band | None:
    return Band(word) if word in set(Band) else None


def _form(
    agency_id: int,
    unit_id: int,
    year: int,
    typed: Mapping[str, str],
    faults: list[Fault],
    corrects: ReviewMeeting | None = None,
) -> str:
    actor = current_actor()
    members = questions.reviewed_in(agency_id, unit_id, year)
    units = questions.units_of(agency_id, year)
    names = organisation.unit_names({*units, agency_id, unit_id}, clock.today())
    if request.method == "POST":
        picked = set(_picked())
    elif corrects is not None:
        picked = {one.person_id for one in corrects.opinions}
    else:
        picked = {member.person_id for member in members if member.meeting_id is None}
    if corrects is not None:
        action = url_for(".correct", meeting_id=corrects.id)
    else:
        action = url_for(".new", unit_id=agency_id, year=year, of=unit_id)
    may = annual_round.may_record(actor, agency_id, agency_id)
    return render_template(
        "annual_round/meeting_form.html",
        agency_id=agency_id,
        unit_id=unit_id,
        unit=names.get(unit_id, "–"),
        units=[(unit, names.get(unit, "–")) for unit in sorted({*units, agency_id})] if may else [],
        year=year,
        members=members,
        picked=picked,
        corrects=corrects,
        action=action,
        bands=list(reversed(Band)),
        accepted=ACCEPTED,
        megabytes=MAX_BYTES // MEGABYTE,
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
