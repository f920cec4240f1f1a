"""23: an import that is cut off while it is applied has applied nothing, and goes on where it was."""

import threading
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from evaluation.extensions import db
from evaluation.models import AuditEvent, ImportBatch, ImportState, Person
from evaluation.rules.permissions import Role
from evaluation.services import imports
from evaluation.services.access import Actor
from evaluation.services.import_plans import Options
from tests import factories
from tests.abuse.hostile_contents import HEADER, person, table
from tests.conftest import owner_of
from tests.runtime.conftest import wait_for

IN_MARCH = date(2026, 3, 10)
PEOPLE = 60


@pytest.fixture
def clerk(fresh_database: Flask, clock: Any) -> Actor:
    clock(IN_MARCH)
    office = factories.office()
    who = factories.person("Cán bộ Sở Nội vụ")
    factories.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    db.session.commit()
    return factories.actor(who, IN_MARCH)


def new_people() -> int:
    db.session.rollback()
    return db.session.query(Person).filter(Person.official_number.like("CB%")).count()


def asked_of_waiting(what: str) -> int:
    """Each time on a connection of its own: within a transaction the activity is seen as it was first."""
    waiting = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with db.engine.connect() as connection:
        return int(connection.scalar(text(f"select {what} {waiting}")))


def test_an_import_cut_off_in_the_middle_applied_nothing_and_is_confirmed_again_with_one_effect(
    clerk: Actor, fresh_database: Flask
) -> None:
    data = table(HEADER, *(person(STT=n, Số_hiệu_CBCCVC=f"CB{n:03d}") for n in range(PEOPLE)))
    options = Options(IN_MARCH)
    batch_id = imports.preview(clerk, "PEOPLE", name="ds.xlsx", data=data, options=options).id
    failures: list[Exception] = []

    def confirm() -> None:
        with fresh_database.app_context():
            try:
                imports.confirm(clerk, batch_id)
            except DBAPIError as lost:
                failures.append(lost)
            finally:
                db.session.remove()

    with owner_of(fresh_database).connect() as owner:
        owner.execute(text("lock table audit_event in share mode"))  # everything but the journal is written
        thread = threading.Thread(target=confirm)
        thread.start()
        wait_for(lambda: asked_of_waiting("count(*)") > 0, "the import to stand before its commit")
        asked_of_waiting("count(pg_terminate_backend(pid))")
        thread.join(20)
    assert len(failures) == 1
    assert new_people() == 0
    assert db.session.get_one(ImportBatch, batch_id).state is ImportState.PREVIEWED
    assert imports.confirm(clerk, batch_id)["new"] == PEOPLE
    assert new_people() == PEOPLE
    again = imports.preview(clerk, "PEOPLE", name="ds.xlsx", data=data, options=options)
    told = again.changes
    assert (told["new"], told["changed"], told["ended"], told["unchanged"]) == (0, 0, 0, PEOPLE)
    assert db.session.query(AuditEvent).filter_by(action="import.applied").count() == 1
