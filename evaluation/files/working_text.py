"""The working of a result as plain text, for the command line: the same inputs, conditions and steps as the page."""

from collections.abc import Iterator
from fractions import Fraction

from evaluation.files.says import Reader, msgid, said
from evaluation.rules.explain import half_up
from evaluation.rules.working import Cell, Entered, Inputs, Working, level_of

PLACES = 4  # more are not seen on a page
# Neither a tick nor a cross is in every font.
MARKS = {
    True: (msgid("met"), "[x]"),
    False: (msgid("not met"), "[–]"),
    None: (msgid("to be looked at"), "[?]"),
}


def lines_of(working: Working, reader: Reader) -> Iterator[str]:
    """The whole working, line by line."""
    gettext = reader.gettext
    yield f"{working.title}: {working.whose}"
    yield f"{gettext('Period')}: {reader.period(working.period)}"
    if working.points is not None:
        yield f"{gettext('Result')}: {reader.number(working.points)} ({working.points})" + (
            f" / {working.out_of}" if working.out_of else ""
        )
    if working.band is not None:
        yield f"{gettext('Level')}: {reader.band(working.band)} ({working.band.value})"
    yield f"{gettext('State')}: {working.says}"
    for note in working.notes:
        yield f"! {note}"
    for ground in working.grounds:
        about = " · ".join(filter(None, [ground.detail, ground.article]))
        says, mark = MARKS[ground.met]
        yield f"{mark} {gettext(says)}: {gettext(ground.says)}" + (f" ({about})" if about else "")
    for table in working.inputs:
        yield ""
        yield from _inputs(table, reader)
    if working.steps:
        yield ""
        yield gettext("Formula and steps").upper()
    for step in working.steps:
        yield f"  {gettext(step.says)}: {step.formula}"
        level = level_of(step)
        yield f"      = {_number(step.value, reader) if level is None else gettext(level.label)}" + (
            f"   [{step.article}]" if step.article else ""
        )
    yield ""
    at = f"{reader.moment(working.computed_at)}, " if working.computed_at else ""
    by = (
        said(gettext, msgid("by %(name)s"), {"name": working.computed_by})
        if working.computed_by
        else gettext("by the program")
    )
    yield f"{gettext('Computed')}: {at}{by}"
    if working.source is not None:
        source = working.source
        changed = "" if source.unchanged else f"; {gettext('the file has another text today')}"
        yield f"{gettext('Rulebook')}: {source.title} ({source.name}, {gettext('fingerprint')} {source.short}{changed})"


def _inputs(table: Inputs, reader: Reader) -> Iterator[str]:
    yield table.title.upper() + (f"   [{table.article}]" if table.article else "")
    if not table.rows:
        yield f"  {table.empty}"
        return
    yield "  " + " | ".join(column.says for column in table.columns)
    for row in table.rows:
        cells = [*row.cells, *[None] * (len(table.columns) - len(row.cells))]
        yield "  " + " | ".join("" if row.is_sum and cell is None else _cell(cell, reader) for cell in cells)
        if row.note:
            yield f"      {row.note}"
        if not row.is_sum:
            for one in table.apart(row):
                yield f"      {_entered(one, reader)}"
    if table.common:
        yield f"  {reader.gettext('Every row:')} " + "; ".join(_entered(one, reader) for one in table.common)
    if table.note:
        yield f"  {table.note}"


def _number(value: Fraction, reader: Reader) -> str:
    """As the page writes it, and exactly where the page rounds."""
    seen = reader.number(value)
    return seen if half_up(value, PLACES) == value else f"{seen} ({value})"


def _cell(value: Cell, reader: Reader) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else reader.number(value)


def _entered(one: Entered, reader: Reader) -> str:
    text = f"{one.how}: {one.name or reader.gettext('the program')}"
    return f"{text}, {reader.moment(one.at)}" if one.at else text
