"""Golden cases of organisations, extra income and the Party: inputs read strictly, results as plain fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

from evaluation.rules.bands import Band
from evaluation.rules.case_reading import CaseError, Fields, count, number, one_of
from evaluation.rules.extra_income import extra_income
from evaluation.rules.organisation import Office
from evaluation.rules.organisation_class import OrganisationFacts, organisation_class
from evaluation.rules.party import PartyFacts, PartyVerdict, Work, quarter_verdict, year_verdict
from evaluation.rules.rulebook import Shelf

Result = dict[str, Any]
PARTY_KEYS = ("points", "assigned", "done", "over", "late", "office", "unit_done_percent", "force_majeure")


def _organisation_class(case: Fields, shelf: Shelf) -> Result:
    book = shelf.named("decree-335-2025")
    facts = OrganisationFacts(
        points=case.number("points"),
        tasks_done=case.number("tasks_done_percent"),
        tasks_late=case.number("tasks_late_percent", 0),
        tasks_over=None if "tasks_over_percent" not in case.data else case.number("tasks_over_percent"),
        sub_unit_not_completed=case.flag("sub_unit_not_completed", False),
        shortcomings_fixed=case.flag("shortcomings_fixed", True),
        quality_met=case.flag("quality_met", True),
        personnel_wrongdoing=case.flag("personnel_wrongdoing", False),
        force_majeure=case.flag("force_majeure", False),
    )
    found = organisation_class(facts, book=book, day=book.effective[0])
    return {"class": found.status.value if found.klass is None else found.klass.value}


def _extra_income(case: Fields, shelf: Shelf) -> Result:
    day = case.day("day", date(2026, 1, 1)) or date(2026, 1, 1)
    book = shelf.for_day("extra_income", day)
    found = extra_income(case.one_of("class", Band), case.number("base_salary"), book=book, day=day)
    return {"amount": found.amount, "coefficient": found.rate.coefficient, "floor": found.rate.floor}


def _party_facts(case: Fields) -> PartyFacts:
    none = Fraction(0)
    points = case.raw("points", None)
    unit_done = case.raw("unit_done_percent", None)
    return PartyFacts(
        points=None if points is None else number(points, "points"),
        work=Work(
            assigned=case.number("assigned"),
            done=case.number("done"),
            over=case.number("over", none),
            late=case.number("late", none),
        ),
        office=case.one_of("office", Office, "STAFF"),
        unit_done=None if unit_done is None else number(unit_done, "unit_done_percent"),
        force_majeure=case.flag("force_majeure", False),
    )


def _party_quarter(case: Fields, shelf: Shelf) -> Result:
    book = shelf.latest("party")
    return _party(quarter_verdict(_party_facts(case), book=book, day=book.effective[0]))


def _party_year(case: Fields, shelf: Shelf) -> Result:
    book = shelf.latest("party")
    quarters: dict[int, Band | None] = {}
    given = case.raw("quarters", {})
    if not isinstance(given, dict):
        raise CaseError("quarters must hold `number: class` lines")
    for name, klass in given.items():
        place = f"quarters.{name}"
        quarters[count(name, place)] = None if klass is None else one_of(klass, Band, place)
    found = year_verdict(_party_facts(case), quarters, book=book, day=book.effective[0])
    return _party(found) | {"consider_replacement": found.consider_replacement}


def _party(found: PartyVerdict) -> Result:
    return {"status": found.status.value, "class": None if found.klass is None else found.klass.value}


Runner = Callable[[Fields, Shelf], Result]
MORE_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Runner]] = {
    "organisation_class": (
        (
            "points",
            "tasks_done_percent",
            "tasks_late_percent",
            "tasks_over_percent",
            "sub_unit_not_completed",
            "shortcomings_fixed",
            "quality_met",
            "personnel_wrongdoing",
            "force_majeure",
        ),
        ("class",),
        _organisation_class,
    ),
    "extra_income": (("base_salary", "class", "day"), ("amount", "coefficient", "floor"), _extra_income),
    "party_quarter": (PARTY_KEYS, ("status", "class"), _party_quarter),
    "party_year": ((*PARTY_KEYS, "quarters"), ("status", "class", "consider_replacement"), _party_year),
}
