"""Real processes: a data folder of its own for each test, and nothing left running after it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from evaluation.postgres import ROOT_HOME, let_go

CHECKOUT = Path(__file__).resolve().parents[2]
numbers = count(1)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Where the database's account may go: under /var/lib/cong-tam as root, the test's own folder otherwise."""
    root = os.geteuid() == 0
    folder = ROOT_HOME / f"runtime-{os.getpid()}-{next(numbers)}" if root else tmp_path / "data"
    yield folder
    let_go(folder)
    wait_for(lambda: not server_runs(folder), "the server to stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    """What a terminal would give the command: no database, this data folder."""
    unwanted = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "PORT", "DEMO_PASSWORD")
    return {name: value for name, value in os.environ.items() if name not in unwanted} | {
        "DATA_DIR": str(data_dir)
    }


@pytest.fixture
def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_for(done: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def server_runs(folder: Path) -> bool:
    try:
        process = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return False
    return alive(process)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def user_of_server(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the folder's server until its input ends."""
    program = (
        "import sys; from pathlib import Path; from evaluation.postgres import ensure_server;"
        "print(ensure_server(Path(sys.argv[1]), durable=False), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql+psycopg://")
    return process
