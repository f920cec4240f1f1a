"""Trials: a sheet or an agency's year under other answers to the law's open questions; forms that ask, and store nothing."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from evaluation import clock
from evaluation.models import Report, YearGrade
from evaluation.queries import organisation
from evaluation.rules.workflow import ReportState
from evaluation.services import what_ifs
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing
from evaluation.services.what_ifs import ScoreTrial
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.panels import Panel

blueprint = Blueprint("what_ifs", __name__, url_prefix="/what-if")
Answer = str | tuple[str, int]
UNSCORED = {ReportState.DRAFT, ReportState.RETURNED, ReportState.NOT_RATED}


@blueprint.get("/sheet/<int:report_id>")
def sheet(report_id: int) -> Answer:
    """What a sheet would score under other answers, or without one of its lines."""
    trial = what_ifs.of_sheet(current_actor(), report_id, request.args)
    page = render_template(
        "what_ifs/sheet.html",
        trial=trial,
        report=trial.report,
        compared=_compared(trial),
        faults={fault.place: fault.message for fault in trial.faults},
        errors=[(fault.place, fault.message) for fault in trial.faults],
        asked=bool(request.args),
    )
    return (page, 422) if trial.faults else page


@blueprint.get("/agency/<int:unit_id>/<int:year>")
def agency(unit_id: int, year: int) -> Answer:
    """Who of an agency's year would be excellent under another share, reading or rounding."""
    if not 2000 <= year <= 2100:
        raise Missing(_("There is no such year."))
    trial = what_ifs.of_agency(current_actor(), unit_id, year, request.args)
    names = organisation.unit_names([unit_id], clock.today())
    page = render_template(
        "what_ifs/agency.html",
        trial=trial,
        unit=names.get(unit_id, ""),
        unit_id=unit_id,
        year=year,
        share=request.args.get("share", ""),
        faults={fault.place: fault.message for fault in trial.faults},
        errors=[(fault.place, fault.message) for fault in trial.faults],
        asked=bool(request.args),
    )
    return (page, 422) if trial.faults else page


def _compared(trial: ScoreTrial) -> list[dict[str, Any]]:
    """Each figure as frozen and as tried."""
    then, now = trial.frozen, trial.tried
    rows = [
        (_("Quantity") + " (a)", then.quantity, now.quantity, "%"),
        (_("Quality") + " (b)", then.quality, now.quality, "%"),
        (_("Progress") + " (c)", then.progress, now.progress, "%"),
        (_("Task results"), then.task, now.task, ""),
        (_("General criteria"), then.general, now.general, ""),
        (_("Total"), then.total, now.total, ""),
    ]
    return [
        {"says": says, "frozen": before, "tried": after, "unit": unit, "differs": before != after}
        for says, before, after, unit in rows
    ]


def _sheet_panel(actor: Actor, report: Report) -> Panel | None:
    if report.state in UNSCORED or not what_ifs.may_try_sheet(actor, report):
        return None
    return Panel(
        "what_ifs/_panel.html", {"url": url_for("what_ifs.sheet", report_id=report.id), "of": "sheet"}
    )


def _grade_panel(actor: Actor, grade: YearGrade) -> Panel | None:
    if not what_ifs.may_try(actor, grade.agency_id):
        return None
    url = url_for("what_ifs.agency", unit_id=grade.agency_id, year=grade.year)
    return Panel("what_ifs/_panel.html", {"url": url, "of": "agency"})


panels.on_sheet("what_if", _sheet_panel)
panels.on_grade("what_if", _grade_panel)
