"""A month or a quarter rolled up in its fixed order: sheets, units, leaders, people's averages, units' averages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Job, Period
from evaluation.queries import periods as period_questions
from evaluation.queries import rollup_averages as average_queries
from evaluation.queries import rollups as queries
from evaluation.queries.sums import exact_number
from evaluation.rules import scoring
from evaluation.rules.explain import exact
from evaluation.rules.periods import Span, Stretch, in_words_of, parse_stretch, spans_containing
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import Parts, ScoreStatus, Totals
from evaluation.rules.terms import sql_terms
from evaluation.rules.workflow import ReportState
from evaluation.services import closed_periods, jobs, rollup_averages, rollup_leaders, rulebooks
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Fault, Invalid
from evaluation.services.rollup_averages import four_decimals
from evaluation.services.rollup_leaders import differs, leader_ratios

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


def ask_for(actor: Actor | None, month: Stretch) -> Job:
    """Asks for a month's roll-up; Home Affairs, or the timetable without an actor."""
    return jobs.ask(actor, ROLL_UP.name, {"month": str(month)})


def ask_for_due() -> list[Job]:
    """Asks for every month whose sheets changed since its last roll-up."""
    return [ask_for(None, month) for month in queries.due_periods()]


def run_month_now(month: Stretch, *, sheets_a_chunk: int | None = None) -> MonthFigures:
    """The same roll-up here and now, without a worker: step after step, each piece in a transaction of its own."""
    arguments = {"month": str(month)}
    for piece in plan(arguments, sheets_a_chunk):
        run_piece(arguments, piece.arguments)
    return figures(month)


def run_piece(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    """One piece of a month's roll-up in a transaction of its own; pieces of one step may be done side by side."""
    _run(arguments, piece)
    db.session.commit()


def figures(month: Stretch) -> MonthFigures:
    """The counts of a month as last rolled up."""
    return MonthFigures(**queries.figures(_period(month).id))


def plan(arguments: dict[str, Any], size: int | None = None) -> list[Piece]:
    """The pieces of a month's roll-up in their five steps."""
    period = _period(parse_stretch(arguments["month"]))
    closed_periods.hold_open(period)
    moment = clock.now().isoformat()  # what changes later is not counted in this run
    pieces = [
        Piece(1, "sheets", {"part": "sheets", "first": run.first, "last": run.last}, run.size)
        for run in queries.sheet_ranges(period.id, size or SHEETS_A_CHUNK)
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
        for span in spans_containing(period.covers)
    ]


def _run(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    queries.without_waiting_for_the_disk()
    month = parse_stretch(arguments["month"])
    period = _period(month)
    closed_periods.hold_open(period)
    match piece["part"]:
        case "sheets":
            roll_up_sheets(period, piece["first"], piece["last"])
        case "units":
            queries.replace_units(period.id, period.covers, datetime.fromisoformat(piece["moment"]))
        case "leaders":
            if rollup_leaders.roll_up(period):
                queries.replace_units(period.id, period.covers, datetime.fromisoformat(piece["moment"]))
        case "averages":
            rollup_averages.roll_up(month, piece["first"], piece["last"])
        case "averages of units":
            average_queries.replace_span_units(Span.parse(piece["span"]))
        case unknown:
            raise ValueError(f"a roll-up has no part called {unknown}")


def _finish(arguments: dict[str, Any]) -> dict[str, Any]:
    return queries.figures(_period(parse_stretch(arguments["month"])).id)


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
        leader=None if row.office == "STAFF" else leader_ratios(row, book, period),
    )
    return score, differs(score, row)


def _columns(score: Totals) -> str:
    if score.total is None or score.band is None:
        return f"{NULL}\t{NULL}\t{NULL}"
    return f"{four_decimals(score.total)}\t{exact(score.total)}\t{score.band}"


def _period(month: Stretch) -> Period:
    period = period_questions.of_month(month)
    if period is None:
        sentence = in_words_of("Month %(month)s has not been opened.", month.cycle)
        raise Invalid([Fault("month", _(sentence, month=month.short))])
    return period
