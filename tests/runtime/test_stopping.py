"""Told to end, a server answers what it has begun and a worker gives back what it holds; two ports, one log."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text

from evaluation import jobs, logs
from evaluation.extensions import db
from evaluation.models import Job, JobChunk, JobState
from evaluation.services import rollups

from .conftest import CHECKOUT, wait_for
from .test_jobs import MARCH, _lock_of_chunk, bell, broker_of, office_with_many, state_of, states  # noqa: F401

pytestmark = pytest.mark.runtime
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(port: int, path: str, seconds: float = 30) -> tuple[int, str]:
    try:
        with OPENER.open(f"http://127.0.0.1:{port}{path}", timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def two_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def settings_of(app: Flask, folder: Path) -> dict[str, str]:
    address = app.config["SQLALCHEMY_DATABASE_URI"]
    return os.environ | {
        "DATABASE_URL": address,
        "BROKER_URL": broker_of(app),
        "DATA_DIR": str(folder),
        "SECRET_KEY": "only for tests " * 3,
        "PYTHONUNBUFFERED": "1",
        "C_FORCE_ROOT": "1",
    }


@contextmanager
def running(log: Path, environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def site(fresh_database: Flask, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, int, Path]]:
    """The site as systemd starts it, with JSON lines, on two ports of this test."""
    port, admin_port = two_ports()
    log = tmp_path / "site.log"
    environment = settings_of(fresh_database, tmp_path / "site") | {
        "PORT": str(port), "ADMIN_PORT": str(admin_port), "LOG_FORMAT": "json",
    }  # fmt: skip
    with running(
        log, environment, "gunicorn", "-c", "python:evaluation.server", "tests.runtime.slow_wsgi:app"
    ) as process:
        wait_for(lambda: answers(port), "the site", seconds=60)
        yield process, port, admin_port, log


def answers(port: int) -> bool:
    try:
        return fetch(port, "/login")[0] == 200
    except OSError:
        return False


def test_each_port_serves_its_own_and_the_processes_count_together(
    site: tuple[subprocess.Popen[bytes], int, int, Path], tmp_path: Path
) -> None:
    process, port, admin_port, log = site
    assert [fetch(admin_port, path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    assert fetch(admin_port, "/login")[0] == fetch(admin_port, "/")[0] == 404
    assert [fetch(port, path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [404] * 3
    before = counted(admin_port)
    threads = [threading.Thread(target=fetch, args=(port, "/login?name=Lan")) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counted(admin_port) - before == 40
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len([line for line in lines if line.get("route") == "/login"]) >= 40
    assert not any("Lan" in json.dumps(line) for line in lines)
    assert len({line["request_id"] for line in lines if line.get("status")}) >= 40
    worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    os.kill(worker, signal.SIGKILL)  # what it counted stays
    wait_for(lambda: counted(admin_port) >= before + 40, "the count after a worker's death")


def counted(admin_port: int) -> int:
    try:
        found = re.search(
            r'^cong_tam_requests_total\{method="GET",route="/login",status="200"\} (\S+)',
            fetch(admin_port, "/metrics")[1],
            re.MULTILINE,
        )
    except OSError:
        return 0
    return int(float(found.group(1))) if found else 0


def test_a_server_told_to_end_answers_what_it_has_begun_and_takes_no_more(
    site: tuple[subprocess.Popen[bytes], int, int, Path],
) -> None:
    process, port, admin_port, _log = site
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.append(fetch(port, "/login?slow=5")[0]))
    thread.start()
    time.sleep(1)
    process.terminate()
    wait_for(lambda: not answers(port), "the site to close its door", seconds=5)
    with pytest.raises(OSError):
        fetch(admin_port, "/readyz", seconds=2)
    assert got == [], "the request is still being answered"
    thread.join(20)
    assert got == [200]
    assert process.wait(10) == 0


@pytest.fixture
def blocked(
    fresh_database: Flask,
    bell: None,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[int, Connection]]:
    """A job of many pieces whose sixth stands still until the lock is given back."""
    office_with_many(30)
    monkeypatch.setattr(rollups, "SHEETS_A_CHUNK", 2)
    blocker = db.engine.connect()
    blocker.execute(
        text("select pg_advisory_lock(hashtextextended(:what, 335))"), {"what": _lock_of_chunk(5)}
    )
    yield rollups.ask_for(None, MARCH).id, blocker
    blocker.close()


WORKER = (
    "celery", "-A", "evaluation.celery_app", "--quiet", "worker", "--loglevel", "info", "--concurrency", "1",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
)  # fmt: skip


def begun(job_id: int) -> bool:
    return states(job_id).get(JobState.DONE, 0) >= 5 and states(job_id).get(JobState.RUNNING, 0) == 1


def leases(job_id: int) -> list[JobChunk]:
    db.session.rollback()
    query = select(JobChunk).where(JobChunk.job_id == job_id, JobChunk.leased_by.is_not(None))
    return list(db.session.scalars(query))


def test_a_worker_told_to_end_finishes_its_piece_and_takes_no_other(
    blocked: tuple[int, Connection], fresh_database: Flask, tmp_path: Path
) -> None:
    job_id, blocker = blocked
    with running(tmp_path / "log", settings_of(fresh_database, tmp_path / "worker"), *WORKER) as worker:
        wait_for(lambda: begun(job_id), "the worker to reach the middle", seconds=60)
        worker.terminate()
        time.sleep(1)
        blocker.execute(text("select pg_advisory_unlock_all()"))
        assert worker.wait(20) == 0
    assert states(job_id)[JobState.DONE] == 6
    assert leases(job_id) == []
    assert state_of(job_id) is JobState.RUNNING


def test_a_worker_whose_time_is_over_gives_its_piece_back_at_once_and_another_goes_on(
    blocked: tuple[int, Connection], fresh_database: Flask, tmp_path: Path
) -> None:
    job_id, blocker = blocked
    environment = settings_of(fresh_database, tmp_path / "worker") | {"STOP_SECONDS": "1"}
    with running(tmp_path / "log", environment, *WORKER) as worker:
        wait_for(lambda: begun(job_id), "the worker to reach the middle", seconds=60)
        told = time.monotonic()
        worker.terminate()
        wait_for(lambda: leases(job_id) == [], "the lease to be given back", seconds=15)
        assert time.monotonic() - told < 10
        worker.wait(20)
    assert states(job_id)[JobState.DONE] == 5
    assert set(db.session.scalars(select(JobChunk.attempts).where(JobChunk.job_id == job_id))) == {0, 1}
    blocker.execute(text("select pg_advisory_unlock_all()"))
    with running(tmp_path / "next", environment, *WORKER):
        wait_for(lambda: state_of(job_id) is JobState.DONE, "the next worker to end the job", seconds=60)


def test_every_line_of_a_task_carries_the_request_that_asked_for_it(
    fresh_database: Flask,
    bell: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office_with_many(2)
    asked_by = logs.begin_request()
    job = rollups.ask_for(None, MARCH)
    job_id = job.id
    assert db.session.get_one(Job, job_id).request_id == asked_by
    logs.begin_task(None)
    log = tmp_path / "log"
    environment = settings_of(fresh_database, tmp_path / "worker") | {"LOG_FORMAT": "json"}
    with running(log, environment, *WORKER):
        wait_for(lambda: state_of(job_id) is JobState.DONE, "the job", seconds=60)
        done = re.compile(rf"Task {re.escape(jobs.RUN_JOB)}\[[^]]*\] succeeded in")
        wait_for(lambda: done.search(log.read_text()) is not None, "its line")
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"
    ]
    of_task = [
        line
        for line in lines
        if "chunks done here" in line["message"]
        or ("succeeded in" in line["message"] and jobs.RUN_JOB in line["message"])
    ]
    assert len(of_task) >= 2
    assert {line.get("request_id") for line in of_task} == {asked_by}
