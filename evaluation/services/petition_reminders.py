"""Reminding of petitions: two working days before the last day, on it, and on the first working day after it."""

from datetime import date, timedelta

from sqlalchemy import select, text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Notice, Petition
from evaluation.queries import petitions as queries
from evaluation.rules.working_days import is_working_day, working_day_after
from evaluation.services import notices, petitions

NEAR = "The petition of %(name)s (%(what)s) must be answered by %(due)s."
LATE = "The answer to the petition of %(name)s (%(what)s) was due on %(due)s and is late."
LATE_OWN = "The answer to your petition (%(what)s) was due on %(due)s and has not come."
LOCK = 335_2222


def remind() -> int:
    """On a working day, tells whoever answers of last days that are near or have just passed; a second run tells nobody.

    Answers how many notices were written.
    """
    today = clock.today()
    if not is_working_day(today):
        return 0
    db.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
    told = sum(_tell(one, NEAR, today) for one in queries.due_on_days([today, working_day_after(today, 2)]))
    for one in queries.due_on_days(_just_passed(today)):
        told += _tell(one, LATE, today)
        told += _tell_once(one.person_id, LATE_OWN, one, today)
    db.session.commit()
    return told


def _just_passed(today: date) -> list[date]:
    """Yesterday and the days off before it: a last day is a working day, but the calendar may change."""
    days = [today - timedelta(days=1)]
    while not is_working_day(days[-1]):
        days.append(days[-1] - timedelta(days=1))
    return days


def _tell(petition: Petition, says: str, today: date) -> int:
    return sum(
        _tell_once(person_id, says, petition, today, name=petition.person.full_name)
        for person_id in petitions.deciders(petition.deciding_unit_id)
        if person_id != petition.person_id
    )


def _tell_once(person_id: int, says: str, petition: Petition, today: date, **more: str) -> int:
    link, day = f"/petitions/{petition.id}", today.isoformat()
    known = db.session.scalar(
        select(Notice.id).where(
            Notice.person_id == person_id,
            Notice.says == says,
            Notice.link == link,
            Notice.parameters["day"].astext == day,
        )
    )
    if known is not None:
        return 0
    notices.tell(
        person_id,
        says,
        link=link,
        what=petitions.what(petition),
        due=f"{petition.due_on:%d/%m/%Y}",
        day=day,
        **more,
    )
    db.session.flush()
    return 1
