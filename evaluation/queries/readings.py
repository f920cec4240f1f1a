"""Questions about readings: whose a thing is, and who read what of a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, text

from evaluation.extensions import db
from evaluation.models import Reading
from evaluation.queries.organisation import Subject
from evaluation.rules.periods import Cycle, Stretch, stretch_of

A_SHEET = """
    select 'report' as object_type, id, person_id, unit_id, supervising_unit_id, confirming_unit_id from report where id =
"""
OF_A_PERSON = """
    select '{what}', :id, one.person_id, service.unit_id, null, null
    from ({people}) as one
    left join lateral (
        select unit_id from assignment
        where assignment.person_id = one.person_id and is_main and valid_from <= :day
        order by valid_from desc limit 1
    ) service on true
"""
# What is shown with a thing, whose it is, its unit, and the units whose heads score and confirm it. Whatever hangs on a
# sheet is the sheet.
OWNERS = {
    "report": f"{A_SHEET} :id",
    "score_sheet": f"{A_SHEET} (select report_id from score_sheet where id = :id)",
    "work_item": f"{A_SHEET} (select report_id from work_item where id = :id)",
    "evidence": f"""
        {A_SHEET} (
            select report_id from work_item join evidence on evidence.item_id = work_item.id where evidence.id = :id
        )
    """,
    "year_grade": """
        select 'year_grade', id, person_id, unit_id, null, confirming_unit_id from year_grade where id = :id
    """,
    "petition": """
        select 'petition', petition.id, petition.person_id, coalesce(report.unit_id, year_grade.unit_id),
            report.supervising_unit_id, petition.deciding_unit_id
        from petition left join report on report.id = petition.report_id
        left join year_grade on year_grade.id = petition.grade_id
        where petition.id = :id
    """,
    "eligibility_entry": """
        select 'eligibility_entry', id, person_id, unit_id, null, null from eligibility_entry where id = :id
    """,
    "discipline": OF_A_PERSON.format(
        what="discipline", people="select person_id from discipline where id = :id"
    ),
    "person": OF_A_PERSON.format(what="person", people="select id as person_id from person where id = :id"),
}

# The reader's main office as it was on the day of the reading, for the page only.
OF_PERSON = text(
    """
    select reading.id, reading.at, reading.object_type, reading.object_id, reading.how, reading.relation,
        reader.full_name as reader, lender.full_name as behalf, office.title, office.unit,
        period.month, period.cycle
    from (
        select * from reading where person_id = :person_id order by id desc limit :size offset :skipped
    ) as reading
    join person reader on reader.id = reading.reader_id
    left join person lender on lender.id = reading.on_behalf_of_id
    left join report on reading.object_type = 'report' and report.id = reading.object_id
    left join period on period.id = report.period_id
    left join lateral (
        select assignment.title, place.name as unit
        from assignment
        left join lateral (
            select name from unit_place
            where unit_place.unit_id = assignment.unit_id
              and valid_from <= (reading.at at time zone 'Asia/Ho_Chi_Minh')::date
            order by valid_from desc limit 1
        ) place on true
        where assignment.person_id = reading.reader_id and assignment.is_main
          and assignment.valid_from <= (reading.at at time zone 'Asia/Ho_Chi_Minh')::date
        order by assignment.valid_from desc limit 1
    ) office on true
    order by reading.id desc
    """
)


@dataclass(frozen=True, slots=True)
class Line:
    """One reading as its owner sees it."""

    id: int
    at: datetime
    object_type: str
    object_id: int
    how: str
    relation: str | None
    reader: str
    behalf: str | None
    title: str | None
    unit: str | None
    month: date | None
    cycle: str | None

    @property
    def covers(self) -> Stretch | None:
        """The month or quarter of a sheet."""
        return stretch_of(self.month, Cycle(self.cycle)) if self.month and self.cycle else None


@dataclass(frozen=True, slots=True)
class Owned:
    """What is shown, and whose it is."""

    object_type: str
    object_id: int
    person_id: int
    subject: Subject


def owned(kind: str, number: int, day: date) -> Owned | None:
    """Whose a thing is and where it belongs, in one query; None for what is nobody's or does not exist."""
    row = db.session.execute(text(OWNERS[kind]), {"id": number, "day": day}).first()
    if row is None or row[2] is None:
        return None
    return Owned(row[0], row[1], row[2], Subject(row[3] or 0, row[2], row[4], row[5]))


def count_of(person_id: int) -> int:
    """How often others read what is this person's."""
    return db.session.scalar(select(func.count()).where(Reading.person_id == person_id)) or 0


def count_of_sheet(report_id: int, person_id: int) -> int:
    """How often others read one sheet; asked by its owner's readings, which are indexed."""
    return (
        db.session.scalar(
            select(func.count()).where(
                Reading.person_id == person_id,
                Reading.object_type == "report",
                Reading.object_id == report_id,
            )
        )
        or 0
    )


def lines_of(person_id: int, *, size: int, skipped: int) -> Sequence[Line]:
    """A page of the readings of what is a person's, the newest first."""
    rows = db.session.execute(OF_PERSON, {"person_id": person_id, "size": size, "skipped": skipped})
    return [Line(**row._mapping) for row in rows]
