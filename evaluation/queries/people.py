"""People as pages show them: lists of a day with accent-free search, and one person's service over time."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from evaluation.extensions import db
from evaluation.models import (
    Absence,
    Assignment,
    Charge,
    Delegation,
    Period,
    Person,
    Report,
    ScoreSheet,
    Stage,
    UnitCode,
    UnitPlace,
)
from evaluation.queries.organisation import valid_on
from evaluation.queries.pages import PER_PAGE, Page, page_of
from evaluation.rules.names import clean_name, fold
from evaluation.rules.organisation import Office, PersonKind


def _below(unit_ids: Collection[int], day: date) -> Any:
    """The units and all below them on a day, as a query of ids."""
    tops = select(func.unnest(cast(list(unit_ids), ARRAY(BigInteger))).label("unit_id")).cte(
        "below", recursive=True
    )
    return select(
        tops.union(
            select(UnitPlace.unit_id)
            .join(tops, UnitPlace.parent_id == tops.c.unit_id)
            .where(valid_on(UnitPlace, day))
        ).c.unit_id
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def name_matches(words: str) -> ColumnElement[bool]:
    """Every word stands somewhere in the name without accents, in any order; or the text begins the official number."""
    folded = fold(words)[:100]
    if not folded.split():  # nothing that can be seen was typed
        return false()
    names = and_(*(Person.search_key.like(f"%{_escaped(word)}%") for word in folded.split()[:8]))
    number = clean_name(words)[:40].replace(" ", "")
    return or_(names, func.lower(Person.official_number).like(f"{_escaped(number.lower())}%"))


def exactness(words: str) -> ColumnElement[int]:
    """0 where the name holds the words with exactly these accents, else 1: for ordering."""
    name = func.lower(Person.full_name)
    wanted = clean_name(words)[:100].lower().split()[:8]
    exact = and_(true(), *(name.like(f"%{_escaped(word)}%") for word in wanted))
    return case((exact, 0), else_=1)


def serving(
    unit_ids: Collection[int],
    day: date,
    page: int,
    *,
    words: str = "",
    kind: PersonKind | None = None,
    office: Office | None = None,
    below: bool = True,
) -> Page:
    """Who serves in units (and below them) on a day, by the Vietnamese order of names; heads first within one unit."""
    inside = _below(unit_ids, day) if below else list(unit_ids)
    query = (
        select(
            Person.id,
            Person.full_name,
            Person.official_number,
            Person.kind,
            Assignment.office,
            Assignment.title,
            Assignment.is_main,
            Assignment.valid_from,
            Assignment.unit_id,
            UnitPlace.name.label("unit"),
            func.count().over().label("total"),
        )
        .join(Assignment, Assignment.person_id == Person.id)
        .join(UnitPlace, (UnitPlace.unit_id == Assignment.unit_id) & valid_on(UnitPlace, day))
        .where(valid_on(Assignment, day), Assignment.unit_id.in_(inside))
    )
    order: list[Any] = []
    if words.strip():
        query = query.where(name_matches(words))
        order.append(exactness(words))
    if kind is not None:
        query = query.where(Person.kind == kind)
    if office is not None:
        query = query.where(Assignment.office == office)
    if not below:
        order.append(
            case((Assignment.office == Office.HEAD, 0), (Assignment.office == Office.DEPUTY, 1), else_=2)
        )
    query = query.order_by(*order, Person.sort_key, Person.id, Assignment.id)
    rows = db.session.execute(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return page_of(rows, page)


def service_of(person_id: int) -> list[Row[Any]]:
    """A person's assignments over time with the name the unit had, newest first."""
    place = _unit_name()
    return list(
        db.session.execute(
            select(
                Assignment.id,
                Assignment.unit_id,
                place.label("unit"),
                Assignment.office,
                Assignment.title,
                Assignment.is_main,
                Assignment.decision_number,
                Assignment.valid_from,
                Assignment.valid_to,
            )
            .where(Assignment.person_id == person_id)
            .order_by(Assignment.valid_from.desc(), Assignment.id.desc())
        )
    )


def _unit_name() -> Any:
    """The name of an assignment's unit when it last ran."""
    return (
        select(UnitPlace.name)
        .where(
            UnitPlace.unit_id == Assignment.unit_id,
            or_(Assignment.valid_to.is_(None), UnitPlace.valid_from < Assignment.valid_to),
        )
        .order_by(UnitPlace.valid_from.desc())
        .limit(1)
        .correlate(Assignment)
        .scalar_subquery()
    )


def happenings_of(person_id: int) -> list[Row[Any]]:
    """Absences, duties lent and held for others, and fields in charge, newest first, in one query."""
    absences = select(
        literal("absence").label("what"), Absence.id.label("id"), cast(Absence.kind, String).label("detail"),
        Absence.document_number.label("document"), Absence.valid_from, Absence.valid_to,
    ).where(Absence.person_id == person_id)  # fmt: skip
    lent = select(
        literal("lent"), Delegation.id,
        select(Person.full_name).where(Person.id == Delegation.delegate_id).correlate(Delegation).scalar_subquery(),
        Delegation.document_number, Delegation.valid_from, Delegation.valid_to,
    ).where(Delegation.delegator_id == person_id)  # fmt: skip
    held = select(
        literal("held"), Delegation.id,
        select(Person.full_name).where(Person.id == Delegation.delegator_id).correlate(Delegation).scalar_subquery(),
        Delegation.document_number, Delegation.valid_from, Delegation.valid_to,
    ).where(Delegation.delegate_id == person_id)  # fmt: skip
    unit_name = (
        select(UnitPlace.name).where(UnitPlace.unit_id == Charge.unit_id).order_by(UnitPlace.valid_from.desc())
        .limit(1).correlate(Charge).scalar_subquery()
    )  # fmt: skip
    charged = select(
        literal("charge"), Charge.id,
        func.coalesce(
            unit_name,
            select(Person.full_name).where(Person.id == Charge.person_id).correlate(Charge).scalar_subquery(),
        ),
        null(), Charge.valid_from, Charge.valid_to,
    ).where(Charge.deputy_id == person_id)  # fmt: skip
    everything = union_all(absences, lent, held, charged).subquery()
    return list(db.session.execute(select(everything).order_by(everything.c.valid_from.desc())))


def latest_sheets(person_id: int, limit: int = 12) -> list[Row[Any]]:
    """A person's newest monthly sheets: where each stands, its final score, and the units that may read it."""
    return list(
        db.session.execute(
            select(
                Report.id,
                Period.month,
                Period.cycle,
                Report.state,
                Report.unit_id,
                Report.supervising_unit_id,
                Report.confirming_unit_id,
                ScoreSheet.exact_total,
                ScoreSheet.band,
                ScoreSheet.status,
            )
            .join(Period, Period.id == Report.period_id)
            .outerjoin(
                ScoreSheet,
                and_(
                    ScoreSheet.report_id == Report.id,
                    ScoreSheet.stage == Stage.FINAL,
                    ScoreSheet.superseded_at.is_(None),
                ),
            )
            .where(Report.person_id == person_id)
            .order_by(Period.month.desc())
            .limit(limit)
        )
    )


def units_like(words: str, unit_ids: Collection[int], day: date, limit: int = 12) -> list[Row[Any]]:
    """Units below these on a day whose name or code holds the words, without accents."""
    folded = fold(words)[:100]
    if not folded.split():
        return []
    names = and_(*(UnitPlace.search_key.like(f"%{_escaped(word)}%") for word in folded.split()[:8]))
    code = UnitCode.code.like(f"{_escaped(words.strip().upper()[:40])}%")
    return list(
        db.session.execute(
            select(UnitPlace.unit_id, UnitPlace.name, UnitCode.code)
            .outerjoin(UnitCode, (UnitCode.unit_id == UnitPlace.unit_id) & valid_on(UnitCode, day))
            .where(valid_on(UnitPlace, day), UnitPlace.unit_id.in_(_below(unit_ids, day)), or_(names, code))
            .order_by(UnitPlace.name, UnitPlace.unit_id)
            .limit(limit)
        )
    )


def colleagues_like(words: str, agency_id: int, day: date, without: int, limit: int = 12) -> list[Row[Any]]:
    """People who serve in an agency or below it on a day, by name or official number."""
    own = (
        select(Person.id, Person.full_name, Person.official_number, Assignment.title, Person.sort_key)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(
            valid_on(Assignment, day),
            Assignment.is_main,
            Assignment.unit_id.in_(_below([agency_id], day)),
            Person.id != without,
            name_matches(words),
        )
        .ext(distinct_on(Person.sort_key, Person.id))
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    return list(db.session.execute(own))


def by_official_number(number: str) -> int | None:
    """The person with an official number."""
    return db.session.scalar(select(Person.id).where(Person.official_number == number))
