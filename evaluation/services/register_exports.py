"""Taking the registers of units and people away in the form of their own import: at once, or as a job over 2,000 rows."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.register_rows import LeftOut
from evaluation.models import ImportNoun, Job, Unit
from evaluation.queries.commendations import job_of_file
from evaluation.queries.jobs import province
from evaluation.services import audit, exported_people, exported_units, jobs
from evaluation.services import register_files as files
from evaluation.services.access import Actor
from evaluation.services.import_kinds import kind_of
from evaluation.services.refusals import Missing
from evaluation.services.register_areas import Area, area_of
from evaluation.services.register_parts import Part

ROWS_AT_ONCE = 2000
WORDS = {ImportNoun.UNITS: "units", ImportNoun.PEOPLE: "people"}
FILE_WORDS = {ImportNoun.UNITS: "don-vi", ImportNoun.PEOPLE: "nhan-su"}


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready: its name, and its bytes or where they lie."""

    name: str
    data: bytes | Path


@dataclass(frozen=True, slots=True)
class Stored:
    """What a job made: the file, and the rows it left out."""

    noun: ImportNoun
    made: Made
    rows: int
    left_out: list[LeftOut]
    numbers: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would hold; without a part the register is too long to look through before."""

    noun: ImportNoun
    total: int
    numbers: bool
    part: Part | None


def noun_of(word: str) -> ImportNoun:
    """Units or people; other imports have exports of their own."""
    noun = kind_of(word).noun
    if noun not in WORDS:
        raise Missing(_("There is no such file."))
    return noun


def preview(actor: Actor, word: str) -> Preview:
    """How many rows a file would hold and which are left out, before anything leaves."""
    noun, area = noun_of(word), area_of(actor, clock.today())
    found = _found(noun, area)
    return Preview(noun, _total(found), bool(area.number_tops), None if _long(found) else _part(area, found))


def download(actor: Actor, word: str) -> Made | Job:
    """The file at once, or the job that makes it; either leaves a line in the journal before anything leaves."""
    noun, area = noun_of(word), area_of(actor, clock.today())
    found = _found(noun, area)
    if not _long(found):
        part, target = _part(area, found), io.BytesIO()
        files.write(noun, part.rows, target)
        _record(actor, noun, area, rows=len(part.rows))
        db.session.commit()
        return Made(file_name(noun, area.day), target.getvalue())
    _record(actor, noun, area, rows=_total(found))
    given = files.arguments(noun, area, uuid4().hex)
    key = f"{files.EXPORT.name}:{actor.person_id}:{noun}:{area.day}"
    return jobs.ask(actor, files.EXPORT.name, given, key=key)


def _found(noun: ImportNoun, area: Area) -> list[int] | Part:
    """The people to look at, or the units, which are looked at together: their codes depend on each other."""
    return exported_units.part(area) if noun is ImportNoun.UNITS else exported_people.people_of(area)


def _total(found: list[int] | Part) -> int:
    return len(found.rows) + len(found.left_out) if isinstance(found, Part) else len(found)


def _long(found: list[int] | Part) -> bool:
    return _total(found) > ROWS_AT_ONCE


def _part(area: Area, found: list[int] | Part) -> Part:
    return found if isinstance(found, Part) else exported_people.part(area, found)


def _record(actor: Actor | None, noun: ImportNoun, area: Area, *, rows: int) -> None:
    """The line of the journal: people are personal data, so it also says whether their numbers went along."""
    top = area.tops[0] if area.tops else province(area.day)
    unit = db.session.get(Unit, top) if top is not None else None
    if unit is None:  # an empty register belongs to nobody
        return
    after: dict[str, Any] = {"rows": rows, "day": area.day, "units": list(area.tops or ())}
    if noun is ImportNoun.PEOPLE:
        after["personal_numbers"] = area.number_tops is None or bool(area.number_tops)
    audit.record(actor, f"{WORDS[noun]}.exported", unit, after=after, unit_id=unit.id)


def stored(actor: Actor, token: str) -> Stored:
    """A file that a job made and what it left out, for the one who asked for it and nobody else."""
    job = job_of_file(files.EXPORT.name, token)
    path = files.place_of(job.arguments) if job is not None else None
    if job is None or path is None or not jobs.still_for(actor, job) or not path.is_file():
        raise jobs.no_file(actor, job)
    noun = ImportNoun(job.arguments["noun"])
    day = date.fromisoformat(job.arguments["day"])
    rows, left_out = files.outcome_of(job.arguments)
    numbers = bool(job.arguments["number_tops"])
    return Stored(noun, Made(file_name(noun, day), path), rows, left_out, numbers)


def write_file(word: str, target: Path) -> tuple[int, list[LeftOut]]:
    """The whole register of the day into a file, for the command line: how many rows, and those left out."""
    noun, area = noun_of(word), area_of(None, clock.today())
    left_out: list[LeftOut] = []
    count = 0

    def rows() -> Iterator[dict[str, str]]:
        nonlocal count
        for part in files.parts(noun, area):
            left_out.extend(part.left_out)
            count += len(part.rows)
            yield from part.rows

    fresh = target.with_name(f"{target.name}.part")
    fresh.touch(mode=0o600)
    try:
        files.write(noun, rows(), str(fresh))
        _record(None, noun, area, rows=count)
        db.session.commit()
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)
    return count, left_out


def file_name(noun: ImportNoun, day: date) -> str:
    """The name the reader's machine sees, without accents."""
    return f"{FILE_WORDS[noun]}-{day:%Y-%m-%d}.xlsx"
