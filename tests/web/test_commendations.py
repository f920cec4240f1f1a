"""The lists of titles as people read them: what stands where, who may see what, what the files hold."""

import io
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
from docx import Document

from evaluation.extensions import db
from evaluation.files import documents
from evaluation.models import EligibilityRun, Job
from evaluation.rules.organisation import Gender
from evaluation.rules.permissions import Role
from evaluation.rules.verdicts import Award
from evaluation.services import commendation_files, commendations, jobs
from tests import factories
from tests.services import commendation_stories as stories
from tests.web.test_reports import queries_of

DAY = date(2026, 9, 20)


@pytest.fixture
def round_(client: Any, login: Any, clock: Any) -> Any:
    """Two departments with a finished round of 2026 under the law of before October; Mai of Home Affairs is signed in."""
    clock(DAY)
    place = stories.agency("Sở Nội vụ")
    place.other = stories.agency("Sở Tài chính", province=place.province)
    names = ["Phạm Thu Trang", "Nguyễn Thị Hồng Vân", "Bùi Thanh Sơn", "Đỗ Minh Châu"]
    for number, name in enumerate(names):
        place.add(name, "HTXSNV", mean=str(97 - number), initiatives=("CO_SO",), gender=Gender.FEMALE)
    for number in range(16):
        place.add(f"Lê Văn {'ABCDEGHIKLMNOPQR'[number]}")
    place.add("Hoàng Đức Long", "HTNV")
    place.add("Ngô Im Lặng", None)
    place.other.add("Trịnh Văn Tài", "HTTNV")
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, place.province)])
    place.mai, place.client = mai, login(client, mai)
    place.run = commendations.run_now(2026, "CSTDCS")
    return place


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_the_list_shows_the_cap_the_ranks_and_the_line_that_cuts(round_: Any) -> None:
    page = text_of(round_.client.get(f"/commendations/2026/CSTDCS?agency={round_.unit.id}"))
    assert "Lao động tiên tiến: 20 · trần 15% = 3 · đủ điều kiện: 4 · vượt 1" in page
    order = [
        page.index(name)
        for name in ("Phạm Thu Trang", "Bùi Thanh Sơn", "Hết mức trần 3 suất", "Đỗ Minh Châu")
    ]
    assert order == sorted(order)
    assert "vượt trần" in page[page.index("Đỗ Minh Châu") :]


def test_refused_and_waiting_officials_stand_in_the_same_list_with_their_reason(round_: Any) -> None:
    page = text_of(round_.client.get(f"/commendations/2026/CSTDCS?agency={round_.unit.id}"))
    assert "Xếp loại năm dưới mức Hoàn thành tốt nhiệm vụ" in page[page.index("Hoàng Đức Long") :]
    assert "Chưa có kết quả xếp loại năm" in page[page.index("Ngô Im Lặng") :]


def test_a_name_is_found_without_accents_and_the_filter_stays_in_the_address(round_: Any) -> None:
    page = text_of(round_.client.get("/commendations/2026/CSTDCS?q=hong van"))
    assert "Nguyễn Thị Hồng Vân" in page
    assert "Phạm Thu Trang" not in page


@pytest.mark.parametrize("hostile", ["%", "_", "'", "\\", '"><script>'])
def test_a_search_for_signs_is_a_search_for_signs(round_: Any, hostile: str) -> None:
    answer = round_.client.get("/commendations/2026/CSTDCS", query_string={"q": hostile})
    assert "Không có người nào phù hợp" in text_of(answer)
    assert "<script>" not in answer.text.split("</head>")[1].replace("<script ", "")


def test_choosing_another_title_keeps_the_other_filters(round_: Any) -> None:
    answer = round_.client.get("/commendations/2026/CSTDCS?award=LDTT&q=van")
    assert answer.status_code == 302
    assert answer.location == "/commendations/2026/LDTT?q=van"


def test_every_line_opens_to_all_its_findings_with_articles(round_: Any) -> None:
    entry = stories.entries(round_.run)[round_.people["Phạm Thu Trang"].id]
    page = text_of(round_.client.get(f"/commendations/entries/{entry.id}"))
    for wording in (
        "Vì sao: Phạm Thu Trang",
        "Không có kỷ luật liên quan đến năm xét",
        "NĐ 335/2025",
        "118/QĐ-SNV",
        "Trong mức trần của cấp quyết định: hạng 1/3",
        "commendation-2022",
    ):
        assert wording in page
    part = round_.client.get(f"/commendations/entries/{entry.id}", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Phạm Thu Trang" in part.text


def test_a_personnel_office_reads_its_own_agency_and_no_other(round_: Any, login: Any) -> None:
    clerk = factories.person("Cán bộ Tổ chức")
    factories.account(clerk, roles=[(Role.PERSONNEL, round_.other.unit)])
    client = login(round_.client, clerk)
    page = text_of(client.get("/commendations/2026/LDTT"))
    assert "Trịnh Văn Tài" in page
    assert "Phạm Thu Trang" not in page
    assert "Sở Nội vụ" not in page
    foreign = stories.entries(round_.run)[round_.people["Phạm Thu Trang"].id]
    assert client.get(f"/commendations/entries/{foreign.id}").status_code == 404
    asked = f"/commendations/2026/CSTDCS?agency={round_.unit.id}"
    assert "Phạm Thu Trang" not in client.get(asked).text
    book = openpyxl.load_workbook(io.BytesIO(client.get("/commendations/2026/LDTT/file.xlsx").data))
    assert {row[1].value for sheet in book for row in sheet.iter_rows(min_row=5)} - {None} == {
        "Trịnh Văn Tài"
    }


def test_others_read_no_list_and_ask_for_none(round_: Any, login: Any) -> None:
    nobody = factories.person("Người Ngoài")
    factories.account(nobody)
    client = login(round_.client, nobody)
    for address in ("", "2026/CSTDCS", "2026/CSTDCS/file.xlsx", "2026/CSTDCS/file.docx"):
        assert client.get(f"/commendations/{address}").status_code == 403
    asked = {"year": 2026, "award": "LDTT", "received_on": "2026-09-20"}
    assert client.post("/commendations/run", data=asked).status_code == 403
    assert db.session.query(Job).count() == 0


def test_compute_now_is_a_job_and_a_second_press_is_the_same_one(round_: Any, enqueued: Any) -> None:
    asked = {"year": 2026, "award": "CSTDCS", "received_on": "2026-09-20"}
    for _press in (1, 2):
        assert round_.client.post("/commendations/run", data=asked).status_code == 302
    job = db.session.query(Job).one()
    before = db.session.query(EligibilityRun).filter(EligibilityRun.finished_at.is_not(None)).count()
    assert jobs.run(job.id) == 2
    assert (
        db.session.query(EligibilityRun).filter(EligibilityRun.finished_at.is_not(None)).count() == before + 2
    )


@pytest.mark.parametrize(
    ("year", "received", "says"),
    [
        ("2031", "2026-09-20", "Không xét được năm 2031"),
        ("2026", "2019-01-01", "01/01/2024"),
        ("", "x", "Hãy nhập năm"),
    ],
)
def test_a_wrong_year_or_day_is_said_and_nothing_is_asked_for(
    round_: Any, year: str, received: str, says: str
) -> None:
    answer = round_.client.post(
        "/commendations/run", data={"year": year, "award": "LDTT", "received_on": received}
    )
    assert answer.status_code == 422
    assert says in answer.text
    assert db.session.query(Job).count() == 0


def test_the_workbook_has_three_parts_the_columns_of_the_law_and_no_formula(round_: Any) -> None:
    round_.people["Phạm Thu Trang"].full_name = "=HYPERLINK(A1)"
    db.session.commit()
    answer = round_.client.get(f"/commendations/2026/CSTDCS/file.xlsx?agency={round_.unit.id}")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames[:-1] == ["Đủ điều kiện", "Cần xem xét", "Không đủ điều kiện"]
    assert [cell.value for cell in book.worksheets[0][4]] == [
        "TT", "Họ và tên", "Ngày sinh", "Giới tính", "Chức vụ", "Đơn vị", "Đối tượng", "Xếp loại năm 2026",
        "Xếp loại năm 2025", "Xếp loại năm 2024", "Điểm TB năm 2026", "Sáng kiến (cấp, số, ngày quyết định)",
        "Danh hiệu đã có (số, ngày quyết định)", "Kỷ luật, đang xem xét", "Danh hiệu đề nghị",
        "Căn cứ (điều, khoản)", "Kết quả kiểm tra tự động", "Lý do", "Kết quả bình xét (phiếu đồng ý/tổng)",
        "Tiền thưởng", "Ghi chú",
    ]  # fmt: skip
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    eligible = [row[1].value for row in book.worksheets[0].iter_rows(min_row=5)]
    assert eligible[1:] == ["Nguyễn Thị Hồng Vân", "Bùi Thanh Sơn", "Đỗ Minh Châu"]
    refused = {row[1].value: row[17].value for row in book.worksheets[2].iter_rows(min_row=5)}
    assert "dưới mức Hoàn thành tốt" in refused["Hoàng Đức Long"]
    assert [row[1].value for row in book.worksheets[1].iter_rows(min_row=5)] == ["Ngô Im Lặng"]


def test_the_submission_names_those_within_the_cap_and_leaves_number_and_date_blank(round_: Any) -> None:
    round_.people["Phạm Thu Trang"].full_name = "Phạm <Thu> & Trang {{ 7*7 }}"
    db.session.commit()
    answer = round_.client.get(f"/commendations/2026/CSTDCS/file.docx?agency={round_.unit.id}")
    assert answer.status_code == 200
    document = Document(io.BytesIO(answer.data))
    body = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    everything = body + "\n".join(" ".join(row) for row in cells)
    for wording in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SỞ NỘI VỤ", "TỜ TRÌNH",
        "Số:        /TTr-", "ngày      tháng      năm 2026", "Căn cứ Luật Thi đua, khen thưởng số 06/2022/QH15",
        "Lao động tiên tiến", "3 suất", "./.", "Phạm <Thu> & Trang {{ 7*7 }}", "Bùi Thanh Sơn",
    ):  # fmt: skip
        assert wording in everything, wording
    assert "Đỗ Minh Châu" not in everything
    assert "{%" not in everything
    portrait, landscape = document.sections
    assert portrait.page_width < portrait.page_height
    assert landscape.page_width > landscape.page_height
    assert document.tables[-1].rows[0]._tr.xpath("./w:trPr/w:tblHeader")


def test_from_the_home_page_excel_and_word_of_one_department_are_three_clicks_away(round_: Any) -> None:
    menu = round_.client.get("/results/").text  # the same menu stands on the home page
    assert 'href="/commendations/"' in menu
    lists = round_.client.get("/commendations/").text
    for kind in ("xlsx", "docx"):
        address = f"/commendations/2026/CSTDCS/file.{kind}?agency={round_.unit.id}"
        assert address in lists
        assert round_.client.get(address).status_code == 200


def test_pages_cost_the_same_number_of_queries_at_any_size(round_: Any) -> None:
    def cost(address: str) -> int:
        return queries_of(round_.client, address)

    addresses = ("/commendations/", "/commendations/2026/LDTT", "/commendations/2026/CSTDCS?page=1")
    small = [cost(address) for address in addresses]
    for number in range(120):
        round_.add(f"Trần Văn {number}")
    commendations.run_now(2026, "CSTDCS")
    assert [cost(address) for address in addresses] == small
    assert max(small) <= 12


def test_a_long_list_is_a_job_and_its_file_is_given_to_the_one_who_asked(
    round_: Any, enqueued: Any, login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commendation_files, "ROWS_AT_ONCE", 3)
    for kind in ("xlsx", "docx"):
        answer = round_.client.get(f"/commendations/2026/LDTT/file.{kind}?agency={round_.unit.id}")
        job = db.session.query(Job).order_by(Job.id.desc()).first()
        assert answer.location == f"/jobs/{job.id}"
        assert jobs.run(job.id) == 1
        address = f"/commendations/exports/{job.arguments['token']}"
        assert address in round_.client.get(f"/jobs/{job.id}").text
        assert round_.client.get(address).data[:2] == b"PK"
    other = factories.person("Thanh Tra")
    factories.account(other, roles=[(Role.INSPECTOR, round_.province)])
    assert login(round_.client, other).get(address).status_code == 404
    assert round_.client.get("/commendations/exports/..%2f..%2fsecret_key").status_code == 404


@pytest.fixture
def collectives(round_: Any) -> Any:
    """The same round with the list of Excellent Labour Collective."""
    round_.run = commendations.run_now(2026, "TTLDXS")
    return round_


def test_the_list_of_collectives_shows_their_numbers_and_why(collectives: Any) -> None:
    page = text_of(collectives.client.get(f"/commendations/2026/TTLDXS?agency={collectives.unit.id}"))
    assert "Tên tập thể" in page
    assert "21/22" in page  # rated of people
    entry = stories.of_units(collectives.run)[collectives.unit.id]
    why = text_of(collectives.client.get(f"/commendations/entries/{entry.id}"))
    for wording in (
        "Vì sao: Sở Nội vụ",
        "22 người, 21 người được xếp loại",
        "Chưa có xếp loại, danh hiệu năm 2026 của các thành viên",
        "Hội đồng: chưa có mức quy định; từ 90% tổng số thành viên đồng ý thì chắc chắn đạt",
    ):
        assert wording in why
    assert "Sở Tài chính" in text_of(collectives.client.get("/commendations/2026/TTLDXS?q=tai chinh"))


def test_the_workbook_of_collectives_has_the_columns_of_the_unit_sheet(collectives: Any) -> None:
    answer = collectives.client.get("/commendations/2026/TTLDXS/file.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames[:-1] == ["Đủ điều kiện", "Cần xem xét", "Không đủ điều kiện"]
    assert [cell.value for cell in book.worksheets[0][4]] == [
        "TT", "Tên tập thể", "Trực thuộc", "Tổng số người", "Số được xếp loại",
        "Hoàn thành xuất sắc nhiệm vụ", "Hoàn thành tốt nhiệm vụ", "Hoàn thành nhiệm vụ",
        "Không hoàn thành nhiệm vụ", "Lao động tiên tiến", "Tỷ lệ Lao động tiên tiến (%)",
        "Chiến sĩ thi đua cơ sở", "Tỷ lệ trên Lao động tiên tiến (%)", "Xếp loại đơn vị", "Cải cách hành chính",
        "Văn bản phê bình", "Thứ hạng trong cụm, khối", "Số người bị kỷ luật", "Danh hiệu đề nghị",
        "Căn cứ (điều, khoản)", "Kết quả kiểm tra tự động", "Lý do",
    ]  # fmt: skip
    waiting = {row[1].value: row for row in book.worksheets[1].iter_rows(min_row=5)}
    assert waiting["Sở Nội vụ"][3].value == 22


def test_an_award_of_both_has_sheets_for_both_and_a_submission_that_counts_them(round_: Any) -> None:
    commendations.run_now(2026, "GK")
    book = openpyxl.load_workbook(io.BytesIO(round_.client.get("/commendations/2026/GK/file.xlsx").data))
    assert len(book.sheetnames) == 7  # with the sheet of the source
    answer = round_.client.get("/commendations/2026/GK/file.docx")
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(answer.data)).paragraphs)
    assert "hình thức khen thưởng “Giấy khen”" in text
    assert "23 công chức, 2 tập thể" in text
    page = text_of(round_.client.get("/commendations/2026/GK"))
    assert "Tên tập thể" in page
    assert "Phạm Thu Trang" in page


@pytest.mark.parametrize(("award", "heads"), [("TTLDTT", ["Tên tập thể"]), ("CSTDCS", ["Họ và tên"])])
def test_the_annex_of_a_submission_has_a_table_only_for_those_it_proposes(
    client: Any, login: Any, clock: Any, award: str, heads: list[str]
) -> None:
    document = submission_of(client, login, clock, award)
    tables = document.tables[2:]

    assert [one.rows[0].cells[1].text for one in tables] == heads
    assert "Cá nhân" not in [paragraph.text for paragraph in document.paragraphs]
    assert "{" not in " ".join(cell.text for row in tables[0].rows for cell in row.cells)


def test_a_collective_is_listed_with_its_people_their_classes_and_titles(
    client: Any, login: Any, clock: Any
) -> None:
    (table,) = submission_of(client, login, clock, "TTLDTT").tables[2:]

    heads, values = ([cell.text for cell in row.cells] for row in table.rows[:2])
    row = dict(zip(heads, values, strict=True))
    assert (row["TT"], row["Tên tập thể"]) == ("1", "Sở Nội vụ")
    assert (row["Tổng số người"], row["Số người được xếp loại"]) == ("11", "11")
    assert row["Xuất sắc / tốt / hoàn thành / không hoàn thành"] == "1 / 10 / 0 / 0"
    assert row["Lao động tiên tiến"] == "11 (100,00%)"
    assert row["Người bị kỷ luật"] == "0"


def test_persons_and_collectives_of_one_submission_stand_in_two_tables() -> None:
    person = dict.fromkeys((value for _title, value, _width in documents.PERSONS), "x") | {
        "name": "Vũ Thị Mai"
    }
    unit = dict.fromkeys((value for _title, value, _width in documents.COLLECTIVES), "y") | {
        "name": "Sở Nội vụ"
    }
    document = Document(
        io.BytesIO(
            documents.write_submission(
                documents.Submission(
                    superior="", issuer="SỞ NỘI VỤ", sign="", place="", year=2026, award="Giấy khen", recipient="",
                    grounds=[], body=[], people=[person], collectives=[unit], closing="Hết",
                )
            )
        )
    )  # fmt: skip
    persons, collectives = document.tables[2:]

    assert [cell.text for cell in persons.rows[0].cells] == [title for title, _v, _w in documents.PERSONS]
    assert [row.cells[1].text for row in persons.rows[1:]] == ["Vũ Thị Mai"]
    assert [cell.text for cell in collectives.rows[0].cells] == [
        title for title, _v, _w in documents.COLLECTIVES
    ]
    assert [row.cells[1].text for row in collectives.rows[1:]] == ["Sở Nội vụ"]
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said.index("Cá nhân") < said.index("Tập thể")


def submission_of(client: Any, login: Any, clock: Any, award: str) -> Any:
    clock(date(2026, 9, 20))
    agency = stories.agency("Sở Nội vụ")
    agency.add("Phạm Thu Trang", "HTXSNV", mean="97", initiatives=("CO_SO",))
    for number in range(10):
        agency.add(f"Người {number}")
    mai = factories.person("Vũ Thị Mai")
    account = factories.account(mai, roles=[(Role.HOME_AFFAIRS, agency.province)])
    commendations.run_now(2026, award)
    login(client, account)
    answer = client.get(f"/commendations/2026/{award}/file.docx")
    return Document(io.BytesIO(answer.data))


def test_every_award_can_be_asked_for(round_: Any) -> None:
    page = round_.client.get("/commendations/").text
    for award in Award:
        assert f'value="{award.value}"' in page
        assert round_.client.get(f"/commendations/2026/{award.value}").status_code in (200, 404)
