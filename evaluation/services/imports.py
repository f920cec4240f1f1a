"""Imports of spreadsheets: read and compared first, applied only when a person confirms what they saw."""

import hashlib
import os
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.says import FileRefused, RowError
from evaluation.files.sheets import OutColumn, write_table
from evaluation.models import ImportBatch, ImportNoun, ImportState
from evaluation.queries import imports as questions
from evaluation.queries import organisation
from evaluation.rules.names import clean_name
from evaluation.rules.permissions import Role
from evaluation.services import audit, receipts
from evaluation.services.access import Actor
from evaluation.services.import_kinds import KINDS, kind_of
from evaluation.services.import_plans import (
    Diff,
    ImportKind,
    Options,
    Reading,
    error_in,
    error_out,
    row_out,
    rows_in,
)
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

__all__ = ["KINDS", "apply_file", "batch_for", "check", "confirm", "discard", "error_report", "preview"]


class SecondPerson(StrEnum):
    """What an import that ends very many still needs."""

    TO_BE_ASKED = "TO_BE_ASKED"
    WAITED_FOR = "WAITED_FOR"
    IS_ACTING = "IS_ACTING"


def read(kind: ImportKind, data: bytes) -> Reading:
    """The file's rows, errors, warnings and conversions; Invalid with a sentence when nothing can be read."""
    try:
        found = kind.read(data)
    except FileRefused as refused:
        raise Invalid([Fault("file", refused.message(_))]) from None
    if not found.rows and not found.errors:
        raise Invalid(
            [
                Fault(
                    "file",
                    _(
                        "The table has a header but no rows. Check that you chose the right file and upload it again."
                    ),
                )
            ]
        )
    return Reading(list(found.rows), list(found.errors), list(found.warnings), list(found.conversions))


def compare(kind: ImportKind, reading: Reading, options: Options, scope: Collection[int] | None) -> Diff:
    """What the good rows would change in the database as it stands."""
    bad = reading.bad()
    return kind.compare([row for row in reading.rows if (row.sheet, row.row) not in bad], options, scope)


def check(actor: Actor | None, noun: str, data: bytes, options: Options) -> tuple[Reading, Diff]:
    """Reads and compares without storing anything (the dry run); all errors are in the reading."""
    kind = kind_of(noun)
    scope = kind.scope(actor, options)
    reading = read(kind, data)
    diff = compare(kind, reading, options, scope)
    reading.errors.extend(diff.errors)
    reading.warnings.extend(diff.warnings)
    return reading, diff


def preview(
    actor: Actor,
    noun: str,
    *,
    name: str,
    data: bytes,
    options: Options,
    transaction_id: str | None = None,
) -> ImportBatch:
    """Keeps the file as read and what it would change; nothing of the register is touched."""
    kind = kind_of(noun)
    known = receipts.taken(actor, transaction_id, "import.previewed")
    if known:
        return db.session.get_one(ImportBatch, known["batch_id"])
    reading, diff = check(actor, noun, data, options)
    diff.plan = None  # only an application needs it; with 80,000 rows it is a hundred megabytes
    batch = _new_batch(actor, kind, name, data, options, reading, diff)
    del diff
    batch.rows = _stored(reading.rows)
    db.session.add(batch)
    audit.record(actor, "import.previewed", batch, after={"noun": kind.noun, "sha256": batch.sha256})
    receipts.keep(transaction_id, {"batch_id": batch.id})
    db.session.commit()
    return batch


def _stored(rows: list[Any]) -> list[Any]:
    """Rows as JSON lists, each in the place of the object it came from, so that both never stand side by side."""
    for index, row in enumerate(rows):
        rows[index] = row_out(row)
    return rows


def _new_batch(
    actor: Actor | None,
    kind: ImportKind,
    name: str,
    data: bytes,
    options: Options,
    reading: Reading,
    diff: Diff,
) -> ImportBatch:
    return ImportBatch(
        noun=kind.noun,
        file_name=clean_name(name.replace("\\", "/").rsplit("/", 1)[-1])[:200] or "file.xlsx",
        stored_name=_store(data),
        sha256=hashlib.sha256(data).hexdigest(),
        options={
            "day": options.day.isoformat(),
            "complete": options.complete,
            "more": dict(options.more),
            "conversions": [
                {
                    "sheet": conversion.sheet,
                    "column": conversion.column,
                    "font": conversion.font.value,
                    "changed": conversion.changed,
                    "samples": [[s.row, s.before, s.after] for s in conversion.samples],
                }
                for conversion in reading.conversions
            ],
        },
        rows=[],
        errors=[error_out(error) for error in reading.errors],
        warnings=[error_out(warning) for warning in reading.warnings],
        changes=diff.summary() | {"rows": len(reading.rows)},
        error_count=len(reading.errors),
        uploaded_by=actor.person_id if actor else None,
        uploaded_at=clock.now(),
    )


def _store(data: bytes) -> str:
    """The raw file under a name of ours, whole or not at all."""
    folder = Path(current_app.config["IMPORTS_DIR"])
    name = f"{uuid4().hex}.xlsx"
    unfinished = folder / f"{name}.part"
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / name)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise Conflict(_("The file could not be stored. Please try again later.")) from None
    return name


def options_of(batch: ImportBatch) -> Options:
    """What was chosen when the file was uploaded."""
    return Options(
        day=date.fromisoformat(batch.options["day"]),
        complete=batch.options["complete"],
        more=batch.options.get("more", {}),
    )


def batch_for(actor: Actor, batch_id: int, *, lock: bool = False) -> ImportBatch:
    """A batch for its uploader, or for who looks after the whole register; to others it looks missing."""
    batch = questions.batch(batch_id, lock=lock)
    if batch is None:
        raise Missing(_("There is no such import."))
    try:
        KINDS[batch.noun].scope(actor, options_of(batch))
    except Forbidden:
        raise Missing(_("There is no such import.")) from None
    if batch.uploaded_by != actor.person_id and not sees_all(actor):
        raise Missing(_("There is no such import."))
    return batch


def sees_all(actor: Actor) -> bool:
    """Whether the actor looks after a whole register: Home Affairs or administrator of a top unit."""
    tops = [
        unit_id
        for role in (Role.HOME_AFFAIRS, Role.ADMINISTRATOR)
        for unit_id in actor.standing.units_of(role)
    ]
    return any(len(organisation.ancestors(unit_id, actor.standing.day)) == 1 for unit_id in tops)


def confirm(
    actor: Actor,
    batch_id: int,
    *,
    consent: bool = False,
    only_valid: bool = False,
    transaction_id: str | None = None,
) -> dict[str, Any]:
    """Applies what the preview showed, in one transaction; refused when the register has changed since.

    Rows with errors need the choice “only the valid rows”, converted fonts a consent; ending more than 5 % of the
    running main assignments of the agencies in the file (and more than one) needs two people: the first asks, another who
    looks after the whole register confirms the same changes.
    """
    known = receipts.taken(actor, transaction_id, "import.applied")
    if known:
        return known
    batch = batch_for(actor, batch_id, lock=True)
    _refuse_wrong_state(batch)
    _refuse_unconfirmed(batch, consent=consent, only_valid=only_valid)
    kind, options = KINDS[batch.noun], options_of(batch)
    scope = kind.scope(actor, options)
    db.session.execute(text(f"lock table {', '.join(kind.tables)} in share row exclusive mode"))
    bad = {(error[0], error[1]) for error in batch.errors}
    rows = [row for row in rows_in(kind.row_type, batch.rows) if (row.sheet, row.row) not in bad]
    diff = kind.compare(rows, options, scope)
    summary = questions.summary(batch.id)
    if diff.errors or diff.fingerprint() != summary["fingerprint"]:
        _show_anew(batch, diff, summary["rows"])
    if not diff.changes:
        raise Conflict(_("This file changes nothing: the register already says the same."))
    if diff.ends_too_many():
        _need_a_second_person(actor, batch, diff)
    counts = _write(actor, kind, batch, diff, options)
    receipts.keep(transaction_id, counts)
    _commit()
    return counts


def _refuse_wrong_state(batch: ImportBatch) -> None:
    if batch.state is ImportState.APPLIED:
        raise Conflict(_("This import has already been applied."))
    if batch.state is ImportState.DISCARDED:
        raise Conflict(_("This import was discarded. Upload the file again."))


def _refuse_unconfirmed(batch: ImportBatch, *, consent: bool, only_valid: bool) -> None:
    faults = []
    if batch.error_count and not only_valid:
        faults.append(
            Fault(
                "only_valid",
                _(
                    "The file has %(count)s errors. Correct it and upload it again, or choose to apply only the rows"
                    " without errors.",
                    count=batch.error_count,
                ),
            )
        )
    if batch.options["conversions"] and not consent:
        faults.append(
            Fault(
                "consent",
                _("Look at the converted columns and agree to the conversion, or discard the import."),
            )
        )
    if faults:
        raise Invalid(faults)


def step_of_two(actor: Actor, batch: ImportBatch, fingerprint: str) -> SecondPerson:
    """Where an import that ends very many stands between the two people it needs, for this one of them."""
    asked = batch.options.get("asked") or {}
    if asked.get("fingerprint") != fingerprint:
        return SecondPerson.TO_BE_ASKED
    if asked["by"] == actor.person_id or not sees_all(actor):
        return SecondPerson.WAITED_FOR
    return SecondPerson.IS_ACTING


def _need_a_second_person(actor: Actor, batch: ImportBatch, diff: Diff) -> None:
    """Passes only the second of two; what the first did is kept, and the sentence says what happens next."""
    step = step_of_two(actor, batch, diff.fingerprint())
    if step is SecondPerson.IS_ACTING:
        return
    if step is SecondPerson.TO_BE_ASKED:
        asked = {"by": actor.person_id, "at": clock.now().isoformat(), "fingerprint": diff.fingerprint()}
        batch.options = {**batch.options, "asked": asked}
        audit.record(actor, "import.asked", batch, after={"ends": diff.ends, "running": diff.running})
        db.session.commit()
    raise Conflict(
        _(
            "This import would end %(ends)s of the %(running)s running main assignments of the agencies in the file, more than"
            " 5%%. Nothing was applied: it waits for a second person of Home Affairs or administration of the whole register.",
            ends=diff.ends,
            running=diff.running,
        )
    )


def _refuse_ending_too_many(diff: Diff) -> None:
    if diff.ends_too_many():
        raise Conflict(
            _(
                "This import would end %(ends)s of the %(running)s running main assignments of the agencies in the file,"
                " more than 5%%. It looks like the wrong file. If it is right, end the assignments on the people's own pages.",
                ends=diff.ends,
                running=diff.running,
            )
        )


def _show_anew(batch: ImportBatch, diff: Diff, rows: int) -> None:
    """Stores the comparison with the register as it is now, so that a person looks at that one."""
    batch.changes = diff.summary() | {"rows": rows}
    if diff.errors:
        batch.errors = [*batch.errors, *(error_out(error) for error in diff.errors)]
        batch.error_count = len(batch.errors)
    db.session.commit()
    raise Conflict(
        _("The register has changed since this preview was made. Look at the new preview and confirm again.")
    )


def _write(
    actor: Actor | None, kind: ImportKind, batch: ImportBatch, diff: Diff, options: Options
) -> dict[str, Any]:
    summary = diff.summary()
    counts = {key: summary[key] for key in ("new", "changed", "ended", "unchanged")}
    counts["skipped"] = len({(error[0], error[1]) for error in batch.errors})
    try:
        kind.write(diff, options)
    except IntegrityError:
        db.session.rollback()
        raise Conflict(
            _("The register refused a row of this file. Nothing was applied. Please upload the file again.")
        ) from None
    batch.state = ImportState.APPLIED
    batch.applied_by = actor.person_id if actor else None
    batch.applied_at = clock.now()
    # The raw file is kept; a second copy of everybody's numbers is not needed once it is in the register.
    batch.rows = []
    audit.record(
        actor,
        "import.applied",
        batch,
        after={"noun": kind.noun, "sha256": batch.sha256, "day": options.day, **counts}
        | ({"asked_by": batch.options["asked"]["by"]} if "asked" in batch.options else {}),
    )
    return counts


def _commit() -> None:
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict(
            _("The register refused a row of this file. Nothing was applied. Please upload the file again.")
        ) from None


def apply_file(
    noun: str, *, name: str, data: bytes, options: Options, only_valid: bool = False, consent: bool = False
) -> tuple[Reading, Diff, dict[str, Any] | None]:
    """Reads, compares and applies in one transaction, for the command line; None for the counts when nothing was applied.

    Errors (unless only the valid rows are wanted), converted fonts without consent and an import without changes
    apply nothing.
    """
    kind = kind_of(noun)
    db.session.execute(text(f"lock table {', '.join(kind.tables)} in share row exclusive mode"))
    reading, diff = check(None, noun, data, options)
    unagreed = bool(reading.conversions) and not consent
    if (reading.errors and not only_valid) or unagreed or not diff.changes:
        db.session.rollback()
        return reading, diff, None
    _refuse_ending_too_many(diff)
    batch = _new_batch(None, kind, name, data, options, reading, diff)
    db.session.add(batch)
    db.session.flush()
    counts = _write(None, kind, batch, diff, options)
    _commit()
    return reading, diff, counts


def discard(actor: Actor, batch_id: int) -> None:
    """Puts a previewed import aside; its rows are forgotten, its file and counts stay."""
    batch = batch_for(actor, batch_id, lock=True)
    if batch.state is not ImportState.PREVIEWED:
        _refuse_wrong_state(batch)
    batch.state = ImportState.DISCARDED
    batch.rows = []
    audit.record(actor, "import.discarded", batch)
    db.session.commit()


def error_report(actor: Actor, batch_id: int) -> bytes:
    """Every error and warning with its place, as a workbook to work through."""
    batch = batch_for(actor, batch_id)
    kinds = ((_("Error"), batch.errors), (_("Warning"), batch.warnings))
    return write_table(
        [
            OutColumn(_("Degree"), 12),
            OutColumn(_("Sheet"), 20),
            OutColumn(_("Row"), 8, "integer"),
            OutColumn(_("Column"), 26),
            OutColumn(_("What to correct"), 90),
        ],
        (
            (degree, error.sheet, error.row, error.column, error.message(_))
            for degree, stored in kinds
            for error in map(error_in, stored)
        ),
        title_lines=[_("Errors of the file %(name)s", name=batch.file_name)],
        sheet_name=_("Errors"),
    )


def template(noun: ImportNoun) -> bytes:
    """An empty workbook with the columns of an import and one example row."""
    kind = KINDS[noun]
    return write_table(kind.template_columns(), [kind.example])


def told(error: RowError) -> str:
    """An error with its place in one line, as the page and the command line show it."""
    return f"{error.place(_)}: {error.message(_)}"
