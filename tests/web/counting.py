"""Counts what a page asks the database."""

from sqlalchemy import event

from evaluation.extensions import db


def queries_of(client, address: str) -> int:
    """How many statements one GET sends, savepoints aside."""
    seen: list[str] = []

    def count(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    with client.application.app_context():
        engine = db.engine
    target = engine.engine if hasattr(engine, "engine") else engine
    event.listen(target, "before_cursor_execute", count)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(target, "before_cursor_execute", count)
    return len(seen)
