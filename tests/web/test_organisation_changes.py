"""The forms that change units and people: one effect for one press, earlier months kept, what was typed kept."""

import re
from datetime import date
from uuid import uuid4

import pytest

from evaluation.extensions import db
from evaluation.models import AuditEvent, Charge, Delegation, Person, Unit, UnitCode, UnitPlace
from evaluation.queries import organisation as questions
from evaluation.rules.organisation import Office
from evaluation.rules.permissions import Role
from evaluation.services import catalogue_batches
from tests import factories as make
from tests.catalogue_files import annex, row
from tests.services.test_imports import PEOPLE, book, person_row
from tests.web.counting import queries_of
from tests.web.test_organisation import text, upload

TODAY = date(2026, 3, 10)
MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 1)


@pytest.fixture
def office(database, clock):
    clock(TODAY)
    return make.office()


@pytest.fixture
def keeper(office, client, login):
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    db.session.commit()
    return login(client, who)


@pytest.fixture
def deputy(office):
    who = make.person("Lý Văn Phó")
    make.assignment(who, office.department, office=Office.DEPUTY, title="Phó Giám đốc")
    db.session.commit()
    return who


def of_unit(unit, verb: str) -> str:
    return f"/organisation/units/{unit.id}/{verb}"


def of_person(person, verb: str) -> str:
    return f"/organisation/people/{person.id}/{verb}"


def events() -> list[str]:
    """What was changed; looking at lists and being refused leave traces of their own."""
    traces = ("list.read", "access.denied")
    kept = db.select(AuditEvent.action).where(AuditEvent.action.not_in(traces))
    return list(db.session.scalars(kept.order_by(AuditEvent.id)))


FOUND = {
    "name": "Phòng Mới",
    "code": "h99.12.77",
    "kind": "DIVISION",
    "role": "DIRECT_UNIT",
    "since": "2026-04-01",
}
HIRE = {
    "full_name": "Đỗ Thị Mai",
    "official_number": "CB900",
    "kind": "CONG_CHUC",
    "gender": "FEMALE",
    "born_on": "1990",
    "personal_number": "001190012345",
    "since": "2026-04-01",
    "office": "STAFF",
    "title": "Chuyên viên",
}


def test_a_unit_is_founded_by_form_and_a_resent_form_founds_no_second_one(office, keeper):
    form = FOUND | {"transaction_id": str(uuid4())}
    first = keeper.post(of_unit(office.department, "found"), data=form)
    again = keeper.post(of_unit(office.department, "found"), data=form)
    assert (first.status_code, again.status_code) == (302, 302)
    assert first.headers["Location"] == again.headers["Location"]
    made = questions.unit_by_code("H99.12.77", APRIL)
    assert questions.ancestors(made, APRIL)[1] == office.department.id
    assert db.session.query(UnitPlace).filter_by(name="Phòng Mới").count() == 1
    assert events() == ["unit.founded"]


def test_an_incomplete_form_says_every_fault_at_its_field_and_keeps_what_was_typed(office, keeper):
    answer = keeper.post(
        of_unit(office.department, "found"),
        data={"name": "Phòng <Mới>", "code": "H99.12.77", "since": "31/02/2026"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert all(f'href="#{place}"' in page for place in ("kind", "role", "since"))
    assert 'value="Phòng &lt;Mới&gt;"' in page
    assert db.session.query(Unit).count() == 3
    taken = office.division.codes[0].code
    answer = keeper.post(of_unit(office.department, "found"), data=FOUND | {"code": taken})
    assert answer.status_code == 422
    assert 'href="#code"' in answer.get_data(as_text=True)
    assert events() == []


def test_a_corrected_form_may_be_sent_with_the_same_transaction(office, keeper):
    form = FOUND | {"transaction_id": str(uuid4())}
    assert keeper.post(of_unit(office.department, "found"), data=form | {"code": "xx"}).status_code == 422
    assert keeper.post(of_unit(office.department, "found"), data=form).status_code == 302
    assert events() == ["unit.founded"]


def test_a_unit_moved_by_form_keeps_its_place_in_earlier_months(office, keeper):
    finance = make.unit("Sở Tài chính", parent=office.province, code="H99.88")
    db.session.commit()
    page = keeper.get(of_unit(office.division, "place")).get_data(as_text=True)
    assert 'value="Phòng Công chức, viên chức"' in page
    form = {
        "name": "Phòng Cán bộ",
        "short_name": "",
        "parent_id": "",
        "parent_id_search": "h99.88",
        "since": "01/04/2026",
        "transaction_id": str(uuid4()),
    }
    for _press in range(2):
        assert keeper.post(of_unit(office.division, "place"), data=form).status_code == 302
    assert questions.ancestors(office.division.id, MARCH)[1] == office.department.id
    assert questions.ancestors(office.division.id, APRIL)[1] == finance.id
    assert questions.unit_names([office.division.id], APRIL) == {office.division.id: "Phòng Cán bộ"}
    assert events() == ["unit.moved"]


def test_a_place_that_changes_nothing_or_stands_under_itself_is_refused(office, keeper):
    name = "Phòng Công chức, viên chức"
    same = keeper.post(
        of_unit(office.division, "place"), data={"name": name, "short_name": name, "since": "2026-04-01"}
    )
    assert same.status_code == 422
    assert 'href="#name"' in same.get_data(as_text=True)
    below = keeper.post(
        of_unit(office.department, "place"),
        data={
            "name": "Sở Nội vụ",
            "parent_id": office.division.id,
            "parent_id_search": name,
            "since": "2026-04-01",
        },
    )
    assert below.status_code == 422
    assert 'href="#parent_id-search"' in below.get_data(as_text=True)
    nowhere = keeper.post(
        of_unit(office.division, "place"),
        data={"name": "Khác", "parent_id_search": "Sở Lạ", "since": "2026-04-01"},
    )
    assert nowhere.status_code == 422
    assert 'value="Sở Lạ"' in nowhere.get_data(as_text=True)
    assert events() == []


def test_a_new_code_is_given_once_and_can_be_closed(office, keeper):
    old = office.division.codes[0].code
    form = {"code": "H99.55", "since": "2026-04-01", "transaction_id": str(uuid4())}
    for _press in range(2):
        assert keeper.post(of_unit(office.division, "code"), data=form).status_code == 302
    assert questions.unit_by_code(old, MARCH) == questions.unit_by_code("H99.55", APRIL) == office.division.id
    assert keeper.post(of_unit(office.division, "close-code"), data={"until": "x"}).status_code == 422
    wrong = keeper.post(
        of_unit(office.division, "close-code"), data={"until": "2026-05-01", "successor": "không phải mã"}
    )
    assert wrong.status_code == 422
    assert 'href="#successor"' in wrong.get_data(as_text=True)
    answer = keeper.post(
        of_unit(office.division, "close-code"), data={"until": "2026-05-01", "successor": "H99.56"}
    )
    assert answer.status_code == 302
    assert db.session.query(UnitCode).filter_by(code="H99.55").one().valid_to == date(2026, 5, 1)
    assert events() == ["unit.code_given", "unit.code_closed"]


def test_a_unit_with_people_is_not_dissolved_and_the_page_says_how_many(office, keeper):
    answer = keeper.post(
        of_unit(office.division, "dissolve"), data={"on": "2026-04-01", "successor": "H99.56"}
    )
    assert answer.status_code == 422
    assert 'value="H99.56"' in answer.get_data(as_text=True)
    assert "3" in text(answer)
    empty = make.unit("Phòng Trống", parent=office.department)
    db.session.commit()
    form = {"on": "2026-04-01", "transaction_id": str(uuid4())}
    for _press in range(2):
        assert keeper.post(of_unit(empty, "dissolve"), data=form).status_code == 302
    assert empty.id not in questions.descendants([office.department.id], APRIL)
    assert empty.id in questions.descendants([office.department.id], MARCH)
    assert "Thành lập đơn vị trực thuộc" not in text(keeper.get(f"/organisation/units/{empty.id}"))
    assert events() == ["unit.dissolved"]


def test_a_person_is_added_once_with_unit_position_and_masked_number(office, keeper):
    form = HIRE | {"position_id_search": office.job.code.lower(), "transaction_id": str(uuid4())}
    first, again = (keeper.post(of_unit(office.division, "hire"), data=form) for _press in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    made = db.session.query(Person).filter_by(official_number="CB900").one()
    served = questions.main_assignment(made.id, APRIL)
    assert (served.unit_id, served.position_id) == (office.division.id, office.job.id)
    assert questions.main_assignment(made.id, MARCH) is None
    assert (made.born_on, made.born_year_only) == (date(1990, 1, 1), True)
    assert "001190012345" not in text(keeper.get(first.headers["Location"]))
    assert events() == ["person.hired", "person.appointed"]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"official_number": ""}, "official_number"),
        ({"full_name": "Đỗ Thị Mаi"}, "full_name"),
        ({"personal_number": "12345"}, "personal_number"),
        ({"born_on": "31/02/1990"}, "born_on"),
        ({"born_on": "01/04/2026"}, "born_on"),
        ({"kind": "VUA"}, "kind"),
        ({"since": ""}, "since"),
        ({"title": " "}, "title"),
        ({"rank_code": "lạ"}, "rank_code"),
        ({"position_id_search": "KHÔNG CÓ"}, "position_id-search"),
        ({"office": "HEAD"}, "office"),
    ],
)
def test_a_person_with_a_faulty_field_is_not_added(office, keeper, given, place):
    answer = keeper.post(of_unit(office.division, "hire"), data=HIRE | given)
    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.get_data(as_text=True)
    assert db.session.query(Person).filter_by(official_number="CB900").count() == 0
    assert events() == []


def test_a_correction_shows_the_register_and_an_empty_number_keeps_the_old_one(office, keeper):
    office.lan.personal_number = "001185012345"
    office.lan.born_on, office.lan.born_year_only = date(1985, 1, 1), True
    db.session.commit()
    page = keeper.get(of_person(office.lan, "correct")).get_data(as_text=True)
    assert 'value="1985"' in page
    assert "001185012345" not in page
    form = {"full_name": "Nguyễn Thị Hồng Lan", "kind": "CONG_CHUC", "gender": "FEMALE", "born_on": "1985",
            "hired_on": "2020-01-01", "transaction_id": str(uuid4())}  # fmt: skip
    for _press in range(2):
        assert keeper.post(of_person(office.lan, "correct"), data=form).status_code == 302
    db.session.refresh(office.lan)
    assert (office.lan.full_name, office.lan.personal_number) == ("Nguyễn Thị Hồng Lan", "001185012345")
    assert events() == ["person.corrected"]
    event = db.session.query(AuditEvent).one()
    assert set(event.after) == {"full_name", "gender"}


def test_another_s_personal_number_is_refused_at_its_field(office, keeper):
    office.nam.personal_number = "001185012345"
    db.session.commit()
    form = {"full_name": "Nguyễn Thị Lan", "kind": "CONG_CHUC", "personal_number": "001185012345"}
    answer = keeper.post(of_person(office.lan, "correct"), data=form | {"transaction_id": str(uuid4())})
    assert answer.status_code == 422
    assert 'href="#personal_number"' in answer.get_data(as_text=True)
    assert events() == []


def test_a_deputy_is_put_in_charge_once_and_the_field_can_be_ended(office, keeper, deputy):
    assert "Giao phụ trách" in text(keeper.get(f"/organisation/people/{deputy.id}"))
    assert "Giao phụ trách" not in text(keeper.get(f"/organisation/people/{office.lan.id}"))
    form = {"unit_id": office.division.id, "since": "2026-03-10", "transaction_id": str(uuid4())}
    for _press in range(2):
        assert keeper.post(of_person(deputy, "charge"), data=form).status_code == 302
    charge = db.session.query(Charge).one()
    page = keeper.get(f"/organisation/people/{deputy.id}")
    assert "Phụ trách Phòng Công chức, viên chức" in text(page)
    ending = f"/organisation/people/{deputy.id}/charge/{charge.id}/end"
    assert ending in page.get_data(as_text=True)
    assert keeper.post(ending, data={"until": "2026-03-01"}).status_code == 422
    assert keeper.post(ending, data={"until": "2026-03-31"}).status_code == 302
    db.session.refresh(charge)
    assert charge.valid_to == APRIL
    assert keeper.get(f"/organisation/people/{office.lan.id}/charge/{charge.id}/end").status_code == 404
    assert events() == ["charge.given", "charge.ended"]


def test_a_field_has_one_deputy_at_a_time_and_lies_below(office, keeper, deputy):
    second = make.person("Mai Thị Phó")
    make.assignment(second, office.department, office=Office.DEPUTY)
    db.session.commit()

    def ask(whom, **given):
        answer = keeper.post(of_person(whom, "charge"), data={"since": "2026-03-10"} | given)
        return answer.status_code, answer.get_data(as_text=True)

    assert ask(deputy, person_id_search=office.lan.official_number)[0] == 302
    status, page = ask(second, person_id=office.lan.id)
    assert status == 422
    assert "Lý Văn Phó" in page
    for given, place in (
        ({}, "unit_id-search"),
        ({"unit_id": office.division.id, "person_id": office.nam.id}, "unit_id-search"),
        ({"unit_id": office.department.id}, "unit_id-search"),
        ({"person_id": office.chairman.id}, "person_id-search"),
        ({"person_id": second.id}, "person_id-search"),
        ({"person_id_search": "CB0000"}, "person_id-search"),
        ({"unit_id": office.division.id, "until": "2026-03-01"}, "until"),
    ):
        status, page = ask(second, **given)
        assert (status, f'href="#{place}"' in page) == (422, True), given
    assert ask(office.lan, unit_id=office.division.id)[0] == 422
    assert db.session.query(Charge).count() == 1


def test_a_transfer_and_an_absence_have_one_effect_and_the_transfer_takes_a_position(office, keeper):
    other = make.unit("Phòng Thanh niên", parent=office.department)
    db.session.commit()
    form = {"unit_id": other.id, "since": "2026-04-01", "office": "STAFF", "title": "Chuyên viên",
            "position_id": office.job.id, "transaction_id": str(uuid4())}  # fmt: skip
    for _press in range(2):
        assert keeper.post(of_person(office.nam, "appoint"), data=form).status_code == 302
    assert questions.main_assignment(office.nam.id, APRIL).position_id == office.job.id
    unknown = form | {
        "position_id": "",
        "position_id_search": "KHÔNG",
        "since": "2026-05-01",
        "transaction_id": "",
    }
    answer = keeper.post(of_person(office.nam, "appoint"), data=unknown)
    assert answer.status_code == 422
    assert 'href="#position_id-search"' in answer.get_data(as_text=True)
    assert 'value="KHÔNG"' in answer.get_data(as_text=True)
    form = {"kind": "SICK", "since": "2026-03-02", "until": "2026-03-06", "transaction_id": str(uuid4())}
    for _press in range(2):
        assert keeper.post(of_person(office.lan, "absence"), data=form).status_code == 302
    assert events() == ["person.transferred", "absence.recorded"]


def test_an_assignment_is_ended_once_and_a_duty_lent_once(office, keeper, client, login):
    own = questions.main_assignment(office.nam.id, TODAY)
    address = f"/organisation/people/assignments/{own.id}/end/{office.nam.id}"
    form = {"on": "2026-03-31", "leaves": "yes", "transaction_id": str(uuid4())}
    for _press in range(2):
        assert keeper.post(address, data=form).status_code == 302
    login(client, office.hung)
    form = {"unit_id": office.division.id, "delegate_id": office.lan.id, "since": "2026-03-10",
            "until": "2026-03-20", "document_number": "12/UQ", "reason": "Đi công tác",
            "transaction_id": str(uuid4())}  # fmt: skip
    for _press in range(2):
        assert client.post("/delegations/", data=form).status_code == 302
    assert db.session.query(Delegation).count() == 1
    assert events() == ["assignment.ended", "delegation.given"]


def addresses(office, deputy) -> list[str]:
    unit_verbs = ("found", "place", "code", "close-code", "dissolve", "hire")
    person_verbs = ("correct", "charge", "appoint", "absence")
    return [of_unit(office.division, verb) for verb in unit_verbs] + [
        of_person(deputy, verb) for verb in person_verbs
    ]


def test_who_may_only_read_gets_none_of_the_forms_and_changes_nothing(office, deputy, client, login):
    db.session.commit()
    for who, refused in ((office.thu, 403), (office.lan, 404)):
        login(client, who)
        for address in addresses(office, deputy):
            assert client.get(address).status_code == refused, (who.full_name, address)
        assert client.post(of_unit(office.division, "found"), data=FOUND).status_code == refused
        assert client.post(of_unit(office.division, "hire"), data=HIRE).status_code == refused
    assert db.session.query(Unit).count() == 3
    assert events() == []


def test_the_forms_say_what_changes_and_ask_little_of_the_database(office, deputy, keeper):
    for address in addresses(office, deputy):
        assert queries_of(keeper, address) <= 12, address
        if not address.endswith(("appoint", "absence")):
            page = keeper.get(address)
            assert "tháng" in text(page), address
            assert 'name="transaction_id"' in page.get_data(as_text=True)


def test_pickers_find_positions_and_people_without_accents(office, keeper, client, login):
    found = keeper.get("/organisation/people/search/positions?q=chuyen vien").get_json()["options"]
    assert [option["id"] for option in found] == [office.job.id]
    found = keeper.get("/organisation/search/people?q=lan nguyen").get_json()["options"]
    assert [option["id"] for option in found] == [office.lan.id]
    login(client, office.nam)
    assert client.get("/organisation/search/people?q=lan").get_json()["options"] == []


def test_the_sheets_of_a_person_are_led_to_only_for_who_may_read_them(office, keeper, client, login):
    own = questions.main_assignment(office.lan.id, TODAY)
    sheet = make.report(
        own, supervising=office.division, confirming=office.department, agency=office.department
    )
    administrator = make.person("Đặng Hữu Khôi")
    make.account(administrator, roles=[(Role.ADMINISTRATOR, office.province)])
    db.session.commit()
    link = f'href="/results/{sheet.id}"'
    address = f"/organisation/people/{office.lan.id}"
    assert link in keeper.get(address).get_data(as_text=True)
    assert queries_of(keeper, address) <= 12
    login(client, administrator)
    page = client.get(address)
    assert page.status_code == 200
    assert link not in page.get_data(as_text=True)


def test_an_uploaded_catalogue_is_shown_on_its_own_page(office, keeper):
    keeper_id = db.session.query(Person.id).filter_by(full_name="Phạm Thị Sở").scalar()
    who = make.actor(db.session.get(Person, keeper_id), TODAY)
    batch = catalogue_batches.upload(who, name="danh-muc.xlsx", data=annex(row(), row("DC.01")))
    answer = keeper.get(f"/imports/{batch.id}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/catalogue/import/{batch.id}"
    assert keeper.get(answer.headers["Location"]).status_code == 200


def test_the_button_of_an_import_with_errors_waits_for_the_choice_and_the_server_too(office, keeper):
    rows = [
        person_row("CB001", "Đặng Thị Hoa"),
        person_row("CB002", "Đặng Thị Mai", **{"Ngày sinh": "31/02/1985"}),
    ]
    where = upload(keeper, book(PEOPLE, *rows)).headers["Location"]
    page = keeper.get(where).get_data(as_text=True)
    assert 'data-needs="only_valid "' in page
    assert "js/agreement.js" in page
    assert keeper.post(f"{where}/confirm").status_code == 422
    assert keeper.post(f"{where}/confirm", data={"only_valid": "yes"}).status_code == 302
    assert db.session.query(Person).filter(Person.official_number.in_(["CB001", "CB002"])).count() == 1
    assert queries_of(keeper, where) <= 12


def test_pages_below_a_menu_line_light_it_up(office, deputy, keeper, client, login):
    def lit(address: str) -> str:
        page = keeper.get(address).get_data(as_text=True)
        return text_of_current(page)

    for address in (*addresses(office, deputy), "/imports/", "/organisation/"):
        assert lit(address) == "Tổ chức", address
    for address in ("/periods/", "/delegations/", "/"):
        assert lit(address) == "Trang chủ", address


def text_of_current(page: str) -> str:
    menu = re.search(r'<div class="menu-row">.*?</div>', page, re.S).group(0)
    found = re.search(r'<a[^>]*aria-current="page"[^>]*>(.*?)</a>', menu, re.S)
    return re.sub(r"<[^>]+>|\s*\d+\s*$", "", found.group(1)).strip() if found else ""
