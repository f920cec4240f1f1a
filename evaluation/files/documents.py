"""Administrative documents as Word files, laid out as decree 30/2020 asks (Annex I): a draft a clerk numbers and dates."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Cm, Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate

CENTRE, LEFT, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.JUSTIFY
FONT = "Times New Roman"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
ANNEX = (
    ("TT", "{{ person.number }}", 1.0),
    ("Họ và tên", "{{ person.name }}", 4.2),
    ("Ngày sinh", "{{ person.born }}", 2.6),
    ("Giới tính", "{{ person.gender }}", 1.4),
    ("Chức vụ", "{{ person.title }}", 3.2),
    ("Đơn vị", "{{ person.unit }}", 4.2),
    ("Xếp loại năm", "{{ person.klass }}", 2.8),
    ("Điểm năm", "{{ person.score }}", 1.5),
    ("Sáng kiến (cấp, số, ngày quyết định)", "{{ person.initiatives }}", 4.2),
)


@dataclass(frozen=True)
class Submission:
    """What a Tờ trình says; number and date stay blank until the clerk issues them."""

    superior: str
    issuer: str
    sign: str
    place: str
    year: int
    award: str
    recipient: str
    grounds: Iterable[str]
    body: Iterable[str]
    people: Iterable[Mapping[str, str]]
    closing: str


def write_submission(submission: Submission) -> bytes:
    """A Tờ trình with its annex as .docx; the people are streamed into the annex's rows."""
    document = DocxTemplate(io.BytesIO(_submission_template()))
    document.render(dict(vars(submission)), autoescape=True)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@lru_cache(maxsize=1)
def _submission_template() -> bytes:
    document = Document()
    _base(document)
    _letterhead(document)
    _line(document, "TỜ TRÌNH", bold=True, size=14, before=18)
    _line(document, "Về việc đề nghị tặng danh hiệu “{{ award }}” năm {{ year }}", bold=True, size=14)
    _line(document, "________", before=0, after=10)
    _line(document, "Kính gửi: {{ recipient }}.", size=14, before=6, after=10)
    _line(document, "{%p for ground in grounds %}")
    _body(document, "{{ ground }}", italic=True)
    _line(document, "{%p endfor %}")
    _line(document, "{%p for paragraph in body %}")
    _body(document, "{{ paragraph }}")
    _line(document, "{%p endfor %}")
    _signature(document)
    _annex(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _base(document: DocumentType) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _page_number(section)


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


def _letterhead(document: DocumentType) -> None:
    table = document.add_table(rows=2, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _widths(table, (6.3, 10.2))
    left, right = table.rows[0].cells
    _cell(left, "{{ superior }}", size=12)
    _cell(left, "{{ issuer }}", size=12, bold=True, more=True)
    _cell(left, "_______", size=12, more=True)
    _cell(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=12, bold=True)
    _cell(right, MOTTO, size=13, bold=True, more=True, underline=True)
    left, right = table.rows[1].cells
    _cell(left, "Số:        /TTr-{{ sign }}", size=13)
    _cell(right, "{{ place }}, ngày      tháng      năm {{ year }}", size=13, italic=True)


def _signature(document: DocumentType) -> None:
    _line(document, "", before=6)
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    _widths(table, (8.25, 8.25))
    left, right = table.rows[0].cells
    _cell(left, "Nơi nhận:", size=12, bold=True, italic=True, align=LEFT)
    _cell(left, "- Như trên;", size=11, align=LEFT, more=True)
    _cell(left, "- Lưu: VT, TĐKT.", size=11, align=LEFT, more=True)
    _cell(right, "THỦ TRƯỞNG CƠ QUAN", size=14, bold=True)


def _annex(document: DocumentType) -> None:
    """The list on landscape pages of its own, its header row repeated, no row split over two pages."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.different_first_page_header_footer = False
    _line(document, "Phụ lục", bold=True, size=14)
    _line(
        document,
        "DANH SÁCH ĐỀ NGHỊ TẶNG DANH HIỆU “{{ award|upper }}” NĂM {{ year }}",
        bold=True,
        size=14,
    )
    _line(
        document,
        "(Kèm theo Tờ trình số        /TTr-{{ sign }} ngày      tháng      năm {{ year }} của {{ issuer }})",
        italic=True,
        size=13,
        after=8,
    )
    table = document.add_table(rows=4, cols=len(ANNEX))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _widths(table, tuple(width for _title, _value, width in ANNEX))
    head, start, row, end = table.rows
    for cell, (title, _value, _width) in zip(head.cells, ANNEX, strict=True):
        _cell(cell, title, size=12, bold=True)
    _mark(head, "w:tblHeader")
    start.cells[0].paragraphs[0].text = "{%tr for person in people %}"
    for cell, (title, value, _width) in zip(row.cells, ANNEX, strict=True):
        _cell(cell, value, size=12, align=LEFT if title in ("Họ và tên", "Chức vụ", "Đơn vị") else CENTRE)
    for one in (head, row):
        _mark(one, "w:cantSplit")
    end.cells[0].paragraphs[0].text = "{%tr endfor %}"
    _line(document, "{{ closing }}./.", size=13, align=LEFT, before=6)


def _mark(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _widths(table: Table, centimetres: tuple[float, ...]) -> None:
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, centimetres, strict=True):
            cell.width = Cm(width)


def _line(
    document: DocumentType,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 14,
    before: int = 0,
    after: int = 0,
    align: WD_ALIGN_PARAGRAPH = CENTRE,
) -> None:
    _write(document.add_paragraph(), text, bold, italic, size, align, before, after)


def _body(document: DocumentType, text: str, *, italic: bool = False) -> None:
    paragraph = document.add_paragraph()
    _write(paragraph, text, False, italic, 14, JUSTIFY, 6, 0)
    paragraph.paragraph_format.first_line_indent = Cm(1.27)


def _cell(
    cell: _Cell,
    text: str,
    *,
    size: int,
    bold: bool = False,
    italic: bool = False,
    underline: bool = False,
    align: WD_ALIGN_PARAGRAPH = CENTRE,
    more: bool = False,
) -> None:
    paragraph = cell.add_paragraph() if more else cell.paragraphs[0]
    _write(paragraph, text, bold, italic, size, align, 0, 0)
    paragraph.runs[0].underline = underline


def _write(
    paragraph: Paragraph,
    text: str,
    bold: bool,
    italic: bool,
    size: int,
    align: WD_ALIGN_PARAGRAPH,
    before: int,
    after: int,
) -> None:
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size, run.font.name = bold, italic, Pt(size), FONT
    paragraph.alignment = align
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), 1.0
