"""Mẫu số 01 and 02 as Word files; many forms go into one file, each on pages of its own with numbers of its own."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from docx.document import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table
from docx.text.paragraph import Paragraph

from evaluation.files import forms, word, workings
from evaluation.files.forms import PeriodForm, Signature, YearForm
from evaluation.files.says import Reader
from evaluation.files.word import CENTRE, JUSTIFY, LEFT, RIGHT
from evaluation.rules.working import Working

Form = TypeVar("Form", PeriodForm, YearForm)

SIZE, SMALL = 13, 12
EMPTY_LINES = (1, 2, 2)  # dotted lines below "4.", "5." and "6." on the printed form


def write_period_forms(filled: Iterable[PeriodForm]) -> bytes:
    """Mẫu số 01 of each official, one after another, without annexes."""
    return _written(filled, _period)


def write_period_form(form: PeriodForm, reader: Reader) -> bytes:
    """Mẫu số 01 of one official with its annex where it has one."""

    def write(document: Document, form: PeriodForm) -> None:
        _period(document, form)
        if form.annex is not None:
            _annex(document, form, form.annex, reader)

    return _written([form], write)


def write_year_forms(filled: Iterable[YearForm]) -> bytes:
    """Mẫu số 02 of each official, one after another."""
    return _written(filled, _year)


def _written(filled: Iterable[Form], write: Callable[[Document, Form], None]) -> bytes:
    document = word.blank(SIZE)
    for number, form in enumerate(filled):
        if number:
            word.next_document(document)
        write(document, form)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _period(document: Document, form: PeriodForm) -> None:
    _top(document, forms.FORM_01, form)
    word.line(document, forms.PERIOD_TITLE, bold=True, before=12)
    period = word.line(document, f"(Kỳ theo dõi, đánh giá: {form.period})", size=SIZE, after=8)
    _note_mark(period, "1")
    _person(document, form)
    _heading(document, forms.PERIOD_PARTS[0])
    _criteria(document, form)
    _heading(document, forms.PERIOD_PARTS[1])
    for label, value in zip(forms.SUMMARY, form.summary, strict=True):
        _filled(document, label, value)
    for label, text, more in zip(forms.REMARKS, form.remarks, EMPTY_LINES, strict=True):
        _filled(document, label, text, more=more, keep=label == forms.REMARKS[-1])
    _signatures(document, forms.PERIOD_SIGNS, (form.official, form.authority))
    _notes(document, [forms.PERIOD_NOTE])


def _year(document: Document, form: YearForm) -> None:
    _top(document, forms.FORM_02, form)
    word.line(document, forms.YEAR_TITLE, bold=True, before=12)
    word.line(document, f"Năm {form.year}", bold=True, after=8)
    _person(document, form)
    first, second, third, fourth = forms.YEAR_PARTS
    _heading(document, first)
    _months(document, form)
    _heading(document, second)
    _boxes(document, form.own_class)
    _note_mark(_heading(document, third), "1")
    _boxes(document, form.decided_class)
    _note_mark(_heading(document, fourth), "2")
    _filled(document, "", form.handling, more=1, keep=True)
    _signatures(document, forms.YEAR_SIGNS, (form.official, form.authority))
    _notes(document, forms.YEAR_NOTES)


def _top(document: Document, name: str, form: PeriodForm | YearForm) -> None:
    """The form's number at the right, the sentence of a draft at the left, the letterhead below."""
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    word.widths(table, (12.5, 4.0))
    left, right = table.rows[0].cells
    word.cell(left, f"{forms.DRAFT}: {form.draft}" if form.draft else "", size=11, bold=True, align=LEFT)
    word.cell(right, name, size=SMALL, bold=True, align=RIGHT)
    for place in (left, right):
        place.paragraphs[0].paragraph_format.space_after = Pt(6)
    word.letterhead(document, form.superior, form.issuer)


def _person(document: Document, form: PeriodForm | YearForm) -> None:
    for label, value in ((forms.NAME, form.name), (forms.OFFICE, form.office), (forms.UNIT, form.unit)):
        _filled(document, label, value)


def _heading(document: Document, text: str) -> Paragraph:
    paragraph = word.line(document, text, bold=True, size=SIZE, before=8, after=4, align=LEFT)
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def _filled(document: Document, label: str, value: str, *, more: int = 0, keep: bool = False) -> None:
    """What is known after its label; what is not stays a dotted line with as many more as the form prints.

    `keep` holds it on the page of what follows, so that no signature stands alone on a page.
    """
    first, *rest = value.splitlines() if value else ["", *[""] * more]
    said = " ".join(part for part in (label, first) if part)
    for text in (said, *rest):
        paragraph = word.line(document, text, size=SIZE, before=2, align=JUSTIFY if value else LEFT)
        paragraph.paragraph_format.keep_with_next = keep
        if not value:
            word.dots(paragraph)


def _table(document: Document, heads: Sequence[str], centimetres: tuple[float, ...], rows: int) -> Table:
    """A ruled table whose header is repeated on each page and whose rows are not split."""
    table = document.add_table(rows=rows + 1, cols=len(heads))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    word.widths(table, centimetres)
    for place, head in zip(table.rows[0].cells, heads, strict=True):
        word.cell(place, head, size=SMALL, bold=True)
        place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    word.mark(table.rows[0], "w:tblHeader")
    for row in table.rows:
        word.mark(row, "w:cantSplit")
    return table


def _criteria(document: Document, form: PeriodForm) -> None:
    rows = [
        (forms.CRITERIA_NUMBERS, False),
        *(((row.number, row.title, row.most, row.own), row.group) for row in form.criteria),
    ]
    table = _table(document, forms.CRITERIA_HEAD, (1.1, 11.5, 1.6, 2.3), len(rows) + 1)
    for (values, bold), row in zip(rows, table.rows[1:], strict=False):
        titled = values is not forms.CRITERIA_NUMBERS
        for number, (place, value) in enumerate(zip(row.cells, values, strict=True)):
            align = JUSTIFY if number == 1 and titled else CENTRE
            word.cell(place, value, size=SMALL, bold=bold, align=align)
            place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    cells = table.rows[-1].cells
    word.cell(cells[0].merge(cells[1]), forms.TOTAL, size=SMALL, bold=True)
    word.cell(cells[2], form.most, size=SMALL, bold=True)
    word.cell(cells[3], form.own, size=SMALL, bold=True)


def _months(document: Document, form: YearForm) -> None:
    rows = [
        *((str(month.month), month.points, month.note) for month in form.months),
        (forms.MEAN, form.mean, form.mean_note),
    ]
    table = _table(document, forms.MONTHS_HEAD, (4.2, 5.1, 7.2), len(rows))
    for values, row in zip(rows, table.rows[1:], strict=True):
        last = values[0] == forms.MEAN
        for place, value, align in zip(row.cells, values, (CENTRE, CENTRE, LEFT), strict=True):
            word.cell(place, value, size=SMALL, bold=last and place is not row.cells[2], align=align)
            place.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _boxes(document: Document, chosen: str) -> None:
    for ticked, words in forms.ticked(chosen):
        paragraph = document.add_paragraph()
        word.write(paragraph, "☒" if ticked else "☐", size=SIZE, before=2)
        box = paragraph.runs[0]
        box.font.name = word.BOXES_FONT
        box._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), word.BOXES_FONT)
        word.write(paragraph, f" {words}", size=SIZE, bold=ticked, before=2)
        paragraph.paragraph_format.left_indent = Cm(1.27)


def _signatures(document: Document, titles: Sequence[Sequence[str]], signatures: Sequence[Signature]) -> None:
    """Two places to sign side by side, kept on one page."""
    word.line(document, "", size=6).paragraph_format.keep_with_next = True
    table = document.add_table(rows=2, cols=2)
    table.autofit = False
    word.widths(table, (8.25, 8.25))
    for above, below, title, sign in zip(
        table.rows[0].cells, table.rows[1].cells, titles, signatures, strict=True
    ):
        word.cell(above, sign.dated, size=SIZE, italic=True)
        for text in (*title, *sign.capacity):
            word.cell(above, text, size=SIZE, bold=True, more=True)
        word.cell(above, forms.SIGN_HERE, size=SIZE, italic=True, more=True)
        word.cell(below, sign.name, size=SIZE, bold=True).paragraph_format.space_before = Pt(52)
        for paragraph in above.paragraphs:
            paragraph.paragraph_format.keep_with_next = True
    for row in table.rows:
        word.mark(row, "w:cantSplit")


def _note_mark(paragraph: Paragraph, number: str) -> None:
    run = paragraph.add_run(number)
    run.font.superscript, run.font.size, run.font.name = True, Pt(SIZE), word.FONT
    run.bold = paragraph.runs[0].bold


def _notes(document: Document, notes: Sequence[str]) -> None:
    """The form's notes under a short rule, numbered where there are two or one."""
    word.line(document, "______________________", size=11, before=6, align=LEFT)
    for number, note in enumerate(notes, 1):
        paragraph = word.line(document, str(number), size=11, align=LEFT)
        paragraph.runs[0].font.superscript = True
        word.write(paragraph, f" {note}", size=11, align=JUSTIFY)


def _annex(document: Document, form: PeriodForm, working: Working, reader: Reader) -> None:
    """On a page of its own, so that the form before it stays as the decree prints it."""
    title = word.line(document, forms.ANNEX, bold=True)
    title.paragraph_format.page_break_before = True
    word.line(document, forms.ANNEX_TITLE, bold=True)
    word.line(document, f"({form.name}, kỳ {form.period})", italic=True, size=SIZE, after=8)
    workings.append(document, working, reader)
