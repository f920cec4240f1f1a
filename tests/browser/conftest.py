"""The demo province behind a running site, built once for each test process and copied for each file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from evaluation import clock as clock_module
from evaluation.extensions import db
from tests.conftest import LiveServer, TestServer, new_app, running_site

TODAY = date(2026, 11, 23)
PASSWORD = "mật khẩu của tỉnh mẫu"


def at_nine(day: date) -> datetime:
    """Nine in the morning of a day in Vietnam, as the clock of the site tells it."""
    return datetime.combine(day, time(9), tzinfo=clock_module.PROVINCE_ZONE).astimezone(clock_module.UTC)


@dataclass(frozen=True)
class Built:
    """A database holding the demo province, to be copied."""

    name: str
    folder: Path


@pytest.fixture(scope="session")
def demo_database(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Seventy-two officials, seven finished months, the present one half filed."""
    from evaluation.demo.build import build

    name = server.new_database("demo")
    folder = tmp_path_factory.mktemp("demo")
    app = new_app(server.url(name), folder)
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock_module, "now", lambda: at_nine(TODAY))
        build(officials=72, number_of_months=7, seed=7, password=PASSWORD)
        db.session.remove()
        db.engine.dispose()
    yield Built(name, folder)
    server.drop(name)


@pytest.fixture(scope="module")
def province_site(server: TestServer, demo_database: Built) -> Iterator[LiveServer]:
    """A site over a copy of the demo province, for one test file."""
    name = f"{demo_database.name}_{next(server.numbers)}"
    copy = sql.SQL("create database {} template {}")
    with server.commands() as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(demo_database.name)))
    with running_site(server.url(name), demo_database.folder) as site:
        yield site
    server.drop(name)


@pytest.fixture
def province(province_site: LiveServer, clock: Callable[[date], None]) -> LiveServer:
    """The demo province on the day it was built for."""
    clock(TODAY)
    return province_site


@pytest.fixture
def page(page: Any) -> Any:
    """A desk's screen."""
    page.set_viewport_size({"width": 1280, "height": 900})
    return page
