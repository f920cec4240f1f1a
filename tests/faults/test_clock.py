"""19 and 20: the date in Vietnam decides to the second, and the journal keeps its order when the clock goes back."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient

from evaluation.extensions import db
from evaluation.models import AuditEvent
from evaluation.rules.workflow import ReportState
from evaluation.services import moves, reviews
from tests import factories
from tests.faults.conftest import LansMonth


@pytest.mark.parametrize(("seconds", "accepted"), [(-1, True), (0, False), (1, False)])
def test_the_last_day_ends_at_midnight_in_vietnam_which_is_17_hours_utc(
    month: LansMonth, lan: FlaskClient, clock: Callable[..., None], seconds: int, accepted: bool
) -> None:
    form = month.submission()
    clock(datetime.combine(month.submit_due, time(17), UTC) + timedelta(seconds=seconds))
    answer = lan.post(month.url("submit"), data=form)
    assert answer.status_code == (302 if accepted else 409)
    assert (month.report.state is ReportState.SUBMITTED) == accepted
    if not accepted:
        assert f"{month.submit_due:%d/%m/%Y}" in answer.text
        assert month.own_sheets() == 0


def test_a_clock_that_goes_back_changes_neither_the_order_of_the_history_nor_who_was_last(
    month: LansMonth, lan: FlaskClient, clock: Callable[..., None]
) -> None:
    noon = datetime(2026, 4, 1, 5, tzinfo=UTC)
    clock(noon)
    assert lan.post(month.url("submit"), data=month.submission()).status_code == 302
    submitted = month.report.submitted_at
    clock(noon - timedelta(hours=1))
    reviews.score(
        factories.actor(month.office.hung, noon.date()), month.report_id, version=month.report.version
    )
    report = month.report
    assert report.state is ReportState.SCORED
    assert report.scored_at < submitted
    events = db.session.query(AuditEvent).filter_by(object_type="report", object_id=report.id)
    assert [event.action for event in events.order_by(AuditEvent.id)] == ["report.submitted", "report.scored"]
    assert "Trần Văn Hùng" in moves.last_writer(report)
    history = lan.get(f"/results/{report.id}").text.partition('class="history"')[2]  # the newest stands first
    assert 0 < history.index("Trần Văn Hùng") < history.index("Nguyễn Thị Lan")
