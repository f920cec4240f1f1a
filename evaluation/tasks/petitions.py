"""The daily door to reminders of petitions."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import petition_reminders

log = logging.getLogger(__name__)


@celery.task(name=jobs.REMIND_OF_PETITIONS)
def remind_of_petitions() -> None:
    """Reminds of answers that are due or late; a second run the same day tells nobody."""
    log.info("%s reminders of petitions", petition_reminders.remind())
