"""Puts a story of the golden cases into the registers, so that the database is judged as the rules judge the case."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import (
    Absence,
    Discipline,
    EligibilityEntry,
    EligibilityRun,
    Initiative,
    PendingMatter,
    Person,
    Title,
    Unit,
    UnitYear,
    YearGrade,
)
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import Gender, Office, UnitKind, UnitRole
from evaluation.rules.workflow import GradeState
from evaluation.services import commendations
from tests import factories

YEAR = 2026
BANDS = {"HTXSNV": "96", "HTTNV": "84", "HTNV": "60", "KHTNV": "40"}


@dataclass
class Agency:
    """A department whose registers are complete, and its people by name."""

    province: Unit
    unit: Unit
    people: dict[str, Person] = field(default_factory=dict)
    other: "Agency | None" = None
    client: Any = None
    run: EligibilityRun | None = None
    mai: Person | None = None

    def add(
        self,
        name: str,
        klass: str | None = "HTTNV",
        *,
        mean: str | None = None,
        office: Office = Office.STAFF,
        gender: Gender | None = Gender.MALE,
        where: Unit | None = None,
        initiatives: tuple[str, ...] = (),
    ) -> Person:
        """An official with a decided class; None leaves the register silent."""
        who = factories.person(name, gender=gender)
        factories.assignment(who, where or self.unit, office=office, since=date(2025, 1, 1))
        if klass is not None:
            grade(who, self.unit, klass, mean=mean)
        for level in initiatives:
            initiative(who, level)
        self.people[name] = who
        return who


def agency(
    name: str = "Sở Nội vụ", *, province: Unit | None = None, reform: str | None = "COMPLETED"
) -> Agency:
    """A department with its year on record: class excellent, reform completed."""
    since = date(2025, 1, 1)
    root = province or factories.unit(
        "Ủy ban nhân dân tỉnh", kind=UnitKind.PROVINCE, role=UnitRole.MANAGING_AGENCY, since=since
    )
    made = factories.unit(
        name, parent=root, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY, since=since
    )
    db.session.add(UnitYear(unit_id=made.id, year=YEAR, unit_class=Band.HTXSNV, reform=reform, criticisms=0))
    db.session.flush()
    return Agency(root, made)


def decider() -> Person:
    """Somebody who decides classes and is in no list."""
    known = db.session.scalar(select(Person).where(Person.official_number == "DECIDER"))
    return known or factories.person("Đặng Người Quyết", official_number="DECIDER")


def grade(
    who: Person,
    where: Unit,
    klass: str | None,
    *,
    mean: str | None = None,
    year: int = YEAR,
    state: GradeState = GradeState.DECIDED,
) -> YearGrade:
    """A live class of the year; `klass` None is a decision not to rate."""
    band = Band(klass) if klass else None
    points = mean or (BANDS[klass] if klass else None)
    decided = state is not GradeState.PROPOSED
    made = YearGrade(
        person_id=who.id,
        year=year,
        unit_id=where.id,
        agency_id=where.id,
        confirming_unit_id=where.id,
        peer_group="Chuyên viên",
        status="SCORED" if band else "NOT_RATED",
        months_counted=12,
        mean=_stored(points) if points else None,
        exact_mean=points,
        computed_class=band,
        proposed_class=band,
        steps=[],
        rulebook="decree-335-2025",
        fingerprint="0" * 64,
        state=state,
        decided_class=band if decided else None,
        decided_by=decider().id if decided else None,
        decided_at=clock.now() if decided else None,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _stored(points: str) -> Decimal:
    exact = parse_exact(points)
    return round(Decimal(exact.numerator) / exact.denominator, 4)


def initiative(who: Person, level: str = "CO_SO", year: int = YEAR, *, sole: bool = True) -> None:
    db.session.add(
        Initiative(
            person_id=who.id,
            title="Rút ngắn thời gian giải quyết hồ sơ",
            level=level,
            year=year,
            decision_number="118/QĐ-SNV",
            decided_on=date(year, 1, 20),
            sole_author=sole,
        )
    )
    db.session.flush()


def title(who: Person | Unit, code: str, year: int, **more: Any) -> None:
    """A title or award of the register; it rewards its year unless told otherwise."""
    whose = {"unit_id": who.id} if isinstance(who, Unit) else {"person_id": who.id}
    known = {"decision_number": "9/QĐ-KT", "decided_on": date(year, 1, 31)}
    db.session.add(Title(code=code, year=year, **whose, **known, **more))
    db.session.flush()


def entries(run: EligibilityRun) -> dict[int, EligibilityEntry]:
    """A run's entries by person."""
    rows = db.session.scalars(
        select(EligibilityEntry).where(
            EligibilityEntry.run_id == run.id, EligibilityEntry.person_id.is_not(None)
        )
    )
    return {row.person_id: row for row in rows}


def of_units(run: EligibilityRun) -> dict[int, EligibilityEntry]:
    """A run's entries on collectives by unit."""
    rows = db.session.scalars(
        select(EligibilityEntry).where(
            EligibilityEntry.run_id == run.id, EligibilityEntry.person_id.is_(None)
        )
    )
    return {row.unit_id: row for row in rows}


def listed(award: str, **given: Any) -> dict[int, EligibilityEntry]:
    """The entries of a title worked out here and now."""
    return entries(commendations.run_now(YEAR, award, **given))


def told_of_a_unit(case: dict[str, Any]) -> Unit:
    """The collective of a golden case: its register, and members whose classes make the numbers of the case."""
    unit = case["unit"]
    place = _place(case)
    rated, ldtt, below = unit["members_rated"], unit["ldtt"], unit["members_below_ht"]
    for number in range(rated):
        fighter = number < unit.get("cstdcs", 0)
        good = "HTXSNV" if fighter else "HTTNV"
        klass = good if number < ldtt else "KHTNV" if number < ldtt + below else "HTNV"
        place.add(f"Lê Văn {number}", klass, initiatives=("CO_SO",) if fighter else ())
    db.session.flush()
    return place.unit


def _place(case: dict[str, Any]) -> Agency:
    """The unit of a case with its class, reform and criticisms."""
    unit = case.get("unit", {})
    place = agency(reform=unit.get("par", {}).get(case["year"]))
    register = db.session.get_one(UnitYear, (place.unit.id, case["year"]))
    klass = unit.get("rating", {}).get(case["year"])
    register.unit_class = Band(klass) if klass else None
    register.criticisms = len(unit.get("criticism", []))
    return place


def told(case: dict[str, Any]) -> Person:
    """The person of a golden case with everything the case says, in the registers."""
    person, unit = case["person"], case.get("unit", {})
    place = _place(case)
    # A colleague with a title of every year: the register of titles speaks of these years.
    colleague = place.add("Vũ Văn Có Sổ", "HTNV")
    for year in range(case["year"] - 6, case["year"]):
        title(colleague, "LDTT", year)
    office = {"HEAD": Office.HEAD, "DEPUTY": Office.DEPUTY}.get(person.get("position"), Office.STAFF)
    who = place.add("Nguyễn Thị Lan", None, office=office)
    for year, own in person.get("rating", {}).items():
        grade(who, place.unit, own, year=year)
    months = person.get("months_worked", {}).get(case["year"])
    leave = person.get("leave", [])
    if person.get("hired_on"):
        who.hired_on = day(person["hired_on"])
    elif months is not None and not leave:
        who.hired_on = date(case["year"], 13 - months, 1)
    for one in leave:
        db.session.add(
            Absence(person_id=who.id, kind=one["type"], valid_from=day(one["from"]), valid_to=day(one["to"]))
        )
    for one in person.get("discipline", []):
        discipline(who, one)
    for one in person.get("pending", []):
        db.session.add(
            PendingMatter(
                person_id=who.id,
                kind=one["kind"],
                opened_on=day(one["opened"]),
                closed_on=day(one["closed"]) if one.get("closed") else None,
                outcome=one.get("outcome"),
            )
        )
    for one in person.get("initiatives", []):
        initiative(who, one["level"], one["year"], sole=one.get("sole_author", True))
    for one in person.get("titles", []):
        title(who, one["code"], one["year"])
    for one in person.get("awards", []):
        first, last = one.get("ach_from"), one.get("ach_to")
        title(
            who,
            one["code"],
            one.get("year") or last,
            award_type=one["type"],
            achieved_from=date(first, 1, 1) if first else None,
            achieved_to=date(last, 12, 31) if last else None,
        )
    for number, one in enumerate(unit.get("discipline", [])):
        discipline(place.add(f"Trần Văn Dưới {number}"), one)
    for one in person.get("transfers", []):
        moved(who, place, one)
    db.session.flush()
    return who


def moved(who: Person, place: Agency, one: dict[str, Any]) -> None:
    """A move from another department on the day, after so many months there."""
    other = agency("Sở Tài chính", province=place.province)
    assignment = who.assignments[0]
    assignment.valid_from = day(one["on"])
    db.session.flush()
    since = assignment.valid_from
    for _month in range(one["months_at_old"]):
        since = (since - timedelta(days=1)).replace(day=1)
    factories.assignment(who, other.unit, since=since, until=assignment.valid_from)


def discipline(who: Person, one: dict[str, Any]) -> None:
    starts = day(one.get("from") or one["decided_on"])
    db.session.add(
        Discipline(
            person_id=who.id,
            form=one["form"],
            duty_related=one.get("duty_related", False),
            decision_number="88/QĐ-KL",
            decided_on=day(one.get("decided_on") or one["from"]),
            starts_on=starts,
            ends_on=day(one["to"]) if one.get("to") else date(starts.year + 1, starts.month, 1),
            quashed_on=starts + timedelta(days=1) if one.get("quashed") else None,
        )
    )


def day(text: str) -> date:
    return date.fromisoformat(text)
