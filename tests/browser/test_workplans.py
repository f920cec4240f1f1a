"""Assigning in a real browser: the grid by keyboard, a block from Excel, the picker, a phone."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Report, WorkItem
from evaluation.rules.periods import Month
from evaluation.services import periods, workplans
from tests import factories
from tests.browser.screens import sign_in

DAY = date(2026, 3, 3)


@pytest.fixture
def office(live_server, clock):
    clock(DAY)
    with live_server.app.app_context():
        made = factories.office()
        made.products = [
            factories.product(made.department, task=task, coefficient=weight)
            for task, weight in (
                ("Thẩm định hồ sơ nâng ngạch", "2.5"),
                ("Trả lời kiến nghị của công dân", "1"),
            )
        ]
        periods.open_month(Month(2026, 3))
        actor = factories.actor(made.hung, DAY)
        lan = db.session.scalar(select(Report.id).where(Report.person_id == made.lan.id))
        for product in made.products:
            workplans.assign(actor, lan, version_id=product.id, quantity="3", due_on="10")
        yield made
        db.session.rollback()


@pytest.fixture
def plan(live_server, page, office):
    username = office.hung.official_number.lower()
    sign_in(page, live_server, username, factories.PASSWORD, "/login?next=/workplans/")
    page.wait_for_url("**/workplans/*/2026-03")
    return page


def quantities(office):
    db.session.rollback()
    return list(
        db.session.scalars(
            select(WorkItem.assigned)
            .join(Report, Report.id == WorkItem.report_id)
            .where(Report.unit_id == office.division.id)
            .order_by(WorkItem.id)
        )
    )


def test_enter_goes_down_the_column_and_ctrl_s_saves(plan, office):
    plan.locator("input.q[name^=quantity-]").first.click()
    plan.keyboard.type("7")
    plan.keyboard.press("Enter")
    plan.keyboard.type("4,5")
    plan.keyboard.press("Control+s")
    plan.wait_for_selector("text=Đã lưu, 1 phiếu thay đổi.")
    assert quantities(office) == [Decimal(7), Decimal("4.5")]


def test_a_block_from_excel_is_shown_first_and_fills_quantities_and_days(plan, office):
    plan.locator("input.q[name^=quantity-]").first.click()
    plan.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "6\\t12/03\\n8\\t20/03");
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    plan.locator("dialog[open] button.primary").click()
    plan.get_by_role("button", name="Lưu", exact=True).click()
    plan.wait_for_selector("text=/^Đã lưu, /")
    assert quantities(office) == [Decimal(6), Decimal(8)]
    days = db.session.scalars(select(WorkItem.due_on).order_by(WorkItem.id)).all()
    assert days[-2:] == [date(2026, 3, 12), date(2026, 3, 20)]


def test_a_product_is_found_without_accents_and_given_to_all_holders(plan, office):
    plan.select_option("#to", f"position:{office.job.id}")
    plan.click("#version_id-search")
    plan.keyboard.type("kien nghi cong dan")
    plan.locator(".picker [role=status]", has_text="1 kết quả").wait_for(state="attached")
    plan.keyboard.press("Enter")
    plan.fill("#quantity", "5")
    plan.fill("#due_on", "25")
    plan.get_by_role("button", name="Giao việc", exact=True).click()
    plan.wait_for_selector("text=Đã giao cho 1 người.")
    assert quantities(office) == [Decimal(3), Decimal(3), Decimal(5)]


def test_a_phone_shows_everything_without_scrolling_sideways(plan):
    plan.set_viewport_size({"width": 360, "height": 800})
    assert plan.evaluate("document.documentElement.scrollWidth") <= 360
