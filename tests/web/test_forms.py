"""The decree's forms as files: wording, what stands in them, who may have them, and the trace of reading."""

import html
import io
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from urllib.parse import unquote
from uuid import uuid4

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from pypdf import PdfReader

from evaluation.extensions import db
from evaluation.files import pdf
from evaluation.files.forms import CRITERIA_TITLES
from evaluation.models import (
    AuditEvent,
    Delegation,
    Job,
    JobChunk,
    Period,
    Reading,
    Report,
    ReviewMeeting,
    ScoreSheet,
    SelfClassification,
    Stage,
    YearGrade,
)
from evaluation.rules.bands import Band
from evaluation.rules.organisation import AbsenceKind, Office
from evaluation.rules.periods import Cycle
from evaluation.rules.permissions import Role
from evaluation.rules.rulebook import default_shelf
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.services import confirmations, form_files, grade_proposals, grades, jobs, reports, reviews
from evaluation.services.period_forms import points_that_hold
from evaluation.services.reports import LineEntry
from tests import factories
from tests.services.test_grades import factories_moment as clock_now
from tests.services.test_grades import month as graded_month
from tests.services.test_grades import year_of
from tests.web.decree_forms import DECREE_01, DECREE_02, bare, text_of
from tests.web.test_reports import queries_of
from tests.web.test_results import sheet, sign_in

IN_MARCH, IN_APRIL = date(2026, 3, 30), date(2026, 4, 1)
needs_pango = pytest.mark.skipif(not pdf.available(), reason="Pango is not installed")


@pytest.fixture
def place(client, login, clock):
    """Lan's submitted March of twelve lines; Lan is signed in."""
    clock(IN_MARCH)
    made = factories.office()
    made.report = sheet(made, made.lan)
    made.items = [
        factories.item(made.report, assigned=str(1 + number % 4), task=f"Nhiệm vụ {number}", ordinal=number)
        for number in range(1, 13)
    ]
    factories.criteria(made.report, "28.5")
    lan = factories.actor(made.lan, IN_MARCH)
    done = {one.id: LineEntry(done=str(one.assigned)) for one in made.items[1:]}
    reports.save_draft(lan, made.report.id, version=1, lines=done, strengths="Chủ động", shortcomings="")
    reports.submit(lan, made.report.id, version=2)
    made.client = sign_in(login, client, made.lan)
    return made


def confirm(place, clock) -> None:
    clock(IN_APRIL)
    reviews.score(factories.actor(place.hung, IN_APRIL), place.report.id, comment="Nhất trí với công chức.")
    confirmations.confirm(factories.actor(place.thu, IN_APRIL), place.report.id)


def word(place, address: str) -> list[str]:
    response = place.client.get(address)
    assert response.status_code == 200, response.text
    return text_of(response.data)


def printed(decree: str, **filled: str) -> str:
    """The decree's text with our few words where it leaves room."""
    text = bare(decree).replace("TÊN CƠ QUAN, TỔ CHỨC, ĐƠN VỊ", "SỞ NỘI VỤ PHÒNG CÔNG CHỨC, VIÊN CHỨC")
    for label, value in filled.items():
        assert label in text
        text = text.replace(label, value, 1)
    return text


def counted() -> list[int]:
    """Of how many people each list or file was, as the journal says."""
    return [one.after["count"] for one in db.session.query(AuditEvent).filter_by(action="list.read")]


def traces(place, of: str = "report") -> int:
    return db.session.query(Reading).filter_by(object_type=of).count()


def test_an_unfilled_form_01_is_the_decree_word_for_word(place, login) -> None:
    empty = sheet(place, place.nam, month="2026-02")
    place.client = sign_in(login, place.client, place.nam)
    expected = printed(
        DECREE_01,
        **{
            "giá: )1": "giá: tháng 2 năm 2026)1",
            "Họ và tên:": "Họ và tên: Lê Quang Nam",
            "chức danh:": "chức danh: Chuyên viên",
            "công tác:": "công tác: Phòng Công chức, viên chức",
        },
    )

    found = word(place, f"/forms/01/{empty.id}.docx")

    assert found[0] == "BẢN DỰ THẢO: công chức chưa gửi phiếu"
    assert bare("\n".join(found[1:])) == expected


def test_a_form_02_nobody_has_filled_is_the_decree_word_for_word(place, login) -> None:
    sheet(place, place.nam, month="2026-02")
    place.client = sign_in(login, place.client, place.nam)
    expected = printed(
        DECREE_02,
        **{
            "Năm Họ": "Năm 2026 Họ",
            "Họ và tên:": "Họ và tên: Lê Quang Nam",
            "chức danh:": "chức danh: Chuyên viên",
            "công tác:": "công tác: Phòng Công chức, viên chức",
        },
    )

    found = word(place, "/forms/02/mine/2026.docx")

    assert found[0] == "BẢN DỰ THẢO: chưa có quyết định xếp loại của cấp có thẩm quyền"
    assert bare("\n".join(found[1:])) == expected


def test_until_it_is_confirmed_the_form_is_a_draft_with_the_own_figures(place) -> None:
    found = word(place, f"/forms/01/{place.report.id}.docx")

    assert found[0].startswith("BẢN DỰ THẢO: phần II ghi theo kết quả công chức tự đánh giá")
    assert "1. Điểm tiêu chí chung: 28,50" in found
    assert "6. Ý kiến nhận xét của cấp có thẩm quyền theo dõi, đánh giá:" in found
    assert found.count("....., ngày....tháng.....năm.....") == 1
    assert "Trần Văn Hùng" not in found


def test_a_confirmed_form_carries_the_final_figures_the_remarks_and_both_signers(place, clock) -> None:
    confirm(place, clock)
    found = word(place, f"/forms/01/{place.report.id}.docx")

    assert not [text for text in found if "DỰ THẢO" in text]
    assert found[found.index("Tổng cộng") : found.index("Tổng cộng") + 3] == ["Tổng cộng", "30", "28,5"]
    assert "3. Tổng điểm theo dõi, đánh giá công chức: 98,50" in found
    assert "4. Ưu điểm: Chủ động" in found
    assert found[-4:-2] == ["Nguyễn Thị Lan", "Trần Văn Hùng"]
    assert "....., ngày 01 tháng 4 năm 2026" in found
    assert found[-5] == "(Ký tên, ghi rõ họ tên)"
    assert "Nhất trí với công chức." in " ".join(found)


def test_the_authoritys_points_stand_in_the_annex_only(place, clock) -> None:
    place.report.criteria[0].given_points = Decimal("4.5")
    place.report.criteria[0].reason = "Chậm kê khai"
    confirm(place, clock)
    plain = word(place, f"/forms/01/{place.report.id}.docx")
    annexed = word(place, f"/forms/01/{place.report.id}.docx?annex=1")

    assert "4,5" not in plain
    assert annexed[: len(plain)] == plain
    rest = annexed[len(plain) :]
    assert rest[0] == "Phụ lục kèm phiếu"
    assert {"4,5", "Cấp trên: Chậm kê khai", "Điều 14.2.a NĐ 335/2025"} <= set(rest)


def test_the_annex_is_the_working_of_the_newest_score_word_for_word(place, clock, login) -> None:
    own = word(place, f"/forms/01/{place.report.id}.docx?annex=1")
    assert "Cách tính: Tự đánh giá" in own
    confirm(place, clock)
    annexed = word(place, f"/forms/01/{place.report.id}.docx?annex=1")
    final = db.session.query(ScoreSheet).filter_by(report_id=place.report.id, stage=Stage.FINAL).one()

    working = word(place, f"/workings/score/{final.id}.docx")
    *working, source = working
    assert source.startswith("Người xuất: ")

    assert annexed[-len(working) :] == working


def test_a_sheet_that_was_not_handed_in_has_no_annex(place, login) -> None:
    empty = sheet(place, place.nam, month="2026-02")
    place.client = sign_in(login, place.client, place.nam)

    assert "Phụ lục kèm phiếu" not in word(place, f"/forms/01/{empty.id}.docx?annex=1")


@pytest.mark.parametrize("annex", ["", "?annex=1"])
def test_what_is_printed_from_the_screen_is_what_the_word_file_holds(place, clock, annex) -> None:
    confirm(place, clock)
    page = place.client.get(f"/forms/01/{place.report.id}{annex}").text
    start = page.index("<main ")
    read = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page[start:])).split())

    assert "data-print" in page[:start]
    assert "Trở lại kết quả" in page[:start]
    assert "Trở lại kết quả" not in read
    for said in word(place, f"/forms/01/{place.report.id}.docx"):
        if said.strip("_"):
            assert said in read or said[:-1] in read, said
    assert ("Phụ lục kèm phiếu" in read) is bool(annex)


@pytest.mark.parametrize(
    ("office", "title", "lines"),
    [
        (Office.STAFF, "Chuyên viên chính", ["TUQ. TRƯỞNG PHÒNG", "CHUYÊN VIÊN CHÍNH"]),
        (Office.DEPUTY, "Phó Trưởng phòng", ["KT. TRƯỞNG PHÒNG", "PHÓ TRƯỞNG PHÒNG"]),
    ],
)
def test_who_signs_in_the_heads_place_says_in_whose(place, clock, office, title, lines) -> None:
    clock(IN_APRIL)
    delegate(place.division, place.hung, place.nam)
    assignment = place.nam.assignments[0]
    assignment.office, assignment.title = office, title
    db.session.flush()
    reviews.score(factories.actor(place.nam, IN_APRIL), place.report.id, comment="Nhất trí.")

    found = word(place, f"/forms/01/{place.report.id}.docx")

    start = found.index("THEO DÕI, ĐÁNH GIÁ")
    assert found[start + 1 : start + 4] == [*lines, "(Ký tên, ghi rõ họ tên)"]
    assert "Lê Quang Nam" in found
    page = place.client.get(f"/forms/01/{place.report.id}").text
    assert "".join(f"<br><b>{line}</b>" for line in lines) in page


def delegate(unit, head, to) -> None:
    db.session.add(
        Delegation(
            unit_id=unit.id,
            delegator_id=head.id,
            delegate_id=to.id,
            document_number="12/UQ",
            reason="Đi công tác",
            valid_from=date(2026, 3, 1),
            valid_to=date(2027, 1, 1),
        )
    )
    db.session.flush()


def test_a_month_of_leave_is_no_zero_on_the_form(place, login, clock) -> None:
    graded_month(place, place.nam, 4, None, leave=AbsenceKind.MATERNITY)
    report = db.session.query(Report).filter_by(person_id=place.nam.id).one()
    place.client = sign_in(login, place.client, place.nam)

    found = word(place, f"/forms/01/{report.id}.docx")

    assert "3. Tổng điểm theo dõi, đánh giá công chức: Không đánh giá trong kỳ (Nghỉ thai sản)" in found


def test_a_quarter_is_named_as_the_forms_footnote_asks(place) -> None:
    place.report.period.cycle = Cycle.QUARTER
    place.report.period.month = date(2026, 1, 1)
    db.session.flush()

    assert "(Kỳ theo dõi, đánh giá: quý I năm 2026)1" in word(place, f"/forms/01/{place.report.id}.docx")


def test_a_file_is_an_attachment_named_twice_and_kept_nowhere(place) -> None:
    response = place.client.get(f"/forms/01/{place.report.id}.docx")

    assert response.headers["Cache-Control"] == "no-store"
    said = response.headers["Content-Disposition"]
    plain, _mark, full = said.partition("; filename*=UTF-8''")
    assert plain == "attachment; filename=phieu-theo-doi-danh-gia-thang-3-nam-2026-nguyen-thi-lan.docx"
    assert unquote(full) == "Phiếu theo dõi, đánh giá tháng 3 năm 2026 - Nguyễn Thị Lan.docx"


@pytest.mark.parametrize("address", ["01/{}.docx", "tracking/{}.xlsx"])
def test_others_who_may_read_the_sheet_leave_a_trace_and_a_colleague_finds_nothing(
    place, login, address
) -> None:
    address = "/forms/" + address.format(place.report.id)
    assert place.client.get(address).status_code == 200
    assert traces(place) == 0
    inspector = factories.person("Phạm Thanh Tra")
    factories.account(inspector, roles=[(Role.INSPECTOR, place.province)])
    for number, who in enumerate((place.hung, place.thu, inspector), 1):
        sign_in(login, place.client, who)
        assert place.client.get(address).status_code == 200
        assert traces(place) == number
    sign_in(login, place.client, place.nam)
    assert place.client.get(address).status_code == 404
    assert traces(place) == 3


def test_a_sheet_judged_by_another_decree_has_no_form_01(place) -> None:
    place.report.rulebook = "decree-90-2020"
    db.session.flush()

    refused = place.client.get(f"/forms/01/{place.report.id}.docx")

    assert refused.status_code == 404
    assert "decree-90-2020" in refused.text


@needs_pango
def test_the_pdf_holds_the_words_of_the_word_file_on_a4_with_its_fonts(place, clock) -> None:
    confirm(place, clock)
    response = place.client.get(f"/forms/01/{place.report.id}.pdf")
    pages = PdfReader(io.BytesIO(response.data)).pages
    read = " ".join(" ".join(page.extract_text() for page in pages).split())

    assert response.headers["Content-Type"] == "application/pdf"
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pages} == {(595, 842)}
    for said in word(place, f"/forms/01/{place.report.id}.docx"):
        if said.strip("_"):
            assert said in read or said[:-1] in read, said
    for page in pages:
        fonts = [
            font.get_object()["/DescendantFonts"][0].get_object()
            for font in page["/Resources"]["/Font"].values()
        ]
        assert fonts
        assert all({"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"]) for font in fonts)


def test_without_pango_the_person_reads_what_to_install_and_is_led_to_the_word_file(
    place, monkeypatch
) -> None:
    def missing(_html: str) -> bytes:
        raise pdf.Unavailable(pdf.NEEDS, missing="Pango")

    monkeypatch.setattr(pdf, "from_html", missing)
    page = place.client.get(f"/forms/01/{place.report.id}.pdf?annex=1")

    assert page.status_code == 503
    assert "thiếu Pango" in page.text
    assert f'href="/forms/01/{place.report.id}.docx?annex=1"' in page.text


@pytest.mark.parametrize("kind", ["docx", pytest.param("pdf", marks=needs_pango)])
def test_whatever_was_pasted_into_the_remarks_the_file_opens(place, kind) -> None:
    place.report.strengths = "Dòng một\r\ndòng \x0bhai\x1f \ufffe<b>&amp;</b> {{ 7 * 7 }} 😀"
    db.session.flush()

    data = place.client.get(f"/forms/01/{place.report.id}.{kind}").data

    if kind == "docx":
        found = text_of(data)
        first = found.index("4. Ưu điểm: Dòng một")
        assert "<b>&amp;</b> {{ 7 * 7 }}" in " ".join(found[first : first + 3])
    else:
        read = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
        assert "4. Ưu điểm: Dòng một dòng" in read
        assert "<b>&amp;</b> {{ 7 * 7 }}" in read


# Mẫu số 02


@pytest.fixture
def december(client, login, clock):
    """Lan's year: ten months of points, one of leave, one still unconfirmed, two spent in another division; class proposed."""
    clock(date(2026, 12, 5))
    made = factories.office()
    year_of(made, made.lan, "82.125", 10)
    graded_month(made, made.lan, 11, None, leave=AbsenceKind.SICK)
    other = factories.unit("Phòng Tổ chức", parent=made.department)
    for report in db.session.query(Report).join(Period).filter(Period.month < date(2026, 3, 1)):
        report.unit_id = other.id
    db.session.flush()
    factories.reviewed(made, [made.lan])
    grade_proposals.propose(made.department.id, 2026)
    made.grade = db.session.query(YearGrade).filter_by(person_id=made.lan.id).one()
    made.client = sign_in(login, client, made.thu)
    return made


def decide(place, klass: Band, reason: str | None = None) -> None:
    grades.decide(factories.actor(place.thu, date(2026, 12, 5)), place.grade.id, klass, reason=reason)


def rows_of(data: bytes) -> list[list[str]]:
    (table,) = [one for one in Document(io.BytesIO(data)).tables if one.rows[0].cells[0].text == "Tháng"]
    return [[cell.text for cell in row.cells] for row in table.rows[1:]]


def test_the_year_on_form_02_with_leave_and_the_old_units_months(december) -> None:
    rows = rows_of(december.client.get(f"/forms/02/{december.grade.id}.docx").data)

    assert rows[0] == ["1", "82,13", "tại Phòng Tổ chức"]
    assert rows[2] == ["3", "82,13", ""]
    assert rows[10] == ["11", "", "Nghỉ ốm đau"]
    assert rows[11] == ["12", "", ""]
    assert rows[12] == ["Tổng điểm trung bình cả năm", "82,13", "trung bình của 10 kỳ có điểm"]
    assert traces(december, "year_grade") == 1


def test_a_december_that_is_not_confirmed_says_that_it_is_provisional(december) -> None:
    report = factories.report(
        december.lan.assignments[0],
        supervising=december.division,
        confirming=december.department,
        agency=december.department,
        month="2026-12",
    )
    report.state, report.submitted_at = ReportState.SUBMITTED, clock_now()
    db.session.add(
        ScoreSheet(
            report_id=report.id,
            stage=Stage.OWN,
            status=ScoreStatus.SCORED,
            total=Decimal(77),
            exact_total="77",
            band=Band.HTTNV,
            steps=[],
            inputs={},
            rulebook="decree-335-2025",
            fingerprint="x",
            decided_by=december.lan.id,
        )
    )
    db.session.flush()

    rows = rows_of(december.client.get(f"/forms/02/{december.grade.id}.docx").data)

    assert rows[11] == ["12", "77,00", "tạm tính, chưa xác nhận"]


def test_a_quarters_points_stand_in_its_last_month(december) -> None:
    for report in db.session.query(Report).join(Period).filter(Report.person_id == december.lan.id):
        month = report.period.month.month
        if month in (5, 6):
            db.session.query(ScoreSheet).filter_by(report_id=report.id).delete()
            db.session.delete(report)
        elif month == 4:
            report.period.cycle = Cycle.QUARTER
    db.session.flush()
    db.session.expire_all()

    rows = rows_of(december.client.get(f"/forms/02/{december.grade.id}.docx").data)

    assert rows[3:6] == [
        ["4", "", "tính chung quý II"],
        ["5", "", "tính chung quý II"],
        ["6", "82,13", "quý II"],
    ]


def test_a_proposed_class_is_not_printed_a_decided_one_is_ticked(december) -> None:
    address = f"/forms/02/{december.grade.id}.docx"
    before = word(december, address)
    assert before[0].startswith("BẢN DỰ THẢO")
    assert not [text for text in before if "☒" in text]

    db.session.add(SelfClassification(person_id=december.lan.id, year=2026, klass=Band.HTXSNV))
    decide(december, Band.HTTNV)
    after = word(december, address)

    assert [text for text in after if "☒" in text] == [
        "☒ Hoàn thành xuất sắc nhiệm vụ",
        "☒ Hoàn thành tốt nhiệm vụ",
    ]
    assert not [text for text in after if "DỰ THẢO" in text]
    assert "....., ngày 05 tháng 12 năm 2026" in after
    assert "Vũ Thị Thu" in after


def test_a_class_decided_in_the_heads_place_says_in_whose(december) -> None:
    delegate(december.department, december.thu, december.hung)
    grades.decide(factories.actor(december.hung, date(2026, 12, 5)), december.grade.id, Band.HTTNV)

    found = word(december, f"/forms/02/{december.grade.id}.docx")

    start = found.index("CẤP CÓ THẨM QUYỀN XẾP LOẠI")
    assert found[start + 1 : start + 4] == ["TUQ. GIÁM ĐỐC SỞ", "TRƯỞNG PHÒNG", "(Ký tên, ghi rõ họ tên)"]


def test_only_a_year_not_completed_carries_what_article_23_says_of_it(december) -> None:
    decide(december, Band.KHTNV, reason="Kết luận số 1")

    found = word(december, f"/forms/02/{december.grade.id}.docx")

    assert "cho thôi việc theo điểm đ khoản 3 Điều 23" in " ".join(found)


def test_the_official_has_the_own_form_before_the_class_is_public_without_the_class(december, login) -> None:
    decide(december, Band.HTTNV)
    december.client = sign_in(login, december.client, december.lan)

    assert december.client.get(f"/forms/02/{december.grade.id}.docx").status_code == 404
    found = word(december, "/forms/02/mine/2026.docx")
    assert not [text for text in found if "☒" in text]
    assert "82,13" in found
    assert december.client.get("/forms/02/mine/2025.docx").status_code == 404

    grades.publish(
        factories.actor(december.thu, date(2026, 12, 5)), december.department.id, 2026, decision_number="1"
    )
    assert "☒ Hoàn thành tốt nhiệm vụ" in word(december, "/forms/02/mine/2026.docx")


def test_a_mean_that_only_looks_like_ninety_is_printed_with_the_decimals_that_tell() -> None:
    book, day = default_shelf().named("decree-335-2025"), date(2026, 1, 1)

    assert points_that_hold(Fraction(90), book, day) == "90,00"
    assert points_that_hold(Fraction(89999, 1000), book, day) == "89,999"
    assert points_that_hold(Fraction(90) - Fraction(1, 10**12), book, day) == "89999999999999/1000000000000"


def test_the_rulebooks_criteria_are_the_forms_rows() -> None:
    rules = default_shelf().named("decree-335-2025").general_criteria(date(2026, 1, 1))

    assert {rule.code for rule in rules} | {rule.group for rule in rules} == CRITERIA_TITLES.keys()
    for rule in rules:
        assert rule.title.rstrip(".") == CRITERIA_TITLES[rule.code].rstrip(".")
        assert rule.group_title == CRITERIA_TITLES[rule.group]


# A unit's papers


def test_a_file_of_many_costs_no_more_questions_than_a_file_of_one(place, login) -> None:
    place.client = sign_in(login, place.client, place.hung)
    for what in ("01", "tracking"):
        address = f"/forms/units/{place.division.id}/{what}/2026-03"
        one = queries_of(place.client, address)
        for who in (factories.person(f"Người {number}") for number in range(4)):
            factories.assignment(who, place.division, job=place.job)
            db.session.expire(who)
            more = sheet(place, who, state=ReportState.SUBMITTED, submitted_at=clock_now())
            factories.item(more, assigned="3", done="3")
            factories.criteria(more)
        assert queries_of(place.client, address) <= one + 1


def test_a_units_papers_hold_what_was_handed_in_and_what_the_reader_may_read(place, login) -> None:
    sheet(place, place.nam)
    page = f"/forms/units/{place.division.id}"
    assert place.client.get(page).status_code == 404
    place.client = sign_in(login, place.client, place.hung)
    assert f"{page}/01/2026-03" in place.client.get(page).text

    found = word(place, f"{page}/01/2026-03")

    assert "Họ và tên: Nguyễn Thị Lan" in found
    assert "Họ và tên: Lê Quang Nam" not in found
    assert counted() == [1]
    assert traces(place) == 0
    assert place.client.get(f"{page}/01/2026-02").status_code == 404
    assert place.client.get(f"{page}/01/soon").status_code == 404
    assert place.client.get(f"{page}/02/2026").status_code == 404


def test_each_form_of_a_units_file_is_numbered_for_itself(december, login) -> None:
    year_of(december, december.nam, "75", 10)
    grade_proposals.propose(december.department.id, 2026)

    document = Document(
        io.BytesIO(december.client.get(f"/forms/units/{december.department.id}/02/2026").data)
    )

    starts = [one._sectPr.find(qn("w:pgNumType")) for one in document.sections]
    assert len(document.sections) == 2
    assert starts[1] is not None
    assert starts[1].get(qn("w:start")) == "1"
    assert all(one.different_first_page_header_footer for one in document.sections)
    assert counted() == [2]


def test_a_long_file_is_a_job_and_only_who_asked_has_the_file(place, login, monkeypatch) -> None:
    monkeypatch.setattr(form_files, "FORMS_AT_ONCE", 0)
    monkeypatch.setattr(form_files, "ROWS_AT_ONCE", 11)
    place.client = sign_in(login, place.client, place.hung)
    for what in ("01", "tracking"):
        asked = place.client.get(f"/forms/units/{place.division.id}/{what}/2026-03")
        assert asked.status_code == 302
        job = db.session.query(Job).order_by(Job.id.desc()).first()
        assert asked.location == f"/jobs/{job.id}"
        jobs.run(job.id)
        address = f"/forms/made/{job.arguments['token']}"
        assert address in place.client.get(asked.location).text
        made = place.client.get(address)
        assert made.status_code == 200
        if what == "01":
            assert "Họ và tên: Nguyễn Thị Lan" in text_of(made.data)
        sign_in(login, place.client, place.thu)
        assert place.client.get(address).status_code == 404
        sign_in(login, place.client, place.hung)


@pytest.mark.parametrize("what", ["01", "tracking"])
def test_a_long_file_is_made_in_pieces_and_is_the_file_made_at_once(place, login, monkeypatch, what) -> None:
    for number in range(4):
        who = factories.person(f"Người {number}")
        factories.assignment(who, place.division, job=place.job)
        db.session.expire(who)
        more = sheet(place, who, state=ReportState.SUBMITTED, submitted_at=clock_now())
        factories.item(more, assigned="3", done="3")
        factories.criteria(more)
    place.client = sign_in(login, place.client, place.hung)
    address = f"/forms/units/{place.division.id}/{what}/2026-03"
    at_once = place.client.get(address).data
    monkeypatch.setattr(form_files, "FORMS_AT_ONCE", 0)
    monkeypatch.setattr(form_files, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(form_files, "OFFICIALS_A_PIECE", 2)
    place.client.get(address)
    job = db.session.query(Job).order_by(Job.id.desc()).first()
    chunks = db.session.query(JobChunk).filter_by(job_id=job.id).order_by(JobChunk.ordinal).all()

    assert [(one.step, one.size) for one in chunks] == [(1, 2), (1, 2), (1, 1), (2, 1)]
    jobs.run(job.id)
    made = place.client.get(f"/forms/made/{job.arguments['token']}").data

    if what == "tracking":
        (*sheets, source), (*sheets_at_once, source_at_once) = contents(made), contents(at_once)
        assert sheets == sheets_at_once
        # Who asked and the hash are the same, the request is another.
        assert (source[0], source[-1]) == (source_at_once[0], source_at_once[-1])
        return
    assert Document(io.BytesIO(made)).core_properties.comments.startswith("Người xuất: Trần Văn Hùng")
    assert text_of(made) == text_of(at_once)
    sections = Document(io.BytesIO(made)).sections
    assert len(sections) == 5
    starts = [one._sectPr.find(qn("w:pgNumType")) for one in sections]
    assert [one is not None and one.get(qn("w:start")) for one in starts[1:]] == ["1"] * 4
    assert all(one.different_first_page_header_footer for one in sections)
    assert all(one.header.is_linked_to_previous for one in sections[1:])


def contents(data: bytes) -> list[list[tuple[object, ...]]]:
    book = load_workbook(io.BytesIO(data))
    return [[tuple(cell.value for cell in row) for row in page.iter_rows()] for page in book.worksheets]


def test_papers_are_linked_from_where_they_are_needed(december, login) -> None:
    meeting = db.session.query(ReviewMeeting).first()
    shown = december.client.get(f"/round/meetings/{meeting.id}").text
    assert f'href="/forms/minutes/{meeting.id}.docx"' in shown
    agency = december.client.get(f"/round/{december.department.id}/2026").text
    assert f'href="/forms/units/{december.department.id}/02/2026"' in agency
    sign_in(login, december.client, december.lan)
    assert 'href="/forms/02/mine/2026.docx"' in december.client.get("/round/mine/2026").text


def test_who_confirms_finds_the_units_papers_on_the_page_and_the_receipt(place, login, clock) -> None:
    clock(IN_APRIL)
    reviews.score(factories.actor(place.hung, IN_APRIL), place.report.id)
    place.client = sign_in(login, place.client, place.thu)
    link = f'href="/forms/units/{place.department.id}"'
    assert link in place.client.get("/confirmations/").text
    receipt = str(uuid4())
    confirmations.confirm_many(
        factories.actor(place.thu, IN_APRIL), [place.report.id], transaction_id=receipt
    )
    assert link in place.client.get(f"/confirmations/receipt/{receipt}?month=2026-03").text


# The minutes of a review meeting


def test_the_minutes_carry_the_meeting_and_its_opinion_on_each_official(december, login) -> None:
    meeting = db.session.query(ReviewMeeting).one()
    meeting.opinions[0].klass = Band.HTTNV
    meeting.opinions[0].remarks = "Chủ động, phối hợp tốt"
    db.session.flush()
    address = f"/forms/minutes/{meeting.id}.docx"

    found = word(december, address)

    assert found[:2] == ["SỞ NỘI VỤ", "PHÒNG CÔNG CHỨC, VIÊN CHỨC"]
    title = found.index("BIÊN BẢN")
    assert found[title + 1] == "Họp nhận xét, đánh giá, xếp loại chất lượng công chức năm 2026"
    assert "3. Chủ trì: Trần Văn Hùng." in found
    assert "5. Thành phần: được mời 1, có mặt 1." in found
    assert "Cuộc họp nhất trí với kết quả tự đánh giá." in found
    row = found.index("Nguyễn Thị Lan")
    assert found[row : row + 3] == ["Nguyễn Thị Lan", "Hoàn thành tốt nhiệm vụ", "Chủ động, phối hợp tốt"]
    assert found[-4:] == ["THƯ KÝ", "CHỦ TRÌ", "Lê Quang Nam", "Trần Văn Hùng"]
    sign_in(login, december.client, december.nam)
    assert december.client.get(address).status_code == 404
