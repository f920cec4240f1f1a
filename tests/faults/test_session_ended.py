"""A session that ends while somebody types into a form without scripts: what was typed waits until they are back."""

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

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
