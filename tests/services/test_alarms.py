"""Administrators and Home Affairs read on their first page what is out of order; nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.models import AuditCheck, Letter, LetterState
from evaluation.queries import operations
from evaluation.rules.permissions import Role
from evaluation.services import audit_checks, pulses
from evaluation.web import admin_port
from tests import factories
from tests.conftest import owner_of

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


def test_a_check_of_the_journal_that_is_old_or_found_something_is_told(
    office: Any, first_page: Callable[[str], str]
) -> None:
    db.session.add(AuditCheck(complaints=[]))
    db.session.commit()
    assert "nhật ký" not in first_page("noivu").lower().split("<main", 1)[1]
    db.session.add(AuditCheck(complaints=["điểm số 1"]))
    db.session.commit()
    assert "phát hiện 1 điểm không khớp" in first_page("noivu")


def test_a_guard_of_the_journal_that_is_not_whole_is_told_within_the_hour(
    office: Any, first_page: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit_checks.check_guard() == []
    assert "bảo vệ nhật ký" not in first_page("noivu")
    grow_old(pulses.GUARD, 4 * 60)
    assert "lần cuối cách đây 4 giờ" in first_page("noivu")
    monkeypatch.setitem(audit_checks.audit_schema.BODIES, "audit_hash", "another")
    assert len(audit_checks.check_guard()) == 1
    assert "audit_hash" in first_page("noivu")


def test_an_old_check_of_the_journal_and_a_clock_that_was_set_back_are_numbers_and_alarms(
    fresh_database: Flask, login: Callable[..., Any]
) -> None:
    """Fault 20; the application itself cannot write a moment into the journal, so the owner does here."""
    found = factories.office()
    factories.account(
        factories.person("Cán bộ Sở Nội vụ"), username="noivu", roles=[(Role.HOME_AFFAIRS, found.province)]
    )
    db.session.commit()
    assert operations.look().journal_ahead == 0
    with owner_of(fresh_database).begin() as owner:
        owner.execute(
            text("insert into audit_check (at, complaints) values (now() - interval '48 hours', '[]')")
        )
        owner.execute(
            text(
                "insert into audit_event (at, action, object_type, object_id)"
                " values (now() + interval '1830 seconds', 'x', 'x', 1)"
            )
        )
    db.session.rollback()
    assert 29 * 60 < operations.look().journal_ahead < 31 * 60
    page = login(fresh_database.test_client(), "noivu").get("/").text
    assert "Nhật ký được kiểm tra lần cuối cách đây 48 giờ" in page
    assert "muộn hơn đồng hồ máy chủ 30 phút" in page
    numbers = {one.name: one.samples[0].value for one in admin_port.Kept().collect() if one.samples}
    assert 29 * 60 < numbers["cong_tam_journal_ahead_seconds"] < 31 * 60
