"""The five steps of a month on a sheet: who, when, and where it stands now."""

from datetime import date
from typing import Any

from flask_babel import gettext as _

from evaluation.models import Report
from evaluation.queries.reports import Around
from evaluation.rules.deadlines import StepName
from evaluation.rules.workflow import ReportState
from evaluation.web.presentation import day as day_text
from evaluation.web.presentation import short_day

PLACE = {
    ReportState.DRAFT: 1,
    ReportState.RETURNED: 1,
    ReportState.SUBMITTED: 2,
    ReportState.SCORED: 3,
    ReportState.CONFIRMED: 4,
    ReportState.PUBLISHED: 5,
    ReportState.NOT_RATED: 5,
}
Steps = list[tuple[str, str, str]]


def steps_of(report: Report, around: Around, due: dict[StepName, date] | None, *, own: bool = False) -> Steps:
    """(label, who and when, 'done' | 'now' | 'next') for each step."""
    now = PLACE[report.state]
    details = [
        _detail(around.name(report.supervisor_id), report.period.month),
        _("You are at this step") if own and now == 1 else _detail(None, report.submitted_at),
        _detail(around.name(report.scored_by), report.scored_at) or around.head(report.supervising_unit_id),
        _detail(around.name(report.confirmed_by), report.confirmed_at)
        or around.head(report.confirming_unit_id),
        day_text(report.published_at) if report.published_at else _before(due, StepName.PUBLISH),
    ]
    if now != 1 or not own:
        details[1] = details[1] or _before(due, StepName.SUBMIT)
    labels = [_("Assigning work"), _("Self-assessment"), _("Scoring"), _("Confirming"), _("Publishing")]
    return [
        (label, detail, "done" if place < now else ("now" if place == now else "next"))
        for place, (label, detail) in enumerate(zip(labels, details, strict=True))
    ]


def _detail(name: str | None, when: Any) -> str:
    return ", ".join(part for part in (name, short_day(when) if when else None) if part)


def _before(due: dict[StepName, date] | None, step: StepName) -> str:
    return _("by %(day)s", day=short_day(due[step])) if due else ""
