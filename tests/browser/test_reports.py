"""An official files a month of twelve lines in a real browser, and every click and key is counted."""

from datetime import date
from decimal import Decimal

import pytest

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Report
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState
from tests import factories

MOST_CLICKS, MOST_KEYS = 8, 30
TASKS = (
    ("Thẩm định hồ sơ nâng ngạch công chức", "2.5", "4"),
    ("Soạn tờ trình, quyết định điều động, biệt phái", "1.5", "6"),
    ("Trả lời kiến nghị của công dân qua hệ thống phản ánh", "1", "9"),
    ("Cập nhật hồ sơ điện tử cán bộ, công chức", "0.5", "20"),
    ("Báo cáo tổng hợp số liệu cán bộ, công chức, viên chức", "3", "1"),
    ("Tham mưu kế hoạch tuyển dụng", "4", "1"),
    ("Rà soát vị trí việc làm của các phòng", "2", "2"),
    ("Góp ý dự thảo văn bản quy phạm pháp luật", "1", "3"),
    ("Lập danh sách đào tạo, bồi dưỡng", "1", "2"),
    ("Kiểm tra việc chấp hành kỷ luật, kỷ cương", "2", "1"),
    ("Giải quyết chế độ nghỉ hưu", "1.5", "3"),
    ("Trả lời công văn của các sở, ngành", "1", "5"),
)


class CountingPerson:
    """Clicks and types as a person does, and counts."""

    def __init__(self, page) -> None:
        self.page, self.clicks, self.keys = page, 0, 0

    def click(self, what) -> None:
        what.click()
        self.clicks += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1


@pytest.fixture
def month(live_server, page, monkeypatch):
    """Lan's October with twelve lines; the browser is signed in."""
    from datetime import UTC, datetime

    monkeypatch.setattr(clock_module, "now", lambda: datetime(2026, 11, 2, 9, 42, tzinfo=UTC))
    with live_server.app.app_context():
        place = factories.office()
        report = factories.report(
            place.lan.assignments[0],
            supervising=place.division,
            confirming=place.department,
            agency=place.department,
            supervisor_id=place.hung.id,
            month="2026-10",
        )
        items = [
            factories.item(
                report,
                task=task,
                coefficient=coefficient,
                assigned=assigned,
                ordinal=number,
                due_on=date(2026, 10, 20),
                assigned_at=datetime(2026, 10, 2, 2, tzinfo=UTC),
            ).id
            for number, (task, coefficient, assigned) in enumerate(TASKS, 1)
        ]
        factories.product(
            place.department, task="Báo cáo đột xuất theo yêu cầu của Ủy ban nhân dân tỉnh", coefficient="3"
        )
        db.session.commit()
        found = {
            "report": report.id,
            "items": items,
            "user": place.lan.official_number,
            "hung": place.hung.official_number,
        }
    sign_in(page, live_server.url, found["user"])
    return found


def sign_in(page, url: str, user: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("Tên đăng nhập").fill(user)
    page.get_by_label("Mật khẩu").fill(factories.PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()


def test_a_month_of_twelve_lines_of_which_ten_went_as_planned_takes_few_clicks_and_keys(
    month, live_server, page
) -> None:
    person = CountingPerson(page)
    person.click(page.get_by_role("link", name="Tháng này"))
    person.click(page.locator(f"#line-{month['items'][1]}-delays"))
    person.press("1")
    person.click(page.locator(f"#line-{month['items'][3]}-done"))
    person.press("1", "8")
    person.click(page.locator('[id="criterion-G1.1"]'))
    for points in ["5", "4", "2", "2", "2", "2", "2", "1", "2", "2"]:
        person.press(points if points != "5" else "Space", "Enter")
    page.get_by_text("Đã lưu nháp lúc").wait_for()
    person.click(page.get_by_role("button", name="Gửi Trưởng phòng"))
    person.click(page.get_by_role("button", name="Gửi", exact=True))
    page.get_by_text("Mã biên nhận").wait_for()
    assert person.clicks <= MOST_CLICKS
    assert person.keys <= MOST_KEYS
    with live_server.app.app_context():
        report = db.session.get(Report, month["report"])
        assert report.state is ReportState.SUBMITTED
        assert [item.done for item in report.items][:4] == [4, 6, 9, 18]
        assert report.items[1].delays == 1
        assert sum(row.own_points for row in report.criteria) == 24
    print(f"clicks {person.clicks}, keys {person.keys}")


def test_the_projected_score_follows_what_is_typed_and_the_draft_survives_leaving(
    month, live_server, page
) -> None:
    page.goto(f"{live_server.url}/reports/{month['report']}")
    cell = page.locator(f"#line-{month['items'][0]}-done")
    cell.fill("2")
    cell.press("Enter")
    page.locator("#projection").get_by_text("2 chưa hoàn thành").wait_for()
    page.reload()
    assert page.locator(f"#line-{month['items'][0]}-done").input_value() == "2"
    late = page.locator(f"#line-{month['items'][2]}-done_on")
    late.fill("25/10")
    late.press("Enter")
    page.locator(f"[data-late='{month['items'][2]}']").wait_for(state="visible")
    assert page.locator(f"#line-{month['items'][2]}-delays").input_value() == "1"


def test_a_wrong_cell_says_so_beside_itself(month, live_server, page) -> None:
    page.goto(f"{live_server.url}/reports/{month['report']}")
    cell = page.locator(f"#line-{month['items'][0]}-done")
    cell.fill("1.234")
    cell.press("Tab")
    page.locator(f"#line-{month['items'][0]}-done[aria-invalid=true]").wait_for()


def test_two_tabs_end_on_a_page_that_shows_both(month, live_server, page) -> None:
    address = f"{live_server.url}/reports/{month['report']}"
    page.goto(address)
    other = page.context.new_page()
    other.goto(address)
    other.locator(f"#line-{month['items'][0]}-done").fill("3")
    other.get_by_text("Đã lưu nháp lúc").wait_for()
    page.locator(f"#line-{month['items'][0]}-done").fill("2")
    page.get_by_role("link", name="So sánh hai bản").click()
    page.get_by_role("heading", name="Hai bản của phiếu").wait_for()
    page.get_by_role("button", name="Giữ bản của tôi").click()
    page.get_by_text("Đã lưu nháp.").wait_for()
    assert page.locator(f"#line-{month['items'][0]}-done").input_value() == "2"


def test_a_block_from_excel_fills_quantities_and_dates_after_a_preview(month, live_server, page) -> None:
    page.goto(f"{live_server.url}/reports/{month['report']}")
    page.get_by_role("button", name="Dán từ Excel").click()
    page.get_by_role("textbox").last.fill("3\t1\t0\t18/10/2026\n5,5\t0\t2\t")
    page.get_by_role("button", name="Điền").click()
    page.get_by_text("Đã lưu nháp lúc").wait_for()
    with live_server.app.app_context():
        items = db.session.get(Report, month["report"]).items
        assert (items[0].done, items[0].quality_fails, items[0].done_on) == (3, 1, date(2026, 10, 18))
        assert (items[1].done, items[1].delays) == (Decimal("5.5"), 2)


def test_work_is_added_by_keyboard_and_typed_values_are_kept(month, live_server, page) -> None:
    page.goto(f"{live_server.url}/reports/{month['report']}")
    page.locator(f"#line-{month['items'][0]}-done").fill("3")
    page.keyboard.press("Alt+n")
    page.get_by_role("heading", name="Thêm việc ngoài kế hoạch").wait_for()
    page.get_by_role("combobox", name="Sản phẩm / công việc").fill("bao cao dot xuat")
    page.get_by_role("option", name="Báo cáo đột xuất").click()
    page.get_by_role("button", name="Thêm vào phiếu").click()
    page.get_by_text("đột xuất", exact=True).wait_for()
    assert page.locator(f"#line-{month['items'][0]}-done").input_value() == "3"
    with live_server.app.app_context():
        assert db.session.get(Report, month["report"]).items[-1].kind is WorkKind.ADHOC
