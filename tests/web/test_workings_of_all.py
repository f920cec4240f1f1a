"""The working of a class of the year, of a unit's figure and of a verdict on a title, as their readers see them."""

import sys
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.files import pdf
from evaluation.models import (
    Discipline,
    EligibilityEntry,
    EligibilityRun,
    Period,
    PersonMonth,
    Reading,
    ScoreSheet,
    Stage,
    UnitMonth,
    YearGrade,
)
from evaluation.rules.bands import Band
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.periods import Cycle
from evaluation.rules.permissions import Role
from evaluation.rules.scoring import ScoreStatus
from evaluation.services import commendations, grade_proposals, scores
from tests import factories
from tests.queries.test_standings import MARCH, province  # noqa: F401
from tests.services import commendation_stories as stories
from tests.services.test_grades import year_of
from tests.services.test_rollups import led_office
from tests.web.counting import queries_of
from tests.web.test_standings import officer, place  # noqa: F401
from tests.web.test_workings import sign_in, words_of

TODAY = date(2026, 12, 5)


@pytest.fixture
def year(client: Any, login: Any, clock: Any) -> Any:
    """Eleven months of Lan and Nam, classes proposed; Thu, who decides, is signed in."""
    clock(TODAY)
    office = factories.office()
    year_of(office, office.lan, "92.5")
    year_of(office, office.nam, "80")
    db.session.add(
        Discipline(
            person_id=office.nam.id, form=DisciplineForm.KHIEN_TRACH, duty_related=True, decision_number="7/QĐ-KL",
            decided_on=date(2026, 5, 4), starts_on=date(2026, 5, 4), ends_on=date(2027, 5, 4), act_on=date(2026, 4, 1),
        )
    )  # fmt: skip
    grade_proposals.propose(office.department.id, 2026)
    db.session.commit()
    office.client = sign_in(login, client, office.thu)
    return office


def grade_of(who: Any) -> YearGrade:
    return db.session.scalars(
        select(YearGrade).where(YearGrade.person_id == who.id, YearGrade.superseded_at.is_(None))
    ).one()


def test_the_working_of_a_class_costs_few_queries(year: Any) -> None:
    assert queries_of(year.client, f"/workings/class/{grade_of(year.lan).id}") <= 12


def test_a_class_opens_into_its_months_and_the_mean_filled_in(year: Any) -> None:
    page = words_of(year.client.get(f"/workings/class/{grade_of(year.lan).id}").text)
    assert f"({' + '.join(['92,5'] * 11)}) / 11 = 92,5" in page
    assert "Điều 17.3" in page
    assert "Đỗ Văn Chính" in page, "who confirmed each month"
    assert "không có quyết định kỷ luật" in page
    assert "Số suất" in page


def test_a_discipline_that_decides_the_class_is_named_with_its_document(year: Any) -> None:
    page = words_of(year.client.get(f"/workings/class/{grade_of(year.nam).id}").text)
    assert "7/QĐ-KL" in page
    assert "04/05/2026" in page
    assert "20.4.c NĐ 335" in page


def test_reading_somebodys_class_leaves_a_trace(year: Any, login: Any) -> None:
    grade_id = grade_of(year.lan).id
    year.client.get(f"/workings/class/{grade_id}")
    assert db.session.query(Reading).filter_by(object_type="year_grade", object_id=grade_id).count() == 1
    sign_in(login, year.client, year.lan)
    assert year.client.get(f"/workings/class/{grade_id}").status_code == 404, "not published yet"


def test_the_page_of_a_class_leads_to_its_working_and_the_word_file_says_the_same(year: Any) -> None:
    grade_id = grade_of(year.lan).id
    assert f'href="/workings/class/{grade_id}"' in year.client.get(f"/grades/of/{grade_id}").text
    document = Document(BytesIO(year.client.get(f"/workings/class/{grade_id}.docx").data))
    assert any("/ 11 = 92,5" in paragraph.text for paragraph in document.paragraphs)


def test_a_units_figure_opens_into_the_units_below_and_its_mean(place: Any) -> None:  # noqa: F811
    page = words_of(place.client.get(f"/workings/unit/{place.department.id}/{MARCH}").text)
    figure = (
        db.session.query(UnitMonth)
        .filter_by(unit_id=place.department.id)
        .order_by(UnitMonth.period_id)
        .first()
    )
    assert f"/ {figure.scored} " in page, "points divided by officials"
    assert "Trực tiếp tại đơn vị" in page or "đơn vị bên dưới" in page
    assert f"{figure.mean:.2f}".replace(".", ",") in page
    assert "thay đổi sau lần tổng hợp" not in page
    assert "Điều 17.3" in page


def test_a_quarter_of_a_unit_opens_too_and_a_period_without_figures_says_so(place: Any) -> None:  # noqa: F811
    answer = place.client.get(f"/workings/unit/{place.department.id}/2026-Q1")
    assert answer.status_code == 200
    assert "quý I/2026" in words_of(answer.text)
    assert "thay đổi sau lần tổng hợp" not in words_of(answer.text)
    for period in ("2020-01", "2026-Q9", "rubbish", "9999-H1"):
        assert place.client.get(f"/workings/unit/{place.department.id}/{period}").status_code == 404


def test_a_unit_is_closed_to_who_may_not_read_it(place: Any) -> None:  # noqa: F811
    place.sign_in(place.hung)
    assert place.client.get(f"/workings/unit/{place.department.id}/{MARCH}").status_code == 404
    place.sign_in(officer(Role.INSPECTOR, place.province))
    assert place.client.get(f"/workings/unit/{place.department.id}/{MARCH}").status_code == 200


def test_a_units_page_leads_to_the_working_of_its_month_and_spans(place: Any) -> None:  # noqa: F811
    page = place.client.get(f"/units/{place.department.id}?month={MARCH}").text
    assert f'href="/workings/unit/{place.department.id}/{MARCH}"' in page
    assert f'href="/workings/unit/{place.department.id}/2026-Q1"' in page


def test_a_verdict_opens_into_conditions_facts_and_months(client: Any, login: Any, clock: Any) -> None:
    clock(date(2026, 9, 20))
    agency = stories.agency("Sở Nội vụ")
    agency.add("Phạm Thu Trang", "HTXSNV", mean="97", initiatives=("CO_SO",))
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, agency.province)])
    run = stories_run()
    entry = db.session.scalars(select(EligibilityEntry).where(EligibilityEntry.run_id == run.id)).first()
    sign_in(login, client, mai)
    page = words_of(client.get(f"/workings/verdict/{entry.id}").text)
    assert "Điều kiện xét" in page
    assert "Điều 23" in page
    assert "Sáng kiến" in page
    assert run.fingerprint[:12] in page
    assert f'href="/workings/verdict/{entry.id}"' in client.get(f"/commendations/entries/{entry.id}").text
    assert (
        db.session.query(Reading).filter_by(object_type="eligibility_entry", object_id=entry.id).count() == 2
    )
    sign_in(login, client, stories_stranger())
    assert client.get(f"/workings/verdict/{entry.id}").status_code in (403, 404)


def stories_run(award: str = "CSTDCS") -> EligibilityRun:
    return commendations.run_now(2026, award)


def stories_stranger() -> Any:
    who = factories.person("Người Lạ")
    factories.account(who)
    return who


def test_a_mean_of_a_quarter_opens_for_its_owner_and_those_above_only(place: Any) -> None:  # noqa: F811
    address = f"/workings/mean/{place.lan.id}/2026-Q1"
    place.sign_in(place.lan)
    page = words_of(place.client.get(address).text)
    assert "quý I/2026" in page
    assert "Điều 17.3" in page
    assert f'href="{address}"' in place.client.get("/results/?year=2026").text
    place.sign_in(place.thu)
    assert place.client.get(address).status_code == 200
    place.sign_in(place.nam)
    assert place.client.get(address).status_code == 404
    assert place.client.get(f"/workings/mean/{place.nam.id}/2026-03").status_code == 404
    assert db.session.query(Reading).filter_by(object_type="person", object_id=place.lan.id).count() == 1


def test_the_pdf_is_a_pdf_or_a_sentence_that_says_what_to_install(
    place: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"/workings/unit/{place.department.id}/{MARCH}"
    if pdf.available():
        answer = place.client.get(f"{address}.pdf")
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = place.client.get(f"{address}.pdf")
    assert (answer.status_code, answer.location) == (303, address)
    assert "apt-get install" in place.client.get(address).text


def test_a_collectives_verdict_opens_into_its_members_and_leaves_no_trace_of_a_person(
    client: Any, login: Any, clock: Any
) -> None:
    clock(date(2026, 9, 20))
    agency = stories.agency("Sở Nội vụ")
    agency.add("Phạm Thu Trang")
    agency.add("Trần Văn Kém", "HTNV")
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, agency.province)])
    run = stories_run("TTLDTT")
    entry = db.session.scalars(select(EligibilityEntry).where(EligibilityEntry.run_id == run.id)).first()
    page = words_of(sign_in(login, client, mai).get(f"/workings/verdict/{entry.id}").text)
    assert "Thành viên của tập thể" in page
    assert "Sở Nội vụ" in page
    assert db.session.query(Reading).filter_by(object_type="eligibility_entry").count() == 0


def test_a_leaders_score_names_how_many_stand_behind_d(client: Any, login: Any, clock: Any) -> None:
    clock(TODAY)
    office, _sheets = led_office()
    sheet = db.session.scalars(
        select(ScoreSheet).where(
            ScoreSheet.stage == Stage.FINAL, ScoreSheet.report.has(person_id=office.hung.id)
        )
    ).one()
    page = words_of(sign_in(login, client, office.hung).get(f"/workings/score/{sheet.id}").text)
    assert "Ba tỷ lệ của người lãnh đạo, quản lý" in page
    assert "2 công chức thuộc quyền" in page
    assert "d = 100%" in page


@pytest.mark.parametrize("lines", [2, 40])
def test_a_working_costs_few_queries_whatever_the_number_of_lines(
    client: Any, login: Any, clock: Any, lines: int
) -> None:
    clock(TODAY)
    office, _sheets = led_office()
    sheet = db.session.scalars(
        select(ScoreSheet).where(
            ScoreSheet.stage == Stage.FINAL, ScoreSheet.report.has(person_id=office.lan.id)
        )
    ).one()
    for number in range(lines):
        factories.item(sheet.report, assigned="1", done="1", ordinal=number + 10, assigned_by=office.hung.id)
    db.session.commit()
    frozen = scores.freeze(factories.actor(office.thu, TODAY), sheet.report, Stage.FINAL)
    db.session.commit()
    signed = sign_in(login, client, office.hung)
    assert queries_of(signed, f"/workings/score/{frozen.id}") <= 12


def test_a_quarters_own_sheets_open_apart_from_the_average_of_the_quarter(
    client: Any, login: Any, clock: Any
) -> None:
    clock(TODAY)
    office = factories.office()
    due = [date(2026, 10, day) for day in (1, 2, 3, 4, 5)]
    quarter = Period(
        month=date(2026, 7, 1), cycle=Cycle.QUARTER, assign_due=date(2026, 7, 5),
        submit_due=due[1], score_due=due[2], confirm_due=due[3], publish_due=due[4],
    )  # fmt: skip
    db.session.add(quarter)
    db.session.flush()
    for number, who in enumerate((office.lan, office.nam)):
        total = Decimal(80 + 10 * number)
        db.session.add(
            PersonMonth(
                person_id=who.id, period_id=quarter.id, report_id=number, unit_id=office.division.id,
                agency_id=office.department.id, status=ScoreStatus.SCORED, total=total, exact_total=str(total),
                band=Band.HTTNV, differs=False,
            )
        )  # fmt: skip
    db.session.add(
        UnitMonth(
            period_id=quarter.id, unit_id=office.division.id, expected=2, scored=2, not_rated=0,
            mean=Decimal(85), excellent=0, good=2, completed=0, not_completed=0,
        )
    )  # fmt: skip
    db.session.commit()
    signed = sign_in(login, client, office.thu)
    address = f"/workings/unit/{office.division.id}/2026-Q3"
    assert signed.get(address).status_code == 404, "no average was rolled up"
    page = words_of(signed.get(f"{address}?of=sheets").text)
    assert "170 / 2 = 85" in page
    assert "2 / 2 × 100 = 100%" in page
    assert signed.get(f"{address}.docx?of=sheets").status_code == 200
