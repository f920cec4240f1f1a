"""The averages of the database against a plain list of months, whatever mixture of months and quarters a year is."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Period, PersonSpan, Report, Stage, UnitSpan
from evaluation.queries import grades as grade_queries
from evaluation.rules.deadlines import Timetable, due_dates
from evaluation.rules.explain import exact, half_up
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.rules.periods import Month, Span, SpanKind, Stretch
from evaluation.rules.workflow import ReportState
from evaluation.services import rollups, rulebooks, scores
from evaluation.services.access import Actor
from evaluation.services.grade_inputs import scores_of
from tests import factories
from tests.services.test_rollups import undone

YEAR = 2026
points = st.one_of(st.none(), st.integers(0, 28))  # None is a sheet without a final score


@dataclass(frozen=True)
class Quarter:
    """How somebody is evaluated in a quarter: so many of its months by month, from its beginning or its end, the rest whole."""

    months: tuple[int | None, ...]
    rest: int | None
    quarter_first: bool
    absent: bool


quarters = st.builds(
    Quarter,
    st.lists(points, max_size=3).map(tuple),
    points,
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
years = st.lists(st.tuples(quarters, quarters, quarters, quarters), min_size=1, max_size=3)


def period(stretch: Stretch) -> Period:
    known = db.session.scalars(
        select(Period).where(Period.month == stretch.first_day, Period.cycle == stretch.cycle)
    ).one_or_none()
    if known:
        return known
    due = due_dates(stretch.first_day, stretch.end, Timetable(), ())
    made = Period(
        month=stretch.first_day,
        cycle=stretch.cycle,
        **{f"{step.value.lower()}_due": day for step, day in due.items()},
    )
    db.session.add(made)
    db.session.flush()
    return made


def sheet(own, agency, judge: int, stretch: Stretch, score: int | None) -> None:
    """A sheet of a month or a quarter; final with 70 points of tasks and these general ones, or still a draft."""
    report = Report(
        period_id=period(stretch).id,
        person_id=own.person_id,
        unit_id=agency.id,
        agency_id=agency.id,
        position_id=None,
        office=own.office,
        title=own.title,
        supervising_unit_id=agency.id,
        confirming_unit_id=agency.id,
        rulebook="decree-335-2025",
    )
    db.session.add(report)
    db.session.flush()
    if score is None:
        return
    factories.item(report, assigned="3", done="3")
    factories.criteria(report, str(score))
    with db.session.no_autoflush:
        report.state = ReportState.CONFIRMED
        report.submitted_at = report.scored_at = report.confirmed_at = period(stretch).opened_at
        report.scored_by = report.confirmed_by = judge
    scores.freeze(Actor(judge, None), report, Stage.FINAL)  # type: ignore[arg-type]
    db.session.flush()


def stored(years_of_people, agency) -> tuple[dict[int, list[Fraction | None]], set[Stretch]]:
    """Stores a year of each person; the answer says which score each of the twelve months has."""
    judge = factories.person("Đỗ Văn Chính").id
    known: dict[int, list[Fraction | None]] = {}
    opened: set[Stretch] = set()
    for year in years_of_people:
        own = factories.assignment(factories.person(), agency)
        months: list[Fraction | None] = []
        for number, quarter in enumerate(year, 1):
            span = Span(SpanKind.QUARTER, YEAR, number)
            if quarter.absent:
                months += [None] * 3
                continue
            count = len(quarter.months)
            by_month = span.months[3 - count :] if quarter.quarter_first else span.months[:count]
            for month, score in zip(by_month, quarter.months, strict=True):
                sheet(own, agency, judge, month, score)
                opened.add(month)
            if count < 3:
                sheet(own, agency, judge, span, quarter.rest)
                opened.add(span)
            scored = dict(zip(by_month, quarter.months, strict=True))
            wanted = [
                scored.get(month, quarter.rest) if month in scored else quarter.rest for month in span.months
            ]
            months += [None if score is None else Fraction(70 + score) for score in wanted]
        known[own.person_id] = months
    return known, opened


@pytest.mark.usefixtures("database")
@given(years)
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_averages_equal_the_mean_of_the_months_each_sheet_speaks_for(years_of_people):
    with undone():
        agency = factories.unit("Chi cục", kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY)
        known, opened = stored(years_of_people, agency)
        for stretch in sorted(opened, key=lambda one: (one.first_day, one.cycle)):
            rollups.run_month_now(stretch, sheets_a_chunk=2)
        wanted = {}
        for person_id, months in known.items():
            for kind, size in ((SpanKind.QUARTER, 3), (SpanKind.HALF_YEAR, 6), (SpanKind.YEAR, 12)):
                for index in range(12 // size):
                    inside = [one for one in months[index * size : (index + 1) * size] if one is not None]
                    if inside:
                        mean = sum(inside, Fraction(0)) / len(inside)
                        wanted[person_id, kind, index + 1] = (exact(mean), half_up(mean, 4), len(inside))
        found = {
            (row.person_id, row.kind, row.index): (row.exact_mean, Fraction(row.mean), row.months_counted)
            for row in db.session.scalars(select(PersonSpan))
        }
        assert found == wanted
        year_of_people = [
            mean
            for (_person, kind, _index), (_exact, mean, _count) in wanted.items()
            if kind is SpanKind.YEAR
        ]
        rows = db.session.scalars(select(UnitSpan).where(UnitSpan.kind == SpanKind.YEAR)).all()
        assert [(row.unit_id, row.scored) for row in rows] == (
            [(agency.id, len(year_of_people))] if year_of_people else []
        )
        book = rulebooks.shelf().for_day("evaluation", Month(YEAR, 1).first_day)
        read = grade_queries.months(known, YEAR, provisional=False)
        for person_id, months in known.items():
            shares = scores_of(read[person_id], book, Month(YEAR, 1).first_day)
            assert sorted(shares) == sorted(one for one in months if one is not None)
