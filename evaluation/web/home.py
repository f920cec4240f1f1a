"""The home page: the task list of whoever signed in."""

from datetime import date

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.queries import home, petitions
from evaluation.queries.home import LedMonth, OwnSheet
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import alarms, notices
from evaluation.services.access import Actor
from evaluation.web import round_tasks
from evaluation.web.access import current_actor
from evaluation.web.home_tasks import (
    Task,
    answer_tasks,
    national_tasks,
    own_petition_tasks,
    register_tasks,
    whole_province,
)
from evaluation.web.once import answered_once
from evaluation.web.presentation import day as day_text
from evaluation.web.presentation import period_label as month_text

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    """What waits for the person, by task, and what they were told."""
    actor = current_actor()
    led = actor.standing.headed | actor.standing.delegated.keys()
    own = [_own_task(sheet) for sheet in home.own_sheets(actor.person_id)]
    leading = [task for month in home.led_months(led, actor.person_id) for task in _leading_tasks(month)]
    desk = petitions.desk(led, actor.person_id, clock.today(), everywhere=whole_province(actor))
    own, leading = own + own_petition_tasks(desk), answer_tasks(desk) + leading
    own_round, led_round, kept_round = round_tasks.tasks(actor)
    own, leading = own_round + own, led_round + leading
    return render_template(
        "home/show.html",
        own=own,
        leading=leading,
        overseeing=kept_round + register_tasks(desk, actor) + national_tasks(actor) + _overseeing(actor),
        notices=notices.unread(actor),
        alarms=alarms.alarms(actor),
    )


@blueprint.post("/notices/read")
@answered_once
def read_notices() -> Response:
    """Marks everything shown as read."""
    notices.mark_read(current_actor())
    return redirect(url_for("home.show"))


def _own_task(sheet: OwnSheet) -> Task:
    state, kind = {
        ReportState.DRAFT: (_("Drafting"), "now"),
        ReportState.RETURNED: (_("Returned"), "bad"),
        ReportState.SUBMITTED: (_("Submitted"), ""),
        ReportState.SCORED: (_("Scored"), ""),
        ReportState.CONFIRMED: (_("Confirmed"), ""),
        ReportState.PUBLISHED: (_("Published"), ""),
        ReportState.NOT_RATED: (_("Not rated"), ""),
    }[sheet.state]
    lines = ngettext("%(num)s line of work", "%(num)s lines of work", sheet.lines)
    detail = f"{lines} · {_until(sheet.submit_due)}" if kind else lines
    page = "reports.show" if kind else "results.show"
    return Task(
        _("My sheet of %(month)s", month=month_text(sheet.month)),
        detail,
        state,
        kind,
        url_for(page, report_id=sheet.report_id),
    )


def _leading_tasks(month: LedMonth) -> list[Task]:
    name = month_text(month.month)
    text = str(month.month)
    found = []
    if month.without_work:
        found.append(
            _to_do(
                _("Assign work for %(month)s", month=name),
                f"{_('%(count)s officials without any work yet', count=month.without_work)} · {_until(month.assign_due)}",
                url_for("workplans.index", month=text),
            )
        )
    if month.to_score:
        found.append(
            _to_do(
                _("Score %(month)s", month=name),
                f"{_('%(count)s sheets submitted', count=month.to_score)} · {_until(month.score_due)}",
                url_for("reviews.index", month=text),
            )
        )
    if month.not_submitted:
        found.append(
            Task(
                _("Sheets of %(month)s not yet submitted", month=name),
                _("%(count)s officials", count=month.not_submitted),
                _("Waiting"),
                "",
                url_for("reviews.index", month=text),
            )
        )
    if month.to_confirm:
        found.append(
            _to_do(
                _("Confirm %(month)s", month=name),
                f"{_('%(count)s sheets scored', count=month.to_confirm)} · {_until(month.confirm_due)}",
                url_for("confirmations.index", month=text),
            )
        )
    return found


def _to_do(title: str, detail: str, url: str) -> Task:
    return Task(title, detail, _("To do"), "now", url)


def _overseeing(actor: Actor) -> list[Task]:
    """Doors for those who hold a role over units."""
    doors = []
    if actor.standing.holds(Role.HOME_AFFAIRS) or actor.standing.holds(Role.INSPECTOR):
        doors += [
            Task(
                _("Province this month"),
                _("Progress, distribution, rank of units"),
                "",
                "",
                url_for("standings.province"),
            ),
            Task(
                _("Commendation lists"),
                _("Who is eligible, who is not, and why"),
                "",
                "",
                url_for("commendations.index"),
            ),
            Task(_("Roll-ups and other jobs"), _("Running, finished, failed"), "", "", url_for("jobs.index")),
        ]
    if actor.standing.headed or actor.standing.holds(Role.HOME_AFFAIRS):
        doors.append(
            Task(
                _("Timetable of the steps"),
                _("Last days of the steps, extensions"),
                "",
                "",
                url_for("periods.index"),
            )
        )
    if actor.standing.headed:
        doors.append(
            Task(
                _("Lend my duty"),
                _("Delegation for a time, with its document"),
                "",
                "",
                url_for("delegations.index"),
            )
        )
    if actor.standing.roles:
        doors += [
            Task(
                _("Units and people"),
                _("Tree by date, assignments, imports"),
                "",
                "",
                url_for("organisation.index"),
            ),
        ]
    return doors


def _until(due: date) -> str:
    left = (due - clock.today()).days
    if left < 0:
        return _("was due %(day)s", day=day_text(due))
    return _("until the end of %(day)s, %(left)s days left", day=day_text(due), left=left)
