"""The assignment pages: what they show, what they refuse, and that they cost the same for two people and for twenty."""

import re
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from evaluation.extensions import db
from evaluation.models import Report, WorkItem
from evaluation.rules.periods import Month
from evaluation.rules.workflow import ReportState
from evaluation.services import periods, workplans
from tests import factories

MARCH = Month(2026, 3)
DAY = date(2026, 3, 3)


@pytest.fixture
def office(database, clock):
    clock(DAY)
    made = factories.office()
    made.product = factories.product(made.department, task="Công văn trả lời", coefficient="1.5")
    periods.open_month(MARCH)
    return made


@pytest.fixture
def hung(client, login, office):
    return login(client, office.hung)


def sheet(person):
    return db.session.scalar(select(Report).where(Report.person_id == person.id))


def line(office, who, quantity="4"):
    return workplans.assign(
        factories.actor(office.hung, DAY),
        sheet(who).id,
        version_id=office.product.id,
        quantity=quantity,
        due_on="20/03/2026",
    )


def address(office, tail=""):
    return f"/workplans/{office.division.id}/2026-03{tail}"


def form_of(item, report, quantity="4", due_on="20/03/2026", **more):
    return {
        "line": f"{item.id}:{report.id}",
        f"version-{report.id}": str(report.version),
        f"quantity-{item.id}": quantity,
        f"due_on-{item.id}": due_on,
        **more,
    }


def test_the_only_unit_opens_at_once_with_people_lines_and_units(hung, office):
    line(office, office.lan)
    answer = hung.get("/workplans/", follow_redirects=True)
    assert answer.request.path == address(office)
    for text in ("Nguyễn Thị Lan", "Lê Quang Nam", "Công văn trả lời", 'value="20/03"', "06/03/2026"):
        assert text in answer.text
    assert "Trần Văn Hùng" not in re.sub(r"<header.*?</header>", "", answer.text, flags=re.S), "never oneself"


def test_who_heads_nothing_sees_why_the_page_is_empty(client, login, office):
    answer = login(client, office.lan).get("/workplans/")
    assert answer.status_code == 200
    assert "Đồng chí không giao việc ở đơn vị nào" in answer.text


@pytest.mark.parametrize("path", ["", "/add", "/copy"])
def test_somebody_elses_unit_looks_missing(client, login, office, path):
    login(client, office.lan)
    answer = client.post(address(office, path), data={"to": "all", "quantity": "1", "due_on": "9"})
    assert answer.status_code == 404
    assert client.get(address(office)).status_code == 404
    assert client.get(f"/workplans/{office.division.id}/tháng-3").status_code == 404
    assert db.session.scalar(select(func.count()).select_from(WorkItem)) == 0


def test_the_grid_saves_and_says_so(hung, office):
    item = line(office, office.lan)
    answer = hung.post(
        address(office), data=form_of(item, sheet(office.lan), "6,5", "27"), follow_redirects=True
    )
    assert "Đã lưu, 1 phiếu thay đổi." in answer.text
    db.session.refresh(item)
    assert (item.assigned, item.due_on) == (Decimal("6.5"), date(2026, 3, 27))


def test_a_bad_cell_keeps_what_was_typed_and_links_to_it(hung, office):
    item = line(office, office.lan)
    answer = hung.post(address(office), data=form_of(item, sheet(office.lan), "nhiều", "27"))
    assert answer.status_code == 422
    assert f'href="#quantity-{item.id}"' in answer.text
    assert 'value="nhiều"' in answer.text
    assert 'value="27"' in answer.text
    assert "<title>Lỗi: " in answer.text
    db.session.refresh(item)
    assert item.assigned == Decimal(4)


def test_a_second_tab_is_shown_both_values_and_may_then_decide(hung, office):
    item = line(office, office.lan)
    old = form_of(item, sheet(office.lan), "9")
    hung.post(address(office), data=form_of(item, sheet(office.lan), "5"))
    answer = hung.post(address(office), data=old)
    assert answer.status_code == 409
    assert 'value="9"' in answer.text
    assert "Hiện đã lưu: 5; 20/03/2026" in answer.text
    db.session.refresh(item)
    assert item.assigned == Decimal(5)
    new = re.search(rf'name="version-{item.report_id}" value="(\d+)"', answer.text)[1]
    hung.post(address(office), data=old | {f"version-{item.report_id}": new})
    db.session.refresh(item)
    assert item.assigned == Decimal(9)


def test_a_product_goes_to_one_person_or_to_all_holders(hung, office):
    terms = {"version_id": office.product.id, "quantity": "3", "due_on": "25", "kind": "PLANNED"}
    hung.post(address(office, "/add"), data=terms | {"to": f"report:{sheet(office.lan).id}"})
    answer = hung.post(
        address(office, "/add"), data=terms | {"to": f"position:{office.job.id}"}, follow_redirects=True
    )
    assert "Đã giao cho 1 người." in answer.text
    assert "Nguyễn Thị Lan: Sản phẩm này đã có trong kế hoạch." in answer.text
    assert db.session.scalar(select(func.count()).select_from(WorkItem)) == 2


def test_a_double_press_assigns_once(hung, office):
    terms = {
        "to": f"report:{sheet(office.lan).id}",
        "version_id": office.product.id,
        "quantity": "3",
        "due_on": "25",
        "transaction_id": str(uuid4()),
    }
    for _ in range(2):
        assert hung.post(address(office, "/add"), data=terms).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(WorkItem)) == 1


def test_without_a_script_the_words_typed_are_searched_on_the_server(hung, office):
    terms = {"to": "all", "version_id": "", "version_id_search": "cong van", "quantity": "3", "due_on": "25"}
    answer = hung.post(address(office, "/add"), data=terms)
    assert answer.status_code == 422
    assert f'type="radio" id="version-{office.product.id}"' in answer.text
    assert 'value="3"' in answer.text


def test_wrong_terms_of_a_new_product_stand_beside_their_fields(hung, office):
    answer = hung.post(address(office, "/add"), data={"to": "all", "quantity": "0", "due_on": "1/4/2026"})
    assert answer.status_code == 422
    assert "Đồng chí chọn một sản phẩm trong danh mục" in answer.text
    answer = hung.post(
        address(office, "/add"),
        data={"to": "all", "version_id": office.product.id, "quantity": "0", "due_on": "1/4/2026"},
    )
    assert "Đồng chí ghi số lượng lớn hơn 0." in answer.text
    assert "Thời hạn phải nằm trong tháng 03/2026." in answer.text
    assert hung.post(address(office, "/add"), data={"to": ""}).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(WorkItem)) == 0


def test_after_the_last_day_planned_work_is_refused_with_the_way_out(hung, office, clock):
    clock(date(2026, 3, 9))
    terms = {
        "to": f"report:{sheet(office.lan).id}",
        "version_id": office.product.id,
        "quantity": "3",
        "due_on": "25",
    }
    answer = hung.post(address(office, "/add"), data=terms)
    assert answer.status_code == 409
    assert "việc đột xuất" in answer.text
    assert 'value="3"' in answer.text
    assert hung.post(address(office, "/add"), data=terms | {"kind": "ADHOC"}).status_code == 302
    assert "Kế hoạch đã chốt từ hết ngày 06/03/2026" in hung.get(address(office)).text


def test_last_month_is_copied_with_one_button(hung, office, clock):
    line(office, office.lan)
    clock(date(2026, 4, 1))
    periods.open_month(Month(2026, 4))
    answer = hung.post(
        f"/workplans/{office.division.id}/2026-04/copy",
        data={"transaction_id": str(uuid4())},
        follow_redirects=True,
    )
    assert "Đã chép 1 dòng vào 1 phiếu." in answer.text


def test_handing_over_asks_then_moves(hung, office):
    item = line(office, office.lan)
    page = hung.get(f"/workplans/lines/{item.id}/hand-over")
    assert "Lê Quang Nam" in page.text
    assert "Trần Văn Hùng (" not in page.text
    terms = {"quantity": "9", "to_report_id": sheet(office.nam).id, "reason": "Quá tải"}
    refused = hung.post(f"/workplans/lines/{item.id}/hand-over", data=terms)
    assert refused.status_code == 422
    assert 'value="9"' in refused.text
    assert "chuyển được nhiều nhất 4" in refused.text
    done = hung.post(
        f"/workplans/lines/{item.id}/hand-over", data=terms | {"quantity": "1"}, follow_redirects=True
    )
    assert "Đã chuyển việc." in done.text
    assert "nhận thêm" in done.text


def test_a_line_of_another_unit_cannot_be_handed_over(client, login, office):
    item = line(office, office.lan)
    assert login(client, office.nam).get(f"/workplans/lines/{item.id}/hand-over").status_code == 404
    assert login(client, office.thu).get(f"/workplans/lines/{item.id}/hand-over").status_code == 403
    assert client.get("/workplans/lines/999999/hand-over").status_code == 404


def test_a_sheet_that_was_sent_shows_its_lines_without_cells(hung, office):
    item = line(office, office.lan)
    report = sheet(office.lan)
    report.submitted_at, report.state = report.period.opened_at, ReportState.SUBMITTED
    db.session.flush()
    text = hung.get(address(office)).text
    assert f'name="quantity-{item.id}"' not in text
    assert "Đã gửi" in text


def statements(call):
    counted = []
    engine = db.session.get_bind()

    def count(_connection, _cursor, statement, *_args):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            counted.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert call().status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def test_the_page_costs_the_same_for_two_people_and_for_twenty(hung, office):
    line(office, office.lan)
    page = address(office)
    few = statements(lambda: hung.get(page))
    for number in range(18):
        someone = factories.person(f"Nguyễn Văn {number}")
        factories.assignment(someone, office.division, job=office.job)
    periods.open_month(MARCH)
    for report in db.session.scalars(select(Report).where(Report.unit_id == office.division.id)):
        if report.person_id != office.hung.id:
            for _ in range(3):
                factories.item(report, product_version_id=office.product.id, due_on=date(2026, 3, 20))
    assert few == statements(lambda: hung.get(page)) <= 12
