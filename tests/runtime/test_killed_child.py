"""9: one child of a worker is killed: what waits is done all the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import CHECKOUT, wait_for
from .test_worker import RING, WORKER, until

pytestmark = pytest.mark.runtime
OPTIONS = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency", "2"]


def children(process: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def start(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *WORKER, *OPTIONS],
        cwd=CHECKOUT,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def test_a_worker_whose_child_is_killed_ends_and_its_successor_does_the_work(
    environment: dict[str, str], tmp_path: Path
) -> None:
    upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(upgrade, cwd=CHECKOUT, env=environment, check=True, capture_output=True)
    first = start(environment, tmp_path / "first.log")
    second = None
    try:
        until(tmp_path / "first.log", "ready.", 1)
        wait_for(lambda: len(children(first.pid)) >= 2, "the children")
        for child in children(first.pid)[-2:]:  # one of them waits at the queue and holds its lock
            os.kill(child, signal.SIGKILL)
        assert first.wait(30) == 1, "a worker that can do no more work must not stay"
        second = start(environment, tmp_path / "second.log")
        until(tmp_path / "second.log", "ready.", 1)
        subprocess.run([sys.executable, "-c", RING], cwd=CHECKOUT, env=environment, check=True)
        until(tmp_path / "second.log", "Task broker.sweep", 3)
    finally:
        for worker in (first, second):
            if worker is not None and worker.poll() is None:
                worker.terminate()
                worker.wait(30)
