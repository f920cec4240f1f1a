"""The smallest valid things: one function each; what passes through a workflow goes through the real services."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from evaluation.extensions import db
from evaluation.models import (
    Account,
    Assignment,
    Catalogue,
    CriterionMark,
    JobPosition,
    Period,
    Person,
    Product,
    ProductVersion,
    Report,
    RoleGrant,
    Unit,
    UnitCode,
    UnitPlace,
    WorkItem,
)
from evaluation.rules.deadlines import Timetable, due_dates
from evaluation.rules.names import fold, sort_key
from evaluation.rules.organisation import Office, PersonKind, PositionKind, UnitKind, UnitRole
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.scoring import WorkKind
from evaluation.services import passwords
from evaluation.services.access import Actor, actor_for

PASSWORD = "mật khẩu dài để thử"
# One hash for all: argon2 is slow on purpose, and tests do not measure it.
PASSWORD_HASH = passwords.hashed(PASSWORD)
BEGINNING = date(2026, 1, 1)
serial = count(1)


def unit(
    name: str = "Phòng Công chức",
    *,
    parent: Unit | None = None,
    kind: UnitKind = UnitKind.DIVISION,
    role: UnitRole = UnitRole.DIRECT_UNIT,
    code: str | None = None,
    since: date = BEGINNING,
) -> Unit:
    made = Unit(kind=kind, role=role)
    db.session.add(made)
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=made.id,
            parent_id=parent.id if parent else None,
            name=name,
            short_name=name,
            search_key=fold(name),
            valid_from=since,
        )
    )
    db.session.add(
        UnitCode(
            unit_id=made.id,
            code=code or "H99.{:03d}.{:03d}".format(*divmod(next(serial), 1000)),
            valid_from=since,
        )
    )
    db.session.flush()
    return made


def position(
    name: str = "Chuyên viên", *, code: str | None = None, kind: PositionKind = PositionKind.PROFESSIONAL
) -> JobPosition:
    made = JobPosition(
        code=code or f"VT{next(serial):03d}",
        name=name,
        kind=kind,
        peer_group=name,
        description=f"Mô tả công việc của {name}",
        search_key=fold(name),
    )
    db.session.add(made)
    db.session.flush()
    return made


def person(name: str = "Nguyễn Thị Lan", **given: Any) -> Person:
    number = next(serial)
    values: dict[str, Any] = {
        "official_number": f"CC{number:05d}",
        "full_name": name,
        "sort_key": sort_key(name),
        "search_key": fold(name),
        "kind": PersonKind.CONG_CHUC,
        "hired_on": date(2020, 1, 1),
    } | given
    made = Person(**values)
    db.session.add(made)
    db.session.flush()
    return made


def assignment(
    who: Person,
    where: Unit,
    *,
    office: Office = Office.STAFF,
    job: JobPosition | None = None,
    since: date = BEGINNING,
    until: date | None = None,
    title: str | None = None,
    is_main: bool = True,
) -> Assignment:
    titles = {Office.HEAD: "Trưởng phòng", Office.DEPUTY: "Phó Trưởng phòng", Office.STAFF: "Chuyên viên"}
    made = Assignment(
        person_id=who.id,
        unit_id=where.id,
        position_id=job.id if job else None,
        office=office,
        title=title or titles[office],
        is_main=is_main,
        valid_from=since,
        valid_to=until,
    )
    db.session.add(made)
    db.session.flush()
    return made


def account(who: Person, *, username: str | None = None, roles: Iterable[tuple[Role, Unit]] = ()) -> Account:
    made = Account(
        person_id=who.id,
        username=username or who.official_number.lower(),
        password_hash=PASSWORD_HASH,
    )
    db.session.add(made)
    db.session.flush()
    for role, over in roles:
        db.session.add(RoleGrant(account_id=made.id, role=role, unit_id=over.id, valid_from=BEGINNING))
    db.session.flush()
    return made


def actor(who: Person, day: date) -> Actor:
    own = db.session.query(Account).filter_by(person_id=who.id).one_or_none()
    return actor_for(who.id, own.id if own else None, day)


def product(
    agency: Unit,
    *,
    task: str = "Công văn tham mưu, trả lời",
    coefficient: str = "1",
    code: str | None = None,
    since: date = BEGINNING,
    positions: Iterable[JobPosition] = (),
) -> ProductVersion:
    from evaluation.models import ProductPosition

    catalogue = db.session.query(Catalogue).filter_by(agency_id=agency.id).first()
    if catalogue is None:
        catalogue = Catalogue(
            agency_id=agency.id,
            title="Danh mục sản phẩm",
            decision_number="01/QĐ",
            decided_on=since,
            standard_points=Decimal(5),
            valid_from=since,
        )
        db.session.add(catalogue)
        db.session.flush()
    own = Product(agency_id=agency.id, code=code or f"SP{next(serial):03d}")
    db.session.add(own)
    db.session.flush()
    made = ProductVersion(
        product_id=own.id,
        catalogue_id=catalogue.id,
        task=task,
        output="Văn bản",
        complexity_group=1,
        points=Decimal(coefficient) * 5,
        coefficient=Decimal(coefficient),
        search_key=fold(task),
        valid_from=since,
    )
    db.session.add(made)
    db.session.flush()
    for job in positions:
        db.session.add(ProductPosition(version_id=made.id, position_id=job.id))
    db.session.flush()
    return made


def period(month: str = "2026-03") -> Period:
    wanted = Month.parse(month)
    known = db.session.query(Period).filter_by(month=wanted.first_day).one_or_none()
    if known:
        return known
    due = due_dates(wanted.first_day, wanted.end, Timetable(), ())
    made = Period(month=wanted.first_day, **{f"{step.value.lower()}_due": day for step, day in due.items()})
    db.session.add(made)
    db.session.flush()
    return made


def report(
    own: Assignment,
    *,
    supervising: Unit,
    confirming: Unit,
    agency: Unit,
    month: str = "2026-03",
    **given: Any,
) -> Report:
    made = Report(
        period_id=period(month).id,
        person_id=own.person_id,
        unit_id=own.unit_id,
        agency_id=agency.id,
        position_id=own.position_id,
        office=own.office,
        title=own.title,
        supervising_unit_id=supervising.id,
        confirming_unit_id=confirming.id,
        rulebook="decree-335-2025",
        **given,
    )
    db.session.add(made)
    db.session.flush()
    return made


def item(
    of: Report,
    *,
    assigned: str = "1",
    done: str = "0",
    coefficient: str = "1",
    kind: WorkKind = WorkKind.PLANNED,
    task: str = "Công văn tham mưu, trả lời",
    **given: Any,
) -> WorkItem:
    made = WorkItem(
        report_id=of.id,
        kind=kind,
        task=task,
        coefficient=Decimal(coefficient),
        assigned=Decimal(assigned),
        done=Decimal(done),
        **given,
    )
    db.session.add(made)
    db.session.flush()
    db.session.expire(of, ["items"])
    return made


def criteria(of: Report, total: str = "28", *, maxima: tuple[str, ...] = ("5", "5", *["2.5"] * 8)) -> None:
    """Spreads a total over the ten criteria, filling each to its maximum in turn."""
    from evaluation.services import rulebooks

    left = Decimal(total)
    for row, most in zip(rulebooks.book_of(of).general_criteria(of.period.month), maxima, strict=True):
        points = min(left, Decimal(most))
        left -= points
        known = db.session.get(CriterionMark, (of.id, row.code))
        if known:
            known.own_points = points
        else:
            db.session.add(CriterionMark(report_id=of.id, code=row.code, own_points=points))
    assert left == 0, "more points than the criteria hold"
    db.session.flush()
    db.session.expire(of, ["criteria"])


@dataclass
class Office1:
    """A department with one division: Lan and Nam work there, Hùng heads it, Thu heads the department."""

    province: Unit
    department: Unit
    division: Unit
    job: JobPosition
    chairman: Person
    thu: Person
    hung: Person
    lan: Person
    nam: Person


def office() -> Office1:
    """The smallest organisation in which a month can go all its way."""
    province = unit("Ủy ban nhân dân tỉnh", kind=UnitKind.PROVINCE, role=UnitRole.MANAGING_AGENCY)
    department = unit("Sở Nội vụ", parent=province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY)
    division = unit("Phòng Công chức, viên chức", parent=department)
    job = position()
    made = Office1(
        province=province,
        department=department,
        division=division,
        job=job,
        chairman=person("Đỗ Văn Chính", kind=PersonKind.CAN_BO),
        thu=person("Vũ Thị Thu"),
        hung=person("Trần Văn Hùng"),
        lan=person("Nguyễn Thị Lan"),
        nam=person("Lê Quang Nam"),
    )
    assignment(made.chairman, province, office=Office.HEAD, title="Chủ tịch")
    assignment(made.thu, department, office=Office.HEAD, title="Giám đốc Sở")
    assignment(made.hung, division, office=Office.HEAD)
    assignment(made.lan, division, job=job)
    assignment(made.nam, division, job=job)
    for who in (made.chairman, made.thu, made.hung, made.lan, made.nam):
        account(who)
    return made


def reviewed(made: Office1, people: Iterable[Person], year: int = 2026) -> None:
    """What a decision of the year rests on: one meeting of each unit, the Party committee's opinion on who leads."""
    from evaluation import clock
    from evaluation.queries import annual_round as questions
    from evaluation.services import meetings, party_opinions

    chairman = actor(made.chairman, clock.today())
    by_unit: dict[int, list[questions.Member]] = {}
    for member in questions.of_people([who.id for who in people], year).values():
        by_unit.setdefault(member.unit_id, []).append(member)
    for unit_id, members in by_unit.items():
        head = members[0].confirming_unit_id
        recorder = actor(made.thu, clock.today()) if head == made.department.id else chairman
        meetings.record(
            recorder,
            members[0].agency_id,
            unit_id,
            year,
            meetings.Minutes(
                held_on=clock.today(),
                chair="Trần Văn Hùng",
                secretary="Lê Quang Nam",
                invited=len(members),
                present=len(members),
                text="Cuộc họp nhất trí với kết quả tự đánh giá.",
                opinions={member.person_id: meetings.Opinion() for member in members},
            ),
        )
        for member in members:
            if member.office.leads:
                party_opinions.record(
                    recorder,
                    member.person_id,
                    year,
                    party_opinions.Opinion("Đảng ủy Sở", "Nhất trí với tự đánh giá.", clock.today()),
                )
