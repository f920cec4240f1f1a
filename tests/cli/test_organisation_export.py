"""`flask organisation export` writes what `import-units` and `import-people` read back without a change."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import AuditEvent
from tests import factories

TODAY = date(2026, 3, 10)


@pytest.fixture
def office(runner: Any, clock: Any) -> Any:
    clock(TODAY)
    made = factories.office()
    made.lan.personal_number = "001185012345"
    db.session.commit()
    return made


@pytest.mark.parametrize(("what", "rows"), [("units", 3), ("people", 5)])
def test_what_is_written_is_read_back_without_a_change(
    office: Any, runner: Any, tmp_path: Path, what: str, rows: int
) -> None:
    path = tmp_path / "ds.xlsx"
    done = runner.invoke(args=["organisation", "export", what, str(path)])
    assert done.exit_code == 0, done.output
    assert f"{rows} dòng" in done.output
    assert path.stat().st_mode & 0o077 == 0
    assert [found.name for found in tmp_path.iterdir()] == ["ds.xlsx"]
    back = runner.invoke(args=["organisation", f"import-{what}", "--dry-run", str(path)])
    assert back.exit_code == 0, back.output
    assert "không làm thay đổi gì" in back.output or "không thay đổi" in back.output
    events = db.session.query(AuditEvent).filter_by(action=f"{what}.exported").all()
    assert [(one.actor_id, one.after["rows"]) for one in events] == [(None, rows)]


def test_rows_left_out_are_told_with_their_reason(office: Any, runner: Any, tmp_path: Path) -> None:
    office.nam.full_name = "Nam 007"
    db.session.commit()
    done = runner.invoke(args=["organisation", "export", "people", str(tmp_path / "ds.xlsx")])
    assert done.exit_code == 0
    assert f"{office.nam.official_number} Nam 007" in done.output
    assert "không xuất 1 dòng" in done.output


def test_a_folder_that_is_not_there_is_a_sentence(office: Any, runner: Any, tmp_path: Path) -> None:
    done = runner.invoke(args=["organisation", "export", "units", str(tmp_path / "none" / "ds.xlsx")])
    assert done.exit_code == 1
    assert "ds.xlsx" in done.output
    assert "Traceback" not in done.output
    assert db.session.query(AuditEvent).filter_by(action="units.exported").count() == 0
