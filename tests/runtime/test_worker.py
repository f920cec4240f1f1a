"""A real worker on the database broker."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import CHECKOUT

pytestmark = pytest.mark.runtime

RING = """
import time
from evaluation import create_app, jobs
app = create_app()
with app.app_context():
    for _ in range(3):
        print(time.time(), flush=True)
        jobs.enqueue(jobs.SWEEP_BROKER)
        time.sleep(1.3)
"""
WORKER = [
    "celery",
    "-A",
    "evaluation.celery_app",
    "--quiet",
    "worker",
    "--concurrency",
    "1",
    "--loglevel",
    "info",
]


def test_a_worker_wakes_at_the_doorbell_and_does_not_wait_for_the_reconciler(
    environment: dict[str, str], tmp_path: Path
) -> None:
    upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(upgrade, cwd=CHECKOUT, env=environment, check=True, capture_output=True)
    log = tmp_path / "worker.log"
    with log.open("w") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", *WORKER, "--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=CHECKOUT,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            until(log, "ready.", 1)
            ringer = subprocess.Popen(
                [sys.executable, "-c", RING], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
            )
            assert ringer.stdout is not None
            waited = []
            for number, line in enumerate(ringer.stdout, start=1):
                until(log, "Task broker.sweep", 2 * number)  # received, succeeded
                waited.append(time.time() - float(line))
            ringer.wait()
            assert len(waited) == 3
            assert max(waited) < 25, waited  # the reconciler comes every 30 s
        finally:
            worker.terminate()
            worker.wait(30)
    assert worker.returncode == 0, log.read_text()


def until(log: Path, words: str, times: int) -> None:
    end = time.monotonic() + 90
    while log.read_text().count(words) < times:
        assert time.monotonic() < end, f"no {words!r} in:\n{log.read_text()}"
        time.sleep(0.05)
