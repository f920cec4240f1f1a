"""The pages of scoring and confirming: what they show, what they keep, how many questions they ask the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from evaluation.extensions import db
from evaluation.models import Assignment, Report
from evaluation.rules.organisation import Office
from evaluation.rules.workflow import ReportState
from evaluation.services import confirmations, reports, reviews
from tests import factories

DAY = date(2026, 4, 1)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


def sheet(office: factories.Office1, who: Any, **line: Any) -> Report:
    own = db.session.query(Assignment).filter_by(person_id=who.id).one()
    leads = own.office is not Office.STAFF
    report = factories.report(
        own,
        supervising=office.department if leads else office.division,
        confirming=office.department,
        agency=office.department,
    )
    for _line in range(3):
        factories.item(report, **{"assigned": "4", "done": "4", "reported": True, **line})
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(who, DAY), report.id, version=report.version)
    return report


def more(office: factories.Office1, count: int, *, leading: bool = False) -> list[Report]:
    made = []
    for number in range(count):
        who = factories.person(f"Nguyễn Văn Thứ {number}")
        place = factories.unit(f"Phòng số {number}", parent=office.department) if leading else office.division
        factories.assignment(who, place, office=Office.HEAD if leading else Office.STAFF)
        made.append(sheet(office, who))
    return made


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("leading", [False, True])
@pytest.mark.parametrize("count", [5, 60])
def test_the_inbox_asks_at_most_twelve_questions_for_any_number_of_people(
    office: factories.Office1, client: Any, login: Any, count: int, leading: bool
) -> None:
    more(office, count, leading=leading)
    login(client, office.thu if leading else office.hung)
    with counted() as statements:
        page = client.get("/reviews/")
    assert page.text.count("<tr data-row") == min(count, 50)
    assert len(statements) <= 12, "\n\n".join(statements)


@pytest.mark.parametrize("count", [5, 60])
def test_the_list_to_confirm_asks_at_most_twelve_questions(
    office: factories.Office1, client: Any, login: Any, count: int
) -> None:
    hung = factories.actor(office.hung, DAY)
    reviews.accept_many(hung, [report.id for report in more(office, count)])
    login(client, office.thu)
    with counted() as statements:
        page = client.get("/confirmations/")
    assert page.text.count("<tr data-row") == min(count, 50)
    assert len(statements) <= 12, "\n\n".join(statements)


def test_more_than_fifty_sheets_stand_on_pages_and_only_what_is_seen_is_ticked(
    office: factories.Office1, client: Any, login: Any
) -> None:
    made = more(office, 53)
    login(client, office.hung)
    first, second = client.get("/reviews/").text, client.get("/reviews/?page=2").text
    assert (first.count("<tr data-row"), second.count("<tr data-row")) == (50, 3)
    assert (first.count(" checked"), second.count(" checked")) == (50, 3)
    assert "1–50 trong 53" in first
    assert "0 / 53" not in first  # the figures over the list are those of all
    assert client.get("/reviews/?page=99").text.count("<tr data-row") == 3
    hung = factories.actor(office.hung, DAY)
    reviews.accept_many(hung, [report.id for report in made], transaction_id=str(uuid4()))
    login(client, office.thu)
    one, two = client.get("/confirmations/").text, client.get("/confirmations/?page=2").text
    assert (one.count("<tr data-row"), two.count("<tr data-row")) == (50, 3)
    assert (one.count(" checked"), two.count(" checked")) == (50, 3)


def test_the_inbox_ticks_what_may_be_accepted_and_says_what_must_be_opened(
    office: factories.Office1, client: Any, login: Any
) -> None:
    plain, faulty = sheet(office, office.lan), sheet(office, office.nam, delays=1)
    page = login(client, office.hung).get("/reviews/").text
    assert re.search(rf'id="pick-{plain.id}"[^>]* checked', page)
    assert re.search(rf'id="pick-{faulty.id}"[^>]* disabled', page)
    assert "3 việc chưa đạt hoặc chậm" in page
    assert "hạn chấm: 07/04/2026" in page


def test_accepting_what_must_be_opened_first_is_refused_with_the_name_and_keeps_the_ticks(
    office: factories.Office1, client: Any, login: Any
) -> None:
    plain, faulty = sheet(office, office.lan), sheet(office, office.nam, delays=1)
    login(client, office.hung)
    answer = client.post(
        "/reviews/accept",
        data={
            "pick": [f"{plain.id}:{plain.version}", f"{faulty.id}:{faulty.version}"],
            "transaction_id": str(uuid4()),
            "month": "2026-03",
        },
    )
    assert answer.status_code == 422
    assert "Đề nghị mở phiếu của đồng chí Lê Quang Nam" in answer.text
    assert re.search(rf'id="pick-{plain.id}"[^>]* checked', answer.text)
    assert {plain.state, faulty.state} == {ReportState.SUBMITTED}


def test_without_scripts_a_sheet_is_opened_saved_and_scored_on_its_own_page(
    office: factories.Office1, client: Any, login: Any
) -> None:
    report = sheet(office, office.nam, delays=1)
    item = report.items[0]
    login(client, office.hung)
    answer = client.post(f"/reviews/{report.id}/open")
    assert answer.location == f"/reviews/{report.id}"
    page = client.get(answer.location).text
    assert f'name="line-{item.id}-delays"' in page
    form = {"version": report.version, **cells(report), f"line-{item.id}-exempt_delays": "1"}
    answer = client.post(f"/reviews/{report.id}/score", data={**form, "transaction_id": str(uuid4())})
    assert answer.status_code == 422
    assert "ghi lý do khác với báo cáo" in answer.text
    assert re.search(rf'name="line-{item.id}-exempt_delays" value="1"', answer.text)
    form[f"line-{item.id}-reason"] = "Chờ ý kiến của sở khác"
    answer = client.post(f"/reviews/{report.id}/score", data={**form, "transaction_id": str(uuid4())})
    assert answer.status_code == 303
    mark = db.session.get_one(Report, report.id).items[0].marks[0]
    assert (mark.delays, mark.exempt_delays) == (0, 1)


def cells(report: Report) -> dict[str, str]:
    return {
        f"line-{item.id}-{name}": str(value)
        for item in report.items
        for name, value in (
            ("done", "4"),
            ("quality_fails", item.quality_fails),
            ("exempt_quality_fails", 0),
            ("delays", item.delays),
            ("exempt_delays", 0),
        )
    }


def test_two_tabs_the_second_save_keeps_what_was_typed_and_shows_what_is_stored(
    office: factories.Office1, client: Any, login: Any
) -> None:
    report = sheet(office, office.nam)
    item, old = report.items[0], report.version
    login(client, office.hung)
    first = {
        "version": old,
        **cells(report),
        f"line-{item.id}-done": "3",
        f"line-{item.id}-reason": "Đếm lại",
    }
    assert client.post(f"/reviews/{report.id}/save", data=first).status_code == 200
    second = {**first, f"line-{item.id}-done": "2"}
    answer = client.post(f"/reviews/{report.id}/save", data=second)
    assert answer.status_code == 409
    assert "Trần Văn Hùng" in answer.text
    assert re.search(rf'name="line-{item.id}-done" value="2"', answer.text)
    assert "đang lưu: 3" in answer.text


def test_fields_that_the_page_does_not_have_change_nothing(
    office: factories.Office1, client: Any, login: Any
) -> None:
    report = sheet(office, office.nam)
    login(client, office.hung)
    client.post(
        f"/reviews/{report.id}/save",
        data={
            "version": report.version,
            "state": "CONFIRMED",
            "total": "100",
            "final_score": "100",
            "unit_id": "1",
        },
    )
    stored = db.session.get_one(Report, report.id)
    assert (stored.state, stored.unit_id) == (ReportState.SUBMITTED, office.division.id)


def test_the_live_score_stores_nothing(office: factories.Office1, client: Any, login: Any) -> None:
    report = sheet(office, office.nam)
    version = report.version
    form = {**cells(report), f"line-{report.items[0].id}-done": "0", f"line-{report.items[0].id}-delays": "0"}
    answer = login(client, office.hung).post(f"/reviews/{report.id}/outlook", data=form)
    assert "74,67" in answer.text
    stored = db.session.get_one(Report, report.id)
    assert (stored.version, stored.items[0].marks) == (version, [])


@pytest.mark.parametrize("who", ["lan", "thu", "chairman"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/reviews/{id}"),
        ("get", "/reviews/{id}/row"),
        ("post", "/reviews/{id}/open"),
        ("post", "/reviews/{id}/save"),
        ("post", "/reviews/{id}/score"),
        ("post", "/reviews/{id}/outlook"),
    ],
)
def test_a_sheet_of_somebody_else_cannot_be_reached(
    office: factories.Office1, client: Any, login: Any, who: str, method: str, path: str
) -> None:
    report = sheet(office, office.nam)
    answer = getattr(login(client, getattr(office, who)), method)(path.format(id=report.id))
    assert answer.status_code == (404 if who == "lan" else 403)
    assert client.get("/reviews/999999999").status_code == 404


def test_nothing_is_written_by_looking(office: factories.Office1, client: Any, login: Any) -> None:
    report = sheet(office, office.nam)
    login(client, office.hung)
    for path in ("/reviews/", f"/reviews/{report.id}", f"/reviews/{report.id}/row"):
        assert client.get(path).status_code == 200
    assert db.session.get_one(Report, report.id).opened_by_supervisor_at is None


def test_confirming_shows_a_summary_first_and_a_receipt_after(
    office: factories.Office1, client: Any, login: Any
) -> None:
    report = sheet(office, office.nam)
    reviews.score(factories.actor(office.hung, DAY), report.id)
    login(client, office.thu)
    pick = {"pick": f"{report.id}:{report.version}", "month": "2026-03"}
    page = client.post("/confirmations/check", data=pick).text
    assert "Không thể hoàn tác" in page
    key = re.search(r'name="transaction_id" value="([^"]+)"', page)[1]
    assert db.session.get_one(Report, report.id).state is ReportState.SCORED
    answer = client.post("/confirmations/confirm", data={**pick, "transaction_id": key})
    assert answer.status_code == 303
    assert key[:8].upper() in client.get(answer.location).text
    assert db.session.get_one(Report, report.id).state is ReportState.CONFIRMED
    ask = {"month": "2026-03", "unit": office.department.id}
    page = client.post("/confirmations/publish", data=ask).text
    assert db.session.get_one(Report, report.id).state is ReportState.CONFIRMED
    key = re.search(r'name="transaction_id" value="([^"]+)"', page)[1]
    answer = client.post("/confirmations/publish", data={**ask, "sure": "1", "transaction_id": key})
    assert "Đã công khai 1 kết quả" in client.get(answer.location).text
    assert db.session.get_one(Report, report.id).state is ReportState.PUBLISHED
    assert login(client, office.hung).get(answer.location).status_code == 404


def test_a_leader_whose_people_are_not_ready_is_refused_on_the_page_by_name(
    office: factories.Office1, client: Any, login: Any
) -> None:
    leader, below = sheet(office, office.hung), sheet(office, office.nam)
    thu = factories.actor(office.thu, DAY)
    reviews.rate_leader(thu, leader.id, organising=100, cohesion=100)
    reviews.score(thu, leader.id)
    login(client, office.thu)
    answer = client.post(
        "/confirmations/confirm", data={"pick": f"{leader.id}:{leader.version}", "month": "2026-03"}
    )
    assert answer.status_code == 409
    assert below.person.full_name in answer.text


def test_sending_back_asks_for_the_reason(office: factories.Office1, client: Any, login: Any) -> None:
    report = sheet(office, office.nam)
    reviews.score(factories.actor(office.hung, DAY), report.id)
    login(client, office.thu)
    path = f"/confirmations/{report.id}/send-back"
    assert client.get(path).status_code == 200
    answer = client.post(path, data={"reason": " "})
    assert (answer.status_code, "ghi lý do" in answer.text) == (422, True)
    assert client.post(path, data={"reason": "Xem lại minh chứng"}).status_code == 303
    assert db.session.get_one(Report, report.id).state is ReportState.SUBMITTED


def test_after_the_last_day_the_page_keeps_what_was_typed_and_says_until_when(
    office: factories.Office1, client: Any, login: Any, clock: Any
) -> None:
    report = sheet(office, office.nam)
    clock(report.period.score_due + timedelta(days=1))
    login(client, office.hung)
    item = report.items[0]
    form = {
        "version": report.version,
        **cells(report),
        f"line-{item.id}-done": "3",
        f"line-{item.id}-reason": "Đếm lại",
    }
    answer = client.post(f"/reviews/{report.id}/score", data=form)
    assert answer.status_code == 409
    assert "07/04/2026" in answer.text
    assert re.search(rf'name="line-{item.id}-done" value="3"', answer.text)


def test_the_scored_sheet_says_on_whose_behalf(office: factories.Office1, client: Any, login: Any) -> None:
    report = sheet(office, office.nam)
    reviews.score(factories.actor(office.hung, DAY), report.id)
    report.scored_by, report.scored_for = office.lan.id, office.hung.id
    db.session.commit()
    confirm_page = login(client, office.thu).get("/confirmations/").text
    assert "Nguyễn Thị Lan chấm, thay mặt Trần Văn Hùng" in confirm_page
    assert confirmations.CONFIRMED not in confirm_page


def test_every_error_of_a_panel_leads_to_its_cell_and_no_id_stands_twice(
    office: factories.Office1, client: Any, login: Any
) -> None:
    report = sheet(office, office.hung)
    login(client, office.thu)
    form = {
        **cells(report),
        f"line-{report.items[0].id}-done": "x",
        "criterion-G1.1": "9",
        "organising": "50",
    }
    page = client.post(f"/reviews/{report.id}/score", data={**form, "version": report.version}).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = set(re.findall(r'href="#([^"]+)"', page)) - {"main"}
    assert len(links) >= 3
    assert links <= set(ids)
