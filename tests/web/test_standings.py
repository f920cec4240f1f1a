"""The pages of units and of the province: who may read them, what they say, what they cost."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from datetime import date

import pytest
from sqlalchemy import update

from evaluation.extensions import db
from evaluation.models import Account, PersonMonth
from evaluation.queries import standings as questions
from evaluation.rules.permissions import Role
from tests import factories
from tests.queries.test_standings import APRIL, MARCH, confirmed, month_of, province, sheet  # noqa: F401
from tests.web.counting import queries_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def place(province, client, login):  # noqa: F811
    """The province of the questions; Thu, head of the first department, is signed in."""
    province.client = client
    province.sign_in = lambda who: login(client, db.session.query(Account).filter_by(person_id=who.id).one())
    province.sign_in(province.thu)
    return province


def officer(role: Role, over):
    """Somebody with nothing but a role over a unit."""
    who = factories.person("Phạm Quyền Hạn")
    factories.account(who, roles=[(role, over)])
    return who


def address(unit, month=MARCH, rest="") -> str:
    return f"/units/{unit.id}{rest}?month={month}"


def test_the_head_sees_figures_charts_with_words_and_the_people(place) -> None:
    page = place.client.get(address(place.department)).text
    assert "3 / 3" in page
    assert "Tổng hợp lúc" in page
    for name in ("distribution", "trend", "coverage"):
        assert f"/units/{place.department.id}/charts/{name}.svg?month=2026-03" in page
    assert page.count("<figcaption>") == page.count('<img src="/units/') == 3
    assert "Phạm Mai" in page
    assert "Vàng A Páo" not in page
    assert "Nghỉ thai sản" in page


def test_the_mean_on_the_page_is_the_one_rolled_up(place) -> None:
    mean = month_of(place.department, MARCH).figures.mean
    assert f"<b>{mean:.2f}</b>".replace(".", ",") in place.client.get(address(place.department)).text


def test_names_lead_to_the_sheets_the_reader_may_open(place) -> None:
    page = place.client.get(address(place.department)).text
    assert len(re.findall(r'href="/results/\d+"', page)) == 4


def test_a_sheet_of_an_office_that_has_left_is_listed_without_a_door(place) -> None:
    place.sign_in(officer(Role.PERSONNEL, place.department))
    page = place.client.get(address(place.department)).text
    doors = re.findall(r'href="/results/\d+">([^<]+)<', page)
    assert set(doors) == {"Nguyễn Thị Lan", "Lê Quang Nam"}
    assert "Phạm Mai" in page


@pytest.mark.parametrize("rest", ["", "/charts/trend.svg", "/month.xlsx"])
def test_whoever_does_not_lead_or_oversee_a_unit_finds_nothing(place, rest) -> None:
    for who in (place.lan, place.hung):
        place.sign_in(who)
        assert place.client.get(address(place.department, rest=rest)).status_code == 404
    place.sign_in(place.thu)
    assert place.client.get(address(place.other, rest=rest)).status_code == 404
    assert place.client.get(f"/units/987654321{rest}").status_code == 404


@pytest.mark.parametrize("role", [Role.PERSONNEL, Role.HOME_AFFAIRS, Role.INSPECTOR])
def test_personnel_home_affairs_and_inspectors_read_below_what_they_oversee(place, role) -> None:
    place.sign_in(officer(role, place.department))
    assert place.client.get(address(place.division)).status_code == 200
    assert place.client.get(address(place.other)).status_code == 404


def test_an_administrator_of_accounts_reads_no_results(place) -> None:
    place.sign_in(officer(Role.ADMINISTRATOR, place.province))
    assert place.client.get(address(place.department)).status_code == 404
    assert place.client.get("/province").status_code == 404


def test_only_the_top_home_affairs_and_inspectors_compare_the_province(place) -> None:
    assert place.client.get("/province").status_code == 404
    place.sign_in(officer(Role.HOME_AFFAIRS, place.department))
    assert place.client.get("/province").status_code == 404
    for who in (place.chairman, officer(Role.INSPECTOR, place.province)):
        place.sign_in(who)
        assert place.client.get("/province").status_code == 200


def test_agencies_are_ranked_with_others_of_their_kind(place) -> None:
    place.sign_in(place.chairman)
    page = place.client.get("/province?month=2026-03").text
    first, second = ("Sở Nội vụ", "Sở Tài chính")
    means = {unit: month_of(unit, MARCH).figures.mean for unit in (place.department, place.other)}
    if means[place.other] > means[place.department]:
        first, second = second, first
    ranking = page[page.index("Sở, ban, ngành") :]
    assert ranking.index(first) < ranking.index(second)
    assert "2 cơ quan" in ranking


def test_a_chart_is_an_svg_with_a_title_and_words_kept_by_this_reader_only(place) -> None:
    for name in ("distribution", "trend", "coverage"):
        answer = place.client.get(address(place.department, rest=f"/charts/{name}.svg"))
        drawing = ET.fromstring(answer.data)
        assert answer.mimetype == "image/svg+xml"
        assert "Sở Nội vụ" in drawing.find(f"{SVG}title").text
        assert drawing.find(f"{SVG}desc").text
        assert answer.headers["Cache-Control"].startswith("private")
        assert "Cookie" in answer.headers["Vary"]
        assert b"style=" not in answer.data
    assert place.client.get(address(place.department, rest="/charts/pie.svg")).status_code == 404
    assert place.client.get(address(place.department, "2030-01", "/charts/trend.svg")).status_code == 404


def test_the_words_above_a_chart_are_its_description(place) -> None:
    page = place.client.get(address(place.department)).text
    drawing = ET.fromstring(place.client.get(address(place.department, rest="/charts/trend.svg")).data)
    assert f"<figcaption>{drawing.find(f'{SVG}desc').text}</figcaption>" in page


def test_the_workbook_holds_the_people_of_the_month(place) -> None:
    answer = place.client.get(address(place.department, rest="/month.xlsx"))
    assert "2026-03" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        words = book.read("xl/sharedStrings.xml").decode()
    assert all(name in words for name in ("Phạm Mai", "Nguyễn Thị Lan", "Lê Quang Nam", "Lò Thị Tư"))
    assert "Vàng A Páo" not in words


def test_a_month_not_rolled_up_says_so_and_what_to_do(place) -> None:
    sheet(place.lan.assignments[0], place.department, "2026-05", None, place.chairman)
    page = place.client.get(address(place.department, "2026-05")).text
    assert "Tháng này chưa tổng hợp." in page
    assert "Sở Nội vụ có thể cho tổng hợp ngay." in page
    assert "0 / 1" in page


def test_a_month_that_was_not_opened_shows_the_newest_rolled_up_and_says_so(place) -> None:
    page = place.client.get(address(place.department, "2031-01")).text
    assert "Tháng 01/2031 chưa mở; trang đang hiển thị tháng 04/2026." in page
    assert place.client.get(address(place.department, "thang-3")).status_code == 404


def test_before_the_first_month_the_page_says_why_it_is_empty(database, client, login, clock) -> None:
    clock(date(2026, 1, 2))
    office = factories.office()
    login(client, db.session.query(Account).filter_by(person_id=office.thu.id).one())
    assert "Chưa mở tháng nào" in client.get(f"/units/{office.department.id}").text


def test_a_sheet_that_comes_out_otherwise_is_warned_of_with_both_scores(place) -> None:
    db.session.execute(
        update(PersonMonth)
        .where(PersonMonth.person_id == place.lan.id)
        .values(differs=True, exact_total="77")
    )
    page = place.client.get(address(place.department)).text
    assert "Có 1 phiếu tính lại" in page
    assert "tính lại: 77,00" in page
    only = place.client.get(address(place.department) + "&show=differs").text
    assert "Nguyễn Thị Lan" in only
    assert "Lê Quang Nam" not in only


def test_a_search_without_result_offers_all_and_strange_filters_mean_none(place) -> None:
    page = place.client.get(address(place.department) + "&q=zzzz").text
    assert "Không tìm thấy ai" in page
    page = place.client.get(address(place.department) + "&show=x' or 1=1--&sort=%3b&page=-4").text
    assert "Phạm Mai" in page
    assert place.client.get(address(place.department) + "&page=abc").status_code == 200


def test_who_leads_one_unit_is_taken_to_it_and_the_top_sees_all_agencies(place) -> None:
    assert place.client.get("/units/").location == f"/units/{place.department.id}"
    place.sign_in(place.chairman)
    page = place.client.get("/units/").text
    assert "Sở Nội vụ" in page
    assert "Sở Tài chính" in page
    place.sign_in(place.lan)
    assert "Chưa có đơn vị để xem" in place.client.get("/units/").text


def test_pages_ask_the_database_equally_often_however_many_people_and_units(place) -> None:
    pages = [address(place.department), address(place.province), "/province?month=2026-03", "/units/"]
    place.sign_in(place.chairman)
    for one in pages:
        place.client.get(one)
    few = [queries_of(place.client, one) for one in pages]
    for number in range(4):
        division = factories.unit(f"Phòng {number}", parent=place.department)
        for _one in range(3):
            own = factories.assignment(factories.person(f"Người Thứ {number}"), division)
            confirmed(sheet(own, place.department, MARCH, None, place.chairman), place.chairman, "20")
    many = [queries_of(place.client, one) for one in pages]
    assert few == many
    assert max(many) <= 12


def test_figures_are_of_the_month_chosen(place) -> None:
    assert questions.months_of(place.department.id)[0].month == APRIL
    assert "<b>3 / 3</b>" in place.client.get(address(place.department)).text
    assert "<b>1 / 2</b>" in place.client.get(address(place.department, APRIL)).text
