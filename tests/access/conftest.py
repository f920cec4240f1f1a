"""The province of the matrix, built once in a process; each request is undone after it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from evaluation import clock as clock_module
from evaluation.extensions import db
from tests.access import world as places
from tests.access.changes import Ledger
from tests.access.trial import Court
from tests.conftest import TestServer, new_app


@pytest.fixture(scope="session")
def court(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """Everybody signed in, before a province of which each request leaves nothing behind."""
    name = server.new_database("access")
    app = new_app(server.url(name), tmp_path_factory.mktemp("access"))
    app.test_client_class = FlaskClient
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock_module, "now", lambda: places.NOW)
        with app.app_context():
            court = Court(app, places.build())
            court.sign_everybody_in()
            db.session.remove()
            court.begin()
    yield court
    court.end()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    server.drop(name)


@pytest.fixture(scope="session")
def ledger(court: Court) -> Ledger:
    """Tells which rows a request left changed."""
    return Ledger(court)


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The day of the trial."""
    monkeypatch.setattr(clock_module, "now", lambda: places.NOW)
