"""Proving a backup: it is restored into a throw-away server and compared with what it says of itself."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evaluation.files import backup_archive
from evaluation.files.audit_verifier import key_id
from evaluation.files.backup_envelope import BackupRefused, open_source
from evaluation.models import Account
from evaluation.postgres import APP_ROLE, DATABASE, ROOT_HOME, address, ensure_server, let_go
from evaluation.queries import database_state as queries
from evaluation.services import backups, seal_keys
from evaluation.services import database_dumps as dumps

WORK = "work-"
LAST_LINES = 12
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is as it should be, and if not what is wrong."""

    what: str
    details: list[str]
    seconds: float

    @property
    def good(self) -> bool:
        return not self.details


@dataclass(slots=True)
class Trial:
    """A backup that was restored to be looked at."""

    manifest: dict[str, Any]
    restored_in: float = 0.0
    seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return all(check.good for check in self.checks)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The parts of a backup in a folder of their own, everything in agreement with the manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def dump(self) -> Path:
        return self.folder / backup_archive.DUMP

    def fill(self, empty: URL) -> None:
        """Loads the database into an empty one."""
        made = self.manifest
        dumps.fill(empty, self.dump, made_by=made["pg_dump"], made_of=made["server"])

    def keys(self) -> dict[str, str]:
        """For a command that checks the journal inside: by the public keys inside, and the anchors inside."""
        name = Path(current_app.config["SEAL_KEY_FILE"]).name
        return {
            "SEAL_KEY_FILE": str(self.folder / "keys" / name),
            "ANCHORS_FILE": str(self.folder / "keys" / backups.ANCHORS),
        }


def verify(file: Path, passphrase: str | None) -> Trial:
    """Restores a backup where nobody works and compares counts, journal, results, evidence and sign-in."""
    began = time.monotonic()
    with workplace() as work:
        found = unpacked(file, passphrase, work)
        with throw_away_server(work / "server") as owner:
            trial = Trial(found.manifest)
            found.fill(owner)
            trial.restored_in = time.monotonic() - began
            _look(trial, owner, found, work / "server")
    trial.seconds = time.monotonic() - began
    return trial


def unpacked(file: Path, passphrase: str | None, work: Path) -> Unpacked:
    """Lays a backup's parts into the work folder; BackupRefused unless every byte is as it was written."""
    parts = work / "parts"
    parts.mkdir(mode=0o700)
    try:
        with file.open("rb") as opened:
            manifest = backup_archive.unpack(open_source(opened, passphrase), parts)
    except OSError as problem:
        raise BackupRefused(f"The backup could not be unpacked in {work}: {problem.strerror}.") from problem
    known = [script.revision for script in scripts().walk_revisions()]
    if manifest["schema"] not in known:
        raise BackupRefused(
            f"The backup's schema is {manifest['schema']} and this version of the program knows up to {known[0]}:"
            " use the version it was made with, or a newer one."
        )
    if manifest["seal"] and not _is_ours(manifest["seal"]["key_id"]):
        raise BackupRefused(
            f"The backup's newest seal was made with the key {manifest['seal']['key_id']}, which is none of this"
            " province's: it is another province's backup, or the public keys beside SEAL_KEY_FILE are missing."
        )
    if not (parts / backup_archive.DUMP).is_file():
        raise BackupRefused("The backup holds no database.")
    return Unpacked(parts, manifest)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for this process only, gone at its end; those of killed processes go too."""
    root = os.geteuid() == 0
    home = ROOT_HOME if root else Path(current_app.config["DATA_DIR"]) / "work"
    home.mkdir(mode=0o755 if root else 0o700, parents=True, exist_ok=True)
    for left in home.glob(f"{WORK}*"):
        _remove_if_left(left)
    work = Path(mkdtemp(dir=home, prefix=WORK))
    if root:
        work.chmod(0o711)  # the database's own account passes through; the parts inside stay closed
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def throw_away_server(data_dir: Path) -> Iterator[URL]:
    """The owner's address of an empty database on a server of its own that forgets everything at the end."""
    try:
        yield make_url(ensure_server(data_dir, durable=False))
    finally:
        let_go(data_dir)
        end = time.monotonic() + 60
        while (data_dir / "postgres" / "postmaster.pid").exists() and time.monotonic() < end:
            time.sleep(0.05)


def run_flask(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A `flask` command of this program upon another database."""
    from config import CHECKOUT

    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def upgrade(environment: dict[str, str]) -> list[str]:
    """Brings a restored database to this version's schema; what went wrong, if anything."""
    done = run_flask(environment, "db", "upgrade")
    return [] if done.returncode == 0 else _last_lines(done.stdout)


def journal_complaints(environment: dict[str, str]) -> list[str]:
    """What `flask audit verify` finds in a restored database of this version's schema."""
    done = run_flask(environment, "audit", "verify")
    return [] if done.returncode == 0 else _last_lines(done.stdout)


def scripts() -> ScriptDirectory:
    """The migrations of this version."""
    from config import CHECKOUT

    settings = Config()
    settings.set_main_option("script_location", str(CHECKOUT / "migrations"))
    return ScriptDirectory.from_config(settings)


def _is_ours(key: str) -> bool:
    """A machine that never sealed takes any province's backup; one that did takes its own only."""
    known = [key_id(public) for public in seal_keys.public_keys()]
    return not known or key in known


def evidence_complaints(connection: Connection, folder: Path, missing: int) -> list[str]:
    """Files of evidence that are not there, or are not what their row says; those missing before are told apart."""
    rows = connection.execution_options(yield_per=1000).execute(
        text("select id, stored_name, size, sha256 from evidence")
    )
    gone, others = 0, []
    for number, name, size, digest in rows:
        path = folder / name
        if not path.is_file():
            gone += 1
        elif path.stat().st_size != size or sha256_of(path) != digest:
            others.append(f"the file of evidence {number} is not what its row says")
    if gone != missing:
        others.insert(
            0, f"{gone} files of evidence are missing, {missing} were missing when the backup was made"
        )
    return others


def _look(trial: Trial, owner: URL, found: Unpacked, data_dir: Path) -> None:
    manifest = trial.manifest
    engine = dumps.engine_of(owner)
    with engine.connect() as connection:
        rows = sum(manifest["counts"].values())
        _check(
            trial,
            f"{rows} rows of {len(manifest['counts'])} tables, heads of the journal and newest seal as in the manifest",
            lambda: queries.differences(manifest, queries.read(connection)),
        )
        kept = manifest["parts"].get("evidence", {"files": 0})["files"]
        _check(
            trial,
            f"{kept} files of evidence are those of their rows",
            lambda: evidence_complaints(connection, found.folder / "evidence", manifest["missing_evidence"]),
        )
    environment = {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": address(data_dir, role=APP_ROLE),
        "OWNER_DATABASE_URL": address(data_dir),
        "EVIDENCE_DIR": str(found.folder / "evidence"),
        "IMPORTS_DIR": str(data_dir / "imports"),
        "EXPORTS_DIR": str(data_dir / "exports"),
        **found.keys(),
    }
    newest = scripts().get_current_head()
    if manifest["schema"] != newest:
        _check(trial, f"the schema goes from {manifest['schema']} to {newest}", lambda: upgrade(environment))
    events = manifest["counts"].get("audit_event", 0)
    _check(
        trial,
        f"{events} events, their chains and seals are whole (flask audit verify)",
        lambda: journal_complaints(environment),
    )
    _check(trial, "frozen results come out as they were (flask rules verify)", lambda: _rules(environment))
    _check(trial, "an account can be read as the application reads it", lambda: _sign_in(data_dir))


def _check(trial: Trial, what: str, look: Callable[[], list[str]]) -> None:
    began = time.monotonic()
    try:
        details = look()
    except DBAPIError as problem:
        details = [dumps.first_line(problem)]
    more = [f"… and {len(details) - SHOWN} more"] if len(details) > SHOWN else []
    trial.checks.append(Check(what, details[:SHOWN] + more, time.monotonic() - began))


def _rules(environment: dict[str, str]) -> list[str]:
    done = run_flask(environment, "rules", "verify")
    return [] if done.returncode == 0 else _last_lines(done.stdout)


def _sign_in(data_dir: Path) -> list[str]:
    """As the application's own role: the rights have come back with the tables, and no more of them."""
    with Session(dumps.engine_of(address(data_dir, database=DATABASE, role=APP_ROLE))) as session:
        account = session.query(Account).order_by(Account.id).first()
        if account is None:
            return (
                [] if not session.scalar(text("select count(*) from person")) else ["nobody has an account"]
            )
        try:
            extract_parameters(account.password_hash)
        except InvalidHashError:
            return [f"the password of account {account.id} cannot be compared with anything"]
        changes = session.scalar(
            text("select has_table_privilege('audit_event', 'update, delete, truncate')")
        )
        return ["the application's role may change the journal"] if changes else []


def _remove_if_left(work: Path) -> None:
    try:
        with (work / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
    except OSError:
        return  # somebody works in it


def _last_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()][-LAST_LINES:]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
