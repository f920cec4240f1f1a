"""Lists of titles as files: the .xlsx with everybody and why, the .csv of the command line, the draft Tờ trình."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _

from evaluation.clock import PROVINCE_ZONE
from evaluation.extensions import db
from evaluation.files import documents
from evaluation.files.marked import marked
from evaluation.files.sheets import OutTable, safe_text, write_tables
from evaluation.models import EligibilityRun, Job
from evaluation.queries import commendations as queries
from evaluation.queries.commendations import Filters
from evaluation.rules.explain import shown
from evaluation.rules.permissions import Action
from evaluation.rules.verdicts import Award, VerdictStatus
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_words as words
from evaluation.services import jobs
from evaluation.services.access import Actor
from evaluation.services.commendation_columns import Filled, columns, unit_columns
from evaluation.services.commendation_submission import part, submission
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Missing
from evaluation.services.sources import source

ROWS_AT_ONCE = 2000
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
PARTS = (
    ("Eligible", (VerdictStatus.ELIGIBLE,)),
    ("To be looked at", (VerdictStatus.NEEDS_REVIEW, VerdictStatus.HOLD)),
    ("Not eligible", (VerdictStatus.NOT_ELIGIBLE,)),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready."""

    name: str
    media_type: str
    data: bytes | Path


def download(actor: Actor, year: int, award: str, kind: str, asked: Filters) -> Made | Job:
    """The newest list as a file at once, or over 2,000 lines as a job that stores it for whoever asked."""
    run = lists.run_for(year, award)
    within = lists.within(actor, asked)
    if kind not in KINDS:
        raise Missing(_("There is no such file."))
    if queries.count(run, within) <= ROWS_AT_ONCE:
        return Made(file_name(run, kind), KINDS[kind], _written(run, within, kind))
    given = {
        "run_id": run.id,
        "kind": kind,
        "authorities": None if within.authorities is None else list(within.authorities),
        "statuses": None if within.statuses is None else list(within.statuses),
        "name": within.name,
        "token": uuid4().hex,
        "unit_id": within.authorities[0] if within.authorities else None,
    }
    key = ":".join(f"{key}={value}" for key, value in given.items() if key != "token")
    return jobs.ask(actor, EXPORT.name, given, key=f"{EXPORT.name}:{actor.person_id}:{key}")


def stored(actor: Actor, token: str) -> Made:
    """A file that a job made, for the one who asked for it and nobody else."""
    job = queries.job_of_file(EXPORT.name, token)
    path = _place(job.arguments) if job is not None else None
    if job is None or path is None or not jobs.still_for(actor, job) or not path.is_file():
        raise jobs.no_file(actor, job)
    run = db.session.get_one(EligibilityRun, job.arguments["run_id"])
    return Made(file_name(run, job.arguments["kind"]), KINDS[job.arguments["kind"]], path)


def file_name(run: EligibilityRun, kind: str) -> str:
    """The name the reader's machine sees: no accents, so that every machine keeps it."""
    stem = "danh-sach" if kind != "docx" else "to-trinh"
    return f"{stem}-{run.award.lower()}-{run.year}.{kind}"


def write_xlsx(run: EligibilityRun, within: Filters, target: Any) -> None:
    """Three sheets: who is eligible, who waits for a person, who is refused; each line says why. Collectives have their own."""
    kinds = _kinds(run)
    write_tables(
        (
            OutTable(
                name,
                [column for column, _fill in filled],
                _filled(run, replace(within, of_units=of_units), filled, statuses),
                _titles(run, name),
            )
            for of_units, filled in kinds
            for name, statuses in _parts(of_units and len(kinds) > 1)
        ),
        target,
        source(),
    )


def csv_lines(run: EligibilityRun, within: Filters) -> Iterator[str]:
    """The list as lines of a .csv that Excel opens as text: CRLF, decimal comma, no text becomes a formula."""
    for of_units, filled in _kinds(run):
        yield _csv_line([column.title for column, _fill in filled])
        for number, row in enumerate(queries.all_lines(run, replace(within, of_units=of_units)), 1):
            yield _csv_line([_csv_cell(fill(row, number)) for _column, fill in filled])


def _kinds(run: EligibilityRun) -> list[tuple[bool, list[Filled]]]:
    """The tables of a list: persons, collectives, or both."""
    award = Award(run.award)
    tables = [(False, columns(run.year))] if award.of_persons else []
    return [*tables, (True, unit_columns(run.year))] if award.of_collectives else tables


def _parts(named: bool) -> list[tuple[str, tuple[VerdictStatus, ...]]]:
    """The sheets of one table; beside a table of persons those of collectives say so."""
    if not named:
        return [(_(name), statuses) for name, statuses in PARTS]
    return [(_("Collectives") + " - " + _(name).lower(), statuses) for name, statuses in PARTS]


def _csv_cell(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Fraction):
        return shown(value)
    return "" if value is None else safe_text(str(value))


def _csv_line(cells: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow(cells)
    return target.getvalue()


def _filled(
    run: EligibilityRun, within: Filters, filled: list[Any], statuses: tuple[VerdictStatus, ...]
) -> Iterator[list[object]]:
    for number, row in enumerate(part(run, within, statuses), 1):
        yield [fill(row, number) for _column, fill in filled]


def _titles(run: EligibilityRun, name: str) -> list[str]:
    moment = run.run_at.astimezone(PROVINCE_ZONE)
    return [
        _("List of %(award)s, %(year)s", award=words.award_name(run.award), year=run.year) + f" - {name}",
        _(
            "Computed at %(time)s on %(day)s; rulebook %(rulebook)s, fingerprint %(fingerprint)s",
            time=f"{moment:%H:%M}",
            day=f"{moment:%d/%m/%Y}",
            rulebook=run.rulebook,
            fingerprint=run.fingerprint[:12],
        ),
    ]


def _written(run: EligibilityRun, within: Filters, kind: str) -> bytes:
    if kind == "docx":
        return marked(documents.write_submission(submission(run, within)), source())
    target = io.BytesIO()
    write_xlsx(run, within, target)
    return target.getvalue()


def _place(arguments: dict[str, Any]) -> Path:
    return Path(current_app.config["EXPORTS_DIR"]) / f"{arguments['token']}.{arguments['kind']}"


def _make(arguments: dict[str, Any], _piece: dict[str, Any]) -> None:
    run = db.session.get_one(EligibilityRun, arguments["run_id"])
    authorities, statuses = (arguments[key] for key in ("authorities", "statuses"))
    within = Filters(
        authorities=None if authorities is None else tuple(authorities),
        statuses=None if statuses is None else tuple(statuses),
        name=arguments["name"],
    )
    place = _place(arguments)
    fresh = place.with_suffix(".part")
    if arguments["kind"] == "docx":
        fresh.write_bytes(_written(run, within, "docx"))
    else:
        write_xlsx(run, within, str(fresh))
    fresh.rename(place)


EXPORT = register(
    Kind(
        "commendations.export",
        "File of a list (%(kind)s)",
        lambda _arguments: [Piece(1, "file", {})],
        _make,
        needs=Action.READ_COMMENDATIONS,
        unit_of=lambda arguments: arguments.get("unit_id"),
    )
)
