"""Whether this process can serve: what must be in order, and what may limp for a while without turning anybody away."""

import contextlib
import functools
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text

from evaluation import stopping
from evaluation.extensions import celery, db
from evaluation.queries import operations
from evaluation.services.pulses import RECONCILER

MEGABYTE = 1024 * 1024
LOW_DISK, NO_DISK = 500 * MEGABYTE, 50 * MEGABYTE
MOST_SKEW, WRONG_CLOCK = 2, 60  # seconds between this clock and the database's
MOST_SILENCE = 120  # seconds without the reconciler, which comes every 30
PATIENCE = 3  # seconds for the database and for the broker


class State(StrEnum):
    """How one part stands: `DEGRADED` is for an administrator, `FAILED` turns traffic away."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part and how it stands."""

    name: str
    state: State
    detail: str


def findings() -> list[Finding]:
    """Every part, asked now; nothing here raises."""
    if stopping.asked():
        return [Finding("process", State.FAILED, "stopping")]
    return [Finding("process", State.OK, "serving"), *_of_the_database(), broker(), disk()]


def worst(found: list[Finding]) -> State:
    """How the whole stands: as its worst part."""
    return max((one.state for one in found), key=list(State).index, default=State.OK)


def _of_the_database() -> list[Finding]:
    try:
        db.session.execute(text(f"set local statement_timeout = '{PATIENCE}s'"))
        look, revision = operations.look(), operations.schema_revision()
        reconciler = operations.signs().get(RECONCILER)
    except Exception as problem:
        return [Finding("database", State.FAILED, type(problem).__name__)]
    finally:
        let_go()
    age = reconciler.age if reconciler else None
    return [
        Finding("database", State.OK, "answers"),
        _schema(revision),
        _clock(look.now),
        _aged("seal", look.seal_age, 60 * int(current_app.config.get("SEAL_MINUTES", 15))),
        _aged("reconciler", age, MOST_SILENCE),
    ]


def let_go() -> None:
    """Ends the look, whatever became of its connection."""
    try:
        db.session.rollback()
    except Exception:
        db.session.remove()


def _schema(revision: str | None) -> Finding:
    wanted = code_revision(current_app.extensions["migrate"].directory)
    same = State.OK if revision == wanted else State.FAILED
    return Finding("schema", same, f"database {revision}, code {wanted}")


@functools.cache
def code_revision(folder: str) -> str | None:
    """The newest migration of the code that runs."""
    return ScriptDirectory(folder).get_current_head()


def _clock(database: datetime) -> Finding:
    off = abs(skew(database))
    state = State.OK if off <= MOST_SKEW else State.DEGRADED if off <= WRONG_CLOCK else State.FAILED
    return Finding("clock", state, f"{off:.1f} s from the database's")


def skew(database: datetime) -> float:
    """Seconds that this clock is ahead of the database's."""
    return (datetime.now(UTC) - database).total_seconds()


def _aged(name: str, age: float | None, most: float) -> Finding:
    if age is None:
        return Finding(name, State.DEGRADED, "never seen")
    return Finding(name, State.OK if age <= most else State.DEGRADED, f"{age:.0f} s old")


def broker() -> Finding:
    """Whether the doorbell answers; without it work is only later, so it never turns traffic away."""
    try:
        with celery.connection_for_write(connect_timeout=PATIENCE) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
            if connection.transport.driver_type == "sql":  # which connects only when it is used
                with contextlib.closing(connection.default_channel.session) as session:
                    session.execute(text("select 1"))
    except Exception as problem:
        return Finding("broker", State.DEGRADED, type(problem).__name__)
    return Finding("broker", State.OK, "answers")


def disk() -> Finding:
    """The least room on any disk that data is written to."""
    try:
        free, folder = min((shutil.disk_usage(folder).free, folder) for folder in _folders())
    except OSError as problem:
        return Finding("disk", State.FAILED, type(problem).__name__)
    state = State.OK if free >= LOW_DISK else State.DEGRADED if free >= NO_DISK else State.FAILED
    return Finding("disk", state, f"{free // MEGABYTE} MiB free on {folder.name}")


def _folders() -> list[Path]:
    settings = current_app.config
    return [
        Path(settings[name])
        for name in ("DATA_DIR", "EVIDENCE_DIR", "IMPORTS_DIR", "EXPORTS_DIR")
        if settings.get(name)
    ]
