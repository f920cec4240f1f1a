"""The broker in the database that survives losing its own tables: messages are doorbells, so empty tables lose no work."""

from typing import Any

from kombu.transport import sqlalchemy as kombu_sqlalchemy
from kombu.transport.sqlalchemy.models import metadata
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

MENDING = 335_2026  # of several processes that miss the tables one makes them


class MendingChannel(kombu_sqlalchemy.Channel):
    """Every use of a queue begins here: after a failure it starts afresh, with new tables if they are gone."""

    def _get_or_create(self, queue: str) -> Any:
        try:
            return super()._get_or_create(queue)
        except SQLAlchemyError:
            self.session.rollback()
            with self.session.get_bind().begin() as connection:
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MENDING})
                metadata.create_all(connection)
            return super()._get_or_create(queue)
