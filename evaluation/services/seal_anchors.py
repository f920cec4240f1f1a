"""Carrying seals out of the database: one line each in a file that another host copies away."""

import fcntl
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from flask import current_app

from evaluation.models import AuditSeal
from evaluation.queries import audit_seals as queries

log = logging.getLogger(__name__)


def as_json(made: AuditSeal) -> dict[str, Any]:
    """A seal as anchors and exports carry it and as the verifier reads it."""
    return {
        "number": made.number,
        "at": moment(made.at),
        "events": made.events,
        "heads": made.heads,
        "readings_to": made.readings_to,
        "readings_hash": made.readings_hash.hex(),
        "previous": made.previous.hex(),
        "root": made.root.hex(),
        "algorithm": made.algorithm,
        "key_id": made.key_id,
        "signature": made.signature.hex(),
    }


def moment(at: datetime) -> str:
    """A moment as it is signed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def place() -> Path:
    """The file that another host copies away."""
    return Path(current_app.config["ANCHORS_FILE"])


def stored() -> list[dict[str, Any]] | None:
    """The seals that were handed out, as the file on this host has them; None where there is no file."""
    try:
        with open(place(), encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return None


def write() -> int:
    """Adds all seals that the file lacks, each as one line that is on the disk before this ends; answers how many.

    What cannot be written is logged and written with the next seal.
    """
    try:
        place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(place(), "a+b", opener=lambda path, flags: os.open(path, flags, 0o640)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            written = 0
            for made in queries.seals_after(_last_in(file)):
                file.write(json.dumps(as_json(made), sort_keys=True).encode() + b"\n")
                written += 1
            file.flush()
            os.fsync(file.fileno())
            return written
    except (OSError, ValueError) as problem:
        log.error("the anchors could not be written to %s: %s", place(), problem)
        return 0


def _last_in(file: IO[bytes]) -> int:
    """The number of the last whole line; the half line of a process that was killed is cut off."""
    size = file.seek(0, os.SEEK_END)
    start, tail = size, b""
    while start and tail.count(b"\n") < 2:
        start = max(0, start - 65536)
        file.seek(start)
        tail = file.read(size - start)
    whole, mark, half = tail.rpartition(b"\n")
    if half:
        file.truncate(size - len(half))
        file.seek(0, os.SEEK_END)
    return int(json.loads(whole.rpartition(b"\n")[2])["number"]) if mark else 0
