"""The Party's verdict from stored sheets: the same facts, never another State result, off unless the rulebook says so."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from evaluation.extensions import db
from evaluation.models import AuditEvent, ForceMajeure, ScoreSheet, YearGrade
from evaluation.queries import party as queries
from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office
from evaluation.rules.party import PartyStatus, Reach
from evaluation.rules.permissions import Role
from evaluation.rules.scoring import WorkKind
from evaluation.services import party as services
from evaluation.services import rulebooks
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories
from tests.services.test_extra_income import sheet, with_answers

TODAY = date(2026, 4, 10)


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    """Lan and Nam of one division with a confirmed March, Hùng their head too."""
    clock(TODAY)
    made = factories.office()
    made.reports = {}
    for who, band in ((made.lan, Band.HTXSNV), (made.nam, Band.HTTNV), (made.hung, Band.HTXSNV)):
        made.reports[who.id] = sheet(made, who, band)
        factories.item(made.reports[who.id], assigned="10", done="10")
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    db.session.commit()
    made.mai = factories.actor(mai, TODAY)
    return made


def statements_of(work: Any) -> int:
    """How many statements a piece of work sends."""
    seen: list[str] = []

    def count(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len(seen)


def names(listing: services.Listing) -> dict[str, Any]:
    return {line.name: line.verdict.klass or line.verdict.status for line in listing.lines}


def listed(office: Any, who: Any = None) -> dict[str, Any]:
    return names(services.listing(who or office.mai, office.department.id, 2026, 1))


def test_off_by_default_there_is_no_card_and_no_list(office: Any) -> None:
    assert services.reach(TODAY) is Reach.OFF
    assert services.of_sheet(office.reports[office.hung.id]) is None
    with pytest.raises(Missing):
        listed(office)


def test_for_leaders_only_leaders_get_the_second_verdict(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="LEADERS")
    assert set(listed(office)) == {"Trần Văn Hùng"}
    assert services.of_sheet(office.reports[office.lan.id]) is None
    assert services.of_sheet(office.reports[office.hung.id]) is not None


def test_for_all_everybody_stands_in_the_list_leaders_first(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    found = listed(office)
    assert next(iter(found)) == "Trần Văn Hùng"
    assert found["Nguyễn Thị Lan"] is Band.HTXSNV
    assert found["Lê Quang Nam"] is Band.HTTNV
    # a leader with ninety points needs 30 % beyond what was asked
    assert found["Trần Văn Hùng"] is PartyStatus.REQUIRES_DECISION


def test_one_undone_unit_fails_until_force_majeure_is_confirmed(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    factories.item(office.reports[office.nam.id], assigned="1", done="0.75")
    db.session.commit()
    assert listed(office)["Lê Quang Nam"] is Band.KHTNV
    thu = factories.actor(office.thu, TODAY)
    given = (office.nam.id, office.department.id, 2026, 1)
    services.confirm_force_majeure(thu, *given, document_number="12/XN", reason="Bão số 4")
    # good asks for all tasks, so what is known fits no level
    assert listed(office)["Lê Quang Nam"] is PartyStatus.REQUIRES_DECISION
    with pytest.raises(Conflict):
        services.confirm_force_majeure(thu, *given, document_number="12/XN", reason="Bão số 4")
    services.withdraw_force_majeure(thu, *given, reason="Nhầm người")
    assert listed(office)["Lê Quang Nam"] is Band.KHTNV
    kept = db.session.query(ForceMajeure).one()
    assert (kept.reason, kept.withdrawn_reason) == ("Bão số 4", "Nhầm người")
    assert db.session.query(AuditEvent).filter(AuditEvent.action.like("force_majeure.%")).count() == 2


def test_work_over_the_plan_of_one_product_does_not_make_up_for_another(
    office: Any, monkeypatch: Any
) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    factories.item(office.reports[office.lan.id], assigned="2", done="1")
    factories.item(office.reports[office.lan.id], assigned="2", done="9")
    db.session.commit()
    assert listed(office)["Nguyễn Thị Lan"] is Band.KHTNV


def test_a_collective_below_seventy_percent_fails_its_head(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    factories.item(office.reports[office.lan.id], assigned="20", done="1")
    db.session.commit()
    (hung,) = queries.facts([office.hung.id], 2026, quarter=1)
    assert (hung.office, hung.unit_done, hung.unit_assigned) == (Office.HEAD, 31, 50)
    assert listed(office)["Trần Văn Hùng"] is Band.KHTNV


def test_the_head_of_an_agency_answers_for_the_units_below(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    report = sheet(office, office.thu, Band.HTXSNV)
    factories.item(report, assigned="10", done="10")
    db.session.commit()
    (thu,) = queries.facts([office.thu.id], 2026, quarter=1)
    assert (thu.unit_done, thu.unit_assigned, thu.assigned) == (40, 40, 10)


@pytest.mark.parametrize(
    ("answer", "klass"),
    [("MORE_THAN_ASSIGNED", PartyStatus.REQUIRES_DECISION), ("WITH_EXTRA_WORK", Band.HTXSNV)],
)
def test_what_counts_as_beyond_the_plan_is_a_choice(
    office: Any, monkeypatch: Any, answer: str, klass: Any
) -> None:
    with_answers(monkeypatch, party_rules="LEADERS", over_fulfilled=answer)
    factories.item(office.reports[office.hung.id], assigned="0", done="3", kind=WorkKind.ADHOC)
    db.session.commit()
    assert listed(office)["Trần Văn Hùng"] is klass


def test_a_month_that_is_not_confirmed_is_not_a_month_left_undone(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    february = sheet(office, office.lan, None, "2026-02")
    factories.item(february, assigned="10", done="0")
    db.session.commit()
    assert listed(office)["Nguyễn Thị Lan"] is Band.HTXSNV


def test_a_failed_quarter_bars_excellent_on_the_page_of_the_year(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    may = sheet(office, office.lan, Band.HTXSNV, "2026-05")
    factories.item(may, assigned="10", done="10")
    db.session.commit()
    grade = YearGrade(person_id=office.lan.id, year=2026)
    found = services.of_grade(grade)
    assert found is not None
    assert (found[0].klass, found[1][2].klass, found[1][3].status) == (
        Band.HTXSNV,
        Band.HTXSNV,
        PartyStatus.INSUFFICIENT_DATA,
    )
    live = db.session.query(ScoreSheet).filter_by(report_id=may.id).one()
    live.total, live.exact_total, live.band = Decimal(49), "49", Band.KHTNV
    march = db.session.query(ScoreSheet).filter_by(report_id=office.reports[office.lan.id].id).one()
    march.total, march.exact_total = Decimal(100), "100"
    db.session.commit()
    failed = services.of_grade(grade)
    assert failed is not None
    assert failed[1][2].klass is Band.KHTNV
    assert failed[0].klass is not Band.HTXSNV


def test_who_may_not_read_the_agency_or_excuse_its_people_is_refused(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    with pytest.raises(Forbidden):
        listed(office, factories.actor(office.lan, TODAY))
    given: dict[str, Any] = {"document_number": "1", "reason": "x"}
    with pytest.raises(Missing):
        services.confirm_force_majeure(office.mai, office.nam.id, office.department.id, 2026, 1, **given)
    with pytest.raises(Invalid):
        services.confirm_force_majeure(
            factories.actor(office.thu, TODAY),
            office.nam.id,
            office.department.id,
            2026,
            1,
            document_number=" ",
            reason="",
        )


def test_the_number_of_queries_does_not_grow_with_the_people(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    before = statements_of(lambda: listed(office))
    for number in range(12):
        who = factories.person(f"Người {number}")
        factories.assignment(who, office.division)
        factories.item(sheet(office, who, Band.HTNV), assigned="1", done="1")
    db.session.commit()
    assert len(listed(office)) == 15
    assert statements_of(lambda: listed(office)) <= before


def test_without_a_rulebook_of_the_party_there_is_nothing(office: Any, monkeypatch: Any) -> None:
    with_answers(monkeypatch, party_rules="ALL")
    shelf = rulebooks.shelf()
    monkeypatch.setattr(type(shelf), "books", [book for book in shelf.books if book.family != "party"])
    assert services.reach(TODAY) is Reach.OFF
