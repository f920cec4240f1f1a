"""Checking the journal where it lies: every edit, deletion, insertion or swap is found and located."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluation.files import audit_verifier as verifier
from evaluation.files.audit_verifier import Finding, Seals
from evaluation.queries import audit_chains as queries
from evaluation.queries import audit_seals
from evaluation.services import seal_anchors, seal_keys


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check came to: what is wrong, and how much was looked at."""

    findings: list[Finding]
    events: int
    seals: int
    newest: dict[str, Any] | None


def verify(*, anchors: list[dict[str, Any]] | None = None, with_anchors: bool = True) -> Verified:
    """All chains, heads, seals, anchors and sealed readings; `anchors` instead of this host's own file.

    It cannot see what somebody changed who holds the key too, unless the anchors lie where that person cannot write.
    """
    known = anchors if anchors is not None or not with_anchors else seal_anchors.stored()
    line = Seals(seal_keys.public_keys(), known, seal_keys.verified)
    for one in audit_seals.seals_after(
        0
    ):  # first: whatever is written meanwhile only makes the chains longer
        line.read(seal_anchors.as_json(one))
    ends = {end.chain: end for end in queries.ends()}
    findings = [*_links(), *_ends(ends), *_sealed(line, ends), *line.end(queries.hashes_of_readings())]
    return Verified(findings, sum(end.seq for end in ends.values()), line.number, line.newest)


def _links() -> Iterator[Finding]:
    for row in queries.bad_links():
        if row.gap:
            yield Finding("gap", row.chain, row.seq_before + 1)
        elif row.gone:
            yield Finding("gone", row.chain, row.seq)
        else:
            yield Finding("elsewhere" if row.elsewhere else "changed", row.chain, row.seq)
    for row in queries.unlinked():
        yield Finding("unlinked", row.chain, row.id)
    for row in queries.linked_twice():
        yield Finding("changed", row.chain, row.seq)


def _ends(ends: dict[int, queries.Ends]) -> Iterator[Finding]:
    for end in ends.values():
        if not end.agree:
            yield Finding("head", end.chain, end.seq)


def _sealed(line: Seals, ends: dict[int, queries.Ends]) -> Iterator[Finding]:
    """Where a chain stops being the one that seals or anchors saw: behind the last place where they agree."""
    wanted = (
        (chain, seq, of) for chain, seen in line.sealed.items() for seq, (of, _seal) in sorted(seen.items())
    )
    first: dict[int, int] = {}
    for chain, seq in queries.differing(wanted):
        first[chain] = min(seq, first.get(chain, seq))
    for chain, seq in sorted(first.items()):
        seen = line.sealed[chain]
        end = ends[chain].seq if chain in ends else 0
        if seq <= end:
            good = max((one for one in seen if one < seq), default=0)
            yield Finding("sealed", chain, good + 1, seq, seen[seq][1])
        if (last := max(seen)) > end:
            yield Finding("cut", chain, end + 1, last, seen[last][1])


def verify_export(place: str, *, anchors: list[dict[str, Any]] | None = None, key: bytes = b"") -> Verified:
    """The same from an export, by the functions of the stand-alone verifier."""
    with open(place, encoding="utf-8") as lines:
        seals, count, findings = verifier.check(lines, anchors, key)
    return Verified(findings, count["event"], seals.number, seals.newest)
