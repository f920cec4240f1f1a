"""Whose scores make up a leader's unit result, by the leader's office and field (Article 15.3, 15.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, or_, select

from evaluation.extensions import db
from evaluation.models import Charge, Report, ScoreSheet, Stage, Unit
from evaluation.queries.organisation import charges, descendants
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import Office, UnitRole
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState


@dataclass(frozen=True, slots=True)
class Subordinate:
    """One official under a leader: the exact final score, or None while it is missing."""

    report_id: int
    person_id: int
    total: Fraction | None


def of_leader(report: Report) -> list[Subordinate]:
    """The officials under a leader in the sheet's month; people not rated that month are left out."""
    rows = db.session.execute(
        select(Report.id, Report.person_id, ScoreSheet.status, ScoreSheet.exact_total)
        .outerjoin(
            ScoreSheet,
            (ScoreSheet.report_id == Report.id)
            & (ScoreSheet.stage == Stage.FINAL)
            & ScoreSheet.superseded_at.is_(None),
        )
        .where(
            Report.period_id == report.period_id,
            Report.person_id != report.person_id,
            Report.state != ReportState.NOT_RATED,
            _under(report),
        )
        .order_by(Report.id)
    )
    return [
        Subordinate(report_id, person_id, parse_exact(total) if total else None)
        for report_id, person_id, status, total in rows
        if status is not ScoreStatus.INSUFFICIENT_DATA
    ]


def _under(report: Report) -> ColumnElement[bool]:
    day = report.period.month
    if report.office is Office.DEPUTY:
        field = charges(report.person_id, day)
        if field:
            return _field(field, report)
    unit = db.session.get_one(Unit, report.unit_id)
    whole = (
        Report.agency_id == report.agency_id
        if unit.role is UnitRole.USING_AGENCY
        else Report.unit_id.in_(descendants([report.unit_id], day))
    )
    if report.office is Office.DEPUTY:
        peers = and_(Report.unit_id == report.unit_id, Report.office != Office.STAFF)
        return and_(whole, ~peers)
    return whole


def _field(field: Sequence[Charge], report: Report) -> ColumnElement[bool]:
    units = [charge.unit_id for charge in field if charge.unit_id is not None]
    people = [charge.person_id for charge in field if charge.person_id is not None]
    below = descendants(units, report.period.month) if units else []
    return or_(Report.unit_id.in_(below), Report.person_id.in_(people))
