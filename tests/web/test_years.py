"""Years that no calendar of ours has."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from evaluation.rules.permissions import Role
from tests import factories


@pytest.mark.parametrize("year", ["0", "4", "1995", "9999", "2147483648", "9" * 30])
def test_a_year_that_no_calendar_has_is_a_page_that_does_not_exist(
    year: str, database: Any, clock: Any, client: FlaskClient, login: Any
) -> None:
    clock(date(2026, 3, 10))
    office = factories.office()
    clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.assignment(clerk, office.department)
    factories.account(clerk, roles=[(role, office.province) for role in Role])
    login(client, clerk)
    of = office.department.id
    for path in (f"/grades/?year={year}", f"/organisation-classes/?year={year}", f"/grades/{of}/{year}",
                 f"/round/{of}/{year}", f"/commendations/{year}/LDTT", f"/what-ifs/agency/{of}/{year}"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.get("/grades/?year=2026").status_code in (200, 302)
