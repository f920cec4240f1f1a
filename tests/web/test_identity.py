"""Signing in at an identity provider that really runs beside the test."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evaluation.extensions import db
from evaluation.models import Account, AuditEvent, ExternalIdentity, Session
from evaluation.services import identity
from evaluation.services.access import actor_of
from tests import factories

SUBJECT = "079090000123"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    users = [
        oidc_provider_mock.User(sub=SUBJECT, claims={"amr": ["pwd"]}),
        oidc_provider_mock.User(sub="with-card", claims={"amr": ["pwd", "sc"]}),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


class Site:
    """The site with a provider, and a browser in front of both."""

    def __init__(self, app: Flask, issuer: str) -> None:
        self.app, self.issuer = app, issuer
        self.office = factories.office()
        db.session.commit()
        self.configure(issuer)
        self.browser: FlaskClient = app.test_client()

    def configure(self, issuer: str) -> None:
        self.app.config.update(
            OIDC_ISSUER=issuer,
            OIDC_CLIENT_ID="cong-tam",
            OIDC_CLIENT_SECRET="a secret of this test",
            OIDC_MFA_AMR="sc,mfa",
        )
        self.app.extensions.pop("identity", None)

    def account(self, who: Any) -> Account:
        return db.session.query(Account).filter_by(person_id=who.id).populate_existing().one()

    def link(self, who: Any, subject: str = SUBJECT, issuer: str | None = None) -> None:
        account = self.account(who)
        identity.link(actor_of(account), account, issuer=issuer or self.issuer, subject=subject)

    def asked(self, address: str = "/login/provider?next=/results/") -> dict[str, str]:
        """What our site asks the provider for."""
        sent = self.browser.get(address)
        assert sent.status_code == 302, sent.text
        self.sent_to = sent.location
        return {name: values[0] for name, values in parse_qs(urlsplit(sent.location).query).items()}

    def consent(self, subject: str) -> str:
        """The person says yes at the provider; the address it sends the browser back to."""
        answer = requests.post(self.sent_to, data={"sub": subject}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def sign_in(self, subject: str = SUBJECT) -> TestResponse:
        self.asked()
        return self.browser.get(self.consent(subject))

    def is_in(self) -> bool:
        return self.browser.get("/sessions/").status_code == 200

    def hears(self) -> str:
        return html.unescape(self.browser.get("/login").text)


@pytest.fixture
def site(app: Flask, database: Any, provider: str) -> Iterator[Site]:
    before = dict(app.config)
    yield Site(app, provider)
    app.config.update(before)
    app.extensions.pop("identity", None)


def test_whoever_is_linked_comes_in_and_returns_to_the_page(site: Site) -> None:
    site.link(site.office.lan)
    answer = site.sign_in()
    assert answer.location == "/results/"
    assert site.is_in()
    assert db.session.query(Session).filter_by(account_id=site.account(site.office.lan).id).count() == 1


def test_state_nonce_and_pkce_are_sent_and_only_the_subject_is_asked_for(site: Site) -> None:
    asked = site.asked()
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid"
    assert len(asked["state"]) > 20
    assert len(asked["nonce"]) >= 20
    assert asked["redirect_uri"].endswith("/login/provider/back")
    assert {asked[name] for name in ("state", "nonce")}.isdisjoint(site.asked().values())


def test_an_unknown_subject_is_refused_with_whom_to_ask(site: Site) -> None:
    site.sign_in("somebody-else")
    assert not site.is_in()
    assert "hỏi người quản trị của cơ quan" in site.hears()


def test_the_same_subject_of_another_issuer_is_somebody_else(site: Site) -> None:
    site.link(site.office.lan, issuer="https://other.example")
    site.sign_in()
    assert not site.is_in()


def test_a_disabled_account_does_not_come_in_through_the_provider(site: Site, clock: Any) -> None:
    site.link(site.office.lan)
    from evaluation import clock as clock_module

    site.account(site.office.lan).disabled_at = clock_module.now()
    db.session.commit()
    site.sign_in()
    assert not site.is_in()


def test_an_answer_with_a_foreign_state_is_refused(site: Site) -> None:
    site.link(site.office.lan)
    site.asked()
    back = site.consent(SUBJECT)
    assert site.app.test_client().get(back).location == "/login"  # planted in another browser
    forged = re.sub(r"state=[^&]+", "state=forged", back)
    site.browser.get(forged)
    assert not site.is_in()
    assert "Không chấp nhận được trả lời của hệ thống định danh" in site.hears()


def test_an_answer_made_for_another_nonce_is_refused(site: Site) -> None:
    site.link(site.office.lan)
    site.asked()
    site.sent_to = re.sub(r"nonce=[^&]+", "nonce=not-the-one-asked-for", site.sent_to)
    site.browser.get(site.consent(SUBJECT))
    assert not site.is_in()


def test_a_code_is_good_once(site: Site) -> None:
    site.link(site.office.lan)
    site.asked()
    back = site.consent(SUBJECT)
    assert site.browser.get(back).location == "/results/"
    site.browser.post("/logout")
    site.browser.get(back)
    assert not site.is_in()


def test_an_answer_of_an_issuer_that_is_not_the_configured_one_is_refused(site: Site, provider: str) -> None:
    site.link(site.office.lan)
    port = urlsplit(provider).port
    site.configure(f"http://127.0.0.1:{port}")
    site.asked()
    site.app.config["OIDC_ISSUER"] = "https://id.example.vn"
    site.link(site.office.nam, subject="x", issuer="https://id.example.vn")
    site.browser.get(site.consent(SUBJECT))
    assert not site.is_in()


def test_a_refusal_at_the_provider_leads_back_to_the_sign_in_page(site: Site) -> None:
    site.asked()
    answer = requests.post(site.sent_to, data={"action": "deny"}, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert site.browser.get(f"{back.path}?{back.query}").location == "/login"
    assert not site.is_in()


def test_a_provider_that_is_down_leaves_the_password(site: Site) -> None:
    site.configure("http://localhost:9")
    assert site.browser.get("/login/provider").location == "/login"
    assert "Hệ thống định danh không trả lời" in site.hears()
    form = {"username": site.office.lan.official_number, "password": factories.PASSWORD}
    assert site.browser.post("/login", data=form).location == "/"


def test_the_providers_second_factor_counts_when_the_province_says_so(site: Site) -> None:
    site.link(site.office.hung, subject="with-card")
    site.sign_in("with-card")
    assert site.browser.get("/").status_code == 200
    assert db.session.query(Session).order_by(Session.id.desc()).first().second_factor


def test_without_the_providers_second_factor_a_leader_sets_one_up_here(site: Site) -> None:
    site.link(site.office.hung)
    site.sign_in()
    assert site.browser.get("/").location == "/second-factor/set-up"


def test_a_person_links_the_identity_from_a_session_of_ones_own(site: Site, login: Any) -> None:
    login(site.browser, site.office.lan)
    site.asked("/sessions/link")
    assert site.browser.get(site.consent(SUBJECT)).location == "/sessions/"
    assert db.session.query(ExternalIdentity).filter_by(subject=SUBJECT).one().issuer == site.issuer
    assert db.session.query(AuditEvent).filter_by(action="identity.linked").count() == 1
    nam = site.app.test_client()
    site.browser = login(nam, site.office.nam)
    site.asked("/sessions/link")
    site.browser.get(site.consent(SUBJECT))
    linked = db.session.query(ExternalIdentity).filter_by(subject=SUBJECT).one()
    assert linked.account_id == site.account(site.office.lan).id  # one identity opens one account


def test_after_signing_out_here_the_way_out_of_the_provider_is_shown(site: Site) -> None:
    site.link(site.office.lan)
    site.sign_in()
    site.browser.post("/logout")
    page = site.hears()
    assert f"{site.issuer}/oauth2/end_session?client_id=cong-tam" in page
    assert "Đăng xuất cả ở đó" in page


def test_without_a_provider_its_pages_are_missing(site: Site) -> None:
    site.configure("")
    assert site.browser.get("/login/provider").status_code == 404
    assert site.browser.get("/login/provider/back?code=x&state=y").status_code == 404
    assert "hệ thống định danh" not in site.hears()
