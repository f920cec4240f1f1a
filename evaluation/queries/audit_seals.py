"""Questions for the sealer: the heads of all chains at one moment, the readings since the last seal, and the line of seals."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from evaluation.extensions import db
from evaluation.models import AuditHead, AuditSeal

LOCK = 20261124  # of the journal: its first part is for sealers, its second for readings
SEALERS, READINGS = 1, 2
PATIENCE = "2s"  # readers wait no longer than this behind a sealer that waits for one of them
AT_ONCE = 500

# What of a reading is sealed; the text is the same for whoever works it out again.
READING = """
    sha256(convert_to(jsonb_build_array(
        reading.id, to_char(reading.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), reading.reader_id,
        reading.on_behalf_of_id, reading.person_id, reading.object_type, reading.object_id, reading.how, reading.relation,
        reading.request_id
    )::text, 'UTF8'))
"""

SINCE = text(
    f"""
    select coalesce(max(reading.id), :after) as last,
           sha256(coalesce(string_agg({READING}, ''::bytea order by reading.id), ''::bytea)) as hash
    from reading where reading.id > :after
    """
)


@dataclass(frozen=True, slots=True)
class Readings:
    """The last reading that a seal covers, and the hash over all since the seal before."""

    last: int
    hash: bytes


def wait_for_other_sealers() -> None:
    """Only one seal is made at a time; the lock goes with the transaction."""
    db.session.execute(text("select pg_advisory_xact_lock(:lock, :part)"), {"lock": LOCK, "part": SEALERS})


def no_reading_is_being_written() -> bool:
    """Takes the lock under which readings get their numbers, until commit; False when a long transaction holds it."""
    try:
        with db.session.begin_nested():
            db.session.execute(text(f"set local lock_timeout = '{PATIENCE}'"))
            db.session.execute(
                text("select pg_advisory_xact_lock(:lock, :part)"), {"lock": LOCK, "part": READINGS}
            )
            db.session.execute(text("set local lock_timeout = 0"))
    except OperationalError:
        return False
    return True


def heads() -> dict[str, list[int | str]]:
    """The newest link of every chain, at one moment: chain → [seq, hash in hexadecimal]."""
    rows = db.session.execute(
        select(AuditHead.chain, AuditHead.seq, AuditHead.hash).order_by(AuditHead.chain)
    )
    return {str(chain): [seq, of.hex()] for chain, seq, of in rows}


def readings_since(after: int) -> Readings:
    """The readings behind a number."""
    row = db.session.execute(SINCE, {"after": after}).one()
    return Readings(row.last, row.hash)


def newest() -> AuditSeal | None:
    """The newest seal."""
    return db.session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


def heads_since(number: int) -> Iterator[dict[str, list[int | str]]]:
    """The heads that each seal names, from a number on, in order."""
    return iter(
        db.session.scalars(
            select(AuditSeal.heads).where(AuditSeal.number >= number).order_by(AuditSeal.number)
        )
    )


def seals_after(number: int) -> Iterator[AuditSeal]:
    """Seals behind a number, in order, never all in memory."""
    return iter(
        db.session.scalars(
            select(AuditSeal)
            .where(AuditSeal.number > number)
            .order_by(AuditSeal.number)
            .execution_options(yield_per=AT_ONCE)
        )
    )
