"""Seals: one line of signed roots over all chains, carried out of the database, whoever makes them and whatever breaks."""

import json
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from evaluation.extensions import db
from evaluation.files import audit_verifier as verifier
from evaluation.models import AuditEvent, AuditLink, AuditSeal, Reading, Unit
from evaluation.services import audit, audit_verification, seal_anchors, seal_keys, seals
from evaluation.services.seal_keys import NoKey
from tests import factories


@pytest.fixture
def journal(fresh_database: Flask) -> Flask:
    """Two units with events of their own, and one that belongs to no unit."""
    for name in ("Sở Nội vụ", "Sở Tài chính"):
        write(factories.unit(name))
    audit.record(None, "job.asked", db.session.scalars(select(Unit)).first())  # type: ignore[arg-type]
    db.session.commit()
    return fresh_database


def write(unit: Unit, count: int = 2) -> None:
    for number in range(count):
        audit.record(None, "unit.renamed", unit, after={"name": str(number)}, unit_id=unit.id)
    db.session.commit()


def units() -> list[Unit]:
    return list(db.session.scalars(select(Unit).order_by(Unit.id)))


def owner(app: Flask) -> Any:
    return psycopg.connect(app.config["OWNER_DATABASE_URI"].replace("+psycopg", ""), autocommit=True)


def test_a_seal_covers_the_newest_link_of_every_chain_and_names_the_seal_before(journal: Flask) -> None:
    first = seals.seal()
    one, other = units()
    assert {int(chain): seq for chain, (seq, _of) in first.heads.items()} == {0: 1, one.id: 2, other.id: 2}
    assert (first.number, first.events, first.previous) == (1, 5, bytes(32))
    write(one)
    second = seals.seal()
    assert list(second.heads) == [str(one.id)]
    assert second.events == 7
    assert second.previous.hex() == verifier.seal_hash(seal_anchors.as_json(first))
    assert seals.seal().heads == {}
    assert audit_verification.verify().findings == []


def test_once_a_day_a_seal_names_every_chain_so_that_few_need_reading_back(
    journal: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "WHOLE_EVERY", 3)
    assert [len(seals.seal().heads) for _number in range(8)] == [3, 0, 0, 3, 0, 0, 3, 0]
    assert audit_verification.verify().findings == []


def test_the_signature_is_verified_by_the_public_half_alone_in_pure_python(journal: Flask) -> None:
    seal = seal_anchors.as_json(seals.seal())
    (public,) = seal_keys.public_keys()
    assert verifier.ed25519_verified(public, bytes.fromhex(seal["signature"]), verifier.seal_text(seal))
    changed = seal | {"events": seal["events"] + 1}
    assert not verifier.ed25519_verified(
        public, bytes.fromhex(seal["signature"]), verifier.seal_text(changed)
    )


def test_the_key_lies_outside_the_database_and_only_its_owner_reads_it(journal: Flask) -> None:
    seals.seal()
    place = Path(journal.config["SEAL_KEY_FILE"])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert len(bytes.fromhex(place.read_text())) == 32
    dump = db.session.execute(text("select key_id, encode(signature, 'hex') from audit_seal")).one()
    assert place.read_text() not in dump


def test_a_key_that_is_gone_is_never_made_anew_in_silence(journal: Flask) -> None:
    seals.seal()
    Path(journal.config["SEAL_KEY_FILE"]).unlink()
    with pytest.raises(NoKey, match="new-key"):
        seals.seal()
    db.session.rollback()
    seal_keys.make_key()
    assert seals.seal().number == 2
    assert len(seal_keys.public_keys()) == 2
    assert audit_verification.verify().findings == []


def test_two_sealers_at_once_make_one_line(journal: Flask) -> None:
    ready, faults = threading.Barrier(4), []

    def work() -> None:
        with journal.app_context():
            try:
                ready.wait(10)
                for _number in range(3):
                    seals.seal()
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert db.session.scalars(select(AuditSeal.number).order_by(AuditSeal.number)).all() == list(range(1, 13))
    assert [anchor["number"] for anchor in seal_anchors.stored() or []] == list(range(1, 13))
    assert audit_verification.verify().findings == []


def test_two_transactions_that_write_into_the_same_chains_in_opposite_order_do_not_deadlock(
    journal: Flask,
) -> None:
    ids, ready, faults = [unit.id for unit in units()], threading.Barrier(2), []
    db.session.commit()

    def work(order: list[int]) -> None:
        with journal.app_context():
            try:
                ready.wait(10)
                for _round in range(25):
                    for unit_id in order:
                        audit.record(None, "unit.renamed", db.session.get_one(Unit, unit_id), unit_id=unit_id)
                        db.session.flush()
                    db.session.commit()
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert db.session.scalar(select(func.count()).select_from(AuditLink)) == 5 + 2 * 2 * 25
    assert audit_verification.verify().findings == []


def test_a_reading_whose_number_was_drawn_before_is_never_sealed_without(journal: Flask) -> None:
    """Somebody who reads has drawn a number and has not committed; another, with a later number, has."""
    people = [factories.person().id for _number in range(2)]
    db.session.commit()
    with owner(journal) as slow, owner(journal) as quick:
        slow.autocommit = False
        row = "insert into reading (reader_id, person_id, object_type, object_id, how) values (%s, %s, 'report', 1, 'page')"
        slow.execute(row, people)
        quick.execute(row, people)
        seal = seals.seal()  # waits two seconds for the slow one, then leaves the readings to the next seal
        assert seal.readings_to == 0
        slow.commit()
    assert seals.seal().readings_to == db.session.scalar(select(func.max(Reading.id))) == 2
    assert audit_verification.verify().findings == []


def test_without_a_seal_or_with_an_old_one_the_journal_counts_as_unsealed(
    journal: Flask, clock: Callable[..., None]
) -> None:
    assert seals.newest() is None
    assert seals.is_stale()
    now = datetime(2026, 4, 1, 2, tzinfo=UTC)
    clock(now)
    made = seals.seal()
    assert seals.newest() is not None
    clock(now + timedelta(minutes=15))
    assert not seals.is_stale()
    clock(now + timedelta(minutes=15, seconds=1))
    assert seals.is_stale()
    assert len(seals.short_code(made.root).split()) == 4
    assert seals.in_groups(made.root).replace(" ", "").lower() == made.root.hex()
    assert seals.in_groups(made.root).startswith(seals.short_code(made.root))


def test_every_seal_is_a_line_of_the_anchors_file_and_what_could_not_be_written_comes_with_the_next(
    journal: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    place = Path(journal.config["ANCHORS_FILE"])
    seals.seal()
    place.rename(place.with_suffix(".aside"))
    place.mkdir()  # a file that cannot be written
    made = seals.seal()
    assert made.number == 2
    assert "could not be written" in caplog.text
    place.rmdir()
    place.with_suffix(".aside").rename(place)
    with open(place, "a") as file:
        file.write('{"number": 2, "at": "20')  # the half line of a process that was killed
    seals.seal()
    lines = [json.loads(line) for line in place.read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert audit_verification.verify().findings == []


def test_the_tree_is_that_of_rfc_6962() -> None:
    """The roots of the test vectors of RFC 6962's reference implementation."""
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    roots = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for count, root in roots.items():
        assert verifier.merkle_root([bytes.fromhex(leaf) for leaf in leaves[:count]]).hex() == root


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
    ],
)
def test_the_pure_python_verification_agrees_with_the_library_and_refuses_every_changed_bit(
    secret: str, message: str
) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    public, said = key.public_key().public_bytes_raw(), bytes.fromhex(message)
    signature = key.sign(said)
    assert verifier.ed25519_verified(public, signature, said)
    for place in range(0, 512, 37):
        wrong = bytearray(signature)
        wrong[place // 8] ^= 1 << place % 8
        assert not verifier.ed25519_verified(public, bytes(wrong), said)
    above = int.from_bytes(signature[32:], "little") + verifier.ORDER
    assert not verifier.ed25519_verified(public, signature[:32] + above.to_bytes(32, "little"), said)
    assert not verifier.ed25519_verified(b"", b"", said)


DENIED = r"permission denied|must be owner"
GROWING = sorted(table.name for table in db.metadata.tables.values() if table.info.get("append_only"))


@pytest.mark.parametrize("table", GROWING)
def test_the_application_cannot_change_delete_or_empty_what_only_grows(database: Any, table: str) -> None:
    column = db.metadata.tables[table].primary_key.columns.keys()[0]
    for statement in (
        f"update {table} set {column} = {column}",
        f"delete from {table}",
        f"truncate {table}",
        f"alter table {table} disable trigger all",
        f"drop trigger {table}_only_grows on {table}",
        f"drop table {table}",
    ):
        with pytest.raises(ProgrammingError, match=DENIED):
            db.session.execute(text(statement))
        db.session.rollback()


def test_even_the_owner_is_refused_while_the_triggers_are_on(fresh_database: Flask) -> None:
    with owner(fresh_database) as connection:
        for table in GROWING:
            for statement in (f"delete from {table}", f"truncate {table} cascade"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
                    connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into audit_head values (99, 1, 'x')",
        "update audit_head set seq = 0",
        "delete from audit_head",
        "insert into audit_link (event_id, chain, seq, hash) values (1, 99, 1, 'x')",
        "insert into audit_event (id, action, object_type, object_id) values (1, 'x', 'unit', 1)",
        "insert into audit_event (at, action, object_type, object_id) values (now(), 'x', 'unit', 1)",
        "insert into audit_event (transaction, action, object_type, object_id) values (1, 'x', 'unit', 1)",
        "select audit_link_events(null)",
        "set session_replication_role = replica",
        "create or replace function audit_hash(bytea, bigint, bigint, text) returns bytea language sql as 'select null'",
        "update alembic_version set version_num = '0001'",
    ],
)
def test_the_application_writes_neither_heads_nor_links_nor_the_moment_of_an_event(
    database: Any, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        db.session.execute(text(statement))
    db.session.rollback()


def test_an_event_without_its_link_is_never_committed(journal: Flask) -> None:
    with owner(journal) as connection:
        connection.execute(
            "create or replace function audit_link_events(wanted bigint) returns void language plpgsql as"
            " $$ begin raise exception 'broken'; end $$"
        )
    audit.record(None, "unit.renamed", units()[0])
    with pytest.raises(Exception, match="broken"):
        db.session.commit()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 5
