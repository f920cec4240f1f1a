"""Evidence: what is kept, what is refused, who may open it."""

import struct
import zlib
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from evaluation.models import Account, AuditEvent, Evidence
from evaluation.services import evidence, reports
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories

IN_MARCH = date(2026, 3, 30)
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def png(width: int = 1, height: int = 1, extra: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    words = chunk(b"tEXt", extra) if extra else b""
    return (
        b"\x89PNG\r\n\x1a\n" + header + words + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    )


@pytest.fixture
def line(database, clock, app, tmp_path, monkeypatch):
    """Lan's line in March."""
    clock(IN_MARCH)
    monkeypatch.setitem(app.config, "EVIDENCE_DIR", tmp_path / "evidence")
    place = factories.office()
    place.report = factories.report(
        place.lan.assignments[0],
        supervising=place.division,
        confirming=place.department,
        agency=place.department,
    )
    place.item = factories.item(place.report, assigned="1")
    place.actor = factories.actor(place.lan, IN_MARCH)
    place.folder = tmp_path / "evidence"
    return place


def attach(place, name: str = "Báo cáo.pdf", data: bytes = PDF) -> Evidence:
    return evidence.attach(place.actor, place.item.id, name=name, stream=BytesIO(data))


def stored(place) -> list[Path]:
    return [path for path in place.folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_a_name_of_the_server_with_its_fingerprint(line, database) -> None:
    file = attach(line, "../../etc/Báo\u202ecáo.pdf")
    (path,) = stored(line)
    assert path.read_bytes() == PDF
    assert path.name != file.name
    assert path.suffix == ".pdf"
    assert path.relative_to(line.folder).as_posix() == file.stored_name
    assert (file.name, file.size, file.sha256) == ("Báocáo.pdf", len(PDF), sha256(PDF).hexdigest())
    assert database.session.query(AuditEvent).filter_by(action="evidence.attached").count() == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b""),
        ("a.pdf", b"<html><script>alert(1)</script></html>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("a.png", PDF),
        ("a.png", png(50_000, 50_000)),
        ("a.pdf", PDF + b" " * evidence.MAX_BYTES),
    ],
)
def test_what_is_not_an_accepted_file_is_refused_by_its_content_and_nothing_is_kept(line, name, data) -> None:
    with pytest.raises(Invalid) as refused:
        attach(line, name, data)
    assert refused.value.faults[0].message.startswith(name)
    assert stored(line) == []
    assert line.item.evidence == []


def test_a_sixth_file_is_refused_and_a_removed_one_makes_room(line) -> None:
    files = [attach(line, f"{number}.pdf") for number in range(5)]
    with pytest.raises(Invalid):
        attach(line)
    evidence.remove(line.actor, files[0].id)
    attach(line)
    assert len(stored(line)) == 6


def test_one_person_hands_in_no_more_than_the_quota_of_a_month_and_taking_files_off_does_not_help(
    line, app, monkeypatch, clock
) -> None:
    monkeypatch.setitem(app.config, "EVIDENCE_FILES", 3)
    for number in range(3):
        evidence.remove(line.actor, attach(line, f"{number}.pdf").id)
    with pytest.raises(Invalid) as refused:
        attach(line)
    assert "3" in refused.value.faults[0].message
    assert len(stored(line)) == 3
    monkeypatch.setitem(app.config, "EVIDENCE_FILES", 1000)
    monkeypatch.setitem(app.config, "EVIDENCE_MEGABYTES", 0)
    with pytest.raises(Invalid):
        attach(line)


def test_a_removed_file_is_kept_but_can_no_longer_be_opened(line) -> None:
    file = attach(line)
    evidence.remove(line.actor, file.id)
    assert file.removed_at is not None
    assert len(stored(line)) == 1
    with pytest.raises(Missing):
        evidence.open_for(line.actor, file.id)


def test_nothing_is_attached_or_removed_once_the_sheet_is_submitted(line) -> None:
    file = attach(line)
    factories.criteria(line.report, "28")
    reports.submit(line.actor, line.report.id, version=line.report.version)
    with pytest.raises(Conflict):
        attach(line)
    with pytest.raises(Conflict):
        evidence.remove(line.actor, file.id)
    assert file.removed_at is None


def test_the_supervisor_opens_it_and_cannot_change_it_and_a_stranger_finds_nothing(line) -> None:
    file = attach(line)
    head, stranger = factories.actor(line.hung, IN_MARCH), factories.actor(line.nam, IN_MARCH)
    assert evidence.open_for(head, file.id)[0] is file
    with pytest.raises(Forbidden):
        evidence.attach(head, line.item.id, name="a.pdf", stream=BytesIO(PDF))
    with pytest.raises(Forbidden):
        evidence.remove(head, file.id)
    for act in (
        lambda: evidence.open_for(stranger, file.id),
        lambda: evidence.attach(stranger, line.item.id, name="a.pdf", stream=BytesIO(PDF)),
        lambda: evidence.remove(stranger, file.id),
        lambda: evidence.line_for(stranger, line.item.id),
        lambda: evidence.open_for(stranger, 999_999_999),
    ):
        with pytest.raises(Missing):
            act()


def test_words_and_places_stored_in_pictures_are_taken_out(line) -> None:
    attach(line, "a.png", png(extra=b"GPS\x0010.7,106.6"))
    (path,) = stored(line)
    assert b"GPS" not in path.read_bytes()
    jpeg = (
        b"\xff\xd8"
        + b"\xff\xe1\x00\x0eExif\x00\x00GPS106"
        + b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"
    )
    file = attach(line, "a.jpg", jpeg)
    kept = (line.folder / file.stored_name).read_bytes()
    assert b"Exif" not in kept
    assert kept.startswith(b"\xff\xd8\xff\xc0")
    assert kept.endswith(b"\xff\xd9")


# The pages


def test_several_files_are_sent_at_once_and_the_bad_one_is_named(line, client, login) -> None:
    login(client, account_of(line.lan))
    answer = client.post(
        f"/evidence/lines/{line.item.id}",
        data={"files": [(BytesIO(PDF), "tốt.pdf"), (BytesIO(b"MZ"), "xấu.exe"), (BytesIO(PDF), "hai.pdf")]},
    )
    assert answer.status_code == 422
    assert "xấu.exe" in answer.text
    assert len(stored(line)) == 2
    page = client.get(f"/evidence/lines/{line.item.id}").text
    assert "tốt.pdf" in page
    assert "không quá 10 MB" in page
    assert "không quá 5 tệp" in page


def test_a_download_is_an_attachment_that_can_do_nothing(line, client, login) -> None:
    file = attach(line)
    login(client, account_of(line.lan))
    answer = client.get(f"/evidence/{file.id}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "B%C3%A1o%20c%C3%A1o.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    answer.close()
    login(client, account_of(line.nam))
    assert client.get(f"/evidence/{file.id}").status_code == 404
    assert client.get(f"/evidence/lines/{line.item.id}").status_code == 404
    assert client.post(f"/evidence/{file.id}/remove").status_code == 404


def account_of(who) -> Account:
    from evaluation.extensions import db

    return db.session.query(Account).filter_by(person_id=who.id).one()
