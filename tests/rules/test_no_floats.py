"""The rules know no binary float: not written, not named, not made by a true division of whole numbers' literals."""

import ast
from pathlib import Path

import pytest

RULES = Path(__file__).resolve().parents[2] / "evaluation" / "rules"


@pytest.mark.parametrize("path", sorted(RULES.rglob("*.py")), ids=lambda path: path.name)
def test_no_binary_float_appears(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), where
        if isinstance(node, ast.Name):
            assert node.id not in ("float", "round"), where
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("sqrt", "fsum", "random"), where
