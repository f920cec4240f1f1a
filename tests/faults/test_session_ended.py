"""A session that ends while somebody types into a form without scripts: what was typed waits until they are back."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.services import sessions
from tests import factories
from tests.faults.conftest import LansMonth

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def guarded(fresh_database: Flask) -> None:
    """Forms carry their tokens, as on a real site."""
    fresh_database.config["WTF_CSRF_ENABLED"] = True


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that sends again, which stands last on the page."""
    return {
        name: unescape(text)
        for name, text in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def token(client: FlaskClient, path: str) -> str:
    return hidden(client.get(path).text)["csrf_token"]


def test_what_was_typed_survives_signing_in_again_and_is_stored_once(
    month: LansMonth, lan: FlaskClient, guarded: None
) -> None:
    form = month.draft("3") | {
        "csrf_token": token(lan, f"/reports/{month.report_id}"),
        "strengths": "Chủ động & <kịp thời>",
    }
    with lan.session_transaction() as stored:
        stored.clear()
    ended = lan.post(month.url("draft"), data=form, headers=HERE)
    assert ended.status_code == 401
    assert "Phiên làm việc đã hết hạn" in ended.text
    assert month.done == "0"

    name = {"username": month.username, "password": factories.PASSWORD, "csrf_token": token(lan, "/login")}
    assert lan.post("/login", data=name).status_code == 302  # in another tab
    first = lan.post(month.url("draft"), data=hidden(ended.text), headers=HERE)
    if first.status_code == 400:  # the token of the page belonged to nobody
        first = lan.post(month.url("draft"), data=hidden(first.text), headers=HERE)
    assert first.status_code == 302
    assert (month.done, month.report.strengths) == ("3", "Chủ động & <kịp thời>")
    assert month.events("report.saved") == 1


def test_a_quarter_of_an_hour_away_from_a_form_loses_nothing_that_was_typed(
    month: LansMonth, lan: FlaskClient, guarded: None, fresh_database: Flask, clock: Any
) -> None:
    fresh_database.config["SESSION_IDLE_MINUTES"] = 15
    form = month.draft("3") | {
        "csrf_token": token(lan, f"/reports/{month.report_id}"),
        "strengths": "Gõ trước khi ra ngoài",
    }
    clock(clock_module.now() + timedelta(minutes=16))
    script = lan.post(month.url("draft"), data=form, headers=HERE | {"X-Requested-With": "fetch"})
    assert script.status_code == 401  # the script of the page keeps it and tries again
    ended = lan.post(month.url("draft"), data=form, headers=HERE)
    assert ended.status_code == 401
    assert "Gõ trước khi ra ngoài" in unescape(ended.text)
    name = {"username": month.username, "password": factories.PASSWORD, "csrf_token": token(lan, "/login")}
    assert lan.post("/login", data=name).status_code == 302
    again = lan.post(month.url("draft"), data=hidden(ended.text), headers=HERE)
    if again.status_code == 400:
        again = lan.post(month.url("draft"), data=hidden(again.text), headers=HERE)
    assert again.status_code == 302
    assert month.report.strengths == "Gõ trước khi ra ngoài"


def test_an_ended_session_of_a_page_leads_back_to_it(month: LansMonth, lan: FlaskClient, login: Any) -> None:
    assert lan.post(month.url("draft"), data=month.draft("2")).status_code == 302
    with lan.session_transaction() as stored:
        token_of_session = stored["_user_id"]
    found = sessions.by_token(token_of_session)
    assert found is not None
    sessions.end_all(found.account_id, "ROLE_CHANGED")
    db.session.commit()
    sent = lan.get(f"/reports/{month.report_id}")
    assert sent.location == f"/login?next=/reports/{month.report_id}"
    assert "vai trò thay đổi" in lan.get(sent.location).text
    name = {"username": month.username, "password": factories.PASSWORD}
    back = lan.post(sent.location, data=name)
    assert back.location == f"/reports/{month.report_id}"
    assert month.done == "2"


@pytest.mark.parametrize("origin", ["http://evil.example", None])
def test_a_form_of_another_site_is_never_offered_to_be_sent_again(
    month: LansMonth, fresh_database: Flask, guarded: None, origin: Any
) -> None:
    stranger = fresh_database.test_client()
    headers = {"Origin": origin} if origin else {}
    page = stranger.post(month.url("draft"), data={"strengths": "mồi"}, headers=headers)
    assert page.status_code == 401
    assert "mồi" not in page.text


def test_a_password_is_never_written_into_a_page(fresh_database: Flask, guarded: None) -> None:
    page = fresh_database.test_client().post(
        "/login", data={"username": "a", "password": "bí mật của tôi"}, headers=HERE
    )
    assert page.status_code in (400, 401)
    assert "bí mật của tôi" not in page.text
