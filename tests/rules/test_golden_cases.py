"""Every golden case of every file, one test each; what belongs to the next issue is listed once, here."""

from pathlib import Path
from typing import Any

import pytest

from evaluation.rules import exact_yaml
from evaluation.rules.golden import try_case
from evaluation.rules.rulebook import default_shelf

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
LATER_AWARDS = {"CSTDT", "TTLDTT", "TTLDXS", "BKT", "HCLD3"}


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{case['id']}")
        for path in sorted(GOLDEN.glob("*.yaml"))
        for case in exact_yaml.read(path.read_text(encoding="utf-8")).data["cases"]
    ]


def is_later(case: dict[str, Any]) -> bool:
    return case.get("award") in LATER_AWARDS


@pytest.mark.parametrize("case", [param for param in cases() if not is_later(param.values[0])])
def test_a_golden_case_gives_what_it_expects(case: dict[str, Any]) -> None:
    assert try_case(case, default_shelf()).failures == ()


@pytest.mark.parametrize("case", [param for param in cases() if is_later(param.values[0])])
def test_a_case_of_a_later_version_fails_with_a_sentence_that_says_so(case: dict[str, Any]) -> None:
    (failure,) = try_case(case, default_shelf()).failures
    assert "this version has no rule for" in failure


def test_the_customers_files_are_all_there() -> None:
    assert len(cases()) >= 72 + 64
