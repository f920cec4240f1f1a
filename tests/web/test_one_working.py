"""One working on the page, in Word and as text: the same steps, articles and values, the same who and when of each input."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.table import Table
from flask import render_template
from lxml import html
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.files.working_text import lines_of
from evaluation.files.workings import write_docx
from evaluation.models import EligibilityEntry, ItemMark, ScoreSheet, Stage
from evaluation.queries import workings as queries
from evaluation.rules.permissions import Role
from evaluation.rules.work import WorkKind
from evaluation.rules.working import Working
from evaluation.services import scores, working_of_grade, working_of_sheet, working_of_unit, workings
from evaluation.web.workings import READER
from tests import factories
from tests.queries.test_standings import MARCH, province  # noqa: F401
from tests.services import commendation_stories as stories
from tests.services.test_rollups import led_office
from tests.web.test_standings import place  # noqa: F401
from tests.web.test_workings_of_all import grade_of, stories_run, year  # noqa: F401

TODAY = date(2026, 12, 5)
WHO, EVERY_ROW, STEPS = "Ai nhập, khi nào", "Mọi dòng:", "Công thức và các bước tính"


@dataclass(frozen=True)
class Shown:
    """What a reader finds: steps (says, value, formula, article), tables, conditions."""

    steps: list[tuple[str, str, str, str]]
    tables: list[tuple[str, list[list[str]], list[str]]]
    grounds: list[tuple[str, str]]


def plain(text: str) -> str:
    return " ".join(text.split())


def text_in(node: Any, path: str) -> str:
    return plain("".join("".join(found.itertext()) for found in node.xpath(path)))


def on_page(working: Working) -> Shown:
    """Read out of the HTML that screen, print and PDF share."""
    page = html.fromstring(render_template("workings/paper.html", working=working))
    steps = [
        (
            text_in(li, "./span[not(@class)]"),
            text_in(li, "./b"),
            text_in(li, "./span[@class='formula']"),
            text_in(li, "./small"),
        )
        for li in page.xpath("//ol[@class='work']/li")
    ]
    tables = []
    for card in page.xpath("//section[@class='card inputs']"):
        article = text_in(card, "./div[@class='card-head']/span")
        rows = []
        for row in card.xpath(".//tbody/tr"):
            first, *others = row.xpath("./th|./td")
            people = others.pop() if card.xpath(".//thead//th")[-1].text_content() == WHO else None
            rows.append(
                [
                    plain(first.text_content().removesuffix(text_in(first, "./small"))),
                    text_in(first, "./small"),
                    *(plain(cell.text_content()) for cell in others),
                    *([said_of(people)] if people is not None else []),
                ]
            )
        common = [
            plain(one.text_content()) for one in card.xpath("./div[@class='why']/span[@class='entered']")
        ]
        tables.append((text_in(card, "./div/h2") + (f" ({article})" if article else ""), rows, common))
    grounds = [
        (plain(li.text_content().removesuffix(text_in(li, "./small"))), text_in(li, "./small"))
        for li in page.xpath("//ul[@class='findings']/li")
    ]
    return Shown(steps, tables, grounds)


def said_of(people: Any) -> str:
    return "; ".join(plain(one.text_content()) for one in people.xpath("./span")) or plain(
        people.text_content()
    )


def in_word(working: Working) -> Shown:
    """Read out of the paragraphs and tables of the Word file."""
    steps: list[tuple[str, str, str, str]] = []
    tables: list[tuple[str, list[list[str]], list[str]]] = []
    grounds: list[tuple[str, str]] = []
    last, at_steps = "", False
    for block in Document(BytesIO(write_docx(working, READER))).iter_inner_content():
        if isinstance(block, Table):
            named = block.rows[0].cells[-1].text == WHO
            tables.append((last, [word_row(row, named) for row in block.rows[1:]], []))
            continue
        text, run = plain(block.text), block.runs[0]
        if text.startswith(EVERY_ROW):
            tables[-1][2].extend(text.removeprefix(EVERY_ROW).strip().split("; "))
        elif text[:3] in ("[x]", "[–]", "[?]"):
            grounds.append((text[4:], ""))
        elif grounds and not grounds[-1][1] and run.italic and not tables and not at_steps:
            grounds[-1] = (grounds[-1][0], text)
        elif text == STEPS:
            at_steps = True
        elif at_steps and run.bold:
            says, _colon, value = text.rpartition(": ")
            steps.append((says, value, "", ""))
        elif at_steps:
            says, value, formula, article = steps.pop()
            steps.append((says, value, formula, text) if run.italic else (says, value, text, article))
        last = text
    return Shown(steps, tables, grounds)


def word_row(row: Any, named: bool) -> list[str]:
    first, *others = row.cells
    value, *note = (plain(paragraph.text) for paragraph in first.paragraphs)
    cells = [plain(cell.text) for cell in others]
    return [value, " ".join(note), *cells] if named or cells else [value, " ".join(note)]


def assert_the_same(working: Working) -> Shown:
    """The page against Word field by field, and against the text line by line."""
    page, word = on_page(working), in_word(working)
    assert page.steps == word.steps
    assert [one for one in page.tables if one[1]] == word.tables
    assert page.grounds == word.grounds
    lines = [plain(line) for line in lines_of(working, READER)]
    for says, value, formula, article in page.steps:
        number = lines.index(plain(f"{says}: {formula}"))
        got = lines[number + 1]
        assert got.startswith(f"= {value}")
        assert got.endswith(f"[{article}]") or not article
        del lines[number : number + 2]
    for _title, rows, common in page.tables:
        for first, note, *cells in rows:
            values = cells[:-1] if names_people(working, _title) else cells
            start = lines.index(plain(" | ".join([first, *values])))
            wanted = [one for one in [note, *entered_of(working, _title, cells)] if one]
            assert lines[start + 1 : start + 1 + len(wanted)] == wanted
            del lines[start : start + 1 + len(wanted)]
        if common:
            assert f"{EVERY_ROW} {'; '.join(common)}" in lines
    for said, about in page.grounds:
        assert any(line[4:] == f"{said} ({about})" or line[4:] == said for line in lines), said
    return page


def table_of(working: Working, title: str) -> Any:
    return next(one for one in working.inputs if title.startswith(plain(one.title)))


def names_people(working: Working, title: str) -> bool:
    return bool(table_of(working, title).names_people)


def entered_of(working: Working, title: str, cells: list[str]) -> list[str]:
    """Who and when as the page's last column says it, one by one."""
    if not names_people(working, title) or cells[-1] in ("", "–"):
        return []
    return cells[-1].split("; ")


@pytest.fixture
def request_of(client: Any) -> Any:
    with client.application.test_request_context():
        yield client


def test_a_leaders_score_with_exempt_findings_and_work_handed_over(request_of: Any, clock: Any) -> None:
    clock(TODAY)
    office, sheets = led_office()
    report = sheets["hung"]
    line = factories.item(
        report, assigned="3", done="3", quality_fails=1, delays=1, ordinal=2, assigned_by=office.thu.id,
        task="Đề án sắp xếp",
    )  # fmt: skip
    factories.item(report, assigned="2", kind=WorkKind.TRANSFERRED_OUT, ordinal=3, assigned_by=office.thu.id)
    factories.item(
        report, assigned="1", done="1", kind=WorkKind.RECEIVED, ordinal=4, assigned_by=office.hung.id
    )
    db.session.add(
        ItemMark(
            report_id=report.id, item_id=line.id, done=Decimal(3), quality_fails=1, delays=2, exempt_quality_fails=1,
            exempt_delays=1, reason="Chờ ý kiến của Bộ", marked_by=office.thu.id,
        )
    )  # fmt: skip
    db.session.flush()
    db.session.expire(report)
    sheet = scores.freeze(factories.actor(office.thu, TODAY), report, Stage.FINAL)
    db.session.commit()

    shown = assert_the_same(working_of_sheet.of_sheet(queries.sheet(sheet.id)))

    lines, criteria, leader = shown.tables
    exempt = next(row for row in lines[1] if row[0] == "Đề án sắp xếp")
    assert "Cấp trên: Chờ ý kiến của Bộ" in exempt[1]
    assert "nguyên nhân khách quan" in exempt[1]
    assert any("Chuyển" in row[0] or "chuyển" in row[0] for row in lines[1])
    assert "Vũ Thị Thu" in exempt[-1]
    assert len(leader[1]) == 3
    assert len(criteria[1]) >= 1


def test_a_class_of_the_year(year: Any, request_of: Any) -> None:  # noqa: F811
    for who in (year.lan, year.nam):
        shown = assert_the_same(working_of_grade.of_grade(grade_of(who)))
        assert len(shown.steps) >= 2
        assert any(
            "Đỗ Văn Chính" in " ".join([*row, *common]) for _t, rows, common in shown.tables for row in rows
        )


@pytest.mark.parametrize("period", [str(MARCH), "2026-Q1"])
def test_a_units_figure(place: Any, request_of: Any, period: str) -> None:  # noqa: F811
    shown = assert_the_same(working_of_unit.of_unit(place.department.id, workings.period_of(period)))
    assert shown.steps
    assert shown.tables


@pytest.mark.parametrize("award", ["CSTDCS", "TTLDTT"])
def test_a_verdict_on_a_person_and_on_a_collective(request_of: Any, clock: Any, award: str) -> None:
    clock(date(2026, 9, 20))
    agency = stories.agency("Sở Nội vụ")
    agency.add("Phạm Thu Trang", "HTXSNV", mean="97", initiatives=("CO_SO",))
    agency.add("Trần Văn Kém", "HTNV")
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, agency.province)])
    run = stories_run(award)
    for entry in db.session.scalars(select(EligibilityEntry).where(EligibilityEntry.run_id == run.id)):
        shown = assert_the_same(
            workings.of_verdict(factories.actor(mai, date(2026, 9, 20)), entry.id).working
        )
        assert shown.grounds
        assert any("Điều" in about for _said, about in shown.grounds)


def test_a_score_of_the_own_and_one_that_was_replaced(request_of: Any, clock: Any) -> None:
    clock(TODAY)
    office, sheets = led_office()
    scores.freeze(factories.actor(office.thu, TODAY), sheets["lan"], Stage.OWN)
    scores.freeze(factories.actor(office.thu, TODAY), sheets["lan"], Stage.FINAL)
    db.session.commit()
    for sheet_id in db.session.scalars(select(ScoreSheet.id).where(ScoreSheet.report_id == sheets["lan"].id)):
        assert assert_the_same(working_of_sheet.of_sheet(queries.sheet(sheet_id))).steps
