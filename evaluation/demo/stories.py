"""What happened in the invented province: a transfer, a leave, a delegation, discipline, initiatives, titles of before."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sqlalchemy import select, update

from evaluation.demo.organisation import DemoPerson, DemoProvince, DemoUnit
from evaluation.demo.places import CIVIL_SERVICE, DIGITAL, EMULATION, HOME_AFFAIRS, REFORM
from evaluation.extensions import db
from evaluation.models import (
    Absence,
    Account,
    Assignment,
    Delegation,
    Discipline,
    Initiative,
    PendingMatter,
    RoleGrant,
    Title,
    UnitPlace,
    UnitYear,
)
from evaluation.rules.facts import DisciplineForm, InitiativeLevel, PendingKind, ReformResult
from evaluation.rules.names import fold
from evaluation.rules.organisation import AbsenceKind, Gender, Office, UnitRole
from evaluation.rules.permissions import Role
from evaluation.rules.scoring import Band
from evaluation.services import audit


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the demonstration, each with a name to sign in by."""

    lan: DemoPerson
    hung: DemoPerson
    thu: DemoPerson
    mai: DemoPerson
    inspector: DemoPerson
    administrator: DemoPerson
    transferred: DemoPerson
    on_leave: DemoPerson
    failing: DemoPerson
    strict_head: DemoPerson


def cast(province: DemoProvince) -> Cast:
    """Chooses and names the people of the stories, before anything is written."""
    home = province.unit(HOME_AFFAIRS)
    service = province.members(province.unit(CIVIL_SERVICE, home.id).id)
    reform = province.members(province.unit(REFORM, home.id).id)
    emulation = province.members(province.unit(EMULATION, home.id).id)
    chosen = Cast(
        lan=_named(service[3], "Nguyễn Thị Hồng Lan", Gender.FEMALE, "lan", 1.0),
        hung=_named(service[0], "Trần Văn Hùng", Gender.MALE, "hung", 0.97),
        thu=_named(province.members(home.id)[0], "Vũ Thị Minh Thu", Gender.FEMALE, "thu", 0.98),
        mai=_named(emulation[2], "Phạm Ngọc Mai", Gender.FEMALE, "mai", 0.96),
        inspector=_named(reform[2], "Lương Quang Tú", Gender.MALE, "tu", 0.95),
        administrator=_named(reform[4], "Đặng Hữu Khôi", Gender.MALE, "khoi", 0.95),
        transferred=_named(reform[3], "Hoàng Đức Long", Gender.MALE, "long", 0.94),
        on_leave=_named(service[5], "Lò Thị Ánh Tuyết", Gender.FEMALE, "tuyet", 0.95),
        failing=_named(emulation[4], "Ngô Đình Trường", Gender.MALE, "truong", 0.3),
        strict_head=_named(reform[0], "Bùi Thanh Sơn", Gender.MALE, "son", 0.96),
    )
    return chosen


def _named(person: DemoPerson, name: str, gender: Gender, username: str, ability: float) -> DemoPerson:
    person.name, person.gender, person.username, person.ability = name, gender, username, ability
    person.hired_on = min(person.hired_on, date(2019, 3, 1))
    return person


def before_the_months(province: DemoProvince, people: Cast, today: date) -> None:
    """Roles, a transfer on the 16th of May, a maternity leave, an office that moved in April, a delegation now."""
    year = today.year
    for person, role in (
        (people.mai, Role.HOME_AFFAIRS),
        (people.inspector, Role.INSPECTOR),
        (people.administrator, Role.ADMINISTRATOR),
    ):
        _grant(person, role, province.root, province.since)
    home = province.unit(HOME_AFFAIRS)
    _grant(people.strict_head, Role.PERSONNEL, home.id, province.since)
    _transfer(province, people.transferred, province.unit(EMULATION, home.id), date(year, 5, 16))
    db.session.add(
        Absence(
            person_id=people.on_leave.id,
            kind=AbsenceKind.MATERNITY,
            valid_from=date(year, 3, 1),
            valid_to=date(year, 9, 1),
            document_number="47/QĐ-SNV",
        )
    )
    _move_office(province, date(year, 4, 1))
    deputy = province.members(people.strict_head.unit)[1]
    lent = Delegation(
        unit_id=people.strict_head.unit,
        delegator_id=people.strict_head.id,
        delegate_id=deputy.id,
        document_number="112/UQ-SNV",
        reason="Trưởng phòng đi học lớp bồi dưỡng lãnh đạo cấp sở",
        valid_from=today - timedelta(days=7),
        valid_to=today + timedelta(days=30),
    )
    db.session.add(lent)
    db.session.flush()
    said = {
        "delegator_id": lent.delegator_id,
        "delegate_id": lent.delegate_id,
        "since": lent.valid_from,
        "until": lent.valid_to,
        "document": lent.document_number,
    }
    audit.record(None, "delegation.given", lent, after=said, reason=lent.reason, unit_id=lent.unit_id)


def _grant(person: DemoPerson, role: Role, unit_id: int, since: date) -> None:
    account_id = db.session.scalar(select(Account.id).where(Account.person_id == person.id))
    grant = RoleGrant(account_id=account_id, role=role, unit_id=unit_id, valid_from=since)
    db.session.add(grant)
    db.session.flush()
    after = {"account": account_id, "role": role, "unit_id": unit_id, "since": since}
    audit.record(None, "role.granted", grant, after=after, unit_id=unit_id)


def _transfer(province: DemoProvince, person: DemoPerson, unit: DemoUnit, day: date) -> None:
    position = province.positions["VT05"]
    db.session.execute(
        update(Assignment).where(Assignment.person_id == person.id, Assignment.is_main).values(valid_to=day)
    )
    db.session.add(
        Assignment(
            person_id=person.id,
            unit_id=unit.id,
            position_id=position,
            office=Office.STAFF,
            title="Chuyên viên",
            valid_from=day,
            decision_number="203/QĐ-SNV",
        )
    )
    person.position = "VT05"


def _move_office(province: DemoProvince, day: date) -> None:
    """The digital office leaves the chairman's office for the department of science, when both exist."""
    office = next((unit for unit in province.units if unit.name == DIGITAL), None)
    target = next((unit for unit in province.units if unit.name == "Sở Khoa học và Công nghệ"), None)
    if office is None or target is None:
        return
    place = db.session.scalars(select(UnitPlace).where(UnitPlace.unit_id == office.id)).one()
    place.valid_to = day
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=office.id,
            parent_id=target.id,
            name=place.name,
            short_name=place.short_name,
            search_key=fold(place.name),
            valid_from=day,
            decision_number="318/QĐ-UBND",
        )
    )


def registers(province: DemoProvince, people: Cast, today: date, chance: Random) -> None:
    """Initiatives, discipline, an open denunciation, units' classes and reform, titles of the years before."""
    year = today.year
    for person in province.people:
        earned = person.office is Office.STAFF and person.ability > 0.9 and chance.random() < 0.45
        if earned or person is people.lan:
            db.session.add(
                Initiative(
                    person_id=person.id,
                    title="Giải pháp rút ngắn thời gian xử lý hồ sơ của phòng",
                    level=InitiativeLevel.CO_SO,
                    year=year,
                    decision_number=f"{chance.randint(60, 240)}/QĐ-SNV",
                    decided_on=date(year, 11, 4) if today >= date(year, 11, 4) else date(year, 1, 20),
                )
            )
        for earlier in (year - 2, year - 1):
            if person.hired_on.year < earlier and person.ability > 0.9 and chance.random() < 0.8:
                db.session.add(_title(person, "LDTT", earlier, chance))
                if person.ability > 0.96 and chance.random() < 0.4:
                    db.session.add(_title(person, "CSTDCS", earlier, chance))
    others = [
        person for person in province.people if person.username is None and person.office is Office.STAFF
    ]
    db.session.add(
        Discipline(
            person_id=others[-8].id,
            form=DisciplineForm.KHIEN_TRACH,
            duty_related=True,
            decision_number="88/QĐ-KL",
            decided_on=date(year, 3, 10),
            starts_on=date(year, 3, 10),
            ends_on=date(year + 1, 3, 10),
        )
    )
    db.session.add(
        PendingMatter(
            person_id=others[-5].id, kind=PendingKind.DENUNCIATION, opened_on=today - timedelta(days=20)
        )
    )
    _unit_years(province, year, chance)
    db.session.flush()


def _title(person: DemoPerson, code: str, year: int, chance: Random) -> Title:
    return Title(
        person_id=person.id,
        code=code,
        year=year,
        decision_number=f"{chance.randint(100, 990)}/QĐ-TĐKT",
        decided_on=date(year, 12, 28),
    )


def _unit_years(province: DemoProvince, year: int, chance: Random) -> None:
    agencies = [unit for unit in province.units if unit.role is UnitRole.USING_AGENCY]
    for number, agency in enumerate(agencies):
        good = Band.HTXSNV if chance.random() < 0.3 else Band.HTTNV
        failed = number == len(agencies) - 1 and number > 0
        for unit in [agency, *(unit for unit in province.units if unit.parent == agency.id)]:
            db.session.add(
                UnitYear(
                    unit_id=unit.id,
                    year=year,
                    unit_class=good,
                    reform=ReformResult.NOT_COMPLETED if failed else ReformResult.COMPLETED,
                    criticisms=1 if number == 2 else 0,
                    decision_number=f"{number + 700}/QĐ-UBND",
                )
            )
