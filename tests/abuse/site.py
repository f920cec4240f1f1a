"""A real running province to be killed: `make run` on a data folder of its own, and its processes by what they do."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from evaluation.postgres import ROOT_HOME, let_go

CHECKOUT = Path(__file__).resolve().parents[2]
UNWANTED = frozenset(
    {"DATABASE_URL", "OWNER_DATABASE_URL", "BROKER_URL", "SECRET_KEY", "PORT", "DEMO_PASSWORD", "ENVIRONMENT"}
)


class NotBack(Exception):
    """Something that was killed did not come back."""


@dataclass
class Site:
    """One running province; `process` is the command that looks after all others."""

    data_dir: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def children(self, *words: str) -> list[int]:
        """The processes that the command itself started and whose command line has all these words."""
        return [one for one in _children_of(self.process.pid) if set(words) <= set(_command(one))]

    def web(self) -> int:
        """gunicorn's first process, 0 while there is none."""
        return next(iter(self.children("gunicorn")), 0)

    def worker(self) -> int:
        """Celery's first process, 0 while there is none."""
        return next(iter(self.children("celery", "worker")), 0)

    def postmaster(self) -> int:
        """PostgreSQL's first process, 0 while there is none."""
        try:
            return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-600:]

    def crashes(self) -> list[str]:
        """What the log says of each fault of the program."""
        lines = self.log.read_text(errors="replace").splitlines()
        begun = [
            n
            for n, line in enumerate(lines)
            if re.search(r"request \w+ failed|Exception on |Error handling request", line)
        ]
        return ["\n".join(line[:200] for line in lines[n : n + 60]) for n in begun]

    def stop(self) -> None:
        """An orderly end of everything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(officials: int, months: int = 2, seed: int = 7) -> Iterator[Site]:
    """A demo province with its own PostgreSQL, two web workers, one Celery worker and beat; nothing of it is left behind."""
    data_dir = _new_data_dir()
    log = Path(f"{data_dir}.log")
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    port = _free_port()
    command = [sys.executable, "-m", "evaluation.cli.serve", "--port", str(port)]
    command += ["--officials", str(officials), "--months", str(months), "--seed", str(seed)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment | {"DATA_DIR": str(data_dir), "RATE_LIMITS": "0"},  # many people of one address
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    site = Site(data_dir, port, log, process)
    try:
        wait_for(
            lambda: b"Ctrl-C stops it" in log.read_bytes() or process.poll() is not None, "the site", 300
        )
        if process.poll() is not None:
            raise NotBack(site.last_words())
        yield site
    finally:
        site.stop()
        let_go(data_dir)
        with contextlib.suppress(NotBack):
            wait_for(lambda: not alive(site.postmaster()), "PostgreSQL to stop", 60)
        shutil.rmtree(data_dir, ignore_errors=True)
        log.unlink(missing_ok=True)


def kill(site: Site, kind: str, chance: Random) -> str:
    """Kills one part of the site without a warning and says what it was."""
    if kind == "web":
        master = site.web()
        workers = _children_of(master)
        if workers and chance.random() < 0.7:
            return _end("gunicorn worker", chance.choice(workers))
        return _end("gunicorn master", master)
    if kind == "worker":
        main = site.worker()
        pool = _children_of(main)
        if pool and chance.random() < 0.5:
            return _end("Celery child", chance.choice(pool))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(main, signal.SIGKILL) if main else None
        return "Celery group"
    if chance.random() < 0.7:
        return _end("PostgreSQL, immediate stop", site.postmaster(), signal.SIGQUIT)
    return _end("PostgreSQL, kill -9", site.postmaster())


def stands(site: Site) -> bool:
    """Whether web, worker and database have processes again."""
    web, worker = site.web(), site.worker()
    return bool(
        web and _children_of(web) and worker and len(_children_of(worker)) >= 2 and alive(site.postmaster())
    )


def wait_for(done: Callable[[], bool], what: str, seconds: float) -> float:
    """How long it took; NotBack when it did not happen in time."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > seconds:
            raise NotBack(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def alive(process: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def _end(name: str, process: int, number: int = signal.SIGKILL) -> str:
    with contextlib.suppress(ProcessLookupError):
        if process > 1:
            os.kill(process, number)
    return name


def _children_of(process: int) -> list[int]:
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(one) for one in found if alive(int(one))]


def _command(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _new_data_dir() -> Path:
    """Where the database's account may go: under /var/lib/cong-tam as root."""
    if os.geteuid() == 0:
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        return ROOT_HOME / f"abuse-{os.getpid()}-{time.monotonic_ns() % 1_000_000}"
    return Path(mkdtemp(prefix="cong-tam-abuse-")) / "data"


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
