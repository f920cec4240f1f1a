"""Nothing serves under settings or rights that nobody could trust, nor on tables of another version."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from evaluation import startup
from evaluation.extensions import db
from evaluation.postgres import APP_ROLE
from tests import factories
from tests.conftest import TestServer, create_app, settings_for

from .conftest import CHECKOUT

KEY = "0123456789abcdef" * 4


def production(url: str, folder: Path, **given: Any) -> Flask:
    """An application against which nothing can be said, but for what is given."""
    wanted = {
        "TESTING": False,
        "ENVIRONMENT": "production",
        "SECRET_KEY": KEY,
        "SESSION_COOKIE_SECURE": True,
        "TRUSTED_HOSTS": ["danhgia.tinh.gov.vn"],
    }
    return create_app({**settings_for(url, folder), **wanted, **given})


@pytest.fixture
def url(fresh_database: Flask) -> str:
    return str(fresh_database.config["OWNER_DATABASE_URI"])


def test_a_site_that_is_set_up_as_it_should_be_starts(url: str, tmp_path: Path) -> None:
    app = production(url, tmp_path)
    assert startup.complaints(app) == []
    startup.require(app)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"DEBUG": True}, "unset FLASK_DEBUG"),
        ({"TESTING": True}, "Debugging or testing is on"),
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY is shorter"),
        ({"SECRET_KEY": "secret" * 10}, "easily guessed"),
        ({"SECRET_KEY_GIVEN": False}, "SECRET_KEY is not given"),
        ({"SESSION_COOKIE_SECURE": False}, "set HTTPS=1"),
        ({"TRUSTED_HOSTS": None}, "TRUSTED_HOSTS"),
        ({"SECOND_FACTOR": "optional"}, "SECOND_FACTOR=optional without an identity provider"),
        ({"DEMO_PASSWORD": "lan"}, "DEMO_PASSWORD is set"),
    ],
    ids=lambda one: one if isinstance(one, str) else next(iter(one)),
)
def test_each_setting_that_nobody_could_trust_is_named_and_stops_the_start(
    url: str, tmp_path: Path, given: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = production(url, tmp_path, **given)
    (complaint,) = startup.complaints(app)
    assert says in complaint
    with pytest.raises(SystemExit):
        startup.require(app)
    assert says in capsys.readouterr().err
    app.config["ENVIRONMENT"] = "development"
    startup.require(app)  # elsewhere it is allowed


def test_a_key_that_others_may_read_or_that_lies_with_the_tables_stops_the_start(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "postgres").mkdir()
    inside, open_to_all = tmp_path / "postgres" / "key", tmp_path / "seal_key"
    for key, mode in ((inside, 0o600), (open_to_all, 0o640)):
        key.write_text(KEY)
        key.chmod(mode)
    app = production(url, tmp_path, SEAL_KEY_FILE=open_to_all, FACTOR_KEY_FILE=inside)
    assert startup.complaints(app) == [
        f"Others may read {open_to_all}: chmod 600 {open_to_all}.",
        f"{inside} lies inside the database's own folder: move it and set FACTOR_KEY_FILE.",
    ]


def test_a_role_that_could_rewrite_the_journal_stops_the_start(url: str, tmp_path: Path) -> None:
    plain = url.replace("+psycopg", "")
    app = production(url, tmp_path)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    (complaint,) = startup.complaints(app)
    assert "a superuser" in complaint
    with psycopg.connect(plain, autocommit=True) as owner:
        role = f"h6_{os.getpid()}"
        owner.execute(f"create role {role} login createrole")
        try:
            owner.execute(f"grant {APP_ROLE} to {role}")
            owner.execute(f"grant select on alembic_version to {role}")
            owner.execute(f"grant update (reason) on audit_event to {role}")
            app.config["SQLALCHEMY_DATABASE_URI"] = url.replace("cong_tam@", f"{role}@")
            first, second = startup.complaints(app)[:2]
            assert "may make roles, databases or copies" in first
            assert "may change rows of audit_event" in second
            owner.execute(f"alter table audit_link owner to {role}")
            assert any("owns the table audit_link" in one for one in startup.complaints(app))
        finally:
            owner.execute(f"reassign owned by {role} to current_user")
            owner.execute(f"drop owned by {role}")
            owner.execute(f"drop role {role}")


def test_tables_of_another_version_stop_the_start_everywhere(url: str, tmp_path: Path) -> None:
    app = production(url, tmp_path, ENVIRONMENT="development")
    for revision, says in (
        ("0009", "older than the program's"),
        ("9999", "which this program does not know"),
    ):
        with psycopg.connect(url.replace("+psycopg", "")) as owner:
            owner.execute("update alembic_version set version_num = %s", [revision])
        (complaint,) = [one for one in startup.complaints(app) if "schema" in one]
        assert says in complaint
        with pytest.raises(SystemExit):
            startup.require(app)


def test_a_bare_database_stops_the_start_and_commands_still_run(
    server: TestServer, url: str, tmp_path: Path
) -> None:
    name = server.new_database("bare")
    with server.commands() as connection:
        connection.execute(f'drop database "{name}"')
        connection.execute(f'create database "{name}"')
    owner = server.url(name)
    environment = os.environ | {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": owner.replace("cong_tam@", "cong_tam_app@"),
        "OWNER_DATABASE_URL": owner,
        "ENVIRONMENT": "production",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
        )

    try:
        commands = (
            ["gunicorn", "wsgi:app", "--bind", f"unix:{tmp_path}/site", "--no-control-socket"],
            ["celery", "-A", "evaluation.celery_app", "--quiet", "worker"],
            ["celery", "-A", "evaluation.celery_app", "--quiet", "beat"],
            ["flask", "--app", "wsgi", "run", "--port", "0"],
        )
        with ThreadPoolExecutor() as pool:
            refusals = list(pool.map(lambda command: run(*command), commands))
        for command, done in zip(commands, refusals, strict=True):
            assert done.returncode != 0, command
            assert "run `flask db upgrade`" in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
        done = run("flask", "--app", "wsgi", "db", "upgrade")
        assert done.returncode == 0, done.stderr
        done = run("flask", "--app", "wsgi", "check")
        assert (done.returncode, "no tables" in done.stdout) == (1, False)
        assert "HTTPS is not set" in done.stdout
    finally:
        server.drop(name)


def test_invented_people_and_a_guard_that_was_switched_off_stop_the_start(url: str, tmp_path: Path) -> None:
    factories.person("Nguyễn Thị Mẫu", email="cb000001@demo.invalid")
    db.session.commit()
    with psycopg.connect(url.replace("+psycopg", "")) as owner:
        owner.execute("alter table audit_event disable trigger audit_event_only_grows")
    first, second = startup.complaints(production(url, tmp_path))
    assert "invented people of the demo" in first
    assert "audit_event_only_grows" in second


def test_a_database_that_is_away_at_the_start_is_asked_before_the_first_page(
    url: str, tmp_path: Path
) -> None:
    app = production(url, tmp_path, TRUSTED_HOSTS=["localhost"])
    there = app.config["SQLALCHEMY_DATABASE_URI"]
    app.config["SQLALCHEMY_DATABASE_URI"] = there.replace(db.engine.url.database, "not_there")
    startup.require(app)
    assert any("does not answer" in one for one in startup.complaints(app))
    assert app.test_client().get("/").status_code == 503
    app.config["SQLALCHEMY_DATABASE_URI"] = there
    with psycopg.connect(url.replace("+psycopg", "")) as owner:
        owner.execute("update alembic_version set version_num = '0009'")
    assert app.test_client().get("/").status_code == 503
    with psycopg.connect(url.replace("+psycopg", "")) as owner:
        owner.execute(
            "update alembic_version set version_num = %s",
            [max(path.name[:4] for path in (CHECKOUT / "migrations/versions").glob("0*.py"))],
        )
    assert app.test_client().get("/").status_code != 503
