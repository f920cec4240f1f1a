"""A backup is made, proved and restored with real servers; what is damaged, foreign or older than the anchors is refused."""

import json
import os
import shutil
import tarfile
from collections import namedtuple
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pyotp
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import make_url, text

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.evidence import EvidenceKind
from evaluation.models import Account, Assignment, Evidence, Job, JobChunk, JobState
from evaluation.postgres import ROOT_HOME
from evaluation.rules.permissions import Role
from evaluation.services import kept_files, seals, second_factors, sessions
from tests import factories
from tests.faults.test_disk_full import disk_that_takes

PASSPHRASE = "bốn năm sáu bảy tám"
OTHERS = "một cụm từ khác hẳn"


class Site:
    """A small province with evidence, a session, a job under way, and a sealed journal."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.backups = Path(app.config["DATA_DIR"]) / "copies"
        made = factories.office()
        self.thu, self.lan = made.thu, made.lan
        account = db.session.query(Account).filter_by(person_id=made.thu.id).one()
        db.session.execute(
            text(
                "insert into role_grant (account_id, role, unit_id, valid_from)"
                " values (:account, :role, :unit, '2026-01-01')"
            ),
            {"account": account.id, "role": Role.HOME_AFFAIRS.value, "unit": made.province.id},
        )
        self.secret = pyotp.random_base32()
        second_factors.enrol(account, self.secret)
        sheet = factories.report(
            db.session.query(Assignment).filter_by(person_id=self.lan.id).one(),
            supervising=made.division,
            confirming=made.department,
            agency=made.department,
        )
        line = factories.item(sheet)
        stored = kept_files.store(b"%PDF-1.7 proof", EvidenceKind.PDF)
        db.session.add(
            Evidence(
                item_id=line.id,
                name="Báo cáo.pdf",
                stored_name=stored,
                media_type="application/pdf",
                size=14,
                sha256=sha256(b"%PDF-1.7 proof").hexdigest(),
                uploaded_by=self.lan.id,
                uploaded_at=clock.now(),
            )
        )
        self.evidence = kept_files.folder() / stored
        job = Job(name="rollup", key="one", arguments={}, state=JobState.RUNNING, started_at=clock.now())
        job.chunks.append(
            JobChunk(
                ordinal=0,
                step=0,
                label="Sở Nội vụ",
                arguments={},
                state=JobState.RUNNING,
                leased_by="a worker",
                leased_until=clock.now(),
                attempts=1,
            )
        )
        db.session.add(job)
        db.session.commit()
        self.job = job.id
        self.happens("first")
        sessions.begin(account, second_factor=True)
        db.session.commit()
        seals.seal()

    def happens(self, what: str) -> None:
        """One event of the journal."""
        db.session.execute(
            text(
                "insert into audit_event (action, object_type, object_id, reason) values ('x', 'y', 1, :what)"
            ),
            {"what": what},
        )
        db.session.commit()

    def says(self, question: str) -> Any:
        db.session.rollback()
        return db.session.scalar(text(question))

    def run(self, *words: str | Path, passphrase: str | None = PASSPHRASE) -> Result:
        given = {"BACKUP_PASSPHRASE": passphrase}
        return self.app.test_cli_runner().invoke(args=[str(word) for word in words], env=given)

    def backup(self, *options: str) -> Path:
        done = self.run("backup", "create", "--to", self.backups, *options)
        assert done.exit_code == 0, done.output
        return max(self.backups.glob("cong-tam-*.backup"))

    def code(self, later: int = 0) -> str:
        """What the second person's app shows, or will in so many seconds."""
        return pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) + later)

    def database(self) -> str:
        return str(make_url(self.app.config["OWNER_DATABASE_URI"]).database)


@pytest.fixture
def site(fresh_database: Flask) -> Site:
    fresh_database.config["BACKUP_STRENGTH"] = 10  # scrypt's hardness is not what is tried here
    return Site(fresh_database)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Throw-away servers and unpacked parts are gone after each command."""
    before = set(ROOT_HOME.glob("work-*"))
    yield
    if os.geteuid() == 0:
        mine = [path for path in set(ROOT_HOME.glob("work-*")) - before if not (path / "lock").exists()]
        assert mine == []


def test_a_backup_is_proved_by_restoring_it_where_nobody_works(site: Site) -> None:
    file = site.backup()
    assert file.stat().st_mode & 0o077 == 0
    assert "Nguyễn".encode() not in file.read_bytes()
    done = site.run("backup", "verify", file)
    assert done.exit_code == 0, done.output
    assert "BAD" not in done.output
    for what in ("rows of", "flask audit verify", "files of evidence", "flask rules verify", "an account"):
        assert what in done.output
    assert "restored in" in done.output
    assert site.says("select count(*) from audit_event where action = 'backup.begun'") == 1


def test_a_backup_of_a_journal_that_was_rewritten_does_not_pass(site: Site) -> None:
    with psycopg.connect(site.app.config["OWNER_DATABASE_URI"].replace("+psycopg", "")) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute("update audit_event set reason = 'another' where reason = 'first'")
    site.evidence.write_bytes(b"%PDF-1.7 forged")
    done = site.run("backup", "verify", site.backup())
    assert done.exit_code == 1
    bad = [line for line in done.output.splitlines() if "BAD" in line]
    assert len(bad) == 2, done.output
    assert "files of evidence" in bad[0]
    assert "flask audit verify" in bad[1]


def test_a_damaged_cut_or_foreign_backup_is_refused_with_a_sentence(site: Site, tmp_path: Path) -> None:
    file = site.backup()
    whole = file.read_bytes()
    bad = tmp_path / "bad.backup"
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for data, says in (
        (bytes(flipped), "damaged or cut off"),
        (whole[:-1], "damaged or cut off"),
        (whole[: len(whole) // 2], "damaged or cut off"),
        (whole[:20], "cut off in its first bytes"),
        (b"", "not a backup"),
    ):
        bad.write_bytes(data)
        for command in (("backup", "verify", bad), ("restore", bad, "--replace", "--second-person", "x")):
            done = site.run(*command, "--code", "1") if command[0] == "restore" else site.run(*command)
            assert done.exit_code == 1
            assert "Traceback" not in done.output
            if command[0] == "backup":
                assert says in done.output
    done = site.run("backup", "verify", file, passphrase=OTHERS)
    assert (done.exit_code, "The passphrase is not the one" in done.output) == (1, True)
    # The same machine with another province's keys.
    public = Path(f"{site.app.config['SEAL_KEY_FILE']}.pub")
    public.write_text("ab" * 32)
    done = site.run("backup", "verify", file)
    assert (done.exit_code, "another province's backup" in done.output) == (1, True)


def test_a_restore_says_what_is_missing_and_asks_for_a_second_person_and_a_reason(site: Site) -> None:
    file = site.backup()
    site.happens("after the backup")
    site.happens("after the backup")
    seals.seal()
    second = ["--replace", "--second-person", site.thu.official_number.lower(), "--code"]
    site.evidence.unlink()

    done = site.run("restore", file)
    assert (done.exit_code, "Say --replace" in done.output) == (1, True)
    done = site.run("restore", file, *second, "000000")
    assert (done.exit_code, "second person's code is not right" in done.output) == (1, True)
    with psycopg.connect(
        site.app.config["OWNER_DATABASE_URI"].replace("+psycopg", ""), application_name="somebody"
    ):
        done = site.run("restore", file, *second, site.code())
        assert (done.exit_code, "somebody" in done.output) == (1, True)
    done = site.run("restore", file, *second, site.code(30))
    assert done.exit_code == 1
    assert "missing: chain 0 of the journal" in done.output
    assert "missing: seal 2" in done.output
    assert "--accept-loss" in done.output
    assert site.says("select count(*) from audit_event where reason = 'after the backup'") == 2

    db.session.execute(text("update account set totp_last_step = null"))
    db.session.commit()
    done = site.run("restore", file, *second, site.code(), "--accept-loss", "Ổ đĩa hỏng")
    assert done.exit_code == 0, done.output
    assert site.says("select count(*) from audit_event where reason = 'after the backup'") == 0
    after, reason = db.session.execute(
        text("select after, reason from audit_event where action = 'backup.restored'")
    ).one()
    assert (after["file"], after["missing_seals"], reason) == (file.name, 1, "Ổ đĩa hỏng")
    assert after["confirmed_by"] == site.says("select person_id from account where totp_secret is not null")
    assert site.says("select count(*) from session where ended_at is null") == 0
    assert site.says(f"select state from job_chunk where job_id = {site.job}") == "QUEUED"
    assert site.says("select leased_by from job_chunk") is None
    assert site.says("select nextval('job_id_seq')") > 1_000_000
    assert site.evidence.read_bytes() == b"%PDF-1.7 proof"
    kept = f"{site.database()}_before_"
    assert site.says(f"select count(*) from pg_database where datname like '{kept}%'") == 1
    # The line of seals goes on; the seals that were accepted as lost are kept aside.
    place = Path(site.app.config["ANCHORS_FILE"])
    assert len(place.read_text().splitlines()) == 1
    (aside,) = place.parent.glob(f"{place.name}.before-*")
    assert len(aside.read_text().splitlines()) == 2
    seals.seal()
    done = site.run("audit", "verify")
    assert done.exit_code == 0, done.output
    # What the application's role may and may not do came back with the tables.
    site.happens("life goes on")
    with pytest.raises(Exception, match="permission denied"):
        site.says("update audit_event set reason = 'x'")
    db.session.rollback()


def test_on_a_new_machine_anchors_from_another_host_tell_what_the_backup_lacks(
    site: Site, tmp_path: Path
) -> None:
    file = site.backup()
    site.happens("after the backup")
    seals.seal()
    anchors = tmp_path / "anchors-elsewhere.jsonl"
    shutil.copy(site.app.config["ANCHORS_FILE"], anchors)
    db.session.remove()
    db.engine.dispose()
    server = site.app.config["OWNER_DATABASE_URI"].replace("+psycopg", "")
    with psycopg.connect(server, dbname="postgres", autocommit=True) as owner:
        owner.execute(f'drop database "{site.database()}"')
    Path(site.app.config["ANCHORS_FILE"]).unlink()

    done = site.run("restore", file)
    assert (done.exit_code, "Nothing here knows what came after" in done.output) == (1, True)
    done = site.run("restore", file, "--anchors", anchors)
    assert done.exit_code == 1
    newest = json.loads(anchors.read_text().splitlines()[-1])
    assert f"missing: seal 2 of {newest['at']}" in done.output
    assert "missing: chain 0 of the journal" in done.output
    first = tmp_path / "only-the-first.jsonl"
    first.write_text(anchors.read_text().splitlines()[0])
    done = site.run("restore", file, "--anchors", first)
    assert done.exit_code == 0, done.output
    assert "missing" not in done.output
    assert site.says("select count(*) from person") == 5


def test_a_disk_without_room_keeps_nothing_of_a_backup(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with disk_that_takes(5_000):
        done = site.run("backup", "create", "--to", site.backups)
    assert (done.exit_code, "is full: nothing was kept" in done.output) == (1, True)
    assert list(site.backups.iterdir()) == []
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**9, 10**9 - 1000, 1000))
    done = site.run("backup", "create", "--to", site.backups)
    assert (done.exit_code, "Nothing was written" in done.output) == (1, True)
    assert list(site.backups.iterdir()) == []


def test_only_so_many_backups_are_kept_and_what_a_killed_one_left_goes(site: Site) -> None:
    site.backups.mkdir()
    for day in (1, 2, 3):
        (site.backups / f"cong-tam-2026010{day}-000000.backup").touch()
    (site.backups / "mine.backup").touch()
    (site.backups / ".new-abc").touch()
    site.backup("--keep", "2", "--plain", "--with-keys")
    *others, fresh = sorted(path.name for path in site.backups.glob("cong-tam-*"))
    assert others == ["cong-tam-20260103-000000.backup"]
    assert {path.name for path in site.backups.iterdir()} == {*others, fresh, "mine.backup"}
    with tarfile.open(site.backups / fresh) as opened:  # a plain one is a tar
        names = {name for name in opened.getnames() if name.startswith("keys/")}
    assert names == {f"keys/{name}" for name in ("seal_key", "seal_key.pub", "factor_key", "anchors.jsonl")}


@pytest.mark.parametrize(
    ("given", "says"),
    [({}, "Give a passphrase"), ({"BACKUP_PASSPHRASE": "short"}, "at least 12"), ("open", "Others may read")],
    ids=["none", "short", "open file"],
)
def test_a_passphrase_is_asked_for_and_never_left_open(
    database: Any, app: Flask, tmp_path: Path, given: Any, says: str
) -> None:
    if given == "open":
        (tmp_path / "passphrase").write_text(PASSPHRASE)
        (tmp_path / "passphrase").chmod(0o644)
        given = {"BACKUP_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    done = app.test_cli_runner().invoke(args=["backup", "create", "--to", str(tmp_path / "to")], env=given)
    assert (done.exit_code, says in done.output) == (1, True)
    assert not (tmp_path / "to").exists()
