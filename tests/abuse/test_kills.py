"""7, 8, 9, 14: three rounds of kill -9 on a real site while scripted people work; sixty are `make abuse`."""

from pathlib import Path

import pytest

from tests.abuse import judged, kills
from tests.abuse.judged import Verdict
from tests.abuse.ledger import Ledger


@pytest.mark.runtime
def test_three_kills_lose_nothing_that_was_acknowledged_double_nothing_and_leave_right_totals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdicts = kills.run(3, seed=4, officials=40, patience=1.0)
    said = capsys.readouterr().out
    assert [(one.name, one.faults[:5]) for one in verdicts if one.faults] == [], said
    by_name = {one.name: one.looked_at for one in verdicts}
    assert by_name["acknowledged acts lost"] >= 9, said
    assert by_name["totals that differ"] > 0


def test_the_judge_finds_what_is_lost_doubled_half_saved_or_no_path(tmp_path: Path, monkeypatch) -> None:
    """Faults made on purpose: a judge that always nods proves nothing."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.write("asked", "submit", [1], "a")
    ledger.write("told", "submit", [1], "a")
    ledger.write("asked", "withdraw", [2])
    ledger.write("told", "draft", [3], mark="lần 1")

    class Row:
        def __init__(self, **given: object) -> None:
            self.__dict__ |= given

    step = {"came": "DRAFT", "went": "SCORED"}
    events = {
        1: [],
        2: [Row(action="report.withdrawn", came="SUBMITTED", went="DRAFT")] * 2,
        4: [Row(action="report.submitted", **step)],
    }
    answers = {
        "from receipt": [],
        "select id, state from report": [Row(id=4, state="SCORED")],
        "select note": [Row(note="lần 0"), Row(note="lần 1")],
    }
    monkeypatch.setattr(
        judged, "_rows", lambda query, **_: next(rows for part, rows in answers.items() if part in query)
    )
    lines = ledger.lines()
    assert len(judged._acknowledged(lines, events).faults) == 3  # a receipt and two events are missing
    assert judged._doubled(lines, events).faults[0].startswith("sheet 2: 2 × report.withdrawn, but 1")
    assert len(judged._paths(judged.Beginning({4: "DRAFT"}, 0, 0, 0), events).faults) == 1
    assert "half saved" in judged._drafts(lines).faults[0]


def test_the_table_says_how_many_passed_and_fails_on_any_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert kills.table("kills", [Verdict("a", 3), Verdict("b", 2, ["sheet 1 is gone"])]) == 1
    assert "kills: 1 passed, 1 failed" in capsys.readouterr().out
    assert kills.table("kills", [Verdict("a", 3)]) == 0
