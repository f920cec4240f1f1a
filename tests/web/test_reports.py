"""The page of an official's month: filling in, faults, two tabs, submitting, and what strangers see."""

import re
from datetime import date
from uuid import uuid4

import pytest

from evaluation.extensions import db
from evaluation.models import AuditEvent, Report, ScoreSheet, WorkItem
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import rulebooks
from tests import factories
from tests.web.counting import queries_of

IN_MARCH = date(2026, 3, 30)
SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


@pytest.fixture
def month(client, login, clock):
    """Lan's March with two lines, Lan signed in."""
    clock(IN_MARCH)
    place = factories.office()
    place.report = factories.report(
        place.lan.assignments[0],
        supervising=place.division,
        confirming=place.department,
        agency=place.department,
        supervisor_id=place.hung.id,
    )
    place.first = factories.item(
        place.report,
        assigned="4",
        coefficient="2.5",
        due_on=date(2026, 3, 20),
        ordinal=1,
        task="Thẩm định hồ sơ",
    )
    place.second = factories.item(place.report, assigned="6", coefficient="1.5", task="Tờ trình", ordinal=2)
    place.client = login(client, factories.db.session.merge(account_of(place.lan)))
    return place


def account_of(who):
    from evaluation.models import Account

    return db.session.query(Account).filter_by(person_id=who.id).one()


def url(place, rest: str = "") -> str:
    return f"/reports/{place.report.id}{rest}"


def typed(place, **more: str) -> dict[str, str]:
    return {
        "version": str(place.report.version),
        f"line-{place.first.id}-done": "4",
        f"line-{place.first.id}-quality_fails": "0",
        f"line-{place.first.id}-delays": "0",
        f"line-{place.first.id}-done_on": "",
        f"line-{place.first.id}-note": "",
        **more,
    }


def all_criteria(place, share: str = "1") -> dict[str, str]:
    rows = rulebooks.book_of(place.report).general_criteria(place.report.period.month)
    return {f"criterion-{row.code}": share for row in rows}


def fresh(place) -> Report:
    db.session.expire_all()
    return db.session.get(Report, place.report.id)


def test_the_menu_leads_to_the_newest_sheet_with_done_as_assigned_and_criteria_empty(month) -> None:
    page = month.client.get("/reports/", follow_redirects=True).text
    assert re.search(rf'id="line-{month.first.id}-done"[^>]*value="4"', page)
    assert re.search(rf'id="line-{month.second.id}-done"[^>]*value="6"', page)
    assert len(re.findall(r'name="criterion-G\d\.\d" value=""', page)) == 10
    assert "Hạn tự đánh giá" in page
    assert "chưa nhập tính là hoàn thành đủ" in page
    assert not fresh(month).items[0].reported


def test_a_draft_sent_by_the_script_answers_time_version_and_the_score(month) -> None:
    answer = month.client.post(
        url(month, "/draft"), data=typed(month, **{f"line-{month.first.id}-done": "2"}), headers=SCRIPT
    )
    assert answer.status_code == 200
    assert answer.json["version"] == 2
    assert re.fullmatch(r"\d\d:\d\d:\d\d", answer.json["saved_at"])
    assert "2 chưa hoàn thành" in answer.json["projection"]
    assert fresh(month).items[0].done == 2


def test_a_day_after_the_due_day_comes_back_as_a_delay(month) -> None:
    answer = month.client.post(
        url(month, "/draft"), data=typed(month, **{f"line-{month.first.id}-done_on": "25/3"}), headers=SCRIPT
    )
    assert answer.json["corrected"] == {f"line-{month.first.id}-delays": "1"}
    assert answer.json["late"] == [str(month.first.id)]
    assert fresh(month).items[0].done_on == date(2026, 3, 25)


def test_a_wrong_cell_answers_its_place_and_saves_nothing(month) -> None:
    for wrong in ("1.234", "1e309", "-1"):
        answer = month.client.post(
            url(month, "/draft"), data=typed(month, **{f"line-{month.first.id}-done": wrong}), headers=SCRIPT
        )
        assert answer.status_code == 422
        assert [fault["place"] for fault in answer.json["faults"]] == [f"line-{month.first.id}-done"]
    assert fresh(month).version == 1


def test_without_a_script_a_wrong_cell_keeps_everything_typed_beside_its_sentence(month) -> None:
    answer = month.client.post(
        url(month, "/draft"),
        data=typed(month, **{f"line-{month.first.id}-done": "1.234", "strengths": "Vẫn còn <b>đây</b>"}),
    )
    assert answer.status_code == 422
    assert "<title>Lỗi: " in answer.text
    assert f'href="#line-{month.first.id}-done"' in answer.text
    assert re.search(rf'id="line-{month.first.id}-done"[^>]*value="1.234"', answer.text)
    assert "Vẫn còn &lt;b&gt;đây&lt;/b&gt;" in answer.text


def test_two_tabs_the_second_gets_both_versions_and_can_keep_its_own(month) -> None:
    first = typed(month, **{f"line-{month.first.id}-done": "3"})
    second = typed(month, **{f"line-{month.first.id}-done": "2"})
    assert month.client.post(url(month, "/draft"), data=first, headers=SCRIPT).status_code == 200
    refused = month.client.post(url(month, "/draft"), data=second, headers=SCRIPT)
    assert refused.status_code == 409
    (difference,) = refused.json["differences"]
    assert (difference["stored"], difference["typed"]) == ("3", "2")
    page = month.client.post(url(month, "/draft"), data=second)
    assert page.status_code == 409
    assert "Giữ bản của tôi" in page.text
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    assert month.client.post(url(month, "/draft"), data=kept).status_code == 302
    assert fresh(month).items[0].done == 2


def test_a_repeated_send_whose_answer_was_lost_is_not_a_conflict(month) -> None:
    data = typed(month, **{f"line-{month.first.id}-done": "3"})
    for _attempt in range(2):
        answer = month.client.post(url(month, "/draft"), data=data, headers=SCRIPT)
        assert (answer.status_code, answer.json["version"]) == (200, 2)
    assert db.session.query(AuditEvent).filter_by(action="report.saved").count() == 1


def test_an_expired_session_answers_401_and_the_draft_is_there_after_signing_in(month, login) -> None:
    data = typed(month, **{f"line-{month.first.id}-done": "3"})
    month.client.post(url(month, "/draft"), data=data, headers=SCRIPT)
    with month.client.session_transaction() as stored:
        stored.clear()
    lost = month.client.post(url(month, "/draft"), data={**data, "version": "2"}, headers=SCRIPT)
    assert lost.status_code == 401
    assert lost.is_json
    login(month.client, account_of(month.lan))
    again = month.client.post(
        url(month, "/draft"),
        data={**data, "version": "2", f"line-{month.first.id}-delays": "1"},
        headers=SCRIPT,
    )
    assert again.status_code == 200
    assert re.search(rf'id="line-{month.first.id}-done"[^>]*value="3"', month.client.get(url(month)).text)


def test_extra_fields_change_nothing_that_is_not_the_officials(month) -> None:
    number = month.first.id
    extra = {
        f"line-{number}-assigned": "1",
        f"line-{number}-coefficient": "99",
        f"line-{number}-kind": "ADHOC",
        f"line-{number}-due_on": "31/12/2026",
        "state": "PUBLISHED",
        "unit_id": "1",
        "submitted_late": "1",
        "person_id": str(month.nam.id),
    }
    assert (
        month.client.post(url(month, "/draft"), data=typed(month, **extra), headers=SCRIPT).status_code == 200
    )
    report = fresh(month)
    item = report.items[0]
    assert (item.assigned, str(item.coefficient), item.kind) == (4, "2.5000", WorkKind.PLANNED)
    assert (item.due_on, report.state, report.person_id) == (
        date(2026, 3, 20),
        ReportState.DRAFT,
        month.lan.id,
    )


def test_a_foreign_sheet_looks_missing_in_every_way(month, login) -> None:
    login(month.client, account_of(month.nam))
    for path in ("", "/check", "/submitted", "/add"):
        assert month.client.get(url(month, path)).status_code == 404
    for path in ("/draft", "/check", "/submit", "/withdraw", "/add"):
        assert month.client.post(url(month, path), data=typed(month)).status_code == 404
    assert month.client.get("/reports/999999999").status_code == 404
    assert fresh(month).version == 1


def test_the_supervisor_sees_the_result_page_and_cannot_write(month, login) -> None:
    login(month.client, account_of(month.hung))
    assert month.client.get(url(month)).location == f"/results/{month.report.id}"
    assert month.client.post(url(month, "/draft"), data=typed(month)).status_code == 403
    assert fresh(month).version == 1


def test_submitting_names_the_empty_criteria_then_checks_then_confirms_with_a_code(month) -> None:
    lacking = month.client.post(url(month, "/check"), data=typed(month, **{"criterion-G1.1": "5"}))
    assert lacking.status_code == 422
    assert 'href="#criterion-G1.2"' in lacking.text
    assert 'href="#criterion-G1.1"' not in lacking.text
    ready = month.client.post(
        url(month, "/check"), data=typed(month, **all_criteria(month)) | {"version": "2"}
    )
    assert ready.location == url(month, "/check")
    check = month.client.get(ready.location).text
    assert "không sửa được cho đến khi" in check
    assert "Trần Văn Hùng" in check
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', check))
    first = month.client.post(url(month, "/submit"), data=hidden)
    second = month.client.post(url(month, "/submit"), data=hidden)
    assert first.location == second.location == url(month, "/submitted")
    page = month.client.get(first.location).text
    code = re.search(r'class="code">([0-9A-F]{8})<', page)[1]
    written = db.session.query(AuditEvent).filter_by(action="report.submitted").one()
    assert written.after["code"] == code
    assert db.session.query(ScoreSheet).filter_by(report_id=month.report.id).count() == 1
    assert fresh(month).state is ReportState.SUBMITTED


def test_a_form_older_than_the_sheet_is_not_submitted(month) -> None:
    factories.criteria(month.report, "28")
    month.client.post(url(month, "/draft"), data=typed(month, **{f"line-{month.first.id}-done": "1"}))
    old = {"version": "1", "transaction_id": str(uuid4())}
    assert month.client.post(url(month, "/submit"), data=old).status_code == 409
    assert fresh(month).state is ReportState.DRAFT


def test_after_the_last_day_the_draft_is_kept_and_submitting_says_who_can_extend(month, clock) -> None:
    factories.criteria(month.report, "28")
    clock(date(2026, 4, 20))
    assert "quá hạn" in month.client.get(url(month)).text
    saved = month.client.post(url(month, "/draft"), data=typed(month, **{f"line-{month.first.id}-done": "1"}))
    assert saved.status_code == 302
    refused = month.client.post(url(month, "/submit"), data={"version": "2", "transaction_id": str(uuid4())})
    assert refused.status_code == 409
    assert "02/04/2026" in refused.text
    assert fresh(month).state is ReportState.DRAFT
    assert fresh(month).items[0].done == 1


def test_a_submitted_sheet_can_be_withdrawn_from_its_result_page(month) -> None:
    factories.criteria(month.report, "28")
    month.client.post(url(month, "/submit"), data={"version": "1", "transaction_id": str(uuid4())})
    assert month.client.get(url(month)).location == f"/results/{month.report.id}"
    assert "Thu hồi" in month.client.get(f"/results/{month.report.id}").text
    assert month.client.post(url(month, "/withdraw")).location == url(month)
    assert fresh(month).state is ReportState.DRAFT


def test_work_outside_the_plan_is_found_without_accents_and_added(month) -> None:
    product = factories.product(month.department, task="Báo cáo tổng hợp số liệu", coefficient="3")
    factories.product(month.department, task="Việc khác")
    kept = month.client.post(url(month, "/draft"), data=typed(month, then="add"))
    assert kept.location == url(month, "/add")
    found = month.client.get(url(month, "/add?q=tong+hop")).text
    assert "Báo cáo tổng hợp số liệu" in found
    assert "Việc khác" not in found
    wrong = month.client.post(
        url(month, "/add"), data={"version_id": product.id, "quantity": "0", "note": "họp"}
    )
    assert wrong.status_code == 422
    assert 'value="họp"' in wrong.text
    added = month.client.post(url(month, "/add"), data={"version_id": product.id, "quantity": "1"})
    assert added.location == url(month)
    item = db.session.query(WorkItem).filter_by(report_id=month.report.id, added_by_owner=True).one()
    assert month.client.post(f"/reports/lines/{item.id}/remove").status_code == 302
    assert db.session.query(WorkItem).filter_by(report_id=month.report.id).count() == 2


def test_a_handed_over_line_stands_on_the_page_without_cells(month) -> None:
    gone = factories.item(month.report, assigned="2", kind=WorkKind.TRANSFERRED_OUT, task="Đã chuyển")
    page = month.client.get(url(month)).text
    assert "Đã chuyển" in page
    assert f"line-{gone.id}-done" not in page


def test_a_month_without_evaluation_says_why(month) -> None:
    month.report.state = ReportState.NOT_RATED
    month.report.not_rated_reason = AbsenceKind.MATERNITY
    page = month.client.get(url(month)).text
    assert "Nghỉ thai sản" in page
    assert "không tính là 0 điểm" in page


def test_an_official_without_a_sheet_is_told_why(month, login) -> None:
    login(month.client, account_of(month.nam))
    answer = month.client.get("/reports/")
    assert answer.status_code == 200
    assert "chưa có phiếu" in answer.text


def test_a_leader_sees_the_ratios_and_that_the_total_waits(month, login) -> None:
    report = factories.report(
        month.hung.assignments[0],
        supervising=month.department,
        confirming=month.department,
        agency=month.department,
    )
    factories.item(report, assigned="2")
    login(month.client, account_of(month.hung))
    page = month.client.get(f"/reports/{report.id}").text
    assert "100%" in page
    assert "chờ điểm của" in page


def test_scripts_in_names_and_notes_are_shown_as_text(month) -> None:
    month.first.task = "<script>alert(1)</script>"
    month.first.note = '=HYPERLINK("x")'
    page = month.client.get(url(month)).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_hostile_text_is_cleaned_or_refused_and_never_breaks_the_page(month) -> None:
    number = month.first.id
    for odd in ("\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "😀" * 50, "x" * 5000):
        answer = month.client.post(
            url(month, "/draft"),
            data=typed(month, **{f"line-{number}-note": odd, "version": str(fresh(month).version)}),
            headers=SCRIPT,
        )
        assert answer.status_code in (200, 422)
    for name, text in {
        "version": "9" * 40,
        "line-99999999999999999999-done": "1",
        "line-x-done": "1",
        "criterion-G9.9": "1",
        f"line-{number}-done": "9" * 400,
    }.items():
        answer = month.client.post(url(month, "/draft"), data=typed(month, **{name: text}), headers=SCRIPT)
        assert answer.status_code in (200, 409, 422)
    for bad in ("x", "'; drop table report", str(uuid4())[:-1]):
        answer = month.client.post(url(month, "/submit"), data={"version": "1", "transaction_id": bad})
        assert answer.status_code == 409
    assert fresh(month).state is ReportState.DRAFT


def test_the_page_costs_the_same_few_queries_for_five_lines_and_for_sixty(month) -> None:
    for _line in range(3):
        factories.item(month.report, assigned="1")
    few = queries_of(month.client, url(month))
    for _line in range(55):
        factories.item(month.report, assigned="1")
    many = queries_of(month.client, url(month))
    assert few == many
    assert many <= 12
