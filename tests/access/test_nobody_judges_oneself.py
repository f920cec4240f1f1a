"""Self-scoring in every disguise is refused: by the permission function, and by the database whoever asks it (fault 50)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.models import Delegation, ItemMark, Stage
from evaluation.rules.permissions import Action
from evaluation.rules.workflow import ReportState
from evaluation.services import access, confirmations, reports, reviews, scores
from evaluation.services.refusals import Forbidden
from tests import factories

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(IN_MARCH)
    return factories.office()


def sheet(office: factories.Office1, who: Any, supervising: Any, confirming: Any) -> Any:
    made = factories.report(
        who.assignments[0], supervising=supervising, confirming=confirming, agency=office.department
    )
    factories.item(made, assigned="4", done="4")
    factories.criteria(made, "28")
    reports.submit(factories.actor(who, IN_MARCH), made.id, version=1)
    return made


def test_a_head_whose_own_unit_would_supervise_the_own_sheet_scores_and_confirms_nothing(office) -> None:
    own = sheet(office, office.hung, office.division, office.division)
    hung = factories.actor(office.hung, IN_MARCH)
    with pytest.raises(Forbidden):
        reviews.score(hung, own.id)
    with pytest.raises(Forbidden):
        confirmations.confirm_many(hung, [own.id])
    assert own.state is ReportState.SUBMITTED


def test_a_delegate_who_acts_for_the_supervisor_does_not_score_the_own_sheet(office) -> None:
    own = sheet(office, office.nam, office.division, office.department)
    other = sheet(office, office.lan, office.division, office.department)
    db.session.add(
        Delegation(
            unit_id=office.division.id, delegator_id=office.hung.id, delegate_id=office.nam.id,
            document_number="12/UQ", reason="Đi công tác", valid_from=IN_MARCH, valid_to=IN_MARCH + timedelta(days=9),
        )
    )  # fmt: skip
    db.session.flush()
    nam = factories.actor(office.nam, IN_MARCH)
    with pytest.raises(Forbidden):
        reviews.score(nam, own.id)
    assert reviews.score(nam, other.id).scored_for == office.hung.id


def test_a_delegation_that_ended_yesterday_gives_no_right_today(office) -> None:
    other = sheet(office, office.lan, office.division, office.department)
    db.session.add(
        Delegation(
            unit_id=office.division.id, delegator_id=office.hung.id, delegate_id=office.nam.id,
            document_number="12/UQ", reason="Đi công tác", valid_from=date(2026, 3, 1), valid_to=IN_MARCH,
        )
    )  # fmt: skip
    db.session.flush()
    subject = access.subject_of(other)
    assert access.may(factories.actor(office.nam, IN_MARCH - timedelta(days=1)), Action.SCORE_REPORT, subject)
    assert not access.may(factories.actor(office.nam, IN_MARCH), Action.SCORE_REPORT, subject)


def test_the_database_refuses_a_mark_on_a_line_of_the_own_sheet(office) -> None:
    own = sheet(office, office.hung, office.department, office.department)
    db.session.add(
        ItemMark(
            report_id=own.id, item_id=own.items[0].id, done=4, quality_fails=0, delays=0, reason="Tự chấm",
            marked_by=office.hung.id,
        )
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="nobody judges oneself"):
        db.session.flush()


@pytest.mark.parametrize("stage", [Stage.SUPERVISOR, Stage.FINAL])
def test_the_database_refuses_a_score_that_the_official_gave(office, stage: Stage) -> None:
    own = sheet(office, office.hung, office.department, office.department)
    hung = factories.actor(office.hung, IN_MARCH)
    with db.session.no_autoflush:
        scores.freeze(hung, own, stage)
    with pytest.raises(IntegrityError, match="nobody judges oneself"):
        db.session.flush()


@pytest.mark.parametrize(
    "statement",
    [
        "update report set scored_by = person_id, scored_at = now(), state = 'SCORED' where id = :id",
        "insert into year_grade (person_id, year, unit_id, agency_id, confirming_unit_id, peer_group, status,"
        " months_counted, proposed_class, steps, rulebook, fingerprint, state, decided_class, decided_by, decided_at)"
        " select person_id, 2026, unit_id, agency_id, confirming_unit_id, 'x', 'SCORED', 12, 'HTTNV', '[]', 'x', 'x',"
        " 'DECIDED', 'HTTNV', person_id, now() from report where id = :id",
    ],
)
def test_the_database_refuses_a_sheet_scored_or_a_class_decided_by_its_owner(office, statement: str) -> None:
    own = sheet(office, office.hung, office.department, office.department)
    with pytest.raises(IntegrityError, match="oneself"):
        db.session.execute(db.text(statement), {"id": own.id})
