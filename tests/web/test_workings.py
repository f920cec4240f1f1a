"""The working of a result as people read it: inputs with who entered them, the formula filled in, articles, rulebook."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from docx import Document

from evaluation.extensions import db
from evaluation.models import Account, ItemMark, Reading, ScoreSheet, Stage
from evaluation.services import reports, scores
from evaluation.services.reports import LineEntry
from tests import factories

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def month(client, login, clock):
    """Lan's March, scored by Hùng: one line found less than reported; Lan is signed in."""
    clock(IN_MARCH)
    place = factories.office()
    place.report = factories.report(
        place.lan.assignments[0],
        supervising=place.division,
        confirming=place.department,
        agency=place.department,
        supervisor_id=place.hung.id,
    )
    place.first = factories.item(
        place.report, assigned="4", task="Thẩm định hồ sơ", ordinal=1, assigned_by=place.hung.id
    )
    place.second = factories.item(place.report, assigned="6", task="Tờ trình", ordinal=2, coefficient="1.5")
    factories.criteria(place.report, "28")
    lan = factories.actor(place.lan, IN_MARCH)
    reports.save_draft(
        lan,
        place.report.id,
        version=1,
        lines={place.first.id: LineEntry(done="4"), place.second.id: LineEntry(done="5", delays="1")},
    )
    reports.submit(lan, place.report.id, version=2)
    place.hung_actor = factories.actor(place.hung, IN_MARCH)
    place.first.marks.append(
        ItemMark(
            report_id=place.report.id,
            item_id=place.first.id,
            done=Decimal(3),
            quality_fails=1,
            delays=0,
            reason="Thiếu một hồ sơ",
            marked_by=place.hung.id,
        )
    )
    db.session.flush()
    place.sheet = scores.freeze(place.hung_actor, place.report, Stage.SUPERVISOR)
    db.session.commit()
    place.client = sign_in(login, client, place.lan)
    return place


def sign_in(login, client, who):
    return login(client, db.session.query(Account).filter_by(person_id=who.id).one())


def words_of(html: str) -> str:
    """What a person reads: no tags, single spaces."""
    return re.sub(r" ([,.;:])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", html).split()))


def own_sheet(place) -> ScoreSheet:
    return db.session.query(ScoreSheet).filter_by(report_id=place.report.id, stage=Stage.OWN).one()


def test_a_score_opens_down_to_every_line_with_who_entered_it(month) -> None:
    page = words_of(month.client.get(f"/workings/score/{month.sheet.id}").text)
    assert "Thẩm định hồ sơ" in page
    assert re.search(r"giao: Trần Văn Hùng, 0?\d", page)
    assert re.search(r"báo cáo: Nguyễn Thị Lan", page)
    assert re.search(r"cấp trên kết luận: Trần Văn Hùng", page)
    assert "Thiếu một hồ sơ" in page


def test_the_formula_is_filled_in_from_the_lines_to_the_total(month) -> None:
    page = words_of(month.client.get(f"/workings/score/{month.sheet.id}").text)
    # 4 × 1 and 6 × 1,5 assigned; 3 and 7,5 done; one failed review of 1 unit costs a quarter, one delay of 1,5 units too.
    for formula in (
        "D = 4 + 9 = 13",
        "Na = 3 + 7,5 = 10,5",
        "Nb = 2,75 + 7,5 = 10,25",
        "Nc = 3 + 7,125 = 10,125",
        "a = 10,5 / 13 × 100",
        "Σ = 5 + 5 + 2,5",
    ):
        assert formula in page, formula
    assert "Điều 14" in page
    assert month.sheet.fingerprint[:12] in page
    assert "Nghị định 335/2025/NĐ-CP" in page
    assert "Trần Văn Hùng" in page


def test_the_own_score_does_not_know_what_the_supervisor_found_later(month) -> None:
    page = words_of(month.client.get(f"/workings/score/{own_sheet(month).id}").text)
    assert "Thiếu một hồ sơ" not in page
    assert "Na = 4 + 7,5 = 11,5" in page


def test_a_superseded_score_is_still_opened_and_says_so(month) -> None:
    old = month.sheet.id
    scores.freeze(month.hung_actor, month.report, Stage.SUPERVISOR, reason="Giải quyết kiến nghị")
    db.session.commit()
    page = words_of(month.client.get(f"/workings/score/{old}").text)
    assert "đã được thay" in page
    assert "Giải quyết kiến nghị" in page


def test_reading_another_persons_working_leaves_the_trace_of_reading_the_sheet(month, login) -> None:
    def traces() -> int:
        return db.session.query(Reading).filter_by(object_id=month.report.id).count()

    month.client.get(f"/workings/score/{month.sheet.id}")
    assert traces() == 0
    sign_in(login, month.client, month.hung)
    month.client.get(f"/workings/score/{month.sheet.id}")
    assert traces() == 1
    month.client.get(f"/workings/score/{month.sheet.id}.docx")
    assert traces() == 2


def test_a_stranger_finds_nothing(month, login) -> None:
    sign_in(login, month.client, month.nam)
    assert month.client.get(f"/workings/score/{month.sheet.id}").status_code == 404
    assert month.client.get(f"/workings/score/{month.sheet.id}.docx").status_code == 404
    assert month.client.get("/workings/score/999999999").status_code == 404


def test_the_word_file_says_what_the_page_says(month) -> None:
    answer = month.client.get(f"/workings/score/{month.sheet.id}.docx")
    document = Document(BytesIO(answer.data))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for said in (
        "Na = 3 + 7,5 = 10,5",
        "Nghị định 335/2025/NĐ-CP",
        "Trần Văn Hùng",
        month.sheet.fingerprint[:12],
    ):
        assert said in text, said
    for said in ("Thẩm định hồ sơ", "Thiếu một hồ sơ", "10,125"):
        assert said in cells, said


def test_the_result_page_links_to_the_working_of_each_stage(month) -> None:
    page = month.client.get(f"/results/{month.report.id}").text
    assert f'href="/workings/score/{month.sheet.id}"' in page
    assert f'href="/workings/score/{own_sheet(month).id}"' in page
