"""The keys that sign seals: the private one in a file outside the database, the public ones beside it."""

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import current_app


class NoKey(RuntimeError):
    """The private key that sealed before is not where it is looked for; the message says what to do."""


def public_keys() -> list[bytes]:
    """The public halves of all keys that ever sealed here; they lie beside the private one."""
    try:
        lines = public_place().read_text("utf-8").split()
    except FileNotFoundError:
        return []
    return [bytes.fromhex(line) for line in lines]


def verified(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature was made with the private half of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _place() -> Path:
    return Path(current_app.config["SEAL_KEY_FILE"])


def public_place() -> Path:
    """Where the public halves lie; backups carry them, the private key they do not."""
    return _place().with_name(f"{_place().name}.pub")


def private_key(*, first: bool) -> Ed25519PrivateKey:
    """The key that signs; it is made once, before the first seal, and never silently again."""
    place = _place()
    if not place.exists():
        if not first:
            raise NoKey(
                f"The key of the seals is not at {place}. Put it back from where it is kept; if it is lost, run"
                " `flask audit new-key`: old seals stay verifiable by the public keys beside it."
            )
        make_key()
    found = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(place.read_text("utf-8").strip()))
    public = found.public_key().public_bytes_raw()
    if public not in public_keys():
        _remember(public)
    return found


def make_key() -> bytes:
    """Makes the private key, readable by its owner only, unless there is one; answers the public half."""
    place = _place()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")  # its mode is 0600
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, place)  # fails if another process was quicker: both then read one key
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)
    seed = bytes.fromhex(place.read_text("utf-8").strip())
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    if public not in public_keys():
        _remember(public)
    return public


def _remember(public: bytes) -> None:
    with open(public_place(), "a", encoding="utf-8") as file:
        file.write(f"{public.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
