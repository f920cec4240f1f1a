"""Article 11.3 clause by clause, and Article 20.4 where one fact alone decides the year: each once for and once against."""

from datetime import date
from fractions import Fraction

import pytest

from evaluation.rules.bands import Band
from evaluation.rules.discipline_years import (
    Decision,
    NotCounted,
    Served,
    counted_in,
    effects,
    organisation_of,
)
from evaluation.rules.grading import Blocker, annual_class
from evaluation.rules.rulebook import default_shelf

DAY = date(2026, 1, 1)
BOOK = default_shelf().for_day("evaluation", DAY)


def decision(number: int, effective: str, **given: object) -> Decision:
    day = date.fromisoformat(effective)
    facts = {"decided_on": day, "effective_on": day, "duty_related": True} | given
    return Decision(number, f"{number}/QĐ", **facts)  # type: ignore[arg-type]


def years(*decisions: Decision) -> dict[int, int | None]:
    return {effect.decision.id: effect.year for effect in effects(decisions)}


def test_a_discipline_tied_to_public_duty_makes_its_year_not_completed() -> None:
    assert years(decision(1, "2026-05-04")) == {1: 2026}


def test_a_discipline_not_tied_to_public_duty_and_a_quashed_one_count_in_no_year() -> None:
    found = effects([decision(1, "2026-05-04", duty_related=False), decision(2, "2026-06-01", quashed=True)])
    assert [(effect.year, effect.why_not) for effect in found] == [
        (None, NotCounted.NOT_DUTY_RELATED),
        (None, NotCounted.QUASHED),
    ]


def test_a_party_and_an_administrative_decision_for_one_act_in_two_years_count_in_the_first_only() -> None:
    party, state = decision(1, "2026-12-20"), decision(2, "2027-01-15", same_act_as=1)
    assert years(party, state) == {1: 2026, 2: None}
    assert counted_in([party, state], 2027) == ()
    assert effects([party, state])[1].why_not is NotCounted.SAME_ACT_COUNTED_BEFORE


def test_the_link_may_stand_on_either_decision_and_run_over_a_third() -> None:
    first = decision(3, "2026-12-20")
    assert years(
        first, decision(1, "2027-02-01", same_act_as=3), decision(2, "2028-02-01", same_act_as=1)
    ) == {
        3: 2026,
        1: None,
        2: None,
    }


def test_two_acts_in_two_years_count_in_both() -> None:
    assert years(decision(1, "2026-12-20"), decision(2, "2027-01-15")) == {1: 2026, 2: 2027}


def test_two_decisions_for_one_act_in_one_year_are_both_grounds_of_that_year() -> None:
    assert years(decision(1, "2026-02-01"), decision(2, "2026-11-01", same_act_as=1)) == {1: 2026, 2: 2026}


def test_a_quashed_first_decision_does_not_use_the_act_up() -> None:
    quashed = decision(1, "2026-12-20", quashed=True)
    assert years(quashed, decision(2, "2027-01-15", same_act_as=1)) == {1: None, 2: 2027}


def test_an_act_on_which_an_earlier_class_rested_does_not_count_again() -> None:
    (effect,) = effects([decision(1, "2027-03-01", used_in=2026)])
    assert (effect.year, effect.why_not) == (None, NotCounted.ACT_ALREADY_A_GROUND)


def test_an_act_used_in_the_year_of_its_own_decision_counts_there() -> None:
    assert years(decision(1, "2027-03-01", used_in=2027)) == {1: 2027}


SERVICE = [Served(10, date(2026, 1, 1), date(2026, 7, 1)), Served(20, date(2026, 7, 1))]


def test_an_act_at_the_old_agency_punished_at_the_new_one_counts_in_the_old_ones_result() -> None:
    assert organisation_of(decision(1, "2026-09-01", act_on=date(2026, 3, 1)), SERVICE) == 10
    assert organisation_of(decision(1, "2026-09-01", act_unit=10), SERVICE) == 10


def test_an_act_at_the_new_agency_counts_in_the_new_ones_result() -> None:
    assert organisation_of(decision(1, "2026-09-01", act_on=date(2026, 8, 1)), SERVICE) == 20
    assert organisation_of(decision(1, "2026-09-01"), SERVICE) == 20


def test_acts_at_both_agencies_count_each_by_the_time_of_the_act() -> None:
    both = [
        decision(1, "2026-09-01", act_on=date(2026, 3, 1)),
        decision(2, "2026-10-01", act_on=date(2026, 8, 1)),
    ]
    assert [organisation_of(one, SERVICE) for one in both] == [10, 20]


def test_an_act_on_a_day_without_service_has_no_organisation() -> None:
    assert organisation_of(decision(1, "2026-09-01", act_on=date(2025, 3, 1)), SERVICE) is None


@pytest.mark.parametrize(
    ("scores", "blockers", "klass"),
    [
        (["49.99"], [], Band.KHTNV),
        (["50"], [], Band.HTNV),
        (["95"], [Blocker.DEGENERATION], Band.KHTNV),
        (["95"], [], Band.HTXSNV),
        (["75"], [Blocker.DISCIPLINE_PUBLIC_DUTY], Band.KHTNV),
        (["75"], [], Band.HTTNV),
        (["90"], [Blocker.UNIT_CORRUPTION], Band.KHTNV),
        (["89.99"], [], Band.HTTNV),
    ],
)
def test_each_ground_of_article_20_4_decides_alone(
    scores: list[str], blockers: list[Blocker], klass: Band
) -> None:
    found = annual_class([Fraction(score) for score in scores], book=BOOK, day=DAY, blockers=blockers)
    assert found.klass is klass
