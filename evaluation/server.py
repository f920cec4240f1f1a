"""How gunicorn serves the site, for `make run`, the Procfile and systemd: `gunicorn -c python:evaluation.server wsgi:app`."""

import os
import shutil
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from evaluation import logs, stopping
from evaluation.postgres import default_data_dir, make_data_dir

CHECKOUT = Path(__file__).resolve().parents[1]
DEFAULT_PORT, DEFAULT_ADMIN_PORT = 8000, 8001


def _of(name: str, default: object) -> str:
    return os.environ.get(name, "").strip() or str(default)


def _binds() -> list[str]:
    """The site's address, and the admin port on loopback unless it is 0."""
    host, admin_port = _of("HOST", "127.0.0.1"), _of("ADMIN_PORT", DEFAULT_ADMIN_PORT)
    site = f"{f'[{host}]' if ':' in host else host}:{_of('PORT', DEFAULT_PORT)}"
    return [site] if admin_port == "0" else [site, f"127.0.0.1:{admin_port}"]


class Lines(Logger):
    """Gunicorn's own lines in the form of all others; requests are logged by the application, without their query."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logs.configure(_log_format())


def _log_format() -> str:
    return _of("LOG_FORMAT", "json" if _of("ENVIRONMENT", "development") == "production" else "text")


data_dir = make_data_dir(Path(os.environ.get("DATA_DIR") or default_data_dir(CHECKOUT)))
counters = data_dir / "metrics"
# Read by prometheus_client when it is imported, which happens in the workers.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counters)

bind = _binds()
worker_class = "gthread"
workers = int(_of("WEB_WORKERS", 2))
threads = int(_of("WEB_THREADS", 4))
timeout = 120
graceful_timeout = 30
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
loglevel = "warning"
logger_class = Lines
accesslog = None
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """What processes of an earlier run counted is not ours."""
    shutil.rmtree(counters, ignore_errors=True)
    counters.mkdir(mode=0o700, parents=True, exist_ok=True)


def post_worker_init(worker: Any) -> None:
    """A worker that ends its last requests is not ready for others."""
    stopping.watch(lambda: not worker.alive)


def child_exit(_server: Any, worker: Any) -> None:
    """The gauges of a process end with it; its counters stay in the sum."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid, path=str(counters))
