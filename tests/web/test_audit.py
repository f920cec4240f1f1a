"""The journal page: every act has a name, everybody sees their own part, and the file of it can be checked anywhere."""

import ast
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import event as listening
from sqlalchemy import select, text

from evaluation.extensions import db
from evaluation.files import audit_verifier as verifier
from evaluation.models import AuditEvent, Job, JobState
from evaluation.rules.permissions import Role
from evaluation.services import audit, audit_journal, audit_labels, jobs, seals
from tests import factories

DAY = date(2026, 4, 1)
SOURCES = Path(__file__).resolve().parents[2] / "evaluation"
# Codes that are put together: the first part as it stands in the source, and what can follow.
COMPOSED = {
    "petition.": ("upheld", "rejected"),
    ".exported": ("units", "people"),
}


def codes() -> Iterator[tuple[str, str]]:
    """Every action code that the application can write: the literals of all calls of audit.record, and a few others."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                yield from _literals(node.args[1], path)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("literal", "_tell"):
                yield from (
                    (code, where)
                    for argument in node.args
                    for code, where in _literals(argument, path)
                    if code.count(".") == 1
                    and code.replace(".", "").replace("_", "").isalpha()
                    and code.islower()
                )
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ACTION":
                yield from _literals(node.value, path)


def _literals(node: ast.expr, path: Path) -> Iterator[tuple[str, str]]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value:
            for word in COMPOSED.get(one.value, [""]):
                yield (word + one.value if one.value.startswith(".") else one.value + word), path.name


def test_every_act_that_the_source_can_write_has_a_label_in_both_languages(app: Flask) -> None:
    found = dict(codes())
    assert len(found) > 80
    assert {code: where for code, where in found.items() if code not in audit_labels.ACTIONS} == {}
    with app.test_request_context():
        for code, label in audit_labels.ACTIONS.items():
            with force_locale("vi"):
                vietnamese = str(label)
            with force_locale("en"):
                assert str(label) != vietnamese, f"{code} has no Vietnamese"


def keys() -> set[str]:
    """What the calls of the source write of before and after, where it stands there in words."""
    found = set()
    for path in sorted(SOURCES.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "audit.record_of"):
                for given in call.keywords:
                    if given.arg in ("before", "after") and isinstance(given.value, ast.Dict):
                        found |= {key.value for key in given.value.keys if isinstance(key, ast.Constant)}
    return found


def test_everything_that_was_and_is_has_a_name() -> None:
    assert len(keys()) > 60
    assert keys() - audit_labels.FIELDS.keys() == set()


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    made = factories.office()
    for unit in (made.province, made.department, made.division):
        audit.record(
            None,
            "unit.renamed",
            unit,
            before={"name": "<b>cũ</b>"},
            after={"name": f"mới {unit.id}"},
            reason="sắp xếp",
            unit_id=unit.id,
        )
    audit.record(None, "job.asked", made.province, after={"name": "of no unit"})
    db.session.commit()
    return made


def inspector(over: Any, role: Role = Role.INSPECTOR) -> Any:
    who = factories.person("Trần Thanh Tra")
    return factories.account(who, roles=[(role, over)])


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/audit/{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_home_affairs_and_the_inspector_of_the_province_read_everything(
    client: FlaskClient, login: Any, office: factories.Office1
) -> None:
    for role in (Role.INSPECTOR, Role.HOME_AFFAIRS):
        shown = page(login(client, inspector(office.province, role)))
        assert all(
            f"mới {unit.id}" in shown for unit in (office.province, office.department, office.division)
        )
        assert "of no unit" in shown
        assert "đổi tên đơn vị" in shown
        assert "&lt;b&gt;cũ&lt;/b&gt;" in shown
        assert ("Niêm phong ngay" in shown) == (role is Role.HOME_AFFAIRS)


def test_the_inspector_of_an_agency_reads_its_units_only_and_others_nothing(
    client: FlaskClient, login: Any, office: factories.Office1
) -> None:
    shown = page(login(client, inspector(office.division)))
    assert f"mới {office.division.id}" in shown
    assert f"mới {office.department.id}" not in shown
    assert "of no unit" not in shown
    assert f"mới {office.department.id}" not in page(client, f"?unit={office.department.id}")
    for who in (office.lan, office.hung, inspector(office.province, Role.ADMINISTRATOR)):
        login(client, who)
        for path in ("/audit/", "/audit/export.jsonl", "/audit/audit_verifier.py"):
            assert client.get(path).status_code == 403
        assert client.post("/audit/seals").status_code == 403


def test_the_filters_narrow_by_unit_person_act_object_and_day_and_say_what_they_cannot_read(
    client: FlaskClient, login: Any, office: factories.Office1
) -> None:
    login(client, inspector(office.province))
    actor = factories.actor(office.hung, DAY)
    audit.record(actor, "report.scored", office.division, unit_id=office.division.id)
    db.session.commit()

    def shown(query: str) -> list[int]:
        from evaluation.web import audit as web

        with client.application.test_request_context(f"/audit/{query}"):
            asked = web.Asked(*(web.request.args.get(name, "") for name in web.Asked.__annotations__))
            wanted, faults = web._wanted(asked, audit_journal.Reach(office.province.id, None))
        assert not faults
        return [line.event.id for line in web.questions.page(wanted, 1).rows]

    newest = db.session.scalar(select(AuditEvent.id).order_by(AuditEvent.id.desc()))
    assert shown(f"?person={office.hung.official_number}") == [newest]
    assert shown("?action=report.scored") == [newest]
    assert len(shown(f"?unit={office.division.id}")) == 2
    assert len(shown(f"?object=unit+{office.division.id}")) == 2
    assert len(shown("?object=unit")) == 5
    at = db.session.scalar(select(AuditEvent.at).limit(1))
    assert at is not None
    assert len(shown(f"?day={at.astimezone(audit_journal.clock.PROVINCE_ZONE):%d/%m/%Y}")) == 5
    assert shown("?day=01/01/2020") == []
    wrong = page(client, "?person=nobody&object=report+x&day=31/31/2026&unit=999999999999999999999&page=-3")
    assert wrong.count("data-error-summary") == 1
    assert "31/12/2026" in wrong


def test_a_page_of_fifty_events_costs_as_many_queries_as_a_page_of_one(
    client: FlaskClient, login: Any, office: factories.Office1
) -> None:
    login(client, inspector(office.province))
    counted: list[int] = []

    def count(query: str) -> int:
        counted.clear()
        page(client, query)
        return len(counted)

    engine = db.session.get_bind()
    listening.listen(engine, "before_cursor_execute", lambda *_rest: counted.append(1))
    few = count("?action=job.asked")
    for _number in range(60):
        audit.record(
            factories.actor(office.hung, DAY), "unit.renamed", office.division, unit_id=office.division.id
        )
    db.session.commit()
    many = count("")
    assert many == few
    assert many <= 16


def test_a_seal_by_hand_stands_in_the_journal_and_the_page_shows_its_code(
    fresh_database: Flask, login: Any
) -> None:
    province = factories.unit("Tỉnh")
    home = inspector(province, Role.HOME_AFFAIRS)
    db.session.commit()
    client = login(fresh_database.test_client(), home)
    sent = {"transaction_id": "0d6a3c9c-28a5-4a9e-9d0f-6f5a2c3b1d10"}
    for _again in range(2):
        assert client.post("/audit/seals", data=sent).status_code == 303
    made = seals.newest()
    assert made is not None
    assert made.number == 1
    assert db.session.query(AuditEvent).filter_by(action="audit.sealed").count() == 1
    assert seals.short_code(made.root) in page(client)


def test_the_file_of_the_page_is_checked_by_the_script_of_the_page(fresh_database: Flask, login: Any) -> None:
    province = factories.unit("Tỉnh")
    other = (
        factories.unit("Sở Nội vụ", above=province)
        if "above" in factories.unit.__code__.co_varnames
        else None
    )
    home = inspector(province, Role.HOME_AFFAIRS)
    audit.record(None, "unit.renamed", province, unit_id=province.id)
    audit.record(None, "unit.renamed", other or province)
    db.session.commit()
    seals.seal()
    client = login(fresh_database.test_client(), home)
    lines = client.get("/audit/export.jsonl").get_data(as_text=True).splitlines()
    assert verifier.check(lines, None)[2] == []
    assert json.loads(lines[-1])["type"] == "end"
    assert db.session.query(AuditEvent).filter_by(action="audit.exported").count() == 1
    script = client.get("/audit/audit_verifier.py")
    assert script.data == Path(verifier.__file__).read_bytes()
    assert "attachment" in script.headers["Content-Disposition"]


def test_a_long_journal_is_written_by_a_job_for_who_asked_and_checks_out(
    fresh_database: Flask, login: Any, monkeypatch: pytest.MonkeyPatch, enqueued: Any
) -> None:
    from evaluation.services import audit_export_files

    monkeypatch.setattr(audit_journal, "AT_ONCE", 5)
    monkeypatch.setattr(audit_export_files, "EVENTS_AT_ONCE", 4)
    province = factories.unit("Tỉnh")
    units = [province, *(factories.unit(f"Phòng {number}") for number in range(4))]
    home, nosy = inspector(province, Role.HOME_AFFAIRS), inspector(province, Role.HOME_AFFAIRS)
    for unit in units:
        for _number in range(3):
            audit.record(None, "unit.renamed", unit, unit_id=unit.id)
    db.session.commit()
    seals.seal()
    client = login(fresh_database.test_client(), home)
    answer = client.get("/audit/export.jsonl")
    assert answer.status_code == 302
    job = db.session.query(Job).one()
    assert answer.location.endswith(f"/jobs/{job.id}")
    jobs.run(job.id)
    db.session.expire_all()
    assert job.state is JobState.DONE
    path = f"/audit/made/{job.arguments['token']}/export.jsonl"
    assert path in client.get(f"/jobs/{job.id}").get_data(as_text=True)
    lines = client.get(path).get_data(as_text=True).splitlines()
    assert verifier.check(lines, None)[2] == []
    assert verifier.check(lines, None)[1]["event"] >= 15
    assert login(fresh_database.test_client(), nosy).get(path).status_code == 404
    assert list(audit_export_files.place_of(job.arguments).parent.glob("*.part")) == []


def test_an_agency_inspector_takes_the_chains_of_the_agency_only_and_they_check_out(
    fresh_database: Flask, login: Any
) -> None:
    province, agency = factories.unit("Tỉnh"), factories.unit("Sở Tài chính")
    own = inspector(agency)
    for unit in (province, agency):
        audit.record(None, "unit.renamed", unit, unit_id=unit.id)
    db.session.commit()
    seals.seal()
    lines = (
        login(fresh_database.test_client(), own)
        .get("/audit/export.jsonl")
        .get_data(as_text=True)
        .splitlines()
    )
    rows = [json.loads(line) for line in lines]
    assert {row["chain"] for row in rows if row["type"] == "event"} == {agency.id}
    assert verifier.check(lines, None)[2] == []
    assert db.session.scalar(text("select count(*) from audit_event")) >= 3
