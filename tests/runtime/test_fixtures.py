"""The fixtures that every other test stands on do what they promise."""

import socket
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Person
from tests import factories


def people() -> int:
    return db.session.scalar(select(func.count()).select_from(Person)) or 0


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(database: Any, attempt: int) -> None:
    assert people() == 0
    factories.office()
    db.session.commit()
    db.session.rollback()
    assert people() > 0


def test_two_people_signed_in_at_once_are_not_mixed_up(
    app: Flask, database: Any, login: Callable[[FlaskClient, Any], FlaskClient]
) -> None:
    office = factories.office()
    lan, hung = login(app.test_client(), office.lan), login(app.test_client(), office.hung)
    for _ in range(2):
        assert office.lan.full_name in lan.get("/").text
        assert office.hung.full_name in hung.get("/").text


def test_the_day_can_be_set(clock: Callable[[date], None]) -> None:
    clock(date(2026, 3, 31))
    assert clock_module.today() == date(2026, 3, 31)


def test_the_network_is_closed() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"8\.8\.8\.8"):
        socket.create_connection(("8.8.8.8", 53), 1)


def test_a_real_browser_signs_in_on_a_live_server(live_server: Any, page: Any) -> None:
    with live_server.app.app_context():
        office = factories.office()
        name, username = office.lan.full_name, office.lan.official_number
        db.session.commit()
    page.goto(live_server.url)
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text(name).first.wait_for()
