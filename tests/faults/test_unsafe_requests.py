"""Requests nobody meant: from another site, by another verb, with a field twice, or by merely looking."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from evaluation.extensions import db
from evaluation.models import Account, RoleGrant
from evaluation.rules.permissions import Role
from tests.faults import test_every_form
from tests.faults.test_every_form import addresses

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
WRITES = re.compile(
    r'^\s*(?:with .*? )?(insert into|update|delete from)\s+"?(\w+)', re.IGNORECASE | re.DOTALL
)
# What a look may leave behind: its own trace, and the life of the session.
TRACES = {
    "audit_event": "a list or a file of many people leaves one event: who took what",
    "reading": "opening another person's file leaves one row, which its owner can see",
    "session": "looking is being there: the idle time begins anew",
}
# Files and pages whose GET does more, each with its reason.
MORE: dict[str, set[str]] = {
    "identity.ask": {"sign_in_attempt"},
    "identity.back": {"sign_in_attempt", "account", "external_identity"},
}


place = test_every_form.place  # the office with a sheet in each state


@pytest.fixture
def clerk(place: Any, app: Flask, login: Any) -> Any:
    """The browser of somebody who holds every role over the whole province."""
    return login(app.test_client(), place.clerk)


def address_of(app: Flask, rule: Any, values: dict[str, Any], method: str) -> str:
    """The address of a rule; a part that is one of a few words gets the first of them."""
    choices = dict(re.findall(r"<any\(([^,)]+)[^)]*\):(\w+)>", rule.rule))
    words = {name: word.strip("' ") for word, name in choices.items()}
    return app.url_map.bind("localhost").build(rule.endpoint, values | words, method=method)


@contextmanager
def writes(app: Flask) -> Iterator[set[str]]:
    """The tables that statements write to meanwhile."""
    seen: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if found := WRITES.match(statement):
            seen.add(found.group(2).lower())

    engine = db.engine.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_every_unsafe_route_refuses_a_request_without_the_token_of_its_session(
    place: Any,
    app: Flask,
    clerk: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answers = {}
    for rule in app.url_map.iter_rules():
        for method in sorted(set(UNSAFE) & (rule.methods or set())):
            values = next(iter(addresses(place, rule)), {})
            url = address_of(app, rule, values, method)
            for name, data in (("none", {"agrees": "yes"}), ("forged", {"csrf_token": "IjEi.aaaa.bbbb"})):
                with writes(app) as written:
                    code = clerk.open(url, method=method, data=data).status_code
                answers[f"{method} {rule.endpoint} {name}"] = (code, sorted(written - {"session"}))
    assert len(answers) > 150
    assert {name: found for name, found in answers.items() if found != (400, [])} == {}, "none is exempt"


def test_a_token_of_another_session_is_no_token(place: Any, app: Flask, login: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    mine, theirs = login(app.test_client(), place.clerk), login(app.test_client(), place.lan)
    token = re.search(r'name="csrf_token" value="([^"]+)"', theirs.get("/").text).group(1)
    assert theirs.post("/notices/read", data={"csrf_token": token}).status_code == 302
    assert mine.post("/notices/read", data={"csrf_token": token}).status_code == 400


def test_looking_at_any_page_or_file_changes_nothing_but_leaves_its_trace(
    place: Any, app: Flask, login: Any
) -> None:
    found, asked = {}, 0
    people = [place.clerk, place.lan, place.hung]
    browsers = [login(app.test_client(), who) for who in people]
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        for values in addresses(place, rule):
            url = address_of(app, rule, values, "GET")
            for browser in browsers:
                with writes(app) as written:
                    code = browser.get(url).status_code
                asked += 1
                more = written - TRACES.keys() - MORE.get(rule.endpoint, set())
                if more or code >= 500:
                    found[f"{rule.endpoint} {url}"] = (code, sorted(more))
    assert asked > 300
    assert found == {}, "a GET that writes: make it a POST, or explain it above"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_verb_in_a_header_or_a_field_is_not_obeyed(place: Any, app: Flask, clerk: Any, header: str) -> None:
    with writes(app) as written:
        answer = clerk.get(f"/delegations/{place.delegation.id}/end?_method=POST", headers={header: "POST"})
    assert answer.status_code == 405
    assert written - TRACES.keys() == set()


def test_every_route_answers_405_to_a_verb_it_does_not_know(place: Any, app: Flask, clerk: Any) -> None:
    adapter, wrong = app.url_map.bind("localhost"), {}
    for rule in app.url_map.iter_rules():
        values = next(iter(addresses(place, rule)), {})
        url = address_of(app, rule, values, sorted(rule.methods or {"GET"})[0])
        siblings = set(adapter.allowed_methods(url.removeprefix("http://localhost")))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"} - siblings:
            code = clerk.open(url, method=method).status_code
            if code != 405:
                wrong[f"{method} {rule.endpoint}"] = code
    assert wrong == {}


def test_of_a_field_sent_twice_only_the_first_is_judged_and_only_the_first_is_done(
    place: Any,
    app: Flask,
    clerk: Any,
) -> None:
    account = db.session.query(Account).filter_by(person_id=place.lan.id).one()
    address = f"/accounts/{account.id}/roles?role=ADMINISTRATOR&unit_id={place.province.id}"
    answer = clerk.post(
        address,
        data={"role": ["PERSONNEL", "ADMINISTRATOR"], "unit_id": [str(place.division.id), str(place.province.id)],
              "since": ["2026-03-30", "1999-01-01"], "account_id": "1"},
    )  # fmt: skip
    assert answer.status_code == 302
    (given,) = db.session.query(RoleGrant).filter_by(account_id=account.id)
    assert (given.role, given.unit_id) == (Role.PERSONNEL, place.division.id)


def test_of_a_word_asked_for_twice_the_first_is_searched(place: Any, clerk: Any) -> None:
    both = clerk.get("/organisation/search/people?q=Lan&q=Nam").json
    assert both == clerk.get("/organisation/search/people?q=Lan").json
    assert both["options"]
