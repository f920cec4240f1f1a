"""The doorbell rings after the commit, never for work that was undone, and a deaf broker hurts nobody."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from evaluation import jobs
from evaluation.extensions import celery, db
from evaluation.tasks.schedule import TIMETABLE

Rung = list[tuple[str, dict[str, Any]]]


def write() -> None:
    db.session.execute(text("create temporary table if not exists trace (id int)"))
    db.session.execute(text("insert into trace values (1)"))


def test_the_bell_rings_only_once_the_work_is_committed(fresh_database: Flask, enqueued: Rung) -> None:
    write()
    jobs.enqueue(jobs.RUN_JOB, job_id=7)
    assert enqueued == []
    db.session.commit()
    assert enqueued == [(jobs.RUN_JOB, {"job_id": 7})]
    db.session.commit()
    assert len(enqueued) == 1


def test_work_that_is_undone_rings_no_bell(fresh_database: Flask, enqueued: Rung) -> None:
    write()
    jobs.enqueue(jobs.RUN_JOB, job_id=7)
    db.session.rollback()
    db.session.commit()
    assert enqueued == []


def test_after_the_commit_reading_does_not_hold_the_bell_back(fresh_database: Flask, enqueued: Rung) -> None:
    write()
    db.session.commit()
    db.session.execute(text("select 1"))
    jobs.enqueue(jobs.RESUME_JOBS)
    assert enqueued == [(jobs.RESUME_JOBS, {})]


def test_a_savepoint_is_not_yet_a_commit(fresh_database: Flask, enqueued: Rung) -> None:
    with db.session.begin_nested():
        write()
        jobs.enqueue(jobs.RESUME_JOBS)
    assert enqueued == []
    db.session.commit()
    assert len(enqueued) == 1


def test_a_broker_that_does_not_answer_is_logged_and_stops_nobody(
    fresh_database: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(celery.conf, "broker_url", "sqla+postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    jobs.enqueue(jobs.RESUME_JOBS)
    assert "the broker did not take jobs.resume" in caplog.text


def test_every_name_has_a_worker(fresh_database: Flask) -> None:
    names = {value for name, value in vars(jobs).items() if name.isupper() and isinstance(value, str)} - {
        jobs.WAITING
    }
    assert names - set(celery.tasks) == set()


def test_every_line_of_the_timetable_says_why_then() -> None:
    assert all(entry.why.strip() for entry in TIMETABLE)
    assert len({entry.job for entry in TIMETABLE}) == len(TIMETABLE)
