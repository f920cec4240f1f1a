"""The register of people as rows of its import's form; what the import could not take back is left out with the reason."""

from collections.abc import Sequence
from typing import Any

from evaluation.files.cells import parse_text
from evaluation.files.people import COLUMNS, people_in
from evaluation.files.register_rows import (
    LEFT,
    OLD_FONT,
    READ_OTHERWISE,
    SERVING,
    LeftOut,
    PersonLine,
    as_read,
    in_old_font,
)
from evaluation.files.says import CellRefused, msgid
from evaluation.queries import register_exports as queries
from evaluation.queries import registers
from evaluation.queries.registers import KnownUnit
from evaluation.services.import_people import compare
from evaluation.services.import_plans import Options
from evaluation.services.register_areas import Area
from evaluation.services.register_parts import Part, sort_out
from evaluation.services.unit_finder import UnitFinder

NOT_WRITTEN = ("family_name", "given_name", "born_male", "born_female")
KEYS = tuple(column.key for column in COLUMNS if column.key not in NOT_WRITTEN)
LABELS = {column.key: column.label for column in COLUMNS}
TEXTS = ("full_name", "unit_name", "division_name", "title", "position_name")
CONCURRENT = msgid(
    "A concurrent post (%(post)s): an import holds one post of each person; it stays on the person's page."
)
NO_UNIT_NAME = msgid("The unit of the post has no code, and its name does not tell it from others.")
Where = tuple[str, str, str]


def people_of(area: Area) -> list[int]:
    """Everybody of an area, unit by unit."""
    return queries.people_in(None if area.whole else area.units(), area.day)


def part(area: Area, person_ids: Sequence[int]) -> Part:
    """Some people as rows: who serves with the main post of the day, who left with a word that says so."""
    left_out: list[LeftOut] = []
    kept: list[PersonLine] = []
    for line, reason in _lines(area, person_ids):
        key, why = ("", reason) if reason else _unlike(line)
        if why:
            left_out.append(LeftOut(line.official_number, line.full_name, LABELS.get(key, ""), why))
        else:
            kept.append(line)
    checked = _checked(kept, area)
    beside = [
        LeftOut(row.official_number, row.full_name, "", CONCURRENT, {"post": _post(row)})
        for row in queries.concurrent_posts(person_ids, area.day)
    ]
    return Part(checked.rows, left_out + checked.left_out + beside)


def _unlike(line: PersonLine) -> tuple[str, str]:
    """The column and reason that would also harm other rows: a number read as another person's, an old font."""
    if parse_text(line.official_number).replace(" ", "") != line.official_number:
        return "official_number", READ_OTHERWISE
    key = in_old_font(line.cells(), TEXTS)
    return key, OLD_FONT if key else ""


def _post(row: Any) -> str:
    return ", ".join(word for word in (row.title, row.unit) if word)


def _lines(area: Area, person_ids: Sequence[int]) -> list[tuple[PersonLine, str]]:
    finder = UnitFinder(registers.units(), area.day)
    numbered = area.numbered()
    last = registers.last_main_assignments(person_ids)
    found = {row.id: row for row in queries.posts_of(person_ids, area.day)}
    named: dict[int, Where | None] = {}
    lines = []
    for person_id in person_ids:
        row = found[person_id]
        where: Where | None = ("", "", "")
        if row.unit_id is not None:
            if row.unit_id not in named:
                named[row.unit_id] = _where(finder, finder.units.get(row.unit_id))
            where = named[row.unit_id]
        served = row.unit_id or (last[person_id].unit_id if person_id in last else None)
        shows = numbered is None or served in numbered or (served is None and area.whole)
        line = _line(row, where or ("", "", ""), area, shows_number=shows)
        lines.append((line, "" if where else NO_UNIT_NAME))
    return lines


def _where(finder: UnitFinder, unit: KnownUnit | None) -> Where | None:
    """How a row names a unit so that the import finds it and no other; the code first, as the form does."""
    if unit is None:
        return None
    agency = finder.agency_of(unit)
    division = "" if agency.id == unit.id else unit.name
    code = unit.code if finder.by_code.get(unit.code) is unit else ""
    ways: list[Where] = [(code, agency.name, division), (code, "", ""), (code, agency.name, unit.name)]
    for way in ways if code else [("", agency.name, division), ("", unit.name, ""), ("", "", unit.name)]:
        try:
            if finder.find(*way) is unit:
                return way
        except CellRefused:
            continue
    return None


def _line(row: Any, where: Where, area: Area, *, shows_number: bool) -> PersonLine:
    left = row.left_on is not None and row.left_on <= area.day
    return PersonLine(
        id=row.id,
        official_number=row.official_number,
        personal_number=(row.personal_number or "") if shows_number else "",
        full_name=row.full_name,
        born_on=row.born_on,
        born_year_only=row.born_year_only,
        gender=row.gender,
        kind=row.kind,
        rank_code=row.rank_code or "",
        hired_on=row.hired_on,
        phone=row.phone or "",
        email=row.email or "",
        unit_code=where[0],
        unit_name=where[1],
        division_name=where[2],
        title=row.title or "",
        position_code=row.position_code or "",
        position_name=row.position_name or "",
        status=SERVING if row.unit_id is not None else LEFT if left else "",
    )


def _checked(lines: list[PersonLine], area: Area) -> Part:
    """The rows that the import itself reads and compares without a fault or a change."""
    if not lines:
        return Part()
    file = people_in([as_read(KEYS, [LABELS[key] for key in KEYS], [line.cells() for line in lines])])
    bad = {error.row for error in file.errors}
    diff = compare([row for row in file.rows if row.row not in bad], Options(area.day), area.units())
    return sort_out(lines, file.rows, file.errors, diff, LABELS)
