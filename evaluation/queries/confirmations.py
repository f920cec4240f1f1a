"""What the person who confirms sees before signing: units with their sheets, the distribution, what is unusual."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from evaluation.extensions import db
from evaluation.models import Receipt
from evaluation.queries.reviews import Sheet, distribution
from evaluation.rules import grading
from evaluation.rules.bands import Band
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState

FEW = 3
UNUSUAL_DISTANCE = Fraction(10)


@dataclass(frozen=True, slots=True)
class UnitSheets:
    """One unit's sheets of a month."""

    unit_id: int
    name: str
    sheets: list[Sheet]

    @property
    def waiting(self) -> list[Sheet]:
        """Those that were scored and wait to be confirmed."""
        return [sheet for sheet in self.sheets if sheet.state is ReportState.SCORED]

    @property
    def mean(self) -> Fraction | None:
        """Mean of the scores that exist."""
        return grading.mean(s.present.total for s in self.sheets if s.present.total is not None)


@dataclass(frozen=True, slots=True)
class Notable:
    """Something to look at before signing; `says` is a message id with `values`."""

    says: str
    values: dict[str, Any]


def by_unit(sheets: Iterable[Sheet]) -> list[UnitSheets]:
    """Sheets grouped by the unit of their officials, units by name."""
    found: dict[int, UnitSheets] = {}
    for sheet in sheets:
        found.setdefault(sheet.unit_id, UnitSheets(sheet.unit_id, sheet.unit, [])).sheets.append(sheet)
    return sorted(found.values(), key=lambda unit: unit.name)


def pending(sheet: Sheet) -> bool:
    """Whether a leader's score still waits for a subordinate's."""
    return sheet.present.status is ScoreStatus.PENDING


def warnings(units: Iterable[UnitSheets]) -> list[Notable]:
    """What a person should know before confirming: nothing here stops them."""
    found: list[Notable] = []
    for unit in units:
        handed = [sheet for sheet in unit.sheets if sheet.handed_in]
        scored = [sheet for sheet in handed if not sheet.waits and sheet.present.total is not None]
        if len(scored) >= FEW:
            if all(sheet.present.band is Band.HTXSNV for sheet in scored):
                found.append(Notable(ALL_EXCELLENT, {"unit": unit.name, "count": len(scored)}))
            if len({sheet.present.total for sheet in scored}) == 1:
                found.append(Notable(ALL_EQUAL, {"unit": unit.name, "count": len(scored)}))
        failing = [sheet.name for sheet in scored if sheet.present.band is Band.KHTNV]
        if failing:
            found.append(Notable(FAILING, {"unit": unit.name, "names": ", ".join(failing)}))
        far = [sheet.name for sheet in scored if (sheet.differs or 0) >= UNUSUAL_DISTANCE]
        if far:
            found.append(Notable(FAR_FROM_SELF, {"unit": unit.name, "names": ", ".join(far)}))
        missing = sum(1 for s in unit.sheets if s.state is not ReportState.NOT_RATED) - len(handed)
        unscored = sum(1 for sheet in handed if sheet.waits)
        if missing or unscored:
            found.append(Notable(NOT_READY, {"unit": unit.name, "missing": missing, "unscored": unscored}))
    return found


ALL_EXCELLENT = "%(unit)s: all %(count)s scores are excellent."
ALL_EQUAL = "%(unit)s: all %(count)s scores are the same."
FAILING = "%(unit)s: not completed: %(names)s."
FAR_FROM_SELF = "%(unit)s: ten points or more from the self score: %(names)s."
NOT_READY = "%(unit)s: %(missing)s not submitted, %(unscored)s not scored yet."


def levels(sheets: Iterable[Sheet]) -> list[tuple[Band, int, Fraction]]:
    """(level, how many, share of all in percent), the best first."""
    counts = distribution(sheets)
    whole = sum(counts.values())
    return [(band, count, Fraction(count * 100, whole or 1)) for band, count in counts.items()]


def receipt_of(person_id: int, transaction_id: str) -> Receipt | None:
    """The stored answer to a write of this person."""
    try:
        key = str(UUID(transaction_id))
    except ValueError:
        return None
    found = db.session.get(Receipt, key)
    return found if found is not None and found.actor_id == person_id else None
