"""What still stands open when a month or a quarter is to be closed: what blocks, what only warns, and who must act."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Open(StrEnum):
    """A kind of thing that is not finished."""

    NO_WORK = "NO_WORK"
    NOT_SUBMITTED = "NOT_SUBMITTED"
    RETURNED = "RETURNED"
    LEFT_SERVICE = "LEFT_SERVICE"
    NOT_SCORED = "NOT_SCORED"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    EXTENDED = "EXTENDED"
    PETITION = "PETITION"
    STALE = "STALE"
    DIFFERS = "DIFFERS"
    JOB = "JOB"
    IMPORT = "IMPORT"
    SEAL = "SEAL"
    JOURNAL = "JOURNAL"
    RUNNING = "RUNNING"


class Keeper(StrEnum):
    """Who must act."""

    OFFICIAL = "OFFICIAL"
    SUPERVISOR = "SUPERVISOR"
    CONFIRMER = "CONFIRMER"
    HOME_AFFAIRS = "HOME_AFFAIRS"
    ADMINISTRATOR = "ADMINISTRATOR"
    INSPECTOR = "INSPECTOR"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a kind blocks the closing, and whose it is to finish it."""

    blocks: bool
    keeper: Keeper
    per_person: bool = True


# A sheet that is not rated stands in no line: its reason is its end (Article 11.2, 17.3). Whoever never handed a sheet in
# has no score to add to the year, so the period stays open until the sheet is sent under an extension or the absence is
# entered; only of whoever left the service nobody can ask that any more.
RULES: Mapping[Open, Rule] = {
    Open.RUNNING: Rule(True, Keeper.HOME_AFFAIRS, per_person=False),
    Open.NO_WORK: Rule(True, Keeper.SUPERVISOR),
    Open.NOT_SUBMITTED: Rule(True, Keeper.OFFICIAL),
    Open.RETURNED: Rule(True, Keeper.OFFICIAL),
    Open.LEFT_SERVICE: Rule(False, Keeper.SUPERVISOR),
    Open.NOT_SCORED: Rule(True, Keeper.SUPERVISOR),
    Open.NOT_CONFIRMED: Rule(True, Keeper.CONFIRMER),
    Open.NOT_PUBLISHED: Rule(True, Keeper.CONFIRMER),
    Open.PETITION: Rule(True, Keeper.CONFIRMER),
    Open.EXTENDED: Rule(False, Keeper.HOME_AFFAIRS),
    Open.STALE: Rule(True, Keeper.HOME_AFFAIRS, per_person=False),
    Open.DIFFERS: Rule(True, Keeper.INSPECTOR),
    Open.JOB: Rule(True, Keeper.HOME_AFFAIRS, per_person=False),
    Open.IMPORT: Rule(False, Keeper.HOME_AFFAIRS, per_person=False),
    Open.SEAL: Rule(True, Keeper.ADMINISTRATOR, per_person=False),
    Open.JOURNAL: Rule(True, Keeper.INSPECTOR, per_person=False),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the check list: how many things of a kind are open, under how many units."""

    kind: Open
    count: int
    units: int = 0

    @property
    def blocks(self) -> bool:
        """Whether the period cannot be closed while this stands."""
        return RULES[self.kind].blocks

    @property
    def keeper(self) -> Keeper:
        """Who must act."""
        return RULES[self.kind].keeper


def lines(counts: Mapping[Open, tuple[int, int]]) -> list[Line]:
    """The check list in its order: what blocks first, then what only warns; what is finished has no line."""
    found = [Line(kind, *counts[kind]) for kind in RULES if counts.get(kind, (0, 0))[0]]
    return sorted(found, key=lambda line: not line.blocks)


def may_close(found: list[Line]) -> bool:
    """Whether nothing blocks."""
    return not any(line.blocks for line in found)
