"""Making a backup: one file with the database as of one moment, the kept files, and what a check needs to compare."""

import errno
import fcntl
import importlib.metadata
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import Any, BinaryIO

from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.backup_archive import Archive, kept_files
from evaluation.files.backup_envelope import (
    LEAST_PASSPHRASE,
    STRENGTH,
    BackupRefused,
    PlainSink,
    SealedSink,
    Sink,
)
from evaluation.models import AuditEvent
from evaluation.queries import database_state as queries
from evaluation.services import database_dumps as dumps
from evaluation.services import seal_anchors, seal_keys

NAME = re.compile(r"cong-tam-\d{8}-\d{6}\.backup")
UNFINISHED = ".new-"
ANCHORS = "anchors.jsonl"
SPARE = 64 * 1024 * 1024
PRIVATE_KEYS = ("SEAL_KEY_FILE", "FACTOR_KEY_FILE")  # what they prove or open is not safe beside them


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    size: int
    seconds: float
    manifest: dict[str, Any]
    removed: list[Path]


def create(to: Path, *, passphrase: str | None, keep: int | None = None, with_keys: bool = False) -> Made:
    """Writes one backup into a folder and keeps at most `keep` of them; without a passphrase it is a plain one.

    Nothing is written where the disk might not take it all, and nothing half made stays.
    """
    if passphrase is not None and len(passphrase) < LEAST_PASSPHRASE:
        raise BackupRefused(f"The passphrase is too short: it needs at least {LEAST_PASSPHRASE} characters.")
    began, moment = time.monotonic(), clock.now()
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(to)
    path = to / f"cong-tam-{moment.astimezone(clock.PROVINCE_ZONE):%Y%m%d-%H%M%S}.backup"
    try:
        _record(path, sealed=passphrase is not None, with_keys=with_keys)
        with _snapshot() as (connection, snapshot):
            state = queries.read(connection)
            missing = missing_evidence(connection, Path(current_app.config["EVIDENCE_DIR"]))
            _require_room(to, state["bytes"])
            programs, version, server = dumps.programs_for(connection)
            with _file_for(path) as file, Archive(_sink(file, passphrase)) as archive:
                with dumps.dumped(current_app.config["OWNER_DATABASE_URI"], snapshot, programs) as stream:
                    archive.add_dump(stream)
                _add_files(archive, with_keys)
                _add_anchors(archive, state["seal"])
                manifest = _about(state, moment, began, version, server) | {"missing_evidence": missing}
                archive.close(manifest)
    except OperationalError as problem:
        raise dumps.unreachable(problem) from None
    except ProgrammingError as problem:
        raise BackupRefused(
            f"The database cannot be read ({dumps.first_line(problem)}): run `flask db upgrade` first."
        ) from None
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise BackupRefused(
                f"The disk of {to} is full: nothing was kept. Make room and start again."
            ) from None
        raise
    removed = _rotate(to, keep, path) if keep else []
    return Made(path, path.stat().st_size, time.monotonic() - began, manifest, removed)


def missing_evidence(connection: Connection, folder: Path) -> int:
    """How many files of evidence the tables name and the folder has not."""
    rows = connection.execution_options(yield_per=1000).execute(text("select stored_name from evidence"))
    return sum(not (folder / name).is_file() for (name,) in rows)


def newest(folder: Path) -> Path | None:
    """The newest finished backup of a folder."""
    return max((path for path in folder.glob("*.backup") if NAME.fullmatch(path.name)), default=None)


@contextmanager
def _snapshot() -> Iterator[tuple[Connection, str]]:
    """One moment of the database that pg_dump sees as well."""
    engine = dumps.engine_of(current_app.config["OWNER_DATABASE_URI"])
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("set transaction read only"))
        yield connection, str(connection.scalar(text("select pg_export_snapshot()")))


def _about(
    state: dict[str, Any], moment: datetime, began: float, version: int, server: int
) -> dict[str, Any]:
    return {
        "application": _version(),
        "agency": current_app.config["AGENCY_NAME"],
        "made_at": moment.isoformat(),
        "seconds": round(time.monotonic() - began, 1),
        "pg_dump": version,
        "server": server,
        **state,
    }


def _version() -> str:
    try:
        return importlib.metadata.version("cong-tam")
    except importlib.metadata.PackageNotFoundError:
        return "0.1.0"


def _sink(file: BinaryIO, passphrase: str | None) -> Sink:
    if passphrase is None:
        return PlainSink(file)
    return SealedSink(file, passphrase, strength=current_app.config.get("BACKUP_STRENGTH", STRENGTH))


def _add_files(archive: Archive, with_keys: bool) -> None:
    for name in ("evidence", "imports", "exports"):
        archive.add_folder(name, Path(current_app.config[f"{name.upper()}_DIR"]))
    for name, place in _keys(with_keys).items():
        with place.open("rb") as file:
            archive.add(f"keys/{name}", file, place.stat().st_size)


def _add_anchors(archive: Archive, seal: dict[str, Any] | None) -> None:
    """The seals as they were handed out, up to the newest one in the backup: the proof compares them with the tables."""
    place = seal_anchors.place()
    if seal is None or not place.is_file():
        return
    with TemporaryFile() as until, place.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") and json.loads(line)["number"] <= seal["number"]:
                until.write(line)
        size = until.tell()
        until.seek(0)
        archive.add(f"keys/{ANCHORS}", until, size)


def _keys(with_private: bool) -> dict[str, Path]:
    """The public keys of the seals always; private ones only where it was asked for."""
    places = [seal_keys.public_place()]
    if with_private:
        places += [Path(current_app.config[setting]) for setting in PRIVATE_KEYS]
        places.append(Path(current_app.config["DATA_DIR"]) / "secret_key")
    return {place.name: place for place in places if place.is_file()}


def _require_room(to: Path, database: int) -> None:
    """A compressed dump takes less than half of its tables and indexes; the files are taken as they are."""
    files = sum(
        path.stat().st_size
        for name in ("EVIDENCE_DIR", "IMPORTS_DIR", "EXPORTS_DIR")
        for path in kept_files(Path(current_app.config[name]))
    )
    needed, free = database // 2 + files + SPARE, shutil.disk_usage(to).free
    if free < needed:
        raise BackupRefused(
            f"The backup may need {needed / 1e6:.0f} MB and {to} has {free / 1e6:.0f} MB left:"
            " make room or give another folder with --to. Nothing was written."
        )


@contextmanager
def _file_for(path: Path) -> Iterator[BinaryIO]:
    """A locked file under a passing name: on the disk first, then under its own; gone when it was not finished."""
    handle, place = mkstemp(dir=path.parent, prefix=UNFINISHED)  # its mode is 0600
    try:
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.link(place, path)  # fails where the name is taken: a backup is never written over
    except FileExistsError:
        raise BackupRefused(f"{path} is there already: another backup was made in this second.") from None
    finally:
        Path(place).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sweep(to: Path) -> None:
    """What a killed backup left: its lock is free."""
    for path in to.glob(f"{UNFINISHED}*"):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path.unlink(missing_ok=True)


def _record(path: Path, *, sealed: bool, with_keys: bool) -> None:
    """Whoever takes everything away leaves a line, inside the backup too: it is written before the moment of the backup."""
    after = {"file": path.name, "encrypted": sealed, "with_keys": with_keys}
    db.session.add(AuditEvent(action="backup.begun", object_type="backup", object_id=0, after=after))
    db.session.commit()


def _rotate(to: Path, keep: int, fresh: Path) -> list[Path]:
    known = sorted((path for path in to.glob("*.backup") if NAME.fullmatch(path.name)), reverse=True)
    old = [path for path in known[keep:] if path != fresh]
    for path in old:
        path.unlink()
    return old
