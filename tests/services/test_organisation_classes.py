"""The class of an organisation: what the facts give, who recognises it, what supersedes what, what the heads get of it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import AuditEvent, OrganisationClass, UnitYear
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.rules.organisation import Office
from evaluation.rules.permissions import Role
from evaluation.services import grade_proposals, receipts
from evaluation.services import organisation_class_sheets as sheets
from evaluation.services import organisation_classes as services
from evaluation.services.organisation_classes import Decision, Typed
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories
from tests.services.test_grades import grade_of, year_of

DAY = date(2026, 12, 10)
GOOD = Typed(
    Decimal(26), Decimal("54.5"), Decimal(100), Decimal(0), Decimal(10),
    quality_met=True, sub_unit_not_completed=False, shortcomings_fixed=True, personnel_wrongdoing=False,
    force_majeure=False,
)  # fmt: skip
BY = Decision(Band.HTTNV, "812/QĐ-UBND", date(2026, 12, 8))


@pytest.fixture
def place(database: Any, clock: Any) -> Any:
    clock(DAY)
    made = factories.office()
    made.mai = factories.person("Vũ Thị Mai")
    factories.assignment(made.mai, made.department)
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    return made


def by(who: Any) -> Any:
    return factories.actor(who, DAY)


def faults(refused: Any) -> set[str]:
    return {fault.place for fault in refused.value.faults}


def test_a_class_is_recognised_with_its_working_and_the_register_carries_it(place: Any) -> None:
    done = services.recognise(by(place.thu), place.division.id, 2026, GOOD, BY)
    assert done is not None
    assert (done.entry.proposed, done.entry.recognised, done.entry.total) == (
        Band.HTTNV,
        Band.HTTNV,
        Decimal("80.5"),
    )
    assert "Điều 8.2" in str(done.entry.steps)
    known = db.session.get_one(UnitYear, (place.division.id, 2026))
    assert (known.unit_class, known.decision_number) == (Band.HTTNV, "812/QĐ-UBND")
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "organisation.recognised")).one()
    assert (event.actor_id, event.after["facts"]["results"]) == (place.thu.id, "109/2")


def test_who_recognises_follows_article_5_and_nobody_recognises_the_own_unit(place: Any) -> None:
    for who in (place.hung, place.lan):
        with pytest.raises((Forbidden, Missing)):
            services.recognise(by(who), place.division.id, 2026, GOOD, BY)
    with pytest.raises(Forbidden):
        services.recognise(by(place.thu), place.department.id, 2026, GOOD, BY)
    assert services.recognise(by(place.chairman), place.department.id, 2026, GOOD, BY)
    assert services.recognise(by(place.mai), place.division.id, 2026, GOOD, BY)
    with pytest.raises(Conflict):
        services.recognise(by(place.mai), place.province.id, 2026, GOOD, BY)


def test_home_affairs_that_heads_the_unit_does_not_recognise_it(place: Any) -> None:
    head = factories.person("Đồng chí Trưởng")
    other = factories.unit("Sở Tư pháp", parent=place.province)
    factories.assignment(head, other, office=Office.HEAD)
    factories.account(head, roles=[(Role.HOME_AFFAIRS, place.province)])
    with pytest.raises(Forbidden):
        services.recognise(by(head), other.id, 2026, GOOD, BY)
    assert services.recognise(by(head), place.division.id, 2026, GOOD, BY)


@pytest.mark.parametrize(
    ("typed", "decision", "field"),
    [
        (replace(GOOD, general=Decimal("30.1")), BY, "general"),
        (replace(GOOD, results=Decimal(71)), BY, "results"),
        (replace(GOOD, tasks_done=None), BY, "tasks_done"),
        (replace(GOOD, tasks_late=Decimal(101)), BY, "tasks_late"),
        (replace(GOOD, quality_met=None), BY, "quality_met"),
        (GOOD, replace(BY, recognised=None), "recognised"),
        (GOOD, replace(BY, number=" "), "number"),
        (GOOD, replace(BY, on=None), "on"),
        (GOOD, replace(BY, on=date(2026, 12, 11)), "on"),
        (GOOD, replace(BY, on=date(2025, 12, 31)), "on"),
        (GOOD, replace(BY, recognised=Band.HTNV), "reason"),
        (replace(GOOD, tasks_late=None), BY, "reason"),
        (replace(GOOD, tasks_done=Decimal(95)), BY, "reason"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    place: Any, typed: Typed, decision: Decision, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        services.recognise(by(place.thu), place.division.id, 2026, typed, decision)
    assert field in faults(refused)
    assert db.session.scalar(select(OrganisationClass.id)) is None


def test_where_the_text_leaves_a_gap_the_decision_stands_with_its_reason(place: Any) -> None:
    gap = replace(GOOD, tasks_done=Decimal(95))
    done = services.recognise(
        by(place.thu), place.division.id, 2026, gap, replace(BY, reason="Theo kết luận họp")
    )
    assert done is not None
    assert (done.entry.status, done.entry.proposed, done.entry.recognised) == (
        "REQUIRES_DECISION",
        None,
        Band.HTTNV,
    )


def test_a_later_recognition_supersedes_with_a_reason_and_the_old_class_stays_in_the_audit(
    place: Any,
) -> None:
    services.recognise(by(place.thu), place.division.id, 2026, GOOD, BY)
    low = replace(GOOD, general=Decimal(20), results=Decimal(40))
    with pytest.raises(Invalid) as refused:
        services.recognise(by(place.thu), place.division.id, 2026, low, replace(BY, recognised=Band.HTNV))
    assert faults(refused) == {"reason"}
    services.recognise(
        by(place.thu),
        place.division.id,
        2026,
        low,
        replace(BY, recognised=Band.HTNV, reason="Chấm lại", number="9/QĐ"),
    )
    new, old = db.session.scalars(select(OrganisationClass).order_by(OrganisationClass.id.desc()))
    assert (new.superseded_at, old.recognised) == (None, Band.HTTNV)
    assert old.superseded_at is not None
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.before["recognised"], event.reason) == ("HTTNV", "Chấm lại")


def test_a_form_sent_twice_is_one_recognition(place: Any) -> None:
    key = receipts.new_id()
    for _turn in range(2):
        services.recognise(by(place.thu), place.division.id, 2026, GOOD, BY, transaction_id=key)
    assert len(db.session.scalars(select(OrganisationClass)).all()) == 1


def test_a_failed_unit_below_is_a_fact_of_the_unit_above(place: Any) -> None:
    db.session.add(UnitYear(unit_id=place.division.id, year=2026, unit_class=Band.KHTNV))
    db.session.flush()
    found = sheets.sheet_of(by(place.chairman), place.department.id, 2026)
    assert found.failed_below == ("Phòng Công chức, viên chức",)
    with pytest.raises(Invalid) as refused:
        services.recognise(by(place.chairman), place.department.id, 2026, GOOD, BY)
    assert faults(refused) == {"sub_unit_not_completed"}


def test_lower_units_without_a_class_are_named(place: Any) -> None:
    assert sheets.sheet_of(by(place.mai), place.department.id, 2026).waiting_below == (
        "Phòng Công chức, viên chức",
    )
    services.recognise(by(place.mai), place.division.id, 2026, GOOD, BY)
    assert sheets.sheet_of(by(place.mai), place.department.id, 2026).waiting_below == ()


def test_the_cap_asks_for_a_document_and_binds_once_all_are_classified(place: Any) -> None:
    best = replace(GOOD, general=Decimal(30), results=Decimal(65), tasks_over=Decimal(40))
    excellent = replace(BY, recognised=Band.HTXSNV)
    other = factories.unit("Phòng Tổ chức", parent=place.department)
    with pytest.raises(Invalid) as refused:
        services.recognise(by(place.thu), place.division.id, 2026, best, excellent)
    assert faults(refused) == {"reason"}
    services.recognise(by(place.thu), other.id, 2026, GOOD, BY)
    with pytest.raises(Invalid) as refused:
        services.recognise(
            by(place.thu), place.division.id, 2026, best, replace(excellent, reason="Tờ trình 5")
        )
    assert faults(refused) == {"recognised"}


def test_the_proposal_of_a_head_follows_the_class_of_the_unit(place: Any) -> None:
    year_of(place, place.hung, "95")
    grade_proposals.propose(place.department.id, 2026)
    assert grade_of(place.hung).status == "UNIT_NOT_CLASSIFIED"
    done = services.recognise(by(place.mai), place.division.id, 2026, GOOD, BY)
    assert done is not None
    assert done.proposed_again == 1
    assert grade_of(place.hung).proposed_class is Band.HTTNV


def test_reform_and_criticism_are_recorded_beside_the_class(place: Any) -> None:
    services.record_year(
        by(place.mai), place.division.id, 2026, reform=ReformResult.COMPLETED, criticisms=1, number="3/TB"
    )
    known = db.session.get_one(UnitYear, (place.division.id, 2026))
    assert (known.reform, known.criticisms, known.unit_class) == (ReformResult.COMPLETED, 1, None)
    with pytest.raises(Invalid):
        services.record_year(by(place.mai), place.division.id, 2026, reform=None, criticisms=None, number="")


def test_a_year_without_a_law_for_organisations_looks_missing(place: Any) -> None:
    with pytest.raises(Missing):
        sheets.sheet_of(by(place.mai), place.division.id, 2024)
