"""Writing a confirmed comparison of people: a few statements for all rows together."""

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, or_, update

from evaluation.extensions import db
from evaluation.files.people import PersonRow
from evaluation.models import Assignment, Person
from evaluation.rules.names import fold, sort_key
from evaluation.rules.organisation import PersonKind
from evaluation.services.import_people import PeoplePlan, Service
from evaluation.services.import_plans import Diff, Options

AT_ONCE = 2_000


def write(diff: Diff, options: Options) -> None:
    """Ends, corrects, hires and appoints as planned; what ran before the day stays as it was."""
    plan: PeoplePlan = diff.plan
    _end(plan, options)
    _correct(plan)
    ids = _hire(plan)
    _appoint(plan, ids)


def _end(plan: PeoplePlan, options: Options) -> None:
    if not plan.leaving:
        return
    theirs = Assignment.person_id == func.any(plan.leaving)
    db.session.execute(delete(Assignment).where(theirs, Assignment.valid_from >= options.day))
    db.session.execute(
        update(Assignment)
        .where(theirs, or_(Assignment.valid_to.is_(None), Assignment.valid_to > options.day))
        .values(valid_to=options.day)
    )
    db.session.execute(
        update(Person).where(Person.id == func.any(plan.leaving)).values(left_on=options.day),
        execution_options={"synchronize_session": False},
    )


def _correct(plan: PeoplePlan) -> None:
    rows = [_with_keys(values) for values in plan.corrected]
    rows.sort(key=lambda values: sorted(values))  # rows with the same columns go in one statement
    if rows:
        db.session.execute(update(Person), rows)


def _with_keys(values: dict[str, Any]) -> dict[str, Any]:
    name = values.get("full_name")
    return values | ({"sort_key": sort_key(name), "search_key": fold(name)} if name else {})


def _hire(plan: PeoplePlan) -> dict[str, int]:
    """The ids of the new people by official number."""
    ids: dict[str, int] = {}
    table = cast(Table, Person.__table__)
    for some in _slices(plan.hired):
        found = db.session.execute(
            insert(table).returning(table.c.official_number, table.c.id),
            [_person_values(row, kind) for row, kind in some],
        )
        ids |= {row.official_number: row.id for row in found}
    return ids


def _slices(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows in handfuls: 80,000 at once would hold a gigabyte of parameters."""
    for first in range(0, len(rows), AT_ONCE):
        yield rows[first : first + AT_ONCE]


def _person_values(row: PersonRow, kind: PersonKind) -> dict[str, Any]:
    return {
        "official_number": row.official_number,
        "personal_number": row.personal_number or None,
        "full_name": row.full_name,
        "sort_key": sort_key(row.full_name),
        "search_key": fold(row.full_name),
        "gender": row.gender,
        "born_on": row.born_on,
        "born_year_only": row.born_year_only,
        "kind": kind,
        "rank_code": row.rank_code or None,
        "hired_on": row.hired_on,
        "email": row.email or None,
        "phone": row.phone or None,
    }


def _appoint(plan: PeoplePlan, ids: dict[str, int]) -> None:
    closing: dict[Any, list[int]] = {}
    for service in plan.services:
        if service.closes is not None:
            closing.setdefault(service.since, []).append(service.closes)
    for day, assignment_ids in closing.items():
        db.session.execute(
            update(Assignment)
            .where(Assignment.id == func.any(assignment_ids))
            .values(valid_to=day)
            .execution_options(synchronize_session=False)
        )
    replaced = [service.replaces for service in plan.services if service.replaces is not None]
    if replaced:
        db.session.execute(
            delete(Assignment)
            .where(Assignment.id == func.any(replaced))
            .execution_options(synchronize_session=False)
        )
    back = {service.person_id for service in plan.services if service.person_id is not None}
    if back:
        db.session.execute(
            update(Person)
            .where(Person.id == func.any(list(back)), Person.left_on.is_not(None))
            .values(left_on=None)
            .execution_options(synchronize_session=False)
        )
    for some in _slices(plan.services):
        db.session.execute(
            insert(cast(Table, Assignment.__table__)), [_values(service, ids) for service in some]
        )


def _values(service: Service, ids: dict[str, int]) -> dict[str, Any]:
    return {
        "person_id": service.person_id or ids[service.row.official_number],
        "unit_id": service.unit_id,
        "office": service.office,
        "title": service.title,
        "position_id": service.position_id,
        "is_main": True,
        "valid_from": service.since,
        "valid_to": None,
    }
