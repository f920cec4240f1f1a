"""The annual round: what a decision rests on, who records it, a replacement that overwrites nothing (Article 21)."""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import (
    Assignment,
    AuditEvent,
    Discipline,
    EligibilityEntry,
    EligibilityRun,
    Notice,
    Period,
    Person,
    Report,
    ReviewMeeting,
    ScoreSheet,
    SelfClassification,
    Stage,
    UnitYear,
    YearGrade,
)
from evaluation.queries import annual_round as questions
from evaluation.queries import evidence, evidence_tree, replaced_classes
from evaluation.rules.annual_round import RoundState
from evaluation.rules.bands import Band
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.grading import Blocker
from evaluation.rules.organisation import AbsenceKind, Office, UnitKind, UnitRole
from evaluation.rules.permissions import Action, Role
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import (
    absences,
    access,
    annual_round,
    appointments,
    conclusions,
    december_check,
    grade_proposals,
    grades,
    meetings,
    party_opinions,
    quotas,
    replacements,
    self_classifications,
)
from evaluation.services.access import Actor
from evaluation.services.meetings import Minutes, Opinion
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories
from tests.services.test_grades import grade_of, month, ready, year_of

TODAY = date(2026, 12, 5)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(TODAY)
    made = factories.office()
    for who, total in ((made.lan, "80"), (made.nam, "75"), (made.hung, "85"), (made.thu, "88")):
        year_of(made, who, total)
    for unit in (made.division, made.department):
        db.session.add(UnitYear(unit_id=unit.id, year=2026, unit_class=Band.HTTNV))
    made.mai = factories.person("Hoàng Thị Mai")
    factories.assignment(made.mai, made.department)
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    made.tu = factories.person("Phan Văn Tú")
    factories.assignment(made.tu, made.department)
    factories.account(made.tu, roles=[(Role.PERSONNEL, made.department)])
    grade_proposals.propose(made.department.id, 2026)
    db.session.commit()
    return made


def as_of(who: Any) -> Actor:
    return factories.actor(who, TODAY)


def minutes(*people: Any, **given: Any) -> Minutes:
    values: dict[str, Any] = {
        "held_on": TODAY,
        "chair": "Trần Văn Hùng",
        "secretary": "Lê Quang Nam",
        "invited": 3,
        "present": 3,
        "text": "Cuộc họp nhất trí.",
        "opinions": {who.id: Opinion(Band.HTTNV, "Làm việc tốt.") for who in people},
    }
    return Minutes(**values | given)


def meet(office: Any, *people: Any, by: Any = None, unit: Any = None, **given: Any) -> ReviewMeeting:
    unit = unit or office.division
    return meetings.record(
        as_of(by or office.hung), office.department.id, unit.id, 2026, minutes(*people), **given
    )


def opinion(**given: Any) -> party_opinions.Opinion:
    return party_opinions.Opinion(
        **{"committee": "Đảng ủy Sở", "text": "Nhất trí.", "given_on": TODAY} | given
    )


def events(action: str) -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


def told(who: Any) -> list[str]:
    return list(db.session.scalars(select(Notice.says).where(Notice.person_id == who.id)))


def test_a_class_is_not_decided_before_the_minutes_are_on_record(office: Any) -> None:
    grade = grade_of(office.lan)
    with pytest.raises(Invalid, match="biên bản"):
        grades.decide(as_of(office.thu), grade.id, Band.HTTNV)
    db.session.rollback()
    with pytest.raises(Invalid, match="biên bản"):
        grades.decide_as_proposed(as_of(office.thu), [grade_of(office.lan).id])
    db.session.rollback()
    meet(office, office.lan)
    assert grades.decide(as_of(office.thu), grade_of(office.lan).id, Band.HTTNV).state is GradeState.DECIDED


def test_a_head_also_needs_the_party_committees_opinion(office: Any) -> None:
    meet(office, office.hung)
    with pytest.raises(Invalid, match="cấp ủy"):
        grades.decide(as_of(office.thu), grade_of(office.hung).id, Band.HTTNV)
    db.session.rollback()
    party_opinions.record(as_of(office.tu), office.hung.id, 2026, opinion())
    assert grades.decide(as_of(office.thu), grade_of(office.hung).id, Band.HTTNV).decided_class is Band.HTTNV


def test_a_heads_class_is_never_above_the_organisations_even_with_a_reason(office: Any) -> None:
    factories.reviewed(office, [office.hung])
    with pytest.raises(Invalid, match=r"Điều 20\.6"):
        grades.decide(as_of(office.thu), grade_of(office.hung).id, Band.HTXSNV, reason="xứng đáng xuất sắc")


def test_the_own_class_opens_on_20_november_and_a_later_one_supersedes(office: Any, clock: Any) -> None:
    clock(date(2026, 11, 19))
    with pytest.raises(Conflict, match="20/11/2026"):
        self_classifications.classify(as_of(office.lan), 2026, Band.HTTNV)
    clock(date(2026, 11, 20))
    key = str(uuid4())
    for _again in range(2):
        self_classifications.classify(as_of(office.lan), 2026, Band.HTXSNV, transaction_id=key)
    self_classifications.classify(as_of(office.lan), 2026, Band.HTTNV)
    rows = db.session.scalars(select(SelfClassification).order_by(SelfClassification.id)).all()
    assert [(row.klass, row.superseded_at is None) for row in rows] == [
        (Band.HTXSNV, False),
        (Band.HTTNV, True),
    ]
    assert len(events("self.classified")) == 2


def test_after_the_meeting_the_own_class_changes_with_a_reason_and_after_the_decision_not_at_all(
    office: Any,
) -> None:
    self_classifications.classify(as_of(office.lan), 2026, Band.HTXSNV)
    meet(office, office.lan)
    with pytest.raises(Invalid):
        self_classifications.classify(as_of(office.lan), 2026, Band.HTTNV)
    db.session.rollback()
    self_classifications.classify(as_of(office.lan), 2026, Band.HTTNV, note="Tiếp thu ý kiến cuộc họp")
    grades.decide(as_of(office.thu), grade_of(office.lan).id, Band.HTTNV)
    with pytest.raises(Conflict):
        self_classifications.classify(as_of(office.lan), 2026, Band.HTNV, note="Muốn đổi lại lần nữa")


def test_the_head_of_the_unit_records_the_meeting_once_and_strangers_do_not(office: Any) -> None:
    key = str(uuid4())
    first = meet(office, office.lan, office.nam, transaction_id=key)
    assert meet(office, office.lan, office.nam, transaction_id=key).id == first.id
    assert [one.person_id for one in first.opinions] == [office.lan.id, office.nam.id]
    assert len(events("meeting.recorded")) == 1
    with pytest.raises(Forbidden):
        meet(office, office.lan, by=office.nam)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"held_on": date(2026, 12, 6)}, "held_on"),
        ({"held_on": None}, "held_on"),
        ({"chair": " "}, "chair"),
        ({"text": ""}, "minutes"),
        ({"present": 4}, "present"),
        ({"invited": None}, "invited"),
        ({"opinions": {}}, "opinions"),
    ],
)
def test_a_meeting_that_tells_too_little_is_refused_at_its_field(office: Any, given: Any, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        meetings.record(
            as_of(office.hung), office.department.id, office.division.id, 2026, minutes(office.lan, **given)
        )
    assert place in [fault.place for fault in refused.value.faults]
    assert db.session.scalar(select(func.count(ReviewMeeting.id))) == 0


def test_a_meeting_reviews_only_officials_of_its_unit(office: Any) -> None:
    with pytest.raises(Invalid):
        meet(office, office.thu)


def test_the_scan_is_told_by_its_content_and_kept_for_the_record(office: Any, app: Any) -> None:
    with pytest.raises(Invalid) as refused:
        meet(office, office.lan, file=("bien-ban.pdf", BytesIO(b"not a pdf")))
    assert [fault.place for fault in refused.value.faults] == ["file"]
    meeting = meet(office, office.lan, file=("bien-ban.pdf", BytesIO(PDF)))
    _meeting, path = meetings.file_for(as_of(office.thu), meeting.id)
    assert path.read_bytes() == PDF
    assert not path.is_relative_to(app.static_folder)
    with pytest.raises(Missing):
        meetings.file_for(as_of(office.nam), meeting.id)


def test_a_mistake_is_superseded_with_a_reason_and_keeps_the_scan(office: Any) -> None:
    first = meet(office, office.lan, office.nam, file=("bien-ban.pdf", BytesIO(PDF)))
    with pytest.raises(Invalid):
        meet(office, office.lan, corrects=first.id)
    db.session.rollback()
    second = meet(office, office.lan, corrects=first.id, reason="Ghi nhầm thành phần dự họp")
    db.session.refresh(first)
    assert (first.superseded_reason, second.superseded_at) == ("Ghi nhầm thành phần dự họp", None)
    assert second.sha256 == first.sha256
    assert second.stored_name != first.stored_name
    assert questions.of_people([office.nam.id], 2026)[office.nam.id].meeting_id is None
    with pytest.raises(Conflict):
        meet(office, office.lan, corrects=first.id, reason="Đính chính lần nữa")


def test_a_correction_cannot_leave_out_somebody_already_classified_on_it(office: Any) -> None:
    first = meet(office, office.lan, office.nam)
    grades.decide(as_of(office.thu), grade_of(office.nam).id, Band.HTTNV)
    with pytest.raises(Invalid, match="Lê Quang Nam"):
        meet(office, office.lan, corrects=first.id, reason="Ghi nhầm thành phần dự họp")


def test_the_partys_opinion_is_for_leaders_never_ones_own_and_superseded_with_a_reason(office: Any) -> None:
    with pytest.raises(Conflict):
        party_opinions.record(as_of(office.tu), office.lan.id, 2026, opinion())
    with pytest.raises(Forbidden):
        party_opinions.record(as_of(office.hung), office.hung.id, 2026, opinion())
    first = party_opinions.record(as_of(office.tu), office.hung.id, 2026, opinion())
    with pytest.raises(Invalid):
        party_opinions.record(as_of(office.tu), office.hung.id, 2026, opinion(klass=Band.HTNV))
    db.session.rollback()
    party_opinions.record(
        as_of(office.tu), office.hung.id, 2026, opinion(klass=Band.HTNV), reason="Văn bản được thay thế"
    )
    db.session.refresh(first)
    assert first.superseded_at is not None
    assert len(events("party.recorded")) == 2


def test_the_timeline_says_how_far_and_what_is_missing(office: Any) -> None:
    def line() -> annual_round.Timeline:
        member, _held = annual_round.member_for(as_of(office.tu), office.hung.id, 2026)
        return annual_round.timeline(member, 2026)

    assert (line().state, line().lacking) == (
        RoundState.DRAFT,
        (RoundState.MEETING_HELD, RoundState.PARTY_OPINION),
    )
    self_classifications.classify(as_of(office.hung), 2026, Band.HTTNV)
    meet(office, office.hung)
    assert (line().state, line().lacking) == (RoundState.MEETING_HELD, (RoundState.PARTY_OPINION,))
    party_opinions.record(as_of(office.tu), office.hung.id, 2026, opinion())
    assert line().state is RoundState.PROPOSED
    progress = questions.progress(office.department.id, 2026)
    assert (progress.people, progress.leaders) == (4, 2)
    assert progress.lacking == {
        "SELF_RATED": 3, "MEETING_HELD": 3, "PARTY_OPINION": 1, "PROPOSED": 0, "DECIDED": 4, "PUBLISHED": 4,
    }  # fmt: skip
    missing, total = questions.of_agency(office.department.id, 2026, missing="PARTY_OPINION")
    assert ([one.full_name for one in missing], total) == (["Vũ Thị Thu"], 1)
    with pytest.raises(Missing):
        annual_round.member_for(as_of(office.nam), office.hung.id, 2026)


def published(office: Any, who: Any, klass: Band = Band.HTTNV) -> YearGrade:
    factories.reviewed(office, [who])
    grade = grades.decide(as_of(office.thu), grade_of(who).id, klass)
    grades.publish(as_of(office.thu), office.department.id, 2026, decision_number="12/QĐ-SNV")
    return grade


def test_only_the_head_of_the_managing_agency_replaces_a_class(office: Any) -> None:
    old = published(office, office.lan)
    given = {"reason": "Báo cáo thiếu trung thực quý III", "document_number": "99/QĐ-UBND"}
    for who in (office.thu, office.mai, office.hung):
        assert not replacements.may_replace(as_of(who), old)
        with pytest.raises(Forbidden):
            replacements.replace(as_of(who), old.id, Band.HTNV, **given)
        db.session.rollback()
    key = str(uuid4())
    new = replacements.replace(as_of(office.chairman), old.id, Band.HTNV, transaction_id=key, **given)
    assert replacements.replace(as_of(office.chairman), old.id, Band.HTNV, transaction_id=key, **given) is new
    db.session.refresh(old)
    assert (old.state, old.decided_class, old.superseded_reason) == (
        GradeState.PUBLISHED,
        Band.HTTNV,
        given["reason"],
    )
    assert (new.replaces_id, new.decided_class, new.state, new.decision_number) == (
        old.id,
        Band.HTNV,
        GradeState.PUBLISHED,
        "99/QĐ-UBND",
    )
    assert new.exact_mean == "80"
    assert replacements.REPLACED in told(office.lan)
    assert replacements.REPLACED_OF in told(office.thu)
    assert len(events("grade.replaced")) == 1
    assert questions.of_people([office.lan.id], 2026)[office.lan.id].facts.replaces
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.lan).id == new.id, "a replaced class is not proposed away"


def test_a_replacement_needs_a_reason_a_number_and_another_class(office: Any) -> None:
    old = published(office, office.lan)
    with pytest.raises(Invalid) as refused:
        replacements.replace(as_of(office.chairman), old.id, Band.HTTNV, reason=" ", document_number="")
    assert {fault.place for fault in refused.value.faults} == {"klass", "reason", "document_number"}
    with pytest.raises(Conflict):
        replacements.replace(
            as_of(office.chairman),
            grade_of(office.nam).id,
            Band.HTNV,
            reason="Sai sót nghiêm trọng",
            document_number="1",
        )


def test_the_quota_holds_for_a_replacement_too(database: Any, clock: Any) -> None:
    clock(TODAY)
    made = factories.office()
    found = ready(made, 3, 2)  # of five good or better nobody may be excellent at 20 %, one at 25 %
    thu, chairman = as_of(made.thu), as_of(made.chairman)
    for grade in found[:2]:
        grades.decide(thu, grade.id, Band.HTTNV, reason="Không còn suất xuất sắc")
    given = {"reason": "Bỏ sót thành tích đã công nhận", "document_number": "99/QĐ-UBND"}
    with pytest.raises(Invalid, match=r"20\.5"):
        replacements.replace(chairman, found[0].id, Band.HTXSNV, **given)
    db.session.rollback()
    new = replacements.replace(chairman, found[0].id, Band.HTXSNV, exceptional_document="55/QĐ-UBND", **given)
    assert "55/QĐ-UBND" in str(new.reason)
    with pytest.raises(Invalid, match=r"20\.5"):
        replacements.replace(chairman, found[1].id, Band.HTXSNV, exceptional_document="55/QĐ-UBND", **given)


def test_home_affairs_hears_of_the_lists_that_rest_on_the_replaced_class(office: Any) -> None:
    old = published(office, office.lan)
    run = EligibilityRun(
        year=2026, award="LDTT", as_of=TODAY, received_on=TODAY, rulebook="x", fingerprint="x",
        run_at=datetime(2026, 12, 5, tzinfo=old.decided_at.tzinfo), finished_at=old.decided_at,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    entry = EligibilityEntry(
        run_id=run.id, person_id=office.lan.id, unit_id=office.division.id, authority_id=office.department.id,
        title="Chuyên viên", status="ELIGIBLE", findings=[],
    )  # fmt: skip
    db.session.add(entry)
    db.session.flush()
    assert replaced_classes.entries_resting(run.id) == {}
    new = replacements.replace(
        as_of(office.chairman), old.id, Band.HTNV, reason="Báo cáo thiếu trung thực", document_number="99/QĐ"
    )
    assert replaced_classes.entries_resting(run.id) == {entry.id: new.id}
    assert told(office.mai) == [replacements.LIST_RESTS]


def concluded(blocker: Blocker | None = Blocker.DEGENERATION, **given: Any) -> conclusions.Concluded:
    values = {"body": "Ủy ban Kiểm tra Tỉnh ủy", "document_number": "5-KL/UBKT", "concluded_on": TODAY}
    return conclusions.Concluded(blocker, **values | given)


def test_a_conclusion_makes_the_proposal_not_completed_and_withdrawn_it_does_not(
    office: Any, clock: Any
) -> None:
    clock(date(2026, 12, 6))
    made = conclusions.record(as_of(office.tu), office.lan.id, 2026, concluded())
    meet(office, office.lan)
    with pytest.raises(Invalid, match="sổ kết luận"):
        grades.decide(as_of(office.thu), grade_of(office.lan).id, Band.HTTNV)
    db.session.rollback()
    grade_proposals.propose(office.department.id, 2026)
    grade = grade_of(office.lan)
    assert grade.proposed_class is Band.KHTNV
    assert [one["code"] for one in grade.circumstances] == ["CONCLUDED"]
    assert "5-KL/UBKT" in grade.circumstances[0]["detail"]
    conclusions.withdraw(as_of(office.mai), made.id, reason="Kết luận đã được hủy bỏ")
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.lan).proposed_class is Band.HTTNV
    assert (len(events("conclusion.recorded")), len(events("conclusion.withdrawn"))) == (1, 1)
    with pytest.raises(Conflict):
        conclusions.withdraw(as_of(office.mai), made.id, reason="Kết luận đã được hủy bỏ")


def test_corruption_in_the_unit_concerns_leaders_only_and_heads_do_not_keep_the_register(office: Any) -> None:
    with pytest.raises(Invalid):
        conclusions.record(as_of(office.tu), office.lan.id, 2026, concluded(Blocker.UNIT_CORRUPTION))
    with pytest.raises(Forbidden):
        conclusions.record(as_of(office.thu), office.hung.id, 2026, concluded(Blocker.UNIT_CORRUPTION))
    conclusions.record(as_of(office.mai), office.hung.id, 2026, concluded(Blocker.UNIT_CORRUPTION))
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.hung).proposed_class is Band.KHTNV


def discipline(who: Any, day: date, **given: Any) -> Discipline:
    made = Discipline(
        person_id=who.id, form=DisciplineForm.KHIEN_TRACH, duty_related=True, decision_number=f"{day:%d}/QĐ",
        decided_on=day, starts_on=day, ends_on=date(day.year + 1, day.month, 1), **given,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def test_one_act_counts_in_one_year_only_and_the_class_says_so(office: Any) -> None:
    first = discipline(office.lan, date(2025, 12, 20))
    discipline(office.lan, date(2026, 1, 15), same_act_as_id=first.id)
    discipline(office.nam, date(2026, 1, 15), used_in_year=2025)
    discipline(office.hung, date(2026, 1, 15))
    grade_proposals.propose(office.department.id, 2026)
    found = {who.id: grade_of(who) for who in (office.lan, office.nam, office.hung)}
    assert [grade.proposed_class for grade in found.values()] == [Band.HTTNV, Band.HTTNV, Band.KHTNV]
    assert [one["code"] for grade in found.values() for one in grade.circumstances] == [
        "SAME_ACT_COUNTED_BEFORE",
        "ACT_ALREADY_A_GROUND",
        "DISCIPLINED",
    ]


def test_the_months_of_the_old_agency_travel_and_a_missing_result_is_named(database: Any, clock: Any) -> None:
    clock(TODAY)
    made = factories.office()
    other = factories.unit(
        "Sở Tài chính", parent=made.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    for number in range(1, 5):
        month(made, made.lan, number, "90" if number != 2 else None)
    for report in db.session.scalars(select(Report).where(Report.person_id == made.lan.id)):
        report.unit_id = report.agency_id = other.id
    for number in range(5, 12):
        month(made, made.lan, number, "80")
    grade_proposals.propose(made.department.id, 2026)
    grade = grade_of(made.lan)
    assert (grade.agency_id, grade.months_counted, grade.exact_mean) == (made.department.id, 10, "83")
    assert [(one["code"], one["detail"]) for one in grade.circumstances] == [
        ("TRANSFERRED", "1–4/2026: Sở Tài chính; 5–11/2026: Phòng Công chức, viên chức"),
        ("RESULTS_MISSING", "2/2026"),
    ]
    assert {one["article"] for one in grade.circumstances} == {"Điều 19.1 NĐ 335/2025"}


def test_the_sending_agency_reads_a_seconded_official_and_is_told_of_the_class(office: Any) -> None:
    other = factories.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    son = factories.person("Đặng Văn Sơn")
    factories.assignment(son, other, office=Office.HEAD)
    factories.account(son)
    report = grade_of(office.lan)
    with pytest.raises(Missing):
        grades.grade_for(as_of(son), report.id)
    own = db.session.scalars(select(Assignment).where(Assignment.person_id == office.lan.id)).one()
    own.seconded_from_id = other.id
    db.session.flush()
    assert grades.grade_for(as_of(son), report.id)[0] is report
    sheet = db.session.scalars(select(Report).where(Report.person_id == office.lan.id)).first()
    assert sheet is not None
    assert access.report_for(as_of(son), sheet.id, to=Action.READ_REPORT)[0] is sheet
    with pytest.raises(Missing):
        access.report_for(as_of(son), sheet.id, to=Action.SCORE_REPORT)
    published(office, office.lan)
    assert any("seconded" in says for says in told(son))
    grade_proposals.propose(office.department.id, 2026)


def test_appointing_names_who_sends_and_refuses_ones_own_unit(office: Any) -> None:
    made = appointments.appoint(
        None, office.nam.id, unit_id=office.department.id, since=date(2026, 12, 1), office=Office.STAFF,
        title="Chuyên viên", seconded_from_id=office.division.id,
    )  # fmt: skip
    assert made.seconded_from_id == office.division.id
    with pytest.raises(Invalid):
        appointments.appoint(
            None, office.nam.id, unit_id=office.division.id, since=date(2026, 12, 3), office=Office.STAFF,
            title="Chuyên viên", seconded_from_id=office.division.id,
        )  # fmt: skip


def test_an_act_at_the_old_unit_punished_at_the_new_one_counts_in_the_old_ones_result(office: Any) -> None:
    own = db.session.scalars(select(Assignment).where(Assignment.person_id == office.lan.id)).one()
    own.valid_to = date(2026, 7, 1)
    db.session.flush()
    factories.assignment(office.lan, office.department, since=date(2026, 7, 1))
    made = discipline(office.lan, date(2026, 9, 1), act_on=date(2026, 3, 1))

    def below(head: Any, unit: Any) -> int:
        units = evidence_tree.tree(2026, TODAY)
        records = evidence.year_records(units, [unit.id], 2026, as_of=TODAY, received=TODAY)
        return next(len(one.facts.unit.discipline) for one in records if one.person_id == head.id)

    assert below(office.hung, office.division) == 1
    made.act_on = date(2026, 8, 1)
    db.session.flush()
    assert below(office.hung, office.division) == 0


def test_other_posts_secondment_and_absence_stand_on_the_class(office: Any) -> None:
    factories.assignment(office.lan, office.department, since=date(2026, 5, 1), title="Thư ký", is_main=False)
    own = db.session.scalars(select(Assignment).where(Assignment.person_id == office.nam.id)).one()
    own.seconded_from_id = office.department.id
    absences.record_absence(
        None, office.nam.id, kind=AbsenceKind.MATERNITY, since=date(2026, 12, 1), until=None
    )
    grade_proposals.propose(office.department.id, 2026)
    assert [(one["code"], one["detail"]) for one in grade_of(office.lan).circumstances] == [
        ("CONCURRENT", "Thư ký, Sở Nội vụ, 01/05/2026")
    ]
    assert [one["code"] for one in grade_of(office.nam).circumstances] == [
        "SECONDED",
        "ABSENT_AT_CLASSIFICATION",
    ]


def december(office: Any, who: Any, total: str, stage: Stage) -> None:
    month(office, who, 12, None)
    report = db.session.scalars(
        select(Report).join(Period).where(Report.person_id == who.id, Period.month == date(2026, 12, 1))
    ).one()
    score(report, total, stage)


def score(report: Any, total: str, stage: Stage) -> None:
    others = select(Person.id).where(Person.id != report.person_id).limit(1)
    db.session.add(
        ScoreSheet(
            report_id=report.id, stage=stage, status="SCORED", total=Decimal(total), exact_total=total, band=Band.HTTNV,
            steps=[], inputs={}, rulebook="decree-335-2025", fingerprint="x",
            decided_by=report.person_id if stage is Stage.OWN else db.session.scalar(others),
        )
    )  # fmt: skip
    db.session.flush()


def test_a_class_decided_on_a_provisional_december_is_listed_once_the_final_one_moves_it(office: Any) -> None:
    for who in (office.lan, office.nam):
        december(office, who, "80" if who is office.lan else "75", Stage.OWN)
    grade_proposals.propose(office.department.id, 2026)
    for who in (office.lan, office.nam):
        published(office, who)
    thu = as_of(office.thu)
    assert december_check.changes(thu, office.department.id, 2026) == ([], 2)
    for who, total in ((office.lan, "20"), (office.nam, "75")):
        report = db.session.scalars(
            select(Report).join(Period).where(Report.person_id == who.id, Period.month == date(2026, 12, 1))
        ).one()
        report.submitted_at = report.scored_at = report.confirmed_at = grade_of(who).decided_at
        report.scored_by = report.confirmed_by = office.chairman.id
        report.state = ReportState.CONFIRMED
        score(report, total, Stage.FINAL)
    (change,), waiting = december_check.changes(thu, office.department.id, 2026)
    assert (change.name, change.exact_mean, change.grade.exact_mean) == ("Nguyễn Thị Lan", "75", "80")
    assert (change.class_changed, waiting) == (False, 0)
    new = replacements.replace(
        as_of(office.chairman), change.grade.id, Band.HTNV, reason="Điểm tháng 12 chính thức thấp hơn",
        document_number="3/QĐ-UBND",
    )  # fmt: skip
    assert new.exact_mean == "75"
    assert december_check.changes(thu, office.department.id, 2026)[0] == []


def test_a_special_agency_ends_later_by_a_document_of_the_level_above(office: Any) -> None:
    with pytest.raises(Forbidden):
        annual_round.set_late(as_of(office.thu), office.department.id, 2026, document_number="7/UBND")
    with pytest.raises(Invalid):
        annual_round.set_late(as_of(office.mai), office.department.id, 2026, document_number=" ")
    db.session.rollback()
    annual_round.set_late(as_of(office.chairman), office.department.id, 2026, document_number="7/UBND-NC")
    member, _held = annual_round.member_for(as_of(office.tu), office.lan.id, 2026)
    dates = annual_round.timeline(member, 2026).dates
    assert dates is not None
    assert dates.last_day == date(2027, 1, 14)
    assert len(events("round.late")) == 1


def test_a_downgrade_that_leaves_more_excellent_than_places_is_told_and_shown_and_changes_nothing(
    office: Any, client: Any, login: Any
) -> None:
    found = ready(office, 1, 6)  # seven beside Lan, Nam, Hung and Thu, who are good: one may be excellent
    thu, chairman = as_of(office.thu), as_of(office.chairman)
    best, *good = found
    grades.decide(thu, best.id, Band.HTXSNV)
    for grade in good:
        grades.decide(thu, grade.id, Band.HTTNV)
    grades.publish(thu, office.department.id, 2026, decision_number="12/QĐ-SNV")
    login(client, office.thu)
    address = f"/grades/{office.department.id}/2026"
    given = {"reason": "Báo cáo thiếu trung thực", "document_number": "99/QĐ-UBND"}
    said = {quotas.BEYOND, quotas.BEYOND_IN_GROUP}
    left = 0
    for grade in good:
        before = len([one for one in told(office.thu) if one in said])
        excess = sum(one.beyond for one in quotas.of_agency(office.department.id, 2026))
        replacements.replace(chairman, grade.id, Band.HTNV, **given)
        more = sum(one.beyond for one in quotas.of_agency(office.department.id, 2026))
        after = len([one for one in told(office.thu) if one in said])
        assert (after > before) is (more > excess), "told when it gets worse, and only then"
        assert ("Số người xuất sắc vượt số suất" in client.get(address).text) is (more > 0)
        left = more
    assert left == 2, "the agency and the group lack a place each"
    for who in (office.thu, office.mai, office.chairman):
        assert said <= set(told(who))
    assert not said & set(told(best.person) + told(office.lan))
    assert db.session.get_one(YearGrade, best.id).decided_class is Band.HTXSNV
