"""Every golden case of every file, one test each."""

from pathlib import Path
from typing import Any

import pytest

from evaluation.rules import exact_yaml
from evaluation.rules.golden import try_case
from evaluation.rules.rulebook import default_shelf

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{case['id']}")
        for path in sorted(GOLDEN.glob("*.yaml"))
        for case in exact_yaml.read(path.read_text(encoding="utf-8")).data["cases"]
    ]


@pytest.mark.parametrize("case", cases())
def test_a_golden_case_gives_what_it_expects(case: dict[str, Any]) -> None:
    assert try_case(case, default_shelf()).failures == ()


def test_the_customers_files_are_all_there() -> None:
    assert len(cases()) >= 72 + 64
