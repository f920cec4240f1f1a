"""17: the disk refuses to take a file; nothing of it stays, neither on the disk nor in the tables."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from evaluation.models import Evidence
from tests.faults.conftest import LansMonth

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n" + b"% " + b"x" * 300_000 + b"\ntrailer<<>>\n%%EOF\n"


@contextmanager
def disk_that_takes(most: int) -> Iterator[None]:
    """The kernel refuses every write beyond so many bytes of a file, as a full disk does."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def send(lan: FlaskClient, month: LansMonth) -> object:
    return lan.post(f"/evidence/lines/{month.item_id}", data={"files": [(BytesIO(PDF), "Báo cáo.pdf")]})


def test_evidence_that_the_disk_does_not_take_is_refused_and_leaves_nothing(
    month: LansMonth, lan: FlaskClient, fresh_database: Flask
) -> None:
    folder = Path(fresh_database.config["EVIDENCE_DIR"])
    with disk_that_takes(100_000):
        page = send(lan, month)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert "Máy chủ đã hết chỗ ghi dữ liệu." in page.text
    assert "chưa được lưu" in page.text
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert month.report.version == 1
    assert fresh_database.extensions["sqlalchemy"].session.query(Evidence).count() == 0
    assert send(lan, month).status_code == 302
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    assert kept.read_bytes() == PDF
