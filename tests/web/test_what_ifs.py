"""Trials: what would come out under other answers, for whom, and the proof that nothing is ever stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select, text

from evaluation.extensions import Base, db
from evaluation.models import YearGrade
from evaluation.rules.permissions import Role
from evaluation.services import grade_proposals, what_ifs
from tests import factories
from tests.services.test_grades import year_of
from tests.web.test_workings import month, sign_in, words_of  # noqa: F401

TODAY = date(2026, 12, 5)
TRACES = ("reading", "audit_event")
WRITES = {"insert", "update", "delete", "copy", "merge", "truncate"}


def everything() -> dict[str, tuple[int, str]]:
    """Every table as how many rows it has and what they say; only the trace of reading is left out."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in TRACES:
            row = db.session.execute(
                text(
                    f"select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from \"{table.name}\" t"
                )
            ).one()
            found[table.name] = (row[0], row[1])
    return found


@contextmanager
def no_writing() -> Iterator[None]:
    """Fails on any statement that writes, but for the trace of reading."""
    written = []

    def watch(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        words = set(statement.lower().split())
        if words & WRITES and not statement.lower().startswith(
            tuple(f"insert into {trace}" for trace in TRACES)
        ):
            written.append(statement)

    event.listen(db.engines[None], "before_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(db.engines[None], "before_cursor_execute", watch)
    assert written == []


@pytest.fixture
def year(client: Any, login: Any, clock: Any) -> Any:
    """Twelve people of one group: three reach excellent, eight are good; Thu is signed in."""
    clock(TODAY)
    office = factories.office()
    office.many = [office.lan, office.nam]
    for number in range(10):
        who = factories.person(f"Lê Văn {'ABCDEGHIKL'[number]}")
        factories.assignment(who, office.division, job=office.job)
        office.many.append(who)
    for number, who in enumerate(office.many):
        year_of(office, who, str(97 - number) if number < 3 else "80" if number < 11 else "60")
    grade_proposals.propose(office.department.id, 2026)
    db.session.commit()
    office.client = sign_in(login, client, office.thu)
    office.address = f"/what-if/agency/{office.department.id}/2026"
    return office


def test_another_deduction_and_without_a_line_show_what_would_come_out(month: Any, login: Any) -> None:  # noqa: F811
    sign_in(login, month.client, month.hung)
    address = f"/what-if/sheet/{month.report.id}"
    page = words_of(month.client.get(address).text)
    assert "Đây là phép thử. Không lưu gì" in page
    # b = 10,25 / 13 in force; without the first line 7,5 / 9 remain.
    assert "78,85%" in page
    without = words_of(month.client.get(f"{address}?without={month.first.id}").text)
    assert "83,33%" in without
    # The delayed line of 5 × 1,5 loses a quarter of one product in force, and of all five under PER_LINE: 8,625 / 13.
    assert "77,88%" in page
    assert "66,35%" in words_of(month.client.get(f"{address}?deduction=PER_LINE").text)


@pytest.mark.parametrize(
    "query",
    ["", "?ratio_cap=TOTAL_70&deduction=PER_LINE&late_product=NOTHING&score_rounding=TWO_DECIMALS_FIRST"],
)
def test_a_trial_of_a_sheet_stores_nothing(month: Any, login: Any, query: str) -> None:  # noqa: F811
    sign_in(login, month.client, month.hung)
    before = everything()
    with no_writing():
        assert month.client.get(f"/what-if/sheet/{month.report.id}{query}").status_code == 200
    assert everything() == before


@pytest.mark.parametrize("query", ["", "?share=50&quota_base=OR_BETTER&quota_rounding=HALF_UP"])
def test_a_trial_of_a_quota_stores_nothing(year: Any, query: str) -> None:
    before = everything()
    with no_writing():
        assert year.client.get(year.address + query).status_code == 200
    assert everything() == before


def test_the_watch_would_notice_a_write(year: Any) -> None:
    with pytest.raises(AssertionError):
        with no_writing():
            db.session.execute(text("update year_grade set reason = 'x'"))
    assert everything() != {}


def test_with_the_rulebooks_own_answers_the_trial_says_what_the_proposals_say(year: Any) -> None:
    trial = what_ifs.of_agency(factories.actor(year.thu, TODAY), year.department.id, 2026, {})
    over = db.session.scalars(
        select(YearGrade.person_id).where(YearGrade.over_quota, YearGrade.superseded_at.is_(None))
    )
    assert trial.now.without == {str(person_id) for person_id in over} != set()
    assert (trial.entering, trial.leaving) == ([], [])


def test_a_wider_share_names_who_would_come_in_and_none_who_would_go_out(year: Any) -> None:
    page = words_of(
        year.client.get(f"{year.address}?share=25&quota_base=OR_BETTER&quota_rounding=HALF_UP").text
    )
    inside = page.split("Sẽ có suất")[1].split("Sẽ mất suất")[0]
    assert "Lê Văn A" in inside, "the third of three who reached excellent"
    assert "Không ai mất suất." in page
    narrow = words_of(year.client.get(f"{year.address}?share=0").text)
    assert "Nguyễn Thị Lan" in narrow.split("Sẽ mất suất")[1]


@pytest.mark.parametrize(
    "query", ["?share=abc", "?share=101", "?share=-1", "?quota_base=NONE", "?share=" + "9" * 400]
)
def test_rubbish_is_answered_with_a_sentence(year: Any, query: str) -> None:
    answer = year.client.get(year.address + query)
    assert answer.status_code == 422
    assert "data-error-summary" in answer.text


def test_a_line_of_another_sheet_is_refused(month: Any, login: Any) -> None:  # noqa: F811
    sign_in(login, month.client, month.hung)
    for query in ("?without=999999", "?without=x", "?ratio_cap=NONE"):
        assert month.client.get(f"/what-if/sheet/{month.report.id}{query}").status_code == 422


def test_only_heads_and_home_affairs_may_try(month: Any, login: Any) -> None:  # noqa: F811
    address = f"/what-if/sheet/{month.report.id}"
    assert month.client.get(address).status_code == 403, "the official reads the own sheet and tries nothing"
    sign_in(login, month.client, month.nam)
    assert month.client.get(address).status_code == 404
    inspector = factories.person("Phạm Thanh Tra")
    factories.account(inspector, roles=[(Role.INSPECTOR, month.province)])
    sign_in(login, month.client, inspector)
    assert month.client.get(address).status_code == 403
    mai = factories.person("Vũ Thị Mai")
    factories.account(mai, roles=[(Role.HOME_AFFAIRS, month.province)])
    sign_in(login, month.client, mai)
    assert month.client.get(address).status_code == 200
    assert "/what-if/sheet/" in month.client.get(f"/results/{month.report.id}").text


def test_officials_do_not_try_the_quota_and_are_offered_no_trial(year: Any, login: Any) -> None:
    grade = db.session.scalars(select(YearGrade)).first()
    assert year.address in year.client.get(f"/grades/{year.department.id}/2026").text
    assert year.address in year.client.get(f"/grades/of/{grade.id}").text
    sign_in(login, year.client, year.lan)
    assert year.client.get(year.address).status_code == 403
