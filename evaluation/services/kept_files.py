"""Files kept for the record: outside the web root, under names the server makes, whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from flask import current_app

from evaluation import clock
from evaluation.files.evidence import EvidenceKind


def folder() -> Path:
    """Where files are kept."""
    return Path(current_app.config["EVIDENCE_DIR"])


def store(data: bytes, kind: EvidenceKind) -> str:
    """Writes under a name of our own: whole or not at all, on the disk before the row that names it."""
    month = f"{clock.today():%Y/%m}"
    inside = folder() / month
    inside.mkdir(parents=True, exist_ok=True)
    name = f"{uuid4().hex}{kind.extensions[0]}"
    with NamedTemporaryFile(dir=inside, prefix=".new-", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, inside / name)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    handle = os.open(inside, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return f"{month}/{name}"


def copy(kept: Path) -> str:
    """A second name for a kept file, for a record that takes the place of another."""
    name = f"{kept.parent.relative_to(folder())}/{uuid4().hex}{kept.suffix}"
    os.link(kept, folder() / name)
    return name
