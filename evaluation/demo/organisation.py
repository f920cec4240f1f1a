"""The invented units, positions, people, assignments and accounts of the demo province."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import yaml

from evaluation.demo.names import invented
from evaluation.demo.places import PROVINCE, AgencyPlan, agencies
from evaluation.demo.rows import ESCAPES, copy_rows, take_ids
from evaluation.extensions import db
from evaluation.models import (
    Account,
    Assignment,
    Catalogue,
    Competency,
    JobPosition,
    Person,
    Product,
    ProductPosition,
    ProductVersion,
    Unit,
    UnitCode,
    UnitPlace,
)
from evaluation.rules.names import fold, sort_key
from evaluation.rules.organisation import Gender, Office, PersonKind, PositionKind, UnitKind, UnitRole

POSITIONS = Path(__file__).with_name("positions.yaml")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class DemoUnit:
    """A unit being built."""

    id: int
    name: str
    code: str
    parent: int | None
    kind: UnitKind
    role: UnitRole


@dataclass(slots=True)
class DemoPerson:
    """A person being built, with the ability that decides how their months go."""

    id: int
    name: str
    gender: Gender
    unit: int
    agency: int
    office: Office
    title: str
    position: str | None
    ability: float
    kind: PersonKind = PersonKind.CONG_CHUC
    username: str | None = None
    hired_on: date = date(2015, 1, 1)
    born_on: date = date(1985, 1, 1)


@dataclass(slots=True)
class DemoProduct:
    """A product in force, as the months need it."""

    version_id: int
    task: str
    coefficient: Decimal
    days: int
    escaped: str = field(init=False)
    exact: str = field(init=False)

    def __post_init__(self) -> None:
        self.escaped = self.task.translate(ESCAPES)
        self.exact = str(Fraction(self.coefficient))


@dataclass(slots=True)
class DemoProvince:
    """What the builder knows of the province while it builds it."""

    root: int
    since: date
    units: list[DemoUnit] = field(default_factory=list)
    people: list[DemoPerson] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    products: dict[str, list[DemoProduct]] = field(default_factory=dict)

    def unit(self, name: str, parent: int | None = None) -> DemoUnit:
        """A unit by name (under a parent when several have it)."""
        return next(unit for unit in self.units if unit.name == name and parent in (None, unit.parent))

    def members(self, unit_id: int) -> list[DemoPerson]:
        """The people of a unit, the head first."""
        return [person for person in self.people if person.unit == unit_id]


def build(officials: int, chance: Random, since: date) -> DemoProvince:
    """Plans units and people and writes them, with positions and the catalogue."""
    province = DemoProvince(root=take_ids(Unit, 1)[0], since=since)
    province.units.append(
        DemoUnit(
            province.root,
            f"Ủy ban nhân dân tỉnh {PROVINCE}",
            "H99",
            None,
            UnitKind.PROVINCE,
            UnitRole.MANAGING_AGENCY,
        )
    )
    _positions_and_products(province)
    plans = agencies(officials, chance)
    left = officials
    for number, plan in enumerate(plans, start=1):
        left -= _agency(province, plan, number, left, chance)
    _chairman(province)
    return province


def write(province: DemoProvince, *, password_hash: str) -> None:
    """Stores units, people, assignments and accounts with COPY."""
    since = province.since
    copy_rows(
        Unit,
        ("id", "kind", "role"),
        ((u.id, u.kind.value, u.role.value) for u in province.units if u.id != province.root),
    )
    copy_rows(
        UnitPlace,
        ("unit_id", "parent_id", "name", "short_name", "search_key", "valid_from"),
        ((u.id, u.parent, u.name, _short(u.name), fold(u.name), since) for u in province.units),
    )
    copy_rows(UnitCode, ("code", "unit_id", "valid_from"), ((u.code, u.id, since) for u in province.units))
    copy_rows(
        Person,
        (
            *("id", "official_number", "personal_number", "full_name", "sort_key", "search_key", "gender"),
            *("born_on", "kind", "rank_code", "hired_on", "email"),
        ),
        (_person_row(number, person) for number, person in enumerate(province.people, start=1)),
    )
    copy_rows(
        Assignment,
        ("person_id", "unit_id", "position_id", "office", "title", "valid_from", "decision_number"),
        (
            (
                *(p.id, p.unit, province.positions.get(p.position or ""), p.office.value, p.title),
                max(since, p.hired_on),
                f"{p.id % 400 + 1}/QĐ-SNV",
            )
            for p in province.people
        ),
    )
    copy_rows(
        Account,
        ("person_id", "username", "password_hash"),
        ((p.id, p.username or f"cb{p.id:06d}", password_hash) for p in province.people),
    )


def _person_row(number: int, person: DemoPerson) -> tuple[Any, ...]:
    return (
        person.id,
        f"CB{number:06d}",
        _personal_number(number, person),
        person.name,
        sort_key(person.name),
        fold(person.name),
        person.gender.value,
        person.born_on,
        person.kind.value,
        "01.003",
        person.hired_on,
        f"cb{number:06d}@demo.invalid",
    )


def _personal_number(number: int, person: DemoPerson) -> str:
    """Twelve digits under place code 000, which no province has, so that no real person is meant."""
    century = 0 if person.gender is Gender.MALE else 1
    return f"000{century}{person.born_on.year % 100:02d}{number:06d}"


def _short(name: str) -> str:
    for long, short in (
        ("Ủy ban nhân dân", "UBND"),
        ("Phòng", "P."),
        ("Trung tâm Phục vụ hành chính công", "TT PVHCC"),
    ):
        if name.startswith(long):
            return short + name.removeprefix(long)
    return name


def _agency(province: DemoProvince, plan: AgencyPlan, number: int, left: int, chance: Random) -> int:
    """Adds one agency and its people; the last one takes what is left."""
    code = f"H99.{_code(number + (100 if plan.commune else 0), 3 if plan.commune else 2)}"
    kind = UnitKind.COMMUNE if plan.commune else UnitKind.DEPARTMENT
    agency = _add_unit(province, plan.name, code, province.root, kind, UnitRole.USING_AGENCY)
    titles = ("Chủ tịch", "Phó Chủ tịch") if plan.commune else ("Giám đốc", "Phó Giám đốc")
    if plan.name.startswith(("Văn phòng", "Thanh tra")):
        titles = (
            ("Chánh Văn phòng", "Phó Chánh Văn phòng")
            if plan.name.startswith("Văn phòng")
            else ("Chánh Thanh tra", "Phó Chánh Thanh tra")
        )
    before = len(province.people)
    _add_people(province, agency.id, agency.id, [(Office.HEAD, titles[0], "VT12")], chance)
    _add_people(province, agency.id, agency.id, [(Office.DEPUTY, titles[1], "VT12")] * 2, chance)
    room = left - (len(province.people) - before)
    for index, part in enumerate(plan.divisions, start=1):
        people = min(part.people, room)
        if people <= 0:
            break
        room -= people
        division = _add_unit(
            province, part.name, f"{code}.{index:02d}", agency.id, UnitKind.DIVISION, UnitRole.DIRECT_UNIT
        )
        head = "Chánh Văn phòng" if part.name.startswith("Văn phòng") else "Trưởng phòng"
        head = "Giám đốc Trung tâm" if part.name.startswith("Trung tâm") else head
        offices = [(Office.HEAD, head, "VT01"), (Office.DEPUTY, f"Phó {head}", "VT01")][: min(people, 2)]
        staff = [
            (Office.STAFF, "Văn thư viên" if position == "VT06" else "Chuyên viên", position)
            for position in (
                part.positions[0] if i < 4 else part.positions[-1] for i in range(people - len(offices))
            )
        ]
        _add_people(province, division.id, agency.id, offices + staff, chance)
    return len(province.people) - before


def _add_unit(
    province: DemoProvince, name: str, code: str, parent: int, kind: UnitKind, role: UnitRole
) -> DemoUnit:
    unit = DemoUnit(take_ids(Unit, 1)[0], name, code, parent, kind, role)
    province.units.append(unit)
    return unit


def _add_people(
    province: DemoProvince,
    unit: int,
    agency: int,
    offices: list[tuple[Office, str, str]],
    chance: Random,
) -> None:
    for person_id, (office, title, position) in zip(take_ids(Person, len(offices)), offices, strict=True):
        name, gender = invented(chance)
        age = chance.randint(26, 57) if office is Office.STAFF else chance.randint(34, 58)
        province.people.append(
            DemoPerson(
                person_id,
                name,
                gender,
                unit,
                agency,
                office,
                title,
                position,
                ability=_ability(office, chance),
                born_on=date(province.since.year - age, chance.randint(1, 12), chance.randint(1, 28)),
                hired_on=province.since - timedelta(days=chance.randint(0, 20 * 365)),
            )
        )


def _ability(office: Office, chance: Random) -> float:
    """Most do well, a few excel, one in seventy fails."""
    if office is Office.STAFF and chance.random() < 0.015:
        return chance.uniform(0.3, 0.5)
    middle = 0.862 if office is Office.STAFF else 0.9
    return min(1.0, max(0.6, chance.gauss(middle, 0.055)))


def _chairman(province: DemoProvince) -> None:
    """The head of the managing agency, elected, who has no sheet but scores the heads of agencies."""
    province.people.append(
        DemoPerson(
            take_ids(Person, 1)[0],
            "Đỗ Quang Chính",
            Gender.MALE,
            province.root,
            province.root,
            Office.HEAD,
            "Chủ tịch",
            None,
            ability=1.0,
            kind=PersonKind.CAN_BO,
            username="chinh",
            born_on=date(1970, 4, 9),
        )
    )


def _code(number: int, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36 if width == 3 else 10)
        text = DIGITS[digit] + text
    return text.rjust(width, "0")


def _positions_and_products(province: DemoProvince) -> None:
    """The positions with their frameworks and one decided catalogue of the managing agency."""
    data = yaml.safe_load(POSITIONS.read_text(encoding="utf-8"))
    db.session.add(Unit(id=province.root, kind=UnitKind.PROVINCE, role=UnitRole.MANAGING_AGENCY))
    db.session.flush()
    standard = Decimal(data["standard_points"])
    catalogue = Catalogue(
        agency_id=province.root,
        title="Danh mục sản phẩm/công việc quy đổi của tỉnh",
        decision_number=data["decision"],
        decided_on=province.since,
        standard_points=standard,
        valid_from=province.since,
    )
    db.session.add(catalogue)
    for entry in data["positions"]:
        position = JobPosition(
            code=entry["code"],
            name=entry["name"],
            kind=PositionKind(entry["kind"]),
            rank_code=entry["rank"],
            peer_group=entry["group"],
            description=entry["description"],
            search_key=fold(entry["name"]),
            competencies=[
                Competency(ordinal=number, text=words, level=level)
                for number, (words, level) in enumerate(entry["competencies"], start=1)
            ],
        )
        db.session.add(position)
        db.session.flush()
        province.positions[entry["code"]] = position.id
        province.products[entry["code"]] = [
            _product(province, catalogue, position, data["frames"], standard, entry, product)
            for product in entry["products"]
        ]
    db.session.flush()


def _product(
    province: DemoProvince,
    catalogue: Catalogue,
    position: JobPosition,
    frames: dict[int, list[int]],
    standard: Decimal,
    entry: dict[str, Any],
    row: list[Any],
) -> DemoProduct:
    code, task, output, coefficient, days, quality = row
    weight = Decimal(coefficient) * standard
    group = next(number for number, (low, high) in frames.items() if low <= weight <= high)
    version = ProductVersion(
        product=Product(agency_id=province.root, code=code),
        catalogue=catalogue,
        section=entry["name"],
        task=task,
        output=output,
        measure=output,
        complexity_group=group,
        points_min=Decimal(frames[group][0]),
        points_max=Decimal(frames[group][1]),
        points=weight,
        coefficient=Decimal(coefficient),
        working_days=days,
        quality_requirement=quality,
        search_key=fold(f"{code} {task} {output}"),
        valid_from=province.since,
        positions=[ProductPosition(position_id=position.id)],
    )
    db.session.add(version)
    db.session.flush()
    return DemoProduct(version.id, task, Decimal(coefficient), days)
