"""Over whom the places for excellent are counted: people by law and group of similar tasks, and what was decided."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from evaluation.extensions import db
from evaluation.models import YearGrade
from evaluation.rules.bands import Band


@dataclass(frozen=True, slots=True)
class Counts:
    """Over an agency or one group of similar tasks: by score, and what was decided so far."""

    at_least_90: int
    good: int
    excellent_decided: int

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.at_least_90 + other.at_least_90,
            self.good + other.good,
            self.excellent_decided + other.excellent_decided,
        )


def counts(agency_id: int, year: int) -> dict[str, dict[str, Counts]]:
    """The base of the quota by rulebook and group of similar tasks (Article 20.5).

    People count by their score; one who was decided to be below good counts in no base.
    """
    in_base = or_(YearGrade.decided_class.is_(None), YearGrade.decided_class.in_((Band.HTXSNV, Band.HTTNV)))
    rows = db.session.execute(
        select(
            YearGrade.rulebook,
            YearGrade.peer_group,
            func.count().filter(YearGrade.computed_class == Band.HTXSNV, in_base),
            func.count().filter(YearGrade.computed_class == Band.HTTNV, in_base),
            func.count().filter(YearGrade.decided_class == Band.HTXSNV),
        )
        .where(YearGrade.agency_id == agency_id, YearGrade.year == year, YearGrade.superseded_at.is_(None))
        .group_by(YearGrade.rulebook, YearGrade.peer_group)
        .order_by(YearGrade.rulebook, YearGrade.peer_group)
    )
    found: dict[str, dict[str, Counts]] = defaultdict(dict)
    for rulebook, group, *numbers in rows:
        found[rulebook][group] = Counts(*numbers)
    return dict(found)
