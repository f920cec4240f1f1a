"""72 in small: everybody submits in the last minute of the last day, a few a moment too late."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Report
from evaluation.rules.workflow import ReportState
from tests import factories

PEOPLE, LATE, AT_ONCE = 60, 8, 24


def test_many_submit_in_the_last_minute_and_the_moment_of_arrival_decides(
    fresh_database: Flask, clock: Callable[[Any], None], login: Any
) -> None:
    clock(datetime(2026, 3, 20, 9, tzinfo=clock_module.PROVINCE_ZONE))
    office = factories.office()
    sheets: list[tuple[FlaskClient, int, int]] = []
    for number in range(PEOPLE):
        who = factories.person(f"Lê Văn {chr(65 + number % 26)}")
        report = factories.report(
            factories.assignment(who, office.division),
            supervising=office.division,
            confirming=office.department,
            agency=office.department,
        )
        factories.account(who)
        factories.item(report, assigned="4")
        factories.criteria(report, "28")
        sheets.append((login(fresh_database.test_client(), who), report.id, report.version))
    last_day = db.session.get_one(Report, sheets[0][1]).period.submit_due
    db.session.commit()
    midnight = datetime.combine(last_day + timedelta(days=1), time(0), tzinfo=clock_module.PROVINCE_ZONE)
    answers: Counter[int] = Counter()

    def submit(part: list[tuple[FlaskClient, int, int]]) -> None:
        for client, report_id, version in part:
            form = {"version": str(version), "transaction_id": str(uuid4())}
            # a browser sends again what got no answer or was told to wait; nobody here needs more than three times
            for _ in range(3):
                with fresh_database.app_context():
                    answer = client.post(f"/reports/{report_id}/submit", data=form)
                answers[answer.status_code] += 1
                if answer.status_code != 503:
                    break

    def all_of(some: list[tuple[FlaskClient, int, int]]) -> None:
        threads = [threading.Thread(target=submit, args=(some[start::AT_ONCE],)) for start in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    clock(midnight - timedelta(seconds=1))
    all_of(sheets[:-LATE])
    clock(midnight)
    all_of(sheets[-LATE:])
    assert not [code for code in answers if code >= 500], answers
    db.session.rollback()
    states = {report.id: report.state for report in db.session.query(Report).all()}
    in_time = [states[report_id] for _client, report_id, _version in sheets[:-LATE]]
    too_late = [states[report_id] for _client, report_id, _version in sheets[-LATE:]]
    assert set(in_time) == {ReportState.SUBMITTED}
    assert set(too_late) == {ReportState.DRAFT}
