"""The message of the national database: one for each official, readable and as the Base64 that its service takes."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

READABLE, ENCODED, LEFT_OUT, ABOUT = (
    "thong-diep.jsonl",
    "thong-diep.base64.txt",
    "khong-gui-duoc.txt",
    "noi-dung.json",
)


def message(
    sender: str, action: str, about: Mapping[str, str], results: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """One official's message; EDIT replaces the whole list there, so the whole list is sent."""
    return {
        "Data": {
            "Header": {"Sender_Code": sender, "Action_Type": action},
            "Body": {
                "HOSO_CBCCVC": {
                    "THONGTINCHUNG": dict(about),
                    "DS_KETQUA_DANHGIA_PHANLOAI": [dict(row) for row in results],
                }
            },
        }
    }


def line(value: Mapping[str, Any]) -> str:
    """A message as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encoded(text: str) -> str:
    """The Base64 of a line."""
    return base64.b64encode(text.encode()).decode("ascii")


def write_zip(
    target: Path, lines: Path, left_out: Iterable[str], about: Mapping[str, Any], moment: datetime
) -> str:
    """The file to hand over, from lines that were written one by one; answers its SHA-256.

    Line n of the Base64 file is line n of the readable one. The same lines at the same moment give the same bytes.
    """
    stamp = (*moment.timetuple()[:5], 0)
    with zipfile.ZipFile(target, "w") as archive:
        _entry(archive, ABOUT, stamp, [json.dumps(about, ensure_ascii=False, indent=1)])
        _entry(archive, READABLE, stamp, _lines(lines))
        _entry(archive, ENCODED, stamp, (encoded(one) for one in _lines(lines)))
        _entry(archive, LEFT_OUT, stamp, left_out)
    return sha256_of(target)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for one in file:
            yield one.rstrip("\n")


def _entry(archive: zipfile.ZipFile, name: str, stamp: tuple[int, ...], lines: Iterable[str]) -> None:
    info = zipfile.ZipInfo(name, stamp)  # type: ignore[arg-type]
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    with archive.open(info, "w", force_zip64=True) as entry:
        for one in lines:
            entry.write(one.encode() + b"\n")
