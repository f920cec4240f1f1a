"""Whose sheet stands under which law: chosen by kind of person, day and the unit's own weights, and kept to the year's class."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import CriterionMark, PersonSpan, Report, ScoreSheet, Stage, YearGrade
from evaluation.queries import annual_round as annual_round_questions
from evaluation.rules.bands import Band
from evaluation.rules.organisation import PersonKind
from evaluation.rules.periods import Month, SpanKind
from evaluation.rules.rulebook import RulebookError
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.services import (
    annual_round,
    grade_proposals,
    grades,
    periods,
    quotas,
    rollups,
    rulebooks,
    scores,
    working_of_grade,
)
from evaluation.services.refusals import Invalid
from tests import factories


def sheet_of(who: Any, month: str) -> Report | None:
    return db.session.scalar(
        select(Report).where(
            Report.person_id == who.id, Report.period.has(month=Month.parse(month).first_day)
        )
    )


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(date(2026, 6, 1))
    return factories.office()


def joined(office: Any, name: str, kind: PersonKind, unit: Any = None) -> Any:
    who = factories.person(name, kind=kind)
    factories.assignment(who, unit or office.division)
    return who


def test_vien_chuc_get_sheets_from_the_day_their_decree_gives_points(office: Any, clock: Any) -> None:
    employee = joined(office, "Hồ Thị Yến", PersonKind.VIEN_CHUC)
    elected = joined(office, "Lê Văn Cán", PersonKind.CAN_BO)
    periods.open_month(Month(2026, 6))
    assert sheet_of(employee, "2026-06") is None, "90/2020 gives a month no points"
    clock(date(2026, 7, 1))
    periods.open_month(Month(2026, 7))
    july = sheet_of(employee, "2026-07")
    assert july is not None
    assert july.rulebook == "decree-233-2026"
    lan = sheet_of(office.lan, "2026-07")
    assert lan is not None
    assert lan.rulebook == "decree-335-2025"
    assert sheet_of(elected, "2026-07") is None
    codes = db.session.scalars(select(CriterionMark.code).where(CriterionMark.report_id == july.id)).all()
    assert len(codes) == 10


def test_an_agency_with_weights_of_its_own_has_them_frozen_on_the_sheet(office: Any, clock: Any) -> None:
    from evaluation.rules.organisation import UnitKind, UnitRole

    centre = factories.unit(
        "Văn phòng Đăng ký đất đai",
        parent=office.province,
        kind=UnitKind.SERVICE_UNIT,
        role=UnitRole.USING_AGENCY,
        code="H15.99",
    )
    inside = factories.unit("Tổ Đo đạc", parent=centre)
    employee = joined(office, "Hồ Thị Yến", PersonKind.VIEN_CHUC, inside)
    official = joined(office, "Đỗ Văn Minh", PersonKind.CONG_CHUC, inside)
    clock(date(2026, 7, 1))
    periods.open_month(Month(2026, 7))
    sheet, other = sheet_of(employee, "2026-07"), sheet_of(official, "2026-07")
    assert sheet is not None
    assert other is not None
    assert (sheet.rulebook, other.rulebook) == ("decree-233-2026@H15.99", "decree-335-2025")
    product = factories.product(centre)
    for report in (sheet, other):
        factories.item(report, assigned="10", done="10", quality_fails=8, product_version_id=product.id)
    db.session.flush()
    weighted, equal = (scores.score_of(report, Stage.OWN) for report in (sheet, other))
    assert weighted.quality == equal.quality
    assert weighted.quality is not None
    loss = Fraction(100) - weighted.quality
    assert weighted.task == 70 - 32 * loss / 100
    assert equal.task == 70 - Fraction(70, 3) * loss / 100
    assert rulebooks.book_of(sheet).fingerprint != rulebooks.shelf().named("decree-233-2026").fingerprint


def test_a_month_in_which_nobody_has_points_does_not_open(office: Any) -> None:
    with pytest.raises(RulebookError, match="gives a month no points"):
        periods.open_month(Month(2025, 12))


def scored(office: Any, who: Any, month: str, total: str, rulebook: str) -> None:
    report = factories.report(
        who.assignments[0],
        supervising=office.department,
        confirming=office.department,
        agency=office.department,
        month=month,
    )
    from evaluation import clock

    moment, judge = clock.now(), office.chairman.id
    report.state, report.rulebook = ReportState.CONFIRMED, rulebook
    report.submitted_at = report.scored_at = report.confirmed_at = moment
    report.scored_by = report.confirmed_by = judge
    db.session.add(
        ScoreSheet(
            report_id=report.id,
            stage=Stage.FINAL,
            status=ScoreStatus.SCORED,
            total=Decimal(total),
            exact_total=total,
            band=Band.HTTNV,
            steps=[],
            inputs={},
            rulebook=rulebook,
            fingerprint="x",
            decided_by=office.chairman.id,
        )
    )
    db.session.flush()


def test_a_year_is_classified_by_the_law_of_the_person_and_quotas_do_not_mix(office: Any, clock: Any) -> None:
    clock(date(2026, 12, 5))
    employees = [joined(office, f"Viên chức {at}", PersonKind.VIEN_CHUC) for at in range(2)]
    for who in employees:
        db.session.expire(who)
        for month in range(7, 12):
            scored(office, who, f"2026-{month:02d}", "92", "decree-233-2026@H15.99")
        scored(office, who, "2026-12", "92", "decree-233-2026@H15.99")
    for month in range(1, 12):
        scored(office, office.lan, f"2026-{month:02d}", "80", "decree-335-2025")
    grade_proposals.propose(office.department.id, 2026)
    grades = {
        grade.person_id: grade
        for grade in db.session.scalars(select(YearGrade).where(YearGrade.superseded_at.is_(None)))
    }
    mine = [grades[who.id] for who in employees]
    assert {grade.rulebook for grade in mine} == {"decree-233-2026"}
    assert grades[office.lan.id].rulebook == "decree-335-2025"
    assert mine[0].inputs["day"] == "2026-07-01"
    assert [step["article"] for step in mine[0].steps if step["code"] == "band"] == ["Điều 12 NĐ 233/2026"]
    assert all(grade.over_quota for grade in mine), "Lan's good year is no place for viên chức"


def test_averages_of_vien_chuc_are_judged_by_their_own_decree(office: Any, clock: Any) -> None:
    clock(date(2026, 9, 1))
    employee = joined(office, "Hồ Thị Yến", PersonKind.VIEN_CHUC)
    periods.open_month(Month(2026, 7))
    periods.open_month(Month(2026, 8))
    for month in ("2026-07", "2026-08"):
        sheet = sheet_of(employee, month)
        assert sheet is not None
        factories.criteria(sheet, "20")
        factories.item(sheet, assigned="10", done="10")
        finish(sheet, office)
    for month in (7, 8):
        rollups.run_month_now(Month(2026, month))
    quarter = db.session.scalars(
        select(PersonSpan).where(PersonSpan.person_id == employee.id, PersonSpan.kind == SpanKind.QUARTER)
    ).one()
    assert (quarter.months_counted, quarter.exact_mean, quarter.band) == (2, "90", Band.HTXSNV)


def finish(sheet: Report, office: Any) -> None:
    from evaluation import clock
    from evaluation.services import access

    moment, judge = clock.now(), office.chairman.id
    sheet.submitted_at = sheet.scored_at = sheet.confirmed_at = moment
    sheet.scored_by = sheet.confirmed_by = judge
    sheet.state = ReportState.CONFIRMED
    db.session.flush()
    db.session.expire(sheet)
    scores.freeze(access.Actor(office.chairman.id, None), sheet, Stage.FINAL)
    db.session.flush()


@pytest.fixture
def mixed(office: Any, clock: Any) -> Any:
    """Ten công chức good and one excellent, two viên chức excellent and two good, in one agency and one group."""
    clock(date(2026, 12, 5))
    db.session.expire_all()
    office.officials = [joined(office, f"Công chức {at:02d}", PersonKind.CONG_CHUC) for at in range(11)]
    office.employees = [joined(office, f"Viên chức {at}", PersonKind.VIEN_CHUC) for at in range(4)]
    for at, who in enumerate(office.officials):
        db.session.expire(who)
        for month in range(1, 12):
            scored(office, who, f"2026-{month:02d}", "93" if at == 0 else "80", "decree-335-2025")
    for at, who in enumerate(office.employees):
        db.session.expire(who)
        for month in range(7, 13):
            scored(office, who, f"2026-{month:02d}", "92" if at < 2 else "80", "decree-233-2026@H15.99")
    grade_proposals.propose(office.department.id, 2026)
    factories.reviewed(office, [*office.officials, *office.employees])
    db.session.commit()
    return office


def live(who: Any) -> YearGrade:
    return db.session.scalars(
        select(YearGrade).where(YearGrade.person_id == who.id, YearGrade.superseded_at.is_(None))
    ).one()


def test_places_are_counted_for_each_law_alone(mixed: Any) -> None:
    found = {
        (one.book.name, one.group): (one.counts.at_least_90, one.counts.good, one.usual.chosen, one.article)
        for one in quotas.of_agency(mixed.department.id, 2026)
    }
    assert found[("decree-335-2025", None)] == (1, 10, 1, "Điều 20.5.a NĐ 335/2025")
    assert found[("decree-233-2026", None)] == (2, 2, 0, "Điều 12 NĐ 233/2026")
    assert {one.book.name for one in quotas.of_grade(live(mixed.employees[0]))} == {"decree-233-2026"}


def test_the_place_of_a_cong_chuc_is_no_place_for_a_vien_chuc(mixed: Any) -> None:
    thu = factories.actor(mixed.thu, date(2026, 12, 5))
    assert live(mixed.officials[0]).proposed_class is Band.HTXSNV
    with pytest.raises(Invalid, match="Nghị định 233/2026/NĐ-CP"):
        grades.decide(thu, live(mixed.employees[0]).id, Band.HTXSNV, reason="Có sáng kiến")
    db.session.rollback()
    grades.decide(thu, live(mixed.officials[0]).id, Band.HTXSNV)
    assert live(mixed.officials[0]).decided_class is Band.HTXSNV


def test_the_pages_of_a_mixed_agency_say_which_law_counts_whom(mixed: Any, client: Any, login: Any) -> None:
    login(client, mixed.thu)
    agency = mixed.department.id
    page = client.get(f"/grades/{agency}/2026").text
    assert "20% · Nghị định 335/2025/NĐ-CP" in page
    assert "25% · Nghị định 233/2026/NĐ-CP" in page
    trial = client.get(f"/what-if/agency/{agency}/2026?law=decree-233-2026&share=100")
    assert trial.status_code == 200
    assert "Nghị định 233/2026/NĐ-CP · Điều 12 NĐ 233/2026" in trial.text
    assert "Viên chức 0" in trial.text.split("Sẽ có suất")[1], "two places for two"
    assert client.get(f"/what-if/agency/{agency}/2026?law=x").status_code == 422


def test_the_round_and_the_means_of_a_vien_chuc_cite_the_own_decree(mixed: Any) -> None:
    employee, official = mixed.employees[0], mixed.officials[0]
    member = annual_round_questions.of_person(employee.id, 2026)
    assert member is not None
    timeline = annual_round.timeline(member, 2026)
    assert timeline.book.name == "decree-233-2026"
    assert timeline.dates is not None
    assert timeline.dates.last_day == date(2026, 12, 14)
    other = annual_round_questions.of_person(official.id, 2026)
    assert other is not None
    assert annual_round.timeline(other, 2026).book.name == "decree-335-2025"
    for who, article in (
        (employee, "Điều 12 NĐ 233/2026"),
        (official, "Điều 20.1, 20.2, 20.3, 20.4.a NĐ 335/2025"),
    ):
        span = PersonSpan(
            kind=SpanKind.QUARTER, year=2026, index=3, person_id=who.id, months_counted=3, mean=Decimal(80),
            exact_mean="80", unit_id=mixed.division.id, last_month=date(2026, 9, 1), band=Band.HTTNV,
        )  # fmt: skip
        working = working_of_grade.of_span(span, who)
        assert {step.article for step in working.steps if step.code == "band"} == {article}


def test_a_decision_without_minutes_cites_the_law_of_the_person(office: Any, clock: Any) -> None:
    clock(date(2026, 12, 5))
    employee = joined(office, "Hồ Thị Yến", PersonKind.VIEN_CHUC)
    db.session.expire(employee)
    for month in range(7, 13):
        scored(office, employee, f"2026-{month:02d}", "80", "decree-233-2026")
    grade_proposals.propose(office.department.id, 2026)
    with pytest.raises(Invalid, match=r"Điều 21\.1\.b, 21\.2\.b .theo NĐ 335, chờ đối chiếu"):
        grades.decide(factories.actor(office.thu, date(2026, 12, 5)), live(employee).id, Band.HTTNV)


def test_the_levels_of_a_chart_are_those_of_each_law_of_the_month(office: Any) -> None:
    from evaluation.web.standing_charts import Trend, _levels

    month = Month(2026, 8)
    trend = Trend(((month, Decimal("88")),))
    assert [limit for _name, limit in _levels(trend, month)] == [Decimal(90)], "both laws agree: one line"
