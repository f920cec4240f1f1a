"""Finding a product to use: only those that the one rule of the catalogue lets be used there."""

from flask_babel import gettext as _

from evaluation.queries import catalogue as questions
from evaluation.queries.catalogue import Found
from evaluation.queries.organisation import Subject
from evaluation.rules.periods import Stretch
from evaluation.rules.permissions import Action
from evaluation.services import access
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing

MOST_CHARACTERS = 200
SEARCHERS = (Action.ASSIGN_WORK, Action.READ_UNIT, Action.CHANGE_CATALOGUE)


def for_report(actor: Actor, report_id: int, *, words: str, limit: int = 20) -> list[Found]:
    """Products for a sheet the actor may read, its position's own first; another's sheet looks missing."""
    report, _held = access.report_for(actor, report_id, to=Action.READ_REPORT)
    return questions.find(
        questions.usable_for(report), words[:MOST_CHARACTERS], report.position_id, limit=limit
    )


def for_unit(
    actor: Actor,
    unit_id: int,
    *,
    month: Stretch,
    words: str,
    position_id: int | None = None,
    limit: int = 20,
) -> list[Found]:
    """Products for those who assign in a unit or oversee it; without a position, those of every position."""
    subject = Subject(unit_id=unit_id, supervising_unit_id=unit_id)
    agency_id = questions.agency_of(unit_id, month)
    if agency_id is None or not any(access.may(actor, action, subject) for action in SEARCHERS):
        raise Missing(_("There is no such unit."))
    usable = questions.usable(
        agency_id=agency_id,
        unit_id=unit_id,
        position_id=position_id,
        month=month,
        any_position=position_id is None,
    )
    return questions.find(usable, words[:MOST_CHARACTERS], position_id, limit=limit)
