"""Questions for who checks the journal: the database works all hashes out again, chain by chain, in a handful of statements."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from evaluation.extensions import db
from evaluation.queries.audit_seals import READING

AT_ONCE = 2000
MOST = 1000  # faults named by one statement; where there are more, the first tell enough

# Each link against the one before it and the event's own text. A link is judged by what is stored before it, so one changed
# event is one fault and not all that follow. Two joins instead of a window, so that several processes share the hashing.
LINKS = text(
    f"""
    with bad as materialized (
        select link.chain, link.seq, link.seq <> 1 and before.seq is null as gap, e.id is null as gone,
               e.chain is distinct from link.chain as elsewhere
        from audit_link link
        left join audit_link before on before.chain = link.chain and before.seq = link.seq - 1
        left join audit_event e on e.id = link.event_id
        where e.id is null or e.chain <> link.chain or (link.seq <> 1 and before.seq is null)
           or link.hash is distinct from audit_hash(
               coalesce(before.hash, decode(repeat('00', 32), 'hex')), link.chain, link.seq, audit_payload(e))
    )
    select bad.*, (select coalesce(max(seq), 0) from audit_link where chain = bad.chain and seq < bad.seq) as seq_before
    from bad order by chain, seq limit {MOST}
    """
)

UNLINKED = text(
    f"""
    select e.chain, e.id from audit_event e
    where not exists (select from audit_link where audit_link.event_id = e.id) order by e.chain, e.id limit {MOST}
    """
)

TWICE = text(
    f"""
    select max(chain) as chain, max(seq) as seq from audit_link group by event_id having count(*) > 1
    order by 1, 2 limit {MOST}
    """
)

ENDS = text(
    """
    select chain, coalesce(tail.seq, 0) as seq, head.seq as head_seq, encode(head.hash, 'hex') as head_hash,
           coalesce(tail.hash, decode(repeat('00', 32), 'hex')) is not distinct from head.hash as same
    from (select distinct on (chain) chain, seq, hash from audit_link order by chain, seq desc) tail
    full join audit_head head using (chain)
    order by chain
    """
)

SEALED = text(
    """
    select sealed.chain, sealed.seq
    from unnest(cast(:chains as bigint[]), cast(:seqs as bigint[]), cast(:hashes as text[])) as sealed(chain, seq, hash)
    left join audit_link link on link.chain = sealed.chain and link.seq = sealed.seq
    where link.hash is null or encode(link.hash, 'hex') <> sealed.hash
    order by sealed.chain, sealed.seq
    """
)

# The readings of each seal: from behind the seal before it to the last that it covers.
READINGS = text(
    f"""
    with seal as (
        select number, readings_to, lag(readings_to, 1, 0::bigint) over (order by number) as since from audit_seal
    ),
    reading_hash as (select reading.id, {READING} as hash from reading)
    select seal.number, count(*) as count,
           encode(sha256(string_agg(reading_hash.hash, ''::bytea order by reading_hash.id)), 'hex') as hash
    from seal join reading_hash on reading_hash.id > seal.since and reading_hash.id <= seal.readings_to
    where seal.readings_to > seal.since
    group by seal.number order by seal.number
    """
)

EVENTS = text(
    """
    select coalesce(link.chain, e.chain) as chain, link.seq, encode(link.hash, 'hex') as hash,
           case when e.id is not null then audit_payload(e) end as payload
    from audit_link link full join audit_event e on e.id = link.event_id
    where cast(:chains as bigint[]) is null or coalesce(link.chain, e.chain) = any(:chains)
    order by 1, 2 nulls last
    """
)


@dataclass(frozen=True, slots=True)
class Ends:
    """The newest link of a chain and what its head says."""

    chain: int
    seq: int
    head_seq: int | None
    head_hash: str | None
    agree: bool


def bad_links() -> Sequence[Row[Any]]:
    """Links that do not follow from the one before, or whose event is gone or belongs to another chain."""
    return db.session.execute(LINKS).all()


def unlinked() -> Sequence[Row[Any]]:
    """Events that stand in no chain."""
    return db.session.execute(UNLINKED).all()


def linked_twice() -> Sequence[Row[Any]]:
    """Events that stand at two places."""
    return db.session.execute(TWICE).all()


def ends() -> list[Ends]:
    """The last link of each chain beside its head."""
    return [
        Ends(row.chain, row.seq, row.head_seq, row.head_hash, bool(row.same) and row.seq == row.head_seq)
        for row in db.session.execute(ENDS)
    ]


def differing(sealed: Iterable[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """Of (chain, seq, hash) that a seal or an anchor saw, those whose link is another or is gone."""
    found: list[tuple[int, int]] = []
    some: list[tuple[int, int, str]] = []
    for one in sealed:
        some.append(one)
        if len(some) == AT_ONCE:
            found.extend(_differing(some))
            some = []
    return found + _differing(some)


def _differing(some: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
    if not some:
        return []
    chains, seqs, hashes = (list(column) for column in zip(*some, strict=True))
    rows = db.session.execute(SEALED, {"chains": chains, "seqs": seqs, "hashes": hashes})
    return [(row.chain, row.seq) for row in rows]


def hashes_of_readings() -> dict[int, str]:
    """The hash of the readings of each seal that covers any, as they are now."""
    return {row.number: row.hash for row in db.session.execute(READINGS)}


def count_events(chains: Collection[int] | None = None) -> int:
    """How many events the journal holds, of some chains or of all."""
    statement = text(
        "select count(*) from audit_event where cast(:chains as bigint[]) is null or chain = any(:chains)"
    )
    return int(db.session.scalar(statement, {"chains": None if chains is None else sorted(chains)}) or 0)


def counts(chains: Collection[int] | None = None) -> list[tuple[int, int]]:
    """How many events each chain has, chains that lost their links or their head included."""
    statement = text(
        "select chain, count(*) from audit_event"
        " where cast(:chains as bigint[]) is null or chain = any(:chains) group by chain order by chain"
    )
    rows = db.session.execute(statement, {"chains": None if chains is None else sorted(chains)})
    return [(chain, count) for chain, count in rows]


def events(chains: Collection[int] | None = None) -> Iterator[Row[Any]]:
    """Events with their links in the order of their chains, never all in memory."""
    return iter(
        db.session.execute(
            EVENTS,
            {"chains": None if chains is None else sorted(chains)},
            execution_options={"yield_per": AT_ONCE},
        )
    )
