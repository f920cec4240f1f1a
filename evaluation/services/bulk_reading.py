"""Somebody opens everybody's file: the inspectors hear of it while it goes on (fault 71)."""

import logging
from datetime import timedelta

from flask import current_app

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Person
from evaluation.queries import accounts as account_questions
from evaluation.queries import bulk_reading as questions
from evaluation.rules.permissions import Role
from evaluation.services import audit, notices

log = logging.getLogger(__name__)
HOUR = timedelta(hours=1)
READ = "%(name)s opened the files of %(people)s other people within an hour."


def tell() -> int:
    """Writes a notice to every inspector about each reader of too many files, once an hour for each reader: how many readers."""
    since = clock.now() - HOUR
    most = current_app.config["BULK_READING"]
    found = questions.readers(since, most) if most else []
    if not found:
        return 0
    inspectors = account_questions.all_holders(Role.INSPECTOR, clock.today())
    for reader_id, people in found:
        reader = db.session.get_one(Person, reader_id)
        log.warning("person %s opened the files of %s people within an hour", reader_id, people)
        audit.record(None, "readings.too_many", reader, after={"people": people, "since": since})
        for person_id in inspectors:
            if person_id != reader_id:
                notices.tell(person_id, READ, name=reader.full_name, people=people)
    db.session.commit()
    return len(found)
