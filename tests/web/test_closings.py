"""The pages of closing: the check list with its lists, closing, the closing sheet, reopening; who may see and press what."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from evaluation.extensions import db
from evaluation.files import pdf
from evaluation.models import AuditEvent, Closing, Reopening
from evaluation.services import petitions, reports, seals
from tests import factories
from tests.services.closing_stories import Finished, drafted, finished
from tests.services.test_closings import WHY
from tests.web.counting import queries_of

CONFIRM = {"confirm_password": factories.PASSWORD}


@pytest.fixture
def month(database: Any, clock: Any) -> Finished:
    return finished(clock)


def path(month: Finished, rest: str = "") -> str:
    return f"/closings/{month.period.id}{rest}"


def closed(month: Finished, client: FlaskClient) -> Closing:
    response = client.post(path(month, "/close"), data={"transaction_id": "", **CONFIRM})
    assert response.status_code == 303, response.text
    return db.session.scalars(select(Closing).order_by(Closing.id.desc())).first()  # type: ignore[return-value]


def test_the_check_list_names_what_is_open_who_must_act_and_leads_to_the_list(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    nam = drafted(month.place, month.place.nam)
    reports.submit(month.actor(month.place.nam), nam.id, version=nam.version)
    login(client, month.mai)
    page = client.get(path(month)).text
    assert "Phiếu chưa được chấm điểm" in page
    assert path(month, "/open/NOT_SCORED") in page
    listed = client.get(path(month, "/open/NOT_SCORED")).text
    assert "Lê Quang Nam" in listed
    assert "Trần Văn Hùng" in listed
    assert "Nguyễn Thị Lan" not in listed
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "list.read")).one()
    assert (event.after["page"], event.after["count"]) == ("closings.open_things", 1)


def test_pages_are_for_home_affairs_and_the_inspector(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    for who, status in ((month.place.lan, 404), (month.place.thu, 404), (month.son, 200), (month.mai, 200)):
        login(client, who)
        assert client.get("/closings/").status_code == status
        assert client.get(path(month)).status_code == status
        assert client.get(path(month, "/open/NOT_SCORED")).status_code == status
    login(client, month.son)
    assert client.post(path(month, "/close"), data=CONFIRM).status_code == 403


def test_closing_asks_for_the_password_first(
    month: Finished, client: FlaskClient, login: Any, app: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(app.config, "CONFIRM_MINUTES", 5)
    login(client, month.mai)
    db.session.execute(text("update session set confirmed_at = confirmed_at - interval '1 hour'"))
    asked = client.post(path(month, "/close"), data={"transaction_id": ""})
    assert asked.status_code in (200, 401)
    assert db.session.query(Closing).count() == 0
    closed(month, client)
    assert db.session.query(Closing).count() == 1


def test_the_page_before_closing_says_what_follows(month: Finished, client: FlaskClient, login: Any) -> None:
    login(client, month.mai)
    page = client.get(path(month, "/close")).text
    assert "Chỉ hai người cùng quyết định mới mở lại được kỳ" in page


def test_a_blocked_closing_says_what_and_how_many(month: Finished, client: FlaskClient, login: Any) -> None:
    drafted(month.place, month.place.nam)
    login(client, month.mai)
    refused = client.post(path(month, "/close"), data={"transaction_id": "", **CONFIRM})
    assert refused.status_code == 409
    assert "Phiếu chưa trình (1)" in refused.text


def test_the_closing_sheet_carries_figures_seal_root_and_code(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    login(client, month.mai)
    made = closed(month, client)
    page = client.get(f"/closings/sheets/{made.id}").text
    for wanted in (
        "BIÊN BẢN KHÓA KỲ",
        "Sở Nội vụ",
        "Nguyễn Thị Mai",
        seals.short_code(made.seal_root),
        seals.in_groups(made.seal_root),
        made.figures["results_hash"],
        "flask audit verify",
        "<svg",
    ):
        assert wanted in page
    assert len(seals.in_groups(made.seal_root).split()) == 16
    if pdf.available():
        assert client.get(f"/closings/sheets/{made.id}.pdf").data.startswith(b"%PDF")


def test_a_head_sees_the_sums_and_the_own_agency_and_others_nothing(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    login(client, month.mai)
    made = closed(month, client)
    login(client, month.place.thu)
    assert "Toàn tỉnh" in client.get(f"/closings/sheets/{made.id}").text
    assert client.get(path(month)).status_code == 200
    login(client, month.place.lan)
    assert client.get(f"/closings/sheets/{made.id}").status_code == 404


def test_one_asks_and_another_reopens(month: Finished, client: FlaskClient, login: Any) -> None:
    login(client, month.mai)
    closed(month, client)
    short = client.post(path(month, "/reopen"), data={"reason": "Sửa điểm", **CONFIRM})
    assert (short.status_code, "Sửa điểm" in short.text) == (422, True)
    assert client.post(path(month, "/reopen"), data={"reason": WHY, **CONFIRM}).status_code == 303
    asked = db.session.scalars(select(Reopening)).one()
    answer = {"answer": "grant", "reason": "Đồng ý mở lại", **CONFIRM}
    assert client.post(f"/closings/reopenings/{asked.id}", data=answer).status_code == 403
    login(client, month.tu)
    page = client.get(path(month)).text
    assert WHY in page
    nothing = client.post(f"/closings/reopenings/{asked.id}", data={"reason": "Đồng ý", **CONFIRM})
    assert nothing.status_code == 422
    assert client.post(f"/closings/reopenings/{asked.id}", data=answer).status_code == 303
    db.session.refresh(month.period)
    assert month.period.closed_at is None
    assert "Đã mở lại" in client.get("/closings/").text


def test_every_page_that_writes_answers_409_in_a_closed_month(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    """Fault 53: through the pages and their scripts."""
    report, item = month.report, month.report.items[0]
    login(client, month.mai)
    closed(month, client)
    login(client, month.place.hung)
    assert client.get(f"/reviews/{report.id}").headers["Location"].endswith(f"/results/{report.id}")
    as_script = {"X-Requested-With": "fetch"}
    refused = client.post(f"/reviews/{report.id}/save", data={"comment": "x"}, headers=as_script)
    assert refused.status_code == 409
    login(client, month.place.thu)
    assert client.post(f"/confirmations/{report.id}/send-back", data={"reason": "Sai số"}).status_code == 409
    login(client, month.place.lan)
    draft = client.post(f"/reports/{report.id}/draft", json={"version": report.version}, headers=as_script)
    assert draft.status_code == 409
    assert client.post(f"/reports/{report.id}/submit", data={"version": report.version}).status_code in (
        303,
        409,
    )
    assert client.post(f"/evidence/lines/{item.id}", data={}).status_code in (409, 422, 303)
    before = report.version
    db.session.refresh(report)
    assert report.version == before
    assert client.get(f"/results/{report.id}").status_code == 200


def test_what_reaches_the_tables_past_every_service_is_a_conflict(
    month: Finished, client: FlaskClient, login: Any, app: Any
) -> None:
    login(client, month.mai)
    closed(month, client)
    with app.test_request_context("/"):
        from sqlalchemy.exc import IntegrityError

        with pytest.raises(IntegrityError) as caught:
            db.session.execute(text("update report set strengths = 'x'"))
        db.session.rollback()
        assert app.handle_user_exception(caught.value)[1] == 409


def test_the_petitions_page_says_that_the_month_must_be_reopened(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    login(client, month.mai)
    closed(month, client)
    lodged = petitions.lodge_against_score(
        month.actor(month.place.lan), month.report.id, reason="Chưa đủ văn bản"
    )
    login(client, month.place.thu)
    page = client.get(f"/petitions/{lodged.id}").text
    assert path(month) in page
    assert f"/petitions/{lodged.id}/score" not in page
    assert client.get(f"/petitions/{lodged.id}/score").status_code == 409


def test_the_check_list_asks_the_same_number_of_questions_whatever_its_length(
    month: Finished, client: FlaskClient, login: Any
) -> None:
    login(client, month.mai)
    drafted(month.place, month.place.nam)
    few = queries_of(client, path(month))
    for number in range(8):
        who = factories.person(f"Phạm Văn {number}")
        factories.assignment(who, month.place.division)
        drafted(month.place, who)
    assert queries_of(client, path(month)) == few
    assert few <= 12
    assert re.search(r"9", client.get(path(month)).text)
