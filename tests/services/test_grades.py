"""Classes of the year: proposed with the quota in view, decided by the competent head only, never above the quota."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Discipline,
    Notice,
    ScoreSheet,
    Stage,
    UnitYear,
    YearGrade,
)
from evaluation.rules.bands import Band
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import grade_proposals, grades, quotas
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

TODAY = date(2026, 12, 5)


def month(office: Any, who: Any, number: int, total: str | None, *, leave: AbsenceKind | None = None) -> None:
    """One month of somebody's year: a final score, a leave, or an unscored sheet."""
    own = who.assignments[0]
    top = own.unit_id == office.department.id
    report = factories.report(
        own,
        supervising=office.department,
        confirming=office.province if top and own.office == "HEAD" else office.department,
        agency=office.department,
        month=f"2026-{number:02d}",
    )
    if leave:
        report.state, report.not_rated_reason = ReportState.NOT_RATED, leave
    elif total is not None:
        moment, judge = factories_moment(), office.chairman.id
        report.state = ReportState.CONFIRMED
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
                rulebook="decree-335-2025",
                fingerprint="x",
                decided_by=judge,
            )
        )
    db.session.flush()


def factories_moment():
    from evaluation import clock

    return clock.now()


def year_of(office: Any, who: Any, total: str, months: int = 11) -> None:
    for number in range(1, months + 1):
        month(office, who, number, total)


def colleagues(office: Any, number: int) -> list[Any]:
    people = [factories.person(f"Đồng nghiệp {index}") for index in range(number)]
    for one in people:
        factories.assignment(one, office.division, job=office.job)
        db.session.expire(one)
    return people


def grade_of(who: Any) -> YearGrade:
    return db.session.scalars(
        select(YearGrade).where(YearGrade.person_id == who.id, YearGrade.superseded_at.is_(None))
    ).one()


def test_the_proposal_is_the_exact_mean_of_the_scored_months(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    for number in range(1, 11):
        month(office, office.lan, number, "90")
    month(office, office.lan, 11, "89.9999")
    grade_proposals.propose(office.department.id, 2026)
    grade = grade_of(office.lan)
    assert (grade.exact_mean, grade.computed_class, grade.months_counted) == (
        "9899999/110000",
        Band.HTTNV,
        11,
    )
    assert (grade.state, grade.status, grade.confirming_unit_id) == (
        GradeState.PROPOSED,
        "SCORED",
        office.department.id,
    )


def test_maternity_leave_is_rated_on_the_months_worked_and_too_few_months_are_not_rated(
    database, clock
) -> None:
    clock(TODAY)
    office = factories.office()
    for number in range(1, 12):
        absent = number > 4
        month(office, office.lan, number, "80", leave=AbsenceKind.MATERNITY if absent else None)
        if not absent:
            month(office, office.nam, number, "80")
    grade_proposals.propose(office.department.id, 2026)
    assert (grade_of(office.lan).proposed_class, grade_of(office.lan).exact_mean) == (Band.HTTNV, "80")
    assert (grade_of(office.nam).proposed_class, grade_of(office.nam).status) == (None, "NOT_RATED_UNDER_6M")


def test_a_head_waits_for_the_class_of_the_unit_and_never_stands_above_it(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    year_of(office, office.hung, "95")
    grade_proposals.propose(office.department.id, 2026)
    grade = grade_of(office.hung)
    assert (grade.status, grade.proposed_class, grade.computed_class) == (
        "UNIT_NOT_CLASSIFIED",
        None,
        Band.HTXSNV,
    )
    db.session.add(UnitYear(unit_id=office.division.id, year=2026, unit_class=Band.HTNV))
    db.session.flush()
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.hung).proposed_class is Band.HTNV


def test_discipline_tied_to_public_duty_in_the_year_proposes_not_completed(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    year_of(office, office.lan, "95")
    year_of(office, office.nam, "85")
    for who, quashed in ((office.lan, None), (office.nam, date(2026, 6, 1))):
        db.session.add(
            Discipline(
                person_id=who.id,
                form=DisciplineForm.KHIEN_TRACH,
                duty_related=True,
                decision_number="1/QĐ",
                decided_on=date(2026, 5, 1),
                starts_on=date(2026, 5, 1),
                ends_on=date(2027, 5, 1),
                quashed_on=quashed,
            )
        )
    db.session.flush()
    grade_proposals.propose(office.department.id, 2026)
    assert (grade_of(office.lan).proposed_class, grade_of(office.nam).proposed_class) == (
        Band.KHTNV,
        Band.HTTNV,
    )


def test_those_beyond_the_quota_are_marked_and_proposed_good_and_ties_are_left_to_people(
    database, clock
) -> None:
    clock(TODAY)
    office = factories.office()
    people = colleagues(office, 12)
    for one, total in zip(people, ["97", "96", "96", "95"] + ["80"] * 8, strict=True):
        year_of(office, one, total)
    grade_proposals.propose(office.department.id, 2026)
    found = [grade_of(one) for one in people[:4]]
    # 20 % of the good: of twelve good or better two may be excellent, and two tie on the second place
    assert [grade.over_quota for grade in found] == [False, True, True, True]
    assert [grade.proposed_class for grade in found] == [Band.HTXSNV, Band.HTTNV, Band.HTTNV, Band.HTTNV]
    assert {grade.computed_class for grade in found} == {Band.HTXSNV}
    quota = quotas.of_agency(office.department.id, 2026)[0]
    assert (quota.usual.literal, quota.usual.static, quota.usual.or_better) == (2, 1, 2)
    assert quota.exceptional.or_better == 3


def test_proposing_again_supersedes_what_changed_and_leaves_decisions_alone(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    year_of(office, office.lan, "80", months=10)
    year_of(office, office.nam, "80", months=10)
    grade_proposals.propose(office.department.id, 2026)
    factories.reviewed(office, [office.nam])
    grades.decide(factories.actor(office.thu, TODAY), grade_of(office.nam).id, Band.HTTNV)
    first, decided = grade_of(office.lan).id, grade_of(office.nam).id
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.lan).id == first
    month(office, office.lan, 11, "60")
    month(office, office.nam, 11, "60")
    grade_proposals.propose(office.department.id, 2026)
    assert grade_of(office.lan).id != first
    assert db.session.get_one(YearGrade, first).superseded_at is not None
    assert grade_of(office.nam).id == decided


def ready(office: Any, excellent: int, good: int) -> list[YearGrade]:
    """Grades as a proposal leaves them, without the months behind them."""
    found = []
    for index, one in enumerate(colleagues(office, excellent + good)):
        klass = Band.HTXSNV if index < excellent else Band.HTTNV
        found.append(
            YearGrade(
                person_id=one.id,
                year=2026,
                unit_id=office.division.id,
                agency_id=office.department.id,
                confirming_unit_id=office.department.id,
                peer_group="Chuyên viên",
                status="SCORED",
                months_counted=11,
                mean=Decimal(95 - index),
                exact_mean=str(95 - index),
                computed_class=klass,
                proposed_class=klass,
                steps=[],
                rulebook="decree-335-2025",
                fingerprint="x",
            )
        )
    db.session.add_all(found)
    db.session.flush()
    factories.reviewed(office, [grade.person for grade in found])
    return found


def test_deciding_leaves_one_audit_line_and_publishing_tells_the_official(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    (grade,) = ready(office, 0, 1)
    thu = factories.actor(office.thu, TODAY)
    grades.decide(thu, grade.id, Band.HTTNV)
    assert (grade.state, grade.decided_class, grade.decided_by) == (
        GradeState.DECIDED,
        Band.HTTNV,
        office.thu.id,
    )
    assert grades.publish(thu, office.department.id, 2026, decision_number="12/QĐ-SNV") == 1
    assert (grade.state, grade.decision_number) == (GradeState.PUBLISHED, "12/QĐ-SNV")
    actions = db.session.scalars(
        select(AuditEvent.action).where(
            AuditEvent.object_type == "year_grade", AuditEvent.object_id == grade.id
        )
    ).all()
    assert sorted(actions) == ["grade.decided", "grade.published"]
    assert db.session.scalar(select(func.count()).where(Notice.person_id == grade.person_id)) == 1
    with pytest.raises(Conflict):
        grades.decide(thu, grade.id, Band.HTNV, reason="đổi ý")
    with pytest.raises(Conflict):
        grades.publish(thu, office.department.id, 2026, decision_number="12/QĐ-SNV")


def test_another_class_than_proposed_needs_a_reason(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    (grade,) = ready(office, 0, 1)
    with pytest.raises(Invalid) as refused:
        grades.decide(factories.actor(office.thu, TODAY), grade.id, Band.HTNV, reason="  ")
    assert refused.value.faults[0].place == "reason"
    assert grade.state is GradeState.PROPOSED


def test_only_the_competent_head_decides_and_never_the_own_class(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    grade, own = ready(office, 0, 2)
    with pytest.raises(Forbidden):
        grades.decide(factories.actor(office.hung, TODAY), grade.id, Band.HTTNV)
    with pytest.raises(Missing):
        grades.decide(factories.actor(office.lan, TODAY), grade.id, Band.HTTNV)
    own.person_id = office.thu.id
    db.session.flush()
    with pytest.raises(Forbidden):
        grades.decide(factories.actor(office.thu, TODAY), own.id, Band.HTTNV)
    assert {grade.state, own.state} == {GradeState.PROPOSED}


def test_excellent_beyond_the_quota_needs_the_exceptional_document_and_ends_at_its_share(
    database, clock
) -> None:
    clock(TODAY)
    office = factories.office()
    found = ready(office, 6, 9)  # of 15 good or better: 2 at 20 %, 3 at 25 %
    thu = factories.actor(office.thu, TODAY)
    for grade in found[:2]:
        grades.decide(thu, grade.id, Band.HTXSNV)
    with pytest.raises(Invalid, match=r"Article 20\.5|Điều 20\.5"):
        grades.decide(thu, found[2].id, Band.HTXSNV)
    grades.decide(thu, found[2].id, Band.HTXSNV, exceptional_document="55/QĐ-UBND")
    assert "55/QĐ-UBND" in str(found[2].reason)
    with pytest.raises(Invalid):
        grades.decide(thu, found[3].id, Band.HTXSNV, exceptional_document="55/QĐ-UBND")
    assert found[3].state is GradeState.PROPOSED


def test_deciding_many_as_proposed_is_all_or_none(database, clock) -> None:
    clock(TODAY)
    office = factories.office()
    found = ready(office, 6, 9)
    thu = factories.actor(office.thu, TODAY)
    ids = [grade.id for grade in found]
    db.session.commit()
    with pytest.raises(Invalid):
        grades.decide_as_proposed(thu, ids)
    db.session.rollback()
    assert {db.session.get_one(YearGrade, one).state for one in ids} == {GradeState.PROPOSED}
    assert grades.decide_as_proposed(thu, ids[6:]) == 9


def test_ten_approvers_at_once_never_exceed_the_quota(fresh_database: Flask) -> None:
    office = factories.office()
    ids = [grade.id for grade in ready(office, 10, 10)]  # of 20 good or better 3 at 20 %
    thu, day = office.thu.id, date(2026, 12, 5)
    db.session.commit()

    def approve(grade_id: int) -> bool:
        from evaluation.services.access import actor_for

        with fresh_database.app_context():
            try:
                grades.decide(actor_for(thu, None, day), grade_id, Band.HTXSNV)
            except Invalid:
                return False
            return True

    with ThreadPoolExecutor(10) as pool:
        granted = list(pool.map(approve, ids[:10]))
    assert sum(granted) == 3
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(YearGrade.decided_class == Band.HTXSNV)) == 3
