"""The Party's pages switched on: the list, the cards beside the State's result, the form for force majeure."""

import re
from datetime import date
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import ForceMajeure
from evaluation.rules.bands import Band
from tests import factories
from tests.services.test_extra_income import sheet, with_answers
from tests.web.counting import queries_of


@pytest.fixture
def site(client: Any, login: Any, clock: Any, monkeypatch: Any) -> Any:
    clock(date(2026, 4, 10))
    with_answers(monkeypatch, party_rules="ALL")
    office = factories.office()
    office.sheets = {}
    for who, band in ((office.lan, Band.HTXSNV), (office.nam, Band.HTTNV)):
        office.sheets[who.id] = sheet(office, who, band)
        factories.item(office.sheets[who.id], assigned="4", done="4" if who is office.lan else "3")
    db.session.commit()
    office.client = login(client, office.thu)
    office.address = f"/party/{office.department.id}/2026-Q1"
    return office


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_the_list_gives_each_verdict_with_its_working(site: Any) -> None:
    page = text_of(site.client.get(site.address))
    nam = page[page.index("Lê Quang Nam") :]
    assert "3 / 4 × 100 = 75% &lt; 100% → KHTNV" in nam
    assert "HD 02-HD/BTCTW" in nam


def test_the_sheet_and_its_state_result_stand_unchanged_beside_the_card(site: Any) -> None:
    page = text_of(site.client.get(f"/results/{site.sheets[site.nam.id].id}"))
    assert "Theo quy định của Đảng, quý I/2026 đến nay" in page
    assert "80,00" in page


def test_switched_off_the_pages_say_so_and_the_sheet_has_no_card(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/results/{site.sheets[site.nam.id].id}"
    queries_of(site.client, page)
    on = queries_of(site.client, page)
    with_answers(monkeypatch, party_rules="OFF")
    assert "Chưa bật đánh giá" in text_of(site.client.get(site.address, follow_redirects=True))
    assert "Theo quy định của Đảng" not in text_of(site.client.get(page))
    assert queries_of(site.client, page) == on - 1


def test_force_majeure_is_confirmed_by_form_and_taken_back_with_a_reason(site: Any) -> None:
    form = f"{site.address}/{site.nam.id}/force-majeure"
    wrong = site.client.post(form, data={"document_number": "12/XN", "reason": " "})
    assert wrong.status_code == 422
    assert 'value="12/XN"' in wrong.text
    assert "Hãy ghi lý do" in wrong.text
    right = site.client.post(form, data={"document_number": "12/XN", "reason": "Bão số 4"})
    assert right.status_code == 303
    assert "KHTNV" not in text_of(site.client.get(site.address))
    assert site.client.post(f"{form}/withdraw", data={"reason": "Nhầm"}).status_code == 303
    assert db.session.query(ForceMajeure).one().withdrawn_reason == "Nhầm"


def test_an_official_reads_no_list_and_excuses_nobody(site: Any, client: Any, login: Any) -> None:
    lan = login(client, site.lan)
    assert lan.get(site.address).status_code == 403
    answer = lan.post(f"{site.address}/{site.nam.id}/force-majeure", data={"reason": "x"})
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("period", ["2026-Q5", "2026", "abc"])
def test_no_such_quarter_is_a_page_that_says_so(site: Any, period: str) -> None:
    assert site.client.get(f"/party/{site.department.id}/{period}").status_code == 404
