"""The registers of commendation: what is written, what replaces what, what is refused and by whom."""

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import AuditEvent, OldUnitOpinion, PastRating, PendingMatter, Title, UnitYear
from evaluation.rules.permissions import Role
from evaluation.services import commendation_registers as services
from evaluation.services.commendation_register_lines import Entry
from evaluation.services.refusals import Forbidden, Invalid
from tests import factories
from tests.services import commendation_stories as stories

DAY = date(2026, 9, 20)
ON = date(2026, 1, 31)


@pytest.fixture
def place(database: Any, clock: Any) -> Any:
    """A department, Lan in it, and Mai of Home Affairs."""
    clock(DAY)
    made = stories.agency()
    made.lan = made.add("Nguyễn Thị Lan")
    made.mai = made.add("Vũ Thị Mai")
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    made.actor = factories.actor(made.mai, DAY)
    made.code = made.unit.codes[0].code
    return made


def line(place: Any, register: str, value: str, **more: Any) -> Entry:
    given = {"whose": place.lan.official_number, "year": 2025, "number": "9/QĐ-KT", "on": ON, **more}
    return Entry(register=register, value=value, **given)


def recorded() -> int:
    return db.session.query(AuditEvent).filter_by(action="commendations.recorded").count()


def test_a_title_of_a_person_and_one_of_a_unit_are_entered_with_the_years_they_reward(place: Any) -> None:
    days = {"since": date(2021, 1, 1), "until": date(2025, 12, 31)}
    services.record(place.actor, line(place, "TITLE", "BKTTG", **days))
    services.record(place.actor, line(place, "TITLE", "TTLDXS", whose=place.code))
    one, other = db.session.scalars(select(Title).order_by(Title.id))
    assert (one.person_id, one.unit_id, one.achieved_from) == (place.lan.id, None, date(2021, 1, 1))
    assert (other.person_id, other.unit_id) == (None, place.unit.id)
    assert recorded() == 2


def test_a_class_entered_again_leaves_the_first_behind_it(place: Any) -> None:
    services.record(place.actor, line(place, "PAST_RATING", "HTTNV"))
    services.record(place.actor, line(place, "PAST_RATING", "NOT_RATED", number="10/QĐ"))
    old, new = db.session.scalars(select(PastRating).order_by(PastRating.id))
    assert old.superseded_at is not None
    assert (new.superseded_at, new.klass) == (None, None)


def test_a_matter_is_opened_and_then_closed(place: Any) -> None:
    opened = {"since": date(2026, 8, 1)}
    services.record(place.actor, line(place, "MATTER", "DENUNCIATION", **opened))
    assert stories.listed("LDTT")[place.lan.id].status == "HOLD"
    services.record(place.actor, line(place, "MATTER", "DENUNCIATION", **opened, until=date(2026, 9, 1)))
    (matter,) = db.session.scalars(select(PendingMatter))
    assert matter.closed_on == date(2026, 9, 1)
    assert stories.listed("LDTT")[place.lan.id].status == "ELIGIBLE"


def test_an_opinion_and_a_rank_are_entered(place: Any) -> None:
    services.record(place.actor, line(place, "OLD_UNIT", "AGREE", since=date(2026, 5, 1)))
    services.record(place.actor, line(place, "CLUSTER", "1", whose=place.code, year=2026))
    assert db.session.scalars(select(OldUnitOpinion)).one().agrees is True
    assert db.session.get_one(UnitYear, (place.unit.id, 2026)).cluster_rank == 1


@pytest.mark.parametrize(
    ("register", "value", "more", "field"),
    [
        ("NOTHING", "LDTT", {}, "register"),
        ("TITLE", "XYZ", {}, "value"),
        ("TITLE", "TTLDXS", {}, "whose"),
        ("TITLE", "LDTT", {"whose": "KHÔNG-CÓ"}, "whose"),
        ("TITLE", "LDTT", {"year": 2027}, "year"),
        ("TITLE", "LDTT", {"year": None}, "year"),
        ("TITLE", "LDTT", {"award_type": "X"}, "award_type"),
        ("TITLE", "LDTT", {"number": " "}, "number"),
        ("TITLE", "LDTT", {"on": None}, "on"),
        ("TITLE", "LDTT", {"on": date(2026, 9, 21)}, "on"),
        ("TITLE", "BKT", {"since": date(2026, 1, 1), "until": date(2025, 1, 1)}, "until"),
        ("PAST_RATING", "TỐT", {}, "value"),
        ("OLD_UNIT", "AGREE", {}, "since"),
        ("MATTER", "PRESS", {}, "since"),
        ("CLUSTER", "0", {"whose": "unit"}, "value"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(
    place: Any, register: str, value: str, more: dict[str, Any], field: str
) -> None:
    if more.get("whose") == "unit":
        more = {**more, "whose": place.code}
    with pytest.raises(Invalid) as refused:
        services.record(place.actor, line(place, register, value, **more))
    assert field in {fault.place for fault in refused.value.faults}
    assert recorded() == 0


def test_the_same_title_of_a_year_is_not_entered_twice(place: Any) -> None:
    services.record(place.actor, line(place, "TITLE", "LDTT"))
    with pytest.raises(Invalid):
        services.record(place.actor, line(place, "TITLE", "LDTT", number="10/QĐ"))


def test_nobody_writes_about_themselves_and_others_write_nothing(place: Any) -> None:
    with pytest.raises(Forbidden):
        services.record(place.actor, line(place, "TITLE", "LDTT", whose=place.mai.official_number))
    factories.account(place.lan, roles=[(Role.PERSONNEL, place.unit)])
    clerk = factories.actor(place.lan, DAY)
    with pytest.raises(Forbidden):
        services.record(clerk, line(place, "TITLE", "LDTT", whose=place.mai.official_number))
    with pytest.raises(Forbidden):
        services.record_file(clerk, b"x")


def workbook(*rows: tuple[Any, ...]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [column.label for column in services.COLUMNS])
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)
    book.close()
    return target.getvalue()


def test_a_file_is_entered_whole_or_not_at_all(place: Any, client: Any, login: Any) -> None:
    number = place.lan.official_number
    good = ("TITLE", number, "CSTDCS", 2024, "", "9/QĐ", "31/01/2025")
    bad = ("PAST_RATING", number, "TỐT", 2024, "", "9/QĐ", "31/01/2025")
    late = ("TITLE", number, "LDTT", 2024, "", "9/QĐ", "31/02/2025")
    with pytest.raises(Invalid) as refused:
        services.record_file(place.actor, workbook(good, bad, good, late))
    said = [fault.message for fault in refused.value.faults]
    assert [text.split(":")[0].split(" ")[1] for text in said] == ["3", "4", "5"]
    assert recorded() == 0
    assert services.record_file(place.actor, workbook(good, (*bad[:2], "HTTNV", *bad[3:]))) == 2
    assert recorded() == 2
    for data in (b"x", workbook()):
        with pytest.raises(Invalid):
            services.record_file(place.actor, data)


def test_the_page_enters_a_line_and_a_file_and_is_closed_to_others(
    place: Any, client: Any, login: Any
) -> None:
    db.session.commit()
    signed = login(client, place.mai)
    typed = {
        "register": "TITLE", "whose": place.lan.official_number, "value": "ldtt", "year": "2025",
        "award_type": "CONG_TRANG", "number": "9/QĐ", "on": "2026-01-31",
    }  # fmt: skip
    assert signed.get("/commendations/registers/").status_code == 200
    assert signed.post("/commendations/registers/", data=typed).status_code == 303
    again = signed.post("/commendations/registers/", data=typed)
    assert again.status_code == 422
    assert "đã có trong sổ" in again.text
    row = ("TITLE", place.lan.official_number, "CSTDCS", 2024, "", "9/QĐ", "31/01/2025")
    upload = {"file": (io.BytesIO(workbook(row)), "so.xlsx")}
    assert signed.post("/commendations/registers/file", data=upload).status_code == 303
    assert signed.post("/commendations/registers/file").status_code == 422
    assert recorded() == 2
    factories.account(place.lan)
    nobody = login(client, place.lan)
    assert nobody.get("/commendations/registers/").status_code == 403
    assert nobody.post("/commendations/registers/", data=typed).status_code == 403


def test_the_command_enters_a_file_and_says_every_fault(place: Any, runner: Any, tmp_path: Any) -> None:
    db.session.commit()
    path = tmp_path / "so.xlsx"
    path.write_bytes(workbook(("TITLE", place.lan.official_number, "LDTT", 2024, "", "9/QĐ", "31/01/2025")))
    done = runner.invoke(args=["commendations", "record", str(path)])
    assert (done.exit_code, done.output) == (0, "1 lines entered\n")
    path.write_bytes(workbook(("TITLE", "XX", "LDTT", 2024, "", "9/QĐ", "31/01/2025")))
    failed = runner.invoke(args=["commendations", "record", str(path)])
    assert failed.exit_code == 1
    assert "XX" in failed.output
