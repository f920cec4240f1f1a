"""What is particular about an official's year: short service, leave, transfer, secondment, several posts, discipline (A9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise

from evaluation.rules.discipline_years import Effect, NotCounted
from evaluation.rules.grading import AnnualStatus
from evaluation.rules.rulebook import Rulebook


class Code(StrEnum):
    """The circumstances of a year that the decree or its practice knows."""

    NOT_RATED_UNDER_6M = "NOT_RATED_UNDER_6M"
    RATED_ON_ACTUAL_TIME = "RATED_ON_ACTUAL_TIME"
    NOT_EVALUATED_THIS_PERIOD = "NOT_EVALUATED_THIS_PERIOD"
    TRANSFERRED = "TRANSFERRED"
    RESULTS_MISSING = "RESULTS_MISSING"
    SECONDED = "SECONDED"
    CONCURRENT = "CONCURRENT"
    ABSENT_AT_CLASSIFICATION = "ABSENT_AT_CLASSIFICATION"
    DISCIPLINED = "DISCIPLINED"
    SAME_ACT_COUNTED_BEFORE = "SAME_ACT_COUNTED_BEFORE"
    ACT_ALREADY_A_GROUND = "ACT_ALREADY_A_GROUND"
    CONCLUDED = "CONCLUDED"

    @property
    def label(self) -> str:
        """English message id of the circumstance."""
        return LABELS[self.value]

    @property
    def ground(self) -> str:
        """Key of its article in the rulebook."""
        return GROUNDS[self.value]


LABELS = {
    "NOT_RATED_UNDER_6M": "Worked less than six months: not classified",
    "RATED_ON_ACTUAL_TIME": "Rated on the time actually worked",
    "NOT_EVALUATED_THIS_PERIOD": "Months not evaluated; they stay out of the mean",
    "TRANSFERRED": "Transferred in the year; the months at the old agency count",
    "RESULTS_MISSING": "Results of the old agency are missing",
    "SECONDED": "Seconded: the receiving agency scores, the sending agency reads the results",
    "CONCURRENT": "Holds other posts beside the main one; the main post counts",
    "ABSENT_AT_CLASSIFICATION": "Absent at the time of classification: classified on the months worked",
    "DISCIPLINED": "Discipline that counts in this year",
    "SAME_ACT_COUNTED_BEFORE": "Discipline for an act that already counted in an earlier year: not counted again",
    "ACT_ALREADY_A_GROUND": "Discipline for an act on which an earlier class already rested: not counted again",
    "CONCLUDED": "A competent body's conclusion on this year",
}
GROUNDS = {
    "NOT_RATED_UNDER_6M": "under_six_months",
    "RATED_ON_ACTUAL_TIME": "actual_time",
    "NOT_EVALUATED_THIS_PERIOD": "month_not_evaluated",
    "TRANSFERRED": "transferred",
    "RESULTS_MISSING": "transferred",
    "SECONDED": "seconded",
    "CONCURRENT": "concurrent",
    "ABSENT_AT_CLASSIFICATION": "absent_at_class",
    "DISCIPLINED": "DISCIPLINE_PUBLIC_DUTY",
    "SAME_ACT_COUNTED_BEFORE": "same_act",
    "ACT_ALREADY_A_GROUND": "act_already_used",
}
WHY_NOT = {
    NotCounted.SAME_ACT_COUNTED_BEFORE: Code.SAME_ACT_COUNTED_BEFORE,
    NotCounted.ACT_ALREADY_A_GROUND: Code.ACT_ALREADY_A_GROUND,
}


@dataclass(frozen=True, slots=True)
class PartOfYear:
    """A month or quarter of a year: where it was served, whether it is settled, why it was not rated."""

    months: tuple[int, ...]
    agency_id: int
    unit_name: str
    final: bool
    not_rated: str | None = None


@dataclass(frozen=True, slots=True)
class YearFacts:
    """Everything particular about one official's year; names and numbers are texts to be shown."""

    year: int
    parts: Sequence[PartOfYear] = ()
    seconded: Sequence[str] = ()
    concurrent: Sequence[str] = ()
    away: str | None = None
    discipline: Sequence[Effect] = ()
    concluded: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One circumstance: its code, what it is in this year, the article."""

    code: Code | str
    detail: str
    article: str

    def as_json(self) -> dict[str, str]:
        """As it stands on the class of the year."""
        return {"code": str(self.code), "detail": self.detail, "article": self.article}


def circumstances(
    facts: YearFacts, status: AnnualStatus, months_worked: int, book: Rulebook
) -> tuple[Circumstance, ...]:
    """The circumstances of a year in the order of Articles 11 and 19; none where the rulebook has no round."""
    if not book.has("annual_round"):
        return ()
    found: list[tuple[Code, str]] = []
    if status is AnnualStatus.NOT_RATED_UNDER_6M:
        found.append((Code.NOT_RATED_UNDER_6M, str(months_worked)))
    if status is AnnualStatus.RATED_ON_ACTUAL_TIME:
        found.append((Code.RATED_ON_ACTUAL_TIME, _months(_worked(facts), facts.year)))
    away = _months(_not_rated(facts), facts.year)
    if away:
        found.append((Code.NOT_EVALUATED_THIS_PERIOD, away))
    found += _transfers(facts)
    found += [(Code.SECONDED, text) for text in facts.seconded]
    found += [(Code.CONCURRENT, text) for text in facts.concurrent]
    if facts.away is not None:
        found.append((Code.ABSENT_AT_CLASSIFICATION, facts.away))
    for effect in facts.discipline:
        number = f"{effect.decision.number} ({effect.decision.decided_on:%d/%m/%Y})"
        if effect.year == facts.year:
            found.append((Code.DISCIPLINED, number))
        elif effect.why_not in WHY_NOT and effect.decision.effective_on.year == facts.year:
            found.append((WHY_NOT[effect.why_not], number))
    told = [Circumstance(code, detail, book.article(code.ground)) for code, detail in found]
    return (
        *told,
        *(Circumstance(Code.CONCLUDED, text, book.article(ground)) for ground, text in facts.concluded),
    )


def _worked(facts: YearFacts) -> list[int]:
    return [month for part in facts.parts if part.not_rated is None for month in part.months]


def _not_rated(facts: YearFacts) -> list[int]:
    return [month for part in facts.parts if part.not_rated is not None for month in part.months]


def _transfers(facts: YearFacts) -> list[tuple[Code, str]]:
    """Moves between agencies, and the months of old agencies that have no settled result (Điều 19.1)."""
    agencies = [agency for agency, _parts in groupby(facts.parts, key=lambda part: part.agency_id)]
    if len(agencies) < 2:
        return []
    stays = [
        f"{_months([month for part in parts for month in part.months], facts.year)}: {parts[-1].unit_name}"
        for parts in (list(group) for _agency, group in groupby(facts.parts, key=lambda part: part.agency_id))
    ]
    found = [(Code.TRANSFERRED, "; ".join(stays))]
    now = facts.parts[-1].agency_id
    missing = [
        month
        for part in facts.parts
        if part.agency_id != now and not part.final and part.not_rated is None
        for month in part.months
    ]
    if missing:
        found.append((Code.RESULTS_MISSING, _months(missing, facts.year)))
    return found


def _months(months: Iterable[int], year: int) -> str:
    """Months as people write them: '1–4, 7/2026'."""
    known = sorted(set(months))
    if not known:
        return ""
    runs = [[known[0]]]
    for before, month in pairwise(known):
        if month == before + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) + f"/{year}"
