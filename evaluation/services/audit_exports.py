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


class Frame:
    """Everything of an export but the events; once written, `ends` says how far each chain went: the rest is left out."""

    def __init__(self, chains: Collection[int] | None = None) -> None:
        self.chains = chains
        self.ends: dict[int, int] = {}

    def lines(self) -> Iterator[str]:
        """The header, seals, hashes of the readings and heads; the seals first, for chains only grow meanwhile."""
        keys = seal_keys.public_keys()
        yield _line(
            {
                "type": "header",
                "format": FORMAT,
                "at": seal_anchors.moment(clock.now()),
                "keys": [key.hex() for key in keys],
                "key_ids": [key_id(key) for key in keys],
                "chains": None if self.chains is None else sorted(self.chains),
            }
        )
        for seal in audit_seals.seals_after(0):
            yield _line({"type": "seal", **seal_anchors.as_json(seal)})
        for number, of in queries.hashes_of_readings().items():
            yield _line({"type": "readings", "seal": number, "hash": of})
        for end in queries.ends():
            if self.chains is not None and end.chain not in self.chains:
                continue
            self.ends[end.chain] = end.seq
            if end.head_seq is not None:
                yield _line({"type": "head", "chain": end.chain, "seq": end.head_seq, "hash": end.head_hash})


def event_lines(chains: Collection[int] | None, ends: dict[int, int]) -> Iterator[str]:
    """Events with the very text that was hashed, chain by chain, never all in memory."""
    for row in queries.events(chains):
        if row.seq is None or row.seq <= ends.get(row.chain, 0):
            event = {"chain": row.chain, "seq": row.seq, "hash": row.hash, "payload": row.payload}
            yield _line({"type": "event", **event})


def end_line(count: int) -> str:
    """The last line, which says how many stand between it and the header."""
    return _line({"type": "end", "lines": count + 1})


def lines(chains: Collection[int] | None = None) -> Iterator[str]:
    """A whole export, line by line: of some chains, or of all."""
    count, frame = -1, Frame(chains)
    for line in frame.lines():
        count += 1
        yield line
    for line in event_lines(chains, frame.ends):
        count += 1
        yield line
    yield end_line(count)


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
