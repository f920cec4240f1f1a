"""Who may do what to whom, and when: a readable table of relation by action by state (Article 10)."""

from collections.abc import Collection
from enum import StrEnum

from evaluation.rules.states import GradeState, PeriodState, PetitionState, ReportState


class Relation(StrEnum):
    """How an actor stands to an object on a day."""

    OWNER = "OWNER"
    SUPERVISOR = "SUPERVISOR"
    SUPERVISOR_DELEGATE = "SUPERVISOR_DELEGATE"
    CONFIRMER = "CONFIRMER"
    CONFIRMER_DELEGATE = "CONFIRMER_DELEGATE"
    LEADER_ABOVE = "LEADER_ABOVE"
    PERSONNEL = "PERSONNEL"
    HOME_AFFAIRS = "HOME_AFFAIRS"
    INSPECTOR = "INSPECTOR"
    ADMINISTRATOR = "ADMINISTRATOR"


class Role(StrEnum):
    """A right given to an account by name, from a day to a day, for a unit and all below it."""

    PERSONNEL = "PERSONNEL"
    HOME_AFFAIRS = "HOME_AFFAIRS"
    INSPECTOR = "INSPECTOR"
    ADMINISTRATOR = "ADMINISTRATOR"


class Action(StrEnum):
    """What can be asked of the permission function."""

    READ_REPORT = "READ_REPORT"
    WRITE_REPORT = "WRITE_REPORT"
    ASSIGN_WORK = "ASSIGN_WORK"
    SCORE_REPORT = "SCORE_REPORT"
    CONFIRM_REPORT = "CONFIRM_REPORT"
    EXTEND_DEADLINE = "EXTEND_DEADLINE"
    READ_UNIT = "READ_UNIT"
    READ_PROVINCE = "READ_PROVINCE"
    DECIDE_GRADE = "DECIDE_GRADE"
    PROPOSE_GRADES = "PROPOSE_GRADES"
    READ_ORGANISATION = "READ_ORGANISATION"
    CHANGE_ORGANISATION = "CHANGE_ORGANISATION"
    DELEGATE = "DELEGATE"
    READ_CATALOGUE = "READ_CATALOGUE"
    CHANGE_CATALOGUE = "CHANGE_CATALOGUE"
    READ_COMMENDATIONS = "READ_COMMENDATIONS"
    RUN_COMMENDATIONS = "RUN_COMMENDATIONS"
    RUN_JOBS = "RUN_JOBS"
    READ_JOBS = "READ_JOBS"
    RECORD_ROUND = "RECORD_ROUND"
    REPLACE_GRADE = "REPLACE_GRADE"
    LODGE_PETITION = "LODGE_PETITION"
    READ_PETITION = "READ_PETITION"
    DECIDE_PETITION = "DECIDE_PETITION"
    EXPORT_NATIONAL = "EXPORT_NATIONAL"
    EXPORT_INCOME = "EXPORT_INCOME"
    EXPORT_REGISTERS = "EXPORT_REGISTERS"
    WHAT_IF = "WHAT_IF"
    CHANGE_CYCLE = "CHANGE_CYCLE"
    VERIFY_RESULTS = "VERIFY_RESULTS"
    RECOGNISE_UNIT = "RECOGNISE_UNIT"
    CLOSE_PERIOD = "CLOSE_PERIOD"
    ASK_REOPENING = "ASK_REOPENING"
    DECIDE_REOPENING = "DECIDE_REOPENING"
    READ_AUDIT = "READ_AUDIT"
    READ_READINGS = "READ_READINGS"
    READ_ACCOUNTS = "READ_ACCOUNTS"
    CHANGE_ACCOUNTS = "CHANGE_ACCOUNTS"
    GRANT_ROLE = "GRANT_ROLE"
    APPROVE_ROLE = "APPROVE_ROLE"
    DECIDE_FACTOR_RESET = "DECIDE_FACTOR_RESET"


_R = Relation
_SUPERVISING = {_R.SUPERVISOR, _R.SUPERVISOR_DELEGATE}
_CONFIRMING = {_R.CONFIRMER, _R.CONFIRMER_DELEGATE}
_OVERSIGHT = {_R.PERSONNEL, _R.HOME_AFFAIRS, _R.INSPECTOR}

ALLOWED: dict[Action, frozenset[Relation]] = {
    Action.READ_REPORT: frozenset({_R.OWNER, _R.LEADER_ABOVE} | _SUPERVISING | _CONFIRMING | _OVERSIGHT),
    Action.WRITE_REPORT: frozenset({_R.OWNER}),
    Action.ASSIGN_WORK: frozenset(_SUPERVISING),
    Action.SCORE_REPORT: frozenset(_SUPERVISING),
    Action.CONFIRM_REPORT: frozenset(_CONFIRMING),
    Action.EXTEND_DEADLINE: frozenset(_CONFIRMING | {_R.HOME_AFFAIRS}),
    Action.READ_UNIT: frozenset({_R.LEADER_ABOVE} | _SUPERVISING | _CONFIRMING | _OVERSIGHT),
    Action.READ_PROVINCE: frozenset({_R.LEADER_ABOVE, _R.HOME_AFFAIRS, _R.INSPECTOR}),
    Action.DECIDE_GRADE: frozenset(_CONFIRMING),
    Action.PROPOSE_GRADES: frozenset({_R.HOME_AFFAIRS, _R.PERSONNEL} | _CONFIRMING),
    Action.READ_ORGANISATION: frozenset(_OVERSIGHT | {_R.ADMINISTRATOR, _R.LEADER_ABOVE}),
    Action.CHANGE_ORGANISATION: frozenset({_R.HOME_AFFAIRS, _R.ADMINISTRATOR}),
    Action.DELEGATE: frozenset({_R.OWNER, _R.HOME_AFFAIRS}),
    Action.READ_CATALOGUE: frozenset(Relation),
    Action.CHANGE_CATALOGUE: frozenset({_R.HOME_AFFAIRS, _R.PERSONNEL}),
    Action.READ_COMMENDATIONS: frozenset({_R.HOME_AFFAIRS, _R.INSPECTOR, _R.PERSONNEL}),
    Action.RUN_COMMENDATIONS: frozenset({_R.HOME_AFFAIRS}),
    Action.RUN_JOBS: frozenset({_R.HOME_AFFAIRS}),
    Action.READ_JOBS: frozenset({_R.HOME_AFFAIRS, _R.ADMINISTRATOR, _R.INSPECTOR}),
    Action.RECORD_ROUND: frozenset({_R.PERSONNEL} | _SUPERVISING | _CONFIRMING),
    Action.REPLACE_GRADE: frozenset({_R.LEADER_ABOVE}),
    Action.LODGE_PETITION: frozenset({_R.OWNER}),
    Action.READ_PETITION: frozenset({_R.OWNER} | _SUPERVISING | _CONFIRMING | _OVERSIGHT),
    Action.DECIDE_PETITION: frozenset(_CONFIRMING),
    Action.EXPORT_NATIONAL: frozenset({_R.HOME_AFFAIRS}),
    Action.EXPORT_INCOME: frozenset({_R.HOME_AFFAIRS, _R.PERSONNEL} | _CONFIRMING),
    Action.EXPORT_REGISTERS: frozenset({_R.HOME_AFFAIRS, _R.ADMINISTRATOR, _R.PERSONNEL}),
    Action.WHAT_IF: frozenset({_R.HOME_AFFAIRS} | _SUPERVISING | _CONFIRMING),
    Action.CHANGE_CYCLE: frozenset({_R.HOME_AFFAIRS}),
    Action.VERIFY_RESULTS: frozenset({_R.HOME_AFFAIRS, _R.INSPECTOR}),
    Action.RECOGNISE_UNIT: frozenset({_R.HOME_AFFAIRS} | _CONFIRMING),
    Action.CLOSE_PERIOD: frozenset({_R.HOME_AFFAIRS}),
    Action.ASK_REOPENING: frozenset({_R.HOME_AFFAIRS}),
    Action.DECIDE_REOPENING: frozenset({_R.HOME_AFFAIRS, _R.INSPECTOR}),
    Action.READ_AUDIT: frozenset({_R.INSPECTOR, _R.HOME_AFFAIRS}),
    Action.READ_READINGS: frozenset({_R.OWNER, _R.INSPECTOR}),
    Action.READ_ACCOUNTS: frozenset({_R.ADMINISTRATOR, _R.HOME_AFFAIRS, _R.INSPECTOR}),
    Action.CHANGE_ACCOUNTS: frozenset({_R.ADMINISTRATOR}),
    Action.GRANT_ROLE: frozenset({_R.ADMINISTRATOR}),
    Action.APPROVE_ROLE: frozenset({_R.HOME_AFFAIRS}),
    Action.DECIDE_FACTOR_RESET: frozenset({_R.ADMINISTRATOR, _R.HOME_AFFAIRS}),
}

NEVER_FOR_ONESELF = frozenset(
    {
        Action.ASSIGN_WORK,
        Action.SCORE_REPORT,
        Action.CONFIRM_REPORT,
        Action.DECIDE_GRADE,
        Action.EXTEND_DEADLINE,
        Action.REPLACE_GRADE,
        Action.DECIDE_PETITION,
        Action.RECOGNISE_UNIT,
        Action.CHANGE_ORGANISATION,
        Action.CHANGE_ACCOUNTS,
        Action.GRANT_ROLE,
        Action.APPROVE_ROLE,
        Action.DECIDE_FACTOR_RESET,
    }
)


# In which states an action is possible at all. An action that names no state of a thing does not ask for it;
# tests/rules/test_permissions.py holds this table and the moves of rules/workflow.py together.
POSSIBLE_IN: dict[Action, tuple[StrEnum, ...]] = {
    Action.WRITE_REPORT: (
        ReportState.DRAFT,
        ReportState.RETURNED,
        ReportState.SUBMITTED,  # only to withdraw it
        PeriodState.OPEN,
    ),
    Action.ASSIGN_WORK: (ReportState.DRAFT, ReportState.RETURNED, PeriodState.OPEN),
    Action.SCORE_REPORT: (ReportState.SUBMITTED, PeriodState.OPEN),
    Action.CONFIRM_REPORT: (
        ReportState.SCORED,
        ReportState.CONFIRMED,  # to publish it
        ReportState.PUBLISHED,  # to correct it when a petition is upheld
        PeriodState.OPEN,
    ),
    Action.EXTEND_DEADLINE: (PeriodState.OPEN,),
    Action.DECIDE_GRADE: (GradeState.PROPOSED, GradeState.DECIDED),
    Action.REPLACE_GRADE: (GradeState.PUBLISHED,),
    Action.LODGE_PETITION: (ReportState.CONFIRMED, ReportState.PUBLISHED, GradeState.PUBLISHED),
    Action.DECIDE_PETITION: (PetitionState.LODGED, PeriodState.OPEN),
    Action.CLOSE_PERIOD: (PeriodState.OPEN,),
    Action.ASK_REOPENING: (PeriodState.CLOSED,),
    Action.DECIDE_REOPENING: (PeriodState.CLOSED,),
}


def allowed(
    action: Action, relations: Collection[Relation], state: StrEnum | Collection[StrEnum] | None = None
) -> bool:
    """Whether somebody standing in these relations may act; never upon oneself where a judgement is made.

    With the state of the object, or of the object and its period, also whether the action is possible now.
    """
    held = frozenset(relations)
    if action in NEVER_FOR_ONESELF and Relation.OWNER in held:
        return False
    return bool(ALLOWED[action] & held) and possible(action, state)


def possible(action: Action, state: StrEnum | Collection[StrEnum] | None) -> bool:
    """Whether an action is possible at all in a state, whoever asks; a state the table is silent about forbids nothing."""
    if state is None:
        return True
    states = (state,) if isinstance(state, StrEnum) else state
    return all(_fits(POSSIBLE_IN.get(action, ()), one) for one in states)


def _fits(listed: tuple[StrEnum, ...], state: StrEnum) -> bool:
    same_kind = [one for one in listed if type(one) is type(state)]  # words of two kinds may be equal
    return not same_kind or state in same_kind
