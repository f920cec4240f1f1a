"""Whatever carries the doorbells: it is emptied, or stopped and started, in the middle; the jobs still end."""

import ssl
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from kombu import Connection
from sqlalchemy import select

from evaluation import jobs as doorbell
from evaluation.extensions import celery, db
from evaluation.models import JobChunk, JobState
from evaluation.services import jobs, rollups
from evaluation.tasks import _encryption, _transport_options

from .conftest import wait_for
from .test_jobs import MARCH, bell, broker_of, everything, office_with_many, state_of, states, worker  # noqa: F401

pytestmark = pytest.mark.runtime


def wipe(app: Flask) -> None:
    """Everything the broker holds is gone: FLUSHALL, a purged queue, or emptied tables."""
    broker = broker_of(app)
    with Connection(broker, transport_options=_transport_options(broker)) as connection:
        channel = connection.default_channel
        if broker.startswith("redis"):
            channel.client.flushall()
        elif broker.startswith("amqp"):
            channel.queue_delete("celery")
        else:
            channel.session.close()
            from tests.faults.test_work_in_the_background import drop_broker

            drop_broker()


def test_a_broker_emptied_in_the_middle_loses_no_work_and_the_totals_are_those_of_an_undisturbed_run(
    fresh_database: Flask,
    bell: None,  # noqa: F811
    worker: Callable[[], subprocess.Popen[bytes]],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office_with_many(40)
    rollups.run_month_now(MARCH)
    undisturbed = everything()
    from .test_jobs import forget_everything

    forget_everything()
    monkeypatch.setattr(rollups, "SHEETS_A_CHUNK", 2)
    job_id = rollups.ask_for(None, MARCH).id
    wipe(fresh_database)  # the first doorbell is lost
    process = worker()
    jobs.resume()
    wait_for(lambda: states(job_id).get(JobState.DONE, 0) >= 3, "the worker to begin", seconds=60)
    wipe(fresh_database)
    end = time.monotonic() + 90
    while state_of(job_id) is not JobState.DONE:
        assert time.monotonic() < end, states(job_id)
        jobs.resume()  # what beat does every 30 seconds
        time.sleep(1)
    assert process.poll() is None
    assert everything() == undisturbed
    assert set(db.session.scalars(select(JobChunk.attempts).where(JobChunk.job_id == job_id))) == {1}


def test_a_message_delivered_ten_times_has_one_effect_whatever_carries_it(
    fresh_database: Flask,
    bell: None,  # noqa: F811
    worker: Callable[[], subprocess.Popen[bytes]],  # noqa: F811
) -> None:
    office_with_many(3)
    job_id = rollups.ask_for(None, MARCH).id
    for _ in range(10):
        doorbell.ring(doorbell.RUN_JOB, {"job_id": job_id})
    worker()
    worker()
    wait_for(lambda: state_of(job_id) is JobState.DONE, "the job", seconds=60)
    time.sleep(1)
    assert set(db.session.scalars(select(JobChunk.attempts).where(JobChunk.job_id == job_id))) == {1}


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://guest:guest@127.0.0.1:1//"])
def test_a_broker_that_is_away_is_noticed_soon_and_stops_nobody(
    fresh_database: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broker: str
) -> None:
    monkeypatch.setattr(celery.conf, "broker_url", broker)
    began = time.monotonic()
    doorbell.enqueue(doorbell.RESUME_JOBS)
    assert time.monotonic() - began < 15
    assert "the broker did not take jobs.resume" in caplog.text


def test_encrypted_brokers_show_a_certificate_that_is_checked() -> None:
    assert _encryption("redis://h/0", "") is None
    assert _encryption("sqla+postgresql+psycopg://h/d", "") is None
    over_redis: dict[str, Any] = _encryption("rediss://h:6379/0", "/etc/ca.pem") or {}
    assert over_redis == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": "/etc/ca.pem"}
    over_amqp: dict[str, Any] = _encryption("amqps://u:p@h:5671//", "/etc/ca.pem") or {}
    assert over_amqp == {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": "/etc/ca.pem", "server_hostname": "h"}
