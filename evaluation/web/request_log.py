"""One line for every request: route, status, milliseconds, account; never the query, a form, or who the account belongs to."""

import logging
import time

from flask import Flask, Response, g, request

from evaluation import logs, metrics
from evaluation.extensions import db

log = logging.getLogger(logs.ACCESS)
UNKNOWN = "unknown"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SIGN_IN = frozenset(
    {"access", "second_factors", "identity"}
)  # blueprints whose refusals are sign-ins refused


def register(app: Flask) -> None:
    """Registered before the guard, so that a request the guard turns away is counted too."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = logs.begin_request()


def _end(response: Response) -> Response:
    """Counted by the template of its address: as many series as there are routes, whatever people type."""
    route = request.url_rule.rule if request.url_rule else UNKNOWN
    method = request.method if request.method in METHODS else UNKNOWN
    status = response.status_code
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.SECONDS.labels(method, route).observe(seconds)
    if method == "POST" and request.blueprint in SIGN_IN and status in (401, 403, 429):
        metrics.SIGN_IN_FAILURES.inc()
    if status == 429:
        metrics.RATE_LIMITED.inc()
    _look_at_the_pool()
    log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "%s %s %s",
        method,
        route,
        status,
        extra={"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)},
    )
    return response


def _look_at_the_pool() -> None:
    pool = db.engine.engine.pool  # in tests the engine stands for one connection
    for state, count in (("busy", "checkedout"), ("idle", "checkedin")):
        if hasattr(pool, count):
            metrics.POOL.labels(state).set(getattr(pool, count)())
