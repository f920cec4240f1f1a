"""Pages of the annual round as their readers see them."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import Conclusion, Person, ReviewMeeting, UnitYear, YearGrade
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import GradeState
from evaluation.services import grade_proposals, grades
from tests import factories
from tests.services.test_grades import grade_of, year_of
from tests.web.test_jobs_and_grades import queries_of

TODAY = date(2026, 12, 5)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(TODAY)
    made = factories.office()
    for who, total in ((made.lan, "80"), (made.nam, "75"), (made.hung, "85")):
        year_of(made, who, total)
    db.session.add(UnitYear(unit_id=made.division.id, year=2026, unit_class=Band.HTTNV))
    made.mai = factories.person("Hoàng Thị Mai")
    factories.assignment(made.mai, made.department)
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province), (Role.PERSONNEL, made.province)])
    grade_proposals.propose(made.department.id, 2026)
    db.session.commit()
    return made


def typed(**given: Any) -> dict[str, Any]:
    return {
        "held_on": "2026-12-04",
        "chair": "Trần Văn Hùng",
        "secretary": "Lê Quang Nam",
        "invited": "3",
        "present": "3",
        "minutes": "Cuộc họp nhất trí với báo cáo tự đánh giá.",
    } | given


def test_the_agencys_page_counts_what_is_missing_and_leads_to_who(client, login, office) -> None:
    login(client, office.thu)
    address = f"/round/{office.department.id}/2026"
    page = client.get(f"/grades/{office.department.id}/2026").text
    assert f"{address}?missing=MEETING_HELD#people" in page
    page = client.get(address).text
    for words in ("Quy trình xếp loại năm 2026", "14/12/2026", "0 / 3", "Ghi biên bản họp"):
        assert words in page
    page = client.get(f"{address}?missing=PARTY_OPINION").text
    assert "Trần Văn Hùng" in page
    assert "Nguyễn Thị Lan" not in page


def test_strangers_see_no_round_and_officials_their_own(client, login, office) -> None:
    login(client, office.nam)
    assert client.get(f"/round/{office.department.id}/2026").status_code == 403
    assert client.get(f"/round/of/{office.lan.id}/2026").status_code == 404
    own = client.get(f"/round/of/{office.nam.id}/2026")
    assert own.status_code == 200
    assert "Đề xuất mức xếp loại" in own.text
    assert client.get(f"/round/of/{office.nam.id}/1999").status_code == 404


def test_an_official_gives_the_own_class_and_home_stops_asking(client, login, office) -> None:
    login(client, office.lan)
    assert "/round/mine/2026" in client.get("/").text
    refused = client.post("/round/mine/2026", data={"note": "Chưa chọn mức"})
    assert refused.status_code == 422
    assert "Chưa chọn mức" in refused.text
    assert client.post("/round/mine/2026", data={"klass": "HTTNV"}).status_code == 303
    assert "/round/mine/2026" not in client.get("/").text


def test_a_meeting_is_recorded_with_its_scan_read_and_corrected(client, login, office) -> None:
    login(client, office.hung)
    address = f"/round/{office.division.id}/2026/meetings/new"
    assert f"{address}" in client.get("/").text
    page = client.get(address).text
    assert "Nguyễn Thị Lan" in page
    people = [str(office.lan.id), str(office.hung.id)]
    refused = client.post(address, data=typed(held_on="31/31/2026", person=people))
    assert refused.status_code == 422
    assert "Cuộc họp nhất trí với báo cáo tự đánh giá." in refused.text
    answer = client.post(
        address,
        data=typed(
            person=people,
            **{f"class-{office.lan.id}": "HTTNV", f"remarks-{office.lan.id}": "Làm việc có trách nhiệm"},
            file=(BytesIO(PDF), "bien-ban.pdf"),
        ),
    )
    assert answer.status_code == 303
    meeting = db.session.scalars(select(ReviewMeeting)).one()
    page = client.get(answer.location).text
    assert "Làm việc có trách nhiệm" in page
    assert "bien-ban.pdf" in page
    file = client.get(f"/round/meetings/{meeting.id}/file")
    assert (file.data, "attachment" in file.headers["Content-Disposition"]) == (PDF, True)
    form = client.get(f"/round/meetings/{meeting.id}/correct").text
    assert "Làm việc có trách nhiệm" in form
    corrected = client.post(
        f"/round/meetings/{meeting.id}/correct",
        data=typed(person=people, chair="Vũ Thị Thu", reason="Ghi nhầm người chủ trì"),
    )
    assert corrected.status_code == 303
    assert "Ghi nhầm người chủ trì" in client.get(f"/round/meetings/{meeting.id}").text
    login(client, office.nam)
    assert client.get(f"/round/meetings/{meeting.id}").status_code == 404
    assert client.get(f"/round/meetings/{meeting.id}/file").status_code == 404
    assert client.get(address).status_code == 403


def test_the_personnel_office_is_asked_for_the_partys_opinion_and_records_it(client, login, office) -> None:
    login(client, office.mai)
    assert "Thiếu ý kiến của cấp ủy" in client.get("/").text
    address = f"/round/of/{office.hung.id}/2026/party"
    refused = client.post(address, data={"opinion": "Nhất trí", "committee": "", "given_on": "2026-12-04"})
    assert refused.status_code == 422
    assert "Nhất trí" in refused.text
    given = {"opinion": "Nhất trí", "committee": "Đảng ủy Sở", "given_on": "2026-12-04"}
    assert client.post(address, data=given).status_code == 303
    assert "Đảng ủy Sở" in client.get(f"/round/of/{office.hung.id}/2026").text
    assert client.get(f"/round/of/{office.lan.id}/2026/party").status_code == 409


def test_a_refused_decision_says_what_is_missing_and_where(client, login, office) -> None:
    login(client, office.thu)
    answer = client.post(f"/grades/of/{grade_of(office.hung).id}", data={"klass": "HTTNV"})
    assert answer.status_code == 422
    for words in (
        "chưa ghi biên bản cuộc họp",
        "chưa ghi ý kiến nhận xét bằng văn bản của cấp ủy",
        "Quy trình xếp loại năm",
    ):
        assert words in answer.text


def test_a_conclusion_is_entered_and_withdrawn(client, login, office) -> None:
    login(client, office.mai)
    address = f"/round/of/{office.lan.id}/2026/conclusions"
    given = {
        "blocker": "DEGENERATION", "body": "Ủy ban Kiểm tra", "document_number": "5-KL", "concluded_on": "2026-12-01",
    }  # fmt: skip
    refused = client.post(address, data=given | {"concluded_on": "2027-01-01"})
    assert refused.status_code == 422
    assert "Ủy ban Kiểm tra" in refused.text
    assert client.post(address, data=given).status_code == 303
    made = db.session.scalars(select(Conclusion)).one()
    assert client.post(f"/round/conclusions/{made.id}/withdraw", data={"reason": ""}).status_code == 422
    answer = client.post(f"/round/conclusions/{made.id}/withdraw", data={"reason": "Kết luận đã bị hủy"})
    assert answer.status_code == 303
    assert "Kết luận đã bị hủy" in client.get(address).text
    login(client, office.hung)
    assert client.get(address).status_code == 403


def test_the_chairman_replaces_a_published_class_and_both_stay_readable(client, login, office) -> None:
    factories.reviewed(office, [office.lan])
    thu = factories.actor(office.thu, TODAY)
    old = grades.decide(thu, grade_of(office.lan).id, Band.HTTNV)
    grades.publish(thu, office.department.id, 2026, decision_number="12/QĐ-SNV")
    login(client, office.thu)
    assert client.get(f"/round/replace/{old.id}").status_code == 403
    assert "Thay thế mức xếp loại này" not in client.get(f"/grades/of/{old.id}").text
    login(client, office.chairman)
    assert "Thay thế mức xếp loại này" in client.get(f"/grades/of/{old.id}").text
    address = f"/round/replace/{old.id}"
    refused = client.post(
        address, data={"klass": "HTNV", "reason": "Báo cáo thiếu trung thực", "document_number": ""}
    )
    assert refused.status_code == 422
    assert "Báo cáo thiếu trung thực" in refused.text
    given = {"klass": "HTNV", "reason": "Báo cáo thiếu trung thực", "document_number": "99/QĐ-UBND"}
    answer = client.post(address, data=given)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "12/QĐ-SNV" in page
    assert "99/QĐ-UBND" in page
    new = db.session.scalars(select(YearGrade).where(YearGrade.replaces_id == old.id)).one()
    assert (new.state, new.decided_class) == (GradeState.PUBLISHED, Band.HTNV)
    login(client, office.lan)
    assert "99/QĐ-UBND" in client.get(f"/grades/of/{new.id}").text


def test_the_class_names_the_unit_of_each_month(client, login, office) -> None:
    login(client, office.thu)
    page = client.get(f"/grades/of/{grade_of(office.lan).id}").text
    assert page.count("Phòng Công chức, viên chức") >= 11


def test_the_number_of_queries_does_not_grow_with_the_people(client, login, office) -> None:
    login(client, office.thu)
    address = f"/round/{office.department.id}/2026"
    few = queries_of(client, address)
    for number in range(20):
        who = factories.person(f"Đồng nghiệp {number}")
        factories.assignment(who, office.division, job=office.job)
        year_of(office, db.session.get_one(Person, who.id), "80", months=1)
    db.session.commit()
    assert queries_of(client, address) == few
    assert few <= 12
    assert queries_of(client, f"/grades/of/{grade_of(office.lan).id}") <= 25
