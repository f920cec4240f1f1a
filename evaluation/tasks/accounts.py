"""Accounts that nobody needs, readers who open everything, people who judge each other: call, log."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import account_states, bulk_reading, mutual_scores

log = logging.getLogger(__name__)


@celery.task(name=jobs.CLOSE_UNUSED_ACCOUNTS)
def close_unused() -> None:
    """Disables accounts of people who left and idle accounts; a second run finds none."""
    gone, unused = account_states.close_unused()
    log.info("disabled %s accounts of people who left and %s idle accounts", gone, unused)


@celery.task(name=jobs.LOOK_FOR_BULK_READING)
def look_for_bulk_reading() -> None:
    """Tells the inspectors of readers who opened too much within an hour, once an hour for each."""
    log.info("told of %s readers", bulk_reading.tell())


@celery.task(name=jobs.LOOK_FOR_MUTUAL_SCORES)
def look_for_mutual_scores() -> None:
    """Tells the inspectors of pairs who judged each other, once for each pair and month."""
    log.info("told of %s pairs who judged each other", mutual_scores.tell())
