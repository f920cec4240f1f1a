"""The product picker finds without accents, says why, offers the position's own first, and nothing one may not use."""

from datetime import date

import pytest

from evaluation.extensions import db
from evaluation.models import ProductUnit
from evaluation.queries import catalogue as questions
from evaluation.rules.periods import Month
from evaluation.services import workplans
from evaluation.services.refusals import Invalid
from tests import factories

DAY = date(2026, 3, 5)
MARCH = Month(2026, 3)


@pytest.fixture
def made(database, clock):
    clock(DAY)
    return factories.office()


@pytest.fixture
def sheet(made):
    own = next(one for one in made.lan.assignments)
    return factories.report(
        own, supervising=made.division, confirming=made.department, agency=made.department
    )


def options(client, **query):
    answer = client.get("/catalogue/search", query_string=query, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200, answer.text
    return answer.json["options"]


def for_units(version, *units):
    for unit in units:
        db.session.add(ProductUnit(version_id=version.id, unit_id=unit.id))
    db.session.flush()


def test_words_without_accents_in_any_order_find_the_product_and_the_answer_says_where(
    client, login, made, sheet
):
    factories.product(made.department, task="Quyết định nâng bậc lương", code="CV03", coefficient="0.5")
    factories.product(made.department, task="Công văn trả lời", code="CV01")
    login(client, made.lan)
    (found,) = options(client, report_id=sheet.id, q="luong QUYET")
    assert found["label"] == "Quyết định nâng bậc lương"
    assert "0,5" in found["detail"]
    assert "CV03" in found["detail"]
    assert found["match"] == "khớp ở nhiệm vụ"
    (by_code,) = options(client, report_id=sheet.id, q="cv01")
    assert by_code["match"] == "khớp ở mã công việc"


def test_the_products_of_the_position_come_first_under_their_own_heading(client, login, made, sheet):
    factories.product(made.department, task="Báo cáo A", code="A01")
    factories.product(made.department, task="Báo cáo B", code="B01", positions=[made.job])
    login(client, made.lan)
    found = options(client, report_id=sheet.id, q="bao cao")
    assert [(one["label"], one["group"]) for one in found] == [
        ("Báo cáo B", "Sản phẩm của vị trí việc làm này"),
        ("Báo cáo A", "Sản phẩm khác"),
    ]


def test_a_slip_of_the_keyboard_still_finds_when_nothing_else_matches(client, login, made, sheet):
    factories.product(made.department, task="Tờ trình bổ nhiệm")
    factories.product(made.department, task="Biên bản kiểm tra")
    login(client, made.lan)
    (found,) = options(client, report_id=sheet.id, q="to trinhf bo nhiem")
    assert found["label"] == "Tờ trình bổ nhiệm"
    assert "gần giống" in found["match"]


def test_a_percent_sign_is_a_letter_not_a_wildcard(client, login, made, sheet):
    factories.product(made.department, task="Báo cáo")
    login(client, made.lan)
    assert options(client, report_id=sheet.id, q="%%%") == []


def test_a_catalogue_of_the_managing_agency_serves_every_agency_below_it_and_no_sibling_does(made, sheet):
    above = factories.product(made.province, task="Của tỉnh")
    own = factories.product(made.department, task="Của sở")
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    factories.product(sibling, task="Của sở khác")
    found = set(db.session.scalars(questions.usable_for(sheet)))
    assert found == {above, own}


def test_products_of_other_positions_other_units_and_other_months_may_not_be_used(made, sheet):
    other_job = factories.position("Kế toán viên")
    factories.product(made.department, task="Của kế toán", positions=[other_job])
    elsewhere = factories.product(made.department, task="Của phòng khác")
    for_units(elsewhere, factories.unit("Văn phòng", parent=made.department))
    factories.product(made.department, task="Từ tháng 4", since=date(2026, 4, 1))
    ended = factories.product(made.department, task="Đến hết tháng 2")
    ended.valid_to = date(2026, 3, 1)
    here = factories.product(made.department, task="Của phòng này")
    for_units(here, made.division)
    whole = factories.product(made.department, task="Của cả sở")
    for_units(whole, made.department)
    assert set(db.session.scalars(questions.usable_for(sheet))) == {here, whole}


def test_the_rule_of_the_query_and_the_rule_on_a_loaded_product_agree(made, sheet):
    other_job = factories.position("Kế toán viên")
    other_unit = factories.unit("Văn phòng", parent=made.department)
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    every = [
        factories.product(made.province),
        factories.product(made.department),
        factories.product(sibling),
        factories.product(made.department, positions=[other_job]),
        factories.product(made.department, positions=[other_job, made.job]),
        factories.product(made.department, since=date(2026, 4, 1)),
        factories.product(made.department, since=date(2026, 3, 31)),
    ]
    for_units(every[0], other_unit)
    for_units(every[4], made.division, other_unit)
    usable = set(db.session.scalars(questions.usable_for(sheet)))
    where = questions.reach(made.department.id, made.division.id, MARCH)
    assert {one for one in every if questions.barrier(one, where, made.job.id) is None} == usable
    assert questions.barrier(every[2], where, made.job.id) is questions.Barrier.AGENCY
    assert questions.barrier(every[3], where, made.job.id) is questions.Barrier.POSITION
    assert questions.barrier(every[5], where, made.job.id) is questions.Barrier.MONTH
    assert questions.barrier(every[0], where, made.job.id) is questions.Barrier.UNIT


def test_a_version_that_ends_inside_the_month_says_until_when(client, login, made, sheet):
    version = factories.product(made.department, task="Báo cáo")
    version.valid_to = date(2026, 3, 16)
    login(client, made.lan)
    (found,) = options(client, report_id=sheet.id, q="")
    assert "16/03/2026" in found["detail"]


def test_a_supervisor_searches_for_a_position_of_the_unit_and_an_outsider_finds_no_unit(client, login, made):
    factories.product(made.department, task="Của chuyên viên", positions=[made.job])
    factories.product(made.department, task="Của kế toán", positions=[factories.position("Kế toán viên")])
    login(client, made.hung)
    found = options(client, unit_id=made.division.id, position_id=made.job.id, month="2026-03", q="")
    assert [one["label"] for one in found] == ["Của chuyên viên"]
    assert len(options(client, unit_id=made.division.id, month="2026-03", q="")) == 2
    other = factories.unit("Văn phòng", parent=made.department)
    refused = client.get(f"/catalogue/search?unit_id={other.id}&month=2026-03")
    assert refused.status_code == 404


def test_another_officials_sheet_cannot_be_searched_for(client, login, made, sheet):
    login(client, made.nam)
    assert client.get(f"/catalogue/search?report_id={sheet.id}").status_code == 404


def test_a_search_for_nobody_and_a_month_that_is_none_are_refused_with_a_sentence(client, login, made):
    login(client, made.lan)
    headers = {"X-Requested-With": "fetch"}
    nobody = client.get("/catalogue/search?q=a", headers=headers)
    assert nobody.status_code == 422
    assert "phiếu" in nobody.json["message"]
    no_month = client.get(f"/catalogue/search?unit_id={made.division.id}&month=2026-13", headers=headers)
    assert no_month.status_code == 422
    assert "2026-03" in no_month.json["message"]


def test_work_of_the_provinces_catalogue_can_be_assigned_and_a_siblings_is_refused(made, sheet):
    above = factories.product(made.province, task="Của tỉnh")
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    other = factories.product(sibling, task="Của sở khác")
    actor = factories.actor(made.hung, DAY)
    given = {"quantity": "2", "due_on": "20/03/2026"}
    line = workplans.assign(actor, sheet.id, version_id=above.id, **given)
    assert line.coefficient == above.coefficient
    with pytest.raises(Invalid) as refused:
        workplans.assign(actor, sheet.id, version_id=other.id, **given)
    assert "cơ quan" in refused.value.message


def test_the_reach_of_many_sheets_in_one_query_is_the_reach_of_each(made, sheet):
    other = factories.report(
        made.hung.assignments[0],
        supervising=made.department,
        confirming=made.department,
        agency=made.department,
    )
    found = questions.reaches([sheet, other])
    for one in (sheet, other):
        assert found[one.id] == questions.reach(one.agency_id, one.unit_id, MARCH)
