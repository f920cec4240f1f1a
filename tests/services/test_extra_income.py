"""The list for extra income: whose class, which post, what is left out and why, and who may have it."""

import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import AuditEvent, Job, Period, PersonSpan, ScoreSheet, Stage
from evaluation.rules.bands import Band
from evaluation.rules.extra_income import IncomeNote
from evaluation.rules.organisation import AbsenceKind, Office, UnitKind, UnitRole
from evaluation.rules.periods import Cycle, Month, Span, SpanKind
from evaluation.rules.permissions import Role
from evaluation.rules.rulebook import FOLDER
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.services import extra_income as services
from evaluation.services import extra_income_files as files
from evaluation.services import jobs, rulebooks
from evaluation.services.refusals import Conflict, Forbidden, Missing
from tests import factories

MARCH = Month(2026, 3)


def sheet(office: Any, who: Any, band: Band | None, month: str = "2026-03", **given: Any) -> Any:
    """A month's sheet with a final class, or without one."""
    report = factories.report(
        who.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        month=month,
        **given,
    )
    if band is not None:
        moment, judge = clock_module.now(), office.chairman.id
        report.state = ReportState.CONFIRMED
        report.submitted_at = report.scored_at = report.confirmed_at = moment
        report.scored_by = report.confirmed_by = judge
        total = {Band.HTXSNV: "95", Band.HTTNV: "80", Band.HTNV: "60", Band.KHTNV: "40"}[band]
        db.session.add(
            ScoreSheet(
                report_id=report.id,
                stage=Stage.FINAL,
                status=ScoreStatus.SCORED,
                total=Decimal(total),
                exact_total=total,
                band=band,
                steps=[],
                inputs={},
                rulebook="decree-335-2025",
                fingerprint="x",
                decided_by=judge,
            )
        )
    db.session.flush()
    return report


@dataclass
class Place:
    """A department with three people's March and who may list it."""

    office: Any
    thu: Any
    mai: Any
    stranger: Any


@pytest.fixture
def place(database: Any, clock: Any) -> Place:
    clock(date(2026, 4, 10))
    office = factories.office()
    sheet(office, office.lan, Band.HTXSNV)
    sheet(office, office.nam, None)
    sheet(office, office.hung, None, state=ReportState.NOT_RATED, not_rated_reason=AbsenceKind.MATERNITY)
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, office.province)])
    other = factories.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    stranger = factories.person("Trịnh Văn Tài")
    factories.assignment(stranger, other, office=Office.HEAD)
    factories.account(stranger)
    db.session.commit()
    today = date(2026, 4, 10)
    return Place(
        office,
        factories.actor(office.thu, today),
        factories.actor(mai, today),
        factories.actor(stranger, today),
    )


def lines(actor: Any, stretch: Any) -> dict[str, services.IncomeLine]:
    asked, _own = services.wanted(actor, stretch)
    return {f"{line.name} {line.month}": line for line in services.lines(asked)}


def test_a_class_brings_its_coefficient_and_floor(place: Place) -> None:
    lan = lines(place.mai, MARCH)["Nguyễn Thị Lan 2026-03"]
    assert (lan.klass, lan.coefficient, lan.floor) == (Band.HTXSNV, Fraction(1, 2), 1_500_000)
    assert (lan.post, lan.unit, lan.notes) == ("Chuyên viên", "Phòng Công chức, viên chức", ())


def test_no_class_is_a_note_and_never_a_zero(place: Place) -> None:
    found = lines(place.mai, MARCH)
    nam, hung = found["Lê Quang Nam 2026-03"], found["Trần Văn Hùng 2026-03"]
    assert (nam.klass, nam.coefficient, nam.notes) == (None, None, (IncomeNote.PENDING,))
    assert (hung.klass, hung.floor, hung.notes) == (None, None, (IncomeNote.NOT_RATED,))


def test_of_several_posts_only_the_highest_stands_in_the_list(place: Place) -> None:
    factories.assignment(
        place.office.lan,
        place.office.department,
        office=Office.DEPUTY,
        title="Phó Giám đốc Sở",
        is_main=False,
        since=date(2026, 3, 15),
    )
    factories.assignment(
        place.office.nam,
        place.office.department,
        title="Ủy viên",
        is_main=False,
        since=date(2026, 4, 1),
    )
    db.session.commit()
    found = lines(place.mai, MARCH)
    lan = found["Nguyễn Thị Lan 2026-03"]
    assert (lan.post, lan.notes) == ("Phó Giám đốc Sở", (IncomeNote.SEVERAL_POSTS,))
    assert IncomeNote.SEVERAL_POSTS not in found["Lê Quang Nam 2026-03"].notes


def test_a_quarter_is_its_three_months_person_by_person(place: Place) -> None:
    sheet(place.office, place.office.lan, Band.HTNV, "2026-02")
    db.session.commit()
    asked, _own = services.wanted(place.mai, Span.parse("2026-Q1"))
    assert [(line.name, str(line.month), line.klass) for line in services.lines(asked)][1:3] == [
        ("Nguyễn Thị Lan", "2026-02", Band.HTNV),
        ("Nguyễn Thị Lan", "2026-03", Band.HTXSNV),
    ]


def test_in_an_agency_of_quarters_a_month_is_paid_by_the_sheet_of_its_quarter(place: Place) -> None:
    quarter = Period(
        month=date(2026, 4, 1),
        cycle=Cycle.QUARTER,
        assign_due=date(2026, 4, 7),
        submit_due=date(2026, 7, 2),
        score_due=date(2026, 7, 5),
        confirm_due=date(2026, 7, 8),
        publish_due=date(2026, 7, 10),
    )
    db.session.add(quarter)
    db.session.flush()
    report = sheet(place.office, place.office.lan, Band.HTTNV, "2026-06")
    report.period_id = quarter.id
    db.session.commit()
    found = lines(place.mai, Span.parse("2026-Q2"))
    assert {key: line.klass for key, line in found.items() if "Lan" in key} == {
        f"Nguyễn Thị Lan 2026-0{month}": Band.HTTNV for month in (4, 5, 6)
    }


@pytest.mark.parametrize("who", ["thu", "mai"])
def test_the_head_and_home_affairs_have_the_list_of_their_agencies(place: Place, who: str) -> None:
    (own,) = services.agencies(getattr(place, who), MARCH)
    assert (own.name, own.people, own.not_rated, own.pending) == ("Sở Nội vụ", 3, 1, 1)


def test_another_agency_s_head_and_an_official_have_none(place: Place) -> None:
    with pytest.raises(Forbidden):
        services.wanted(place.stranger, MARCH)
    with pytest.raises(Missing):
        services.wanted(place.stranger, MARCH, place.office.department.id)
    with pytest.raises(Forbidden):
        services.wanted(factories.actor(place.office.lan, date(2026, 4, 10)), MARCH)


def test_from_2027_a_sentence_says_that_the_city_decides_each_year(place: Place) -> None:
    with pytest.raises(Missing, match="01/2027"):
        services.wanted(place.mai, Month(2027, 1))


def with_answers(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    """The same rulebooks with other answers to their open questions."""
    real = rulebooks.shelf()

    class Answered:
        books = real.books

        def for_day(self, family: str, day: date) -> Any:
            book = real.for_day(family, day)
            own = {key: value for key, value in answers.items() if key in book.choices}
            return book.with_choices(own)

        def named(self, name: str) -> Any:
            return real.named(name)

    monkeypatch.setattr(rulebooks, "shelf", Answered)


def test_a_list_of_a_quarter_holds_as_many_months_as_are_paid_together(
    place: Place, tmp_path: Path, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("extra-income"):
            text = text.replace("values: { 2026-01-01: 3 }", "values: { 2026-01-01: 1 }")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setitem(app.config, "RULEBOOKS_DIR", str(tmp_path))
    with pytest.raises(Conflict, match="1 tháng"):
        services.wanted(place.mai, Span.parse("2026-Q1"))
    assert services.wanted(place.mai, MARCH)


def test_without_a_class_of_the_month_there_is_no_pay_by_the_month(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_answers(monkeypatch, monthly_class=False)
    with pytest.raises(Conflict):
        services.wanted(place.mai, MARCH)


def test_by_the_quarter_the_class_is_that_of_the_quarter_s_mean(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.add(
        PersonSpan(
            kind=SpanKind.QUARTER,
            year=2026,
            index=1,
            person_id=place.office.lan.id,
            months_counted=3,
            mean=Decimal(75),
            exact_mean="75",
            unit_id=place.office.division.id,
            last_month=date(2026, 3, 1),
            band=Band.HTTNV,
        )
    )
    db.session.commit()
    with_answers(monkeypatch, income_class="QUARTER", monthly_class=False)
    found = lines(place.mai, MARCH)
    assert found["Nguyễn Thị Lan 2026-03"].klass is Band.HTTNV
    assert found["Lê Quang Nam 2026-03"].notes == (IncomeNote.PENDING,)


def test_the_file_leaves_the_amount_to_finance_and_a_trace_of_who_took_it(place: Place) -> None:
    made = files.download(place.thu, MARCH)
    assert not isinstance(made, Job)
    assert made.name == "thu-nhap-tang-them-2026-03.xlsx"
    rows = list(openpyxl.load_workbook(io.BytesIO(made.data)).active.iter_rows(values_only=True))
    head = rows[3]
    amount, coefficient = head.index("Số tiền (tài chính tính)"), head.index("Hệ số")
    assert [row[amount] for row in rows[4:]] == [None, None, None]
    assert [row[coefficient] for row in rows[4:]] == [None, 0.5, None]
    event = db.session.query(AuditEvent).filter_by(action="extra_income.exported").one()
    assert (event.actor_id, event.after["lines"]) == (place.office.thu.id, 3)


def test_a_long_list_is_made_by_a_job_for_whoever_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch, enqueued: Any
) -> None:
    monkeypatch.setattr(files, "ROWS_AT_ONCE", 2)
    job = files.download(place.thu, MARCH)
    assert isinstance(job, Job)
    jobs.run(job.id)
    made = files.stored(place.thu, job.arguments["token"])
    assert openpyxl.load_workbook(made.data).active.max_row == 4 + 3
    with pytest.raises(Missing):
        files.stored(place.mai, job.arguments["token"])
