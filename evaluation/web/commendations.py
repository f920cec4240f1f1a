"""Lists of titles: what there is, one list with the reasons beside it, one line of it, the files."""

from io import BytesIO
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import InputRequired

from evaluation import clock
from evaluation.models import EligibilityRun, Job
from evaluation.queries import replaced_classes
from evaluation.rules.explain import parse_exact
from evaluation.rules.names import fold
from evaluation.rules.verdicts import VERDICT_LABELS, Award
from evaluation.services import commendation_files as files
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_words as words
from evaluation.services import commendations
from evaluation.services.commendation_lists import Authority
from evaluation.services.refusals import Invalid, Missing
from evaluation.web import presentation
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("commendations", __name__, url_prefix="/commendations")

STATUS_KINDS = {"ELIGIBLE": "good", "NOT_ELIGIBLE": "bad", "HOLD": "attention", "NEEDS_REVIEW": "attention"}
PER_INDEX = 50


class RunForm(FlaskForm):
    """A year, a title and the day the dossiers were received, which chooses the law."""

    year = IntegerField(_l("Year"), [InputRequired(_l("Enter a year such as 2026."))])
    award = SelectField(_l("Title of honour"))
    received_on = DateField(_l("Dossiers received on"), [InputRequired(_l("Choose a day."))])


@blueprint.get("/")
def index() -> str:
    """Years and titles with their counts, and the newest year's lists by department with their files."""
    return _index(_run_form())


@blueprint.post("/run")
@answered_once
def run() -> Response | tuple[str, int]:
    """Asks for a list to be worked out and shows the job."""
    form = _run_form()
    if form.validate_on_submit():
        try:
            job = commendations.run(
                current_actor(), form.year.data or 0, form.award.data, received_on=form.received_on.data
            )
        except Invalid as refused:
            for fault in refused.faults:
                form[fault.place].errors = [*form[fault.place].errors, fault.message]
        else:
            return _to_job(job)
    return _index(form), 422


@blueprint.get("/<int:year>/<award>")
def list(year: int, award: str) -> Response | str:
    """The newest list of a title and year: grouped by deciding authority, with the cut line and the reasons."""
    if request.args.get("award", award) != award:
        return redirect(_list_url(year, request.args["award"]))  # type: ignore[return-value]
    _known(award)
    page = lists.page(current_actor(), year, award, _filters(), request.args.get("page", 1, type=int))
    chosen = page.lines.rows[0] if page.lines.rows else None
    return render_template(
        "commendations/list.html",
        run=page.run,
        year=year,
        award=award,
        authorities=page.authorities,
        groups=_groups(page),
        lines=page.lines,
        statuses=VERDICT_LABELS,
        chosen=chosen,
        resting=replaced_classes.entries_resting(page.run.id),
        behind=lists.behind(chosen, page.run) if chosen else None,
        **_words(),
    )


@blueprint.get("/entries/<int:entry_id>")
def entry(entry_id: int) -> str:
    """Why somebody is where they are: a part of the list page, or a page of its own."""
    found = lists.why(current_actor(), entry_id)
    part = bool(request.headers.get("HX-Request"))
    return render_template(
        "commendations/_why.html" if part else "commendations/entry.html",
        run=found.run,
        row=found.line,
        behind=found.year,
        **_words(),
    )


@blueprint.get("/<int:year>/<award>/file.<kind>")
def file(year: int, award: str, kind: str) -> Response:
    """The list as Excel, or the draft Tờ trình as Word, with the filters of the page."""
    _known(award)
    made = files.download(current_actor(), year, award, kind, _filters())
    return _to_job(made) if isinstance(made, Job) else _sent(made)


@blueprint.get("/exports/<token>")
def export(token: str) -> Response:
    """A file that a job made, for whoever asked for it."""
    return _sent(files.stored(current_actor(), token))


def _index(form: RunForm) -> str:
    actor = current_actor()
    found = lists.newest(actor)
    newest = found[0][0].year if found else None
    by_award = {run.award: (run, authorities) for run, authorities in found if run.year == newest}
    departments = _departments(by_award, fold(request.args.get("q", "")))
    number = max(1, request.args.get("page", 1, type=int))
    return render_template(
        "commendations/index.html",
        form=form,
        errors=form.errors,
        may_run=lists.may_run(actor),
        runs=[(run, _sums(authorities)) for run, authorities in found],
        newest=newest,
        by_award={award: run for award, (run, _authorities) in by_award.items()},
        departments=departments[(number - 1) * PER_INDEX : number * PER_INDEX],
        page={
            "page": number,
            "pages": max(1, -(-len(departments) // PER_INDEX)),
            "total": len(departments),
            "per_page": PER_INDEX,
        },
        **_words(),
    )


def _departments(by_award: dict[str, Any], name: str) -> Any:
    """One row a department: its counts in each title's newest list."""
    rows: dict[int, dict[str, Any]] = {}
    for award, (_run, authorities) in by_award.items():
        for one in authorities:
            rows.setdefault(one.id, {"id": one.id, "name": one.name, "code": one.counts["code"], "of": {}})
            rows[one.id]["of"][award] = one.counts
    wanted = (row for row in rows.values() if not name or name in fold(row["name"]))
    return sorted(wanted, key=lambda row: (row["code"] is None, row["code"] or "", row["id"]))


def _sums(authorities: Any) -> dict[str, int]:
    keys = ("total", "ELIGIBLE", "NEEDS_REVIEW", "HOLD", "NOT_ELIGIBLE")
    return {key: sum(one.counts[key] for one in authorities) for key in keys}


def _groups(page: lists.ListPage) -> Any:
    """The page's lines by authority, persons before collectives, each person told whether the cut line stands above."""
    known = {one.id: one for one in page.authorities}
    groups = []
    for authority_id, rows in groupby(page.lines.rows, key=lambda row: row.authority_id):
        authority = known[authority_id]
        inside, lines = True, []
        for row in rows:
            beyond = row.rank is not None and row.within_quota is not True
            cut = beyond and inside and row.rank == authority.counts["within"] + 1
            inside = inside and not beyond
            lines.append((row, cut))
        persons = [(row, cut) for row, cut in lines if row.person_id is not None]
        units = [row for row, _cut in lines if row.person_id is None]
        groups.append((authority, persons, units, _heading(authority, page.run)))
    return groups


def _heading(authority: Authority, run: EligibilityRun) -> str:
    counts = authority.counts
    if counts["quota"] is None:
        return _(
            "examined: %(total)s · eligible: %(eligible)s · to be looked at: %(waiting)s · not eligible: %(refused)s",
            total=counts["total"],
            eligible=counts["ELIGIBLE"],
            waiting=counts["NEEDS_REVIEW"] + counts["HOLD"],
            refused=counts["NOT_ELIGIBLE"],
        )
    return _(
        "Advanced Workers: %(ldtt)s · cap %(share)s = %(quota)s · eligible: %(eligible)s · over: %(over)s",
        ldtt=counts["ldtt"],
        share=presentation.percent(parse_exact((run.summary or {})["share"])),
        quota=counts["quota"],
        eligible=counts["ELIGIBLE"] + counts["tied"],
        over=counts["over"],
    )


def _run_form() -> RunForm:
    form = RunForm(data={"year": clock.today().year, "award": "CSTDCS", "received_on": clock.today()})
    form.award.choices = [(award.value, words.award_name(award.value)) for award in Award]
    return form


def _filters() -> Any:
    return lists.filters(
        agency=request.args.get("agency", None, type=int),
        status=request.args.get("status", ""),
        name=request.args.get("q", ""),
    )


def _list_url(year: int, award: str) -> str:
    _known(award)
    kept: dict[str, Any] = {
        key: request.args[key] for key in ("agency", "status", "q") if request.args.get(key)
    }
    return url_for("commendations.list", year=year, award=award, **kept)


def _known(award: str) -> None:
    if award not in tuple(Award):
        raise Missing(_("There is no such title."))


def _to_job(job: Job) -> Response:
    if presentation.known("jobs.show"):
        return redirect(url_for("jobs.show", job_id=job.id))  # type: ignore[return-value]
    flash(_("The work has been asked for; come back in a moment."), "info")
    return redirect(url_for("commendations.index"))  # type: ignore[return-value]


def _sent(made: files.Made) -> Response:
    data = BytesIO(made.data) if isinstance(made.data, bytes) else made.data
    return send_file(data, made.media_type, as_attachment=True, download_name=made.name)


def _words() -> dict[str, Any]:
    return {"words": words, "awards": [award.value for award in Award], "kinds": STATUS_KINDS}
