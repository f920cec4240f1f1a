"""A demo province in a database of its own on the tests' server, for what runs outside pytest."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from evaluation.demo import build as builder
from evaluation.extensions import db
from evaluation.postgres import ROOT_HOME, default_data_dir, ensure_server
from tests import conftest as base

SEED, PASSWORD = 7, "mật khẩu của tỉnh mẫu"


@contextmanager
def fresh(officials: int = 96, months: int = 2) -> Iterator[Flask]:
    """An application whose commits are real, outside any application context."""
    server = tests_server()
    name = server.new_database("abuse")
    try:
        with TemporaryDirectory() as folder:
            settings = base.settings_for(server.url(name), Path(folder))
            fill(base.create_app(settings | {"SQLALCHEMY_DATABASE_URI": server.url(name)}), officials, months)
            app = base.create_app(settings)
            yield app
            with app.app_context():
                db.engine.dispose()
    finally:
        server.drop(name)


def fill(app: Flask, officials: int, months: int) -> None:
    """Builds the province in the empty database of an application that connects as its owner."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        with app.app_context():
            builder.build(officials, months, SEED, PASSWORD)
            db.session.remove()
            db.engine.dispose()
    finally:
        logging.disable(before)


def tests_server() -> base.TestServer:
    """The embedded PostgreSQL that the tests use too."""
    data_dir = default_data_dir(base.CHECKOUT)
    as_root = data_dir.is_relative_to(ROOT_HOME)
    data_dir = data_dir.with_name(f"tests-{data_dir.name}") if as_root else data_dir / "tests"
    return base.TestServer(data_dir, ensure_server(data_dir, database="postgres", durable=False), count(1))
