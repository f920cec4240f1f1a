"""Scoring: what a supervisor may change and must explain, who may not score, what bulk acceptance leaves aside."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.models import AuditEvent, CriterionMark, Delegation, Notice, Report, ScoreSheet, Stage
from evaluation.queries import reviews as questions
from evaluation.rules.attention import Reason
from evaluation.rules.explain import parse_exact
from evaluation.rules.periods import Month
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import reports, reviews, rulebooks
from evaluation.services.marks import Findings, LeaderFinding, LineFinding
from evaluation.services.moves import Overtaken
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

DAY = date(2026, 4, 1)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


def submitted(office: factories.Office1, who: Any, general: str = "28", **line: Any) -> Report:
    leads = who is office.hung
    report = factories.report(
        who.assignments[0],
        supervising=office.department if leads else office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, **{"assigned": "4", "done": "4", "reported": True, **line})
    factories.criteria(report, general)
    db.session.commit()
    reports.submit(factories.actor(who, DAY), report.id, version=report.version)
    return report


def boss(office: factories.Office1) -> Any:
    return factories.actor(office.hung, DAY)


def row(report: Report) -> questions.Sheet:
    return questions.one(report, rulebooks.shelf())


def events(report: Report, action: str) -> list[AuditEvent]:
    return (
        db.session.query(AuditEvent)
        .filter_by(object_type="report", object_id=report.id, action=action)
        .order_by(AuditEvent.id)
        .all()
    )


def test_scoring_freezes_the_supervisors_score_tells_the_official_and_writes_one_line(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan)
    version = report.version
    reviews.score(boss(office), report.id, comment="Hoàn thành tốt", version=version)
    assert (report.state, report.scored_by, report.scored_for) == (ReportState.SCORED, office.hung.id, None)
    assert (report.version, report.scored_late) == (version + 1, False)
    sheet = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.SUPERVISOR).one()
    assert sheet.exact_total == "98"
    assert len(events(report, "report.scored")) == 1
    assert db.session.query(Notice).filter_by(person_id=office.lan.id, says=reviews.SCORED).count() == 1


def test_a_changed_fact_needs_a_reason_and_keeps_what_was_reported(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    item = report.items[0]
    with pytest.raises(Invalid) as refused:
        reviews.mark_line(boss(office), item.id, done=4, quality_fails=1)
    assert [fault.place for fault in refused.value.faults] == [f"line-{item.id}-reason"]
    assert item.marks == []
    reviews.mark_line(boss(office), item.id, done=4, quality_fails=1, reason="Sai căn cứ")
    reviews.mark_line(boss(office), item.id, done=3, quality_fails=1, reason="Thiếu một văn bản")
    assert (item.done, item.quality_fails) == (4, 0)
    assert [(mark.done, mark.superseded_at is None) for mark in item.marks] == [(4, False), (3, True)]


def test_going_back_to_what_was_reported_needs_no_reason_and_leaves_the_history(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan)
    item = report.items[0]
    reviews.mark_line(boss(office), item.id, done=2, reason="Đếm lại")
    assert row(report).present.total != row(report).own
    reviews.mark_line(boss(office), item.id, done=4)
    assert [mark.superseded_at is None for mark in item.marks] == [False]
    assert row(report).differs is None


def test_a_line_finished_after_its_day_stays_late_unless_a_cause_is_confirmed(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan, due_on=date(2026, 3, 10), done_on=date(2026, 3, 12), delays=1)
    item = report.items[0]
    with pytest.raises(Invalid, match="chậm ít nhất một lần"):
        reviews.mark_line(boss(office), item.id, done=4, delays=0, reason="Bỏ qua")
    reviews.mark_line(boss(office), item.id, done=4, delays=0, exempt_delays=1, reason="Chờ ý kiến sở khác")
    assert row(report).present.total == 98


def test_points_other_than_the_self_score_need_a_reason(office: factories.Office1) -> None:
    report = submitted(office, office.lan, "30")
    with pytest.raises(Invalid) as refused:
        reviews.mark_criteria(boss(office), report.id, {"G1.1": "4"})
    assert [fault.place for fault in refused.value.faults] == ["criterion-G1.1-reason"]
    reviews.mark_criteria(boss(office), report.id, {"G1.1": "4", "G1.2": "5"}, {"G1.1": "Vi phạm nội quy"})
    marks = {mark.code: mark for mark in report.criteria}
    assert (marks["G1.1"].own_points, marks["G1.1"].given_points, marks["G1.1"].reason) == (
        5,
        4,
        "Vi phạm nội quy",
    )
    assert marks["G1.2"].given_points is None


@pytest.mark.parametrize("typed", ["5,01", "-1", "abc", "NaN", "1e309", "4.999"])
def test_points_that_cannot_be_read_or_are_too_many_are_refused_at_their_cell(
    office: factories.Office1, typed: str
) -> None:
    report = submitted(office, office.lan)
    with pytest.raises(Invalid) as refused:
        reviews.mark_criteria(boss(office), report.id, {"G1.1": typed}, {"G1.1": "Lý do"})
    assert refused.value.faults[0].place == "criterion-G1.1"


@pytest.mark.parametrize(
    "cell",
    [
        {"done": "-1"},
        {"done": "1,234"},
        {"done": ""},
        {"delays": "1,5"},
        {"quality_fails": "100"},
        {"exempt_delays": "-2"},
    ],
)
def test_facts_that_cannot_be_are_refused_at_their_cell_and_nothing_changes(
    office: factories.Office1, cell: dict[str, str]
) -> None:
    report = submitted(office, office.lan)
    item, version = report.items[0], report.version
    with pytest.raises(Invalid) as refused:
        reviews.mark_line(boss(office), item.id, **{"done": "4", **cell}, reason="Lý do")
    assert refused.value.faults[0].place == f"line-{item.id}-{next(iter(cell))}"
    assert (item.marks, report.version) == ([], version)


def test_work_handed_over_cannot_be_marked_as_done_here(office: factories.Office1) -> None:
    report = submitted(office, office.lan, done="0", kind=WorkKind.TRANSFERRED_OUT)
    with pytest.raises(Invalid, match="chuyển giao"):
        reviews.mark_line(boss(office), report.items[0].id, done=4, reason="Đã làm")


def test_a_criterion_without_points_is_never_a_silent_zero(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    db.session.get(CriterionMark, (report.id, "G2.3")).own_points = None
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        reviews.score(boss(office), report.id)
    assert [fault.place for fault in refused.value.faults] == ["criterion-G2.3"]
    db.session.rollback()
    assert report.state is ReportState.SUBMITTED


def test_findings_of_another_sheet_are_refused(office: factories.Office1) -> None:
    report, other = submitted(office, office.lan), submitted(office, office.nam)
    findings = Findings(lines={other.items[0].id: LineFinding(done=1, reason="Nhầm phiếu")})
    with pytest.raises(Invalid):
        reviews.score(boss(office), report.id, findings=findings)
    assert other.items[0].marks == []


def test_nobody_scores_oneself_not_even_as_delegate_and_the_database_agrees(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan)
    db.session.add(
        Delegation(
            unit_id=office.division.id,
            delegator_id=office.hung.id,
            delegate_id=office.lan.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=DAY,
            valid_to=DAY + timedelta(days=5),
        )
    )
    db.session.commit()
    with pytest.raises(Forbidden):
        reviews.score(factories.actor(office.lan, DAY), report.id)
    report.scored_by = office.lan.id
    with pytest.raises(IntegrityError, match="nobody_scores_oneself"):
        db.session.flush()


def test_a_delegate_scores_on_behalf_of_the_head_only_while_the_delegation_lasts(
    office: factories.Office1, clock: Any
) -> None:
    report = submitted(office, office.lan)
    db.session.add(
        Delegation(
            unit_id=office.division.id,
            delegator_id=office.hung.id,
            delegate_id=office.nam.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=DAY,
            valid_to=DAY + timedelta(days=1),
        )
    )
    db.session.commit()
    later = DAY + timedelta(days=1)
    clock(later)
    with pytest.raises(Missing):
        reviews.score(factories.actor(office.nam, later), report.id)
    clock(DAY)
    reviews.score(factories.actor(office.nam, DAY), report.id)
    assert (report.scored_by, report.scored_for) == (office.nam.id, office.hung.id)
    assert events(report, "report.scored")[0].on_behalf_of_id == office.hung.id


@pytest.mark.parametrize("who", ["thu", "nam", "chairman"])
def test_others_cannot_score_mark_open_or_return(office: factories.Office1, who: str) -> None:
    report = submitted(office, office.lan)
    actor = factories.actor(getattr(office, who), DAY)
    expected = Forbidden if who in ("thu", "chairman") else Missing
    for act in (
        lambda: reviews.score(actor, report.id),
        lambda: reviews.opened(actor, report.id),
        lambda: reviews.return_(actor, report.id, reason="Bổ sung minh chứng"),
        lambda: reviews.mark_line(actor, report.items[0].id, done=1, reason="Không rõ"),
        lambda: reviews.accept_many(actor, [report.id]),
    ):
        with pytest.raises(expected):
            act()
        db.session.rollback()
    assert (report.state, report.items[0].marks) == (ReportState.SUBMITTED, [])


@pytest.mark.parametrize("act", ["score", "return_", "save", "accept_many"])
def test_a_sheet_that_was_not_submitted_cannot_be_judged(office: factories.Office1, act: str) -> None:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    db.session.commit()
    calls = {
        "score": lambda: reviews.score(boss(office), report.id),
        "return_": lambda: reviews.return_(boss(office), report.id, reason="Bổ sung"),
        "save": lambda: reviews.save(boss(office), report.id, findings=Findings(), version=None),
        "accept_many": lambda: reviews.accept_many(boss(office), [report.id]),
    }
    with pytest.raises(Conflict):
        calls[act]()
    db.session.rollback()
    assert (report.state, events(report, "report.scored")) == (ReportState.DRAFT, [])


def test_after_the_last_day_scoring_is_refused_and_an_extension_records_it_as_late(
    office: factories.Office1, clock: Any
) -> None:
    from evaluation.models import Extension
    from evaluation.rules.deadlines import StepName

    report = submitted(office, office.lan)
    late = report.period.score_due + timedelta(days=1)
    clock(late)
    actor = factories.actor(office.hung, late)
    with pytest.raises(Conflict, match=f"{report.period.score_due:%d/%m/%Y}"):
        reviews.score(actor, report.id)
    db.session.rollback()
    db.session.add(
        Extension(
            period_id=report.period_id,
            step=StepName.SCORE,
            report_id=report.id,
            due=late,
            reason="Nghỉ ốm",
            granted_by=office.thu.id,
        )
    )
    db.session.commit()
    reviews.score(actor, report.id)
    assert report.scored_late is True


def test_an_old_form_is_refused_and_says_who_was_quicker(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    old = report.version
    reviews.mark_line(boss(office), report.items[0].id, done=3, reason="Đếm lại")
    with pytest.raises(Overtaken, match="Trần Văn Hùng"):
        reviews.score(boss(office), report.id, version=old)
    db.session.rollback()
    reviews.score(boss(office), report.id, version=report.version)
    with pytest.raises(Conflict, match="Trần Văn Hùng"):
        reviews.score(boss(office), report.id, version=report.version)


def test_the_same_transaction_scores_once(office: factories.Office1) -> None:
    report, key = submitted(office, office.lan), str(uuid4())
    for _again in range(3):
        reviews.score(boss(office), report.id, transaction_id=key)
    assert len(events(report, "report.scored")) == 1


def test_bulk_acceptance_leaves_aside_what_must_be_opened_and_says_why(office: factories.Office1) -> None:
    plain, faulty = submitted(office, office.lan), submitted(office, office.nam, delays=1)
    with pytest.raises(Invalid, match=r"Lê Quang Nam.*1 việc chưa đạt hoặc chậm"):
        reviews.accept_many(boss(office), [plain.id, faulty.id])
    db.session.rollback()
    assert {plain.state, faulty.state} == {ReportState.SUBMITTED}
    reviews.opened(boss(office), faulty.id)
    key = str(uuid4())
    assert reviews.accept_many(boss(office), [faulty.id, plain.id], transaction_id=key) == [
        plain.id,
        faulty.id,
    ]
    assert reviews.accept_many(boss(office), [faulty.id, plain.id], transaction_id=key) == [
        plain.id,
        faulty.id,
    ]
    assert {plain.state, faulty.state} == {ReportState.SCORED}
    assert len(events(plain, "report.scored")) == 1


def test_what_was_opened_before_it_was_submitted_again_must_be_opened_again(
    office: factories.Office1, clock: Any
) -> None:
    report = submitted(office, office.lan, delays=1)
    reviews.opened(boss(office), report.id)
    reviews.return_(boss(office), report.id, reason="Bổ sung minh chứng")
    owner = factories.actor(office.lan, DAY)
    reports.submit(owner, report.id, version=report.version)
    with pytest.raises(Invalid, match="Nguyễn Thị Lan"):
        reviews.accept_many(boss(office), [report.id])


def test_a_sheet_changed_since_the_list_was_drawn_is_not_accepted_unseen(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    seen = report.version
    owner = factories.actor(office.lan, DAY)
    reports.withdraw(owner, report.id)
    reports.submit(owner, report.id, version=report.version)
    with pytest.raises(Overtaken):
        reviews.accept_many(boss(office), [report.id], versions={report.id: seen})


def test_returning_needs_a_reason_that_the_official_reads(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    with pytest.raises(Invalid):
        reviews.return_(boss(office), report.id, reason="  ")
    reviews.return_(boss(office), report.id, reason="Bổ sung minh chứng dòng 1")
    assert (report.state, report.returned_reason) == (ReportState.RETURNED, "Bổ sung minh chứng dòng 1")
    told = db.session.query(Notice).filter_by(person_id=office.lan.id, says=reviews.RETURNED).one()
    assert told.parameters["reason"] == "Bổ sung minh chứng dòng 1"


def test_what_the_supervisor_marked_before_returning_stands_out_when_the_sheet_comes_back(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan)
    reviews.mark_line(boss(office), report.items[0].id, done=3, reason="Đếm lại")
    reviews.return_(boss(office), report.id, reason="Kiểm tra lại số lượng")
    reports.submit(factories.actor(office.lan, DAY), report.id, version=report.version)
    assert Reason.MARKED_BEFORE in [finding.reason for finding in row(report).findings]
    assert not row(report).bulk


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"quality_fails": 1}, Reason.FAULTS_REPORTED),
        ({"delays": 2}, Reason.FAULTS_REPORTED),
        ({"done": "3"}, Reason.LESS_THAN_ASSIGNED),
        ({"done": "5"}, Reason.MORE_THAN_ASSIGNED),
        ({"kind": WorkKind.ADHOC, "assigned": "0", "added_by_owner": True}, Reason.ADDED_BY_OWNER),
        ({"kind": WorkKind.ADHOC}, Reason.NOTHING_ASSIGNED),
        ({"due_on": date(2026, 3, 2), "done_on": date(2026, 3, 9)}, Reason.LATE_WITHOUT_DELAY),
    ],
)
def test_each_thing_to_examine_is_named(
    office: factories.Office1, line: dict[str, Any], reason: Reason
) -> None:
    report = submitted(office, office.lan, **line)
    assert reason in [finding.reason for finding in row(report).findings]


def test_a_draft_shows_its_supervisor_no_figures(office: factories.Office1) -> None:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, assigned="4", done="4")
    factories.criteria(report, "28")
    db.session.commit()
    sheet = row(report)
    assert (sheet.own, sheet.present.total, sheet.general, sheet.lines) == (None, None, 0, 0)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (LeaderFinding(50, 100), "organising-reason"),
        (LeaderFinding(100, 50), "cohesion-reason"),
        (LeaderFinding(100, 100, neither=["organising"]), "organising-reason"),
        (LeaderFinding(75, 100), "organising"),
        (LeaderFinding("abc", 100), "organising"),
    ],
)
def test_a_leaders_ratio_is_whole_or_half_and_the_half_has_a_reason(
    office: factories.Office1, typed: LeaderFinding, place: str
) -> None:
    report = submitted(office, office.hung)
    with pytest.raises(Invalid) as refused:
        reviews.save(
            factories.actor(office.thu, DAY), report.id, findings=Findings(leader=typed), version=None
        )
    assert [fault.place for fault in refused.value.faults] == [place]
    assert (report.organising, report.cohesion) == (None, None)


def test_a_leader_is_not_scored_before_both_ratios_are_set(office: factories.Office1) -> None:
    report = submitted(office, office.hung)
    thu = factories.actor(office.thu, DAY)
    with pytest.raises(Invalid) as refused:
        reviews.score(thu, report.id)
    assert [fault.place for fault in refused.value.faults] == ["organising", "cohesion"]
    db.session.rollback()
    reviews.rate_leader(
        thu,
        report.id,
        organising=100,
        cohesion=100,
        reasons={"organising": "Chưa rõ"},
        neither=["organising"],
    )
    assert (report.organising_reason, report.cohesion_reason) == ("Chưa rõ", None)
    reviews.score(thu, report.id)


def test_an_opened_leader_without_ratios_is_not_accepted_in_bulk_and_the_refusal_names_them(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.hung)
    thu = factories.actor(office.thu, DAY)
    reviews.opened(thu, report.id)
    with pytest.raises(Invalid, match=r"Trần Văn Hùng.*\(đ\)"):
        reviews.accept_many(thu, [report.id])


def test_a_member_of_staff_has_no_leaders_ratios(office: factories.Office1) -> None:
    report = submitted(office, office.lan)
    with pytest.raises(Invalid):
        reviews.rate_leader(boss(office), report.id, organising=100, cohesion=100)


def test_those_who_have_not_submitted_are_reminded_once_a_day(office: factories.Office1) -> None:
    submitted(office, office.lan)
    factories.report(
        office.nam.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    db.session.commit()
    assert reviews.remind(boss(office), Month.parse("2026-03")) == 1
    assert reviews.remind(boss(office), Month.parse("2026-03")) == 0
    told = db.session.query(Notice).filter_by(says=reviews.REMINDED).one()
    assert (told.person_id, told.parameters["due"]) == (office.nam.id, "02/04/2026")


def test_the_list_shows_the_self_score_beside_the_present_one_and_six_months(
    office: factories.Office1,
) -> None:
    report = submitted(office, office.lan)
    reviews.mark_line(boss(office), report.items[0].id, done=3, reason="Đếm lại")
    sheet = row(report)
    assert (sheet.own, sheet.present.total) == (98, parse_exact("161/2"))
    assert sheet.differs == parse_exact("35/2")
    assert sheet.trend == (None, None, None, None, None, parse_exact("161/2"))
    assert sheet.ratio(sheet.sums.done) == 75
    assert Decimal(report.items[0].done) == 4
