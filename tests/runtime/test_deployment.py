"""What the deployment files promise is what the program does: one set of commands, units systemd accepts, every setting told."""

import configparser
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import config
from evaluation.cli import processes, serve
from evaluation.cli.serve import procfile

from .conftest import CHECKOUT

DEPLOYMENT = CHECKOUT / "evaluation/deployment"
UNITS = sorted([*DEPLOYMENT.glob("*.service"), *DEPLOYMENT.glob("*.timer")])
OF_TESTS = {"TEMP", "TMP", "TMPDIR"}
OUTSIDE_CONFIG = {"BACKUP_PASSPHRASE_FILE", "BACKUP_PASSPHRASE"}  # read by the commands of backups alone
HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
}


def sections(unit: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(unit)
    return found


def started(unit: str) -> list[str]:
    return shlex.split(sections(DEPLOYMENT / unit)["Service"]["ExecStart"])


def test_make_run_the_procfile_and_systemd_start_the_same_commands() -> None:
    commands = procfile()
    assert sorted(commands) == ["beat", "web", "worker"]
    for name, command in commands.items():
        assert command[0] == sys.executable
        assert started(f"cong-tam-{name}.service") == ["/srv/cong-tam/.venv/bin/python", *command[1:]]


@pytest.mark.parametrize("unit", [path.name for path in UNITS if path.suffix == ".service"])
def test_every_service_has_no_more_rights_than_it_needs_and_an_end_to_its_patience(unit: str) -> None:
    service = sections(DEPLOYMENT / unit)["Service"]
    assert {name: service.get(name) for name in HARDENING} == HARDENING
    assert service["User"] == "cong-tam"
    assert "MemoryMax" in service
    assert "TimeoutStopSec" in service or service["Type"] == "oneshot"


ASK = "from evaluation import server; print(server.graceful_timeout, server.settings['STOP_SECONDS'])"


def test_services_wait_longer_than_the_program_needs_to_end(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", ASK], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    )
    requests, pieces = map(int, said.stdout.split())
    web, worker = (
        int(sections(DEPLOYMENT / f"cong-tam-{unit}.service")["Service"]["TimeoutStopSec"])
        for unit in ("web", "worker")
    )
    assert requests < min(web, processes.PATIENCE)
    assert pieces < min(worker, processes.PATIENCE)


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed here: apt-get install systemd")
    for unit in UNITS:
        here = unit.read_text().replace("/srv/cong-tam", str(CHECKOUT))
        (tmp_path / unit.name).write_text(here)
    done = subprocess.run(
        [program, "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_each_timer_has_its_service() -> None:
    for timer in DEPLOYMENT.glob("*.timer"):
        assert timer.with_suffix(".service").exists()
        assert sections(timer)["Timer"]["Persistent"] == "yes"


class Noted(dict[str, str]):
    """An environment that notes what is asked of it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def settings_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    noted = Noted({"DATA_DIR": str(folder), "MAIL_URL": "smtp://h", "MAIL_FROM": "a@b.vn"})
    monkeypatch.setattr(os, "environ", noted)
    config.from_environment()
    monkeypatch.undo()
    return noted.asked - OF_TESTS


def told() -> set[str]:
    table = (CHECKOUT / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_every_variable_of_the_readme_is_read_and_every_one_read_is_in_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = settings_read(tmp_path, monkeypatch)
    assert told() - read == set(), "told and not read"
    assert read - told() == set(), "read and not told"


@pytest.mark.parametrize("name", ["environment.example", "owner.example"])
def test_the_examples_name_only_variables_that_exist(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for line in (DEPLOYMENT / name).read_text().splitlines() if line and line[0] != "#"]
    assert {line.partition("=")[0] for line in lines} <= settings_read(tmp_path, monkeypatch) | OUTSIDE_CONFIG


def test_a_second_site_on_this_machine_gets_another_admin_port_and_zero_means_none() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        assert serve._admin_port(taken, 1) not in (0, taken)
    assert serve._admin_port(taken, 1) == taken
    assert serve._admin_port(taken, taken) not in (0, taken), "the site's own port is no admin port"
    assert serve._admin_port(0, 1) == 0


def test_the_procfile_is_one_that_honcho_reads() -> None:
    for line in (DEPLOYMENT / "Procfile").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_-]+: \S.*", line)
