"""The journal page: who did what, the newest seal, and the file with which anybody can check it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.clock import PROVINCE_ZONE
from evaluation.files.cells import CellRefused, parse_date
from evaluation.models import AuditEvent, Job
from evaluation.queries import audit_journal as questions
from evaluation.queries.audit_journal import MOST_COUNTED, Wanted
from evaluation.services import audit_checks, audit_journal, audit_labels, receipts, seal_keys, seals
from evaluation.services.refusals import Fault
from evaluation.web import navigation
from evaluation.web.access import current_actor

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
JSON_LINES = "application/x-ndjson"


@dataclass(frozen=True)
class Asked:
    """The filters as they were typed."""

    unit: str
    person: str
    action: str
    object: str
    day: str


@blueprint.get("/")
def index() -> str:
    """A page of events, with the newest seal and the newest check above."""
    actor = current_actor()
    own = audit_journal.reach(actor)
    asked = Asked(*(request.args.get(name, "").strip()[:100] for name in Asked.__annotations__))
    wanted, faults = _wanted(asked, own)
    number = max(1, min(request.args.get("page", 1, type=int), MOST_COUNTED // 50))
    found = questions.page(wanted, number)
    last = seals.newest()
    return render_template(
        "audit/index.html",
        page=found,
        asked=asked,
        errors=[(fault.place, fault.message) for fault in faults],
        units=questions.units_named(own.units),
        actions=sorted(
            ((code, str(label)) for code, label in audit_labels.ACTIONS.items()), key=lambda one: one[1]
        ),
        label=audit_labels.label,
        about=audit_labels.object_of,
        changes=_changes,
        many=MOST_COUNTED if found.total >= MOST_COUNTED else None,
        seal=last,
        code=seals.short_code(last.root) if last else None,
        stale=last is None or seals.is_stale(),
        keys=[key.hex() for key in seal_keys.public_keys()],
        check=audit_checks.newest(),
        may_seal=audit_journal.may_seal(actor),
        transaction_id=receipts.new_id(),
    )


@blueprint.post("/seals")
def seal() -> Response:
    """A seal now, for whoever closes periods."""
    made = audit_journal.seal_now(current_actor(), transaction_id=request.form.get("transaction_id"))
    flash(
        _(
            "Seal no. %(number)s was made; its code is %(code)s.",
            number=made.number,
            code=seals.short_code(made.root),
        )
    )
    return redirect(url_for(".index"), 303)


@blueprint.get("/export.jsonl")
def export() -> Response:
    """The journal as a file, or the job that makes it."""
    made = audit_journal.export(current_actor())
    if isinstance(made, Job):
        return redirect(url_for("jobs.show", job_id=made.id))
    return _sent(BytesIO(made))


@blueprint.get("/made/<token>/export.jsonl")
def made(token: str) -> Response:
    """The file that a job made, for whoever asked for it."""
    return _sent(audit_journal.exported(current_actor(), token))


@blueprint.get("/audit_verifier.py")
def script() -> Response:
    """The one file that checks an export far away from here."""
    audit_journal.reach(current_actor())
    return send_file(
        audit_journal.verifier_script(),
        mimetype="text/x-python",
        as_attachment=True,
        download_name="audit_verifier.py",
    )


def _sent(data: Any) -> Response:
    name = f"nhat-ky-{clock.today():%Y-%m-%d}.jsonl"
    return send_file(data, mimetype=JSON_LINES, as_attachment=True, download_name=name)


def _wanted(asked: Asked, own: audit_journal.Reach) -> tuple[Wanted, list[Fault]]:
    """What was typed as the query reads it; what cannot be read is said and left out."""
    faults: list[Fault] = []
    person = since = kind = object_id = None
    if asked.person:
        person = questions.person_with(asked.person)
        if person is None:
            faults.append(Fault("person", _("There is no official with this number.")))
    if asked.object:
        kind, _space, number = asked.object.partition(" ")
        object_id = int(number) if number.isdecimal() and len(number) < 19 else None
        if number and object_id is None:
            faults.append(Fault("object", _("Write an object as report 15.")))
    if asked.day:
        try:
            day = parse_date(asked.day)
        except CellRefused:
            day = None
        if day is not None:
            since = datetime.combine(day, time(), tzinfo=PROVINCE_ZONE)
        else:
            faults.append(Fault("day", _("Write a day as 31/12/2026.")))
    wanted = Wanted(
        units=own.units,
        unit_id=int(asked.unit) if asked.unit.isdecimal() and len(asked.unit) < 19 else None,
        person_id=person,
        action=asked.action or None,
        object_type=kind or None,
        object_id=object_id,
        since=since,
        before=None if since is None else since + timedelta(days=1),
    )
    return wanted, faults


def _changes(event: AuditEvent) -> list[tuple[str, str, str]]:
    """What was and what is, name by name."""
    before, after = event.before or {}, event.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        (audit_labels.field(name), _shown(event, name, before), _shown(event, name, after)) for name in names
    ]


def _shown(event: AuditEvent, name: str, values: dict[str, Any]) -> str:
    """A value as people read it: a page by its line of the menu, states, yes and no in words."""
    value = values.get(name)
    if name == "page" and isinstance(value, str):
        return navigation.line_of(value.partition(".")[0]) or value
    if name == "state" and isinstance(value, str):
        return audit_labels.state_of(event.object_type, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = "–" if value in (None, {}, []) else value if isinstance(value, str) else str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
