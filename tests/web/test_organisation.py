"""The organisation's pages and the import as people meet them."""

import re
from contextlib import contextmanager
from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import event

from evaluation.extensions import db
from evaluation.files.sheets import read_workbook
from evaluation.models import Assignment, AuditEvent, Delegation, ImportBatch, Person
from evaluation.rules.organisation import Office, UnitKind, UnitRole
from evaluation.rules.permissions import Role
from tests import factories as make
from tests.services.test_imports import PEOPLE, book, person_row

TODAY = date(2026, 3, 10)


@pytest.fixture
def office(database, clock):
    clock(TODAY)
    return make.office()


@pytest.fixture
def keeper(office, client, login):
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    return login(client, who)


@contextmanager
def counted():
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    engine = db.engine.engine if hasattr(db.engine, "engine") else db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def upload(client, data: bytes, noun: str = "people", day: str = "2026-03-10", **given):
    return client.post(
        f"/imports/new/{noun}",
        data={"file": (BytesIO(data), "ds.xlsx"), "day": day} | given,
        content_type="multipart/form-data",
    )


def test_the_tree_shows_a_level_with_head_and_people_including_below(office, keeper):
    page = text(keeper.get(f"/organisation/?unit={office.province.id}"))
    assert "Sở Nội vụ" in page
    assert "Vũ Thị Thu" in page
    assert re.search(r"Vũ Thị Thu\s+1\s+4", page)


def test_an_office_that_moved_in_april_is_found_at_both_places(office, keeper):
    finance = make.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    place = office.division.places[0]
    place.valid_to = date(2026, 4, 1)
    db.session.flush()
    make.unit("không liên quan", parent=finance)
    from evaluation.models import UnitPlace

    db.session.add(
        UnitPlace(unit_id=office.division.id, parent_id=finance.id, name=place.name, short_name=place.name,
                  search_key=place.search_key, valid_from=date(2026, 4, 1))
    )  # fmt: skip
    db.session.commit()
    march = text(keeper.get(f"/organisation/?unit={office.province.id}&day=31/03/2026"))
    april = text(keeper.get(f"/organisation/?unit={office.province.id}&day=2026-04-01"))
    assert re.search(r"Vũ Thị Thu\s+1\s+4", march)
    assert re.search(r"Vũ Thị Thu\s+0\s+1", april)


def test_people_are_found_without_accents_in_any_order_exact_accents_first(office, keeper):
    for name in ("Trần Thị Hường", "Trần Thị Hương"):
        make.assignment(make.person(name), office.division)
    page = text(keeper.get("/organisation/people?q=hương trần"))
    assert page.index("Trần Thị Hương") < page.index("Trần Thị Hường")
    assert "Lan" not in page.split("kết quả")[-1] or "Nguyễn Thị Lan" not in page
    assert "Trần Thị Hường" in text(keeper.get("/organisation/people?q=huong+tran"))
    assert keeper.get("/organisation/people?q=%25_\\'&kind=x&office=HEAD&day=abc&page=-3").status_code == 200


def test_the_personal_number_is_masked_until_asked_for_and_the_look_is_in_the_journal(office, keeper):
    office.lan.personal_number = "001185012345"
    db.session.commit()
    page = text(keeper.get(f"/organisation/people/{office.lan.id}"))
    assert "•••••••••345" in page
    assert "001185012345" not in page
    shown = keeper.post(f"/organisation/people/{office.lan.id}/number")
    assert "001185012345" in text(shown)
    assert (
        db.session.query(AuditEvent)
        .filter_by(action="person.number_revealed", object_id=office.lan.id)
        .count()
        == 1
    )


def test_who_may_only_read_cannot_reveal_or_appoint(office, client, login):
    office.lan.personal_number = "001185012345"
    db.session.commit()
    login(client, office.hung)
    assert client.get(f"/organisation/people/{office.lan.id}").status_code == 200
    assert client.post(f"/organisation/people/{office.lan.id}/number").status_code == 403
    assert client.get(f"/organisation/people/{office.lan.id}/appoint").status_code == 403
    assert client.get("/imports/").status_code == 403
    assert client.get("/imports/new/people").status_code == 403


def test_staff_see_their_own_page_and_nobody_else_s(office, client, login):
    login(client, office.lan)
    assert client.get(f"/organisation/people/{office.lan.id}").status_code == 200
    for address in (
        f"/organisation/people/{office.nam.id}",
        f"/organisation/units/{office.division.id}",
        f"/organisation/?unit={office.division.id}",
    ):
        assert client.get(address).status_code in (403, 404), address


def test_a_refused_transfer_keeps_what_was_typed_and_names_the_other_head(office, keeper):
    answer = keeper.post(
        f"/organisation/people/{office.nam.id}/appoint",
        data={
            "unit_id": office.division.id,
            "since": "2026-04-01",
            "office": "HEAD",
            "title": "Trưởng phòng Công chức",
        },
    )
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Trần Văn Hùng" in page
    assert 'value="Trưởng phòng Công chức"' in page
    assert db.session.query(Assignment).filter_by(person_id=office.nam.id).count() == 1


def test_a_transfer_by_code_works_without_scripts(office, keeper):
    other = make.unit("Phòng Thanh niên", parent=office.department, code="H99.777")
    db.session.commit()
    answer = keeper.post(
        f"/organisation/people/{office.nam.id}/appoint",
        data={
            "unit_id": "",
            "unit_id_search": "h99.777",
            "since": "01/04/2026",
            "office": "STAFF",
            "title": "Chuyên viên",
        },
    )
    assert answer.status_code == 302
    assert db.session.query(Assignment).filter_by(person_id=office.nam.id, unit_id=other.id).count() == 1


def test_an_absence_is_recorded_with_its_last_day(office, keeper):
    answer = keeper.post(
        f"/organisation/people/{office.lan.id}/absence",
        data={"kind": "SICK", "since": "2026-03-02", "until": "2026-03-06"},
    )
    assert answer.status_code == 302
    assert "06/03/2026" in text(keeper.get(f"/organisation/people/{office.lan.id}"))
    assert keeper.post(f"/organisation/people/{office.lan.id}/absence", data={"kind": ""}).status_code == 422


def test_a_head_lends_the_duty_and_takes_it_back(office, client, login):
    login(client, office.hung)
    form = {"unit_id": office.division.id, "delegate_id_search": office.lan.official_number, "since": "2026-03-10",
            "until": "2026-03-20", "document_number": "12/UQ", "reason": "Đi công tác"}  # fmt: skip
    assert client.post("/delegations/", data=form | {"until": ""}).status_code == 422
    assert client.post("/delegations/", data=form).status_code == 302
    page = text(client.get("/delegations/"))
    assert "20/03/2026" in page
    found = client.get("/delegations/search?q=nguyen lan").get_json()["options"]
    assert [option["id"] for option in found] == [office.lan.id]
    lent = db.session.query(Delegation).one()
    assert client.post(f"/delegations/{lent.id}/end").status_code == 302
    assert db.session.query(Delegation).count() == 0


def test_an_import_is_previewed_confirmed_and_changes_nothing_the_second_time(office, keeper):
    data = book(PEOPLE, person_row("CB001", "Đặng Thị Hoa"))
    answer = upload(keeper, data)
    assert answer.status_code == 302
    where = answer.headers["Location"]
    page = text(keeper.get(where))
    assert "Đặng Thị Hoa (CB001)" in page
    assert db.session.query(Person).filter_by(official_number="CB001").count() == 0
    assert keeper.post(f"{where}/confirm").status_code == 302
    assert db.session.query(Person).filter_by(official_number="CB001").count() == 1
    assert keeper.post(f"{where}/confirm").status_code == 409
    again = keeper.get(upload(keeper, data).headers["Location"])
    assert f"{where}/confirm" not in again.get_data(as_text=True)


def test_a_file_with_errors_shows_them_all_and_gives_them_as_a_workbook(office, keeper):
    rows = [
        person_row(f"CB{n:03d}", "Đặng Thị Hoa", **{"Đơn vị": "Sở Lạ", "Ngày sinh": "31/02/1985"})
        for n in range(60)
    ]
    where = upload(keeper, book(PEOPLE, *rows)).headers["Location"]
    assert "31/02/1985" in text(keeper.get(where))
    assert keeper.get(f"{where}?show=errors&page=2").status_code == 200
    assert keeper.post(f"{where}/confirm").status_code == 422
    report = keeper.get(f"{where}/errors.xlsx")
    assert len(read_workbook(report.data)[0].rows) >= 60


def test_a_file_that_is_no_workbook_and_a_day_that_is_no_day_are_said_at_their_fields(office, keeper):
    answer = upload(keeper, b"not a workbook")
    assert answer.status_code == 422
    assert 'href="#file"' in answer.get_data(as_text=True)
    answer = upload(keeper, book(PEOPLE, person_row("CB001", "Đặng Thị Hoa")), day="31/02/2026")
    assert answer.status_code == 422
    assert 'value="31/02/2026"' in answer.get_data(as_text=True)
    assert db.session.query(ImportBatch).count() == 0


def test_the_template_can_be_filled_in_and_read_again(office, keeper):
    for noun in ("units", "people"):
        answer = keeper.get(f"/imports/template/{noun}.xlsx")
        assert answer.status_code == 200
        assert read_workbook(answer.data)[0].rows


def test_markup_in_names_is_shown_as_text(office, keeper):
    row = person_row("CB001", "Đặng Thị Hoa", **{"Đơn vị": "<script>alert(1)</script>"})
    where = upload(keeper, book(PEOPLE, row)).headers["Location"]
    assert "<script>alert" not in keeper.get(where).get_data(as_text=True)


def test_another_s_import_looks_missing(office, keeper, client, login):
    where = upload(keeper, book(PEOPLE, person_row("CB001", "Đặng Thị Hoa"))).headers["Location"]
    login(client, office.hung)
    assert client.get(where).status_code == 404
    assert client.post(f"{where}/confirm").status_code == 404


def test_the_number_of_queries_does_not_grow(office, keeper):
    addresses = [
        "/organisation/",
        f"/organisation/?unit={office.department.id}",
        f"/organisation/units/{office.division.id}?below=1",
        "/organisation/people?q=nguyen",
        f"/organisation/people/{office.lan.id}",
        "/imports/",
        "/delegations/",
    ]

    def numbers() -> dict[str, int]:
        found = {}
        for address in addresses:
            with counted() as statements:
                assert keeper.get(address).status_code == 200, address
            found[address] = len(statements)
        return found

    small = numbers()
    for n in range(40):
        below = make.unit(f"Phòng {n}", parent=office.department)
        make.assignment(make.person(f"Nguyễn Văn {chr(65 + n % 20)}"), below, office=Office.HEAD)
        make.assignment(make.person(f"Nguyễn Thị {chr(65 + n % 20)}"), office.division)
    db.session.commit()
    large = numbers()
    assert small == large
    assert max(large.values()) <= 12, large


def test_the_command_line_says_the_same(office, runner, tmp_path):
    file = tmp_path / "ds.xlsx"
    file.write_bytes(
        book(PEOPLE, person_row("CB001", "Đặng Thị Hoa"), person_row("CB002", "Lê Ba", **{"Đơn vị": "Sở X"}))
    )
    tried = runner.invoke(args=["organisation", "import-people", str(file), "--dry-run"])
    assert tried.exit_code == 1
    assert "Sở X" in tried.output
    assert db.session.query(Person).filter_by(official_number="CB001").count() == 0
    done = runner.invoke(args=["organisation", "import-people", str(file), "--only-valid"])
    assert done.exit_code == 0, done.output
    assert db.session.query(Person).filter_by(official_number="CB001").count() == 1
