"""Which rows a request left changed, told by the database itself: what a form did beside what it said."""

import re
from collections import Counter
from typing import Any

from sqlalchemy import text

from tests.access.trial import Court
from tests.conftest import owner_of

# Of every request, whatever it does: its session's last sign of life, and numbers of requests.
ASIDE = frozenset({"session", "sign_in_attempt", "alembic_version"})
# What a request that changes nothing may leave: that it was asked, read, or kept out.
TRACES = frozenset({"audit_event", "reading", "receipt"})
# Numbers that are drawn anew for each request, and the moment at which it was answered.
DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{64}|[0-9a-f]{32}|\br?[0-9a-f]{11,12}\b"
    r'|(?<="transaction": )\d+'
    r"|(?:2026-11-(?:09|10|11)|TODAY)T[\d:.]+(?:[+-]\d\d:\d\d)?"
)
FIRST = 5_000_000

Change = tuple[str, str]


class Ledger:
    """Reads what one transaction changed: rows younger than its beginning, and how many rows each table lost."""

    def __init__(self, court: Court) -> None:
        owner = owner_of(court.app)
        with owner.begin() as connection:
            names = connection.execute(
                text("select tablename from pg_tables where schemaname = 'public' order by tablename")
            ).scalars()
            self.tables = [name for name in names if name not in ASIDE]
            self.sequences = list(
                connection.execute(
                    text("select sequencename from pg_sequences where schemaname = 'public'")
                ).scalars()
            )
            day = str(connection.execute(text("select current_date")).scalar())
            self.drawn = re.compile(DRAWN.pattern.replace("TODAY", re.escape(day)))
        self.owner = owner
        self.court = court
        self.counts = self._counts(court.connection)
        court.connection.rollback()
        self.since: int = 0

    def same_numbers(self) -> None:
        """Two requests after this give their rows the same ids."""
        with self.owner.begin() as connection:
            connection.execute(
                text("select " + ", ".join(f"setval('{name}', {FIRST})" for name in self.sequences))
            )
            self.since = (
                connection.execute(text("select pg_current_xact_id()::text::bigint % 4294967296")).scalar()
                or 0
            )

    def ask(
        self, role: str, url: str, form: dict[str, Any], *, method: str = "POST"
    ) -> tuple[Any, Counter[Change]]:
        """One request, undone, and every row it left changed."""
        self.same_numbers()
        found: Counter[Change] = Counter()
        answer = self.court.ask(
            role, method, url, form, look=lambda connection: found.update(self._changes(connection))
        )
        return answer, found

    def _changes(self, connection: Any) -> list[Change]:
        young = " union all ".join(
            f"select '{name}', to_jsonb(one)::text from \"{name}\" one"
            f" where age(one.xmin) < age('{self.since}'::xid)"
            for name in self.tables
        )
        changed = [(name, self.drawn.sub("~", row)) for name, row in connection.execute(text(young))]
        lost = [
            (name, f"lost {self.counts[name]} to {count}")
            for name, count in self._counts(connection).items()
            if count < self.counts[name]
        ]
        return changed + lost

    def _counts(self, connection: Any) -> dict[str, int]:
        every = " union all ".join(f"select '{name}', count(*) from \"{name}\"" for name in self.tables)
        return {row[0]: row[1] for row in connection.execute(text(every))}


def beyond_traces(found: Counter[Change]) -> list[Change]:
    """The rows that are not traces: what was really changed; an event other than a denial or a reading is a change."""
    return [
        (table, row)
        for table, row in found
        if table not in TRACES
        or (table == "audit_event" and '"access.denied"' not in row and '"list.read"' not in row)
    ]
