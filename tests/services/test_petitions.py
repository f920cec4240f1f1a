"""Petitions: lodged after the notice, answered in seven working days, upheld only by superseding; nothing is overwritten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Delegation,
    Job,
    Notice,
    Petition,
    Report,
    ScoreSheet,
    Stage,
    YearGrade,
)
from evaluation.queries import evidence, evidence_tree
from evaluation.queries import petitions as questions
from evaluation.queries import rollups as rollup_questions
from evaluation.rules.bands import Band
from evaluation.rules.facts import PendingKind
from evaluation.rules.periods import Month
from evaluation.rules.workflow import GradeState, PetitionState, ReportState
from evaluation.services import (
    confirmations,
    petition_answers,
    petition_reminders,
    petitions,
    quotas,
    reports,
    reviews,
    rollups,
)
from evaluation.services.access import actor_for
from evaluation.services.marks import Findings, LineFinding
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

DAY = date(2026, 4, 1)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


def confirmed(office: factories.Office1, who: Any, *, done: str = "3", fails: int = 0) -> Report:
    """A month scored by the direct supervisor, who found some work undone, and confirmed by the head of the department."""
    leads = who is office.hung
    report = factories.report(
        who.assignments[0],
        supervising=office.department if leads else office.division,
        confirming=office.department,
        agency=office.department,
    )
    item = factories.item(report, assigned="4", done="4", reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(who, DAY), report.id, version=report.version)
    judge = factories.actor(office.thu if leads else office.hung, DAY)
    if leads:
        reviews.rate_leader(judge, report.id, organising=100, cohesion=100)
    if done != "4" or fails:
        reviews.mark_line(judge, item.id, done=done, quality_fails=fails, reason="Thiếu văn bản")
    reviews.score(judge, report.id)
    confirmations.confirm(factories.actor(office.thu, DAY), report.id)
    return report


def lodged(office: factories.Office1, report: Report) -> Petition:
    return petitions.lodge_against_score(
        factories.actor(office.lan, DAY),
        report.id,
        reason="Văn bản thứ tư đã gửi ngày 28/3",
        wanted="Tính đủ 4 văn bản",
    )


def thu(office: factories.Office1) -> Any:
    return factories.actor(office.thu, DAY)


def final(report: Report) -> ScoreSheet:
    return (
        db.session.query(ScoreSheet)
        .filter_by(report_id=report.id, stage=Stage.FINAL, superseded_at=None)
        .one()
    )


def all_done(report: Report) -> Findings:
    return Findings(lines={report.items[0].id: LineFinding(done="4")})


def test_the_last_day_is_the_seventh_working_day_after_receipt_by_the_vietnamese_calendar(
    office: factories.Office1, clock: Any
) -> None:
    report = confirmed(office, office.lan)
    clock(date(2026, 4, 22))  # 27/4 stands in for the Hung Kings' day on a Sunday; 30/4 and 1/5 are holidays
    petition = lodged(office, report)
    assert petition.due_on == date(2026, 5, 6)
    told = db.session.query(Notice).filter_by(person_id=office.thu.id, says=petitions.LODGED).one()
    assert (told.parameters["due"], told.link) == ("06/05/2026", f"/petitions/{petition.id}")


def test_nothing_can_be_lodged_before_the_notice_nor_twice_nor_by_others(office: factories.Office1) -> None:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    lan = factories.actor(office.lan, DAY)
    with pytest.raises(Conflict):
        petitions.lodge_against_score(lan, report.id, reason="Không đồng ý")
    second = confirmed(office, office.nam)
    with pytest.raises(Missing):
        petitions.lodge_against_score(lan, second.id, reason="Không đồng ý")
    with pytest.raises(Forbidden):
        petitions.lodge_against_score(factories.actor(office.hung, DAY), second.id, reason="Không đồng ý")
    nam = factories.actor(office.nam, DAY)
    with pytest.raises(Invalid):
        petitions.lodge_against_score(nam, second.id, reason=" ")
    petitions.lodge_against_score(nam, second.id, reason="Không đồng ý")
    with pytest.raises(Conflict):
        petitions.lodge_against_score(nam, second.id, reason="Không đồng ý")


def test_the_same_form_sent_twice_lodges_one_petition(office: factories.Office1) -> None:
    report, key = confirmed(office, office.lan), str(uuid4())
    lan = factories.actor(office.lan, DAY)
    first = petitions.lodge_against_score(lan, report.id, reason="Không đồng ý", transaction_id=key)
    again = petitions.lodge_against_score(lan, report.id, reason="Không đồng ý", transaction_id=key)
    assert (again.id, db.session.query(Petition).count()) == (first.id, 1)


def test_upholding_freezes_a_new_final_score_and_keeps_the_old_one_readable(
    office: factories.Office1,
) -> None:
    report = confirmed(office, office.lan)
    old, version = final(report), report.version
    petition = lodged(office, report)
    petition_answers.uphold_score(
        thu(office),
        petition.id,
        findings=all_done(report),
        answer="Có phiếu gửi văn bản",
        version=version,
    )
    new = final(report)
    assert (old.exact_total, new.exact_total) == ("161/2", "98")
    assert old.superseded_at is not None
    assert f"{petition.id}" in str(old.superseded_reason)
    assert report.state is ReportState.CONFIRMED
    assert (petition.state, petition.decided_by) == (PetitionState.UPHELD, office.thu.id)
    actions = set(
        db.session.scalars(select(AuditEvent.action).where(AuditEvent.actor_id == office.thu.id)).all()
    )
    assert {"petition.upheld", "report.rescored"} <= actions
    assert db.session.query(Notice).filter_by(person_id=office.lan.id, says=petition_answers.UPHELD).count()


def test_an_answer_sent_twice_has_one_effect_and_a_second_tab_is_refused(office: factories.Office1) -> None:
    report = confirmed(office, office.lan)
    petition, key = lodged(office, report), str(uuid4())
    given = {"findings": all_done(report), "answer": "Đúng", "version": report.version, "transaction_id": key}
    petition_answers.uphold_score(thu(office), petition.id, **given)
    petition_answers.uphold_score(thu(office), petition.id, **given)
    finals = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL).count()
    assert finals == 2
    with pytest.raises(Conflict):
        petition_answers.reject(thu(office), petition.id, answer="Không có căn cứ")


def test_upholding_without_a_correction_or_with_a_lower_score_is_refused(office: factories.Office1) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    db.session.commit()
    with pytest.raises(Invalid):
        petition_answers.uphold_score(thu(office), petition.id, findings=Findings(), answer="Đúng")
    db.session.rollback()
    item = report.items[0].id
    lower = Findings(lines={item: LineFinding(done="2", reason="Thiếu hai")})
    with pytest.raises(Invalid):
        petition_answers.uphold_score(thu(office), petition.id, findings=lower, answer="Đúng")
    db.session.rollback()
    assert final(report).exact_total == "161/2"
    assert petition.state is PetitionState.LODGED


def test_a_petition_is_answered_by_the_confirmer_or_the_delegate_and_never_by_the_supervisor_or_oneself(
    office: factories.Office1,
) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    for who in (office.hung, office.lan):
        with pytest.raises(Forbidden):
            petition_answers.reject(factories.actor(who, DAY), petition.id, answer="Không có căn cứ")
    with pytest.raises(Missing):
        petitions.petition_for(factories.actor(office.nam, DAY), petition.id)
    for one, document in ((office.lan, "1/UQ"), (office.nam, "2/UQ")):
        db.session.query(Delegation).delete()
        db.session.add(
            Delegation(
                unit_id=office.department.id,
                delegator_id=office.thu.id,
                delegate_id=one.id,
                document_number=document,
                reason="Đi công tác",
                valid_from=DAY,
                valid_to=date(2026, 4, 20),
            )
        )
        db.session.flush()
        if one is office.lan:
            with pytest.raises(Forbidden):
                petition_answers.reject(factories.actor(one, DAY), petition.id, answer="Không")
    petition_answers.reject(factories.actor(office.nam, DAY), petition.id, answer="Không có căn cứ")
    assert (petition.decided_by, petition.decided_for) == (office.nam.id, office.thu.id)


def test_a_rejection_needs_an_answer_and_the_same_result_is_not_petitioned_again(
    office: factories.Office1,
) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    with pytest.raises(Invalid) as refused:
        petition_answers.reject(thu(office), petition.id, answer="  ")
    assert refused.value.faults[0].place == "answer"
    petition_answers.reject(thu(office), petition.id, answer="Văn bản gửi sau hạn", document_number="15/SNV")
    assert (petition.state, final(report).exact_total) == (PetitionState.REJECTED, "161/2")
    with pytest.raises(Conflict):
        lodged(office, report)


def test_a_petition_taken_back_is_closed_and_another_may_follow(office: factories.Office1) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    with pytest.raises(Forbidden):
        petitions.take_back(thu(office), petition.id)
    petitions.take_back(factories.actor(office.lan, DAY), petition.id)
    assert petition.state is PetitionState.WITHDRAWN
    with pytest.raises(Conflict):
        petition_answers.reject(thu(office), petition.id, answer="Không có căn cứ")
    assert lodged(office, report).id != petition.id


def test_a_leader_whose_unit_result_would_change_is_told_and_the_month_is_due_again(
    office: factories.Office1, clock: Any
) -> None:
    report = confirmed(office, office.lan, done="0", fails=0)
    confirmed(office, office.nam)
    led = confirmed(office, office.hung)
    assert (final(report).band, final(led).unit_result) == (Band.KHTNV, "50")
    clock(date(2026, 4, 2))
    rollups.run_month_now(Month(2026, 3))
    clock(date(2026, 4, 3))
    assert rollup_questions.due_periods() == []
    petition = lodged(office, report)
    petition_answers.uphold_score(thu(office), petition.id, findings=all_done(report), answer="Có đủ văn bản")
    assert db.session.query(Notice).filter_by(person_id=office.hung.id, says=petition_answers.LEADER).count()
    event = db.session.query(AuditEvent).filter_by(action="petition.upheld").one()
    assert event.after["leaders"] == [led.id]
    assert final(led).unit_result == "50"  # a frozen score of somebody else is never changed in passing
    assert [str(month) for month in rollup_questions.due_periods()] == ["2026-03"]


def grade(
    office: factories.Office1, who: Any, klass: Band, state: GradeState = GradeState.PUBLISHED
) -> YearGrade:
    from evaluation import clock as clock_module

    made = YearGrade(
        person_id=who.id,
        year=2026,
        unit_id=office.division.id,
        agency_id=office.department.id,
        confirming_unit_id=office.department.id,
        peer_group="Chuyên viên",
        status="SCORED",
        months_counted=11,
        mean=Decimal(85),
        exact_mean="85",
        computed_class=klass,
        proposed_class=klass,
        steps=[],
        rulebook="decree-335-2025",
        fingerprint="x",
        state=state,
    )
    if state is not GradeState.PROPOSED:
        made.decided_class, made.decided_by, made.decided_at = klass, office.thu.id, clock_module.now()
        made.decision_number = "12/QĐ"
    if state is GradeState.PUBLISHED:
        made.published_at = clock_module.now()
    db.session.add(made)
    db.session.flush()
    return made


def test_a_class_is_replaced_under_its_own_decision_and_the_old_one_stays(office: factories.Office1) -> None:
    old = grade(office, office.lan, Band.HTNV)
    petition = petitions.lodge_against_class(
        factories.actor(office.lan, DAY), old.id, reason="Chưa tính tháng 6"
    )
    with pytest.raises(Invalid):
        petition_answers.uphold_class(
            thu(office), petition.id, Band.HTTNV, answer="Đúng", decision_number=" "
        )
    with pytest.raises(Invalid):
        petition_answers.uphold_class(
            thu(office), petition.id, Band.HTNV, answer="Đúng", decision_number="40/QĐ"
        )
    petition_answers.uphold_class(
        thu(office), petition.id, Band.HTTNV, answer="Đã tính đủ", decision_number="40/QĐ-SNV"
    )
    new = questions.successor_of(old.id)
    assert new is not None
    assert (new.decided_class, new.state, new.decision_number, new.replaces_id) == (
        Band.HTTNV,
        GradeState.PUBLISHED,
        "40/QĐ-SNV",
        old.id,
    )
    assert (old.decided_class, old.superseded_at is not None) == (Band.HTNV, True)
    assert petition.state is PetitionState.UPHELD


def test_a_petition_cannot_lift_a_class_above_the_quota(office: factories.Office1) -> None:
    for one in (office.nam, office.hung):
        grade(office, one, Band.HTTNV)
    old = grade(office, office.lan, Band.HTTNV)
    petition = petitions.lodge_against_class(factories.actor(office.lan, DAY), old.id, reason="Xứng đáng")
    db.session.commit()
    with pytest.raises(Invalid):
        petition_answers.uphold_class(
            thu(office), petition.id, Band.HTXSNV, answer="Đúng", decision_number="40/QĐ"
        )
    db.session.rollback()
    assert old.superseded_at is None
    assert quotas.of_agency(office.department.id, 2026)[0].counts.excellent_decided == 0


def test_a_class_that_is_not_public_cannot_be_petitioned(office: factories.Office1) -> None:
    decided = grade(office, office.lan, Band.HTNV, GradeState.DECIDED)
    with pytest.raises(Missing):
        petitions.lodge_against_class(factories.actor(office.lan, DAY), decided.id, reason="Không đồng ý")


def test_an_upheld_score_has_the_proposal_of_the_year_worked_out_again(
    office: factories.Office1, enqueued: Any
) -> None:
    report = confirmed(office, office.lan)
    grade(office, office.lan, Band.HTTNV, GradeState.PROPOSED)
    petition = lodged(office, report)
    petition_answers.uphold_score(thu(office), petition.id, findings=all_done(report), answer="Đúng")
    job = db.session.query(Job).filter_by(name="grades.propose").one()
    assert job.arguments == {"year": 2026, "agency_id": office.department.id}


def test_an_open_petition_is_seen_by_commendation_until_it_is_answered(office: factories.Office1) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    people = [office.lan.id, office.nam.id]
    assert [one.person_id for one in questions.open_of(people, DAY)] == [office.lan.id]
    assert questions.open_of(people, date(2026, 3, 31)) == []
    petition_answers.reject(thu(office), petition.id, answer="Không có căn cứ")
    assert questions.open_of(people, DAY) == []


def test_whoever_answers_is_reminded_two_working_days_before_on_the_day_and_once_it_is_late(
    office: factories.Office1, clock: Any
) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    assert petition.due_on == date(2026, 4, 10)
    told = []
    for number in range(2, 15):
        clock(date(2026, 4, number))
        if petition_reminders.remind() + petition_reminders.remind():
            told.append(number)
    assert told == [8, 10, 13]
    assert (
        db.session.query(Notice).filter_by(person_id=office.lan.id, says=petition_reminders.LATE_OWN).count()
        == 1
    )


def test_the_register_lists_the_overdue_first_and_finds_names_without_accents(
    office: factories.Office1, clock: Any
) -> None:
    first = lodged(office, confirmed(office, office.lan))
    clock(date(2026, 4, 20))
    second = petitions.lodge_against_score(
        factories.actor(office.nam, DAY), confirmed_late(office).id, reason="Không đồng ý"
    )
    today = date(2026, 4, 21)
    page = questions.register(None, today)
    assert ([line.id for line in page.rows], page.total) == ([first.id, second.id], 2)
    assert [line.id for line in questions.register(None, today, words="le quang").rows] == [second.id]
    assert [line.id for line in questions.register(None, today, shown="late").rows] == [first.id]
    assert questions.register([office.province.id], today).total == 0
    assert db.session.scalar(select(func.count(Petition.id))) == 2


def confirmed_late(office: factories.Office1) -> Report:
    """Nam's month, final without walking all the way, on a day when the steps have ended."""
    from evaluation import clock as clock_module

    moment = clock_module.now()
    report = factories.report(
        office.nam.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        state=ReportState.CONFIRMED,
        submitted_at=moment,
        scored_at=moment,
        scored_by=office.hung.id,
        confirmed_at=moment,
        confirmed_by=office.thu.id,
    )
    db.session.flush()
    return report


def test_who_is_judged_by_another_rulebook_has_its_days_to_lodge_and_to_be_answered(
    office: factories.Office1, clock: Any
) -> None:
    from evaluation import clock as clock_module

    clock(date(2026, 9, 7))
    report = confirmed_late(office)
    report.rulebook = "decree-233-2026"
    db.session.add(
        ScoreSheet(
            report_id=report.id,
            stage=Stage.FINAL,
            status="SCORED",
            total=Decimal(70),
            exact_total="70",
            band=Band.HTTNV,
            steps=[],
            inputs={},
            rulebook="decree-233-2026",
            fingerprint="x",
            decided_by=office.thu.id,
            decided_at=clock_module.now(),
        )
    )
    db.session.commit()
    nam = factories.actor(office.nam, DAY)
    clock(date(2026, 9, 15))  # the sixth working day after the notice
    with pytest.raises(Conflict, match="14/09/2026"):
        petitions.lodge_against_score(nam, report.id, reason="Không đồng ý")
    clock(date(2026, 9, 14))
    assert petitions.lodge_against_score(nam, report.id, reason="Không đồng ý").due_on == date(2026, 9, 28)


def test_an_open_petition_holds_the_line_of_a_list_of_titles(office: factories.Office1) -> None:
    petition = lodged(office, confirmed(office, office.lan))
    units = evidence_tree.tree(2026, DAY)

    def pending() -> list[tuple[PendingKind, bool]]:
        records = evidence.year_records(units, [office.division.id], 2026, as_of=DAY, received=DAY)
        facts = next(one.facts for one in records if one.person_id == office.lan.id)
        return [(one.kind, one.closed is None) for one in facts.person.pending]

    assert pending() == [(PendingKind.RATING_APPEAL, True)]
    petition_answers.reject(thu(office), petition.id, answer="Không có căn cứ")
    assert pending() == [(PendingKind.RATING_APPEAL, False)]


def test_two_answers_at_once_leave_one(fresh_database: Any, clock: Any) -> None:
    clock(DAY)
    office = factories.office()
    report = confirmed(office, office.lan)
    petition_id = lodged(office, report).id
    findings, head = all_done(report), office.thu.id
    db.session.commit()

    def answer(uphold: bool) -> bool:
        with fresh_database.app_context():
            actor = actor_for(head, None, DAY)
            try:
                if uphold:
                    petition_answers.uphold_score(actor, petition_id, findings=findings, answer="Đúng")
                else:
                    petition_answers.reject(actor, petition_id, answer="Không có căn cứ")
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(answer, [True, False])) == [False, True]
    db.session.rollback()
    finals = db.session.query(ScoreSheet).filter_by(stage=Stage.FINAL).count()
    upheld = db.session.get_one(Petition, petition_id).state is PetitionState.UPHELD
    assert finals == (2 if upheld else 1)
