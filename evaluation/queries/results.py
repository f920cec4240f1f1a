"""Questions about results: an official's months of a year, the live scores of a sheet, its history."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, extract, or_, select, tuple_
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import AuditEvent, Period, Person, PersonSpan, Report, ScoreSheet, Stage
from evaluation.rules.bands import Band
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.periods import MONTHS_IN, SpanKind, Stretch, stretch_of
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState

HISTORY_LIMIT = 200
SPANS = [(kind, index) for kind in SpanKind for index in range(1, 12 // MONTHS_IN[kind] + 1)]


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One month or quarter of an official: where it stands and the exact totals of its three stages."""

    report_id: int
    month: Stretch
    state: ReportState
    reason: AbsenceKind | None
    own: str | None
    supervisor: str | None
    final: str | None
    status: ScoreStatus | None
    band: Band | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a sheet's history with the name of who acted, and for whom."""

    event: AuditEvent
    name: str | None
    behalf: str | None


def months_of(person_id: int, year: int) -> list[MonthLine]:
    """An official's months of a year, newest first, in one query."""
    own, supervisor, final = (aliased(ScoreSheet) for _stage in range(3))
    statement = select(
        Report.id,
        Period.month,
        Period.cycle,
        Report.state,
        Report.not_rated_reason,
        own.exact_total,
        supervisor.exact_total,
        final.exact_total,
        final.status,
        final.band,
    ).join(Period, Period.id == Report.period_id)
    for sheet, stage in ((own, Stage.OWN), (supervisor, Stage.SUPERVISOR), (final, Stage.FINAL)):
        statement = statement.outerjoin(
            sheet,
            and_(sheet.report_id == Report.id, sheet.stage == stage, sheet.superseded_at.is_(None)),
        )
    rows = db.session.execute(
        statement.where(Report.person_id == person_id, extract("year", Period.month) == year).order_by(
            Period.month.desc(), Period.cycle.desc()
        )
    )
    return [MonthLine(report_id, stretch_of(first, cycle), *rest) for report_id, first, cycle, *rest in rows]


def years_of(person_id: int) -> list[int]:
    """The years in which an official has a sheet, newest first."""
    year = extract("year", Period.month)
    rows = db.session.scalars(
        select(year)
        .join(Report, Report.period_id == Period.id)
        .where(Report.person_id == person_id)
        .distinct()
    )
    return sorted((int(found) for found in rows), reverse=True)


def spans_of(person_id: int, year: int) -> Sequence[PersonSpan]:
    """An official's means of quarters, half-years and the year, as rolled up."""
    return db.session.scalars(
        select(PersonSpan)
        .where(
            PersonSpan.person_id == person_id,
            PersonSpan.year == year,
            tuple_(PersonSpan.kind, PersonSpan.index).in_(
                SPANS
            ),  # all of a year, as the key's order likes it
        )
        .order_by(PersonSpan.kind.desc(), PersonSpan.index)
    ).all()


def history(report: Report) -> list[Happening]:
    """The newest events of a sheet, its lines and its evidence, with names, in one query."""
    actor, behalf = aliased(Person), aliased(Person)
    items = [item.id for item in report.items]
    files = [file.id for item in report.items for file in item.evidence]
    about = [and_(AuditEvent.object_type == "report", AuditEvent.object_id == report.id)]
    if items:
        about.append(and_(AuditEvent.object_type == "work_item", AuditEvent.object_id.in_(items)))
    if files:
        about.append(and_(AuditEvent.object_type == "evidence", AuditEvent.object_id.in_(files)))
    rows = db.session.execute(
        select(AuditEvent, actor.full_name, behalf.full_name)
        .outerjoin(actor, actor.id == AuditEvent.actor_id)
        .outerjoin(behalf, behalf.id == AuditEvent.on_behalf_of_id)
        .where(or_(*about))
        .order_by(AuditEvent.id.desc())
        .limit(HISTORY_LIMIT)
    )
    return [Happening(event, name, for_whom) for event, name, for_whom in rows]
