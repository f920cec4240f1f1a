"""What guards the journal in the database itself: triggers, functions and rights, as the catalogue of the database has them."""

from collections.abc import Iterator

from sqlalchemy import text

from evaluation.extensions import db

CHAINED = ("audit_event", "audit_event_is_chained")
NUMBERED = ("reading", "reading_numbered")
# The bodies of the functions that link events and refuse changes, by the first digits of their SHA-256.
BODIES = {
    "audit_payload": "5e1865ea1dd525c2",
    "audit_hash": "00e6ad2862d7dfe0",
    "audit_link_events": "815245edd2de0f8e",
    "audit_event_committed": "c512b0602d2f78bd",
    "only_grows": "6cb05798d5d5047a",
    "reading_numbered": "8d325c4ff9106e23",
}


def growing() -> list[str]:
    """The tables that only grow."""
    tables = db.metadata.tables.values()
    return sorted(table.name for table in tables if table.info.get("append_only"))


def read_only() -> list[str]:
    """The tables that only the database's own functions write."""
    tables = db.metadata.tables.values()
    return sorted(table.name for table in tables if table.info.get("read_only"))


def triggers() -> dict[tuple[str, str], bool]:
    """Each trigger of our tables, and whether it is on."""
    rows = db.session.execute(
        text(
            "select tgrelid::regclass::text as tablename, tgname, tgenabled in ('O', 'A') as works from pg_trigger"
            " where not tgisinternal"
        )
    )
    return {(row.tablename, row.tgname): row.works for row in rows}


def bodies() -> dict[str, str]:
    """The text of the functions, shortened to the first digits of its hash."""
    rows = db.session.execute(
        text(
            "select proname, left(encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'), 16) as body"
            " from pg_proc where pronamespace = 'public'::regnamespace and proname = any(:names)"
        ),
        {"names": list(BODIES)},
    )
    return {row.proname: row.body for row in rows}


def replicates() -> bool:
    """Whether this session was told to leave triggers out."""
    return db.session.scalar(text("select current_setting('session_replication_role')")) == "replica"


def rights_too_many() -> Iterator[tuple[str, str]]:
    """Rights of the role we are connected as that nobody but the owner may have: (table, right)."""
    wanted = [(table, right) for table in growing() for right in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")]
    wanted += [
        (table, right) for table in read_only() for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
    ]
    rows = db.session.execute(
        text(
            "select asked.tablename, asked.wanted from unnest(cast(:tables as text[]), cast(:rights as text[]))"
            " as asked(tablename, wanted) where to_regclass(asked.tablename) is not null"
            " and has_table_privilege(current_user, asked.tablename, asked.wanted) order by 1, 2"
        ),
        {"tables": [one[0] for one in wanted], "rights": [one[1] for one in wanted]},
    )
    return ((row.tablename, row.wanted) for row in rows)


def is_owner() -> bool:
    """Whether we are connected as a role that could switch the guards off: the owner, or above all rights."""
    return bool(
        db.session.scalar(
            text(
                "select (select rolsuper from pg_roles where rolname = current_user)"
                " or pg_has_role(current_user, (select tableowner from pg_tables where tablename = 'audit_event'"
                " and schemaname = 'public'), 'USAGE')"
            )
        )
    )
