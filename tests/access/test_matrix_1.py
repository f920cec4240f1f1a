"""The matrix of rights, quarter 1 of the routes: tests/access/policies.py says which right each route asks for."""

import pytest

from tests.access.routes import holds, quarter
from tests.access.trial import Court


@pytest.mark.parametrize("route", quarter(0))
def test_every_role_meets_the_door_it_should(route: str, court: Court) -> None:
    holds(court, route)
