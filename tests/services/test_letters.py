"""Letters reach a real SMTP server: once, after a while when it is down, never with a header that a text has added."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import func, select, text, update

import config
from evaluation.extensions import db
from evaluation.models import Letter, LetterState, Notice, Pulse
from evaluation.services import letters, notices, post
from tests import factories
from tests.runtime.conftest import CHECKOUT, wait_for

LINK = "/reports/7"


class Postman:
    """What a mail server keeps, and what it was told to answer."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.says: list[str] = []
        self.raw: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.says:
            return self.says.pop(0)
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        return "250 taken"


@pytest.fixture
def port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Office:
    """A mail server that can be closed and opened again on one port."""

    def __init__(self, port: int) -> None:
        self.port, self.postman, self.controller = port, Postman(), None

    def open(self) -> None:
        self.controller = Controller(self.postman, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@pytest.fixture
def office(port: int) -> Iterator[Office]:
    found = Office(port)
    found.open()
    yield found
    found.close()


@pytest.fixture
def mail(fresh_database: Flask, port: int, enqueued: list[Any]) -> Flask:
    """The application with a mail server; its doorbells are only noted."""
    fresh_database.config.update(
        MAIL_URL=f"smtp://127.0.0.1:{port}",
        MAIL_FROM="Công Tâm <no-reply@tinh.gov.vn>",
        PUBLIC_URL="https://cong-tam.tinh.gov.vn",
    )
    return fresh_database


def lan(address: str | None = "lan@tinh.gov.vn") -> int:
    person = factories.person("Nguyễn Thị Lan", email=address)
    db.session.commit()
    return person.id


def the_letter() -> Letter:
    db.session.rollback()
    return db.session.scalars(select(Letter).execution_options(populate_existing=True)).one()


def time_passes() -> None:
    db.session.execute(
        update(Letter).values(due_at=func.now() - text("interval '1 minute'"), leased_until=None)
    )
    db.session.commit()


def test_what_a_person_is_told_is_sent_once_in_vietnamese_with_a_link(
    mail: Flask, office: Office, enqueued: list[Any]
) -> None:
    notices.tell(lan(), "The work you asked for is finished.", link=LINK)
    assert enqueued == []
    db.session.commit()
    assert enqueued == [("letters.send", {})]
    assert (letters.send(), letters.send()) == (1, 0)
    (found,) = office.postman.taken
    assert found["To"] == "lan@tinh.gov.vn"
    assert found["From"] == "Công Tâm <no-reply@tinh.gov.vn>"
    assert found["Subject"] == "Công Tâm: Công việc đồng chí yêu cầu đã xong."
    assert found.get_content_type() == "text/plain"
    body = found.get_content().replace("\r\n", "\n")
    assert "Kính gửi đồng chí Nguyễn Thị Lan," in body
    assert f"Mở tại: https://cong-tam.tinh.gov.vn{LINK}\n" in body
    letter = the_letter()
    assert (letter.state, letter.attempts, letter.error) == (LetterState.SENT, 1, None)
    assert letter.sent_at is not None


def test_the_letter_of_work_that_is_undone_is_never_written(
    mail: Flask, office: Office, enqueued: list[Any]
) -> None:
    person_id = lan()
    notices.tell(person_id, "The work you asked for is finished.")
    db.session.rollback()
    assert (letters.send(), office.postman.taken, enqueued) == (0, [], [])


def test_whoever_chose_english_is_written_to_in_english(mail: Flask, office: Office) -> None:
    person = factories.person("Nguyễn Thị Lan", email="lan@tinh.gov.vn")
    factories.account(person).locale = "en"
    db.session.commit()
    notices.tell(person.id, "The work you asked for is finished.")
    db.session.commit()
    letters.send()
    assert "Dear Nguyễn Thị Lan," in office.postman.taken[0].get_content()


def test_without_a_mail_server_without_an_address_or_for_invented_people_there_is_only_the_notice(
    mail: Flask, office: Office
) -> None:
    for person_id in (lan(None), lan("lan@demo.invalid"), None):
        notices.tell(person_id, "The work you asked for is finished.")
    mail.config["MAIL_URL"] = ""
    notices.tell(lan("b@tinh.gov.vn"), "The work you asked for is finished.")
    db.session.commit()
    assert db.session.scalar(select(func.count(Letter.id))) == 0
    assert db.session.scalar(select(func.count(Notice.id))) == 3


def test_the_same_key_again_is_the_same_letter(mail: Flask, office: Office) -> None:
    person_id = lan()
    for _ in range(3):
        letters.write(person_id, "reminder:2026-03:7", "Nhắc", "Nội dung")
        db.session.commit()
    assert letters.send() == 1


def test_a_server_that_is_down_costs_no_attempt_and_the_letter_leaves_once_it_is_back(
    mail: Flask, office: Office
) -> None:
    office.close()
    letters.write(lan(), "k", "Nhắc", "Nội dung")
    db.session.commit()
    assert [letters.send() for _ in range(20)] == [0] * 20
    assert (the_letter().state, the_letter().attempts) == (LetterState.WAITING, 0)
    pulse = db.session.get_one(Pulse, "letters.send", populate_existing=True)
    assert not pulse.succeeded
    assert "ConnectionRefusedError" in (pulse.detail or "")
    office.open()
    assert letters.send() == 1
    assert db.session.get_one(Pulse, "letters.send", populate_existing=True).succeeded


def test_a_refused_letter_is_tried_eight_times_with_growing_waits_and_then_fails_with_the_servers_words(
    mail: Flask, office: Office
) -> None:
    office.postman.says = ["451 come back later"] * 7 + ["550 no such person"]
    letters.write(lan(), "k", "Nhắc", "Nội dung")
    db.session.commit()
    waits = []
    for _ in range(8):
        assert letters.send() == 0
        assert letters.send() == 0  # not yet due
        letter = the_letter()
        waits.append(letter.due_at)
        time_passes()
    assert (letter.state, letter.attempts) == (LetterState.FAILED, 8)
    assert "no such person" in (letter.error or "")
    gaps = [late - early for early, late in pairwise(waits[:7])]
    assert gaps == sorted(gaps)
    assert letters.send() == 0
    assert mail.test_cli_runner().invoke(args=["letters", "again"]).output.startswith("1 letters")
    assert letters.send() == 1
    assert the_letter().state is LetterState.SENT


def test_one_refused_letter_does_not_hold_the_others_back(mail: Flask, office: Office) -> None:
    office.postman.says = ["550 not this one"]
    person_id = lan()
    for number in range(4):
        letters.write(person_id, f"k{number}", "Nhắc", "Nội dung")
    db.session.commit()
    assert letters.send() == 3


HOSTILE = (
    "Nhắc\r\nBcc: everybody@tinh.gov.vn",
    "Nhắc\n\nthân thư giả",
    "<script>alert(1)</script>",
    "{{ 7*7 }} %(name)s",
    "\u202eđảo \x00 ngược",
)


def test_no_text_becomes_a_header_or_is_read_as_html(mail: Flask, office: Office) -> None:
    person_id = lan()
    for number, said in enumerate(HOSTILE):
        letters.write(person_id, f"k{number}", said.replace("\0", ""), said)
    db.session.commit()
    assert letters.send() == len(HOSTILE)
    for said, found, raw in zip(HOSTILE, office.postman.taken, office.postman.raw, strict=True):
        kept = said.replace("\0", "")
        assert found["Bcc"] is None
        assert [found.get_content_type(), found.is_multipart()] == ["text/plain", False]
        assert found["Subject"] == " ".join(kept.split())
        assert found.get_content().splitlines() == kept.splitlines()
        assert b"<script" not in raw.lower()  # subject and body are encoded: no reader of mail sniffs them


def test_an_address_that_is_none_fails_alone(mail: Flask, office: Office) -> None:
    person_id = lan()
    for address in ("lan@tinh.gov.vn\nBcc: x@y.vn", "lan@tinh.gov.vn, x@y.vn"):
        letters.write_to(person_id, address, address, "Nhắc", "Nội dung")
    letters.write(person_id, "good", "Nhắc", "Nội dung")
    db.session.commit()
    assert letters.send() == 1
    assert [found["To"] for found in office.postman.taken] == ["lan@tinh.gov.vn"]
    assert sorted(db.session.scalars(select(Letter.state))) == ["SENT", "WAITING", "WAITING"]


def test_a_password_is_not_shown_to_a_server_elsewhere_that_offers_no_tls(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "LOOPBACK", frozenset())  # as if the server stood elsewhere
    with pytest.raises(post.Undeliverable, match="offers no TLS"):
        with post.Post(f"smtp://u:p@127.0.0.1:{office.port}", "a@b.vn"):
            pass


SENDER = """
import os, signal, sys
from evaluation import create_app
from evaluation.services import letters
app = create_app()
def killed(_letter):
    os.kill(os.getpid(), signal.SIGKILL)
letters._mark_sent = killed
with app.app_context():
    letters.send()
"""


@pytest.mark.runtime
def test_a_sender_killed_between_sending_and_marking_leaves_at_most_one_copy_more_with_the_same_message_id(
    mail: Flask, office: Office, tmp_path: Path
) -> None:
    letters.write(lan(), "k", "Nhắc", "Nội dung")
    db.session.commit()
    address = mail.config["SQLALCHEMY_DATABASE_URI"]
    environment = os.environ | {
        "DATABASE_URL": address,
        "BROKER_URL": config.database_broker(address),
        "DATA_DIR": str(tmp_path / "sender"),
        "SECRET_KEY": "only for tests " * 3,
        "MAIL_URL": mail.config["MAIL_URL"],
        "MAIL_FROM": mail.config["MAIL_FROM"],
    }
    killed = subprocess.run(
        [sys.executable, "-c", SENDER], cwd=CHECKOUT, env=environment, timeout=60, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    wait_for(lambda: len(office.postman.taken) == 1, "the first copy")
    assert the_letter().state is LetterState.WAITING
    assert letters.send() == 0, "the dead sender's lease still holds"
    time_passes()
    assert letters.send() == 1
    assert letters.send() == 0
    assert len(office.postman.taken) == 2
    assert len({found["Message-ID"] for found in office.postman.taken}) == 1


def test_two_senders_at_once_send_nothing_twice(mail: Flask, office: Office) -> None:
    person_id = lan()
    for number in range(30):
        letters.write(person_id, f"k{number}", "Nhắc", "Nội dung")
    db.session.commit()

    def send() -> None:
        with mail.app_context():
            letters.send()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    keys = [found["Message-ID"] for found in office.postman.taken]
    assert (len(keys), len(set(keys))) == (30, 30)
