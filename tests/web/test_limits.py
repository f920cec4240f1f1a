"""Limits: guessing, searching, pulling files and opening everybody's sheet come to an end, and the others are not held up."""

import inspect
import re
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from flask import Flask
from python_calamine import CalamineWorkbook

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import AuditEvent, Notice, Reading, ScoreSheet
from evaluation.rules.permissions import Role
from evaluation.services import bulk_reading, reports, sources
from evaluation.web import limits
from tests import conftest as base
from tests import factories as make

TODAY = date(2026, 3, 10)
# Pictures and pages whose addresses only look like files.
NOT_LIMITED = {"static", "standings.chart", "closings.open_things", "register_exports.show"}
LOOKS_LIKE_A_FILE = re.compile(r"\.(xlsx|docx|pdf|zip)|any\(docx|/export|/made/|/file\b|<kind>$")


@pytest.fixture
def site(fresh_database: Flask, tmp_path: Path, clock: Any) -> Any:
    """`site(LIMIT_SEARCH="3 per hour")`: an application with limits over a database of its own, with Lan's office."""
    clock(TODAY)
    made: list[Flask] = []

    def limited(**given: Any) -> Flask:
        address = fresh_database.config["OWNER_DATABASE_URI"]
        one = base.create_app(
            base.settings_for(address, tmp_path / str(len(made))) | {"RATE_LIMITS": True} | given
        )
        one.test_client_class = base.OwnContextClient
        made.append(one)
        return one

    yield limited
    for one in made:
        with one.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def office(fresh_database: Flask, clock: Any) -> Any:
    clock(TODAY)
    found = make.office()
    clerk = make.person("Phạm Thị Sở")
    make.assignment(clerk, found.department)
    make.account(clerk, username="clerk", roles=[(Role.HOME_AFFAIRS, found.province)])
    found.lan_name, found.nam_name = found.lan.official_number.lower(), found.nam.official_number.lower()
    db.session.commit()
    return found


def guess(client: Any, username: str, source: str = "127.0.0.1", password: str = "sai mật khẩu rồi") -> Any:
    typed = {"username": username, "password": password}
    return client.post("/login", data=typed, environ_base={"REMOTE_ADDR": source})


def test_failures_to_sign_in_from_one_address_come_to_an_end_and_another_address_goes_on(
    site: Any, office: Any
) -> None:
    client = site(LIMIT_SIGN_IN="3 per hour").test_client()
    codes = [guess(client, f"nobody{number}").status_code for number in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    stopped = guess(client, "nobody")
    assert int(stopped.headers["Retry-After"]) > 0
    assert "Quá nhiều yêu cầu" in stopped.text
    assert guess(client, office.lan_name, "10.1.2.3", make.PASSWORD).status_code in (302, 303)


def test_everybody_behind_one_address_signs_in_for_only_failures_count(site: Any, office: Any) -> None:
    app = site(LIMIT_SIGN_IN="2 per hour")
    for _turn in range(6):
        assert guess(app.test_client(), office.lan_name, password=make.PASSWORD).status_code in (302, 303)


def test_a_forwarded_address_gives_a_guesser_no_new_tries(site: Any, office: Any) -> None:
    client = site(LIMIT_SIGN_IN="3 per hour").test_client()
    codes = [
        client.post(
            "/login",
            data={"username": "nobody", "password": "sai mật khẩu"},
            headers={"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"},
        ).status_code
        for number in range(5)
    ]
    assert codes == [401, 401, 401, 429, 429]


def test_a_search_is_limited_by_account_and_its_answer_says_when_to_come_back(
    site: Any, office: Any, login: Any
) -> None:
    app = site(LIMIT_SEARCH="3 per minute")
    clerk, lan = login(app.test_client(), "clerk"), login(app.test_client(), office.lan_name)
    codes = [clerk.get("/organisation/search/people?q=a").status_code for _turn in range(4)]
    assert codes == [200, 200, 200, 429]
    assert 0 < int(clerk.get("/organisation/search/units?q=a").headers["Retry-After"]) <= 60
    assert lan.get("/catalogue/?q=a").status_code == 200, "another account from the same address"
    script = clerk.get("/organisation/search/people?q=a", headers={"X-Requested-With": "fetch"})
    assert (script.status_code, script.is_json) == (429, True)


def test_files_are_limited_together_and_a_sheet_is_still_open(site: Any, office: Any, login: Any) -> None:
    clerk = login(site(LIMIT_DOWNLOAD="2 per hour").test_client(), "clerk")
    codes = [
        clerk.get(address).status_code
        for address in (
            "/imports/template/PEOPLE.xlsx",
            "/imports/export/units/file.xlsx",
            "/imports/template/UNITS.xlsx",
        )
    ]
    assert codes == [200, 200, 429]
    assert clerk.get("/organisation/").status_code == 200


def test_uploads_are_limited_by_account(site: Any, office: Any, login: Any) -> None:
    clerk = login(site(LIMIT_UPLOAD="2 per hour").test_client(), "clerk")
    codes = [clerk.post("/imports/new/PEOPLE", data={}).status_code for _turn in range(3)]
    assert codes == [422, 422, 429]
    assert clerk.get("/imports/new/PEOPLE").status_code == 200, "looking at the form is no upload"


def test_nobody_pulls_the_files_of_everybody_in_an_hour(site: Any, office: Any, login: Any) -> None:
    clerk = login(site(LIMIT_OPEN="10 per hour").test_client(), "clerk")
    codes = [clerk.get(f"/organisation/people/{office.lan.id}").status_code for _turn in range(14)]
    assert codes == [200] * 10 + [429] * 4
    assert db.session.query(Reading).filter_by(person_id=office.lan.id).count() == 10


def test_the_limits_of_the_settings_let_a_day_of_work_through_and_stop_five_thousand_files(
    app: Flask,
) -> None:
    in_an_hour = {"hour": 1, "5 minutes": 12, "10 minutes": 6, "minute": 60}
    by_hour = {
        kind.setting: min(
            int(most) * in_an_hour[time]
            for most, time in (part.split(" per ") for part in app.config[kind.setting].split("; "))
        )
        for kind in limits.KINDS
    }
    assert by_hour["LIMIT_OPEN"] < 5000
    assert by_hour["LIMIT_DOWNLOAD"] < 5000
    assert by_hour["LIMIT_OPEN"] >= 600, "sixty officials, ten looks at each"


def test_every_search_file_and_upload_of_the_site_has_a_limit(app: Flask) -> None:
    known = set().union(*(kind.endpoints for kind in limits.KINDS))
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    assert known - rules.keys() == set(), "limits of pages that are gone"
    files = {
        name for name, rule in rules.items() if LOOKS_LIKE_A_FILE.search(rule.rule) and "GET" in rule.methods
    }
    searches = {name for name, rule in rules.items() if "search" in rule.rule}
    forms = {
        name for name in rules
        if re.search(r"request\.files", _source_of(app.view_functions[name]))
    }  # fmt: skip
    assert (files | searches | forms) - known - NOT_LIMITED == set(), "add these to web/limits.py"


def _source_of(view: Any) -> str:
    return inspect.getsource(inspect.unwrap(view))


def test_while_redis_is_away_each_process_counts_for_itself(site: Any, office: Any, login: Any) -> None:
    app = site(RATE_LIMIT_STORAGE="redis://127.0.0.1:1/0", LIMIT_SEARCH="2 per minute")
    clerk = login(app.test_client(), "clerk")
    assert [clerk.get("/organisation/search/people?q=a").status_code for _turn in range(3)] == [200, 200, 429]


# Somebody opens everybody's file


@pytest.fixture
def readers(database: Any, clock: Any) -> Any:
    clock(TODAY)
    found = make.office()
    found.inspector = make.person("Đỗ Văn Thanh")
    make.account(found.inspector, roles=[(Role.INSPECTOR, found.province)])
    found.many = [make.person(f"Nguyễn Văn Thứ {number}") for number in range(12)]
    db.session.commit()
    return found


def opened(reader: Any, people: list[Any]) -> None:
    for one in people:
        db.session.execute(
            db.text(
                "insert into reading (reader_id, person_id, object_type, object_id, how)"
                " values (:reader, :person, 'person', :person, 'PAGE')"
            ),
            {"reader": reader.id, "person": one.id},
        )
    db.session.commit()


def test_the_inspector_hears_of_a_reader_of_too_many_files_once_an_hour(
    readers: Any, app: Flask, monkeypatch: Any, clock: Any
) -> None:
    monkeypatch.setitem(app.config, "BULK_READING", 10)
    # Readings carry the database's own clock.
    monkeypatch.setattr(clock_module, "now", lambda: datetime.now(UTC))
    opened(readers.nam, readers.many[:10] + readers.many[:10])
    assert bulk_reading.tell() == 0, "the same ten people twice are ten people"
    opened(readers.nam, readers.many[10:])
    assert bulk_reading.tell() == 1
    assert bulk_reading.tell() == 0
    (notice,) = db.session.query(Notice).filter_by(person_id=readers.inspector.id)
    assert (notice.parameters["name"], notice.parameters["people"]) == (readers.nam.full_name, 12)
    event = db.session.query(AuditEvent).filter_by(action="readings.too_many").one()
    assert (event.object_id, event.after["people"]) == (readers.nam.id, 12)


def test_reading_ones_own_file_is_no_bulk_and_the_look_out_can_be_switched_off(
    readers: Any, app: Flask, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clock_module, "now", lambda: datetime.now(UTC))
    monkeypatch.setitem(app.config, "BULK_READING", 0)
    opened(readers.nam, readers.many)
    assert bulk_reading.tell() == 0
    monkeypatch.setitem(app.config, "BULK_READING", 12)
    opened(readers.nam, [readers.nam])
    assert bulk_reading.tell() == 0


def test_a_file_that_leaves_says_who_took_it_when_by_which_request_and_holds_a_hash_of_its_rows(
    database: Any, client: Any, login: Any, clock: Any
) -> None:
    clock(TODAY)
    found = make.office()
    clerk = make.person("Phạm Thị Sở")
    make.assignment(clerk, found.department)
    make.account(clerk, roles=[(role, found.province) for role in Role])
    db.session.commit()
    login(client, clerk)
    hashes = []
    for address in (
        "/accounts/review.xlsx",
        "/imports/export/units/file.xlsx",
        "/imports/export/units/file.xlsx",
    ):
        answer = client.get(address)
        book = CalamineWorkbook.from_filelike(BytesIO(answer.data))
        assert book.sheet_names[-1] == "Nguồn"
        lines = [row[0] for row in book.get_sheet_by_name("Nguồn").to_python()]
        assert lines[0] == f"Người xuất: Phạm Thị Sở ({clerk.official_number})"
        assert "10/03/2026" in lines[1]
        assert lines[2].removeprefix("Mã yêu cầu: ") == answer.headers["X-Request-Id"]
        hashes.append(re.fullmatch(r"Mã băm các dòng: ([0-9a-f]{16})", lines[3]).group(1))
        with zipfile.ZipFile(BytesIO(answer.data)) as package:
            assert hashes[-1] in package.read("docProps/core.xml").decode()
    assert hashes[0] != hashes[1] == hashes[2], "the same rows have the same hash"


def test_a_word_file_and_a_tracking_sheet_say_who_took_them_and_a_form_of_the_decree_keeps_its_face(
    database: Any, client: Any, login: Any, clock: Any
) -> None:
    """Fault 71."""
    clock(TODAY)
    found = make.office()
    sheet = make.report(
        found.lan.assignments[0],
        supervising=found.division,
        confirming=found.department,
        agency=found.department,
    )
    make.item(sheet, assigned="4")
    make.criteria(sheet, "28")
    reports.submit(make.actor(found.lan, TODAY), sheet.id, version=1)
    login(client, found.lan)
    who = f"Người xuất: {found.lan.full_name} ({found.lan.official_number})"
    score = db.session.query(ScoreSheet).filter_by(report_id=sheet.id).one()
    for address, on_its_face in (
        (f"/workings/score/{score.id}.docx", True),
        (f"/forms/01/{sheet.id}.docx", False),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        document = Document(BytesIO(answer.data))
        said = document.core_properties.comments
        assert said.startswith(who)
        assert "10/03/2026" in said
        assert answer.headers["X-Request-Id"] in said
        assert re.search(r"Mã băm nội dung: [0-9a-f]{16}$", said)
        assert (document.paragraphs[-1].text == said) is on_its_face
        assert on_its_face or "Người xuất" not in document.element.xml
    answer = client.get(f"/forms/tracking/{sheet.id}.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(answer.data))
    lines = [row[0] for row in book.get_sheet_by_name("Nguồn").to_python()]
    assert lines[0] == who
    assert answer.headers["X-Request-Id"] in lines[2]


def test_a_file_that_a_job_makes_names_the_person_who_asked_for_it(database: Any) -> None:
    person = make.person("Phạm Thị Sở")
    db.session.commit()
    assert sources.source().who == ""
    with sources.asked_by(person.id):
        assert sources.source().lines[0] == f"Người xuất: Phạm Thị Sở ({person.official_number})"
    assert sources.source().who == ""
