"""Lists of titles as they were worked out: writing a run, finding the newest, reading it page by page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
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
    person_id: int
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
