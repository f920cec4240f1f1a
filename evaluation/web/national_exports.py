"""The national database: what waits and until when, the files made and handed over, and when a result was sent."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import national_exports as questions
from evaluation.services import national_export_files, national_exports, receipts
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.web import presentation
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("national_exports", __name__, url_prefix="/national-exports")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
def index() -> str:
    """What is due with its last day, who cannot be sent, and the register of files."""
    return _index([])


@blueprint.post("/make")
@answered_once
def make() -> Answer:
    """Asks for a file and shows the job."""
    try:
        job = national_exports.ask(current_actor())
    except Conflict as refused:
        db.session.rollback()
        return _index([Fault("", refused.message)]), refused.status
    return redirect(url_for("jobs.show", job_id=job.id), 303)


@blueprint.get("/<int:export_id>")
def show(export_id: int) -> str:
    """One file: what was in it, and handing it over."""
    return _show(export_id, [])


@blueprint.post("/<int:export_id>/hand-over")
def hand_over(export_id: int) -> Answer:
    """Records the receipt of a file that was handed over."""
    faults: list[Fault] = []
    at: datetime | None = None
    typed = request.form.get("at", "").strip()
    if typed:
        try:
            at = datetime.strptime(typed[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=clock.PROVINCE_ZONE)
        except ValueError:
            faults.append(Fault("at", _("Choose a day and a time.")))
    status = 422
    if not faults:
        try:
            national_exports.hand_over(
                current_actor(),
                export_id,
                receipt=request.form.get("receipt", ""),
                at=at,
                transaction_id=request.form.get("transaction_id") or None,
            )
        except (Conflict, Invalid) as refused:
            db.session.rollback()
            faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
            status = refused.status
        else:
            flash(_("The file was recorded as handed over."), "success")
            return redirect(url_for(".show", export_id=export_id), 303)
    return _show(export_id, faults), status


@blueprint.get("/<int:export_id>/file.zip")
def file(export_id: int) -> Response:
    """The stored file."""
    name, path = national_exports.download(current_actor(), export_id)
    return send_file(path, "application/zip", as_attachment=True, download_name=name)


@blueprint.get("/results")
def results() -> str:
    """When results of an official were sent, by name."""
    national_exports.require(current_actor())
    words = request.args.get("q", "")[:100]
    page = (
        questions.sent(max(1, request.args.get("page", 1, type=int)), words=words) if words.strip() else None
    )
    return render_template("national_exports/results.html", page=page, words=words)


def _index(faults: list[Fault]) -> str:
    due = national_exports.due(current_actor())
    return render_template(
        "national_exports/index.html",
        due=due,
        late=due.due_on is not None and due.due_on < clock.today(),
        page=questions.made(max(1, request.args.get("page", 1, type=int))),
        errors=[(fault.place, fault.message) for fault in faults],
    )


def _show(export_id: int, faults: list[Fault]) -> str:
    export = national_exports.export_for(current_actor(), export_id)
    return render_template(
        "national_exports/show.html",
        export=export,
        page=questions.sent(max(1, request.args.get("page", 1, type=int)), export_id=export_id),
        name=national_exports.file_name(export),
        article=national_export_files.article(),
        people=questions.names([export.made_by, export.sent_by]),
        late=(presentation.local(export.sent_at).date() if export.sent_at else clock.today()) > export.due_on,
        now=f"{presentation.local(clock.now()):%Y-%m-%dT%H:%M}",
        typed=request.form,
        transaction_id=receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
