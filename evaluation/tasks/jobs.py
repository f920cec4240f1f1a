"""The worker's side of jobs: a message names a job, the job tables say what there is to do."""

import logging

from evaluation import jobs
from evaluation.extensions import celery
from evaluation.services import jobs as services

log = logging.getLogger(__name__)


@celery.task(name=jobs.RUN_JOB)
def run_job(job_id: int) -> None:
    """Does what is free of a job; the same message ten times has one effect."""
    done = services.run(job_id)
    log.info("job %s: %s chunks done here", job_id, done)


@celery.task(name=jobs.RESUME_JOBS)
def resume_jobs() -> None:
    """Rings for jobs whose worker died or whose message was lost; twice does no harm."""
    waiting = services.resume()
    if waiting:
        log.info("rang again for jobs %s", waiting)
