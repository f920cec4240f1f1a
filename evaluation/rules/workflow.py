"""The lives of a monthly sheet and of an annual grade: one table of moves each."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from evaluation.rules.permissions import Relation
from evaluation.rules.states import GradeState, PetitionState, ReportState

__all__ = [
    "GRADE_MOVES",
    "PETITION_MOVES",
    "REPORT_MOVES",
    "GradeState",
    "Move",
    "NotAllowed",
    "PetitionState",
    "ReportState",
    "moved",
]


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step: by whom, from which states, to which state."""

    action: str
    sources: frozenset[StrEnum]
    target: StrEnum
    by: frozenset[Relation]


class NotAllowed(Exception):
    """A step that the table of moves does not hold; `reason` is a message id for the person refused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


OWNER = frozenset({Relation.OWNER})
SUPERVISOR = frozenset({Relation.SUPERVISOR, Relation.SUPERVISOR_DELEGATE})
CONFIRMER = frozenset({Relation.CONFIRMER, Relation.CONFIRMER_DELEGATE})

REPORT_MOVES: tuple[Move, ...] = (
    Move("submit", frozenset({ReportState.DRAFT, ReportState.RETURNED}), ReportState.SUBMITTED, OWNER),
    Move("withdraw", frozenset({ReportState.SUBMITTED}), ReportState.DRAFT, OWNER),
    Move("return", frozenset({ReportState.SUBMITTED}), ReportState.RETURNED, SUPERVISOR),
    Move("score", frozenset({ReportState.SUBMITTED}), ReportState.SCORED, SUPERVISOR),
    Move("send_back", frozenset({ReportState.SCORED}), ReportState.SUBMITTED, CONFIRMER),
    Move("confirm", frozenset({ReportState.SCORED}), ReportState.CONFIRMED, CONFIRMER),
    Move("publish", frozenset({ReportState.CONFIRMED}), ReportState.PUBLISHED, CONFIRMER),
)

GRADE_MOVES: tuple[Move, ...] = (
    Move("decide", frozenset({GradeState.PROPOSED}), GradeState.DECIDED, CONFIRMER),
    Move("publish", frozenset({GradeState.DECIDED}), GradeState.PUBLISHED, CONFIRMER),
)

PETITION_MOVES: tuple[Move, ...] = (
    Move("take_back", frozenset({PetitionState.LODGED}), PetitionState.WITHDRAWN, OWNER),
    Move("uphold", frozenset({PetitionState.LODGED}), PetitionState.UPHELD, CONFIRMER),
    Move("reject", frozenset({PetitionState.LODGED}), PetitionState.REJECTED, CONFIRMER),
)

WRONG_STATE = {
    "submit": "This sheet has already been submitted.",
    "withdraw": "Only a submitted sheet that nobody has scored can be withdrawn.",
    "return": "Only a submitted sheet can be returned.",
    "score": "Only a submitted sheet can be scored.",
    "send_back": "Only a scored sheet can be sent back to its supervisor.",
    "confirm": "Only a scored sheet can be confirmed.",
    "publish": "Only a confirmed result can be published.",
    "decide": "Only a proposed class can be decided.",
    "take_back": "Only a petition that was not answered yet can be taken back.",
    "uphold": "This petition was already answered or taken back.",
    "reject": "This petition was already answered or taken back.",
}
WRONG_PERSON = {
    "submit": "Only the official can submit this sheet.",
    "withdraw": "Only the official can withdraw this sheet.",
    "return": "Only the direct supervisor can return this sheet.",
    "score": "Only the direct supervisor can score this sheet.",
    "send_back": "Only the head of the using agency can send this sheet back.",
    "confirm": "Only the head of the using agency can confirm this sheet.",
    "publish": "Only the head of the using agency can publish results.",
    "decide": "Only the competent authority can decide this class.",
    "take_back": "Only the official who lodged this petition can take it back.",
    "uphold": "Only whoever confirmed the result answers this petition, and nobody answers the own one.",
    "reject": "Only whoever confirmed the result answers this petition, and nobody answers the own one.",
}


def moved(moves: tuple[Move, ...], state: StrEnum, action: str, relations: Collection[Relation]) -> StrEnum:
    """The state after an action, or NotAllowed with the reason for the person refused."""
    known = [move for move in moves if move.action == action]
    if not known:
        raise ValueError(f"no move is called {action!r}")
    if not any(move.by & frozenset(relations) for move in known):
        raise NotAllowed(WRONG_PERSON[action])
    for move in known:
        if state in move.sources and move.by & frozenset(relations):
            return move.target
    raise NotAllowed(WRONG_STATE[action])
