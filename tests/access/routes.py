"""The routes of the matrix, cut into quarters so that two workers share them."""

from functools import cache
from typing import Any

import pytest
from werkzeug.routing import Rule

from tests.access import matrix
from tests.access.policies import POLICIES
from tests.access.trial import Court
from tests.conftest import create_app

# The long routes first, one to each quarter in turn: the quarters take about the same time.
QUARTERS = 4


@cache
def plan() -> Any:
    """An application that only knows its routes; kept, for views know its limits weakly."""
    return create_app(
        {
            "TESTING": True,
            "RATE_LIMITS": False,
            "SQLALCHEMY_DATABASE_URI": "postgresql+psycopg://nowhere/none",
        }
    )


@cache
def known() -> dict[str, Rule]:
    """Every route by what it is called in a report."""
    return {name_of(rule): rule for rule in matrix.rules(plan())}


def name_of(rule: Rule) -> str:
    """A route as a report calls it; two routes of one endpoint differ by their address."""
    return f"{rule.endpoint} {rule.rule}"


def quarter(number: int) -> list[str]:
    """The routes of one quarter."""
    return list(known())[number::QUARTERS]


def rule_of(app: Any, name: str) -> Rule:
    """The route of a name in an application."""
    return next(rule for rule in matrix.rules(app) if name_of(rule) == name)


def holds(court: Court, name: str) -> None:
    """Fails with every cell of a route that is not as the policies say."""
    rule = rule_of(court.app, name)
    doors = POLICIES.get(rule.endpoint, {})
    lacking = [method for method in matrix.methods_of(rule) if method not in doors]
    if lacking:
        pytest.fail(
            f"Nobody has said who may {lacking} {rule.rule}. Add a row"
            f' "{rule.endpoint}": to POLICIES in tests/access/policies.py: which Action upon whose thing,'
            " or anybody(...), own(...), everyone(...) with the reason."
        )
    tried, opened, done, wrong = matrix.faults(court, rule)
    assert tried == sum(1 for _cell in matrix.cells(court.app, rule))
    assert not wrong, f"{len(wrong)} of {tried} cells:\n" + "\n".join(wrong)
    court.opened += opened
    court.done += done
