"""Every one of the 72 faults has a test of its number, or says why it cannot happen here."""

import pytest

from tests.registers import missing, rows

FAULTS = rows("faults.csv")


def test_the_register_counts_from_one_to_seventy_two() -> None:
    assert [row["number"] for row in FAULTS] == [str(number) for number in range(1, 73)]


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row["number"])
def test_a_fault_has_tests_that_exist_or_a_reason_why_it_does_not_apply(row: dict[str, str]) -> None:
    assert row["promise"].strip().endswith(".")
    assert bool(row["tests"].strip()) != bool(row["why_not"].strip())
    assert missing(row["tests"]) == []
