"""7 and 8: a real gunicorn worker is killed after the commit, or before it."""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import ScoreSheet
from evaluation.rules.workflow import ReportState
from evaluation.services import reports
from tests import factories
from tests.faults.conftest import LansMonth
from tests.runtime.conftest import CHECKOUT, wait_for

pytestmark = pytest.mark.runtime


class Browser:
    """A person's browser: keeps cookies, reads hidden fields, follows redirections."""

    def __init__(self, site: str) -> None:
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
        self.site = site

    def get(self, path: str) -> str:
        with self.opener.open(self.site + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: dict[str, str]) -> tuple[str, str]:
        """Where it led, and the page there."""
        data = urllib.parse.urlencode(fields).encode()
        with self.opener.open(self.site + path, data, timeout=30) as answer:
            return urllib.parse.urlsplit(answer.url).path, str(answer.read().decode())


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


@pytest.fixture
def month(fresh_database: Flask) -> LansMonth:
    """The processes have the real clock, so the month is the present one."""
    return LansMonth(f"{clock.today():%Y-%m}")


@pytest.fixture
def site(
    fresh_database: Flask, tmp_path: Path, free_port: int
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    environment = os.environ | {
        "DATABASE_URL": fresh_database.config["SQLALCHEMY_DATABASE_URI"],
        "BROKER_URL": "memory://",
        "DATA_DIR": str(tmp_path / "site"),
        "SECRET_KEY": "only for tests " * 3,
        "HOLD": str(tmp_path / "hold"),
    }
    options = [
        "--bind",
        f"127.0.0.1:{free_port}",
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        "4",
    ]
    with (tmp_path / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "tests.faults.held_wsgi:app", *options],
            cwd=CHECKOUT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    yield f"http://127.0.0.1:{free_port}", process
    process.terminate()
    process.wait(20)


@pytest.fixture
def signed_in(month: LansMonth, site: tuple[str, subprocess.Popen[bytes]]) -> Browser:
    browser = Browser(site[0])
    wait_for(lambda: answers(browser), "the site")
    token = hidden(browser.get("/login"))["csrf_token"]
    name = {"username": month.username, "password": factories.PASSWORD, "csrf_token": token}
    assert browser.post("/login", name)[0] == "/"
    return browser


def answers(browser: Browser) -> bool:
    try:
        return "csrf_token" in browser.get("/login")
    except OSError:
        return False


def worker_of(site: tuple[str, subprocess.Popen[bytes]]) -> int:
    children = Path(f"/proc/{site[1].pid}/task/{site[1].pid}/children").read_text().split()
    return int(children[0])


def kill(site: tuple[str, subprocess.Popen[bytes]], sending: threading.Thread) -> None:
    os.kill(worker_of(site), signal.SIGKILL)
    sending.join(20)
    assert not sending.is_alive()


def sending(act: Callable[[], object]) -> tuple[threading.Thread, list[Exception]]:
    """A request whose answer never comes."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            act()
        except (OSError, urllib.error.URLError) as lost:
            failures.append(lost)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failures


def test_killed_after_the_commit_the_same_form_sent_again_gets_the_committed_result(
    month: LansMonth, site: tuple[str, subprocess.Popen[bytes]], signed_in: Browser, tmp_path: Path
) -> None:
    form = hidden(signed_in.get(month.url("check")))
    assert {"version", "transaction_id", "csrf_token"} <= form.keys()
    (tmp_path / "hold").touch()
    thread, failures = sending(lambda: signed_in.post(month.url("submit"), form))
    wait_for(lambda: (tmp_path / "answered").exists(), "the answer inside the worker")
    assert month.report.state is ReportState.SUBMITTED
    kill(site, thread)
    assert len(failures) == 1
    (tmp_path / "hold").unlink()
    wait_for(lambda: answers(signed_in), "the next worker")
    where, page = signed_in.post(month.url("submit"), form)
    assert where == month.url("submitted")
    assert (
        reports.receipt_code(db.session.query(ScoreSheet).filter_by(report_id=month.report_id).one()) in page
    )
    assert (month.own_sheets(), month.events("report.submitted")) == (1, 1)


def test_killed_before_the_commit_nothing_is_stored_and_the_draft_is_intact(
    month: LansMonth, site: tuple[str, subprocess.Popen[bytes]], signed_in: Browser
) -> None:
    saved = signed_in.post(month.url("draft"), hidden(signed_in.get(month.url("")[:-1])) | month.draft("3"))
    assert saved[0] == month.url("")[:-1]
    form = hidden(signed_in.get(month.url("check")))
    before = month.report.version
    with db.engine.connect() as blocker:  # everything is written but the journal, the last before the commit
        blocker.execute(text("lock table audit_event in share mode"))
        thread, failures = sending(lambda: signed_in.post(month.url("submit"), form))
        wait_for(lambda: waiting_for_locks() > 0, "the worker to stand before its commit")
        kill(site, thread)
    assert len(failures) == 1
    wait_for(lambda: waiting_for_locks() == 0, "the lost connection to be noticed")
    report = month.report
    assert (report.state, report.version, month.done) == (ReportState.DRAFT, before, "3")
    assert (month.own_sheets(), month.events("report.submitted")) == (0, 0)
    wait_for(lambda: answers(signed_in), "the next worker")
    assert signed_in.post(month.url("submit"), form)[0] == month.url("submitted")
    assert (month.own_sheets(), month.done) == (1, "3")


def waiting_for_locks() -> int:
    with db.engine.connect() as connection:
        return connection.scalar(
            text(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
        )
