"""How this process connects: the embedded server starts at the first connection, and a page's statement has a time limit."""

from pathlib import Path
from typing import Any

from flask import Flask, has_request_context
from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import ConnectionPoolEntry

from evaluation.extensions import db
from evaluation.postgres import ensure_server, is_held

LIMIT = "milliseconds a statement may take"

_embedded: dict[str, Path] = {}  # the socket folder of each embedded server this process may start


def register(app: Flask) -> None:
    """Whatever needs no database starts none; pages, unlike jobs and commands, never wait for a statement without end."""
    if app.config["EMBEDDED_SERVER"]:
        _embedded[str(_host(app.config["SQLALCHEMY_DATABASE_URI"]))] = Path(app.config["DATA_DIR"])
    if not event.contains(Engine, "do_connect", _start_server):
        event.listen(Engine, "do_connect", _start_server)  # the broker's engine is not Flask-SQLAlchemy's
    most = 1000 * int(app.config["STATEMENT_SECONDS"])
    with app.app_context():

        @event.listens_for(db.engine, "checkout")
        def _limit(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
            wanted = most if has_request_context() else 0
            if entry.info.get(LIMIT, 0) != wanted:
                connection.execute(f"set statement_timeout = {wanted}")
                connection.commit()
                entry.info[LIMIT] = wanted


def _host(address: str) -> object:
    return make_url(address).query.get("host")


def _start_server(
    dialect: Dialect, _entry: ConnectionPoolEntry | None, arguments: Any, given: dict[str, Any]
) -> Any:
    """Starts the embedded server before the process's first connection to it, and again should it have died."""
    data_dir = _embedded.get(str(given.get("host")))
    if data_dir is None:
        return None
    if not is_held(data_dir):
        ensure_server(data_dir)
    try:
        return dialect.connect(*arguments, **given)
    except dialect.loaded_dbapi.OperationalError:
        ensure_server(data_dir)
        return dialect.connect(*arguments, **given)
