"""The pages of an export: what the file holds, what is left out and why, and the file itself."""

from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.files.people import read_people
from evaluation.models import Job
from evaluation.rules.permissions import Role
from evaluation.services import jobs, register_exports
from tests import factories as make
from tests.web.counting import queries_of

TODAY = date(2026, 3, 10)


@pytest.fixture
def office(client: Any, clock: Any) -> Any:
    clock(TODAY)
    made = make.office()
    made.mai = make.person("Phạm Thị Mai")
    make.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    made.clerk = make.person("Hồ Thị Tổ")
    make.account(made.clerk, roles=[(Role.PERSONNEL, made.department)])
    made.lan.personal_number = "001185012345"
    db.session.commit()
    return made


def test_the_page_of_imports_leads_to_both_exports(office: Any, client: Any, login: Any) -> None:
    for who, may_import in ((office.mai, True), (office.clerk, False)):
        assert 'href="/imports/"' in login(client, who).get("/organisation/").text
        page = client.get("/imports/").text
        assert "/imports/export/units" in page
        assert "/imports/export/people" in page
        assert ("/imports/new/people" in page) is may_import


def test_the_page_tells_what_is_left_out_and_why(office: Any, client: Any, login: Any) -> None:
    office.nam.full_name = "Nam <007>"
    make.assignment(office.lan, office.department, is_main=False, title="Ủy viên kiêm nhiệm")
    page = login(client, office.mai).get("/imports/export/people").text
    assert "Tệp có 6 dòng; 2 dòng không xuất được." in " ".join(page.split())
    assert "Nam &lt;007&gt;" in page
    assert "Ủy viên kiêm nhiệm, Sở Nội vụ" in page
    assert "001185012345" not in page


def test_the_file_holds_numbers_for_home_affairs_and_none_for_personnel(
    office: Any, client: Any, login: Any
) -> None:
    for who, numbers in ((office.mai, {"", "001185012345"}), (office.clerk, {""})):
        answer = login(client, who).get("/imports/export/people/file.xlsx")
        assert answer.status_code == 200
        assert "nhan-su-2026-03-10.xlsx" in answer.headers["Content-Disposition"]
        assert "no-store" in answer.headers.get("Cache-Control", "")
        assert {row.personal_number for row in read_people(answer.data).rows} == numbers


def test_the_page_says_which_personal_data_leave(office: Any, client: Any, login: Any) -> None:
    assert "không kèm số định danh" in login(client, office.clerk).get("/imports/export/people").text
    assert "không kèm số định danh" not in login(client, office.mai).get("/imports/export/people").text


@pytest.mark.parametrize("address", ["people", "units", "people/file.xlsx", "units/file.xlsx"])
def test_officials_and_strangers_get_nothing(office: Any, client: Any, login: Any, address: str) -> None:
    assert client.get(f"/imports/export/{address}").status_code == 302
    assert login(client, office.lan).get(f"/imports/export/{address}").status_code == 403


def test_a_long_register_leads_to_its_job_and_the_job_to_the_file(
    office: Any, client: Any, login: Any, enqueued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_exports, "ROWS_AT_ONCE", 3)
    login(client, office.mai)
    assert "ở chế độ nền" in client.get("/imports/export/people").text
    answer = client.get("/imports/export/people/file.xlsx")
    job = db.session.query(Job).one()
    assert answer.location == f"/jobs/{job.id}"
    jobs.run(job.id)
    made = f"/imports/export/made/{job.arguments['token']}"
    assert made in client.get(answer.location).text
    assert "Tệp có 7 dòng" in client.get(made).text
    assert len(read_people(client.get(f"{made}/file.xlsx").data).rows) == 7
    for address in (made, f"{made}/file.xlsx"):
        assert login(client, office.clerk).get(address).status_code == 404


def test_the_page_asks_no_more_for_many_people(office: Any, client: Any, login: Any) -> None:
    login(client, office.mai)
    few = queries_of(client, "/imports/export/people")
    for number in range(20):
        make.assignment(make.person(f"Lê Văn {chr(65 + number)}"), office.division)
    assert queries_of(client, "/imports/export/people") == few
