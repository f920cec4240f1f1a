"""The open questions that only stored sheets can show, each answer switched: đ, delays, reasons, deputies, December."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import Charge, Report, Stage, YearGrade
from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office
from evaluation.rules.periods import Month
from evaluation.rules.scoring import WorkKind
from evaluation.services import grade_proposals, marks, scores, workplans
from evaluation.services.marks import Findings, LeaderFinding, LineFinding
from evaluation.services.refusals import Invalid
from tests import factories
from tests.services.test_extra_income import sheet
from tests.services.test_golden_cases import answer_by
from tests.services.test_grades import month

DAY = date(2026, 4, 1)


@pytest.fixture
def office(database: Any, clock: Any) -> factories.Office1:
    clock(DAY)
    return factories.office()


@pytest.fixture
def answered(tmp_path: Any, app: Any, monkeypatch: Any) -> Any:
    """`answered(choice="ANSWER")` judges by rulebooks with these answers."""

    def answer(**choices: Any) -> None:
        texts = {
            key: str(value).lower() if isinstance(value, bool) else value for key, value in choices.items()
        }
        answer_by(texts, tmp_path, app, monkeypatch)

    return answer


def drafted(office: factories.Office1, who: Any, **line: Any) -> Report:
    report = factories.report(
        who.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, **{"assigned": "4", "done": "4", **line})
    factories.criteria(report, "28")
    db.session.commit()
    return report


def found(office: factories.Office1, report: Report, findings: Findings) -> Report:
    marks.apply(factories.actor(office.thu, DAY), report, findings)
    db.session.commit()
    return report


NEITHER = LeaderFinding(organising="100", cohesion="100", neither=["organising"])


def test_where_neither_case_fits_the_authority_gives_a_reason(office: Any, answered: Any) -> None:
    answered(neither_case_of_organising="AUTHORITY")
    report = drafted(office, office.hung)
    with pytest.raises(Invalid) as refusal:
        found(office, report, Findings(leader=NEITHER))
    assert [fault.place for fault in refusal.value.faults] == ["organising-reason"]


@pytest.mark.parametrize(("answer", "ratio"), [("FULL", 100), ("HALF", 50)])
def test_where_neither_case_fits_the_rulebook_may_set_the_ratio(
    office: Any, answered: Any, answer: str, ratio: int
) -> None:
    answered(neither_case_of_organising=answer)
    report = found(office, drafted(office, office.hung), Findings(leader=NEITHER))
    assert (report.organising, report.cohesion) == (ratio, 100)
    assert "15.3.b" in (report.organising_reason or "")


@pytest.mark.parametrize(("answer", "least"), [("EVENT", 1), ("PER_DAYS", 3)])
def test_eleven_days_late_are_one_event_or_three_runs_of_five_days(
    office: Any, answered: Any, answer: str, least: int
) -> None:
    answered(delay_counting=answer)
    report = drafted(office, office.lan, due_on=date(2026, 3, 10), done_on=date(2026, 3, 21), delays=9)
    (item,) = report.items
    too_few = LineFinding(done="4", delays=least - 1, reason="Theo nhật ký")
    with pytest.raises(Invalid) as refusal:
        found(office, report, Findings(lines={item.id: too_few}))
    assert [fault.place for fault in refusal.value.faults] == [f"line-{item.id}-delays"]
    found(
        office,
        report,
        Findings(lines={item.id: LineFinding(done="4", delays=least, reason="Theo nhật ký")}),
    )
    assert scores.score_of(report, Stage.SUPERVISOR).progress == 100 - Decimal(least) * 25 / 4


def test_a_last_day_that_passed_before_it_was_put_off_is_a_delay_of_its_own(
    office: Any, answered: Any, clock: Any
) -> None:
    answered(delay_counting="EVENT")
    clock(date(2026, 3, 12))
    report = drafted(office, office.lan, due_on=date(2026, 3, 10), done="0", kind=WorkKind.ADHOC)
    (item,) = report.items
    hung = factories.actor(office.hung, date(2026, 3, 12))

    def put_off(day: str) -> None:
        row = workplans.GridRow(item.id, report.version, "4", day)
        workplans.save_grid(hung, office.division.id, Month(2026, 3), [row])

    put_off("20/03/2026")
    assert item.missed_deadlines == 1
    put_off("25/03/2026")  # not missed: put off in time
    assert item.missed_deadlines == 1
    item.done_on, item.delays, item.done = date(2026, 3, 27), 9, Decimal(4)
    db.session.commit()
    once = LineFinding(done="4", delays=1, reason="Theo nhật ký")
    with pytest.raises(Invalid, match="2 lần"):
        found(office, report, Findings(lines={item.id: once}))


@pytest.mark.parametrize("needed", [True, False])
def test_points_that_differ_need_a_reason_or_not(office: Any, answered: Any, needed: bool) -> None:
    answered(reason_when_supervisor_differs=needed)
    report = drafted(office, office.lan)
    findings = Findings(points={"G1.1": "3"})
    if needed:
        with pytest.raises(Invalid):
            found(office, report, findings)
    else:
        found(office, report, findings)
        assert next(mark for mark in report.criteria if mark.code == "G1.1").given_points == 3


@pytest.mark.parametrize(("answer", "ratio"), [("FIELD", 100), ("UNIT", 50)])
def test_a_deputy_answers_for_the_field_or_for_the_unit(
    office: Any, answered: Any, answer: str, ratio: int
) -> None:
    answered(deputy_unit_result=answer)
    deputy = factories.person("Phạm Phó Phòng")
    factories.assignment(deputy, office.division, office=Office.DEPUTY)
    db.session.add(Charge(deputy_id=deputy.id, person_id=office.lan.id, valid_from=factories.BEGINNING))
    sheet(office, office.lan, Band.HTTNV)
    sheet(office, office.nam, Band.KHTNV)
    report = drafted(office, deputy)
    report.organising = report.cohesion = 100
    db.session.commit()
    ratios = scores.leader_ratios(report, Stage.SUPERVISOR)
    assert ratios is not None
    assert ratios.unit_result == ratio


@pytest.mark.parametrize(
    ("answer", "mean", "months"), [("PROVISIONAL", "75", 12), ("ELEVEN_MONTHS", "80", 11)]
)
def test_december_counts_with_what_it_has_or_is_left_out(
    office: Any, answered: Any, clock: Any, answer: str, mean: str, months: int
) -> None:
    clock(date(2026, 12, 5))
    answered(december=answer)
    for number in range(1, 12):
        month(office, office.lan, number, "80")
    month(office, office.lan, 12, "20")
    db.session.commit()
    grade_proposals.propose(office.department.id, 2026)
    grade = db.session.query(YearGrade).filter_by(person_id=office.lan.id).one()
    assert (grade.exact_mean, grade.months_counted) == (mean, months)
