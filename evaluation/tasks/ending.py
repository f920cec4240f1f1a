"""A worker that is told to end: each child finishes the piece in its hands, or gives it back before the time is over."""

import contextlib
import os
import signal
import threading
from typing import Any

from billiard import active_children
from celery.signals import worker_shutting_down

from evaluation import stopping
from evaluation.extensions import celery


@worker_shutting_down.connect
def _ask(how: str = "Warm", **_: Any) -> None:
    """Runs in the signal handler of the first process: children look at the mark between two pieces."""
    stopping.ask()
    if how == "Warm":
        timer = threading.Timer(celery.flask_app.config["STOP_SECONDS"], _interrupt)
        timer.daemon = True
        timer.start()


def _interrupt() -> None:
    """Billiard makes SystemExit of the signal: the statement is cancelled, the lease given back, the message not lost."""
    for child in active_children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
