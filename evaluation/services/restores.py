"""Putting a backup in the place of the database: beside it first, compared, fenced off from what was, and only then renamed."""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.audit_verifier import short_code
from evaluation.files.backup_archive import kept_files
from evaluation.files.backup_envelope import BackupRefused
from evaluation.queries import database_state as queries
from evaluation.queries.database_state import LostEvents
from evaluation.services import backup_trials as trials
from evaluation.services import database_dumps as dumps
from evaluation.services import seal_anchors, seal_keys
from evaluation.services.backup_trials import Unpacked

FOLDERS = {"evidence": "EVIDENCE_DIR", "imports": "IMPORTS_DIR", "exports": "EXPORTS_DIR"}
NAMED_SEALS = 5


@dataclass(slots=True)
class Loss:
    """What was known to exist after the backup and is not in it; `unknown` where nothing can say."""

    unknown: bool = False
    seals: list[str] = field(default_factory=list)
    events: list[LostEvents] = field(default_factory=list)
    other_history: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.unknown or self.seals or self.events or self.other_history)

    def lines(self) -> list[str]:
        """A line for each thing that is missing."""
        if self.unknown:
            return [
                "Nothing here knows what came after the backup: there is no anchors file and no database to compare with."
            ]
        return [
            *self.other_history,
            *(f"missing: {seal}" for seal in self.seals),
            *(
                f"missing: chain {one.chain} of the journal, events {one.first} to {one.last}"
                f" ({one.since} to {one.until})"
                for one in self.events
            ),
        ]


@dataclass(frozen=True, slots=True)
class Restored:
    """A finished restore."""

    manifest: dict[str, Any]
    loss: Loss
    old_database: str | None
    sessions_ended: int
    jobs_waiting: int
    files_laid: int
    seconds: float


def people_in_place() -> int:
    """How many people the database that would be replaced knows; 0 where there is none to replace."""
    try:
        with dumps.engine_of(_address()).connect() as connection:
            return queries.people(connection)
    except OperationalError:
        if _exists(str(_address().database)):
            raise
        return 0


def restore(
    file: Path,
    passphrase: str | None,
    *,
    anchors: Path | None,
    accepted: str | None,
    replace: bool,
    drop_old: bool,
    confirmed_by: int | None,
    tell: Callable[[str], None],
) -> Restored:
    """Restores a backup; the database in place is kept under another name unless `drop_old`.

    Refused over people without `replace`, while anybody is connected, and where something is missing since the backup
    unless a reason says that the loss is accepted. Until the last step the database in place is not touched.
    """
    began = time.monotonic()
    db.session.remove()
    db.engine.dispose()
    try:
        if people_in_place() and not replace:
            raise BackupRefused(
                "The database holds people: a restore replaces it whole. Say --replace if that is what you want."
            )
        _refuse_company()
        with trials.workplace() as work:
            found = trials.unpacked(file, passphrase, work)
            tell(f"{file.name}: every byte is as it was written, made {found.manifest['made_at']}")
            loss = _loss(found.manifest, anchors)
            for line in loss.lines():
                tell(line)
            if loss and not (accepted or "").strip():
                raise BackupRefused(
                    "What is named above would be lost. Look for a newer backup, or accept the loss with a reason:"
                    ' --accept-loss "…". Nothing was changed.'
                )
            about = _about(file, found.manifest, loss, confirmed_by)
            return _put_in_place(found, loss, about, (accepted or "").strip() or None, drop_old, began)
    except OperationalError as problem:
        raise dumps.unreachable(problem) from None


def _put_in_place(
    found: Unpacked, loss: Loss, about: dict[str, Any], reason: str | None, drop_old: bool, began: float
) -> Restored:
    address, stamp = _address(), f"{clock.now():%Y%m%d_%H%M%S}"
    name = str(address.database)
    fresh = dumps.make_database(address, f"{name}_restored_{stamp}")
    try:
        found.fill(fresh)
        _compare(fresh, found)
        environment = _environment(fresh) | found.keys()
        if wrong := trials.upgrade(environment):
            raise BackupRefused(f"The backup could not be brought to this version's schema: {wrong[-1]}")
        if wrong := trials.journal_complaints(environment):
            raise BackupRefused(f"The journal in the backup is not whole: {'; '.join(wrong[:5])}.")
        laid = _lay_files(found.folder, stamp)
        _lay_public_keys(found.folder)
        with dumps.engine_of(fresh).begin() as connection:
            ended = queries.end_sessions(connection)
            waiting = queries.cut_off_old_messages(connection)
            _record(connection, about, reason)
        _refuse_company()
        old = _rename(address, name, str(fresh.database), f"{name}_before_{stamp}")
    except BaseException:
        dumps.drop_database(address, str(fresh.database))
        raise
    if loss.seals or loss.other_history:
        _put_anchors_aside(stamp)
    if old and drop_old:
        dumps.drop_database(address, old)
        old = None
    return Restored(found.manifest, loss, old, ended, waiting, laid, time.monotonic() - began)


def _compare(fresh: URL, found: Unpacked) -> None:
    with dumps.engine_of(fresh).connect() as connection:
        wrong = queries.differences(found.manifest, queries.read(connection))
        wrong += trials.evidence_complaints(
            connection, found.folder / "evidence", found.manifest["missing_evidence"]
        )
    if wrong:
        raise BackupRefused(f"The restored database is not what the backup says: {'; '.join(wrong[:5])}.")


def _loss(manifest: dict[str, Any], anchors: Path | None) -> Loss:
    """From the anchors, which nobody here could rewrite if they come from another host, and from the database in place."""
    place = anchors or seal_anchors.place()
    loss = Loss(unknown=True)
    if anchors is not None or place.exists():
        loss.unknown = False
        _lost_by_anchors(loss, manifest, _read_anchors(place))
    if _exists(str(_address().database)):
        with dumps.engine_of(_address()).connect() as connection:
            if queries.people(connection):
                loss.unknown = False
                events, strange = queries.missing_events(connection, manifest["heads"])
                known = {one.chain: one for one in (*loss.events, *events)}
                loss.events = [known[chain] for chain in sorted(known)]
                loss.other_history += [
                    f"chain {chain} of the journal in the backup is not the one of the database in place"
                    for chain in strange
                ]
    return loss


def _lost_by_anchors(loss: Loss, manifest: dict[str, Any], anchors: list[dict[str, Any]]) -> None:
    newest = manifest["seal"]
    number = newest["number"] if newest else 0
    same = next((anchor for anchor in anchors if anchor["number"] == number), None)
    if newest and anchors and (same is None or same["root"] != newest["root"]):
        loss.other_history.append(
            f"seal {number} of the backup is not among the anchors: it is of another province,"
            " of another history, or newer than the anchors"
        )
    later = [anchor for anchor in anchors if anchor["number"] > number]
    loss.seals = [
        f"seal {anchor['number']} of {anchor['at']}, code {short_code(bytes.fromhex(anchor['root']))}"
        for anchor in later
    ]
    here = {chain: seq for chain, seq, _hash in manifest["heads"]}
    for anchor in later:
        for chain, (seq, _hash) in anchor["heads"].items():
            first = here.get(int(chain), 0) + 1
            if seq >= first:
                loss.events = [one for one in loss.events if one.chain != int(chain)]
                loss.events.append(
                    LostEvents(int(chain), first, seq, "after the backup", f"seal {anchor['number']}")
                )


def _read_anchors(place: Path) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in place.read_text("utf-8").splitlines() if line.strip()]
        return [{name: line[name] for name in ("number", "at", "root", "heads")} for line in lines]
    except OSError as problem:
        raise BackupRefused(f"The anchors in {place} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise BackupRefused(
            f"{place} is not a file of anchors: each line of one is a seal as JSON."
        ) from None


def _lay_files(parts: Path, stamp: str) -> int:
    """Kept files go where they were; one that is there already with another content is put aside, never lost."""
    laid = 0
    for name, setting in FOLDERS.items():
        folder = Path(current_app.config[setting])
        if not (parts / name).is_dir():
            continue
        for path in kept_files(parts / name):
            place = folder / path.relative_to(parts / name)
            if place.is_file():
                if _same(place, path):
                    continue
                place.rename(place.with_name(f"{place.name}.before-{stamp}"))
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            passing = place.with_name(f".new-{place.name}")
            shutil.copyfile(path, passing)
            with passing.open("rb") as file:
                os.fsync(file.fileno())
            passing.replace(place)
            laid += 1
    return laid


def _put_anchors_aside(stamp: str) -> None:
    """Seals that were accepted as lost would be missed for ever: the line goes on in a new file, the old one is kept.

    Copies on other hosts still tell of them, and the event of the restore says why.
    """
    place = seal_anchors.place()
    if place.exists():
        place.rename(place.with_name(f"{place.name}.before-{stamp}"))
    db.session.remove()
    seal_anchors.write()


def _lay_public_keys(parts: Path) -> None:
    """A new machine learns by which keys the old seals are checked; one that has keys keeps its own."""
    place = seal_keys.public_place()
    inside = parts / "keys" / place.name
    if inside.is_file() and not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(inside, place)


def _about(file: Path, manifest: dict[str, Any], loss: Loss, confirmed_by: int | None) -> dict[str, Any]:
    """What the journal keeps of a restore."""
    return {
        "file": file.name,
        "made_at": manifest["made_at"],
        "sums": manifest["sums"],
        "confirmed_by": confirmed_by,
        "unknown": loss.unknown,
        "missing_seals": len(loss.seals),
        "seals": loss.seals[:NAMED_SEALS],
        "missing_events": {str(one.chain): [one.first, one.last] for one in loss.events},
        "other_history": loss.other_history,
    }


def _record(connection: Connection, about: dict[str, Any], reason: str | None) -> None:
    connection.execute(
        text(
            "insert into audit_event (action, object_type, object_id, after, reason)"
            " values ('backup.restored', 'backup', 0, cast(:after as jsonb), :reason)"
        ),
        {"after": json.dumps(about, ensure_ascii=False), "reason": reason},
    )


def _rename(address: URL, name: str, fresh: str, old: str) -> str | None:
    """Both names change in one transaction: there is never a moment without a database for whoever looks."""
    there = _exists(name)
    engine = dumps.engine_of(address.set(database="postgres"))
    try:
        with engine.begin() as connection:
            if there:
                connection.execute(text(f'alter database "{name}" rename to "{old}"'))
            connection.execute(text(f'alter database "{fresh}" rename to "{name}"'))
    except DBAPIError as problem:
        raise BackupRefused(
            f"The database could not be put in place ({dumps.first_line(problem)}):"
            " stop what is connected and start again."
        ) from None
    return old if there else None


def _refuse_company() -> None:
    name = str(_address().database)
    with dumps.commands_at(_address()) as connection:
        others = queries.other_sessions(connection, name)
    if others:
        raise BackupRefused(
            f"{len(others)} others are connected to the database {name}: {', '.join(others[:5])}."
            " Stop web, worker and beat first."
        )


def _exists(name: str) -> bool:
    with dumps.commands_at(_address()) as connection:
        found = connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name})
    return found is not None


def _address() -> URL:
    return make_url(current_app.config["OWNER_DATABASE_URI"])


def _environment(fresh: URL) -> dict[str, str]:
    """For migrating the database that is not in place yet."""
    owner = fresh.render_as_string(hide_password=False)
    app = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"]).set(database=fresh.database)
    return {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(current_app.config["DATA_DIR"]),
        "DATABASE_URL": app.render_as_string(hide_password=False),
        "OWNER_DATABASE_URL": owner,
    }


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    return trials.sha256_of(one) == trials.sha256_of(other)
