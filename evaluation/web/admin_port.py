"""The admin port: liveness, readiness and metrics for whoever watches the server; the site's port has none of them.

Which port a request came in by is asked of its socket. No header is: a visitor writes those.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import REGISTRY, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries import operations
from evaluation.services import readiness
from evaluation.services.readiness import State

TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"
Answer = tuple[str, str, bytes]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def register(app: Flask) -> None:
    """Stands before everything else, outside of sessions, limits and proxies' headers; registered last."""
    admin = AdminSite(app)
    app.extensions["admin_site"] = admin
    site = app.wsgi_app

    def by_port(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        wanted = app.config["ADMIN_PORT"]
        return (admin if wanted and port_of(environ) == wanted else site)(environ, start_response)

    app.wsgi_app = by_port  # type: ignore[method-assign]


def port_of(environ: dict[str, Any]) -> int | None:
    """The port that a connection came in by; none for a socket file or another server than gunicorn."""
    connection = environ.get("gunicorn.socket")
    try:
        name = connection.getsockname() if connection is not None else None
    except OSError:
        return None
    return name[1] if isinstance(name, tuple) else None


class AdminSite:
    """Three addresses, read only."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.answers = {"/healthz": self._alive, "/readyz": self._ready, "/metrics": self._metrics}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.answers.get(environ.get("PATH_INFO", ""))
        if answer is None:
            status, kind, body = "404 Not Found", JSON, b"{}"
        elif environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            status, kind, body = "405 Method Not Allowed", JSON, b"{}"
        else:
            status, kind, body = answer()
        start_response(
            status,
            [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _alive(self) -> Answer:
        return "200 OK", JSON, _json({"alive": True})

    def _ready(self) -> Answer:
        with self.app.app_context():
            found = readiness.findings()
        state = readiness.worst(found)
        said = {
            "ready": state is not State.FAILED,
            "state": state,
            "checks": {one.name: {"state": one.state, "detail": one.detail} for one in found},
        }
        return "503 Service Unavailable" if state is State.FAILED else "200 OK", JSON, _json(said)

    def _metrics(self) -> Answer:
        registry = REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        kept = CollectorRegistry()
        kept.register(Kept())
        with self.app.app_context():
            return "200 OK", TEXT, generate_latest(registry) + generate_latest(kept)


class Kept(Collector):
    """The numbers that stand in the database; when it does not answer that itself is the number."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("cong_tam_database_up", "1 while the database answers")
        try:
            db.session.execute(text(f"set local statement_timeout = '{readiness.PATIENCE}s'"))
            found = list(_numbers())
            up.add_metric([], 1)
        except Exception:
            found = []
            up.add_metric([], 0)
        finally:
            readiness.let_go()
        yield up
        yield from found


def _numbers() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("cong_tam_jobs", "Jobs, by state", labels=["state"])
    for state, number in operations.jobs_by_state().items():
        jobs.add_metric([state], number)
    yield jobs
    look = operations.look()
    for name, says, value in (
        (
            "oldest_unfinished_chunk_seconds",
            "Age of the oldest job with work left",
            look.oldest_chunk_age or 0,
        ),
        ("outbox_lag_seconds", "Age of the oldest letter that waits", look.oldest_letter_age or 0),
        ("seal_age_seconds", "Age of the newest seal of the journal", look.seal_age),
        ("audit_check_age_seconds", "Age of the newest check of the journal", look.check_age),
        ("audit_check_complaints", "What the newest check of the journal complains of", look.complaints),
        (
            "journal_ahead_seconds",
            "The newest event of the journal is so much later than now: the clock was set back",
            look.journal_ahead,
        ),
        ("clock_skew_seconds", "This clock ahead of the database's", readiness.skew(look.now)),
    ):
        if value is not None:  # what never happened has no age
            yield GaugeMetricFamily(f"cong_tam_{name}", says, value=value)
    letters = GaugeMetricFamily("cong_tam_letters", "Letters of the outbox, by state", labels=["state"])
    letters.add_metric(["WAITING"], look.letters_waiting)
    letters.add_metric(["FAILED"], look.letters_failed)
    yield letters
    ages = GaugeMetricFamily(
        "cong_tam_last_run_age_seconds",
        "Since the last run of backups, checks, jobs' reconciler",
        labels=["of"],
    )
    outcomes = GaugeMetricFamily(
        "cong_tam_last_run_succeeded", "1 where the last run went well", labels=["of"]
    )
    for name, sign in operations.signs().items():
        ages.add_metric([name], sign.age)
        outcomes.add_metric([name], int(sign.succeeded))
    yield ages
    yield outcomes


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()
