"""What an examination for a title says: findings, the verdict they make, and the words for their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Award(StrEnum):
    """The titles this version has rules for."""

    LDTT = "LDTT"
    CSTDCS = "CSTDCS"

    @property
    def label(self) -> str:
        """English message id of the title."""
        return {"LDTT": "Advanced Worker", "CSTDCS": "Emulation Fighter at grassroots level"}[self.value]


class VerdictStatus(StrEnum):
    """What the examination comes to."""

    ELIGIBLE = "ELIGIBLE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    HOLD = "HOLD"
    NEEDS_REVIEW = "NEEDS_REVIEW"

    @property
    def label(self) -> str:
        """English message id of the status."""
        return VERDICT_LABELS[self.value]


VERDICT_LABELS = {
    "ELIGIBLE": "Eligible",
    "NOT_ELIGIBLE": "Not eligible",
    "HOLD": "On hold",
    "NEEDS_REVIEW": "Needs a person's decision",
}
CODE_LABELS = {
    "PAR_NO_DATA": "No administrative reform result on record",
    "RATING_NO_DATA": "No annual class on record",
    "PENDING": "A matter is still being considered or verified",
    "DISCIPLINED_IN_YEAR": "Disciplined in the year",
    "UNDER_DISCIPLINE": "Still under discipline",
    "DISCIPLINE_ENDED_MID_YEAR": "The disciplinary period ended during the year",
    "PAR_GATE_HEAD": "Head of a unit that did not complete administrative reform",
    "PAR_GATE_UNIT": "The unit did not complete administrative reform",
    "CRITICISM_HEAD": "The unit was criticised in writing",
    "SUBORDINATE_DISCIPLINED": "A subordinate was disciplined in the year",
    "RATING_BELOW_T": "Annual class below Tasks completed well",
    "UNRATED_LT_6M": "Not rated: less than six months worked",
    "NO_SCORE_LEAVE": "Not rated because of sick or maternity leave",
    "OLD_UNIT_OPINION_MISSING": "The opinion of the old unit is missing",
    "NO_XS_NO_INITIATIVE": "Neither excellent nor an initiative",
    "RP2026_EXCELLENT_AND_INITIATIVE": "Only one of excellent class and initiative; the amended law may need both",
    "LDTT_NOT_ON_RECORD": "Advanced Worker of the year is not on record",
    "CO_AUTHOR_INITIATIVE": "The initiative has several authors",
    "ACHIEVEMENT_ALREADY_REWARDED": "The same achievement was rewarded already",
    "TIE_ON_LAST_PLACE": "Equal at the last place under the cap",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion: met, not met, or None when it cannot be said; `status` and `code` are what it decides, if anything."""

    rule: str
    gate: str
    met: bool | None
    says: str
    params: dict[str, str]
    article: str
    status: VerdictStatus | None = None
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data for storing; from_json reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that as_json wrote, unchanged."""
        status = data["status"]
        return cls(**{**data, "status": None if status is None else VerdictStatus(status)})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result with every finding, in the order of the gates."""

    status: VerdictStatus
    code: str | None
    findings: tuple[Finding, ...]
