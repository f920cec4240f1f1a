"""A supervisor scores nine people, seven of them as self-assessed, in the counted number of clicks."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Assignment, Report
from evaluation.services import reports
from tests import factories
from tests.browser import screens

NAMES = (
    "Nguyễn Thị Hồng Vân",
    "Lê Quang Huy",
    "Phạm Thu Trang",
    "Hoàng Đức Long",
    "Đặng Thị Mai",
    "Bùi Văn Sơn",
    "Trịnh Thu Hà",
    "Ngô Minh Tuấn",
    "Đỗ Thị Yến",
)
FAULTY = {"Lê Quang Huy", "Ngô Minh Tuấn"}


class Clicks:
    """Counts what a hand does on a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.count = 0

    def on(self, target: Any) -> None:
        self.count += 1
        target.click()


def add_person(office: factories.Office1, name: str, *, faulty: bool) -> Report:
    who = factories.person(name)
    factories.assignment(who, office.division, job=office.job)
    factories.account(who)
    report = factories.report(
        db.session.query(Assignment).filter_by(person_id=who.id).one(),
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        month="2026-10",
    )
    factories.item(
        report,
        assigned="9",
        done="9",
        reported=True,
        task="Công văn tham mưu, trả lời",
        due_on=date(2026, 10, 20),
    )
    factories.item(
        report,
        assigned="3",
        done="3",
        coefficient="4",
        reported=True,
        quality_fails=1 if faulty else 0,
        task="Thẩm định đề án vị trí việc làm cấp xã",
        due_on=date(2026, 10, 25),
    )
    factories.criteria(report, "27.5" if faulty else "28")
    db.session.commit()
    reports.submit(factories.actor(who, clock_module.today()), report.id, version=report.version)
    return report


@pytest.fixture
def office(live_server: Any, clock: Any) -> Iterator[factories.Office1]:
    clock(date(2026, 11, 2))
    with live_server.app.app_context():
        made = factories.office()
        for name in NAMES:
            add_person(made, name, faulty=name in FAULTY)
        db.session.commit()
        yield made
        db.session.remove()


def sign_in(page: Any, live_server: Any, who: Any) -> None:
    screens.sign_in(page, live_server, who.official_number.lower(), factories.PASSWORD)


def states(office: factories.Office1) -> list[str]:
    db.session.rollback()
    return sorted(
        report.state.value
        for report in db.session.query(Report).filter_by(supervising_unit_id=office.division.id)
    )


def test_seven_untouched_sheets_take_three_clicks_and_all_nine_twelve(
    live_server: Any, page: Any, office: factories.Office1
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, live_server, office.hung)
    hand = Clicks(page)
    hand.on(page.get_by_role("link", name="Chấm điểm").first)
    hand.on(page.get_by_role("button", name="Chấp nhận 7 phiếu đã chọn"))
    page.get_by_text("Đã chấp nhận 7 phiếu").wait_for()
    assert hand.count <= 3
    assert states(office) == ["SCORED"] * 7 + ["SUBMITTED"] * 2
    for name, fails in (("Lê Quang Huy", "2"), ("Ngô Minh Tuấn", "3")):
        row = page.locator("tbody", has_text=name)
        hand.on(row.get_by_role("button", name="Mở"))
        cell = row.get_by_label("Chưa đạt, Thẩm định đề án vị trí việc làm cấp xã")
        hand.on(cell)
        cell.fill(fails)
        reason = row.get_by_label("Lý do khác với báo cáo").locator("visible=true")
        hand.on(reason)
        reason.fill("Trả lại nhiều lần vì sai căn cứ pháp lý")
        hand.on(row.get_by_role("button", name="Chấm điểm phiếu này"))
        page.locator("tbody", has_text=name).get_by_text("đã chấm").wait_for()
    assert hand.count <= 12
    assert states(office) == ["SCORED"] * 9
    marked = db.session.query(Report).filter(Report.person.has(full_name="Lê Quang Huy")).one().items[1].marks
    assert [(mark.quality_fails, mark.done) for mark in marked] == [(2, Decimal(3))]


def test_the_keyboard_alone_walks_chooses_and_opens(
    live_server: Any, page: Any, office: factories.Office1
) -> None:
    sign_in(page, live_server, office.hung)
    page.goto(f"{live_server.url}/reviews/?month=2026-10")
    boxes = page.locator("tr[data-row] input.pick")
    page.keyboard.press("j")
    first = page.locator("tr.current")
    assert first.locator("input.pick").is_checked()
    page.keyboard.press("Space")
    assert not page.locator("tr.current input.pick").is_checked()
    page.get_by_role("button", name="Chấp nhận 6 phiếu đã chọn").wait_for()
    page.keyboard.press("o")
    page.get_by_role("button", name="Chấm điểm phiếu này").wait_for()
    assert boxes.count() == 9


def test_the_live_score_follows_what_is_typed_and_a_reason_is_asked_only_then(
    live_server: Any, page: Any, office: factories.Office1
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    sign_in(page, live_server, office.hung)
    page.goto(f"{live_server.url}/reviews/?month=2026-10")
    row = page.locator("tbody", has_text="Lê Quang Huy")
    row.get_by_role("button", name="Mở").click()
    aside = row.locator("aside")
    before = aside.locator(".big").inner_text()
    reasons = row.locator("table.lines [data-reason]:visible")
    assert reasons.count() == 0
    row.get_by_label("Chậm, Thẩm định đề án vị trí việc làm cấp xã").fill("1")
    page.wait_for_function("text => document.querySelector('aside .big').innerText !== text", arg=before)
    assert reasons.count() == 1
    row.get_by_role("button", name="Chấm điểm phiếu này").click()
    page.get_by_text("ghi lý do khác với báo cáo").first.wait_for()
    assert row.get_by_label("Chậm, Thẩm định đề án vị trí việc làm cấp xã").input_value() == "1"
