"""Units move, people serve and duties are lent by date; every refusal is a sentence and changes nothing."""

from datetime import date

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Assignment, AuditEvent, Delegation, Notice, UnitCode
from evaluation.queries import organisation as questions
from evaluation.rules.organisation import AbsenceKind, Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.permissions import Role
from evaluation.services import absences, appointments, charges, delegations, organisation, people
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories as make

TODAY = date(2026, 3, 10)
APRIL = date(2026, 4, 1)


@pytest.fixture
def office(database, clock):
    clock(TODAY)
    made = make.office()
    db.session.commit()
    return made


@pytest.fixture
def actor(office):
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    return make.actor(who, TODAY)


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def places(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.place for fault in refused.value.faults]


def test_an_office_moved_on_the_first_of_april_counts_under_its_old_parent_in_march(office, actor):
    finance = make.unit("Sở Tài chính", parent=office.province, role=UnitRole.USING_AGENCY)
    organisation.rename_or_move(actor, office.division.id, since=APRIL, parent_id=finance.id)
    assert questions.ancestors(office.division.id, date(2026, 3, 31))[1] == office.department.id
    assert questions.ancestors(office.division.id, APRIL)[1] == finance.id
    assert office.division.id in questions.descendants([office.department.id], date(2026, 3, 31))
    assert actions() == ["unit.moved"]


def test_a_unit_cannot_stand_under_what_stands_under_it(office, actor):
    with pytest.raises(Invalid) as refused:
        organisation.rename_or_move(actor, office.department.id, since=APRIL, parent_id=office.division.id)
    assert places(refused) == ["parent_id"]
    assert actions() == []


def test_a_new_name_counts_from_its_day_only(office, actor):
    organisation.rename_or_move(actor, office.division.id, since=APRIL, name="Phòng Cán bộ")
    assert questions.unit_names([office.division.id], date(2026, 3, 31)) == {
        office.division.id: "Phòng Công chức, viên chức"
    }
    assert questions.unit_names([office.division.id], APRIL) == {office.division.id: "Phòng Cán bộ"}


def test_a_founded_unit_has_a_code_that_no_other_unit_has(office, actor):
    made = organisation.found_unit(
        actor, parent_id=office.department.id, name="Phòng Mới", code="H99.12.77", kind=UnitKind.DIVISION,
        role=UnitRole.DIRECT_UNIT, since=APRIL,
    )  # fmt: skip
    assert questions.unit_by_code("H99.12.77", APRIL) == made.id
    with pytest.raises(Invalid) as refused:
        organisation.found_unit(
            actor, parent_id=office.department.id, name="Phòng Khác", code="H99.12.77", kind=UnitKind.DIVISION,
            role=UnitRole.DIRECT_UNIT, since=APRIL,
        )  # fmt: skip
    assert places(refused) == ["code"]


def test_a_new_code_closes_the_old_one_and_is_its_successor(office, actor):
    old = office.division.codes[0].code
    organisation.give_code(actor, office.division.id, code="H99.55", since=APRIL)
    closed = db.session.query(UnitCode).filter_by(code=old).one()
    assert (closed.valid_to, closed.successor) == (APRIL, "H99.55")
    assert questions.unit_by_code(old, date(2026, 3, 31)) == office.division.id
    organisation.close_code(
        actor, office.division.id, code="H99.55", until=date(2026, 5, 1), successor="H99.56"
    )
    assert questions.unit_by_code("H99.55", date(2026, 5, 1)) is None


def test_a_unit_with_people_is_not_dissolved(office, actor):
    with pytest.raises(Conflict):
        organisation.dissolve_unit(actor, office.division.id, on=APRIL)
    empty = make.unit("Phòng Trống", parent=office.department)
    organisation.dissolve_unit(actor, empty.id, on=APRIL)
    assert empty.id not in questions.descendants([office.department.id], APRIL)


def test_a_transfer_closes_the_running_assignment_on_its_first_day(office, actor):
    other = make.unit("Phòng Thanh niên", parent=office.department)
    appointments.appoint(
        actor, office.lan.id, unit_id=other.id, since=APRIL, office=Office.STAFF, title="Chuyên viên"
    )
    assert questions.main_assignment(office.lan.id, date(2026, 3, 31)).unit_id == office.division.id
    assert questions.main_assignment(office.lan.id, APRIL).unit_id == other.id
    assert actions() == ["person.transferred"]


def test_an_earlier_overlap_is_refused_with_the_other_assignment_and_its_days(office, actor):
    other = make.unit("Phòng Thanh niên", parent=office.department)
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        appointments.appoint(
            actor,
            office.lan.id,
            unit_id=other.id,
            since=make.BEGINNING,
            office=Office.STAFF,
            title="Chuyên viên",
        )
    sentence = refused.value.faults[0].message
    assert "Phòng Công chức, viên chức" in sentence
    assert "01/01/2026" in sentence
    assert db.session.query(Assignment).filter_by(person_id=office.lan.id).count() == 1


def test_a_unit_has_one_head_at_a_time(office, actor):
    with pytest.raises(Invalid) as refused:
        appointments.appoint(
            actor,
            office.nam.id,
            unit_id=office.division.id,
            since=APRIL,
            office=Office.HEAD,
            title="Trưởng phòng",
        )
    assert places(refused) == ["office"]
    assert "Trần Văn Hùng" in refused.value.faults[0].message
    assert questions.main_assignment(office.nam.id, APRIL).office is Office.STAFF


def test_the_database_itself_refuses_a_second_main_assignment(office):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.assignment(office.lan, office.department, since=APRIL)


def test_a_concurrent_assignment_leaves_the_main_one_running(office, actor):
    appointments.appoint(
        actor,
        office.lan.id,
        unit_id=office.department.id,
        since=APRIL,
        office=Office.STAFF,
        title="Thư ký",
        is_main=False,
    )
    assert questions.main_assignment(office.lan.id, APRIL).unit_id == office.division.id


def test_hiring_needs_a_free_official_number_and_a_vietnamese_name(office, actor):
    def hire(number: str, name: str):
        return appointments.hire(
            actor, unit_id=office.division.id, since=APRIL, office=Office.STAFF, title="Chuyên viên",
            official_number=number, full_name=name, kind=PersonKind.CONG_CHUC,
        )  # fmt: skip

    made = hire("CB900", "Đỗ Thị Mai")
    assert questions.main_assignment(made.id, APRIL).unit_id == office.division.id
    with pytest.raises(Invalid) as refused:
        hire("CB900", "Đỗ Thị Hồng")
    assert places(refused) == ["official_number"]
    with pytest.raises(Invalid) as refused:
        hire("CB901", "Đỗ Thị Mаi")
    assert places(refused) == ["full_name"]


def test_a_corrected_personal_number_stays_out_of_the_journal(office, actor):
    people.correct_person(actor, office.lan.id, personal_number="001185012345")
    event = db.session.query(AuditEvent).filter_by(action="person.corrected").one()
    assert "001185012345" not in f"{event.before}{event.after}"


def test_leaving_ends_the_service(office, actor):
    own = questions.main_assignment(office.nam.id, TODAY)
    appointments.end_assignment(actor, own.id, on=APRIL, leaves=True)
    assert questions.main_assignment(office.nam.id, APRIL) is None
    assert office.nam.left_on == APRIL
    with pytest.raises(Invalid):
        appointments.end_assignment(actor, own.id, on=make.BEGINNING)


def test_absences_do_not_overlap(office, actor):
    absences.record_absence(
        actor, office.lan.id, kind=AbsenceKind.MATERNITY, since=APRIL, until=date(2026, 10, 1)
    )
    with pytest.raises(Invalid):
        absences.record_absence(
            actor, office.lan.id, kind=AbsenceKind.SICK, since=date(2026, 9, 30), until=date(2026, 10, 2)
        )
    absences.record_absence(
        actor, office.lan.id, kind=AbsenceKind.SICK, since=date(2026, 10, 1), until=date(2026, 10, 2)
    )


def test_only_a_deputy_is_put_in_charge_of_what_stands_below(office, actor):
    deputy = make.person("Lý Văn Phó")
    make.assignment(deputy, office.department, office=Office.DEPUTY)
    charges.put_in_charge(actor, deputy.id, since=TODAY, unit_id=office.division.id)
    assert [charge.unit_id for charge in questions.charges(deputy.id, TODAY)] == [office.division.id]
    with pytest.raises(Invalid):
        charges.put_in_charge(actor, deputy.id, since=TODAY, unit_id=office.province.id)
    with pytest.raises(Invalid):
        charges.put_in_charge(actor, office.lan.id, since=TODAY, unit_id=office.division.id)


def test_without_the_right_nothing_changes(office):
    hung = make.actor(office.hung, TODAY)
    with pytest.raises(Forbidden):
        organisation.rename_or_move(hung, office.division.id, since=APRIL, name="Phòng Khác")
    with pytest.raises(Missing):
        organisation.rename_or_move(
            make.actor(office.lan, TODAY), office.division.id, since=APRIL, name="Khác"
        )
    assert actions() == []


def lend(who, office, to, **given):
    terms = {
        "since": TODAY,
        "until": date(2026, 3, 20),
        "document_number": "12/UQ",
        "reason": "Đi công tác",
    } | given
    return delegations.delegate(make.actor(who, TODAY), office.division.id, delegate_id=to.id, **terms)


def test_a_head_lends_the_duty_until_a_day_and_the_right_ends_by_itself(office):
    lend(office.hung, office, office.lan)
    standing = make.actor(office.lan, TODAY).standing
    assert standing.delegated == {office.division.id: office.hung.id}
    assert make.actor(office.lan, date(2026, 3, 20)).standing.delegated == {}
    assert db.session.query(Notice).filter_by(person_id=office.lan.id).count() == 1


def test_a_lent_duty_is_not_lent_on_nor_to_the_head_nor_without_an_end(office):
    lend(office.hung, office, office.lan)
    with pytest.raises(Forbidden):
        lend(office.lan, office, office.nam)
    with pytest.raises(Missing):
        lend(office.nam, office, office.lan)
    with pytest.raises(Invalid) as refused:
        lend(office.hung, office, office.hung, until=None, document_number="", reason=" ")
    assert places(refused) == ["delegate_id", "until", "document_number", "reason"]
    assert db.session.query(Delegation).count() == 1


def test_a_duty_is_lent_once_at_a_time_and_inside_the_agency(office):
    lend(office.hung, office, office.lan)
    with pytest.raises(Invalid) as refused:
        lend(office.hung, office, office.nam)
    assert "Nguyễn Thị Lan" in refused.value.faults[0].message
    with pytest.raises(Invalid) as refused:
        lend(office.hung, office, office.chairman, since=date(2026, 5, 1), until=date(2026, 5, 2))
    assert places(refused) == ["delegate_id"]


def test_a_duty_taken_back_ends_today(office, clock):
    lent = lend(office.hung, office, office.lan)
    clock(date(2026, 3, 12))
    delegations.end_delegation(make.actor(office.hung, date(2026, 3, 12)), lent.id)
    assert lent.valid_to == date(2026, 3, 12)
    with pytest.raises(Missing):
        delegations.end_delegation(make.actor(office.nam, TODAY), lent.id)
