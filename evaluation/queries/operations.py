"""What somebody who watches the server asks the database: how old, how many, how long waiting."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from evaluation.extensions import db

# One statement for one look: every number is of the same moment, by the database's own clock.
LOOK = text(
    """
    select clock_timestamp() as now,
        (select extract(epoch from clock_timestamp() - max(at)) from audit_seal) as seal_age,
        (select extract(epoch from clock_timestamp() - min(coalesce(job.started_at, job.created_at)))
           from job where state in ('QUEUED', 'RUNNING')
             and exists (select from job_chunk where job_id = job.id and state in ('QUEUED', 'RUNNING')))
            as oldest_chunk_age,
        (select extract(epoch from clock_timestamp() - min(created_at)) from letter where state = 'WAITING')
            as oldest_letter_age,
        (select extract(epoch from clock_timestamp() - max(at)) from audit_check) as check_age,
        (select jsonb_array_length(complaints) from audit_check order by id desc limit 1) as complaints,
        (select extract(epoch from max(at) - clock_timestamp())
           from (select at from audit_event order by id desc limit 1000) as newest) as journal_ahead,
        (select count(*) from letter where state = 'WAITING') as letters_waiting,
        (select count(*) from letter where state = 'FAILED') as letters_failed
    """
)
JOBS = text("select state, count(*) from job group by state")
PULSES = text(
    "select name, extract(epoch from clock_timestamp() - at), succeeded, detail from pulse order by name"
)


@dataclass(frozen=True, slots=True)
class Look:
    """Ages in seconds, None where there is nothing to be old."""

    now: datetime
    seal_age: float | None
    oldest_chunk_age: float | None
    oldest_letter_age: float | None
    check_age: float | None
    complaints: int | None
    journal_ahead: float  # how much later than now the newest event is: the clock was set back
    letters_waiting: int
    letters_failed: int


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of one thing that runs by itself."""

    age: float
    succeeded: bool
    detail: str | None


def look() -> Look:
    """The numbers of this moment."""
    row = db.session.execute(LOOK).one()
    return Look(
        row.now,
        _seconds(row.seal_age),
        _seconds(row.oldest_chunk_age),
        _seconds(row.oldest_letter_age),
        _seconds(row.check_age),
        row.complaints,
        max(_seconds(row.journal_ahead) or 0.0, 0.0),
        row.letters_waiting,
        row.letters_failed,
    )


def jobs_by_state() -> dict[str, int]:
    """How many jobs there are in each state."""
    return {row[0]: row[1] for row in db.session.execute(JOBS)}


def signs() -> dict[str, Sign]:
    """The last signs of life, by name."""
    return {
        name: Sign(float(age), succeeded, detail)
        for name, age, succeeded, detail in db.session.execute(PULSES).all()
    }


def schema_revision() -> str | None:
    """The migration the database stands at."""
    return db.session.scalar(text("select version_num from alembic_version"))


def _seconds(age: object) -> float | None:
    return None if age is None else float(str(age))
