"""The pages of organisations' classes: what the facts give at once, the recognition, who sees and who writes."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import OrganisationClass, UnitYear
from evaluation.rules.permissions import Role
from tests import factories
from tests.web.counting import queries_of

FACTS = {
    "general": "26", "results": "54,5", "tasks_done": "100", "tasks_late": "0", "tasks_over": "10",
    "quality_met": "yes", "sub_unit_not_completed": "no", "shortcomings_fixed": "yes",
    "personnel_wrongdoing": "no", "force_majeure": "no",
}  # fmt: skip
DECISION = {"recognised": "HTTNV", "number": "812/QĐ-UBND", "on": "2026-12-08", "act": "recognise"}


@pytest.fixture
def site(client: Any, login: Any, clock: Any) -> Any:
    clock(date(2026, 12, 10))
    made = factories.office()
    made.mai = factories.person("Vũ Thị Mai")
    factories.assignment(made.mai, made.department)
    factories.account(made.mai, roles=[(Role.HOME_AFFAIRS, made.province)])
    db.session.commit()
    made.url = f"/organisation-classes/{made.division.id}/2026"
    return made


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_the_facts_are_tried_first_and_nothing_is_stored(site: Any, app: Any, login: Any) -> None:
    thu = login(app.test_client(), site.thu)
    page = thu.post(site.url, data={**FACTS, "act": "try"})
    assert page.status_code == 200
    assert "Theo quy định, tổ chức đạt mức: Hoàn thành tốt nhiệm vụ" in text_of(page)
    assert "Điều 8.2 NĐ 335/2025" in page.text
    gap = thu.post(site.url, data={**FACTS, "tasks_done": "95", "act": "try"})
    assert "Điều kiện chưa đáp ứng so với mức theo điểm" in text_of(gap)
    assert db.session.scalar(select(OrganisationClass.id)) is None


def test_the_recognised_class_is_recorded_and_shown_with_its_working(site: Any, app: Any, login: Any) -> None:
    thu = login(app.test_client(), site.thu)
    refused = thu.post(site.url, data={**FACTS, **DECISION, "number": "", "general": "ba mươi"})
    assert refused.status_code == 422
    assert 'value="ba mươi"' in refused.text
    assert thu.post(site.url, data={**FACTS, **DECISION}).status_code == 303
    shown = text_of(thu.get(site.url))
    assert "Quyết định 812/QĐ-UBND ngày 08/12/2026" in shown
    assert "Vũ Thị Thu ghi lúc" in shown
    assert thu.post(site.url, data={**FACTS, **DECISION}).status_code == 422  # a second one needs its reason


def test_reform_is_recorded_on_the_same_page(site: Any, app: Any, login: Any) -> None:
    mai = login(app.test_client(), site.mai)
    sent = {"reform": "COMPLETED", "criticisms": "2", "reform_number": "3/TB"}
    assert mai.post(f"{site.url}/reform", data={**sent, "criticisms": "1,5"}).status_code == 422
    assert mai.post(f"{site.url}/reform", data=sent).status_code == 303
    known = db.session.get_one(UnitYear, (site.division.id, 2026))
    assert (known.reform, known.criticisms) == ("COMPLETED", 2)


def test_readers_see_their_branch_and_only_recognisers_write(site: Any, app: Any, login: Any) -> None:
    hung = login(app.test_client(), site.hung)
    assert "Sở Nội vụ</a>" not in hung.get("/organisation-classes/").text
    assert hung.get(site.url).status_code == 200
    assert 'name="general"' not in hung.get(site.url).text
    assert hung.post(site.url, data={**FACTS, **DECISION}).status_code == 403
    assert hung.post(f"{site.url}/reform", data={}).status_code == 403
    lan = login(app.test_client(), site.lan)
    assert lan.get("/organisation-classes/").status_code == 403
    assert lan.get(site.url).status_code == 404


def test_the_list_is_found_without_accents_and_costs_no_query_per_unit(
    site: Any, app: Any, login: Any
) -> None:
    mai = login(app.test_client(), site.mai)
    assert "Phòng Công chức" in mai.get("/organisation-classes/?q=cong+chuc&state=WAITING").text
    few = queries_of(mai, "/organisation-classes/")
    for number in range(60):
        factories.unit(f"Phòng {number}", parent=site.department)
    db.session.commit()
    assert "1–50" in text_of(mai.get("/organisation-classes/"))
    assert queries_of(mai, "/organisation-classes/") == few
    assert mai.get("/organisation-classes/?year=2024").status_code == 404
