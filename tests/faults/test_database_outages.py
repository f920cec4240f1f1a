"""14, 15 and 16: a database that stops, is too busy, too slow or in a deadlock; the answer says what was saved."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.postgres import APP_ROLE, ensure_server
from tests import conftest as base
from tests.conftest import owner_of
from tests.faults.conftest import IN_MARCH, LansMonth, admin

NOT_SAVED = "Nội dung đồng chí gửi chưa được lưu."
SAVED = "Nội dung đồng chí gửi đã được lưu"
UNKNOWN = "Chưa rõ nội dung đồng chí gửi đã được lưu hay chưa"
HERE = {"Origin": "http://localhost"}
SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


@pytest.fixture
def own_server(data_dir: Path, clock: Any, tmp_path: Path) -> Iterator[Flask]:
    """An application on a server of its own, which may be stopped."""
    clock(IN_MARCH)
    address = ensure_server(data_dir)
    base.migrate_database(address, tmp_path)
    app = base.new_app(address, tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def stop_at_once(data_dir: Path) -> None:
    """What `pg_ctl stop -m immediate` does: every session is cut, nothing is written in order."""
    os.kill(int((data_dir / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGQUIT)


@pytest.mark.runtime
def test_a_database_stopped_at_once_during_writes_leaves_whole_saves_and_each_answer_told_the_truth(
    own_server: Flask, data_dir: Path, login: Any
) -> None:
    month = LansMonth()
    answers: list[tuple[str, int, str]] = []
    stopped = threading.Event()

    def write() -> None:
        with own_server.app_context():
            client = login(own_server.test_client(), month.username)
            version = month.report.version
            db.session.remove()
            for number in range(100_000):
                done = str(1 + number % 4)
                answer = client.post(month.url("draft"), data=month.draft(done, version), headers=HERE)
                answers.append((done, answer.status_code, answer.text if answer.status_code == 503 else ""))
                if answer.status_code == 302:
                    version += 1
                if stopped.is_set():
                    break
            db.session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    while len(answers) < 5:
        time.sleep(0.01)
    stop_at_once(data_dir)
    while answers[-1][1] != 503:
        time.sleep(0.01)
    stopped.set()
    writer.join(20)
    failed = [page for _done, code, page in answers if code != 302]
    assert {code for _done, code, _page in answers} == {302, 503}
    assert all(any(truth in page for truth in (NOT_SAVED, UNKNOWN, SAVED)) for page in failed)

    ensure_server(data_dir)  # the same application, not started again
    saved = sum(code == 302 for _done, code, _page in answers)
    unknown = sum(UNKNOWN in page or SAVED in page for page in failed)
    version = month.report.version
    assert 1 + saved <= version <= 1 + saved + unknown
    assert month.events("report.saved") == version - 1
    if not unknown:
        assert month.done == [done for done, code, _page in answers if code == 302][-1]
    client = login(own_server.test_client(), month.username)
    assert client.post(month.url("draft"), data=month.draft("2"), headers=HERE).status_code == 302
    assert month.done == "2"


@pytest.mark.runtime
def test_while_the_database_is_away_pages_scripts_and_health_answer_without_it(
    own_server: Flask, data_dir: Path, login: Any
) -> None:
    month = LansMonth()
    client = login(own_server.test_client(), month.username)
    form = month.draft("3") | {"line-1-note": "<b>đang gõ</b>"}
    assert admin(own_server, "/readyz") == 200
    db.session.remove()
    stop_at_once(data_dir)
    page = client.get(month.url("")[:-1])
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert "Cơ sở dữ liệu không trả lời." in page.text
    assert "Gửi lại" not in page.text
    typed = client.post(month.url("draft"), data=form, headers=HERE)
    assert typed.status_code == 503
    assert NOT_SAVED in typed.text
    assert '<input type="hidden" name="line-1-note" value="&lt;b&gt;đang gõ&lt;/b&gt;">' in typed.text
    assert f'action="{month.url("draft")}"' in typed.text
    script = client.post(month.url("draft"), data=form, headers=SCRIPT)
    assert (script.status_code, script.headers["Retry-After"]) == (503, "30")
    assert NOT_SAVED in script.json["message"]
    assert admin(own_server, "/healthz") == 200
    assert admin(own_server, "/readyz") == 503
    assert client.get("/nowhere").status_code in (404, 503)


def test_with_no_connection_free_the_answer_is_503_with_a_time_and_health_stays_live(
    month: LansMonth, again: Callable[..., Any], login: Any
) -> None:
    pool = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2}
    form = month.draft("2")
    with again(SQLALCHEMY_ENGINE_OPTIONS=pool) as app:
        client = login(app.test_client(), month.username)
        with app.app_context(), db.engine.connect():
            page = client.post(month.url("draft"), data=form)
            assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
            assert NOT_SAVED in page.text
            assert admin(app, "/healthz") == 200
            assert admin(app, "/readyz") == 503
        assert admin(app, "/readyz") == 200
        assert client.post(month.url("draft"), data=form).status_code == 302
    assert month.done == "2"


def test_a_slow_statement_of_a_page_is_stopped_and_one_of_a_job_is_not(
    month: LansMonth, again: Callable[..., Any], login: Any
) -> None:
    form = month.draft("2")
    with again(STATEMENT_SECONDS=1) as app:
        client = login(app.test_client(), month.username)
        with db.engine.connect() as slow:
            slow.execute(text("select id from report where id = :id for update"), {"id": month.report_id})
            page = client.post(month.url("draft"), data=form)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
        assert "chạy quá lâu nên đã bị dừng" in page.text
        assert NOT_SAVED in page.text
        with app.app_context():
            assert db.session.scalar(text("show statement_timeout")) == "0"
    assert month.done == "0"


def test_a_deadlock_is_repeated_unseen(month: LansMonth, lan: FlaskClient, fresh_database: Flask) -> None:
    form = month.draft("3")
    with owner_of(fresh_database).connect() as other:
        other.execute(text("set local deadlock_timeout = '60s'"))  # so that the request is the one undone
        other.execute(text("update work_item set note = 'x' where id = :id"), {"id": month.item_id})
        codes: list[int] = []

        def send() -> None:
            with fresh_database.app_context():
                codes.append(lan.post(month.url("draft"), data=form).status_code)

        sending = threading.Thread(target=send)
        sending.start()
        while not _waiting():
            time.sleep(0.02)
        other.execute(text("select id from report where id = :id for update"), {"id": month.report_id})
        other.commit()
    sending.join(20)
    assert codes == [302]
    assert (month.done, month.report.version, month.events("report.saved")) == ("3", 2, 1)


def _waiting() -> bool:
    with db.engine.connect() as connection:
        return bool(
            connection.scalar(
                text(
                    "select count(*) from pg_stat_activity"
                    " where datname = current_database() and wait_event_type = 'Lock'"
                )
            )
        )


def collide(app: Flask, times: int) -> None:
    """The database refuses to serialize so many attempts to change a sheet."""
    with owner_of(app).begin() as owner:
        owner.execute(text("create sequence attempts"))
        owner.execute(text(f"grant usage, select on sequence attempts to {APP_ROLE}"))
        owner.execute(
            text(
                "create function collide() returns trigger language plpgsql as $$ begin"
                f" if nextval('attempts') <= {times} then raise exception 'collision' using errcode = '40001'; end if;"
                " return new; end $$"
            )
        )
        owner.execute(
            text("create trigger collide before update on report for each row execute function collide()")
        )


def attempts() -> int:
    return db.session.scalar(text("select last_value from attempts"))


def test_three_collisions_are_repeated_and_the_fourth_attempt_stands(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask
) -> None:
    collide(fresh_database, 3)
    assert lan.post(month.url("draft"), data=month.draft("3")).status_code == 302
    assert (attempts(), month.done, month.events("report.saved")) == (4, "3", 1)


def test_who_collides_four_times_is_told_and_nothing_is_saved(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask
) -> None:
    collide(fresh_database, 99)
    page = lan.post(month.url("draft"), data=month.draft("3"), headers=HERE)
    assert (page.status_code, page.headers["Retry-After"], attempts()) == (503, "5", 4)
    assert "có người khác đang sửa các dữ liệu này" in page.text
    assert NOT_SAVED in page.text
    assert "Gửi lại" in page.text
    assert (month.done, month.report.version) == ("0", 1)


def test_a_fault_after_the_commit_says_that_it_was_saved_and_offers_no_second_sending(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask
) -> None:
    view = fresh_database.view_functions["reports.draft"]

    def cut_after(**given: Any) -> Any:
        view(**given)
        db.session.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    fresh_database.view_functions["reports.draft"] = cut_after
    page = lan.post(month.url("draft"), data=month.draft("3"), headers=HERE)
    assert page.status_code == 503
    assert SAVED in page.text
    assert "Gửi lại" not in page.text
    assert month.done == "3"
