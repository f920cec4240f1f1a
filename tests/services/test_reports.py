"""An official's month: drafts, submission, withdrawal, and everything that must be refused."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from evaluation.models import (
    AuditEvent,
    Extension,
    ItemMark,
    Notice,
    Receipt,
    Report,
    ScoreSheet,
    Stage,
    WorkItem,
)
from evaluation.rules.deadlines import StepName
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import AbsenceKind, UnitRole
from evaluation.rules.scoring import ScoreStatus, WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import reports, scores
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from evaluation.services.reports import LineEntry
from tests import factories

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def month(database, clock):
    """Lan's March: two planned lines, nothing typed yet."""
    clock(IN_MARCH)
    place = factories.office()
    place.report = sheet_of(place, place.lan)
    place.first = factories.item(
        place.report, assigned="4", coefficient="2.5", due_on=date(2026, 3, 20), ordinal=1
    )
    place.second = factories.item(place.report, assigned="6", coefficient="1.5", task="Tờ trình", ordinal=2)
    place.actor = factories.actor(place.lan, IN_MARCH)
    return place


def sheet_of(place, who, **given) -> Report:
    return factories.report(
        who.assignments[0],
        supervising=place.division,
        confirming=place.department,
        agency=place.department,
        supervisor_id=place.hung.id,
        **given,
    )


def save(place, **given) -> Report:
    return reports.save_draft(place.actor, place.report.id, version=place.report.version, **given)


def submitted(place) -> ScoreSheet:
    factories.criteria(place.report, "28")
    return reports.submit(place.actor, place.report.id, version=place.report.version)


# Drafts


def test_a_saved_draft_keeps_the_facts_exactly_and_raises_the_version(month) -> None:
    save(
        month,
        lines={month.first.id: LineEntry(done="3,5", quality_fails="1", delays="2", note=" xong  sớm ")},
        criteria={"G1.1": "4,75"},
        strengths="Chủ động.\nĐúng hạn.",
    )
    assert (month.first.done, month.first.quality_fails, month.first.delays) == (Decimal("3.5"), 1, 2)
    assert month.first.note == "xong sớm"
    assert month.report.version == 2
    assert month.report.saved_at is not None
    assert {row.code: row.own_points for row in month.report.criteria}["G1.1"] == Decimal("4.75")
    assert month.report.strengths == "Chủ động.\nĐúng hạn."


def test_a_line_becomes_a_stored_fact_only_when_it_is_sent(month) -> None:
    save(month, lines={month.first.id: LineEntry()})
    assert (month.first.reported, month.first.done) == (True, Decimal(4))
    assert (month.second.reported, month.second.done) == (False, Decimal(0))


def test_saving_the_same_again_with_the_old_version_is_no_conflict_and_changes_nothing(month) -> None:
    sent = {month.first.id: LineEntry(done="3")}
    save(month, lines=sent)
    again = reports.save_draft(month.actor, month.report.id, version=1, lines=sent)
    assert again.version == 2


def test_a_second_tab_with_other_values_is_refused_and_shows_both(month) -> None:
    save(month, lines={month.first.id: LineEntry(done="3")})
    with pytest.raises(reports.Stale) as refused:
        reports.save_draft(
            month.actor, month.report.id, version=1, lines={month.first.id: LineEntry(done="2")}
        )
    (place, _label, stored, typed) = refused.value.differences[0]
    assert (place, stored, typed) == (f"line-{month.first.id}-done", Decimal(3), Decimal(2))
    assert month.first.done == 3


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1.234", "hai cách"),
        ("1e309", "không phải"),
        ("NaN", "không phải"),
        ("-1", "nhỏ hơn 0"),
        ("100,0001", "hai chữ số"),
        ("1234567890123", "lớn hơn"),
        ("", "trống"),
        ("năm", "không phải"),
    ],
)
def test_a_quantity_that_is_not_a_plain_number_is_refused_in_its_cell(month, app, typed, says) -> None:
    with app.test_request_context(), pytest.raises(Invalid) as refused:
        save(month, lines={month.first.id: LineEntry(done=typed), month.second.id: LineEntry(done="5")})
    (fault,) = refused.value.faults
    assert fault.place == f"line-{month.first.id}-done"
    assert fault.message.startswith("Dòng 1 (Công văn tham mưu, trả lời), cột Hoàn thành:")
    assert month.second.done == 0
    assert month.report.version == 1


def test_every_fault_is_told_at_once(month) -> None:
    with pytest.raises(Invalid) as refused:
        save(
            month,
            lines={
                month.first.id: LineEntry(done="x", delays="1,5", done_on="31/02/2026"),
                month.second.id: LineEntry(quality_fails="-1", done_on="01/04/2026"),
            },
            criteria={"G1.1": "5,5", "G2.1": "2,555", "G3.1": "-0,5"},
        )
    first, second = month.first.id, month.second.id
    assert [fault.place for fault in refused.value.faults] == [
        f"line-{first}-done",
        f"line-{first}-delays",
        f"line-{first}-done_on",
        f"line-{second}-quality_fails",
        f"line-{second}-done_on",
        "criterion-G1.1",
        "criterion-G2.1",
        "criterion-G3.1",
    ]


def test_a_line_finished_after_its_due_day_is_late_at_least_once(month) -> None:
    save(month, lines={month.first.id: LineEntry(done_on="25/03/2026", delays="0")})
    assert month.first.delays == 1
    save(month, lines={month.first.id: LineEntry(done_on="20/03/2026", delays="0")})
    assert month.first.delays == 0


def test_a_line_of_another_sheet_is_refused_and_stays_as_it_was(month) -> None:
    other = sheet_of(month, month.nam)
    foreign = factories.item(other, assigned="1")
    for unknown in (foreign.id, 999_999_999):
        with pytest.raises(Invalid):
            save(month, lines={unknown: LineEntry(done="1"), month.first.id: LineEntry(done="1")})
    assert (foreign.done, foreign.reported, month.first.reported) == (Decimal(0), False, False)


def test_a_handed_over_line_takes_no_entry(month) -> None:
    gone = factories.item(month.report, assigned="2", kind=WorkKind.TRANSFERRED_OUT)
    with pytest.raises(Invalid):
        save(month, lines={gone.id: LineEntry(done="1")})
    assert gone.done == 0


def test_text_made_to_break_things_is_cleaned_or_refused(month) -> None:
    save(month, strengths="Tốt\x00 \u202egnoh\ud800 😀", lines={month.first.id: LineEntry(note="a\x00b")})
    assert month.report.strengths == "Tốt gnoh 😀"
    assert month.first.note == "ab"
    with pytest.raises(Invalid):
        save(month, strengths="a" * 4001)


# Who may, and when


def test_nobody_else_writes_a_sheet_and_strangers_do_not_learn_that_it_exists(month) -> None:
    stranger = factories.actor(month.nam, IN_MARCH)
    head = factories.actor(month.hung, IN_MARCH)
    for act in (
        lambda who: reports.save_draft(who, month.report.id, version=1),
        lambda who: reports.submit(who, month.report.id, version=1),
        lambda who: reports.withdraw(who, month.report.id),
        lambda who: reports.add_adhoc(who, month.report.id, version_id=1, quantity="1"),
    ):
        with pytest.raises(Missing):
            act(stranger)
        with pytest.raises(Forbidden):
            act(head)
    assert month.report.state is ReportState.DRAFT


def test_a_submitted_sheet_takes_no_draft(month) -> None:
    submitted(month)
    with pytest.raises(Conflict):
        save(month, lines={month.first.id: LineEntry(done="1")})
    assert month.first.done == 4


def test_a_month_without_evaluation_takes_nothing(month) -> None:
    month.report.state = ReportState.NOT_RATED
    month.report.not_rated_reason = AbsenceKind.MATERNITY
    with pytest.raises(Conflict):
        save(month)


# Submitting


def test_submitting_makes_facts_of_untouched_lines_and_freezes_the_own_score(month, database) -> None:
    save(month, lines={month.second.id: LineEntry(done="5", delays="1")})
    sheet = submitted(month)
    assert month.report.state is ReportState.SUBMITTED
    assert (month.first.done, month.first.reported) == (Decimal(4), True)
    assert (sheet.stage, sheet.status) == (Stage.OWN, ScoreStatus.SCORED)
    assert parse_exact(sheet.exact_total) == scores.score_of(month.report, Stage.OWN).total
    notice = database.session.query(Notice).filter_by(person_id=month.hung.id).one()
    assert notice.link == f"/reviews/{month.report.id}"


def test_what_was_submitted_is_what_the_supervisor_scores(month) -> None:
    submitted(month)
    own = scores.score_of(month.report, Stage.OWN)
    found = scores.score_of(month.report, Stage.SUPERVISOR)
    assert own.total == found.total == 70 + 28


def test_submitting_twice_with_one_transaction_id_is_one_submission(month, database) -> None:
    factories.criteria(month.report, "28")
    key = str(uuid4())
    first = reports.submit(month.actor, month.report.id, version=1, transaction_id=key)
    second = reports.submit(month.actor, month.report.id, version=1, transaction_id=key)
    assert first.id == second.id
    count = database.session.query
    assert count(ScoreSheet).filter_by(report_id=month.report.id).count() == 1
    assert count(AuditEvent).filter_by(action="report.submitted", object_id=month.report.id).count() == 1
    assert count(Notice).filter_by(person_id=month.hung.id).count() == 1
    assert count(Receipt).filter_by(transaction_id=key).count() == 1


def test_two_requests_at_once_with_one_transaction_id_are_one_submission(fresh_database, clock) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from evaluation.extensions import db

    clock(IN_MARCH)
    place = factories.office()
    report = sheet_of(place, place.lan)
    factories.item(report, assigned="4")
    factories.criteria(report, "28")
    lan, report_id = factories.actor(place.lan, IN_MARCH), report.id
    db.session.commit()
    key = str(uuid4())

    def send(_attempt: int) -> int:
        with fresh_database.app_context():
            return reports.submit(lan, report_id, version=1, transaction_id=key).id

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(4)))
    assert len(answers) == 1
    assert db.session.query(ScoreSheet).filter_by(report_id=report_id).count() == 1
    assert db.session.query(Notice).filter_by(person_id=place.hung.id).count() == 1


def test_submitting_again_in_another_form_is_a_conflict(month) -> None:
    submitted(month)
    with pytest.raises(Conflict):
        reports.submit(
            month.actor, month.report.id, version=month.report.version, transaction_id=str(uuid4())
        )


def test_submitting_an_older_version_than_the_stored_one_is_refused(month) -> None:
    factories.criteria(month.report, "28")
    save(month, lines={month.first.id: LineEntry(done="1")})
    with pytest.raises(reports.Stale):
        reports.submit(month.actor, month.report.id, version=1)
    assert month.report.state is ReportState.DRAFT


def test_all_ten_criteria_must_be_filled_and_the_empty_ones_are_named(month) -> None:
    save(month, criteria={"G1.1": "5", "G1.2": "0"})
    with pytest.raises(Invalid) as refused:
        reports.submit(month.actor, month.report.id, version=month.report.version)
    assert [fault.place for fault in refused.value.faults] == [
        f"criterion-{code}" for code in ("G2.1", "G2.2", "G2.3", "G2.4", "G3.1", "G3.2", "G3.3", "G3.4")
    ]
    assert month.report.state is ReportState.DRAFT
    assert not month.first.reported


def test_the_last_day_is_a_day_in_vietnam_and_the_day_after_is_refused(month, clock) -> None:
    from datetime import datetime

    from evaluation.clock import PROVINCE_ZONE

    factories.criteria(month.report, "28")
    due = month.report.period.submit_due
    clock(datetime(due.year, due.month, due.day + 1, 0, 0, 1, tzinfo=PROVINCE_ZONE))
    with pytest.raises(Conflict) as refused:
        reports.submit(month.actor, month.report.id, version=1)
    assert f"{due:%d/%m/%Y}" in refused.value.message
    assert month.report.state is ReportState.DRAFT
    save(month, lines={month.first.id: LineEntry(done="2")})
    assert month.first.done == 2
    clock(datetime(due.year, due.month, due.day, 23, 59, 59, tzinfo=PROVINCE_ZONE))
    reports.submit(month.actor, month.report.id, version=month.report.version)
    assert month.report.submitted_late is False


def test_an_extension_lets_a_late_sheet_in_and_says_that_it_was_late(month, clock, database) -> None:
    factories.criteria(month.report, "28")
    database.session.add(
        Extension(
            period_id=month.report.period_id,
            step=StepName.SUBMIT,
            report_id=month.report.id,
            due=date(2026, 4, 10),
            reason="Đi công tác",
            granted_by=month.thu.id,
        )
    )
    clock(date(2026, 4, 9))
    reports.submit(month.actor, month.report.id, version=1)
    assert month.report.submitted_late is True


def test_a_returned_sheet_may_be_sent_again_until_scoring_ends(month, clock) -> None:
    submitted(month)
    month.report.state = ReportState.RETURNED
    clock(month.report.period.score_due)
    reports.submit(month.actor, month.report.id, version=month.report.version)
    assert month.report.state is ReportState.SUBMITTED
    assert month.report.submitted_late is False


def test_a_month_without_planned_work_can_be_submitted_and_has_no_score(month, database) -> None:
    for item in (month.first, month.second):
        database.session.delete(item)
    database.session.flush()
    database.session.expire(month.report)
    sheet = submitted(month)
    assert (sheet.status, sheet.total) == (ScoreStatus.INSUFFICIENT_DATA, None)


def test_a_leader_submits_and_waits_for_the_subordinates(month) -> None:
    month.report = factories.report(
        month.hung.assignments[0],
        supervising=month.department,
        confirming=month.department,
        agency=month.department,
        supervisor_id=month.thu.id,
    )
    factories.item(month.report, assigned="2")
    month.actor = factories.actor(month.hung, IN_MARCH)
    sheet = submitted(month)
    assert (sheet.status, sheet.total) == (ScoreStatus.PENDING, None)
    assert sheet.quantity == 100


# Withdrawing


def test_a_withdrawn_sheet_is_a_draft_again_with_everything_in_it(month, database) -> None:
    sheet = submitted(month)
    reports.withdraw(month.actor, month.report.id)
    database.session.refresh(sheet)
    assert month.report.state is ReportState.DRAFT
    assert sheet.superseded_at is not None
    assert month.first.done == 4
    again = reports.submit(month.actor, month.report.id, version=month.report.version)
    assert again.id != sheet.id


def test_withdrawing_after_the_last_day_is_refused_because_it_could_not_be_sent_again(month, clock) -> None:
    submitted(month)
    clock(date(2026, 4, 20))
    with pytest.raises(Conflict):
        reports.withdraw(month.actor, month.report.id)
    assert month.report.state is ReportState.SUBMITTED


def test_a_sheet_with_a_supervisors_finding_goes_back_only_by_being_returned(month, database) -> None:
    submitted(month)
    database.session.add(
        ItemMark(
            report_id=month.first.report_id,
            item_id=month.first.id,
            done=3,
            quality_fails=0,
            delays=0,
            reason="Thiếu một hồ sơ",
            marked_by=month.hung.id,
        )
    )
    database.session.flush()
    database.session.expire_all()
    with pytest.raises(Conflict):
        reports.withdraw(month.actor, month.report.id)
    assert month.report.state is ReportState.SUBMITTED


def test_a_scored_sheet_cannot_be_withdrawn(month) -> None:
    submitted(month)
    month.report.scored_by, month.report.scored_at = month.hung.id, month.report.submitted_at
    month.report.state = ReportState.SCORED
    with pytest.raises(Conflict):
        reports.withdraw(month.actor, month.report.id)


# Work outside the plan


def test_work_added_by_the_official_adds_to_the_results_only(month) -> None:
    product = factories.product(month.department, task="Báo cáo tổng hợp", coefficient="3")
    before = scores.score_of(month.report, Stage.OWN)
    item = reports.add_adhoc(
        month.actor, month.report.id, version_id=product.id, quantity="1,5", note="họp gấp"
    )
    assert (item.kind, item.assigned, item.done, item.coefficient) == (WorkKind.ADHOC, 0, Decimal("1.5"), 3)
    assert (item.added_by_owner, item.reported, item.task) == (True, True, "Báo cáo tổng hợp")
    after = scores.score_of(month.report, Stage.OWN)
    assert after.uncapped[0] - before.uncapped[0] == parse_exact("9/2") / 19 * 100


def test_only_products_of_the_own_agency_and_month_and_position_can_be_added(month) -> None:
    own = factories.product(month.department, positions=[month.job])
    elsewhere = factories.product(factories.unit("Sở Tài chính", role=UnitRole.USING_AGENCY))
    later = factories.product(month.department, since=date(2026, 4, 1))
    others = factories.product(month.department, positions=[factories.position("Kế toán")])
    for refused in (elsewhere, later, others):
        with pytest.raises(Invalid):
            reports.add_adhoc(month.actor, month.report.id, version_id=refused.id, quantity="1")
    assert reports.add_adhoc(month.actor, month.report.id, version_id=own.id, quantity="1").ordinal == 3


def test_an_added_quantity_must_be_above_zero(month) -> None:
    product = factories.product(month.department)
    for typed in ("0", "-1", "", "1.234", "1e5"):
        with pytest.raises(Invalid):
            reports.add_adhoc(month.actor, month.report.id, version_id=product.id, quantity=typed)
    assert len(month.report.items) == 2


def test_own_added_work_can_be_taken_back_and_assigned_work_cannot(month, database) -> None:
    product = factories.product(month.department)
    item = reports.add_adhoc(month.actor, month.report.id, version_id=product.id, quantity="1")
    reports.remove_adhoc(month.actor, item.id)
    assert database.session.get(WorkItem, item.id) is None
    with pytest.raises(Conflict):
        reports.remove_adhoc(month.actor, month.first.id)
    assert len(month.report.items) == 2
