"""Looks at the zip directory of an Office file and measures what is inside before anything parses it."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from evaluation.files.says import FileRefused, msgid

MAX_ZIPPED = 20 * 1024 * 1024
MAX_UNZIPPED = 256 * 1024 * 1024
MAX_RATIO = 50
MAX_ENTRIES = 500
# Small XML parts compress well by nature; a ratio says something only about a part that is already large.
RATIO_MATTERS_FROM = 1024 * 1024
MAX_COLUMNS = 1_000
MAX_ROWS = 200_000
MAX_CELLS = 8_000_000
MAX_SHEETS = 200

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_END = b"PK\x05\x06"
_LONGEST_END = 22 + 65_535

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_EMPTY_CELL = re.compile(rb"<c r=\"[A-Z]{1,3}[0-9]{1,7}\"(?: s=\"[0-9]{1,6}\")? ?/>")
# Looked for before the slower pattern: most of a large sheet that names no place has none of these.
_MAY_NAME_A_PLACE = (
    b" r=",
    b"\tr=",
    b"\nr=",
    b"\rr=",
    b'"r=',
    b"'r=",
    b"r =",
    b"r  ",
    b"r\t",
    b"r\n",
    b"r\r",
)
_CELL_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,9})([0-9]{1,10})[\"']")


def open_package(data: bytes) -> zipfile.ZipFile:
    """The zip package, refused with a reason unless size, ratio, entries and members are those of an honest file."""
    if not data:
        raise FileRefused(msgid("The file is empty (0 bytes). Save it again and upload the saved file."))
    if len(data) > MAX_ZIPPED:
        raise FileRefused(
            msgid("The file is larger than %(limit)s MB. Split it into smaller files."),
            limit=MAX_ZIPPED // 1024**2,
        )
    if data.startswith(_COMPOUND):
        raise _refused_compound(data)
    if not data.startswith(b"PK\x03\x04"):
        raise FileRefused(_NOT_XLSX)
    if _stated_entries(data) > MAX_ENTRIES:
        raise FileRefused(_TOO_DENSE)
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError):
        raise FileRefused(_DAMAGED) from None
    _check_directory(package, len(data))
    return package


_NOT_XLSX = msgid(
    "This is not an Excel .xlsx file, whatever its name says. Open it in Excel and save it as .xlsx."
)
_DAMAGED = msgid(
    "The file is damaged or was cut off on the way. Open it in Excel, save it again and upload it."
)
_TOO_DENSE = msgid(
    "The file unpacks to far more than it should, as harmful files do. Copy the data into a new file."
)


def _stated_entries(data: bytes) -> int:
    """How many entries the directory says it has, before any of them is read; 0 where it says nothing."""
    at = data.rfind(_END, max(0, len(data) - _LONGEST_END))
    return int.from_bytes(data[at + 10 : at + 12], "little") if at >= 0 else 0


def _refused_compound(data: bytes) -> FileRefused:
    if _ENCRYPTED_STREAM in data:
        return FileRefused(
            msgid("The file is protected with a password. Remove the password and save it again.")
        )
    return FileRefused(msgid("This is an old .xls file. Open it in Excel and save it as .xlsx."))


def _check_directory(package: zipfile.ZipFile, size: int) -> None:
    members = package.infolist()
    if len(members) > MAX_ENTRIES:
        raise FileRefused(_TOO_DENSE)
    if any(member.flag_bits & 0x1 for member in members):
        raise FileRefused(
            msgid("The file is protected with a password. Remove the password and save it again.")
        )
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise FileRefused(_DAMAGED)
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise FileRefused(_DAMAGED)
    unzipped = sum(member.file_size for member in members)
    if unzipped > MAX_UNZIPPED or (unzipped > RATIO_MATTERS_FROM and unzipped > MAX_RATIO * size):
        raise FileRefused(_TOO_DENSE)


def check_workbook(data: bytes) -> None:
    """Refuses a workbook that is too large, a bomb, with macros or links to files, protected or not .xlsx."""
    package = open_package(data)
    names = {name.lower().replace("\\", "/") for name in package.namelist()}
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        raise FileRefused(_NOT_XLSX)
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise FileRefused(msgid("The file contains macros. Save it as a plain .xlsx without macros."))
    if any(name.startswith("xl/externallinks/") for name in names):
        raise FileRefused(
            msgid(
                "The file has links to other files. In Excel choose Data, Edit Links, Break Link and save it again."
            )
        )
    measure_all(data, package)
    if _sheets(package) > MAX_SHEETS:
        raise FileRefused(
            msgid("The file has more than %(limit)s sheets. Split it into smaller files."), limit=MAX_SHEETS
        )


def _sheets(package: zipfile.ZipFile) -> int:
    """How many sheets the workbook names; measured before, so it may be unpacked."""
    for name in package.namelist():
        if name.lower().replace("\\", "/") == "xl/workbook.xml":
            try:
                return len(_SHEET.findall(package.read(name)))
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
                raise FileRefused(_DAMAGED) from None
    return 0


def measure_all(data: bytes, package: zipfile.ZipFile) -> None:
    """Refuses a package whose members unpack to another size than stated, or whose sheets span an absurd area."""
    for member in package.infolist():
        _measure(data, member)


def _measure(data: bytes, member: zipfile.ZipInfo) -> None:
    """Unpacks one member piece by piece: its true size must be the stated one, and a sheet's area bounded."""
    is_sheet = member.filename.lower().startswith("xl/worksheets/") and member.filename.lower().endswith(
        ".xml"
    )
    area = _Area()
    unpacked = 0
    for piece in _pieces(data, member):
        unpacked += len(piece)
        if unpacked > member.file_size:
            raise FileRefused(_TOO_DENSE)
        if is_sheet:
            area.add(piece)
    if unpacked != member.file_size:
        raise FileRefused(_DAMAGED)
    area.end()


def _pieces(data: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    start = member.header_offset
    header = data[start : start + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise FileRefused(_DAMAGED)
    fields = _LOCAL_HEADER.unpack(header)
    begin = start + _LOCAL_HEADER.size + fields[9] + fields[10]
    packed = data[begin : begin + member.compress_size]
    if len(packed) < member.compress_size:
        raise FileRefused(_DAMAGED)
    if member.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    inflater = zlib.decompressobj(-15)
    try:
        waiting = packed
        while waiting and not inflater.eof:
            yield inflater.decompress(waiting, 1024 * 1024)
            waiting = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        raise FileRefused(_DAMAGED) from None


class _Area:
    """The last row and column with a value that a sheet's XML names.

    A reader of sheets reserves the whole rectangle, so two far cells in a tiny file could take all memory.
    """

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.tail = b""

    def add(self, piece: bytes) -> None:
        text = self.tail + piece
        if b"\x00" in piece[:64]:
            raise FileRefused(_DAMAGED)
        cut = text.rfind(b"<")
        whole, self.tail = (text, b"") if cut < 0 else (text[:cut], text[cut:])
        self._scan(whole)

    def end(self) -> None:
        self._scan(self.tail)

    def _scan(self, text: bytes) -> None:
        if not any(sign in text for sign in _MAY_NAME_A_PLACE):
            return
        for letters, digits in set(_CELL_PLACE.findall(_EMPTY_CELL.sub(b"", text))):
            self.columns = max(self.columns, _column_number(letters))
            self.rows = max(self.rows, int(digits))
        if self.columns > MAX_COLUMNS:
            raise FileRefused(
                msgid(
                    "A sheet has more than %(limit)s columns. Delete the columns without data and save it."
                ),
                limit=MAX_COLUMNS,
            )
        if self.rows > MAX_ROWS or self.columns * self.rows > MAX_CELLS:
            raise FileRefused(
                msgid("A sheet has a value far away from its data. Delete the unused rows and columns.")
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
