"""How gunicorn serves the site, for `make run`, the Procfile and systemd: `gunicorn -c python:evaluation.server wsgi:app`."""

import os
import shutil
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from config import from_environment
from evaluation import logs, stopping

settings = from_environment()
counters = settings["DATA_DIR"] / "metrics"
# Read by prometheus_client when it is imported, which happens in the workers.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counters)


def addresses(host: str, port: int, admin_port: int) -> list[str]:
    """The site's address, and the admin port on loopback unless it is 0."""
    site = f"{f'[{host}]' if ':' in host else host}:{port}"
    return [site, f"127.0.0.1:{admin_port}"] if admin_port else [site]


class Lines(Logger):
    """Gunicorn's own lines in the form of all others; requests are logged by the application, without their query."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at its start and when it reads its settings anew."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logs.configure(settings["LOG_FORMAT"])


class Draining(ThreadWorker):
    """Shuts its door at once when it is told to end, so that nobody waits there while it answers those inside."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Called once more, with False, when the last requests begin to be waited for."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()


bind = addresses(settings["HOST"], settings["PORT"], settings["ADMIN_PORT"])
worker_class = Draining
workers = settings["WEB_WORKERS"]
threads = settings["WEB_THREADS"]
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
