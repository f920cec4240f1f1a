"""Results: three scores with their arithmetic, who may read them, and the trace that reading leaves."""

import re
from datetime import date
from decimal import Decimal

import pytest

from evaluation.extensions import db
from evaluation.models import Account, ItemMark, PersonSpan, Reading, Stage
from evaluation.rules.bands import Band
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.periods import SpanKind
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import reports, scores
from evaluation.services.reports import LineEntry
from tests import factories
from tests.web.test_reports import queries_of

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def month(client, login, clock):
    """Lan's submitted March; Lan is signed in."""
    clock(IN_MARCH)
    place = factories.office()
    place.report = sheet(place, place.lan)
    place.first = factories.item(place.report, assigned="4", task="Thẩm định hồ sơ", ordinal=1)
    place.second = factories.item(place.report, assigned="6", task="Tờ trình", ordinal=2)
    factories.criteria(place.report, "28")
    lan = factories.actor(place.lan, IN_MARCH)
    reports.save_draft(
        lan, place.report.id, version=1, lines={place.second.id: LineEntry(done="5", delays="1")}
    )
    reports.submit(lan, place.report.id, version=2)
    place.client = sign_in(login, client, place.lan)
    return place


def sheet(place, who, **given):
    return factories.report(
        who.assignments[0],
        supervising=place.division,
        confirming=place.department,
        agency=place.department,
        supervisor_id=place.hung.id,
        **given,
    )


def sign_in(login, client, who):
    return login(client, db.session.query(Account).filter_by(person_id=who.id).one())


def reads(place) -> int:
    return db.session.query(Reading).filter_by(object_id=place.report.id).count()


def test_the_owner_sees_the_own_score_with_its_steps_and_articles(month) -> None:
    page = month.client.get(f"/results/{month.report.id}").text
    score = scores.score_of(month.report, Stage.OWN)
    assert f"{float(score.total):.2f}".replace(".", ",") in page
    assert "Điều 14" in page
    assert "chưa chấm" in page
    assert "decree-335-2025" in page
    assert reads(month) == 0


def test_what_the_supervisor_found_stands_beside_what_was_reported_with_the_reason(month) -> None:
    db.session.add(
        ItemMark(
            report_id=month.first.report_id,
            item_id=month.first.id,
            done=Decimal(3),
            quality_fails=1,
            delays=0,
            reason="Thiếu một hồ sơ",
            marked_by=month.hung.id,
        )
    )
    db.session.flush()
    scores.freeze(factories.actor(month.hung, IN_MARCH), month.report, Stage.SUPERVISOR)
    page = month.client.get(f"/results/{month.report.id}").text
    assert "Thiếu một hồ sơ" in page
    assert re.search(r"4 → <b>3</b>", page)
    assert page.count('class="big">') == 3


def test_readers_other_than_the_owner_leave_a_trace(month, login) -> None:
    sign_in(login, month.client, month.hung)
    assert month.client.get(f"/results/{month.report.id}").status_code == 200
    assert reads(month) == 1
    sign_in(login, month.client, month.lan)
    assert "/readings/" in month.client.get(f"/results/{month.report.id}").text
    assert "Trần Văn Hùng" in month.client.get("/readings/").text
    assert reads(month) == 1


def test_a_stranger_finds_nothing_and_leaves_no_trace_of_reading(month, login) -> None:
    sign_in(login, month.client, month.nam)
    assert month.client.get(f"/results/{month.report.id}").status_code == 404
    assert reads(month) == 0


def test_an_inspector_of_the_province_may_read(month, login) -> None:
    inspector = factories.person("Phạm Thanh Tra")
    factories.account(inspector, roles=[(Role.INSPECTOR, month.province)])
    sign_in(login, month.client, inspector)
    assert month.client.get(f"/results/{month.report.id}").status_code == 200


def test_drafts_saved_one_after_another_are_one_line_of_the_history(month) -> None:
    reports.withdraw(factories.actor(month.lan, IN_MARCH), month.report.id)
    lan = factories.actor(month.lan, IN_MARCH)
    for done in ("1", "2", "3"):
        reports.save_draft(
            lan,
            month.report.id,
            version=month.report.version,
            lines={month.first.id: LineEntry(done=done)},
        )
    page = month.client.get(f"/results/{month.report.id}").text
    assert "Lưu nháp phiếu</b> (3 lần)" in page
    assert "dòng 1, Hoàn thành: 4 → 3" in page


def test_printing_the_sheet_leads_to_form_01_where_the_decree_has_one(month) -> None:
    address = f"/results/{month.report.id}"
    assert f'href="/forms/01/{month.report.id}"' in month.client.get(address).text
    other = sheet(month, month.lan, month="2026-08")
    other.rulebook = "decree-233-2026"
    db.session.flush()
    page = month.client.get(f"/results/{other.id}").text
    assert f'href="/forms/01/{other.id}"' not in page
    assert "data-print" in page


def test_my_year_lists_each_month_with_its_state_and_reason(month) -> None:
    sheet(
        month,
        month.lan,
        month="2026-02",
        state=ReportState.NOT_RATED,
        not_rated_reason=AbsenceKind.MATERNITY,
    )
    db.session.add(
        PersonSpan(
            kind=SpanKind.QUARTER,
            year=2026,
            index=1,
            person_id=month.lan.id,
            months_counted=2,
            mean=Decimal("85.25"),
            exact_mean="341/4",
            band=Band.HTTNV,
            unit_id=month.lan.assignments[0].unit_id,
            last_month=date(2026, 3, 1),
        )
    )
    page = month.client.get("/results/").text
    assert "Tháng 03/2026" in page
    assert "Tháng 02/2026" in page
    assert "Nghỉ thai sản" in page
    assert "85,25" in page
    assert "Lê Quang Nam" not in page


def test_a_year_without_sheets_says_so(client, login, clock) -> None:
    clock(IN_MARCH)
    place = factories.office()
    assert "Chưa có kết quả" in sign_in(login, client, place.nam).get("/results/?year=abc").text


@pytest.mark.parametrize("who", ["lan", "hung"])
def test_a_result_costs_the_same_few_queries_for_five_lines_and_for_sixty(month, login, who) -> None:
    sign_in(login, month.client, getattr(month, who))
    address = f"/results/{month.report.id}"
    few = queries_of(month.client, address)
    for _line in range(55):
        factories.item(month.report, assigned="1")
    assert queries_of(month.client, address) == few
    trace = 1 if who == "hung" else 0
    assert few - trace <= 12
