"""Background work: what runs, how far it is, and asking for roll-ups and proposals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import JobState
from evaluation.queries import jobs as questions
from evaluation.queries.jobs import Progress
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.rules.periods import in_words_of, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.services import (
    audit_export_files,
    commendation_files,
    commendations,
    extra_income_files,
    form_files,
    grade_proposals,
    jobs,
    national_export_files,
    register_files,
    rollups,
)
from evaluation.services.job_kinds import kind_of
from evaluation.services.refusals import Fault, Forbidden, Invalid
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Shown:
    """A job as the progress card shows it."""

    id: int
    title: str
    state: str
    percent: int
    done: int
    total: int
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    left: str | None
    says: str | None
    result_url: str | None
    result_label: str | None


@blueprint.get("/")
def index() -> Answer:
    """All jobs, newest first, and the buttons that ask for new ones."""
    return _list([])


@blueprint.post("/rollups")
@answered_once
def roll_up() -> Answer:
    """Asks for a month's roll-up."""
    try:
        month = parse_stretch(request.form.get("month", ""))
        job = rollups.ask_for(current_actor(), month)
    except ValueError:
        return _list([Fault("month", _("Choose a month."))]), 422
    except Invalid as refused:
        db.session.rollback()
        return _list(refused.faults), 422
    return redirect(url_for(".show", job_id=job.id), 303)


@blueprint.post("/proposals")
@answered_once
def propose() -> Answer:
    """Asks for the proposed classes of a year for all agencies."""
    year = request.form.get("year", type=int)
    if year is None or not 2026 <= year <= clock.today().year:
        return _list([Fault("year", _("Choose a year."))]), 422
    job = grade_proposals.ask_for_proposals(current_actor(), year)
    return redirect(url_for(".show", job_id=job.id), 303)


@blueprint.get("/<int:job_id>")
def show(job_id: int) -> Answer:
    """How far one job is; its card asks again by itself."""
    job = shown(jobs.progress_for(current_actor(), job_id))
    if request.headers.get("HX-Request"):
        return render_template("jobs/_progress.html", job=job)
    return render_template("jobs/show.html", job=job, reads_all=jobs.may_read(current_actor()))


def shown(progress: Progress) -> Shown:
    """A job's progress in the reader's words."""
    job = progress.job
    kind = kind_of(job.name)
    url, label = _result(job.name, job.arguments) if job.state is JobState.DONE else (None, None)
    return Shown(
        id=job.id,
        title=_title(kind.title, job.arguments),
        state=job.state.value,
        percent=progress.percent,
        done=progress.done,
        total=progress.total,
        attempts=progress.attempts,
        started_at=job.started_at,
        finished_at=job.finished_at,
        left=_duration(progress.seconds_left(clock.now())),
        says=job.error or _figures(job.result),
        result_url=url,
        result_label=label,
    )


def _title(title: str, arguments: dict[str, Any]) -> str:
    if "month" in arguments:
        title = in_words_of(title, parse_stretch(str(arguments["month"])).cycle)
    return _(title, **{key: _value(key, value) for key, value in arguments.items()})


def _value(key: str, value: Any) -> str:
    if key == "month":
        return parse_stretch(str(value)).short
    return str(value)


def _figures(result: dict[str, Any] | None) -> str | None:
    if not result or "sheets" not in result:
        return None
    return _(
        "%(sheets)s sheets, %(scored)s scored, %(not_rated)s not rated, %(units)s units;"
        " %(differing)s sheets differ from what was frozen.",
        **result,
    )


def _result(name: str, arguments: dict[str, Any]) -> tuple[str | None, str | None]:
    known = current_app.view_functions
    if name == rollups.ROLL_UP.name and "standings.province" in known:
        return url_for("standings.province", month=arguments["month"]), _("Open the province page")
    if name == grade_proposals.PROPOSALS.name:
        if "agency_id" in arguments:
            url = url_for("grades.agency", unit_id=arguments["agency_id"], year=arguments["year"])
            return url, _("Open the proposed classes")
        return url_for("grades.index", year=arguments["year"]), _("Open the proposed classes")
    if name == commendations.ELIGIBILITY.name:
        url = url_for("commendations.list", year=arguments["year"], award=arguments["award"])
        return url, _("Open the list")
    if name == national_export_files.MAKE.name:
        return url_for("national_exports.index"), _("Open the register of files")
    if name == commendation_files.EXPORT.name:
        return url_for("commendations.export", token=arguments["token"]), _("Download the file")
    if name == form_files.FILE.name:
        return url_for("forms.made", token=arguments["token"]), _("Download the file")
    if name == extra_income_files.EXPORT.name:
        return url_for("extra_income.export", token=arguments["token"]), _("Download the file")
    if name == audit_export_files.EXPORT.name:
        return url_for("audit.made", token=arguments["token"]), _("Download the file")
    if name == register_files.EXPORT.name:
        return url_for("register_exports.made", token=arguments["token"]), _(
            "Open the file and what it lacks"
        )
    return None, None


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    if seconds < 60:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    minutes = -(-seconds // 60)
    return ngettext("%(num)s minute", "%(num)s minutes", minutes)


def _list(faults: list[Fault]) -> str:
    actor = current_actor()
    if not jobs.may_read(actor):
        raise Forbidden(_("You are not allowed to do this here."))
    number = max(1, request.args.get("page", 1, type=int))
    found, total = questions.newest(number, PER_PAGE)
    months = questions.months_opened()
    return render_template(
        "jobs/index.html",
        jobs=[shown(one) for one in found],
        page=Page(found, number, total),
        months=months,
        years=sorted({month.year for month in months}, reverse=True),
        may_run=jobs.may(actor, Action.RUN_JOBS),
        errors=[(fault.place, fault.message) for fault in faults],
    )
