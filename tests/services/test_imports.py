"""Files of units and people: previewed with every error, applied once, refused when the register has moved."""

import threading
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.files.legacy_fonts import LegacyFont, to_legacy
from evaluation.files.sheets import OutColumn, write_table
from evaluation.models import (
    Assignment,
    AuditEvent,
    ImportBatch,
    ImportState,
    Person,
    Unit,
    UnitCode,
    UnitPlace,
)
from evaluation.queries import organisation
from evaluation.queries.imports import part, summary
from evaluation.rules.organisation import Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.permissions import Role
from evaluation.services import imports
from evaluation.services.access import Actor
from evaluation.services.import_plans import Options, error_in
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories as make

TODAY = date(2026, 3, 10)
PEOPLE = ("STT", "Mã định danh cơ quan", "Đơn vị", "Phòng/ban", "Số hiệu CBCCVC", "CCCD", "Họ và tên", "Ngày sinh",
          "Giới tính", "Chức vụ", "Loại", "Trạng thái")  # fmt: skip
UNITS = (
    "STT",
    "Mã định danh",
    "Tên đơn vị",
    "Loại đơn vị",
    "Mã đơn vị cấp trên",
    "Hiệu lực từ",
    "Hiệu lực đến",
)


def book(headers: Sequence[str], *rows: Sequence[object], titles: Sequence[str] = ("DANH SÁCH",)) -> bytes:
    return write_table([OutColumn(header) for header in headers], rows, title_lines=titles)


def person_row(number: str, name: str, **given: object) -> list[object]:
    values: dict[str, object] = {
        "STT": 1, "Mã định danh cơ quan": "", "Đơn vị": "Sở Nội vụ", "Phòng/ban": "Phòng Công chức, viên chức",
        "Số hiệu CBCCVC": number, "Họ và tên": name, "Chức vụ": "Chuyên viên", "Loại": "công chức",
    }  # fmt: skip
    values |= given
    return [values.get(header, "") for header in PEOPLE]


@pytest.fixture
def office(database, clock):
    clock(TODAY)
    return make.office()


@pytest.fixture
def actor(office) -> Actor:
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    return make.actor(who, TODAY)


def preview(actor: Actor, noun: str, data: bytes, day: date = TODAY, **given) -> ImportBatch:
    return imports.preview(actor, noun, name="ds.xlsx", data=data, options=Options(day, **given))


def said(batch: ImportBatch) -> list[str]:
    return [f"{e.row}/{e.column}: {e.message(str)}" for e in map(error_in, batch.errors)]


def test_a_new_person_is_hired_only_when_confirmed_and_the_second_import_changes_nothing(actor):
    data = book(PEOPLE, person_row("CB001", "Đặng Thị Hoa", CCCD="001185012345"))
    batch = preview(actor, "PEOPLE", data)
    assert (batch.error_count, summary(batch.id)["new"]) == (0, 1)
    assert db.session.query(Person).filter_by(official_number="CB001").count() == 0

    counts = imports.confirm(actor, batch.id)
    assert counts["new"] == 1
    hoa = db.session.query(Person).filter_by(official_number="CB001").one()
    own = organisation.main_assignment(hoa.id, TODAY)
    assert (own.unit.places[0].name, own.office, own.valid_from) == (
        "Phòng Công chức, viên chức", Office.STAFF, TODAY
    )  # fmt: skip
    assert (hoa.personal_number, hoa.search_key, hoa.kind) == (
        "001185012345",
        "dang thi hoa",
        PersonKind.CONG_CHUC,
    )
    events = db.session.scalars(
        select(AuditEvent.action).where(AuditEvent.object_type == "import_batch")
    ).all()
    assert sorted(events) == ["import.applied", "import.previewed"]

    again = preview(actor, "PEOPLE", data)
    told = summary(again.id)
    assert (told["new"], told["changed"], told["ended"], told["unchanged"]) == (0, 0, 0, 1)
    with pytest.raises(Conflict):
        imports.confirm(actor, again.id)


def test_every_error_of_every_row_is_told_with_the_nearest_name_and_nothing_is_applied(actor):
    data = book(
        PEOPLE,
        person_row("CB001", "Đặng Thị Hoa"),
        person_row("CB002", "Lê Văn Ba", **{"Phòng/ban": "Phòng Công chức, viên chưc xx"}),
        person_row("CB003", "Lê Văn Tư", **{"Đơn vị": "Sở Nội vu", "Phòng/ban": "", "CCCD": "123456789"}),
        person_row("CB001", "Lê Văn Năm"),
    )
    batch = preview(actor, "PEOPLE", data)
    told = said(batch)
    assert {line.split("/")[0] for line in told} == {"4", "5", "6", "7"} - {"5"} | {"5"}
    assert any("“Phòng Công chức, viên chức”?" in line for line in told)
    assert any("old 9-digit" in line for line in told)
    with pytest.raises(Invalid) as refused:
        imports.confirm(actor, batch.id)
    assert [fault.place for fault in refused.value.faults] == ["only_valid"]
    assert db.session.query(Person).filter(Person.official_number.like("CB%")).count() == 0


def test_only_the_valid_rows_are_applied_when_the_user_says_so(actor):
    batch = preview(
        actor,
        "PEOPLE",
        book(
            PEOPLE,
            person_row("CB001", "Đặng Thị Hoa"),
            person_row("CB002", "Lê Văn Ba", **{"Đơn vị": "Sở X"}),
        ),
    )
    counts = imports.confirm(actor, batch.id, only_valid=True)
    assert (counts["new"], counts["skipped"]) == (1, 1)
    assert db.session.scalars(
        select(Person.official_number).where(Person.official_number.like("CB%"))
    ).all() == ["CB001"]


def test_a_transfer_closes_one_assignment_and_opens_the_next_on_the_chosen_day(office, actor):
    other = make.unit("Phòng Cải cách hành chính", parent=office.department)
    row = person_row(
        office.lan.official_number, "Nguyễn Thị Lan", **{"Phòng/ban": "Phòng Cải cách hành chính"}
    )
    batch = preview(actor, "PEOPLE", book(PEOPLE, row), day=date(2026, 4, 1))
    lines = part(batch.id, "changes", 0, 10)
    assert lines[0][0] == "CHANGED"
    assert ["unit", "Phòng Công chức, viên chức", "Phòng Cải cách hành chính"] in lines[0][4]
    imports.confirm(actor, batch.id)
    assert organisation.main_assignment(office.lan.id, date(2026, 3, 31)).unit_id == office.division.id
    assert organisation.main_assignment(office.lan.id, date(2026, 4, 1)).unit_id == other.id
    kept = organisation.main_assignment(office.lan.id, date(2026, 4, 1))
    assert kept.position_id == office.job.id


def test_an_empty_cell_erases_nothing(office, actor):
    office.lan.personal_number = "001185012345"
    office.lan.email = "lan@example.gov.vn"
    row = person_row(office.lan.official_number, "Nguyễn Thị Lan", Loại="", **{"Chức vụ": ""})
    told = summary(preview(actor, "PEOPLE", book(PEOPLE, row)).id)
    assert (told["changed"], told["unchanged"]) == (0, 1)


def test_the_personal_number_is_masked_in_the_preview(office, actor):
    row = person_row(office.lan.official_number, "Nguyễn Thị Lan", CCCD="001185012345")
    batch = preview(actor, "PEOPLE", book(PEOPLE, row))
    assert ["personal_number", None, "•••••••••345"] in part(batch.id, "changes", 0, 1)[0][4]


def test_one_personal_number_of_two_official_numbers_is_refused(office, actor):
    office.lan.personal_number = "001185012345"
    batch = preview(actor, "PEOPLE", book(PEOPLE, person_row("CB777", "Nguyễn Thị Lan", CCCD="001185012345")))
    assert office.lan.official_number in said(batch)[0]


def test_a_second_head_is_refused_with_the_name_of_the_first(office, actor):
    row = person_row("CB001", "Đặng Thị Hoa", **{"Chức vụ": "Trưởng phòng"})
    assert "Trần Văn Hùng" in said(preview(actor, "PEOPLE", book(PEOPLE, row)))[0]


def test_two_heads_may_change_places_in_one_file(office, actor):
    other = make.unit("Phòng Thanh niên", parent=office.department)
    minh = make.person("Bùi Văn Minh")
    make.assignment(minh, other, office=Office.HEAD)
    head = {"Chức vụ": "Trưởng phòng"}
    rows = [
        person_row(office.hung.official_number, "Trần Văn Hùng", **head, **{"Phòng/ban": "Phòng Thanh niên"}),
        person_row(minh.official_number, "Bùi Văn Minh", **head),
    ]
    imports.confirm(actor, preview(actor, "PEOPLE", book(PEOPLE, *rows)).id)
    assert organisation.head_of(office.division.id, TODAY).id == minh.id
    assert organisation.head_of(office.division.id, date(2026, 3, 9)).id == office.hung.id


def test_an_import_that_would_end_more_than_five_percent_is_refused_with_the_number(office, actor):
    rows = [
        person_row(who.official_number, who.full_name, **{"Trạng thái": "Nghỉ hưu"})
        for who in (office.lan, office.nam)
    ]
    batch = preview(actor, "PEOPLE", book(PEOPLE, *rows))
    told = summary(batch.id)
    assert (told["ends"], told["running"], told["refused"]) == (2, 4, True)
    with pytest.raises(Conflict) as refused:
        imports.confirm(actor, batch.id)
    assert "2" in refused.value.message
    assert organisation.main_assignment(office.lan.id, TODAY) is not None


def test_two_people_together_may_end_more_than_five_percent_and_neither_alone(office, actor):
    rows = [
        person_row(who.official_number, who.full_name, **{"Trạng thái": "Nghỉ hưu"})
        for who in (office.lan, office.nam)
    ]
    batch = preview(actor, "PEOPLE", book(PEOPLE, *rows))
    for _ in range(2):  # asking twice is no second person
        with pytest.raises(Conflict) as refused:
            imports.confirm(actor, batch.id)
        assert "người thứ hai" in refused.value.message
    assert batch.state is ImportState.PREVIEWED
    assert organisation.main_assignment(office.lan.id, TODAY) is not None
    local, second = make.person("Cán bộ của sở"), make.person("Người thứ hai")
    make.account(local, roles=[(Role.PERSONNEL, office.department)])
    make.account(second, roles=[(Role.ADMINISTRATOR, office.province)])
    with pytest.raises(Missing):
        imports.confirm(make.actor(local, TODAY), batch.id)
    counts = imports.confirm(make.actor(second, TODAY), batch.id)
    assert counts["ended"] == 2
    assert organisation.main_assignment(office.lan.id, TODAY) is None
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.action.in_(("import.asked", "import.applied")))
    ).all()
    assert [(one.action, one.actor_id) for one in events] == [
        ("import.asked", actor.person_id),
        ("import.applied", second.id),
    ]
    assert events[1].after["asked_by"] == actor.person_id


def test_one_retirement_in_a_small_office_is_let_through(office, actor):
    gone = person_row(office.lan.official_number, office.lan.full_name, **{"Trạng thái": "Nghỉ hưu"})
    batch = preview(actor, "PEOPLE", book(PEOPLE, gone))
    told = summary(batch.id)
    assert (told["ends"], told["running"], told["refused"]) == (1, 4, False)
    imports.confirm(actor, batch.id)
    assert organisation.main_assignment(office.lan.id, TODAY) is None
    assert organisation.main_assignment(office.nam.id, TODAY) is not None


def test_people_of_other_agencies_do_not_hide_how_many_a_file_would_end(office, actor):
    finance = make.unit("Sở Tài chính", parent=office.province, role=UnitRole.USING_AGENCY)
    for number in range(60):
        make.assignment(make.person(f"Lê Văn {chr(65 + number % 20)}"), finance)
    rows = [
        person_row(who.official_number, who.full_name, **{"Trạng thái": "Nghỉ hưu"})
        for who in (office.lan, office.nam)
    ]
    with pytest.raises(Conflict) as refused:
        imports.confirm(actor, preview(actor, "PEOPLE", book(PEOPLE, *rows)).id)
    assert "2" in refused.value.message
    assert "4" in refused.value.message


def test_a_complete_list_ends_whoever_is_missing_but_not_in_other_agencies(office, actor):
    people = [make.person(f"Lê Văn {word}") for word in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
    for who in people:
        make.assignment(who, office.division)
    rows = [person_row(who.official_number, who.full_name) for who in [*people, office.lan]]
    rows.append(person_row(office.hung.official_number, office.hung.full_name, **{"Chức vụ": "Trưởng phòng"}))
    rows.append(
        person_row(
            office.thu.official_number, office.thu.full_name, **{"Chức vụ": "Giám đốc Sở", "Phòng/ban": ""}
        )
    )
    batch = preview(actor, "PEOPLE", book(PEOPLE, *rows), complete=True)
    assert not batch.errors
    assert summary(batch.id)["ended"] == 1
    imports.confirm(actor, batch.id)
    assert organisation.main_assignment(office.nam.id, TODAY) is None
    assert db.session.get(Person, office.nam.id).left_on == TODAY
    assert organisation.main_assignment(office.chairman.id, TODAY) is not None


def test_columns_in_an_old_font_need_consent(office, actor):
    name = to_legacy("Nguyễn Văn Đạt", LegacyFont.TCVN3)
    data = book(PEOPLE, person_row("CB001", name))
    batch = preview(actor, "PEOPLE", data)
    assert batch.options["conversions"][0]["samples"][0][2] == "Nguyễn Văn Đạt"
    with pytest.raises(Invalid) as refused:
        imports.confirm(actor, batch.id)
    assert [fault.place for fault in refused.value.faults] == ["consent"]
    imports.confirm(actor, batch.id, consent=True)
    assert db.session.query(Person).filter_by(full_name="Nguyễn Văn Đạt").count() == 1


def test_a_file_as_offices_send_it_is_understood(office, actor):
    headers = (
        "TT",
        "Cơ quan",
        "Bộ phận",
        "Mã CB",
        "Số hiệu",
        "Số CMND/CCCD",
        "Họ đệm",
        "Tên",
        "Năm sinh",
        "Loại",
    )
    data = write_table(
        [OutColumn(header, kind="number" if "CCCD" in header else "text", places=0) for header in headers],
        [
            (
                1,
                "SỞ NỘI VỤ",
                "P. Công chức, viên chức",
                "",
                "CB 001",
                1085012345,
                "Nguyễn Văn",
                "An",
                "1985",
                "CC",
            )
        ],
        title_lines=["UBND TỈNH", "DANH SÁCH CÔNG CHỨC", "Tháng 3 năm 2026"],
    )
    batch = preview(actor, "PEOPLE", data)
    assert said(batch) == []
    imports.confirm(actor, batch.id)
    an = db.session.query(Person).filter_by(official_number="CB001").one()
    assert (an.full_name, an.personal_number, an.born_year_only) == ("Nguyễn Văn An", "001085012345", True)


def test_a_register_that_changed_meanwhile_asks_for_another_look(office, actor):
    row = person_row(office.lan.official_number, "Nguyễn Thị Lan Anh")
    batch = preview(actor, "PEOPLE", book(PEOPLE, row))
    office.lan.full_name = "Nguyễn Thị Lan Hương"
    db.session.commit()
    with pytest.raises(Conflict):
        imports.confirm(actor, batch.id)
    assert db.session.get(Person, office.lan.id).full_name == "Nguyễn Thị Lan Hương"
    db.session.expire_all()
    assert ["full_name", "Nguyễn Thị Lan Hương", "Nguyễn Thị Lan Anh"] in part(batch.id, "changes", 0, 1)[0][
        4
    ]
    imports.confirm(actor, batch.id)
    assert db.session.get(Person, office.lan.id).full_name == "Nguyễn Thị Lan Anh"


def test_a_file_of_units_builds_a_tree_and_moves_an_office_without_touching_march(office, actor):
    code = office.department.codes[0].code
    rows = [
        (1, f"{code}.11", "Chi cục Văn thư", "Phòng", f"{code}.10", "", ""),
        (2, f"{code}.10", "Phòng Lưu trữ", "", code, "", ""),
    ]
    first = preview(actor, "UNITS", book(UNITS, *rows))
    assert said(first) == []
    imports.confirm(actor, first.id)
    archive = organisation.unit_by_code(f"{code}.10", TODAY)
    office_id = organisation.unit_by_code(f"{code}.11", TODAY)
    assert organisation.ancestors(office_id, TODAY) == [
        office_id,
        archive,
        office.department.id,
        office.province.id,
    ]
    assert db.session.get(Unit, archive).kind is UnitKind.DIVISION
    assert db.session.get(Unit, archive).role is UnitRole.DIRECT_UNIT
    assert summary(preview(actor, "UNITS", book(UNITS, *rows)).id)["unchanged"] == 2

    moved = [(1, f"{code}.11", "Chi cục Văn thư", "Phòng", code, "01/04/2026", "")]
    imports.confirm(actor, preview(actor, "UNITS", book(UNITS, *moved)).id)
    assert office_id in organisation.descendants([archive], date(2026, 3, 31))
    assert office_id not in organisation.descendants([archive], date(2026, 4, 1))
    assert summary(preview(actor, "UNITS", book(UNITS, *moved)).id)["unchanged"] == 1


def test_units_that_stand_on_a_faulty_row_are_faulty_too(office, actor):
    rows = [
        (1, "H99.990", "Đơn vị lạ", "", "H99.991", "", ""),
        (2, "H99.991", "Đơn vị lạ trên", "không biết", office.department.codes[0].code, "", ""),
    ]
    batch = preview(actor, "UNITS", book(UNITS, *rows))
    assert {error[1] for error in batch.errors} == {4, 5}
    assert summary(batch.id)["new"] == 0


def test_a_unit_with_people_cannot_end(office, actor):
    code = office.division.codes[0].code
    row = (1, code, "Phòng Công chức, viên chức", "", "", "", "31/03/2026")
    assert "3 assignments" in said(preview(actor, "UNITS", book(UNITS, row)))[0]


def test_an_empty_unit_ends_with_its_code(office, actor):
    empty = make.unit("Phòng Trống", parent=office.department)
    code = empty.codes[0].code
    row = (1, code, "Phòng Trống", "", "", "", "31/03/2026")
    imports.confirm(actor, preview(actor, "UNITS", book(UNITS, row)).id)
    db.session.expire_all()
    assert (empty.dissolved_on, empty.codes[0].valid_to, empty.places[0].valid_to) == (date(2026, 4, 1),) * 3
    assert summary(preview(actor, "UNITS", book(UNITS, row), day=date(2026, 5, 1)).id)["unchanged"] == 1


def test_a_circle_through_the_register_is_refused(office, actor):
    below = make.unit("Tổ Một", parent=office.division)
    row = (1, office.division.codes[0].code, "Phòng Công chức, viên chức", "", below.codes[0].code, "", "")
    assert "above itself" in said(preview(actor, "UNITS", book(UNITS, row)))[0]


def test_who_looks_after_one_agency_changes_nothing_elsewhere(office):
    elsewhere = make.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.ADMINISTRATOR, elsewhere)])
    batch = preview(make.actor(who, TODAY), "PEOPLE", book(PEOPLE, person_row("CB001", "Đặng Thị Hoa")))
    assert "outside the area" in said(batch)[0]


def test_without_the_right_there_is_no_import_and_another_s_batch_looks_missing(office, actor):
    data = book(PEOPLE, person_row("CB001", "Đặng Thị Hoa"))
    with pytest.raises(Forbidden):
        preview(make.actor(office.hung, TODAY), "PEOPLE", data)
    batch = preview(actor, "PEOPLE", data)
    with pytest.raises(Missing):
        imports.confirm(make.actor(office.hung, TODAY), batch.id)
    assert db.session.get(ImportBatch, batch.id).state is ImportState.PREVIEWED


def test_a_discarded_import_cannot_be_applied(actor):
    batch = preview(actor, "PEOPLE", book(PEOPLE, person_row("CB001", "Đặng Thị Hoa")))
    imports.discard(actor, batch.id)
    with pytest.raises(Conflict):
        imports.confirm(actor, batch.id)


def test_a_file_that_is_no_workbook_is_refused_with_a_sentence_and_not_kept(actor, app):
    with pytest.raises(Invalid) as refused:
        preview(actor, "PEOPLE", b"MZ not a workbook")
    assert refused.value.faults[0].place == "file"
    assert db.session.scalar(select(func.count()).select_from(ImportBatch)) == 0


def test_the_error_report_holds_every_error_with_its_cell(actor):
    from evaluation.files.sheets import read_workbook

    batch = preview(actor, "PEOPLE", book(PEOPLE, person_row("CB001", "Đặng Thị Hoa", **{"Đơn vị": "Sở X"})))
    rows = read_workbook(imports.error_report(actor, batch.id))[0].rows
    assert rows[-1][2] == 4
    assert "Sở X" in str(rows[-1][4])


def test_a_resent_confirmation_gets_the_first_answer(actor):
    key = "5f4dcc3b-5aa7-4d61-8327-deb882cf99aa"
    batch = preview(actor, "PEOPLE", book(PEOPLE, person_row("CB001", "Đặng Thị Hoa")))
    first = imports.confirm(actor, batch.id, transaction_id=key)
    assert imports.confirm(actor, batch.id, transaction_id=key) == first


def test_two_confirmations_at_once_apply_one(fresh_database, clock):
    clock(TODAY)
    office = make.office()
    who = make.person("Phạm Thị Sở")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    db.session.commit()
    actor = make.actor(who, TODAY)
    data = book(
        PEOPLE, *(person_row(f"CB{n:03d}", "Đặng Thị Hoa", **{"Ngày sinh": 1950 + n}) for n in range(50))
    )
    batches = [preview(actor, "PEOPLE", data).id for _ in range(2)]
    answers: list[str] = []
    gate = threading.Barrier(4)

    def press(batch_id: int) -> None:
        with fresh_database.app_context():
            gate.wait()
            try:
                imports.confirm(actor, batch_id)
                answers.append("applied")
            except Conflict:
                answers.append("refused")
            db.session.remove()

    threads = [threading.Thread(target=press, args=(batches[n % 2],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["applied", "refused", "refused", "refused"]
    db.session.expire_all()
    assert db.session.query(Person).filter(Person.official_number.like("CB%")).count() == 50
    assert db.session.query(Assignment).filter_by(valid_from=TODAY).count() == 50


def test_the_tables_stay_as_they_were_after_a_preview(office, actor):
    before = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in (Unit, UnitPlace, UnitCode, Person)
    ]
    preview(
        actor, "UNITS", book(UNITS, (1, "H99.777", "Phòng Mới", "", office.department.codes[0].code, "", ""))
    )
    after = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in (Unit, UnitPlace, UnitCode, Person)
    ]
    assert before == after
