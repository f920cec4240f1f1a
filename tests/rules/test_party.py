"""The Party's second verdict: gates, levels, and what a failed quarter does to the year."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office
from evaluation.rules.party import (
    AXES,
    PartyFacts,
    PartyStatus,
    Reach,
    Work,
    longest_run,
    quarter_verdict,
    reach_of,
    year_verdict,
)
from evaluation.rules.rulebook import default_shelf

DAY = date(2026, 4, 1)
BOOK = default_shelf().latest("party")
STATE = default_shelf().named("decree-335-2025")


@st.composite
def works(draw: st.DrawFn) -> Work:
    assigned = draw(st.integers(0, 40))
    done = draw(st.sampled_from([assigned, draw(st.integers(0, assigned))]))
    return Work(
        *(Fraction(n) for n in (assigned, done, draw(st.integers(0, 30)), draw(st.sampled_from([0, 0, 3]))))
    )


facts = st.builds(
    PartyFacts,
    points=st.none() | st.integers(0, 100).map(Fraction),
    work=works(),
    office=st.sampled_from(Office),
    unit_done=st.none() | st.sampled_from([Fraction(n) for n in (0, 69, 70, 100)]),
    force_majeure=st.booleans(),
)
classes = st.none() | st.sampled_from(Band)
quarters = st.dictionaries(st.integers(1, 3), classes)


@given(facts)
def test_fewer_than_all_own_tasks_always_fails_unless_force_majeure_is_confirmed(one: PartyFacts) -> None:
    found = quarter_verdict(one, book=BOOK, day=DAY)
    if one.points is None or one.work.assigned == 0:
        assert found.status is PartyStatus.INSUFFICIENT_DATA
    elif one.work.done < one.work.assigned and not one.force_majeure:
        assert found.klass is Band.KHTNV


@given(facts)
def test_a_collective_below_its_gate_fails_its_head_and_bars_excellent_for_its_deputies(
    one: PartyFacts,
) -> None:
    found = quarter_verdict(replace(one, unit_done=Fraction(69)), book=BOOK, day=DAY)
    if found.status is PartyStatus.INSUFFICIENT_DATA:
        return
    if one.office is Office.HEAD:
        assert found.klass is Band.KHTNV
    if one.office is Office.DEPUTY:
        assert found.klass is not Band.HTXSNV
    if one.office is Office.STAFF:
        assert found.klass is quarter_verdict(replace(one, unit_done=None), book=BOOK, day=DAY).klass


@given(facts, st.integers(0, 100))
def test_more_points_never_lower_the_verdict(one: PartyFacts, more: int) -> None:
    if one.points is None:
        return
    better = replace(one, points=min(one.points + more, Fraction(100)))
    before = quarter_verdict(one, book=BOOK, day=DAY).klass
    after = quarter_verdict(better, book=BOOK, day=DAY).klass
    if before is not None and after is not None:
        assert after >= before


@given(facts, quarters)
def test_one_failed_quarter_bars_excellent_for_the_year(
    one: PartyFacts, before: dict[int, Band | None]
) -> None:
    found = year_verdict(one, before, book=BOOK, day=DAY)
    failed = [number for number, verdict in before.items() if verdict is Band.KHTNV]
    if failed:
        assert found.klass is not Band.HTXSNV
    else:
        assert found.klass is quarter_verdict(one, book=BOOK, day=DAY).klass
    if found.status is not PartyStatus.INSUFFICIENT_DATA:
        assert found.consider_replacement == (longest_run(failed) >= 2)


def test_the_fourth_quarter_has_no_verdict_of_its_own() -> None:
    one = PartyFacts(Fraction(80), Work(Fraction(1), Fraction(1), Fraction(0), Fraction(0)))
    with pytest.raises(ValueError, match="quarters that are evaluated"):
        year_verdict(one, {4: Band.HTTNV}, book=BOOK, day=DAY)


def test_a_run_of_failed_quarters_is_counted_without_gaps() -> None:
    assert [longest_run(numbers) for numbers in ([], [2], [1, 3], [2, 3], [1, 2, 3])] == [0, 1, 1, 2, 3]


@given(facts)
def test_every_step_names_its_document(one: PartyFacts) -> None:
    assert all(step.article for step in quarter_verdict(one, book=BOOK, day=DAY).steps)


def test_off_by_default_and_each_reach_covers_whom_it_says() -> None:
    assert reach_of(STATE, DAY) is Reach.OFF
    for answer, covered in (("OFF", set()), ("LEADERS", {Office.HEAD, Office.DEPUTY}), ("ALL", set(Office))):
        reach = reach_of(STATE.with_choices({"party_rules": answer}), DAY)
        assert {office for office in Office if reach.covers(office)} == covered


def test_the_six_axes_are_there() -> None:
    assert len(BOOK.table(AXES, DAY)) == 6
