"""The register of units as rows of its import's form; what the import could not take back is left out with the reason."""

from datetime import timedelta

from evaluation.files.register_rows import OLD_FONT, LeftOut, UnitLine, as_read, in_old_font
from evaluation.files.says import msgid
from evaluation.files.units import COLUMNS, units_in
from evaluation.queries import register_exports as queries
from evaluation.queries import registers
from evaluation.queries.registers import KnownUnit
from evaluation.services.import_plans import Options
from evaluation.services.import_units import compare
from evaluation.services.register_areas import Area
from evaluation.services.register_parts import Part, sort_out

KEYS = tuple(column.key for column in COLUMNS)
LABELS = {column.key: column.label for column in COLUMNS}
TEXTS = ("name", "short_name")
NO_CODE = msgid("The unit has no code; an import knows units by their codes.")
PARENT_WITHOUT_CODE = msgid("The superior unit has no code; an import knows it by its code.")
LATER = msgid("The unit begins only later; the file holds the register of the day.")


def part(area: Area) -> Part:
    """The units of an area that stand on the day, and those dissolved whose codes tell so, in the order of codes."""
    lines, left_out = _lines(area)
    kept: list[UnitLine] = []
    for line in lines:
        key = in_old_font(line.cells(), TEXTS)
        if key:
            left_out.append(LeftOut(line.code, line.name, LABELS[key], OLD_FONT))
        else:
            kept.append(line)
    checked = _checked(kept, area)
    return Part(checked.rows, left_out + checked.left_out)


def _lines(area: Area) -> tuple[list[UnitLine], list[LeftOut]]:
    known = {unit.id: unit for unit in registers.units()}
    places = queries.places_on(area.day)
    scope = area.units()
    lines: list[UnitLine] = []
    left_out: list[LeftOut] = []
    for unit in sorted(known.values(), key=lambda one: (one.code, one.id)):
        if not (area.whole or scope is None or _inside(unit, known, scope)):
            continue
        place = places.get(unit.id)
        above = known.get((place.parent_id if place else unit.parent_id) or 0)
        reason = _no_line(unit, above, stands=place is not None, area=area)
        if reason:
            left_out.append(LeftOut(unit.code, unit.name, "", reason))
            continue
        end = unit.placed_to if place is None or place.id == unit.place_id else None
        shown = place or unit
        lines.append(
            UnitLine(
                code=unit.code,
                name=shown.name,
                short_name=shown.short_name,
                kind=unit.kind,
                parent_code=above.code if above else "",
                role=unit.role,
                valid_from=place.valid_from if place else unit.placed_from,
                valid_to=end - timedelta(days=1) if end else None,
            )
        )
    return lines, left_out


def _no_line(unit: KnownUnit, above: KnownUnit | None, *, stands: bool, area: Area) -> str:
    if not stands and unit.placed_from > area.day:
        return LATER
    if not unit.code:
        return NO_CODE
    return PARENT_WITHOUT_CODE if above is not None and not above.code else ""


def _inside(unit: KnownUnit, known: dict[int, KnownUnit], scope: set[int]) -> bool:
    """Whether a unit, or one above where it stood last, is in scope: a dissolved unit stands nowhere today."""
    at: KnownUnit | None = unit
    for _level in range(30):
        if at is None or at.id in scope:
            return at is not None
        at = known.get(at.parent_id or 0)
    return False


def _checked(lines: list[UnitLine], area: Area) -> Part:
    """The rows that the import itself reads and compares without a fault or a change."""
    if not lines:
        return Part()
    file = units_in([as_read(KEYS, [LABELS[key] for key in KEYS], [line.cells() for line in lines])])
    bad = {error.row for error in file.errors}
    diff = compare([row for row in file.rows if row.row not in bad], Options(area.day), area.units())
    return sort_out(lines, file.rows, file.errors, diff, LABELS)
