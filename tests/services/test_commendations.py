"""Lists of titles on the database: the verdict of the rules, nothing lost, nothing made up."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evaluation.rules import exact_yaml
from evaluation.rules.verdicts import Award
from tests.services import commendation_stories as stories

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "commendation.yaml"


def golden() -> list[Any]:
    return [
        pytest.param(case, id=case["id"])
        for case in exact_yaml.read(GOLDEN.read_text(encoding="utf-8")).data["cases"]
        if case["kind"] == "eligibility" and case["award"] in tuple(Award)
    ]


@pytest.mark.parametrize("case", golden())
def test_a_golden_story_in_the_registers_ends_in_the_verdict_of_the_rules(
    case: dict[str, Any], database: Any, clock: Any
) -> None:
    clock(date(2026, 12, 20))
    who = stories.told(case)
    entry = stories.listed(
        case["award"],
        received_on=date.fromisoformat(case["received"]),
        as_of=date.fromisoformat(case["as_of"]),
    )[who.id]
    assert (entry.status, entry.code) == (case["expect"]["status"], case["expect"].get("code"))
