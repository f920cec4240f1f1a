"""What every test stands on: a real PostgreSQL, a database for each process, a day that can be set, no network."""

import fcntl
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy import Engine, NullPool, create_engine, select
from werkzeug.serving import make_server

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.postgres import APP_ROLE, ROLE, ROOT_HOME, default_data_dir, ensure_server, make_data_dir

CHECKOUT = Path(__file__).resolve().parent.parent
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

slow_start = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=slow_start)
settings.register_profile(
    "ci", max_examples=500, deadline=None, derandomize=True, suppress_health_check=slow_start
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
    # Properties over the database take minutes: their files begin first, so that no worker is left alone with one at the end.
    long = {
        item.path
        for item in items
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        and item.path.parent.name != "rules"
    }
    items.sort(key=lambda item: item.path not in long)


# The network


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """A test that reaches for anything but this machine fails."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse(one: socket.socket, address: Any) -> None:
        if one.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            pytest.fail(f"The test tried to reach {address[0]} on the network.")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


# The day


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """`clock(date(2026, 3, 5))` makes it nine in the morning of that day in Vietnam; a datetime is taken as it is."""

    def set_to(moment: date) -> None:
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(9), tzinfo=clock_module.PROVINCE_ZONE)
        instant = moment.astimezone(clock_module.UTC)
        monkeypatch.setattr(clock_module, "now", lambda: instant)

    return set_to


# The database


@dataclass(frozen=True)
class TestServer:
    """The PostgreSQL that all test processes of this checkout share."""

    __test__ = False
    data_dir: Path
    address: str
    numbers: Any

    def url(self, database: str) -> str:
        return self.address.replace("/postgres?", f"/{database}?")

    def new_database(self, purpose: str) -> str:
        """A copy of the migrated template, named after this process so that its end can be noticed by others."""
        name = f"test_{os.getpid()}_{purpose}_{next(self.numbers)}"
        with self._building(), self.commands() as connection:
            template = self._template(connection)
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop(self, database: str) -> bool:
        """Whether it is gone; what cannot be dropped soon is left to the next process.

        PostgreSQL waits for every session of the server, so one that is stuck inside a COPY would hold up all tests.
        """
        with self.commands() as connection:
            connection.execute("set statement_timeout = '2s'")
            try:
                command = sql.SQL("drop database if exists {} with (force)")
                connection.execute(command.format(sql.Identifier(database)))
            except (psycopg.errors.QueryCanceled, psycopg.errors.ObjectInUse, psycopg.errors.InternalError):
                return False
        return True

    def drop_leftovers(self) -> None:
        """Databases of test processes that are no longer alive."""
        with self._building(), self.commands() as connection:
            rows = connection.execute(
                "select datname from pg_database where datname like 'test\\_%'"
            ).fetchall()
        for (name,) in rows:
            process = name.split("_")[1]
            ended = process == str(os.getpid()) or not Path(f"/proc/{process}").exists()
            if ended and not self.drop(name):
                return

    def commands(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.address.replace("+psycopg", ""), autocommit=True)

    @contextmanager
    def _building(self) -> Iterator[None]:
        with open(self.data_dir / "template.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _template(self, connection: psycopg.Connection[Any]) -> str:
        name = f"template_{schema_fingerprint()}"
        known = [row[0] for row in connection.execute("select datname from pg_database").fetchall()]
        if name in known:
            return name
        for old in (old for old in known if old.startswith(("template_", "building_"))):
            self.drop(old)
        building = f"building_{os.getpid()}"
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(building)))
        migrate_database(self.url(building), self.data_dir / "building")
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(building), sql.Identifier(name))
        )
        return name


def schema_fingerprint() -> str:
    """Changes when a migration changes."""
    digest = hashlib.sha256()
    for path in sorted((CHECKOUT / "migrations").rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def create_app(given: dict[str, Any]) -> Flask:
    """Imported late, so that tests of pure rules start without the application."""
    from evaluation import create_app as create

    return create(given)


def owner_of(app: Flask) -> Engine:
    """Connections of the role that owns the tables: it may do what pages and jobs may not."""
    return create_engine(app.config["OWNER_DATABASE_URI"], poolclass=NullPool)


def migrate_database(url: str, folder: Path) -> None:
    app = create_app(settings_for(url, folder))
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 0, f"flask db upgrade failed:\n{done.output}\n{done.exception!r}"
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def server() -> TestServer:
    """The embedded PostgreSQL of the tests; it stops with the last test process."""
    data_dir = default_data_dir(CHECKOUT)
    as_root = data_dir.is_relative_to(ROOT_HOME)
    data_dir = data_dir.with_name(f"tests-{data_dir.name}") if as_root else data_dir / "tests"
    # `make test-services` gives a server of its own.
    make_data_dir(data_dir)
    address = os.environ.get("TEST_DATABASE_URL") or ensure_server(
        data_dir, database="postgres", durable=False
    )
    found = TestServer(data_dir, address, count(1))
    found.drop_leftovers()
    return found


def settings_for(url: str, folder: Path) -> dict[str, Any]:
    """The settings of a test's application: its own database and folders, no broker, no CSRF tokens."""
    return {
        "TESTING": True,
        "DATA_DIR": folder,
        "EVIDENCE_DIR": folder / "evidence",
        "IMPORTS_DIR": folder / "imports",
        "EXPORTS_DIR": folder / "exports",
        "SQLALCHEMY_DATABASE_URI": url.replace(f"//{ROLE}@", f"//{APP_ROLE}@"),
        "OWNER_DATABASE_URI": url,
        "BROKER_URL": "memory://",
        "SECRET_KEY": "only for tests " * 3,
        "WTF_CSRF_ENABLED": False,
        # Tests move the clock by months under a signed-in client; those of sessions set these themselves.
        "SESSION_IDLE_MINUTES": 10**7,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=10**4),
        "CONFIRM_MINUTES": 10**7,
        "SERVER_NAME": None,
        # All tests of a process come from one address; those of limits switch them on.
        "RATE_LIMITS": False,
    }


def new_app(url: str, folder: Path) -> Flask:
    app = create_app(settings_for(url, folder))
    app.test_client_class = OwnContextClient
    return app


class OwnContextClient(FlaskClient):
    """Each request has its own application context, as on a server: its own session, its own current user.

    What the test's own session holds is committed before, and read anew after.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.commit()
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def app(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on this process's own database; use `database` to write to it."""
    name = server.new_database("shared")
    app = new_app(server.url(name), tmp_path_factory.mktemp("data"))
    yield app
    with app.app_context():
        db.engine.dispose()
    server.drop(name)


@pytest.fixture
def database(app: Flask) -> Iterator[Any]:
    """`db` inside a transaction that is undone after the test; `db.session.commit()` ends a savepoint only."""
    with app.app_context():
        engines = db.engines
        engine = engines[None]
        connection = engine.connect()
        outer = connection.begin()
        engines[None] = connection  # type: ignore[assignment]
        db.session.remove()
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield db
        finally:
            db.session.remove()
            engines[None] = engine
            outer.rollback()
            connection.close()


@pytest.fixture
def client(app: Flask, database: Any) -> FlaskClient:
    """A browser without pictures, signed in as nobody."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask, database: Any) -> FlaskCliRunner:
    """Runs `flask …` commands inside the test's transaction."""
    return app.test_cli_runner()


def account_of(who: Any) -> Any:
    from evaluation.models import Account

    if isinstance(who, Account):
        return who
    column = Account.username if isinstance(who, str) else Account.person_id
    account = db.session.scalar(select(Account).where(column == (who if isinstance(who, str) else who.id)))
    assert account is not None, f"{who!r} has no account"
    return account


@pytest.fixture
def login() -> Callable[[FlaskClient, Any], FlaskClient]:
    """`login(client, who)` signs in an account, a person or a username, without asking for password or second factor."""
    from evaluation.services import sessions

    def sign_in(client: FlaskClient, who: Any) -> FlaskClient:
        token = sessions.begin(account_of(who), second_factor=True)
        with client.session_transaction() as stored:
            stored.clear()
            stored["_user_id"] = token
            stored["_fresh"] = True
        return client

    return sign_in


@pytest.fixture
def fresh_database(server: TestServer, tmp_path: Path) -> Iterator[Flask]:
    """An application whose commits are real: for several sessions, threads and killed workers."""
    name = server.new_database("fresh")
    app = new_app(server.url(name), tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    server.drop(name)


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The doorbells rung during the test, as (name, arguments); nothing reaches a broker."""
    from evaluation import jobs

    rung: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "ring", lambda name, arguments: rung.append((name, arguments)))
    return rung


# The browser


@dataclass(frozen=True)
class LiveServer:
    """A running site: its address, and its application for preparing data."""

    url: str
    app: Flask


@contextmanager
def running_site(url: str, folder: Path) -> Iterator[LiveServer]:
    """A threaded server on a free port over a database."""
    app = new_app(url, folder)
    app.config["WTF_CSRF_ENABLED"] = True
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield LiveServer(f"http://127.0.0.1:{running.port}", app)
    running.shutdown()
    thread.join(10)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def live_server(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running site with an empty database of its own, one for each test file."""
    name = server.new_database("live")
    with running_site(server.url(name), tmp_path_factory.mktemp("live")) as site:
        yield site
    server.drop(name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium through Playwright; tests that need it are skipped, with the reason, where it is absent."""
    if not CHROMIUM.exists():
        pytest.skip(f"Browser tests need {CHROMIUM}: run `make test` as root, or `apt-get install chromium`.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_OPTIONS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A new tab without cookies, in Vietnamese."""
    context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
