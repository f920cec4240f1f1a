"""Export then import changes nothing (house.md §5.3), over organisations with everything that registers hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from evaluation.extensions import db
from evaluation.files.people import read_people
from evaluation.files.units import read_units
from evaluation.models import UnitPlace
from evaluation.rules.names import fold
from evaluation.rules.organisation import Gender, Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.permissions import Role
from evaluation.services import imports, register_exports
from evaluation.services.access import Actor
from evaluation.services.import_plans import Options
from evaluation.services.register_exports import Made
from tests import factories as make

TODAY = date(2026, 3, 10)
SOON, PAST = date(2026, 6, 1), date(2026, 2, 1)
PLAIN = st.sampled_from(
    ["Đặng Thị Ước", "Nguyễn Hữu Nghĩa", "H'Bŏ Niê", "Y Ñuê", "Lê Thị Ỷ", "Vũ Trường Giang", "đỗ văn Ất"]
)
STRANGE = st.sampled_from(
    ["=SUM(A1:A9)", "'=Trưởng", "'Trưởng phòng", "-Phó", "- Chuyên viên", "+84", "@nhóm", "Phòng “A”; B,C", "I.",
     "NguyÔn V¨n", "Tr\u1ea7n\u0301", "Tổ\u200b Một", " Cách  đôi ", "_x0041_", "2", "Họ và tên", "H99", "01/02/2026",
     "Sở Nội vụ", "P. Một", "Phòng Một", "<b>&amp;", "\u202eNgược", "1.5", "Giám đốc", "Phó Giám đốc", "Kế hoạch"]
)  # fmt: skip
ANY = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
NAMES = PLAIN | STRANGE | ANY
DAYS = st.dates(date(1890, 1, 1), date(2030, 1, 1))
MAYBE = st.none()

UNITS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Phòng Một", "Phòng Hai", "Trung tâm Lưu trữ"]) | STRANGE | ANY,
        "short": st.sampled_from(["", "P. Một"]) | STRANGE | ANY,
        "kind": st.sampled_from(UnitKind),
        "role": st.sampled_from(UnitRole),
        "above": st.integers(0, 5),
        "code": st.sampled_from(["open", "open", "open", "none", "closed", "changed"]),
        "life": st.sampled_from(
            ["stands", "stands", "stands", "dissolved", "ends", "later", "renamed", "moves"]
        ),
    }
)
PEOPLE = st.fixed_dictionaries(
    {
        "name": NAMES,
        "number": st.sampled_from(["CB", "CB ", "=CB", "'CB", "0", "Đ"]),
        "title": NAMES,
        "office": st.sampled_from([Office.STAFF, Office.STAFF, Office.DEPUTY, Office.HEAD]),
        "unit": st.integers(0, 5),
        "life": st.sampled_from(["serves", "serves", "serves", "left", "between", "later", "ends", "never"]),
        "beside": st.none() | st.integers(0, 5),
        "position": st.none() | st.booleans(),
        "personal": st.booleans(),
        "born_on": MAYBE | DAYS,
        "year_only": st.booleans(),
        "hired_on": MAYBE | st.dates(date(1890, 1, 1), date(2020, 1, 1)),
        "gender": MAYBE | st.sampled_from(Gender),
        "kind": st.sampled_from(PersonKind),
        "rank": st.sampled_from([None, "01.003", "V.05.02.07", "1.003", "06"]),
        "phone": st.sampled_from([None, "0912345678", "+84912345678", "912 345 678"]),
        "email": st.sampled_from([None, "lan@example.gov.vn", "Lan@Example.gov.vn", "=x@y.vn"]),
    }
)


def found_unit(like: dict[str, Any], known: list[Any]) -> Any:
    above = known[like["above"] % len(known)]
    since = SOON if like["life"] == "later" else make.BEGINNING
    unit = make.unit(like["name"], parent=above, kind=like["kind"], role=like["role"], since=since)
    place, code = unit.places[0], unit.codes[0]
    place.short_name = like["short"]
    if like["life"] == "dissolved":
        place.valid_to = code.valid_to = unit.dissolved_on = PAST
    elif like["life"] == "ends":
        place.valid_to = code.valid_to = unit.dissolved_on = SOON
    elif like["life"] in ("renamed", "moves"):
        moved = SOON if like["life"] == "moves" else PAST
        place.valid_to = moved
        db.session.flush()
        db.session.add(
            UnitPlace(unit_id=unit.id, parent_id=place.parent_id, name=f"{like['name']} mới", short_name="M",
                      search_key=fold("m"), valid_from=moved)
        )  # fmt: skip
    if like["code"] == "none":
        db.session.delete(code)
    elif like["code"] == "closed" and code.valid_to is None and since < PAST:
        code.valid_to = PAST
    elif like["code"] == "changed" and code.valid_to is None and since < PAST:
        code.valid_to = PAST
        db.session.flush()
        db.session.add(
            type(code)(unit_id=unit.id, code="H98.{:03d}.{:03d}".format(*divmod(next(make.serial), 1000)),
                       valid_from=PAST)
        )  # fmt: skip
    db.session.flush()
    return unit


def hired(like: dict[str, Any], units: list[Any], job: Any, headed: set[int]) -> None:
    number = next(make.serial)
    who = make.person(
        like["name"], official_number=f"{like['number']}{number}", kind=like["kind"], gender=like["gender"],
        personal_number=f"{number:012d}" if like["personal"] else None, born_on=like["born_on"],
        born_year_only=like["year_only"] and like["born_on"] is not None, hired_on=like["hired_on"],
        rank_code=like["rank"], phone=like["phone"], email=like["email"],
    )  # fmt: skip
    unit = units[like["unit"] % len(units)]
    days = {
        "serves": (make.BEGINNING, None),
        "ends": (make.BEGINNING, SOON),
        "later": (SOON, None),
        "left": (make.BEGINNING, PAST),
        "between": (make.BEGINNING, PAST),
    }
    if like["life"] == "left":
        who.left_on = PAST
    office = like["office"]
    if office is Office.HEAD and (unit.id in headed or like["life"] == "never"):
        office = Office.STAFF
    if like["life"] in days:
        since, until = days[like["life"]]
        if office is Office.HEAD:
            headed.add(unit.id)
        make.assignment(
            who, unit, office=office, title=like["title"] or "-", since=since, until=until,
            job=job if like["position"] else None,
        )  # fmt: skip
    if like["beside"] is not None:
        make.assignment(who, units[like["beside"] % len(units)], is_main=False, title=like["title"] or "-")
    db.session.flush()


def file_of(actor: Actor, noun: str) -> bytes:
    made = register_exports.download(actor, noun)
    assert isinstance(made, Made)
    assert isinstance(made.data, bytes)
    return made.data


def nothing_to_do(actor: Actor, noun: str, data: bytes, rows: int) -> None:
    importer = actor if imports.sees_all(actor) else None  # personnel may not import themselves
    reading, diff = imports.check(importer, noun, data, Options(TODAY))
    assert [imports.told(error) for error in reading.errors] == []
    assert diff.changes == []
    assert reading.conversions == []
    assert diff.unchanged == len(reading.rows) == rows


@contextmanager
def undone() -> Iterator[None]:
    """What one example writes, even through commits, is gone after it."""
    db.session.remove()
    step = db.engines[None].begin_nested()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        db.session.remove()
        step.rollback()


@pytest.fixture
def march(database: Any, clock: Any) -> None:
    clock(TODAY)


@pytest.mark.usefixtures("march")
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(units=st.lists(UNITS, max_size=5), people=st.lists(PEOPLE, max_size=6), everything=st.booleans())
def test_export_then_import_changes_nothing(
    units: list[dict[str, Any]], people: list[dict[str, Any]], everything: bool
) -> None:
    with undone():
        office = make.office()
        known = [office.province, office.department, office.division]
        for like in units:
            known.append(found_unit(like, known))
        headed = {unit.id for unit in known[:3]}
        for like in people:
            hired(like, known, office.job, headed)
        mai, clerk = make.person("Phạm Thị Mai"), make.person("Hồ Thị Tổ")
        make.account(mai, roles=[(Role.HOME_AFFAIRS, office.province)])
        make.account(clerk, roles=[(Role.PERSONNEL, office.department)])
        db.session.commit()
        db.session.expire_all()
        asker = make.actor(mai if everything else clerk, TODAY)
        check(asker, everything_is_plain=not units and not people)


def check(asker: Actor, *, everything_is_plain: bool) -> None:
    for noun, read in (("UNITS", read_units), ("PEOPLE", read_people)):
        part = register_exports.preview(asker, noun).part
        assert part is not None
        data = file_of(asker, noun)
        if part.rows:
            nothing_to_do(asker, noun, data, len(part.rows))
            assert len(read(data).rows) == len(part.rows)
        if everything_is_plain:
            assert part.left_out == []
