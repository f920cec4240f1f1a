"""Closing a period: what blocks, what is written down, that nothing of it changes afterwards, and reopening by two."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from evaluation.extensions import db
from evaluation.models import AuditEvent, Closing, Job, Notice, Period, Reopening, Report, RoleGrant
from evaluation.queries import periods as period_questions
from evaluation.rules.closing import Open
from evaluation.rules.deadlines import StepName
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import (
    closings,
    confirmations,
    evidence,
    handovers,
    jobs,
    periods,
    petition_answers,
    petitions,
    reopenings,
    reports,
    reviews,
    rollups,
    seals,
    workplans,
)
from evaluation.services.closed_periods import Closed
from evaluation.services.marks import Findings, LineFinding
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing, Refusal
from tests import factories
from tests.services.closing_stories import IN_APRIL, MARCH, Finished, drafted, finished, public

WHY = "Sửa điểm của đồng chí Lan theo kiến nghị số 1"


@pytest.fixture
def month(database: Any, clock: Any) -> Finished:
    return finished(clock)


def kinds(month: Finished) -> dict[Open, int]:
    return {line.kind: line.count for line in closings.check(month.actor(month.mai), month.period.id).lines}


def close(month: Finished) -> Closing:
    return closings.close(month.actor(month.mai), month.period.id)


def reopen(month: Finished) -> Reopening:
    asked = reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY)
    return reopenings.decide(month.actor(month.tu), asked.id, granted=True, reason="Đồng ý mở lại")


def petition(month: Finished) -> Any:
    return petitions.lodge_against_score(
        month.actor(month.place.lan), month.report.id, reason="Chưa tính văn bản đã hoàn thành"
    )


def test_a_finished_month_is_closed_with_its_figures_and_its_seal(month: Finished) -> None:
    assert kinds(month) == {}
    made = close(month)
    newest = seals.newest()
    assert newest is not None
    assert (made.seal_number, made.seal_root) == (newest.number, newest.root)
    assert month.period.closed_at == made.closed_at
    assert made.figures["totals"]["sheets"] == made.figures["totals"]["published"] == 1
    assert made.figures["totals"]["excellent"] == 1
    assert made.figures["agencies"][0]["agency"] == "Sở Nội vụ"
    assert len(made.figures["results_hash"]) == 64
    event = db.session.query(AuditEvent).filter_by(action="period.closed").one()
    assert (event.actor_id, event.after["closing"]) == (month.mai.id, made.id)
    told = db.session.query(Notice).filter_by(link=f"/closings/sheets/{made.id}").all()
    assert [notice.person_id for notice in told] == [month.place.thu.id]


def test_only_home_affairs_closes(month: Finished) -> None:
    for who in (month.place.thu, month.son, month.place.lan):
        with pytest.raises(Refusal):
            closings.close(month.actor(who), month.period.id)
    assert month.period.closed_at is None


def test_every_unfinished_step_has_its_line_and_blocks(month: Finished) -> None:
    place = month.place
    nam = drafted(place, place.nam)
    assert kinds(month)[Open.NOT_SUBMITTED] == 1
    reports.submit(month.actor(place.nam), nam.id, version=nam.version)
    assert kinds(month)[Open.NOT_SCORED] == 1
    reviews.score(month.actor(place.hung), nam.id)
    assert kinds(month)[Open.NOT_CONFIRMED] == 1
    confirmations.confirm(month.actor(place.thu), nam.id)
    assert kinds(month)[Open.NOT_PUBLISHED] == 1
    with pytest.raises(Conflict, match=r"chưa khóa được|cannot be closed"):
        close(month)
    confirmations.publish(month.actor(place.thu), place.department.id, MARCH)
    assert set(kinds(month)) == {Open.STALE}
    with pytest.raises(Conflict):
        close(month)
    month.roll_up()
    assert close(month).figures["totals"]["sheets"] == 2


def test_a_returned_sheet_and_one_without_work_block(month: Finished) -> None:
    place = month.place
    nam = drafted(place, place.nam)
    reports.submit(month.actor(place.nam), nam.id, version=nam.version)
    reviews.return_many(month.actor(place.hung), [nam.id], reason="Thiếu số văn bản")
    third = factories.person("Phạm Văn Ba")
    own = factories.assignment(third, place.division)
    factories.report(own, supervising=place.division, confirming=place.department, agency=place.department)
    found = kinds(month)
    assert (found[Open.RETURNED], found[Open.NO_WORK]) == (1, 1)


def test_a_sheet_that_is_not_rated_never_blocks_and_one_of_a_person_who_left_only_warns(
    month: Finished,
) -> None:
    place = month.place
    factories.report(
        place.nam.assignments[0], supervising=place.division, confirming=place.department,
        agency=place.department, state=ReportState.NOT_RATED, not_rated_reason="MATERNITY",
    )  # fmt: skip
    gone = factories.person("Phạm Văn Ba", left_on=date(2026, 3, 20))
    own = factories.assignment(gone, place.division)
    factories.report(own, supervising=place.division, confirming=place.department, agency=place.department)
    month.roll_up()
    assert kinds(month) == {Open.LEFT_SERVICE: 1}
    made = close(month)
    assert made.figures["warnings"] == {"LEFT_SERVICE": 1}
    assert made.figures["totals"]["not_rated"] == 1


def test_a_petition_blocks_until_it_is_answered(month: Finished) -> None:
    lodged = petition(month)
    assert kinds(month) == {Open.PETITION: 1}
    _period, page = closings.open_things(month.actor(month.mai), month.period.id, Open.PETITION, 1)
    assert [(row.name, row.keeper) for row in page.rows] == [("Nguyễn Thị Lan", "Vũ Thị Thu")]
    petition_answers.reject(month.actor(month.place.thu), lodged.id, answer="Văn bản thuộc tháng sau")
    assert kinds(month) == {}


def test_an_extension_that_still_runs_only_warns(month: Finished) -> None:
    periods.grant_extension(
        month.actor(month.mai), period_id=month.period.id, step=StepName.SCORE, due=IN_APRIL + timedelta(days=20),
        reason="Bão", agency_id=month.place.department.id,
    )  # fmt: skip
    assert kinds(month) == {Open.EXTENDED: 1}
    assert close(month).figures["warnings"] == {"EXTENDED": 1}


def test_a_stale_seal_blocks(month: Finished, clock: Any) -> None:
    clock(IN_APRIL + timedelta(days=1))
    assert Open.SEAL in kinds(month)
    with pytest.raises(Conflict):
        close(month)
    seals.seal()
    assert close(month)


def test_a_period_that_has_not_ended_is_not_closed(month: Finished, clock: Any) -> None:
    clock(date(2026, 3, 31))
    seals.seal()
    assert Open.RUNNING in kinds(month)


@pytest.mark.parametrize(
    ("moment", "running"), [("2026-03-31T16:59:59", True), ("2026-03-31T17:00:00", False)]
)
def test_the_local_day_decides_when_a_period_has_ended(
    month: Finished, clock: Any, moment: str, running: bool
) -> None:
    """Fault 19: 17:00 in UTC is midnight in Vietnam, and the first second of April is no longer March."""
    clock(datetime.fromisoformat(f"{moment}+00:00"))
    assert (Open.RUNNING in kinds(month)) == running


def test_a_role_that_ended_closes_nothing_from_its_last_day_on(month: Finished) -> None:
    """Faults 48 and 49: the right ends with the day of the decision, whatever page is still open."""
    for grant in db.session.query(RoleGrant).filter_by(role=Role.HOME_AFFAIRS):
        grant.valid_to = IN_APRIL
    db.session.commit()
    for act in (
        lambda: closings.close(month.actor(month.mai), month.period.id),
        lambda: reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY),
    ):
        with pytest.raises(Forbidden):
            act()
        db.session.rollback()


def test_a_job_of_the_period_blocks_while_it_lives(month: Finished, enqueued: Any) -> None:
    rollups.ask_for(month.actor(month.mai), MARCH)
    assert kinds(month) == {Open.JOB: 1}


def test_a_result_that_differs_from_its_entries_blocks(month: Finished) -> None:
    db.session.execute(text("update person_month set differs = true"))
    assert kinds(month) == {Open.DIFFERS: 1}


def test_closing_the_same_form_twice_closes_once(month: Finished) -> None:
    number = str(uuid4())
    first = closings.close(month.actor(month.mai), month.period.id, transaction_id=number)
    again = closings.close(month.actor(month.mai), month.period.id, transaction_id=number)
    assert first.id == again.id
    with pytest.raises(Conflict):
        close(month)
    assert db.session.query(Closing).count() == 1


def test_after_closing_every_service_refuses(month: Finished) -> None:
    place, report = month.place, month.report
    nam = public(place, place.nam)
    month.roll_up()
    item, lodged = report.items[0], None
    close(month)
    version = factories.product(place.department, positions=[place.job])
    lan, hung, thu, mai = (month.actor(who) for who in (place.lan, place.hung, place.thu, month.mai))
    lodged = petition(month)  # reading and petitioning stay possible
    findings = Findings(lines={item.id: LineFinding("4", 0, 0, 0, 0, "Đã xem lại")})
    acts: dict[str, Any] = {
        "draft": lambda: reports.save_draft(lan, report.id, version=report.version),
        "ad hoc": lambda: reports.add_adhoc(lan, report.id, version_id=version.id, quantity="1"),
        "submit": lambda: reports.submit(lan, report.id, version=report.version),
        "withdraw": lambda: reports.withdraw(lan, report.id),
        "evidence": lambda: evidence.attach(lan, item.id, name="a.pdf", stream=io.BytesIO(b"%PDF-1.4")),
        "opened": lambda: reviews.opened(hung, report.id),
        "mark": lambda: reviews.mark_line(hung, item.id, done="1", reason="Sai"),
        "score": lambda: reviews.score(hung, report.id),
        "return": lambda: reviews.return_many(hung, [report.id], reason="Sai số liệu"),
        "confirm": lambda: confirmations.confirm(thu, report.id),
        "send back": lambda: confirmations.send_back(thu, report.id, reason="Sai số liệu"),
        "publish": lambda: confirmations.publish(thu, place.department.id, MARCH),
        "assign": lambda: workplans.assign(
            hung, report.id, version_id=version.id, quantity="1", due_on="31/03/2026"
        ),
        "grid": lambda: workplans.save_grid(hung, place.division.id, MARCH, []),
        "copy": lambda: workplans.copy_last_month(hung, place.division.id, MARCH),
        "hand over": lambda: handovers.hand_over(hung, item.id, to_report_id=nam.id, quantity="1", reason="Đi học"),
        "uphold": lambda: petition_answers.uphold_score(thu, lodged.id, findings=findings, answer="Đồng ý"),
        "extend": lambda: periods.grant_extension(
            mai, period_id=month.period.id, step=StepName.SCORE, due=IN_APRIL + timedelta(days=9), reason="Bão",
            report_id=report.id,
        ),
        "roll up": lambda: rollups.run_month_now(MARCH),
        "roll-up job": lambda: rollups.ask_for(mai, MARCH),
        "piece": lambda: rollups.run_piece({"month": "2026-03"}, {"part": "units", "moment": "2026-04-01T00:00:00+00:00"}),
    }  # fmt: skip
    before = picture()
    for name, act in acts.items():
        with pytest.raises(Closed, match=r"khóa|closed"):
            act()
        db.session.rollback()
        assert picture() == before, name
    sheets = db.session.query(Report).count()
    periods.open_month(MARCH)
    assert db.session.query(Report).count() == sheets


def picture() -> Any:
    """Everything of all periods, as the database holds it."""
    tables = (
        "report", "work_item", "item_mark", "criterion_mark", "score_sheet", "evidence", "extension", "person_month",
        "unit_month",
    )  # fmt: skip
    return {
        name: db.session.execute(
            text(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {name} t")
        ).scalar()
        for name in tables
    }


WRITES = [
    "update report set strengths = 'x' where id = :report",
    "update report set period_id = period_id where id = :report",
    "insert into report (period_id, person_id, unit_id, agency_id, office, title, supervising_unit_id,"
    " confirming_unit_id, rulebook) select period_id, :nam, unit_id, agency_id, office, title, supervising_unit_id,"
    " confirming_unit_id, rulebook from report",
    "delete from score_sheet where report_id = :report",
    "update score_sheet set total = 90, exact_total = '90' where report_id = :report",
    "update work_item set done = 9 where report_id = :report",
    "insert into work_item (report_id, kind, task, coefficient, assigned) values (:report, 'PLANNED', 'x', 1, 1)",
    "delete from work_item where report_id = :report",
    "update criterion_mark set given_points = 1 where report_id = :report",
    "insert into item_mark (report_id, item_id, done, quality_fails, delays, reason, marked_by)"
    " select report_id, id, 1, 0, 0, 'x', :nam from work_item where report_id = :report",
    "insert into evidence (item_id, name, stored_name, media_type, size, sha256, uploaded_by)"
    " select id, 'a', 'b', 'c', 1, 'd', :nam from work_item where report_id = :report",
    "insert into extension (period_id, step, report_id, due, reason, granted_by)"
    " values (:period, 'SCORE', :report, '2026-12-01', 'x', :nam)",
    "delete from person_month where period_id = :period",
    "update unit_month set mean = 1 where period_id = :period",
    "update period set closed_at = null where id = :period",
    "update period set submit_due = submit_due + 1 where id = :period",
    "delete from period where id = :period",
]


@pytest.mark.parametrize("statement", WRITES)
def test_the_database_refuses_the_applications_role_every_change_to_a_closed_period(
    month: Finished, statement: str
) -> None:
    close(month)
    assert db.session.execute(text("select current_user")).scalar() == "cong_tam_app"
    values = {"report": month.report.id, "nam": month.place.nam.id, "period": month.period.id}
    with pytest.raises(IntegrityError, match="closed"):
        db.session.execute(text(statement), values)
    db.session.rollback()


def test_other_periods_can_still_be_written_to(month: Finished) -> None:
    close(month)
    april = factories.report(
        month.place.lan.assignments[0], supervising=month.place.division, confirming=month.place.department,
        agency=month.place.department, month="2026-04",
    )  # fmt: skip
    reports.save_draft(month.actor(month.place.lan), april.id, version=1, strengths="Chủ động")
    assert april.strengths == "Chủ động"


def test_a_closing_is_never_changed_nor_deleted(month: Finished) -> None:
    close(month)
    for statement in ("update closing set seal_number = 9", "delete from closing"):
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()


def test_reminders_menus_and_the_timetable_pass_over_a_closed_period(month: Finished) -> None:
    close(month)
    assert period_questions.latest_open() is None
    assert period_questions.open_periods() == []
    assert periods.current() is None
    assert rollups.ask_for_due() == []
    assert [one.covers for one in periods.open_due_months()] != [MARCH]


# Reopening


def test_two_persons_reopen_a_period_and_the_new_closing_lists_what_became_other(month: Finished) -> None:
    first = close(month)
    lodged = petition(month)
    reopened = reopen(month)
    assert (month.period.closed_at, reopened.decided_by) == (None, month.tu.id)
    actions = set(
        db.session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("period.reopen%")))
    )
    assert actions == {"period.reopening_asked", "period.reopened"}
    told = set(db.session.scalars(select(Notice.person_id).where(Notice.says == reopenings.GRANTED)))
    assert told == {month.mai.id, month.place.thu.id, month.place.lan.id}

    item = month.report.items[0]
    petition_answers.uphold_score(
        month.actor(month.place.thu),
        lodged.id,
        findings=Findings(lines={item.id: LineFinding(Decimal(5), 0, 0, 0, 0, "Có thêm một văn bản")}),
        answer="Đồng ý",
    )
    reason = db.session.scalar(
        text("select superseded_reason from score_sheet where stage = 'FINAL' and superseded_at is not null")
    )
    assert str(reopened.id) in str(reason)
    month.roll_up()
    second = close(month)
    earlier = second.figures["earlier"]
    assert earlier["closing"] == first.id
    assert earlier["changed"] == (second.figures["results_hash"] != first.figures["results_hash"])


def test_who_asked_never_decides(month: Finished) -> None:
    close(month)
    asked = reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY)
    with pytest.raises(Forbidden):
        reopenings.decide(month.actor(month.mai), asked.id, granted=True, reason="Đồng ý")
    db.session.rollback()
    values = {"mai": month.mai.id, "period": month.period.id}
    with pytest.raises(IntegrityError, match="two_persons"):
        db.session.execute(
            text("update reopening set decided_by = :mai, decided_at = now(), granted = true"), values
        )
    db.session.rollback()
    with pytest.raises(IntegrityError, match="closed"):
        db.session.execute(text("update period set closed_at = null where id = :period"), values)
    db.session.rollback()


def test_a_refused_wish_leaves_the_period_closed_and_another_may_be_asked(month: Finished) -> None:
    close(month)
    asked = reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY)
    with pytest.raises(Conflict):
        reopenings.ask(month.actor(month.tu), month.period.id, reason=WHY)
    db.session.rollback()
    reopenings.decide(month.actor(month.son), asked.id, granted=False, reason="Không có căn cứ")
    assert month.period.closed_at is not None
    with pytest.raises(Conflict):
        reopenings.decide(month.actor(month.tu), asked.id, granted=True, reason="Đồng ý")
    db.session.rollback()
    with pytest.raises(DBAPIError):
        db.session.execute(text("update reopening set granted = true"))
    db.session.rollback()
    assert reopenings.ask(month.actor(month.tu), month.period.id, reason=WHY)


def test_a_short_reason_and_the_wrong_people_are_refused(month: Finished) -> None:
    with pytest.raises(Conflict):
        reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY)
    db.session.rollback()
    close(month)
    with pytest.raises(Invalid):
        reopenings.ask(month.actor(month.mai), month.period.id, reason="Sửa điểm")
    db.session.rollback()
    for who in (month.son, month.place.thu, month.place.lan):
        with pytest.raises((Forbidden, Missing)):
            reopenings.ask(month.actor(who), month.period.id, reason=WHY)
        db.session.rollback()
    asked = reopenings.ask(month.actor(month.mai), month.period.id, reason=WHY)
    with pytest.raises((Forbidden, Missing)):
        reopenings.decide(month.actor(month.place.thu), asked.id, granted=True, reason="Đồng ý")


# Races


@pytest.mark.parametrize("turn", range(3))
def test_closing_while_somebody_confirms_one_of_the_two_wins(
    fresh_database: Any, clock: Any, turn: int
) -> None:
    month = finished(clock)
    nam = drafted(month.place, month.place.nam)
    reports.submit(month.actor(month.place.nam), nam.id, version=nam.version)
    reviews.score(month.actor(month.place.hung), nam.id)
    mai, thu = month.actor(month.mai), month.actor(month.place.thu)
    period_id, report_id = month.period.id, nam.id
    db.session.commit()
    start, outcome = Barrier(2), {}

    def act(name: str, do: Any) -> None:
        with fresh_database.app_context():
            start.wait()
            try:
                do()
                outcome[name] = "done"
            except Refusal as refused:
                db.session.rollback()
                outcome[name] = type(refused).__name__

    threads = [
        Thread(target=act, args=("close", lambda: closings.close(mai, period_id))),
        Thread(target=act, args=("confirm", lambda: confirmations.confirm(thu, report_id))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.expire_all()
    closed = db.session.get_one(Period, period_id).closed_at is not None
    assert not closed, "a month with a score that waited cannot have been closed"
    assert outcome["close"] == "Conflict"
    confirmed = db.session.get_one(Report, report_id).state is ReportState.CONFIRMED
    assert confirmed == (outcome["confirm"] == "done")


@pytest.mark.parametrize("turn", range(3))
def test_closing_while_a_petition_is_upheld_never_leaves_a_change_behind_the_closing(
    fresh_database: Any, clock: Any, turn: int
) -> None:
    """The petition keeps the month from closing, unless its answer is a rejection that comes first."""
    month = finished(clock)
    mai, hung = month.actor(month.mai), month.actor(month.place.thu)
    period_id, report_id = month.period.id, month.report.id
    db.session.commit()
    start, outcome = Barrier(2), {}

    def act(name: str, do: Any) -> None:
        with fresh_database.app_context():
            start.wait()
            try:
                do()
                outcome[name] = "done"
            except (Refusal, DBAPIError) as refused:
                db.session.rollback()
                outcome[name] = type(refused).__name__

    def extend() -> None:
        periods.grant_extension(
            hung, period_id=period_id, step=StepName.SCORE, due=IN_APRIL + timedelta(days=20), reason="Bão",
            report_id=report_id,
        )  # fmt: skip

    threads = [
        Thread(target=act, args=("close", lambda: closings.close(mai, period_id))),
        Thread(target=act, args=("extend", extend)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcome["close"] == "done"
    late = db.session.scalar(
        text(
            "select count(*) from extension join closing on closing.period_id = extension.period_id"
            " where extension.xmin::text::bigint > closing.xmin::text::bigint"
        )
    )
    assert outcome["extend"] in ("done", "Closed", "Conflict")
    if outcome["extend"] == "done":
        figures = db.session.scalars(select(Closing)).one().figures
        assert late == 0 or figures["warnings"].get("EXTENDED") == 1


def test_a_roll_up_that_was_asked_before_the_closing_ends_with_a_sentence(
    month: Finished, enqueued: Any
) -> None:
    """Fault 11: a message delivered after the period was closed changes nothing."""
    job = rollups.ask_for(None, MARCH)
    db.session.execute(text("update job set state = 'QUEUED', arguments = '{\"month\": \"x\"}'"))
    close(month)
    db.session.execute(text('update job set arguments = \'{"month": "2026-03"}\''))
    db.session.commit()
    before = picture()
    jobs.run(job.id)
    db.session.expire_all()
    assert db.session.get_one(Job, job.id).state == "FAILED"
    assert "khóa" in (db.session.get_one(Job, job.id).error or "") or "closed" in (
        db.session.get_one(Job, job.id).error or ""
    )
    assert picture() == before
