"""A piece of work from Lan's sheet until it stands in the list of a title: one exact figure on every page."""

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Job, Period, Report, ScoreSheet, UnitYear
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.services import confirmations, jobs, periods, reports, reviews, workplans
from tests import factories
from tests.browser.screens import Desk, Inbox, Sheet, shown

SIX = "Báo cáo sử dụng đất của xã"
DOUBLE = "Đề án vị trí việc làm cấp xã"
UNDONE = "Công văn trả lời kiến nghị"
WORK = (  # task, coefficient, assigned, done, failed reviews, delays: as Hùng finds them
    (SIX, 1, 6, 6, 0, 0),
    (DOUBLE, 2, 1, 1, 1, 1),
    (UNDONE, 1, 2, 0, 0, 0),
)
ORDINARY = 88  # Lan's score of the other months: seventy, and eighteen of the general criteria
GENERAL = ["5", "5", *["2,5"] * 6, "1,5", "1,5"]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def formula() -> Fraction:
    """Article 14.2 and 16.1 written once more: seventy times the mean of quantity, quality and progress."""
    assigned = sum(weight * count for _task, weight, count, *_found in WORK)
    quantity = sum(weight * done for _task, weight, _count, done, *_found in WORK)
    quality = sum(weight * (done - Fraction(fails, 4)) for _task, weight, _count, done, fails, _late in WORK)
    progress = sum(weight * (done - Fraction(late, 4)) for _task, weight, _count, done, _fails, late in WORK)
    general = sum(Fraction(points.replace(",", ".")) for points in GENERAL)
    return 70 * Fraction(quantity + quality + progress, 3 * assigned) + general


@pytest.fixture
def office(live_server: Any, clock: Callable[[date], None]) -> Iterator[factories.Office1]:
    """Lan, Hùng and Thu in March 2026 with Lan's work assigned, and Mai of Home Affairs."""
    clock(date(2026, 3, 2))
    with live_server.app.app_context():
        made = factories.office()
        made.mai = factories.person("Phạm Ngọc Mai")
        factories.assignment(made.mai, made.department, job=made.job)
        factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
        for unit in (made.department, made.division):
            db.session.add(
                UnitYear(unit_id=unit.id, year=2026, unit_class=Band.HTTNV, reform=ReformResult.COMPLETED)
            )
        periods.open_month(Month(2026, 3))
        hung = factories.actor(made.hung, date(2026, 3, 2))
        for task, weight, count, *_found in WORK:
            version = factories.product(made.department, task=task, coefficient=str(weight))
            workplans.assign(
                hung, report_of(made.lan), version_id=version.id, quantity=str(count), due_on="20"
            )
        db.session.commit()
        yield made
        db.session.rollback()


@pytest.fixture
def desk_of(browser: Any, live_server: Any) -> Iterator[Callable[[Any], Desk]]:
    """`desk_of(person)`: a browser of their own, signed in today."""
    contexts = []

    def sit_down(who: Any) -> Desk:
        context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Desk(context.new_page(), live_server).sign_in(who.official_number.lower(), factories.PASSWORD)

    yield sit_down
    for context in contexts:
        context.close()


def report_of(who: Any) -> int:
    return db.session.scalars(select(Report.id).where(Report.person_id == who.id)).one()


def an_ordinary_month(office: factories.Office1, month: Month, clock: Callable[[date], None]) -> None:
    """Another month of Lan's, all done as assigned, through the same use cases without a browser."""
    clock(month.first_day)
    periods.open_month(month)
    report = db.session.scalars(
        select(Report)
        .join(Period, Period.id == Report.period_id)
        .where(Report.person_id == office.lan.id, Period.month == month.first_day)
    ).one()
    factories.item(report, assigned="10", done="10", reported=True)
    factories.criteria(report, str(ORDINARY - 70))
    day = report.period.submit_due
    clock(day)
    lan, hung, thu = (factories.actor(who, day) for who in (office.lan, office.hung, office.thu))
    reports.submit(lan, report.id, version=report.version)
    reviews.score(hung, report.id)
    confirmations.confirm(thu, report.id)


def work_through_jobs() -> None:
    """What a worker does when the doorbell rings."""
    db.session.rollback()
    for job_id in db.session.scalars(select(Job.id).where(Job.finished_at.is_(None))).all():
        jobs.run(job_id)


def test_work_is_filled_in_scored_confirmed_counted_classified_and_stands_in_the_list(
    office: factories.Office1, desk_of: Callable[[Any], Desk], clock: Callable[[date], None]
) -> None:
    total = formula()
    assert total == Fraction(245, 3)  # 81,67: the example of the design

    clock(date(2026, 4, 1))
    lan = desk_of(office.lan)
    lan.choose("Tháng này")
    sheet = Sheet(lan)
    sheet.fill(UNDONE, done="0", note="Chờ ý kiến của Sở Tài chính")
    sheet.score_itself(GENERAL)
    sheet.is_saved()
    sheet.attach(SIX, "bao-cao.pdf", PDF, "application/pdf")
    lan.sees("1 tệp")
    sheet.submit("Trưởng phòng")

    clock(date(2026, 4, 3))
    hung = desk_of(office.hung)
    hung.choose("Chấm điểm")
    inbox = Inbox(hung)
    inbox.open_sheet("Nguyễn Thị Lan")
    inbox.mark("Nguyễn Thị Lan", DOUBLE, "Thẩm định lại một lần, gửi chậm hai ngày", fails="1", delays="1")
    inbox.person("Nguyễn Thị Lan").get_by_text(f"{shown(total)} / 100").wait_for()
    inbox.score("Nguyễn Thị Lan")

    clock(date(2026, 4, 6))
    thu = desk_of(office.thu)
    thu.choose("Xác nhận")
    thu.sees(shown(total))
    thu.push("Xác nhận 1 phiếu đã chọn…").push("Xác nhận 1 phiếu").sees("Đã xác nhận 1 phiếu")
    thu.choose("Xác nhận").push("Công khai kết quả tháng…")
    thu.push("Công khai kết quả").sees("Mã biên nhận")
    frozen = db.session.scalars(select(ScoreSheet.exact_total).where(ScoreSheet.stage == "FINAL")).one()
    assert Fraction(frozen) == total

    clock(date(2026, 4, 7))
    mai = desk_of(office.mai)
    mai.choose("Tác vụ")
    mai.page.get_by_label("Tháng").select_option("2026-03")
    mai.push("Tổng hợp").sees("Tổng hợp")
    work_through_jobs()
    mai.sees("Đã xong")
    thu.choose("Đơn vị")
    thu.follow("Phòng Công chức, viên chức")
    thu.page.get_by_role("heading", level=1, name="Phòng Công chức, viên chức").wait_for()
    thu.sees(shown(total))

    lan.choose("Kết quả của tôi").follow("Tháng 03/2026").sees(f"{shown(total)} / 100")
    for article in ("14.2.a", "14.2.b", "14.2.c", "12.2", "17.1", "20.1"):
        lan.sees(f"Điều {article}")
    lan.sees("Thẩm định lại một lần, gửi chậm hai ngày")

    for number in range(4, 9):
        an_ordinary_month(office, Month(2026, number), clock)
    mean = (total + 5 * ORDINARY) / 6
    clock(date(2026, 12, 8))
    hung = desk_of(office.hung)
    hung.follow("Ghi biên bản họp nhận xét, đánh giá năm 2026")
    for label, words in (
        ("Ngày họp", "2026-12-07"),
        ("Chủ trì", "Trần Văn Hùng"),
        ("Thư ký", "Lê Quang Nam"),
        ("Được triệu tập", "1"),
        ("Có mặt", "1"),
        ("Biên bản", "Cuộc họp nhất trí với báo cáo tự đánh giá."),
    ):
        hung.page.get_by_label(label, exact=True).fill(words)
    hung.push("Ghi biên bản").sees("Đã ghi biên bản cuộc họp")
    thu = desk_of(office.thu)
    thu.choose("Xếp loại năm").push("Lập đề xuất")
    work_through_jobs()
    thu.sees("Đã xong")
    thu.choose("Xếp loại năm").sees(shown(mean))
    thu.click(thu.row("Nguyễn Thị Lan").get_by_role("link", name="Quyết định"))
    thu.sees(f"{mean.numerator}/{mean.denominator}").sees(shown(total)).sees("Hoàn thành tốt nhiệm vụ")
    thu.push("Quyết định mức xếp loại").sees("Đã quyết định")
    thu.page.get_by_label("Số quyết định").fill("12/QĐ-SNV")
    thu.push("Công bố các kết quả đã quyết định").sees("Đã công bố")

    mai = desk_of(office.mai)
    mai.choose("Thi đua, khen thưởng")
    mai.page.get_by_label("Danh hiệu").select_option("LDTT")
    mai.push("Lập ngay")
    work_through_jobs()
    mai.sees("Đã xong")
    mai.choose("Thi đua, khen thưởng").follow("1 người đủ")
    mai.sees(shown(mean))
    mai.follow("Nguyễn Thị Lan")
    mai.sees("tháng 03/2026: 81,67")
    mai.follow("tháng 03/2026: 81,67")
    mai.sees(DOUBLE).sees("bao-cao.pdf").sees(f"{shown(total)} / 100")
