"""Lists of titles as they were worked out: writing a run, finding the newest, reading it page by page."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, func, select, text

from evaluation.extensions import db
from evaluation.models import EligibilityEntry, EligibilityRun, Job
from evaluation.rules.explain import half_up
from evaluation.rules.verdicts import Finding

COLUMNS = (
    "run_id, person_id, unit_id, authority_id, title, status, code, mean, exact_mean, rating, findings, facts,"
    " rank, within_quota"
)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of a list as it goes into the table."""

    run_id: int
    person_id: int | None
    unit_id: int
    authority_id: int
    title: str
    status: str
    code: str | None
    mean: Fraction | None
    exact_mean: str | None
    rating: str | None
    findings: tuple[Finding, ...]
    facts: dict[str, Any]
    rank: int | None
    within_quota: bool | None

    def values(self) -> tuple[Any, ...]:
        """The columns in the order of COPY."""
        mean = None
        if self.mean is not None:
            scaled = half_up(self.mean, 4) * 10_000
            mean = f"{scaled.numerator // 10_000}.{scaled.numerator % 10_000:04d}"
        return (
            self.run_id,
            self.person_id,
            self.unit_id,
            self.authority_id,
            self.title,
            self.status,
            self.code,
            mean,
            self.exact_mean,
            self.rating,
            json.dumps([_plain(finding) for finding in self.findings], ensure_ascii=False),
            json.dumps(self.facts, ensure_ascii=False),
            self.rank,
            self.within_quota,
        )


def _plain(finding: Finding) -> dict[str, Any]:
    """What Finding.as_json gives, without copying deeply: a list holds a million of them."""
    return {
        "rule": finding.rule,
        "gate": finding.gate,
        "met": finding.met,
        "says": finding.says,
        "params": finding.params,
        "article": finding.article,
        "status": finding.status,
        "code": finding.code,
    }


def replace_entries(run_id: int, authority_ids: list[int], rows: Iterable[EntryRow]) -> None:
    """Writes the entries of some authorities by COPY in the session's transaction; those of an earlier attempt go."""
    db.session.execute(
        text("delete from eligibility_entry where run_id = :run_id and authority_id = any(:authorities)"),
        {"run_id": run_id, "authorities": authority_ids},
    )
    connection = db.session.connection().connection.dbapi_connection
    with (
        connection.cursor() as cursor,  # type: ignore[union-attr]
        cursor.copy(f"copy eligibility_entry ({COLUMNS}) from stdin") as copy,
    ):
        for row in rows:
            copy.write_row(row.values())


def add_counts(run_id: int, counts: dict[str, Any]) -> None:
    """Adds the counts of some authorities to a run; the last act of a part, for it locks the run's row."""
    db.session.execute(
        text(
            "update eligibility_run set summary = jsonb_set(summary, '{authorities}',"
            " (summary -> 'authorities') || cast(:counts as jsonb)) where id = :run_id"
        ),
        {"run_id": run_id, "counts": json.dumps(counts, ensure_ascii=False)},
    )


# Reading

# The order of a page: authorities by code, the order of merit, then who needs a look, who waits, who is refused.
# The narrow part is sorted and cut before findings are fetched.
LINES = """
with chosen as (
    select entry.id, row_number() over (
        order by array_position(cast(:order as bigint[]), entry.authority_id), entry.authority_id,
            entry.person_id is null,
            case when entry.rank is not null or entry.status = 'ELIGIBLE' then 0
                when entry.status = 'NEEDS_REVIEW' then 1 when entry.status = 'HOLD' then 2 else 3 end,
            entry.rank nulls last, person.sort_key, entry.id
    ) as place, count(*) over () as total
    from eligibility_entry entry
    left join person on person.id = entry.person_id
    where entry.run_id = :run_id
      and (cast(:entry_id as bigint) is null or entry.id = :entry_id)
      and (cast(:authorities as bigint[]) is null or entry.authority_id = any(:authorities))
      and (cast(:of_units as boolean) is null or (entry.person_id is null) = :of_units)
      and (cast(:statuses as text[]) is null or entry.status = any(:statuses))
      and (cast(:name as text) is null or person.search_key like '%' || :name || '%' escape '\\'
          or entry.person_id is null and exists (
              select from unit_place where unit_place.unit_id = entry.unit_id
                and unit_place.search_key like '%' || :name || '%' escape '\\'))
    order by place limit :limit offset :offset
)
select chosen.total, run.award, entry.id, entry.person_id, entry.unit_id, entry.authority_id, entry.title,
    entry.status, entry.code, entry.exact_mean, entry.rating, entry.findings, entry.facts, entry.rank,
    entry.within_quota, coalesce(person.full_name, place.name) as full_name, person.official_number, person.gender,
    person.born_on, person.born_year_only,
    case when entry.person_id is null then coalesce(above.name, '') else place.name end as unit_name
from chosen
join eligibility_entry entry on entry.id = chosen.id
join eligibility_run run on run.id = entry.run_id
left join person on person.id = entry.person_id
join lateral (
    select name, parent_id from unit_place
    where unit_id = entry.unit_id and valid_from <= :day order by valid_from desc limit 1
) place on true
left join lateral (
    select name from unit_place
    where entry.person_id is null and unit_id = place.parent_id and valid_from <= :day
    order by valid_from desc limit 1
) above on true
order by chosen.place
"""
SHEETS = """
select grade.steps, grade.rulebook, grade.fingerprint, grade.months_counted, grade.decision_number,
    (
        select coalesce(json_agg(json_build_object('month', to_char(period.month,
            case when period.cycle = 'MONTH' then 'YYYY-MM' else 'YYYY-"Q"Q' end), 'report_id', report.id,
            'total', sheet.exact_total) order by period.month), '[]')
        from report join period on period.id = report.period_id
        left join score_sheet sheet
            on sheet.report_id = report.id and sheet.stage = 'FINAL' and sheet.superseded_at is null
        where report.person_id = asked.person_id and extract(year from period.month) = :year
    ) as sheets
from (select cast(:person_id as bigint) as person_id) asked
left join year_grade grade
    on grade.person_id = asked.person_id and grade.year = :year and grade.superseded_at is null
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a list is wanted: None is everything; `name` is already folded."""

    authorities: tuple[int, ...] | None = None
    statuses: tuple[str, ...] | None = None
    name: str | None = None
    of_units: bool | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """One page of a list."""

    rows: Sequence[Row[Any]]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def newest_run(year: int, award: str) -> EligibilityRun | None:
    """The finished run of a title and year that was made last."""
    return db.session.scalar(
        select(EligibilityRun)
        .where(
            EligibilityRun.year == year,
            EligibilityRun.award == award,
            EligibilityRun.finished_at.is_not(None),
        )
        .order_by(EligibilityRun.id.desc())
        .limit(1)
    )


def newest_runs() -> list[EligibilityRun]:
    """The newest finished run of every year and title, the newest year first."""
    newest = (
        select(func.max(EligibilityRun.id))
        .where(EligibilityRun.finished_at.is_not(None))
        .group_by(EligibilityRun.year, EligibilityRun.award)
    )
    return list(
        db.session.scalars(
            select(EligibilityRun)
            .where(EligibilityRun.id.in_(newest))
            .order_by(EligibilityRun.year.desc(), EligibilityRun.award.desc())
        )
    )


def lines(run: EligibilityRun, filters: Filters, page: int, per_page: int) -> Lines:
    """One page of a run with the number of lines that match."""
    given = _given(run, filters) | {"limit": per_page, "offset": (page - 1) * per_page}
    rows = db.session.execute(text(LINES), given).all()
    if not rows and page > 1:
        return lines(run, filters, 1, per_page)
    return Lines(rows, rows[0].total if rows else 0, page, per_page)


def all_lines(run: EligibilityRun, filters: Filters) -> Iterator[Row[Any]]:
    """Every line that matches, a thousand at a time."""
    found = db.session.execute(text(LINES), _given(run, filters), execution_options={"yield_per": 1000})
    yield from found


def count(run: EligibilityRun, filters: Filters) -> int:
    """How many lines of a run match."""
    return lines(run, filters, 1, 1).total


def line(run: EligibilityRun, entry_id: int) -> Row[Any] | None:
    """One line of a run."""
    return db.session.execute(text(LINES), _given(run, Filters()) | {"entry_id": entry_id}).first()


def run_of(entry_id: int) -> EligibilityRun | None:
    """The run an entry belongs to."""
    return db.session.scalar(
        select(EligibilityRun)
        .join(EligibilityEntry, EligibilityEntry.run_id == EligibilityRun.id)
        .where(EligibilityEntry.id == entry_id)
    )


def job_of_file(name: str, token: str) -> Job | None:
    """The job that made a file."""
    return db.session.scalar(select(Job).where(Job.name == name, Job.arguments["token"].astext == token))


def sheets_of_year(person_id: int | None, year: int) -> Row[Any]:
    """A person's months of a year with their final totals, and the working of the year's class."""
    return db.session.execute(text(SHEETS), {"person_id": person_id, "year": year}).one()


def _given(run: EligibilityRun, filters: Filters) -> dict[str, Any]:
    name = filters.name
    if name:
        name = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    known = (run.summary or {}).get("authorities", {})
    order = sorted(known, key=lambda key: (known[key]["code"] is None, known[key]["code"] or "", int(key)))
    return {
        "run_id": run.id,
        "entry_id": None,
        "limit": None,
        "offset": 0,
        "day": min(run.as_of, date(run.year, 12, 31)),
        "authorities": None if filters.authorities is None else list(filters.authorities),
        "statuses": None if filters.statuses is None else list(filters.statuses),
        "name": name or None,
        "of_units": filters.of_units,
        "order": [int(key) for key in order],
    }
