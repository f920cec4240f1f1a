"""Questions that pages ask of big tables find their rows by an index."""

from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.queries import annual_round, grades
from evaluation.queries.grades import bounds


def plan(statement: str, **given: Any) -> str:
    """The plan where reading a whole table is the last resort, as it is with a province's sheets in it."""
    db.session.execute(text("set local enable_seqscan = off"))
    return "\n".join(db.session.scalars(text(f"explain {statement}"), given))


def test_the_people_of_an_agencys_year_are_found_by_the_agency(fresh_database: Any) -> None:
    for statement in (grades.OFFICIALS.text, annual_round.PROGRESS):
        found = plan(statement, agency_id=1, year=2026, **bounds(2026))
        assert "ix_report_agency" in found, found
        assert "Seq Scan on report" not in found, found
