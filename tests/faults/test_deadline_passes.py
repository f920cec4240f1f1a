"""The last day ends while a form is open: the sheet is refused with its day, and what was typed stays (fault 22)."""

from datetime import timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient

from evaluation.rules.workflow import ReportState
from tests.faults.conftest import LansMonth


def test_a_sheet_sent_after_its_last_day_is_refused_with_the_day_and_its_draft_is_kept(
    month: LansMonth, lan: FlaskClient, clock: Any
) -> None:
    assert lan.get(month.url("check")).status_code in (200, 302)  # open while there is still time
    assert lan.post(month.url("draft"), data=month.draft("3")).status_code == 302
    form, due = month.submission(), month.submit_due
    clock(due + timedelta(days=1))
    answer = lan.post(month.url("submit"), data=form)
    assert answer.status_code == 409
    assert f"{due:%d/%m/%Y}" in unescape(answer.text)
    assert (month.report.state, month.own_sheets(), month.done) == (ReportState.DRAFT, 0, "3")
    assert lan.post(month.url("draft"), data=month.draft("4")).status_code == 302  # typing on is still kept
    assert month.done == "4"
    clock(due)
    assert lan.post(month.url("submit"), data=month.submission()).status_code == 302
