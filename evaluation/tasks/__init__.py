"""The worker's door: binds Celery to the application and loads every module of this package."""

import importlib
import logging
import pkgutil
import ssl
from typing import Any
from urllib.parse import urlsplit

from celery import Task
from celery.signals import setup_logging, task_postrun, task_prerun, worker_process_init, worker_ready
from flask import Flask, has_app_context
from sqlalchemy import Connection, MetaData, event, text

from evaluation import jobs as doorbell
from evaluation import logs
from evaluation.extensions import celery, db

POLLING_SECONDS = 0.5
BROKER_PATIENCE = 4  # seconds until a broker that does not answer is taken to be away
HEARTBEAT = 25
AT_THE_START = (doorbell.RESUME_JOBS, doorbell.SEAL)
HOUR = 3600


class FlaskTask(Task):
    """A task inside an application context of its own; inside one that is open already it shares the session."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            return self.run(*args, **kwargs)
        with celery.flask_app.app_context():
            return self.run(*args, **kwargs)


celery.task_cls = FlaskTask  # before any task is declared


def init_celery(app: Flask) -> None:
    """Gives Celery the application's settings and registers every task; create_app calls it once at its end."""
    from evaluation.tasks.schedule import beat_schedule

    broker = app.config["BROKER_URL"]
    celery.flask_app = app
    celery.conf.update(
        broker_url=broker,
        broker_transport_options=_transport_options(broker),
        broker_use_ssl=_encryption(broker, app.config["BROKER_CA_FILE"]),
        broker_heartbeat=HEARTBEAT,
        broker_connection_timeout=BROKER_PATIENCE,
        broker_connection_max_retries=None,  # a worker waits for its broker as long as it takes
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        # A worker that dies in the middle must not take the message with it; every task can run twice.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=app.config["JOB_PROCESSES"],
        worker_enable_remote_control=False,  # the database broker cannot broadcast
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_max_memory_per_child=900_000,  # KiB; the limit of a process is 1 GiB
        timezone=app.config["BABEL_DEFAULT_TIMEZONE"],
        enable_utc=True,
        beat_schedule=beat_schedule(),
        beat_schedule_filename=str(app.config["DATA_DIR"] / "beat-schedule"),
        beat_max_loop_interval=30,
    )
    app.extensions["celery"] = celery
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def _transport_options(broker: str) -> dict[str, Any]:
    """What each kind of broker needs so that a dead one is noticed and a message is in it once we are told so."""
    if broker.startswith("sqla+"):
        return _options_of_the_database()
    if broker.startswith(("amqp", "pyamqp")):
        return {"confirm_publish": True, "connect_timeout": BROKER_PATIENCE}
    return {
        "visibility_timeout": 6 * HOUR,  # longer than any task; the reconciler does not wait for it
        "socket_connect_timeout": BROKER_PATIENCE,
        "socket_timeout": 60,
        "socket_keepalive": True,
        "health_check_interval": HEARTBEAT,
    }


def _options_of_the_database() -> dict[str, Any]:
    from kombu.transport.sqlalchemy import Transport
    from kombu.transport.sqlalchemy.models import metadata

    from evaluation.tasks.channel import MendingChannel

    Transport.Channel = MendingChannel
    Transport.polling_interval = POLLING_SECONDS  # an option of this name would reach create_engine
    if not event.contains(metadata, "before_create", _make_schema):
        event.listen(metadata, "before_create", _make_schema)
    return {"pool_pre_ping": True, "pool_recycle": HOUR, "pool_size": 2, "max_overflow": 8}


def _encryption(broker: str, authorities: str) -> dict[str, Any] | None:
    """`rediss://` and `amqps://` check the broker's certificate, against our own authorities where they are given."""
    trusted = authorities or ssl.get_default_verify_paths().cafile
    if broker.startswith("rediss:"):
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": trusted}
    if broker.startswith("amqps:"):
        return {
            "cert_reqs": ssl.CERT_REQUIRED,
            "ca_certs": trusted,
            "server_hostname": urlsplit(broker).hostname,
        }
    return None


def _make_schema(_target: MetaData, connection: Connection, **_: Any) -> None:
    # Asked first: the role of the application may use the schema of the migrations and make none.
    if connection.scalar(text("select to_regnamespace('broker')")) is None:
        connection.execute(text("create schema broker"))


@setup_logging.connect
def _log_like_everybody(loglevel: int | None = None, **_: Any) -> None:
    """Celery's own lines take our form; how much it says itself is its `--loglevel`."""
    form = celery.flask_app.config["LOG_FORMAT"]
    logs.configure(form)
    logging.getLogger(None if form == "text" else "celery").setLevel(loglevel or logging.WARNING)


@task_prerun.connect
def _begin(task: Task, **_: Any) -> None:
    """Every line from here on belongs to the request that asked for the task."""
    if not has_app_context():
        logs.begin_task(task.request.get(logs.HEADER))


@task_postrun.connect
def _end(**_: Any) -> None:
    if not has_app_context():
        logs.begin_task(None)


@worker_ready.connect
def _catch_up(**_: Any) -> None:
    """A worker that comes after a silence does at once what the timetable would ask for a little later."""
    for name in AT_THE_START:
        doorbell.ring(name, {})


@worker_process_init.connect
def _own_connections(**_: Any) -> None:
    """A forked child must not speak on its parent's connections."""
    from kombu.transport.sqlalchemy import Channel

    for engine, _session in Channel._engines.values():
        engine.dispose(close=False)
    Channel._engines.clear()
    with celery.flask_app.app_context():
        db.engine.dispose(close=False)
