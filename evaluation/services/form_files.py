"""The forms of a whole unit as one file, for the meeting and for the archive (Article 24.2); a long one is a job."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files import forms_word, handed_over, word
from evaluation.files.marked import marked
from evaluation.files.tracking_sheets import write_tracking_sheets
from evaluation.models import Job, Period
from evaluation.queries import commendations as job_questions
from evaluation.queries import forms as queries
from evaluation.queries.organisation import Subject
from evaluation.rules.periods import Stretch, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.services import (
    access,
    forms,
    jobs,
    period_forms,
    readings,
    standings,
    tracking_sheets,
    year_forms,
)
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Missing
from evaluation.services.sources import source

FORMS_AT_ONCE = 40
ROWS_AT_ONCE = 2000
OFFICIALS_A_PIECE = 50
JOINED_FOR_ONE_MADE = 10  # putting together is so many times quicker than making


class What(StrEnum):
    """Which of a unit's papers go into one file."""

    PERIOD = "01"
    YEAR = "02"
    TRACKING = "tracking"


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready: the words of its name, and its bytes or where they lie."""

    words: str
    kind: str
    data: bytes | Path


@dataclass(frozen=True, slots=True)
class Papers:
    """What a unit's page offers: the periods with sheets, the years with classes."""

    name: str
    periods: Sequence[Period]
    years: Sequence[int]


def papers_of(actor: Actor, unit_id: int) -> Papers:
    """The papers of a unit and of the units below it, for whoever may read the unit."""
    unit = _unit(actor, unit_id)
    return Papers(unit.name, queries.periods_of(unit.below), queries.years_of(unit.below))


def of_unit(actor: Actor, unit_id: int, what: What, when: str) -> Made | Job:
    """One file of all papers of a kind that the actor may read, at once or as a job; each paper's reading is recorded."""
    unit = _unit(actor, unit_id)
    ids = _grades(actor, unit, when) if what is What.YEAR else _sheets(actor, unit, what, _stretch(when))
    if not ids:
        raise Missing(
            _("There is no such paper yet: no sheet has been handed in, or no class has been proposed.")
        )
    given: dict[str, Any] = {
        "unit_id": unit_id,
        "unit": unit.name,
        "what": what.value,
        "when": when,
        "ids": ids,
    }
    if _small(what, ids):
        db.session.commit()
        return Made(_words(given), _ending(what), _written(what, ids))
    key = f"{FILE.name}:{actor.person_id}:{unit_id}:{what}:{when}"
    return jobs.ask(actor, FILE.name, given | {"token": uuid4().hex}, key=key)


def stored(actor: Actor, token: str) -> Made:
    """A file that a job made, for the one who asked for it and nobody else."""
    job = job_questions.job_of_file(FILE.name, token)
    path = _place(job.arguments) if job is not None else None
    if job is None or path is None or not jobs.still_for(actor, job) or not path.is_file():
        raise jobs.no_file(actor, job)
    return Made(_words(job.arguments), path.suffix[1:], path)


def _unit(actor: Actor, unit_id: int) -> queries.Unit:
    standings.open_unit(actor, unit_id)
    unit = queries.unit(unit_id, clock.today())
    if unit is None:
        raise Missing(_("There is no such unit."))
    return unit


def _stretch(text: str) -> Stretch:
    try:
        return parse_stretch(text)
    except ValueError:
        raise Missing(_("There is no such period. Write 2026-03 or 2026-Q1.")) from None


def _sheets(actor: Actor, unit: queries.Unit, what: What, stretch: Stretch) -> list[int]:
    """Sheets handed in that the actor may read; what an official still drafts is nobody's to print."""
    period = queries.period(stretch.first_day, stretch.cycle)
    found = queries.handed_in(unit.below, period.id) if period else []
    found = [one for one in found if what is What.TRACKING or forms.has_forms(one.rulebook)]
    may = access.may_each(actor, Action.READ_REPORT, [access.subject_of(one) for one in found])
    chosen = [report for report, readable in zip(found, may, strict=True) if readable]
    readings.listed(len(chosen))
    return [report.id for report in chosen]


def _grades(actor: Actor, unit: queries.Unit, when: str) -> list[int]:
    year = int(when) if when.isdecimal() and len(when) == 4 else 0
    found = [one for one in queries.grades_of(unit.below, year) if forms.has_forms(one.rulebook)]
    subjects = [Subject(one.unit_id, one.person_id, None, one.confirming_unit_id) for one in found]
    may = access.may_each(actor, Action.READ_UNIT, subjects)
    chosen = [grade for grade, readable in zip(found, may, strict=True) if readable]
    readings.listed(len(chosen))
    return [grade.id for grade in chosen]


def _small(what: What, ids: Collection[int]) -> bool:
    if what is What.TRACKING:
        return queries.count_lines(ids) <= ROWS_AT_ONCE
    return len(ids) <= FORMS_AT_ONCE


def _written(what: What, ids: Collection[int]) -> bytes:
    if what is What.TRACKING:
        target = io.BytesIO()
        write_tracking_sheets(tracking_sheets.tracking_sheets(ids), target, source())
        return target.getvalue()
    if what is What.YEAR:
        return marked(forms_word.write_year_forms(year_forms.year_forms(ids)), source())
    return marked(forms_word.write_period_forms(period_forms.period_forms(ids)), source())


def _ending(what: str) -> str:
    return "xlsx" if what == What.TRACKING else "docx"


def _words(given: dict[str, Any]) -> str:
    """What the file is called: the paper, its period and the unit."""
    paper = {
        What.PERIOD: "Phiếu theo dõi, đánh giá",
        What.YEAR: "Phiếu xếp loại",
        What.TRACKING: "Bảng theo dõi",
    }[What(given["what"])]
    return f"{paper} {given['when']} - {given['unit']}"


def _place(arguments: dict[str, Any]) -> Path:
    folder = Path(current_app.config["EXPORTS_DIR"])
    return folder / f"{arguments['token']}.{_ending(arguments['what'])}"


def _plan(arguments: dict[str, Any]) -> list[Piece]:
    """So many officials a piece, which workers may do side by side; then the file is put together."""
    ids, unit = arguments["ids"], str(arguments["unit"])
    firsts = range(0, len(ids), OFFICIALS_A_PIECE)
    pieces = [
        Piece(1, unit, {"first": first}, size=len(ids[first : first + OFFICIALS_A_PIECE])) for first in firsts
    ]
    return [*pieces, Piece(2, unit, {}, size=max(1, len(ids) // JOINED_FOR_ONE_MADE))]


def _make(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    """A part, or the whole of all parts; under a name of its own first, so that half a file is never handed out."""
    what, ids, place = What(arguments["what"]), arguments["ids"], _place(arguments)
    if "first" in piece:
        chosen = ids[piece["first"] : piece["first"] + OFFICIALS_A_PIECE]
        data = (
            handed_over.pack(tracking_sheets.tracking_sheets(chosen))
            if what is What.TRACKING
            else _written(what, chosen)
        )
        _store(_part(place, piece["first"]), data)
        return
    if place.is_file():  # a worker stopped after it was finished
        return
    parts = [_part(place, first) for first in range(0, len(ids), OFFICIALS_A_PIECE)]
    fresh = place.with_suffix(".part")
    if what is What.TRACKING:
        # Only this program writes into the folder.
        sheets = (sheet for part in parts for sheet in handed_over.unpack(part.read_bytes()))
        write_tracking_sheets(sheets, str(fresh), source())
    else:
        fresh.write_bytes(marked(word.joined(part.read_bytes() for part in parts), source()))
    fresh.rename(place)
    for part in parts:
        part.unlink(missing_ok=True)


def _part(place: Path, first: int) -> Path:
    return place.with_suffix(f".{first}")


def _store(place: Path, data: bytes) -> None:
    fresh = place.with_name(f"{place.name}.part")
    fresh.write_bytes(data)
    fresh.rename(place)


FILE = register(
    Kind(
        "forms.unit_file",
        "Papers of %(unit)s, %(when)s",
        _plan,
        _make,
        needs=Action.READ_UNIT,
        unit_of=lambda arguments: arguments["unit_id"],
    )
)
