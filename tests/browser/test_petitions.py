"""An official petitions against a score in one browser, the head corrects it in another, and both see what superseded."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import Report, ScoreSheet, Stage
from tests import factories
from tests.browser import screens
from tests.services.test_petitions import DAY, confirmed


@pytest.fixture
def sheet(live_server: Any, clock: Any) -> Iterator[tuple[factories.Office1, Report]]:
    clock(DAY)
    with live_server.app.app_context():
        office = factories.office()
        report = confirmed(office, office.lan)
        clock(date(2026, 4, 8))
        yield office, report
        db.session.remove()


def sign_in(page: Any, site: Any, who: Any) -> Any:
    return screens.sign_in(page, site, who.official_number.lower(), factories.PASSWORD)


def test_the_official_petitions_the_head_corrects_and_both_see_the_new_score(
    live_server: Any, page: Any, browser: Any, sheet: tuple[factories.Office1, Report]
) -> None:
    office, report = sheet
    lan = sign_in(page, live_server, office.lan)
    lan.goto(f"{live_server.url}/results/{report.id}")
    lan.get_by_role("link", name="Gửi kiến nghị").click()
    lan.get_by_role("button", name="Gửi kiến nghị").click()
    lan.get_by_text("Ghi lý do").first.wait_for()  # the refusal says what is missing
    lan.get_by_label("Nội dung không nhất trí và lý do").fill("Văn bản thứ tư đã gửi ngày 28/3")
    lan.get_by_role("button", name="Gửi kiến nghị").click()
    lan.get_by_text("Còn 7 ngày làm việc, đến hết ngày 17/04/2026").wait_for()
    address = lan.url

    context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
    context.set_default_timeout(10_000)
    thu = sign_in(context.new_page(), live_server, office.thu)
    thu.get_by_role("link", name="Trả lời 1 kiến nghị").click()
    thu.get_by_role("link", name="Nguyễn Thị Lan").first.click()
    thu.get_by_role("link", name="Sửa và chấp nhận").first.click()
    thu.wait_for_load_state()
    thu.get_by_label("Hoàn thành, Công văn tham mưu, trả lời").fill("4")
    thu.get_by_text("98,00").first.wait_for()  # the score that would come of it, before anything is stored
    thu.get_by_label("Trả lời công chức").fill("Có phiếu gửi văn bản")
    thu.get_by_role("button", name="Chấp nhận và chốt lại điểm").click()
    thu.get_by_text("Đã tính lại điểm").wait_for()
    for side in (thu, lan):
        side.goto(address)
        rows = side.get_by_role("table", name="Điểm trước và sau").get_by_role("row")
        assert [("80,50" in rows.nth(1).inner_text()), ("98,00" in rows.nth(2).inner_text())] == [True, True]
    context.close()
    db.session.rollback()
    finals = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL)
    assert [one.superseded_at is None for one in finals.order_by(ScoreSheet.id)] == [False, True]
