"""Questions about monthly sheets: one loaded with its lines, who stands around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Select, null, or_, select, union_all
from sqlalchemy.orm import aliased, defer, joinedload, selectinload

from evaluation.extensions import db
from evaluation.models import (
    Assignment,
    Person,
    Report,
    ScoreSheet,
    Stage,
    UnitPlace,
    WorkItem,
)
from evaluation.queries import cycles
from evaluation.queries.organisation import valid_on
from evaluation.rules.organisation import Office


def loaded(report_id: int) -> Report | None:
    """A sheet with month, person, criteria, lines and their evidence, in two queries."""
    return db.session.scalars(_whole(select(Report), report_id)).unique().one_or_none()


def loaded_with_scores(report_id: int) -> tuple[Report, dict[Stage, ScoreSheet]] | None:
    """A sheet as `loaded` gives it, with the supervisor's findings and the scores in force, in two queries."""
    stages = {stage: aliased(ScoreSheet) for stage in Stage}
    statement = cast("Select[Any]", select(Report, *stages.values()))
    for stage, sheet in stages.items():
        live = (sheet.report_id == Report.id) & (sheet.stage == stage) & sheet.superseded_at.is_(None)
        statement = statement.outerjoin(sheet, live).options(defer(sheet.inputs))
    marks = selectinload(Report.items).joinedload(WorkItem.marks)
    found = db.session.execute(_whole(statement, report_id).options(marks)).unique().one_or_none()
    if found is None:
        return None
    report, *sheets = found
    return report, {stage: sheet for stage, sheet in zip(stages, sheets, strict=True) if sheet is not None}


def _whole(statement: Select[Any], report_id: int) -> Select[Any]:
    return statement.where(Report.id == report_id).options(
        joinedload(Report.period),
        joinedload(Report.person),
        joinedload(Report.criteria),
        selectinload(Report.items).joinedload(WorkItem.evidence),
    )


def newest_of(person_id: int) -> int | None:
    """The sheet of an official's newest month or quarter."""
    return cycles.newest_sheet(person_id)


@dataclass(frozen=True, slots=True)
class Around:
    """The people and units around a sheet: names by person, heads of the scoring and confirming units today."""

    names: dict[int, str]
    heads: dict[int, tuple[str, str]]
    units: dict[int, str]

    def name(self, person_id: int | None) -> str | None:
        """A person's name."""
        return self.names.get(person_id) if person_id else None

    def head(self, unit_id: int) -> str:
        """The title of a unit's head; nothing while the office is vacant."""
        return self.heads.get(unit_id, ("", ""))[1]


def around(report: Report, day: date) -> Around:
    """Who assigned, scores, scored, confirms and confirmed a sheet, and its units' names that month; one query."""
    known = {
        report.supervisor_id,
        report.scored_by,
        report.confirmed_by,
        report.scored_for,
        report.confirmed_for,
    }
    heading = (
        (Assignment.person_id == Person.id)
        & (Assignment.office == Office.HEAD)
        & Assignment.unit_id.in_([report.supervising_unit_id, report.confirming_unit_id])
        & valid_on(Assignment, day)
    )
    people = (
        select(Person.id, Person.full_name, Assignment.unit_id, Assignment.title)
        .outerjoin(Assignment, heading)
        .where(or_(Person.id.in_([one for one in known if one]), Assignment.id.is_not(None)))
    )
    units = select(null(), UnitPlace.name, UnitPlace.unit_id, null()).where(
        UnitPlace.unit_id.in_([report.unit_id, report.agency_id]), valid_on(UnitPlace, report.period.month)
    )
    found = Around({}, {}, {})
    rows: Sequence[Any] = db.session.execute(union_all(people, units)).all()
    for person_id, name, unit_id, title in rows:
        if person_id is None:
            found.units[unit_id] = name
            continue
        found.names[person_id] = name
        if unit_id:
            found.heads[unit_id] = (name, title)
    return found
