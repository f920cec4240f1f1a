"""The journal as JSON lines that anybody can check: at once, or as a job over 2,000 events."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from evaluation import clock
from evaluation.files.audit_verifier import key_id
from evaluation.queries import audit_chains as queries
from evaluation.queries import audit_seals
from evaluation.services import seal_anchors, seal_keys

FORMAT = "cong-tam-audit/1"


def lines(chains: Collection[int] | None = None) -> Iterator[str]:
    """Header, seals, hashes of the readings, heads and events; only some chains, or all.

    The text of an event is the very text that was hashed. What is written meanwhile is left to the next export.
    """
    count = 0
    yield _line(_header(chains))
    for row in _rows(chains):
        count += 1
        yield _line(row)
    yield _line({"type": "end", "lines": count + 1})


def _header(chains: Collection[int] | None) -> dict[str, Any]:
    keys = seal_keys.public_keys()
    return {
        "type": "header",
        "format": FORMAT,
        "at": seal_anchors.moment(clock.now()),
        "keys": [key.hex() for key in keys],
        "key_ids": [key_id(key) for key in keys],
        "chains": None if chains is None else sorted(chains),
    }


def _rows(chains: Collection[int] | None) -> Iterator[dict[str, Any]]:
    for seal in audit_seals.seals_after(0):
        yield {"type": "seal", **seal_anchors.as_json(seal)}
    for number, of in queries.hashes_of_readings().items():
        yield {"type": "readings", "seal": number, "hash": of}
    ends = {end.chain: end for end in queries.ends() if chains is None or end.chain in chains}
    for end in ends.values():
        if end.head_seq is not None:
            yield {"type": "head", "chain": end.chain, "seq": end.head_seq, "hash": end.head_hash}
    for row in queries.events(chains):
        if row.seq is None or (row.chain in ends and row.seq <= ends[row.chain].seq):
            yield {
                "type": "event",
                "chain": row.chain,
                "seq": row.seq,
                "hash": row.hash,
                "payload": row.payload,
            }


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def write(target: Path, chains: Collection[int] | None = None) -> int:
    """Writes an export under its name only when it is whole; answers how many lines it has."""
    fresh = target.with_name(f"{target.name}.part")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    count = 0
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            for line in lines(chains):
                file.write(line)
                count += 1
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)
    return count
