"""The security page says what the program does: its values are those of the settings, its chapters are all there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from config import from_environment
from evaluation.files import evidence, zips
from evaluation.services import passwords, sign_in

PAGE = (Path(__file__).resolve().parents[1] / "evaluation/deployment/security.md").read_text(encoding="utf-8")
CHAPTERS = (
    "Signing in",
    "Passwords",
    "Sessions",
    "What is accepted",
    "Files",
    "Keys",
    "Data",
    "Logs",
    "Who speaks with whom",
    "Heavy work",
    "Libraries",
    "Finding a fault",
)
OTHERWISE_NAMED = {"SESSION_HOURS": "PERMANENT_SESSION_LIFETIME", "MAX_UPLOAD_MB": "MAX_CONTENT_LENGTH"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    for name in re.findall(r"`([A-Z][A-Z_]+)`", PAGE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/nothing")
    return from_environment({"DATA_DIR": tmp_path})


def test_every_chapter_is_there() -> None:
    assert tuple(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == CHAPTERS


def test_every_value_on_the_page_is_the_programs_own(settings: dict[str, object]) -> None:
    said = re.findall(r"`([A-Z][A-Z_]+)` = (\w+)", PAGE)
    assert len(said) >= 8
    for name, value in said:
        actual = settings[OTHERWISE_NAMED.get(name, name)]
        if isinstance(actual, timedelta):
            actual = int(actual.total_seconds()) // 3600
        elif name == "MAX_UPLOAD_MB":
            actual = int(str(actual)) // 1024**2
        assert str(actual) == value, name


def test_the_limits_of_passwords_tries_and_files_are_the_programs_own() -> None:
    assert f"{passwords.LEAST} to {passwords.MOST} characters" in PAGE
    assert f"good once and for {passwords.TICKET_LASTS // timedelta(hours=1)} hours" in " ".join(PAGE.split())
    assert f"after {sign_in.FREE_TRIES} wrong tries in a row" in PAGE
    words = " ".join(PAGE.split())
    assert (
        f"{zips.MAX_ZIPPED // 1024**2} MB, {zips.MAX_UNZIPPED // 1024**2} MB unpacked, ratio {zips.MAX_RATIO},"
        f" {zips.MAX_ENTRIES} entries, {zips.MAX_COLUMNS:,} columns, {zips.MAX_CELLS // 10**6} million cells"
    ) in words
    assert f"{evidence.MAX_BYTES // 1024**2} MB each, {evidence.MAX_FILES_A_LINE} a line" in words
