"""Assigning work: by whom, on what, with which coefficient, and two at once."""

import threading
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import AuditEvent, Delegation, Notice, ProductUnit, ProductVersion, Report, WorkItem
from evaluation.rules.deadlines import StepName
from evaluation.rules.organisation import Office
from evaluation.rules.periods import Month
from evaluation.rules.scoring import WorkKind, sums_of
from evaluation.rules.workflow import ReportState
from evaluation.services import periods, rulebooks, scores, workplans
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

MARCH = Month(2026, 3)
DAY = date(2026, 3, 3)


@pytest.fixture
def office(database, clock):
    clock(DAY)
    made = factories.office()
    periods.open_month(MARCH)
    return made


@pytest.fixture
def letter(office):
    return factories.product(office.department, task="Công văn trả lời", coefficient="1.5")


def sheet(person, month=MARCH):
    return db.session.scalar(
        select(Report)
        .where(Report.person_id == person.id, Report.period.has(month=month.first_day))
        .execution_options(populate_existing=True)
    )


def hung(office, day=DAY):
    return factories.actor(office.hung, day)


def give(office, who, product, quantity="4", due_on="20/03/2026", actor=None, **more):
    return workplans.assign(
        actor or hung(office),
        sheet(who).id,
        version_id=product.id,
        quantity=quantity,
        due_on=due_on,
        **more,
    )


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


# One line


def test_a_line_copies_the_coefficient_and_is_told_and_journaled_once(office, letter):
    before = sheet(office.lan).version
    item = give(office, office.lan, letter, "4,5", "20")
    letter.coefficient = Decimal(9)
    db.session.flush()
    assert (item.kind, item.coefficient, item.assigned) == (WorkKind.PLANNED, Decimal("1.5"), Decimal("4.5"))
    assert (item.due_on, item.task, item.assigned_by) == (
        date(2026, 3, 20),
        "Công văn trả lời",
        office.hung.id,
    )
    assert sheet(office.lan).version == before + 1
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "workplan.assigned")).one()
    assert (event.object_id, event.actor_id) == (sheet(office.lan).id, office.hung.id)
    give(office, office.lan, letter, "1")
    assert (
        db.session.scalar(select(func.count()).select_from(Notice).where(Notice.person_id == office.lan.id))
        == 1
    )


def test_the_same_form_sent_twice_is_one_line(office, letter):
    form = str(uuid4())
    first = give(office, office.lan, letter, transaction_id=form)
    assert give(office, office.lan, letter, transaction_id=form).id == first.id
    assert count(WorkItem) == 1


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "1,234"}, "quantity"),
        ({"quantity": "mười"}, "quantity"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "10000"}, "quantity"),
        ({"due_on": "01/04/2026"}, "due_on"),
        ({"due_on": "32"}, "due_on"),
        ({"due_on": ""}, "due_on"),
        ({"kind": WorkKind.RECEIVED}, "kind"),
    ],
)
def test_terms_that_mean_nothing_are_refused_beside_their_field(office, letter, typed, place):
    with pytest.raises(Invalid) as refused:
        give(office, office.lan, letter, **typed)
    assert [fault.place for fault in refused.value.faults] == [place]
    assert count(WorkItem) == 0


def test_a_product_of_another_position_unit_agency_or_time_is_refused(office, letter):
    driver = factories.position("Lái xe")
    other = factories.unit("Sở Y tế", parent=office.province)
    wrong = [
        factories.product(office.department, task="Lái xe phục vụ", positions=[driver]),
        factories.product(other, task="Của sở khác"),
        factories.product(office.department, task="Chưa có hiệu lực", since=date(2026, 4, 1)),
    ]
    elsewhere = factories.product(office.department, task="Của đơn vị khác")
    db.session.add(ProductUnit(version_id=elsewhere.id, unit_id=other.id))
    db.session.flush()
    for product in [*wrong, elsewhere]:
        with pytest.raises(Invalid) as refused:
            give(office, office.lan, product)
        assert [fault.place for fault in refused.value.faults] == ["version_id"]
    own = factories.product(office.department, task="Của chuyên viên", positions=[office.job])
    assert give(office, office.lan, own).task == "Của chuyên viên"


def test_nobody_assigns_to_oneself_to_a_sheet_of_others_or_without_office(office, letter):
    with pytest.raises(Missing):
        give(office, office.hung, letter, actor=factories.actor(office.lan, DAY))
    with pytest.raises(Forbidden):
        give(office, office.lan, letter, actor=factories.actor(office.lan, DAY))
    with pytest.raises(Forbidden):
        give(office, office.hung, letter)
    with pytest.raises(Forbidden):
        give(office, office.lan, letter, actor=factories.actor(office.thu, DAY))
    assert count(WorkItem) == 0


def test_a_delegate_assigns_on_behalf_until_the_delegation_ends_and_never_to_oneself(office, letter):
    db.session.add(
        Delegation(
            unit_id=office.division.id,
            delegator_id=office.hung.id,
            delegate_id=office.nam.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=date(2026, 3, 1),
            valid_to=date(2026, 3, 5),
        )
    )
    db.session.flush()
    give(office, office.lan, letter, actor=factories.actor(office.nam, date(2026, 3, 4)))
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "workplan.assigned")).one()
    assert (event.actor_id, event.on_behalf_of_id) == (office.nam.id, office.hung.id)
    with pytest.raises(Forbidden):
        give(office, office.nam, letter, actor=factories.actor(office.nam, date(2026, 3, 4)))
    with pytest.raises(Missing):
        give(office, office.lan, letter, actor=factories.actor(office.nam, date(2026, 3, 5)))


def test_planned_work_is_fixed_after_the_last_day_and_ad_hoc_work_is_not(office, letter, clock):
    clock(date(2026, 3, 9))
    with pytest.raises(Conflict, match="06/03/2026"):
        give(office, office.lan, letter)
    assert give(office, office.lan, letter, kind=WorkKind.ADHOC).kind is WorkKind.ADHOC


@pytest.mark.parametrize("state", [ReportState.SUBMITTED, ReportState.NOT_RATED])
def test_a_sheet_that_was_sent_or_is_not_rated_takes_no_work(office, letter, state):
    lan = sheet(office.lan)
    lan.submitted_at = lan.period.opened_at
    lan.not_rated_reason = "MATERNITY" if state is ReportState.NOT_RATED else None
    lan.state = state
    db.session.flush()
    with pytest.raises(Conflict, match="Nguyễn Thị Lan"):
        give(office, office.lan, letter)
    assert count(WorkItem) == 0


def test_a_closed_month_takes_no_work(office, letter):
    period = sheet(office.lan).period
    period.closed_at = period.opened_at
    db.session.flush()
    with pytest.raises(Conflict):
        give(office, office.lan, letter)


def test_a_line_is_removed_while_nothing_was_reported_on_it(office, letter, clock):
    item = give(office, office.lan, letter)
    item.reported = True
    db.session.flush()
    with pytest.raises(Conflict):
        workplans.remove(hung(office), item.id)
    item.reported = False
    db.session.flush()
    clock(date(2026, 3, 9))
    with pytest.raises(Conflict):
        workplans.remove(hung(office), item.id)
    clock(DAY)
    workplans.remove(hung(office), item.id)
    assert count(WorkItem) == 0
    with pytest.raises(Missing):
        workplans.remove(hung(office), item.id)


# All holders of a position


def test_one_product_goes_to_all_holders_but_not_to_oneself_nor_twice(office, letter):
    clerk = factories.person("Phan Thị Ngọc")
    factories.assignment(clerk, office.division, job=factories.position("Văn thư"))
    periods.open_month(MARCH)
    give(office, office.lan, letter)
    shared = workplans.assign_to_holders(
        hung(office),
        office.division.id,
        MARCH,
        position_id=office.job.id,
        version_id=letter.id,
        quantity="3",
        due_on="25",
    )
    assert shared.lines == 1
    assert [name for name, _why in shared.skipped] == ["Nguyễn Thị Lan"]
    assert [item.assigned for item in sheet(office.nam).items] == [Decimal(3)]
    assert sheet(clerk).items == []


def test_only_who_heads_the_unit_shares_work_there(office, letter):
    for who in (office.lan, office.thu):
        with pytest.raises(Missing):
            workplans.assign_to_holders(
                factories.actor(who, DAY),
                office.division.id,
                MARCH,
                position_id=office.job.id,
                version_id=letter.id,
                quantity="3",
                due_on="25",
            )
    assert count(WorkItem) == 0


# The grid


def row(item, report, quantity="4", due_on="20/03/2026", version=None, **more):
    return workplans.GridRow(item.id, version or report.version, quantity, due_on, **more)


def test_the_grid_stores_what_changed_and_only_that(office, letter):
    first, second = give(office, office.lan, letter), give(office, office.nam, letter)
    lan, nam = sheet(office.lan), sheet(office.nam)
    versions = (lan.version, nam.version)
    changed = workplans.save_grid(
        hung(office), office.division.id, MARCH, [row(first, lan, "6,5", "27"), row(second, nam)]
    )
    assert changed == 1
    assert (first.assigned, first.due_on) == (Decimal("6.5"), date(2026, 3, 27))
    assert (sheet(office.lan).version, sheet(office.nam).version) == (versions[0] + 1, versions[1])


def test_one_bad_cell_shows_every_fault_and_stores_none(office, letter):
    first, second = give(office, office.lan, letter), give(office, office.nam, letter)
    third = give(office, office.nam, letter)
    with pytest.raises(Invalid) as refused:
        workplans.save_grid(
            hung(office),
            office.division.id,
            MARCH,
            [
                row(first, sheet(office.lan), "nhiều"),
                row(second, sheet(office.nam), due_on="31/02/2026"),
                row(third, sheet(office.nam), "7"),
            ],
        )
    assert [fault.place for fault in refused.value.faults] == [f"quantity-{first.id}", f"due_on-{second.id}"]
    assert "Nguyễn Thị Lan" in refused.value.faults[0].message
    db.session.rollback()
    assert db.session.get(WorkItem, third.id).assigned == Decimal(4)


def test_a_grid_opened_before_another_save_is_refused_with_both_values(office, letter):
    item = give(office, office.lan, letter)
    old = sheet(office.lan).version
    workplans.save_grid(hung(office), office.division.id, MARCH, [row(item, sheet(office.lan), "5")])
    with pytest.raises(workplans.GridConflict) as refused:
        workplans.save_grid(
            hung(office), office.division.id, MARCH, [row(item, sheet(office.lan), "6", version=old)]
        )
    assert refused.value.differences == {item.id: (Decimal(5), date(2026, 3, 20))}
    assert "Trần Văn Hùng" in refused.value.message
    assert item.assigned == Decimal(5)


def test_the_grid_never_touches_a_sheet_of_another_unit_or_ones_own(office, letter):
    own = give(office, office.hung, letter, actor=factories.actor(office.thu, DAY))
    with pytest.raises(workplans.GridConflict):
        workplans.save_grid(hung(office), office.division.id, MARCH, [row(own, sheet(office.hung), "1")])
    with pytest.raises(Missing):
        workplans.save_grid(hung(office), office.department.id, MARCH, [row(own, sheet(office.hung), "1")])
    assert own.assigned == Decimal(4)


def test_after_the_last_day_the_grid_changes_ad_hoc_lines_only(office, letter, clock):
    planned, extra = give(office, office.lan, letter), give(office, office.lan, letter, kind=WorkKind.ADHOC)
    clock(date(2026, 3, 9))
    lan = sheet(office.lan)
    with pytest.raises(Invalid):
        workplans.save_grid(
            hung(office), office.division.id, MARCH, [row(planned, lan, "5"), row(extra, lan, "5")]
        )
    db.session.rollback()
    workplans.save_grid(hung(office), office.division.id, MARCH, [row(planned, lan), row(extra, lan, "5")])
    assert (planned.assigned, extra.assigned) == (Decimal(4), Decimal(5))


def test_a_line_ticked_for_removal_leaves_unless_it_was_reported_on(office, letter):
    gone, kept = give(office, office.lan, letter), give(office, office.nam, letter)
    kept.reported = True
    db.session.flush()
    rows = [row(gone, sheet(office.lan), remove=True), row(kept, sheet(office.nam), remove=True)]
    with pytest.raises(Invalid) as refused:
        workplans.save_grid(hung(office), office.division.id, MARCH, rows)
    assert [fault.place for fault in refused.value.faults] == [f"quantity-{kept.id}"]
    db.session.rollback()
    workplans.save_grid(hung(office), office.division.id, MARCH, rows[:1])
    assert sheet(office.lan).items == []
    assert len(sheet(office.nam).items) == 1


def test_an_extension_of_assigning_opens_the_plan_again(office, letter, clock):
    clock(date(2026, 3, 9))
    periods.grant_extension(
        factories.actor(office.thu, date(2026, 3, 9)),
        period_id=sheet(office.lan).period_id,
        step=StepName.ASSIGN,
        due=date(2026, 3, 12),
        reason="Kế hoạch điều chỉnh",
        report_id=sheet(office.lan).id,
    )
    assert give(office, office.lan, letter).kind is WorkKind.PLANNED
    with pytest.raises(Conflict):
        give(office, office.nam, letter)


# Last month


def test_copying_takes_the_coefficient_in_force_now_and_days_of_this_month(office, letter, clock):
    old = give(office, office.lan, letter, "4", "03/03/2026")
    letter.valid_to = date(2026, 4, 1)
    db.session.flush()
    newer = ProductVersion(
        product_id=letter.product_id,
        catalogue_id=letter.catalogue_id,
        task="Công văn trả lời, mẫu mới",
        complexity_group=1,
        points=Decimal(10),
        coefficient=Decimal(2),
        search_key="cong van",
        valid_from=date(2026, 4, 1),
    )
    db.session.add(newer)
    clock(date(2026, 4, 2))
    april = Month(2026, 4)
    periods.open_month(april)
    copied = workplans.copy_last_month(hung(office, date(2026, 4, 2)), office.division.id, april)
    assert (copied.lines, copied.sheets, copied.skipped) == (1, 1, [])
    item = sheet(office.lan, april).items[0]
    assert (item.coefficient, item.task, item.assigned) == (
        Decimal(2),
        "Công văn trả lời, mẫu mới",
        Decimal(4),
    )
    assert item.due_on == date(2026, 4, 2), "the second working day, as 03/03 was"
    assert old.coefficient == Decimal("1.5")
    again = workplans.copy_last_month(hung(office, date(2026, 4, 2)), office.division.id, april)
    assert again.lines == 0
    assert len(sheet(office.lan, april).items) == 1


def test_copying_plans_again_what_was_handed_over_and_leaves_out_what_ended(office, letter, clock):
    item = give(office, office.lan, letter, "4")
    ended = factories.product(office.department, task="Việc đã hết")
    give(office, office.nam, ended)
    workplans.hand_over(
        hung(office), item.id, to_report_id=sheet(office.nam).id, quantity="1", reason="Quá tải"
    )
    ended.valid_to = date(2026, 4, 1)
    clock(date(2026, 4, 1))
    april = Month(2026, 4)
    periods.open_month(april)
    copied = workplans.copy_last_month(hung(office, date(2026, 4, 1)), office.division.id, april)
    assert [one.assigned for one in sheet(office.lan, april).items] == [Decimal(4)]
    assert sheet(office.nam, april).items == []
    assert [name for name, _why in copied.skipped] == ["Lê Quang Nam"]
    assert "Việc đã hết" in copied.skipped[0][1]


def test_copying_for_one_person_leaves_the_others_alone(office, letter, clock):
    give(office, office.lan, letter)
    give(office, office.nam, letter)
    clock(date(2026, 4, 1))
    april = Month(2026, 4)
    periods.open_month(april)
    workplans.copy_last_month(
        hung(office, date(2026, 4, 1)), office.division.id, april, report_id=sheet(office.nam, april).id
    )
    assert (len(sheet(office.lan, april).items), len(sheet(office.nam, april).items)) == (0, 1)


# Handing over


def assigned_units(person):
    report = sheet(person)
    book = rulebooks.book_of(report)
    lines = [scores.line_of(item, scores.Stage.OWN) for item in report.items]
    return sums_of(lines, book=book, day=report.period.month).assigned


def test_handing_over_changes_neither_total_and_the_receiver_gains(office, letter):
    item = give(office, office.lan, letter, "4")
    give(office, office.nam, letter, "2")
    before = assigned_units(office.lan), assigned_units(office.nam)
    given, received = workplans.hand_over(
        hung(office), item.id, to_report_id=sheet(office.nam).id, quantity="1,5", reason="Ốm dài ngày"
    )
    assert (assigned_units(office.lan), assigned_units(office.nam)) == before == (Fraction(6), Fraction(3))
    assert (item.assigned, given.assigned, received.assigned) == (
        Decimal("2.5"),
        Decimal("1.5"),
        Decimal("1.5"),
    )
    assert (given.kind, received.kind) == (WorkKind.TRANSFERRED_OUT, WorkKind.RECEIVED)
    assert (given.counterpart_id, received.counterpart_id) == (received.id, given.id)
    assert received.coefficient == Decimal("1.5")
    assert {
        notice.person_id
        for notice in db.session.scalars(select(Notice))
        if notice.parameters.get("reason") == "Ốm dài ngày"
    } == {office.lan.id, office.nam.id}


def test_a_line_handed_over_whole_leaves_no_empty_line(office, letter):
    item = give(office, office.lan, letter, "4")
    given, _received = workplans.hand_over(
        hung(office), item.id, to_report_id=sheet(office.nam).id, quantity="4", reason="Nghỉ thai sản"
    )
    assert given.id == item.id
    assert [line.kind for line in sheet(office.lan).items] == [WorkKind.TRANSFERRED_OUT]
    assert assigned_units(office.lan) == 6


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"quantity": "3,01"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"reason": " "}, "reason"),
        ({"to_report_id": None}, "to_report_id"),
        ({"to_report_id": "self"}, "to_report_id"),
        ({"to_report_id": "actor"}, "to_report_id"),
        ({"to_report_id": "other agency"}, "to_report_id"),
    ],
)
def test_a_hand_over_that_cannot_be_is_refused_and_nothing_moves(office, letter, change, place):
    item = give(office, office.lan, letter, "4")
    item.done, item.reported = Decimal(1), True
    other = factories.unit("Sở Y tế", parent=office.province, role="USING_AGENCY")
    doctor = factories.person("Bác sĩ Hà")
    factories.assignment(doctor, other)
    periods.open_month(MARCH)
    targets = {
        "self": sheet(office.lan).id,
        "actor": sheet(office.hung).id,
        "other agency": sheet(doctor).id,
    }
    terms = {"to_report_id": sheet(office.nam).id, "quantity": "1", "reason": "Quá tải"} | change
    terms["to_report_id"] = targets.get(terms["to_report_id"], terms["to_report_id"])
    with pytest.raises(Invalid) as refused:
        workplans.hand_over(hung(office), item.id, **terms)
    assert [fault.place for fault in refused.value.faults] == [place]
    db.session.rollback()
    assert count(WorkItem) == 1
    assert db.session.get(WorkItem, item.id).assigned == Decimal(4)


def test_work_is_not_handed_over_from_or_to_a_sheet_that_was_sent(office, letter):
    item = give(office, office.lan, letter, "4")
    for who in (office.nam, office.lan):
        report = sheet(who)
        report.submitted_at, report.state = report.period.opened_at, ReportState.SUBMITTED
        db.session.flush()
        with pytest.raises(Conflict):
            workplans.hand_over(
                hung(office), item.id, to_report_id=sheet(office.nam).id, quantity="1", reason="Quá tải"
            )
    assert count(WorkItem) == 1


def test_the_head_of_the_receivers_division_is_told(office, letter):
    other = factories.unit("Văn phòng", parent=office.department)
    chief, clerk = factories.person("Ngô Văn Bình"), factories.person("Phan Thị Ngọc")
    factories.assignment(chief, other, office=Office.HEAD)
    factories.assignment(clerk, other)
    periods.open_month(MARCH)
    item = give(office, office.lan, letter, "4")
    workplans.hand_over(
        hung(office), item.id, to_report_id=sheet(clerk).id, quantity="1", reason="Đúng việc của Văn phòng"
    )
    told = db.session.scalars(select(Notice).where(Notice.person_id == chief.id)).all()
    assert told[-1].parameters["receiver"] == "Phan Thị Ngọc"


# Two at once


def test_of_two_supervisors_at_once_one_wins_and_the_other_is_told_who(fresh_database, clock):
    clock(DAY)
    made = factories.office()
    db.session.commit()
    periods.open_month(MARCH)
    product = factories.product(made.department, task="Công văn")
    report = sheet(made.lan)
    item = give(made, made.lan, product)
    deputy = factories.person("Hoàng Thị Yên")
    factories.assignment(deputy, made.division, office=Office.DEPUTY)
    db.session.add(
        Delegation(
            unit_id=made.division.id,
            delegator_id=made.hung.id,
            delegate_id=deputy.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=DAY,
            valid_to=date(2026, 3, 5),
        )
    )
    db.session.commit()
    report = sheet(made.lan)
    version, item_id, unit_id = report.version, item.id, made.division.id
    people = [made.hung.id, deputy.id]
    db.session.commit()
    outcomes = {}
    start = threading.Barrier(2)

    def save(person_id, quantity):
        with fresh_database.app_context():
            from evaluation.services.access import actor_for

            actor = actor_for(person_id, None, DAY)
            start.wait(10)
            try:
                workplans.save_grid(
                    actor, unit_id, MARCH, [workplans.GridRow(item_id, version, quantity, "20/03/2026")]
                )
                outcomes[quantity] = "saved"
            except workplans.GridConflict as refused:
                outcomes[quantity] = refused.message
            finally:
                db.session.rollback()

    threads = [threading.Thread(target=save, args=args) for args in zip(people, ("5", "6"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    saved = [quantity for quantity, outcome in outcomes.items() if outcome == "saved"]
    assert len(saved) == 1
    refused = next(outcome for outcome in outcomes.values() if outcome != "saved")
    assert ("Trần Văn Hùng" if saved == ["5"] else "Hoàng Thị Yên") in refused
    db.session.expire_all()
    assert db.session.get(WorkItem, item_id).assigned == Decimal(saved[0])


def test_two_beats_at_once_open_one_month(fresh_database, clock):
    clock(DAY)
    factories.office()
    db.session.commit()
    start = threading.Barrier(2)
    failures = []

    def beat():
        with fresh_database.app_context():
            start.wait(10)
            try:
                periods.open_month(MARCH)
            except Exception as problem:
                failures.append(problem)

    threads = [threading.Thread(target=beat) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert count(Report) == 4
    assert count(AuditEvent) == 1
