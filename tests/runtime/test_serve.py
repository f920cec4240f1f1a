"""`make run` as a person meets it: what it starts, what it refuses, what it leaves behind."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import CHECKOUT, alive, server_runs, user_of_server, wait_for

pytestmark = pytest.mark.runtime
COMMAND = [sys.executable, "-m", "evaluation.cli.serve", "--officials", "40", "--months", "2"]


@contextmanager
def running(port: int, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command, until its first page was shown; ended afterwards whatever happens."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "--port", str(port)],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(
            lambda: "Ctrl-C stops it" in log.read_text() or process.poll() is not None,
            "the address",
            seconds=120,
        )
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(40)


def family(process: int) -> set[int]:
    """All processes below this one, by their parents."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def shown(port: int) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        return str(answer.read().decode())


def refused(command: list[str], environment: dict[str, str]) -> str:
    """The one sentence of a start that failed."""
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert len(lines) == 1, lines
    return lines[0]


def test_one_command_shows_the_province_keeps_its_data_and_stops_all_it_started(
    free_port: int, environment: dict[str, str], data_dir: Path, tmp_path: Path
) -> None:
    stranger = subprocess.Popen(["sleep", "600"])
    passwords = []
    try:
        for attempt in ("first", "second"):
            log = tmp_path / f"{attempt}.log"
            with running(free_port, environment, log) as process:
                assert "<html" in shown(free_port)
                assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
                assert f"http://127.0.0.1:{free_port}/" in log.read_text()
                assert ("Building the demo province" in log.read_text()) == (attempt == "first")
                passwords += re.findall(r"password of each of them: (\S+)", log.read_text())
                started = family(process.pid)
                assert len(started) >= 6  # web and its workers, worker and its children, beat, the keeper
                answer = refused([*COMMAND, "--port", str(free_port)], environment)
                assert answer.startswith(f"Port {free_port} of 127.0.0.1 cannot be used")
                assert all(alive(one) for one in started)
                process.send_signal(signal.SIGINT)
                process.wait(40)
            assert process.returncode == 0
            wait_for(lambda: not any(alive(one) for one in started), "the children to end")  # noqa: B023
            wait_for(lambda: not server_runs(data_dir), "the server to stop")
        assert stranger.poll() is None
        assert len(set(passwords)) == 2, "each run has a password of its own"
    finally:
        stranger.kill()
        stranger.wait()


def test_killing_the_command_itself_leaves_nothing_running(
    free_port: int, environment: dict[str, str], data_dir: Path, tmp_path: Path
) -> None:
    with running(free_port, environment, tmp_path / "log") as process:
        started = family(process.pid)
        process.kill()
        process.wait()
        wait_for(lambda: not any(alive(one) for one in started), "the children to end", seconds=60)
    wait_for(lambda: not server_runs(data_dir), "the server to stop")


def test_a_worker_that_is_killed_is_started_again(
    free_port: int, environment: dict[str, str], data_dir: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running(free_port, environment, log) as process:
        before = workers(process.pid)
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: "worker ended with -9; starting it again" in log.read_text(), "the notice")
        wait_for(lambda: workers(process.pid) not in (0, before), "the new worker")
        assert "<html" in shown(free_port)


def workers(process: int) -> int:
    """The number of the worker's first process, 0 while there is none."""
    for one in sorted(family(process)):
        try:
            words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"worker" in words:
            return one
    return 0


def test_a_taken_port_is_one_sentence(environment: dict[str, str], data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = refused([*COMMAND, "--port", str(port)], environment)
    assert answer.startswith(f"Port {port} of 127.0.0.1 cannot be used")
    assert f"make run PORT={port + 1}" in answer
    assert not (data_dir / "postgres").exists()


def test_a_damaged_data_folder_is_one_sentence(
    free_port: int, environment: dict[str, str], data_dir: Path
) -> None:
    user_of_server(data_dir).communicate("")
    wait_for(lambda: not server_runs(data_dir), "the server to stop")
    (data_dir / "postgres/global/pg_control").unlink()
    answer = refused([*COMMAND, "--port", str(free_port)], environment)
    assert answer.startswith(f"The database folder {data_dir / 'postgres'} is damaged")


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(CHECKOUT / name, tmp_path)
    # Under `make test` the variables of the outer make would make this one talk about folders.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "run", "PYTHON="], cwd=tmp_path, capture_output=True, text=True, timeout=60, env=plain
    )
    assert done.returncode == 2
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) == 1
    assert "Python 3.11 with venv was not found: install it" in lines[0]
