"""Sealing the journal: a signed Merkle root over the heads of all chains, made every few minutes and carried out."""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from evaluation import clock
from evaluation.extensions import db
from evaluation.files import audit_verifier as verifier
from evaluation.files.audit_verifier import key_id, short_code
from evaluation.models import AuditSeal
from evaluation.queries import audit_seals as queries
from evaluation.services import seal_anchors, seal_keys
from evaluation.services.seal_anchors import as_json, moment

__all__ = ["in_groups", "is_stale", "newest", "seal", "short_code"]

ALGORITHM = "Ed25519"
WHOLE_EVERY = 288  # a seal names the chains that moved; one of a day names all, so that few need reading back

log = logging.getLogger(__name__)


def seal(also: Callable[[AuditSeal], None] | None = None) -> AuditSeal:
    """Makes a seal now, commits it and carries it to the anchors file; two sealers at once make one line.

    `also` writes what is to be kept with the seal or not at all.
    """
    queries.wait_for_other_sealers()
    before = queries.newest()
    key = seal_keys.private_key(first=before is None)
    covered = before.readings_to if before else 0
    if queries.no_reading_is_being_written():
        read = queries.readings_since(covered)
    else:
        log.warning("a transaction that writes readings takes long: its readings are left to the next seal")
        read = queries.Readings(covered, hashlib.sha256().digest())
    heads = queries.heads()
    known = {int(chain): (int(seq), str(of)) for chain, (seq, of) in heads.items()}
    said: dict[str, Any] = {
        "number": before.number + 1 if before else 1,
        "at": moment(clock.now()),
        "events": sum(seq for seq, _of in known.values()),
        "heads": _moved(heads, before),
        "readings_to": read.last,
        "readings_hash": read.hash.hex(),
        "previous": verifier.seal_hash(as_json(before)) if before else bytes(32).hex(),
        "root": verifier.root_of(known, read.last, read.hash.hex()).hex(),
        "algorithm": ALGORITHM,
        "key_id": key_id(key.public_key().public_bytes_raw()),
    }
    made = AuditSeal(
        number=said["number"],
        at=datetime.fromisoformat(said["at"]),
        events=said["events"],
        heads=said["heads"],
        readings_to=read.last,
        readings_hash=read.hash,
        previous=bytes.fromhex(said["previous"]),
        root=bytes.fromhex(said["root"]),
        algorithm=ALGORITHM,
        key_id=said["key_id"],
        signature=key.sign(verifier.seal_text(said)),
    )
    db.session.add(made)
    if also is not None:
        db.session.flush()
        also(made)
    db.session.commit()
    seal_anchors.write()
    return made


def newest() -> AuditSeal | None:
    """The newest seal."""
    return queries.newest()


def is_stale() -> bool:
    """Whether the newest seal is older than SEAL_MINUTES, or there is none: then nothing may be closed."""
    last = newest()
    return last is None or clock.now() - last.at > timedelta(minutes=int(current_app.config["SEAL_MINUTES"]))


def in_groups(root: bytes) -> str:
    """A whole root as 16 groups of four hexadecimal digits."""
    digits = root.hex().upper()
    return " ".join(digits[first : first + 4] for first in range(0, 64, 4))


def _moved(heads: dict[str, list[int | str]], before: AuditSeal | None) -> dict[str, list[int | str]]:
    """The chains whose head is not the one that the seals since the last whole one named."""
    if before is None or before.number % WHOLE_EVERY == 0:
        return heads
    known: dict[str, list[int | str]] = {}
    for named in queries.heads_since(before.number - (before.number - 1) % WHOLE_EVERY):
        known |= named
    return {chain: head for chain, head in heads.items() if known.get(chain) != head}
