"""Accepts evidence files by what they contain, never by their name alone."""

import re
import struct
import zipfile
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

import puremagic

from evaluation.files.says import FileRefused, msgid
from evaluation.files.zips import measure_all, open_package
from evaluation.rules.names import clean_name

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES_A_LINE = 5
# A photograph of a phone has up to 200 million pixels; more is a picture made to exhaust whoever opens it.
MAX_PIXELS = 200_000_000
MAX_SIDE = 30_000
NAME_LIMIT = 150


@dataclass(frozen=True)
class _Kind:
    media_type: str
    extensions: tuple[str, ...]


_OOXML = "application/vnd.openxmlformats-officedocument."


class EvidenceKind(Enum):
    """The kinds of file that evidence may be, with media type and extensions."""

    PDF = _Kind("application/pdf", (".pdf",))
    PNG = _Kind("image/png", (".png",))
    JPEG = _Kind("image/jpeg", (".jpg", ".jpeg"))
    DOCX = _Kind(_OOXML + "wordprocessingml.document", (".docx",))
    XLSX = _Kind(_OOXML + "spreadsheetml.sheet", (".xlsx",))
    PPTX = _Kind(_OOXML + "presentationml.presentation", (".pptx",))

    @property
    def media_type(self) -> str:
        """The Content-Type to serve it with."""
        return self.value.media_type

    @property
    def extensions(self) -> tuple[str, ...]:
        """File name endings that fit; the first is the one we store under."""
        return self.value.extensions


_MAIN_PARTS = {
    "word/document.xml": EvidenceKind.DOCX,
    "xl/workbook.xml": EvidenceKind.XLSX,
    "ppt/presentation.xml": EvidenceKind.PPTX,
}
ACCEPTED = "PDF, PNG, JPEG, Word (.docx), Excel (.xlsx), PowerPoint (.pptx)"
_DAMAGED = msgid("The file is damaged or was cut off on the way. Save it again and attach it once more.")
_TWO_IN_ONE = msgid(
    "The file goes on behind its end, as if two files were put together. Save it anew and attach it."
)
_EXTERNAL = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.DOTALL)


def accept(name: str, data: bytes) -> EvidenceKind:
    """The kind of an evidence file by its content; FileRefused with a sentence when it is not one we accept.

    At most 10 MB; the name's ending must tell the truth; no macros, no parts fetched from elsewhere.
    """
    if not data:
        raise FileRefused(msgid("The file is empty (0 bytes). Choose the file again."))
    if len(data) > MAX_BYTES:
        raise FileRefused(
            msgid("The file is larger than %(limit)s MB. Make it smaller or split it."),
            limit=MAX_BYTES // 1024**2,
        )
    kind = _kind_of(name, data)
    ending = PurePosixPath(safe_name(name)).suffix.lower()
    if ending not in kind.extensions:
        raise FileRefused(
            msgid("The file's name ends in “%(ending)s” but it is %(kind)s. Give it the ending %(right)s."),
            ending=ending or "–",
            kind=kind.name,
            right=kind.extensions[0],
        )
    return kind


def _kind_of(name: str, data: bytes) -> EvidenceKind:
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-4096:]:
            raise FileRefused(_DAMAGED)
        if data[data.rindex(b"%%EOF") + 5 :].strip(b"\0\t\n\f\r "):
            raise FileRefused(_TWO_IN_ONE)
        return EvidenceKind.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _check_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _check_jpeg(data)
    if data.startswith(b"PK\x03\x04"):
        return _check_office(data)
    raise FileRefused(
        msgid("Files of this kind (%(kind)s) are not accepted as evidence. Accepted: %(accepted)s."),
        kind=_best_guess(name, data),
        accepted=ACCEPTED,
    )


def _best_guess(name: str, data: bytes) -> str:
    try:
        guess = puremagic.from_string(data[:65_536])
    except (puremagic.PureError, ValueError, IndexError):
        guess = ""
    return guess or PurePosixPath(safe_name(name)).suffix.lower() or "?"


def _check_png(data: bytes) -> EvidenceKind:
    if len(data) < 33 or data[12:16] != b"IHDR" or b"IEND" not in data[-64:]:
        raise FileRefused(_DAMAGED)
    _check_pixels(*struct.unpack(">II", data[16:24]))
    return EvidenceKind.PNG


def _check_jpeg(data: bytes) -> EvidenceKind:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            _check_pixels(width, height)
            return EvidenceKind.JPEG
        if length < 2:
            break
        at += 2 + length
    raise FileRefused(_DAMAGED)


def _check_pixels(width: int, height: int) -> None:
    if not width or not height:
        raise FileRefused(_DAMAGED)
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise FileRefused(
            msgid("The picture is %(width)s × %(height)s pixels, too large to open safely. Make it smaller."),
            width=width,
            height=height,
        )


def _check_office(data: bytes) -> EvidenceKind:
    end = data.rfind(b"PK\5\6")
    if end >= 0 and end + 22 + int.from_bytes(data[end + 20 : end + 22], "little") != len(data):
        raise FileRefused(_TWO_IN_ONE)
    try:
        package = open_package(data)
        names = {member.lower().replace("\\", "/") for member in package.namelist()}
        kinds = [kind for part, kind in _MAIN_PARTS.items() if part in names]
        if "[content_types].xml" not in names or len(kinds) != 1:
            raise FileRefused(
                msgid(
                    "Archives (.zip) are not accepted as evidence. Attach the files themselves: %(accepted)s."
                ),
                accepted=ACCEPTED,
            )
        measure_all(data, package)
        _check_active_content(package, names)
    except (zipfile.BadZipFile, RuntimeError, EOFError):
        raise FileRefused(_DAMAGED) from None
    return kinds[0]


def _check_active_content(package: zipfile.ZipFile, names: set[str]) -> None:
    if any(
        name.endswith("vbaproject.bin") or "/macrosheets/" in name or "/activex/" in name for name in names
    ):
        raise FileRefused(msgid("The file contains macros. Save it without macros and attach it again."))
    for member in package.namelist():
        if member.lower().endswith(".rels"):
            for relation in _EXTERNAL.findall(package.read(member)):
                if b"External" in relation and b"/hyperlink" not in relation:
                    raise FileRefused(
                        msgid(
                            "The file fetches parts from other places when opened. Save it as PDF and attach that."
                        )
                    )


def safe_name(name: str) -> str:
    """The name for display and download: no folders, no control or direction characters, at most 150 characters."""
    base = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r'[<>:"|?*]', "_", clean_name(base)).strip(". ")
    stem, dot, ending = clean.rpartition(".")
    if not dot:
        return clean[:NAME_LIMIT] or "tep-khong-ten"
    return f"{stem[: NAME_LIMIT - len(ending[:10]) - 1]}.{ending[:10]}"
