"""Every answer to every open question changes what comes out, as its text says; none may do nothing."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from evaluation.rules.delays import least_delays
from evaluation.rules.grading import annual_class, quota_readings
from evaluation.rules.organisation import Office
from evaluation.rules.party import over_fulfilled, reach_of
from evaluation.rules.petitions import last_filing_day
from evaluation.rules.rulebook import Rulebook, default_shelf
from evaluation.rules.scoring import Sums, WorkKind, WorkLine, judge, sums_of
from evaluation.rules.spans import ScoredPart, span_score

DAY = date(2026, 3, 1)
DECREE = default_shelf().named("decree-335-2025")
PARTY = default_shelf().named("party-366-2025")
N = Fraction


def over_one_hundred(book: Rulebook) -> Any:
    return judge(Sums(N(10), N(15), N(5), N(10)), N(30), book=book, day=DAY).task


def one_failed_review(book: Rulebook) -> Any:
    return sums_of([WorkLine(N(4), N(4), quality_fails=1)], book=book, day=DAY).quality


def one_delay(book: Rulebook) -> Any:
    return sums_of([WorkLine(N(4), N(4), delays=1)], book=book, day=DAY).progress


def nothing_assigned(book: Rulebook) -> Any:
    return judge(Sums(N(0), N(0), N(0), N(0)), N(30), book=book, day=DAY).total


def ad_hoc_work(book: Rulebook) -> Any:
    lines = [WorkLine(N(4), N(2)), WorkLine(N(0), N(1), kind=WorkKind.ADHOC)]
    sums = sums_of(lines, book=book, day=DAY)
    return sums.done, sums.quality, sums.progress


def one_month_of_the_first_quarter_and_three_of_the_second(book: Rulebook) -> Any:
    parts = [ScoredPart(N(60), 1), *[ScoredPart(N(80), 2)] * 3]
    return span_score(parts, book.choice("span_score", DAY))


def places_of_twenty_and_sixty(book: Rulebook) -> Any:
    return quota_readings(20, 60, book=book, day=DAY).chosen


def places_of_five_and_of_two(book: Rulebook) -> Any:
    return [quota_readings(2, good, book=book, day=DAY).chosen for good in (3, 0)]


def levels_just_under_ninety(book: Rulebook) -> Any:
    """Of a month and of a year, at 89,96 and at 89,996."""
    scores = (N(8996, 100), N(89996, 1000))
    months = [judge(Sums(*[N(1)] * 4), one - 70, book=book, day=DAY).band for one in scores]
    years = [annual_class([one] * 12, book=book, day=DAY).klass for one in scores]
    assert months == years
    return months


def delays_of_a_line(book: Rulebook) -> Any:
    """Finished eleven days after a second last day; the first one was missed too."""
    return least_delays(date(2026, 3, 1), date(2026, 3, 12), 1, book=book, day=DAY)


def who_gets_a_second_verdict(book: Rulebook) -> Any:
    return {office.value for office in Office if reach_of(book, DAY).covers(office)}


def last_day_of_a_petition(book: Rulebook) -> Any:
    return last_filing_day(book, date(2026, 3, 2))


def levels_in_the_working_of_a_month(book: Rulebook) -> Any:
    steps = judge(Sums(*[N(1)] * 4), N(20), book=book, day=DAY).steps
    return any(step.code == "band" for step in steps)


def beyond_the_plan(book: Rulebook) -> Any:
    return over_fulfilled(N(3), N(2), book=book, day=DAY)


CASES: dict[str, tuple[Rulebook, Callable[[Rulebook], Any], dict[str | bool, Any]]] = {
    "ratio_cap": (DECREE, over_one_hundred, {"EACH_100": N(175, 3), "TOTAL_70": N(70)}),
    "deduction": (DECREE, one_failed_review, {"PER_UNIT": N(15, 4), "PER_LINE": N(3)}),
    "late_product": (DECREE, one_delay, {"STEP": N(15, 4), "NOTHING": N(3)}),
    "nothing_assigned": (DECREE, nothing_assigned, {"INSUFFICIENT_DATA": None, "ZERO": N(30)}),
    "extra_work_in_quality_and_progress": (
        DECREE,
        ad_hoc_work,
        {True: (N(3), N(3), N(3)), False: (N(3), N(2), N(2))},
    ),
    "span_score": (
        DECREE,
        one_month_of_the_first_quarter_and_three_of_the_second,
        {"MEAN_OF_MONTHS": N(75), "DIRECT_QUARTER": N(70)},
    ),
    "quota_base": (DECREE, places_of_twenty_and_sixty, {"LITERAL": 13, "STATIC": 12, "OR_BETTER": 16}),
    "quota_rounding": (
        DECREE,
        places_of_five_and_of_two,
        {"FLOOR": [0, 0], "HALF_UP": [1, 0], "AT_LEAST_ONE": [1, 1]},
    ),
    "score_rounding": (
        DECREE,
        levels_just_under_ninety,
        {
            "EXACT": ["HTTNV", "HTTNV"],
            "TWO_DECIMALS_FIRST": ["HTTNV", "HTXSNV"],
            "ONE_DECIMAL_FIRST": ["HTXSNV", "HTXSNV"],
        },
    ),
    "monthly_class": (DECREE, levels_in_the_working_of_a_month, {True: True, False: False}),
    "delay_counting": (DECREE, delays_of_a_line, {"EVENT": 2, "PER_DAYS": 3}),
    "party_rules": (
        DECREE,
        who_gets_a_second_verdict,
        {"OFF": set(), "LEADERS": {"HEAD", "DEPUTY"}, "ALL": {"HEAD", "DEPUTY", "STAFF"}},
    ),
    "petition_window": (
        DECREE,
        last_day_of_a_petition,
        {"NONE": None, "WORKING_DAYS_5": date(2026, 3, 9), "WORKING_DAYS_10": date(2026, 3, 16)},
    ),
    "over_fulfilled": (PARTY, beyond_the_plan, {"MORE_THAN_ASSIGNED": N(3), "WITH_EXTRA_WORK": N(5)}),
}
# These need stored sheets: tests/services/test_every_choice.py, test_cycles.py and test_extra_income.py switch them.
STORED = {
    "december",
    "deputy_unit_result",
    "neither_case_of_organising",
    "reason_when_supervisor_differs",
    "short_quarter",
    "income_class",
}


def answers() -> list[Any]:
    return [
        pytest.param(choice, option, id=f"{choice}-{option}")
        for choice, (book, _run, _expected) in CASES.items()
        for option in book.choices[choice].options
    ]


@pytest.mark.parametrize(("choice", "option"), answers())
def test_an_answer_gives_what_its_text_says(choice: str, option: str | bool) -> None:
    book, run, expected = CASES[choice]
    assert run(book.with_choices({choice: option})) == expected[option]


@pytest.mark.parametrize("choice", CASES)
def test_no_two_answers_of_a_question_do_the_same(choice: str) -> None:
    _book, _run, expected = CASES[choice]
    outcomes = list(expected.values())
    assert all(one != other for at, one in enumerate(outcomes) for other in outcomes[at + 1 :])


def test_no_question_is_offered_that_nothing_tries() -> None:
    offered = {
        key
        for book in default_shelf().books
        if book.family in ("evaluation", "party", "extra_income")
        for key in book.choices
    }
    assert offered == CASES.keys() | STORED


def test_the_seventeen_open_questions_are_all_there_with_article_default_and_who_signed() -> None:
    asked = {choice.question for choice in DECREE.choices.values() if choice.question}
    assert asked == {f"Q{number}" for number in range(1, 18)}
    for choice in DECREE.choices.values():
        assert choice.answers.article
        assert choice.default in choice.options
        assert choice.decided_by is not None or choice.answers.at(DAY) == choice.default
