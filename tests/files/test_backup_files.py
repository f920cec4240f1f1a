"""A backup's file: what was changed, cut, moved or added to is refused, wherever it happened; nothing leads out of the folder."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.files import backup_archive
from evaluation.files.backup_archive import Archive, unpack
from evaluation.files.backup_envelope import (
    HEADER,
    SEALED,
    TAG,
    BackupRefused,
    PlainSink,
    SealedSink,
    open_source,
)

PASSPHRASE = "mười hai chữ trở lên"
QUICK = 8  # rounds of scrypt as a power of two: the passphrase is not what is tried here
SMALL = 64


def sealed(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    out = io.BytesIO()
    sink = SealedSink(out, passphrase, strength=QUICK, chunk=SMALL)
    for first in range(0, len(data), 23):
        sink.write(data[first : first + 23])
    sink.finish()
    return out.getvalue()


def plain(data: bytes) -> bytes:
    out = io.BytesIO()
    sink = PlainSink(out)
    sink.write(data)
    sink.finish()
    return out.getvalue()


def read(file: bytes, passphrase: str | None = PASSPHRASE) -> bytes:
    source, taken = open_source(io.BytesIO(file), passphrase), b""
    while piece := source.read(50):
        taken += piece
    return taken


# A tar begins with the name of its first part, which is never the mark of an encrypted file.
ANYTHING = st.binary(max_size=5 * SMALL).filter(lambda data: not data.startswith(SEALED))
CONTENTS = ANYTHING | st.integers(0, 5).map(lambda times: bytes(times * SMALL))
WRITERS = st.sampled_from([sealed, plain])


@given(CONTENTS, WRITERS)
def test_what_was_written_is_read(data: bytes, write: Callable[[bytes], bytes]) -> None:
    assert read(write(data)) == data


@given(CONTENTS, WRITERS, st.data())
def test_any_bit_that_flipped_is_noticed(
    data: bytes, write: Callable[[bytes], bytes], choice: st.DataObject
) -> None:
    file = bytearray(write(data))
    bit = choice.draw(st.integers(0, len(file) * 8 - 1))
    file[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BackupRefused):
        read(bytes(file))


@given(CONTENTS, WRITERS, st.data())
def test_any_cut_is_noticed(data: bytes, write: Callable[[bytes], bytes], choice: st.DataObject) -> None:
    file = write(data)
    with pytest.raises(BackupRefused):
        read(file[: choice.draw(st.integers(0, len(file) - 1))])


@given(CONTENTS, WRITERS, st.binary(min_size=1, max_size=2 * SMALL))
def test_anything_added_is_noticed(data: bytes, write: Callable[[bytes], bytes], more: bytes) -> None:
    with pytest.raises(BackupRefused):
        read(write(data) + more)


@given(st.permutations(range(4)).filter(lambda order: order != [0, 1, 2, 3]))
def test_parts_that_changed_places_are_noticed(order: list[int]) -> None:
    file = sealed(bytes(range(4)) * SMALL)
    first, size = HEADER.size + TAG, SMALL + TAG
    parts = [file[first + size * number : first + size * (number + 1)] for number in range(4)]
    with pytest.raises(BackupRefused):
        read(file[:first] + b"".join(parts[number] for number in order))


def test_another_passphrase_and_none_are_told_from_damage() -> None:
    file = sealed(b"x" * 500)
    with pytest.raises(BackupRefused, match="passphrase is not the one"):
        read(file, "một cụm từ khác hẳn")
    with pytest.raises(BackupRefused, match="BACKUP_PASSPHRASE_FILE"):
        read(file, None)
    assert PASSPHRASE.encode() not in file


def packed(dump: bytes, files: Path, manifest: dict[str, object] | None = None) -> bytes:
    out = io.BytesIO()
    with Archive(PlainSink(out)) as archive:
        archive.add_dump(io.BytesIO(dump))
        archive.add_folder("evidence", files)
        archive.close({"schema": "0001"} if manifest is None else manifest)
    return out.getvalue()


def test_the_dump_and_the_files_come_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_archive, "PIECE", 1000)
    kept = tmp_path / "kept"
    (kept / "2026" / "03").mkdir(parents=True)
    (kept / "2026" / "03" / "a.pdf").write_bytes(b"%PDF")
    (kept / "2026" / "03" / ".new-b.pdf").write_bytes(b"half")
    (kept / "empty").write_bytes(b"")
    (kept / "link").symlink_to("/etc/passwd")
    dump = bytes(range(256)) * 20
    into = tmp_path / "into"
    into.mkdir()
    manifest = unpack(open_source(io.BytesIO(packed(dump, kept)), None), into)
    assert (into / "database.dump").read_bytes() == dump
    found = {path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()}
    assert found == {"database.dump", "evidence/2026/03/a.pdf", "evidence/empty"}
    assert manifest["parts"] == {
        "database": {"files": 6, "bytes": len(dump)},
        "evidence": {"files": 2, "bytes": 4},
    }


def hostile(*entries: tarfile.TarInfo, manifest: bytes = b"{}") -> bytes:
    out = io.BytesIO()
    sink = PlainSink(out)
    with tarfile.open(fileobj=sink, mode="w|") as tar:  # type: ignore[call-overload]
        for entry in entries:
            tar.addfile(entry, io.BytesIO(b"x" * entry.size))
        last = tarfile.TarInfo("manifest.json")
        last.size = len(manifest)
        tar.addfile(last, io.BytesIO(manifest))
    sink.finish()
    return out.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, to
    made.size = 1 if kind == tarfile.REGTYPE else 0
    return made


@pytest.mark.parametrize(
    "bad",
    [
        entry("../outside"),
        entry("evidence/../../outside"),
        entry("/tmp/outside"),
        entry("evidence//outside"),
        entry("evidence/.hidden"),
        entry("evidence/a\\b"),
        entry("evidence/a\nb"),
        entry("elsewhere/a"),
        entry("evidence"),
        entry("database/000002"),
        entry("evidence/link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("evidence/hard", tarfile.LNKTYPE, "/etc/passwd"),
        entry("evidence/device", tarfile.CHRTYPE),
        entry("evidence/folder", tarfile.DIRTYPE),
    ],
    ids=lambda one: one.name,
)
def test_names_that_lead_elsewhere_are_refused_before_they_are_written(
    tmp_path: Path, bad: tarfile.TarInfo
) -> None:
    into = tmp_path / "deep" / "into"
    into.mkdir(parents=True)
    with pytest.raises(BackupRefused):
        unpack(open_source(io.BytesIO(hostile(bad)), None), into)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "file",
    [
        hostile(entry("evidence/a"), entry("evidence/a")),
        hostile(entry("evidence/a")),
        hostile(manifest=b"not json"),
        hostile(manifest=b"[]"),
        hostile(manifest=json.dumps({"format": 2}).encode()),
        plain(b""),
        plain(b"no tar at all" * 100),
    ],
    ids=["twice", "no sums", "no json", "no object", "another format", "empty", "no tar"],
)
def test_an_archive_that_this_program_did_not_write_is_refused(tmp_path: Path, file: bytes) -> None:
    with pytest.raises(BackupRefused):
        unpack(open_source(io.BytesIO(file), None), tmp_path)


def test_parts_that_are_not_those_of_the_manifest_are_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a").write_bytes(b"one")
    honest = packed(b"dump", kept)
    (kept / "a").write_bytes(b"two")
    other = packed(b"dump", kept)
    # The parts of one and the sums and manifest of the other, under a checksum that fits.
    cut = honest.index(b"SHA256SUMS")
    mixed = plain(other[:cut] + honest[cut:-40])
    with pytest.raises(BackupRefused, match="not those of its manifest"):
        unpack(open_source(io.BytesIO(mixed), None), tmp_path)
