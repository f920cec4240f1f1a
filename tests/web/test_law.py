"""The page of the law in force: every open question with its answer and who signed, deadlines, organisations."""

import re
from datetime import date
from typing import Any

from tests import factories
from tests.web.counting import queries_of


def test_an_official_reads_every_open_question_and_every_table(client: Any, login: Any, clock: Any) -> None:
    clock(date(2026, 4, 10))
    office = factories.office()
    lan = login(client, office.lan)
    answer = lan.get("/law/")
    assert answer.status_code == 200
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
    assert all(f"Q{number} " in page for number in range(1, 18))
    assert "chưa ai ký" in page
    for words in (
        "trước ngày 15/12",
        "chậm nhất ngày 30/06/2026",
        "Điều 11.3.c",
        "Điều 20.4.d",
        "Điều 7.1.h",
        "Điều 5.5",
    ):
        assert words in page, words
    assert queries_of(lan, "/law/") <= 12
