"""The table of rights in words: who may do what, to which thing, and when; for the page and for `flask permissions`."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l

from evaluation.rules.permissions import ALLOWED, NEVER_FOR_ONESELF, POSSIBLE_IN, Action, Relation
from evaluation.rules.states import GradeState, PeriodState, PetitionState, ReportState

RELATIONS: dict[Relation, str] = {
    Relation.OWNER: _l("the official concerned"),
    Relation.SUPERVISOR: _l("the direct supervisor"),
    Relation.SUPERVISOR_DELEGATE: _l("a delegate of the supervisor"),
    Relation.CONFIRMER: _l("the head of the using agency"),
    Relation.CONFIRMER_DELEGATE: _l("a delegate of that head"),
    Relation.LEADER_ABOVE: _l("a leader of the unit or of one above it"),
    Relation.PERSONNEL: _l("the personnel office of the agency"),
    Relation.HOME_AFFAIRS: _l("Home Affairs"),
    Relation.INSPECTOR: _l("an inspector"),
    Relation.ADMINISTRATOR: _l("an administrator"),
}
ACTIONS: dict[Action, str] = {
    Action.READ_REPORT: _l("read a sheet and its result"),
    Action.WRITE_REPORT: _l("write, submit or withdraw a sheet"),
    Action.ASSIGN_WORK: _l("assign work to an official"),
    Action.SCORE_REPORT: _l("score or return a sheet"),
    Action.CONFIRM_REPORT: _l("confirm, send back or publish a score"),
    Action.EXTEND_DEADLINE: _l("extend the last day of a step"),
    Action.READ_UNIT: _l("read the figures and classes of a unit"),
    Action.READ_PROVINCE: _l("compare the whole province"),
    Action.DECIDE_GRADE: _l("decide or publish a class of the year"),
    Action.PROPOSE_GRADES: _l("have classes of the year proposed"),
    Action.READ_ORGANISATION: _l("read the registers of units and people"),
    Action.CHANGE_ORGANISATION: _l("change units, people and appointments"),
    Action.DELEGATE: _l("lend the duty of a head"),
    Action.READ_CATALOGUE: _l("read the catalogue of products"),
    Action.CHANGE_CATALOGUE: _l("change the catalogue of products"),
    Action.READ_COMMENDATIONS: _l("read lists for commendation"),
    Action.RUN_COMMENDATIONS: _l("have lists for commendation made"),
    Action.RUN_JOBS: _l("start work in the background"),
    Action.READ_JOBS: _l("follow work in the background"),
    Action.RECORD_ROUND: _l("record meetings and opinions of the annual round"),
    Action.REPLACE_GRADE: _l("replace a published class of the year"),
    Action.LODGE_PETITION: _l("lodge or take back a petition"),
    Action.READ_PETITION: _l("read a petition"),
    Action.DECIDE_PETITION: _l("answer a petition"),
    Action.EXPORT_NATIONAL: _l("hand results over to the national database"),
    Action.EXPORT_INCOME: _l("export the list for additional income"),
    Action.EXPORT_REGISTERS: _l("export registers"),
    Action.WHAT_IF: _l("try other figures without storing them"),
    Action.CHANGE_CYCLE: _l("evaluate an agency by month or by quarter"),
    Action.VERIFY_RESULTS: _l("have stored results worked out again"),
    Action.RECOGNISE_UNIT: _l("recognise the class of an organisation"),
    Action.CLOSE_PERIOD: _l("close a period"),
    Action.ASK_REOPENING: _l("ask for a closed period to be reopened"),
    Action.DECIDE_REOPENING: _l("decide on a reopening that somebody else asked for"),
    Action.READ_AUDIT: _l("read the journal"),
    Action.READ_READINGS: _l("see who has read a file"),
    Action.READ_ACCOUNTS: _l("see accounts and their roles"),
    Action.CHANGE_ACCOUNTS: _l("open, disable and enable accounts"),
    Action.GRANT_ROLE: _l("grant or end a role"),
    Action.APPROVE_ROLE: _l("approve a role that somebody else granted"),
    Action.DECIDE_FACTOR_RESET: _l("decide on the reset of a lost second factor"),
}
SHEETS: dict[ReportState, str] = {
    ReportState.DRAFT: _l("being written"),
    ReportState.SUBMITTED: _l("submitted"),
    ReportState.RETURNED: _l("returned"),
    ReportState.SCORED: _l("scored by the supervisor"),
    ReportState.CONFIRMED: _l("confirmed"),
    ReportState.PUBLISHED: _l("published"),
    ReportState.NOT_RATED: _l("not rated"),
}
CLASSES: dict[GradeState, str] = {
    GradeState.PROPOSED: _l("proposed"),
    GradeState.DECIDED: _l("decided"),
    GradeState.PUBLISHED: _l("published"),
}
PETITIONS: dict[PetitionState, str] = {
    PetitionState.LODGED: _l("waiting for its answer"),
    PetitionState.WITHDRAWN: _l("taken back"),
    PetitionState.UPHELD: _l("upheld"),
    PetitionState.REJECTED: _l("rejected"),
}
PERIODS: dict[PeriodState, str] = {PeriodState.OPEN: _l("open"), PeriodState.CLOSED: _l("closed")}
KINDS: tuple[tuple[type[StrEnum], str, dict], ...] = (
    (ReportState, _l("the sheet is: %(states)s"), SHEETS),
    (GradeState, _l("the class is: %(states)s"), CLASSES),
    (PetitionState, _l("the petition is: %(states)s"), PETITIONS),
    (PeriodState, _l("the period is: %(states)s"), PERIODS),
)
GROUPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    (
        _l("Sheets of a month or a quarter"),
        (
            Action.READ_REPORT, Action.WRITE_REPORT, Action.ASSIGN_WORK, Action.SCORE_REPORT,
            Action.CONFIRM_REPORT, Action.EXTEND_DEADLINE, Action.WHAT_IF, Action.READ_READINGS,
        ),
    ),
    (
        _l("Periods"),
        (Action.CLOSE_PERIOD, Action.ASK_REOPENING, Action.DECIDE_REOPENING, Action.CHANGE_CYCLE),
    ),
    (
        _l("Classes of the year"),
        (
            Action.READ_UNIT, Action.PROPOSE_GRADES, Action.RECORD_ROUND, Action.DECIDE_GRADE,
            Action.REPLACE_GRADE, Action.RECOGNISE_UNIT, Action.READ_PROVINCE,
        ),
    ),
    (_l("Petitions"), (Action.LODGE_PETITION, Action.READ_PETITION, Action.DECIDE_PETITION)),
)  # fmt: skip
REST = _l("Registers, lists and the system")
NEVER = _l("never upon oneself")


@dataclass(frozen=True, slots=True)
class Right:
    """One row of the table as a person reads it."""

    action: Action
    what: str
    who: tuple[str, ...]
    when: tuple[str, ...]
    never_for_oneself: bool


def groups() -> Iterator[tuple[str, list[Right]]]:
    """Every right once, by the thing it is about."""
    named = {action for _title, actions in GROUPS for action in actions}
    for title, actions in GROUPS:
        yield str(title), [right(action) for action in actions]
    yield str(REST), [right(action) for action in Action if action not in named]


def right(action: Action) -> Right:
    """One action with who may take it and when, in the reader's language."""
    return Right(
        action=action,
        what=str(ACTIONS.get(action, action.value)),
        who=tuple(str(RELATIONS[one]) for one in Relation if one in ALLOWED[action]),
        when=tuple(_when(action)),
        never_for_oneself=action in NEVER_FOR_ONESELF,
    )


def _when(action: Action) -> Iterator[str]:
    for kind, sentence, words in KINDS:
        states = [str(words[one]) for one in POSSIBLE_IN.get(action, ()) if isinstance(one, kind)]
        if states:
            yield str(sentence) % {"states": ", ".join(states)}
