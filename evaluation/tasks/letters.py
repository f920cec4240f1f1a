"""The door to the outbox of letters."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import letters

log = logging.getLogger(__name__)


@celery.task(name=jobs.SEND_LETTERS)
def send_letters() -> None:
    """Sends what is due; many at once send nothing twice."""
    if sent := letters.send():
        log.info("sent %s letters", sent)
