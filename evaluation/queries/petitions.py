"""Questions about petitions: which are open, on whose desk, how long still; the register and the file of one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select, text
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Period,
    Person,
    Petition,
    Report,
    ScoreSheet,
    Stage,
    UnitPlace,
    YearGrade,
)
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.queries.results import Happening
from evaluation.rules.bands import Band
from evaluation.rules.names import fold
from evaluation.rules.periods import Cycle
from evaluation.rules.workflow import PetitionState

# An open petition holds a commendation as an open appeal against the rating; the day is Vietnam's.
AS_MATTERS = """
select person_id, 'RATING_APPEAL' as kind,
    (lodged_at at time zone 'Asia/Ho_Chi_Minh')::date as opened_on,
    (coalesce(decided_at, withdrawn_at) at time zone 'Asia/Ho_Chi_Minh')::date as closed_on,
    case when state = 'LODGED' then null else state end as outcome
from petition
where person_id = any(:people) and (lodged_at at time zone 'Asia/Ho_Chi_Minh')::date <= :as_of
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """A petition as commendation sees it: open from a day until it was answered or taken back."""

    person_id: int
    opened_on: date
    closed_on: date | None
    outcome: str | None


def open_of(person_ids: Iterable[int], as_of: date) -> list[Matter]:
    """The petitions of people that were open on a day."""
    rows = db.session.execute(text(AS_MATTERS), {"people": list(person_ids), "as_of": as_of})
    return [
        Matter(row.person_id, row.opened_on, row.closed_on, row.outcome)
        for row in rows
        if row.closed_on is None or row.closed_on > as_of
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A petition in a list: who, against what, at whom, until when."""

    id: int
    state: PetitionState
    person_id: int
    name: str
    unit: str | None
    decider: str | None
    month: date | None
    cycle: Cycle | None
    year: int | None
    lodged_at: datetime
    due_on: date
    decided_at: datetime | None
    reason: str
    answer: str | None
    report_id: int | None
    grade_id: int | None
    total: int = 0


def of_person(person_id: int, today: date) -> list[Line]:
    """An official's own petitions, the newest first."""
    return _lines(_listed(today).where(Petition.person_id == person_id).order_by(Petition.id.desc()))


def to_answer(units: Collection[int], person_id: int, today: date) -> list[Line]:
    """The open petitions that the head of some units answers, the most urgent first; never the own."""
    return _lines(_listed(today).where(*_on_desk(units, person_id)).order_by(Petition.due_on, Petition.id))


def answered(units: Collection[int], person_id: int, today: date) -> list[Line]:
    """The last petitions answered or taken back in some units."""
    return _lines(
        _listed(today)
        .where(
            Petition.deciding_unit_id.in_(list(units)),
            Petition.person_id != person_id,
            Petition.state != PetitionState.LODGED,
        )
        .order_by(Petition.id.desc())
        .limit(PER_PAGE)
    )


def register(
    within: Collection[int] | None,
    today: date,
    *,
    words: str = "",
    shown: str = "",
    number: int = 1,
    per_page: int = PER_PAGE,
) -> Page:
    """A page of all petitions on results of some units (None: of all), the overdue first, then the open by last day."""
    wanted = _listed(today, func.count().over().label("total")).order_by(
        case((Petition.state == PetitionState.LODGED, 0), else_=1),
        case((Petition.state == PetitionState.LODGED, Petition.due_on)),
        Petition.id.desc(),
    )
    if within is not None:
        wanted = wanted.where(func.coalesce(Report.unit_id, YearGrade.unit_id).in_(list(within)))
    if words.strip():
        wanted = wanted.where(Person.search_key.contains(fold(words), autoescape=True))
    if shown == "late":
        wanted = wanted.where(Petition.state == PetitionState.LODGED, Petition.due_on < today)
    elif shown in set(PetitionState):
        wanted = wanted.where(Petition.state == shown)
    rows = _lines(wanted.limit(per_page).offset((number - 1) * per_page))
    return Page(rows, number, rows[0].total if rows else 0, per_page)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the home page says of petitions: to be answered, until when; the own open one; those overdue in all."""

    waiting: int
    due_on: date | None
    own: int | None
    own_due_on: date | None
    overdue: int


def desk(units: Collection[int], person_id: int, today: date, *, everywhere: bool) -> Desk:
    """The counts of the home page in one query."""
    waits = and_(*_on_desk(units, person_id))
    mine = and_(Petition.person_id == person_id, Petition.state == PetitionState.LODGED)
    late = and_(Petition.state == PetitionState.LODGED, Petition.due_on < today)
    row = db.session.execute(
        select(
            func.count().filter(waits),
            func.min(Petition.due_on).filter(waits),
            func.min(Petition.id).filter(mine),
            func.min(Petition.due_on).filter(mine),
            func.count().filter(late) if everywhere else literal(0),
        ).where(or_(waits, mine, late) if everywhere else or_(waits, mine))
    ).one()
    return Desk(*row)


def of_report(report_id: int) -> list[Petition]:
    """The petitions against a sheet's score, the newest first."""
    return list(
        db.session.scalars(
            select(Petition).where(Petition.report_id == report_id).order_by(Petition.id.desc())
        )
    )


def of_report_with_score(report_id: int) -> tuple[list[Petition], datetime | None]:
    """The petitions against a sheet's score, the newest first, and since when its final score is in force; one query."""
    live = and_(
        ScoreSheet.report_id == Report.id,
        ScoreSheet.stage == Stage.FINAL,
        ScoreSheet.superseded_at.is_(None),
    )
    rows = db.session.execute(
        select(Petition, ScoreSheet.decided_at)
        .select_from(Report)
        .outerjoin(Petition, Petition.report_id == Report.id)
        .outerjoin(ScoreSheet, live)
        .where(Report.id == report_id)
        .order_by(Petition.id.desc())
    ).all()
    return [row[0] for row in rows if row[0] is not None], rows[0][1] if rows else None


def of_grade(grade: YearGrade) -> list[Petition]:
    """The petitions against a class of the year and against the one it replaced, the newest first."""
    known = [grade.id, *([grade.replaces_id] if grade.replaces_id else [])]
    return list(
        db.session.scalars(select(Petition).where(Petition.grade_id.in_(known)).order_by(Petition.id.desc()))
    )


def finals_of(report_id: int) -> list[ScoreSheet]:
    """The final scores a sheet had, the oldest first."""
    return list(
        db.session.scalars(
            select(ScoreSheet)
            .where(ScoreSheet.report_id == report_id, ScoreSheet.stage == Stage.FINAL)
            .order_by(ScoreSheet.id)
        )
    )


def successor_of(grade_id: int) -> YearGrade | None:
    """The class in force that replaced a class, if one did."""
    return db.session.scalar(
        select(YearGrade).where(YearGrade.replaces_id == grade_id).order_by(YearGrade.id.desc()).limit(1)
    )


def history(petition: Petition) -> list[Happening]:
    """What happened to a petition, the newest first, with the names of who acted and for whom."""
    actor, behalf = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(AuditEvent, actor.full_name, behalf.full_name)
        .outerjoin(actor, actor.id == AuditEvent.actor_id)
        .outerjoin(behalf, behalf.id == AuditEvent.on_behalf_of_id)
        .where(
            AuditEvent.object_type == "petition",
            AuditEvent.object_id == petition.id,
            AuditEvent.action != "petition.read",
        )
        .order_by(AuditEvent.id.desc())
    )
    return [Happening(event, name, for_whom) for event, name, for_whom in rows]


def names_of_sheets(report_ids: Collection[int]) -> list[Row[Any]]:
    """Whose sheets these are: sheet, name, title."""
    if not report_ids:
        return []
    return list(
        db.session.execute(
            select(Report.id, Person.full_name, Report.title)
            .join(Person, Person.id == Report.person_id)
            .where(Report.id.in_(list(report_ids)))
            .order_by(Person.sort_key, Report.id)
        )
    )


def better_classes(grade: YearGrade | None) -> list[Band]:
    """The classes a petition can still reach, the best first."""
    if grade is None:
        return []
    return [band for band in reversed(Band) if grade.decided_class is None or band > grade.decided_class]


def leaders_above(report: Report) -> list[Report]:
    """The leaders of the same agency and month whose score is final already: the candidates for another d."""
    return list(
        db.session.scalars(
            select(Report)
            .join(
                ScoreSheet,
                and_(
                    ScoreSheet.report_id == Report.id,
                    ScoreSheet.stage == Stage.FINAL,
                    ScoreSheet.superseded_at.is_(None),
                ),
            )
            .where(
                Report.period_id == report.period_id,
                Report.agency_id == report.agency_id,
                Report.office != "STAFF",
                Report.id != report.id,
            )
            .order_by(Report.id)
        )
    )


def frozen_unit_results(report_ids: Collection[int]) -> dict[int, str | None]:
    """d as it stands on the final scores in force."""
    rows = db.session.execute(
        select(ScoreSheet.report_id, ScoreSheet.unit_result).where(
            ScoreSheet.report_id.in_(list(report_ids)),
            ScoreSheet.stage == Stage.FINAL,
            ScoreSheet.superseded_at.is_(None),
        )
    )
    return {row.report_id: row.unit_result for row in rows}


def due_on_days(days: Collection[date]) -> list[Petition]:
    """The open petitions whose last day is one of these."""
    return list(
        db.session.scalars(
            select(Petition)
            .where(Petition.state == PetitionState.LODGED, Petition.due_on.in_(list(days)))
            .order_by(Petition.id)
        )
    )


def live_grade(person_id: int, year: int) -> YearGrade | None:
    """The class in force of an official's year."""
    return db.session.scalar(
        select(YearGrade).where(
            YearGrade.person_id == person_id, YearGrade.year == year, YearGrade.superseded_at.is_(None)
        )
    )


def _on_desk(units: Collection[int], person_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Petition.deciding_unit_id.in_(list(units)),
        Petition.state == PetitionState.LODGED,
        Petition.person_id != person_id,
    )


def _listed(today: date, *more: Any) -> Select[Any]:
    """Petitions with the names a list shows; the unit is the one of the contested result."""
    deciding = aliased(UnitPlace)

    def newest(place: Any, unit: Any) -> ColumnElement[bool]:
        return and_(
            place.unit_id == unit,
            place.valid_from <= today,
            or_(place.valid_to.is_(None), place.valid_to > today),
        )

    statement = (
        select(
            Petition.id,
            Petition.state,
            Petition.person_id,
            Person.full_name.label("name"),
            UnitPlace.name.label("unit"),
            deciding.name.label("decider"),
            Period.month,
            Period.cycle,
            YearGrade.year,
            Petition.lodged_at,
            Petition.due_on,
            Petition.decided_at,
            Petition.reason,
            Petition.answer,
            Petition.report_id,
            Petition.grade_id,
            *more,
        )
        .join(Person, Person.id == Petition.person_id)
        .outerjoin(Report, Report.id == Petition.report_id)
        .outerjoin(Period, Period.id == Report.period_id)
        .outerjoin(YearGrade, YearGrade.id == Petition.grade_id)
        .outerjoin(UnitPlace, newest(UnitPlace, func.coalesce(Report.unit_id, YearGrade.unit_id)))
        .outerjoin(deciding, newest(deciding, Petition.deciding_unit_id))
    )
    return cast("Select[Any]", statement)


def _lines(statement: Select[Any]) -> list[Line]:
    rows: Iterable[Row[Any]] = db.session.execute(statement)
    return [Line(**row._mapping) for row in rows]
