"""Reads the registers that name tests (`faults.csv`, `asvs.csv`) and says whether those tests exist."""

import ast
import csv
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CHECKOUT = TESTS.parent


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a register, in their order."""
    with open(TESTS / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def missing(named: str) -> list[str]:
    """Of the tests named in a cell, one `path::function` after another, those that do not exist."""
    return [one for one in named.split() if not _exists(one)]


def _exists(named: str) -> bool:
    path, _colons, function = named.partition("::")
    return (CHECKOUT / path).is_file() and function in _functions(path)


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
