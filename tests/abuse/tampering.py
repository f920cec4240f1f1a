"""`python -m tests.abuse.tampering`: the owner of the database rewrites the journal at random, with all triggers switched off.

Each tampering happens in a transaction that is undone afterwards; the check of the database and the stand-alone verifier of an
export must both find it and say where. Between them the journal grows as usual and must be found whole.
"""

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import create_engine, text

from evaluation.extensions import db
from evaluation.files import audit_verifier as verifier
from evaluation.files.audit_verifier import Finding
from evaluation.models import Reading
from evaluation.services import audit, audit_exports, audit_verification, seal_anchors, seal_keys, seals

CHAINS, CLEAN_EVERY = 7, 20
OF_A_CHAIN = {"changed", "gap", "gone", "elsewhere", "head", "sealed", "cut"}
Located = Callable[[Finding], bool]


@dataclass
class Trace:
    """What a tampering did: how it is called, what must be found, and the units it touched."""

    what: str
    wanted: list[Located]
    chains: set[int] | None = None  # None where seals are wrong, so that chains may be blamed with them
    anchors: list[dict[str, Any]] | None = None


@dataclass
class Report:
    """How many tamperings were found and located by both checks, and how often a whole journal was blamed."""

    count: int = 0
    located: int = 0
    clean_checks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        return (
            f"{self.count} tamperings ({kinds}): {self.located} located;"
            f" {self.clean_checks} checks of a whole journal, {len(self.false_alarms)} false alarms"
        )


# The journal that is tampered with


class Journal:
    """A journal with chains, seals and readings, and what the tamperer needs to know of it."""

    def __init__(self, app: Flask, chance: Random):
        from tests import factories

        self.app, self.chance = app, chance
        self.units: list[int] = [factories.unit("Sở Nội vụ").id]
        while len(self.units) < CHAINS - 1:
            self.units.append(factories.unit(f"Phòng {len(self.units)}").id)
        self.people = [factories.person().id for _one in range(3)]
        db.session.commit()
        for _part in range(8):
            self.grow()

    def grow(self) -> None:
        """Some events in some chains, some readings, one seal."""
        from evaluation.models import Unit

        for _one in range(self.chance.randint(6, 14)):
            unit = self.chance.choice([*self.units, None])
            subject = db.session.get_one(Unit, self.units[0])
            audit.record(
                None,
                "unit.renamed",
                subject,
                before={"name": "Phòng cũ", "points": self.chance.randint(1, 9)},
                after={"name": "Phòng mới", "points": self.chance.randint(1, 9)},
                reason="sắp xếp lại tổ chức",
                unit_id=unit,
            )
            if self.chance.random() < 0.5:
                db.session.commit()
        for _one in range(self.chance.randint(2, 5)):
            reader, person = self.chance.sample(self.people, 2)
            db.session.add(
                Reading(reader_id=reader, person_id=person, object_type="report", object_id=1, how="page")
            )
        db.session.commit()
        seals.seal()


class Tamperer:
    """The owner of the database, in a transaction of its own, triggers off."""

    def __init__(self, journal: Journal, connection: Any):
        self.journal, self.chance, self.connection = journal, journal.chance, connection
        self.links = self.rows("select chain, seq, event_id, hash from audit_link order by chain, seq")
        self.seals = self.rows("select number, heads, readings_to from audit_seal order by number")
        self.readings = self.rows("select id from reading order by id")
        self.sealed = {int(chain): seq for seal in self.seals for chain, (seq, _of) in seal.heads.items()}

    def rows(self, statement: str, **given: Any) -> list[Any]:
        return list(self.connection.execute(text(statement), given).all())

    def do(self, statement: str, **given: Any) -> None:
        done = self.connection.execute(text(statement), given)
        assert done.rowcount != 0, statement

    def any_link(self) -> Any:
        return self.chance.choice(self.links)

    def last_of(self, chain: int) -> Any:
        return [link for link in self.links if link.chain == chain][-1]


def at(chain: int, seq: int, *kinds: str) -> Located:
    """A finding of one of these kinds whose range holds this event of this unit."""

    def holds(one: Finding) -> bool:
        first, last = one.seq or 0, one.last or one.seq or 0
        return one.chain == chain and one.kind in kinds and first <= seq <= last

    return holds


def of_seal(number: int, *kinds: str) -> Located:
    """A finding about this seal, or by the seal that follows and names it."""
    return lambda one: one.seal in (number, number + 1) and one.kind in kinds


SEAL = (
    "seal missing",
    "seal previous",
    "seal root",
    "seal signature",
    "anchor",
    "anchor missing",
    "not anchored",
)


# The tamperings


def edit_an_event(he: Tamperer) -> Trace:
    link = he.any_link()
    change = he.chance.choice(
        [
            """after = '{"name": "Phòng mới", "points": 99}'""",
            "after = null",
            """before = jsonb_set(before, '{points}', '"x"')""",
            "reason = 'lý do khác'",
            "reason = null",
            "action = 'unit.moved'",
            "object_id = object_id + 1",
            "object_type = 'person'",
            "at = at + interval '1 microsecond'",
            "on_behalf_of_id = 1",
            "actor_id = 1",
            "request_id = 'x'",
            "session_id = 5",
        ]
    )
    he.do(f"update audit_event set {change} where id = :id", id=link.event_id)
    return Trace("edited event", [at(link.chain, link.seq, "changed")], {link.chain})


def move_an_event(he: Tamperer) -> Trace:
    link = he.chance.choice([one for one in he.links if one.chain])
    other = he.chance.choice([unit for unit in he.journal.units if unit != link.chain])
    he.do("update audit_event set unit_id = :unit where id = :id", unit=other, id=link.event_id)
    return Trace("event moved to another unit", [at(link.chain, link.seq, "elsewhere")], {link.chain})


def delete_an_event(he: Tamperer) -> Trace:
    link = he.any_link()
    he.do("delete from audit_event where id = :id", id=link.event_id)
    return Trace("deleted event", [at(link.chain, link.seq, "gone")], {link.chain})


def delete_event_and_link(he: Tamperer) -> Trace:
    link = he.any_link()
    he.do("delete from audit_event where id = :id", id=link.event_id)
    he.do("delete from audit_link where event_id = :id", id=link.event_id)
    return Trace("deleted event and link", [at(link.chain, link.seq, "gap", "cut")], {link.chain})


def delete_a_link(he: Tamperer) -> Trace:
    link = he.any_link()
    he.do("delete from audit_link where event_id = :id", id=link.event_id)
    return Trace(
        "deleted link",
        [at(link.chain, link.seq, "gap", "cut"), at(link.chain, link.event_id, "unlinked")],
        {link.chain},
    )


def delete_and_close_the_gap(he: Tamperer) -> Trace:
    link = he.any_link()
    he.do("delete from audit_event where id = :id", id=link.event_id)
    he.do("delete from audit_link where event_id = :id", id=link.event_id)
    last = he.last_of(link.chain).seq
    for seq in range(link.seq + 1, last + 1):
        he.do(
            "update audit_link set seq = seq - 1 where chain = :chain and seq = :seq",
            chain=link.chain,
            seq=seq,
        )
    wanted = [at(link.chain, link.seq, "changed", "cut")]
    return Trace("deleted event, later links moved up", wanted, {link.chain})


def put_in_an_event(he: Tamperer) -> Trace:
    link = he.any_link()
    new = _copy_of(he, link)
    return Trace("put in event without link", [at(link.chain, new, "unlinked")], {link.chain})


def put_in_an_event_between(he: Tamperer) -> Trace:
    link = he.any_link()
    new = _copy_of(he, link)
    for seq in range(he.last_of(link.chain).seq, link.seq - 1, -1):
        he.do(
            "update audit_link set seq = seq + 1 where chain = :chain and seq = :seq",
            chain=link.chain,
            seq=seq,
        )
    he.do(
        "insert into audit_link (event_id, chain, seq, hash) values (:event, :chain, :seq, sha256('x'))",
        event=new,
        chain=link.chain,
        seq=link.seq,
    )
    return Trace("put in event between two", [at(link.chain, link.seq, "changed")], {link.chain})


def put_in_an_event_at_the_end(he: Tamperer) -> Trace:
    last = he.last_of(he.any_link().chain)
    new = _copy_of(he, last)
    he.do(
        "insert into audit_link (event_id, chain, seq, hash) select e.id, e.chain, :seq,"
        " audit_hash(:before, e.chain, :seq, audit_payload(e)) from audit_event e where e.id = :event",
        event=new,
        seq=last.seq + 1,
        before=last.hash,
    )
    return Trace("put in event at the end, head left", [at(last.chain, last.seq + 1, "head")], {last.chain})


def _copy_of(he: Tamperer, link: Any) -> int:
    columns = "action, object_type, object_id, unit_id, before, after, reason"
    return int(
        he.rows(
            f"insert into audit_event ({columns}) select {columns} from audit_event where id = :id returning id",
            id=link.event_id,
        )[0].id
    )


def swap_two_events(he: Tamperer) -> Trace:
    one = he.any_link()
    other = he.chance.choice([link for link in he.links if link.event_id != one.event_id])
    he.do("update audit_link set event_id = 0 where event_id = :id", id=one.event_id)
    he.do("update audit_link set event_id = :new where event_id = :id", new=one.event_id, id=other.event_id)
    he.do("update audit_link set event_id = :new where event_id = 0", new=other.event_id)
    wanted = [at(link.chain, link.seq, "changed", "elsewhere") for link in (one, other)]
    return Trace("two events swapped", wanted, {one.chain, other.chain})


def swap_two_contents(he: Tamperer) -> Trace:
    one = he.any_link()
    other = he.chance.choice([link for link in he.links if link.event_id != one.event_id])
    he.do(
        "update audit_event mine set at = other.at, before = other.before, after = other.after from audit_event other"
        " where mine.id in (:one, :other) and other.id in (:one, :other) and mine.id <> other.id",
        one=one.event_id,
        other=other.event_id,
    )
    wanted = [at(link.chain, link.seq, "changed") for link in (one, other)]
    return Trace("contents of two events swapped", wanted, {one.chain, other.chain})


def edit_a_hash(he: Tamperer) -> Trace:
    link = he.any_link()
    he.do("update audit_link set hash = sha256(hash) where event_id = :id", id=link.event_id)
    return Trace("edited hash", [at(link.chain, link.seq, "changed")], {link.chain})


def edit_a_head(he: Tamperer) -> Trace:
    chain = he.any_link().chain
    change = he.chance.choice(["seq = seq + 1", "hash = sha256(hash)", "seq = seq - 1"])
    he.do(f"update audit_head set {change} where chain = :chain", chain=chain)
    return Trace("edited head", [at(chain, he.last_of(chain).seq, "head")], {chain})


def delete_a_head(he: Tamperer) -> Trace:
    chain = he.any_link().chain
    he.do("delete from audit_head where chain = :chain", chain=chain)
    return Trace("deleted head", [at(chain, he.last_of(chain).seq, "head")], {chain})


def recompute_a_chain(he: Tamperer) -> Trace:
    link = he.chance.choice([one for one in he.links if one.seq <= he.sealed.get(one.chain, 0)])
    he.do("""update audit_event set after = '{"points": 100}' where id = :id""", id=link.event_id)
    _recompute(he, link.chain, link.seq)
    return Trace("recomputed chain", [at(link.chain, link.seq, "sealed")], {link.chain})


def _recompute(he: Tamperer, chain: int, since: int) -> None:
    """All links from a place on, and the head, as somebody with all rights and without the key would do it."""
    for seq in range(since, he.last_of(chain).seq + 1):
        he.do(
            "update audit_link link set hash = audit_hash(coalesce((select hash from audit_link where chain = :chain"
            " and seq = :seq - 1), decode(repeat('00', 32), 'hex')), link.chain, link.seq, audit_payload(e))"
            " from audit_event e where e.id = link.event_id and link.chain = :chain and link.seq = :seq",
            chain=chain,
            seq=seq,
        )
    he.do(
        "update audit_head head set hash = link.hash from audit_link link"
        " where link.chain = head.chain and link.seq = head.seq and head.chain = :chain",
        chain=chain,
    )


def cut_a_chain(he: Tamperer) -> Trace:
    chain = he.chance.choice([one for one, seq in he.sealed.items() if seq > 1])
    keep = he.chance.randint(0, he.sealed[chain] - 1)
    gone = {"chain": chain, "keep": keep}
    he.do(
        "delete from audit_event where id in (select event_id from audit_link where chain = :chain and seq > :keep)",
        **gone,
    )
    he.do("delete from audit_link where chain = :chain and seq > :keep", **gone)
    if keep:
        he.do(
            "update audit_head head set seq = link.seq, hash = link.hash from audit_link link"
            " where link.chain = :chain and link.seq = :keep and head.chain = :chain",
            **gone,
        )
    else:
        he.do("delete from audit_head where chain = :chain", chain=chain)
    return Trace("chain cut off", [at(chain, keep + 1, "cut")], {chain})


def edit_a_seal(he: Tamperer) -> Trace:
    seal = he.chance.choice(he.seals)
    change = he.chance.choice(
        [
            "at = at + interval '1 minute'",
            "events = events + 1",
            "root = sha256(root)",
            "previous = sha256(previous)",
            "readings_to = readings_to + 1",
            "readings_hash = sha256(readings_hash)",
            "signature = sha512(signature)",
            "key_id = 'deadbeefdeadbeef'",
            "algorithm = 'none'",
            """heads = heads || '{"1": [1, "00"]}'""",
            "heads = heads - (select min(key) from jsonb_object_keys(heads) key)",
        ]
    )
    if not seal.heads and change.startswith("heads = heads -"):
        change = "events = events + 1"
    he.do(f"update audit_seal set {change} where number = :number", number=seal.number)
    return Trace("edited seal", [of_seal(seal.number, *SEAL)])


def delete_a_seal(he: Tamperer) -> Trace:
    seal = he.chance.choice(he.seals)
    he.do("delete from audit_seal where number = :number", number=seal.number)
    return Trace("deleted seal", [of_seal(seal.number, "seal missing", "anchor missing")])


def put_in_a_seal(he: Tamperer) -> Trace:
    last = he.seals[-1].number
    he.do(
        "insert into audit_seal select number + 1, at, events, '{}', readings_to, readings_hash, previous, root, algorithm,"
        " key_id, signature from audit_seal where number = :last",
        last=last,
    )
    return Trace("put in seal", [of_seal(last + 1, *SEAL)])


def swap_two_seals(he: Tamperer) -> Trace:
    one, other = he.chance.sample([seal.number for seal in he.seals], 2)
    for old, new in ((one, 0), (other, one), (0, other)):
        he.do("update audit_seal set number = :new where number = :old", old=old, new=new)
    return Trace("two seals swapped", [of_seal(one, *SEAL), of_seal(other, *SEAL)])


def rewrite_with_the_key(he: Tamperer) -> Trace:
    """Somebody who owns the database and the key: only what was carried away before shows it."""
    link = he.chance.choice([one for one in he.links if one.seq <= he.sealed.get(one.chain, 0)])
    he.do("""update audit_event set after = '{"points": 100}' where id = :id""", id=link.event_id)
    _recompute(he, link.chain, link.seq)
    first = _seal_again(he)
    return Trace(
        "chain and seals rewritten with the key",
        [of_seal(first, "anchor"), at(link.chain, link.seq, "sealed")],
        {link.chain},
    )


def forge_with_another_key(he: Tamperer) -> Trace:
    """Chain and seals rewritten with a key of one's own."""
    link = he.chance.choice([one for one in he.links if one.seq <= he.sealed.get(one.chain, 0)])
    he.do("""update audit_event set after = '{"points": 100}' where id = :id""", id=link.event_id)
    _recompute(he, link.chain, link.seq)
    first = _seal_again(he, Ed25519PrivateKey.generate())
    return Trace(
        "chain and seals rewritten with another key", [of_seal(first, "seal signature")], {link.chain}
    )


def _seal_again(he: Tamperer, other: Ed25519PrivateKey | None = None) -> int:
    """All seals made anew over the links as they are now; answers the first whose root differs."""
    key = other or seal_keys.private_key(first=False)
    heads: dict[int, tuple[int, str]] = {}
    first, before = 0, None
    for seal in [seal_anchors.as_json(one) for one in seal_anchors.queries.seals_after(0)]:
        for chain, (seq, _of) in seal["heads"].items():
            row = he.rows(
                "select encode(hash, 'hex') as of from audit_link where chain = :chain and seq = :seq",
                chain=int(chain),
                seq=seq,
            )
            seal["heads"][chain] = [seq, row[0].of]
            heads[int(chain)] = (seq, row[0].of)
        root = verifier.root_of(heads, seal["readings_to"], seal["readings_hash"]).hex()
        if root != seal["root"] and not first:
            first = seal["number"]
        seal["root"] = root
        seal["previous"] = verifier.seal_hash(before) if before else bytes(32).hex()
        seal["key_id"] = verifier.key_id(key.public_key().public_bytes_raw())
        seal["signature"] = key.sign(verifier.seal_text(seal)).hex()
        he.do(
            "update audit_seal set heads = cast(:heads as jsonb), root = decode(:root, 'hex'), key_id = :key_id,"
            " previous = decode(:previous, 'hex'), signature = decode(:signature, 'hex') where number = :number",
            **{name: seal[name] for name in ("root", "previous", "signature", "number", "key_id")},
            heads=json.dumps(seal["heads"]),
        )
        before = seal
    return first


def edit_an_anchor(he: Tamperer) -> Trace:
    anchors = deepcopy(seal_anchors.stored() or [])
    place = he.chance.randrange(len(anchors) - 1)  # a copy that ends earlier is an older copy
    number = anchors[place]["number"]
    if he.chance.random() < 0.5:
        del anchors[place]
        return Trace("anchor taken away", [of_seal(number, "not anchored")], anchors=anchors)
    anchors[place]["root"] = "00" * 32
    return Trace("edited anchor", [of_seal(number, "anchor")], anchors=anchors)


def edit_a_reading(he: Tamperer) -> Trace:
    number = he.chance.choice(he.readings).id
    change = he.chance.choice(
        [
            "update reading set how = 'export' where id = :id",
            "update reading set at = at - interval '1 day' where id = :id",
            "update reading set reader_id = person_id where id = :id",
            "update reading set object_id = 77 where id = :id",
            "delete from reading where id = :id",
        ]
    )
    he.do(change, id=number)
    return Trace("changed reading", [_reading(number)])


def put_in_a_reading(he: Tamperer) -> Trace:
    he.do(
        "insert into reading (id, reader_id, person_id, object_type, object_id, how) overriding system value"
        " select 0, reader_id, person_id, object_type, object_id, how from reading limit 1"
    )
    he.do("update reading set id = -id where id = :id", id=he.readings[0].id)
    he.do("update reading set id = :id where id = 0", id=he.readings[0].id)
    return Trace("put in reading for another", [_reading(he.readings[0].id)])


def _reading(number: int) -> Located:
    return lambda one: one.kind == "readings" and (one.seq or 0) <= number <= (one.last or 0)


TAMPERINGS: tuple[Callable[[Tamperer], Trace], ...] = (
    edit_an_event,
    edit_an_event,
    edit_an_event,
    move_an_event,
    delete_an_event,
    delete_event_and_link,
    delete_a_link,
    delete_and_close_the_gap,
    put_in_an_event,
    put_in_an_event_between,
    put_in_an_event_at_the_end,
    swap_two_events,
    swap_two_contents,
    edit_a_hash,
    edit_a_head,
    delete_a_head,
    recompute_a_chain,
    cut_a_chain,
    edit_a_seal,
    edit_a_seal,
    delete_a_seal,
    put_in_a_seal,
    swap_two_seals,
    rewrite_with_the_key,
    forge_with_another_key,
    edit_an_anchor,
    edit_a_reading,
    put_in_a_reading,
)


# The two checks


def findings(anchors: list[dict[str, Any]] | None) -> dict[str, list[Finding]]:
    """What the check of the database finds, and what the stand-alone verifier finds in an export."""
    known = anchors if anchors is not None else seal_anchors.stored()
    live = audit_verification.verify(anchors=known).findings
    exported = verifier.check(list(audit_exports.lines()), deepcopy(known))[2]
    return {"database": live, "export": exported}


def judged(trace: Trace, found: list[Finding]) -> str | None:
    """Why a tampering was not located, or None."""
    for wanted in trace.wanted:
        if not any(wanted(one) for one in found):
            return f"not located; found {found}"
    if trace.chains is not None:
        blamed = {one.chain for one in found if one.kind in OF_A_CHAIN} - trace.chains
        if blamed:
            return f"units {blamed} blamed for nothing; found {found}"
    return None


@contextmanager
def as_owner(app: Flask) -> Iterator[Any]:
    """Everything of the session inside a transaction of the owner, triggers off; undone at the end."""
    owner = create_engine(app.config["OWNER_DATABASE_URI"])
    engines = db.engines
    engine = engines[None]
    db.session.remove()
    with owner.connect() as connection:
        outer = connection.begin()
        connection.execute(text("set local session_replication_role = replica"))
        engines[None] = connection  # type: ignore[assignment]
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield connection
        finally:
            db.session.remove()
            engines[None] = engine
            outer.rollback()
    owner.dispose()


def run(count: int, seed: int, app: Flask | None = None) -> Report:
    """`count` random tamperings of one journal; `app` is an application over an empty migrated database of its own."""
    if app is None:
        with fresh_application() as made:
            return run(count, seed, made)
    report, chance = Report(), Random(seed)
    journal = Journal(app, chance)
    kinds = list(TAMPERINGS)
    for number in range(count):
        if number % CLEAN_EVERY == 0:
            if number:
                journal.grow()
            report.clean_checks += 1
            report.false_alarms += [f"{check}: {one}" for check, one in findings(None).items() if one]
        if number % len(kinds) == 0:
            chance.shuffle(kinds)
        with as_owner(app) as connection:
            trace = kinds[number % len(kinds)](Tamperer(journal, connection))
            outcome = {check: judged(trace, one) for check, one in findings(trace.anchors).items()}
        report.count += 1
        report.kinds[trace.what] += 1
        missed = [f"{number} {trace.what}, {check}: {why}" for check, why in outcome.items() if why]
        report.missed += missed
        report.located += not missed
    report.clean_checks += 1
    report.false_alarms += [f"{check}: {one}" for check, one in findings(None).items() if one]
    return report


@contextmanager
def fresh_application() -> Iterator[Flask]:
    """An application over an empty migrated database on the tests' server."""
    from tests import conftest as base
    from tests.abuse.province import tests_server

    server = tests_server()
    name = server.new_database("tampering")
    try:
        with TemporaryDirectory() as folder:
            app = base.create_app(base.settings_for(server.url(name), Path(folder)))
            with app.app_context():
                yield app
                db.session.remove()
                db.engine.dispose()
    finally:
        server.drop(name)


def main() -> int:
    """0 when every tampering was located and nothing whole was blamed."""
    options = argparse.ArgumentParser(prog="python -m tests.abuse.tampering", description=__doc__)
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    logging.disable(logging.INFO)
    report = run(given.count, given.seed)
    for one in [*report.missed, *report.false_alarms][:20]:
        print(one)
    print(report)
    return 1 if report.missed or report.false_alarms or report.located != given.count else 0


if __name__ == "__main__":
    sys.exit(main())
