"""Administrative documents as Word files, laid out as decree 30/2020 asks (Annex I): a draft a clerk numbers and dates."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.shared import Mm
from docxtpl import DocxTemplate

from evaluation.files import word
from evaluation.files.word import CENTRE, LEFT

Column = tuple[str, str, float]
PERSONS: tuple[Column, ...] = (
    ("TT", "number", 1.0),
    ("Họ và tên", "name", 4.2),
    ("Ngày sinh", "born", 2.6),
    ("Giới tính", "gender", 1.4),
    ("Chức vụ", "title", 3.2),
    ("Đơn vị", "unit", 4.2),
    ("Xếp loại năm", "klass", 2.8),
    ("Điểm năm", "score", 1.5),
    ("Sáng kiến (cấp, số, ngày quyết định)", "initiatives", 4.2),
)
COLLECTIVES: tuple[Column, ...] = (
    ("TT", "number", 1.0),
    ("Tên tập thể", "name", 5.2),
    ("Trực thuộc", "unit", 3.4),
    ("Tổng số người", "people", 1.5),
    ("Số người được xếp loại", "rated", 1.7),
    ("Xuất sắc / tốt / hoàn thành / không hoàn thành", "members", 3.2),
    ("Lao động tiên tiến", "ldtt", 2.4),
    ("Chiến sĩ thi đua cơ sở", "cstdcs", 2.4),
    ("Xếp loại tập thể", "klass", 2.8),
    ("Người bị kỷ luật", "disciplined", 1.5),
)
LEFT_COLUMNS = frozenset({"name", "title", "unit"})


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
    people: Sequence[Mapping[str, str]]
    closing: str
    collectives: Sequence[Mapping[str, str]] = ()
    kind: str = "danh hiệu"


def write_submission(submission: Submission) -> bytes:
    """A Tờ trình with its annex as .docx: persons in one table, collectives in another; each only where there are any."""
    document = DocxTemplate(io.BytesIO(_submission_template()))
    document.render(dict(vars(submission)), autoescape=True)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@lru_cache(maxsize=1)
def _submission_template() -> bytes:
    document = word.blank()
    word.letterhead(
        document,
        "{{ superior }}",
        "{{ issuer }}",
        number="Số:        /TTr-{{ sign }}",
        place_and_date="{{ place }}, ngày      tháng      năm {{ year }}",
    )
    word.line(document, "TỜ TRÌNH", bold=True, size=14, before=18)
    word.line(document, "Về việc đề nghị tặng {{ kind }} “{{ award }}” năm {{ year }}", bold=True, size=14)
    word.line(document, "________", before=0, after=10)
    word.line(document, "Kính gửi: {{ recipient }}.", size=14, before=6, after=10)
    word.line(document, "{%p for ground in grounds %}")
    word.body(document, "{{ ground }}", italic=True)
    word.line(document, "{%p endfor %}")
    word.line(document, "{%p for paragraph in body %}")
    word.body(document, "{{ paragraph }}")
    word.line(document, "{%p endfor %}")
    _signature(document)
    _annex(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _signature(document: DocumentType) -> None:
    word.line(document, "", before=6)
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    word.widths(table, (8.25, 8.25))
    left, right = table.rows[0].cells
    word.cell(left, "Nơi nhận:", size=12, bold=True, italic=True, align=LEFT)
    word.cell(left, "- Như trên;", size=11, align=LEFT, more=True)
    word.cell(left, "- Lưu: VT, TĐKT.", size=11, align=LEFT, more=True)
    word.cell(right, "THỦ TRƯỞNG CƠ QUAN", size=14, bold=True)


def _annex(document: DocumentType) -> None:
    """The list on landscape pages of its own, its header row repeated, no row split over two pages."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.different_first_page_header_footer = False
    word.line(document, "Phụ lục", bold=True, size=14)
    word.line(
        document,
        "DANH SÁCH ĐỀ NGHỊ TẶNG {{ kind|upper }} “{{ award|upper }}” NĂM {{ year }}",
        bold=True,
        size=14,
    )
    word.line(
        document,
        "(Kèm theo Tờ trình số        /TTr-{{ sign }} ngày      tháng      năm {{ year }} của {{ issuer }})",
        italic=True,
        size=13,
        after=8,
    )
    for rows, heading, columns in (
        ("people", "Cá nhân", PERSONS),
        ("collectives", "Tập thể", COLLECTIVES),
    ):
        word.line(document, f"{{%p if {rows} %}}")
        word.line(document, "{%p if people and collectives %}")
        word.line(document, heading, bold=True, size=13, align=LEFT, before=6, after=4)
        word.line(document, "{%p endif %}")
        _list(document, rows, columns)
        word.line(document, "{%p endif %}")
    word.line(document, "{{ closing }}./.", size=13, align=LEFT, before=6)


def _list(document: DocumentType, rows: str, columns: Sequence[Column]) -> None:
    table = document.add_table(rows=4, cols=len(columns))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    word.widths(table, tuple(width for _title, _value, width in columns))
    head, start, row, end = table.rows
    for cell, (title, _value, _width) in zip(head.cells, columns, strict=True):
        word.cell(cell, title, size=12, bold=True)
    word.mark(head, "w:tblHeader")
    start.cells[0].paragraphs[0].text = f"{{%tr for one in {rows} %}}"
    for cell, (_title, value, _width) in zip(row.cells, columns, strict=True):
        word.cell(cell, f"{{{{ one.{value} }}}}", size=12, align=LEFT if value in LEFT_COLUMNS else CENTRE)
    for one in (head, row):
        word.mark(one, "w:cantSplit")
    end.cells[0].paragraphs[0].text = "{%tr endfor %}"
