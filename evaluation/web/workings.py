"""How a result came about: a page that prints on A4, the same as Word and as PDF."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from evaluation.files import pdf
from evaluation.files.says import Reader
from evaluation.rules.working import Row, Working
from evaluation.services import workings
from evaluation.services.sources import source
from evaluation.services.workings import Opened
from evaluation.web import presentation
from evaluation.web.access import current_actor

blueprint = Blueprint("workings", __name__, url_prefix="/workings")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
READER = Reader(_, presentation.quantity, presentation.moment, presentation.period_label, presentation.band)
Answer = str | AnyResponse


@blueprint.get("/score/<int:sheet_id>")
def score(sheet_id: int) -> Answer:
    """How a frozen score came about."""
    return _page("score", workings.of_score(current_actor(), sheet_id), sheet_id=sheet_id)


@blueprint.get("/score/<int:sheet_id>.<any(docx, pdf):kind>")
def score_file(sheet_id: int, kind: str) -> Answer:
    """The same as a file."""
    return _file(kind, "score", workings.of_score(current_actor(), sheet_id), sheet_id=sheet_id)


@blueprint.get("/class/<int:grade_id>")
def grade(grade_id: int) -> Answer:
    """How a class of the year came about."""
    return _page("grade", workings.of_class(current_actor(), grade_id), grade_id=grade_id)


@blueprint.get("/class/<int:grade_id>.<any(docx, pdf):kind>")
def grade_file(grade_id: int, kind: str) -> Answer:
    """The same as a file."""
    return _file(kind, "grade", workings.of_class(current_actor(), grade_id), grade_id=grade_id)


@blueprint.get("/mean/<int:person_id>/<period>")
def mean(person_id: int, period: str) -> Answer:
    """How an official's mean of a quarter, half-year or year came about."""
    opened = workings.of_mean(current_actor(), person_id, period)
    return _page("mean", opened, person_id=person_id, period=period)


@blueprint.get("/mean/<int:person_id>/<period>.<any(docx, pdf):kind>")
def mean_file(person_id: int, period: str, kind: str) -> Answer:
    """The same as a file."""
    opened = workings.of_mean(current_actor(), person_id, period)
    return _file(kind, "mean", opened, person_id=person_id, period=period)


@blueprint.get("/unit/<int:unit_id>/<period>")
def unit(unit_id: int, period: str) -> Answer:
    """How a unit's figure of a month or a span came about."""
    of = _own_sheets()
    opened = workings.of_unit(current_actor(), unit_id, period, evaluated=of is not None)
    return _page("unit", opened, unit_id=unit_id, period=period, of=of)


@blueprint.get("/unit/<int:unit_id>/<period>.<any(docx, pdf):kind>")
def unit_file(unit_id: int, period: str, kind: str) -> Answer:
    """The same as a file."""
    of = _own_sheets()
    opened = workings.of_unit(current_actor(), unit_id, period, evaluated=of is not None)
    return _file(kind, "unit", opened, unit_id=unit_id, period=period, of=of)


@blueprint.get("/verdict/<int:entry_id>")
def verdict(entry_id: int) -> Answer:
    """How a verdict on a title came about."""
    return _page("verdict", workings.of_verdict(current_actor(), entry_id), entry_id=entry_id)


@blueprint.get("/verdict/<int:entry_id>.<any(docx, pdf):kind>")
def verdict_file(entry_id: int, kind: str) -> Answer:
    """The same as a file."""
    return _file(kind, "verdict", workings.of_verdict(current_actor(), entry_id), entry_id=entry_id)


def _own_sheets() -> str | None:
    """Whether a quarter's own sheets are asked for, not the average of the quarter."""
    return "sheets" if request.args.get("of") == "sheets" else None


def _page(name: str, opened: Opened, **address: Any) -> str:
    working = opened.working
    files = {kind: url_for(f".{name}_file", kind=kind, **address) for kind in ("docx", "pdf")}
    return render_template(
        "workings/show.html",
        working=working,
        links=_links(working, address.get("of")),
        back=_back(name, working, address),
        word_url=files["docx"],
        pdf_url=files["pdf"],
    )


def _file(kind: str, name: str, opened: Opened, **address: Any) -> Answer:
    try:
        made = _word(opened.working) if kind == "docx" else _pdf(opened.working)
    except pdf.Unavailable as missing:
        flash(missing.message(_), "warning")
        return redirect(url_for(f".{name}", **address), 303)
    media_type = WORD if kind == "docx" else "application/pdf"
    return _sent(made, media_type, f"{name}-{_ending(address)}.{kind}")


def _pdf(working: Working) -> bytes:
    return pdf.from_html(render_template("workings/paper.html", working=working))


def _word(working: Working) -> bytes:
    from evaluation.files.marked import marked  # writers that only downloads need
    from evaluation.files.workings import write_docx

    return marked(write_docx(working, READER), source(), on_its_face=True)


def _sent(data: bytes, media_type: str, name: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _ending(address: dict[str, Any]) -> str:
    return "-".join(str(value) for value in address.values() if value is not None)


def _links(working: Working, of: str | None) -> Callable[[Row], str]:
    """Where a row opens down to: the sheet of a month, or the same figure of a unit below."""

    def link(row: Row) -> str:
        if row.report_id is not None:
            return url_for("results.show", report_id=row.report_id)
        return url_for(".unit", unit_id=row.unit_id, period=str(working.period), of=of)

    return link


def _back(name: str, working: Working, address: dict[str, Any]) -> tuple[str, str] | None:
    """The page a working belongs to."""
    if name == "grade":
        return _("Class of the year"), url_for("grades.show", grade_id=address["grade_id"])
    if name == "verdict":
        return working.title, url_for("commendations.entry", entry_id=address["entry_id"])
    if name == "unit":
        return working.whose, url_for("standings.unit", unit_id=address["unit_id"])
    if working.report_id is not None:
        return _("Result"), url_for("results.show", report_id=working.report_id)
    return None
