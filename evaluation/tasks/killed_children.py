"""A worker one of whose children was killed ends as a whole and is started again by whoever looks after it.

With the database as broker the children take turns at one queue behind one lock. A child that is killed (out of memory, kill -9)
while it holds the lock leaves it locked for ever: the others, and whoever replaces it, would wait and do no work. Leases run out
and the reconciler hands out again what was being done.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from typing import Any

from billiard import process as processes
from celery.signals import worker_init

from evaluation import stopping
from evaluation.extensions import celery

SECONDS = 0.2  # shorter than the pool takes to bury a child

log = logging.getLogger(__name__)


@worker_init.connect
def _watch(**_: Any) -> None:
    if str(celery.conf.broker_url).startswith("sqla+"):
        threading.Thread(target=_until_one_is_killed, name="killed children", daemon=True).start()


def _until_one_is_killed() -> None:
    """Only looks at what the pool itself has noticed: two that wait for one child would take the news from each other."""
    known: dict[int, Any] = {}
    while True:
        time.sleep(SECONDS)
        known |= {child.pid: child for child in list(processes._children) if child.pid}
        for number, child in list(known.items()):
            ended = getattr(child._popen, "returncode", None)
            if ended is None:
                continue
            del known[number]
            if ended < 0 and not stopping.asked():
                log.error("a child was ended by signal %s: the worker ends and is started again", -ended)
                _end(known)


def _end(children: dict[int, Any]) -> None:
    for number in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    os._exit(1)
