"""Keeps the broker's table small when the broker is the database."""

import logging

from sqlalchemy import CursorResult, text

from evaluation import jobs
from evaluation.extensions import celery, db

log = logging.getLogger(__name__)


@celery.task(name=jobs.SWEEP_BROKER)
def sweep_broker() -> None:
    """Deletes messages delivered more than a day ago; twice does no harm."""
    if db.session.scalar(text("select to_regclass('broker.kombu_message')")) is None:
        return
    swept = db.session.execute(
        text(
            "delete from broker.kombu_message where not visible and timestamp < localtimestamp - interval '1 day'"
        )
    )
    db.session.commit()
    assert isinstance(swept, CursorResult)
    log.info("swept %s delivered messages", swept.rowcount)
