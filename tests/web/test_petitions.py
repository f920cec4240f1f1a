"""Pages of petitions: lodged from the result, counted down on both sides, answered, listed and searched."""

from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from evaluation.extensions import db
from evaluation.models import Petition, Report, ScoreSheet, Stage
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import PetitionState
from evaluation.services import petitions
from tests import factories
from tests.services.test_petitions import DAY, confirmed, grade
from tests.web.counting import queries_of


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    made = factories.office()
    made.mai = factories.person("Phạm Ngọc Mai")  # type: ignore[attr-defined]
    factories.assignment(made.mai, made.department)  # type: ignore[attr-defined]
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])  # type: ignore[attr-defined]
    db.session.commit()
    return made


def lodged(office: factories.Office1, report: Report) -> Petition:
    return petitions.lodge_against_score(
        factories.actor(office.lan, DAY), report.id, reason="Văn bản thứ tư đã gửi"
    )


def test_the_result_page_offers_a_petition_to_its_owner_only(
    client: Any, login: Any, office: factories.Office1
) -> None:
    report = confirmed(office, office.lan)
    address = f"/petitions/against/score/{report.id}"
    assert address in login(client, office.lan).get(f"/results/{report.id}").text
    for who in (office.hung, office.thu, office.mai):  # type: ignore[attr-defined]
        assert address not in login(client, who).get(f"/results/{report.id}").text
    assert login(client, office.nam).get(address).status_code == 404
    assert login(client, office.thu).get(address).status_code == 403


def test_a_petition_is_lodged_shown_to_both_sides_with_its_countdown_and_closed(
    client: Any, login: Any, office: factories.Office1, clock: Any
) -> None:
    report = confirmed(office, office.lan)
    address = f"/petitions/against/score/{report.id}"
    login(client, office.lan)
    assert "10/04/2026" in client.get(address).text
    assert client.post(address, data={"reason": ""}).status_code == 422
    given = {"reason": "Văn bản thứ tư đã gửi", "transaction_id": str(uuid4())}
    first = client.post(address, data=given)
    assert client.post(address, data=given).location == first.location
    petition = db.session.query(Petition).one()
    clock(date(2026, 4, 8))
    for who in (office.lan, office.thu):
        login(client, who)
        assert "còn 2 ngày làm việc" in client.get(f"/petitions/{petition.id}").text.lower()
        assert f"/petitions/{petition.id}" in client.get("/petitions/").text
    assert "trả lời 1 kiến nghị" in client.get("/").text.lower()
    clock(date(2026, 4, 14))
    assert "quá hạn 2 ngày làm việc" in client.get("/petitions/").text
    done = client.post(f"/petitions/{petition.id}/reject", data={"answer": "Gửi sau hạn"})
    assert done.status_code == 303
    assert petition.state is PetitionState.REJECTED
    assert "Gửi sau hạn" in login(client, office.lan).get(f"/petitions/{petition.id}").text
    assert client.get(address).status_code == 409


def test_the_head_corrects_the_facts_and_both_see_the_score_that_supersedes(
    client: Any, login: Any, office: factories.Office1
) -> None:
    report = confirmed(office, office.lan)
    petition = lodged(office, report)
    item = report.items[0].id
    login(client, office.thu)
    address = f"/petitions/{petition.id}/score"
    assert f"line-{item}-done" in client.get(address).text
    typed = {
        f"line-{item}-done": "4",
        f"line-{item}-quality_fails": "0",
        f"line-{item}-exempt_quality_fails": "0",
        f"line-{item}-delays": "0",
        f"line-{item}-exempt_delays": "0",
        "version": report.version,
        "answer": "Có phiếu gửi",
    }
    assert "98" in client.post(f"/petitions/{petition.id}/outlook", data=typed).text
    missing = client.post(address, data=typed | {"answer": ""})
    assert (missing.status_code, "data-error-summary" in missing.text) == (422, True)
    old = client.post(address, data=typed | {"version": report.version + 7})
    assert old.status_code == 409
    assert client.post(address, data=typed).status_code == 303
    finals = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL).count()
    assert finals == 2
    for who in (office.lan, office.thu):
        text = login(client, who).get(f"/petitions/{petition.id}").text
        assert "80,50" in text
        assert "98,00" in text
    assert client.get(address).status_code == 409


def test_a_class_is_replaced_from_the_page_of_the_petition(
    client: Any, login: Any, office: factories.Office1
) -> None:
    old = grade(office, office.lan, Band.HTNV)
    login(client, office.lan)
    assert f"/petitions/against/class/{old.id}" in client.get(f"/grades/of/{old.id}").text
    client.post(f"/petitions/against/class/{old.id}", data={"reason": "Chưa tính tháng 6"})
    petition = db.session.query(Petition).one()
    login(client, office.thu)
    assert 'value="HTTNV"' in client.get(f"/petitions/{petition.id}").text
    address = f"/petitions/{petition.id}/class"
    typed = {"klass": "HTTNV", "answer": "Đã tính đủ", "decision_number": ""}
    refused = client.post(address, data=typed)
    assert (refused.status_code, "Đã tính đủ" in refused.text) == (422, True)
    assert client.post(address, data=typed | {"decision_number": "40/QĐ-SNV"}).status_code == 303
    text = login(client, office.lan).get(f"/petitions/{petition.id}").text
    assert "40/QĐ-SNV" in text


def test_the_register_is_for_those_who_oversee_and_is_downloaded_as_a_workbook(
    client: Any, login: Any, office: factories.Office1, clock: Any
) -> None:
    lodged(office, confirmed(office, office.lan))
    clock(date(2026, 4, 14))
    assert login(client, office.thu).get("/petitions/register/").status_code == 403
    login(client, office.mai)  # type: ignore[attr-defined]
    assert "Nguyễn Thị Lan" in client.get("/petitions/register/?q=nguyen thi lan&state=late").text
    assert "Nguyễn Thị Lan" not in client.get("/petitions/register/?q=tran").text
    book = CalamineWorkbook.from_filelike(BytesIO(client.get("/petitions/register/file.xlsx").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert any("Nguyễn Thị Lan" in str(cell) for row in rows for cell in row)
    assert any("quá hạn" in str(cell) for row in rows for cell in row)


def test_the_official_takes_the_petition_back(client: Any, login: Any, office: factories.Office1) -> None:
    petition = lodged(office, confirmed(office, office.lan))
    assert login(client, office.thu).post(f"/petitions/{petition.id}/take-back").status_code == 403
    assert login(client, office.lan).post(f"/petitions/{petition.id}/take-back").status_code == 303
    assert petition.state is PetitionState.WITHDRAWN


def test_the_pages_ask_a_fixed_number_of_questions(
    client: Any, login: Any, office: factories.Office1
) -> None:
    petition = lodged(office, confirmed(office, office.lan))
    login(client, office.thu)
    for address in ("/petitions/", f"/petitions/{petition.id}", f"/petitions/{petition.id}/score"):
        assert queries_of(client, address) <= 12
    login(client, office.mai)  # type: ignore[attr-defined]
    assert queries_of(client, "/petitions/register/") <= 12
