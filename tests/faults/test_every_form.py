"""Rubbish to every form of the site, from somebody who may use it: a sentence, what was typed, and no row more or less."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from evaluation import clock as clock_module
from evaluation.extensions import Base, db
from evaluation.models import (
    Account,
    AuditEvent,
    Charge,
    Closing,
    Delegation,
    Discipline,
    Evidence,
    NationalExport,
    Petition,
    Reopening,
    ScoreSheet,
    Stage,
)
from evaluation.rules.bands import Band
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.permissions import Role
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.services import denials, grade_proposals, reports
from tests import factories
from tests.faults.conftest import IN_MARCH

CHECKOUT = Path(__file__).resolve().parents[2]
RUBBISH = [
    "",
    "không phải số",
    "-1",
    "1e309",
    "\x00\u202e<script>alert(1)</script>",
    "٣" * 300,
    "9" * 5000,
    "2026-13-45",
]
# Buttons: they have no field that could be wrong, so whoever may press them is obeyed.
BUTTONS = {
    "accounts.ask_factor_reset",  # any text is a reason
    "accounts.decide_factor_reset",
    "accounts.decide_role",
    "accounts.disable",  # any text is a reason
    "accounts.enable",  # any text is a reason
    "accounts.end_role",
    "accounts.end_sessions",
    "accounts.reset_password",
    "access.set_language",
    "access.sign_out",
    "audit.seal",
    "annual_round.late",  # any text is the number of a document
    "conclusions.withdraw",  # any text is a reason
    "delegations.end",
    "evidence.remove",
    "grades.propose",
    "home.read_notices",
    "identity.unlink",
    "national_exports.make",
    "petitions.take_back",
    "register_lines.withdraw",  # any text is a reason
    "organisation.reveal",
    "reauthentication.confirm",  # every try is counted: tests/services/test_sign_in.py
    "reviews.open_sheet",
    "reviews.remind",
    "second_factors.codes",
    "second_factors.give_up",
    "sessions.active",
    "sessions.end",
    "sessions.end_others",
    "workplans.copy",
}
# Nothing can be typed there: ticks, hidden fields, a file.
WITHOUT_TEXT = {
    "catalogue.import_file", "commendation_registers.file", "evidence.attach", "grades.decide_many", "imports.upload",
    "jobs.propose", "jobs.roll_up", "passwords.change", "second_factors.set_up",
}  # fmt: skip
# Their rows come from a file that was accepted: tests/services/test_imports.py, tests/web/test_catalogue.py.
OF_A_FILE = {"catalogue.apply_import", "catalogue.preview", "imports.confirm", "imports.discard"}
LOOKS_MISSING = {
    "confirmations.publish",
    "party.confirm",  # the Party's rules are off here: tests/web/test_party.py
    "party.withdraw",
}  # without a month and a unit of this site there is nothing to publish
# Only a public class can be petitioned against or replaced, and none of these people has one: tests/web/test_petitions.py,
# tests/web/test_annual_round.py.
OF_A_PUBLIC_CLASS = {"petitions.lodge_class", "replacements.replace"}
# Nothing ticked or typed is an answer there: nobody uses it any more; scored as it stands.
EMPTY_IS_AN_ANSWER = {"catalogue.users", "reviews.score"}


# Being signed in and looking leave rows of their own; so does being refused, an event that is not counted.
TRACES = {"session", "reading"}


def names() -> list[str]:
    """Every field name that some template writes out."""
    found = set()
    for path in (CHECKOUT / "templates").rglob("*.html"):
        found |= set(re.findall(r'\bname="([\w-]+)"', path.read_text()))
    for path in (CHECKOUT / "evaluation/web").glob("*.py"):
        found |= set(re.findall(r'form(?:\.get|\.getlist)?[(\[]"([\w-]+)"', path.read_text()))
        found |= set(re.findall(r"^    (\w+) = \w+Field\(", path.read_text(), re.MULTILINE))
    return sorted(found - {"csrf_token", "viewport", "htmx-config", "next", "locale"})


@pytest.fixture
def place(database: Any, clock: Any, app: Flask) -> Any:
    """A sheet in each state, a file, a class of the year, a product, and a clerk who may do all that registers may."""
    clock(IN_MARCH)
    made = factories.office()
    made.sheets = {}
    for who in (made.lan, made.nam):
        made.sheets[who.id] = factories.report(
            who.assignments[0], supervising=made.division, confirming=made.department, agency=made.department
        )
        made.item = factories.item(made.sheets[who.id], assigned="4")
        factories.criteria(made.sheets[who.id], "28")
    reports.submit(factories.actor(made.nam, IN_MARCH), made.sheets[made.nam.id].id, version=1)
    made.own_item = factories.item(made.sheets[made.lan.id], assigned="2", added_by_owner=True)
    made.file = Evidence(
        item_id=made.own_item.id, name="a.pdf", stored_name="x", media_type="application/pdf", size=1,
        sha256="0" * 64, uploaded_by=made.lan.id,
    )  # fmt: skip
    db.session.add(made.file)
    made.version = factories.product(made.department, positions=[made.job])
    made.delegation = Delegation(
        unit_id=made.division.id, delegator_id=made.hung.id, delegate_id=made.nam.id, document_number="12/UQ",
        reason="Đi công tác", valid_from=IN_MARCH, valid_to=IN_MARCH + timedelta(days=20),
    )  # fmt: skip
    db.session.add(made.delegation)
    made.charge = Charge(deputy_id=made.nam.id, person_id=made.lan.id, valid_from=factories.BEGINNING)
    db.session.add(made.charge)
    _petitioned(made)
    made.clerk = factories.person("Cán bộ Sở Nội vụ")
    factories.assignment(made.clerk, made.department)
    factories.account(made.clerk, roles=[(role, made.province) for role in Role])
    grade_proposals.propose(made.department.id, 2026)
    factories.reviewed(made, [made.lan])
    db.session.commit()
    return made


def _petitioned(made: Any) -> None:
    """A petition that waits for its answer, and a file for the national database that nobody handed over yet."""
    moment = clock_module.now()
    report = factories.report(
        made.hung.assignments[0], supervising=made.department, confirming=made.department, agency=made.department,
        state=ReportState.CONFIRMED, submitted_at=moment, scored_at=moment, scored_by=made.thu.id,
        confirmed_at=moment, confirmed_by=made.thu.id,
    )  # fmt: skip
    factories.item(report, assigned="4", done="4")
    db.session.add(
        ScoreSheet(
            report_id=report.id, stage=Stage.FINAL, status=ScoreStatus.SCORED, total=70, exact_total="70",
            band=Band.HTTNV, steps=[], inputs={}, rulebook="decree-335-2025", fingerprint="x",
            decided_by=made.thu.id, decided_at=moment,
        )
    )  # fmt: skip
    made.petition = Petition(
        person_id=made.hung.id, report_id=report.id, deciding_unit_id=made.department.id, reason="Chưa đủ",
        due_on=IN_MARCH + timedelta(days=9), lodged_at=moment,
    )  # fmt: skip
    made.export = NationalExport(
        made_at=moment,
        until=moment,
        due_on=IN_MARCH,
        people=1,
        results=1,
        stored_name="x.zip",
        sha256="0" * 64,
    )
    made.discipline = Discipline(
        person_id=made.nam.id, form=DisciplineForm.KHIEN_TRACH, duty_related=False, decision_number="8/QĐ",
        decided_on=IN_MARCH, starts_on=IN_MARCH, ends_on=IN_MARCH,
    )  # fmt: skip
    db.session.add_all([made.petition, made.export, made.discipline])
    made.reopening = _closed_and_asked_for(made)
    db.session.add(made.reopening)
    db.session.flush()


def _closed_and_asked_for(made: Any) -> Reopening:
    """A closed month whose reopening somebody else asked for."""
    closing = Closing(
        period=factories.period("2026-01"), closed_by=made.thu.id, closed_at=clock_module.now(),
        figures={"totals": {"sheets": 0}, "agencies": [], "results_hash": "0" * 64}, seal_number=1, seal_root=bytes(32),
    )  # fmt: skip
    db.session.add(closing)
    db.session.flush()
    closing.period.closed_at = closing.closed_at
    return Reopening(
        closing=closing,
        asked_by=made.thu.id,
        asked_at=clock_module.now(),
        reason="Sửa điểm theo kiến nghị số 1",
    )


def addresses(place: Any, rule: Any) -> Iterator[dict[str, Any]]:
    """What may stand in the address: things that exist, then things that do not."""
    draft, submitted = (place.sheets[who.id].id for who in (place.lan, place.nam))
    grade = db.session.scalar(text("select min(id) from year_grade")) or 1
    known: dict[str, list[Any]] = {
        "report_id": [draft, submitted],
        "item_id": [place.own_item.id],
        "evidence_id": [place.file.id],
        "grade_id": [grade],
        "unit_id": [place.division.id, place.department.id],
        "product_id": [place.version.product_id],
        "position_id": [place.job.id],
        "person_id": [place.nam.id],
        "assignment_id": [place.nam.assignments[0].id],
        "year": [2026],
        "month": ["2026-03"],
        "noun": ["people"],
        "delegation_id": [place.delegation.id],
        "charge_id": [place.charge.id],
        "meeting_id": [db.session.scalar(text("select min(id) from review_meeting"))],
        "petition_id": [place.petition.id],
        "export_id": [place.export.id],
        "line_id": [place.discipline.id],
        "period_id": [place.reopening.closing.period_id],
        "reopening_id": [place.reopening.id],
        "account_id": [db.session.query(Account).filter_by(person_id=place.nam.id).one().id],
    }
    yield from (
        {name: known.get(name, [1])[min(turn, len(known.get(name, [1])) - 1)] for name in rule.arguments}
        for turn in range(2 if rule.arguments & {"report_id", "unit_id"} else 1)
    )
    if rule.arguments:
        yield {name: {"month": "2026-99", "noun": "none"}.get(name, 999_999_999) for name in rule.arguments}


def counts() -> dict[str, int]:
    tables = [table.name for table in Base.metadata.sorted_tables if table.name not in TRACES]
    rows = db.session.execute(
        text(" union all ".join(f"select '{name}', count(*) from \"{name}\"" for name in tables))
    )
    found = {row[0]: row[1] for row in rows}
    refused = db.session.query(AuditEvent).filter_by(action=denials.ACTION).count()
    return found | {"audit_event": found["audit_event"] - refused}


def test_no_form_falls_over_rubbish_or_stores_any_of_it(place: Any, app: Flask, login: Any) -> None:
    fields, adapter = names(), app.url_map.bind("localhost")
    people = [place.clerk, place.lan, place.hung, place.thu, place.chairman]
    accounts = {who.id: db.session.query(Account).filter_by(person_id=who.id).one() for who in people}
    wrong, permitted, kept, forgot = [], set(), set(), set()
    before = counts()
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(posts) > 40
    for rule in sorted(posts, key=str):
        if rule.endpoint in BUTTONS:
            continue
        for values in addresses(place, rule):
            url = adapter.build(rule.endpoint, values, method="POST")
            for who in people:
                client = login(app.test_client(), accounts[who.id])
                for rubbish in RUBBISH if rule.endpoint not in permitted else RUBBISH[1:2]:
                    if not rubbish and rule.endpoint in EMPTY_IS_AN_ANSWER:
                        continue
                    answer = client.post(url, data=dict.fromkeys(fields, rubbish))
                    if answer.status_code in (403, 404):
                        break
                    permitted.add(rule.endpoint)
                    said = f"{rule.endpoint} {url} by {who.full_name} with {rubbish[:20]!r}: {answer.status_code}"
                    now = counts()
                    if answer.status_code >= 500:
                        wrong.append(said)
                    elif now != before:
                        changed = {
                            name: now[name] - before[name] for name in now if now[name] != before[name]
                        }
                        wrong.append(f"{said} changed {changed}")
                        before = now
                    elif (
                        answer.status_code == 422
                        and "data-error-summary" not in answer.text
                        and not answer.is_json
                    ):
                        wrong.append(f"{said} names no error")
                    elif answer.status_code == 422 and rubbish == RUBBISH[1]:
                        (kept if escape(rubbish) in answer.text else forgot).add(rule.endpoint)
    never = (
        {rule.endpoint for rule in posts}
        - permitted
        - BUTTONS
        - OF_A_FILE
        - OF_A_PUBLIC_CLASS
        - LOOKS_MISSING
    )
    assert not wrong, "\n" + "\n".join(wrong)
    assert forgot - kept - WITHOUT_TEXT == set(), "these forget what was typed"
    assert never == set(), "nobody here may use these, so they were not tried"
    assert place.sheets[place.nam.id].state is ReportState.SUBMITTED
