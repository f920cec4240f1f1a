"""The schema grows in one line, says what the models say, and every step can be taken back with people inside."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from psycopg import sql
from sqlalchemy import inspect, text

from evaluation.extensions import db
from tests import factories
from tests.conftest import CHECKOUT, TestServer, new_app

VERSIONS = CHECKOUT / "migrations" / "versions"


@pytest.fixture
def empty(server: TestServer, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without a single table."""
    name = f"{server.new_database('empty')}_bare"
    with server.commands() as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    app = new_app(server.url(name), tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    server.drop(name)
    server.drop(name.removesuffix("_bare"))


def command(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["db", *words])
    assert done.exit_code == 0, f"flask db {' '.join(words)}:\n{done.output}\n{done.exception!r}"
    return done.output


def steps() -> list[str]:
    """The revisions from the newest to the first."""
    return [script.revision for script in ScriptDirectory(str(CHECKOUT / "migrations")).walk_revisions()]


def test_revisions_stand_in_one_line_numbered_like_their_files() -> None:
    order = list(reversed(steps()))
    assert order == [f"{number:04d}" for number in range(1, len(order) + 1)]
    files = sorted(path.name for path in VERSIONS.glob("[0-9]*.py"))
    assert [name.split("_")[0] for name in files] == order
    for path in VERSIONS.glob("[0-9]*.py"):
        (revision,) = re.findall(r'^revision = "(\d+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert path.name.startswith(revision)


def test_the_tables_say_what_the_models_say(empty: Flask) -> None:
    command(empty, "upgrade")
    command(empty, "check")  # ends badly where anything differs


def test_every_check_of_the_models_stands_in_the_database(empty: Flask) -> None:
    """Alembic compares columns, keys and indexes, but not CHECK constraints."""
    command(empty, "upgrade")
    found = inspect(db.engine)
    for table in db.Model.metadata.sorted_tables:
        known = {row["name"] for row in found.get_check_constraints(table.name)}
        wanted = {
            str(constraint.name)
            for constraint in table.constraints
            if type(constraint).__name__ == "CheckConstraint"
        }
        assert wanted <= known, table.name


def test_every_step_can_be_taken_back_and_again_with_an_office_inside(empty: Flask) -> None:
    command(empty, "upgrade")
    factories.office()
    db.session.commit()
    people = db.session.scalar(text("select count(*) from person"))
    db.session.remove()
    for revision in steps()[1:]:
        command(empty, "downgrade", revision)
    db.engine.dispose()
    command(empty, "upgrade")
    assert db.session.scalar(text("select count(*) from person")) == people
    command(empty, "check")  # ends badly where anything differs


def test_the_first_step_taken_back_leaves_nothing(empty: Flask) -> None:
    command(empty, "upgrade")
    command(empty, "downgrade", "base")
    with psycopg.connect(empty.config["OWNER_DATABASE_URI"].replace("+psycopg", "")) as connection:
        left = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
    assert left == [("alembic_version",)]


def test_the_journal_still_holds_after_steps_back_and_again(empty: Flask) -> None:
    from evaluation.services import audit_verification

    command(empty, "upgrade")
    factories.office()
    for number in range(3):
        db.session.execute(
            text("insert into audit_event (action, object_type, object_id) values ('x', 'y', :number)"),
            {"number": number},
        )
        db.session.commit()
    ends = text("select chain, seq, hash from audit_head")
    before = db.session.execute(ends).all()
    db.session.remove()
    command(empty, "downgrade", "0010")
    db.engine.dispose()
    command(empty, "upgrade")
    found = audit_verification.verify()
    assert (found.findings, found.events) == ([], 3)
    assert [row.seq for row in db.session.execute(ends)] == [row.seq for row in before]


@pytest.mark.parametrize(
    ("table", "revision"), [("closing", "0015"), ("audit_seal", "0011"), ("reading", "0010")]
)
def test_a_step_back_that_would_drop_evidence_is_refused(empty: Flask, table: str, revision: str) -> None:
    command(empty, "upgrade")
    office = factories.office()
    if table == "closing":
        db.session.execute(
            text(
                "insert into closing (period_id, closed_by, closed_at, figures, seal_number, seal_root)"
                " values (:period, :person, now(), '{}', 1, '')"
            ),
            {"period": factories.period().id, "person": office.thu.id},
        )
    elif table == "audit_seal":
        from evaluation.services import seals

        seals.seal()
    else:
        db.session.execute(
            text(
                "insert into reading (reader_id, person_id, object_type, object_id, how)"
                " values (:reader, :person, 'report', 1, 'page')"
            ),
            {"reader": office.thu.id, "person": office.lan.id},
        )
    db.session.commit()
    db.session.remove()
    newest = text("select version_num from alembic_version")
    then = db.session.scalar(newest)
    db.session.remove()
    done = empty.test_cli_runner().invoke(args=["db", "downgrade", revision])
    assert done.exit_code != 0
    assert (db.session.scalar(newest), db.session.scalar(text(f"select count(*) from {table}"))) == (then, 1)
    db.session.remove()
    command(empty, "downgrade", "-x", "evidence=drop", revision)
    with psycopg.connect(empty.config["OWNER_DATABASE_URI"].replace("+psycopg", "")) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (revision,)
