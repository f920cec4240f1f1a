"""The working of a result as a Word file on A4: the same inputs, steps and grounds as the page, in the same order."""

import io

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell, _Row

from evaluation.files.says import Reader, msgid, said
from evaluation.files.working_text import MARKS
from evaluation.rules.explain import Step
from evaluation.rules.working import Cell, Entered, Ground, Inputs, Working, level_of

FONT = "Times New Roman"
RIGHT = WD_ALIGN_PARAGRAPH.RIGHT


def write_docx(working: Working, reader: Reader) -> bytes:
    """The working as a .docx of its own."""
    document = Document()
    _page(document)
    append(document, working, reader)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def append(document: DocumentType, working: Working, reader: Reader) -> None:
    """The working at the end of a document: of its own, or of the form that carries it as its annex."""
    gettext = reader.gettext
    _heading(document, said(gettext, msgid("Working: %(title)s"), {"title": working.title}), 14)
    _line(document, " · ".join(filter(None, [working.whose, reader.period(working.period)])), italic=True)
    _result(document, working, reader)
    if working.grounds:
        _heading(document, gettext(msgid("Conditions")), 12)
        for ground in working.grounds:
            _ground(document, ground, reader)
    for table in working.inputs:
        _inputs(document, table, reader)
    if working.steps:
        _heading(document, gettext(msgid("Formula and steps")), 12)
        for step in working.steps:
            _line(document, f"{gettext(step.says)}: {_value(step, reader)}", bold=True, before=4)
            if step.formula:
                _line(document, step.formula)
            if step.article:
                _line(document, step.article, italic=True, size=10)


def _page(document: DocumentType) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(12)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)


def _result(document: DocumentType, working: Working, reader: Reader) -> None:
    gettext = reader.gettext
    if working.points is not None:
        out_of = f" / {working.out_of}" if working.out_of else ""
        _fact(document, gettext(msgid("Points")), f"{reader.number(working.points)}{out_of}")
        _fact(document, gettext(msgid("Exact value")), str(working.points))
    if working.band is not None:
        _fact(document, gettext(msgid("Level")), reader.band(working.band))
    _fact(document, gettext(msgid("State")), working.says)
    by = (
        said(gettext, msgid("by %(name)s"), {"name": working.computed_by})
        if working.computed_by
        else gettext(msgid("by the program"))
    )
    at = f"{reader.moment(working.computed_at)}, " if working.computed_at else ""
    _fact(document, gettext(msgid("Computed")), f"{at}{by}")
    if working.source is not None:
        source = working.source
        text = f"{source.title} ({source.name}, {gettext(msgid('fingerprint'))} {source.short})"
        if not source.unchanged:
            text += f"; {gettext(msgid('the file has another text today'))}"
        _fact(document, gettext(msgid("Rulebook")), text)
    for note in working.notes:
        _line(document, note, italic=True, size=11)


def _inputs(document: DocumentType, table: Inputs, reader: Reader) -> None:
    gettext = reader.gettext
    _heading(document, table.title + (f" ({table.article})" if table.article else ""), 12)
    if not table.rows:
        _line(document, table.empty)
        return
    people = table.names_people
    columns = [column.says for column in table.columns]
    if people:
        columns.append(gettext(msgid("Who entered it, when")))
    made = document.add_table(rows=1, cols=len(columns))
    made.style = "Table Grid"
    for cell, title in zip(made.rows[0].cells, columns, strict=True):
        _write(cell, title, bold=True)
    _mark(made.rows[0], "w:tblHeader")
    for row in table.rows:
        cells = made.add_row().cells
        _mark(made.rows[-1], "w:cantSplit")
        for place, column in enumerate(table.columns):
            value = row.cells[place] if place < len(row.cells) else None
            text = "" if row.is_sum and value is None else _shown(value, reader)
            _write(cells[place], text, bold=row.is_sum, right=column.number)
            if place == 0 and row.note:
                _write(cells[0], row.note, italic=True, more=True)
        if people:
            apart = "; ".join(_entered(one, reader) for one in table.apart(row))
            _write(cells[-1], "" if row.is_sum else apart or "–")
    if table.common:
        every = "; ".join(_entered(one, reader) for one in table.common)
        _line(document, f"{gettext(msgid('Every row:'))} {every}", size=10)
    if table.note:
        _line(document, table.note, italic=True, size=10)


def _value(step: Step, reader: Reader) -> str:
    level = level_of(step)
    return reader.number(step.value) if level is None else reader.gettext(level.label)


def _shown(value: Cell, reader: Reader) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else reader.number(value)


def _entered(one: Entered, reader: Reader) -> str:
    text = f"{one.how}: {one.name or reader.gettext(msgid('the program'))}"
    return f"{text}, {reader.moment(one.at)}" if one.at else text


def _ground(document: DocumentType, ground: Ground, reader: Reader) -> None:
    says, mark = MARKS[ground.met]
    _line(document, f"{mark} {reader.gettext(says)}: {reader.gettext(ground.says)}", before=3)
    about = " · ".join(filter(None, [ground.detail, ground.article]))
    if about:
        _line(document, about, italic=True, size=10)


def _heading(document: DocumentType, text: str, size: int) -> None:
    _line(document, text, bold=True, size=size, before=8)


def _fact(document: DocumentType, name: str, value: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(f"{name}: ")
    paragraph.add_run(value).bold = True


def _line(
    document: DocumentType,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 12,
    before: int = 0,
) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(0)
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)


def _write(
    cell: _Cell,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    right: bool = False,
    more: bool = False,
) -> None:
    paragraph = cell.add_paragraph() if more else cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    if right:
        paragraph.alignment = RIGHT
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(9.5)


def _mark(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))
