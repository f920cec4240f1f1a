"""A frozen score worked out again from what was frozen gives its own numbers, whatever the month was like."""

import json
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules import scoring
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import LeaderRatios
from evaluation.rules.work import WorkLine
from evaluation.services import frozen_scores, scores
from evaluation.services.audit import plain
from tests.rules.test_scoring import LAW, books, leaders, months

DAY = date(2026, 3, 1)
# Ten criteria as the form has them; points in halves, each within its most.
CRITERIA = list(LAW.general_criteria(DAY))
points = st.tuples(
    *(st.integers(0, int(row.max_points * 2)).map(lambda halves: Fraction(halves, 2)) for row in CRITERIA)
)


def snapshot(
    lines: list[WorkLine],
    given_points: tuple[Fraction, ...],
    leader: LeaderRatios | None,
    day: date = DAY,
) -> dict:
    """The snapshot as `scores.snapshot` writes it, through JSON and back as the database keeps it."""
    made = {
        "month": day.isoformat(),
        "columns": list(scores.LINE_COLUMNS),
        "lines": [[number, *scores._plain_line(line)] for number, line in enumerate(lines, 1)],
        "general": {row.code: plain(value) for row, value in zip(CRITERIA, given_points, strict=True)},
        "leader": None
        if leader is None
        else {
            "unit_result": plain(leader.unit_result),
            "organising": plain(leader.organising),
            "cohesion": plain(leader.cohesion),
        },
    }
    return json.loads(json.dumps(made))


@given(months, points, books, leaders)
def test_recomputing_a_frozen_sheet_gives_its_own_numbers(
    lines: list[WorkLine],
    given_points: tuple[Fraction, ...],
    book: Rulebook,
    leader: LeaderRatios | None,
) -> None:
    day = max(DAY, book.effective[0])
    sums = scoring.sums_of(lines, book=book, day=day)
    score = scoring.judge(sums, sum(given_points, Fraction(0)), book=book, day=day, leader=leader)
    stored = snapshot(lines, given_points, leader, day)
    again = frozen_scores.again(stored, book)
    assert again == score
    assert scores.frozen(again, frozen_scores.leader_of(stored)) == scores.frozen(score, leader)
    assert [one.line for one in frozen_scores.lines_of(stored)] == lines


@given(months.filter(bool), points, st.data())
def test_leaving_out_a_line_is_the_month_without_it(
    lines: list[WorkLine], given_points: tuple[Fraction, ...], data: st.DataObject
) -> None:
    out = data.draw(st.integers(1, len(lines)))
    rest = [line for number, line in enumerate(lines, 1) if number != out]
    stored = snapshot(lines, given_points, None)
    assert frozen_scores.again(stored, LAW, without=out) == frozen_scores.again(
        snapshot(rest, given_points, None), LAW
    )
