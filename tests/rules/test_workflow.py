"""The life of a sheet when anybody presses any button at any time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.permissions import NEVER_FOR_ONESELF, Action, Relation, allowed
from evaluation.rules.workflow import (
    GRADE_MOVES,
    REPORT_MOVES,
    WRONG_PERSON,
    WRONG_STATE,
    GradeState,
    Move,
    NotAllowed,
    ReportState,
    moved,
)

BUTTONS = sorted({move.action for move in REPORT_MOVES})
held = st.frozensets(st.sampled_from(list(Relation)), max_size=4)
presses = st.lists(st.tuples(st.sampled_from(BUTTONS), held), max_size=40)
# What the permission function must say before the table of moves is asked at all.
ASKED = {
    "submit": Action.WRITE_REPORT,
    "withdraw": Action.WRITE_REPORT,
    "return": Action.SCORE_REPORT,
    "score": Action.SCORE_REPORT,
    "send_back": Action.CONFIRM_REPORT,
    "confirm": Action.CONFIRM_REPORT,
    "publish": Action.CONFIRM_REPORT,
}


def walk(
    pressed: list[tuple[str, frozenset[Relation]]],
) -> list[tuple[str, frozenset[Relation], ReportState]]:
    """The presses that went through, each with the state it led to."""
    state, done = ReportState.DRAFT, []
    for action, relations in pressed:
        if not allowed(ASKED[action], relations):
            continue
        try:
            state = ReportState(moved(REPORT_MOVES, state, action, relations))
        except NotAllowed:
            continue
        done.append((action, relations, state))
    return done


@given(presses)
def test_nothing_is_confirmed_unscored_and_nothing_scored_unsubmitted(
    pressed: list[tuple[str, frozenset[Relation]]],
) -> None:
    state = ReportState.DRAFT
    for action, _relations, after in walk(pressed):
        if action == "confirm":
            assert state is ReportState.SCORED
        if action == "score":
            assert state is ReportState.SUBMITTED
        if action == "publish":
            assert state is ReportState.CONFIRMED
        state = after


@given(presses)
def test_an_owner_never_scores_confirms_returns_or_publishes(
    pressed: list[tuple[str, frozenset[Relation]]],
) -> None:
    for action, relations, _after in walk(pressed):
        if Relation.OWNER in relations:
            assert action in ("submit", "withdraw")


@given(presses)
def test_a_published_result_never_moves_again(pressed: list[tuple[str, frozenset[Relation]]]) -> None:
    states = [after for _action, _relations, after in walk(pressed)]
    if ReportState.PUBLISHED in states:
        assert states.index(ReportState.PUBLISHED) == len(states) - 1


@pytest.mark.parametrize(
    ("moves", "first", "states"),
    [
        (REPORT_MOVES, ReportState.DRAFT, set(ReportState) - {ReportState.NOT_RATED}),
        (GRADE_MOVES, GradeState.PROPOSED, set(GradeState)),
    ],
    ids=["sheet", "class"],
)
def test_every_state_can_be_reached_and_all_but_the_last_can_be_left(
    moves: tuple[Move, ...], first: ReportState | GradeState, states: set[ReportState | GradeState]
) -> None:
    reached = {first}
    while more := {move.target for move in moves if move.sources & reached} - reached:
        reached |= more  # type: ignore[arg-type]
    assert reached == states
    left = set().union(*(move.sources for move in moves))
    assert {state.value for state in states - left} == {"PUBLISHED"}


@given(st.sampled_from(BUTTONS), held, st.sampled_from(list(ReportState)))
def test_a_refusal_is_a_sentence_for_the_person_refused(
    action: str, relations: frozenset[Relation], state: ReportState
) -> None:
    its_moves = [move for move in REPORT_MOVES if move.action == action]
    if any(move.by & relations and state in move.sources for move in its_moves):
        assert moved(REPORT_MOVES, state, action, relations) in {move.target for move in its_moves}
        return
    with pytest.raises(NotAllowed) as refused:
        moved(REPORT_MOVES, state, action, relations)
    competent = any(move.by & relations for move in its_moves)
    assert refused.value.reason == (WRONG_STATE if competent else WRONG_PERSON)[action]


@given(st.sampled_from(sorted(NEVER_FOR_ONESELF)), held)
def test_no_right_at_all_lets_anybody_judge_oneself(action: Action, relations: frozenset[Relation]) -> None:
    assert not allowed(action, relations | {Relation.OWNER})


@given(st.sampled_from(list(Action)), held, st.sampled_from(list(Relation)))
def test_one_more_relation_never_takes_a_right_away_except_being_oneself(
    action: Action, relations: frozenset[Relation], more: Relation
) -> None:
    if allowed(action, relations) and more is not Relation.OWNER:
        assert allowed(action, relations | {more})
