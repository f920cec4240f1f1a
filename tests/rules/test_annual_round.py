"""The round of Article 21: its steps by kind of person, how far it is, what a decision lacks, its days."""

from datetime import date

import pytest

from evaluation.rules import annual_round, circumstances
from evaluation.rules.annual_round import RoundFacts, RoundState
from evaluation.rules.circumstances import Code, PartOfYear, YearFacts
from evaluation.rules.discipline_years import Decision, effects
from evaluation.rules.grading import AnnualStatus
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import default_shelf

DAY = date(2026, 12, 5)
BOOK = default_shelf().for_day("evaluation", date(2026, 1, 1))
S = RoundState


def facts(office: Office = Office.STAFF, **given: object) -> RoundFacts:
    return RoundFacts(office=office, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("office", list(Office))
def test_the_partys_opinion_is_a_step_of_heads_and_deputies_only(office: Office) -> None:
    states = [step.state for step in annual_round.steps_of(facts(office))]
    assert (S.PARTY_OPINION in states) is (office is not Office.STAFF)
    lacks = annual_round.lacking(facts(office))
    assert lacks == ((S.MEETING_HELD, S.PARTY_OPINION) if office.leads else (S.MEETING_HELD,))


def test_a_year_goes_through_the_states_in_order() -> None:
    known: dict[str, object] = {}
    seen = [annual_round.state_of(facts(Office.HEAD))]
    for name in ("self_on", "meeting_on", "party_on", "proposed_on", "decided_on", "published_on"):
        known[name] = DAY
        seen.append(annual_round.state_of(facts(Office.HEAD, **known)))
    seen.append(annual_round.state_of(facts(Office.HEAD, **known, replaces=True)))
    assert seen == list(RoundState)


def test_who_is_away_is_not_held_up_by_the_own_class_but_by_the_meeting() -> None:
    assert annual_round.state_of(facts(meeting_on=DAY, proposed_on=DAY)) is S.PROPOSED
    assert annual_round.state_of(facts(self_on=DAY, proposed_on=DAY)) is S.SELF_RATED
    assert annual_round.lacking(facts(meeting_on=DAY)) == ()


def test_a_head_waiting_for_the_units_class_is_not_proposed() -> None:
    waiting = facts(Office.HEAD, meeting_on=DAY, party_on=DAY, proposed_on=DAY, waits_for_unit=True)
    assert annual_round.state_of(waiting) is S.PARTY_OPINION


def test_before_15_december_ends_on_the_14th_and_special_sectors_a_month_later() -> None:
    usual, late = annual_round.dates(2026, BOOK), annual_round.dates(2026, BOOK, late=True)
    assert usual is not None
    assert late is not None
    assert (usual.last_day, late.last_day) == (date(2026, 12, 14), date(2027, 1, 14))


def test_a_rulebook_without_the_round_asks_for_nothing() -> None:
    older = default_shelf().for_day("evaluation", date(2024, 1, 1))
    assert annual_round.dates(2024, older) is None
    assert circumstances.circumstances(YearFacts(2024), AnnualStatus.RATED, 12, older) == ()


def part(
    month: int, agency: int, name: str, *, final: bool = True, not_rated: str | None = None
) -> PartOfYear:
    return PartOfYear((month,), agency, name, final, not_rated)


def told(year: YearFacts, status: AnnualStatus = AnnualStatus.RATED, worked: int = 12) -> dict[str, str]:
    found = circumstances.circumstances(year, status, worked, BOOK)
    assert all(one.article for one in found)
    return {str(one.code): one.detail for one in found}


def test_an_ordinary_year_has_no_circumstances() -> None:
    assert told(YearFacts(2026, [part(month, 1, "Sở A") for month in range(1, 13)])) == {}


def test_a_transfer_names_the_months_of_each_agency_and_those_without_result() -> None:
    months = [part(month, 1, "Sở A", final=month != 3) for month in range(1, 6)]
    months += [part(month, 2, "Sở B", final=False) for month in range(6, 9)]
    assert told(YearFacts(2026, months)) == {
        Code.TRANSFERRED: "1–5/2026: Sở A; 6–8/2026: Sở B",
        Code.RESULTS_MISSING: "3/2026",
    }


def test_months_on_leave_stay_out_and_the_rest_is_the_actual_time() -> None:
    months = [
        part(month, 1, "Sở A", not_rated="MATERNITY" if 3 <= month <= 8 else None) for month in range(1, 13)
    ]
    assert told(YearFacts(2026, months), AnnualStatus.RATED_ON_ACTUAL_TIME, 6) == {
        Code.RATED_ON_ACTUAL_TIME: "1–2, 9–12/2026",
        Code.NOT_EVALUATED_THIS_PERIOD: "3–8/2026",
    }


def test_under_six_months_says_how_many() -> None:
    months = [part(month, 1, "Sở A") for month in range(9, 13)]
    assert told(YearFacts(2026, months), AnnualStatus.NOT_RATED_UNDER_6M, 4) == {Code.NOT_RATED_UNDER_6M: "4"}


def test_secondment_other_posts_absence_and_conclusions_are_named() -> None:
    year = YearFacts(
        2026,
        seconded=["Sở A → Sở B, 01/03/2026"],
        concurrent=["Thư ký, Văn phòng, 01/01/2026"],
        away="Maternity leave",
        concluded=[("DEGENERATION", "Ủy ban Kiểm tra, 5-KL (01/06/2026)")],
    )
    assert set(told(year)) == {
        Code.SECONDED,
        Code.CONCURRENT,
        Code.ABSENT_AT_CLASSIFICATION,
        Code.CONCLUDED,
    }


def test_a_discipline_that_does_not_count_again_is_still_named_in_its_year() -> None:
    first = Decision(1, "1/QĐ", date(2025, 12, 1), date(2025, 12, 1), True)
    again = Decision(2, "2/QĐ", date(2026, 2, 1), date(2026, 2, 1), True, same_act_as=1)
    assert told(YearFacts(2026, discipline=effects([first, again]))) == {
        Code.SAME_ACT_COUNTED_BEFORE: "2/QĐ (01/02/2026)"
    }
