"""Lines of the home page about petitions and what waits for the national database."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from evaluation import clock
from evaluation.queries import national_exports as exports
from evaluation.queries.petitions import Desk
from evaluation.rules.permissions import Role
from evaluation.services.access import Actor
from evaluation.services.national_export_files import last_day
from evaluation.web.petitions import countdown, oversees
from evaluation.web.presentation import day as day_text


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list; `kind` is empty for what is done, 'now' or 'bad' for what needs action."""

    title: str
    detail: str
    state: str
    kind: str
    url: str | None


def answer_tasks(desk: Desk) -> list[Task]:
    """The petitions that the reader must answer, with the nearest last day."""
    if not desk.waiting or desk.due_on is None:
        return []
    kind, left = countdown(desk.due_on)
    title = ngettext("Answer %(num)s petition", "Answer %(num)s petitions", desk.waiting)
    late = kind == "bad"
    state = _("Overdue") if late else _("To do")
    return [Task(title, left, state, "bad" if late else "now", url_for("petitions.index"))]


def own_petition_tasks(desk: Desk) -> list[Task]:
    """The reader's own petition that waits for its answer."""
    if desk.own is None or desk.own_due_on is None:
        return []
    kind, left = countdown(desk.own_due_on)
    late = kind == "bad"
    state = _("Overdue") if late else _("Waiting")
    url = url_for("petitions.show", petition_id=desk.own)
    return [Task(_("Your petition"), left, state, "bad" if late else "", url)]


def register_tasks(desk: Desk, actor: Actor) -> list[Task]:
    """The register of petitions, with how many answers are late."""
    if not oversees(actor):
        return []
    url = url_for("petition_register.index")
    if not whole_province(actor):
        return [Task(_("Register of petitions"), _("Petitions on results of your agencies"), "", "", url)]
    late = ngettext("%(num)s answer is overdue", "%(num)s answers are overdue", desk.overdue)
    state, kind = (_("Overdue"), "bad") if desk.overdue else ("", "")
    return [Task(_("Register of petitions"), late, state, kind, url)]


def whole_province(actor: Actor) -> bool:
    """Whether the overdue petitions of all agencies concern the reader."""
    return actor.standing.holds(Role.HOME_AFFAIRS) or actor.standing.holds(Role.INSPECTOR)


def national_tasks(actor: Actor) -> list[Task]:
    """How many results wait for the national database, and until when (Article 26.1.d)."""
    if not actor.standing.holds(Role.HOME_AFFAIRS):
        return []
    count, since = exports.since_last()
    due = last_day(since)
    url = url_for("national_exports.index")
    if due is None:
        return [Task(_("National database of officials"), _("No new result waits"), "", "", url)]
    late = due < clock.today()
    waits = ngettext("%(num)s result waits", "%(num)s results wait", count)
    until = (
        _("was due %(day)s", day=day_text(due)) if late else _("until the end of %(day)s", day=day_text(due))
    )
    state = _("Overdue") if late else _("To do")
    return [
        Task(_("National database of officials"), f"{waits} · {until}", state, "bad" if late else "now", url)
    ]
