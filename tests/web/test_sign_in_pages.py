"""The pages of signing in: two steps, what must come first, what is asked again, and what the browser forgets."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Account, AuditEvent, RecoveryCode, Session
from evaluation.rules.permissions import Role
from evaluation.services import passwords, second_factors, sessions
from tests import factories

START = datetime(2026, 3, 5, 2, tzinfo=UTC)
NEW = "bảy con voi chở mía qua cầu"


class Place:
    """An office, its people's accounts, browsers, and a clock that is moved by hand."""

    def __init__(self, app: Flask, set_to: Any) -> None:
        self.app, self.set_to = app, set_to
        set_to(START)
        self.office = factories.office()
        app.config.update(SESSION_IDLE_MINUTES=15, CONFIRM_MINUTES=5)
        db.session.commit()

    def pass_time(self, **by: int) -> None:
        self.set_to(clock_module.now() + timedelta(**by))

    def account(self, who: Any) -> Account:
        return db.session.query(Account).filter_by(person_id=who.id).populate_existing().one()

    def first_step(
        self, who: Any, password: str = factories.PASSWORD, **more: Any
    ) -> tuple[FlaskClient, Any]:
        browser = self.app.test_client()
        form = {"username": who.official_number, "password": password}
        return browser, browser.post("/login", data=form, **more)

    def with_factor(self, who: Any) -> str:
        secret = pyotp.random_base32()
        second_factors.enrol(self.account(who), secret)
        db.session.commit()
        return secret


@pytest.fixture
def place(app: Flask, database: Any, clock: Any) -> Any:
    before = dict(app.config)
    yield Place(app, clock)
    app.config.update(before)


def test_a_second_factor_is_asked_for_after_the_password_and_nothing_opens_before(place: Place) -> None:
    secret = place.with_factor(place.office.hung)
    browser, answer = place.first_step(place.office.hung)
    assert answer.location == "/login/code"
    assert browser.get("/").location.startswith("/login")
    assert browser.post("/login/code", data={"code": "000000"}).status_code == 401
    answer = browser.post("/login/code?next=/results/", data={"code": second_factors.code_now(secret)})
    assert answer.location == "/results/"
    assert browser.get("/").status_code == 200
    session = db.session.query(Session).order_by(Session.id.desc()).first()
    assert session.second_factor
    again, _answer = place.first_step(place.office.hung)
    assert (
        again.post("/login/code", data={"code": second_factors.code_now(secret)}).status_code == 401
    )  # used


def test_the_second_step_waits_five_minutes_and_ends_with_a_changed_password(place: Place) -> None:
    secret = place.with_factor(place.office.hung)
    late, _answer = place.first_step(place.office.hung)
    place.pass_time(minutes=6)
    assert late.post("/login/code", data={"code": second_factors.code_now(secret)}).location.startswith(
        "/login"
    )
    changed, _answer = place.first_step(place.office.hung)
    passwords.choose(place.account(place.office.hung), NEW)
    db.session.commit()
    answer = changed.post("/login/code", data={"code": second_factors.code_now(secret)})
    assert answer.location.startswith("/login")


def test_whoever_leads_is_led_to_the_set_up_and_can_do_nothing_else_before(place: Place) -> None:
    browser, answer = place.first_step(place.office.hung)
    assert answer.location == "/"
    assert browser.get("/").location == "/second-factor/set-up"
    assert browser.get("/reviews/").location == "/second-factor/set-up"
    assert browser.post("/notices/read").location == "/second-factor/set-up"
    assert browser.get("/reviews/", headers={"HX-Request": "true"}).status_code == 403
    page = browser.get("/second-factor/set-up").text
    assert "data:image/svg+xml" in page
    key = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page).group(1).replace(" ", "")
    carried = re.search(r'name="key" value="([^"]+)"', page).group(1)
    wrong = browser.post("/second-factor/set-up", data={"key": carried, "code": "000000"})
    assert wrong.status_code == 422
    assert carried in wrong.text  # the same key may be tried again
    done = browser.post("/second-factor/set-up", data={"key": carried, "code": second_factors.code_now(key)})
    codes = re.findall(r"<li><code>([^<]+)</code></li>", done.text)
    assert len(codes) == len(set(codes)) == 10
    assert browser.get("/reviews/").status_code in (200, 302)
    stored = place.account(place.office.hung).totp_secret
    assert key.encode() not in stored
    assert all(code not in row.code_hash for row in db.session.query(RecoveryCode) for code in codes)


def test_a_role_given_now_asks_for_a_second_factor_at_the_next_page(place: Place) -> None:
    browser, _answer = place.first_step(place.office.lan)
    assert browser.get("/").status_code == 200
    from evaluation.services import accounts

    accounts.grant_role(
        None, place.account(place.office.lan), role=Role.INSPECTOR, unit_id=place.office.province.id
    )
    assert browser.get("/").location == "/second-factor/set-up"


def test_others_may_set_one_up_and_take_it_away_again_and_leaders_may_not(place: Place, login: Any) -> None:
    place.with_factor(place.office.lan)
    place.with_factor(place.office.hung)
    lan, hung = (login(place.app.test_client(), who) for who in (place.office.lan, place.office.hung))
    assert lan.post("/second-factor/give-up").status_code == 303
    assert place.account(place.office.lan).totp_secret is None
    assert lan.get("/").status_code == 200
    assert hung.post("/second-factor/give-up").status_code == 403
    assert place.account(place.office.hung).totp_secret is not None


def test_a_recovery_code_opens_once_and_the_person_is_told(place: Place) -> None:
    place.with_factor(place.office.hung)
    account = place.account(place.office.hung)
    from evaluation.services.access import actor_of

    codes = second_factors.renew_codes(actor_of(account), account)
    browser, _answer = place.first_step(place.office.hung)
    assert browser.post("/login/code", data={"code": codes[3].upper()}).location == "/"
    assert "Một mã khôi phục vừa được dùng; còn 9 mã" in unescape(browser.get("/").text)
    again, _answer = place.first_step(place.office.hung)
    assert again.post("/login/code", data={"code": codes[3]}).status_code == 401
    assert again.post("/login/code", data={"code": codes[4]}).location == "/"


def test_an_optional_second_factor_is_a_setting(place: Place) -> None:
    place.app.config["SECOND_FACTOR"] = "optional"
    browser, _answer = place.first_step(place.office.hung)
    assert browser.get("/").status_code == 200


def test_past_a_lock_the_page_asks_for_the_code_and_says_the_same_to_all(place: Place) -> None:
    pages = []
    for who in (place.office.lan.official_number, "khong.co.ai"):
        for _number in range(6):
            answer = place.app.test_client().post(
                "/login", data={"username": who, "password": "sai mật khẩu rồi"}
            )
        assert answer.status_code == 429
        assert 'name="code"' in answer.text
        pages.append(re.sub(r'(value|content)="[^"]*"|[0-9a-f]{12}', "", answer.text))
    assert pages[0] == pages[1]


def test_a_quarter_of_an_hour_without_anybody_ends_the_session_and_signing_in_leads_back(
    place: Place,
) -> None:
    browser, _answer = place.first_step(place.office.lan)
    place.pass_time(minutes=14)
    assert browser.get("/results/").status_code in (200, 302)
    place.pass_time(minutes=14)
    assert browser.post("/sessions/active").json["left"] == 15 * 60  # typing
    place.pass_time(minutes=15, seconds=1)
    answer = browser.get("/results/?year=2026")
    assert answer.location == "/login?next=/results/?year%3D2026"
    page = browser.get(answer.location)
    assert "một lúc lâu không thao tác" in page.text
    form = {"username": place.office.lan.official_number, "password": factories.PASSWORD}
    assert browser.post(answer.location, data=form).location == "/results/?year=2026"


def test_what_a_page_asks_for_by_itself_keeps_no_session_alive(place: Place) -> None:
    browser, _answer = place.first_step(place.office.lan)
    for _minute in range(3):
        place.pass_time(minutes=5)
        browser.get("/sessions/left")
        browser.get("/", headers={"X-Background": "1", "HX-Request": "true"})
    place.pass_time(seconds=1)
    assert browser.get("/sessions/left", headers={"X-Requested-With": "fetch"}).status_code == 401


def test_activity_is_written_once_a_minute_at_most(place: Place, login: Any) -> None:
    browser = login(place.app.test_client(), place.office.lan)

    def noted() -> datetime:
        return db.session.query(Session.active_at).order_by(Session.id.desc()).first()[0]

    for seconds, expected in ((30, 0), (20, 0), (20, 70), (59, 70), (1, 130)):
        place.pass_time(seconds=seconds)
        browser.get("/")
        assert noted() == START + timedelta(seconds=expected)


def test_twelve_hours_end_even_a_session_that_is_used_all_the_time(place: Place) -> None:
    place.app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=12)
    token = sessions.begin(place.account(place.office.lan))
    for _quarter in range(49):
        found = sessions.by_token(token)
        if found is None:
            break
        sessions.touch(found.id, found.active_at)
        place.pass_time(minutes=15)
    assert clock_module.now() - START > timedelta(hours=12)
    assert sessions.by_token(token) is None
    assert sessions.why_ended(token) == sessions.TOO_LONG


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie_and_empties_the_browser(
    place: Place,
) -> None:
    browser, _answer = place.first_step(place.office.lan)
    thief = place.app.test_client()
    with browser.session_transaction() as stored, thief.session_transaction() as stolen:
        stolen.update(stored)
    assert thief.get("/").status_code == 200
    answer = browser.post("/logout")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert thief.get("/").location.startswith("/login")
    assert browser.get("/login").headers["Cache-Control"] == "no-store"


def test_signing_in_begins_a_session_under_a_token_that_was_not_there_before(place: Place) -> None:
    browser = place.app.test_client()
    planted = sessions.begin(place.account(place.office.nam))
    with browser.session_transaction() as stored:
        stored["_user_id"] = planted[:-1] + "x"
    browser.post(
        "/login", data={"username": place.office.lan.official_number, "password": factories.PASSWORD}
    )
    with browser.session_transaction() as stored:
        assert stored["_user_id"] != planted[:-1] + "x"
        first = stored["_user_id"]
    browser.post("/logout")
    browser.post(
        "/login", data={"username": place.office.lan.official_number, "password": factories.PASSWORD}
    )
    with browser.session_transaction() as stored:
        assert stored["_user_id"] != first


def test_a_disabled_account_loses_its_open_session_at_the_next_request(place: Place) -> None:
    browser, _answer = place.first_step(place.office.lan)
    place.account(place.office.lan).disabled_at = clock_module.now()
    db.session.commit()
    assert browser.get("/").location.startswith("/login")


def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(place: Place) -> None:
    here, _answer = place.first_step(
        place.office.lan, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/130"}
    )
    there, _answer = place.first_step(
        place.office.lan, headers={"User-Agent": "Mozilla/5.0 (Android 14) Firefox/130"}
    )
    other, _answer = place.first_step(place.office.nam)
    page = here.get("/sessions/").text
    assert "Chrome · Windows" in page
    assert "Firefox · Android" in page
    theirs = db.session.query(Session.id).order_by(Session.id.desc()).first()[0]
    assert here.post(f"/sessions/{theirs}/end").status_code == 404
    assert other.get("/").status_code == 200
    mine = re.search(r"/sessions/(\d+)/end", page).group(1)
    assert here.post(f"/sessions/{mine}/end").status_code == 303
    assert there.get("/").location.startswith("/login")
    third, _answer = place.first_step(place.office.lan)
    here.post("/sessions/end-others")
    assert third.get("/").location.startswith("/login")
    assert here.get("/").status_code == 200


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(place: Place) -> None:
    here, _answer = place.first_step(place.office.lan)
    there, _answer = place.first_step(place.office.lan)
    form = {"old": factories.PASSWORD, "new": NEW, "again": NEW}
    assert here.post("/password/change", data=form | {"old": "không đúng"}).status_code == 422
    assert here.post("/password/change", data=form | {"again": "khác"}).status_code == 422
    assert here.post("/password/change", data=form).status_code == 303
    assert here.get("/").status_code == 200
    assert there.get("/").location.startswith("/login")
    assert place.first_step(place.office.lan)[1].status_code == 401
    assert place.first_step(place.office.lan, NEW)[1].location == "/"
    assert db.session.query(AuditEvent).filter_by(action="password.changed").count() == 1
    assert "Mật khẩu của đồng chí vừa được đổi" in here.get("/").text


def test_a_password_that_must_be_changed_comes_before_everything(place: Place) -> None:
    place.account(place.office.hung).must_change_password = True
    db.session.commit()
    browser, _answer = place.first_step(place.office.hung)
    assert browser.get("/").location == "/password/change"
    assert browser.get("/second-factor/set-up").status_code == 200
    browser.post("/password/change", data={"old": factories.PASSWORD, "new": NEW, "again": NEW})
    assert browser.get("/").location == "/second-factor/set-up"


def test_a_ticket_opens_the_choice_of_a_password_once_and_for_a_day(place: Place) -> None:
    account = place.account(place.office.lan)
    open_one, _answer = place.first_step(place.office.lan)
    late = passwords.ticket(None, account)
    place.pass_time(hours=25)
    stranger = place.app.test_client()
    form = {"ticket": late, "new": NEW, "again": NEW}
    assert stranger.post("/password", data=form).status_code == 409
    first, second = passwords.ticket(None, account), passwords.ticket(None, account)
    assert (
        stranger.post("/password", data=form | {"ticket": first}).status_code == 409
    )  # a newer one replaced it
    assert (
        stranger.post(
            "/password", data=form | {"ticket": second, "new": "123456789012", "again": "123456789012"}
        ).status_code
        == 422
    )
    assert stranger.post("/password", data=form | {"ticket": second}).status_code == 303
    assert stranger.post("/password", data=form | {"ticket": second}).status_code == 409
    assert open_one.get("/").location.startswith("/login")
    assert place.first_step(place.office.lan, NEW)[1].location == "/"
    assert all(second not in str(event.after) for event in db.session.query(AuditEvent))


def test_before_publishing_the_password_is_asked_for_again_and_the_form_is_kept(place: Place) -> None:
    secret = place.with_factor(place.office.thu)
    browser, _answer = place.first_step(place.office.thu)
    browser.post("/login/code", data={"code": second_factors.code_now(secret)})
    form = {"decision_number": "12/QĐ <SNV>", "transaction_id": "6f7e4b8e-0000-4000-8000-000000000001"}
    url = f"/grades/{place.office.department.id}/2026/publish"
    place.pass_time(minutes=6)
    asked = browser.post(url, data=form)
    assert asked.status_code == 200
    assert 'name="confirm_password"' in asked.text
    assert "12/QĐ &lt;SNV&gt;" in asked.text
    assert browser.post(url, data=form, headers={"HX-Request": "true"}).status_code == 401
    refused = browser.post(
        url, data=form | {"confirm_password": factories.PASSWORD, "confirm_code": "000000"}
    )
    assert refused.status_code == 401
    assert factories.PASSWORD not in refused.text
    code = second_factors.code_now(secret)
    done = browser.post(url, data=form | {"confirm_password": factories.PASSWORD, "confirm_code": code})
    assert 'name="confirm_password"' not in done.text  # the act itself was tried: nothing is decided here yet
    assert browser.post(url, data=form).status_code == done.status_code


def test_the_confirmation_page_leads_on_to_a_page_of_this_site_only(place: Place, login: Any) -> None:
    browser = login(place.app.test_client(), place.office.lan)
    answer = browser.post("/confirm?next=//evil.example/x", data={"confirm_password": factories.PASSWORD})
    assert answer.location == "/"
    assert browser.post("/confirm?next=/sessions/", data={"confirm_password": "sai"}).status_code == 401


def test_the_cookie_by_which_a_browser_is_known_is_signed_and_out_of_reach_of_scripts(place: Place) -> None:
    browser, answer = place.first_step(place.office.lan)
    cookie = next(
        text for text in answer.headers.getlist("Set-Cookie") if text.startswith("cong_tam_browser=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert place.office.lan.official_number.lower() not in cookie.lower()
    browser.set_cookie("cong_tam_browser", "forged.value")
    browser.post("/logout")
    form = {"username": place.office.lan.official_number, "password": factories.PASSWORD}
    assert browser.post("/login", data=form).location == "/"
