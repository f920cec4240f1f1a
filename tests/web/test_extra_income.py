"""The pages of extra income: who sees which agencies, and what the list shows."""

import re
from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.rules.bands import Band
from tests import factories
from tests.services.test_extra_income import sheet
from tests.web.counting import queries_of


@pytest.fixture
def site(client: Any, login: Any, clock: Any) -> Any:
    clock(date(2026, 4, 10))
    office = factories.office()
    sheet(office, office.lan, Band.HTXSNV)
    sheet(office, office.nam, None)
    db.session.commit()
    office.client = login(client, office.thu)
    return office


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_a_head_sees_the_own_agency_of_the_month_before(site: Any) -> None:
    page = text_of(site.client.get("/extra-income/"))
    assert "Sở Nội vụ" in page
    assert "0,5" in page
    assert "1.500.000" in page


def test_the_list_shows_class_coefficient_floor_and_what_waits(site: Any) -> None:
    page = text_of(site.client.get(f"/extra-income/2026-03/{site.department.id}"))
    nam, lan = page.index("Lê Quang Nam"), page.index("Nguyễn Thị Lan")
    assert "Chưa có kết quả cuối cùng" in page[nam:]
    assert "0,5 1.500.000" in page[lan:]


def test_the_file_comes_under_a_name_every_machine_keeps(site: Any) -> None:
    answer = site.client.get(f"/extra-income/2026-Q1/file.xlsx?agency={site.department.id}")
    assert answer.status_code == 200
    assert "thu-nhap-tang-them-2026-q1.xlsx" in answer.headers["Content-Disposition"]


def test_an_official_has_no_line_in_the_menu_and_no_list(site: Any, client: Any, login: Any) -> None:
    lan = login(client, site.lan)
    assert "Thu nhập tăng thêm" not in text_of(lan.get("/"))
    assert lan.get(f"/extra-income/2026-03/{site.department.id}").status_code in (403, 404)
    assert lan.get("/extra-income/").status_code == 403


def test_a_year_without_a_rulebook_is_a_sentence(site: Any) -> None:
    assert "Thành phố quyết định từng năm" in text_of(site.client.get("/extra-income/?period=2027-01"))


@pytest.mark.parametrize("period", ["2026-13", "x", "2026-Q5"])
def test_no_such_period_is_a_page_that_says_so(site: Any, period: str) -> None:
    assert site.client.get(f"/extra-income/{period}/{site.department.id}").status_code == 404


def test_the_queries_of_a_list_do_not_grow_with_its_people(site: Any) -> None:
    address = f"/extra-income/2026-03/{site.department.id}"
    before = queries_of(site.client, address)
    for number in range(10):
        who = factories.person(f"Người {number}")
        factories.assignment(who, site.division)
        sheet(site, who, Band.HTTNV)
    db.session.commit()
    assert queries_of(site.client, address) == before <= 12
