"""Lines of the home page about petitions and what waits for the national database."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from evaluation.queries.petitions import Desk
from evaluation.services.access import Actor
from evaluation.web.petitions import countdown, oversees


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
    return [
        Task(
            _("Register of petitions"),
            ngettext("%(num)s answer is overdue", "%(num)s answers are overdue", desk.overdue),
            _("Overdue") if desk.overdue else "",
            "bad" if desk.overdue else "",
            url_for("petition_register.index"),
        )
    ]
