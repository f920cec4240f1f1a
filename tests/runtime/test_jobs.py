"""Jobs with real workers: killed in the middle, rung ten times, found again when the broker forgot."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from kombu import Connection
from sqlalchemy import func, select, text, update

import config
from evaluation import jobs as doorbell
from evaluation.extensions import db
from evaluation.models import Job, JobChunk, JobState, PersonMonth, PersonSpan, UnitMonth, UnitSpan
from evaluation.queries import jobs as queries
from evaluation.rules.periods import Month
from evaluation.services import job_kinds, jobs, rollups
from evaluation.services.job_kinds import Kind, Piece
from tests import factories
from tests.services.test_rollups import confirmed

from .conftest import CHECKOUT, wait_for

pytestmark = pytest.mark.runtime
MARCH = Month(2026, 3)
WORKER_OPTIONS = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
WORKER = ["celery", "-A", "evaluation.celery_app", "--quiet", "worker", "--pool", "solo", *WORKER_OPTIONS]


def office_with_many(number: int) -> None:
    """So many officials of one division, each with a confirmed sheet of three lines."""
    office = factories.office()
    for index in range(number):
        own = factories.assignment(factories.person(f"Người {index}"), office.division)
        report = factories.report(
            own, supervising=office.division, confirming=office.department, agency=office.department
        )
        for line in range(3):
            factories.item(report, assigned="3", done=str((index + line) % 4), coefficient="1.5")
        confirmed(report, office.thu, str(10 + index % 20))
    db.session.commit()


def everything() -> list[Any]:
    result: list[Any] = []
    for table in (PersonMonth, UnitMonth, PersonSpan, UnitSpan):
        columns = [column for column in table.__table__.columns if column.name != "rolled_up_at"]
        result.append(sorted(map(repr, db.session.execute(select(*columns)))))
    db.session.rollback()
    return result


def forget_everything() -> None:
    for table in (PersonMonth, UnitMonth, PersonSpan, UnitSpan):
        db.session.execute(table.__table__.delete())
    db.session.commit()


def broker_of(app: Flask) -> str:
    """The database itself, or the Redis or RabbitMQ that `make test-services` has started."""
    own = config.database_broker(app.config["SQLALCHEMY_DATABASE_URI"])
    return os.environ.get("TEST_BROKER_URL") or own


@pytest.fixture
def worker(fresh_database: Flask, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a worker on the test's database, with its broker in the same database."""
    address = fresh_database.config["SQLALCHEMY_DATABASE_URI"]
    environment = os.environ | {
        "DATABASE_URL": address,
        "BROKER_URL": broker_of(fresh_database),
        "DATA_DIR": str(tmp_path / "worker"),
        "SECRET_KEY": "only for tests " * 3,
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *WORKER],
                cwd=CHECKOUT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@pytest.fixture
def bell(fresh_database: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of the test go to the broker that the worker listens to."""
    from evaluation.extensions import celery
    from evaluation.tasks import _transport_options

    broker = broker_of(fresh_database)
    options = _transport_options(broker)
    if "TEST_BROKER_URL" in os.environ:
        with Connection(broker, transport_options=options) as connection:  # what earlier tests left
            connection.default_channel.queue_delete("celery")

    def ring(name: str, arguments: dict[str, Any]) -> None:
        with Connection(broker, transport_options=options) as connection:
            celery.send_task(
                name,
                kwargs=arguments,
                connection=connection,
                retry=False,
                ignore_result=True,
                headers=doorbell.asked_by(),
            )

    monkeypatch.setattr(doorbell, "ring", ring)


def states(job_id: int) -> dict[JobState, int]:
    rows = db.session.execute(
        select(JobChunk.state, func.count()).where(JobChunk.job_id == job_id).group_by(JobChunk.state)
    ).all()
    db.session.rollback()
    return {row[0]: row[1] for row in rows}


def state_of(job_id: int) -> JobState:
    db.session.rollback()
    return db.session.scalar(select(Job.state).where(Job.id == job_id))


def test_a_worker_killed_in_the_middle_and_started_again_gives_the_totals_of_an_undisturbed_run(
    fresh_database: Flask,
    bell: None,
    worker: Callable[[], subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office_with_many(60)
    rollups.run_month_now(MARCH)
    undisturbed = everything()
    forget_everything()
    monkeypatch.setattr(rollups, "SHEETS_A_CHUNK", 2)
    # One sheet is held by somebody: the worker stands still in the middle of the chunk that must read it.
    blocker = db.engine.connect()
    blocker.execute(
        text("select pg_advisory_lock(hashtextextended(:what, 335))"), {"what": _lock_of_chunk(20)}
    )
    job = rollups.ask_for(None, MARCH)
    job_id = job.id
    first = worker()
    wait_for(lambda: states(job_id).get(JobState.DONE, 0) >= 20, "the worker to reach the middle")
    time.sleep(0.3)
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    blocker.execute(text("select pg_advisory_unlock_all()"))
    blocker.close()
    middle = states(job_id)
    assert middle[JobState.DONE] == 20
    assert middle[JobState.RUNNING] == 1
    assert state_of(job_id) is JobState.RUNNING
    assert queries.left_alone() == [job_id]
    _time_passes()
    worker()
    jobs.resume()
    wait_for(lambda: state_of(job_id) is JobState.DONE, "the job to end")
    assert everything() == undisturbed
    attempts = db.session.scalars(select(JobChunk.attempts).where(JobChunk.job_id == job_id)).all()
    assert sorted(attempts)[-2:] == [1, 2], "only the chunk in hand was begun twice"


def _lock_of_chunk(number: int) -> str:
    from evaluation.models import Period
    from evaluation.queries import rollups as sets

    period = db.session.scalars(select(Period)).one()
    found = f"person_month:{period.id}:{sets.sheet_ranges(period.id, 2)[number].first}"
    db.session.rollback()
    return found


def _time_passes() -> None:
    """The leases of the dead run out."""
    db.session.execute(
        update(JobChunk)
        .where(JobChunk.state == JobState.RUNNING)
        .values(leased_until=func.now() - text("interval '1 second'"))
    )
    db.session.commit()


def test_a_job_whose_message_was_lost_with_the_broker_is_found_again(
    fresh_database: Flask, enqueued: list[tuple[str, dict[str, Any]]]
) -> None:
    office_with_many(3)
    job = rollups.ask_for(None, MARCH)
    enqueued.clear()  # the broker was wiped
    assert jobs.resume() == [job.id]
    assert enqueued == [(doorbell.RUN_JOB, {"job_id": job.id})]
    jobs.run(job.id)
    assert jobs.resume() == []


def test_the_same_message_ten_times_has_one_effect(fresh_database: Flask, enqueued: list[Any]) -> None:
    office_with_many(3)
    job = rollups.ask_for(None, MARCH)
    done = [jobs.run(job.id) for _ in range(10)]
    assert done[0] == 7
    assert sum(done[1:]) == 0
    attempts = db.session.scalars(select(JobChunk.attempts).where(JobChunk.job_id == job.id)).all()
    assert attempts == [1] * 7


def test_the_same_request_while_it_is_alive_is_the_same_job(
    fresh_database: Flask, enqueued: list[Any]
) -> None:
    office_with_many(2)
    first, second = rollups.ask_for(None, MARCH), rollups.ask_for(None, MARCH)
    assert first.id == second.id
    jobs.run(first.id)
    assert rollups.ask_for(None, MARCH).id != first.id


@pytest.fixture
def failing() -> Iterator[dict[str, Any]]:
    """A kind whose only piece fails as often as told."""
    fate: dict[str, Any] = {"failures": 0, "runs": 0}

    def run(_arguments: dict[str, Any], _piece: dict[str, Any]) -> None:
        fate["runs"] += 1
        db.session.execute(text("create temporary table if not exists half_done (id int)"))
        if fate["runs"] <= fate["failures"]:
            raise RuntimeError("the disk is full")

    job_kinds.register(Kind("test.failing", "Test", lambda _a: [Piece(1, "the only piece", {})], run))
    yield fate
    del job_kinds.KINDS["test.failing"]


def test_a_chunk_that_fails_twice_succeeds_at_the_third_attempt(
    fresh_database: Flask, enqueued: list[Any], failing: dict[str, Any]
) -> None:
    failing["failures"] = 2
    job = jobs.ask(None, "test.failing", {})
    jobs.run(job.id)
    assert (state_of(job.id), failing["runs"]) == (JobState.DONE, 3)


def test_a_chunk_that_fails_three_times_ends_the_job_with_a_sentence(
    fresh_database: Flask, enqueued: list[Any], failing: dict[str, Any]
) -> None:
    failing["failures"] = 9
    job = jobs.ask(None, "test.failing", {})
    jobs.run(job.id)
    jobs.run(job.id)
    db.session.refresh(job)
    assert (job.state, failing["runs"]) == (JobState.FAILED, 3)
    assert "the disk is full" in job.error
    assert "the only piece" in job.error
    assert jobs.resume() == []


def test_a_chunk_whose_worker_dies_three_times_ends_the_job(
    fresh_database: Flask, enqueued: list[Any], failing: dict[str, Any]
) -> None:
    job = jobs.ask(None, "test.failing", {})
    for _ in range(3):
        assert queries.take(job.id, "a worker that dies", 60) is not None
        db.session.commit()
        assert queries.take(job.id, "another", 60) is None, "a lease holds"
        _time_passes()
    assert jobs.resume() == []
    db.session.refresh(job)
    assert job.state is JobState.FAILED
    assert failing["runs"] == 0


def test_a_slow_worker_is_not_taken_for_a_dead_one(
    fresh_database: Flask, enqueued: list[Any], failing: dict[str, Any]
) -> None:
    job = jobs.ask(None, "test.failing", {})
    taken = queries.take(job.id, "slow", 0)
    db.session.commit()
    assert taken is not None
    with db.engine.connect() as slow:
        slow.execute(text("select id from job_chunk where id = :id for update"), {"id": taken.id})
        assert queries.take(job.id, "quick", 60) is None
        db.session.rollback()
    assert queries.take(job.id, "quick", 60) is not None


def test_steps_wait_for_the_steps_before(fresh_database: Flask, enqueued: list[Any]) -> None:
    office_with_many(3)
    job = rollups.ask_for(None, MARCH)
    assert queries.take(job.id, "one", 60).step == 1
    db.session.commit()
    assert queries.take(job.id, "two", 60) is None
    assert date(2026, 3, 1) == MARCH.first_day
