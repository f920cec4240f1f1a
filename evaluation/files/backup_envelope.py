"""A backup's outer file: encrypted under a passphrase in chunks that cannot be changed, cut, moved or added to unseen.

scrypt makes the key; each chunk is sealed with AES-256-GCM under the header and its own number, and the last one is marked
as the last (the STREAM construction). A plain file is the archive itself with its SHA-256 at the end: that shows damage,
it does not stop anybody who means harm.
"""

import hashlib
import os
import struct
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SEALED = b"CTBACKUP"
PLAIN = b"CT-PLAIN"
HEADER = struct.Struct(">8sBBBBI16s7s")  # mark, version, log2 n, r, p, chunk, salt, first part of each nonce
VERSION = 1
STRENGTH = 17  # 2^17 rounds of scrypt: 128 MiB and about half a second for every passphrase tried
STRENGTHS = range(8, 21)
BLOCK, LANES = 8, 1
CHUNK = 256 * 1024
CHUNKS = range(16, 16 * 1024 * 1024)
TAG = 16
PIECE = 1024 * 1024
LEAST_PASSPHRASE = 12


class BackupRefused(Exception):
    """A file that cannot be used as a backup; the message is one sentence that says why."""


class Sink(Protocol):
    """What a backup is written to."""

    def write(self, data: bytes, /) -> int: ...

    def finish(self) -> None: ...


class Source(Protocol):
    """What a backup is read from; nothing that did not come from the writer is ever returned."""

    def read(self, size: int, /) -> bytes: ...


class SealedSink:
    """Encrypts what is written to it; `finish` writes the chunk that is marked as the last."""

    def __init__(
        self, out: BinaryIO, passphrase: str, *, strength: int = STRENGTH, chunk: int = CHUNK
    ) -> None:
        self._out, self._chunk = out, chunk
        salt, self._nonce = os.urandom(16), os.urandom(7)
        self._header = HEADER.pack(SEALED, VERSION, strength, BLOCK, LANES, chunk, salt, self._nonce)
        self._cipher = AESGCM(_key(passphrase, salt, strength))
        self._number = 0
        self._waiting = bytearray()
        out.write(self._header)
        self._emit(b"", last=False)  # its tag tells a wrong passphrase from damage further on

    def write(self, data: bytes, /) -> int:
        self._waiting += data
        while len(self._waiting) > self._chunk:
            self._emit(bytes(self._waiting[: self._chunk]), last=False)
            del self._waiting[: self._chunk]
        return len(data)

    def finish(self) -> None:
        self._emit(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _emit(self, data: bytes, *, last: bool) -> None:
        nonce = _nonce(self._nonce, self._number, last)
        self._out.write(self._cipher.encrypt(nonce, data, self._header))
        self._number += 1


class PlainSink:
    """Writes as it comes and the SHA-256 of it all at the end."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._digest = out, hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self._digest.update(data)
        return self._out.write(data)

    def finish(self) -> None:
        self._out.write(PLAIN + self._digest.digest())


def is_sealed(file: BinaryIO) -> bool:
    """Whether a passphrase is needed to read the file."""
    file.seek(0)
    return file.read(len(SEALED)) == SEALED


def open_source(file: BinaryIO, passphrase: str | None) -> Source:
    """Reads a backup from its beginning; BackupRefused where the file is none, or the passphrase is another's."""
    if not is_sealed(file):
        return _PlainSource(file)
    if not passphrase:
        raise BackupRefused(
            "The backup is encrypted: give its passphrase in BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_FILE."
        )
    return _SealedSource(file, passphrase)


class _SealedSource:
    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        file.seek(0)
        self._header = file.read(HEADER.size)
        if len(self._header) < HEADER.size:
            raise BackupRefused("The file is cut off in its first bytes: take another copy of the backup.")
        _mark, version, strength, block, lanes, self._chunk, salt, self._nonce = HEADER.unpack(self._header)
        if version != VERSION:
            raise BackupRefused(
                f"The file says it is a backup of format {version}, this version of the program reads {VERSION}."
            )
        if strength not in STRENGTHS or (block, lanes) != (BLOCK, LANES) or self._chunk not in CHUNKS:
            raise BackupRefused("The first bytes of the file are damaged: take another copy of the backup.")
        self._cipher = AESGCM(_key(passphrase, salt, strength))
        self._number, self._ended, self._ready = 0, False, bytearray()
        self._open(
            file.read(TAG),
            last=False,
            problem="The passphrase is not the one of this backup, or the file's first bytes are damaged.",
        )
        self._ahead = file.read(self._chunk + TAG)

    def read(self, size: int, /) -> bytes:
        while len(self._ready) < size and not self._ended:
            sealed, self._ahead = self._ahead, self._file.read(self._chunk + TAG)
            self._ended = not self._ahead
            self._ready += self._open(
                sealed,
                last=self._ended,
                problem=f"The backup is damaged or cut off in part {self._number}: take another copy of it.",
            )
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _open(self, sealed: bytes, *, last: bool, problem: str) -> bytes:
        if len(sealed) < TAG:
            raise BackupRefused(problem)
        try:
            data = self._cipher.decrypt(_nonce(self._nonce, self._number, last), sealed, self._header)
        except InvalidTag:
            raise BackupRefused(problem) from None
        self._number += 1
        return data


class _PlainSource:
    def __init__(self, file: BinaryIO) -> None:
        end = len(PLAIN) + hashlib.sha256().digest_size
        self._left = max(0, file.seek(0, os.SEEK_END) - end)
        file.seek(self._left)
        mark = file.read()
        if not mark.startswith(PLAIN) or len(mark) != end:
            raise BackupRefused("The file is not a backup of this program, or it is cut off.")
        file.seek(0)
        digest, left = hashlib.sha256(), self._left
        while left and (piece := file.read(min(PIECE, left))):
            digest.update(piece)
            left -= len(piece)
        if digest.digest() != mark[len(PLAIN) :]:
            raise BackupRefused("The backup is damaged: its SHA-256 differs. Take another copy of it.")
        file.seek(0)
        self._file = file

    def read(self, size: int, /) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def _key(passphrase: str, salt: bytes, strength: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**strength, r=BLOCK, p=LANES).derive(passphrase.encode())


def _nonce(first: bytes, number: int, last: bool) -> bytes:
    return first + number.to_bytes(4, "big") + bytes([last])
