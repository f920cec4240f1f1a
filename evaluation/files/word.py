"""Pieces of an administrative document in Word, laid out as decree 30/2020 asks (Annex I): A4, Times New Roman, letterhead."""

import io
from collections.abc import Iterable
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Cm, Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from evaluation.files.letters import printable

CENTRE, LEFT, RIGHT, JUSTIFY = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
FONT = "Times New Roman"
BOXES_FONT = "MS Gothic"  # the font Word itself takes for ☐ and ☒
COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
TEXT_WIDTH = 16.5  # centimetres between the margins of an upright page


def blank(size: int = 14) -> DocumentType:
    """An empty upright A4 document with the margins, font and page number of decree 30/2020."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(size)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _page_number(section)
    return document


def next_document(document: DocumentType) -> Section:
    """A new page with a numbering of its own, for many documents in one file."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    if section._sectPr.find(qn("w:pgNumType")) is None:
        _number_from_one(section._sectPr)
    return section


def joined(parts: Iterable[bytes]) -> bytes:
    """Files that were made alike from `blank`, one after another as one file, each document numbered for itself."""
    first, *others = parts
    document = Document(io.BytesIO(first))
    for data in others:
        next_document(document)
        end = document.element.body.sectPr
        part = Document(io.BytesIO(data)).element.body
        for place in part.iter(qn("w:sectPr")):
            for header in place.findall(qn("w:headerReference")):
                place.remove(header)  # the header of the first document goes on
            if place.find(qn("w:pgNumType")) is None:
                _number_from_one(place)
        for element in list(part):
            if element.tag != qn("w:sectPr"):
                end.addprevious(element)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _number_from_one(section: Any) -> None:
    numbering = OxmlElement("w:pgNumType")
    numbering.set(qn("w:start"), "1")
    section.append(numbering)


def _page_number(section: Section) -> None:
    """Arabic, 13 points, centred in the top margin, not on the first page."""
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = CENTRE
    for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        run.font.size, run.font.name = Pt(13), FONT
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.set(qn("xml:space"), "preserve")
            element.text = instruction
        run._r.append(element)


def letterhead(
    document: DocumentType, superior: str, issuer: str, *, number: str = "", place_and_date: str = ""
) -> None:
    """Agency at the left, the country's name and motto at the right; number, place and date below where there are any."""
    table = document.add_table(rows=2 if number or place_and_date else 1, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    widths(table, (6.8, 9.7))
    left, right = table.rows[0].cells
    if superior:
        cell(left, superior, size=12)
    cell(left, issuer, size=12, bold=True, more=bool(superior))
    cell(left, "_______", size=12, more=True)
    cell(right, COUNTRY, size=12, bold=True)
    cell(right, MOTTO, size=13, bold=True, more=True, underline=True)
    if number or place_and_date:
        left, right = table.rows[1].cells
        cell(left, number, size=13)
        cell(right, place_and_date, size=13, italic=True)


def mark(row: _Row, name: str) -> None:
    """A property of a table row: w:tblHeader repeats it on every page, w:cantSplit keeps it on one."""
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def widths(table: Table, centimetres: tuple[float, ...]) -> None:
    """Sets the columns' widths; Word reads them from the cells, LibreOffice from the columns."""
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        for one, width in zip(row.cells, centimetres, strict=True):
            one.width = Cm(width)


def line(
    document: DocumentType,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 14,
    before: int = 0,
    after: int = 0,
    align: WD_ALIGN_PARAGRAPH = CENTRE,
) -> Paragraph:
    """One paragraph, centred unless said."""
    paragraph = document.add_paragraph()
    write(paragraph, text, bold=bold, italic=italic, size=size, align=align, before=before, after=after)
    return paragraph


def body(document: DocumentType, text: str, *, italic: bool = False, size: int = 14) -> Paragraph:
    """A paragraph of running text: justified, its first line indented."""
    paragraph = line(document, text, italic=italic, size=size, before=6, align=JUSTIFY)
    paragraph.paragraph_format.first_line_indent = Cm(1.27)
    return paragraph


def dots(paragraph: Paragraph) -> None:
    """A dotted line to the right margin, to be written on by hand."""
    paragraph.paragraph_format.tab_stops.add_tab_stop(
        Cm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
    )
    paragraph.add_run("\t")


def cell(
    into: _Cell,
    text: str,
    *,
    size: int,
    bold: bool = False,
    italic: bool = False,
    underline: bool = False,
    align: WD_ALIGN_PARAGRAPH = CENTRE,
    more: bool = False,
) -> Paragraph:
    """The text of a table's cell, or with `more` one paragraph more in it."""
    paragraph = into.add_paragraph() if more else into.paragraphs[0]
    write(paragraph, text, bold=bold, italic=italic, size=size, align=align)
    paragraph.runs[0].underline = underline
    return paragraph


def write(
    paragraph: Paragraph,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 14,
    align: WD_ALIGN_PARAGRAPH = LEFT,
    before: int = 0,
    after: int = 0,
) -> None:
    """Adds a run in the document's font and shapes its paragraph; signs that XML cannot hold are left out."""
    run = paragraph.add_run(printable(text))
    run.bold, run.italic, run.font.size, run.font.name = bold, italic, Pt(size), FONT
    paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), 1.0
