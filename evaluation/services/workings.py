"""Doors to the working of a result: who may read the result may read how it came about."""

from dataclasses import dataclass

from flask_babel import gettext as _

from evaluation.extensions import db
from evaluation.models import Person, PersonSpan
from evaluation.queries import workings as queries
from evaluation.queries.organisation import Subject
from evaluation.rules.periods import Month, Span, Stretch
from evaluation.rules.permissions import Action
from evaluation.rules.working import Working
from evaluation.services import (
    access,
    commendation_lists,
    grades,
    standings,
    working_of_grade,
    working_of_sheet,
    working_of_unit,
    working_of_verdict,
)
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing


@dataclass(frozen=True, slots=True)
class Opened:
    """A working that somebody may read."""

    working: Working


def of_score(actor: Actor, sheet_id: int) -> Opened:
    """How a frozen score came about, for whoever may read the sheet (READ_REPORT)."""
    sheet = queries.sheet(sheet_id)
    if sheet is None:
        raise Missing(_("There is no such sheet."))  # as the door of its sheet says
    access.report_for(actor, sheet.report_id, to=Action.READ_REPORT)
    return Opened(working_of_sheet.of_sheet(sheet))


def of_class(actor: Actor, grade_id: int) -> Opened:
    """How a class of the year came about, for whoever may see the class."""
    grade, _held = grades.grade_for(actor, grade_id)
    return Opened(working_of_grade.of_grade(grade))


def of_mean(actor: Actor, person_id: int, period: str) -> Opened:
    """How an official's mean of a quarter, half-year or year came about, for whoever may read the sheets behind it."""
    which = period_of(period)
    span = (
        db.session.get(PersonSpan, (which.kind, which.year, which.index, person_id))
        if isinstance(which, Span)
        else None
    )
    if span is None:
        raise Missing(_("There is no such mean."))
    subject = Subject(span.unit_id, person_id)
    if not access.may(actor, Action.READ_REPORT, subject):
        said, thing = Missing(_("There is no such mean.")), (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.READ_REPORT, subject, thing)
    return Opened(working_of_grade.of_span(span, db.session.get_one(Person, person_id)))


def of_unit(actor: Actor, unit_id: int, period: str, *, evaluated: bool = False) -> Opened:
    """How a unit's figure of a month or a span came about, for whoever may read the unit (READ_UNIT)."""
    standings.open_unit(actor, unit_id)
    return Opened(working_of_unit.of_unit(unit_id, period_of(period), evaluated=evaluated))


def of_verdict(actor: Actor, entry_id: int) -> Opened:
    """How a verdict came about, for whoever may read the list (READ_COMMENDATIONS)."""
    return Opened(working_of_verdict.of_verdict(commendation_lists.why(actor, entry_id)))


def period_of(text: str) -> Stretch:
    """'2026-03', '2026-Q1', '2026-H1' or '2026'; anything else is Missing."""
    for read in (Month.parse, Span.parse):
        try:
            return read(text)
        except ValueError:
            continue
    raise Missing(_("There is no such period. Write 2026-03, 2026-Q1, 2026-H1 or 2026."))
