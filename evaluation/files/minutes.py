"""The minutes of a review meeting (Article 21.1.b, 21.2.b) as Word, laid out as decree 30/2020 asks; signed on paper."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.shared import Pt

from evaluation.files import word
from evaluation.files.word import CENTRE, JUSTIFY, LEFT

HEAD = (("TT", 1.2), ("Họ và tên", 4.6), ("Mức xếp loại cuộc họp đề nghị", 4.2), ("Ý kiến nhận xét", 6.5))
TITLE = "BIÊN BẢN"
SUBJECT = "Họp nhận xét, đánh giá, xếp loại chất lượng công chức năm {year}"
SIGNS = ("THƯ KÝ", "CHỦ TRÌ")
SIZE = 13


@dataclass(frozen=True, slots=True)
class Said:
    """What the meeting said of one official; the class "" where it favoured none."""

    name: str
    klass: str
    remarks: str


@dataclass(frozen=True, slots=True)
class ReviewMinutes:
    """A meeting as it was recorded; `replaced` is the reason why another record took its place, "" while it stands."""

    agency: str
    unit: str
    year: int
    held_on: str
    chair: str
    secretary: str
    invited: int
    present: int
    text: str
    said: Sequence[Said]
    replaced: str


def write_minutes(minutes: ReviewMinutes) -> bytes:
    """The minutes with the opinion on each official and places for secretary and chair to sign."""
    document = word.blank()
    if minutes.replaced:
        word.line(document, f"ĐÃ ĐƯỢC THAY THẾ: {minutes.replaced}", bold=True, size=11, after=6, align=LEFT)
    heads = (minutes.agency, minutes.unit) if minutes.unit != minutes.agency else ("", minutes.agency)
    word.letterhead(
        document,
        heads[0].upper(),
        heads[1].upper(),
        number="Số:        /BB-……",
        place_and_date=f"……………, {minutes.held_on}",
    )
    word.line(document, TITLE, bold=True, before=14)
    word.line(document, SUBJECT.format(year=minutes.year), bold=True)
    word.line(document, "________", after=8)
    for number, (label, value) in enumerate(
        (
            ("Thời gian", minutes.held_on),
            ("Đơn vị", minutes.unit),
            ("Chủ trì", minutes.chair),
            ("Thư ký", minutes.secretary),
            ("Thành phần", f"được mời {minutes.invited}, có mặt {minutes.present}"),
        ),
        1,
    ):
        word.body(document, f"{number}. {label}: {value}.")
    word.body(document, "6. Nội dung:")
    for paragraph in minutes.text.splitlines():
        if paragraph.strip():
            word.body(document, paragraph.strip())
    if minutes.said:
        word.body(
            document, "7. Ý kiến của cuộc họp đối với từng công chức:"
        ).paragraph_format.space_after = Pt(6)
        _opinions(document, minutes.said)
    word.body(document, "Biên bản được thông qua tại cuộc họp./.")
    _signatures(document, minutes)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _opinions(document: word.DocumentType, said: Sequence[Said]) -> None:
    table = document.add_table(rows=len(said) + 1, cols=len(HEAD))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    word.widths(table, tuple(width for _title, width in HEAD))
    rows = table.rows
    for place, (title, _width) in zip(rows[0].cells, HEAD, strict=True):
        word.cell(place, title, size=SIZE, bold=True)
    word.mark(rows[0], "w:tblHeader")
    for number, one in enumerate(said, 1):
        word.mark(rows[number], "w:cantSplit")
        values = ((str(number), CENTRE), (one.name, LEFT), (one.klass, LEFT), (one.remarks, JUSTIFY))
        for place, (value, align) in zip(rows[number].cells, values, strict=True):
            word.cell(place, value, size=SIZE, align=align)


def _signatures(document: word.DocumentType, minutes: ReviewMinutes) -> None:
    word.line(document, "", size=6).paragraph_format.keep_with_next = True
    table = document.add_table(rows=2, cols=2)
    table.autofit = False
    word.widths(table, (8.25, 8.25))
    names = (minutes.secretary, minutes.chair)
    for above, below, title, name in zip(table.rows[0].cells, table.rows[1].cells, SIGNS, names, strict=True):
        word.cell(above, title, size=14, bold=True).paragraph_format.keep_with_next = True
        word.cell(below, name, size=14, bold=True).paragraph_format.space_before = Pt(60)
