"""The table of rights: held together with the moves of the workflow, closed where nothing is said, read by people."""

from enum import StrEnum

import pytest

from evaluation.rules.permissions import (
    ALLOWED,
    NEVER_FOR_ONESELF,
    POSSIBLE_IN,
    Action,
    Relation,
    allowed,
    possible,
)
from evaluation.rules.states import GradeState, PeriodState, PetitionState, ReportState
from evaluation.rules.workflow import GRADE_MOVES, PETITION_MOVES, REPORT_MOVES, Move

# Which right each step of the workflow needs; a step that is not here fails the test below.
RIGHT_OF: dict[str, Action] = {
    "submit": Action.WRITE_REPORT,
    "withdraw": Action.WRITE_REPORT,
    "return": Action.SCORE_REPORT,
    "score": Action.SCORE_REPORT,
    "send_back": Action.CONFIRM_REPORT,
    "confirm": Action.CONFIRM_REPORT,
    "publish": Action.CONFIRM_REPORT,
}
RIGHT_OF_CLASS = {"decide": Action.DECIDE_GRADE, "publish": Action.DECIDE_GRADE}
RIGHT_OF_PETITION = {"uphold": Action.DECIDE_PETITION, "reject": Action.DECIDE_PETITION}
# What is possible in a state without a step of the workflow, and why.
WITHOUT_A_STEP: dict[Action, set[StrEnum]] = {
    Action.ASSIGN_WORK: {ReportState.DRAFT, ReportState.RETURNED},  # lines of work while the sheet is written
    Action.CONFIRM_REPORT: {ReportState.PUBLISHED},  # a petition that is upheld
    Action.LODGE_PETITION: {ReportState.CONFIRMED, ReportState.PUBLISHED, GradeState.PUBLISHED},
    Action.REPLACE_GRADE: {GradeState.PUBLISHED},
}


def _moves() -> list[tuple[Action, Move]]:
    of = (REPORT_MOVES, RIGHT_OF), (GRADE_MOVES, RIGHT_OF_CLASS), (PETITION_MOVES, RIGHT_OF_PETITION)
    own = {"take_back": Action.LODGE_PETITION}  # whoever may lodge may take back: it judges nobody
    return [(rights.get(move.action) or own[move.action], move) for moves, rights in of for move in moves]


def test_every_step_of_the_workflow_is_a_right_of_the_very_relations_that_may_take_it() -> None:
    assert {
        (move.action, action): move.by - ALLOWED[action]
        for action, move in _moves()
        if move.by - ALLOWED[action]
    } == {}


def test_the_states_of_the_table_are_the_sources_of_the_workflow_and_nothing_more() -> None:
    said = {
        action: {state for state in states if not isinstance(state, PeriodState)}
        for action, states in POSSIBLE_IN.items()
    }
    derived: dict[Action, set[StrEnum]] = {
        action: set(WITHOUT_A_STEP.get(action, set())) for action in POSSIBLE_IN
    }
    for action, move in _moves():
        if move.action != "take_back":
            derived[action] |= move.sources
    assert said == derived


@pytest.mark.parametrize("action", list(Action))
def test_an_action_nobody_holds_or_that_is_not_in_the_table_does_not_exist(action: Action) -> None:
    assert ALLOWED[action]
    assert not allowed(action, [])


@pytest.mark.parametrize("action", sorted(NEVER_FOR_ONESELF))
def test_no_relation_and_no_state_lets_anybody_judge_themselves(action: Action) -> None:
    assert not allowed(action, list(Relation))
    for state in (*ReportState, *GradeState, *PetitionState, *PeriodState):
        assert not allowed(action, list(Relation), state)


def test_whoever_only_watches_over_the_system_reads_no_sheet_and_judges_nothing() -> None:
    rights = {action for action in Action if allowed(action, [Relation.ADMINISTRATOR])}
    judging = {
        Action.SCORE_REPORT, Action.CONFIRM_REPORT, Action.ASSIGN_WORK, Action.DECIDE_GRADE,
        Action.REPLACE_GRADE, Action.DECIDE_PETITION, Action.RECOGNISE_UNIT, Action.EXTEND_DEADLINE,
    }  # fmt: skip
    assert not rights & (judging | {Action.READ_REPORT, Action.READ_UNIT, Action.READ_PETITION})


def test_an_inspector_changes_nothing_and_may_only_decide_a_reopening() -> None:
    rights = {action for action in Action if allowed(action, [Relation.INSPECTOR])}
    assert {one for one in rights if not one.startswith(("READ_", "VERIFY_"))} == {Action.DECIDE_REOPENING}


def test_who_grants_a_role_never_approves_it_and_who_asks_for_a_reopening_has_another_to_decide() -> None:
    assert not ALLOWED[Action.GRANT_ROLE] & ALLOWED[Action.APPROVE_ROLE]
    assert len(ALLOWED[Action.DECIDE_REOPENING]) > 1


def test_a_scored_sheet_is_neither_written_nor_scored_again_and_a_closed_period_takes_nothing() -> None:
    assert allowed(Action.SCORE_REPORT, [Relation.SUPERVISOR], ReportState.SUBMITTED)
    assert not allowed(Action.SCORE_REPORT, [Relation.SUPERVISOR], ReportState.SCORED)
    assert not allowed(Action.WRITE_REPORT, [Relation.OWNER], ReportState.SCORED)
    closed = (ReportState.SUBMITTED, PeriodState.CLOSED)
    assert not allowed(Action.SCORE_REPORT, [Relation.SUPERVISOR], closed)
    assert not allowed(Action.CONFIRM_REPORT, [Relation.CONFIRMER], (ReportState.SCORED, PeriodState.CLOSED))
    assert allowed(Action.READ_REPORT, [Relation.SUPERVISOR], closed)


def test_words_that_two_lives_share_are_not_mixed_up() -> None:
    assert possible(Action.REPLACE_GRADE, GradeState.PUBLISHED)
    assert not possible(Action.REPLACE_GRADE, GradeState.PROPOSED)
    assert possible(Action.REPLACE_GRADE, ReportState.DRAFT)  # the table says nothing about sheets there
    assert possible(Action.CLOSE_PERIOD, PeriodState.OPEN)
    assert not possible(Action.ASK_REOPENING, PeriodState.OPEN)
