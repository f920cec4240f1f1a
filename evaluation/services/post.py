"""Handing letters to the mail server: plain text only, no header that a text could add to, a time limit on everything."""

import hashlib
import re
import smtplib
import ssl
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from types import TracebackType
from urllib.parse import unquote, urlsplit

SECONDS = 20
ADDRESS = re.compile(r"[A-Za-z0-9._%+'/=-]{1,64}@[A-Za-z0-9.-]{1,190}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Undeliverable(Exception):
    """The server was not reached, or did not take a letter; the message is its own, on one line."""


class Post:
    """One visit to the mail server; a connection that broke is made again for the next letter."""

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = urlsplit(url), sender
        self.server: smtplib.SMTP | None = None

    def __enter__(self) -> "Post":
        self.server = self._connect()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._leave()

    def send(self, number: int, key: str, address: str, subject: str, body: str, written: datetime) -> None:
        """Hands one letter in; it has been taken when this returns."""
        letter = compose(self.sender, number, key, address, subject, body, written)
        if self.server is None:
            self.server = self._connect()
        try:
            self.server.send_message(letter)
        except (OSError, ValueError) as problem:  # every refusal of SMTP is an OSError too
            if not isinstance(problem, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                self._leave()
            raise Undeliverable(_line(problem)) from problem

    def _connect(self) -> smtplib.SMTP:
        host = self.url.hostname or ""
        secure = self.url.scheme == "smtps"
        port = self.url.port or (465 if secure else 25)
        known_as = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        trusted = ssl.create_default_context()
        try:
            if secure:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, port, known_as, timeout=SECONDS, context=trusted
                )
            else:
                server = smtplib.SMTP(host, port, known_as, timeout=SECONDS)
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=trusted)
                    secure = True
            if self.url.username:
                if not secure and host not in LOOPBACK:
                    raise Undeliverable("the server offers no TLS, so the password is not shown to it")
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
        except (OSError, smtplib.SMTPException) as problem:
            raise Undeliverable(_line(problem)) from problem
        return server

    def _leave(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def compose(
    sender: str, number: int, key: str, address: str, subject: str, body: str, written: datetime
) -> Message:
    """The message of a letter, the same whenever it is made: a second copy can be known by its Message-ID.

    The subject is one run of encoded words: the newer classes of `email` lose spaces between Vietnamese words.
    """
    for box in (address, parseaddr(sender)[1]):
        if not ADDRESS.fullmatch(box):
            raise Undeliverable(f"not an e-mail address: {box!r}"[:200])
    letter = MIMEText(body, "plain", "utf-8")
    letter["From"] = formataddr(parseaddr(sender))
    letter["To"] = address
    letter["Subject"] = Header(" ".join(subject.split()), "utf-8", header_name="Subject").encode()
    letter["Date"] = format_datetime(written)
    letter["Message-ID"] = message_id(sender, number, key)
    letter["Auto-Submitted"] = "auto-generated"
    return letter


def message_id(sender: str, number: int, key: str) -> str:
    """One letter, one Message-ID."""
    mark = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"<letter-{number}-{mark}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"


def _line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:500]
