"""A month rolled up in its fixed order: sheets, units, leaders, people's averages, units' averages; every part repeatable."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Job, Period, Stage
from evaluation.queries import rollup_averages as average_queries
from evaluation.queries import rollup_leaders as leader_queries
from evaluation.queries import rollups as queries
from evaluation.queries import sums as sums_queries
from evaluation.queries.sums import exact_number
from evaluation.rules import scoring
from evaluation.rules.explain import exact, parse_exact
from evaluation.rules.periods import Month, Span, SpanKind, spans_containing
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.scoring import LeaderRatios, Parts, ScoreStatus, Totals
from evaluation.rules.terms import sql_terms
from evaluation.rules.workflow import ReportState
from evaluation.services import jobs, rulebooks
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Fault, Invalid

SHEETS_A_CHUNK = 10_000
PEOPLE_A_CHUNK = 10_000
NULL = r"\N"
NOT_RATED = ReportState.NOT_RATED.value


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What a roll-up of a month came to."""

    sheets: int
    scored: int
    not_rated: int
    differing: int
    units: int


def ask_for(actor: Actor | None, month: Month) -> Job:
    """Asks for a month's roll-up; Home Affairs, or the timetable without an actor."""
    return jobs.ask(actor, ROLL_UP.name, {"month": str(month)})


def ask_for_due() -> list[Job]:
    """Asks for every month whose sheets changed since its last roll-up."""
    return [ask_for(None, month) for month in queries.due_months()]


def run_month_now(month: Month, *, sheets_a_chunk: int = SHEETS_A_CHUNK) -> MonthFigures:
    """The same roll-up here and now, without a worker: step after step, each piece in a transaction of its own."""
    arguments = {"month": str(month)}
    for piece in plan(arguments, sheets_a_chunk):
        run_piece(arguments, piece.arguments)
    return figures(month)


def run_piece(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    """One piece of a month's roll-up in a transaction of its own; pieces of one step may be done side by side."""
    _run(arguments, piece)
    db.session.commit()


def figures(month: Month) -> MonthFigures:
    """The counts of a month as last rolled up."""
    return MonthFigures(**queries.figures(_period(month).id))


def plan(arguments: dict[str, Any], size: int = SHEETS_A_CHUNK) -> list[Piece]:
    """The pieces of a month's roll-up in their five steps."""
    period = _period(Month.parse(arguments["month"]))
    moment = clock.now().isoformat()  # what changes later is not counted in this run
    pieces = [
        Piece(1, "sheets", {"part": "sheets", "first": run.first, "last": run.last}, run.size)
        for run in queries.sheet_ranges(period.id, size)
    ]
    if not pieces:
        return []
    pieces.append(Piece(2, "units", {"part": "units", "moment": moment}))
    pieces.append(Piece(3, "leaders", {"part": "leaders", "moment": moment}))
    pieces += [
        Piece(4, "averages", {"part": "averages", "first": run.first, "last": run.last}, run.size)
        for run in average_queries.people_ranges(period.month.year, PEOPLE_A_CHUNK)
    ]
    return pieces + [
        Piece(5, "averages of units", {"part": "averages of units", "span": str(span)})
        for span in spans_containing(Month.of(period.month))
    ]


def _run(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    queries.without_waiting_for_the_disk()
    month = Month.parse(arguments["month"])
    period = _period(month)
    match piece["part"]:
        case "sheets":
            roll_up_sheets(period, piece["first"], piece["last"])
        case "units":
            queries.replace_units(period.id, period.month, datetime.fromisoformat(piece["moment"]))
        case "leaders":
            if roll_up_leaders(period):
                queries.replace_units(period.id, period.month, datetime.fromisoformat(piece["moment"]))
        case "averages":
            roll_up_averages(month, piece["first"], piece["last"])
        case "averages of units":
            average_queries.replace_span_units(Span.parse(piece["span"]))
        case unknown:
            raise ValueError(f"a roll-up has no part called {unknown}")


def _finish(arguments: dict[str, Any]) -> dict[str, Any]:
    return queries.figures(_period(Month.parse(arguments["month"])).id)


ROLL_UP = register(Kind("rollups.month", "Roll-up of month %(month)s", plan, _run, _finish))


def roll_up_sheets(period: Period, first: int, last: int) -> None:
    """The sheets of a run, worked out again from their lines and held against what was frozen."""
    queries.replace_people(period.id, first, last, _person_lines(period, first, last))


def _person_lines(period: Period, first: int, last: int) -> Iterator[str]:
    for name in queries.rulebooks_of(period.id, first, last):
        book = rulebooks.shelf().named(name)
        for row in queries.sheets(period.id, first, last, name, sql_terms(book, period.month)):
            score, differs = _person(row, book, period)
            yield f"{row.keys}\t{score.status}\t{_columns(score)}\t{'t' if differs else 'f'}\n"


def _person(row: Any, book: Rulebook, period: Period) -> tuple[Totals, bool]:
    if row.state == NOT_RATED:
        return Totals(ScoreStatus.NOT_RATED, None, None), False
    if not row.final:
        return Totals(ScoreStatus.PENDING, None, None), False
    score = scoring.totals_of_parts(
        Parts(row.assigned or 0, row.done or 0, row.quality or 0, row.progress or 0),
        exact_number(row.points),
        book=book,
        day=period.month,
        leader=None if row.office == "STAFF" else _ratios(row, book, period),
    )
    return score, _differs(score, row)


def _columns(score: Totals) -> str:
    if score.total is None or score.band is None:
        return f"{NULL}\t{NULL}\t{NULL}"
    return f"{four_decimals(score.total)}\t{exact(score.total)}\t{score.band}"


def _ratios(row: Any, book: Rulebook, period: Period) -> LeaderRatios:
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


def _differs(score: Totals, frozen: Any) -> bool:
    total = None if score.total is None else exact(score.total)
    return score.status != frozen.status or total != frozen.exact_total


def roll_up_leaders(period: Period) -> int:
    """Leaders' scores with d from their subordinates as rolled up, from the bottom until nothing moves (Article 15.3).

    Answers how many came out otherwise than with the d on their sheet.
    """
    books = {name: rulebooks.shelf().named(name) for name in leader_queries.rulebooks_of_leaders(period.id)}
    ratios = {name: _unit_results(book, period.month) for name, book in books.items()}
    book = rulebooks.shelf().for_day("evaluation", period.month)
    by_field = book.choice("deputy_unit_result", period.month) == "FIELD"
    tried: dict[int, str | None] = {}
    while moved := leader_queries.moved_leaders(
        period.id, period.month, by_field=by_field, ratios=ratios, tried=tried
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
                leader=_ratios(row, book, period),
            )
            rows.append(
                {
                    "period_id": period.id,
                    "report_id": found.report_id,
                    "status": score.status.value,
                    "total": None if score.total is None else four_decimals(score.total),
                    "exact_total": None if score.total is None else exact(score.total),
                    "band": score.band.value if score.band else None,
                    "differs": _differs(score, row),
                }
            )
    leader_queries.update_people(rows)


def roll_up_averages(month: Month, first: int, last: int) -> None:
    """Quarter, half-year and year of a run of people: exact means of the months that have a score (Article 17.3)."""
    spans = spans_containing(month)
    average_queries.replace_spans(spans, first, last, _span_lines(spans, first, last))


def _span_lines(spans: tuple[Span, ...], first: int, last: int) -> Iterator[str]:
    day = spans[0].first_day
    book = rulebooks.shelf().for_day("evaluation", day)
    keys = [
        (f"{span.kind.value}\t{span.year}\t{span.index}", {month.month for month in span.months})
        for span in spans
    ]
    same_law = {
        month.month for month in Span(SpanKind.YEAR, day.year).months if _same_bands(book, day, month)
    }
    # Span by span: rows that are read together are written together.
    lines: list[list[str]] = [[] for _span in spans]
    rows = average_queries.totals_of_year(day.year, first, last)
    for person_id, months in groupby(rows, key=itemgetter(0)):
        scored: list[Any] = list(months)
        known: dict[tuple[int, ...], str] = {}
        for (key, inside), of_span in zip(keys, lines, strict=True):
            which = tuple([row[1] for row in scored if row[1] in inside])
            if not which:
                continue
            if which not in known:
                known[which] = _average_columns(
                    [row for row in scored if row[1] in inside], book, day, same_law
                )
            of_span.append(f"{key}\t{person_id}\t{known[which]}\n")
    return chain.from_iterable(lines)


def _average_columns(months: list[Any], book: Rulebook, day: date, same_law: set[int]) -> str:
    last = months[-1]
    where = f"{last.unit_id}\t{day.year}-{last.month:02d}-01"
    if len(months) == 1 and last.month in same_law:  # the mean of one month is that month
        return f"1\t{last.total}\t{last.exact_total}\t{last.band}\t{where}"
    average = sum((parse_exact(row.exact_total) for row in months), Fraction(0)) / len(months)
    band = scoring.band_of(average, book=book, day=day)
    return f"{len(months)}\t{four_decimals(average)}\t{exact(average)}\t{band}\t{where}"


def _same_bands(book: Rulebook, day: date, month: Month) -> bool:
    try:
        other = rulebooks.shelf().for_day("evaluation", month.first_day)
    except RulebookError:
        return False
    return other is book and book.bands(month.first_day) == book.bands(day)


def four_decimals(value: Fraction) -> str:
    """Half up to four decimals, as the columns for sorting and charts hold it; for values that are not negative."""
    scaled = (2 * value.numerator * 10_000 + value.denominator) // (2 * value.denominator)
    return f"{scaled // 10_000}.{scaled % 10_000:04d}"


def _period(month: Month) -> Period:
    period = db.session.scalar(select(Period).where(Period.month == month.first_day))
    if period is None:
        raise Invalid([Fault("month", _("Month %(month)s has not been opened.", month=str(month)))])
    return period
