"""What an examination for a title says: findings, the verdict they make, and the words for their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Award(StrEnum):
    """Every title and form of commendation the rules know, titles of persons and collectives first, then the forms."""

    LDTT = "LDTT"
    CSTDCS = "CSTDCS"
    CSTDT = "CSTDT"
    CSTDTQ = "CSTDTQ"
    TTLDTT = "TTLDTT"
    TTLDXS = "TTLDXS"
    COT = "COT"
    COCP = "COCP"
    GK = "GK"
    BKT = "BKT"
    BKTTG = "BKTTG"
    HCLD3 = "HCLD3"
    HCLD2 = "HCLD2"
    HCLD1 = "HCLD1"

    @property
    def label(self) -> str:
        """English message id of the title."""
        return AWARD_LABELS[self.value]

    @property
    def of_persons(self) -> bool:
        """Whether a person can be given it."""
        return self not in COLLECTIVE_TITLES

    @property
    def of_collectives(self) -> bool:
        """Whether a collective can be given it."""
        return self in COLLECTIVE_TITLES or self in FORMS


COLLECTIVE_TITLES = (Award.TTLDTT, Award.TTLDXS, Award.COT, Award.COCP)
FORMS = (Award.GK, Award.BKT, Award.BKTTG, Award.HCLD3, Award.HCLD2, Award.HCLD1)
AWARD_LABELS = {
    "LDTT": "Advanced Worker",
    "CSTDCS": "Emulation Fighter at grassroots level",
    "CSTDT": "Emulation Fighter at provincial level",
    "CSTDTQ": "National Emulation Fighter",
    "TTLDTT": "Advanced Labour Collective",
    "TTLDXS": "Excellent Labour Collective",
    "COT": "Emulation Flag of the province",
    "COCP": "Emulation Flag of the Government",
    "GK": "Certificate of Commendation",
    "BKT": "Certificate of Merit of the province",
    "BKTTG": "Certificate of Merit of the Prime Minister",
    "HCLD3": "Labour Order, third class",
    "HCLD2": "Labour Order, second class",
    "HCLD1": "Labour Order, first class",
}


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
    "OLD_UNIT_AGAINST": "The old unit does not agree",
    "NO_XS_NO_INITIATIVE": "Neither excellent nor an initiative",
    "RP2026_EXCELLENT_AND_INITIATIVE": "Only one of excellent class and initiative; the amended law may need both",
    "LDTT_NOT_ON_RECORD": "Advanced Worker of the year is not on record",
    "CO_AUTHOR_INITIATIVE": "The initiative has several authors",
    "ACHIEVEMENT_ALREADY_REWARDED": "The same achievement was rewarded already",
    "ACHIEVEMENT_PERIOD_UNKNOWN": "An earlier award does not say which years it rewarded",
    "TIE_ON_LAST_PLACE": "Equal at the last place under the cap",
    "AWARD_ABOLISHED": "The law no longer has this award",
    "RULEPACK_DIVERGENCE": "Meets the old text; the amended text has not been entered",
    "RP2026_FAILS_OLD_TEXT": "Does not meet the old text; the amended text has not been entered",
    "TITLES_NO_DATA": "The register of titles does not speak of a year that is needed",
    "NOT_3_CONSECUTIVE": "Not Grassroots Emulation Fighter in every year needed",
    "NO_PROV_INITIATIVE": "No initiative of provincial reach",
    "WINDOW_REUSED": "The same years already gave the title once",
    "NOT_2_CSTDT": "Not Provincial Emulation Fighter often enough",
    "NO_NAT_INITIATIVE": "No initiative of national reach",
    "CONSECUTIVE_UNSETTLED": "Whether the titles follow each other is not settled",
    "LIMB_1": "By Grassroots Emulation Fighter in succession",
    "LIMB_2": "By excellent years with initiatives",
    "NEITHER_LIMB": "Neither way to the award is met",
    "NO_BKT": "No provincial Certificate of Merit before",
    "NO_BKTTG": "No Certificate of Merit of the Prime Minister before",
    "LT_5_YEARS": "Too few years since the award before",
    "GAP_BELOW_T": "A year below Tasks completed well",
    "UNRATED_YEAR": "A year was not rated",
    "NO_EXCELLENT_YEAR": "No excellent year among them",
    "TOO_FEW_CSTDCS": "Too few times Grassroots Emulation Fighter",
    "PASS_HIST": "Meets the decree of 2017; check against Article 73",
    "CHECK_ART73": "Good in every year; check against Article 73",
    "ART_42_43_UNREAD": "The standard of Articles 42 and 43 must be read",
    "NO_LOWER_ORDER": "No lower order on record",
    "CRITICISM_UNIT": "The unit was criticised in writing",
    "UNIT_DISSOLVED": "The unit no longer stands",
    "UNIT_NOT_EXCELLENT": "The unit is not excellent",
    "MEMBERS_NO_DATA": "Classes or titles of the members are not on record",
    "MEMBERS_UNSETTLED": "Titles of some members are not settled yet",
    "THRESHOLD_50": "Advanced Workers are not more than half of the members",
    "LDTT_LT_70": "Too few Advanced Workers among the members",
    "MEMBER_KHT": "A member did not complete the tasks",
    "MEMBER_CANH_CAO": "A member was disciplined with a warning or heavier",
    "NO_CSTDCS": "No Grassroots Emulation Fighter in the unit",
    "CLUSTER_NO_DATA": "The rank in the cluster is not on record",
    "NOT_CLUSTER_FIRST": "Not the first of its cluster",
    "FLAG_WORDING_UNREAD": "The standard of the flag must be read",
    "FLAG_CHOICE": "The council of the province chooses among the leaders",
    "COLLECTIVE_LIMB_UNREAD": "The standard for collectives must be read",
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
