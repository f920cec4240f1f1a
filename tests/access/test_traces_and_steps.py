"""A denial leaves its trace, work keeps to its asker's rights, steps are not skipped, extra fields change nothing."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import AuditEvent, Job, JobState, Person, RoleGrant
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import denials, jobs, reports, rollups
from tests import factories

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def office(database: Any, clock: Any, client: Any) -> Any:
    clock(IN_MARCH)
    made = factories.office()
    made.sheets = {}
    for who in (made.lan, made.nam):
        made.sheets[who.id] = factories.report(
            who.assignments[0], supervising=made.division, confirming=made.department, agency=made.department
        )
        factories.item(made.sheets[who.id], assigned="4")
        factories.criteria(made.sheets[who.id], "28")
    made.clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.assignment(made.clerk, made.department)
    made.account = factories.account(made.clerk, roles=[(Role.HOME_AFFAIRS, made.province)])
    db.session.commit()
    return made


def traces() -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == denials.ACTION)))


# Traces


def test_whoever_tries_another_persons_sheet_finds_nothing_and_leaves_a_trace(office, client, login) -> None:
    login(client, office.lan)
    theirs, nothing = office.sheets[office.nam.id].id, 999_999_999
    answers = [client.get(f"/results/{number}") for number in (theirs, nothing)]
    assert [answer.status_code for answer in answers] == [404, 404]
    (trace,) = traces()
    assert (trace.actor_id, trace.object_type, trace.object_id) == (office.lan.id, "report", theirs)
    assert trace.after == {"wanted": "READ_REPORT"}
    assert trace.unit_id == office.division.id
    assert trace.request_id


def test_the_same_denial_over_and_over_is_one_event_and_many_denials_do_not_fill_the_journal(
    office, client, login
) -> None:
    login(client, office.lan)
    theirs = office.sheets[office.nam.id].id
    for _again in range(3):
        client.get(f"/results/{theirs}")
    assert len(traces()) == 1
    subject = office.division
    for number in range(denials.MOST + 10):
        denials.record(denials.Denied(office.lan.id, "READ_REPORT", "report", number, subject.id))
    assert len(traces()) == denials.MOST


def test_who_may_read_leaves_no_trace_of_a_denial(office, client, login) -> None:
    login(client, office.hung)
    assert client.get(f"/results/{office.sheets[office.nam.id].id}").status_code == 200
    assert traces() == []


# Work in the background


def test_work_asked_for_by_somebody_whose_right_ended_meanwhile_is_refused(office, enqueued) -> None:
    clerk = factories.actor(office.clerk, IN_MARCH)
    job = rollups.ask_for(clerk, Month(2026, 3))
    db.session.query(RoleGrant).filter_by(account_id=office.account.id).update({"valid_to": IN_MARCH})
    db.session.commit()
    jobs.run(job.id)
    db.session.expire_all()
    assert job.state is JobState.FAILED
    assert "không còn quyền" in (job.error or "")


def test_work_asked_for_by_somebody_whose_account_was_disabled_is_refused(office, enqueued) -> None:
    job = rollups.ask_for(factories.actor(office.clerk, IN_MARCH), Month(2026, 3))
    office.account.disabled_at = clock_module.now()
    db.session.commit()
    jobs.run(job.id)
    db.session.expire_all()
    assert job.state is JobState.FAILED


def test_work_of_the_timetable_needs_nobodys_right(office, enqueued) -> None:
    job = rollups.ask_for(None, Month(2026, 3))
    jobs.run(job.id)
    db.session.expire_all()
    assert db.session.get_one(Job, job.id).state is JobState.DONE


# Steps


def test_a_sheet_that_was_not_scored_cannot_be_confirmed_and_one_not_submitted_cannot_be_scored(
    office, client, login
) -> None:
    draft = office.sheets[office.lan.id]
    login(client, office.hung)
    answer = client.post(f"/reviews/{draft.id}/score", data={"version": 1, "transaction_id": str(uuid4())})
    assert answer.status_code == 409
    login(client, office.thu)
    answer = client.post("/confirmations/confirm", data={"report": draft.id, "transaction_id": str(uuid4())})
    assert answer.status_code in (409, 422)
    db.session.expire_all()
    assert draft.state is ReportState.DRAFT


def test_a_form_that_is_sent_again_after_the_sheet_went_on_answers_as_before_and_a_new_one_is_refused(
    office, client, login
) -> None:
    sheet = office.sheets[office.lan.id]
    lan = factories.actor(office.lan, IN_MARCH)
    old = str(uuid4())
    first = reports.submit(lan, sheet.id, version=1, transaction_id=old)
    login(client, office.hung)
    client.post(f"/reviews/{sheet.id}/score", data={"version": sheet.version, "transaction_id": str(uuid4())})
    assert reports.submit(lan, sheet.id, version=1, transaction_id=old).id == first.id
    login(client, office.lan)
    again = client.post(f"/reports/{sheet.id}/submit", data={"version": 1, "transaction_id": str(uuid4())})
    assert again.status_code == 409


# Extra fields

EXTRA = {
    "final_score": "100", "total": "100", "exact_total": "100", "state": "PUBLISHED", "band": "HTXSNV",
    "person_id": "1", "unit_id": "1", "agency_id": "1", "scored_by": "1", "confirmed_by": "1", "decided_by": "1",
    "supervising_unit_id": "1", "confirming_unit_id": "1", "coefficient": "9", "role": "ADMINISTRATOR",
    "version_id": "9", "rulebook": "x", "class": "HTXSNV", "submitted_at": "2020-01-01", "office": "HEAD",
}  # fmt: skip
MAY_CHANGE = {"version", "saved_at", "strengths", "shortcomings"}


def columns_of(table: str, number: int) -> dict[str, Any]:
    row = db.session.execute(text(f"select * from {table} where id = :id"), {"id": number})
    return dict(row.mappings().one())


def test_fields_a_form_does_not_have_change_no_column_of_a_sheet_or_a_line(office, client, login) -> None:
    sheet = office.sheets[office.lan.id]
    item = sheet.items[0].id
    before, line = columns_of("report", sheet.id), columns_of("work_item", item)
    login(client, office.lan)
    extra = EXTRA | {f"line-{item}-{name}": value for name, value in EXTRA.items()}
    client.post(f"/reports/{sheet.id}/draft", data={"version": 1, "transaction_id": str(uuid4()), **extra})
    after, line_after = columns_of("report", sheet.id), columns_of("work_item", item)
    assert {name for name in before if before[name] != after[name]} <= MAY_CHANGE
    assert {name for name in line if line[name] != line_after[name]} <= {"done", "note", "reported"}


def test_a_supervisors_form_writes_no_total_and_no_other_persons_name(office, client, login) -> None:
    sheet = office.sheets[office.lan.id]
    reports.submit(factories.actor(office.lan, IN_MARCH), sheet.id, version=1)
    login(client, office.hung)
    form = {"version": sheet.version, "transaction_id": str(uuid4()), **EXTRA}
    assert client.post(f"/reviews/{sheet.id}/score", data=form).status_code == 303
    db.session.expire_all()
    assert (sheet.person_id, sheet.scored_by, sheet.confirmed_by) == (office.lan.id, office.hung.id, None)
    assert sheet.state is ReportState.SCORED
    total = db.session.scalar(
        text("select total from score_sheet where report_id = :id and stage = 'SUPERVISOR'"), {"id": sheet.id}
    )
    assert total < 100


def test_a_personal_number_is_in_no_page_of_whoever_may_not_ask_for_it(office, client, login) -> None:
    lan = db.session.get_one(Person, office.lan.id)
    lan.personal_number = "079123456789"
    db.session.commit()
    pages = (
        "/",
        "/results/",
        f"/organisation/people/{lan.id}",
        "/organisation/people",
        "/organisation/search/people?q=lan",
    )
    for who in (office.lan, office.hung, office.thu, office.chairman, office.clerk):
        login(client, who)
        for page in pages:
            assert "079123456789" not in client.get(page).text, (who.full_name, page)
