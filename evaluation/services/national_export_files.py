"""The file for the national database as a job makes it: runs of people as lines, then one zip with its register."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files import national_message as files
from evaluation.models import NationalExport
from evaluation.queries import jobs as job_queries
from evaluation.queries import national_exports as queries
from evaluation.queries.national_exports import Places
from evaluation.queries.replacing import one_at_a_time
from evaluation.rules import legal_deadlines, national_codes
from evaluation.rules.explain import parse_exact
from evaluation.rules.legal_deadlines import NATIONAL_DATABASE
from evaluation.rules.national_codes import Outcome
from evaluation.rules.periods import Cycle, Month, quarter_of
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook
from evaluation.services import audit, rulebooks
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Conflict

PEOPLE_A_CHUNK = 2000
NULL = r"\N"
WHY = {
    "NUMBER": "no official number",
    "UNIT": "no unit on record",
    "USING": "the using agency has no code today",
    "MANAGING": "the managing agency has no code today",
}


def last_day(since: datetime | None) -> date | None:
    """The last day for sending a result that is known since a moment (Article 26.1.d)."""
    if since is None:
        return None
    known = since.astimezone(clock.PROVINCE_ZONE).date()
    return legal_deadlines.last_day(NATIONAL_DATABASE, book=_law(), since=known)


def article() -> str:
    """The article that sets the last day."""
    return legal_deadlines.article_of(NATIONAL_DATABASE, book=_law(), day=clock.today())


def days() -> int:
    """How many days a result may wait."""
    return legal_deadlines.days_of(NATIONAL_DATABASE, book=_law(), day=clock.today())


def _law() -> Rulebook:
    return rulebooks.shelf().for_day("evaluation", clock.today())


def sender(places: Places) -> str:
    """The sender's code: the setting NATIONAL_SENDER_CODE, else the province's code of the day."""
    setting = str(current_app.config.get("NATIONAL_SENDER_CODE") or "")
    if setting:
        return setting
    province = job_queries.province(clock.today())
    return places.using.get(province, (province, None))[1] or ""


def arguments_of(person_id: int | None) -> dict[str, Any]:
    """What a file is made from: everything known now, by the codes of today."""
    return {
        "until": clock.now().isoformat(),
        "day": clock.today().isoformat(),
        "token": uuid4().hex,
        "made_by": person_id,
    }


def plan(arguments: dict[str, Any]) -> list[Piece]:
    """Runs of people, then the file."""
    until = datetime.fromisoformat(arguments["until"])
    pieces = [
        Piece(1, "results", {"first": run.first, "last": run.last}, run.size)
        for run in queries.ranges(until, PEOPLE_A_CHUNK)
    ]
    return [*pieces, Piece(2, "file", {"parts": [piece.arguments["first"] for piece in pieces]})]


def run(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    """One piece; doing it again gives the same file."""
    if "parts" in piece:
        _assemble(arguments, piece["parts"])
    else:
        _write_part(arguments, piece["first"], piece["last"])


def _finish(arguments: dict[str, Any]) -> dict[str, Any] | None:
    export = queries.of_token(stored_name(arguments))
    return (
        None if export is None else {"export": export.id, "people": export.people, "results": export.results}
    )


MAKE = register(
    Kind(
        "national_exports.make",
        "File for the national database",
        plan,
        run,
        _finish,
        needs=Action.EXPORT_NATIONAL,
    )
)


def _write_part(arguments: dict[str, Any], first: int, last: int) -> None:
    """The messages of a run of people as lines, each with the results that it brings anew."""
    until, day = datetime.fromisoformat(arguments["until"]), date.fromisoformat(arguments["day"])
    places, codes = queries.places(day), national_codes.codes_for(day)
    code = sender(places)
    rows = queries.of_range(first, last, until, day)
    lists = {
        person_id: [codes.row(_outcome(row)) for row in known]
        for person_id, known in groupby(
            queries.known_of({row.person_id for row in rows}, until), key=attrgetter("person_id")
        )
    }
    place = _part(arguments, first)
    fresh = place.with_suffix(".fresh")
    with fresh.open("w", encoding="utf-8") as file:
        for person_id, fresh_rows in groupby(rows, key=attrgetter("person_id")):
            results = list(fresh_rows)
            one = results[0]
            why = why_not(one.official_number, one.unit_id, places)
            line: dict[str, Any] = {"person": person_id, "name": one.full_name, "why": why}
            if why is None:
                line["message"] = files.message(code, codes.action, _about(one, places), lists[person_id])
                line["since"] = min(row.since for row in results).isoformat()
                line["sheets"] = [row.sheet_id for row in results if row.sheet_id]
                line["grades"] = [row.grade_id for row in results if row.grade_id]
            else:
                line["unit"] = places.names.get(one.unit_id, "")
                line["results"] = len(results)
            file.write(files.line(line) + "\n")
    fresh.rename(place)


def _about(row: Any, places: Places) -> dict[str, str]:
    """Who it is: the number the province gave, the name, the two agencies by their codes of the day; no personal number."""
    number = row.official_number.strip()
    return {
        "SoHieuCBCCVC_BNDP": number,
        "SoHieuCBCCVC": number,
        "HoVaTen": row.full_name,
        "MaDonViQuanLy": places.managing[row.unit_id][1] or "",
        "MaDonviSuDung": places.using[row.unit_id][1] or "",
    }


def why_not(official_number: str | None, unit_id: int | None, places: Places) -> str | None:
    """Why results of an official cannot be sent, as a key of WHY; None when they can."""
    if not (official_number or "").strip():
        return "NUMBER"
    if unit_id is None or unit_id not in places.using:
        return "UNIT"
    if not places.using[unit_id][1]:
        return "USING"
    return None if places.managing[unit_id][1] else "MANAGING"


def _outcome(row: Any) -> Outcome:
    if row.year is not None:
        kind, period, year = "YEAR", str(row.year), row.year
    elif row.cycle == Cycle.QUARTER:
        kind, period, year = "QUARTER", str(quarter_of(row.month)), row.month.year
    else:
        kind, period, year = "MONTH", str(Month.of(row.month)), row.month.year
    return Outcome(
        kind,
        period,
        year,
        parse_exact(row.exact) if row.exact else None,
        row.level,
        row.decision,
        row.since.astimezone(clock.PROVINCE_ZONE).date(),
    )


def _assemble(arguments: dict[str, Any], parts: list[int]) -> None:
    """The parts become one file and its register, in one transaction; done twice it is done once."""
    one_at_a_time("national_export")
    if queries.of_token(stored_name(arguments)) is not None:
        return
    codes = national_codes.codes_for(date.fromisoformat(arguments["day"]))
    lines = folder() / f"{arguments['token']}.lines"
    people = results = 0
    since: list[str] = []
    with lines.open("w", encoding="utf-8") as file:
        for one in _read(arguments, parts, sendable=True):
            file.write(files.line(one["message"]) + "\n")
            people += 1
            results += len(one["sheets"]) + len(one["grades"])
            since.append(one["since"])
    if not results:
        raise Conflict(_("None of the waiting results can be sent yet; mend what is listed first."))
    moment = datetime.fromisoformat(arguments["until"])
    due_on = last_day(min(datetime.fromisoformat(one) for one in since))
    about = {
        "until": arguments["until"],
        "people": people,
        "results": results,
        "catalogue": codes.name,
        "catalogue_verified": codes.verified,
        "article": article(),
        "readable": files.READABLE,
        "base64": files.ENCODED,
        "left_out": sum(1 for _one in _read(arguments, parts, sendable=False)),
    }
    target = folder() / stored_name(arguments)
    fresh = target.with_suffix(".part")
    left_out = (
        f"{one['name']} · {one['unit']} · {one['results']} · {_(WHY[one['why']])}"
        for one in _read(arguments, parts, sendable=False)
    )
    digest = files.write_zip(fresh, lines, left_out, about, moment.astimezone(clock.PROVINCE_ZONE))
    fresh.rename(target)
    export = NationalExport(
        made_by=arguments["made_by"],
        made_at=clock.now(),
        until=moment,
        due_on=due_on,
        people=people,
        results=results,
        stored_name=stored_name(arguments),
        sha256=digest,
    )
    db.session.add(export)
    db.session.flush()
    queries.add_rows(_register(export.id, lambda: _read(arguments, parts, sendable=True)))
    audit.record(
        None,
        "national_export.made",
        export,
        after={"people": people, "results": results, "sha256": digest, "asked_by": arguments["made_by"]},
    )
    db.session.flush()
    lines.unlink()
    for first in parts:
        _part(arguments, first).unlink(missing_ok=True)


def _register(export_id: int, read: Callable[[], Iterator[dict[str, Any]]]) -> Iterator[str]:
    for one in read():
        for sheet_id in one["sheets"]:
            yield f"{export_id}\t{one['person']}\t{sheet_id}\t{NULL}\n"
        for grade_id in one["grades"]:
            yield f"{export_id}\t{one['person']}\t{NULL}\t{grade_id}\n"


def _read(arguments: dict[str, Any], parts: list[int], *, sendable: bool) -> Iterator[dict[str, Any]]:
    for first in parts:
        with _part(arguments, first).open(encoding="utf-8") as file:
            for text in file:
                one = json.loads(text)
                if (one["why"] is None) is sendable:
                    yield one


def folder() -> Path:
    """Where files are kept, outside the web root."""
    return Path(current_app.config["EXPORTS_DIR"])


def stored_name(arguments: dict[str, Any]) -> str:
    """The server-made name of a file."""
    return f"{arguments['token']}.zip"


def _part(arguments: dict[str, Any], first: int) -> Path:
    return folder() / f"{arguments['token']}-{first}.jsonl"
