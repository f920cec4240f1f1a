"""The register names tests that exist."""

import ast
from pathlib import Path

import pytest

from tests.faults.register import FAULTS, Fault

CHECKOUT = Path(__file__).resolve().parents[2]


def test_every_number_from_one_to_twenty_has_its_tests() -> None:
    assert [fault.number for fault in FAULTS] == list(range(1, 21))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.number))
def test_the_tests_of_a_fault_exist(fault: Fault) -> None:
    assert fault.tests
    for name in fault.tests:
        path, _colons, function = name.partition("::")
        tree = ast.parse((CHECKOUT / path).read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
