"""The hourly door to sweeping sessions nobody uses and tries to sign in that no rule looks at any more."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import sessions, sign_in

log = logging.getLogger(__name__)


@celery.task(name=jobs.SWEEP_SESSIONS)
def sweep_sessions() -> None:
    """Ends what is idle and forgets what is old; a second run finds nothing."""
    log.info("%s sessions ended, %s tries forgotten", sessions.sweep(), sign_in.sweep())
