"""Figures of units against a naive count over the sheets, in a tree where an office moves."""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import (
    CriterionMark,
    Extension,
    Period,
    PersonMonth,
    Report,
    ScoreSheet,
    Stage,
    UnitPlace,
)
from evaluation.queries import standings, unit_people
from evaluation.rules.deadlines import StepName
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import AbsenceKind, Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.periods import Month, Span, SpanKind, spans_containing
from evaluation.rules.workflow import ReportState
from evaluation.services import rollups, scores
from evaluation.services.access import Actor
from tests import factories

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
TODAY = date(2026, 5, 20)


def confirmed(report: Report, by, general: str) -> None:
    """Frozen as the use cases freeze it, without walking all of them."""
    judge = by.id
    db.session.add(CriterionMark(report_id=report.id, code="G1.1", own_points=Decimal(general)))
    if report.office.leads:
        report.organising = report.cohesion = 100
    report.state = ReportState.CONFIRMED
    report.submitted_at = report.scored_at = report.confirmed_at = clock_module.now()
    report.scored_by = report.confirmed_by = judge
    db.session.flush()
    db.session.expire(report, ["items", "criteria"])
    scores.freeze(Actor(judge, None), report, Stage.FINAL)
    db.session.flush()


def sheet(own, agency, month: Month, points: str | None, judge, done: str = "4") -> Report:
    made = factories.report(own, supervising=agency, confirming=agency, agency=agency, month=str(month))
    factories.item(made, assigned="4", done=done)
    if points is not None:
        confirmed(made, judge, points)
    return made


@pytest.fixture
def province(database, clock) -> SimpleNamespace:
    """Two departments; the second division moves from the first department to the second in April.

    March: five sheets, of them four final and one maternity leave; April: the same people, one still a draft.
    """
    clock(TODAY)
    place = factories.office()
    place.other = factories.unit(
        "Sở Tài chính", parent=place.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    place.moving = factories.unit("Phòng Thi đua", parent=place.department)
    factories.unit("Phòng trống", parent=place.department)
    people = {name: factories.person(name) for name in ("Phạm Mai", "Lò Thị Tư", "Vàng A Páo")}
    mai = factories.assignment(people["Phạm Mai"], place.moving)
    tu = factories.assignment(people["Lò Thị Tư"], place.moving)
    pao = factories.assignment(people["Vàng A Páo"], place.other)
    lan, nam = place.lan.assignments[0], place.nam.assignments[0]
    place.mai = people["Phạm Mai"]
    judge = place.chairman
    move(place.moving, place.other, APRIL.first_day)
    for month, agency in ((MARCH, place.department), (APRIL, place.other)):
        sheet(lan, place.department, month, "28", judge)
        sheet(nam, place.department, month, "20" if month == MARCH else None, judge, done="2")
        sheet(mai, agency, month, "25", judge, done="3")
        leave = sheet(tu, agency, month, None, judge)
        leave.state, leave.not_rated_reason = ReportState.NOT_RATED, AbsenceKind.MATERNITY
        sheet(pao, place.other, month, "22", judge)
    db.session.flush()
    clock(date(2026, 5, 21))
    rollups.run_month_now(MARCH)
    rollups.run_month_now(APRIL)
    return SimpleNamespace(**vars(place))


def move(unit, to, day: date) -> None:
    old = db.session.query(UnitPlace).filter_by(unit_id=unit.id).one()
    old.valid_to = day
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=unit.id,
            parent_id=to.id,
            name=old.name,
            short_name=old.name,
            search_key=old.search_key,
            valid_from=day,
        )
    )
    db.session.flush()


def naive(units: list, month: Month) -> dict:
    """Counted one sheet after another."""
    expected, totals, bands = 0, [], Counter()
    for report in db.session.query(Report).join(Period).filter(Period.month == month.first_day):
        if report.unit_id not in {unit.id for unit in units} or report.state is ReportState.NOT_RATED:
            continue
        expected += 1
        final = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL).one_or_none()
        if final is not None:
            totals.append(parse_exact(final.exact_total))
            bands[final.band] += 1
    return {"expected": expected, "totals": totals, "bands": bands}


def month_of(unit, month: Month) -> standings.MonthOfUnit:
    return next(one for one in standings.months_of(unit.id) if one.month == month)


def test_a_units_figures_equal_a_naive_count(province) -> None:
    found = month_of(province.department, MARCH).figures
    slow = naive([province.department, province.division, province.moving], MARCH)
    assert (found.expected, found.scored, found.not_rated) == (3, 3, 1)
    assert found.expected == slow["expected"]
    assert {band: count for band, count in found.bands.items() if count} == dict(slow["bands"])
    mean = sum(slow["totals"]) / len(slow["totals"])
    assert abs(Fraction(found.mean) - mean) <= Fraction(1, 20_000)


def test_an_office_that_moved_counts_where_it_stood(province) -> None:
    names = {
        month: {
            unit.name
            for unit in standings.compared(
                month_of(province.department, month), province.department.id, TODAY
            ).units
        }
        for month in (MARCH, APRIL)
    }
    assert names[MARCH] == {"Phòng Công chức, viên chức", "Phòng Thi đua", "Phòng trống"}
    assert names[APRIL] == {"Phòng Công chức, viên chức", "Phòng trống"}
    assert month_of(province.other, MARCH).figures.expected == 1
    assert month_of(province.other, APRIL).figures.expected == 2
    listed = unit_people.people_of(province.other.id, month_of(province.other, APRIL).period_id, APRIL)
    assert [line.name for line in listed.lines] == ["Phạm Mai", "Vàng A Páo", "Lò Thị Tư"]
    listed = unit_people.people_of(province.other.id, month_of(province.other, MARCH).period_id, MARCH)
    assert [line.name for line in listed.lines] == ["Vàng A Páo"]


def test_the_parts_of_a_unit_add_up_to_it(province) -> None:
    month = month_of(province.department, MARCH)
    found = standings.compared(month, province.department.id, TODAY)
    parts = [*found.units, found.itself]
    assert sum(part.expected for part in parts) == month.figures.expected
    assert sum(part.scored for part in parts) == month.figures.scored
    assert found.total.rated == 3
    assert found.total.excused == 1


def test_agencies_are_compared_wherever_they_stand_and_hold_everybody(province) -> None:
    month = month_of(province.province, APRIL)
    found = standings.compared(month, province.province.id, TODAY, agencies=True)
    assert {unit.name: (unit.scored, unit.expected) for unit in found.units} == {
        "Sở Nội vụ": (1, 2),
        "Sở Tài chính": (2, 2),
    }
    assert found.total.rated == month.figures.expected == 4


def test_a_department_is_ranked_among_departments_by_its_mean(province) -> None:
    ranks = {}
    for unit in (province.department, province.other, province.division, province.province):
        month = month_of(unit, MARCH)
        found = standings.unit_then(unit.id, month.period_id, MARCH)
        ranks[found.name] = (found.rank, found.peers)
    better = month_of(province.other, MARCH).figures.mean > month_of(province.department, MARCH).figures.mean
    assert ranks["Sở Tài chính"] == ((1, 2) if better else (2, 2))
    assert ranks["Sở Nội vụ"] == ((2, 2) if better else (1, 2))
    assert ranks["Phòng Công chức, viên chức"][1] == 2  # the empty division has no mean to rank


def test_the_trend_has_no_zero_where_a_month_has_no_mean(province) -> None:
    factories.period("2026-05")
    months = standings.months_of(province.department.id)
    trend = standings.trend(months, Month(2026, 5))
    assert [str(month) for month, _mean in trend] == ["2026-03", "2026-04", "2026-05"]
    assert trend[-1][1] is None
    assert trend[0][1] == month_of(province.department, MARCH).figures.mean


def test_averages_come_in_the_order_asked_and_only_where_rolled_up(province) -> None:
    spans = spans_containing(MARCH)
    found = standings.spans_of(province.department.id, (*spans, Span(SpanKind.QUARTER, 2026, 4)))
    assert [one.span for one in found] == list(spans)
    assert found[0].scored == 3


def test_who_should_have_a_sheet_and_has_none_is_listed(province) -> None:
    factories.assignment(factories.person("Giàng A Sử"), province.division)
    factories.assignment(factories.person("Hà Viên Chức", kind=PersonKind.VIEN_CHUC), province.division)
    period = month_of(province.division, APRIL).period_id
    shown = unit_people.people_of(province.division.id, period, APRIL, shown="open")
    assert {(line.name, line.state) for line in shown.lines} == {
        ("Giàng A Sử", None),
        ("Trần Văn Hùng", None),
        ("Lê Quang Nam", ReportState.DRAFT),
    }


def test_people_are_found_without_accents_and_a_percent_sign_is_only_a_percent_sign(province) -> None:
    period = month_of(province.department, MARCH).period_id
    unit = province.department.id
    assert [line.name for line in unit_people.people_of(unit, period, MARCH, words="pham MAI").lines] == [
        "Phạm Mai"
    ]
    assert unit_people.people_of(unit, period, MARCH, words="%").total == 0


def test_people_by_score_put_the_best_first_and_those_without_a_score_last(province) -> None:
    month = month_of(province.province, APRIL)
    lines = unit_people.people_of(province.province.id, month.period_id, APRIL, order="points").lines
    finals = [line.final for line in lines]
    known = [parse_exact(total) for total in finals if total]
    assert known == sorted(known, reverse=True)
    assert all(total is None for total in finals[len(known) :])


def test_a_page_past_the_end_shows_the_first_one(province) -> None:
    month = month_of(province.province, MARCH)
    found = unit_people.people_of(province.province.id, month.period_id, MARCH, page=9, per_page=2)
    assert (found.page, len(found.lines)) == (1, 2)
    second = unit_people.people_of(province.province.id, month.period_id, MARCH, page=2, per_page=2)
    assert second.total == found.total
    assert not {line.person_id for line in second.lines} & {line.person_id for line in found.lines}


def test_a_recomputed_total_that_differs_is_counted_and_listed(province) -> None:
    db.session.execute(
        update(PersonMonth).where(PersonMonth.person_id == province.lan.id).values(differs=True)
    )
    month = month_of(province.department, MARCH)
    assert standings.compared(month, province.department.id, TODAY).total.differing == 1
    listed = unit_people.people_of(province.department.id, month.period_id, MARCH, shown="differs")
    assert [line.name for line in listed.lines] == ["Nguyễn Thị Lan"]


def test_a_step_is_overdue_after_its_last_day_unless_it_was_extended(province) -> None:
    month = month_of(province.department, APRIL)

    def overdue() -> int:
        return standings.compared(month, province.department.id, TODAY).total.submit_overdue

    assert overdue() == 1
    db.session.add(
        Extension(
            period_id=month.period_id,
            step=StepName.SUBMIT,
            agency_id=province.department.id,
            due=TODAY,
            reason="Mất điện",
            granted_by=province.thu.id,
        )
    )
    db.session.flush()
    assert overdue() == 0


def test_sheets_changed_after_the_roll_up_are_counted(province, clock) -> None:
    month = month_of(province.department, MARCH)
    assert standings.compared(month, province.department.id, TODAY).total.changed == 0
    clock(date(2026, 5, 22))
    report = db.session.query(Report).filter_by(person_id=province.lan.id, period_id=month.period_id).one()
    report.published_at = clock_module.now()
    db.session.flush()
    assert standings.compared(month, province.department.id, TODAY).total.changed == 1


def test_a_unit_that_did_not_stand_yet_says_so(province) -> None:
    late = factories.unit("Phòng mới", parent=province.department, since=APRIL.first_day)
    month = month_of(late, MARCH)
    assert standings.unit_then(late.id, month.period_id, MARCH).stood is False
    assert standings.unit_then(late.id, month.period_id, APRIL).stood is True
    assert month.figures is None


def test_heads_serving_in_the_unit_itself_stand_beside_its_parts(province) -> None:
    head = province.thu.assignments[0]
    assert head.office is Office.HEAD
    sheet(head, province.department, Month(2026, 5), None, province.chairman)
    month = month_of(province.department, Month(2026, 5))
    found = standings.compared(month, province.department.id, TODAY)
    assert found.itself is not None
    assert (found.itself.expected, found.total.rated) == (1, 1)
