"""Moving a whole database: PostgreSQL's own programs, chosen for the server, run as the role that owns the tables."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from evaluation.files.backup_envelope import BackupRefused
from evaluation.postgres import APP_ROLE, ServerUnavailable, wheel_programs

DEBIAN = Path("/usr/lib/postgresql")
PATIENCE = 60_000  # milliseconds that pg_dump waits for a lock, such as a migration's
# Rights of objects made later: written anew, because the dump names the role that owned the tables where it was made.
LATER = (
    f"grant usage on schema public to {APP_ROLE}",
    f"alter default privileges in schema public grant select, insert, update, delete on tables to {APP_ROLE}",
    f"alter default privileges in schema public grant usage, select on sequences to {APP_ROLE}",
    "create schema if not exists broker",
    f"grant usage, create on schema broker to {APP_ROLE}",
)
MAKE_ROLE = (
    f"do $$ begin if not exists (select from pg_roles where rolname = '{APP_ROLE}')"
    f" then create role {APP_ROLE} nologin; end if; end $$"
)


def engine_of(address: str | URL) -> Engine:
    """Connections to a database that are closed as soon as they are not needed."""
    return create_engine(address, poolclass=NullPool, connect_args={"application_name": "flask backup"})


@contextmanager
def commands_at(address: str | URL) -> Iterator[Connection]:
    """A connection whose every statement is a transaction of its own, to the server's database `postgres`."""
    engine = engine_of(make_url(address).set(database="postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def programs_for(connection: Connection, at_least: int = 0) -> tuple[Path, int, int]:
    """The folder of PostgreSQL's programs for this server, their version and the server's.

    Those of the server's own version are best; newer ones do, older ones cannot.
    """
    server = int(connection.scalar(text("select current_setting('server_version_num')::int / 10000")) or 0)
    found = sorted(_installed().items())
    wanted = max(server, at_least)
    for version, folder in found:
        if version >= wanted:
            return folder, version, server
    raise BackupRefused(
        f"PostgreSQL's programs of version {wanted} or newer are needed and the newest here are of"
        f" {found[-1][0] if found else 'no version'}: install postgresql-client-{wanted}."
    )


@contextmanager
def dumped(address: str, snapshot: str, programs: Path) -> Iterator[IO[bytes]]:
    """The database as of an exported snapshot, in pg_dump's custom format, as it comes; fails where pg_dump does.

    The broker's messages stay out: they are doorbells, and a doorbell of before must not ring after a restore.
    """
    command = [
        str(programs / "pg_dump"),
        "--format=custom",
        f"--snapshot={snapshot}",
        "--exclude-schema=broker",
        f"--lock-wait-timeout={PATIENCE}",
        "--no-password",
        f"--dbname={_libpq(address)}",
    ]
    with TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=_environment(address))
        try:
            assert process.stdout is not None
            yield process.stdout
            if process.wait() != 0:
                errors.seek(0)
                raise BackupRefused(f"pg_dump failed: {_reason(errors.read())}")
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def make_database(address: str | URL, name: str) -> URL:
    """A new empty database beside that of the address; its address."""
    with commands_at(address) as connection:
        try:
            connection.execute(text(MAKE_ROLE))
            connection.execute(text(f'create database "{name}" template template0'))
        except DBAPIError as problem:
            raise BackupRefused(
                f"The database {name} could not be made ({first_line(problem)}):"
                " the owner's role in OWNER_DATABASE_URL needs CREATEDB, and CREATEROLE the first time."
            ) from None
    return make_url(address).set(database=name)


def drop_database(address: str | URL, name: str) -> None:
    """Removes a database of ours, whoever looks at it."""
    with commands_at(address) as connection:
        connection.execute(text(f'drop database if exists "{name}" with (force)'))


def fill(address: URL, dump: Path, *, made_by: int, made_of: int) -> None:
    """Loads a dump, made by that version of pg_dump of that version of a server, into an empty database.

    The objects belong to the role of the address.
    """
    with engine_of(address).connect() as connection:
        programs, version, server = programs_for(connection, at_least=made_by)
    if server < made_of:
        raise BackupRefused(
            f"The backup is of PostgreSQL {made_of} and this server is {server}: an older server has not all the rights"
            f" and types in it. Restore into PostgreSQL {made_of} or newer."
        )
    command = [str(programs / "pg_restore"), "--no-owner", "--jobs=2", "--no-password"]
    if version == server:
        command.append("--exit-on-error")
    with NamedTemporaryFile("w", suffix=".list") as chosen:
        chosen.write("\n".join(_contents(programs, dump)))
        chosen.flush()
        done = subprocess.run(
            [*command, f"--use-list={chosen.name}", f"--dbname={_libpq(address)}", str(dump)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(address),
        )
    if done.returncode != 0 and not _only_unknown_setting(done.stderr):
        raise BackupRefused(f"pg_restore failed: {_reason(done.stderr)}")
    with engine_of(address).begin() as connection:
        for statement in LATER:
            connection.execute(text(statement))
        connection.execute(text("analyze"))


def first_line(problem: Exception) -> str:
    """What the database says, without the statement around it."""
    return str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]


def unreachable(problem: OperationalError) -> BackupRefused:
    """The sentence for a database that does not answer."""
    return BackupRefused(f"The database does not answer: {first_line(problem)}")


def _contents(programs: Path, dump: Path) -> list[str]:
    done = subprocess.run([str(programs / "pg_restore"), "--list", str(dump)], capture_output=True)
    if done.returncode != 0:
        raise BackupRefused(f"pg_restore cannot read the dump: {_reason(done.stderr)}")
    return [line for line in done.stdout.decode().splitlines() if " DEFAULT ACL " not in line]


def _installed() -> dict[int, Path]:
    found: dict[int, Path] = {}
    folders = [folder / "bin" for folder in sorted(DEBIAN.glob("*"))]
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).parent)
    with suppress(ServerUnavailable):
        folders.append(wheel_programs())
    for folder in folders:
        if not (folder / "pg_restore").exists():
            continue
        try:
            says = subprocess.run(
                [str(folder / "pg_dump"), "--version"], capture_output=True, text=True
            ).stdout
        except OSError:
            continue
        if version := re.search(r"\) (\d+)", says):
            found.setdefault(int(version[1]), folder)
    return found


def _libpq(address: str | URL) -> str:
    """The address without its password: other people of the machine see a program's arguments."""
    url = make_url(address)
    return URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string()


def _environment(address: str | URL) -> dict[str, str]:
    password = make_url(address).password
    own = {"PGPASSWORD": str(password)} if password else {}
    return {**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10", **own}


def _only_unknown_setting(errors: bytes) -> bool:
    """Newer programs set a limit that an older server does not know; nothing else may have gone wrong."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if "error:" in line]
    return bool(lines) and all("transaction_timeout" in line for line in lines)


def _reason(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line]
    return (told or lines or ["no reason given"])[0].removeprefix("pg_dump: ").removeprefix("pg_restore: ")
