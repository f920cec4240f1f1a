"""Who has seen my file: every page that shows one person's things leaves one row for its owner, and none for oneself."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Delegation,
    Discipline,
    EligibilityEntry,
    Evidence,
    PersonSpan,
    Reading,
    ScoreSheet,
    Stage,
    YearGrade,
)
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.permissions import Role
from evaluation.services import grade_proposals, kept_files, petitions, reports, rollups
from evaluation.services.readings import NEAREST
from evaluation.web.readings import HOW, LISTS, SHOWN, WHAT, WHY
from tests import factories
from tests.services.closing_stories import IN_APRIL, MARCH, public

# Pages that show nothing of one person to somebody else, each with its reason. What stands neither here nor in the two
# tables of evaluation/web/readings.py fails the first test below.
OWN = "only the reader's own things"
NOBODY = "nobody's results or register data"
FORM = "an empty form"
UNITS = "units as wholes: no line is about one person"
MARKS = "sums and lists of names without results"
NOT_OF_ONE = {
    "access.sign_in": FORM,
    "annual_round.mine": OWN,
    "appointments.search_positions": NOBODY,
    "catalogue.import_errors": NOBODY,
    "catalogue.import_file": FORM,
    "catalogue.index": NOBODY,
    "catalogue.new_decision": FORM,
    "catalogue.new_product": FORM,
    "catalogue.new_version": FORM,
    "catalogue.preview": NOBODY,
    "catalogue.product": NOBODY,
    "catalogue.retire": FORM,
    "catalogue.search": NOBODY,
    "catalogue.users": NOBODY,
    "closings.check": MARKS,
    "closings.close": FORM,
    "closings.index": MARKS,
    "closings.sheet_file": "the counts of a period; names only where a result changed after a reopening",
    "closings.show": "the counts of a period; names only where a result changed after a reopening",
    "commendation_registers.index": FORM,
    "commendations.index": MARKS,
    "confirmations.receipt": "what the reader did just now",
    "cycles.index": UNITS,
    "delegations.index": "duties lent by and to the reader",
    "delegations.search": MARKS,
    "extra_income.index": UNITS,
    "forms.own_year": OWN,
    "forms.unit": UNITS,
    "grades.index": UNITS,
    "headers.security": NOBODY,
    "health.live": NOBODY,
    "health.ready": NOBODY,
    "home.show": MARKS,
    "imports.error_report": "a file the reader uploaded",
    "imports.index": MARKS,
    "imports.new": FORM,
    "imports.show": "a file the reader uploaded",
    "imports.template": FORM,
    "jobs.index": NOBODY,
    "jobs.show": NOBODY,
    "law.show": NOBODY,
    "meetings.correct": FORM,
    "meetings.new": FORM,
    "national_exports.index": MARKS,
    "organisation.index": UNITS,
    "organisation.search_people": "names for a picker, no results",
    "organisation.search_units": UNITS,
    "organisation_classes.index": UNITS,
    "organisation_classes.show": UNITS,
    "party.index": UNITS,
    "periods.index": "dates and extensions",
    "person_changes.hire": FORM,
    "petitions.lodge_class": OWN,
    "petitions.lodge_score": OWN,
    "positions.edit": NOBODY,
    "positions.index": NOBODY,
    "positions.new": FORM,
    "positions.show": NOBODY,
    "readings.index": OWN,
    "reauthentication.confirm": FORM,
    "register_exports.made": MARKS,
    "register_exports.show": "which rows are left out, before the file",
    "reports.current": OWN,
    "results.index": OWN,
    "standings.chart": UNITS,
    "standings.index": UNITS,
    "standings.province": UNITS,
    "static": NOBODY,
    "unit_changes.dissolve": FORM,
    "unit_changes.found": FORM,
    "unit_changes.place": FORM,
    "unit_codes.close": FORM,
    "unit_codes.give": FORM,
    "workings.unit": UNITS,
    "workings.unit_file": UNITS,
    "workplans.index": UNITS,
}
# Pages about accounts, the journal and one's own sign-in have journals of their own.
JOURNALLED = frozenset(
    {
        "access",
        "accounts",
        "audit",
        "backups",
        "identity",
        "passwords",
        "permissions",
        "second_factors",
        "sessions",
    }
)


@pytest.fixture
def place(database: Any, clock: Any, app: Flask) -> Any:
    """Lan's March is public, her year proposed; Sơn may read everything and do nothing, Mai keeps the registers."""
    clock(IN_APRIL)
    made = factories.office()
    made.report = public(made, made.lan)
    made.clerk = factories.person("Nguyễn Thị Mai")
    factories.assignment(made.clerk, made.department)
    factories.account(made.clerk, roles=[(role, made.province) for role in Role])
    rollups.run_month_now(MARCH)
    grade_proposals.propose(made.department.id, 2026)
    made.item = made.report.items[0]
    stored = kept_files.folder()
    stored.mkdir(parents=True, exist_ok=True)
    (stored / "seen.pdf").write_bytes(b"%PDF-1.4")
    made.file = Evidence(
        item_id=made.item.id, name="a.pdf", stored_name="seen.pdf", media_type="application/pdf", size=8,
        sha256="0" * 64, uploaded_by=made.lan.id,
    )  # fmt: skip
    made.petition = petitions.lodge_against_score(
        factories.actor(made.lan, IN_APRIL), made.report.id, reason="Chưa tính văn bản đã hoàn thành"
    )
    made.discipline = Discipline(
        person_id=made.lan.id, form=DisciplineForm.KHIEN_TRACH, duty_related=True, decision_number="1/QĐ",
        decided_on=IN_APRIL, starts_on=IN_APRIL, ends_on=IN_APRIL.replace(year=2027),
    )  # fmt: skip
    db.session.add_all([made.file, made.discipline])
    db.session.commit()
    return made


def addresses(place: Any) -> dict[str, tuple[str, Any]]:
    """Of each page about one person that can be opened in this story: its address, and who opens it."""
    report, clerk = place.report.id, place.clerk
    grade = db.session.query(YearGrade).filter_by(person_id=place.lan.id).one().id
    sheet = db.session.query(ScoreSheet).filter_by(report_id=report, stage=Stage.FINAL).one().id
    person = place.lan.id
    service = place.lan.assignments[0].id
    return {
        "results.show": (f"/results/{report}", clerk),
        "reviews.show": (f"/reviews/{report}", place.hung),
        "reviews.row": (f"/reviews/{report}/row", place.hung),
        "evidence.line": (f"/evidence/lines/{place.item.id}", clerk),
        "evidence.download": (f"/evidence/{place.file.id}", clerk),
        "forms.paper": (f"/forms/01/{report}", clerk),
        "forms.period": (f"/forms/01/{report}.docx", clerk),
        "forms.tracking": (f"/forms/tracking/{report}.xlsx", clerk),
        "what_ifs.sheet": (f"/what-if/sheet/{report}", clerk),
        "workings.score": (f"/workings/score/{sheet}", clerk),
        "workings.score_file": (f"/workings/score/{sheet}.docx", clerk),
        "forms.year": (f"/forms/02/{grade}.docx", clerk),
        "grades.show": (f"/grades/of/{grade}", clerk),
        "workings.grade": (f"/workings/class/{grade}", clerk),
        "workings.grade_file": (f"/workings/class/{grade}.docx", clerk),
        "workings.mean": (f"/workings/mean/{person}/2026-Q1", clerk),
        "workings.mean_file": (f"/workings/mean/{person}/2026-Q1.docx", clerk),
        "annual_round.person": (f"/round/of/{person}/2026", clerk),
        "conclusions.index": (f"/round/of/{person}/2026/conclusions", clerk),
        "petitions.show": (f"/petitions/{place.petition.id}", clerk),
        "petition_answers.correct": (f"/petitions/{place.petition.id}/score", place.thu),
        "disciplines.show": (f"/discipline/{place.discipline.id}", clerk),
        "organisation.person": (f"/organisation/people/{person}", clerk),
        "person_changes.correct": (f"/organisation/people/{person}/correct", clerk),
        "appointments.appoint": (f"/organisation/people/{person}/appoint", clerk),
        "appointments.absence": (f"/organisation/people/{person}/absence", clerk),
        "appointments.end": (f"/organisation/people/assignments/{service}/end/{person}", clerk),
        "charges.give": (f"/organisation/people/{person}/charge", clerk),
        "readings.person": (f"/readings/{person}", clerk),
    }


# Opened in the tests of their own noun, or shown to the owner alone.
ELSEWHERE = {
    "reports.show": "another's sheet leads to results.show",
    "reports.check": "the owner's own",
    "reports.submitted": "the owner's own",
    "reports.add": "the owner's own",
    "reviews.open_sheet": "tests/web/test_reviews.py",
    "reviews.outlook": "the panel of reviews.show",
    "confirmations.send_back": "needs a scored sheet: the test below",
    "workplans.hand_over": "needs a draft: the test below",
    "replacements.replace": "needs a public class: tests/web/test_annual_round.py",
    "party_opinions.record": "only of who leads: tests/web/test_annual_round.py",
    "party.force_majeure": "the Party's rules are off here: tests/web/test_party.py",
    "commendations.entry": "tests/web/test_workings_of_all.py",
    "workings.verdict": "tests/web/test_workings_of_all.py",
    "workings.verdict_file": "tests/web/test_workings_of_all.py",
    "petition_answers.outlook": "the panel of petition_answers.correct",
    "organisation.reveal": "the test below",
    "charges.end": "the twin of charges.give",
}


def test_every_page_is_about_one_person_or_many_or_says_why_not(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    posts = {name for name, shown in SHOWN.items() if shown.method == "POST"}
    unexplained = {
        name
        for name in pages - SHOWN.keys() - LISTS.keys() - NOT_OF_ONE.keys()
        if name.split(".")[0] not in JOURNALLED
    }
    assert not unexplained
    assert SHOWN.keys() - posts <= pages
    assert LISTS.keys() <= pages
    assert not SHOWN.keys() & LISTS.keys()
    assert {shown.how for shown in SHOWN.values()} <= HOW.keys()
    assert {relation.value for relation in NEAREST} <= WHY.keys()


def test_every_page_about_one_person_leaves_one_row_for_its_owner(
    place: Any, client: FlaskClient, login: Any
) -> None:
    found = addresses(place)
    assert found.keys() | ELSEWHERE.keys() == SHOWN.keys()
    wrong = {}
    for name, (address, who) in found.items():
        login(client, who)
        before = db.session.query(Reading).count()
        answer = client.get(address)
        rows = db.session.query(Reading).order_by(Reading.id).all()[before:]
        seen = [(row.reader_id, row.person_id, row.how) for row in rows]
        if answer.status_code != 200 or seen != [(who.id, place.lan.id, SHOWN[name].how)]:
            wrong[name] = (answer.status_code, seen)
        assert all(row.relation and row.request_id and row.object_type in WHAT for row in rows)
    assert not wrong


def test_ones_own_things_leave_no_row(place: Any, client: FlaskClient, login: Any) -> None:
    login(client, place.lan)
    opened = [
        client.get(address).status_code
        for address, _who in addresses(place).values()
        if "/people/" not in address
    ]
    assert opened.count(200) >= 10
    assert db.session.query(Reading).count() == 0


def test_revealing_a_number_sending_back_and_handing_over_leave_their_rows(
    place: Any, client: FlaskClient, login: Any
) -> None:
    from tests.services.closing_stories import drafted

    login(client, place.clerk)
    assert client.post(f"/organisation/people/{place.lan.id}/number").status_code == 200
    nam = drafted(place, place.nam)
    login(client, place.hung)
    assert client.get(f"/workplans/lines/{nam.items[0].id}/hand-over").status_code == 200
    reports.submit(factories.actor(place.nam, IN_APRIL), nam.id, version=nam.version)
    assert client.post(f"/reviews/{nam.id}/open", headers={"HX-Request": "true"}).status_code == 200
    from evaluation.services import reviews

    reviews.score(factories.actor(place.hung, IN_APRIL), nam.id)
    login(client, place.thu)
    assert client.get(f"/confirmations/{nam.id}/send-back").status_code == 200
    seen = [(row.person_id, row.how, row.relation) for row in db.session.query(Reading).order_by(Reading.id)]
    assert seen == [
        (place.lan.id, "NUMBER", seen[0][2]),
        (place.nam.id, "PAGE", "SUPERVISOR"),
        (place.nam.id, "SCORING", "SUPERVISOR"),
        (place.nam.id, "PAGE", "CONFIRMER"),
    ]


def test_a_page_that_is_refused_or_missing_leaves_no_row(place: Any, client: FlaskClient, login: Any) -> None:
    login(client, place.nam)
    for address, _who in addresses(place).values():
        assert client.get(address).status_code in (303, 403, 404, 409)
    assert db.session.query(Reading).count() == 0


def test_who_stands_in_reads_on_behalf_of_the_head(place: Any, client: FlaskClient, login: Any) -> None:
    db.session.add(
        Delegation(
            unit_id=place.division.id, delegator_id=place.hung.id, delegate_id=place.nam.id, document_number="1/UQ",
            reason="Đi công tác", valid_from=IN_APRIL, valid_to=IN_APRIL.replace(month=5),
        )
    )  # fmt: skip
    login(client, place.nam)
    assert client.get(f"/results/{place.report.id}").status_code == 200
    row = db.session.query(Reading).one()
    assert (row.relation, row.on_behalf_of_id) == ("SUPERVISOR_DELEGATE", place.hung.id)
    login(client, place.lan)
    page = client.get("/readings/").text
    assert "được ủy quyền của cấp trên trực tiếp" in page
    assert "Lê Quang Nam" in page
    assert "Trần Văn Hùng" in page


def test_the_owner_sees_who_read_when_what_and_by_which_right_paged(
    place: Any, client: FlaskClient, login: Any
) -> None:
    login(client, place.hung)
    for _turn in range(51):
        client.get(f"/results/{place.report.id}")
    login(client, place.lan)
    page = client.get("/readings/").text
    assert page.count("cấp trên trực tiếp") == 50
    assert "Trưởng phòng · Phòng Công chức, viên chức" in page
    assert client.get("/readings/?page=2").text.count("cấp trên trực tiếp") == 1
    assert "Đã có 51 lượt xem" in client.get(f"/results/{place.report.id}").text
    assert "/readings/" in client.get("/").text
    assert "/readings/" in client.get("/results/").text


def test_the_inspector_sees_anybodys_and_nobody_else_does(
    place: Any, client: FlaskClient, login: Any
) -> None:
    login(client, place.clerk)
    assert client.get(f"/readings/{place.lan.id}").status_code == 200
    for who in (place.hung, place.thu, place.nam):
        login(client, who)
        assert client.get(f"/readings/{place.lan.id}").status_code == 404
    login(client, place.lan)
    assert client.get(f"/readings/{place.lan.id}").status_code == 200


def test_a_list_of_many_leaves_one_event_with_its_filter(place: Any, client: FlaskClient, login: Any) -> None:
    login(client, place.clerk)
    assert client.get("/organisation/people?search=lan").status_code == 200
    event = db.session.query(AuditEvent).filter_by(action="list.read").one()
    assert (event.actor_id, event.after["page"]) == (place.clerk.id, "organisation.people")
    assert event.after["filter"] == {"search": "lan"}
    assert db.session.query(Reading).count() == 0


def test_a_reading_that_cannot_be_stored_refuses_the_page(
    place: Any, client: FlaskClient, login: Any, monkeypatch: Any
) -> None:
    from evaluation.services import readings

    def fail(*_given: Any, **_more: Any) -> None:
        raise OperationalError("insert into reading", {}, Exception("the disk is full"))

    monkeypatch.setattr(readings, "record", fail)
    login(client, place.hung)
    answer = client.get(f"/results/{place.report.id}")
    assert answer.status_code == 503
    assert "Nguyễn Thị Lan" not in answer.text


def test_the_application_can_neither_change_nor_delete_a_reading(
    place: Any, client: FlaskClient, login: Any
) -> None:
    login(client, place.hung)
    client.get(f"/results/{place.report.id}")
    for statement in ("delete from reading", "update reading set reader_id = person_id"):
        with pytest.raises(Exception, match=r"permission denied|only grows"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_a_units_average_has_no_owner(place: Any) -> None:
    assert db.session.query(PersonSpan).filter_by(person_id=place.lan.id).count() >= 1
    assert db.session.query(EligibilityEntry).count() == 0
