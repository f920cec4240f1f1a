"""Confirming: final scores frozen once, leaders after their people, sent back with a reason, public for good."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.models import AuditEvent, Charge, Delegation, Notice, Report, ScoreSheet, Stage
from evaluation.queries import reviews as questions
from evaluation.queries import subordinates
from evaluation.rules.attention import Reason
from evaluation.rules.organisation import Office
from evaluation.rules.periods import Month
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.services import confirmations, reports, reviews, rulebooks
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

DAY = date(2026, 4, 1)
MONTH = Month.parse("2026-03")


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


def scored(office: factories.Office1, who: Any, *, lines: bool = True, done: str = "4") -> Report:
    leads = who is office.hung
    report = factories.report(
        who.assignments[0],
        supervising=office.department if leads else office.division,
        confirming=office.department,
        agency=office.department,
    )
    if lines:
        factories.item(report, assigned="4", done=done, reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(who, DAY), report.id, version=report.version)
    judge = factories.actor(office.thu if leads else office.hung, DAY)
    if leads:
        reviews.rate_leader(judge, report.id, organising=100, cohesion=100)
    reviews.score(judge, report.id)
    return report


def thu(office: factories.Office1) -> Any:
    return factories.actor(office.thu, DAY)


def final(report: Report) -> ScoreSheet:
    return (
        db.session.query(ScoreSheet)
        .filter_by(report_id=report.id, stage=Stage.FINAL, superseded_at=None)
        .one()
    )


def test_a_confirmed_score_is_frozen_with_steps_rulebook_and_fingerprint(office: factories.Office1) -> None:
    report = scored(office, office.lan)
    confirmations.confirm(thu(office), report.id)
    sheet = final(report)
    assert (report.state, report.confirmed_by, report.confirmed_late) == (
        ReportState.CONFIRMED,
        office.thu.id,
        False,
    )
    assert (sheet.exact_total, sheet.rulebook) == ("98", "decree-335-2025")
    assert sheet.fingerprint == rulebooks.book_of(report).fingerprint
    assert [step["code"] for step in sheet.steps][-1] == "band"
    assert (sheet.inputs["month"], len(sheet.inputs["lines"])) == ("2026-03-01", 1)
    assert (
        db.session.query(Notice).filter_by(person_id=office.lan.id, says=confirmations.CONFIRMED).count() == 1
    )


def test_nothing_assigned_is_confirmed_as_such_and_never_as_a_zero(office: factories.Office1) -> None:
    report = scored(office, office.lan, lines=False)
    confirmations.confirm(thu(office), report.id)
    sheet = final(report)
    assert (sheet.status, sheet.total, sheet.band) == (ScoreStatus.INSUFFICIENT_DATA, None, None)


def test_a_leader_waits_for_every_subordinate_and_the_refusal_names_them(office: factories.Office1) -> None:
    leader, lan, nam = (scored(office, who) for who in (office.hung, office.lan, office.nam))
    confirmations.confirm(thu(office), lan.id)
    with pytest.raises(Conflict, match="Lê Quang Nam") as refused:
        confirmations.confirm(thu(office), leader.id)
    assert "Nguyễn Thị Lan" not in refused.value.message
    db.session.rollback()
    assert leader.state is ReportState.SCORED
    confirmations.confirm_many(thu(office), [nam.id, leader.id])
    assert final(leader).exact_total == "98"


def test_confirmed_together_subordinates_come_before_their_leader(office: factories.Office1) -> None:
    leader = scored(office, office.hung)
    below = [scored(office, office.lan, done="0"), scored(office, office.nam)]
    confirmations.confirm_many(thu(office), [leader.id, *(report.id for report in below)])
    steps = {step["code"]: step["value"] for step in final(leader).steps}
    assert steps["unit_result"] == "50"


def test_one_that_cannot_be_confirmed_holds_all(office: factories.Office1) -> None:
    lan, nam = scored(office, office.lan), scored(office, office.nam)
    confirmations.send_back(thu(office), nam.id, reason="Xem lại minh chứng")
    with pytest.raises(Conflict):
        confirmations.confirm_many(thu(office), [lan.id, nam.id])
    db.session.rollback()
    assert lan.state is ReportState.SCORED
    assert db.session.query(ScoreSheet).filter_by(stage=Stage.FINAL).count() == 0


@pytest.mark.parametrize(
    ("who", "refusal"), [("hung", Forbidden), ("lan", Forbidden), ("nam", Missing), ("chairman", Forbidden)]
)
def test_only_the_head_of_the_agency_confirms_sends_back_or_publishes(
    office: factories.Office1, who: str, refusal: type[Exception]
) -> None:
    report = scored(office, office.lan)
    actor = factories.actor(getattr(office, who), DAY)
    with pytest.raises(refusal):
        confirmations.confirm(actor, report.id)
    with pytest.raises(refusal):
        confirmations.send_back(actor, report.id, reason="Xem lại")
    with pytest.raises(Forbidden):
        confirmations.publish(actor, office.department.id, MONTH)
    db.session.rollback()
    assert report.state is ReportState.SCORED


def test_the_head_of_an_agency_never_confirms_the_own_sheet(office: factories.Office1) -> None:
    report = factories.report(
        office.thu.assignments[0],
        supervising=office.province,
        confirming=office.province,
        agency=office.department,
    )
    db.session.add(
        Delegation(
            unit_id=office.province.id,
            delegator_id=office.chairman.id,
            delegate_id=office.thu.id,
            document_number="1/UQ",
            reason="Đi công tác",
            valid_from=DAY,
            valid_to=DAY + timedelta(days=3),
        )
    )
    db.session.commit()
    with pytest.raises(Forbidden):
        confirmations.confirm(factories.actor(office.thu, DAY), report.id)
    report.confirmed_by = office.thu.id
    with pytest.raises(IntegrityError, match="nobody_confirms_oneself"):
        db.session.flush()


def test_a_delegate_confirms_on_behalf_of_the_head(office: factories.Office1) -> None:
    report = scored(office, office.lan)
    db.session.add(
        Delegation(
            unit_id=office.department.id,
            delegator_id=office.thu.id,
            delegate_id=office.hung.id,
            document_number="2/UQ",
            reason="Đi công tác",
            valid_from=DAY,
            valid_to=DAY + timedelta(days=3),
        )
    )
    db.session.commit()
    confirmations.confirm(factories.actor(office.hung, DAY), report.id)
    assert (report.confirmed_by, report.confirmed_for) == (office.hung.id, office.thu.id)


def test_after_the_last_day_confirming_is_refused_with_the_day(office: factories.Office1, clock: Any) -> None:
    report = scored(office, office.lan)
    late = report.period.confirm_due + timedelta(days=1)
    clock(late)
    with pytest.raises(Conflict, match=f"{report.period.confirm_due:%d/%m/%Y}"):
        confirmations.confirm(factories.actor(office.thu, late), report.id)
    db.session.rollback()
    assert report.state is ReportState.SCORED


def test_a_sheet_sent_back_has_to_be_opened_again_and_its_old_score_stays_readable(
    office: factories.Office1,
) -> None:
    report = scored(office, office.lan)
    with pytest.raises(Invalid):
        confirmations.send_back(thu(office), report.id, reason="")
    confirmations.send_back(thu(office), report.id, reason="Xem lại minh chứng")
    assert (report.state, report.scored_by, report.scored_at) == (ReportState.SUBMITTED, None, None)
    old = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.SUPERVISOR).one()
    assert (old.superseded_reason, old.exact_total) == ("Xem lại minh chứng", "98")
    told = db.session.query(Notice).filter_by(person_id=office.hung.id, says=confirmations.SENT_BACK).one()
    assert told.parameters["reason"] == "Xem lại minh chứng"
    sheet = questions.one(report, rulebooks.shelf())
    assert Reason.SENT_BACK in [finding.reason for finding in sheet.findings]
    with pytest.raises(Invalid, match="chuyển lại"):
        reviews.accept_many(factories.actor(office.hung, DAY), [report.id])


def test_what_is_confirmed_can_no_longer_be_sent_back_marked_or_scored(office: factories.Office1) -> None:
    report = scored(office, office.lan)
    confirmations.confirm(thu(office), report.id)
    hung = factories.actor(office.hung, DAY)
    for act in (
        lambda: confirmations.send_back(thu(office), report.id, reason="Xem lại"),
        lambda: confirmations.confirm(thu(office), report.id),
        lambda: reviews.score(hung, report.id),
        lambda: reviews.mark_line(hung, report.items[0].id, done=0, reason="Sửa lại"),
        lambda: reviews.return_(hung, report.id, reason="Bổ sung"),
    ):
        with pytest.raises(Conflict):
            act()
        db.session.rollback()
    assert final(report).exact_total == "98"


def test_publishing_takes_all_that_is_confirmed_once_and_leaves_the_rest(office: factories.Office1) -> None:
    lan, nam = scored(office, office.lan), scored(office, office.nam)
    with pytest.raises(Conflict):
        confirmations.publish(thu(office), office.department.id, MONTH)
    db.session.rollback()
    confirmations.confirm(thu(office), lan.id)
    key = str(uuid4())
    assert confirmations.publish(thu(office), office.department.id, MONTH, transaction_id=key) == 1
    assert confirmations.publish(thu(office), office.department.id, MONTH, transaction_id=key) == 1
    db.session.expire_all()
    assert (lan.state, nam.state) == (ReportState.PUBLISHED, ReportState.SCORED)
    assert lan.published_at is not None
    assert db.session.query(Notice).filter_by(says=confirmations.PUBLISHED).count() == 1
    assert db.session.query(AuditEvent).filter_by(action="report.published", object_id=lan.id).count() == 1


def test_the_same_transaction_confirms_once(office: factories.Office1) -> None:
    report, key = scored(office, office.lan), str(uuid4())
    for _again in range(2):
        assert confirmations.confirm_many(thu(office), [report.id], transaction_id=key) == [report.id]
    assert db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL).count() == 1


def test_a_deputy_answers_for_the_field_or_for_the_whole_as_the_rulebook_reads(
    office: factories.Office1,
) -> None:
    other = factories.unit("Phòng Tổ chức biên chế", parent=office.department)
    deputy, far = factories.person("Mai Thị Phó"), factories.person("Cao Văn Xa")
    factories.assignment(deputy, office.department, office=Office.DEPUTY, title="Phó Giám đốc")
    factories.assignment(far, other)
    places = {"confirming": office.department, "agency": office.department}
    own = factories.report(deputy.assignments[0], supervising=office.department, **places)
    head = factories.report(office.thu.assignments[0], supervising=office.province, **places)
    lan = factories.report(office.lan.assignments[0], supervising=office.division, **places)
    hung = factories.report(office.hung.assignments[0], supervising=office.department, **places)
    away = factories.report(far.assignments[0], supervising=other, **places)
    db.session.add(Charge(deputy_id=deputy.id, unit_id=office.division.id, valid_from=date(2026, 1, 1)))
    db.session.flush()

    def below(report: Report, **reading: bool) -> set[int]:
        return {one.report_id for one in subordinates.of_leader(report, **reading)}

    assert below(own) == {lan.id, hung.id}
    assert below(own, by_field=False) == {lan.id, hung.id, away.id}
    assert below(head) == {own.id, lan.id, hung.id, away.id}
    assert below(hung) == {lan.id}
    together = subordinates.of_leaders([own.id, head.id, hung.id])
    assert {key: len(value) for key, value in together.items()} == {own.id: 2, head.id: 4, hung.id: 1}
