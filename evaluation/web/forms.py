"""The decree's forms as files: Mẫu số 01 and 02 as Word and PDF, the tracking sheet as Excel, a unit's papers in one file."""

from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation.files import forms as words
from evaluation.files import forms_word, pdf
from evaluation.files.marked import marked
from evaluation.files.minutes import write_minutes
from evaluation.files.tracking_sheets import write_tracking_sheets
from evaluation.files.word import COUNTRY, MOTTO
from evaluation.models import Job, Report, YearGrade
from evaluation.rules.names import fold
from evaluation.services import form_files, forms, minutes
from evaluation.services.access import Actor
from evaluation.services.form_files import Made, What
from evaluation.services.refusals import Missing
from evaluation.services.sources import source
from evaluation.web import panels, presentation
from evaluation.web.access import current_actor
from evaluation.web.panels import Panel
from evaluation.web.workings import READER

blueprint = Blueprint("forms", __name__, url_prefix="/forms")

Answer = Response | str | tuple[str, int]
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@blueprint.get("/01/<int:report_id>.<any(docx, pdf):kind>")
def period(report_id: int, kind: str) -> Answer:
    """Mẫu số 01 of a sheet; with `annex` also the authority's points and the working."""
    form = forms.period_form(current_actor(), report_id, annex=bool(request.args.get("annex")))
    name = f"Phiếu theo dõi, đánh giá {form.period} - {form.name}"
    if kind == "pdf":
        return _pdf("forms/period.html", form, name)
    with force_locale("vi"):
        return _sent(Made(name, kind, marked(forms_word.write_period_form(form, READER), source())))


@blueprint.get("/01/<int:report_id>")
def paper(report_id: int) -> Answer:
    """The same Mẫu số 01 on a page to be looked at and printed; what only helps to print it is left off the paper."""
    annex = bool(request.args.get("annex"))
    form = forms.period_form(current_actor(), report_id, annex=annex)
    tools = {
        "back": _("Back to the result"),
        "print": _("Print"),
        "other": _("Without the annex") if annex else _("With the authority's points and the working"),
    }
    return _page("forms/period.html", form, tools=tools, report_id=report_id, annex=annex)


@blueprint.get("/02/<int:grade_id>.<any(docx, pdf):kind>")
def year(grade_id: int, kind: str) -> Answer:
    """Mẫu số 02 of a class of the year."""
    return _year(forms.year_form(current_actor(), grade_id), kind)


@blueprint.get("/02/mine/<int:year>.<any(docx, pdf):kind>")
def own_year(year: int, kind: str) -> Answer:
    """The own Mẫu số 02, also before the class is decided."""
    return _year(forms.own_year_form(current_actor(), year), kind)


@blueprint.get("/tracking/<int:report_id>.xlsx")
def tracking(report_id: int) -> Answer:
    """The 14-column tracking sheet of a sheet."""
    sheet = forms.tracking_sheet(current_actor(), report_id)
    target = BytesIO()
    write_tracking_sheets([sheet], target, source())
    return _sent(Made(f"Bảng theo dõi {sheet.period} - {sheet.name}", "xlsx", target.getvalue()))


@blueprint.get("/minutes/<int:meeting_id>.docx")
def meeting(meeting_id: int) -> Answer:
    """The minutes of a review meeting as a document to be signed."""
    made = minutes.minutes(current_actor(), meeting_id)
    return _sent(
        Made(
            f"Biên bản họp xếp loại {made.year} - {made.unit}", "docx", marked(write_minutes(made), source())
        )
    )


@blueprint.get("/units/<int:unit_id>")
def unit(unit_id: int) -> Answer:
    """Which papers of a unit there are."""
    papers = form_files.papers_of(current_actor(), unit_id)
    return render_template(
        "forms/unit.html",
        unit_id=unit_id,
        papers=papers,
        periods=[one.covers for one in papers.periods],
        known_standings=presentation.known("standings.unit"),
    )


@blueprint.get("/units/<int:unit_id>/<any('01', '02', tracking):what>/<when>")
def unit_file(unit_id: int, what: str, when: str) -> Answer:
    """All papers of one kind of a unit in one file, or the job that writes it."""
    made = form_files.of_unit(current_actor(), unit_id, What(what), when)
    if isinstance(made, Job):
        return redirect(url_for("jobs.show", job_id=made.id))
    return _sent(made)


@blueprint.get("/made/<token>")
def made(token: str) -> Answer:
    """A file that a job made, for whoever asked for it."""
    return _sent(form_files.stored(current_actor(), token))


def _year(form: words.YearForm, kind: str) -> Answer:
    name = f"Phiếu xếp loại chất lượng năm {form.year} - {form.name}"
    if kind == "docx":
        return _sent(Made(name, kind, marked(forms_word.write_year_forms([form]), source())))
    return _pdf("forms/year.html", form, name)


def _pdf(template: str, form: words.PeriodForm | words.YearForm, name: str) -> Answer:
    """The form as PDF; where PDFs cannot be made, a page that says what to install and leads to the Word file."""
    try:
        return _sent(Made(name, "pdf", pdf.from_html(_page(template, form))))
    except pdf.Unavailable as refused:
        instead = request.full_path.replace(".pdf", ".docx").rstrip("?")
        return render_template("forms/no_pdf.html", message=refused.message(_), instead=instead), 503


def _page(template: str, form: words.PeriodForm | words.YearForm, **more: Any) -> str:
    """A form of the state as HTML: Vietnamese whoever reads it."""
    with force_locale("vi"):
        return render_template(template, forms=[form], words=words, country=COUNTRY, motto=MOTTO, **more)


def _sent(made: Made) -> Response:
    """An attachment under its Vietnamese name, and under one without accents for machines that cannot keep it."""
    data = BytesIO(made.data) if isinstance(made.data, bytes) else made.data
    if made.kind not in TYPES:
        raise Missing(_("There is no such file."))
    response = send_file(data, TYPES[made.kind], as_attachment=True, download_name="file")
    plain = "-".join("".join(one if one.isalnum() else " " for one in fold(made.words)).split())
    full = f"{made.words}.{made.kind}".replace("/", "-")
    response.headers.set("Content-Disposition", "attachment", filename=f"{plain}.{made.kind}")
    response.headers["Content-Disposition"] += f"; filename*=UTF-8''{_encoded(full)}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _encoded(name: str) -> str:
    """A name as RFC 5987 writes it in a header."""
    return quote(name, safe="")


def _sheet_card(actor: Actor, report: Report) -> Panel | None:
    return Panel(
        "forms/_sheet_card.html",
        {"report_id": report.id, "decree": forms.has_forms(report.rulebook)},
    )


def _grade_card(actor: Actor, grade: YearGrade) -> Panel | None:
    if not forms.has_forms(grade.rulebook):
        return None
    return Panel("forms/_grade_card.html", {"grade_id": grade.id})


panels.on_sheet("forms", _sheet_card)
panels.on_grade("forms", _grade_card)
