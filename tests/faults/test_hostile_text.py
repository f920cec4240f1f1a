"""Text made to hurt: letters that only look right, letters that cannot be seen, patterns, templates, statements."""

import ast
import contextlib
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from docx import Document
from markupsafe import escape

import evaluation
from evaluation.extensions import db
from evaluation.files import cells, codes, evidence, people, units
from evaluation.files.says import CellRefused, FileRefused
from evaluation.models import Notice, Person, UnitPlace
from evaluation.rules import names
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.rules.permissions import Role
from evaluation.services import accounts, bulk_reading, notices, organisation
from evaluation.services.people import correct_person
from evaluation.services.refusals import Invalid
from tests import factories as make
from tests.services.test_imports import PEOPLE, UNITS, book, person_row

TODAY = date(2026, 3, 10)
LONG = 200_000
SECONDS = 0.1
OF_A_PATTERN = 1.0  # before any field's own limit of length; what is not linear takes minutes
EVIL = {
    "letters": "a" * LONG,
    "letters and a stranger": "a" * LONG + "!",
    "digits": "1" * LONG,
    "digits and a stranger": "1" * LONG + "x",
    "spaces": " " * LONG + "x",
    "dots": "1." * (LONG // 2),
    "commas": "1," * (LONG // 2) + "-",
    "dashes": "1-" * (LONG // 2),
    "words": "ab " * (LONG // 3),
    "tags": "<" * LONG,
    "slashes": "1/" * (LONG // 2),
    "lines": "\n" * LONG,
    "mail": "a@" * (LONG // 2),
    "roman": "I" * LONG,
    "accents": "ế" * (LONG // 2),
    "marks": "e" + "\u0301" * LONG,
    "quotes": '"' * LONG,
    "brackets": "(" * LONG,
}
# Programs that begin their work when they are imported.
PROCESSES = {"evaluation.celery_app", "evaluation.server"}
CYRILLIC_A, GREEK_O = "а", "ο"


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(evaluation.__path__, "evaluation."):
        if found.name not in PROCESSES:
            yield importlib.import_module(found.name)


# They read what the program itself has drawn, never what a person typed.
OF_OUR_OWN = {"charts.py", "evaluation.files.charts"}
WHOLE = frozenset({"fullmatch", "match"})


def patterns() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    """Every pattern of the program with the ways it is used: kept in a module under a name, or written where it is used."""
    kept: dict[str, tuple[re.Pattern[str], set[str]]] = {}
    ways: dict[str, set[str]] = {}
    for path in Path(evaluation.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            on, first = node.func.value, node.args[0] if node.args else None
            if not isinstance(on, ast.Name):
                continue
            if on.id != "re":
                ways.setdefault(on.id, set()).add(node.func.attr)
            elif (
                isinstance(first, ast.Constant)
                and isinstance(first.value, str)
                and node.func.attr != "compile"
                and path.name not in OF_OUR_OWN
            ):
                kept[f"{path.name}:{node.lineno}"] = (re.compile(first.value), {node.func.attr})
    for module in modules():
        for name, value in vars(module).items():
            if (
                isinstance(value, re.Pattern)
                and isinstance(value.pattern, str)
                and module.__name__ not in OF_OUR_OWN
            ):
                kept[f"{module.__name__}.{name}"] = (value, ways.get(name, {"search"}))
    return kept


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def quick(act: Callable[[], object]) -> float:
    """The best of three, so that a busy machine is not taken for a slow pattern."""
    best = seconds(act)
    return best if best < SECONDS else min(best, seconds(act), seconds(act))


def test_no_pattern_of_the_program_is_slowed_down_by_any_text() -> None:
    found, slow = patterns(), {}
    assert len(found) > 20
    for name, (pattern, used) in found.items():
        way = pattern.fullmatch if used <= WHOLE else pattern.search
        for kind, text in EVIL.items():
            took = quick(lambda way=way, text=text: way(text))
            if took > OF_A_PATTERN:
                slow[f"{name} {pattern.pattern!r} on {kind}"] = round(took, 3)
    assert slow == {}


VALIDATORS: dict[str, Callable[[str], object]] = {
    "username": accounts.username_fault,
    "file name": evidence.safe_name,
    "number": cells.parse_decimal,
    "money": lambda text: cells.parse_decimal(text, money=True),
    "date": cells.parse_date,
    "birth": cells.parse_birth,
    "text": cells.parse_text,
    "personal number": codes.parse_personal_number,
    "telephone": codes.parse_phone,
    "e-mail": codes.parse_email,
    "rank code": codes.parse_rank_code,
    "unit code": codes.parse_unit_code,
}


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_field_answers_within_a_tenth_of_a_second_whatever_is_typed(name: str) -> None:
    def answer(text: str) -> None:
        with contextlib.suppress(CellRefused, FileRefused, ValueError):
            VALIDATORS[name](text)

    slow = {
        kind: took for kind, text in EVIL.items() if (took := quick(lambda text=text: answer(text))) > SECONDS
    }
    assert slow == {}


def test_a_search_for_a_very_long_text_answers_at_once(office: Any, clerk: Any) -> None:
    for address in ("/organisation/search/people", "/organisation/people", "/accounts/", "/catalogue/"):
        for text in ("a" * 5000, "a " * 2500, "%" * 5000, "ế" * 1000):
            assert clerk.get(f"{address}?q={quote(text)}").status_code == 200


# Names


@pytest.fixture
def office(database: Any, clock: Any) -> Any:
    clock(TODAY)
    found = make.office()
    found.clerk = make.person("Phạm Thị Sở")
    make.assignment(found.clerk, found.department)
    make.account(found.clerk, roles=[(role, found.province) for role in Role])
    db.session.commit()
    return found


@pytest.fixture
def clerk(office: Any, client: Any, login: Any) -> Any:
    return login(client, office.clerk)


@pytest.mark.parametrize(
    "name", [f"Nguyễn V{CYRILLIC_A}n Nam", f"Nguyễn Văn H{GREEK_O}a", "Ｎguyễn Văn Nam", "Nguyễn 𝐕ăn Nam"]
)
def test_a_name_with_a_letter_of_another_script_is_refused_and_the_letter_is_named(
    office: Any, name: str
) -> None:
    with pytest.raises(Invalid) as refused:
        correct_person(None, office.nam.id, full_name=name)
    assert refused.value.faults[0].place == "full_name"
    assert names.outside_vietnamese(name) in refused.value.faults[0].message
    with pytest.raises(Invalid) as refused:
        organisation.rename_or_move(None, office.division.id, since=TODAY, name=f"Phòng {name}")
    assert refused.value.faults[0].place == "name"


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u3164"])
def test_a_letter_that_cannot_be_seen_is_refused_and_named_by_its_number(
    office: Any, clerk: Any, hidden: str
) -> None:
    with pytest.raises(Invalid) as refused:
        correct_person(None, office.nam.id, full_name=f"Lê Quang{hidden} Nam")
    assert f"U+{ord(hidden):04X}" in refused.value.faults[0].message
    page = clerk.post(
        f"/organisation/units/{office.division.id}/place",
        data={"name": f"Phòng{hidden} Mới", "short_name": "", "since": "2026-04-01"},
    )
    assert page.status_code == 422
    assert f"U+{ord(hidden):04X}" in page.text
    assert db.session.query(UnitPlace).filter(UnitPlace.name.like("%Mới%")).count() == 0


def test_spaces_of_other_kinds_are_plain_spaces_and_both_ways_to_compose_are_one_name(office: Any) -> None:
    correct_person(None, office.nam.id, full_name="Lê\u00a0Quang \u2003 Nam")
    assert db.session.get_one(Person, office.nam.id).full_name == "Lê Quang Nam"
    correct_person(None, office.nam.id, full_name="Le\u0302 Quang Nam")
    assert db.session.get_one(Person, office.nam.id).full_name == "Lê Quang Nam"


def test_names_that_citizens_really_carry_are_accepted(office: Any) -> None:
    for name in ("Y Ñuê Ê Ban", "H'Bŏ Niê", "Đặng Thị Ngọc-Ánh", "Ƀưi", "NGUYỄN VĂN A"):
        correct_person(None, office.nam.id, full_name=name)
    unit = organisation.found_unit(
        None, parent_id=office.department.id, name="Phòng số 1 (Tổ 2) – Kế hoạch & Tài chính", code="H99.77",
        kind=UnitKind.DIVISION, role=UnitRole.DIRECT_UNIT, since=TODAY,
    )  # fmt: skip
    assert unit.id


def test_an_imported_name_with_hidden_letters_is_cleaned_and_a_warning_says_so() -> None:
    found = people.read_people(book(PEOPLE, person_row("CC9", "Lê Quang\u200b Nam")))
    assert [one.full_name for one in found.rows] == ["Lê Quang Nam"]
    assert any("U+200B" in str(warning.params) for warning in found.warnings)


def test_an_imported_unit_with_a_letter_of_another_script_is_an_error_at_its_cell() -> None:
    row = [1, "H99.2", f"Phòng Kế ho{CYRILLIC_A}ch", "Phòng", "", "01/01/2026", ""]
    (error,) = [one for one in units.read_units(book(UNITS, row)).errors if CYRILLIC_A in str(one.params)]
    assert "U+0430" in str(error.params)


# Statements and templates


HOSTILE_WORDS = [
    "%",
    "_",
    "\\",
    "%%",
    "a%' or '1'='1",
    "'; drop table person; --",
    "\x00",
    "$.x ? (@ > 1)",
    "{{7*7}}",
    "a\\",
    "(",
    "*",
]


@pytest.mark.parametrize("words", HOSTILE_WORDS)
def test_what_is_searched_is_text_and_never_a_pattern_or_a_statement(
    office: Any, clerk: Any, words: str
) -> None:
    asked = quote(words)
    for address in ("/organisation/search/people", "/organisation/search/units"):
        answer = clerk.get(f"{address}?q={asked}")
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or answer.json["options"] == [], (
            f"{words!r} finds what it is no part of"
        )
    for address in (
        "/organisation/people",
        "/accounts/",
        "/catalogue/",
        "/positions/",
        "/national-exports/results",
    ):
        answer = clerk.get(f"{address}?q={asked}")
        assert answer.status_code in (200, 400), address
        assert "Nguyễn Thị Lan" not in answer.text, address
    assert db.session.query(Person).count() > 0


@pytest.mark.parametrize(
    "sort", ["name; drop table person", "(select 1)", "points desc", "1", "unknown", "__class__"]
)
def test_a_sort_that_is_not_on_the_list_is_the_ordinary_one(office: Any, clerk: Any, sort: str) -> None:
    address = f"/units/{office.department.id}"
    plain, asked = clerk.get(f"{address}?sort=name"), clerk.get(f"{address}?sort={quote(sort)}")
    assert asked.status_code == plain.status_code
    for address in ("/accounts/", "/organisation/people"):
        for name in ("show", "role", "kind", "office", "page", "day"):
            assert clerk.get(f"{address}?{name}={quote(sort)}").status_code == 200


TEMPLATES = [
    "{{7*7}}",
    "{% for x in y %}",
    "${7*7}",
    "<%= 7*7 %>",
    "%(name)s",
    "%s %d",
    "{0.__class__}",
    "#{7*7}",
    "{{config}}",
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_in_a_text_stays_as_it_was_typed(
    office: Any, clerk: Any, login: Any, app: Any, text: str
) -> None:
    report = make.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        strengths=f"Ưu điểm {text}",
    )
    make.item(report, assigned="1", task=f"Việc {text}")
    notices.tell(office.lan.id, bulk_reading.READ, name=text, people=1)
    db.session.commit()
    lan = login(app.test_client(), office.lan)
    assert str(escape(f"Việc {text}")) in lan.get(f"/reports/{report.id}").text
    home = lan.get("/").text
    assert str(escape(text)) in home
    made = clerk.get(f"/forms/01/{report.id}.docx?annex=1")
    assert made.status_code == 200
    words = "".join(
        part.text or ""
        for part in Document(BytesIO(made.data)).element.body.iter()
        if part.tag.endswith("}t")
    )
    assert text in words


def test_a_notice_keeps_a_hostile_name_as_a_value_and_never_as_its_sentence(office: Any) -> None:
    notices.tell(office.lan.id, bulk_reading.READ, name="%(people)s {{7*7}}", people=3)
    db.session.commit()
    kept = db.session.query(Notice).filter_by(person_id=office.lan.id).one()
    assert kept.says == bulk_reading.READ
    assert kept.parameters["name"] == "%(people)s {{7*7}}"
