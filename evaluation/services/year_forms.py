"""Filling Mẫu số 02 from a class of the year: the months as they count, the class only once it is decided."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.forms import MonthRow, Signature, YearForm
from evaluation.models import Person, SelfClassification, Stage, YearGrade
from evaluation.queries import forms as queries
from evaluation.queries import grades as grade_questions
from evaluation.queries import organisation
from evaluation.queries.grades import MonthOfYear
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.periods import ROMAN, Cycle
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import rulebooks, signatures
from evaluation.services.period_forms import ABSENCES, points_that_hold, signed
from evaluation.services.signatures import Act

DECIDED = (GradeState.DECIDED, GradeState.PUBLISHED)
NOT_DECIDED = "chưa có quyết định xếp loại của cấp có thẩm quyền"
LET_GO = (
    "Xem xét bố trí vào vị trí việc làm thấp hơn hoặc cho thôi việc theo điểm đ khoản 3 Điều 23 Nghị định số"
    " 335/2025/NĐ-CP."
)


@dataclass(frozen=True, slots=True)
class _Year:
    """Everything the forms of one year are filled from."""

    year: int
    months: dict[int, list[MonthOfYear]]
    served: dict[int, list[Row[Any]]]
    said: dict[int, SelfClassification]
    units: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an official is classified and the rulebook that judges the year."""

    unit_id: int
    agency_id: int
    book: Rulebook


def year_forms(grade_ids: Collection[int]) -> list[YearForm]:
    """Mẫu số 02 of many classes of one year by name, in a constant number of queries; always Vietnamese."""
    chosen = queries.grades(grade_ids)
    if not chosen:
        return []
    known = _known(
        {grade.person_id for grade in chosen},
        chosen[0].year,
        {unit for grade in chosen for unit in (grade.unit_id, grade.agency_id)},
    )
    deciders = queries.names([grade.decided_by for grade in chosen])
    acts = _acts(chosen)
    capacities = signatures.capacities(acts.values())
    shelf = rulebooks.shelf()
    with force_locale("vi"):
        return [
            _decided(
                _form(
                    grade.person, _Place(grade.unit_id, grade.agency_id, shelf.named(grade.rulebook)), known
                ),
                grade,
                shelf.named(grade.rulebook),
                signed(
                    grade.decided_at,
                    deciders.get(grade.decided_by or 0, ""),
                    capacities[acts[grade.id]] if grade.id in acts else (),
                ),
            )
            for grade in chosen
        ]


def own_form(person_id: int, year: int) -> YearForm | None:
    """An official's own form of a year that is not classified yet; None without a sheet in that year."""
    known = _known({person_id}, year, set())
    if not known.served.get(person_id):
        return None
    last = known.served[person_id][-1]
    book = rulebooks.shelf().named(last.rulebook)
    with force_locale("vi"):
        return _form(db.session.get_one(Person, person_id), _Place(last.unit_id, last.agency_id, book), known)


def _known(people: set[int], year: int, units: set[int]) -> _Year:
    served: dict[int, list[Row[Any]]] = {}
    for row in queries.year_sheets(people, year):
        served.setdefault(row.person_id, []).append(row)
    units = units | {
        unit for rows in served.values() for row in rows for unit in (row.unit_id, row.agency_id)
    }
    day = min(date(year, 12, 31), clock.today())
    return _Year(
        year,
        grade_questions.months(people, year, provisional=True),
        served,
        queries.self_classifications(people, year),
        organisation.unit_names(units, day),
    )


def _form(person: Person, place: _Place, known: _Year) -> YearForm:
    served = known.served.get(person.id, [])
    unit, agency = known.units.get(place.unit_id, ""), known.units.get(place.agency_id, "")
    heads = (agency, unit) if place.unit_id != place.agency_id else ("", agency)
    said = known.said.get(person.id)
    return YearForm(
        draft=NOT_DECIDED,
        superior=heads[0].upper(),
        issuer=heads[1].upper(),
        year=known.year,
        name=person.full_name,
        office=served[-1].title if served else "",
        unit=unit,
        months=_months(known.months.get(person.id, []), served, place, known),
        mean="",
        mean_note="",
        own_class=said.klass.value if said else "",
        decided_class="",
        handling="",
        official=signed(said.given_at, person.full_name) if said else Signature(),
        authority=Signature(),
    )


def _months(
    months: Iterable[MonthOfYear], served: Iterable[Row[Any]], place: _Place, known: _Year
) -> tuple[MonthRow, ...]:
    """Twelve rows; the points of a quarter stand in its last month and its other months say so."""
    where = {row.month.month: row for row in served}
    rows = {number: MonthRow(number) for number in range(1, 13)}
    for one in months:
        quarterly = one.month in where and where[one.month].cycle is Cycle.QUARTER
        last = one.month + 2 if quarterly else one.month
        for number in range(one.month, last):
            rows[number] = MonthRow(number, "", f"tính chung {_quarter(one)}")
        points = ""
        if one.score is not None:
            points = points_that_hold(one.score, place.book, date(known.year, one.month, 1))
        notes = [_quarter(one)] if quarterly else []
        if one.state == ReportState.NOT_RATED:
            notes.append(_leave(one))
        if one.stage and one.stage != Stage.FINAL:
            notes.append("tạm tính, chưa xác nhận")
        if one.month in where:
            notes += _elsewhere(where[one.month], place, known.units)
        rows[last] = MonthRow(last, points, "; ".join(notes))
    return tuple(rows[number] for number in range(1, 13))


def _quarter(one: MonthOfYear) -> str:
    return f"quý {ROMAN[(one.month + 2) // 3]}"


def _elsewhere(row: Row[Any], place: _Place, units: dict[int, str]) -> list[str]:
    """The unit of a month that was spent elsewhere: old months travel with the official (Article 19.1)."""
    if row.agency_id != place.agency_id:
        return [f"tại {units.get(row.agency_id, 'đơn vị cũ')}"]
    if row.unit_id != place.unit_id:
        return [f"tại {units.get(row.unit_id, 'đơn vị cũ')}"]
    return []


def _leave(one: MonthOfYear) -> str:
    reason = ABSENCES.get(AbsenceKind(one.not_rated_reason)) if one.not_rated_reason else None
    return _(reason) if reason else "không đánh giá"


def _acts(chosen: Collection[YearGrade]) -> dict[int, Act]:
    """The classes that were decided in the place of the competent head, by class."""
    heads = queries.deciders_for([grade.id for grade in chosen if grade.state in DECIDED])
    return {
        grade.id: Act(
            grade.decided_by,
            heads[grade.id],
            grade.confirming_unit_id,
            grade.decided_at.astimezone(clock.PROVINCE_ZONE).date(),
        )
        for grade in chosen
        if grade.id in heads and grade.decided_by is not None and grade.decided_at is not None
    }


def _decided(form: YearForm, grade: YearGrade, book: Rulebook, authority: Signature) -> YearForm:
    """The mean, and the authority's part once the class is decided; never from a proposal."""
    if grade.exact_mean:
        mean = points_that_hold(parse_exact(grade.exact_mean), book, date(grade.year, 1, 1))
        note = "" if grade.months_counted in (0, 12) else f"trung bình của {grade.months_counted} kỳ có điểm"
        form = replace(form, mean=mean, mean_note=note)
    if grade.state not in DECIDED or grade.decided_class is None:
        return form
    return replace(
        form,
        draft="",
        decided_class=grade.decided_class.value,
        handling=LET_GO if grade.decided_class is Band.KHTNV else "",
        authority=authority,
    )
