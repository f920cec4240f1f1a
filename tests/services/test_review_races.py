"""Two people and many clients at one sheet: one wins, the others are told, the history stays a path of the moves."""

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from evaluation.extensions import db
from evaluation.models import AuditEvent, Delegation, Report, ScoreSheet, Stage
from evaluation.rules.permissions import Relation
from evaluation.rules.workflow import REPORT_MOVES, ReportState, moved
from evaluation.services import confirmations, reports, reviews
from evaluation.services.refusals import Refusal
from tests import factories

DAY = date(2026, 4, 1)
ACTIONS = {
    "report.submitted": "submit",
    "report.withdrawn": "withdraw",
    "report.returned": "return",
    "report.scored": "score",
    "report.sent_back": "send_back",
    "report.confirmed": "confirm",
}


@pytest.fixture
def office(fresh_database: Flask, clock: Any) -> factories.Office1:
    clock(DAY)
    made = factories.office()
    db.session.add(
        Delegation(
            unit_id=made.division.id,
            delegator_id=made.hung.id,
            delegate_id=made.nam.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=DAY - timedelta(days=1),
            valid_to=DAY + timedelta(days=5),
        )
    )
    db.session.commit()
    return made


def sheet_of(office: factories.Office1) -> int:
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, assigned="4", done="4", reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(office.lan, DAY), report.id, version=report.version)
    return report.id


def at_once(app: Flask, acts: list[Callable[[], Any]]) -> list[Any]:
    """Runs every act in a thread and session of its own, all let go together; a refusal is its answer."""
    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait()
            try:
                answers[place] = act()
            except Refusal as refused:
                answers[place] = refused
            except Exception as broken:
                answers[place] = broken
            finally:
                db.session.rollback()
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    return answers


def history(report_id: int) -> list[AuditEvent]:
    return (
        db.session.query(AuditEvent)
        .filter(
            AuditEvent.object_type == "report",
            AuditEvent.object_id == report_id,
            AuditEvent.action.in_(ACTIONS),
        )
        .order_by(AuditEvent.id)
        .all()
    )


def walks(events: list[AuditEvent], start: ReportState = ReportState.DRAFT) -> ReportState:
    """The state at the end of a history that the table of moves allows step by step."""
    state = start
    for event in events:
        assert event.before["state"] == state.value, (event.action, event.before, state)
        state = ReportState(moved(REPORT_MOVES, state, ACTIONS[event.action], set(Relation)))
        assert event.after["state"] == state.value
    return state


def test_head_and_delegate_score_at_once_and_one_wins_while_the_other_reads_who(
    office: factories.Office1, fresh_database: Flask
) -> None:
    report_id = sheet_of(office)
    version = db.session.get_one(Report, report_id).version
    actors = [factories.actor(who, DAY) for who in (office.hung, office.nam)]
    answers = at_once(
        fresh_database, [lambda a=a: reviews.score(a, report_id, version=version).id for a in actors]
    )
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert (len(refused), refused[0].status) == (1, 409)
    winner = db.session.get_one(Report, report_id).scored_by
    assert (office.hung.full_name if winner == office.hung.id else office.nam.full_name) in refused[0].message
    assert db.session.query(ScoreSheet).filter_by(report_id=report_id, stage=Stage.SUPERVISOR).count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_withdrawing_while_it_is_scored_leaves_one_of_the_two(
    office: factories.Office1, fresh_database: Flask, round_: int
) -> None:
    report_id = sheet_of(office)
    hung, lan = (factories.actor(who, DAY) for who in (office.hung, office.lan))
    answers = at_once(
        fresh_database,
        [lambda: reviews.score(hung, report_id).state, lambda: reports.withdraw(lan, report_id).state],
    )
    assert sum(isinstance(answer, Refusal) for answer in answers) == 1
    report = db.session.get_one(Report, report_id)
    live = db.session.query(ScoreSheet).filter_by(
        report_id=report_id, stage=Stage.SUPERVISOR, superseded_at=None
    )
    assert (report.state is ReportState.SCORED) == (live.count() == 1)
    assert walks(history(report_id)) is report.state


def test_a_double_press_of_accept_scores_once_and_answers_the_same(
    office: factories.Office1, fresh_database: Flask
) -> None:
    report_id, key = sheet_of(office), str(uuid4())
    hung = factories.actor(office.hung, DAY)
    answers = at_once(
        fresh_database, [lambda: reviews.accept_many(hung, [report_id], transaction_id=key)] * 6
    )
    assert answers == [[report_id]] * 6
    assert len([event for event in history(report_id) if event.action == "report.scored"]) == 1


def test_accepting_the_same_sheets_in_opposite_order_never_locks_up(
    office: factories.Office1, fresh_database: Flask
) -> None:
    first = sheet_of(office)
    other = factories.person("Phạm Thị Hoa")
    factories.assignment(other, office.division)
    factories.account(other)
    report = factories.report(
        other.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, assigned="4", done="4", reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    reports.submit(factories.actor(other, DAY), report.id, version=report.version)
    second = report.id
    actors = [factories.actor(who, DAY) for who in (office.hung, office.nam)]
    answers = at_once(
        fresh_database,
        [
            lambda a=a, ids=ids: reviews.accept_many(a, ids)
            for a in actors
            for ids in ([first, second], [second, first])
        ],
    )
    assert sorted(isinstance(answer, Refusal) for answer in answers) == [False, True, True, True]


def test_thirty_two_clients_hammer_one_sheet_and_its_history_is_a_path_of_the_moves(
    office: factories.Office1, fresh_database: Flask
) -> None:
    report_id = sheet_of(office)
    people = {name: factories.actor(getattr(office, name), DAY) for name in ("lan", "hung", "nam", "thu")}

    def submit() -> None:
        version = db.session.get_one(Report, report_id).version
        reports.submit(people["lan"], report_id, version=version)

    choices = [
        submit,
        lambda: reports.withdraw(people["lan"], report_id),
        lambda: reviews.return_(people["hung"], report_id, reason="Bổ sung minh chứng"),
        lambda: reviews.score(people["hung"], report_id),
        lambda: reviews.accept_many(people["nam"], [report_id]),
        lambda: confirmations.send_back(people["thu"], report_id, reason="Xem lại"),
    ]
    chance = random.Random(335)
    plans = [[chance.choice(choices) for _step in range(4)] for _client in range(32)]

    def hammer(plan: list[Callable[[], Any]]) -> list[Any]:
        broken = []
        for act in plan:
            try:
                act()
            except Refusal:
                db.session.rollback()
            except Exception as error:
                db.session.rollback()
                broken.append(error)
        return broken

    answers = at_once(fresh_database, [lambda plan=plan: hammer(plan) for plan in plans])
    assert answers == [[]] * 32
    report = db.session.get_one(Report, report_id, populate_existing=True)
    events = history(report_id)
    assert len(events) > 5
    assert walks(events) is report.state
    for stage in (Stage.OWN, Stage.SUPERVISOR):
        live = (
            db.session.query(ScoreSheet)
            .filter_by(report_id=report_id, stage=stage, superseded_at=None)
            .count()
        )
        assert live <= 1
