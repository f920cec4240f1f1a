"""Two people who judge each other: the inspectors hear of it, once for each pair and month (fault 50)."""

from datetime import timedelta

from sqlalchemy import text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Person
from evaluation.queries import accounts as account_questions
from evaluation.queries import mutual_scores as questions
from evaluation.rules.permissions import Role
from evaluation.services import audit, notices

ACTION = "scores.mutual"
LOCK = 335_0050
BACK = timedelta(days=200)  # sheets of an older month are scored no more
MUTUAL = "%(one)s and %(other)s scored or confirmed each other's sheets (month %(month)s)."


def tell() -> int:
    """Writes each new pair to the journal and to every inspector who is not one of the two: how many pairs.

    Two runs at once wait for each other, so that nobody hears twice.
    """
    db.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
    found = questions.untold(clock.today() - BACK)
    inspectors = account_questions.all_holders(Role.INSPECTOR, clock.today()) if found else []
    for pair in found:
        one, other = (db.session.get_one(Person, number) for number in (pair.one_id, pair.other_id))
        audit.record(None, ACTION, one, after={"other": other.id, "month": f"{pair.month:%Y-%m}"})
        for person_id in inspectors:
            if person_id not in (one.id, other.id):
                notices.tell(
                    person_id,
                    MUTUAL,
                    link=f"/audit/?action={ACTION}",
                    one=one.full_name,
                    other=other.full_name,
                    month=f"{pair.month:%m/%Y}",
                )
    db.session.commit()
    return len(found)
