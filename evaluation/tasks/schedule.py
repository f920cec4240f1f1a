"""One table: which job, when (Vietnam's time), and why then."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from evaluation import jobs


@dataclass(frozen=True)
class Entry:
    """One line of the timetable."""

    job: str
    when: Any
    why: str


TIMETABLE = [
    Entry(
        jobs.RESUME_JOBS,
        timedelta(seconds=30),
        "a worker that died leaves a lease; nobody waits longer than a minute",
    ),
    Entry(
        jobs.OPEN_MONTH,
        crontab(hour=0, minute=10),
        "daily, so that a server that was off on the 1st catches up",
    ),
    Entry(jobs.REMIND, crontab(hour=7, minute=30), "before the working day begins"),
    Entry(
        jobs.REMIND_OF_PETITIONS,
        crontab(hour=7, minute=35),
        "the last day for an answer is counted in working days",
    ),
    Entry(
        jobs.ROLL_UP_DUE,
        crontab(hour=1, minute=15),
        "nightly, after the day's late submissions and before backups",
    ),
    Entry(
        jobs.CLOSE_UNUSED_ACCOUNTS,
        crontab(hour=0, minute=20),
        "on the day after an official left, before anybody signs in",
    ),
    Entry(
        jobs.LOOK_FOR_BULK_READING,
        timedelta(minutes=5),
        "an inspector hears of somebody who reads everything while it goes on",
    ),
    Entry(
        jobs.LOOK_FOR_MUTUAL_SCORES,
        crontab(hour=2, minute=10),
        "nightly, after the day's scores; the inspector looks before the month is published",
    ),
    Entry(
        jobs.SEND_LETTERS,
        timedelta(minutes=1),
        "a letter whose doorbell was lost, or whose time to be tried again has come",
    ),
    Entry(
        jobs.SEAL,
        timedelta(minutes=5),
        "what is written between two seals is what a database's owner could still rewrite",
    ),
    Entry(
        jobs.CHECK_AUDIT,
        crontab(hour=2, minute=30),
        "nightly, when the roll-ups of 01:15 are done; what it finds stops closing the next morning",
    ),
    Entry(
        jobs.CHECK_GUARD,
        crontab(minute=50),
        "hourly: a trigger switched off, or a right too many, is told before much is written without it",
    ),
    Entry(
        jobs.SWEEP_SESSIONS,
        crontab(minute=20),
        "hourly, so that the list of open sessions tells the truth and old tries are forgotten",
    ),
    Entry(
        jobs.SWEEP_BROKER,
        crontab(hour=3, minute=40),
        "delivered messages stay in the database until someone sweeps",
    ),
]


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The timetable as Celery beat reads it; a message nobody took before its successor comes is dropped."""
    return {
        entry.job: {"task": entry.job, "schedule": entry.when, "options": {"expires": _patience(entry.when)}}
        for entry in TIMETABLE
    }


def _patience(when: Any) -> int:
    return int(when.total_seconds()) if isinstance(when, timedelta) else 20 * 3600
