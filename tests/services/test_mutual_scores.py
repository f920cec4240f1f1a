"""Two people who judge each other: the inspectors hear of it once for each pair and month (fault 50)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import AuditEvent, Delegation, Notice
from evaluation.rules.permissions import Role
from evaluation.services import mutual_scores
from tests import factories

TODAY = date(2026, 5, 20)


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(TODAY)
    made = factories.office()
    made.inspector = factories.person("Trương Văn Sơn")
    factories.assignment(made.inspector, made.department)
    factories.account(made.inspector, roles=[(Role.INSPECTOR, made.province)])
    db.session.commit()
    return made


def sheet(
    office: Any, who: Any, month: str, *, scored_by: Any = None, confirmed_by: Any = None, **given: Any
) -> None:
    made = factories.report(
        who.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        month=month,
        **given,
    )
    made.scored_by = scored_by.id if scored_by else None
    made.confirmed_by = confirmed_by.id if confirmed_by else None
    db.session.flush()


def told(office: Any) -> list[Notice]:
    wanted = select(Notice).where(Notice.says == mutual_scores.MUTUAL)
    return list(db.session.scalars(wanted.order_by(Notice.id)))


def test_two_who_score_each_other_are_told_to_the_inspector_once(office: Any) -> None:
    sheet(office, office.lan, "2026-03", scored_by=office.nam)
    sheet(office, office.nam, "2026-03", scored_by=office.lan)
    assert mutual_scores.tell() == 1
    assert mutual_scores.tell() == 0
    (notice,) = told(office)
    assert notice.person_id == office.inspector.id
    assert {notice.parameters["one"], notice.parameters["other"]} == {
        office.lan.full_name,
        office.nam.full_name,
    }
    assert notice.parameters["month"] == "03/2026"
    (event,) = db.session.scalars(select(AuditEvent).where(AuditEvent.action == mutual_scores.ACTION))
    assert {event.object_id, event.after["other"]} == {office.lan.id, office.nam.id}


def test_a_duty_lent_to_and_fro_within_a_month_is_found_though_the_months_differ(office: Any) -> None:
    for lender, to, since, until in (
        (office.hung, office.nam, date(2026, 3, 1), date(2026, 4, 1)),
        (office.hung, office.lan, date(2026, 4, 1), date(2026, 5, 1)),
    ):
        db.session.add(
            Delegation(
                unit_id=office.division.id, delegator_id=lender.id, delegate_id=to.id, document_number="1/UQ",
                reason="Đi công tác", valid_from=since, valid_to=until,
            )
        )  # fmt: skip
    sheet(office, office.lan, "2026-03", scored_by=office.nam, scored_for=office.hung.id)
    sheet(office, office.nam, "2026-04", scored_by=office.lan, scored_for=office.hung.id)
    assert mutual_scores.tell() == 1
    assert told(office)[0].parameters["month"] == "04/2026"


def test_confirming_counts_as_scoring_and_each_month_is_told_by_itself(office: Any) -> None:
    for month in ("2026-03", "2026-05"):
        sheet(office, office.hung, month, scored_by=office.thu, confirmed_by=office.nam)
        sheet(office, office.nam, month, scored_by=office.hung)
    assert mutual_scores.tell() == 2
    assert [one.parameters["month"] for one in told(office)] == ["03/2026", "05/2026"]


def test_the_order_of_the_house_is_no_mutual_scoring(office: Any) -> None:
    sheet(office, office.lan, "2026-03", scored_by=office.hung, confirmed_by=office.thu)
    sheet(office, office.nam, "2026-03", scored_by=office.hung, confirmed_by=office.thu)
    sheet(office, office.hung, "2026-03", scored_by=office.thu)
    assert mutual_scores.tell() == 0


def test_two_who_judged_each_other_with_more_than_a_month_between_are_not_told(office: Any) -> None:
    sheet(office, office.lan, "2026-01", scored_by=office.nam)
    sheet(office, office.nam, "2026-04", scored_by=office.lan)
    assert mutual_scores.tell() == 0


def test_an_inspector_who_is_one_of_the_two_is_not_the_one_who_hears(office: Any) -> None:
    sheet(office, office.lan, "2026-03", scored_by=office.inspector)
    sheet(office, office.inspector, "2026-03", scored_by=office.lan)
    assert mutual_scores.tell() == 1
    assert told(office) == []


def test_the_inspector_finds_the_pair_in_the_journal(office: Any, client: Any, login: Any) -> None:
    sheet(office, office.lan, "2026-03", scored_by=office.nam)
    sheet(office, office.nam, "2026-03", scored_by=office.lan)
    mutual_scores.tell()
    login(client, office.inspector)
    page = client.get(told(office)[0].link)
    assert page.status_code == 200
    assert "chấm điểm, xác nhận lẫn nhau" in page.text
