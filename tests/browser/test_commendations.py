"""Home Affairs takes the list of one title for one department in a real browser, and every click is counted."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.rules.organisation import Gender, Office
from evaluation.rules.permissions import Role
from evaluation.services import commendations
from tests import factories
from tests.browser.screens import sign_in
from tests.services import commendation_stories as stories

MOST_CLICKS = 3
SHOTS = os.environ.get("SHOTS_DIR")
FAMILY = ("Phạm", "Nguyễn", "Hoàng", "Bùi", "Đỗ", "Lê", "Trần", "Vũ", "Đặng", "Ngô", "Dương", "Lý")
GIVEN = ("Thu Trang", "Hồng Vân", "Đức Long", "Thanh Sơn", "Minh Châu", "Quang Huy")


@pytest.fixture
def place(live_server: Any, page: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A department of seventy with twelve candidates for nine places; Mai of Home Affairs is signed in."""
    monkeypatch.setattr(clock_module, "now", lambda: datetime(2026, 9, 20, 2, 12, tzinfo=UTC))
    with live_server.app.app_context():
        made = stories.agency()
        division = factories.unit("Phòng Công chức, viên chức", parent=made.unit, since=date(2025, 1, 1))
        for number in range(70):
            name = f"{FAMILY[number % 12]} {GIVEN[number // 12]}"
            excellent = number < 12
            made.add(
                name,
                "HTXSNV"
                if excellent
                else ("HTNV" if number in (20, 21, 22) else "HTTNV")
                if number != 25
                else None,
                mean=str(97 - number) if excellent else None,
                where=division,
                office=Office.STAFF,
                gender=Gender.FEMALE if number % 2 else Gender.MALE,
                initiatives=("CO_SO",) if excellent else (),
            )
        stories.discipline(made.people["Đỗ Hồng Vân"], {"form": "KHIEN_TRACH", "decided_on": "2026-03-10"})
        stories.agency("Sở Tài chính", province=made.province).add("Trịnh Văn Tài")
        mai = factories.person("Vũ Thị Mai")
        factories.assignment(mai, division, title="Chuyên viên chính")
        account = factories.account(mai, roles=[(Role.HOME_AFFAIRS, made.province)])
        commendations.run_now(2026, "CSTDCS")
        db.session.commit()
        made.agency_id = made.unit.id
        name = account.username
    sign_in(page, live_server, name, factories.PASSWORD)
    made.page, made.url, made.app = page, live_server.url, live_server.app
    return made


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_excel_and_word_of_one_department_take_three_clicks_and_every_name_says_why(place: Any) -> None:
    page = place.page
    page.goto(place.url + "/results/")  # the menu of the home page
    clicks = 1
    page.get_by_role("link", name="Thi đua, khen thưởng").click()
    for kind in ("Danh sách Excel", "Tờ trình Word"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"{kind}: Chiến sĩ thi đua cơ sở, Sở Nội vụ").click()
        clicks += 1
        assert Path(download.value.path()).stat().st_size > 5000
    assert clicks <= MOST_CLICKS
    shot(page, "index")
    page.goto(f"{place.url}/commendations/2026/CSTDCS?agency={place.agency_id}")
    page.get_by_role("link", name="Nguyễn Thu Trang", exact=True).click()
    page.get_by_role("heading", name="Vì sao: Nguyễn Thu Trang").wait_for()
    assert "/entries/" not in page.url
    assert page.locator("tr.current th a").inner_text() == "Nguyễn Thu Trang"
    shot(page, "list")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shot(page, "list-phone")
    page.goto(place.url + "/commendations/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shot(page, "index-phone")


def test_without_scripts_a_name_opens_a_page_of_its_own(place: Any) -> None:
    page = place.page
    page.goto(f"{place.url}/commendations/2026/LDTT?status=NOT_ELIGIBLE")
    page.route("**/*.js", lambda route: route.abort())
    page.reload()
    page.get_by_role("link", name="Dương Hồng Vân", exact=True).or_(
        page.locator("tbody th a").first
    ).first.click()
    page.get_by_role("heading", level=1).wait_for()
    assert "/entries/" in page.url
    shot(page, "entry")


def test_a_list_of_persons_and_collectives_and_the_registers_fit_a_telephone(place: Any) -> None:
    with place.app.app_context():
        commendations.run_now(2026, "GK")
        commendations.run_now(2026, "TTLDTT")
    page = place.page
    for name, address in (
        ("collectives", "2026/TTLDTT"),
        ("both", "2026/GK?page=2"),
        ("registers", "registers/"),
    ):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{place.url}/commendations/{address}")
        shot(page, name)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        shot(page, f"{name}-phone")
