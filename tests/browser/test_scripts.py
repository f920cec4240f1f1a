"""The scripts of the look in a real browser, on a page of their own: typing is never lost and never silent."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, render_template_string, request
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.serving import make_server

from evaluation.language import init_language
from evaluation.web import presentation
from tests.conftest import CHECKOUT

POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
PAGE = """{% extends "_layout.html" %}
{% block scripts %}{{ m.scripts("grid", "autosave", "inbox") }}{% endblock %}
{% block main %}<h1>Phiếu</h1>
<form id="sheet" method="post" data-autosave="/save">{{ m.csrf() }}<input type="hidden" name="version" value="1">
<table class="data cards" data-grid id="lines"><thead><tr><th>Việc</th><th>Xong</th><th>Chậm</th></tr></thead><tbody>
{% for n in (1, 2, 3) %}<tr><th scope="row">Việc {{ n }}</th>
<td data-label="Xong">{{ m.number_cell("done-%d"|format(n), n, "Xong, việc %d"|format(n), min=0, max=50, places=2) }}</td>
<td data-label="Chậm">{{ m.number_cell("late-%d"|format(n), 0, "Chậm, việc %d"|format(n), min=0) }}</td></tr>{% endfor %}
</tbody></table>{{ m.save_status() }}<span data-live="total">0</span></form>
<form><table data-inbox><tbody>{% for name in ("Vân", "Huy", "Trang") %}
<tr data-row><td><input type="checkbox" class="pick" aria-label="{{ name }}"></td>
<td><a href="#opened-{{ name }}" data-open>Mở</a></td></tr>
{% endfor %}</tbody></table><button data-count-label="Chấp nhận {n} phiếu">Chấp nhận</button></form>
{% endblock %}"""


class Look:
    """A page with the scripts, and a server that answers as it is told."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, Any]] = (200, {})
        self.received: list[dict[str, str]] = []
        self.app = Flask("look", root_path=str(CHECKOUT), template_folder="templates", static_folder="static")
        self.app.config.update(SECRET_KEY="look")
        CSRFProtect(self.app)
        LoginManager(self.app).user_loader(lambda _key: None)
        init_language(self.app, Babel())
        presentation.register(self.app)
        self.app.add_url_rule("/", view_func=lambda: render_template_string(PAGE), endpoint="page")
        self.app.add_url_rule("/save", view_func=self.save, methods=["POST"])
        self.app.after_request(self.strict)

    def strict(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def save(self) -> tuple[Response, int]:
        code, extra = self.answer
        if code == 200:
            self.received.append(request.form.to_dict())
            extra = {"saved_at": "14:05:12", "version": int(request.form["version"]) + 1, **extra}
        return jsonify(extra), code


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Look, str]]:
    look = Look()
    running = make_server("127.0.0.1", 0, look.app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield look, f"http://127.0.0.1:{running.port}/"
    running.shutdown()
    thread.join(10)


@pytest.fixture
def look(served: tuple[Look, str]) -> Look:
    served[0].answer = (200, {})
    served[0].received.clear()
    return served[0]


@pytest.fixture
def page(look: Look, served: tuple[Look, str], browser: Any) -> Iterator[Any]:
    """The page, open; a script error or a refusal of the content policy fails the test."""
    context = browser.new_context(locale="vi-VN")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
    opened.goto(served[1])
    yield opened
    context.close()
    assert not faults


def status(page: Any, words: str) -> None:
    """Waits for the words beside the form; two attempts of the server fit into the time."""
    page.locator("[data-save-status]", has_text=re.compile(words)).wait_for(timeout=6000)


def test_enter_and_arrows_move_in_the_column_and_escape_takes_the_change_back(page: Any) -> None:
    page.focus("#done-1")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "done-2"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("9")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "done-2"
    assert page.input_value("#done-2") == "2"


def test_a_change_is_saved_within_three_seconds_with_a_comma_and_the_page_says_when(
    page: Any, look: Look
) -> None:
    page.fill("#done-1", "4.5")
    page.keyboard.press("Tab")
    status(page, "Đã lưu nháp lúc 14:05:12")
    assert look.received[-1]["done-1"] == "4,5"
    assert page.input_value("[name=version]") == "2"


def test_a_failed_save_is_said_in_red_and_tried_again_until_it_holds(page: Any, look: Look) -> None:
    look.answer = (500, {})
    page.fill("#late-2", "3")
    status(page, "Chưa lưu được – đang thử lại")
    assert "failed" in page.get_attribute("[data-save-status]", "class")
    look.answer = (200, {"live": {"total": "77,70"}})
    status(page, "Đã lưu nháp")
    assert look.received[-1]["late-2"] == "3"
    assert page.inner_text("[data-live=total]") == "77,70"


@pytest.mark.parametrize(
    ("code", "answer", "words"),
    [
        (401, {}, "Phiên làm việc đã hết.*Đăng nhập ở thẻ mới"),
        (409, {"message": "Phiếu vừa được Trần Văn Minh sửa."}, "Trần Văn Minh sửa.*Mở lại trang"),
        (
            422,
            {"message": "Dòng 1 sai.", "faults": [{"place": "done-1", "message": "Quá 50."}]},
            "Dòng 1 sai",
        ),
    ],
)
def test_a_refused_save_keeps_the_typing_and_says_what_to_do(
    page: Any, look: Look, code: int, answer: dict[str, Any], words: str
) -> None:
    look.answer = (code, answer)
    page.fill("#done-1", "7")
    status(page, words)
    assert page.input_value("#done-1") == "7"
    assert (page.get_attribute("#done-1", "aria-invalid") == "true") == (code == 422)


def test_a_pasted_block_is_shown_with_its_errors_and_applied_only_when_confirmed(page: Any) -> None:
    page.focus("#done-2")
    page.evaluate("navigator.clipboard.writeText('1,5\\t2\\n1.234\\tx\\n8')")
    page.keyboard.press("Control+v")
    preview = page.locator("dialog")
    preview.wait_for()
    assert "2 ô điền được, 3 ô có lỗi" in preview.inner_text()
    assert "có thể hiểu theo hai cách" in preview.inner_text()
    assert "Nằm ngoài bảng" in preview.inner_text()
    assert page.input_value("#done-2") == "2"
    page.get_by_role("button", name="Điền 2 ô").click()
    assert [page.input_value(cell) for cell in ("#done-2", "#late-2", "#done-3", "#late-3")] == [
        "1,5",
        "2",
        "3",
        "0",
    ]


def test_the_inbox_moves_ticks_and_opens_by_keys_but_not_while_typing(page: Any) -> None:
    for key in ("j", "Space", "j", "Space", "j", "k"):
        page.keyboard.press(key)
    assert page.locator("[data-count-label]").inner_text() == "Chấp nhận 2 phiếu"
    page.keyboard.press("o")
    assert page.url.endswith("#opened-Huy") or "Huy" in page.url
    page.focus("#done-1")
    page.keyboard.type("j o")
    assert page.input_value("#done-1") == "j o"
