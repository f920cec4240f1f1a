"""The verdicts of one deciding authority: Advanced Worker first, then the title that stands on it, then the cap and its line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from evaluation.queries.evidence import YearRecord
from evaluation.rules.commendation import examine, title_quota
from evaluation.rules.facts import TitleFact
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.title_ranking import Merit, Place, places, reach_of
from evaluation.rules.verdicts import Award, Finding, Verdict, VerdictStatus

TIED = "TIE_ON_LAST_PLACE"


@dataclass(frozen=True, slots=True)
class Judged:
    """A person's verdict for one title with the place in the order of merit, where there is one."""

    record: YearRecord
    verdict: Verdict
    rank: int | None = None
    within_quota: bool | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One authority's round of a title: its verdicts, how many Advanced Workers carry it, how many places that gives."""

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
            "over": None if self.quota is None else max(0, eligible + tied - self.quota),
            "tied": tied,
            "within": sum(one.within_quota is True for one in self.judged),
            **{
                status.value: sum(one.verdict.status is status for one in self.judged)
                for status in VerdictStatus
            },
        }


def advanced_workers(records: Iterable[YearRecord], book: Rulebook) -> Round:
    """The round of Lao động tiên tiến: no cap, so no order of merit."""
    judged = [Judged(record, examine(Award.LDTT, record.facts, book)) for record in records]
    return Round(judged, sum(map(_is_advanced_worker, judged)), None)


def emulation_fighters(first: Round, book: Rulebook, received: date) -> Round:
    """The round of Chiến sĩ thi đua cơ sở upon the round of Advanced Workers of the same authority (Article 23)."""
    judged = [_second(one, book) for one in first.judged]
    day = received if book.covers(received) else book.effective[0]
    quota = title_quota(first.ldtt, book.number("title_share", day), str(book.choice("title_rounding", day)))
    merits = [_merit(one.record) for one in judged if one.verdict.status is VerdictStatus.ELIGIBLE]
    found = {place.key: place for place in places(merits, quota)}
    return Round(
        [_placed(one, found.get(one.record.person_id), quota, book) for one in judged], first.ldtt, quota
    )


def _is_advanced_worker(one: Judged) -> bool:
    """Decided already, or eligible in this round."""
    facts = one.record.facts
    decided = any(title.code == Award.LDTT and title.year == facts.year for title in facts.person.titles)
    return decided or one.verdict.status is VerdictStatus.ELIGIBLE


def _second(first: Judged, book: Rulebook) -> Judged:
    """The same year examined for the higher title, with Advanced Worker on record if this round gives it."""
    facts = first.record.facts
    if first.verdict.status is VerdictStatus.ELIGIBLE:
        titles = (*facts.person.titles, TitleFact(Award.LDTT, facts.year))
        facts = replace(facts, person=replace(facts.person, titles=titles))
    return Judged(first.record, examine(Award.CSTDCS, facts, book))


def _merit(record: YearRecord) -> Merit:
    person = record.facts.person
    levels = [one.level for one in person.initiatives if one.year == record.facts.year]
    return Merit(record.person_id, record.mean, reach_of(levels), not record.printed["leads"], record.female)


def _placed(one: Judged, place: Place | None, quota: int, book: Rulebook) -> Judged:
    if place is None:
        return one
    code: str | None
    params = {"rank": str(place.rank), "quota": str(quota), "equals": str(place.equals)}
    article = book.article("title_share")
    if place.within is None:
        says = (
            "%(equals)s officials are equal at rank %(rank)s and the cap is %(quota)s; a person must choose"
        )
        status, code = VerdictStatus.NEEDS_REVIEW, TIED
        finding = Finding("title_share", "G8", None, says, params, article, status, code)
    else:
        says = (
            "Within the cap of the authority: rank %(rank)s of %(quota)s"
            if place.within
            else "Over the cap of the authority: rank %(rank)s, the cap is %(quota)s"
        )
        status, code = one.verdict.status, one.verdict.code
        finding = Finding("title_share", "G8", place.within, says, params, article)
    verdict = Verdict(status, code, (*one.verdict.findings, finding))
    return Judged(one.record, verdict, place.rank, place.within)
