"""A catalogue's way through the common import: its decision is read from the title rows, then chosen by a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.catalogue import CatalogueFile, read_catalogue
from evaluation.files.catalogue_check import shown
from evaluation.files.says import FileRefused
from evaluation.models import ImportBatch, ImportNoun, ImportState
from evaluation.queries import catalogue_imports as questions
from evaluation.queries.organisation import main_assignment
from evaluation.services import audit, catalogue_import, catalogue_reach, imports
from evaluation.services.access import Actor
from evaluation.services.catalogue_import import code_key
from evaluation.services.import_plans import Diff, Options, Reading, error_out, row_out
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

NOUN = ImportNoun.CATALOGUE.value


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decides about a file: whose catalogue, by which decision, from when, and whether the rest ends."""

    agency_id: int | None
    title: str
    decision_number: str
    decided_on: date | None
    standard_points: Decimal | None
    valid_from: date | None
    end_missing: bool = False


def upload(actor: Actor, *, name: str, data: bytes, transaction_id: str | None = None) -> ImportBatch:
    """Keeps an uploaded catalogue with what its title rows say of the decision; nothing is applied."""
    catalogue_import.scope(actor, Options(day=clock.today()))
    file = _read(data)
    stated = Choice(
        agency_id=_own_agency(actor),
        title="",
        decision_number=file.decision_no,
        decided_on=file.decided_on,
        standard_points=file.standard_points,
        valid_from=file.decided_on,
    )
    options = options_of(file, stated)
    return imports.preview(actor, NOUN, name=name, data=data, options=options, transaction_id=transaction_id)


def reconsider(actor: Actor, batch_id: int, choice: Choice) -> ImportBatch:
    """Compares an uploaded file anew with what the person chose; every fault of the choice at once."""
    batch = batch_for(actor, batch_id, lock=True)
    if batch.state is not ImportState.PREVIEWED:
        raise Conflict(_("This import is over. Upload the file again."))
    data = (Path(current_app.config["IMPORTS_DIR"]) / batch.stored_name).read_bytes()
    options = options_of(_read(data), choice)
    faults = catalogue_import.option_faults(options)
    if choice.valid_from is None:
        faults = [one for one in faults if one.place != "valid_from"]
        faults.append(Fault("valid_from", _("Give the day from which it is in force.")))
    if faults:
        raise Invalid(faults)
    reading, diff = imports.check(actor, NOUN, data, options)
    batch.options = {
        **batch.options,
        "day": options.day.isoformat(),
        "complete": options.complete,
        "more": dict(options.more),
    }
    batch.rows = [row_out(row) for row in reading.rows]
    batch.errors = [error_out(one) for one in reading.errors]
    batch.warnings = [error_out(one) for one in reading.warnings]
    batch.error_count = len(reading.errors)
    batch.changes = diff.summary() | {"rows": len(reading.rows)}
    after = {"agency": choice.agency_id, "decision": choice.decision_number, "from": options.day}
    audit.record(actor, "import.reconsidered", batch, after=after)
    db.session.commit()
    return batch


def batch_for(actor: Actor, batch_id: int, *, lock: bool = False) -> ImportBatch:
    """An uploaded catalogue for its uploader; another import is missing here."""
    if batch_id >= 2**63:
        raise Missing(_("There is no such import."))
    batch = imports.batch_for(actor, batch_id, lock=lock)
    if batch.noun is not ImportNoun.CATALOGUE:
        raise Missing(_("There is no such import."))
    return batch


def check_file(data: bytes, choice: Choice) -> tuple[CatalogueFile, Options, Reading, Diff]:
    """Reads, checks and compares without keeping anything, for the command line."""
    file = _read(data)
    options = options_of(file, choice)
    reading, diff = imports.check(None, NOUN, data, options)
    return file, options, reading, diff


def options_of(file: CatalogueFile, choice: Choice) -> Options:
    """The choice beside what the page must still know of the file: sheets left out and why, every code."""
    standard = choice.standard_points or file.standard_points
    more: dict[str, Any] = {
        "agency_id": choice.agency_id,
        "title": choice.title,
        "decision_number": choice.decision_number,
        "decided_on": choice.decided_on.isoformat() if choice.decided_on else None,
        "standard_points": str(standard) if standard else None,
        "standard_inferred": file.standard_inferred,
        "skipped": [[one.sheet, one.says_id] for one in file.skipped],
        "codes": [row.code for row in file.products],
        "valid_from_known": choice.valid_from is not None,
    }
    return Options(day=choice.valid_from or clock.today(), complete=choice.end_missing, more=more)


def kept(batch: ImportBatch) -> Sequence[tuple[str, str]]:
    """Code and task of the products in force that the file does not name any more."""
    options = imports.options_of(batch)
    agency_id = options.more.get("agency_id")
    if agency_id is None:
        return []
    known = questions.last_versions(agency_id, with_users=False)
    in_file = {code_key(code) for code in options.more["codes"]}
    missing = catalogue_import.missing(known, in_file, options.day)
    return [(version.product.code, version.task) for version in missing]


def summary_lines(file: CatalogueFile, diff: Diff, reading: Reading) -> list[str]:
    """What the file is and would do, in sentences; the page and the command line say the same."""
    lines = [_("%(count)s products read.", count=len(reading.rows))]
    if file.decision_no:
        day = f"{file.decided_on:%d/%m/%Y}" if file.decided_on else "?"
        lines.append(_("Decision %(number)s of %(day)s.", number=file.decision_no, day=day))
    if file.standard_points is not None:
        text = _("Standard product: %(points)s points.", points=shown(file.standard_points))
        inferred = _("No cell states it; the printed coefficients imply it.")
        lines.append(f"{text} {inferred}" if file.standard_inferred else text)
    lines += [
        _("Sheet “%(sheet)s” was left out: %(why)s.", sheet=one.sheet, why=_(one.says_id))
        for one in file.skipped
    ]
    return lines


def _read(data: bytes) -> CatalogueFile:
    try:
        return read_catalogue(data)
    except FileRefused as refused:
        raise Invalid([Fault("file", refused.message(_))]) from None


def _own_agency(actor: Actor) -> int | None:
    """The agency meant when only one can be, else the one the actor's role was given for."""
    agencies = catalogue_reach.agencies_to_change(actor)
    if len(agencies) == 1:
        return agencies[0]
    given = {unit_id for _role, unit_id in actor.standing.roles}
    named = [one for one in agencies if one in given]
    if len(named) == 1:
        return named[0]
    own = main_assignment(actor.person_id, actor.standing.day)
    return own.unit_id if own is not None and own.unit_id in agencies else None


def completed(data: bytes, choice: Choice) -> Choice:
    """The choice with what the title rows say where nothing was chosen."""
    file = _read(data)
    decided_on = choice.decided_on or file.decided_on
    return replace(
        choice,
        decision_number=choice.decision_number or file.decision_no,
        decided_on=decided_on,
        standard_points=choice.standard_points or file.standard_points,
        valid_from=choice.valid_from or decided_on,
    )
