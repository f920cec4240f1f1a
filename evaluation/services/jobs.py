"""Background work: asked for once, done in chunks under leases, resumed by whoever comes; the job tables are the truth."""

import logging
import time
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import insert as sql_insert
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from evaluation import clock, logs, stopping
from evaluation import jobs as doorbell
from evaluation.extensions import db
from evaluation.models import Account, Job, JobChunk, JobState
from evaluation.queries import jobs as queries
from evaluation.queries.jobs import MOST_ATTEMPTS, Progress, Taken
from evaluation.queries.organisation import Subject
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, notices, pulses, sources
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, kind_of
from evaluation.services.refusals import Forbidden, Missing, Refusal

LEASE_SECONDS = 60
STOPPED = (
    "The worker stopped three times in the middle of “%(label)s”. Nothing is half done; ask for it again."
)
REFUSED = "“%(label)s” failed three times: %(problem)s. Nothing is half done; mend the cause and ask again."
LIVE = text("state in ('QUEUED', 'RUNNING')")

log = logging.getLogger(__name__)


def ask(actor: Actor | None, name: str, arguments: dict[str, Any], key: str | None = None) -> Job:
    """Asks for work; while a job of the same key is alive it is the same job. The timetable asks without an actor."""
    kind = kind_of(name)
    if actor is not None:
        unit_id = kind.unit_of(arguments) or queries.province(clock.today())
        access.require(actor, kind.needs, Subject(unit_id, confirming_unit_id=unit_id))
    key = key or ":".join([name, *(str(value) for _key, value in sorted(arguments.items()))])
    fresh = db.session.scalar(
        insert(Job)
        .values(
            name=name,
            key=key,
            arguments=audit.plain(arguments),
            request_id=logs.request_id(),
            requested_by=actor.person_id if actor else None,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["key"], index_where=LIVE)
        .returning(Job.id)
    )
    if fresh is None:
        running = queries.live_job(key)
        if running is None:  # it ended between the two statements
            return ask(actor, name, arguments, key)
        db.session.commit()
        return running
    job = db.session.get_one(Job, fresh)
    pieces = kind.plan(arguments)
    if pieces:
        db.session.execute(
            sql_insert(JobChunk),
            [
                {
                    "job_id": job.id,
                    "ordinal": ordinal,
                    "step": piece.step,
                    "label": piece.label,
                    "arguments": audit.plain(piece.arguments),
                    "size": piece.size,
                }
                for ordinal, piece in enumerate(pieces)
            ],
        )
    else:
        _end(job, kind)
    audit.record(actor, "job.asked", job, after={"name": name, "arguments": arguments})
    if pieces:
        doorbell.enqueue(doorbell.RUN_JOB, job_id=job.id)
    db.session.commit()
    return job


def run(job_id: int) -> int:
    """Does free chunks of a job until none is left to take; running it again, or twice at once, changes nothing."""
    number = 0
    with logs.belonging_to(queries.asked_by(job_id)), sources.asked_by(queries.asker(job_id)):
        while not stopping.asked() and (chunk := _take(job_id)) is not None:
            token, taken = chunk
            if number == 0 and queries.free_chunks(job_id):
                doorbell.ring(doorbell.RUN_JOB, {"job_id": job_id})  # a colleague may have hands free
            number += _perform(token, taken)
        if stopping.asked() and queries.free_chunks(job_id):
            doorbell.ring(doorbell.RUN_JOB, {"job_id": job_id})  # whoever comes after us need not wait
    return number


def resume() -> list[int]:
    """Rings again for jobs with a chunk that nobody holds, and ends those whose worker died at the last attempt."""
    for chunk_id in queries.spent_chunks():
        chunk = db.session.get_one(JobChunk, chunk_id)
        _fail(chunk, _(STOPPED, label=chunk.label))
    pulses.leave(pulses.RECONCILER)
    db.session.commit()
    waiting = queries.left_alone()
    for job_id in waiting:
        with logs.belonging_to(
            queries.asked_by(job_id)
        ):  # the lines of the task are still those of the asker
            doorbell.ring(doorbell.RUN_JOB, {"job_id": job_id})
    return waiting


def progress_for(actor: Actor, job_id: int) -> Progress:
    """How far a job is, for whoever asked for it or may read jobs."""
    found = queries.progress([job_id])
    if not found:
        raise Missing(_("There is no such job."))
    job = found[0].job
    if not (job.requested_by == actor.person_id or may_read(actor)):
        said, subject = Missing(_("There is no such job.")), Subject(queries.province(clock.today()))
        raise access.denied(said, actor, Action.READ_JOBS, subject, (Job.__tablename__, job.id))
    return found[0]


def may_read(actor: Actor) -> bool:
    """Whether an actor may read every job."""
    return may(actor, Action.READ_JOBS)


def may(actor: Actor, action: Action) -> bool:
    """Whether an actor may do something with jobs of the whole province."""
    return access.may(actor, action, Subject(queries.province(clock.today())))


def still_for(actor: Actor, job: Job) -> bool:
    """Whether what a job made is handed out: to whoever asked for it, while they still hold the right they asked by."""
    return job.requested_by == actor.person_id and _holds_right(actor, job, kind_of(job.name))


def no_file(actor: Actor, job: Job | None) -> Refusal:
    """The refusal of a file that a job made: it looks missing to whom it is not handed out, and that leaves its trace."""
    said = Missing(_("There is no such file."))
    if job is None or still_for(actor, job):
        return said
    needs, thing = kind_of(job.name).needs, (Job.__tablename__, job.id)
    return access.denied(said, actor, needs, Subject(queries.province(clock.today())), thing)


def _refuse_without_right(job: Job, kind: Kind) -> None:
    """Work is done with the rights of whoever asked for it, as they stand when it is done."""
    if job.requested_by is None:
        return
    account = db.session.scalar(select(Account).where(Account.person_id == job.requested_by))
    disabled = account is not None and account.disabled_at is not None
    actor = access.actor_for(job.requested_by, account.id if account else None)
    if disabled or not _holds_right(actor, job, kind):
        log.warning("denied %s to person %s: job %s", kind.needs, job.requested_by, job.id)
        raise Forbidden(_("Whoever asked for this work no longer has the right to it. Nothing was done."))


def _holds_right(actor: Actor, job: Job, kind: Kind) -> bool:
    unit_id = kind.unit_of(job.arguments) or queries.province(clock.today())
    return access.may(actor, kind.needs, Subject(unit_id, confirming_unit_id=unit_id))


def _take(job_id: int) -> tuple[str, Taken] | None:
    token = uuid4().hex
    seconds = current_app.config.get("JOB_LEASE_SECONDS", LEASE_SECONDS)
    chunk = queries.take(job_id, token, seconds)
    if chunk is not None:
        db.session.execute(
            text(
                "update job set state = 'RUNNING', started_at = coalesce(started_at, :moment)"
                " where id = :job_id and (state = 'QUEUED' or started_at is null)"
            ),
            {"job_id": job_id, "moment": clock.now()},
        )
    db.session.commit()
    return None if chunk is None else (token, chunk)


def _perform(token: str, taken: Taken) -> int:
    """One chunk and its state in one transaction; its row stays locked, so a slow worker is not taken for a dead one."""
    try:
        chunk = db.session.scalar(
            select(JobChunk)
            .where(JobChunk.id == taken.id, JobChunk.leased_by == token, JobChunk.state == JobState.RUNNING)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if chunk is None:
            db.session.rollback()
            return 0
        job = db.session.get_one(Job, taken.job_id)
        kind = kind_of(job.name)
        _refuse_without_right(job, kind)
        kind.run(job.arguments, taken.arguments)
        chunk.state, chunk.finished_at, chunk.error = JobState.DONE, clock.now(), None
        chunk.leased_until = chunk.leased_by = None
        db.session.flush()
        _end_if_last(taken.job_id, kind)
        db.session.commit()
        return 1
    except Exception as problem:
        db.session.rollback()
        log.warning(
            "chunk %s of job %s, attempt %s: %s", taken.ordinal, taken.job_id, taken.attempts, problem
        )
        _put_back(token, taken, problem)
        return 0
    except BaseException:  # the process was told to end: the next one need not wait for the lease
        _give_back(token, taken)
        raise


def _give_back(token: str, taken: Taken) -> None:
    """The chunk is free again at once, and the attempt that was cut short does not count."""
    db.session.rollback()
    db.session.execute(
        update(JobChunk)
        .where(JobChunk.id == taken.id, JobChunk.leased_by == token, JobChunk.state == JobState.RUNNING)
        .values(state=JobState.QUEUED, attempts=JobChunk.attempts - 1, leased_until=None, leased_by=None)
    )
    db.session.commit()
    doorbell.ring(doorbell.RUN_JOB, {"job_id": taken.job_id})


def _put_back(token: str, taken: Taken, problem: Exception) -> None:
    """The chunk waits for its next attempt, or the job ends with a sentence; a refusal is not tried again."""
    chunk = db.session.scalar(
        select(JobChunk)
        .where(JobChunk.id == taken.id, JobChunk.leased_by == token, JobChunk.state == JobState.RUNNING)
        .with_for_update()
    )
    if chunk is None:
        db.session.rollback()
        return
    if isinstance(problem, Refusal):
        _fail(chunk, problem.message)
    elif taken.attempts >= MOST_ATTEMPTS:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        _fail(chunk, _(REFUSED, label=chunk.label, problem=reason))
    else:
        chunk.state, chunk.error = JobState.QUEUED, str(problem)[:2000]
        chunk.leased_until = chunk.leased_by = None
    db.session.commit()
    if isinstance(problem, OperationalError):
        time.sleep(
            0.05 * (1 + chunk.id % 7)
        )  # two workers that met in a deadlock come back at different moments


def _end_if_last(job_id: int, kind: Kind) -> None:
    job = db.session.get_one(Job, job_id, with_for_update=True, populate_existing=True)
    unfinished = db.session.scalar(
        select(JobChunk.id).where(JobChunk.job_id == job_id, JobChunk.state != JobState.DONE).limit(1)
    )
    if unfinished is None and job.state in (JobState.QUEUED, JobState.RUNNING):
        _end(job, kind)


def _end(job: Job, kind: Kind) -> None:
    job.state, job.finished_at = JobState.DONE, clock.now()
    job.result = audit.plain(kind.finish(job.arguments))
    notices.tell(job.requested_by, "The work you asked for is finished.", link=f"/jobs/{job.id}")


def _fail(chunk: JobChunk, sentence: str) -> None:
    job = db.session.get_one(Job, chunk.job_id, with_for_update=True)
    chunk.state, chunk.finished_at, chunk.error = JobState.FAILED, clock.now(), sentence
    chunk.leased_until = chunk.leased_by = None
    job.state, job.finished_at, job.error = JobState.FAILED, clock.now(), sentence
    notices.tell(job.requested_by, "The work you asked for failed.", link=f"/jobs/{job.id}")
