"""Writing many rows at once with COPY, with ids taken from the tables' own sequences."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, text

from evaluation.extensions import db
from evaluation.models.base import Table

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NOTHING = "\\N"


def take_ids(table: type[Table], count: int) -> range:
    """The next `count` ids of a table in a row; a demo is built while nobody else draws any.

    The application's role may draw from a sequence but not set it.
    """
    if count == 0:
        return range(0)
    draw = f"select nextval(pg_get_serial_sequence('{table.__tablename__}', 'id')) as id"
    first, last = db.session.execute(
        text(f"select min(id), max(id) from ({draw} from generate_series(1, :count)) drawn"), {"count": count}
    ).one()
    assert last - first + 1 == count
    return range(first, last + 1)


@contextmanager
def copying(table: str, columns: Sequence[str], connection: Connection | None = None):  # type: ignore[no-untyped-def]
    """A COPY into a table; write lines made by `line`."""
    driver = (connection or db.session.connection()).connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
        yield copy


@contextmanager
def as_owner() -> Iterator[Connection]:
    """A transaction of the role that owns the tables: only it may say when something of the past happened."""
    engine = create_engine(current_app.config["OWNER_DATABASE_URI"], poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def copy_rows(
    table: type[Table] | str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    connection: Connection | None = None,
) -> int:
    """Writes rows and says how many."""
    name = table if isinstance(table, str) else table.__tablename__
    count = 0
    with copying(name, columns, connection) as copy:
        buffer: list[str] = []
        for row in rows:
            buffer.append(line(row))
            count += 1
            if len(buffer) == 2000:
                copy.write("".join(buffer))
                buffer.clear()
        copy.write("".join(buffer))
    return count


def line(row: Sequence[Any]) -> str:
    """One row in COPY's text form."""
    return "\t".join([cell(value) for value in row]) + "\n"


def cell(value: Any) -> str:
    """One value in COPY's text form."""
    if value is None:
        return NOTHING
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False).translate(ESCAPES)
    return str(value).translate(ESCAPES)
