"""Opening months and reminding of dates: parse, call, log."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.rules.periods import Month
from evaluation.services import periods

log = logging.getLogger(__name__)


@celery.task(name=jobs.OPEN_MONTH)
def open_month(month: str | None = None) -> None:
    """Opens a month, or what is due today; a second run adds nothing."""
    opened = periods.open_due_months() if month is None else [periods.open_month(Month.parse(month))]
    log.info("open: %s", ", ".join(f"{period.month:%Y-%m}" for period in opened))


@celery.task(name=jobs.REMIND)
def remind() -> None:
    """Reminds of dates that are near; a second run the same day tells nobody."""
    log.info("reminded %s people", periods.remind())
