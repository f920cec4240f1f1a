"""Rows replaced whole: written by COPY in the session's own transaction, one writer of the same rows at a time."""

from collections.abc import Iterable

from sqlalchemy import text

from evaluation.extensions import db


def one_at_a_time(*what: object) -> None:
    """Whoever replaces the same rows waits until this transaction ends."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:what, 335))"), {"what": ":".join(map(str, what))}
    )


def copy_lines(target: str, lines: Iterable[str]) -> None:
    """Sends lines in COPY's text form to a table.

    The lines are gathered first: while a COPY is open its connection answers nothing else.
    """
    data = "".join(lines)
    connection = db.session.connection().connection.dbapi_connection
    with connection.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:  # type: ignore[union-attr]
        copy.write(data)
