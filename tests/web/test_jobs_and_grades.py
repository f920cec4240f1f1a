"""Pages of background work and of the annual class, as their readers see them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Job, YearGrade
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import GradeState
from evaluation.services import jobs
from tests import factories
from tests.services.test_grades import month, ready, year_of
from tests.services.test_rollups import led_office
from tests.web.counting import queries_of

TODAY = date(2026, 12, 5)


def home_affairs(office: Any) -> Any:
    mai = factories.person("Hoàng Thị Mai")
    return factories.account(mai, roles=[(Role.HOME_AFFAIRS, office.province)])


def test_home_affairs_asks_for_a_roll_up_and_sees_its_progress(
    database, client, login, clock, enqueued
) -> None:
    clock(TODAY)
    office, _sheets = led_office()
    login(client, home_affairs(office))
    assert "Tổng hợp một tháng" in client.get("/jobs/").text
    asked = client.post("/jobs/rollups", data={"month": "2026-03"})
    job = db.session.scalars(select(Job)).one()
    assert (asked.status_code, asked.location) == (303, f"/jobs/{job.id}")
    page = client.get(f"/jobs/{job.id}").text
    assert "Tổng hợp tháng 03/2026" in page
    assert 'role="status"' in page
    assert f'hx-get="/jobs/{job.id}"' in page
    jobs.run(job.id)
    fragment = client.get(f"/jobs/{job.id}", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "100" in fragment
    assert "hx-get" not in fragment, "a finished job is not asked about again"
    assert "4 phiếu, 4 phiếu có điểm" in fragment
    assert "Tổng hợp tháng 03/2026" in client.get("/jobs/").text


@pytest.mark.parametrize("typed", ["", "2026", "2026-09"])
def test_a_month_that_cannot_be_rolled_up_is_refused_beside_its_field(
    database, client, login, clock, enqueued, typed: str
) -> None:
    clock(TODAY)
    office, _sheets = led_office()
    login(client, home_affairs(office))
    answer = client.post("/jobs/rollups", data={"month": typed})
    assert answer.status_code == 422
    assert 'href="#month"' in answer.text
    assert db.session.scalars(select(Job)).all() == []


def test_others_neither_see_nor_ask_for_work(database, client, login, clock, enqueued) -> None:
    clock(TODAY)
    office, _sheets = led_office()
    login(client, office.lan.account if hasattr(office.lan, "account") else _account(office.lan))
    assert client.get("/jobs/").status_code == 403
    assert client.post("/jobs/rollups", data={"month": "2026-03"}).status_code == 403
    job = jobs.ask(None, "rollups.month", {"month": "2026-03"})
    assert client.get(f"/jobs/{job.id}").status_code == 404


def _account(who: Any) -> Any:
    from evaluation.models import Account

    return db.session.scalars(select(Account).where(Account.person_id == who.id)).one()


def test_the_head_sees_the_quota_before_signing_decides_and_publishes(database, client, login, clock) -> None:
    clock(TODAY)
    office = factories.office()
    found = ready(office, 2, 10)
    month(office, office.nam, 11, "80")
    login(client, _account(office.thu))
    address = f"/grades/{office.department.id}/2026"
    assert client.get("/grades/").location == f"{address}"
    page = client.get(address).text
    for words in ("Suất hoàn thành xuất sắc", "Theo chữ", "Điểm mức tốt", "Tốt trở lên", "tạm tính"):
        assert words in page
    ids = [grade.id for grade in found]
    answer = client.post(f"{address}/decide", data={"pick": [str(ids[0]), str(ids[5])]})
    assert answer.status_code == 303
    refused = client.post(f"/grades/of/{ids[6]}", data={"klass": "HTNV", "reason": ""})
    assert refused.status_code == 422
    assert "Hãy nêu lý do" in refused.text
    accepted = client.post(
        f"/grades/of/{ids[6]}", data={"klass": "HTNV", "reason": "Chậm nhiều việc trong quý IV"}
    )
    assert accepted.status_code == 303
    assert client.post(f"{address}/publish", data={"decision_number": ""}).status_code == 422
    assert client.post(f"{address}/publish", data={"decision_number": "12/QĐ-SNV"}).status_code == 303
    db.session.expire_all()
    assert {db.session.get_one(YearGrade, one).state for one in (ids[0], ids[5], ids[6])} == {
        GradeState.PUBLISHED
    }


def test_a_refused_decision_keeps_what_was_typed(database, client, login, clock) -> None:
    clock(TODAY)
    office = factories.office()
    found = ready(office, 3, 2)  # of five good or better nobody can be excellent at 20 %, one at 25 %
    login(client, _account(office.thu))
    answer = client.post(
        f"/grades/of/{found[0].id}",
        data={"klass": "HTXSNV", "reason": "Dẫn đầu cả năm"},
        follow_redirects=False,
    )
    assert answer.status_code == 422
    assert "Dẫn đầu cả năm" in answer.text
    assert "Điều 20.5" in answer.text
    db.session.expire_all()
    assert db.session.get_one(YearGrade, found[0].id).state is GradeState.PROPOSED


def test_strangers_see_no_classes_and_owners_only_their_published_one(database, client, login, clock) -> None:
    clock(TODAY)
    office = factories.office()
    (grade,) = ready(office, 0, 1)
    grade.person_id = office.lan.id
    db.session.flush()
    login(client, _account(office.nam))
    assert client.get(f"/grades/of/{grade.id}").status_code == 404
    assert client.get(f"/grades/{office.department.id}/2026").status_code == 403
    login(client, _account(office.lan))
    assert client.get(f"/grades/of/{grade.id}").status_code == 404
    grade.state, grade.decided_class, grade.decided_by = GradeState.PUBLISHED, Band.HTTNV, office.thu.id
    grade.decided_at = grade.published_at = _now()
    db.session.commit()
    page = client.get(f"/grades/of/{grade.id}")
    assert page.status_code == 200
    assert "Quyết định mức xếp loại" not in page.text


def _now():
    from evaluation import clock as module

    return module.now()


def test_the_number_of_queries_does_not_grow_with_the_people(
    database, client, login, clock, enqueued
) -> None:
    clock(TODAY)
    office = factories.office()
    ready(office, 1, 3)
    year_of(office, office.lan, "80", months=2)
    login(client, _account(office.thu))
    address = f"/grades/{office.department.id}/2026"
    few = queries_of(client, address)
    for grade in ready(office, 2, 30):
        grade.mean = Decimal(70)
    db.session.commit()
    assert queries_of(client, address) == few
    assert few <= 12
    mai = home_affairs(office)
    login(client, mai)
    jobs.ask(None, "rollups.month", {"month": "2026-01"})
    few = queries_of(client, "/jobs/")
    for index in range(5):
        jobs.ask(None, "rollups.month", {"month": "2026-01"}, key=f"another {index}")
    assert queries_of(client, "/jobs/") == few <= 12
