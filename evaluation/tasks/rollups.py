"""The nightly door to roll-ups."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import rollups

log = logging.getLogger(__name__)


@celery.task(name=jobs.ROLL_UP_DUE)
def roll_up_due() -> None:
    """Asks for the months that changed since their last roll-up; asking twice is asking once."""
    asked = rollups.ask_for_due()
    log.info("asked for %s roll-ups", len(asked))
