"""Results with their arithmetic: my months of a year, and one sheet for whoever may read it."""

from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evaluation import clock
from evaluation.models import Report, Stage, WorkItem
from evaluation.queries import readings as reading_questions
from evaluation.queries import reports as report_questions
from evaluation.queries import results as questions
from evaluation.queries.results import Happening
from evaluation.rules.explain import parse_exact
from evaluation.rules.periods import Span
from evaluation.rules.permissions import Action, Role
from evaluation.rules.workflow import ReportState
from evaluation.services import access, forms
from evaluation.services.refusals import Missing
from evaluation.services.scores import live_mark
from evaluation.web import panels, presentation, sheet_page
from evaluation.web.access import current_actor
from evaluation.web.timeline import steps_of

blueprint = Blueprint("results", __name__, url_prefix="/results")

STATES = {
    ReportState.DRAFT: (_l("Drafting"), "now"),
    ReportState.SUBMITTED: (_l("Submitted"), "info"),
    ReportState.RETURNED: (_l("Returned"), "warn"),
    ReportState.SCORED: (_l("Scored, waiting to be confirmed"), "info"),
    ReportState.CONFIRMED: (_l("Confirmed"), "ok"),
    ReportState.PUBLISHED: (_l("Published"), "ok"),
    ReportState.NOT_RATED: (_l("Not rated"), ""),
}
STAGES = (
    (Stage.OWN, _l("Self-assessment")),
    (Stage.SUPERVISOR, _l("Supervisor's score")),
    (Stage.FINAL, _l("Final score")),
)
ACTIONS = {
    "report.saved": _l("Draft saved"),
    "report.work_added": _l("Work outside the plan added"),
    "report.work_removed": _l("Added work removed"),
    "report.submitted": _l("Submitted"),
    "report.withdrawn": _l("Withdrawn"),
    "report.returned": _l("Returned"),
    "report.scored": _l("Scored"),
    "report.confirmed": _l("Confirmed"),
    "report.sent_back": _l("Sent back to the supervisor"),
    "report.published": _l("Published"),
    "report.opened": _l("Opened by the supervisor"),
    "report.marked": _l("Finding recorded by the supervisor"),
    "report.accepted": _l("Accepted as self-assessed"),
    "workplan.assigned": _l("Work assigned"),
    "workplan.saved": _l("Assigned work changed"),
    "workplan.copied": _l("Work copied from last month"),
    "workplan.shared": _l("Work assigned to all holders of the position"),
    "workplan.removed": _l("Assigned work removed"),
    "workplan.handed_over": _l("Work handed over"),
    "evidence.attached": _l("Evidence attached"),
    "evidence.removed": _l("Evidence removed"),
}
# Keys for machines: they say nothing to a reader.
HIDDEN = frozenset({"version", "item", "evidence", "sha256"})


@blueprint.get("/")
def index() -> str:
    """My months of a year with their totals, and the means of quarters, half-years and the year."""
    person_id = current_actor().person_id
    years = questions.years_of(person_id) or [clock.today().year]
    asked = request.args.get("year", "")
    year = int(asked[:4]) if asked.isdecimal() and int(asked[:4]) in years else years[0]
    months = questions.months_of(person_id, year)
    return render_template(
        "results/index.html",
        year=year,
        years=years,
        months=months,
        trend=[parse_exact(line.final) if line.final else None for line in reversed(months)],
        spans=[
            (Span(span.kind, span.year, span.index), span) for span in questions.spans_of(person_id, year)
        ],
        states=STATES,
        absences=sheet_page.ABSENCES,
    )


@blueprint.get("/<int:report_id>")
def show(report_id: int) -> str:
    """A sheet as it stands: three scores side by side with their working, lines, criteria, history."""
    actor = current_actor()
    known = report_questions.loaded_with_scores(
        report_id
    )  # held, so that the door finds it without asking again
    if known is None:
        raise Missing(_("There is no such sheet."))
    report, _held = access.report_for(actor, report_id, to=Action.READ_REPORT)
    sheets = known[1]
    happenings = questions.history(report)
    around = report_questions.around(report, clock.today())
    return render_template(
        "results/show.html",
        report=report,
        mine=actor.person_id == report.person_id,
        form_01=forms.has_forms(report.rulebook),
        state=STATES[report.state],
        steps=steps_of(report, around, None),
        stages=[(stage, label, sheets.get(stage)) for stage, label in STAGES],
        sheets=sheets,
        scored=Stage.SUPERVISOR in sheets or Stage.FINAL in sheets,
        rows=[_line(item, number) for number, item in enumerate(report.items, 1)],
        criteria=sheet_page.criterion_rows(report, sheet_page.Typed(None, [])),
        given={row.code: row for row in report.criteria},
        events=_told([one for one in happenings if one.event.action != "report.read"]),
        readings=reading_questions.count_of_sheet(report.id, report.person_id),
        may_see_readers=actor.person_id == report.person_id or actor.standing.holds(Role.INSPECTOR),
        unit=around.units,
        around=around,
        labels=_labels(report),
        absences=sheet_page.ABSENCES,
        panels=panels.of_sheet(actor, report),
    )


def _line(item: WorkItem, number: int) -> dict[str, Any]:
    """A line with the official's facts, the supervisor's, and the reason where they differ."""
    mark = live_mark(item)
    return {
        "item": item,
        "number": number,
        "detail": sheet_page.detail(item),
        "tag": sheet_page.kind_tag(item),
        "mark": mark,
        "files": [file for file in item.evidence if file.removed_at is None],
        "exempt": bool(mark and (mark.exempt_quality_fails or mark.exempt_delays)),
    }


def _told(happenings: list[Happening]) -> list[dict[str, Any]]:
    """Events as sentences; drafts saved one after another by one person are one line."""
    told = []
    for _key, run in groupby(happenings, key=_run_key):
        events = list(run)
        newest = events[0]
        label = ACTIONS.get(newest.event.action)
        told.append(
            {
                "says": str(label) if label else newest.event.action,
                "times": len(events),
                "at": newest.event.at,
                "name": newest.name,
                "behalf": newest.behalf,
                "reason": newest.event.reason,
                "changes": _changes(events),
            }
        )
    return told


def _labels(report: Report) -> dict[str, str]:
    """What the places of a change are called on the page."""
    names = {
        "state": _("state"),
        "total": _("total"),
        "late": _("late"),
        "code": _("receipt code"),
        "task": _("work"),
        "coefficient": _("coefficient"),
        "done": _("done quantity"),
        "strengths": _("Strengths"),
        "shortcomings": _("Shortcomings"),
        "size": _("size in bytes"),
    }
    columns = {
        "done": _("Done"),
        "quality_fails": _("Failed reviews"),
        "delays": _("Delays"),
        "done_on": _("Finished on"),
        "note": _("Note"),
    }
    for number, item in enumerate(report.items, 1):
        for name, column in columns.items():
            names[f"line-{item.id}-{name}"] = _("row %(number)s, %(column)s", number=number, column=column)
    for row in report.criteria:
        names[f"criterion-{row.code}"] = _("criterion %(code)s", code=row.code[1:])
    return names


def _run_key(one: Happening) -> tuple[str, int | None, int]:
    alone = 0 if one.event.action == "report.saved" else one.event.id
    return (one.event.action, one.event.actor_id, alone)


def _shown(key: str, value: Any) -> str:
    if key == "state" and value in STATES:
        return str(STATES[ReportState(value)][0])
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and key not in ("task", "strengths", "shortcomings", "code"):
        try:
            return presentation.quantity(value)
        except ValueError:
            return value
    return sheet_page.shown(value)


def _changes(events: list[Happening]) -> list[tuple[str, str, str]]:
    """(what, before, after) over a run of events: the oldest value and the newest."""
    found: dict[str, tuple[Any, Any]] = {}
    for one in reversed(events):
        before, after = one.event.before or {}, one.event.after or {}
        for key in {**before, **after}:
            first = found[key][0] if key in found else before.get(key)
            found[key] = (first, after.get(key))
    return [
        (key, _shown(key, first), _shown(key, last))
        for key, (first, last) in found.items()
        if first != last and key not in HIDDEN and not isinstance(first, dict | list)
    ][:12]
