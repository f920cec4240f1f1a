"""The registers taken away and brought back: the import has nothing to do, and what it could not take is told."""

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.files.people import read_people
from evaluation.files.sheets import read_workbook
from evaluation.files.units import read_units
from evaluation.models import AuditEvent, Job, UnitPlace
from evaluation.queries.imports import summary
from evaluation.rules.organisation import Gender, PersonKind, UnitKind, UnitRole
from evaluation.rules.permissions import Role
from evaluation.services import imports, jobs, register_exports, register_files
from evaluation.services.access import Actor
from evaluation.services.import_plans import Options
from evaluation.services.refusals import Forbidden, Missing
from evaluation.services.register_exports import Made
from tests import factories as make

TODAY = date(2026, 3, 10)


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(TODAY)
    return make.office()


@pytest.fixture
def mai(office: Any) -> Actor:
    who = make.person("Phạm Thị Mai")
    make.account(who, roles=[(Role.HOME_AFFAIRS, office.province)])
    return make.actor(who, TODAY)


@pytest.fixture
def personnel(office: Any) -> Actor:
    who = make.person("Hồ Thị Tổ Chức")
    make.assignment(who, office.department)
    make.account(who, roles=[(Role.PERSONNEL, office.department)])
    return make.actor(who, TODAY)


def taken(actor: Actor, noun: str) -> bytes:
    made = register_exports.download(actor, noun)
    assert isinstance(made, Made)
    assert isinstance(made.data, bytes)
    return made.data


def left_out(actor: Actor, noun: str) -> dict[str, str]:
    part = register_exports.preview(actor, noun).part
    assert part is not None
    return {one.reference: one.message(str) for one in part.left_out}


def comes_back(actor: Actor, noun: str, data: bytes) -> int:
    """How many rows the import finds unchanged, after asserting that it finds nothing else."""
    batch = imports.preview(actor, noun, name="ds.xlsx", data=data, options=Options(TODAY))
    told = summary(batch.id)
    assert (told["new"], told["changed"], told["ended"], batch.error_count) == (0, 0, 0, 0)
    assert batch.options["conversions"] == []
    return int(told["unchanged"])


def test_people_come_back_as_they_are_with_everything_the_form_holds(office: Any, mai: Actor) -> None:
    lan = office.lan
    lan.personal_number, lan.gender, lan.born_on = "001185012345", Gender.FEMALE, date(1985, 8, 25)
    lan.rank_code, lan.phone, lan.email = "01.003", "0912345678", "lan@example.gov.vn"
    office.nam.born_on, office.nam.born_year_only = date(1979, 5, 5), True
    office.hung.assignments[0].title = "=Trưởng phòng"
    data = taken(mai, "people")
    assert comes_back(mai, "PEOPLE", data) == 6
    rows = {row.official_number: row for row in read_people(data).rows}
    row = rows[lan.official_number]
    assert (row.personal_number, row.gender, row.born_on, row.rank_code, row.phone, row.email) == (
        "001185012345", Gender.FEMALE, date(1985, 8, 25), "01.003", "0912345678", "lan@example.gov.vn",
    )  # fmt: skip
    assert (row.unit_code, row.unit_name, row.division_name) == (
        office.division.codes[0].code, "Sở Nội vụ", "Phòng Công chức, viên chức",
    )  # fmt: skip
    assert (row.position_code, row.position_name) == (office.job.code, office.job.name)
    assert (row.hired_on, row.kind, row.title) == (date(2020, 1, 1), PersonKind.CONG_CHUC, "Chuyên viên")
    nam = rows[office.nam.official_number]
    assert (nam.born_on, nam.born_year_only) == (date(1979, 1, 1), True)
    assert rows[office.hung.official_number].title == "=Trưởng phòng"


def test_no_cell_is_a_formula_or_a_link(office: Any, mai: Actor) -> None:
    office.lan.assignments[0].title = '=HYPERLINK("http://x","y")'
    book = openpyxl.load_workbook(BytesIO(taken(mai, "people")))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell for cell in cells if cell.hyperlink] == []


def test_the_columns_are_those_of_the_template(office: Any, mai: Actor) -> None:
    for kind in (imports.KINDS[noun] for noun in register_exports.WORDS):
        own = read_workbook(taken(mai, kind.noun.value))[0].rows[0]
        assert own == read_workbook(imports.template(kind.noun))[0].rows[0]


def test_who_left_and_who_serves_nowhere_are_told_apart(office: Any, mai: Actor) -> None:
    office.lan.assignments[0].valid_to = office.lan.left_on = date(2026, 2, 1)
    office.nam.assignments[0].valid_to = date(2026, 2, 1)
    data = taken(mai, "people")
    assert comes_back(mai, "PEOPLE", data) == 6
    rows = {row.official_number: row for row in read_people(data).rows}
    assert (rows[office.lan.official_number].status, rows[office.lan.official_number].unit_code) == (
        "Không còn công tác", "",
    )  # fmt: skip
    assert (rows[office.nam.official_number].status, rows[office.nam.official_number].unit_code) == ("", "")


def test_what_an_import_cannot_say_of_people_is_left_out_with_the_reason(office: Any, mai: Actor) -> None:
    make.assignment(office.lan, office.department, is_main=False, title="Ủy viên kiêm nhiệm")
    office.nam.full_name = "Nam 007"
    office.hung.phone = "(024) 38.123.456"
    office.thu.assignments[0].valid_to = date(2026, 6, 1)
    db.session.flush()
    make.assignment(office.thu, office.division, title="Cố vấn", since=date(2026, 6, 1))
    office.chairman.full_name = "NguyÔn V¨n Chinh"
    db.session.flush()
    told = left_out(mai, "people")
    assert "Ủy viên kiêm nhiệm, Sở Nội vụ" in told[office.lan.official_number]
    assert "not Vietnamese letters" in told[office.nam.official_number]
    assert "read this cell otherwise" in told[office.hung.official_number]
    assert "later assignment from 01/06/2026" in told[office.thu.official_number]
    assert "old font" in told[office.chairman.official_number]
    assert comes_back(mai, "PEOPLE", taken(mai, "people")) == 2  # Lan's main post, and Mai


def test_two_official_numbers_that_a_file_cannot_tell_apart_are_not_mixed_up(office: Any, mai: Actor) -> None:
    make.person("Lê Thị Hai", official_number="CB 77")
    make.person("Lê Thị Hai", official_number="CB77")
    assert "read this cell otherwise" in left_out(mai, "people")["CB 77"]
    assert [row.official_number for row in read_people(taken(mai, "people")).rows].count("CB77") == 1


def test_a_unit_without_a_code_is_found_by_its_name_and_two_of_one_name_are_not(
    office: Any, mai: Actor
) -> None:
    for number, name in enumerate(("Phòng Thanh niên", "Phòng Đôi", "Phòng Đôi")):
        unit = make.unit(name, parent=office.department)
        db.session.delete(unit.codes[0])
        make.assignment(make.person("Bùi Văn Minh", official_number=f"M{number}"), unit)
    db.session.flush()
    told = left_out(mai, "people")
    assert {number for number in told if number.startswith("M")} == {"M1", "M2"}
    comes_back(mai, "PEOPLE", taken(mai, "people"))


def test_units_come_back_with_superior_role_and_their_last_day(office: Any, mai: Actor) -> None:
    old = make.unit("Phòng “Cũ” & ='Lạ'", parent=office.department)
    for dated in (old.places[0], old.codes[0]):
        dated.valid_to = date(2026, 2, 1)
    old.dissolved_on = date(2026, 2, 1)
    ends = make.unit("'Phòng sắp hết", parent=office.department)
    for dated in (ends.places[0], ends.codes[0]):
        dated.valid_to = date(2026, 7, 1)
    db.session.flush()
    data = taken(mai, "units")
    assert comes_back(mai, "UNITS", data) == 5
    rows = {row.code: row for row in read_units(data).rows}
    assert rows[old.codes[0].code].valid_to == date(2026, 1, 31)
    assert rows[ends.codes[0].code].valid_to == date(2026, 6, 30)
    division = rows[office.division.codes[0].code]
    assert (division.parent_code, division.kind, division.role, division.valid_from) == (
        office.department.codes[0].code, UnitKind.DIVISION, UnitRole.DIRECT_UNIT, make.BEGINNING,
    )  # fmt: skip


def test_what_an_import_cannot_say_of_units_is_left_out_with_the_reason(office: Any, mai: Actor) -> None:
    bare = make.unit("Phòng Không mã", parent=office.department)
    db.session.delete(bare.codes[0])
    below = make.unit("Tổ Một", parent=bare)
    later = make.unit("Phòng Mai sau", parent=office.department, since=date(2026, 5, 1))
    closed = make.unit("Phòng Mã đóng", parent=office.department)
    closed.codes[0].valid_to = date(2026, 2, 1)
    renamed = make.unit("Phòng Tên cũ", parent=office.department)
    renamed.places[0].valid_to = date(2026, 6, 1)
    db.session.add(
        UnitPlace(unit_id=renamed.id, parent_id=office.department.id, name="Phòng Tên mới", short_name="M",
                  search_key="m", valid_from=date(2026, 6, 1))
    )  # fmt: skip
    db.session.flush()
    told = left_out(mai, "units")
    assert "no code" in told[""]
    assert "superior unit has no code" in told[below.codes[0].code]
    assert "begins only later" in told[later.codes[0].code]
    assert "closed on 01/02/2026" in told[closed.codes[0].code]
    assert "already changed from 01/06/2026" in told[renamed.codes[0].code]
    assert comes_back(mai, "UNITS", taken(mai, "units")) == 3


def test_personnel_take_their_agency_without_personal_numbers(
    office: Any, personnel: Actor, mai: Actor
) -> None:
    finance = make.unit("Sở Tài chính", parent=office.province, role=UnitRole.USING_AGENCY)
    other = make.person("Lê Thị Khác")
    make.assignment(other, finance)
    office.lan.personal_number = "001185012345"
    rows = read_people(taken(personnel, "people")).rows
    numbers = {row.official_number for row in rows}
    assert office.lan.official_number in numbers
    assert numbers.isdisjoint({other.official_number, office.chairman.official_number})
    assert {row.personal_number for row in rows} == {""}
    assert {row.code for row in read_units(taken(personnel, "units")).rows} == {
        office.department.codes[0].code, office.division.codes[0].code,
    }  # fmt: skip
    assert {row.personal_number for row in read_people(taken(mai, "people")).rows} == {"", "001185012345"}
    assert comes_back(mai, "PEOPLE", taken(personnel, "people")) == len(rows)


@pytest.mark.parametrize("role", [None, Role.INSPECTOR])
def test_nobody_else_takes_a_register_away(office: Any, role: Role | None) -> None:
    who = make.person("Người ngoài")
    make.account(who, roles=[(role, office.province)] if role else [])
    actor = make.actor(who, TODAY)
    for ask in (register_exports.preview, register_exports.download):
        with pytest.raises(Forbidden):
            ask(actor, "people")


def test_other_nouns_are_missing(mai: Actor) -> None:
    for word in ("catalogue", "nothing"):
        with pytest.raises(Missing):
            register_exports.download(mai, word)


def test_every_export_leaves_one_line_that_says_whether_numbers_went_along(
    mai: Actor, personnel: Actor
) -> None:
    for actor in (mai, personnel):
        taken(actor, "people")
    register_exports.preview(mai, "people")  # looking takes nothing away
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "people.exported").order_by(AuditEvent.id)
    ).all()
    assert [(e.actor_id, e.after["rows"], e.after["personal_numbers"]) for e in events] == [
        (mai.person_id, 7, True),
        (personnel.person_id, 5, False),
    ]


def test_a_long_register_is_made_by_a_job_in_handfuls_and_only_its_asker_gets_it(
    office: Any, mai: Actor, enqueued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_exports, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(register_files, "AT_ONCE", 2)
    office.nam.full_name = "Nam 007"
    db.session.flush()
    job = register_exports.download(mai, "people")
    assert isinstance(job, Job)
    assert register_exports.preview(mai, "people").part is None
    assert jobs.progress_for(mai, job.id).total > 4
    with pytest.raises(Missing):
        register_exports.stored(mai, job.arguments["token"])
    jobs.run(job.id)
    stored = register_exports.stored(mai, job.arguments["token"])
    assert (stored.rows, [one.name for one in stored.left_out]) == (5, ["Nam 007"])
    assert comes_back(mai, "PEOPLE", stored.made.data.read_bytes()) == 5  # type: ignore[union-attr]
    folder = register_files.place_of(job.arguments).parent
    assert sorted(path.suffix for path in folder.glob(f"{job.arguments['token']}*")) == [".json", ".xlsx"]
    with pytest.raises(Missing):
        register_exports.stored(make.actor(office.thu, TODAY), job.arguments["token"])
    assert db.session.query(AuditEvent).filter_by(action="people.exported").count() == 1


def test_reading_a_register_costs_the_same_for_one_person_and_for_many(office: Any, mai: Actor) -> None:
    from sqlalchemy import event

    def statements() -> int:
        seen: list[str] = []
        count = lambda _c, _cursor, statement, *_rest: seen.append(statement)  # noqa: E731
        target = db.engine.engine if hasattr(db.engine, "engine") else db.engine
        event.listen(target, "before_cursor_execute", count)
        try:
            register_exports.preview(mai, "people")
        finally:
            event.remove(target, "before_cursor_execute", count)
        return len(seen)

    few = statements()
    for number in range(30):
        make.assignment(make.person(f"Lê Văn {chr(65 + number % 20)}"), office.division)
    db.session.flush()
    assert statements() == few
