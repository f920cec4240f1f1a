"""OWASP ASVS 5.0.0: every requirement of levels 1 and 2 stands in the register, and what applies is held by a test."""

from collections import Counter

import pytest

from tests.registers import missing, rows

REQUIREMENTS = rows("asvs.csv")
PER_LEVEL = {"1": 70, "2": 183}  # counted in the release v5.0.0


def test_every_requirement_of_levels_one_and_two_stands_here_once() -> None:
    assert Counter(row["level"] for row in REQUIREMENTS if row["level"] in PER_LEVEL) == PER_LEVEL
    assert max(Counter(row["requirement"] for row in REQUIREMENTS).values()) == 1


@pytest.mark.parametrize("row", REQUIREMENTS, ids=lambda row: row["requirement"])
def test_what_applies_is_enforced_somewhere_and_held_by_tests_that_exist(row: dict[str, str]) -> None:
    assert row["applies"] in ("yes", "no")
    assert row["where"].strip(), "say where it is enforced, or why it does not apply"
    if row["applies"] == "yes":
        assert row["tests"].strip(), f"{row['requirement']} has no test"
    assert missing(row["tests"]) == []
