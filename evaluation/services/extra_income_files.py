"""The list of extra income as a file: .xlsx for finance, .csv of the command line; over 2,000 lines a job makes it."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.sheets import OutColumn, OutTable, safe_text, write_tables
from evaluation.models import Job, Unit
from evaluation.queries.commendations import job_of_file
from evaluation.queries.extra_income import Wanted
from evaluation.rules.bands import LABELS
from evaluation.rules.explain import written
from evaluation.rules.periods import Stretch, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.services import audit, jobs
from evaluation.services import extra_income as services
from evaluation.services.access import Actor
from evaluation.services.extra_income import IncomeLine
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.sources import source

ROWS_AT_ONCE = 2000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Fill = Callable[[IncomeLine, int], object]


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready."""

    name: str
    media_type: str
    data: bytes | Path


def download(actor: Actor, stretch: Stretch, agency_id: int | None = None) -> Made | Job:
    """The list at once, or over 2,000 lines as a job that stores it for whoever asked; either leaves a trace."""
    asked, own = services.wanted(actor, stretch, agency_id)
    count = sum(agency.lines for agency in own)
    if count > ROWS_AT_ONCE:
        given = {
            "stretch": str(stretch),
            "period": stretch.short,
            "agencies": [agency.id for agency in own],
            "token": uuid4().hex,
        }
        key = f"{EXPORT.name}:{actor.person_id}:{stretch}:{agency_id}"
        return jobs.ask(actor, EXPORT.name, given, key=key)
    target = io.BytesIO()
    write_xlsx(stretch, asked, target)
    first = db.session.get_one(Unit, own[0].id)
    after = {"period": str(stretch), "agencies": len(own), "lines": count}
    audit.record(actor, "extra_income.exported", first, after=after, unit_id=first.id)
    db.session.commit()
    return Made(file_name(stretch), XLSX, target.getvalue())


def stored(actor: Actor, token: str) -> Made:
    """A file that a job made, for the one who asked for it and nobody else."""
    job = job_of_file(EXPORT.name, token)
    path = _place(job.arguments) if job is not None else None
    if job is None or path is None or not jobs.still_for(actor, job) or not path.is_file():
        raise jobs.no_file(actor, job)
    return Made(file_name(parse_stretch(job.arguments["stretch"])), XLSX, path)


def file_name(stretch: Stretch, kind: str = "xlsx") -> str:
    """The name the reader's machine sees, without accents."""
    return f"thu-nhap-tang-them-{str(stretch).lower()}.{kind}"


def columns() -> list[tuple[OutColumn, Fill]]:
    """The columns of the list with how each is filled; the amount is left to finance."""
    return [
        (OutColumn(_("No."), 6, "integer"), lambda _line, number: number),
        (OutColumn(_("Full name"), 26), lambda line, _n: line.name),
        (OutColumn(_("Official number"), 16), lambda line, _n: line.official_number),
        (OutColumn(_("Unit"), 34), lambda line, _n: line.unit),
        (OutColumn(_("Highest post"), 24), lambda line, _n: line.post),
        (OutColumn(_("Month"), 10), lambda line, _n: line.month.short),
        (
            OutColumn(_("Class of the month"), 28),
            lambda line, _n: _(LABELS[line.klass]) if line.klass else "",
        ),
        (OutColumn(_("Coefficient"), 10, "number"), lambda line, _n: line.coefficient),
        (OutColumn(_("Floor (đồng a month)"), 16, "integer"), lambda line, _n: _whole(line.floor)),
        (OutColumn(_("Amount (finance fills in)"), 20), lambda _line, _n: ""),
        (OutColumn(_("Note"), 44), lambda line, _n: note(line)),
    ]


def note(line: IncomeLine) -> str:
    """Why a line asks for a look."""
    return "; ".join(_(one.label) for one in line.notes)


def write_xlsx(stretch: Stretch, asked: Wanted, target: Any) -> None:
    """One sheet, one line a person and month, under the name of its rule and the moment it was made."""
    filled = columns()
    rows = ([fill(line, n) for _c, fill in filled] for n, line in enumerate(services.lines(asked), 1))
    write_tables(
        [OutTable(_("Extra income"), [column for column, _fill in filled], rows, _titles(stretch))],
        target,
        source(),
    )


def csv_lines(asked: Wanted) -> Iterator[str]:
    """The list as lines of a .csv: CRLF, decimal comma, no text becomes a formula."""
    filled = columns()
    yield _csv_line([column.title for column, _fill in filled])
    for number, line in enumerate(services.lines(asked), 1):
        yield _csv_line([_csv_cell(fill(line, number)) for _column, fill in filled])


def _csv_cell(value: object) -> str:
    if isinstance(value, Fraction):
        return written(value)
    return "" if value is None else safe_text(str(value))


def _csv_line(cells: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow(cells)
    return target.getvalue()


def _whole(value: Fraction | None) -> int | Fraction | None:
    return int(value) if value is not None and value.denominator == 1 else value


GROUNDS = ("several_posts", "paid_quarterly", "year_by_year")


def _titles(stretch: Stretch) -> list[str]:
    book = services.book_of(stretch)
    moment = clock.now().astimezone(clock.PROVINCE_ZONE)
    made = _(
        "Made at %(time)s on %(day)s by %(rulebook)s, fingerprint %(fingerprint)s; the amount is left to finance",
        time=f"{moment:%H:%M}",
        day=f"{moment:%d/%m/%Y}",
        rulebook=book.name,
        fingerprint=book.fingerprint[:12],
    )
    grounds = _("Grounds: %(grounds)s", grounds="; ".join(book.article(ground) for ground in GROUNDS))
    return [_("List for extra income, %(period)s", period=stretch.short), f"{made}. {grounds}"]


def _place(arguments: dict[str, Any]) -> Path:
    return Path(current_app.config["EXPORTS_DIR"]) / f"{arguments['token']}.xlsx"


def _make(arguments: dict[str, Any], _piece: dict[str, Any]) -> None:
    stretch = parse_stretch(arguments["stretch"])
    asked = Wanted(services.months_of(stretch), tuple(arguments["agencies"]))
    place = _place(arguments)
    fresh = place.with_suffix(".part")
    write_xlsx(stretch, asked, str(fresh))
    fresh.rename(place)


EXPORT = register(
    Kind(
        "extra_income.export",
        "File of extra income, %(period)s",
        lambda _arguments: [Piece(1, "file", {})],
        _make,
        needs=Action.EXPORT_INCOME,
        # whoever asks may list every agency named, so the first speaks for all
        unit_of=lambda arguments: arguments["agencies"][0],
    )
)
