"""Stored imports, read in pages: a batch of 80,000 rows is never loaded to show fifty."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import defer

from evaluation.extensions import db
from evaluation.models import ImportBatch, ImportNoun, Person

_HEAVY = (
    defer(ImportBatch.rows),
    defer(ImportBatch.errors),
    defer(ImportBatch.warnings),
    defer(ImportBatch.changes),
)
_LISTS = {
    "errors": "errors",
    "warnings": "warnings",
    "changes": "changes -> 'lines'",
}


def batch(batch_id: int, *, lock: bool = False) -> ImportBatch | None:
    """A batch without its long lists."""
    return db.session.get(
        ImportBatch, batch_id, options=_HEAVY, with_for_update=lock or None, populate_existing=lock
    )


def summary(batch_id: int) -> dict[str, Any]:
    """Counts of a batch: changes by what they do, warnings, rows."""
    found, warnings, rows = db.session.execute(
        text(
            "select changes - 'lines', jsonb_array_length(warnings), jsonb_array_length(rows)"
            " from import_batch where id = :id"
        ),
        {"id": batch_id},
    ).one()
    return {**found, "warnings": warnings, "rows": found.get("rows", rows)}


def part(batch_id: int, which: str, first: int, count: int) -> list[Any]:
    """Some entries of a batch's errors, warnings or changes."""
    return (
        db.session.scalar(
            text(
                f"select jsonb_path_query_array({_LISTS[which]}, '$[$first to $last]',"
                " jsonb_build_object('first', cast(:first as int), 'last', cast(:last as int)))"
                " from import_batch where id = :id"
            ),
            {"id": batch_id, "first": first, "last": first + count - 1},
        )
        or []
    )


def latest(uploaded_by: int | None, noun: ImportNoun | None = None, limit: int = 20) -> list[Any]:
    """The newest batches (of one person unless None) with the uploader's name."""
    found = (
        select(
            ImportBatch.id,
            ImportBatch.noun,
            ImportBatch.file_name,
            ImportBatch.state,
            ImportBatch.uploaded_at,
            ImportBatch.error_count,
            Person.full_name,
        )
        .outerjoin(Person, Person.id == ImportBatch.uploaded_by)
        .order_by(ImportBatch.id.desc())
        .limit(limit)
    )
    if uploaded_by is not None:
        found = found.where(ImportBatch.uploaded_by == uploaded_by)
    if noun is not None:
        found = found.where(ImportBatch.noun == noun)
    return list(db.session.execute(found))
