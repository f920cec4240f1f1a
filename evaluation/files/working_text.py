"""The working of a result as plain text, for the command line: the same inputs, conditions and steps as the page."""

from collections.abc import Iterator

from evaluation.files.says import Gettext
from evaluation.rules.explain import shown, written
from evaluation.rules.working import Cell, Entered, Inputs, Working, level_of

MARKS = {True: "[x]", False: "[-]", None: "[?]"}


def lines_of(working: Working, gettext: Gettext) -> Iterator[str]:
    """The whole working, line by line."""
    yield f"{working.title}: {working.whose}"
    yield f"{gettext('Period')}: {working.period}"
    if working.points is not None:
        yield f"{gettext('Result')}: {shown(working.points)} ({working.points})" + (
            f" / {working.out_of}" if working.out_of else ""
        )
    if working.band is not None:
        yield f"{gettext('Level')}: {gettext(working.band.label)} ({working.band.value})"
    yield f"{gettext('State')}: {working.says}"
    for note in working.notes:
        yield f"! {note}"
    for ground in working.grounds:
        about = " · ".join(filter(None, [ground.detail, ground.article]))
        yield f"{MARKS[ground.met]} {ground.says}" + (f" ({about})" if about else "")
    for table in working.inputs:
        yield ""
        yield from _inputs(table, gettext)
    if working.steps:
        yield ""
        yield gettext("Formula and steps").upper()
    for step in working.steps:
        yield f"  {gettext(step.says)}: {step.formula}"
        level = level_of(step)
        yield f"      = {step.value if level is None else gettext(level.label)}" + (
            f"   [{step.article}]" if step.article else ""
        )
    yield ""
    at = f"{working.computed_at:%Y-%m-%d %H:%M %Z} " if working.computed_at else ""
    yield f"{gettext('Computed')}: {at}{working.computed_by or gettext('by the program')}"
    if working.source is not None:
        source = working.source
        changed = "" if source.unchanged else f"; {gettext('the file has another text today')}"
        yield f"{gettext('Rulebook')}: {source.title} ({source.name}, sha256 {source.short}{changed})"


def _inputs(table: Inputs, gettext: Gettext) -> Iterator[str]:
    yield table.title.upper() + (f"   [{table.article}]" if table.article else "")
    if not table.rows:
        yield f"  {table.empty}"
        return
    yield "  " + " | ".join(column.says for column in table.columns)
    for row in table.rows:
        yield "  " + " | ".join(_cell(value) for value in row.cells)
        if row.note:
            yield f"      {row.note}"
        for one in table.apart(row):
            yield f"      {_entered(one)}"
    if table.common:
        yield f"  {gettext('Every row:')} " + "; ".join(_entered(one) for one in table.common)


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else written(value)


def _entered(one: Entered) -> str:
    at = f", {one.at:%Y-%m-%d %H:%M %Z}" if one.at else ""
    return f"{one.how}: {one.name or '–'}{at}"
