"""A person's result of a period explained to an operator at the command line; no page asks this, so no actor is judged."""

from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Period, Person, PersonSpan, Report, Stage, YearGrade
from evaluation.queries import workings as queries
from evaluation.rules.periods import Month, Span, SpanKind, Stretch
from evaluation.rules.working import Working
from evaluation.services import working_of_grade, working_of_sheet
from evaluation.services.refusals import Missing


def explain(official_number: str, period: Stretch) -> list[Working]:
    """The working of the score furthest along in a month, of a mean of a span, or of the class of a year.

    A quarter that was evaluated as one is explained by its sheet; Missing says what there is not.
    """
    person = db.session.scalar(select(Person).where(Person.official_number == official_number))
    if person is None:
        raise Missing(f"There is no official with number {official_number}.")
    found = _sheets(person, period) if period_is_evaluated(period) else []
    if not found and isinstance(period, Span):
        found = _year(person, period) or _span(person, period)
    if not found:
        raise Missing(f"{person.full_name} ({official_number}) has no score of {period}.")
    return found


def period_is_evaluated(period: Stretch) -> bool:
    """Whether sheets exist of such a period: months and quarters, not half-years and years."""
    return isinstance(period, Month) or period.kind is SpanKind.QUARTER


def _sheets(person: Person, period: Stretch) -> list[Working]:
    report_id = db.session.scalar(
        select(Report.id)
        .join(Period, Period.id == Report.period_id)
        .where(Report.person_id == person.id, Period.month == period.first_day, Period.cycle == period.cycle)
    )
    sheets = {sheet.stage: sheet for sheet in queries.live_sheets(report_id)} if report_id else {}
    for stage in (Stage.FINAL, Stage.SUPERVISOR, Stage.OWN):
        if stage in sheets:
            return [working_of_sheet.of_sheet(sheets[stage])]
    return []


def _year(person: Person, period: Span) -> list[Working]:
    if period.kind is not SpanKind.YEAR:
        return []
    grade = db.session.scalar(
        select(YearGrade).where(
            YearGrade.person_id == person.id,
            YearGrade.year == period.year,
            YearGrade.superseded_at.is_(None),
        )
    )
    return [] if grade is None else [working_of_grade.of_grade(grade)]


def _span(person: Person, period: Span) -> list[Working]:
    span = db.session.get(PersonSpan, (period.kind, period.year, period.index, person.id))
    return [] if span is None else [working_of_grade.of_span(span, person)]
