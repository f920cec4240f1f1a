"""What a supervisor has to look at before a month stands as self-assessed; a sheet with nothing here may be accepted in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from evaluation.rules.scoring import WorkKind


class Reason(StrEnum):
    """Why a sheet must be opened; the order is the order of weight."""

    SENT_BACK = "SENT_BACK"
    LEADER = "LEADER"
    NOTHING_ASSIGNED = "NOTHING_ASSIGNED"
    CRITERIA_WITHOUT_POINTS = "CRITERIA_WITHOUT_POINTS"
    MARKED_BEFORE = "MARKED_BEFORE"
    SUBMITTED_LATE = "SUBMITTED_LATE"
    FAULTS_REPORTED = "FAULTS_REPORTED"
    LATE_WITHOUT_DELAY = "LATE_WITHOUT_DELAY"
    LESS_THAN_ASSIGNED = "LESS_THAN_ASSIGNED"
    MORE_THAN_ASSIGNED = "MORE_THAN_ASSIGNED"
    ADDED_BY_OWNER = "ADDED_BY_OWNER"
    CLAIM_WITHOUT_EVIDENCE = "CLAIM_WITHOUT_EVIDENCE"

    @property
    def label(self) -> str:
        """English message id; `%(count)s` is the number of lines."""
        return LABELS[self.value]


LABELS = {
    "SENT_BACK": "sent back by the person who confirms",
    "LEADER": "a leader: two ratios to set",
    "NOTHING_ASSIGNED": "no planned work was assigned",
    "CRITERIA_WITHOUT_POINTS": "%(count)s criteria without points",
    "MARKED_BEFORE": "differs from what was reported",
    "SUBMITTED_LATE": "submitted late",
    "FAULTS_REPORTED": "%(count)s lines failed or late",
    "LATE_WITHOUT_DELAY": "%(count)s lines done after the due day, no delay reported",
    "LESS_THAN_ASSIGNED": "%(count)s lines below what was assigned",
    "MORE_THAN_ASSIGNED": "%(count)s lines above what was assigned",
    "ADDED_BY_OWNER": "%(count)s ad hoc lines added by the official",
    "CLAIM_WITHOUT_EVIDENCE": "%(count)s lines claim extra work without evidence",
}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What an official reports on one line, in units of its product."""

    kind: WorkKind
    assigned: Fraction
    done: Fraction
    quality_fails: int = 0
    delays: int = 0
    due_on: date | None = None
    done_on: date | None = None
    added_by_owner: bool = False
    has_evidence: bool = False
    marked: bool = False

    @property
    def late_without_delay(self) -> bool:
        """Done after its due day, and nobody says so."""
        return (
            self.due_on is not None
            and self.done_on is not None
            and self.done_on > self.due_on
            and not self.delays
        )

    @property
    def extra(self) -> bool:
        """More is claimed than anybody assigned."""
        return self.done > 0 and (self.added_by_owner or self.done > self.assigned)


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What an official submits for a month."""

    lines: tuple[LineFacts, ...]
    leads: bool = False
    submitted_late: bool = False
    sent_back: bool = False
    criteria_without_points: int = 0
    criteria_marked: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to open a sheet and the number of lines it stands on."""

    reason: Reason
    count: int = 1


def to_examine(sheet: SheetFacts) -> tuple[Finding, ...]:
    """Every reason to open a sheet before accepting it; none means it may stand as self-assessed (Điều 10.1, 17.2)."""
    lines = sheet.lines
    counts = {
        Reason.SENT_BACK: sheet.sent_back,
        Reason.LEADER: sheet.leads,
        Reason.NOTHING_ASSIGNED: not any(line.kind.in_assigned and line.assigned > 0 for line in lines),
        Reason.CRITERIA_WITHOUT_POINTS: sheet.criteria_without_points,
        Reason.MARKED_BEFORE: sheet.criteria_marked or any(line.marked for line in lines),
        Reason.SUBMITTED_LATE: sheet.submitted_late,
        Reason.FAULTS_REPORTED: _count(bool(line.quality_fails or line.delays) for line in lines),
        Reason.LATE_WITHOUT_DELAY: _count(line.late_without_delay for line in lines),
        Reason.LESS_THAN_ASSIGNED: _count(
            line.kind.in_done and line.done < line.assigned and not line.added_by_owner for line in lines
        ),
        Reason.MORE_THAN_ASSIGNED: _count(
            line.kind.in_done and line.done > line.assigned and not line.added_by_owner for line in lines
        ),
        Reason.ADDED_BY_OWNER: _count(line.added_by_owner for line in lines),
        Reason.CLAIM_WITHOUT_EVIDENCE: _count(line.extra and not line.has_evidence for line in lines),
    }
    return tuple(Finding(reason, int(count)) for reason, count in counts.items() if count)


def may_accept_in_bulk(findings: tuple[Finding, ...], *, opened: bool) -> bool:
    """Only what was opened since it was submitted, or has nothing to examine, is accepted without being opened."""
    return opened or not findings


def _count(flags: Iterable[bool]) -> int:
    return sum(1 for flag in flags if flag)
