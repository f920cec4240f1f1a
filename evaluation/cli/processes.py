"""The child processes of one `make run`: started in groups of their own, their lines shown, all of them stopped."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PATIENCE = 35  # seconds between asking a process to end and ending it: requests have 30, pieces of jobs 20
SHORT_LIFE = 10  # a process that lives less than this is broken, not unlucky
PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Child:
    """One of our processes and how to start it again."""

    name: str
    command: list[str]
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    early_deaths: int = 0
    proven: bool = False  # it has lived long once: what ends it now comes from outside


@dataclass
class Children:
    """Processes that live and end together."""

    folder: Path
    environment: dict[str, str]
    members: list[Child] = field(default_factory=list)

    def start(self, name: str, *command: str) -> None:
        child = Child(name, list(command))
        self.members.append(child)
        self._launch(child)

    def revive(self) -> str | None:
        """Starts again what has ended; the name of a process that never stayed alive, if there is one."""
        for child in self.members:
            if child.process is None or child.process.poll() is None:
                continue
            _end_group(child.process)
            lived = time.monotonic() - child.started
            child.proven = child.proven or lived >= SHORT_LIFE
            child.early_deaths = child.early_deaths + 1 if lived < SHORT_LIFE else 0
            if child.early_deaths >= 3 and not child.proven:
                return child.name
            print(f"{child.name} ended with {child.process.returncode}; starting it again", flush=True)
            time.sleep(1)
            self._launch(child)
        return None

    def stop(self) -> None:
        """Asks every process to end, waits, and ends what is left of their groups."""
        alive = [child.process for child in self.members if child.process is not None]
        for process in alive:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for process in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _end_group(process)
            process.wait()

    def _launch(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            preexec_fn=_end_with_parent,  # and should we be killed, they are asked to end as well
        )
        child.started = time.monotonic()
        assert child.process.stdout is not None
        threading.Thread(target=_show, args=(child.name, child.process.stdout), daemon=True).start()


def _end_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PARENT_DIED, signal.SIGTERM)


def _end_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _show(name: str, lines: IO[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{name:<6} | {line.rstrip()[:400]}\n")
        sys.stdout.flush()
