"""The matrix leaves no cell unexplained: every route has its row, every row a reason, and there are enough cells."""

from tests.access import matrix
from tests.access.cast import OWNERS, ROLES, TO_PEOPLE, TO_UNITS, UNITS
from tests.access.policies import POLICIES
from tests.access.routes import QUARTERS, known, plan, quarter


def test_every_route_and_method_has_a_row_and_no_row_is_of_a_route_that_is_gone() -> None:
    routes = {(rule.endpoint, method) for rule in known().values() for method in matrix.methods_of(rule)}
    rows = {(endpoint, method) for endpoint, doors in POLICIES.items() for method in doors}
    assert routes - rows == set(), "add these to POLICIES in tests/access/policies.py"
    assert rows - routes == set(), "these routes are gone: take their rows out of tests/access/policies.py"


def test_a_door_that_no_right_opens_says_why() -> None:
    silent = {
        (endpoint, method)
        for endpoint, doors in POLICIES.items()
        for method, door in doors.items()
        if not door.needs and not door.why
    }
    assert silent == set()


def test_at_least_twenty_thousand_cells_are_tried() -> None:
    rules = known().values()
    assert sum(len(list(matrix.cells(plan(), rule))) for rule in rules) >= 20_000
    assert sorted(name for number in range(QUARTERS) for name in quarter(number)) == sorted(known())


def test_the_cast_has_at_least_fourteen_roles_and_says_how_each_stands_to_everything() -> None:
    assert len(ROLES) >= 14
    signed_in = set(ROLES) - {"nobody", "disabled"}
    assert set(TO_PEOPLE) == set(TO_UNITS) == signed_in
    assert all(set(held) <= set(OWNERS) for held in TO_PEOPLE.values())
    assert all(set(held) <= set(UNITS) for held in TO_UNITS.values())


def test_only_the_public_list_of_the_site_is_open_to_the_world() -> None:
    from evaluation.web.access import PUBLIC

    leaves = {"access.sign_out"}  # sends to the page of signing in, whoever asks
    open_doors = {
        endpoint for endpoint, doors in POLICIES.items() if any(door.public for door in doors.values())
    }
    assert open_doors - leaves == set(PUBLIC)
