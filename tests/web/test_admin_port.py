"""Liveness, readiness, metrics and the lines of the log, as whoever watches the server sees them."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import Client, TestResponse

from evaluation import logs, stopping
from evaluation.extensions import celery, db
from evaluation.models import Account
from evaluation.services import jobs, pulses, readiness
from tests import factories
from tests.conftest import OwnContextClient, create_app, owner_of, settings_for

DEAF = "sqla+postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def asked(app: Flask, path: str, **more: Any) -> TestResponse:
    db.session.commit()
    return Client(app.extensions["admin_site"]).open(path, **more)


def checks(app: Flask) -> tuple[int, str, dict[str, str]]:
    found = asked(app, "/readyz")
    said = json.loads(found.text)
    assert said["ready"] == (found.status_code == 200)
    return found.status_code, said["state"], {name: one["state"] for name, one in said["checks"].items()}


def test_a_site_in_order_is_ready_once_its_reconciler_and_sealer_have_been_seen(
    fresh_database: Flask,
) -> None:
    code, state, found = checks(fresh_database)
    assert (code, state, found["reconciler"], found["seal"]) == (200, "degraded", "degraded", "degraded")
    jobs.resume()
    assert checks(fresh_database)[2]["reconciler"] == "ok"
    assert {found[name] for name in ("process", "database", "schema", "clock", "disk", "broker")} == {"ok"}


def test_a_broker_that_is_away_degrades_and_turns_nobody_away(
    fresh_database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery.conf, "broker_url", DEAF)
    code, state, found = checks(fresh_database)
    assert (code, state, found["broker"]) == (200, "degraded", "degraded")


def test_a_database_of_another_revision_is_not_served(fresh_database: Flask) -> None:
    with owner_of(fresh_database).begin() as owner:
        owner.execute(text("update alembic_version set version_num = '0001'"))
    code, _state, found = checks(fresh_database)
    assert (code, found["schema"]) == (503, "failed")


def test_a_clock_that_is_wrong_and_a_full_disk_turn_traffic_away(
    fresh_database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LOW_DISK", 2**60)
    assert checks(fresh_database)[2]["disk"] == "degraded"
    monkeypatch.setattr(readiness, "NO_DISK", 2**60)
    assert checks(fresh_database)[2]["disk"] == "failed"
    monkeypatch.setattr(readiness, "WRONG_CLOCK", -1)
    monkeypatch.setattr(readiness, "MOST_SKEW", -2)
    assert checks(fresh_database)[2]["clock"] == "failed"


def test_a_process_that_was_asked_to_end_is_alive_and_no_longer_ready(
    fresh_database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "_others", [lambda: True])
    assert asked(fresh_database, "/healthz").status_code == 200
    assert checks(fresh_database) == (503, "failed", {"process": "failed"})


def test_the_admin_port_serves_three_addresses_and_only_to_be_read(fresh_database: Flask) -> None:
    assert [asked(fresh_database, path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [
        200
    ] * 3
    assert [asked(fresh_database, path).status_code for path in ("/", "/login", "/static/app.css")] == [
        404
    ] * 3
    assert asked(fresh_database, "/metrics", method="POST").status_code == 405
    assert asked(fresh_database, "/healthz", method="HEAD").data == b""


def test_no_header_opens_the_admin_port_from_the_sites_own(fresh_database: Flask) -> None:
    fresh_database.config["ADMIN_PORT"] = 8001
    tries: list[dict[str, Any]] = [
        {"headers": {"Host": "127.0.0.1:8001", "X-Forwarded-Port": "8001", "X-Forwarded-Host": "x:8001"}},
        {"base_url": "http://127.0.0.1:8001/"},
        {"environ_overrides": {"SERVER_PORT": "8001"}},
    ]
    client = fresh_database.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        assert {client.get(path, **one).status_code for one in tries} == {404}
    with socket.socket() as listening, socket.socket() as visitor:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        visitor.connect(listening.getsockname())
        connection, _ = listening.accept()
        with connection:
            fresh_database.config["ADMIN_PORT"] = listening.getsockname()[1]
            by_socket = {"gunicorn.socket": connection}
            assert client.get("/healthz", environ_overrides=by_socket).json == {"alive": True}
            assert client.get("/login", environ_overrides=by_socket).status_code == 404


def sample(app: Flask, name: str, **labels: str) -> float:
    """One number of /metrics, 0 while it is not there."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    for line in asked(app, "/metrics").text.splitlines():
        if line.startswith(name) and all(part in line for part in wanted) and line[len(name)] in " {":
            return float(line.rpartition(" ")[2])
    return 0.0


def test_requests_are_counted_by_the_template_of_their_address(
    fresh_database: Flask, login: Callable[..., Any]
) -> None:
    office = factories.office()
    db.session.commit()
    client = login(fresh_database.test_client(), office.lan)
    before = sample(fresh_database, "cong_tam_requests_total", route="/reports/<int:report_id>", status="404")
    for number in (10**6, 10**6 + 1):
        client.get(f"/reports/{number}")
    client.get("/nowhere/<script>")
    after = sample(fresh_database, "cong_tam_requests_total", route="/reports/<int:report_id>", status="404")
    assert after - before == 2
    assert "<script>" not in asked(fresh_database, "/metrics").text


def test_refused_sign_ins_and_denied_actions_are_counted(
    fresh_database: Flask, login: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    office = factories.office()
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    stranger = factories.person("Người ngoài")
    factories.account(stranger)
    db.session.commit()
    names = ("cong_tam_sign_in_failures_total", "cong_tam_denied_total")
    before = [sample(fresh_database, name) for name in names]
    fresh_database.test_client().post("/login", data={"username": "lan", "password": "wrong wrong wrong"})
    login(fresh_database.test_client(), stranger).get(f"/reports/{report.id}")
    assert [sample(fresh_database, name) for name in names] == [number + 1 for number in before]


def test_what_waits_and_what_failed_stands_in_the_metrics(fresh_database: Flask) -> None:
    pulses.leave(pulses.BACKUP, succeeded=False, detail="no room")
    db.session.commit()
    assert sample(fresh_database, "cong_tam_database_up") == 1
    assert sample(fresh_database, "cong_tam_last_run_succeeded", of="backup.create") == 0
    assert 0 < sample(fresh_database, "cong_tam_last_run_age_seconds", of="backup.create") < 60
    assert 'cong_tam_letters{state="WAITING"} 0.0' in asked(fresh_database, "/metrics").text


# The log


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The JSON lines written since the last look."""
    logs.configure("json")
    capsys.readouterr()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure("text")


def test_a_page_leaves_one_line_that_names_no_person_and_no_query(
    fresh_database: Flask, login: Callable[..., Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    office = factories.office()
    db.session.commit()
    client = login(fresh_database.test_client(), office.lan)
    account = db.session.query(Account).filter_by(person_id=office.lan.id).one()
    lines()
    answer = client.get("/?q=012345678901&name=Lan")
    (line,) = lines()
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["user_id"] == account.id
    assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "/", 200, "INFO")
    assert line["milliseconds"] > 0
    assert line["time"].endswith("+00:00")
    whole = json.dumps(line, ensure_ascii=False)
    for secret in ("012345678901", account.username, office.lan.full_name, office.lan.official_number or "-"):
        assert secret not in whole


def test_a_line_break_in_a_message_does_not_make_a_second_line(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    logging.getLogger("evaluation.x").warning("denied\n%s", '{"level": "INFO", "message": "forged"}\r\n')
    (line,) = lines()
    assert line["message"] == 'denied\n{"level": "INFO", "message": "forged"}\r\n'


def test_a_terminal_shows_no_second_line_either(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text")
    capsys.readouterr()
    logging.getLogger("evaluation.x").warning("denied\nINFO forged\r")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING evaluation.x denied\\nINFO forged\\r")


def test_a_fault_of_the_program_is_logged_once_under_the_code_that_its_page_shows(
    fresh_database: Flask, login: Callable[..., Any], lines: Callable[[], list[dict[str, Any]]], tmp_path: Any
) -> None:
    office = factories.office()
    db.session.commit()
    app = create_app(
        settings_for(fresh_database.config["OWNER_DATABASE_URI"], tmp_path) | {"PROPAGATE_EXCEPTIONS": False}
    )
    app.test_client_class = OwnContextClient
    app.add_url_rule("/breaks", "breaks", lambda: 1 / 0)
    client = login(app.test_client(), office.lan)
    logs.configure("json")
    lines()
    page = client.get("/breaks")
    assert page.status_code == 500
    found = lines()
    (fault,) = [line for line in found if "exc_info" in line]
    assert "ZeroDivisionError" in fault["exc_info"]
    assert {line["request_id"] for line in found} == {page.headers["X-Request-Id"]}
    assert fault["request_id"] in page.text
    assert [line["status"] for line in found if "status" in line] == [500]
    with app.app_context():
        db.engine.dispose()


def test_a_job_keeps_the_request_that_asked_for_it_and_its_lines_and_events_carry_it(
    fresh_database: Flask, enqueued: list[Any], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    from evaluation.models import AuditEvent, Job
    from evaluation.services import job_kinds
    from evaluation.services.job_kinds import Kind, Piece

    def run(_arguments: dict[str, Any], _piece: dict[str, Any]) -> None:
        logging.getLogger("evaluation.x").warning("here")

    job_kinds.register(Kind("test.telling", "Test", lambda _a: [Piece(1, "one", {})], run))
    try:
        asked_by = logs.begin_request()
        job = jobs.ask(None, "test.telling", {})
        logs.begin_task(None)
        jobs.run(job.id)
    finally:
        del job_kinds.KINDS["test.telling"]
    assert db.session.get_one(Job, job.id).request_id == asked_by
    assert [line["request_id"] for line in lines() if line["message"] == "here"] == [asked_by]
    assert db.session.query(AuditEvent).filter_by(action="job.asked").one().request_id == asked_by
    assert logs.request_id() is None
