"""The table of rights as people read it: on its page and from the command line."""

import re
from typing import Any

import pytest

from evaluation.rules.permissions import Action, Relation
from evaluation.services import permission_table
from tests import factories

ENGLISH = re.compile(r"\b(the|of|or|read|sheet|period|upon|class)\b")


@pytest.fixture
def lan(database: Any, app: Any) -> Any:
    who = factories.person()
    factories.account(who)
    return who


def test_every_right_stands_once_in_the_table_with_who_and_when(app: Any) -> None:
    with app.test_request_context():
        rights = [right for _title, rights in permission_table.groups() for right in rights]
    assert sorted(right.action for right in rights) == sorted(Action)
    assert all(right.who for right in rights)
    assert set(permission_table.ACTIONS) == set(Action)
    assert set(permission_table.RELATIONS) == set(Relation)


def test_an_official_reads_who_may_do_what_and_finds_it_from_the_law(
    lan: Any, client: Any, login: Any
) -> None:
    login(client, lan)
    assert "/permissions/" in client.get("/law/").text
    page = client.get("/permissions/").text
    assert "không bao giờ đối với chính mình" in page
    assert "phiếu ở trạng thái: đã trình; kỳ đánh giá: đang mở" in page
    table = re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main")])
    assert not ENGLISH.search(table), ENGLISH.search(table)


def test_nobody_reads_the_table_without_signing_in(client: Any) -> None:
    assert client.get("/permissions/").status_code == 302


def test_the_command_prints_the_same_table(runner: Any) -> None:
    printed = runner.invoke(args=["permissions"])
    assert printed.exit_code == 0
    assert "chấm điểm hoặc trả lại phiếu [SCORE_REPORT]" in printed.output
    assert printed.output.count("[") == len(Action)
