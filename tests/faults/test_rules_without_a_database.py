"""`flask rules try` asks no database, and starts none."""

import os
import subprocess
import sys
from pathlib import Path

from tests.runtime.conftest import CHECKOUT, server_runs

GOLDEN = CHECKOUT / "tests/golden/decree-335-2025.yaml"


def run(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    unwanted = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=CHECKOUT,
        env=environment | {"DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_golden_cases_are_tried_where_no_server_can_start(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6")  # any start would be refused in one sentence
    done = run(tmp_path, "rules", "try", str(GOLDEN))
    assert "passed" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    assert not server_runs(tmp_path)
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_what_needs_a_database_starts_it_at_its_first_question(data_dir: Path) -> None:
    checked = run(data_dir, "rules", "check")
    assert checked.returncode == 0, checked.stderr
    assert not (data_dir / "postgres").exists()
    migrated = run(data_dir, "db", "current")
    assert migrated.returncode == 0, migrated.stderr
    assert (data_dir / "postgres" / "PG_VERSION").exists()
