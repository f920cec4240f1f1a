"""`python -m tests.abuse.hostile_files`: every hostile file through every door that takes a file.

No crash (no 5xx, no traceback), each refused in words or accepted with its rows' errors, no formula in what comes out again, and
none takes a second of processor more than an ordinary file of one person.
"""

import argparse
import io
import logging
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.files.sheets import _PREFIXED as STARTS_OF_FORMULAS
from evaluation.models import Account
from evaluation.services import sessions
from tests.abuse import hostile_contents, hostile_packages, probes
from tests.abuse.judged import Verdict
from tests.abuse.kills import table

SECONDS_MORE = 1.0
TRIES = 3  # the machine is shared: the shortest of so many counts


@dataclass(frozen=True)
class Hostile:
    """One file: what it is, the name it is sent under, and how it is made."""

    title: str
    name: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Door:
    """One place that takes a file: its address, the field, and what must be sent beside."""

    title: str
    path: str
    field: str = "file"
    beside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """How a door answered."""

    code: int
    seconds: float
    faults: tuple[str, ...]


LISTS = [
    Door("units", "/imports/new/UNITS", beside=(("day", "2026-03-10"),)),
    Door("people", "/imports/new/PEOPLE", beside=(("day", "2026-03-10"),)),
    Door("catalogue", "/catalogue/import"),
    Door("registers", "/commendations/registers/file"),
]


def files() -> list[Hostile]:
    """Files for the doors of lists."""
    made = [
        *hostile_packages.packages(),
        *hostile_packages.active(),
        *hostile_packages.xml(),
        *hostile_packages.shapes(),
        *hostile_packages.truncated(),
        *hostile_contents.cells(),
        *hostile_contents.other_kinds(),
    ]
    return [Hostile(title, "danh sách.xlsx", make) for title, make in made]


def attachments() -> list[Hostile]:
    """Files for the door of evidence: those made for it, and every other kind of file under its own name."""
    own = [Hostile(title, name, make) for title, name, make in hostile_contents.evidence()]
    others = [*hostile_packages.packages(), *hostile_packages.active(), *hostile_contents.other_kinds()]
    return own + [Hostile(title, "minh chứng.xlsx", make) for title, make in others]


def send(client: FlaskClient, door: Door, file: Hostile, data: bytes | None = None) -> Answer:
    """Sends a file to a door and looks at everything that follows: the preview, the report of errors."""
    data = file.make() if data is None else data
    fields = dict(door.beside) | {door.field: (io.BytesIO(data), file.name)}
    began = _spent()
    answer = client.post(door.path, data=fields, content_type="multipart/form-data")
    seconds = _spent() - began
    faults = _wrong(answer.status_code, answer.text)
    if answer.status_code in (302, 303):
        faults += _after(client, answer.headers["Location"])
    elif answer.status_code < 400:
        faults.append("neither accepted nor refused")
    elif answer.status_code == 422 and "data-error-summary" not in answer.text:
        faults.append("refused without a word")
    return Answer(answer.status_code, seconds, tuple(faults))


def _spent() -> float:
    """Seconds of processor, our own and of the reading processes that have ended: the machine has other work too."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _wrong(code: int, page: str) -> list[str]:
    found = [f"answered {code}"] if code >= 500 else []
    if "Traceback (most recent call last)" in page:
        found.append("shows a traceback")
    if probes.Traces(page).found or "<script>alert(1)</script>" in page or "<img src=x" in page:
        found.append("shows the file's markup")
    return found


def _after(client: FlaskClient, where: str) -> list[str]:
    page = client.get(where)
    found = _wrong(page.status_code, page.text)
    if "/import" in where:
        report = client.get(f"{where.split('#')[0]}/errors.xlsx")
        found += _wrong(report.status_code, "")
        if report.status_code == 200:
            found += formulas(report.data)
    return found


def formulas(workbook: bytes) -> list[str]:
    """Cells of a workbook of ours that a spreadsheet would work out."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return [
        f"{cell.coordinate} acts: {str(cell.value)[:40]!r}"
        for page in book
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "f" or cell.hyperlink or str(cell.value or "").startswith(STARTS_OF_FORMULAS)
    ]


def evidence_door(app: Flask) -> tuple[Door, int]:
    """The line of an official's draft, and the official's account."""
    with app.app_context():
        row = db.session.execute(
            text(
                "select i.id, c.id as account_id from work_item i join report r on r.id = i.report_id"
                " join account c on c.person_id = r.person_id where r.state = 'DRAFT' order by i.id limit 1"
            )
        ).one()
    return Door("evidence", f"/evidence/lines/{row.id}", "files"), row.account_id


def signed_in(app: Flask, account_id: int) -> FlaskClient:
    """A browser of this account."""
    client = app.test_client()
    with app.app_context():
        token = sessions.begin(db.session.get_one(Account, account_id), second_factor=True)
    with client.session_transaction() as stored:
        stored["_user_id"], stored["_fresh"] = token, True
    return client


def clerk(app: Flask) -> int:
    """An account that may use all doors of lists: Home Affairs, made an administrator and personnel of the province too."""
    with app.app_context():
        found = db.session.execute(
            text(
                "select account_id, unit_id, valid_from from role_grant where role = 'HOME_AFFAIRS' order by id limit 1"
            )
        ).one()
        for role in ("ADMINISTRATOR", "PERSONNEL"):
            db.session.execute(
                text(
                    "insert into role_grant (account_id, role, unit_id, valid_from) values (:a, :r, :u, :f)"
                ),
                {"a": found.account_id, "r": role, "u": found.unit_id, "f": found.valid_from},
            )
        db.session.commit()
        return int(found.account_id)


def run(most: int | None = None) -> list[Verdict]:
    """The verdicts over every file and every door."""
    from tests.abuse.crawler import Tracebacks
    from tests.abuse.province import fresh

    log = Tracebacks()
    crashed = Verdict("files that a door did not stand")
    slow = Verdict(f"files that took {SECONDS_MORE:.0f} s more than an ordinary one")
    slowest = (0.0, "")
    with fresh(60) as app:
        app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
        logging.getLogger().addHandler(log)
        evidence, owner = evidence_door(app)
        at = signed_in(app, clerk(app))
        rounds = [(at, door, files()[:most]) for door in LISTS]
        rounds.append((signed_in(app, owner), evidence, attachments()[:most]))
        for client, door, hostile in rounds:
            ordinary = Hostile("ordinary", "a.xlsx", hostile_packages.plain)
            usual = min(send(client, door, ordinary).seconds for _ in range(TRIES))
            for file in hostile:
                data = file.make()
                answer = send(client, door, file, data)
                crashed.looked_at += 1
                crashed.faults += [f"{file.title} at {door.title}: {fault}" for fault in answer.faults]
                seconds = answer.seconds
                for _ in range(TRIES - 1):
                    if seconds > usual + SECONDS_MORE:
                        seconds = min(seconds, send(client, door, file, data).seconds)
                slowest = max(slowest, (seconds, f"{file.title} at {door.title}"))
                slow.looked_at += 1
                if seconds > usual + SECONDS_MORE:
                    slow.faults.append(
                        f"{file.title} at {door.title}: {seconds:.2f} s, ordinary {usual:.2f} s"
                    )
            print(f"  {door.title}: {len(hostile)} files, an ordinary one takes {usual:.2f} s", flush=True)
            _empty(app)
    logging.getLogger().removeHandler(log)
    print(f"  slowest: {slowest[1]}, {slowest[0]:.2f} s", flush=True)
    return [crashed, Verdict("tracebacks in the log", crashed.looked_at, log.seen), slow]


def _empty(app: Flask) -> None:
    """Evidence that was kept makes no room for the next; here every file meets an empty line."""
    with app.app_context():
        db.session.execute(text("delete from evidence"))
        db.session.commit()


def main() -> int:
    """0 when every door stood."""
    options = argparse.ArgumentParser(prog="python -m tests.abuse.hostile_files", description=__doc__)
    options.add_argument("--most", type=int, help="only the first so many files at each door")
    given = options.parse_args()
    logging.disable(logging.INFO)
    verdicts = run(given.most)
    print(f"  {len(files()) + len(list(hostile_contents.evidence()))} different files", flush=True)
    return table("hostile files", verdicts)


if __name__ == "__main__":
    sys.exit(main())
