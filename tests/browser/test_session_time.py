"""The session's time as a person meets it: a warning with a way to stay, a lock that hides the page, and the draft behind it."""

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account
from evaluation.services import sessions
from tests import factories
from tests.browser.checks import Watch, faults_of
from tests.browser.screens import sign_in
from tests.conftest import LiveServer

IDLE_SECONDS, WARN_SECONDS = 12, 6


@pytest.fixture
def office(live_server: LiveServer) -> Iterator[Any]:
    """Lan and her month, on a site whose quarter of an hour lasts twelve seconds of the real clock."""
    before = dict(live_server.app.config)
    live_server.app.config.update(
        SESSION_IDLE_MINUTES=IDLE_SECONDS / 60, SESSION_WARN_MINUTES=WARN_SECONDS / 60
    )
    with live_server.app.app_context():
        made = factories.office()
        made.report = factories.report(
            made.lan.assignments[0],
            supervising=made.division,
            confirming=made.department,
            agency=made.department,
            month=f"{clock.today():%Y-%m}",
        )
        factories.item(made.report, assigned="4")
        db.session.commit()
        yield made
        db.session.rollback()
    live_server.app.config.update(before)


@pytest.fixture
def lan(office: Any, page: Any, live_server: LiveServer) -> Any:
    sign_in(page, live_server, office.lan.official_number.lower(), factories.PASSWORD)
    page.get_by_role("heading", level=1).wait_for()
    return page


def active_at(who: Any) -> Any:
    db.session.rollback()
    account = db.session.query(Account).filter_by(person_id=who.id).one()
    return sessions.open_ones(account.id)[0].active_at


def test_before_the_end_a_dialog_counts_down_and_one_button_keeps_the_session(lan: Any, office: Any) -> None:
    dialog = lan.get_by_role("alertdialog", name="Đồng chí còn làm việc không?")
    dialog.wait_for(timeout=IDLE_SECONDS * 1000)
    keep = dialog.get_by_role("button", name="Tiếp tục")
    assert keep.evaluate("button => button === document.activeElement")
    assert dialog.get_by_role("timer").inner_text() in {f"0:0{left}" for left in range(WARN_SECONDS + 1)}
    before = active_at(office.lan)
    lan.keyboard.press("Enter")
    dialog.wait_for(state="hidden")
    assert active_at(office.lan) > before
    assert lan.get_by_role("heading", level=1).is_visible()


def test_the_warning_is_sound_for_a_screen_reader(lan: Any) -> None:
    lan.get_by_role("alertdialog").wait_for(timeout=IDLE_SECONDS * 1000)
    watch = Watch(lan)
    found = [one for one in faults_of(lan, watch, on_phone=False) if "script" not in str(one)]
    assert found == []


def test_typing_keeps_the_session_and_no_warning_comes(
    lan: Any, office: Any, live_server: LiveServer
) -> None:
    lan.goto(f"{live_server.url}/password/change")
    field = lan.get_by_label("Mật khẩu hiện tại")
    for letter in "mười tám giây gõ":
        field.press_sequentially(letter)
        lan.wait_for_timeout(1000)
        assert not lan.get_by_role("alertdialog").is_visible()
    assert lan.request.get(f"{live_server.url}/sessions/left", headers={"X-Background": "1"}).status == 200


def test_after_the_end_the_page_is_gone_and_signing_in_leads_back_to_it_with_the_draft(
    lan: Any, office: Any, live_server: LiveServer
) -> None:
    lan.goto(f"{live_server.url}/reports/{office.report.id}")
    lan.get_by_label("Ưu điểm").fill("Chủ động, kịp thời")
    lan.get_by_role("status").filter(has_text="Đã lưu nháp lúc").first.wait_for()
    lan.locator("form#sheet:not([data-dirty])").wait_for()
    lan.wait_for_url(re.compile(r"/login\?next="), timeout=(IDLE_SECONDS + 10) * 1000)
    assert "Chủ động" not in lan.content()
    lan.get_by_label("Tên đăng nhập").fill(office.lan.official_number.lower())
    lan.get_by_label("Mật khẩu").fill(factories.PASSWORD)
    lan.get_by_role("button", name="Đăng nhập").click()
    lan.wait_for_url(f"**/reports/{office.report.id}")
    assert lan.get_by_label("Ưu điểm").input_value() == "Chủ động, kịp thời"


def test_what_was_typed_and_not_sent_waits_unreadable_until_the_person_is_back(
    lan: Any, office: Any, live_server: LiveServer
) -> None:
    lan.goto(f"{live_server.url}/reports/{office.report.id}")
    lan.route("**/draft", lambda route: route.abort())  # the line is lost while typing
    lan.get_by_label("Ưu điểm").fill("Chưa gửi được")
    dialog = lan.get_by_role("alertdialog", name="Phiên làm việc đã kết thúc")
    dialog.wait_for(timeout=(IDLE_SECONDS + 15) * 1000)
    assert not lan.get_by_label("Ưu điểm").is_visible()
    lan.unroute("**/draft")
    with lan.expect_popup() as popup:
        dialog.get_by_role("link", name="Đăng nhập ở thẻ mới").click()
    sign_in(popup.value, live_server, office.lan.official_number.lower(), factories.PASSWORD)
    popup.value.get_by_role("heading", level=1).wait_for()
    popup.value.close()
    dialog.wait_for(state="hidden", timeout=15_000)
    assert lan.get_by_label("Ưu điểm").input_value() == "Chưa gửi được"
    lan.get_by_label("Ưu điểm").press("End")
    lan.keyboard.type(" lần đầu")
    lan.get_by_role("status").filter(has_text="Đã lưu nháp lúc").first.wait_for(timeout=30_000)


def test_after_signing_out_the_back_button_shows_nothing(
    lan: Any, office: Any, live_server: LiveServer
) -> None:
    lan.goto(f"{live_server.url}/reports/{office.report.id}")
    name = lan.locator(".who summary")
    name.click()
    lan.get_by_role("button", name="Đăng xuất").click()
    lan.wait_for_url("**/login")
    lan.go_back()
    lan.wait_for_load_state()
    assert "Công văn" not in lan.get_by_role("main").inner_text()
    assert lan.get_by_role("heading", level=1, name="Đăng nhập").is_visible()


def test_a_link_to_choose_a_password_fills_its_code_and_leaves_the_address_bar(
    page: Any, live_server: LiveServer, office: Any
) -> None:
    page.goto(f"{live_server.url}/password#abc-DEF_123")
    field = page.get_by_label("Mã do người quản trị cấp")
    page.wait_for_function("() => location.hash === ''")
    assert field.input_value() == "abc-DEF_123"


def test_a_head_scans_the_key_enters_the_code_and_keeps_the_recovery_codes(
    page: Any, live_server: LiveServer, office: Any
) -> None:
    live_server.app.config["SESSION_IDLE_MINUTES"] = 15
    page.goto(f"{live_server.url}/login")
    page.get_by_label("Tên đăng nhập").fill(office.hung.official_number.lower())
    page.get_by_label("Mật khẩu").fill(factories.PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_role("heading", level=1, name="Thiết lập xác thực lần hai").wait_for()
    picture = page.get_by_role("img", name="Khóa dưới dạng hình để quét")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    key = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("Mã xác thực lần hai").fill(pyotp.TOTP(key).now())
    page.get_by_role("button", name="Thiết lập").click()
    page.get_by_role("heading", name="Mười mã").wait_for()
    assert page.locator("ol.codes li").count() == 10
    page.get_by_role("link", name="Tôi đã cất giữ").click()
    page.get_by_role("heading", level=1, name="Việc chờ đồng chí").wait_for()
