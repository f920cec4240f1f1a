"""Every unsafe form carries a transaction id, and sent twice with the same one it has one effect (faults 1, 7)."""

import inspect
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from evaluation.extensions import Base
from tests.access import matrix
from tests.access.forms import form_for
from tests.access.matrix import Cell
from tests.access.routes import known, name_of, rule_of
from tests.access.trial import Court
from tests.access.world import World

# No transaction id, and why sending them twice does no harm.
WITHOUT_ID = {
    "access.sign_in": "nobody is signed in yet; each try is counted",
    "access.enter_code": "nobody is signed in yet; each code is good once",
    "access.sign_out": "signed out is signed out",
    "access.set_language": "the same language again",
    "passwords.redeem": "nobody is signed in; a ticket is good once",
    "reauthentication.confirm": "each try is counted",
    "sessions.active": "a sign of life",
    "reports.draft": "carries the sheet's version: the second one meets a newer sheet",
    "reports.check_and_save": "carries the sheet's version",
    "reports.remove_work": "the button of a sheet that carries its version; what is gone is gone",
    "reviews.open_sheet": "looking; noted once",
    "reviews.outlook": "stores nothing",
    "reviews.save": "carries the sheet's version",
    "reviews.return_sheets": "asks for the reason; the page that follows carries the id",
    "confirmations.check": "asks once more; the page that follows carries the id",
    "confirmations.publish": "asks once more; the page that follows carries the id",
    "cycles.change": "shows what follows; that page carries the id",
    "periods.extend": "shows what follows; that page carries the id",
    "petition_answers.outlook": "stores nothing",
    "organisation.reveal": "a look, and each look is recorded",
    "catalogue.preview": "compares again; what is applied carries the id",
}  # fmt: skip
FORM = re.compile(rb"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
ACTION = re.compile(rb'\baction="([^"]*)"')
# Written at each request whatever it does.
TRACES = frozenset({"session", "sign_in_attempt", "reading"})
MOST_PAGES_OF_A_ROUTE = 16


def cells_of(court: Court, rule: Any, method: str) -> Iterator[tuple[Cell, str]]:
    """Everybody whom a route lets in, each with the address."""
    for cell in matrix.cells(court.app, rule):
        if cell.method == method and cell.opens and cell.role not in ("nobody", "disabled"):
            url = matrix.address(court, rule, cell)
            if url is not None:
                yield cell, url


def endpoint_of(court: Court, path: str) -> str:
    """The route that a form is sent to."""
    try:
        return court.app.url_map.bind("localhost").match(urlsplit(path).path, method="POST")[0]
    except HTTPException:
        return f"no route: {path}"


def test_every_form_of_every_page_carries_a_transaction_id(court: Court) -> None:
    lacking: set[str] = set()
    seen: set[str] = set()
    for rule in matrix.rules(court.app):
        if "GET" not in (rule.methods or ()):
            continue
        pages = list(cells_of(court, rule, "GET"))
        step = max(1, len(pages) // MOST_PAGES_OF_A_ROUTE)
        for cell, url in pages[::step]:
            answer = court.ask(cell.role, "GET", url)
            for attributes, inside in FORM.findall(answer.body):
                if b'method="post"' not in attributes:
                    continue
                action = ACTION.search(attributes)
                target = action.group(1).decode() if action and action.group(1) else url
                endpoint = endpoint_of(court, target)
                seen.add(endpoint)
                carried = inside.count(b'name="transaction_id"')
                if carried > 1 or (carried == 0 and endpoint not in WITHOUT_ID):
                    lacking.add(f"{endpoint} on {rule.endpoint}: {carried}")
    assert lacking == set(), (
        "put {{ m.once() }} there and @answered_once on the view, or give the reason above"
    )
    assert len(seen) > 50


def _counted(court: Court) -> dict[str, int]:
    tables = [table.name for table in Base.metadata.sorted_tables if table.name not in TRACES]
    asked = " union all ".join(f"select '{name}', count(*) from \"{name}\"" for name in tables)
    return {row[0]: row[1] for row in court.connection.execute(text(asked))}


def _send(court: Court, cell: Cell, url: str, form: dict[str, Any]) -> tuple[int, str]:
    cookie = {"Cookie": court.cookies[cell.role]}
    response = court.client.post(url, data=form, headers=cookie, buffered=True)
    response.get_data()
    response.close()
    return response.status_code, response.headers.get("Location", "")


POSTS = [
    name
    for name, rule in known().items()
    if "POST" in (rule.methods or ()) and rule.endpoint not in WITHOUT_ID
]


def _knows_ids(court: Court, endpoint: str) -> bool:
    """Whether the view is answered once, or it or a function beside it hands the id to its use case."""
    view: Any = court.app.view_functions[endpoint]
    if getattr(view, "answers_once", False):
        return True
    view = inspect.unwrap(view)
    source, beside = inspect.getsource(view), inspect.getmodule(view)
    for name in re.findall(r"\b(_\w+|submitted\w*)\(", source):
        source += (
            inspect.getsource(getattr(beside, name))
            if inspect.isfunction(getattr(beside, name, None))
            else ""
        )
    return "transaction_id" in source


def _filled(world: World, rule: Any, cell: Cell) -> dict[str, Any]:
    return form_for(world, rule.endpoint, cell.role, cell.owner)


@pytest.mark.parametrize("name", POSTS)
def test_a_form_sent_twice_has_one_effect(name: str, court: Court) -> None:
    rule = rule_of(court.app, name)
    assert name == name_of(rule)
    for cell, url in list(cells_of(court, rule, "POST"))[:40]:
        undone = court.connection.begin()
        try:
            form = _filled(court.world, rule, cell)
            key = {"transaction_id": form["transaction_id"]}
            before = _counted(court)
            status, place = _send(court, cell, url, form)
            first = _counted(court)
            if status >= 400 or first == before:
                continue
            again, same_place = _send(court, cell, url, _filled(court.world, rule, cell) | key)
            second = _counted(court)
            changed = {one: second[one] - first[one] for one in first if second[one] != first[one]}
            assert changed == {}, f"{cell.role} {url} sent twice: {status}, then {again}"
            if rule.endpoint == "sessions.end" and again == 401:
                continue  # the session that is gone was one's own
            assert again < 400, f"{cell.role} {url}: {status}, then {again}"
            assert not place or same_place == place
            return
        finally:
            undone.rollback()
    # What the matrix cannot fill in rightly is sent twice by the tests of its own noun; here only that the id is used.
    assert _knows_ids(court, rule.endpoint), (
        f"{name} forgets its transaction id: put @answered_once on the view"
    )
