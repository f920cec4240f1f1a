"""Checks an export of Công Tâm's journal without Công Tâm: one file, nothing but Python's own library.

    python audit_verifier.py export.jsonl [--anchors anchors.jsonl] [--key HEX]

What it proves. Every event of a unit is linked to the one before by SHA-256(hash before + "unit:seq:text"). Every few minutes a
seal takes the newest link of every unit, builds a Merkle tree over them (RFC 6962), names the seal before it and is signed with
Ed25519 (RFC 8032). So no event, link or seal that a seal covers can be changed, removed, put in or put elsewhere unseen,
by nobody, the owner of the database included, who does not hold the key.

What it cannot find. (1) What was changed after the newest seal by the owner of the database. (2) Anything, by somebody who owns
both the database and the key: against them only seals help that were carried away before. Give those with --anchors (a copy
of anchors.jsonl from another machine) and compare the short code printed on a closing sheet with the one shown here.
(3) Whether the key in the export is the right one: give the one you were told with --key. (4) Whether what was written was true.
Exit code: 0 nothing found, 1 something found, 2 unreadable.
"""

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Seal = dict[str, Any]

SAYS = {
    "changed": "đơn vị {chain}: sự kiện {seq} không còn như khi ghi: nội dung hoặc mã băm đã bị sửa",
    "gap": "đơn vị {chain}: thiếu mắt xích {seq}",
    "gone": "đơn vị {chain}: mắt xích {seq} không còn sự kiện: sự kiện đã bị xóa",
    "elsewhere": "đơn vị {chain}: sự kiện tại vị trí {seq} thuộc đơn vị khác",
    "unlinked": "đơn vị {chain}: sự kiện số {seq} không nằm trong chuỗi: bị chèn vào, hoặc mắt xích của nó bị xóa",
    "head": "đơn vị {chain}: mắt xích mới nhất là {seq}, đầu chuỗi ghi khác",
    "sealed": "đơn vị {chain}: từ sự kiện {seq} đến {last}, chuỗi khác với chuỗi mà niêm phong {seal} đã ghi",
    "cut": "đơn vị {chain}: chuỗi bị cắt: niêm phong {seal} đã ghi các sự kiện {seq} đến {last}, nay không còn",
    "seal missing": "thiếu niêm phong {seal}",
    "seal previous": "niêm phong {seal} hoặc niêm phong ngay trước đã bị sửa: hai bản không khớp nhau",
    "seal root": "niêm phong {seal}: mã gốc hoặc số sự kiện không khớp với các đầu chuỗi ghi trong đó",
    "seal signature": "niêm phong {seal}: chữ ký không phải của khóa đã biết",
    "anchor": "niêm phong {seal} khác với bản neo đã giao ra ngoài",
    "anchor missing": "niêm phong {seal} có trong bản neo, nay không còn",
    "not anchored": "niêm phong {seal} thiếu trong bản neo",
    "readings": "các lượt xem {seq} đến {last}, thuộc niêm phong {seal}, đã bị thay đổi",
    "incomplete": "tệp bị cắt: chỉ đọc được {seq} dòng",
}


class Finding(NamedTuple):
    """One thing that is wrong, and where: unit, first event that may be wrong, last one, seal."""

    kind: str
    chain: int | None = None
    seq: int | None = None
    last: int | None = None
    seal: int | None = None

    def says(self) -> str:
        """The finding as a sentence."""
        return SAYS[self.kind].format(**self._asdict())


def link_hash(before: bytes, chain: int, seq: int, payload: str) -> bytes:
    """The hash of an event's place in the chain of its unit."""
    return hashlib.sha256(before + f"{chain}:{seq}:{payload}".encode()).digest()


def merkle_root(leaves: list[bytes]) -> bytes:
    """The root of RFC 6962: leaves behind 0x00, nodes behind 0x01; one left over at a level goes up as it is."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in pairs] + level[len(level) & ~1 :]
    return level[0] if level else hashlib.sha256().digest()


def root_of(heads: dict[int, tuple[int, str]], readings_to: int, readings_hash: str) -> bytes:
    """The root over the heads of all chains in the order of their units, and over the readings."""
    leaves = [f"{chain}:{seq}:{of}".encode() for chain, (seq, of) in sorted(heads.items())]
    return merkle_root([*leaves, f"readings:{readings_to}:{readings_hash}".encode()])


def seal_text(seal: Seal) -> bytes:
    """What is signed: what the seal says, with the heads that moved as one hash; the readings are in the root."""
    moved = ",".join(f"{chain}:{seq}:{of}" for chain, (seq, of) in sorted(seal["heads"].items()))
    names = ("number", "at", "events", "root", "previous", "algorithm", "key_id")
    moved = f"moved {hashlib.sha256(moved.encode()).hexdigest()}"
    return "\n".join(["cong-tam seal", *(f"{name} {seal[name]}" for name in names), moved]).encode()


def seal_hash(seal: Seal) -> str:
    """What the next seal names as the one before it: the text and its signature."""
    return hashlib.sha256(seal_text(seal) + bytes.fromhex(seal["signature"])).hexdigest()


def key_id(public: bytes) -> str:
    """The short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def short_code(root: bytes) -> str:
    """The first 16 hexadecimal digits of a root in groups of four, as a closing sheet shows them."""
    return " ".join(root.hex()[first : first + 4] for first in range(0, 16, 4)).upper()


# Ed25519, RFC 8032 section 5.1; points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(factor: int, p: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, p)
        p, factor = _add(p, p), factor >> 1
    return total


def _point(text: bytes) -> Point | None:
    """The point that 32 bytes stand for: y, and the lowest bit of x."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


def ed25519_verified(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature over a message was made with the private half of a public key."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    base = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))  # y = 4/5
    if key is None or r is None or base is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    a, b = _times(s, base), _add(r, _times(k, key))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


class Seals:
    """The line of seals, read in order of their numbers; anchors are seals that were carried away before."""

    def __init__(self, keys: Iterable[bytes], anchors: Iterable[Seal] | None, verified: Callable[..., bool]):
        self.keys, self.verified = {key_id(key): key for key in keys}, verified
        self.anchors = {anchor["number"]: anchor for anchor in anchors or ()}
        self.anchored_to = max(self.anchors, default=0)  # a copy may be older than the newest seal
        self.found: list[Finding] = []
        self.heads: dict[int, tuple[int, str]] = {}
        self.sealed: dict[int, dict[int, tuple[str, int]]] = {}  # chain → seq → (hash, seal): what it was
        self.readings: list[tuple[int, int, int, str]] = []  # seal, first and last reading, their hash
        self.newest: Seal | None = None
        self.previous, self.number, self.readings_to = bytes(32).hex(), 0, 0
        self._remember(*self.anchors.values())

    def read(self, seal: Seal) -> None:
        """One more seal against the one before it, against its own heads, its signature and its anchor."""
        number, public = seal["number"], self.keys.get(seal["key_id"], b"")
        self.heads |= {int(chain): (seq, of) for chain, (seq, of) in seal["heads"].items()}
        root = root_of(self.heads, seal["readings_to"], seal["readings_hash"]).hex()
        anchor = seal if number > self.anchored_to else self.anchors.pop(number, None)
        faults = {
            "seal missing": number != self.number + 1,
            "seal previous": number == self.number + 1 and seal["previous"] != self.previous,
            "seal root": root != seal["root"] or sum(seq for seq, _ in self.heads.values()) != seal["events"],
            "seal signature": not self.verified(public, bytes.fromhex(seal["signature"]), seal_text(seal)),
            "not anchored": anchor is None,
            "anchor": anchor is not None and seal_hash(anchor) != seal_hash(seal),
        }
        for kind, wrong in faults.items():
            if wrong:
                self.found.append(Finding(kind, seal=self.number + 1 if kind == "seal missing" else number))
        self._remember(seal)
        self.readings.append((number, self.readings_to + 1, seal["readings_to"], seal["readings_hash"]))
        self.readings_to, self.previous = seal["readings_to"], seal_hash(seal)
        self.number, self.newest = number, seal

    def end(self, readings: dict[int, str]) -> list[Finding]:
        """What is wrong with the seals, once the last was read, given the hash of each seal's readings as they are now."""
        gone = [Finding("anchor missing", seal=number) for number in self.anchors]
        for number, first, last, of in self.readings:
            if readings.get(number, hashlib.sha256().hexdigest()) != of:
                gone.append(Finding("readings", seq=first, last=last, seal=number))
        return self.found + gone

    def _remember(self, *seals: Seal) -> None:
        for seal in seals:
            for chain, (seq, of) in seal["heads"].items():
                self.sealed.setdefault(int(chain), {}).setdefault(seq, (of, seal["number"]))


class Chain:
    """The links of one unit, read in order: each must follow from the one before, and be what the seals saw."""

    def __init__(self, chain: int, seals: Seals):
        self.chain, self.sealed = chain, seals.sealed.get(chain, {})
        self.seq, self.hash, self.good = 0, bytes(32), 0
        self.found: list[Finding] = []

    def read(self, seq: int, of: bytes, payload: str | None) -> None:
        """One more link with the text of its event, None where the event is gone."""
        if seq != self.seq + 1:
            self.found.append(Finding("gap", self.chain, min(seq, self.seq + 1)))
        elif payload is None:
            self.found.append(Finding("gone", self.chain, seq))
        elif (json.loads(payload)["unit"] or 0) != self.chain:
            self.found.append(Finding("elsewhere", self.chain, seq))
        elif link_hash(self.hash, self.chain, seq, payload) != of:
            self.found.append(Finding("changed", self.chain, seq))
        self.seq, self.hash = seq, of
        if seq in self.sealed:
            was, seal = self.sealed[seq]
            if was == of.hex():
                self.good = seq
            elif all(
                one.kind != "sealed" for one in self.found
            ):  # the first place says it: the rest follows from it
                self.found.append(Finding("sealed", self.chain, self.good + 1, seq, seal))

    def end(self, head: tuple[int, str] | None) -> list[Finding]:
        """What is wrong with this chain, once its last link was read."""
        last = max(self.sealed, default=0)
        if last > self.seq:
            self.found.append(Finding("cut", self.chain, self.seq + 1, last, self.sealed[last][1]))
        if head != (self.seq, self.hash.hex()):
            self.found.append(Finding("head", self.chain, self.seq))
        return self.found


def check(
    lines: Iterable[str], anchors: Iterable[Seal] | None, key: bytes = b""
) -> tuple[Seals, Counter[str], list[Finding]]:
    """Everything wrong with an export; its lines come in this order: header, seals, readings, heads, events, end."""
    rows = (json.loads(line) for line in lines)
    row = header = next(rows)
    seals = Seals([key] if key else map(bytes.fromhex, header["keys"]), anchors, ed25519_verified)
    count, found = Counter[str](), list[Finding]()
    readings, heads, chains = dict[int, str](), dict[int, tuple[int, str]](), dict[int, Chain]()
    for row in rows:
        count[row["type"]] += 1
        match row["type"]:
            case "seal":
                seals.read(row)
            case "readings":
                readings[row["seal"]] = row["hash"]
            case "head":
                heads[row["chain"]] = (row["seq"], row["hash"])
            case "event" if row["seq"] is None:
                found.append(Finding("unlinked", row["chain"], json.loads(row["payload"])["id"]))
            case "event":
                if row["chain"] not in chains:
                    chains[row["chain"]] = Chain(row["chain"], seals)
                chains[row["chain"]].read(row["seq"], bytes.fromhex(row["hash"]), row["payload"])
    if row["type"] != "end" or row["lines"] != count.total():
        found.append(Finding("incomplete", seq=count.total()))
    covered = seals.sealed.keys() | heads.keys() | chains.keys()
    for one in sorted(covered if header["chains"] is None else covered & set(header["chains"])):
        found += chains.get(one, Chain(one, seals)).end(heads.get(one))
    return seals, count, seals.end(readings) + found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("export")
    parser.add_argument("--anchors", help="seals that were carried away before: a copy of anchors.jsonl")
    parser.add_argument("--key", help="the public key you were told, in hexadecimal")
    given = parser.parse_args()
    try:
        with open(given.anchors or os.devnull, encoding="utf-8") as copy:
            anchors = [json.loads(line) for line in copy] if given.anchors else None
        with open(given.export, encoding="utf-8") as lines:
            seals, count, found = check(lines, anchors, bytes.fromhex(given.key or ""))
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as problem:
        print(f"{given.export}: {problem!r}", file=sys.stderr)
        return 2
    sys.stdout.writelines(f"{one.says()}\n" for one in found)
    code = short_code(bytes.fromhex(seals.newest["root"])) if seals.newest else "–"
    print(f"{count['event']} sự kiện, {seals.number} niêm phong (mã mới nhất: {code}), {len(found)} sai lệch")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
