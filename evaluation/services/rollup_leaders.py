"""Leaders judged again, with d from their subordinates as rolled up (Article 15.3)."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from evaluation.models import Period, Stage
from evaluation.queries import rollup_leaders as queries
from evaluation.queries import sums as sums_queries
from evaluation.rules import scoring
from evaluation.rules.explain import exact, parse_exact
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import LeaderRatios, Totals
from evaluation.rules.terms import sql_terms
from evaluation.services import rulebooks
from evaluation.services.rollup_averages import four_decimals


def roll_up(period: Period) -> int:
    """Leaders' scores with d from their subordinates as rolled up, from the bottom until nothing moves (Article 15.3).

    Answers how many came out otherwise than with the d on their sheet.
    """
    books = {name: rulebooks.shelf().named(name) for name in queries.rulebooks_of_leaders(period.id)}
    ratios = {name: _unit_results(book, period.month) for name, book in books.items()}
    book = rulebooks.shelf().for_day("evaluation", period.month)
    by_field = book.choice("deputy_unit_result", period.month) == "FIELD"
    tried: dict[int, str | None] = {}
    while moved := queries.moved_leaders(
        period.id, period.covers, by_field=by_field, ratios=ratios, tried=tried
    ):
        _judge_again(period, moved)
        tried |= {row.report_id: row.unit_result for row in moved}
    return len(tried)


def _unit_results(book: Rulebook, day: date) -> tuple[str, str]:
    """d in full and d reduced, as exact text."""
    return exact(book.number("leader_ratio_full", day)), exact(book.number("leader_ratio_reduced", day))


def _judge_again(period: Period, moved: list[Any]) -> None:
    rows = []
    for name, group in groupby(sorted(moved, key=attrgetter("rulebook")), key=attrgetter("rulebook")):
        book = rulebooks.shelf().named(name)
        of_book = {row.report_id: row for row in group}
        for found in sums_queries.of_reports(list(of_book), Stage.FINAL, sql_terms(book, period.month)):
            row = of_book[found.report_id]
            score = scoring.totals(
                found.sums,
                found.general,
                book=book,
                day=period.month,
                leader=leader_ratios(row, book, period),
            )
            rows.append(
                {
                    "period_id": period.id,
                    "report_id": found.report_id,
                    "status": score.status.value,
                    "total": None if score.total is None else four_decimals(score.total),
                    "exact_total": None if score.total is None else exact(score.total),
                    "band": score.band.value if score.band else None,
                    "differs": differs(score, row),
                }
            )
    queries.update_people(rows)


def leader_ratios(row: Any, book: Rulebook, period: Period) -> LeaderRatios:
    """d, đ and e of a leader's row; đ or e not given yet leave the score open."""
    full = book.number("leader_ratio_full", period.month)
    if row.organising is None or row.cohesion is None:
        return LeaderRatios(None, full, full)
    return _read_ratios(row.unit_result, row.organising, row.cohesion)


@lru_cache(maxsize=64)
def _read_ratios(unit_result: str | None, organising: Decimal, cohesion: Decimal) -> LeaderRatios:
    """d, đ and e as the tables hold them; a handful of combinations make up a province."""
    return LeaderRatios(
        parse_exact(unit_result) if unit_result else None, Fraction(organising), Fraction(cohesion)
    )


def differs(score: Totals, frozen: Any) -> bool:
    """Whether a score is another than the frozen one."""
    total = None if score.total is None else exact(score.total)
    return score.status != frozen.status or total != frozen.exact_total
