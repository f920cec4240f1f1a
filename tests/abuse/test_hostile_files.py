"""27 to 35, 43 to 45: files nobody should send, through every door that takes files: all are answered in words."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from evaluation.extensions import db
from evaluation.files import zips
from evaluation.files.says import FileRefused
from evaluation.files.sheets import write_table
from evaluation.models import Assignment, Evidence, ImportBatch, Person
from evaluation.rules.permissions import Role
from evaluation.services import imports
from evaluation.services.import_plans import Options, error_in
from tests import factories
from tests.abuse import hostile_contents, hostile_packages
from tests.abuse.hostile_contents import FORMULAS, HEADER, TEXTS, person, table
from tests.abuse.hostile_files import LISTS, Door, Hostile, attachments, files, formulas, send

IN_MARCH = date(2026, 3, 10)
GROUPS: dict[str, Callable[[], Iterator[Any]]] = {
    "packages": hostile_packages.packages,
    "active content": hostile_packages.active,
    "XML": hostile_packages.xml,
    "shapes": hostile_packages.shapes,
    "cut off": hostile_packages.truncated,
    "cells": hostile_contents.cells,
    "other kinds": hostile_contents.other_kinds,
}
EXACT = {"units": "units", "products": "catalogue", "registers": "registers"}


@pytest.fixture
def office(database: Any, clock: Any, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    clock(IN_MARCH)
    for name in ("EVIDENCE_DIR", "IMPORTS_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setitem(app.config, name, tmp_path / name)
    # as on a server: a fault of the program becomes an answer, and the test sees which file it was
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    made = factories.office()
    made.clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.assignment(made.clerk, made.department)
    factories.account(made.clerk, roles=[(role, made.province) for role in Role])
    db.session.commit()
    return made


@pytest.fixture
def clerk(office: Any, client: FlaskClient, login: Any) -> FlaskClient:
    return login(client, office.clerk)


def door_for(title: str, number: int) -> Door:
    """The door a file was made for; the others take turns."""
    wanted = EXACT.get(title.split(" ")[0])
    return next((door for door in LISTS if door.title == wanted), LISTS[(1, 1, 2, 0, 3)[number % 5]])


def test_there_are_more_hostile_files_than_were_promised() -> None:
    titles = {file.title for file in files()}
    assert len(titles) == len(files())
    assert len(titles) + len(list(hostile_contents.evidence())) >= 300


@pytest.mark.parametrize("group", GROUPS)
def test_no_hostile_list_breaks_its_door(group: str, clerk: FlaskClient) -> None:
    bad = []
    for number, (title, make) in enumerate(GROUPS[group]()):
        door = door_for(title, number)
        answer = send(clerk, door, Hostile(title, "danh sách.xlsx", make))
        bad += [f"{title} at {door.title}: {fault}" for fault in answer.faults]
    assert bad == []


def test_no_hostile_evidence_breaks_its_door_and_what_is_kept_has_a_name_of_the_server(
    office: Any, client: FlaskClient, login: Any, app: Flask
) -> None:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    door = Door("evidence", f"/evidence/lines/{factories.item(report, assigned='1').id}", "files")
    login(client, office.lan)
    bad, kept = [], set()
    for file in attachments():
        answer = send(client, door, file)
        bad += [f"{file.title}: {fault}" for fault in answer.faults]
        for one in db.session.query(Evidence).all():
            kept.add(one.stored_name)
            if set(one.name) & set('/\\<>"\x00\n\r\u202e') or len(one.name) > 150:
                bad.append(f"{file.title} is shown as {one.name!r}")
        db.session.execute(text("delete from evidence"))
        db.session.commit()
    folder = app.config["EVIDENCE_DIR"]
    assert bad == []
    assert kept == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert all(name.replace("/", "").replace(".", "").isalnum() for name in kept)


@pytest.mark.parametrize(
    "title",
    [
        "zip bomb in a sheet",
        "a packed size stated too large",
        "20,000 entries",
        "a sheet of a million columns",
        "3,000 names of one sheet",
        "a value in the last row",
        "macros",
        "links to other files",
        "a DDE link",
        "an encrypted workbook",
        "an old .xls",
        "a program",
    ],
)
def test_what_could_exhaust_or_act_is_refused_before_anything_parses_it(title: str) -> None:
    make = next(file.make for file in files() if file.title == title)
    with pytest.raises(FileRefused) as refused:
        zips.check_workbook(make())
    assert refused.value.message(str)


def test_formulas_in_a_list_become_text_and_leave_the_register_as_text(
    office: Any, clerk: FlaskClient, runner: Any, tmp_path: Path
) -> None:
    rows = [
        person(STT=n, Số_hiệu_CBCCVC=f"CB{n:03d}", Chức_vụ=formula, Họ_và_tên="Đặng Thị Hoa")
        for n, formula in enumerate(FORMULAS)
    ]
    data = write_table(
        [hostile_packages.OutColumn(name) for name in HEADER], rows
    )  # written as text, as a careful office would
    actor = factories.actor(office.clerk, IN_MARCH)
    batch = imports.preview(actor, "PEOPLE", name="=1+1.xlsx", data=data, options=Options(IN_MARCH))
    assert formulas(imports.error_report(actor, batch.id)) == []
    imports.confirm(actor, batch.id, only_valid=True)
    taken = {
        one.title
        for one in db.session.query(Assignment).join(Person).filter(Person.official_number.like("CB%"))
    }
    assert any(title.lstrip("'").startswith(("=", "+", "@")) for title in taken), "nothing hostile came in"
    path = tmp_path / "ds.xlsx"
    done = runner.invoke(args=["organisation", "export", "people", str(path)])
    assert done.exit_code == 0, done.output
    assert formulas(path.read_bytes()) == []


def test_a_list_in_an_old_code_is_shown_converted_and_waits_for_consent(office: Any) -> None:
    actor = factories.actor(office.clerk, IN_MARCH)
    make = dict(hostile_contents.cells())["a whole list in TCVN3"]
    batch = imports.preview(actor, "PEOPLE", name="cu.xlsx", data=make(), options=Options(IN_MARCH))
    (conversion,) = (one for one in batch.options["conversions"] if one["column"] == "Họ và tên")
    assert conversion["samples"][0][2].startswith("Nguyễn Thị Hường")
    with pytest.raises(imports.Invalid) as refused:
        imports.confirm(actor, batch.id, only_valid=True)
    assert "consent" in [fault.place for fault in refused.value.faults]


@pytest.mark.parametrize("title", sorted(set(TEXTS) - {"65,000 letters", "32,767 letters"}))
def test_a_hostile_name_is_refused_in_its_row_or_stored_clean(title: str, office: Any) -> None:
    actor = factories.actor(office.clerk, IN_MARCH)
    data = table(HEADER, person(Họ_và_tên=TEXTS[title], Số_hiệu_CBCCVC="CB900"))
    batch = imports.preview(actor, "PEOPLE", name="ds.xlsx", data=data, options=Options(IN_MARCH))
    if not batch.error_count:
        imports.confirm(actor, batch.id, consent=True)
        name = db.session.query(Person).filter_by(official_number="CB900").one().full_name
        assert not set(name) & set("\u200b\u200d\ufeff\u202e\u202c\u00a0\u3000\x00<>"), name
        assert name == " ".join(name.split())
    else:
        assert {error_in(one).row for one in batch.errors} == {2}
        assert all(error_in(one).message(str) for one in batch.errors)


def test_one_name_in_two_codes_of_letters_is_one_person(office: Any) -> None:
    import unicodedata

    actor = factories.actor(office.clerk, IN_MARCH)
    for form in ("NFC", "NFD"):
        row = person(Họ_và_tên=unicodedata.normalize(form, "Đặng Thị Hoà"), Số_hiệu_CBCCVC="CB901")
        batch = imports.preview(
            actor, "PEOPLE", name="ds.xlsx", data=table(HEADER, row), options=Options(IN_MARCH)
        )
        if form == "NFC":
            imports.confirm(actor, batch.id)
    assert (batch.error_count, batch.changes["new"], batch.changes["changed"]) == (0, 0, 0)
    assert db.session.query(Person).filter_by(official_number="CB901").count() == 1


def test_a_body_larger_than_the_limit_is_refused_before_it_is_read(clerk: FlaskClient) -> None:
    make = dict(hostile_contents.other_kinds())["26 MB"]
    answer = send(clerk, LISTS[1], Hostile("26 MB", "ds.xlsx", make))
    assert (answer.code, answer.faults) == (413, ())
    assert db.session.query(ImportBatch).count() == 0


def test_ten_thousand_small_files_at_once_are_refused_whole(
    office: Any, client: FlaskClient, login: Any
) -> None:
    from io import BytesIO

    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    path = f"/evidence/lines/{factories.item(report, assigned='1').id}"
    login(client, office.lan)
    sent = {"files": [(BytesIO(b"%PDF-1.7\n%%EOF"), f"{n}.pdf") for n in range(10_000)]}
    assert client.post(path, data=sent, content_type="multipart/form-data").status_code == 413
    assert db.session.query(Evidence).count() == 0


def test_the_limits_of_a_list_are_those_that_an_honest_province_needs() -> None:
    assert zips.MAX_ROWS >= 80_000
    assert zips.MAX_ROWS * 20 <= zips.MAX_CELLS
