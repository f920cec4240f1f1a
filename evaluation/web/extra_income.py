"""Extra income of a month or quarter: agencies with their counts, one agency's list, the file for finance."""

from io import BytesIO
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.models import Job
from evaluation.queries import extra_income as queries
from evaluation.rules.extra_income import RATES
from evaluation.rules.periods import Month, Stretch, parse_stretch, quarter_of
from evaluation.services import extra_income as services
from evaluation.services import extra_income_files as files
from evaluation.services.refusals import Conflict, Missing
from evaluation.web.access import current_actor

blueprint = Blueprint("extra_income", __name__, url_prefix="/extra-income")
PER_PAGE = 50


@blueprint.get("/")
def index() -> str | Response:
    """The agencies of a month or quarter whose list the reader may have."""
    stretch = _stretch(request.args.get("period"))
    problem: str | None = None
    agencies: list[services.Agency] = []
    book = None
    try:
        book = services.book_of(stretch)
        _asked, agencies = services.wanted(current_actor(), stretch)
    except (Missing, Conflict) as refused:
        problem = refused.message
    return render_template(
        "extra_income/index.html",
        stretch=stretch,
        choices=_choices(),
        agencies=agencies,
        problem=problem,
        **_rules(book, stretch),
    )


@blueprint.get("/<period>/<int:agency_id>")
def agency(period: str, agency_id: int) -> str:
    """One agency's list, page by page."""
    stretch = _stretch(period)
    asked, own = services.wanted(current_actor(), stretch, agency_id)
    number = max(1, min(request.args.get("page", 1, type=int), -(-own[0].lines // PER_PAGE)))
    rows = list(services.lines(asked, limit=PER_PAGE, offset=(number - 1) * PER_PAGE))
    return render_template(
        "extra_income/agency.html",
        stretch=stretch,
        agency=own[0],
        rows=rows,
        note=files.note,
        page={
            "page": number,
            "pages": max(1, -(-own[0].lines // PER_PAGE)),
            "total": own[0].lines,
            "per_page": PER_PAGE,
        },
        **_rules(services.book_of(stretch), stretch),
    )


@blueprint.get("/<period>/file.xlsx")
def file(period: str) -> Response:
    """The list as Excel, of one agency or of all the reader may have; a long one becomes a job."""
    made = files.download(current_actor(), _stretch(period), request.args.get("agency", None, type=int))
    if isinstance(made, Job):
        return redirect(url_for("jobs.show", job_id=made.id))
    return _sent(made)


@blueprint.get("/exports/<token>")
def export(token: str) -> Response:
    """A file that a job made, for whoever asked for it."""
    return _sent(files.stored(current_actor(), token))


def _sent(made: files.Made) -> Response:
    data = BytesIO(made.data) if isinstance(made.data, bytes) else made.data
    return send_file(data, made.media_type, as_attachment=True, download_name=made.name)


def _stretch(given: str | None) -> Stretch:
    if not given:
        return Month.of(clock.today()).previous()
    try:
        return parse_stretch(given)
    except ValueError:
        raise Missing(_("There is no such month or quarter.")) from None


def _choices() -> list[Stretch]:
    """Months with sheets and their quarters, newest first."""
    months = sorted({Month.of(day) for day in queries.months_with_sheets()}, reverse=True)
    found: list[Stretch] = []
    for month in months:
        quarter = quarter_of(month.first_day)
        if quarter not in found:
            found.append(quarter)
        found.append(month)
    return found


def _rules(book: Any, stretch: Stretch) -> dict[str, Any]:
    """The rates in force, for the card beside the list."""
    if book is None:
        return {"book": None, "rates": []}
    day = stretch.first_day
    return {
        "book": book,
        "rates": book.table(RATES, day),
        "article": book.article(RATES),
        "basis": book.choices["income_class"].options[book.choice("income_class", day)],
    }
