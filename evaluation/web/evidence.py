"""The evidence of a line: list, upload, download, removal."""

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation.extensions import db
from evaluation.services import evidence
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("evidence", __name__, url_prefix="/evidence")
MEGABYTE = 1024 * 1024


@blueprint.get("/lines/<int:item_id>")
def line(item_id: int) -> str:
    """The files of a line, and the form for more while the sheet is a draft."""
    return _page(item_id, [])


@blueprint.post("/lines/<int:item_id>")
@answered_once
def attach(item_id: int) -> Answer | tuple[str, int]:
    """Keeps every file that can be kept and says of each other one why not."""
    files = [file for file in request.files.getlist("files") if file.filename]
    faults, kept = [], 0
    for file in files:
        try:
            evidence.attach(current_actor(), item_id, name=file.filename or "", stream=file.stream)
            kept += 1
        except Invalid as invalid:
            db.session.rollback()
            faults += invalid.faults
    if not files:
        faults.append(Fault("files", _("Choose at least one file.")))
    if kept:
        flash(_("%(count)s files were attached.", count=kept), "success")
    if faults:
        return _page(item_id, faults), 422
    return redirect(url_for(".line", item_id=item_id))


@blueprint.get("/<int:evidence_id>")
def download(evidence_id: int) -> Response:
    """The file as an attachment: never shown inside the site, whatever it holds."""
    file, path = evidence.open_for(current_actor(), evidence_id)
    response = send_file(
        path, mimetype=file.media_type, as_attachment=True, download_name=file.name, max_age=0
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/<int:evidence_id>/remove")
@answered_once
def remove(evidence_id: int) -> Answer:
    """Takes a file off its line."""
    file = evidence.remove(current_actor(), evidence_id)
    flash(_("“%(name)s” was removed from the line.", name=file.name), "success")
    return redirect(url_for(".line", item_id=file.item_id))


def _page(item_id: int, faults: list[Fault]) -> str:
    item, editable = evidence.line_for(current_actor(), item_id)
    return render_template(
        "evidence/line.html",
        item=item,
        report=item.report,
        files=[file for file in item.evidence if file.removed_at is None],
        editable=editable,
        errors=[(fault.place, fault.message) for fault in faults],
        accepted=evidence.ACCEPTED,
        megabytes=evidence.MAX_BYTES // MEGABYTE,
        most=evidence.MAX_FILES_A_LINE,
    )
