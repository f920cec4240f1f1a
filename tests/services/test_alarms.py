"""Administrators and Home Affairs read on their first page what is out of order; nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.models import Letter, LetterState
from evaluation.rules.permissions import Role
from evaluation.services import pulses
from tests import factories

STILL = "Công việc nền đã dừng 7 phút"


@pytest.fixture
def office(database: Any) -> Any:
    found = factories.office()
    clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.account(clerk, username="noivu", roles=[(Role.HOME_AFFAIRS, found.province)])
    db.session.commit()
    return found


def grow_old(name: str, minutes: int) -> None:
    db.session.execute(
        text("update pulse set at = clock_timestamp() - make_interval(mins => :minutes) where name = :name"),
        {"name": name, "minutes": minutes},
    )
    db.session.commit()


@pytest.fixture
def first_page(office: Any, client: FlaskClient, login: Callable[..., Any]) -> Callable[[str], str]:
    return lambda who: login(client, who).get("/").text


def test_a_reconciler_that_was_not_heard_of_is_told_to_those_who_can_mend_it(
    office: Any, first_page: Callable[[str], str]
) -> None:
    pulses.leave(pulses.RECONCILER)
    assert "Công việc nền đã dừng" not in first_page("noivu")
    grow_old(pulses.RECONCILER, 7)
    assert STILL in first_page("noivu")
    assert STILL not in first_page(office.lan.official_number.lower())


def test_letters_that_do_not_leave_are_told(
    office: Any, first_page: Callable[[str], str], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_URL", "smtp://127.0.0.1:1")
    db.session.add(
        Letter(
            key="k",
            person_id=office.lan.id,
            address="a@b.vn",
            subject="x",
            body="x",
            state=LetterState.FAILED,
        )
    )
    pulses.leave(pulses.LETTERS, succeeded=False, detail="down")
    db.session.commit()
    page = first_page("noivu")
    assert "Có 1 thư không gửi được" in page
    assert "Thư chưa gửi đi được: 0 thư đang chờ" in page


def test_a_backup_that_failed_or_is_old_is_told(office: Any, first_page: Callable[[str], str]) -> None:
    pulses.leave(pulses.BACKUP)
    assert "sao lưu" not in first_page("noivu")
    grow_old(pulses.BACKUP, 60 * 40)
    assert "Bản sao lưu tốt gần nhất đã quá một ngày" in first_page("noivu")
