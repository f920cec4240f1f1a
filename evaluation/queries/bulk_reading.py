"""Who opened how many people's files, by the table of readings."""

from datetime import datetime

from sqlalchemy import text

from evaluation.extensions import db

# Reader by reader, for readings are indexed by reader and time and grow without end.
READERS = """
select account.person_id as reader_id, read.people
from account, lateral (
    select count(distinct reading.person_id) as people from reading
    where reading.reader_id = account.person_id and reading.at >= :since
      and reading.person_id <> account.person_id
) read
where read.people > :most and not exists (
    select from audit_event told
    where told.object_type = 'person' and told.object_id = account.person_id
      and told.action = 'readings.too_many' and told.at >= :since)
order by read.people desc, account.person_id
"""


def readers(since: datetime, most: int) -> list[tuple[int, int]]:
    """Readers of more than `most` other people's files since a moment, about whom nothing was written since then."""
    rows = db.session.execute(text(READERS), {"since": since, "most": most})
    return [(row.reader_id, row.people) for row in rows]
