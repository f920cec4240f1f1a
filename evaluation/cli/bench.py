"""`flask bench`: what the machine at hand makes of a whole province, as ratios measured in one run."""

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby, repeat
from multiprocessing import get_context
from pathlib import Path

import click
import psycopg
from flask import Flask, current_app
from flask.cli import AppGroup
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url

from evaluation.extensions import db
from evaluation.models import Period, Stage
from evaluation.queries.sums import work_and_general
from evaluation.rules.periods import Month
from evaluation.rules.terms import sql_terms
from evaluation.services import rollups, rulebooks

MOST_RATIO = 3
MOST_MEMORY = 1024  # MiB a process
HANDS = 2  # as many as the workers that `make run` starts

commands = AppGroup("bench", help="Measure speed on this machine; nothing here is a test.")

# The same four sums over the same lines, one row an official, and nothing else.
BARE = """
with wanted as not materialized (
    select id as report_id from report where period_id = :period_id and state in ('CONFIRMED', 'PUBLISHED')
),
{sums}
select count(*), sum(assigned), sum(done), sum(quality), sum(progress) from work
"""


@commands.command("rollup")
@click.option("--officials", default=80_000, show_default=True, help="Size of the province.")
@click.option("--rounds", default=3, show_default=True, help="Measured rounds; the median counts.")
@click.option("--seed", default=7, show_default=True)
def rollup(officials: int, rounds: int, seed: int) -> None:
    """Roll up one month of a province, beside the bare aggregate query over the same lines.

    The province lies in a database of its own on the same server and is built the first time only.
    """
    address, fresh = bench_database(f"bench_{officials}_{seed}")
    environment = os.environ | {"DATABASE_URL": address, "DATA_DIR": str(current_app.config["DATA_DIR"])}
    if fresh:
        click.echo(f"Building {officials} officials and one month …")
        started = time.monotonic()
        _flask(environment, "db", "upgrade")
        _flask(environment, "demo", "build", f"--officials={officials}", "--months=1", f"--seed={seed}")
        click.echo(f"built in {time.monotonic() - started:.0f} s")
    _flask(environment, "bench", "measure-rollup", f"--rounds={rounds}")


@commands.command("measure-rollup", hidden=True)
@click.option("--rounds", default=3)
def measure_rollup(rounds: int) -> None:
    """The measuring half, in a process of its own so that its memory is its own."""
    month = _fullest_month()
    click.echo(f"{month}: {_lines(month)} lines")
    db.session.execute(text("analyze"))
    db.session.commit()
    _bare(month)  # both start with the lines in memory
    bare, whole = [], []
    with PeakMemory() as memory, Workers() as workers:
        for number in range(1, rounds + 1):
            bare.append(_timed(lambda: _bare(month)))
            whole.append(_timed(lambda: workers.roll_up(month)))
            click.echo(
                f"round {number}: bare query {bare[-1]:.2f} s, roll-up {whole[-1]:.2f} s, ratio {whole[-1] / bare[-1]:.2f}"
            )
    ratio = statistics.median(one / other for one, other in zip(whole, bare, strict=True))
    click.echo(
        f"median: bare query {statistics.median(bare):.2f} s, roll-up {statistics.median(whole):.2f} s,"
        f" ratio {ratio:.2f} (at most {MOST_RATIO})"
    )
    click.echo(
        f"peak memory: Python {memory.own} MiB, database {memory.server} MiB a process (at most {MOST_MEMORY})"
    )
    click.echo(str(rollups.figures(month)))
    if ratio > MOST_RATIO or max(memory.own, memory.server) > MOST_MEMORY:
        sys.exit(1)


def bench_database(name: str) -> tuple[str, bool]:
    """A database of its own on the application's server, and whether it is new; one left half built is built again."""
    db.engine.connect().close()  # the embedded server starts at the first connection
    own = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    address = own.set(database=name)
    plain = own.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if known is not None and _is_built(
            address.set(drivername="postgresql").render_as_string(hide_password=False)
        ):
            return address.render_as_string(hide_password=False), False
        try:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except psycopg.Error as problem:
            raise click.ClickException(
                f"The database {name} could not be made: {problem}. The role needs the right CREATEDB."
            ) from problem
    return address.render_as_string(hide_password=False), True


def _is_built(address: str) -> bool:
    with psycopg.connect(address) as connection:
        table = connection.execute("select to_regclass('score_sheet')").fetchone()
        if table is None or table[0] is None:
            return False
        return (
            connection.execute("select 1 from score_sheet where stage = 'FINAL' limit 1").fetchone()
            is not None
        )


def _flask(environment: dict[str, str], *arguments: str) -> None:
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=checkout,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)


def _fullest_month() -> Month:
    day = db.session.scalar(
        text(
            "select period.month from period join report on report.period_id = period.id"
            " where report.state in ('CONFIRMED', 'PUBLISHED') and period.cycle = 'MONTH'"
            " group by period.month order by count(*) desc limit 1"
        )
    )
    if day is None:
        raise click.ClickException("This database holds no finished month to roll up.")
    return Month.of(day)


def _lines(month: Month) -> int:
    return (
        db.session.scalar(
            text(
                "select count(*) from work_item join report on report.id = work_item.report_id"
                " join period on period.id = report.period_id where period.month = :day and period.cycle = 'MONTH'"
            ),
            {"day": month.first_day},
        )
        or 0
    )


def _bare(month: Month) -> None:
    period_id = db.session.scalar(
        db.select(Period.id).where(Period.month == month.first_day, Period.cycle == month.cycle)
    )
    book = rulebooks.shelf().for_day("evaluation", month.first_day)
    statement = BARE.format(sums=work_and_general(Stage.FINAL, "wanted"))
    db.session.execute(
        text(statement), {"period_id": period_id, **sql_terms(book, month.first_day).parameters()}
    ).all()
    db.session.rollback()


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


class Workers:
    """As many processes as `make run` gives its worker, each with connections of its own, waiting for pieces."""

    def __init__(self) -> None:
        application = current_app._get_current_object()  # type: ignore[attr-defined]
        db.session.remove()
        self._pool = ProcessPoolExecutor(
            HANDS, mp_context=get_context("fork"), initializer=_begin_worker, initargs=(application,)
        )

    def __enter__(self) -> "Workers":
        list(self._pool.map(_ready, range(HANDS * 4)))
        return self

    def __exit__(self, *_raised: object) -> None:
        self._pool.shutdown()

    def roll_up(self, month: Month) -> None:
        """The month's pieces in their order; those of one step side by side, as workers take them."""
        arguments = {"month": str(month)}
        for _step, pieces in groupby(rollups.plan(arguments), key=lambda piece: piece.step):
            list(self._pool.map(rollups.run_piece, repeat(arguments), [piece.arguments for piece in pieces]))
        rollups.figures(month)


def _begin_worker(application: Flask) -> None:
    application.app_context().push()
    db.engine.dispose(close=False)  # a forked child must not speak on its parent's connections


def _ready(_number: int) -> None:
    rulebooks.shelf()  # a worker has read the law long before the month ends
    db.session.execute(text("select 1"))
    db.session.commit()


class PeakMemory:
    """The most memory (MiB) of any process of ours and of any process of the database server while it is open."""

    def __init__(self) -> None:
        self.own = 0
        self.server = 0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._watcher.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._watcher.join()
        most = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        self.own = most // 1024

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            for place in Path("/proc").glob("[0-9]*"):
                self.server = max(self.server, _resident_of_postgres(place))


def _resident_of_postgres(place: Path) -> int:
    """MiB that a process of PostgreSQL has in memory, shared buffers included; 0 for any other process."""
    try:
        if (place / "comm").read_text().strip() != "postgres":
            return 0
        pages = int((place / "statm").read_text().split()[1])
    except (OSError, ValueError):
        return 0
    return pages * resource.getpagesize() // 1024**2
