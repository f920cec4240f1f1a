"""18: two timetables ring for everything twice at the same moment; what is left is what one of them leaves."""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from evaluation.extensions import Base, celery, db
from evaluation.tasks.schedule import TIMETABLE
from tests import conftest as base
from tests.faults.conftest import LansMonth

# Signs of life, seals and checks tell of each run on purpose; they change nothing that anybody is judged by.
OF_EACH_RUN = {"pulse", "audit_seal", "audit_check"}
DAY = date(2026, 4, 1)


def counts() -> dict[str, int]:
    db.session.rollback()
    tables = [table.name for table in Base.metadata.sorted_tables if table.name not in OF_EACH_RUN]
    rows = db.session.execute(
        text(" union all ".join(f"select '{name}', count(*) from \"{name}\"" for name in tables))
    ).all()
    return {row[0]: row[1] for row in rows}


def ring_for_everything(app: Flask, at_once: int) -> list[Exception]:
    """Each line of the timetable, by so many at the same moment."""
    problems: list[Exception] = []
    for entry in TIMETABLE:
        gate = threading.Barrier(at_once)

        def run(name: str = entry.job, gate: threading.Barrier = gate) -> None:
            with app.app_context():
                gate.wait(20)
                try:
                    celery.tasks[name]()
                except Exception as problem:
                    problems.append(problem)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=run) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    return problems


@pytest.mark.usefixtures("enqueued")
def test_everything_on_the_timetable_asked_for_twice_at_once_is_done_once(
    fresh_database: Flask, server: Any, clock: Callable[[date], None], tmp_path: Path
) -> None:
    clock(DAY)
    LansMonth()
    assert ring_for_everything(fresh_database, 2) == []
    twice = counts()
    assert ring_for_everything(fresh_database, 2) == []
    assert counts() == twice, "a second day's round on the same day adds nothing"
    name = server.new_database("fresh")
    single = base.new_app(server.url(name), tmp_path / "single")
    with single.app_context():
        LansMonth()
        assert ring_for_everything(single, 1) == []
        assert counts() == twice
        db.session.remove()
        db.engine.dispose()
    server.drop(name)
    assert twice["report"] > 1
    assert twice["notice"] > 0
