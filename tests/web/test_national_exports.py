"""Pages of the national database: what waits with its last day, making, handing over, finding when a result went."""

from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import NationalExport
from evaluation.rules.permissions import Role
from evaluation.services import jobs
from tests import factories
from tests.services.test_petitions import DAY, confirmed


@pytest.fixture
def office(database: Any, clock: Any, enqueued: Any) -> factories.Office1:
    clock(DAY)
    made = factories.office()
    made.mai = factories.person("Phạm Ngọc Mai")  # type: ignore[attr-defined]
    factories.assignment(made.mai, made.department)  # type: ignore[attr-defined]
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])  # type: ignore[attr-defined]
    db.session.commit()
    return made


def test_home_affairs_sees_what_waits_makes_it_and_records_the_receipt(
    client: Any, login: Any, office: Any, clock: Any
) -> None:
    confirmed(office, office.lan)
    login(client, office.mai)
    assert "1 kết quả chờ gửi" in client.get("/").text
    clock(date(2026, 4, 7))
    assert "quá hạn, hạn là 06/04/2026" in client.get("/national-exports/").text
    asked = client.post("/national-exports/make")
    assert asked.status_code == 303
    jobs.run(int(asked.location.rsplit("/", 1)[1]))
    assert "/national-exports/" in client.get(asked.location).text
    export = db.session.query(NationalExport).one()
    assert (
        "Quá hạn" in client.get(f"/national-exports/{export.id}").text
        or "quá hạn" in client.get("/national-exports/").text
    )
    refused = client.post("/national-exports/make")
    assert (refused.status_code, "data-error-summary" in refused.text) == (409, True)
    answer = client.get(f"/national-exports/{export.id}/file.zip")
    assert answer.data[:2] == b"PK"
    address = f"/national-exports/{export.id}/hand-over"
    assert client.post(address, data={"receipt": ""}).status_code == 422
    wrong = client.post(address, data={"receipt": "BN-1", "at": "hôm qua"})
    assert (wrong.status_code, "BN-1" in wrong.text) == (422, True)
    assert client.post(address, data={"receipt": "BN-1", "at": "2026-04-07T09:00"}).status_code == 303
    assert "BN-1" in client.get("/national-exports/results?q=nguyen thi lan").text
    assert client.post(address, data={"receipt": "BN-2"}).status_code == 409


def test_nobody_else_reaches_any_of_it(client: Any, login: Any, office: Any) -> None:
    confirmed(office, office.lan)
    for who in (office.lan, office.thu):
        login(client, who)
        for address in ("/national-exports/", "/national-exports/results?q=lan", "/national-exports/1"):
            assert client.get(address).status_code == 403
        assert client.post("/national-exports/make").status_code == 403


def test_the_command_makes_a_file_and_lists_it(runner: Any, office: Any) -> None:
    confirmed(office, office.lan)
    assert "1 results wait, due on 06/04/2026" in runner.invoke(args=["national-export", "list"]).output
    made = runner.invoke(args=["national-export", "create"])
    assert (made.exit_code, "1 results of 1 officials" in made.output) == (0, True)
    again = runner.invoke(args=["national-export", "create"])
    assert again.exit_code == 1
    assert "not handed over" in runner.invoke(args=["national-export", "list"]).output
