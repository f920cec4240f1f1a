"""Writing a register as a file: rows in handfuls, so that a province never stands in memory at once; the job of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from flask import current_app

from evaluation.files.register_rows import SHEET, LeftOut
from evaluation.files.sheets import OutTable, write_tables
from evaluation.models import ImportNoun
from evaluation.rules.permissions import Action
from evaluation.services import exported_people, exported_units
from evaluation.services.import_kinds import KINDS
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.register_areas import Area
from evaluation.services.register_parts import Part
from evaluation.services.sources import source

AT_ONCE = 2000


def parts(noun: ImportNoun, area: Area) -> Iterator[Part]:
    """The register of an area, handful by handful; units all together, for their codes depend on each other."""
    if noun is ImportNoun.UNITS:
        yield exported_units.part(area)
        return
    for some in _handfuls(exported_people.people_of(area)):
        yield exported_people.part(area, some)


def write(noun: ImportNoun, rows: Iterable[dict[str, str]], target: Any) -> None:
    """The rows under the header of the import's template, numbered; a path is written as the rows come."""
    kind = KINDS[noun]
    keys = [column.key for column in kind.columns]
    cells = (
        [str(number) if key == "order" else row.get(key, "") for key in keys]
        for number, row in enumerate(rows, 1)
    )
    write_tables([OutTable(SHEET, kind.template_columns(), cells)], target, source())


def _handfuls(ids: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


# The job: each handful is checked and put aside by itself, then one piece writes them all as one file.


def arguments(noun: ImportNoun, area: Area, token: str) -> dict[str, Any]:
    """What the job needs to know; the register itself is read by its pieces."""
    return {
        "noun": noun.value,
        "what": {ImportNoun.UNITS: "đơn vị", ImportNoun.PEOPLE: "nhân sự"}[noun],
        "day": area.day.isoformat(),
        "whole": area.whole,
        "tops": area.tops,
        "number_tops": area.number_tops,
        "unit_id": area.tops[0] if area.tops else None,
        "token": token,
    }


def place_of(given: dict[str, Any]) -> Path:
    """Where the finished file of a job lies."""
    return Path(current_app.config["EXPORTS_DIR"]) / f"{given['token']}.xlsx"


def outcome_of(given: dict[str, Any]) -> tuple[int, list[LeftOut]]:
    """How many rows a job wrote, and those it left out, in the order of the register."""
    stored = json.loads(place_of(given).with_suffix(".json").read_text("utf-8"))
    return stored["rows"], [LeftOut(**one) for one in stored["left_out"]]


def _area(given: dict[str, Any]) -> Area:
    tops, numbers = (None if given[key] is None else tuple(given[key]) for key in ("tops", "number_tops"))
    return Area(date.fromisoformat(given["day"]), given["whole"], tops, numbers)


def _plan(given: dict[str, Any]) -> list[Piece]:
    area = _area(given)
    handfuls = [[]] if given["noun"] == ImportNoun.UNITS else list(_handfuls(exported_people.people_of(area)))
    pieces = [
        Piece(1, f"{number}/{len(handfuls)}", {"number": number, "ids": ids}, size=max(1, len(ids)))
        for number, ids in enumerate(handfuls, 1)
    ]
    return [*pieces, Piece(2, "xlsx", {"count": len(handfuls)}, size=AT_ONCE // 4)]


def _make(given: dict[str, Any], piece: dict[str, Any]) -> None:
    if "count" in piece:
        _join(given, piece["count"])
        return
    area = _area(given)
    units = given["noun"] == ImportNoun.UNITS
    made = exported_units.part(area) if units else exported_people.part(area, piece["ids"])
    _put(
        _aside(given, piece["number"]),
        {"rows": made.rows, "left_out": [asdict(one) for one in made.left_out]},
    )


def _join(given: dict[str, Any], count: int) -> None:
    """One file of all handfuls, under a name of its own first, so that half a file is never handed out."""
    places = [_aside(given, number) for number in range(1, count + 1)]
    place = place_of(given)
    if place.is_file():  # an earlier attempt came this far
        return
    left_out: list[Any] = []
    count = 0

    def rows() -> Iterator[dict[str, str]]:
        nonlocal count
        for aside in places:
            stored = json.loads(aside.read_text("utf-8"))
            left_out.extend(stored["left_out"])
            count += len(stored["rows"])
            yield from stored["rows"]

    fresh = place.with_suffix(".part")
    write(ImportNoun(given["noun"]), rows(), str(fresh))
    _put(place.with_suffix(".json"), {"rows": count, "left_out": left_out})
    fresh.chmod(0o600)
    fresh.rename(place)


def _aside(given: dict[str, Any], number: int) -> Path:
    return place_of(given).with_suffix(f".{number}.json")


def _put(place: Path, value: Any) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    fresh = place.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    fresh.rename(place)


def _finish(given: dict[str, Any]) -> None:
    """What was put aside goes: nobody's numbers lie about beside the file."""
    for aside in place_of(given).parent.glob(f"{given['token']}.*.json"):
        aside.unlink(missing_ok=True)


EXPORT = register(
    Kind(
        "registers.export",
        "File of a register (%(what)s)",
        _plan,
        _make,
        _finish,
        needs=Action.EXPORT_REGISTERS,
        unit_of=lambda given: given.get("unit_id"),
    )
)
