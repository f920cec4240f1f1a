"""One examination for a title: the facts, the law's numbers of the day, and the findings as they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.facts import Facts, LeaveKind, PersonFacts, Position, UnitFacts
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.verdicts import Award, Finding, VerdictStatus

Gate = Callable[["Examination"], None]
OLD_TEXT = "RP2026_FAILS_OLD_TEXT"
DIVERGENCE = "RULEPACK_DIVERGENCE"


@dataclass
class Examination:
    """Collects the findings of one subject for one title."""

    award: Award
    facts: Facts
    pack: Rulebook
    day: date
    findings: list[Finding] = field(default_factory=list)

    def fine(self, rule: str, gate: str, says: str, *, code: str | None = None, **params: str) -> None:
        self._add(Finding(rule, gate, True, says, params, self.pack.article(rule), code=code))

    def refuse(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        article = self.pack.article(rule)
        self._add(Finding(rule, gate, False, says, params, article, VerdictStatus.NOT_ELIGIBLE, code))

    def hold(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        self._add(Finding(rule, gate, False, says, params, self.pack.article(rule), VerdictStatus.HOLD, code))

    def ask(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        article = self.pack.article(rule)
        self._add(Finding(rule, gate, None, says, params, article, VerdictStatus.NEEDS_REVIEW, code))

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)

    def number(self, key: str) -> Fraction:
        return self.pack.number(key, self.day)

    def count(self, key: str) -> int:
        return int(self.pack.number(key, self.day))

    def choice(self, key: str) -> str | bool:
        return self.pack.choice(key, self.day)

    @property
    def person(self) -> PersonFacts:
        return self.facts.person

    @property
    def unit(self) -> UnitFacts:
        return self.facts.unit

    @property
    def year(self) -> int:
        return self.facts.year

    @property
    def is_head(self) -> bool:
        return not self.facts.collective and self.person.position is Position.HEAD

    @property
    def months(self) -> int:
        return self.person.months_worked.get(self.year, 12)

    @property
    def months_needed(self) -> Fraction:
        return self.number("months_needed_to_be_rated")

    @property
    def on_leave(self) -> bool:
        kinds = (LeaveKind.MATERNITY, LeaveKind.SICK)
        return any(leave.kind in kinds and leave.meets(self.year) for leave in self.person.leave)

    @property
    def rating(self) -> Band | None:
        """The class of the year; a head's is first limited to the unit's (Điều 20.6), or to not completed (20.4.d)."""
        return self.rating_of(self.year)

    def rating_of(self, year: int) -> Band | None:
        """The class of a year as it may be used: a head's never above the unit's of that year, where it is known."""
        own = self.person.ratings.get(year)
        if own is None or not self.is_head:
            return own
        if year in self.unit.corruption_handled:
            return Band.KHTNV
        unit = self.unit.ratings.get(year)
        return own if unit is None else min(own, unit)

    @property
    def counted_since(self) -> int:
        """First year whose achievements count: they begin anew when the last disciplinary period ends (NĐ 152/2025)."""
        first = 0
        for one in self.person.discipline:
            if one.quashed or one.starts.year > self.year:
                continue
            if one.until is None:
                return self.year + 1
            ended = one.until.year - (one.until.month == 1 and one.until.day == 1)
            first = max(first, min(ended, self.year) + 1)
        return first

    def titles(self, code: str) -> frozenset[int]:
        """The years of a title that count for a streak."""
        since = self.counted_since
        return frozenset(year for year in self.person.held(code) if year >= since)

    def unknown(self, code: str, years: range) -> list[int]:
        """The years of a streak on which the register of titles cannot speak."""
        held = self.person.held(code)
        return [year for year in years if year not in held and (code, year) in self.person.unknown_titles]

    def binds(self, choice: str) -> bool:
        """Whether a gate that a choice limits to heads binds this subject; a collective is always bound."""
        return self.facts.collective or self.is_head or self.choice(choice) == "EVERYONE"


def award_in_force(exam: Examination) -> None:
    """G1: the pack of the day knows the award; one that the law abolished is refused to all alike."""
    rule = f"award_{exam.award}"
    if exam.choice(rule) == "ABOLISHED":
        exam.refuse(rule, "G1", "AWARD_ABOLISHED", "The law of the day of receipt no longer has this award")
    else:
        exam.fine(rule, "G1", "The award is judged by the law of the day of receipt")


def standard(judge: Gate) -> Gate:
    """The award's own standard; where its present text is unknown the old reading is shown and a person decides."""

    def judged(exam: Examination) -> None:
        before = len(exam.findings)
        judge(exam)
        if exam.choice(f"award_{exam.award}") != "TEXT_UNKNOWN":
            return
        made = exam.findings[before:]
        exam.findings[before:] = [_unsure(finding) for finding in made]
        if all(finding.status is None for finding in made):
            exam.ask(
                f"award_{exam.award}",
                "G6",
                DIVERGENCE,
                "The standard of the old text is met; the amended text has not been entered, so a person decides",
            )

    return judged


def _unsure(finding: Finding) -> Finding:
    if finding.status is not VerdictStatus.NOT_ELIGIBLE:
        return finding
    return replace(finding, status=VerdictStatus.NEEDS_REVIEW, code=OLD_TEXT)


def years_text(years: list[int] | range) -> str:
    """Years as a list: 2024, 2025."""
    return ", ".join(map(str, years))
