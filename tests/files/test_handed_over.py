"""What one process hands another is values and records; nothing in it can be made to run."""

import os
import pickle
import subprocess
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from evaluation.files import handed_over
from evaluation.files.sheets import Sheet
from evaluation.rules.organisation import Office


class Runs:
    """Something that would run a program where it is opened."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


def test_values_and_records_come_out_as_they_went_in() -> None:
    said = [
        Sheet("Danh sách", [["Lan", 1.5, True, None, date(2026, 3, 1), datetime(2026, 3, 1, 9, tzinfo=UTC)]]),
        {
            "office": Office.HEAD,
            "points": Decimal("2.50"),
            "exact": Fraction(1, 3),
            "late": timedelta(days=2),
        },
        ({"a", "b"}, frozenset({1})),
    ]
    assert handed_over.unpack(handed_over.pack(said)) == said


@pytest.mark.parametrize(
    "bad",
    [
        Runs(os.system, "true"),
        Runs(subprocess.run, ["true"]),
        Runs(eval, "1"),
        Runs(getattr, "", "join"),
        Runs(pickle.loads, b""),
    ],
    ids=lambda bad: getattr(bad.call, "__name__", "call"),
)
def test_data_that_names_code_is_refused_and_nothing_runs(bad: Runs) -> None:
    with pytest.raises(handed_over.NotHandedOver):
        handed_over.unpack(pickle.dumps(["a", bad]))


def test_code_is_not_reached_through_a_module_of_ours() -> None:
    dotted = b"\x80\x04\x8c\x18evaluation.files.reading\x94\x8c\x0esubprocess.run\x94\x93\x94."
    function = b"\x80\x04\x8c\x18evaluation.files.reading\x94\x8c\x09read_list\x94\x93\x94."
    for data in (dotted, function):
        with pytest.raises(handed_over.NotHandedOver):
            handed_over.unpack(data)
