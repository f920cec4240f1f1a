"""Opening a month: who gets a sheet, under whom, and that twice is once."""

from datetime import date

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import (
    Absence,
    AuditEvent,
    CriterionMark,
    Delegation,
    Extension,
    Notice,
    Period,
    Report,
    UnitPlace,
)
from evaluation.queries import periods as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.organisation import AbsenceKind, Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import periods
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

MARCH = Month(2026, 3)


@pytest.fixture
def office(database, clock):
    clock(date(2026, 3, 2))
    return factories.office()


def sheet_of(person):
    return db.session.scalar(select(Report).where(Report.person_id == person.id))


def test_each_official_is_under_the_head_that_article_10_names(office):
    periods.open_month(MARCH)
    lan, hung, thu = sheet_of(office.lan), sheet_of(office.hung), sheet_of(office.thu)
    division, department, province = office.division.id, office.department.id, office.province.id
    assert (lan.supervising_unit_id, lan.confirming_unit_id) == (division, department)
    assert (hung.supervising_unit_id, hung.confirming_unit_id) == (department, department)
    assert (thu.supervising_unit_id, thu.confirming_unit_id) == (province, province)
    assert lan.supervisor_id == office.hung.id
    assert lan.agency_id == department
    assert lan.rulebook == "decree-335-2025"
    assert lan.state is ReportState.DRAFT
    assert sheet_of(office.chairman) is None, "cán bộ get no sheet here"


def test_ten_criteria_are_opened_without_any_points(office):
    periods.open_month(MARCH)
    marks = db.session.scalars(
        select(CriterionMark).where(CriterionMark.report_id == sheet_of(office.lan).id)
    ).all()
    assert len(marks) == 10
    assert {mark.own_points for mark in marks} == {None}


def test_opening_twice_is_opening_once(office):
    first = periods.open_month(MARCH)
    assert periods.open_month(MARCH).id == first.id
    assert db.session.scalar(select(func.count()).select_from(Report)) == 4
    assert db.session.scalar(select(func.count()).select_from(CriterionMark)) == 40
    assert db.session.scalars(select(AuditEvent.action)).all() == ["period.opened"]
    assert db.session.scalar(select(func.count()).where(Notice.person_id == office.hung.id)) == 1


def test_the_dates_are_working_days_of_vietnam_with_days_given_in_lieu(office):
    opened = periods.open_month(Month(2026, 4))
    # 30/04 and 01/05 are holidays, 26/04 (Hung Kings, a Sunday) moves to Monday 27/04.
    assert opened.submit_due == date(2026, 5, 5)
    assert date(2026, 4, 27) in questions.days_off(Month(2026, 4))


def test_who_joins_on_the_16th_gets_a_sheet_on_the_16th(office, clock):
    late = factories.person("Phạm Thị Mai")
    factories.assignment(late, office.division, job=office.job, since=date(2026, 3, 16))
    periods.open_month(MARCH)
    assert sheet_of(late) is None
    clock(date(2026, 3, 16))
    periods.open_month(MARCH)
    assert sheet_of(late).unit_id == office.division.id
    assert periods.due(sheet_of(late), StepName.ASSIGN) == date(2026, 3, 20), "five working days from joining"
    assert db.session.scalars(select(AuditEvent.action)).all() == ["period.opened", "period.sheets_added"]


def test_a_transfer_on_the_16th_leaves_the_month_with_the_old_unit(office, clock):
    other = factories.unit("Phòng Tổ chức", parent=office.department)
    head = factories.person("Ngô Văn Bình")
    factories.assignment(head, other, office=Office.HEAD)
    office.lan.assignments[0].valid_to = date(2026, 3, 16)
    db.session.flush()
    factories.assignment(office.lan, other, since=date(2026, 3, 16))
    clock(date(2026, 3, 20))
    periods.open_month(MARCH)
    assert sheet_of(office.lan).unit_id == office.division.id
    assert sheet_of(office.lan).supervisor_id == office.hung.id
    clock(date(2026, 4, 1))
    periods.open_month(Month(2026, 4))
    april = db.session.scalar(
        select(Report).join(Period).where(Report.person_id == office.lan.id, Period.month == date(2026, 4, 1))
    )
    assert (april.unit_id, april.supervisor_id) == (other.id, head.id)


def test_a_month_away_is_not_rated_with_its_reason_and_a_part_of_it_is(office):
    def away(who, since, until, kind=AbsenceKind.MATERNITY):
        db.session.add(Absence(person_id=who.id, kind=kind, valid_from=since, valid_to=until))

    away(office.lan, date(2026, 1, 15), date(2026, 7, 15))
    away(office.nam, date(2026, 3, 1), date(2026, 3, 31), AbsenceKind.SICK)
    away(office.hung, date(2026, 3, 1), date(2026, 3, 16), AbsenceKind.SICK)
    away(office.hung, date(2026, 3, 16), None, AbsenceKind.UNPAID)
    db.session.flush()
    periods.open_month(MARCH)
    assert (sheet_of(office.lan).state, sheet_of(office.lan).not_rated_reason) == (
        ReportState.NOT_RATED,
        AbsenceKind.MATERNITY,
    )
    assert sheet_of(office.nam).state is ReportState.DRAFT
    assert sheet_of(office.hung).not_rated_reason is AbsenceKind.SICK


def test_an_absence_that_ended_early_gives_the_sheet_back(office):
    absence = Absence(person_id=office.lan.id, kind=AbsenceKind.UNPAID, valid_from=date(2026, 2, 1))
    db.session.add(absence)
    periods.open_month(MARCH)
    absence.valid_to = date(2026, 3, 10)
    periods.open_month(MARCH)
    db.session.expire_all()
    assert (sheet_of(office.lan).state, sheet_of(office.lan).not_rated_reason) == (ReportState.DRAFT, None)


def test_contract_workers_get_a_sheet_only_where_their_agency_evaluates_them(office):
    worker = factories.person("Bùi Văn Tài", kind=PersonKind.HOP_DONG)
    factories.assignment(worker, office.division)
    employee = factories.person("Hồ Thị Yến", kind=PersonKind.VIEN_CHUC)
    factories.assignment(employee, office.division)
    periods.open_month(MARCH)
    assert sheet_of(worker) is None
    office.department.evaluates_contract_workers = True
    periods.open_month(MARCH)
    assert sheet_of(worker) is not None
    assert sheet_of(employee) is None


def test_a_deputy_who_also_heads_a_division_is_not_ones_own_supervisor(office):
    division = factories.unit("Văn phòng Sở", parent=office.department)
    deputy = factories.person("Đinh Văn Sơn")
    factories.assignment(deputy, division, office=Office.DEPUTY)
    factories.assignment(deputy, division, office=Office.HEAD, is_main=False)
    periods.open_month(MARCH)
    assert sheet_of(deputy).supervising_unit_id == office.department.id


def test_a_unit_below_a_division_belongs_to_the_same_agency_as_the_tree_stood(office):
    moved = factories.unit("Tổ Tổng hợp", parent=office.division)
    elsewhere = factories.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    member = factories.person("Tạ Thị Hoa")
    factories.assignment(member, moved)
    place = db.session.scalar(select(UnitPlace).where(UnitPlace.unit_id == moved.id))
    place.valid_to = date(2026, 3, 10)
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=moved.id,
            parent_id=elsewhere.id,
            name="Tổ Tổng hợp",
            short_name="Tổ",
            search_key="to tong hop",
            valid_from=date(2026, 3, 10),
        )
    )
    db.session.flush()
    periods.open_month(MARCH)
    assert sheet_of(member).agency_id == office.department.id


# Dates and extensions


@pytest.fixture
def opened(office):
    return periods.open_month(MARCH)


def submitted(report, period):
    report.submitted_at, report.state = period.opened_at, ReportState.SUBMITTED


def thu(office, day=date(2026, 4, 1)):
    return factories.actor(office.thu, day)


def test_the_head_of_the_agency_extends_for_the_agency_and_its_people_are_told(office, opened, clock):
    clock(date(2026, 4, 1))
    granted = periods.grant_extension(
        thu(office),
        period_id=opened.id,
        step=StepName.SUBMIT,
        due=date(2026, 4, 10),
        reason="Mất điện",
        agency_id=office.department.id,
    )
    assert periods.due(sheet_of(office.lan), StepName.SUBMIT) == date(2026, 4, 10)
    assert periods.due(sheet_of(office.lan), StepName.SCORE) == opened.score_due
    assert periods.due(sheet_of(office.thu), StepName.SUBMIT) == opened.submit_due, "not for oneself"
    told = db.session.scalars(
        select(Notice.person_id).where(Notice.parameters["reason"].as_string() == "Mất điện")
    )
    assert set(told) == {office.lan.id, office.nam.id, office.hung.id}
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.action, event.object_id, event.reason) == ("period.extended", granted.id, "Mất điện")
    assert (event.before["due"], event.after["due"]) == (opened.submit_due.isoformat(), "2026-04-10")


def test_after_the_last_day_a_step_is_refused_until_it_is_extended_and_then_is_late(office, opened, clock):
    lan = sheet_of(office.lan)
    clock(opened.submit_due)
    assert periods.late(lan, StepName.SUBMIT) is False
    clock(date(2026, 4, 9))
    with pytest.raises(Conflict, match=f"{opened.submit_due:%d/%m/%Y}"):
        periods.late(lan, StepName.SUBMIT)
    periods.grant_extension(
        thu(office, date(2026, 4, 9)),
        period_id=opened.id,
        step=StepName.SUBMIT,
        due=date(2026, 4, 10),
        reason="Ốm",
        report_id=lan.id,
    )
    assert periods.late(lan, StepName.SUBMIT) is True
    with pytest.raises(Conflict):
        periods.late(sheet_of(office.nam), StepName.SUBMIT)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"due": date(2026, 4, 2)}, "due"),
        ({"due": date(2026, 3, 1)}, "due"),
        ({"reason": "  "}, "reason"),
        ({"agency_id": None}, "target"),
    ],
)
def test_terms_that_mean_nothing_are_refused_and_nothing_changes(office, opened, change, place):
    terms = {
        "period_id": opened.id,
        "step": StepName.SUBMIT,
        "due": date(2026, 4, 10),
        "reason": "Mất điện",
        "agency_id": office.department.id,
    }
    with pytest.raises(Invalid) as refused:
        periods.grant_extension(thu(office), **(terms | change))
    assert [fault.place for fault in refused.value.faults] == [place]
    assert db.session.scalar(select(func.count()).select_from(Extension)) == 0


def test_who_may_extend(office, opened):
    terms = {"period_id": opened.id, "step": StepName.SUBMIT, "due": date(2026, 4, 10), "reason": "Mất điện"}
    hung = factories.actor(office.hung, date(2026, 4, 1))
    with pytest.raises(Forbidden):
        periods.grant_extension(hung, agency_id=office.department.id, **terms)
    with pytest.raises(Forbidden):
        periods.grant_extension(thu(office), report_id=sheet_of(office.thu).id, **terms)
    stranger = factories.person("Người Lạ")
    with pytest.raises(Missing):
        periods.grant_extension(
            factories.actor(stranger, date(2026, 4, 1)), report_id=sheet_of(office.lan).id, **terms
        )
    clerk = factories.person("Cao Thị Vân")
    factories.account(clerk, roles=[(Role.HOME_AFFAIRS, office.province)])
    periods.grant_extension(
        factories.actor(clerk, date(2026, 4, 1)), report_id=sheet_of(office.thu).id, **terms
    )
    assert periods.due(sheet_of(office.thu), StepName.SUBMIT) == date(2026, 4, 10)


def test_a_closed_month_is_not_extended(office, opened):
    opened.closed_at = opened.opened_at
    with pytest.raises(Conflict):
        periods.grant_extension(
            thu(office),
            period_id=opened.id,
            step=StepName.SUBMIT,
            due=date(2026, 4, 10),
            reason="Mất điện",
            agency_id=office.department.id,
        )


def test_reminders_come_the_working_day_before_and_only_once_a_day(office, opened, clock):
    assert opened.submit_due == date(2026, 4, 2)
    clock(date(2026, 3, 31))
    assert periods.remind() == 0
    clock(date(2026, 4, 1))
    assert periods.remind() == 4
    assert periods.remind() == 0
    clock(date(2026, 4, 2))
    assert periods.remind() == 4
    submitted(sheet_of(office.lan), opened)
    clock(opened.score_due)
    assert periods.remind() == 1
    said = db.session.scalars(select(Notice).order_by(Notice.id.desc())).first()
    assert (said.person_id, said.parameters["count"]) == (office.hung.id, 1)


def test_a_stand_in_is_reminded_as_well_as_the_head(office, opened, clock):
    submitted(sheet_of(office.lan), opened)
    db.session.add(
        Delegation(
            unit_id=office.division.id,
            delegator_id=office.hung.id,
            delegate_id=office.nam.id,
            document_number="12/UQ",
            reason="Nghỉ phép",
            valid_from=date(2026, 4, 1),
            valid_to=date(2026, 5, 1),
        )
    )
    db.session.flush()
    clock(opened.score_due)
    assert periods.remind() == 2


def test_the_night_run_opens_this_month_and_fills_the_one_before(office, opened, clock):
    late = factories.person("Phạm Thị Mai")
    factories.assignment(late, office.division, job=office.job, since=date(2026, 3, 31))
    clock(date(2026, 4, 1))
    assert [period.month for period in periods.open_due_months()] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert db.session.scalar(select(func.count()).where(Report.person_id == late.id)) == 2
    assert periods.current().month == date(2026, 4, 1)


def test_the_command_line_opens_and_lists(office, runner):
    assert runner.invoke(args=["periods", "open", "2026-03"]).output == "2026-03: 4 sheets\n"
    assert "submit 02/04/2026" in runner.invoke(args=["periods", "list"]).output
    assert "not a month" in runner.invoke(args=["periods", "open", "tháng 3"]).output
