"""The round of Article 21 as a life derived from facts: its steps by kind of person, what is missing, who owes it, by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import Rulebook

CHAPTER = "annual_round"
ONE_DAY = timedelta(days=1)


class RoundState(StrEnum):
    """How far the year of one official is."""

    DRAFT = "DRAFT"
    SELF_RATED = "SELF_RATED"
    MEETING_HELD = "MEETING_HELD"
    PARTY_OPINION = "PARTY_OPINION"
    PROPOSED = "PROPOSED"
    DECIDED = "DECIDED"
    PUBLISHED = "PUBLISHED"
    REPLACED = "REPLACED"

    @property
    def label(self) -> str:
        """English message id of the state."""
        return STATE_LABELS[self.value]


STATE_LABELS = {
    "DRAFT": "Months of the year",
    "SELF_RATED": "Self-classification",
    "MEETING_HELD": "Review meeting",
    "PARTY_OPINION": "Party committee's opinion",
    "PROPOSED": "Proposal",
    "DECIDED": "Decision",
    "PUBLISHED": "Publication",
    "REPLACED": "Replacement decision",
}


class Owes(StrEnum):
    """Whose turn a step is."""

    OFFICIAL = "OFFICIAL"
    HEAD_OF_UNIT = "HEAD_OF_UNIT"
    PERSONNEL = "PERSONNEL"
    AUTHORITY = "AUTHORITY"

    @property
    def label(self) -> str:
        """English message id of who owes the step."""
        return OWES_LABELS[self.value]


OWES_LABELS = {
    "OFFICIAL": "the official",
    "HEAD_OF_UNIT": "the head of the unit",
    "PERSONNEL": "the personnel office",
    "AUTHORITY": "the competent head",
}


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What is on record of one official's year; a day is when it came on record."""

    office: Office
    self_on: date | None = None
    self_class: Band | None = None
    meeting_on: date | None = None
    meeting_class: Band | None = None
    party_on: date | None = None
    party_class: Band | None = None
    proposed_on: date | None = None
    proposed_class: Band | None = None
    waits_for_unit: bool = False
    decided_on: date | None = None
    decided_class: Band | None = None
    published_on: date | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class RoundStep:
    """One step of the round: whether it is done, when and with which class, whose turn it is, its article's key."""

    state: RoundState
    done: bool
    on: date | None
    klass: Band | None
    owes: Owes
    ground: str


@dataclass(frozen=True, slots=True)
class RoundDates:
    """When officials may begin to classify themselves and the last day of the class (both included)."""

    opens: date
    last_day: date


def party_asked(office: Office) -> bool:
    """Whether the Party committee's written opinion belongs to the round: of heads and deputies (Điều 21.1.c, 21.2.c)."""
    return office.leads


def steps_of(facts: RoundFacts) -> tuple[RoundStep, ...]:
    """The steps of Article 21 in their order; the Party's opinion for leaders only, the replacement where there is one."""
    head = facts.office is Office.HEAD
    steps = [
        RoundStep(
            RoundState.SELF_RATED,
            facts.self_on is not None,
            facts.self_on,
            facts.self_class,
            Owes.OFFICIAL,
            "round_self",
        ),
        RoundStep(
            RoundState.MEETING_HELD,
            facts.meeting_on is not None,
            facts.meeting_on,
            facts.meeting_class,
            Owes.HEAD_OF_UNIT,
            "round_meeting",
        ),
    ]
    if party_asked(facts.office):
        steps.append(
            RoundStep(
                RoundState.PARTY_OPINION,
                facts.party_on is not None,
                facts.party_on,
                facts.party_class,
                Owes.PERSONNEL,
                "round_party",
            )
        )
    proposed = facts.proposed_on is not None and not facts.waits_for_unit
    decided = facts.decided_on is not None
    steps += [
        RoundStep(
            RoundState.PROPOSED,
            proposed or decided,
            facts.proposed_on,
            facts.proposed_class,
            Owes.PERSONNEL if head else Owes.AUTHORITY,
            "round_proposal",
        ),
        RoundStep(
            RoundState.DECIDED,
            decided,
            facts.decided_on,
            facts.decided_class,
            Owes.AUTHORITY,
            "round_decision",
        ),
        RoundStep(
            RoundState.PUBLISHED,
            facts.published_on is not None,
            facts.published_on,
            None,
            Owes.AUTHORITY,
            "round_publication",
        ),
    ]
    if facts.replaces:
        steps.append(
            RoundStep(
                RoundState.REPLACED,
                True,
                facts.decided_on,
                facts.decided_class,
                Owes.AUTHORITY,
                "round_replacement",
            )
        )
    return tuple(steps)


def state_of(facts: RoundFacts) -> RoundState:
    """How far a year is: decisions speak for themselves; before them the last step with none missing in front of it.

    A missing self-classification holds nobody up: who is away is classified without it (Điều 19.3).
    """
    if facts.replaces:
        return RoundState.REPLACED
    if facts.published_on is not None:
        return RoundState.PUBLISHED
    if facts.decided_on is not None:
        return RoundState.DECIDED
    reached = RoundState.DRAFT
    for step in steps_of(facts):
        if step.done:
            reached = step.state
        elif step.state is not RoundState.SELF_RATED:
            break
    return reached


def lacking(facts: RoundFacts) -> tuple[RoundState, ...]:
    """What a decision may not be taken without: the meeting's record and, for leaders, the Party committee's opinion."""
    return tuple(
        step.state
        for step in steps_of(facts)
        if not step.done and step.state in (RoundState.MEETING_HELD, RoundState.PARTY_OPINION)
    )


def dates(year: int, book: Rulebook, *, late: bool = False) -> RoundDates | None:
    """The days of a year's round as the rulebook dates them; None where its decree has no such round.

    Article 19.2 says "before 15 December" (`late`: before 15 January of the next year), so the last day is the eve.
    """
    if not book.has(CHAPTER):
        return None
    since = max(date(year, 1, 1), book.effective[0])  # a decree may begin within the year
    rows = {row.text("event"): row for row in book.table(f"{CHAPTER}.dates", since)}

    def day(event: str) -> date:
        row = rows[event]
        return date(year + int(row.number("years_later")), int(row.number("month")), int(row.number("day")))

    return RoundDates(day("OPENS"), day("CLASS_BEFORE_LATE" if late else "CLASS_BEFORE") - ONE_DAY)
