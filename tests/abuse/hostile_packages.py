"""Hostile .xlsx packages: bombs, lies in the zip directory, XML that attacks its reader, content that is not data."""

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from evaluation.files.sheets import OutColumn, write_table

SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = ("STT", "Đơn vị", "Phòng/ban", "Số hiệu CBCCVC", "CCCD", "Họ và tên", "Ngày sinh", "Chức vụ", "Loại")
LINE = (
    1,
    "Sở Nội vụ",
    "Phòng Công chức, viên chức",
    "CB001",
    "",
    "Đặng Thị Hoa",
    "15/08/1985",
    "Chuyên viên",
    "công chức",
)
Made = tuple[str, Callable[[], bytes]]


@lru_cache
def plain() -> bytes:
    """A file of one person that every door can at least read."""
    return write_table([OutColumn(name) for name in HEADER], [LINE])


def changed(
    replace: Mapping[str, bytes] | None = None,
    add: Mapping[str, bytes] | None = None,
    without: tuple[str, ...] = (),
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """The plain file with some of its parts replaced, added or left out."""
    target = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(io.BytesIO(plain())) as old,
        zipfile.ZipFile(target, "w", method) as new,
    ):
        warnings.simplefilter("ignore")
        for name in old.namelist():
            if name not in without:
                new.writestr(name, (replace or {}).get(name, old.read(name)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def sheet(cells: str, *, before: str = "", after: str = "", prolog: str = '<?xml version="1.0"?>') -> bytes:
    """A worksheet's XML with these rows."""
    return f'{prolog}<worksheet xmlns="{SPACE}">{before}<sheetData>{cells}</sheetData>{after}</worksheet>'.encode()


def with_sheet(cells: str, **around: str) -> bytes:
    """The plain file with another sheet."""
    return changed({SHEET: sheet(cells, **around)})


def text_cell(place: str, text: str) -> str:
    """One cell with its text inside."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def header_row(number: int = 1) -> str:
    """The header as a row of XML."""
    cells = "".join(text_cell(f"{chr(65 + at)}{number}", name) for at, name in enumerate(HEADER))
    return f'<row r="{number}">{cells}</row>'


def packages() -> Iterator[Made]:
    """Everything wrong with the zip itself."""
    row = "<row r='1'>" + "<c r='A1'><v>1</v></c>" * 3_000_000 + "</row>"
    yield "zip bomb in a sheet", lambda: with_sheet(row)
    yield "zip bomb in the strings", lambda: changed({STRINGS: b"<t>a</t>" * 9_000_000})
    yield "zip bomb in a part nobody reads", lambda: changed(add={"xl/media/a.bin": b"\x00" * 60_000_000})
    yield "zip in a zip", lambda: changed(add={"xl/media/a.zip": plain()})
    yield "zip bomb nested three times", _nested
    yield "501 entries", lambda: changed(add={f"xl/media/{n}.xml": b"" for n in range(501)})
    yield "20,000 entries", lambda: changed(add={f"a/{n}": b"" for n in range(20_000)})
    yield "overlapping entries", _overlapping
    yield "two entries of one name", lambda: changed(add={SHEET: sheet(header_row())})
    yield "a size stated too small", lambda: _directory(24, struct.pack("<I", 10))
    yield "a size stated too large", lambda: _directory(24, struct.pack("<I", 200_000_000))
    yield "a packed size stated too large", lambda: _directory(20, struct.pack("<I", 50_000_000))
    yield "a wrong checksum", lambda: _directory(16, b"\xde\xad\xbe\xef")
    yield "an entry that says it is encrypted", lambda: _directory(8, struct.pack("<H", 1))
    yield "an unknown way of packing", lambda: _directory(10, struct.pack("<H", 99))
    yield "packed with bzip2", lambda: changed(method=zipfile.ZIP_BZIP2)
    yield "packed with LZMA", lambda: changed(method=zipfile.ZIP_LZMA)
    yield "a local header outside the file", lambda: _directory(42, struct.pack("<I", 0xFFFFFF))
    yield "sizes of zip64 without its record", lambda: _directory(20, b"\xff" * 8)
    yield "a directory outside the file", lambda: _end_record(16, struct.pack("<I", 0xFFFFFFF0))
    yield "a directory that counts 65,535 entries", lambda: _end_record(8, b"\xff\xff\xff\xff")
    yield "a comment of 65,535 bytes", _comment
    yield "a program before the zip", lambda: b"MZ" + b"\x90" * 500 + plain()
    yield "a page after the zip", lambda: plain() + b"<html><script>alert(1)</script></html>"
    for title, name in (
        ("a path upwards", "../../../etc/cron.d/x"),
        ("an absolute path", "/etc/passwd"),
        ("a path of Windows", "..\\..\\windows\\x"),
        ("a device name", "CON"),
        ("300 characters", "a" * 300),
        ("letters from right to left", "xl/\u202eslx.exe"),
        ("a NUL", "xl/a\x00b.xml"),
    ):
        yield f"an entry named with {title}", lambda name=name: changed(add={name: b"x"})
    yield "no list of contents", lambda: changed(without=("[Content_Types].xml",))
    yield "no workbook", lambda: changed(without=(BOOK,))
    yield "no sheet", lambda: changed(without=(SHEET,))
    yield "no strings", lambda: changed(without=(STRINGS,))
    yield "no relations", lambda: changed(without=("_rels/.rels", "xl/_rels/workbook.xml.rels"))


def active() -> Iterator[Made]:
    """Content that acts: macros, links, DDE, embedded things."""
    outside = (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" Type="{OFFICE}/%s"'
        ' Target="%s" TargetMode="External"/></Relationships>'
    )
    yield "macros", lambda: changed(add={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    yield "macros under another case", lambda: changed(add={"XL/VBAPROJECT.BIN": b"x"})
    yield "Excel 4 macros", lambda: changed(add={"xl/macrosheets/sheet1.xml": sheet("")})
    yield (
        "links to other files",
        lambda: changed(add={"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}),
    )
    dde = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    yield (
        "a DDE link",
        lambda: changed(add={"xl/externalLinks/externalLink1.xml": dde}),
    )
    yield (
        "a DDE formula",
        lambda: with_sheet(header_row() + "<row r='2'><c r='A2'><f>cmd|'/C calc'!A0</f><v>1</v></c></row>"),
    )
    yield (
        "a data connection",
        lambda: changed(add={"xl/connections.xml": b"<connections><connection id='1'/></connections>"}),
    )
    yield "a web query", lambda: changed(add={"xl/queryTables/queryTable1.xml": b"<queryTable/>"})
    yield (
        "an embedded object",
        lambda: changed(add={"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0" + b"\x00" * 600}),
    )
    yield "an ActiveX control", lambda: changed(add={"xl/activeX/activeX1.xml": b"<a/>"})
    yield (
        "a picture from elsewhere",
        lambda: changed(
            add={
                "xl/drawings/_rels/drawing1.xml.rels": (
                    outside % ("image", "http://evil.example/a.png")
                ).encode()
            }
        ),
    )
    yield (
        "a sheet from elsewhere",
        lambda: changed(
            {"xl/_rels/workbook.xml.rels": (outside % ("worksheet", "file:///etc/passwd")).encode()}
        ),
    )
    yield (
        "a sheet outside the package",
        lambda: changed(
            {
                "xl/_rels/workbook.xml.rels": (outside % ("worksheet", "../../../../etc/passwd"))
                .replace("External", "Internal")
                .encode()
            }
        ),
    )
    yield (
        "a formula that works on 10 million cells",
        lambda: with_sheet(
            header_row() + "<row r='2'><c r='A2'><f>SUMPRODUCT(A1:XFD1048576*1)</f></c></row>"
        ),
    )


def xml() -> Iterator[Made]:
    """XML that attacks its reader."""
    laughs = "<!DOCTYPE a [<!ENTITY a0 'ha'>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
    )
    laughs += "]>"
    bomb = text_cell("A1", "&a9;")
    yield "a billion laughs in the sheet", lambda: with_sheet(f"<row r='1'>{bomb}</row>", prolog=laughs)
    yield (
        "a billion laughs in the strings",
        lambda: changed({STRINGS: f'{laughs}<sst xmlns="{SPACE}"><si><t>&a9;</t></si></sst>'.encode()}),
    )
    yield (
        "a billion laughs in the workbook",
        lambda: changed({BOOK: f"{laughs}<workbook>&a9;</workbook>".encode()}),
    )
    yield (
        "a billion laughs in the relations",
        lambda: changed(
            {"xl/_rels/workbook.xml.rels": f"{laughs}<Relationships>&a9;</Relationships>".encode()}
        ),
    )
    quadratic = f"<!DOCTYPE a [<!ENTITY b '{'x' * 50_000}'>]>"
    yield (
        "one large entity 5,000 times",
        lambda: with_sheet(f"<row r='1'>{text_cell('A1', '&b;' * 5_000)}</row>", prolog=quadratic),
    )
    for title, entity in (
        ("a file", "<!ENTITY x SYSTEM 'file:///etc/passwd'>"),
        ("an address", "<!ENTITY x SYSTEM 'http://127.0.0.1:1/'>"),
        ("a parameter", "<!ENTITY % p SYSTEM 'http://127.0.0.1:1/a.dtd'> %p;"),
    ):
        yield (
            f"an entity that fetches {title}",
            lambda entity=entity: with_sheet(
                f"<row r='1'>{text_cell('A1', '&x;')}</row>", prolog=f"<!DOCTYPE a [{entity}]>"
            ),
        )
    yield (
        "an outside DTD",
        lambda: with_sheet(header_row(), prolog="<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'>"),
    )
    yield (
        "an XInclude",
        lambda: with_sheet(
            "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd' parse='text'/>"
        ),
    )
    yield "no UTF-8", lambda: changed({SHEET: sheet(header_row()) + b"\xff\xfe\xc3\x28"})
    yield "a sheet in UTF-16", lambda: changed({SHEET: sheet(header_row()).decode().encode("utf-16")})
    yield (
        "a sheet that says UTF-7",
        lambda: with_sheet(header_row(), prolog='<?xml version="1.0" encoding="UTF-7"?>'),
    )
    yield "50,000 elements inside each other", lambda: with_sheet("<a>" * 50_000 + "</a>" * 50_000)
    yield "an attribute of 2 MB", lambda: with_sheet(f"<row r='1' a='{_noise(2_000_000)}'/>")
    yield "elements left open", lambda: changed({SHEET: sheet(header_row())[:-40]})
    yield "a NUL in the XML", lambda: with_sheet(f"<row r='1'>{text_cell('A1', chr(0))}</row>")
    yield "no table in the sheet", lambda: changed({SHEET: f'<worksheet xmlns="{SPACE}"/>'.encode()})
    yield "an empty sheet part", lambda: changed({SHEET: b""})
    yield "a sheet that is a picture", lambda: changed({SHEET: b"\x89PNG\r\n\x1a\n" + b"\x00" * 500})
    yield "an unknown type of cell", lambda: with_sheet("<row r='1'><c r='A1' t='zz'><v>1</v></c></row>")
    yield (
        "a string that is not in the list",
        lambda: with_sheet("<row r='1'><c r='A1' t='s'><v>99999999</v></c></row>"),
    )
    yield "a string of number minus one", lambda: with_sheet("<row r='1'><c r='A1' t='s'><v>-1</v></c></row>")
    for number in ("0", "-1", "99999999999", "1e9", "x"):
        yield (
            f"row {number}",
            lambda number=number: with_sheet(f"<row r='{number}'><c r='A{number}'><v>1</v></c></row>"),
        )
    for place in ("A0", "ZZZZ1", "XFE1", "1A", "", "A1:B2", "$A$1", "A1048577", "Ă1"):
        yield (
            f"a cell at “{place}”",
            lambda place=place: with_sheet(f"<row r='1'><c r='{place}'><v>1</v></c></row>"),
        )


def shapes() -> Iterator[Made]:
    """Sheets too wide, too long, too merged, too many."""
    corner = "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
    yield "two cells in opposite corners", lambda: with_sheet(corner)
    hidden = (
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'>" + "<c><v>1</v></c>" * 16_000 + "</row>"
    )
    yield "a far row whose cells do not say where they stand", lambda: with_sheet(hidden)
    yield (
        "a sheet of a million columns",
        lambda: with_sheet(
            "<row r='1'>"
            + "".join(f"<c r='{_letters(n)}1'><v>{n}</v></c>" for n in range(1, 1_000_000, 7))
            + "</row>"
        ),
    )
    yield (
        "a header of 16,384 columns",
        lambda: with_sheet(
            "<row r='1'>"
            + "".join(f"<c r='{_letters(n)}1'><v>{n}</v></c>" for n in range(1, 16_385))
            + "</row>"
        ),
    )
    yield (
        "dimensions of a whole sheet",
        lambda: with_sheet(header_row(), before='<dimension ref="A1:XFD1048576"/>'),
    )
    yield "dimensions that are none", lambda: with_sheet(header_row(), before='<dimension ref="zz:-1"/>')
    yield (
        "a value in row 199,000",
        lambda: with_sheet(header_row() + f"<row r='199000'>{text_cell('A199000', 'x')}</row>"),
    )
    yield (
        "a value in the last row",
        lambda: with_sheet(header_row() + f"<row r='1048576'>{text_cell('A1048576', 'x')}</row>"),
    )
    yield "100,000 empty rows", lambda: with_sheet("".join(f"<row r='{n}'/>" for n in range(1, 100_001)))
    yield (
        "50,000 empty coloured cells",
        lambda: with_sheet(
            header_row() + "".join(f"<row r='{n}'><c r='A{n}' s='1'/></row>" for n in range(2, 50_002))
        ),
    )
    million = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 1_000_001))
    yield (
        "a million merged cells",
        lambda: with_sheet(header_row(), after=f"<mergeCells>{million}</mergeCells>"),
    )
    yield (
        "merged cells over each other",
        lambda: with_sheet(
            header_row(), after="<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 20_000 + "</mergeCells>"
        ),
    )
    yield (
        "merged cells that are none",
        lambda: with_sheet(header_row(), after='<mergeCells><mergeCell ref="x"/><mergeCell/></mergeCells>'),
    )
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 3_001))
    yield (
        "3,000 names of one sheet",
        lambda: changed(
            {
                BOOK: f'<workbook xmlns="{SPACE}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'.encode()
            }
        ),
    )
    yield (
        "a workbook without sheets",
        lambda: changed({BOOK: f'<workbook xmlns="{SPACE}"><sheets/></workbook>'.encode()}),
    )
    for number in ("1e400", "NaN", "INF", "-0", "1E+308", "0x1F", "१२", "1" * 5_000, ""):
        yield (
            f"a number “{number[:8]}”",
            lambda number=number: with_sheet(
                header_row() + f"<row r='2'><c r='A2'><v>{number}</v></c><c r='G2'><v>{number}</v></c></row>"
            ),
        )
    for kind, said in (
        ("e", "#REF!"),
        ("e", "#N/A"),
        ("e", "zz"),
        ("b", "7"),
        ("d", "2026-02-31"),
        ("d", "x"),
    ):
        yield (
            f"a cell of kind {kind} saying {said}",
            lambda kind=kind, said=said: with_sheet(
                header_row()
                + "<row r='2'>"
                + "".join(f"<c r='{c}2' t='{kind}'><v>{said}</v></c>" for c in "BDFG")
                + "</row>"
            ),
        )


def truncated() -> Iterator[Made]:
    """The plain file cut off at many places, and with single bits turned over."""
    size = len(plain())
    for part in range(1, 16):
        yield f"cut off after {part} of 16 parts", lambda part=part: plain()[: size * part // 16]
    for back in (1, 4, 22):
        yield f"cut off {back} bytes before its end", lambda back=back: plain()[:-back]
    for part in range(24):
        yield f"a bit turned over in part {part} of 24", lambda part=part: _flipped(size * part // 24 + part)


def _flipped(at: int) -> bytes:
    data = bytearray(plain())
    data[at % len(data)] ^= 1 << (at % 8)
    return bytes(data)


def _nested() -> bytes:
    data = b"\x00" * 40_000_000
    for _ in range(3):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("a.zip", data)
        data = target.getvalue()
    return changed(add={"xl/media/a.zip": data})


def _directory(offset: int, content: bytes) -> bytes:
    """The plain file with bytes of the sheet's entry in the directory replaced."""
    data = bytearray(plain())
    at = data.rfind(SHEET.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + offset : at + offset + len(content)] = content
    return bytes(data)


def _end_record(offset: int, content: bytes) -> bytes:
    data = bytearray(plain())
    at = data.rfind(b"PK\x05\x06")
    data[at + offset : at + offset + len(content)] = content
    return bytes(data)


def _overlapping() -> bytes:
    """Four hundred entries of the directory that all point at one packed member."""
    data = plain()
    at, end = data.find(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    name = data.rfind(SHEET.encode())
    entry = bytearray(data[name - 46 : name + len(SHEET)])
    entry[30:34] = b"\x00\x00\x00\x00"  # neither extra field nor comment
    copies = []
    for number in range(400):
        copy = bytearray(entry)
        copy[-8:] = f"{number:04}.xml".encode()
        copies.append(bytes(copy))
    directory = data[at:end] + b"".join(copies)
    head = bytearray(data[end : end + 22])
    count = struct.unpack("<H", head[10:12])[0] + 400
    head[8:12] = struct.pack("<HH", count, count)
    head[12:16] = struct.pack("<I", len(directory))
    return data[:at] + directory + bytes(head)


def _comment() -> bytes:
    data = bytearray(plain())
    at = data.rfind(b"PK\x05\x06")
    data[at + 20 : at + 22] = b"\xff\xff"
    return bytes(data) + (b"PK\x05\x06" + b"\x00" * 18) * 2_978 + b"\x00" * 19


def _letters(number: int) -> str:
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def _noise(size: int) -> str:
    """Text that packs badly, so that no ratio gives it away."""
    state, found = 12345, []
    for _ in range(size // 8):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        found.append(f"{state >> 32:08x}")
    return "".join(found)
