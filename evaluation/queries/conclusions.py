"""The register of conclusions asked: one official's, and those newer than a proposal."""

from datetime import datetime

from sqlalchemy import or_, select

from evaluation.extensions import db
from evaluation.models import Conclusion


def of_person(person_id: int, year: int) -> list[Conclusion]:
    """The conclusions on one official's year, the newest first, withdrawn ones included."""
    return list(
        db.session.scalars(
            select(Conclusion)
            .where(Conclusion.person_id == person_id, Conclusion.year == year)
            .order_by(Conclusion.id.desc())
        )
    )


def newer_than(person_id: int, year: int, moment: datetime) -> Conclusion | None:
    """A conclusion on a year that was entered or withdrawn after a moment."""
    return db.session.scalars(
        select(Conclusion)
        .where(
            Conclusion.person_id == person_id,
            Conclusion.year == year,
            or_(Conclusion.recorded_at > moment, Conclusion.withdrawn_at > moment),
        )
        .limit(1)
    ).first()
