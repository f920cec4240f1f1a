"""Quarter, half-year and year of people, from their months and their quarters evaluated whole (Article 17.3)."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from evaluation.queries import rollup_averages as queries
from evaluation.queries.rollup_averages import PartOfYear
from evaluation.rules import scoring
from evaluation.rules.explain import exact, parse_exact
from evaluation.rules.periods import Month, Span, SpanKind, Stretch, spans_containing
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.spans import ScoredPart, span_score
from evaluation.services import rulebooks


def roll_up(stretch: Stretch, first: int, last: int) -> None:
    """Quarter, half-year and year of a run of people: exact means of the months that have a score."""
    spans = spans_containing(stretch)
    queries.replace_spans(spans, first, last, _lines(spans, first, last))


def _lines(spans: tuple[Span, ...], first: int, last: int) -> Iterator[str]:
    day = spans[0].first_day
    book = rulebooks.shelf().for_day("evaluation", day)
    how = book.choice("span_score", day)
    keys = [
        (f"{span.kind.value}\t{span.year}\t{span.index}", {month.month for month in span.months})
        for span in spans
    ]
    same_law = {
        month.month for month in Span(SpanKind.YEAR, day.year).months if _same_bands(book, day, month)
    }
    others = _others(book, day.year, first, last)
    # Span by span: rows that are read together are written together.
    lines: list[list[str]] = [[] for _span in spans]
    quarters = queries.quarters_of_year(day.year, first, last)
    rows = queries.totals_of_year(day.year, first, last)
    for person_id, months in groupby(rows, key=itemgetter(0)):
        law, since = others.get(person_id, (book, day))
        scored: list[Any] = list(months)
        whole = quarters.pop(person_id, None)
        if whole is not None or how != "MEAN_OF_MONTHS":
            parts = [PartOfYear(row.month, row.exact_total, row.unit_id, 1, row.month) for row in scored]
            _add_mixed(lines, keys, person_id, [*parts, *(whole or [])], law, since, how)
            continue
        known: dict[tuple[int, ...], str] = {}
        for (key, inside), of_span in zip(keys, lines, strict=True):
            which = tuple([row[1] for row in scored if row[1] in inside])
            if not which:
                continue
            if which not in known:
                known[which] = _of_months(
                    [row for row in scored if row[1] in inside],
                    law,
                    since,
                    same_law if law is book else set(),
                )
            of_span.append(f"{key}\t{person_id}\t{known[which]}\n")
    for person_id, whole in quarters.items():
        _add_mixed(lines, keys, person_id, whole, *others.get(person_id, (book, day)), how)
    return chain.from_iterable(lines)


def _others(usual: Rulebook, year: int, first: int, last: int) -> dict[int, tuple[Rulebook, date]]:
    """Law and day of those in a run of people whom another law than that of công chức gives points."""
    found = {
        law.kind: law.book for law in rulebooks.scoring_laws(date(year, 12, 31)) if law.unit_code is None
    }
    days = {
        kind: (book, rulebooks.day_of_year(book, year)) for kind, book in found.items() if book is not usual
    }
    if not days:
        return {}
    return {row.id: days[row.kind] for row in queries.people_of_kinds(list(days), first, last)}


def _of_months(months: list[Any], book: Rulebook, day: date, same_law: set[int]) -> str:
    last = months[-1]
    where = f"{last.unit_id}\t{day.year}-{last.month:02d}-01"
    if len(months) == 1 and last.month in same_law:  # the mean of one month is that month
        return f"1\t{last.total}\t{last.exact_total}\t{last.band}\t{where}"
    average = sum((parse_exact(row.exact_total) for row in months), Fraction(0)) / len(months)
    return _columns(average, len(months), where, book, day)


def _add_mixed(
    lines: list[list[str]],
    keys: list[tuple[str, set[int]]],
    person_id: int,
    parts: list[PartOfYear],
    book: Rulebook,
    day: date,
    how: str | bool,
) -> None:
    """The spans of somebody who was evaluated by quarter in the year, or by another reading of the law than the usual."""
    parts = sorted(parts, key=lambda part: part.last_month)
    for (key, inside), of_span in zip(keys, lines, strict=True):
        within = [row for row in parts if row.month in inside]
        average = span_score(
            (ScoredPart(parse_exact(row.exact_total), (row.month + 2) // 3, row.months) for row in within),
            how,
        )
        if average is not None:
            last = within[-1]
            where = f"{last.unit_id}\t{day.year}-{last.last_month:02d}-01"
            months = sum(row.months for row in within)
            of_span.append(f"{key}\t{person_id}\t{_columns(average, months, where, book, day)}\n")


def _columns(average: Fraction, months: int, where: str, book: Rulebook, day: date) -> str:
    band = scoring.band_of(average, book=book, day=day)
    return f"{months}\t{four_decimals(average)}\t{exact(average)}\t{band}\t{where}"


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
