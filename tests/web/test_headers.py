"""What every answer forbids the browser, which hosts are served, and what the cookie may do."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from evaluation.extensions import db
from tests import conftest as base
from tests import factories

ADDRESSES = ("/login", "/", "/nowhere", "/static/app.css", "/.well-known/security.txt")
PAGE_WIDE = {"script-src": "'self'", "style-src": "'self'", "frame-ancestors": "'none'", "object-src": "'none'",
             "base-uri": "'none'", "form-action": "'self'", "default-src": "'none'"}  # fmt: skip


@pytest.fixture
def site(app: Flask, server: Any, tmp_path: Path) -> Any:
    """`site(HTTPS=…)`: the application over this process's database with other settings."""
    made: list[Flask] = []

    def with_settings(**given: Any) -> FlaskClient:
        address = app.config["OWNER_DATABASE_URI"]
        one = base.create_app(base.settings_for(address, tmp_path / str(len(made))) | given)
        made.append(one)
        return one.test_client()

    yield with_settings
    for one in made:
        with one.app_context():
            db.session.remove()
            db.engine.dispose()


def policy_of(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _space, value in parts}


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_safe_headers(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert policy_of(answer).items() >= PAGE_WIDE.items()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert ("no-store" in answer.headers["Cache-Control"]) == (not address.startswith("/static/"))
    assert "Strict-Transport-Security" not in answer.headers, "plain http on loopback"
    answer.close()


def test_an_answer_of_each_fault_carries_them_too(client: FlaskClient, database: Any, login: Any) -> None:
    login(client, factories.office().lan)
    answers = [
        client.get("/nowhere"),
        client.post("/reports/1/submit"),
        client.delete("/"),
        client.get("/reports/999999"),
    ]
    assert {answer.status_code for answer in answers} >= {404, 405}
    for answer in answers:
        assert policy_of(answer).items() >= PAGE_WIDE.items()
        assert answer.headers["Cache-Control"] == "no-store"


def test_behind_tls_the_cookie_belongs_to_this_host_alone_and_the_browser_remembers_tls(site: Any) -> None:
    browser = site(SESSION_COOKIE_SECURE=True)
    answer = browser.post("/language", data={"locale": "en"}, base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-cong_tam=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    seconds = int(re.search(r"max-age=(\d+)", answer.headers["Strict-Transport-Security"]).group(1))
    assert seconds >= 365 * 24 * 3600


def test_on_plain_http_the_cookie_has_a_plain_name_that_browsers_accept(client: FlaskClient) -> None:
    cookie = client.post("/language", data={"locale": "en"}).headers["Set-Cookie"]
    assert cookie.startswith("cong_tam=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_another_host_name_is_not_served_and_no_address_is_made_from_it(site: Any) -> None:
    browser = site(TRUSTED_HOSTS=["danhgia.tinh.gov.vn"])
    answer = browser.get("/login", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.text + answer.headers.get("Location", "")
    assert policy_of(answer)["default-src"] == "'none'"
    assert browser.post("/login", headers={"Host": "evil.example"}).status_code == 400
    assert browser.get("/login", headers={"Host": "danhgia.tinh.gov.vn"}).status_code == 200


def test_a_forwarded_address_is_believed_only_from_as_many_proxies_as_there_are(site: Any) -> None:
    spoofed = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    answer = site().get("/", headers=spoofed)
    assert answer.location == "/login?next=/"
    seen: list[tuple[str, str]] = []
    for hops in (0, 1):
        browser = site(PROXY_HOPS=hops)
        browser.application.before_request(lambda: seen.append((_remote(), _host())))
        # The proxy adds the real peer at the right end; what a client claims stands to its left.
        browser.get(
            "/login",
            headers=spoofed | {"X-Forwarded-For": "1.2.3.4, 203.0.113.9", "X-Forwarded-Host": "tinh.gov.vn"},
        )
    assert seen == [("127.0.0.1", "localhost"), ("203.0.113.9", "tinh.gov.vn")]


def _remote() -> str:
    from flask import request

    return request.remote_addr or ""


def _host() -> str:
    from flask import request

    return request.host


def test_the_finder_of_a_weakness_is_told_whom_to_write_to(site: Any, client: FlaskClient) -> None:
    answer = site(SECURITY_CONTACT="antoan@tinh.gov.vn").get("/.well-known/security.txt")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines["Contact"] == "mailto:antoan@tinh.gov.vn"
    assert datetime.strptime(lines["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) > datetime.now(UTC)
    assert client.get("/.well-known/security.txt").status_code == 404, "until the province names a contact"


def test_no_template_needs_what_the_policy_forbids() -> None:
    root = base.CHECKOUT / "templates"
    forbidden = re.compile(
        r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=|<style|javascript:|<script(?![^>]*\bsrc=)(?![^>]*application/json)""",
        re.I,
    )
    found = {
        f"{path.relative_to(root)}: {match.group(0)}"
        for path in root.rglob("*.html")
        for match in forbidden.finditer(path.read_text())
    }
    assert {one for one in found if not one.startswith(("forms/", "_bare"))} == set()
