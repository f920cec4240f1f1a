"""How many things wait for a person: one query for the menu and the home page."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from evaluation.extensions import db
from evaluation.models import Notice, Period, Petition, Report, YearGrade
from evaluation.queries.organisation import Standing
from evaluation.rules.periods import Cycle
from evaluation.rules.workflow import GradeState, PetitionState, ReportState

BY_QUARTER = "by_quarter"


def counts(who: Standing) -> dict[str, int]:
    """Waiting things by the noun of the page that deals with them; BY_QUARTER: whether the newest sheet is a quarter's."""
    led = who.headed | who.delegated.keys()
    row = db.session.execute(
        select(
            _own(who.person_id).label("reports"),
            _sheets(led, Report.supervising_unit_id, ReportState.SUBMITTED, who.person_id).label("reviews"),
            _sheets(led, Report.confirming_unit_id, ReportState.SCORED, who.person_id).label("confirmations"),
            _grades(led, who.person_id).label("grades"),
            _petitions(led, who.person_id).label("petitions"),
            select(func.count(Notice.id))
            .where(Notice.person_id == who.person_id, Notice.read_at.is_(None))
            .scalar_subquery()
            .label("home"),
            _newest_is_quarter(who.person_id).label(BY_QUARTER),
        )
    ).one()
    return dict(row._mapping)


def _newest_is_quarter(person_id: int) -> ColumnElement[bool]:
    return (
        select(Period.cycle == Cycle.QUARTER)
        .join(Report, Report.period_id == Period.id)
        .where(Report.person_id == person_id)
        .order_by(Period.month.desc(), Period.cycle)
        .limit(1)
        .scalar_subquery()
    )


def _own(person_id: int) -> ColumnElement[int]:
    return (
        select(func.count(Report.id))
        .join(Period, Period.id == Report.period_id)
        .where(
            Report.person_id == person_id,
            Report.state.in_((ReportState.DRAFT, ReportState.RETURNED)),
            Period.closed_at.is_(None),
        )
        .scalar_subquery()
    )


def _sheets(
    led: Iterable[int], unit: InstrumentedAttribute[int], state: ReportState, person_id: int
) -> ColumnElement[int]:
    return (
        select(func.count(Report.id))
        .where(unit.in_(list(led)), Report.state == state, Report.person_id != person_id)
        .scalar_subquery()
    )


def _grades(led: Iterable[int], person_id: int) -> ColumnElement[int]:
    return (
        select(func.count(YearGrade.id))
        .where(
            YearGrade.confirming_unit_id.in_(list(led)),
            YearGrade.state == GradeState.PROPOSED,
            YearGrade.superseded_at.is_(None),
            YearGrade.person_id != person_id,
        )
        .scalar_subquery()
    )


def _petitions(led: Iterable[int], person_id: int) -> ColumnElement[int]:
    return (
        select(func.count(Petition.id))
        .where(
            Petition.deciding_unit_id.in_(list(led)),
            Petition.state == PetitionState.LODGED,
            Petition.person_id != person_id,
        )
        .scalar_subquery()
    )
