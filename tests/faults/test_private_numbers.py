"""A personal number stands in no address, no link, no redirect and no line of the log."""

import json
import logging
import re
from typing import Any

import pytest
from flask import Flask

from evaluation import logs
from evaluation.extensions import db
from tests.faults import test_every_form
from tests.faults.test_every_form import addresses, names
from tests.faults.test_unsafe_requests import address_of

place = test_every_form.place  # the office with a sheet in each state
NUMBERS = {"lan": "001190012345", "nam": "001090054321", "hung": "001085067890"}
PHONES = {"lan": "0912345678", "nam": "0987654321", "hung": "0903030303"}
ADDRESS = re.compile(r"""(?:href|src|action|hx-\w+|data-url|formaction)\s*=\s*["']([^"']*)["']""")


@pytest.fixture
def known(place: Any) -> Any:
    for name, number in NUMBERS.items():
        who = getattr(place, name)
        who.personal_number, who.phone = number, PHONES[name]
    db.session.commit()
    return place


def private(text: str) -> set[str]:
    return {one for one in (*NUMBERS.values(), *PHONES.values()) if one in text}


def test_no_page_leads_to_an_address_with_a_personal_number_and_no_line_of_the_log_holds_one(
    known: Any, app: Flask, login: Any, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, logger=logs.ACCESS)  # in a terminal only what failed is shown
    browsers = [login(app.test_client(), who) for who in (known.clerk, known.lan)]
    fields, found, asked = names(), {}, 0
    visits = [
        (method, [address_of(app, rule, values, method) for values in addresses(known, rule)])
        for method in ("GET", "POST")
        for rule in sorted(app.url_map.iter_rules(), key=str)
        if method in (rule.methods or ()) and rule.endpoint not in ("static", "access.sign_out")
    ]
    for method, urls in visits:
        for url in urls:
            for browser in browsers if method == "GET" else browsers[:1]:
                data = dict.fromkeys(fields, NUMBERS["lan"]) if method == "POST" else None
                answer = browser.open(url, method=method, data=data)
                asked += 1
                said = " ".join(answer.headers.values())
                if answer.mimetype == "text/html":
                    said += " ".join(ADDRESS.findall(answer.text))
                if held := private(said):
                    found[f"{method} {url}"] = held
    assert asked > 500
    assert found == {}
    lines = [logs.OneLine(logs.TEXT).format(record) for record in caplog.records]
    assert len(lines) > asked // 2, "the log was listened to"
    assert {line for line in lines if private(line)} == set()


@pytest.mark.parametrize(
    "formatter", [logs.OneLine(logs.TEXT), logs.Json("%(message)s", json_ensure_ascii=False)]
)
def test_a_line_of_the_log_is_one_line_and_masks_a_personal_number_wherever_it_came_from(
    formatter: Any,
) -> None:
    record = logging.makeLogRecord(
        {"name": "evaluation", "levelname": "WARNING", "levelno": 30,
         "msg": "request %s sent\r\n2026-01-01 INFO forged line %s", "args": ("r1", NUMBERS["lan"])}
    )  # fmt: skip
    line = formatter.format(record)
    assert "\n" not in line
    assert "\r" not in line
    assert NUMBERS["lan"] not in line
    assert NUMBERS["lan"][-3:] in line
    if line.startswith("{"):
        assert "forged" in json.loads(line)["message"]


def test_the_fault_of_a_statement_is_logged_without_what_was_typed(known: Any) -> None:
    try:
        db.session.execute(
            db.text("insert into person (official_number, full_name, sort_key, search_key, kind, personal_number)"
                    " values ('X', 'X', 'x', 'x', 'CONG_CHUC', :number)"),
            {"number": NUMBERS["lan"]},
        )  # fmt: skip
    except Exception as fault:
        record = logging.makeLogRecord(
            {"name": "evaluation", "levelname": "ERROR", "levelno": 40, "msg": "failed",
             "exc_info": (type(fault), fault, fault.__traceback__)}
        )  # fmt: skip
        db.session.rollback()
        assert NUMBERS["lan"] not in logs.OneLine(logs.TEXT).format(record)
        assert NUMBERS["lan"] not in logs.Json("%(message)s").format(record)
    else:
        pytest.fail("two people have one personal number")


def test_in_service_the_database_layer_writes_no_values_into_its_faults() -> None:
    from config import from_environment

    given = {"SQLALCHEMY_DATABASE_URI": "postgresql+psycopg://x@/y"}
    assert from_environment(given)["SQLALCHEMY_ENGINE_OPTIONS"]["hide_parameters"] is True
