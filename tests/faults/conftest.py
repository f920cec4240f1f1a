"""What the faults are done to: Lan's month that is ready to be submitted, in an application whose commits are real."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from evaluation.extensions import db
from evaluation.models import AuditEvent, Report, ScoreSheet, Stage, WorkItem
from tests import conftest as base
from tests import factories
from tests.runtime.conftest import data_dir, free_port  # noqa: F401
from tests.runtime.test_jobs import bell, worker  # noqa: F401

IN_MARCH = date(2026, 3, 30)


class LansMonth:
    """A sheet with one line and all criteria, known by numbers so that any session can look at it."""

    def __init__(self, month: str = "2026-03") -> None:
        office = factories.office()
        report = factories.report(
            office.lan.assignments[0],
            supervising=office.division,
            confirming=office.department,
            agency=office.department,
            month=month,
        )
        self.item_id = factories.item(report, assigned="4").id
        factories.criteria(report, "28")
        self.office = office
        self.lan_id, self.report_id = office.lan.id, report.id
        self.submit_due = report.period.submit_due
        self.period_id = report.period_id
        self.username = office.lan.official_number.lower()
        db.session.commit()

    @property
    def report(self) -> Report:
        db.session.rollback()
        return db.session.get_one(Report, self.report_id, populate_existing=True)

    @property
    def done(self) -> str:
        db.session.rollback()
        return str(db.session.get_one(WorkItem, self.item_id, populate_existing=True).done.normalize())

    def own_sheets(self) -> int:
        return db.session.query(ScoreSheet).filter_by(report_id=self.report_id, stage=Stage.OWN).count()

    def events(self, action: str) -> int:
        return db.session.query(AuditEvent).filter_by(action=action, object_id=self.report_id).count()

    def draft(self, done: str, version: int | None = None) -> dict[str, str]:
        known = self.report.version if version is None else version
        return {"version": str(known), f"line-{self.item_id}-done": done}

    def submission(self) -> dict[str, str]:
        return {"version": str(self.report.version), "transaction_id": str(uuid4())}

    def url(self, rest: str) -> str:
        return f"/reports/{self.report_id}/{rest}"


def admin(app: Flask, path: str) -> int:
    """What the admin port answers, asked from outside of any request or context."""
    return Client(app.extensions["admin_site"]).get(path).status_code


@pytest.fixture
def month(fresh_database: Flask, clock: Any) -> LansMonth:
    clock(IN_MARCH)
    return LansMonth()


@pytest.fixture
def lan(month: LansMonth, fresh_database: Flask, login: Any) -> FlaskClient:
    """Lan's browser."""
    return login(fresh_database.test_client(), month.username)


@pytest.fixture
def again(fresh_database: Flask, tmp_path: Path) -> Callable[..., Any]:
    """`with again(SETTING=…) as app`: the same database behind an application with other settings."""

    @contextmanager
    def other(**given: Any) -> Iterator[Flask]:
        address = fresh_database.config["SQLALCHEMY_DATABASE_URI"]
        app = base.create_app(base.settings_for(address, tmp_path / "again") | given)
        app.test_client_class = base.OwnContextClient
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()

    return other
