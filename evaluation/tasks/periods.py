"""Opening months and reminding of dates: parse, call, log."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.rules.periods import parse_stretch
from evaluation.services import periods

log = logging.getLogger(__name__)


@celery.task(name=jobs.OPEN_MONTH)
def open_month(month: str | None = None) -> None:
    """Opens a month or a quarter, or what is due today; a second run adds nothing."""
    opened = periods.open_due_months() if month is None else [periods.open_month(parse_stretch(month))]
    log.info("open: %s", ", ".join(str(period.covers) for period in opened))


@celery.task(name=jobs.REMIND)
def remind() -> None:
    """Reminds of dates that are near; a second run the same day tells nobody."""
    log.info("reminded %s people", periods.remind())
