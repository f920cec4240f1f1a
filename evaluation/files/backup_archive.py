"""What lies inside a backup: a tar of the dump in pieces, the kept files, a SHA-256 of each, and last a manifest.

`tar -xf` and `sha256sum -c SHA256SUMS` read a plain one without this program.
"""

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from evaluation.files.backup_envelope import BackupRefused, Sink, Source

FORMAT = 1
SUMS, MANIFEST = "SHA256SUMS", "manifest.json"
DATABASE = "database"
FOLDERS = ("evidence", "imports", "exports", "keys")
DUMP = "database.dump"
PIECE = 8 * 1024 * 1024
MOST_MANIFEST = 64 * 1024 * 1024
COPIED = 1024 * 1024

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


class Archive:
    """Adds parts one after another, never holding more than one piece; `close` writes the sums and the manifest."""

    def __init__(self, out: Sink) -> None:
        self._out = _Out(out)
        self._tar = tarfile.open(fileobj=self._out, mode="w|", format=tarfile.PAX_FORMAT)  # type: ignore[call-overload]  # noqa: SIM115
        self._sums = TemporaryFile()  # noqa: SIM115  closed by close()
        self.sizes: dict[str, dict[str, int]] = {}

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        """What was not closed stays unfinished: nothing more is written to it."""
        self._out.open = False
        self._tar.close()
        self._sums.close()

    def add_dump(self, stream: IO[bytes]) -> None:
        """The dump as it comes out of pg_dump, in pieces, because a tar wants to know sizes beforehand."""
        number = 0
        while piece := _whole(stream, PIECE):
            number += 1
            self.add(f"{DATABASE}/{number:06d}", io.BytesIO(piece), len(piece))

    def add_folder(self, name: str, folder: Path) -> None:
        """Every kept file below a folder; names that begin with a dot are not finished yet and stay out."""
        for path in sorted(kept_files(folder)):
            try:
                with path.open("rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    self.add(f"{name}/{path.relative_to(folder).as_posix()}", file, size)
            except FileNotFoundError:
                continue  # swept since the folder was listed; that evidence is whole, its rows say
            except OSError as problem:
                if problem.errno is not None:
                    raise
                raise BackupRefused(
                    f"The file {path} became shorter while it was copied: start again."
                ) from None

    def add(self, name: str, stream: IO[bytes], size: int) -> None:
        """One file of a known size."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        read = _Hashed(stream)
        self._tar.addfile(entry, read)
        self._sums.write(f"{read.digest.hexdigest()}  {name}\n".encode())
        count = self.sizes.setdefault(name.partition("/")[0], {"files": 0, "bytes": 0})
        count["files"] += 1
        count["bytes"] += size

    def close(self, manifest: dict[str, Any]) -> None:
        """Ends the file; the manifest is the last part, so a backup without one is a backup that was cut off."""
        length = self._sums.tell()
        self._sums.seek(0)
        sums = hashlib.file_digest(self._sums, "sha256").hexdigest()
        self._sums.seek(0)
        self._entry(SUMS, self._sums, length)
        text = json.dumps(
            {"format": FORMAT, **manifest, "parts": self.sizes, "sums": sums}, ensure_ascii=False, indent=1
        ).encode()
        self._entry(MANIFEST, io.BytesIO(text), len(text))
        self._tar.close()
        self._out.finish()

    def _entry(self, name: str, stream: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, stream)


def kept_files(folder: Path) -> Iterator[Path]:
    """The finished files below a folder; links are not followed."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and not path.is_symlink():
            yield path


def unpack(source: Source, into: Path) -> dict[str, Any]:
    """Lays the parts into an empty folder of ours and returns the manifest once everything agrees with it.

    Names that lead out of the folder, links, strangers and repetitions are refused before they are written.
    """
    try:
        return _Unpacking(source, into).run()
    except (tarfile.TarError, EOFError, ValueError) as problem:
        raise BackupRefused(f"The inside of the backup is damaged ({problem}).") from None


class _Unpacking:
    def __init__(self, source: Source, into: Path) -> None:
        self._source, self._into = source, into
        self._sums = hashlib.sha256()
        self._pieces = 0
        self._sizes: dict[str, dict[str, int]] = {}

    def run(self) -> dict[str, Any]:
        listed, manifest = None, None
        with tarfile.open(fileobj=self._source, mode="r|") as tar:  # type: ignore[call-overload]
            for entry in tar:
                if manifest is not None:
                    raise BackupRefused(
                        "The backup goes on after its manifest: it was not written by this program."
                    )
                inside = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
                if inside is None:
                    raise BackupRefused(
                        f"The backup holds “{entry.name[:100]}”, which is no file: it is refused."
                    )
                if entry.name == SUMS:
                    listed = hashlib.file_digest(inside, "sha256").hexdigest()
                elif entry.name == MANIFEST:
                    manifest = _manifest(inside.read(MOST_MANIFEST))
                else:
                    self._lay(entry, inside)
        while rest := self._source.read(COPIED):  # to the end: the last chunk must be there and be the last
            if rest.strip(b"\0"):
                raise BackupRefused(
                    "The backup holds more than its archive: it was not written by this program."
                )
        if manifest is None or listed is None:
            raise BackupRefused("The backup has no manifest: it was cut off before it was finished.")
        if (
            not self._sums.hexdigest() == listed == manifest.get("sums")
            or manifest.get("parts") != self._sizes
        ):
            raise BackupRefused(
                "The parts of the backup are not those of its manifest: take another copy of it."
            )
        return manifest

    def _lay(self, entry: tarfile.TarInfo, inside: IO[bytes]) -> None:
        place, mode = self._place(entry.name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with place.open(mode) as out:
                while piece := inside.read(COPIED):
                    digest.update(piece)
                    out.write(piece)
        except FileExistsError:
            raise BackupRefused(f"The backup holds “{entry.name[:100]}” twice: it is refused.") from None
        self._sums.update(f"{digest.hexdigest()}  {entry.name}\n".encode())
        count = self._sizes.setdefault(entry.name.partition("/")[0], {"files": 0, "bytes": 0})
        count["files"] += 1
        count["bytes"] += entry.size

    def _place(self, name: str) -> tuple[Path, str]:
        first, *others = name.split("/")
        if first == DATABASE and others == [f"{self._pieces + 1:06d}"]:
            self._pieces += 1
            return self._into / DUMP, "ab"
        honest = all(_NAME.fullmatch(part) and not part.startswith(".") for part in others)
        if first not in FOLDERS or not others or not honest:
            raise BackupRefused(
                f"The backup holds a file named “{name[:100]}”, which has no place: it is refused."
            )
        return self._into.joinpath(first, *others), "xb"


def _manifest(text: bytes) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("its manifest is no object")
    if found.get("format") != FORMAT:
        raise BackupRefused(f"The backup's format is {found.get('format')!r}, this program reads {FORMAT}.")
    return found


class _Out:
    """Where the tar is written to; a tar writes its end even when it is given up."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.open = sink, True

    def write(self, data: bytes, /) -> int:
        return self._sink.write(data) if self.open else len(data)

    def finish(self) -> None:
        self._sink.finish()


class _Hashed:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


def _whole(stream: IO[bytes], size: int) -> bytes:
    """So many bytes, fewer only at the end: a pipe gives what it has."""
    taken = bytearray()
    while len(taken) < size and (piece := stream.read(size - len(taken))):
        taken += piece
    return bytes(taken)
