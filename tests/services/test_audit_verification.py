"""Nobody rewrites the journal unseen: every tampering is located, what is whole is never blamed, and results are compared too."""

import ast
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import create_engine, text

from evaluation.extensions import db
from evaluation.files import audit_verifier as verifier
from evaluation.models import Account, AuditCheck, RoleGrant, Unit
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.services import (
    accounts,
    audit,
    audit_checks,
    audit_exports,
    confirmations,
    delegations,
    grades,
    reports,
    reviews,
    seal_anchors,
    seals,
)
from evaluation.services.refusals import Conflict
from tests import factories
from tests.abuse import tampering

DAY = date(2026, 4, 1)
CHECKOUT = Path(__file__).resolve().parents[2]
VERIFIER = Path(verifier.__file__)


# The journal (faults 63 and 65)


def test_forty_random_tamperings_of_the_owner_are_located_and_a_whole_journal_is_never_blamed(
    fresh_database: Flask,
) -> None:
    report = tampering.run(40, seed=20261124, app=fresh_database)
    assert report.missed == []
    assert report.false_alarms == []
    assert (report.count, report.located) == (40, 40)
    assert len(report.kinds) >= 20


@pytest.fixture
def journal(fresh_database: Flask) -> Flask:
    unit = factories.unit("Sở Nội vụ")
    for number in range(6):
        audit.record(
            None, "unit.renamed", unit, after={"name": f"Tên “{number}”\n\U0001f33e"}, unit_id=unit.id
        )
    db.session.commit()
    seals.seal()
    return fresh_database


@pytest.fixture
def command(journal: Flask) -> FlaskCliRunner:
    return journal.test_cli_runner()


def as_owner(app: Flask, *statements: str) -> None:
    address = app.config["OWNER_DATABASE_URI"].replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def export(app: Flask, folder: Path) -> Path:
    target = folder / "export.jsonl"
    audit_exports.write(target)
    return target


def alone(*given: str | Path) -> subprocess.CompletedProcess[str]:
    """The verifier as an inspector runs it: one file, far from the application, without its packages."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)


def test_the_command_says_which_unit_and_which_event_and_exits_with_one(
    journal: Flask, command: FlaskCliRunner
) -> None:
    assert command.invoke(args=["audit", "verify"]).exit_code == 0
    as_owner(journal, "update audit_event set reason = 'x' where id = 3")
    done = command.invoke(args=["audit", "verify"])
    chain = db.session.scalar(text("select chain from audit_link where event_id = 3"))
    assert done.exit_code == 1
    assert f"đơn vị {chain}: sự kiện 3 không còn như khi ghi" in done.output


def test_the_stand_alone_verifier_agrees_from_an_export_with_anchors_and_key(
    journal: Flask, command: FlaskCliRunner, tmp_path: Path
) -> None:
    whole, anchors = export(journal, tmp_path), seal_anchors.place()
    key = json.loads(whole.read_text().splitlines()[0])["keys"][0]
    done = alone(whole, "--anchors", anchors, "--key", key)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 sai lệch" in done.stdout
    assert seals.short_code(bytes.fromhex((seal_anchors.stored() or [])[0]["root"])) in done.stdout
    assert (
        command.invoke(args=["audit", "verify", "--export", str(whole), "--anchors", str(anchors)]).exit_code
        == 0
    )
    assert "chữ ký" in alone(whole, "--key", "00" * 32).stdout
    as_owner(journal, "update audit_event set reason = 'x' where id = 3")
    changed = export(journal, tmp_path)
    done = alone(changed)
    assert done.returncode == 1
    assert "sự kiện 3 không còn như khi ghi" in done.stdout
    assert command.invoke(args=["audit", "verify", "--export", str(changed)]).exit_code == 1


def test_an_export_that_was_cut_or_edited_by_hand_is_noticed(journal: Flask, tmp_path: Path) -> None:
    lines = export(journal, tmp_path).read_text().splitlines(keepends=True)
    for number in range(1, len(lines)):
        assert verifier.check(lines[:number] + lines[number + 1 :], None)[2], f"line {number} taken away"
        assert verifier.check(lines[:number], None)[2], f"cut before line {number}"
    swapped = [*lines[:-3], lines[-2], lines[-3], lines[-1]]
    assert verifier.check(swapped, None)[2]
    assert verifier.check(lines, None)[2] == []
    (tmp_path / "no.jsonl").write_text("not json\n")
    assert alone(tmp_path / "no.jsonl").returncode == 2


def test_the_verifier_is_one_file_of_the_standard_library_that_a_person_can_read() -> None:
    source = VERIFIER.read_text("utf-8")
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules <= sys.stdlib_module_names
    assert len(source.splitlines()) < 300
    assert "What it cannot find" in (verifier.__doc__ or "")


def test_what_only_the_anchors_show_is_found_with_anchors_and_not_without(journal: Flask) -> None:
    """The owner of database and key rewrites everything: the docstring says so, and so does this."""
    with tampering.as_owner(journal) as connection:
        he = tampering.Tamperer.__new__(tampering.Tamperer)
        he.connection = connection
        he.links = he.rows("select chain, seq, event_id, hash from audit_link order by chain, seq")
        he.sealed = {link.chain: 6 for link in he.links}
        he.chance = tampering.Random(1)
        tampering.rewrite_with_the_key(he)
        found = tampering.findings(None)
        assert all(any(one.kind == "anchor" for one in some) for some in found.values())
        without = verifier.check(list(audit_exports.lines()), None)[2]
        assert without == []


# What guards the journal (fault 66)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("alter table audit_event disable trigger audit_event_is_chained", "audit_event_is_chained"),
        ("drop trigger audit_link_only_grows on audit_link", "audit_link_only_grows"),
        ("drop trigger reading_numbered on reading", "reading_numbered"),
        ("alter table audit_seal disable trigger all", "audit_seal_only_grows"),
        ("grant update on audit_event to cong_tam_app", "UPDATE"),
        ("grant insert on audit_head to cong_tam_app", "INSERT"),
        ("grant truncate on reading to cong_tam_app", "TRUNCATE"),
        (
            "create or replace function audit_link_events(wanted bigint) returns void language sql as 'select null::void'",
            "audit_link_events",
        ),
        ("drop function only_grows() cascade", "only_grows"),
    ],
)
def test_a_guard_that_is_missing_switched_off_or_too_wide_is_named(
    fresh_database: Flask, broken: str, complaint: str
) -> None:
    assert audit_checks.schema_complaints() == []
    db.session.rollback()
    with owners_transaction(fresh_database, broken):
        found = audit_checks.schema_complaints()
    assert any(complaint in one for one in found), found


@contextmanager
def owners_transaction(app: Flask, statement: str) -> Iterator[None]:
    """The session inside a transaction in which the owner has done something, seen with the rights of the application."""
    owner = create_engine(app.config["OWNER_DATABASE_URI"])
    engines = db.engines
    before = engines[None]
    db.session.remove()
    with owner.connect() as connection:
        outer = connection.begin()
        connection.execute(text(statement))
        connection.execute(text("set local role cong_tam_app"))
        engines[None] = connection  # type: ignore[assignment]
        try:
            yield
        finally:
            db.session.remove()
            engines[None] = before
            outer.rollback()
    owner.dispose()


def test_the_owner_of_the_tables_is_no_role_for_the_application(journal: Flask) -> None:
    with tampering.as_owner(journal):
        assert any("owner" in one or "replica" in one for one in audit_checks.schema_complaints())


# Results edited behind the application (fault 64)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


def published(office: factories.Office1) -> int:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, assigned="4", done="4", reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(office.lan, DAY), report.id, version=report.version)
    reviews.score(factories.actor(office.hung, DAY), report.id)
    thu = factories.actor(office.thu, DAY)
    confirmations.confirm(thu, report.id)
    confirmations.publish(thu, office.department.id, Month.parse("2026-03"))
    return report.id


def tables_named() -> list[tuple[str, int]]:
    db.session.flush()
    return [(one.table, one.id) for one in audit_checks.differences()]


def test_a_month_that_went_its_way_agrees_with_the_journal(office: factories.Office1) -> None:
    published(office)
    assert audit_checks.differences() == []


@pytest.mark.parametrize(
    "change",
    [
        "update score_sheet set exact_total = '99', total = 99 where stage = 'FINAL'",
        "update score_sheet set total = total - 1 where stage = 'SUPERVISOR'",
        "update score_sheet set exact_total = '1' where stage = 'OWN'",
        "update score_sheet set band = 'HTNV' where stage = 'FINAL'",
        "delete from score_sheet where stage = 'FINAL'",
        "update score_sheet set superseded_at = now() where stage = 'SUPERVISOR'",
    ],
)
def test_a_score_edited_behind_the_application_is_named_with_what_the_journal_says(
    office: factories.Office1, change: str
) -> None:
    report_id = published(office)
    db.session.execute(text(change))
    assert ("score_sheet", report_id) in tables_named()
    said = audit_checks.sentence(audit_checks.differences()[0])
    assert str(report_id) in said


def test_a_score_for_which_no_act_is_known_is_named(office: factories.Office1) -> None:
    report_id = published(office)
    other = factories.report(
        office.nam.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    db.session.execute(
        text(
            "insert into score_sheet (report_id, stage, status, general, task, total, exact_total, band, steps, inputs,"
            " rulebook, fingerprint, decided_by) select :other, stage, status, general, task, total, exact_total, band,"
            " steps, inputs, rulebook, fingerprint, decided_by from score_sheet where report_id = :one and stage = 'FINAL'"
        ),
        {"other": other.id, "one": report_id},
    )
    assert ("score_sheet", other.id) in tables_named()


def test_a_state_moved_behind_the_application_is_named(office: factories.Office1) -> None:
    report_id = published(office)
    db.session.execute(text("update report set state = 'CONFIRMED' where id = :id"), {"id": report_id})
    assert ("report", report_id) in tables_named()


def test_a_role_a_delegation_put_in_or_changed_behind_the_application_is_named(
    office: factories.Office1,
) -> None:
    account = db.session.query(Account).filter_by(person_id=office.hung.id).one()
    given = accounts.grant_role(None, account, role=Role.PERSONNEL, unit_id=office.division.id, since=DAY)
    lent = delegations.delegate(
        factories.actor(office.hung, DAY),
        office.division.id,
        delegate_id=office.lan.id,
        since=DAY,
        until=date(2026, 4, 20),
        document_number="1/UQ",
        reason="đi học",
    )
    assert tables_named() == []
    db.session.execute(text("update role_grant set role = 'HOME_AFFAIRS'"))
    db.session.execute(text("update delegation set valid_to = '2027-04-01'"))
    assert tables_named() == [("role_grant", given.id), ("delegation", lent.id)]
    db.session.rollback()
    put_in = RoleGrant(
        account_id=account.id, role=Role.HOME_AFFAIRS, unit_id=office.division.id, valid_from=DAY
    )
    db.session.add(put_in)
    db.session.execute(text("delete from delegation where id = :id"), {"id": lent.id})
    assert tables_named() == [("role_grant", put_in.id), ("delegation", lent.id)]


def test_while_the_newest_check_has_a_mismatch_nothing_is_published(office: factories.Office1) -> None:
    thu, march = factories.actor(office.thu, DAY), Month.parse("2026-03")
    assert audit_checks.blocked() is None
    db.session.add(AuditCheck(seal_number=None, complaints=["điểm số 5: nhật ký ghi 89, bảng ghi 90"]))
    db.session.commit()
    why = audit_checks.blocked()
    assert why is not None
    assert "nhật ký ghi 89" in why
    with pytest.raises(Conflict, match="89"):
        published(office)
    db.session.rollback()
    with pytest.raises(Conflict, match="89"):
        grades.publish(thu, office.department.id, 2026, decision_number="1/QĐ")
    db.session.rollback()
    db.session.add(AuditCheck(seal_number=None, complaints=[]))
    db.session.commit()
    assert confirmations.publish(thu, office.department.id, march) == 1


def test_the_nightly_check_keeps_its_outcome_and_a_later_clean_one_lets_go(
    journal: Flask, command: FlaskCliRunner
) -> None:
    assert command.invoke(args=["audit", "verify", "--facts", "--keep"]).exit_code == 0
    assert audit_checks.blocked() is None
    unit = db.session.query(Unit).first()
    person = factories.person()
    account = factories.account(person)
    db.session.add(RoleGrant(account_id=account.id, role=Role.HOME_AFFAIRS, unit_id=unit.id, valid_from=DAY))
    db.session.commit()
    done = command.invoke(args=["audit", "verify", "--facts", "--keep"])
    assert done.exit_code == 1
    assert "role" in done.output.lower() or "vai trò" in done.output.lower()
    assert audit_checks.blocked() is not None


def test_a_journal_that_is_written_and_sealed_meanwhile_is_never_blamed(journal: Flask) -> None:
    unit_id = db.session.query(Unit.id).scalar()
    ended, faults = threading.Event(), []

    def work() -> None:
        with journal.app_context():
            try:
                while not ended.is_set():
                    for chain in (unit_id, None):
                        audit.record(None, "unit.renamed", db.session.get_one(Unit, unit_id), unit_id=chain)
                    db.session.commit()
                    seals.seal()
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _round in range(15):
            assert audit_checks.audit_verification.verify().findings == []
            assert verifier.check(audit_exports.lines(), seal_anchors.stored())[2] == []
            db.session.rollback()
    finally:
        ended.set()
        writer.join(30)
    assert faults == []


def test_an_older_copy_of_the_anchors_is_no_fault_but_one_with_a_gap_is(journal: Flask) -> None:
    for _number in range(3):
        seals.seal()
    known = seal_anchors.stored() or []
    lines = list(audit_exports.lines())
    assert verifier.check(lines, known[:2])[2] == []
    assert [one.kind for one in verifier.check(lines, [known[0], *known[2:]])[2]] == ["not anchored"]
