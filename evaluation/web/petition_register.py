"""The register of petitions for Home Affairs, inspectors and personnel offices: the overdue first, on screen and as a file."""

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.queries import jobs as job_questions
from evaluation.queries import organisation
from evaluation.queries import petitions as questions
from evaluation.queries.pages import Page
from evaluation.queries.petitions import Line
from evaluation.rules.workflow import PetitionState
from evaluation.services.refusals import Forbidden
from evaluation.services.sources import source
from evaluation.web import presentation
from evaluation.web.access import current_actor
from evaluation.web.petitions import OVERSEES, STATES, countdown, oversees

blueprint = Blueprint("petition_register", __name__, url_prefix="/petitions/register")
MOST_ROWS = 2000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/")
def index() -> str:
    """A page of the register."""
    found = _page(max(1, request.args.get("page", 1, type=int)))
    return render_template(
        "petitions/register.html",
        page=found,
        states=STATES,
        words=request.args.get("q", ""),
        shown=request.args.get("state", ""),
        countdown=countdown,
    )


@blueprint.get("/file.xlsx")
def file() -> Response:
    """The register as a workbook, with the filters of the page, at most two thousand rows."""
    from evaluation.files.sheets import OutColumn, write_table  # a writer that only downloads need

    found = _page(1, MOST_ROWS)
    if found.total > MOST_ROWS:
        flash(
            _(
                "%(count)s petitions are too many for one file (at most %(most)s). Narrow the list first.",
                count=presentation.quantity(found.total),
                most=presentation.quantity(MOST_ROWS),
            ),
            "warning",
        )
        return redirect(url_for(".index", q=request.args.get("q"), state=request.args.get("state")))
    columns = [
        OutColumn(_("No."), 6, "integer"),
        OutColumn(_("Full name"), 26),
        OutColumn(_("Unit"), 32),
        OutColumn(_("Against"), 24),
        OutColumn(_("Received on"), 14, "date"),
        OutColumn(_("Last day for the answer"), 14, "date"),
        OutColumn(_("State"), 20),
        OutColumn(_("Answered by"), 30),
        OutColumn(_("Answered on"), 14, "date"),
        OutColumn(_("Reason"), 46),
        OutColumn(_("Answer"), 46),
    ]
    data = write_table(
        columns,
        (_row(number, line) for number, line in enumerate(found.rows, 1)),
        title_lines=[_("Register of petitions"), _("As of %(day)s", day=presentation.day(clock.today()))],
        sheet_name=_("Petitions"),
        source=source(),
    )
    return send_file(
        BytesIO(data), XLSX, as_attachment=True, download_name=f"kien-nghi-{clock.today():%Y-%m-%d}.xlsx"
    )


def against(line: Line) -> str:
    """What a petition is about, in words."""
    if line.year is not None:
        return _("Class of the year %(year)s", year=line.year)
    return _("Score of %(month)s", month=presentation.period_label(line.month, line.cycle))  # type: ignore[arg-type]


def _row(number: int, line: Line) -> list[object]:
    late = line.state is PetitionState.LODGED and line.due_on < clock.today()
    return [
        number,
        line.name,
        line.unit or "",
        against(line),
        presentation.local(line.lodged_at).date(),
        line.due_on,
        _("Overdue") if late else str(STATES[line.state][1]),
        line.decider or "",
        presentation.local(line.decided_at).date() if line.decided_at else None,
        line.reason,
        line.answer or "",
    ]


def _page(number: int, per_page: int = 50) -> Page:
    actor, today = current_actor(), clock.today()
    if not oversees(actor):
        raise Forbidden(_("You are not allowed to do this here."))
    units = [unit for role in OVERSEES for unit in actor.standing.units_of(role)]
    within = None if job_questions.province(today) in units else organisation.descendants(units, today)
    return questions.register(
        within,
        today,
        words=request.args.get("q", "")[:100],
        shown=request.args.get("state", ""),
        number=number,
        per_page=per_page,
    )
