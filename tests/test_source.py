"""What holds for the whole of the source: no secrets, no code from data, nothing from elsewhere, every package pinned."""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from evaluation.extensions import celery, db
from evaluation.models import Session
from evaluation.services import passwords, second_factors, sessions
from tests import factories

CHECKOUT = Path(__file__).resolve().parents[1]
SOURCE = [*sorted((CHECKOUT / "evaluation").rglob("*.py")), CHECKOUT / "config.py", CHECKOUT / "wsgi.py"]
TEMPLATES = sorted((CHECKOUT / "templates").rglob("*.html"))
SCRIPTS = sorted((CHECKOUT / "static" / "js").glob("*.js"))
STYLES = sorted((CHECKOUT / "static").glob("*.css"))
SECRETS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bghp_[0-9A-Za-z]{36}\b",
    r"\b[a-z+]+://[^\s:/@'\"{}]+:[^\s@'\"{}<$]{8,}@(?!localhost|127\.0\.0\.1|db|host|[\w.]*example)[\w.]+",
)


def found(files: list[Path], pattern: str) -> list[str]:
    """Each place of a pattern, as file:line."""
    return [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_the_repository_holds_no_secret() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    texts = [CHECKOUT / name for name in listed if name and Path(name).suffix not in (".woff2", ".png")]
    texts = [path for path in texts if path.is_file() and path != Path(__file__)]
    assert len(texts) > 500
    for pattern in SECRETS:
        assert found(texts, pattern) == []
    kept = [name for name in listed if re.search(r"(secret_key|seal_key|factor_key|\.env)$", name)]
    assert kept == []


def test_nothing_is_unpickled_and_jobs_speak_json(app: Flask) -> None:
    """Processes of ours hand one another values and records (files/handed_over.py), opened without any call."""
    assert found(SOURCE, r"\b(pickle\.loads?|cPickle|marshal|shelve|dill)\(") == []
    openers = {place.split(":")[0] for place in found(SOURCE, r"^import pickle$")}
    assert openers == {"evaluation/files/handed_over.py", "evaluation/files/sheet_process.py"}
    assert found(SOURCE, r"yaml\.(load|unsafe_load|full_load)\(") == []
    assert (celery.conf.task_serializer, celery.conf.accept_content) == ("json", ["json"])


def test_only_configured_hosts_are_ever_called() -> None:
    """Whoever opens a connection takes its address from the settings: these modules and no other."""
    callers = r"\b(requests|httpx|aiohttp|urllib\.request|smtplib|ftplib|http\.client)\b"
    modules = {place.split(":")[0] for place in found(SOURCE, rf"^\s*(import|from) {callers}")}
    assert modules <= {
        "evaluation/cli/serve.py",  # asks its own first page
        "evaluation/services/post.py",  # MAIL_URL
        "evaluation/services/identity.py",  # OIDC_ISSUER
        "evaluation/services/identity_providers.py",
        "evaluation/web/identity.py",
    }


def test_no_page_or_style_fetches_anything_from_elsewhere() -> None:
    assert (
        found([*TEMPLATES, *STYLES, *SCRIPTS], r"(src|href|action|url\(|@import)\s*=?\s*[\"'(]?(https?:)?//")
        == []
    )


def test_scripts_write_text_and_no_markup_and_keep_nothing_in_the_browser() -> None:
    assert found(SCRIPTS, r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=") == []
    assert found(SCRIPTS, r"localStorage|sessionStorage|indexedDB|document\.cookie") == []
    # The one piece of markup put into a page comes from a template of the server, which escapes.
    assert [place.split(":")[0] for place in found(SCRIPTS, r"innerHTML\s*=")] == ["static/js/reports.js"]


def test_every_package_is_pinned() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        lines = (CHECKOUT / name).read_text(encoding="utf-8").split("\n")
        for line in filter(None, lines):
            assert line.startswith("-r ") or re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line), line


def test_the_deployment_page_names_tls_for_every_connection() -> None:
    page = (CHECKOUT / "evaluation/deployment/security.md").read_text(encoding="utf-8")
    for word in ("sslmode=verify-full", "rediss://", "amqps://", "smtps://"):
        assert word in page
    proxy = (CHECKOUT / "evaluation/deployment/nginx.conf").read_text(encoding="utf-8")
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in proxy
    assert "return 301 https://" in proxy


def test_only_static_files_are_served_and_no_folder_is_listed(client: FlaskClient) -> None:
    for address in (
        "/static/",
        "/static/js/",
        "/.git/config",
        "/config.py",
        "/static/../config.py",
        "/wsgi.py",
    ):
        assert client.get(address).status_code in (302, 404), address
    assert client.get("/static/..%2fconfig.py").status_code == 404


def test_password_fields_hide_what_is_typed_and_welcome_password_managers() -> None:
    for path in TEMPLATES:
        for field in BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select("input"):
            name = str(field.get("name", ""))
            if "password" in name:
                assert (field.get("type"), "autocomplete" in field.attrs) == ("password", True), (path, name)
    assert found(SCRIPTS, r"onpaste|[\"']paste[\"'][^\n]*preventDefault") == []


def test_signing_in_asks_no_questions_but_name_password_and_code(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get("/login").text, "html.parser")
    form = next(one for one in page.select("form") if one.select("input[type=password]"))
    names = {str(field["name"]) for field in form.select("input[name]")}
    assert {"username", "password"} <= names <= {"username", "password", "code", "csrf_token"}


def test_signing_out_is_offered_on_every_page_behind_the_door(
    database: Any, client: FlaskClient, login: Any, app: Flask
) -> None:
    office = factories.office()
    login(client, office.lan)
    for address in ("/", "/results/", "/catalogue/", "/law/"):
        page = BeautifulSoup(client.get(address).text, "html.parser")
        assert page.select("form[action='/logout'] button"), address


def test_every_text_answer_names_its_charset(
    database: Any, client: FlaskClient, login: Any, app: Flask
) -> None:
    assert "charset=utf-8" in client.get("/login").headers["Content-Type"]
    office = factories.office()
    login(client, office.lan)
    for address in ("/", "/static/app.css", "/static/js/page.js", "/.well-known/security.txt", "/nowhere"):
        kind = client.get(address).headers["Content-Type"]
        assert not kind.startswith("text/") or "charset=utf-8" in kind, (address, kind)


def test_passwords_are_hashed_with_argon2id() -> None:
    assert passwords.hashed("một câu đủ dài để thử").startswith("$argon2id$")


def test_recovery_codes_are_random_long_enough_and_hashed() -> None:
    possibilities = len(second_factors.ALPHABET) ** second_factors.LENGTH
    assert possibilities > 2**50
    assert (
        found([CHECKOUT / "evaluation/services/second_factors.py"], r"secrets\.choice|secrets\.token") != []
    )
    assert found(SOURCE, r"^\s*import random$|^\s*from random import") == found(
        [*sorted((CHECKOUT / "evaluation/demo").glob("*.py")), CHECKOUT / "evaluation/web/outages.py"],
        r"^\s*import random$|^\s*from random import",
    ), "only the demo and the waits between two tries may use guessable numbers"


def test_tokens_have_at_least_128_bits_and_only_their_hash_is_stored(database: Any) -> None:
    who = factories.person()
    token = sessions.begin(factories.account(who))
    assert len(token) * 6 >= 256
    stored = db.session.query(Session).one()
    assert stored.token_hash == sessions.hashed(token)
    assert token.encode() not in stored.token_hash


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_addresses_inside_styles_are_local(path: Path) -> None:
    for address in re.findall(r"url\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert not urlsplit(address.strip("\"'")).netloc
