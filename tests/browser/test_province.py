"""Journeys in the demo province: a sheet that comes back, a session that ends while typing, three clicks, two languages."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.browser.checks import DESK
from tests.browser.conftest import PASSWORD
from tests.browser.screens import Desk, Inbox, Sheet

GENERAL = ["5", "5", *["2"] * 8]


MAIN_PAGES = {
    "lan": (
        ("/", "What waits for you"),
        ("/reports/", "Monitoring and evaluation sheet"),
        ("/results/", "My results"),
    ),
    "hung": (("/reviews/", "Score"), ("/workplans/", "Assign")),
    "mai": (
        ("/commendations/", "Commendation lists"),
        ("/province", "Province"),
        ("/catalogue/", "Catalogue"),
    ),
}


@pytest.fixture
def desk_of(browser: Any, province: Any) -> Iterator[Callable[[str], Desk]]:
    """`desk_of(username)`: a browser of their own, signed in."""
    contexts = []

    def sit_down(username: str) -> Desk:
        context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", viewport=DESK)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Desk(context.new_page(), province).sign_in(username, PASSWORD)

    yield sit_down
    for context in contexts:
        context.close()


def end_session(desk: Desk) -> None:
    """Forgets the session; every answer renews it, so the page must have everything first."""
    desk.page.wait_for_load_state("networkidle")
    desk.page.context.clear_cookies()


def done_cells(desk: Desk) -> Any:
    return desk.page.get_by_label(re.compile("^Hoàn thành, "))


@pytest.mark.parametrize("username", MAIN_PAGES)
def test_english_and_back_keeps_the_page(username: str, desk_of: Callable[[str], Desk]) -> None:
    desk = desk_of(username)
    for path, heading in MAIN_PAGES[username]:
        desk.open(path)
        title = desk.page.get_by_role("heading", level=1).inner_text()
        desk.page.locator("details.who summary").click()
        desk.page.get_by_role("button", name="English").click()
        desk.page.get_by_role("heading", level=1, name=heading).wait_for()
        assert desk.page.locator("html").get_attribute("lang") == "en"
        desk.page.locator("details.who summary").click()
        desk.page.get_by_role("button", name="Tiếng Việt").click()
        desk.page.get_by_role("heading", level=1, name=title, exact=True).wait_for()


def test_a_session_that_ends_while_typing_loses_nothing(desk_of: Callable[[str], Desk]) -> None:
    lan = desk_of("lan")
    lan.choose("Tháng này")
    end_session(lan)
    done_cells(lan).first.fill("0,5")
    lan.page.get_by_label("Ưu điểm").fill("Viết khi phiên đã hết")
    lan.page.get_by_text("Phiên làm việc đã hết").first.wait_for()
    with lan.page.expect_popup() as popup:
        lan.page.get_by_role("link", name="Đăng nhập ở thẻ mới").click()
    Desk(popup.value, lan.site).sign_in("lan", PASSWORD)
    lan.page.get_by_label("Ưu điểm").press("End")
    lan.page.keyboard.type(", rồi viết tiếp")
    Sheet(lan).is_saved()
    lan.page.reload()
    assert done_cells(lan).first.input_value() == "0,5"
    assert lan.page.get_by_label("Ưu điểm").input_value() == "Viết khi phiên đã hết, rồi viết tiếp"


def test_submitting_after_the_session_ended_loses_nothing_either(desk_of: Callable[[str], Desk]) -> None:
    lan = desk_of("lan")
    lan.choose("Tháng này")
    end_session(lan)
    lan.page.get_by_label("Hạn chế, khuyết điểm").fill("Gửi ngay khi phiên đã hết")
    lan.page.get_by_role("button", name="Gửi Trưởng phòng").click()
    lan.page.get_by_text("Phiên làm việc đã hết").first.wait_for()
    assert lan.page.get_by_label("Hạn chế, khuyết điểm").input_value() == "Gửi ngay khi phiên đã hết"


def test_a_sheet_returned_with_a_reason_is_corrected_and_submitted_again(
    desk_of: Callable[[str], Desk],
) -> None:
    lan, hung = desk_of("lan"), desk_of("hung")
    lan.choose("Tháng này")
    Sheet(lan).score_itself(GENERAL)
    Sheet(lan).submit("Trưởng phòng")
    hung.choose("Chấm điểm")
    inbox = Inbox(hung)
    inbox.open_sheet("Nguyễn Thị Hồng Lan")
    inbox.give_back("Nguyễn Thị Hồng Lan", "Thiếu minh chứng của dòng đầu")
    lan.choose("Tháng này")
    lan.sees("Thiếu minh chứng của dòng đầu")
    assert done_cells(lan).first.is_editable()
    done_cells(lan).first.fill("1")
    Sheet(lan).is_saved()
    Sheet(lan).submit("Trưởng phòng")
    hung.choose("Chấm điểm")
    inbox.open_sheet("Nguyễn Thị Hồng Lan")
    assert (
        inbox.person("Nguyễn Thị Hồng Lan").get_by_label(re.compile("^Hoàn thành, ")).first.input_value()
        == "1"
    )


def test_the_list_of_a_department_as_excel_and_word_is_three_clicks_from_home(
    desk_of: Callable[[str], Desk], tmp_path: Path
) -> None:
    mai = desk_of("mai")
    before = mai.clicks
    mai.choose("Thi đua, khen thưởng")
    row = mai.row("Sở Nội vụ")
    excel = mai.taken(
        row.get_by_role("link", name="Danh sách Excel: Lao động tiên tiến, Sở Nội vụ"), tmp_path
    )
    word = mai.taken(row.get_by_role("link", name="Tờ trình Word: Lao động tiên tiến, Sở Nội vụ"), tmp_path)
    assert mai.clicks - before <= 3
    sheet = openpyxl.load_workbook(excel).worksheets[0]
    cells = [str(cell) for line in sheet.iter_rows(values_only=True) for cell in line if cell is not None]
    assert any("Nguyễn Thị Hồng Lan" in cell for cell in cells)
    with zipfile.ZipFile(word) as parts:
        text = re.sub(r"<[^>]+>", "", parts.read("word/document.xml").decode())
    assert "Nguyễn Thị Hồng Lan" in text
    assert "Lao động tiên tiến" in text


def test_a_reason_typed_after_the_session_ended_is_kept_and_sent_after_signing_in(
    desk_of: Callable[[str], Desk],
) -> None:
    mai = desk_of("mai")
    mai.open("/positions/new")
    mai.page.get_by_label("Tên", exact=False).first.fill("Chuyên viên chuyển đổi số")
    end_session(mai)
    mai.click(mai.page.get_by_role("main").locator("button.primary"))
    mai.page.get_by_text("Phiên làm việc đã hết").first.wait_for()
    with mai.page.expect_popup() as popup:
        mai.page.get_by_role("link", name="Đăng nhập ở thẻ mới").click()
    Desk(popup.value, mai.site).sign_in("mai", PASSWORD)
    mai.click(mai.page.get_by_role("main").locator("button.primary"))
    mai.page.get_by_text("Có lỗi cần sửa").wait_for()
    assert mai.page.get_by_label("Tên", exact=False).first.input_value() == "Chuyên viên chuyển đổi số"
