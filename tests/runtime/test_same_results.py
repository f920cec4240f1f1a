"""The order of the pieces, the number of hands and Python's hash seed change nothing in a roll-up."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from evaluation.extensions import db
from tests import factories
from tests.services.test_rollups import confirmed

from .conftest import CHECKOUT

pytestmark = pytest.mark.runtime
MONTHS = ("2026-03", "2026-04")


def two_months_of_an_office() -> None:
    office = factories.office()
    for index in range(7):
        own = factories.assignment(factories.person(f"Người {index}"), office.division)
        for number, month in enumerate(MONTHS):
            report = factories.report(
                own,
                supervising=office.division,
                confirming=office.department,
                agency=office.department,
                month=month,
            )
            for line in range(3):
                factories.item(
                    report, assigned="3", done=str((index + line + number) % 4), coefficient="1.3333"
                )
            confirmed(report, office.thu, str(10 + index))
    db.session.commit()
    db.session.remove()


def rolled_up(address: str, folder: str, *words: str, hash_seed: str = "0") -> str:
    """The digest of the roll-up tables after another process rolled the months up."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runtime.rolled_up", *words],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": address, "DATA_DIR": folder, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def test_order_hands_and_hash_seed_change_nothing(fresh_database: Flask, tmp_path) -> None:
    two_months_of_an_office()
    address = db.engine.url.render_as_string(hide_password=False)
    once = rolled_up(address, str(tmp_path), *MONTHS)
    assert rolled_up(address, str(tmp_path), *reversed(MONTHS), hash_seed="1") == once
    assert rolled_up(address, str(tmp_path), *MONTHS, "shuffled=7", hash_seed="4294967295") == once
    with ThreadPoolExecutor(2) as hands:
        at_once = [hands.submit(rolled_up, address, str(tmp_path), *MONTHS, f"shuffled={n}") for n in (1, 2)]
        for one in at_once:
            one.result()
    assert rolled_up(address, str(tmp_path), MONTHS[0]) == once
