"""A round of one award in one authority: its verdicts, what stands above the list, and who holds the title after it."""

from dataclasses import dataclass
from typing import Any

from evaluation.queries.evidence import YearRecord
from evaluation.queries.evidence_units import UnitRecord
from evaluation.rules.verdicts import Award, Verdict, VerdictStatus

TIED = "TIE_ON_LAST_PLACE"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on a person or a collective with the place in the order of merit, where there is one."""

    record: YearRecord | UnitRecord
    verdict: Verdict
    rank: int | None = None
    within_quota: bool | None = None
    printed: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One authority's round of an award: its verdicts, how many Advanced Workers carry it, how many places that gives."""

    judged: list[Judged]
    ldtt: int
    quota: int | None

    def counts(self) -> dict[str, Any]:
        """What stands above the authority's list."""
        eligible = sum(one.verdict.status is VerdictStatus.ELIGIBLE for one in self.judged)
        tied = sum(one.verdict.code == TIED for one in self.judged)
        return {
            "ldtt": self.ldtt,
            "quota": self.quota,
            "total": len(self.judged),
            "collectives": sum(isinstance(one.record, UnitRecord) for one in self.judged),
            "over": None if self.quota is None else max(0, eligible + tied - self.quota),
            "tied": tied,
            "within": sum(one.within_quota is True for one in self.judged),
            **{
                status.value: sum(one.verdict.status is status for one in self.judged)
                for status in VerdictStatus
            },
        }


def holds(one: Judged, code: Award) -> bool | None:
    """Whether a person holds a title of the year: by decision, or by this round within its cap; None is not settled."""
    record = person_of(one)
    if record.facts.year in record.facts.person.held(code):
        return True
    if one.verdict.status is VerdictStatus.NOT_ELIGIBLE:
        return False
    if one.verdict.status is VerdictStatus.ELIGIBLE and one.within_quota is not False:
        return True
    return None


def person_of(one: Judged) -> YearRecord:
    """The person of a verdict; a round of persons holds no collective."""
    if not isinstance(one.record, YearRecord):
        raise TypeError("A round of persons holds a collective.")
    return one.record
