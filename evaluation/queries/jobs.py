"""Questions about jobs: which chunk is free, how far a job is, which jobs nobody works on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text

from evaluation.extensions import db
from evaluation.models import Job, JobChunk, JobState, Period, UnitPlace
from evaluation.queries.organisation import valid_on
from evaluation.rules.periods import Stretch

MOST_ATTEMPTS = 3

TAKE = text(
    """
    update job_chunk
    set state = 'RUNNING', attempts = attempts + 1, leased_by = :lease,
        leased_until = clock_timestamp() + make_interval(secs => :seconds)
    where id = (
        select chunk.id
        from job_chunk chunk join job on job.id = chunk.job_id
        where chunk.job_id = :job_id and job.state in ('QUEUED', 'RUNNING') and chunk.attempts < :most
          and chunk.step = (select min(step) from job_chunk where job_id = :job_id and state <> 'DONE')
          and (chunk.state = 'QUEUED' or chunk.state = 'RUNNING' and chunk.leased_until < clock_timestamp())
        order by chunk.ordinal
        limit 1
        for update of chunk skip locked
    )
    returning id, job_id, ordinal, step, label, arguments, attempts
    """
)

FREE = text(
    """
    select count(*) from job_chunk
    where job_id = :job_id and state = 'QUEUED'
      and step = (select min(step) from job_chunk where job_id = :job_id and state <> 'DONE')
    """
)

LEFT_ALONE = text(
    """
    select distinct job.id
    from job join job_chunk chunk on chunk.job_id = job.id
    where job.state in ('QUEUED', 'RUNNING')
      and (chunk.state = 'QUEUED' or chunk.state = 'RUNNING' and chunk.leased_until < clock_timestamp())
    order by job.id
    """
)

SPENT = text(
    """
    select chunk.id
    from job_chunk chunk join job on job.id = chunk.job_id
    where job.state in ('QUEUED', 'RUNNING') and chunk.state = 'RUNNING' and chunk.attempts >= :most
      and chunk.leased_until < clock_timestamp()
    for update of chunk skip locked
    """
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A chunk under our lease."""

    id: int
    job_id: int
    ordinal: int
    step: int
    label: str
    arguments: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in the units its chunks are measured in."""

    job: Job
    done: int
    total: int
    attempts: int
    label: str | None

    @property
    def percent(self) -> int:
        """Whole percent, never 100 before the end."""
        if self.job.state is JobState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    def seconds_left(self, moment: datetime) -> int | None:
        """Whole seconds left at the pace so far; None while nothing can be said."""
        if self.job.started_at is None or not self.done or self.job.state is not JobState.RUNNING:
            return None
        passed = max(0, math.ceil((moment - self.job.started_at).total_seconds()))
        return -(-passed * (self.total - self.done) // self.done)


def take(job_id: int, lease: str, seconds: int) -> Taken | None:
    """Leases the next free chunk of the first unfinished step; one that somebody holds is passed over."""
    row = db.session.execute(
        TAKE, {"job_id": job_id, "lease": lease, "seconds": seconds, "most": MOST_ATTEMPTS}
    ).one_or_none()
    return None if row is None else Taken(**row._mapping)


def asked_by(job_id: int) -> str | None:
    """The id of the request that asked for a job."""
    return db.session.scalar(select(Job.request_id).where(Job.id == job_id))


def asker(job_id: int) -> int | None:
    """The person who asked for a job; none for the timetable."""
    return db.session.scalar(select(Job.requested_by).where(Job.id == job_id))


def free_chunks(job_id: int) -> int:
    """How many chunks could be taken at once by others."""
    return db.session.scalar(FREE, {"job_id": job_id}) or 0


def left_alone() -> list[int]:
    """Jobs with a chunk that nobody holds: never taken, or its lease ran out."""
    return list(db.session.scalars(LEFT_ALONE))


def spent_chunks() -> list[int]:
    """Chunks whose worker disappeared at the last attempt, locked."""
    return list(db.session.scalars(SPENT, {"most": MOST_ATTEMPTS}))


def province(day: date) -> int:
    """The unit above all others on a day."""
    return db.session.scalars(
        select(UnitPlace.unit_id)
        .where(UnitPlace.parent_id.is_(None), valid_on(UnitPlace, day))
        .order_by(UnitPlace.unit_id)
        .limit(1)
    ).one()


def live_job(key: str) -> Job | None:
    """The job of a key that waits or runs."""
    return db.session.scalar(
        select(Job).where(Job.key == key, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    )


def progress(job_ids: Sequence[int]) -> list[Progress]:
    """Where jobs stand, in the order of the ids; one query for all."""
    if not job_ids:
        return []
    rows = db.session.execute(
        select(
            Job,
            func.coalesce(func.sum(JobChunk.size).filter(JobChunk.state == JobState.DONE), 0),
            func.coalesce(func.sum(JobChunk.size), 0),
            func.coalesce(func.max(JobChunk.attempts), 0),
            func.min(JobChunk.label).filter(JobChunk.state == JobState.RUNNING),
        )
        .outerjoin(JobChunk, JobChunk.job_id == Job.id)
        .where(Job.id.in_(job_ids))
        .group_by(Job.id)
        .execution_options(populate_existing=True)
    )
    found = {
        job.id: Progress(job, done, total, attempts, label) for job, done, total, attempts, label in rows
    }
    return [found[job_id] for job_id in job_ids if job_id in found]


def newest(page: int, per_page: int) -> tuple[list[Progress], int]:
    """A page of jobs, newest first, and how many there are."""
    total = db.session.scalar(select(func.count(Job.id))) or 0
    ids = db.session.scalars(
        select(Job.id).order_by(Job.id.desc()).limit(per_page).offset((page - 1) * per_page)
    ).all()
    return progress(ids), total


def months_opened() -> list[Stretch]:
    """Months that were opened, newest first."""
    return [
        one.covers for one in db.session.scalars(select(Period).order_by(Period.month.desc(), Period.cycle))
    ]
