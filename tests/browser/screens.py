"""The pages as people use them: verbs, things found by their label and role, every click and key counted."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Account
from evaluation.services import second_factors
from evaluation.services.access import actor_of
from tests.conftest import LiveServer


def shown(points: Fraction) -> str:
    """A figure as the pages write it: two decimals, rounded half up, with a comma."""
    hundredths = (points * 200 + 1) // 2
    return f"{hundredths // 100},{hundredths % 100:02d}"


def sign_in(page: Any, site: LiveServer, username: str, password: str, path: str = "/login") -> Any:
    """Signs in by the form; whoever must have a second factor has one, and enters its code."""
    code = code_of(site, username)
    page.goto(site.url + path)
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(password)
    page.get_by_role("button", name="Đăng nhập").click()
    if code:
        page.get_by_label("Mã xác thực lần hai").fill(code)
        page.get_by_role("button", name="Đăng nhập").click()
    return page


def code_of(site: LiveServer, username: str) -> str | None:
    """The code this person's app shows now. The clock of a test stands still, so a used step is forgotten."""
    with site.app.app_context():
        account = db.session.scalars(select(Account).where(Account.username == username)).one()
        if account.totp_confirmed_at is None:
            if not second_factors.must_have(actor_of(account)):
                return None
            second_factors.enrol(account, pyotp.random_base32())
        account.totp_last_step = None
        db.session.commit()
        return second_factors.code_now(second_factors.secret_of(account))


class Desk:
    """One person at a browser, signed in; counts what the hand does."""

    def __init__(self, page: Any, site: LiveServer) -> None:
        self.page, self.site, self.url, self.clicks, self.keys = page, site, site.url, 0, 0

    def sign_in(self, username: str, password: str) -> "Desk":
        sign_in(self.page, self.site, username, password)
        self.page.get_by_role("heading", level=1, name="Việc chờ đồng chí").wait_for()
        return self

    def open(self, path: str) -> "Desk":
        self.page.goto(self.url + path)
        return self

    def click(self, target: Any) -> None:
        self.clicks += 1
        target.click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def choose(self, item: str) -> "Desk":
        """An item of the menu."""
        named = re.compile(rf"^{item}( |$)")
        link = self.page.get_by_role("navigation", name="Menu chính").get_by_role("link", name=named)
        if not link.count():
            self.click(self.page.locator(".more > summary"))
            link = self.page.locator(".more nav").get_by_role("link", name=named)
        self.click(link)
        return self

    def follow(self, link: str) -> "Desk":
        self.click(self.page.get_by_role("link", name=link).first)
        return self

    def push(self, button: str) -> "Desk":
        self.click(self.page.get_by_role("button", name=button, exact=True))
        return self

    def sees(self, words: str) -> "Desk":
        self.page.get_by_role("main").get_by_text(words).locator("visible=true").first.wait_for()
        return self

    def row(self, words: str) -> Any:
        """The table row that begins with a name."""
        return self.page.get_by_role("row").filter(
            has=self.page.get_by_role("rowheader").filter(has_text=words)
        )

    def taken(self, link: Any, folder: Path) -> Path:
        """Clicks something that downloads; the file."""
        with self.page.expect_download() as download:
            self.click(link)
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


class Sheet:
    """An official's own month."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.page = desk, desk.page

    def fill(self, task: str, *, done: str | None = None, note: str | None = None) -> None:
        if done is not None:
            self.page.get_by_label(f"Hoàn thành, {task}", exact=True).fill(done)
        if note is not None:
            self.page.get_by_role("row", name=task).get_by_text("Ghi chú", exact=True).click()
            self.page.get_by_label(f"Ghi chú, {task}", exact=True).fill(note)

    def score_itself(self, points: list[str]) -> None:
        cells = self.page.get_by_label(re.compile("^Điểm, tiêu chí"))
        assert cells.count() == len(points)
        for number, value in enumerate(points):
            cells.nth(number).fill(value)

    def is_saved(self) -> None:
        """Waits until the page says that everything typed is kept."""
        self.page.get_by_role("status").filter(has_text="Đã lưu nháp lúc").first.wait_for()
        self.page.locator("form#sheet:not([data-dirty])").wait_for()

    def attach(self, task: str, name: str, content: bytes, media_type: str) -> None:
        self.page.get_by_role("link", name=f"minh chứng, {task}").click()
        self.page.get_by_label("Chọn tệp").set_input_files(
            {"name": name, "mimeType": media_type, "buffer": content}
        )
        self.desk.push("Đính kèm").sees(name)
        self.desk.follow("Về phiếu")

    def submit(self, to: str) -> None:
        self.desk.push(f"Gửi {to}")
        self.page.get_by_role("heading", name="Kiểm tra trước khi gửi").wait_for()
        self.desk.push("Gửi").sees("Mã biên nhận")


class Inbox:
    """A supervisor's sheets of the month."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.page = desk, desk.page

    def person(self, name: str) -> Any:
        return (
            self.page.locator("tbody")
            .filter(has=self.page.get_by_role("rowheader").filter(has_text=name))
            .first
        )

    def open_sheet(self, name: str) -> None:
        self.person(name).wait_for()
        self.page.wait_for_load_state()  # the scripts that open a row in its place
        self.desk.click(self.person(name).get_by_role("button", name="Mở"))
        self.person(name).get_by_role("button", name="Chấm điểm phiếu này").wait_for()

    def mark(
        self, name: str, task: str, reason: str, *, fails: str | None = None, delays: str | None = None
    ) -> None:
        sheet = self.person(name)
        if fails is not None:
            sheet.get_by_label(f"Chưa đạt, {task}", exact=True).fill(fails)
        if delays is not None:
            sheet.get_by_label(f"Chậm, {task}", exact=True).fill(delays)
        sheet.get_by_label("Lý do khác với báo cáo").locator("visible=true").fill(reason)

    def score(self, name: str) -> None:
        self.desk.click(self.person(name).get_by_role("button", name="Chấm điểm phiếu này"))
        self.person(name).get_by_text("đã chấm").wait_for()

    def give_back(self, name: str, reason: str) -> None:
        self.desk.click(self.person(name).get_by_role("button", name="Trả lại để bổ sung"))
        self.page.get_by_label("Lý do", exact=True).fill(reason)
        self.desk.push("Trả lại").sees("Đã trả lại")
