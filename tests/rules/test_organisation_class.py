"""The class of an organisation: levels only where the text gives one, and bad facts never help (Article 8)."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.organisation_class import (
    Condition,
    OrganisationFacts,
    OrganisationStatus,
    organisation_class,
    organisation_quota,
    total_points,
)
from evaluation.rules.rulebook import default_shelf

DAY = date(2026, 12, 1)
LAW = default_shelf().named("decree-335-2025")
percents = st.fractions(0, 100, max_denominator=60)
edges = st.sampled_from([Fraction(n) for n in (0, 49, 50, 69, 70, 89, 90, 100)])
facts = st.builds(
    OrganisationFacts,
    points=percents | edges,
    tasks_done=percents | edges,
    tasks_late=st.none() | percents | st.sampled_from([Fraction(0), Fraction(20)]),
    tasks_over=st.none() | percents | st.just(Fraction(30)),
    quality_met=st.booleans(),
    sub_unit_not_completed=st.booleans(),
    shortcomings_fixed=st.booleans(),
    personnel_wrongdoing=st.booleans(),
    force_majeure=st.booleans(),
)


def klass(given: OrganisationFacts) -> Band | None:
    return organisation_class(given, book=LAW, day=DAY).klass


@given(facts, percents)
def test_more_points_never_lower_the_class(one: OrganisationFacts, more: Fraction) -> None:
    better = replace(one, points=min(one.points + more, Fraction(100)))
    before, after = klass(one), klass(better)
    if before is not None and after is not None:
        assert after >= before


@given(facts, st.data())
def test_a_bad_fact_never_helps(one: OrganisationFacts, data: st.DataObject) -> None:
    worse = data.draw(
        st.sampled_from(
            [
                replace(one, personnel_wrongdoing=True),
                replace(one, sub_unit_not_completed=True),
                replace(one, shortcomings_fixed=False),
                replace(one, quality_met=False),
                replace(one, tasks_done=one.tasks_done / 2),
                replace(one, tasks_late=None if one.tasks_late is None else (one.tasks_late + 100) / 2),
                replace(one, tasks_over=None),
            ]
        )
    )
    before, after = klass(one), klass(worse)
    if after is not None:
        assert before is not None or after is Band.KHTNV
        assert before is None or after <= before


@given(facts)
def test_without_a_class_something_is_unmet_and_with_one_nothing_is(one: OrganisationFacts) -> None:
    found = organisation_class(one, book=LAW, day=DAY)
    assert (
        (found.klass is None) == (found.status is OrganisationStatus.REQUIRES_DECISION) == bool(found.unmet)
    )
    assert all(step.article for step in found.steps)


def test_the_working_names_the_condition_that_kept_the_level_away() -> None:
    found = organisation_class(
        OrganisationFacts(Fraction(95), Fraction(100), tasks_over=Fraction(10), shortcomings_fixed=False),
        book=LAW,
        day=DAY,
    )
    assert found.unmet == (Condition.TASKS_OVER, Condition.SHORTCOMINGS)
    over = next(step for step in found.steps if step.code == "TASKS_OVER")
    assert (over.formula, over.article) == ("10% < 30%", "Điều 8.1 NĐ 335/2025")


def test_thirty_and_seventy_are_the_most() -> None:
    assert total_points(Fraction(28), Fraction(65), book=LAW, day=DAY) == 93
    with pytest.raises(ValueError, match="31 is not between 0 and 30"):
        total_points(Fraction(31), Fraction(65), book=LAW, day=DAY)
    with pytest.raises(ValueError, match="71 is not between 0 and 70"):
        total_points(Fraction(30), Fraction(71), book=LAW, day=DAY)


@given(st.integers(0, 300), st.integers(0, 300), st.booleans())
def test_the_cap_of_organisations_never_passes_its_share_of_the_base(
    excellent: int, good: int, exceptional: bool
) -> None:
    found = organisation_quota(excellent, good, book=LAW, day=DAY, exceptional=exceptional)
    share = Fraction(1, 4) if exceptional else Fraction(1, 5)
    assert found.static <= share * good // 1
    assert found.or_better <= share * (good + excellent) // 1
    assert found.literal <= share * (good + excellent - found.literal)
    assert max(found.literal, found.static, found.or_better) <= excellent


def test_the_texts_of_articles_five_to_nine_are_all_there() -> None:
    sizes = {"general_criteria": 3, "result_criteria": 8, "authorities": 5, "procedure": 3, "levels": 4}
    assert {name: len(LAW.table(f"organisations.{name}", DAY)) for name in sizes} == sizes
