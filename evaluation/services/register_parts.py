"""What checking rows of a register against its own import answers: the rows that hold, and those left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluation.files.register_rows import FIRST_ROW, NOT_READ, READ_OTHERWISE, LeftOut
from evaluation.files.says import RowError, msgid
from evaluation.services.import_plans import Diff
from evaluation.services.organisation_labels import field_label

WOULD_CHANGE = msgid("An import of this row on the same day would change: %(fields)s.")


@dataclass(frozen=True)
class Part:
    """Some rows by column key, ready to be written, and the rows left out."""

    rows: list[dict[str, str]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def sort_out(
    lines: Sequence[Any],
    read: Iterable[Any],
    errors: Iterable[RowError],
    diff: Diff,
    labels: dict[str, str],
) -> Part:
    """Each line, the way its import read and compared it: kept, or left out with the first reason found."""
    by_row = {row.row: row for row in read}
    faults: dict[int, RowError] = {}
    for error in [*errors, *diff.errors]:
        faults.setdefault(error.row, error)
    changes = {
        change.row: ", ".join(field_label(key) for key, _before, _after in change.fields)
        for change in diff.changes
    }
    part = Part()
    for number, line in enumerate(lines, FIRST_ROW):
        row = by_row.get(number)
        other = line.differs(row) if row is not None else ""
        if number in faults:
            fault = faults[number]
            reason = (fault.column, fault.says_id, fault.params)
        elif row is None or other:
            reason = (labels.get(other, ""), READ_OTHERWISE if other else NOT_READ, {})
        elif number in changes:
            reason = ("", WOULD_CHANGE, {"fields": changes[number]})
        else:
            part.rows.append(line.cells())
            continue
        part.left_out.append(LeftOut(line.reference, line.name, *reason))
    return part
