"""One request of the crawler, whole, so that it can be sent again and made smaller."""

from dataclasses import dataclass
from random import Random
from urllib.parse import quote_from_bytes


@dataclass(frozen=True)
class Ask:
    """One request, whole: whoever has it can send it again."""

    who: str
    method: str
    path: str
    pairs: tuple[tuple[bytes, bytes], ...] = ()
    query: tuple[tuple[bytes, bytes], ...] = ()
    raw: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes | None:
        """What is sent."""
        return self.raw if self.raw is not None else encoded(self.pairs) if self.pairs else None

    def shown(self) -> str:
        """The request in one line that can be typed again."""
        target = self.path + ("?" + encoded(self.query).decode() if self.query else "")
        body = self.body()
        said = f"{self.method} {target[:500]!r} as {self.who}"
        if body is not None:
            said += f" body {body[:300]!r}{f' … {len(body)} bytes' if len(body) > 300 else ''}"
        if self.content_type:
            said += f" as {self.content_type[:80]!r}"
        return said + "".join(f" {name}: {value}" for name, value in self.headers)


def encoded(pairs: tuple[tuple[bytes, bytes], ...] | list[tuple[bytes, bytes]]) -> bytes:
    """Pairs as a form sends them."""
    return "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs).encode()


def multipart(pairs: list[tuple[bytes, bytes]], files: list[str], chance: Random) -> tuple[bytes, str]:
    """A body of parts; the files are small, broken, misnamed, or missing."""
    parts = [
        b'Content-Disposition: form-data; name="' + name.replace(b'"', b"") + b'"\r\n\r\n' + value
        for name, value in pairs
    ]
    names = [
        b"a.xlsx",
        b"",
        b"../../etc/passwd",
        b"CON",
        b"a" * 300 + b".pdf",
        "tệp\u202e.pdf".encode(),
        b"a.png\x00.exe",
        b"a.svg",
    ]
    bodies = [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18, b"%PDF-1.7\n%%EOF", b"MZ", b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff", b"a;b\r\n1;2",
              b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, b"<svg onload=1>", b"\x00" * 10_000]  # fmt: skip
    for name in files:
        for _ in range(chance.choice((0, 1, 1, 1, 3))):
            head = (
                b'Content-Disposition: form-data; name="'
                + name.encode()
                + b'"; filename="'
                + chance.choice(names)
                + b'"'
            )
            parts.append(head + b"\r\nContent-Type: application/octet-stream\r\n\r\n" + chance.choice(bodies))
    body = b"".join(b"--probeboundary\r\n" + part + b"\r\n" for part in parts)
    if chance.random() < 0.9:
        body += b"--probeboundary--\r\n"
    return body, "multipart/form-data; boundary=probeboundary"
