"""Questions about the national database: results it has not got, everything known of a person, what was sent when."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import aliased

from evaluation.extensions import db
from evaluation.models import (
    NationalExport,
    NationalExportRow,
    Period,
    Person,
    Report,
    ScoreSheet,
    YearGrade,
)
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.queries.replacing import copy_lines
from evaluation.rules.names import fold
from evaluation.rules.organisation import UnitRole

# A result is a final score in force with points, or a public class in force.
RESULTS = """
    select sheet.id as sheet_id, null::bigint as grade_id, report.person_id, sheet.decided_at as since
    from score_sheet sheet join report on report.id = sheet.report_id
    where sheet.stage = 'FINAL' and sheet.superseded_at is null and sheet.status = 'SCORED'
      and report.state in ('CONFIRMED', 'PUBLISHED') and sheet.decided_at <= :until
    union all
    select null, grade.id, grade.person_id, grade.published_at
    from year_grade grade
    where grade.state = 'PUBLISHED' and grade.superseded_at is null and grade.decided_class is not null
      and grade.published_at <= :until
"""
DUE = f"""
due as materialized (
    select result.* from ({RESULTS}) as result
    where not exists (select from national_export_row sent where sent.sheet_id = result.sheet_id)
      and not exists (select from national_export_row sent where sent.grade_id = result.grade_id)
)
"""
# Where an official serves on the day, else served last.
SERVICE = """
select distinct on (assignment.person_id) assignment.person_id, assignment.unit_id
from assignment
where assignment.is_main and assignment.valid_from <= :day and assignment.person_id in (select person_id from due)
order by assignment.person_id, assignment.valid_from desc
"""
PEOPLE = f"""
with {DUE},
people as (select person_id, count(*) as results, min(since) as since from due group by person_id),
service as ({SERVICE})
"""
COUNTS = text(
    PEOPLE
    + """
select count(*) as people, coalesce(sum(results), 0)::bigint as results, min(since) as since,
    count(*) filter (where {bad}) as left_out,
    coalesce(sum(results) filter (where not ({bad})), 0)::bigint as sendable,
    min(since) filter (where not ({bad})) as sendable_since
from people join person on person.id = people.person_id left join service on service.person_id = people.person_id
""".replace(
        "{bad}",
        "btrim(person.official_number) = '' or service.unit_id is null or service.unit_id = any(:bad)",
    )
)
LEFT_OUT = text(
    PEOPLE
    + """
select person.id, person.full_name, person.official_number, service.unit_id, people.results
from people join person on person.id = people.person_id left join service on service.person_id = people.person_id
where btrim(person.official_number) = '' or service.unit_id is null or service.unit_id = any(:bad)
order by person.sort_key, person.id
limit :most
"""
)
RANGES = text(
    f"""
with {DUE}
select min(person_id) as first, max(person_id) as last, count(*) as size
from (
    select person_id, (row_number() over (order by person_id) - 1) / :size as part
    from (select distinct person_id from due) as people
) as numbered
group by part order by part
"""
)
DUE_OF_RANGE = DUE.replace(
    "where not exists", "where result.person_id between :first and :last and not exists", 1
)
OF_RANGE = text(
    f"""
with {DUE_OF_RANGE},
service as ({SERVICE})
select due.sheet_id, due.grade_id, due.since, person.id as person_id, person.official_number, person.full_name,
    service.unit_id
from due join person on person.id = due.person_id left join service on service.person_id = due.person_id
order by person.id, due.grade_id nulls first, due.sheet_id
"""
)
KNOWN = text(
    """
select report.person_id, period.month, period.cycle, null::int as year, sheet.exact_total as exact, sheet.band as level,
    null as decision, sheet.decided_at as since
from score_sheet sheet join report on report.id = sheet.report_id join period on period.id = report.period_id
where report.person_id = any(:people) and sheet.stage = 'FINAL' and sheet.superseded_at is null
  and sheet.status = 'SCORED' and report.state in ('CONFIRMED', 'PUBLISHED') and sheet.decided_at <= :until
union all
select grade.person_id, make_date(grade.year, 12, 31), null, grade.year, grade.exact_mean, grade.decided_class,
    grade.decision_number, grade.published_at
from year_grade grade
where grade.person_id = any(:people) and grade.state = 'PUBLISHED' and grade.superseded_at is null
  and grade.decided_class is not null and grade.published_at <= :until
order by 1, 2, 4 nulls first
"""
)
UNITS = text(
    """
select unit.id, unit.role, place.parent_id, place.name, code.code
from unit
left join lateral (
    select parent_id, name from unit_place where unit_id = unit.id and valid_from <= :day
    order by valid_from desc limit 1
) place on true
left join unit_code code on code.unit_id = unit.id and code.valid_from <= :day
    and (code.valid_to is null or code.valid_to > :day)
"""
)
# Enough for the home page: what became final or public after the last file; what was left out of it is listed elsewhere.
SINCE_LAST = text(
    """
with last as (select coalesce(max(until), '-infinity') as until from national_export)
select count(*) as results, min(since) as since
from (
    select decided_at as since from score_sheet
    where stage = 'FINAL' and superseded_at is null and status = 'SCORED'
      and decided_at > (select until from last)
    union all
    select published_at from year_grade
    where superseded_at is null and published_at > (select until from last)
) as fresh
"""
)


@dataclass(frozen=True, slots=True)
class Places:
    """The codes of using and managing agencies of every unit on a day."""

    using: dict[int, tuple[int, str | None]]
    managing: dict[int, tuple[int, str | None]]
    names: dict[int, str]

    @property
    def without_code(self) -> list[int]:
        """Units whose using or managing agency has no code on the day."""
        return [unit for unit in self.using if not self.using[unit][1] or not self.managing[unit][1]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the national database has not got: in all, and what of it can be sent."""

    people: int
    results: int
    since: datetime | None
    left_out: int
    sendable: int
    sendable_since: datetime | None


def places(day: date) -> Places:
    """Every unit with the agencies it belongs to, their codes valid on the day; one query."""
    rows = {row.id: row for row in db.session.execute(UNITS, {"day": day})}
    using, managing, names = {}, {}, {}
    for unit_id in rows:
        path = _path(rows, unit_id)
        user = next((one for one in path if rows[one].role != UnitRole.DIRECT_UNIT), path[-1])
        above = path[path.index(user) + 1 :]
        manager = next(
            (one for one in above if rows[one].role == UnitRole.MANAGING_AGENCY), above[-1] if above else user
        )
        using[unit_id] = (user, rows[user].code)
        managing[unit_id] = (manager, rows[manager].code)
        names[unit_id] = rows[unit_id].name or ""
    return Places(using, managing, names)


def waiting(until: datetime, bad: Collection[int], day: date) -> Waiting:
    """How many results of how many people wait, and since when."""
    row = db.session.execute(COUNTS, {"until": until, "bad": list(bad), "day": day}).one()
    return Waiting(*row)


def since_last() -> tuple[int, datetime | None]:
    """How many results came after the last file, and the first of them."""
    row = db.session.execute(SINCE_LAST).one()
    return row.results, row.since


def left_out(until: datetime, bad: Collection[int], day: date, most: int) -> Sequence[Row[Any]]:
    """The people whose results wait and cannot be sent."""
    return db.session.execute(LEFT_OUT, {"until": until, "bad": list(bad), "day": day, "most": most}).all()


def ranges(until: datetime, size: int) -> Sequence[Row[Any]]:
    """The people with results to send, cut into runs of ids."""
    return db.session.execute(RANGES, {"until": until, "size": size}).all()


def of_range(first: int, last: int, until: datetime, day: date) -> Sequence[Row[Any]]:
    """The results to send of a run of people, with who they are and where they serve."""
    return db.session.execute(OF_RANGE, {"first": first, "last": last, "until": until, "day": day}).all()


def known_of(people: Collection[int], until: datetime) -> Iterator[Row[Any]]:
    """Every result in force of some people, oldest first: the full list that a message carries."""
    yield from db.session.execute(KNOWN, {"people": list(people), "until": until})


def add_rows(lines: Iterator[str]) -> None:
    """Writes the register of a file's results."""
    copy_lines("national_export_row (export_id, person_id, sheet_id, grade_id)", lines)


def made(number: int) -> Page:
    """The files made so far, the newest first, with who made and who handed over."""
    maker, sender = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(
            NationalExport,
            maker.full_name.label("maker"),
            sender.full_name.label("sender"),
            func.count().over().label("total"),
        )
        .outerjoin(maker, maker.id == NationalExport.made_by)
        .outerjoin(sender, sender.id == NationalExport.sent_by)
        .order_by(NationalExport.id.desc())
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    ).all()
    return Page(rows, number, rows[0].total if rows else 0)


def of_token(stored_name: str) -> NationalExport | None:
    """The file of a stored name."""
    return db.session.scalar(select(NationalExport).where(NationalExport.stored_name == stored_name))


def names(person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by person."""
    wanted = [one for one in person_ids if one is not None]
    rows = db.session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted)))
    return {row.id: row.full_name for row in rows}


def sent(number: int, *, words: str = "", export_id: int | None = None) -> Page:
    """The results that were sent, by name or by file, the newest first: when each went, and under which receipt."""
    wanted = (
        select(
            NationalExportRow.id,
            Person.full_name,
            Person.official_number,
            Period.month,
            Period.cycle,
            YearGrade.year,
            ScoreSheet.exact_total,
            ScoreSheet.band,
            YearGrade.decided_class,
            func.coalesce(ScoreSheet.superseded_at, YearGrade.superseded_at).label("superseded_at"),
            NationalExport.id.label("export_id"),
            NationalExport.made_at,
            NationalExport.sent_at,
            NationalExport.receipt,
            func.count().over().label("total"),
        )
        .join(NationalExport, NationalExport.id == NationalExportRow.export_id)
        .join(Person, Person.id == NationalExportRow.person_id)
        .outerjoin(ScoreSheet, ScoreSheet.id == NationalExportRow.sheet_id)
        .outerjoin(Report, Report.id == ScoreSheet.report_id)
        .outerjoin(Period, Period.id == Report.period_id)
        .outerjoin(YearGrade, YearGrade.id == NationalExportRow.grade_id)
        .order_by(NationalExportRow.export_id.desc(), Person.sort_key, NationalExportRow.id)
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    if words.strip():
        wanted = wanted.where(Person.search_key.contains(fold(words), autoescape=True))
    if export_id is not None:
        wanted = wanted.where(NationalExportRow.export_id == export_id)
    rows = db.session.execute(wanted).all()
    return Page(rows, number, rows[0].total if rows else 0)


def _path(rows: dict[int, Any], unit_id: int) -> list[int]:
    path, place = [unit_id], rows[unit_id].parent_id
    while place in rows and place not in path:
        path.append(place)
        place = rows[place].parent_id
    return path
