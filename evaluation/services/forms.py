"""Doors to the decree's forms: one official's, as data for a page or a file."""

from flask_babel import gettext as _

from evaluation.files.forms import PeriodForm, YearForm
from evaluation.files.tracking_sheets import TrackingSheet
from evaluation.queries import forms as queries
from evaluation.rules.permissions import Action
from evaluation.rules.workflow import GradeState
from evaluation.services import access, grades, period_forms, tracking_sheets, year_forms
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing

DECREE = "decree-335"


def has_forms(rulebook: str) -> bool:
    """Whether results of a rulebook are written on these forms: they belong to decree 335/2025."""
    return rulebook.startswith(DECREE)


def period_form(actor: Actor, report_id: int, *, annex: bool = False) -> PeriodForm:
    """Mẫu số 01 of a sheet, for whoever may read the sheet."""
    report, _held = access.report_for(actor, report_id, to=Action.READ_REPORT)
    _require_decree(report.rulebook)
    (form,) = period_forms.period_forms([report_id], annex=annex)
    return form


def tracking_sheet(actor: Actor, report_id: int) -> TrackingSheet:
    """The 14-column tracking sheet of a sheet, for whoever may read the sheet."""
    access.report_for(actor, report_id, to=Action.READ_REPORT)
    (made,) = tracking_sheets.tracking_sheets([report_id])
    return made


def year_form(actor: Actor, grade_id: int) -> YearForm:
    """Mẫu số 02 of a class of the year, for whoever may see the class."""
    grade, _held = grades.grade_for(actor, grade_id)
    _require_decree(grade.rulebook)
    (form,) = year_forms.year_forms([grade_id])
    return form


def own_year_form(actor: Actor, year: int) -> YearForm:
    """The official's own Mẫu số 02 before the class is public: months and self-classification (Article 21.1.a, 21.2.a)."""
    grade = queries.grade_of(actor.person_id, year)
    if grade is not None and grade.state is GradeState.PUBLISHED:
        return year_form(actor, grade.id)
    form = year_forms.own_form(actor.person_id, year)
    if form is None:
        raise Missing(_("You have no sheet in %(year)s.", year=year))
    return form


def _require_decree(rulebook: str) -> None:
    if not has_forms(rulebook):
        raise Missing(
            _("Forms 01 and 02 belong to decree 335/2025; this result was judged by %(book)s.", book=rulebook)
        )
