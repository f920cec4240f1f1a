"""The decree's forms as files: wording, what stands in them, who may have them, and the trace of reading."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from docx import Document
from pypdf import PdfReader

from evaluation.extensions import db
from evaluation.files import pdf
from evaluation.models import AuditEvent, SelfClassification, YearGrade
from evaluation.rules.bands import Band
from evaluation.rules.periods import Cycle
from evaluation.rules.workflow import ReportState
from evaluation.services import confirmations, grade_proposals, grades, reports, reviews
from evaluation.services.reports import LineEntry
from tests import factories
from tests.services.test_grades import month as graded_month
from tests.services.test_grades import year_of
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


def text_of(data: bytes) -> list[str]:
    """Every paragraph and cell of a Word file in the order of the page, empty ones left out."""
    document = Document(io.BytesIO(data))
    found = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                seen = []
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.append(cell._tc)
                        found += [paragraph.text for paragraph in cell.paragraphs]
        else:
            found.append(block.text)
    return [" ".join(text.split()) for text in found if text.strip()]


def word(place, address: str) -> list[str]:
    response = place.client.get(address)
    assert response.status_code == 200, response.text
    return text_of(response.data)


def test_it(place, clock, tmp_path):
    print(word(place, f"/forms/01/{place.report.id}.docx"))
    confirm(place, clock)
    print(word(place, f"/forms/01/{place.report.id}.docx?annex=1"))
    r = place.client.get(f"/forms/01/{place.report.id}.pdf?annex=1")
    print(r.headers)
    open("/tmp/w01.pdf", "wb").write(r.data)
    r = place.client.get(f"/forms/tracking/{place.report.id}.xlsx")
    open("/tmp/w.xlsx", "wb").write(r.data)
    print(r.headers)
    assert place.client.get(f"/results/{place.report.id}").text.count("/forms/") == 5
