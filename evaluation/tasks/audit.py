"""The sealer's beat, the hourly look at the journal's guard and the nightly check of the journal."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import audit_checks, seals

log = logging.getLogger(__name__)


@celery.task(name=jobs.SEAL)
def seal() -> None:
    """One more seal; twice is two seals over the same and does no harm."""
    made = seals.seal()
    log.info("seal %s over %s events: %s", made.number, made.events, seals.short_code(made.root))


@celery.task(name=jobs.CHECK_AUDIT)
def check_audit() -> None:
    """The whole check; what it finds stops closing and publishing until a later check finds nothing."""
    found = audit_checks.check()
    if found.complaints:
        log.error("the journal has %s mismatches, the first: %s", len(found.complaints), found.complaints[0])
    else:
        log.info("the journal is whole: %s events, %s seals", found.verified.events, found.verified.seals)


@celery.task(name=jobs.CHECK_GUARD)
def check_guard() -> None:
    """The triggers, functions and rights that guard the journal; what is wrong becomes an alarm."""
    for complaint in audit_checks.check_guard():
        log.error("the guard of the journal: %s", complaint)
