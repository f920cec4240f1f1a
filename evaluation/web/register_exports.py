"""Exporting the registers: what the file would hold and lack, the file itself, and what a job made."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation.files.register_rows import LeftOut
from evaluation.models import ImportNoun, Job
from evaluation.queries.pages import cut
from evaluation.services import register_exports
from evaluation.services.register_exports import Made
from evaluation.web.access import current_actor
from evaluation.web.imports import XLSX

blueprint = Blueprint("register_exports", __name__, url_prefix="/imports/export")
TITLES = {ImportNoun.UNITS: _l("Export units"), ImportNoun.PEOPLE: _l("Export people")}


@blueprint.get("/<noun>")
def show(noun: str) -> str:
    """How many rows the file would hold, and each row left out with the reason."""
    preview = register_exports.preview(current_actor(), noun)
    part = preview.part
    return render_template(
        "register_exports/show.html",
        title=TITLES[preview.noun],
        people=preview.noun is ImportNoun.PEOPLE,
        total=preview.total,
        rows=None if part is None else len(part.rows),
        numbers=preview.numbers,
        **_left_out(part.left_out if part else []),
        file_url=url_for(".file", noun=noun.lower()),
    )


@blueprint.get("/<noun>/file.xlsx")
def file(noun: str) -> Response:
    """The file, or the job that makes it."""
    made = register_exports.download(current_actor(), noun)
    if isinstance(made, Job):
        return redirect(url_for("jobs.show", job_id=made.id))
    return _sent(made)


@blueprint.get("/made/<token>")
def made(token: str) -> str:
    """What a job made: the file, and the rows it left out."""
    stored = register_exports.stored(current_actor(), token)
    return render_template(
        "register_exports/show.html",
        title=TITLES[stored.noun],
        people=stored.noun is ImportNoun.PEOPLE,
        total=stored.rows,
        rows=stored.rows,
        numbers=stored.numbers,
        **_left_out(stored.left_out),
        file_url=url_for(".made_file", token=token),
    )


@blueprint.get("/made/<token>/file.xlsx")
def made_file(token: str) -> Response:
    """The file that a job made, for whoever asked for it."""
    return _sent(register_exports.stored(current_actor(), token).made)


def _left_out(found: Sequence[LeftOut]) -> dict[str, Any]:
    """One page of the rows left out, their reasons in the reader's language."""
    page = cut(found, request.args.get("page", 1, type=int))
    return {"page": page, "lines": [(one, one.message(_)) for one in page.rows]}


def _sent(made: Made) -> Response:
    data = made.data if isinstance(made.data, Path) else BytesIO(made.data)
    answer = send_file(data, mimetype=XLSX, as_attachment=True, download_name=made.name)
    answer.headers["Cache-Control"] = "no-store"  # personal data stay in no cache of the browser
    return answer
