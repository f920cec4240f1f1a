"""Pages of agencies by quarter: the form with its preview, and every label that names a period."""

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from evaluation.extensions import db
from evaluation.language import read_catalogue
from evaluation.models import AgencyCycle, Period, Report
from evaluation.rules.organisation import AbsenceKind, Office, UnitKind, UnitRole
from evaluation.rules.periods import Cycle, Month, in_words_of, parse_stretch
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import ReportState
from evaluation.services import periods, rollups
from tests import factories
from tests.services.test_cycles import by_quarter, finished

Q3 = parse_stretch("2026-Q3")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def office(database, clock):
    """July 2026: a department by month, customs by quarter; both opened."""
    clock(date(2026, 7, 1))
    made = factories.office()
    made.customs = factories.unit(
        "Chi cục Hải quan", parent=made.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    made.chief, made.mai = factories.person("Ngô Văn Bình"), factories.person("Phạm Thị Mai")
    factories.assignment(made.chief, made.customs, office=Office.HEAD)
    factories.assignment(made.mai, made.customs, job=made.job)
    made.clerk = factories.person("Cao Thị Vân")
    for who in (made.chief, made.mai):
        factories.account(who)
    factories.account(made.clerk, roles=[(Role.HOME_AFFAIRS, made.province)])
    by_quarter(made.customs)
    periods.open_due_months()
    made.sheet = db.session.scalars(select(Report).where(Report.person_id == made.mai.id)).one()
    db.session.commit()
    return made


def terms(office, **given):
    return {
        "agency_id": office.department.id,
        "cycle": "QUARTER",
        "since": "01/10/2026",
        "decision_number": "12/QĐ-SNV",
    } | given


def rows():
    return db.session.scalar(select(func.count()).select_from(AgencyCycle))


def test_only_home_affairs_sees_the_cycles(client, login, office):
    assert login(client, office.thu).get("/cycles/").status_code == 403
    assert "Kỳ đánh giá của các cơ quan" not in client.get("/periods/").text
    page = login(client, office.clerk).get("/cycles/").text
    for words in ("Chi cục Hải quan", "theo quý", "21169/CHQ-TCCB", "Sở Nội vụ", "theo tháng", "01/10/2026"):
        assert words in page
    assert 'href="/cycles/"' in client.get("/periods/").text


def test_a_change_is_shown_with_what_it_opens_and_stored_once_it_was_read(client, login, office):
    login(client, office.clerk)
    page = client.post("/cycles/", data=terms(office)).text
    for words in ("Quý IV/2026", "Quý I/2027", "07/10/2026", "Tháng 09/2026 là kỳ cuối", "12/QĐ-SNV"):
        assert words in page
    assert rows() == 1, "nothing is stored by looking"
    answer = client.post("/cycles/", data=terms(office, sure="1"), follow_redirects=True)
    assert "Sở Nội vụ đánh giá theo quý từ ngày 01/10/2026." in answer.text
    assert "theo quý từ ngày 01/10/2026" in answer.text
    assert rows() == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"since": "01/07/2026"}, "không thay đổi kỳ đánh giá lùi về trước. Ngày sớm nhất là 01/10/2026."),
        ({"since": "15/10/2026"}, "Ghi 01/10/2026 hoặc 01/01/2027."),
        ({"since": "hôm nay"}, "hôm nay"),
        ({"agency_id": ""}, "Đồng chí chọn cơ quan."),
        ({"cycle": "YEAR"}, "Chọn kỳ đánh giá."),
        ({"decision_number": " "}, "Ghi số quyết định."),
    ],
)
@pytest.mark.parametrize("sure", [{}, {"sure": "1"}])
def test_a_fault_is_said_beside_its_field_and_what_was_typed_stays(client, login, office, given, words, sure):
    login(client, office.clerk)
    answer = client.post("/cycles/", data=terms(office, **given, **sure))
    assert answer.status_code == 422
    assert words in answer.text
    assert rows() == 1


def test_the_official_and_the_head_read_the_quarter_everywhere(client, login, office):
    login(client, office.mai)
    assert "Phiếu của tôi quý III/2026" in client.get("/").text or "quý III/2026" in client.get("/").text
    for url in ("/reports/", f"/reports/{office.sheet.id}", "/results/", f"/results/{office.sheet.id}"):
        page = client.get(url, follow_redirects=True).text
        assert "uý III/2026" in page, url
        assert "háng 07/2026" not in page, url
    login(client, office.chief)
    for url in (
        "/",
        "/workplans/",
        f"/workplans/{office.customs.id}/2026-Q3",
        "/reviews/",
        "/reviews/?month=2026-Q3",
        "/confirmations/?month=2026-Q3",
        "/periods/",
        f"/units/{office.customs.id}",
    ):
        answer = client.get(url, follow_redirects=True)
        assert answer.status_code == 200, url
        assert "uý III/2026" in answer.text, url
    assert client.get(f"/workplans/{office.customs.id}/2026-Q5").status_code == 404


def test_the_sheet_of_a_quarter_says_what_it_covers(client, login, office):
    page = login(client, office.mai).get(f"/results/{office.sheet.id}").text
    assert "một phiếu từ 01/07/2026 đến 30/09/2026" in page
    assert "cả ba tháng của quý" in page
    own = db.session.scalars(select(Report.id).where(Report.person_id == office.lan.id)).one()
    assert "một phiếu từ" not in login(client, office.lan).get(f"/results/{own}").text


def test_the_province_says_which_figures_are_of_months_and_which_of_quarters(client, login, office, clock):
    finished(office.sheet, office.chief, "20")
    clock(date(2026, 7, 2))
    rollups.run_month_now(Q3)
    rollups.run_month_now(Month(2026, 7))
    login(client, office.clerk)
    monthly = client.get("/province?month=2026-07").text
    assert "1 cơ quan đánh giá theo quý: số liệu nằm ở kỳ quý" in monthly
    assert 'href="/province?month=2026-Q3"' in monthly
    quarterly = client.get("/province?month=2026-Q3").text
    assert "1 cơ quan đánh giá theo tháng: số liệu nằm ở các tháng" in quarterly
    assert "90,00" in quarterly
    assert "90,00" not in monthly


def test_a_unit_shows_the_periods_of_its_cycle(client, login, office, clock):
    finished(office.sheet, office.chief, "20")
    clock(date(2026, 8, 3))
    periods.open_due_months()
    rollups.run_month_now(Q3)
    login(client, office.clerk)
    page = client.get(f"/units/{office.customs.id}").text
    assert "uý III/2026" in page
    assert 'value="2026-07"' not in page
    assert "Quý III/2026" in client.get(f"/units/{office.customs.id}?month=2026-08").text, (
        "the month lies in it"
    )
    other = client.get(f"/units/{office.department.id}").text
    assert 'value="2026-Q3"' not in other
    assert "Phạm Thị Mai" not in client.get(f"/units/{office.province.id}?month=2026-07").text
    assert "Nguyễn Thị Lan" not in client.get(f"/units/{office.province.id}?month=2026-Q3").text
    for name in ("trend", "distribution", "coverage"):
        answer = client.get(f"/units/{office.customs.id}/charts/{name}.svg?month=2026-Q3")
        assert answer.status_code == 200
    answer = client.get(f"/units/{office.customs.id}/month.xlsx?month=2026-Q3")
    assert answer.status_code == 200


def test_jobs_of_quarters_are_named_as_quarters(client, login, office):
    login(client, office.clerk)
    page = client.get("/jobs/").text
    assert '<option value="2026-Q3">quý III/2026</option>' in page
    answer = client.post("/jobs/rollups", data={"month": "2026-Q3"}, follow_redirects=True)
    assert "Tổng hợp quý III/2026" in answer.text
    assert client.post("/jobs/rollups", data={"month": "2026-H1"}).status_code == 422


def test_the_command_line_opens_a_quarter(office, runner):
    assert runner.invoke(args=["periods", "open", "2026-Q3"]).output == "2026-Q3: 2 sheets\n"
    listed = runner.invoke(args=["periods", "list"]).output
    assert "2026-Q3: assign 07/07/2026" in listed
    assert "2 sheets, 0 scored" in runner.invoke(args=["rollups", "run", "2026-Q3"]).output
    assert (
        db.session.scalar(select(func.count()).select_from(Period).where(Period.cycle == Cycle.QUARTER)) == 1
    )


def test_every_text_of_a_page_about_its_period_has_a_twin_for_quarters():
    vietnamese = read_catalogue("vi")
    texts = {
        text
        for path in TEMPLATES.rglob("*.html")
        for text in re.findall(r'of_period\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(texts) > 20
    for text in texts:
        said = vietnamese.get(in_words_of(text, Cycle.QUARTER))
        assert said is not None, text
        assert "tháng" not in said.string.lower(), text
        assert "quý" in said.string.lower(), text


def test_many_agencies_stand_on_pages_with_those_by_quarter_first(client, login, office):
    for number in range(60):
        factories.unit(
            f"Xã {number:02d}", parent=office.province, kind=UnitKind.COMMUNE, role=UnitRole.USING_AGENCY
        )
    login(client, office.clerk)
    first, second = (client.get(f"/cycles/?page={number}").text for number in (1, 2))
    assert first.count('<tr><th scope="row">') == 50
    assert first.index("Chi cục Hải quan") < first.index("Sở Nội vụ")
    assert '<th scope="row">Xã 59</th>' in second
    assert client.get("/cycles/?page=999999999999").status_code == 200


def test_the_menu_says_quarter_to_whom_a_quarter_is_open_and_month_to_the_others(office, client, login):
    page = login(client, office.mai).get("/").text
    assert "Quý này" in page
    assert "Tháng này" not in page
    page = login(client, office.lan).get("/").text
    assert "Tháng này" in page
    assert "Quý này" not in page


def test_who_is_away_the_whole_quarter_reads_of_the_quarter(office, client, login):
    office.sheet.state, office.sheet.not_rated_reason = ReportState.NOT_RATED, AbsenceKind.MATERNITY
    db.session.commit()
    page = login(client, office.mai).get(f"/reports/{office.sheet.id}").text
    assert "Quý này đồng chí không thuộc diện đánh giá" in page
    assert "Quý này không có điểm" in page
