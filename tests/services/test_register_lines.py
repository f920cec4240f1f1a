"""Registers: discipline and initiatives are written, a wrong line is taken back and no reader sees it any more."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import AuditEvent, Discipline, Initiative, PastRating, Title
from evaluation.queries import circumstances
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.permissions import Role
from evaluation.services import commendation_registers as registers
from evaluation.services import disciplines, register_lines
from evaluation.services.commendation_register_lines import Entry
from evaluation.services.disciplines import Decided
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories
from tests.services import commendation_stories as stories
from tests.services.test_commendation_registers import workbook

DAY = date(2026, 9, 20)


@pytest.fixture
def place(database: Any, clock: Any) -> Any:
    """A department, Lan in it, Mai of Home Affairs, Nga of its personnel office."""
    clock(DAY)
    made = stories.agency()
    made.lan = made.add("Nguyễn Thị Lan")
    made.mai = made.add("Vũ Thị Mai")
    made.nga = made.add("Phạm Thị Nga")
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    factories.account(made.nga, roles=[(Role.PERSONNEL, made.unit)])
    made.actor, made.clerk = factories.actor(made.mai, DAY), factories.actor(made.nga, DAY)
    made.decided = Decided(
        made.lan.official_number, DisciplineForm.CANH_CAO, "88/QĐ-KL", date(2026, 3, 10), date(2026, 3, 10),
        date(2027, 3, 10), True, date(2026, 1, 5), made.unit.codes[0].code,
    )  # fmt: skip
    return made


def entry(place: Any, register: str, value: str, **more: Any) -> Entry:
    given = {
        "whose": place.lan.official_number,
        "year": 2026,
        "number": "9/QĐ",
        "on": date(2026, 5, 1),
        **more,
    }
    return Entry(register=register, value=value, **given)


def test_a_decision_is_entered_with_its_act_and_counts_until_it_is_taken_back(place: Any) -> None:
    made = disciplines.record(place.clerk, place.decided)
    assert (made.unit_id, made.act_on, made.duty_related) == (place.unit.id, date(2026, 1, 5), True)
    assert stories.listed("LDTT")[place.lan.id].status == "NOT_ELIGIBLE"
    disciplines.withdraw(place.clerk, made.id, "Nhầm người")
    assert stories.listed("LDTT")[place.lan.id].status == "ELIGIBLE"
    assert circumstances.decisions([place.lan.id]) == {}
    kept = db.session.get_one(Discipline, made.id)
    assert (kept.withdrawn_by, kept.withdrawn_reason) == (place.nga.id, "Nhầm người")
    actions = [event.action for event in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert [one for one in actions if one.startswith(("discipline", "register"))] == [
        "discipline.recorded",
        "register.withdrawn",
    ]
    with pytest.raises(Conflict):
        disciplines.withdraw(place.clerk, made.id, "Lần nữa")


def test_a_party_decision_for_the_same_act_is_tied_and_quashing_is_recorded(place: Any) -> None:
    first = disciplines.record(place.actor, place.decided)
    party = replace(
        place.decided, form=DisciplineForm.PARTY_CANH_CAO, number="5-QĐ/UBKT", same_act_as="88/QĐ-KL"
    )
    second = disciplines.record(place.actor, party)
    assert second.same_act_as_id == first.id
    disciplines.change(
        place.actor, first.id, quashed_on=date(2026, 8, 1), used_in_year=2026, reason="QĐ 9/KN"
    )
    assert (first.quashed_on, first.used_in_year) == (date(2026, 8, 1), 2026)
    for wrong in ({"quashed_on": date(2026, 1, 1)}, {"used_in_year": 1066}, {"reason": " "}):
        given: dict[str, Any] = {"quashed_on": None, "used_in_year": None, "reason": "x", **wrong}
        with pytest.raises(Invalid):
            disciplines.change(place.actor, first.id, **given)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"whose": "KHÔNG"}, "whose"),
        ({"form": None}, "form"),
        ({"number": ""}, "number"),
        ({"decided_on": date(2026, 9, 21)}, "decided_on"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on"),
        ({"duty_related": None}, "duty_related"),
        ({"act_on": date(2026, 4, 1)}, "act_on"),
        ({"act_unit": "Z99"}, "act_unit"),
        ({"same_act_as": "khác"}, "same_act_as"),
        ({"used_in_year": 2027}, "used_in_year"),
    ],
)
def test_a_wrong_decision_is_refused_at_its_field(place: Any, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        disciplines.record(place.actor, replace(place.decided, **wrong))
    assert field in {fault.place for fault in refused.value.faults}
    assert db.session.scalar(select(Discipline.id)) is None


def test_the_register_of_discipline_is_kept_by_personnel_and_home_affairs_never_about_oneself(
    place: Any,
) -> None:
    with pytest.raises(Forbidden):
        disciplines.record(place.clerk, replace(place.decided, whose=place.nga.official_number))
    lan = factories.actor(place.lan, DAY)
    for use in (lambda: disciplines.record(lan, place.decided), lambda: disciplines.page(lan, "", 1)):
        with pytest.raises(Forbidden):
            use()
    other = stories.agency("Sở Tư pháp", province=place.province)
    away = other.add("Người Sở khác")
    with pytest.raises(Forbidden):
        disciplines.record(place.clerk, replace(place.decided, whose=away.official_number, act_unit=""))
    made = disciplines.record(place.actor, replace(place.decided, whose=away.official_number, act_unit=""))
    with pytest.raises(Missing):
        disciplines.decision_for(place.clerk, made.id)
    assert disciplines.page(place.clerk, "", 1).total == 0
    assert disciplines.page(place.actor, "nguoi so", 1).total == 1


def test_an_initiative_is_entered_with_its_level_title_and_authors(place: Any) -> None:
    made = entry(place, "INITIATIVE", "CO_SO", text="Số hóa hồ sơ", sole=False)
    registers.record(place.actor, made)
    kept = db.session.scalars(select(Initiative)).one()
    assert (kept.level, kept.title, kept.sole_author) == ("CO_SO", "Số hóa hồ sơ", False)
    with pytest.raises(Invalid):
        registers.record(place.actor, made)
    for wrong in ({"text": ""}, {"value": "XA"}, {"year": None}):
        with pytest.raises(Invalid):
            registers.record(place.actor, replace(made, **wrong))


def test_initiatives_come_from_a_file_too(place: Any) -> None:
    number = place.lan.official_number
    row = ("INITIATIVE", number, "TINH", 2026, "", "9/QĐ", "01/05/2026", "", "", "Một cửa số", "Không")
    assert registers.record_file(place.actor, workbook(row)) == 1
    kept = db.session.scalars(select(Initiative)).one()
    assert (kept.title, kept.sole_author) == ("Một cửa số", False)


def test_a_line_taken_back_stays_on_record_and_the_right_one_can_be_entered(place: Any) -> None:
    registers.record(place.actor, entry(place, "TITLE", "LDTT", year=2025))
    title = db.session.scalars(select(Title)).one()
    with pytest.raises(Invalid):
        register_lines.withdraw(place.actor, "TITLE", title.id, " ")
    register_lines.withdraw(place.actor, "TITLE", title.id, "Sai năm")
    registers.record(place.actor, entry(place, "TITLE", "LDTT", year=2025, number="10/QĐ"))
    assert [one.withdrawn_reason for one in db.session.scalars(select(Title).order_by(Title.id))] == [
        "Sai năm",
        None,
    ]
    registers.record(place.actor, entry(place, "PAST_RATING", "HTTNV", year=2025))
    rating = db.session.scalars(select(PastRating)).one()
    register_lines.withdraw(place.actor, "PAST_RATING", rating.id, "Sai")
    assert rating.superseded_at is not None
    registers.record(place.actor, entry(place, "MATTER", "DENUNCIATION", since=date(2026, 8, 1)))
    assert stories.listed("LDTT")[place.lan.id].status == "HOLD"
    register_lines.withdraw(place.actor, "MATTER", _last("MATTER"), "Sai người")
    assert stories.listed("LDTT")[place.lan.id].status == "ELIGIBLE"


def _last(register: str) -> int:
    from evaluation.queries import register_lines as queries

    return queries.page(register, "", 1).rows[0].line.id


def test_nobody_takes_back_the_own_line_and_others_take_back_none(place: Any) -> None:
    db.session.add(Title(person_id=place.mai.id, code="LDTT", year=2025))
    db.session.flush()
    with pytest.raises(Forbidden):
        register_lines.withdraw(place.actor, "TITLE", _last("TITLE"), "x")
    with pytest.raises(Forbidden):
        register_lines.withdraw(place.clerk, "TITLE", _last("TITLE"), "x")
    for register, line_id in (("TITLE", 10**9), ("NOTHING", 1), ("DISCIPLINE", 1)):
        with pytest.raises(Missing):
            register_lines.withdraw(place.actor, register, line_id, "x")


def test_the_pages_show_who_entered_a_line_and_take_it_back(place: Any, app: Any, login: Any) -> None:
    registers.record(place.actor, entry(place, "TITLE", "LDTT", year=2025))
    line = disciplines.record(place.actor, place.decided)
    db.session.commit()
    mai, nga, lan = (login(app.test_client(), who) for who in (place.mai, place.nga, _account(place.lan)))
    page = mai.get("/commendations/registers/lines/?register=TITLE&q=nguyen thi")
    assert "Vũ Thị Mai" in page.text
    assert "Nguyễn Thị Lan" in page.text
    url = f"/commendations/registers/lines/TITLE/{_last('TITLE')}/withdraw"
    assert mai.post(url, data={"reason": ""}).status_code == 422
    assert mai.post(url, data={"reason": "Sai năm"}).status_code == 303
    assert "Sai năm" in mai.get("/commendations/registers/lines/").text
    for register in ("PAST_RATING", "OLD_UNIT", "MATTER", "INITIATIVE", "X"):
        assert mai.get(f"/commendations/registers/lines/?register={register}").status_code == 200
    assert nga.get("/commendations/registers/lines/").status_code == 403
    assert "88/QĐ-KL" in nga.get("/discipline/").text
    assert nga.get(f"/discipline/{line.id}").status_code == 200
    typed = {"whose": place.lan.official_number, "form": "KHIEN_TRACH", "number": "9/QĐ", "decided_on": "2026-05-01",
             "starts_on": "2026-05-01", "ends_on": "2027-05-01", "duty_related": "no"}  # fmt: skip
    assert nga.post("/discipline/", data={**typed, "form": "?"}).status_code == 422
    assert nga.post("/discipline/", data=typed).status_code == 303
    changed = {"act": "change", "quashed_on": "2026-08-01", "used_in_year": "", "reason": "QĐ 9"}
    assert nga.post(f"/discipline/{line.id}", data={**changed, "used_in_year": "hai"}).status_code == 422
    assert nga.post(f"/discipline/{line.id}", data=changed).status_code == 303
    assert nga.post(f"/discipline/{line.id}", data={"act": "withdraw", "reason": "Sai"}).status_code == 303
    assert "đã rút" in nga.get("/discipline/").text
    assert lan.get("/discipline/").status_code == 403
    assert lan.get(f"/discipline/{line.id}").status_code == 403


def _account(who: Any) -> Any:
    factories.account(who)
    db.session.commit()
    return who
