"""What a whole database holds, in numbers that can be compared: rows of every table, heads of the chains, the newest seal.

Works on a connection of its own, because it looks at databases that the application does not use.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

GENERATION = 1_000_000  # how far the numbers of jobs leap when a database was restored


@dataclass(frozen=True, slots=True)
class LostEvents:
    """Events of one chain that a database has and its backup has not."""

    chain: int
    first: int
    last: int
    since: str
    until: str


def read(connection: Connection) -> dict[str, Any]:
    """Revision, rows of every table, heads and newest seal, as JSON keeps them; one snapshot if the transaction has one."""
    return {
        "schema": revision(connection),
        "counts": _counts(connection),
        "heads": _heads(connection),
        "seal": _newest_seal(connection),
        "bytes": connection.scalar(text("select pg_database_size(current_database())")),
    }


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """A sentence for each thing that is not as the manifest says."""
    says = []
    if wanted["schema"] != found["schema"]:
        says.append(f"the schema is {found['schema']}, not {wanted['schema']}")
    for table in sorted(wanted["counts"].keys() | found["counts"].keys()):
        then, now = wanted["counts"].get(table), found["counts"].get(table)
        if then != now:
            says.append(f"table {table} has {now} rows, not {then}")
    then_heads, now_heads = _by_chain(wanted["heads"]), _by_chain(found["heads"])
    for chain in sorted(then_heads.keys() | now_heads.keys()):
        if then_heads.get(chain) != now_heads.get(chain):
            says.append(f"chain {chain} of the journal ends otherwise")
    if wanted["seal"] != found["seal"]:
        says.append("the newest seal is another one")
    return says


def revision(connection: Connection) -> str | None:
    """The schema's revision; None where nothing was ever migrated."""
    if connection.scalar(text("select to_regclass('public.alembic_version')")) is None:
        return None
    return connection.scalar(text("select version_num from alembic_version"))


def people(connection: Connection) -> int:
    """How many people the database knows; 0 where it has no such table."""
    if connection.scalar(text("select to_regclass('public.person')")) is None:
        return 0
    return int(connection.scalar(text("select count(*) from person")) or 0)


def other_sessions(connection: Connection, database: str) -> list[str]:
    """Who else is connected to a database of this server."""
    rows = connection.execute(
        text(
            "select format('%s (process %s, role %s)', coalesce(nullif(application_name, ''), 'unnamed'), pid, usename)"
            " from pg_stat_activity where datname = :database and pid <> pg_backend_pid()"
            " and backend_type = 'client backend' order by pid"
        ),
        {"database": database},
    )
    return list(rows.scalars())


def missing_events(connection: Connection, heads: list[list[Any]]) -> tuple[list[LostEvents], list[int]]:
    """What this database's journal has beyond these heads, chain by chain, and the chains that went another way before.

    A head that is not among the links here means that the two databases do not share that chain's history.
    """
    if connection.scalar(text("select to_regclass('public.audit_link')")) is None:
        return [], []
    known = _by_chain(heads)
    strange = [
        chain
        for chain, (seq, digest) in sorted(known.items())
        if connection.scalar(
            text("select encode(hash, 'hex') from audit_link where chain = :chain and seq = :seq"),
            {"chain": chain, "seq": seq},
        )
        != digest
    ]
    lost = []
    for chain, head in connection.execute(text("select chain, seq from audit_head order by chain")).all():
        first = known.get(chain, (0, ""))[0] + 1
        if head < first:
            continue
        since, until = connection.execute(
            text(
                "select min(e.at)::text, max(e.at)::text from audit_link l join audit_event e on e.id = l.event_id"
                " where l.chain = :chain and l.seq >= :first"
            ),
            {"chain": chain, "first": first},
        ).one()
        lost.append(LostEvents(chain, first, head, since, until))
    return lost, strange


def cut_off_old_messages(connection: Connection) -> int:
    """Puts running work back and moves the numbers of jobs on, so that no message of before names a job of after.

    Returns how many jobs wait. A chunk's lease is given up: who held it finds that it is not theirs any more.
    """
    connection.execute(
        text(
            "update job_chunk set state = 'QUEUED', leased_until = null, leased_by = null, attempts = 0"
            " where state = 'RUNNING'"
        )
    )
    connection.execute(text("update job set state = 'QUEUED' where state = 'RUNNING'"))
    for table in ("job", "job_chunk"):
        connection.execute(
            text(
                f"select setval(pg_get_serial_sequence('{table}', 'id'),"
                f" ((select coalesce(max(id), 0) from {table}) / {GENERATION} + 1) * {GENERATION})"
            )
        )
    return int(connection.scalar(text("select count(*) from job where state = 'QUEUED'")) or 0)


def end_sessions(connection: Connection) -> int:
    """Everybody signs in again, and leave to choose a password that was given before is over."""
    ended = connection.execute(
        text("update session set ended_at = now(), ended_because = 'restored' where ended_at is null")
    ).rowcount
    connection.execute(
        text("update password_ticket set ends_at = now() where used_at is null and ends_at > now()")
    )
    return ended


def _counts(connection: Connection) -> dict[str, int]:
    tables = connection.execute(
        text(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind = 'r' order by c.relname"
        )
    ).scalars()
    return {
        table: int(connection.scalar(text(f'select count(*) from public."{table}"')) or 0)
        for table in tables.all()
    }


def _heads(connection: Connection) -> list[list[Any]]:
    if connection.scalar(text("select to_regclass('public.audit_head')")) is None:
        return []
    rows = connection.execute(
        text("select chain, seq, encode(hash, 'hex') as hash from audit_head order by chain")
    )
    return [list(row) for row in rows]


def _newest_seal(connection: Connection) -> dict[str, Any] | None:
    if connection.scalar(text("select to_regclass('public.audit_seal')")) is None:
        return None
    row = connection.execute(
        text(
            "select number, to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as at, events,"
            " encode(root, 'hex') as root, key_id, encode(signature, 'hex') as signature"
            " from audit_seal order by number desc limit 1"
        )
    ).one_or_none()
    return None if row is None else dict(row._mapping)


def _by_chain(heads: list[list[Any]]) -> dict[int, tuple[int, str]]:
    return {chain: (seq, digest) for chain, seq, digest in heads}
