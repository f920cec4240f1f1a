"""14: the database dies after the work of a request is done and before its connection is given back."""

from typing import Any

from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from tests.conftest import owner_of
from tests.faults.conftest import LansMonth


def test_a_database_that_dies_after_the_commit_takes_no_answer_away(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask
) -> None:
    killed = []

    def kill(response: Response) -> Response:
        mine = db.session.scalar(text("select pg_backend_pid()"))
        with owner_of(fresh_database).connect() as owner:
            owner.execute(text("select pg_terminate_backend(:mine, 5000)"), {"mine": mine})
        killed.append(mine)
        return response

    functions: Any = fresh_database.after_request_funcs.setdefault(None, [])
    functions.append(kill)
    try:
        answer = lan.post(month.url("draft"), data=month.draft("3"))
    finally:
        functions.remove(kill)
    assert killed
    assert answer.status_code == 302
    assert month.done == "3"
    assert lan.get(month.url("")[:-1]).status_code == 200
