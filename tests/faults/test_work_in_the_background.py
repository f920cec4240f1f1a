"""11, 12 and 13: messages that come too late, a broker that is away, a broker that lost its tables."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from evaluation import clock as clock_module
from evaluation import jobs as doorbell
from evaluation.extensions import celery, db
from evaluation.models import Job, JobState, Period, PersonMonth, Report
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import jobs, periods, rollups
from evaluation.tasks import periods as month_tasks
from tests import factories
from tests.faults.conftest import LansMonth
from tests.runtime.conftest import wait_for
from tests.runtime.test_jobs import office_with_many, state_of

MARCH = Month(2026, 3)
DEAF = "sqla+postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def people_months() -> list[tuple[Any, ...]]:
    columns = [column for column in PersonMonth.__table__.columns if column.name != "rolled_up_at"]
    found = [tuple(row) for row in db.session.execute(select(*columns).order_by(PersonMonth.report_id))]
    db.session.rollback()
    return found


def home_affairs(month: LansMonth, app: Flask, login: Any) -> FlaskClient:
    clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.account(clerk, username="noivu", roles=[(Role.HOME_AFFAIRS, month.office.province)])
    db.session.commit()
    return login(app.test_client(), "noivu")


def test_a_message_to_open_a_month_that_was_closed_meanwhile_adds_nothing(month: LansMonth) -> None:
    db.session.execute(update(Period).values(closed_at=clock_module.now()))
    db.session.commit()
    before = db.session.scalar(select(func.count(Report.id)))
    month_tasks.open_month("2026-03")
    month_tasks.open_month("2026-03")
    assert db.session.scalar(select(func.count(Report.id))) == before
    assert periods.current() is None


def test_the_message_of_a_roll_up_that_was_overtaken_by_a_newer_one_changes_nothing(
    fresh_database: Flask, enqueued: list[Any]
) -> None:
    office_with_many(3)
    old = rollups.ask_for(None, MARCH)
    jobs.run(old.id)
    db.session.execute(  # the month is opened again for one sheet
        update(Report)
        .where(Report.id == select(func.min(Report.id)).scalar_subquery())
        .values(state=ReportState.SCORED, confirmed_at=None, confirmed_by=None)
    )
    db.session.commit()
    new = rollups.ask_for(None, MARCH)
    assert new.id != old.id
    jobs.run(new.id)
    figures = people_months()
    assert jobs.run(old.id) == 0
    assert people_months() == figures
    assert state_of(old.id) is JobState.DONE


def test_a_message_for_a_job_that_failed_or_is_gone_does_nothing(
    fresh_database: Flask, enqueued: list[Any]
) -> None:
    office_with_many(2)
    job = rollups.ask_for(None, MARCH)
    job.state, job.finished_at, job.error = JobState.FAILED, clock_module.now(), "x"
    db.session.commit()
    assert jobs.run(job.id) == 0
    assert jobs.run(job.id + 1000) == 0
    assert people_months() == []


def test_with_the_broker_away_submitting_works_and_work_asked_for_is_done_once_it_is_back(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery.conf, "broker_url", DEAF)
    answer = lan.post(month.url("submit"), data=month.submission())
    assert (answer.status_code, answer.location) == (302, month.url("submitted"))
    assert month.report.state is ReportState.SUBMITTED
    asked = home_affairs(month, fresh_database, login).post("/jobs/rollups", data={"month": "2026-03"})
    assert asked.status_code == 303
    job = db.session.scalars(select(Job)).one()
    assert job.state is JobState.QUEUED
    assert jobs.resume() == [job.id]  # still nobody hears it
    heard: list[int] = []
    monkeypatch.setattr(doorbell, "ring", lambda _name, arguments: heard.append(arguments["job_id"]))
    assert jobs.resume() == heard == [job.id]
    jobs.run(heard[0])
    assert state_of(job.id) is JobState.DONE


@pytest.mark.runtime
def test_a_broker_whose_tables_are_dropped_while_everybody_uses_it_is_made_again_and_the_work_is_done(
    fresh_database: Flask, bell: None, worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    office_with_many(3)
    doorbell.ring(doorbell.RESUME_JOBS, {})  # this process knows the tables
    process = worker()
    wait_for(lambda: messages_waiting() == 0, "the worker to listen")
    drop_broker()
    job = rollups.ask_for(None, MARCH)
    drop_broker()
    assert state_of(job.id) in (JobState.QUEUED, JobState.RUNNING, JobState.DONE)
    jobs.resume()
    wait_for(lambda: state_of(job.id) is JobState.DONE, "the worker that lived through it", seconds=60)
    assert process.poll() is None
    assert len(people_months()) == 3


def drop_broker() -> None:
    db.session.execute(text("drop table if exists broker.kombu_message, broker.kombu_queue"))
    db.session.execute(text("drop sequence if exists broker.message_id_sequence, broker.queue_id_sequence"))
    db.session.commit()


def messages_waiting() -> int | None:
    if db.session.scalar(text("select to_regclass('broker.kombu_message')")) is None:
        return None
    waiting = db.session.scalar(text("select count(*) from broker.kombu_message where visible"))
    db.session.rollback()
    return waiting
