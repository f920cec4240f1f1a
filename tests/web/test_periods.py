"""The page of dates and extensions."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.models import Extension, Report
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.services import periods
from tests import factories


@pytest.fixture
def office(database, clock):
    clock(date(2026, 4, 1))
    made = factories.office()
    made.period = periods.open_month(Month(2026, 3))
    return made


def terms(office, **change):
    return {
        "period_id": office.period.id,
        "step": "SUBMIT",
        "agency_id": office.department.id,
        "official": "",
        "due": "10/04/2026",
        "reason": "Mất điện",
        "transaction_id": str(uuid4()),
    } | change


def count():
    return db.session.scalar(select(func.count()).select_from(Extension))


def test_everybody_reads_the_dates_and_only_who_may_extend_sees_the_form(client, login, office):
    page = login(client, office.lan).get("/periods/")
    assert "02/04/2026" in page.text
    assert 'id="extend"' not in page.text
    assert 'id="extend"' in login(client, office.thu).get("/periods/").text


def test_the_head_of_the_agency_extends_for_all_and_home_affairs_for_one(client, login, office):
    data = terms(office)
    page = login(client, office.thu).post("/periods/extend", data=data, follow_redirects=True)
    for text in ("cả cơ quan", "10/04/2026", "Mất điện", "Vũ Thị Thu"):
        assert text in page.text
    assert client.post("/periods/extend", data=data).status_code == 302
    assert count() == 1, "the same form sent twice is one extension"
    clerk = factories.person("Cao Thị Vân")
    factories.account(clerk, roles=[(Role.HOME_AFFAIRS, office.province)])
    answer = login(client, clerk).post(
        "/periods/extend", data=terms(office, official=office.lan.official_number.lower(), due="15/4/2026")
    )
    assert answer.status_code == 302
    report = db.session.scalar(select(Report).where(Report.person_id == office.lan.id))
    assert periods.due(report, "SUBMIT") == date(2026, 4, 15)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"due": "01/04/2026"}, "Hạn hiện tại đã là 02/04/2026"),
        ({"due": "mai"}, "due"),
        ({"due": ""}, "Đồng chí ghi hạn mới"),
        ({"reason": " "}, "Đồng chí ghi lý do gia hạn"),
        ({"step": "PAY"}, "Đồng chí chọn bước"),
        ({"official": "CC-không-có"}, "Không tìm thấy phiếu"),
        ({"agency_id": ""}, "Đồng chí chọn cơ quan"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_kept_on_the_page(client, login, office, change, says):
    answer = login(client, office.thu).post("/periods/extend", data=terms(office, **change))
    assert answer.status_code == 422
    assert says in answer.text
    assert count() == 0


def test_a_supervisor_below_the_agency_may_not_extend(client, login, office):
    assert login(client, office.hung).post("/periods/extend", data=terms(office)).status_code == 403
    assert count() == 0


def test_an_extension_is_shown_to_those_it_concerns_and_to_nobody_else(client, login, office):
    login(client, office.thu).post("/periods/extend", data=terms(office, official=office.lan.official_number))
    assert "Mất điện" in login(client, office.lan).get("/periods/").text
    assert "Mất điện" not in login(client, office.nam).get("/periods/").text
