"""The words in which a decree of conditions, or a scheme of several raters, is written down as data."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

# Facts a case may hold, with their words; what is left out is unknown, never a no.
FACTS = {
    "qualities_good": "Political quality, morals, manner of work and discipline are good",
    "tasks_done_percent": "Tasks done, in percent",
    "tasks_on_time_percent": "Tasks done on time and with quality, in percent",
    "tasks_over_percent": "Tasks done beyond the plan, in percent",
    "tasks_failing_percent": "Tasks late, of poor quality or of little effect, in percent",
    "ahead_of_time": "Tasks were done ahead of time, with quality and effect",
    "initiatives": "Recognised works, projects or initiatives that are applied",
    "field_on_time": "Programmes of the field in charge are on time and of high quality",
    "unit_done_percent": "Targets the led unit has reached, in percent",
    "unit_on_time_percent": "Targets of the led unit reached on time and with quality, in percent",
    "unit_over_percent": "Targets of the led unit reached beyond the plan, in percent",
    "sub_units_completed_percent": "Units directly led that completed their tasks, in percent",
    "sub_units_good_percent": "Units directly led that are good or better, in percent",
    "degenerated": "A competent body concluded degeneration or a breach of party members' duties",
    "disciplined": "Disciplined in the year",
    "unit_corruption": "The unit in charge is involved in corruption or waste handled by law",
}
YES_OR_NO = frozenset(
    {"qualities_good", "ahead_of_time", "field_on_time", "degenerated", "disciplined", "unit_corruption"}
)


class Test(StrEnum):
    """How a fact is held against the number of a condition; a yes counts 1, a no counts 0."""

    __test__ = False  # not a test of pytest
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    ABOVE = "ABOVE"
    BELOW = "BELOW"

    def holds(self, fact: Fraction, number: Fraction) -> bool:
        """Whether the fact passes."""
        return {
            "AT_LEAST": fact >= number,
            "AT_MOST": fact <= number,
            "ABOVE": fact > number,
            "BELOW": fact < number,
        }[self.value]

    @property
    def sign(self) -> str:
        return {"AT_LEAST": "≥", "AT_MOST": "≤", "ABOVE": ">", "BELOW": "<"}[self.value]


class Role(StrEnum):
    """Whom a condition binds."""

    EVERYONE = "EVERYONE"
    STAFF = "STAFF"
    LEADER = "LEADER"


class Rater(StrEnum):
    """Who gives points: the person, who leads them directly, the head, colleagues, subordinates."""

    SELF = "SELF"
    SUPERIOR = "SUPERIOR"
    HEAD = "HEAD"
    PEER = "PEER"
    SUBORDINATE = "SUBORDINATE"

    @property
    def label(self) -> str:
        """English message id of the rater."""
        return RATER_LABELS[self.value]


RATER_LABELS = {
    "SELF": "Self score",
    "SUPERIOR": "Score of the direct superior",
    "HEAD": "Score of the head of the agency",
    "PEER": "Mean of the colleagues",
    "SUBORDINATE": "Mean of the subordinates",
}
