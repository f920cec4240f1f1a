"""Lines of the home page about the annual round: from its opening day until the last day of the latest agencies."""

from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from evaluation import clock
from evaluation.queries import round_tasks as questions
from evaluation.rules import annual_round as rules
from evaluation.rules.permissions import Role
from evaluation.rules.rulebook import RulebookError
from evaluation.services import annual_round
from evaluation.services.access import Actor
from evaluation.web.home_tasks import Task
from evaluation.web.presentation import day as day_text


def tasks(actor: Actor) -> tuple[list[Task], list[Task], list[Task]]:
    """What the round asks of the official, of the head of units, of the personnel office; empty outside its days."""
    today = clock.today()
    found = _round_of(today)
    if found is None:
        return [], [], []
    year, dates = found
    led = actor.standing.headed | actor.standing.delegated.keys()
    kept = actor.standing.units_of(Role.PERSONNEL)
    waiting = questions.tasks(actor.person_id, year, today, led=led, kept=kept)
    until = _("at the latest %(day)s", day=day_text(dates.last_day))
    own, leading, keeping = [], [], []
    if waiting.own:
        own.append(_to_do(_("Classify your year yourself"), until, url_for("annual_round.mine", year=year)))
    if waiting.unmet and waiting.unit_id is not None:
        people = ngettext("%(num)s official", "%(num)s officials", waiting.unmet)
        leading.append(
            _to_do(
                _("Record the review meeting of %(year)s", year=year),
                f"{people} · {until}",
                url_for("meetings.new", unit_id=waiting.unit_id, year=year),
            )
        )
    if waiting.unasked:
        people = ngettext("%(num)s head or deputy", "%(num)s heads and deputies", waiting.unasked)
        keeping.append(
            _to_do(
                _("Party committee's opinion missing"),
                f"{people} · {until}",
                url_for("grades.index", year=year),
            )
        )
    return own, leading, keeping


def _round_of(today: date) -> tuple[int, rules.RoundDates] | None:
    """The year whose round runs on a day: this one from its opening, the last one until the latest last day."""
    for year, late in ((today.year, False), (today.year - 1, True)):
        try:
            book = annual_round.book_of_year(year)
        except RulebookError:
            continue
        usual, latest = rules.dates(year, book), rules.dates(year, book, late=True)
        if usual is not None and latest is not None and usual.opens <= today <= latest.last_day:
            return year, latest if late else usual
    return None


def _to_do(title: str, detail: str, url: str) -> Task:
    return Task(title, detail, _("To do"), "now", url)
