"""Whoever is kept from a thing that exists leaves a trace in the journal, whatever kind of thing it is; silence has a reason."""

import pytest

from tests.access import matrix
from tests.access.addresses import thing_of
from tests.access.forms import form_for
from tests.access.policies import POLICIES
from tests.access.routes import known, name_of
from tests.access.trial import Court

# Doors that say nothing of somebody being kept from another's thing.
SILENT: dict[str, str] = {
    "confirmations.receipt": "a receipt is named by a random number that nobody meets by trying",
    "sessions.end": "a session has no owner in the journal: the page of sessions keeps to one's own account",
    "audit.made": "a random token, looked up among one's own",
    "party.confirm": "the rules of the Party are off",
    "party.withdraw": "the rules of the Party are off",
    "meetings.correct": "the meeting's readers see it and are told that they do not correct it",
    "petitions.lodge_class": "the class's readers see it and are told whose petition it would be",
    "replacements.replace": "the class's readers see it and are told who replaces it",
    "reports.add": "the sheet's readers see it and are told it is another's: nothing is kept from them",
    "reports.check": "as reports.add",
}
TRIED = 3


def of_things() -> list[str]:
    """Every route and method that names a thing of somebody, or of a unit."""
    return [
        f"{method} {name}"
        for name, rule in known().items()
        for method in matrix.methods_of(rule)
        for door in [POLICIES[rule.endpoint][method]]
        if door.on != "nothing" and rule.endpoint not in SILENT
    ]


@pytest.mark.parametrize("route", of_things())
def test_whoever_is_kept_from_a_thing_that_exists_leaves_one_trace(route: str, court: Court) -> None:
    method, name = route.split(" ", 1)
    rule = next(one for one in matrix.rules(court.app) if name_of(one) == name)
    roles: set[str] = set()
    for cell in matrix.cells(court.app, rule):
        door = cell.door
        if (
            door is None
            or cell.method != method
            or cell.opens
            or cell.role in ("nobody", "disabled")
            or len(roles) == TRIED
        ):
            continue
        kinds = door.args.values()
        if cell.role in roles or any(
            thing_of(court.world, kind, cell.role, cell.owner) is None for kind in kinds
        ):
            continue
        url = matrix.address(court, rule, cell)
        if url is None or cell.owner == "missing":
            continue
        roles.add(cell.role)
        form = form_for(court.world, rule.endpoint, cell.role, cell.owner) if method == "POST" else {}
        answer = court.ask(cell.role, method, url, form)
        if answer.status == 409:
            continue
        assert answer.events == ["access.denied"], (
            f"{cell.role} of {cell.owner}: {answer.status} {answer.events}"
        )
