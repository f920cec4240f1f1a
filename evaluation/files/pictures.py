"""Takes out of a picture what its owner did not mean to hand in: place, camera, comments."""

import struct

from evaluation.files.evidence import EvidenceKind

# JFIF, colour profile and Adobe's colour transform stay: without them the picture looks different.
_KEPT_JPEG = {0xE0, 0xE2, 0xEE}
_DROPPED_PNG = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}


def without_metadata(data: bytes, kind: EvidenceKind) -> bytes:
    """The same picture without EXIF, comments and times; other kinds of file unchanged."""
    if kind is EvidenceKind.JPEG:
        return _plain_jpeg(data)
    if kind is EvidenceKind.PNG:
        return _plain_png(data)
    return data


def _plain_jpeg(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA or length < 2:
            break
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in _KEPT_JPEG:
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    return b"".join(kept) + data[at : _end_of_jpeg(data, at)]


def _end_of_jpeg(data: bytes, at: int) -> int:
    """Where the picture ends: what another file hung on behind it is left off."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        in_the_scan = marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD7
        at += (
            (1 if marker == 0xFF else 2) if in_the_scan else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        )
    return len(data)


def _plain_png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunk = data[at : at + 12 + length]
        if chunk[4:8] not in _DROPPED_PNG:
            kept.append(chunk)
        at += 12 + length
        if chunk[4:8] == b"IEND":
            break
    return b"".join(kept)
