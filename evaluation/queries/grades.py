"""Questions about the classes of a year: who is to be classified where, and on which months."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, func, select, text

from evaluation.extensions import db
from evaluation.models import Person, UnitYear, YearGrade
from evaluation.queries.cycles import COVERED, LAST_MONTH
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.names import fold
from evaluation.rules.periods import Cycle, Stretch, stretch_of
from evaluation.rules.workflow import GradeState

# Whoever uses the official at the time of classification classifies, on all months of the year (Article 19.1).
OFFICIALS = text(
    f"""
    with latest as (
        select distinct on (report.person_id)
            report.person_id, report.unit_id, report.agency_id, report.confirming_unit_id, report.office, report.rulebook,
            coalesce(job_position.peer_group, report.title) as peer_group
        from report
        join period on period.id = report.period_id
        left join job_position on job_position.id = report.position_id
        where period.month >= :since and period.month < :until
          and report.person_id in (
              select person_id from report join period on period.id = report.period_id
              where report.agency_id = :agency_id and period.month >= :since and period.month < :until
          )
        order by report.person_id, {LAST_MONTH} desc
    )
    select latest.*, person.sort_key from latest join person on person.id = latest.person_id
    where latest.agency_id = :agency_id
    order by person.sort_key, latest.person_id
    """
)

# December, or the fourth quarter, may stand in with the best score there is so far (rulebook's choice `december`).
MONTHS = text(
    f"""
    select distinct on (report.person_id, period.month, period.cycle)
        report.person_id, report.id as report_id, extract(month from period.month)::int as month, period.cycle,
        case when period.cycle = 'MONTH' then 1 else (select covered.months from ({COVERED}) as covered) end as months,
        report.state, report.not_rated_reason, sheet.exact_total, sheet.total, sheet.stage
    from report
    join period on period.id = report.period_id
    left join score_sheet sheet
        on sheet.report_id = report.id and sheet.superseded_at is null
        and (sheet.stage = 'FINAL' and report.state in ('CONFIRMED', 'PUBLISHED')
             or :provisional and extract(month from period.month) = case when period.cycle = 'MONTH' then 12 else 10 end)
    where report.person_id = any(:person_ids) and period.month >= :since and period.month < :until
    order by report.person_id, period.month, period.cycle,
        case sheet.stage when 'FINAL' then 0 when 'SUPERVISOR' then 1 when 'OWN' then 2 else 3 end
    """
)

AGENCIES = text(
    """
    select agency.id as agency_id, agency.name, coalesce(grade.total, 0) as total,
        coalesce(grade.proposed, 0) as proposed, coalesce(grade.decided, 0) as decided,
        coalesce(grade.published, 0) as published
    from (
        select distinct on (report.agency_id) report.agency_id as id, place.name
        from report join period on period.id = report.period_id
        join unit_place place on place.unit_id = report.agency_id and place.valid_from <= :last
        where period.month >= :since and period.month < :until
          and (:everything or report.agency_id = any(:unit_ids) or report.confirming_unit_id = any(:unit_ids))
        order by report.agency_id, place.valid_from desc
    ) as agency
    left join (
        select agency_id, count(*) as total, count(*) filter (where state = 'PROPOSED') as proposed,
            count(*) filter (where state = 'DECIDED') as decided,
            count(*) filter (where state = 'PUBLISHED') as published
        from year_grade where year = :year and superseded_at is null group by agency_id
    ) as grade on grade.agency_id = agency.id
    order by agency.name, agency.id
    """
)


@dataclass(frozen=True, slots=True)
class MonthOfYear:
    """One month of an official's year, or one quarter with the months its sheet speaks for."""

    month: int
    report_id: int
    state: str
    not_rated_reason: str | None
    exact_total: str | None
    total: Decimal | None
    stage: str | None
    cycle: Cycle = Cycle.MONTH
    months: int = 1

    def covers(self, year: int) -> Stretch:
        """The month or the quarter, in its year."""
        return stretch_of(date(year, self.month, 1), Cycle(self.cycle))

    @property
    def score(self) -> Fraction | None:
        """The exact score, None where the month has none."""
        return parse_exact(self.exact_total) if self.exact_total else None


def bounds(year: int) -> dict[str, date]:
    """First day of a year and of the next."""
    return {"since": date(year, 1, 1), "until": date(year + 1, 1, 1)}


def officials(agency_id: int, year: int) -> Sequence[Row[Any]]:
    """The officials whom an agency classifies for a year, as their last sheet of it says."""
    return db.session.execute(OFFICIALS, {"agency_id": agency_id, **bounds(year)}).all()


def agencies_with_sheets(year: int) -> list[int]:
    """Using agencies with a sheet in a year."""
    return list(
        db.session.scalars(
            text(
                "select distinct agency_id from report join period on period.id = report.period_id"
                " where month >= :since and month < :until order by agency_id"
            ),
            bounds(year),
        )
    )


def months(person_ids: Iterable[int], year: int, *, provisional: bool) -> dict[int, list[MonthOfYear]]:
    """The months of a year of many people, oldest first; `provisional` lets December stand in with what it has."""
    found: dict[int, list[MonthOfYear]] = defaultdict(list)
    rows = db.session.execute(
        MONTHS, {"person_ids": list(person_ids), "provisional": provisional, **bounds(year)}
    )
    for row in rows:
        values = dict(row._mapping)
        found[values.pop("person_id")].append(MonthOfYear(**values))
    return found


def unit_classes(unit_ids: Iterable[int], year: int) -> dict[int, Band | None]:
    """The recognised class of units in a year; a unit that is not known is left out."""
    rows = db.session.execute(
        select(UnitYear.unit_id, UnitYear.unit_class).where(
            UnitYear.unit_id.in_(set(unit_ids)), UnitYear.year == year
        )
    )
    return {row.unit_id: row.unit_class for row in rows}


def live_grades(agency_id: int, year: int) -> dict[int, YearGrade]:
    """The grades in force of an agency's people and of people who came to it, by person."""
    rows = db.session.scalars(
        select(YearGrade).where(
            YearGrade.year == year, YearGrade.agency_id == agency_id, YearGrade.superseded_at.is_(None)
        )
    )
    return {grade.person_id: grade for grade in rows}


def lock_quota(agency_id: int, year: int) -> None:
    """Whoever decides in this agency's year waits here until the other has committed."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:what, 335))"),
        {"what": f"grades:{agency_id}:{year}"},
    )


def page(
    agency_id: int, year: int, *, klass: str | None, words: str | None, number: int, per_page: int
) -> tuple[list[tuple[YearGrade, Person]], int]:
    """A page of an agency's grades, best first, and how many there are."""
    query = (
        select(YearGrade, Person)
        .join(Person, Person.id == YearGrade.person_id)
        .where(YearGrade.agency_id == agency_id, YearGrade.year == year, YearGrade.superseded_at.is_(None))
    )
    if klass == "over":
        query = query.where(YearGrade.over_quota)
    elif klass == "open":
        query = query.where(YearGrade.state == GradeState.PROPOSED)
    elif klass in set(Band):
        query = query.where(func.coalesce(YearGrade.decided_class, YearGrade.proposed_class) == klass)
    if words:
        query = query.where(Person.search_key.contains(fold(words), autoescape=True))
    rows = db.session.execute(
        query.add_columns(func.count().over().label("total"))
        .order_by(YearGrade.mean.desc().nulls_last(), Person.sort_key, Person.id)
        .limit(per_page)
        .offset((number - 1) * per_page)
    ).all()
    return [(row[0], row[1]) for row in rows], (rows[0].total if rows else 0)


def tally(agency_id: int, year: int) -> tuple[dict[str, int], dict[str, int]]:
    """How many there are of each class (decided where decided, proposed elsewhere, '' without one) and in each state."""
    klass = func.coalesce(YearGrade.decided_class, YearGrade.proposed_class)
    rows = db.session.execute(
        select(klass, YearGrade.state, func.count())
        .where(YearGrade.agency_id == agency_id, YearGrade.year == year, YearGrade.superseded_at.is_(None))
        .group_by(klass, YearGrade.state)
    )
    by_class: dict[str, int] = defaultdict(int)
    by_state: dict[str, int] = defaultdict(int)
    for found, state, number in rows:
        by_class[str(found or "")] += number
        by_state[state.value] += number
    return dict(by_class), dict(by_state)


def agencies(year: int, unit_ids: Collection[int], *, everything: bool) -> Sequence[Row[Any]]:
    """Agencies with sheets in a year and how far their classification is."""
    limits = bounds(year)
    return db.session.execute(
        AGENCIES,
        {
            **limits,
            "last": date(year, 12, 31),
            "year": year,
            "unit_ids": list(unit_ids),
            "everything": everything,
        },
    ).all()
