"""How values look on a page: numbers, dates, periods, levels; one filter for each, the same on every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import get_locale, gettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField
from wtforms.form import BaseForm

from evaluation import clock
from evaluation.clock import PROVINCE_ZONE
from evaluation.rules.bands import LABELS
from evaluation.rules.explain import Step, parse_exact, shown
from evaluation.rules.periods import (
    ROMAN,
    Cycle,
    Span,
    SpanKind,
    Stretch,
    in_words_of,
    parse_stretch,
    stretch_of,
)
from evaluation.rules.working import level_of
from evaluation.services import receipts, rulebooks

NOTHING = "–"
SWAP = str.maketrans(",.", ".,")
Number = Fraction | Decimal | int | str | None

BAND_KINDS = {"HTXSNV": "ok", "HTTNV": "", "HTNV": "warn", "KHTNV": "bad"}
SHORT_BANDS = {
    "HTXSNV": _l("Excellent"),
    "HTTNV": _l("Good"),
    "HTNV": _l("Completed"),
    "KHTNV": _l("Not completed"),
}


def english() -> bool:
    """Whether this reader reads English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def fraction(value: Number) -> Fraction | None:
    """The exact number behind what a row, a rule or a frozen text gives; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return parse_exact(value)
    if isinstance(value, float):
        raise TypeError("a float is not exact; give a Fraction, a Decimal or a text")
    return Fraction(value)


def points(value: Number, places: int = 2) -> str:
    """Points for the eye: '81,67', half up; nothing is '–'."""
    number = fraction(value)
    if number is None:
        return NOTHING
    text = shown(number, places)
    return text.translate(SWAP) if english() else text


def quantity(value: Number, places: int = 4) -> str:
    """A quantity with only the decimals it has: '46,5', '12', '1.234'."""
    text = points(value, places)
    mark = "." if english() else ","
    return text.rstrip("0").rstrip(mark) if mark in text else text


def percent(value: Number, places: int = 1) -> str:
    """A ratio (1 is the whole) as '98,9%'; a whole number of percent stands without decimals."""
    number = fraction(value)
    return NOTHING if number is None else f"{quantity(number * 100, places)}%"


def percents(value: Number, places: int = 1) -> str:
    """A number already in percent as '98,9%'."""
    return NOTHING if fraction(value) is None else f"{quantity(value, places)}%"


def day(value: date | None) -> str:
    """'23/11/2026'; a moment counts as its day in Vietnam."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = local(value)
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def short_day(value: date | None) -> str:
    """'23/11' where the year is plain from the page."""
    return NOTHING if value is None else day(value)[:5]


def local(value: datetime) -> datetime:
    """The moment on the clocks of Vietnam; one without a zone is UTC, as stored."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(PROVINCE_ZONE)


def moment(value: datetime | None) -> str:
    """'14:05 ngày 23/11/2026' in Vietnam, from UTC."""
    if value is None:
        return NOTHING
    return _("%(time)s on %(day)s", time=f"{local(value):%H:%M}", day=day(value))


def clock_time(value: datetime | None) -> str:
    """'14:05:12' in Vietnam, from UTC."""
    return NOTHING if value is None else f"{local(value):%H:%M:%S}"


def period_label(value: Stretch | date | str | None, cycle: Cycle = Cycle.MONTH) -> str:
    """What a sheet covers, by name: 'tháng 10/2026' or 'quý III/2026'; a day stands for its month or its quarter."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        value = parse_stretch(value)
    if isinstance(value, date):
        value = stretch_of(value, cycle)
    if isinstance(value, Span):
        return span(value)
    return _("month %(number)s/%(year)s", number=f"{value.month:02d}", year=value.year)


def period_title(value: Stretch | date | str | None, cycle: Cycle = Cycle.MONTH) -> str:
    """The same at the beginning of a line: 'Quý III/2026'."""
    name = period_label(value, cycle)
    return name[:1].upper() + name[1:]


def of_period(says: str, period: Any, **values: Any) -> str:
    """The reader's words for a message id that speaks of a month, as they read for this month or quarter."""
    return gettext(in_words_of(says, period.cycle), **values)


month = period_label  # under this name since only months were evaluated


def span(value: Span | str | None) -> str:
    """'quý III/2026', '6 tháng đầu năm 2026' or 'năm 2026'."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        value = Span.parse(value)
    if value.kind is SpanKind.QUARTER:
        return _("quarter %(number)s/%(year)s", number=ROMAN[value.index], year=value.year)
    if value.kind is SpanKind.HALF_YEAR:
        first = _("first half of %(year)s", year=value.year)
        return first if value.index == 1 else _("second half of %(year)s", year=value.year)
    return _("year %(year)s", year=value.year)


def quarter(value: int | str) -> str:
    """A quarter's number in Roman numerals: 3 is 'III'."""
    return ROMAN[int(value)]


def masked(value: str | None) -> str:
    """A personal number with only its last three digits: '•••••••••123'."""
    if not value:
        return NOTHING
    return "•" * max(len(value) - 3, 0) + value[-3:]


def band(value: str | None) -> str:
    """The full name of a level of quality; none is 'Not rated'."""
    return gettext(LABELS[str(value)]) if value else _("Not rated")


def short_band(value: str | None) -> str:
    """The level in one or two words, for a column."""
    return str(SHORT_BANDS[str(value)]) if value else _("Not rated")


def band_kind(value: str | None) -> str:
    """The colour class of a level's tag."""
    return BAND_KINDS.get(str(value), "") if value else ""


def or_dash(value: Any) -> Any:
    """Empty is '–', a zero is a zero."""
    return NOTHING if value is None or value == "" else value


def translated(value: Any) -> str:
    """The reader's words for a message id that arrives as data; unknown text stays as it is."""
    text = "" if value is None else str(value)
    return gettext(text) if text else ""


def share(value: Number, whole: Number = 100) -> str:
    """A length for an SVG attribute: part of the whole as '91.4%', kept between 0 and 100."""
    number, total = fraction(value), fraction(whole)
    if number is None or not total:
        return "0%"
    return f"{float(min(max(number / total, Fraction(0)), Fraction(1)) * 100):.2f}%"


def at_least(value: Number, limit: Number) -> bool:
    """Whether the exact value reaches the limit; nothing reaches none."""
    number, mark = fraction(value), fraction(limit)
    return number is not None and mark is not None and number >= mark


def bar_height(value: Number, whole: Number, height: int) -> str:
    """A bar's height in pixels for an SVG attribute, 2 for none."""
    number, total = fraction(value), fraction(whole)
    if number is None or not total:
        return "2"
    return f"{float(min(max(number / total, Fraction(0)), Fraction(1)) * height) or 2:.2f}"


def error_lines(errors: Any) -> list[tuple[str, str]]:
    """(target id, sentence) for the error summary, from a form, a mapping, pairs or plain sentences."""
    if isinstance(errors, BaseForm):
        lines = [("", str(sentence)) for sentence in errors.form_errors]
        return lines + [line for field in errors for line in field_lines(field)]
    if isinstance(errors, Mapping):
        return [
            (str(target or ""), str(sentence))
            for target, below in errors.items()
            for sentence in ([below] if isinstance(below, str) else below)
        ]
    return [
        (str(line[0] or ""), str(line[1])) if isinstance(line, list | tuple) else ("", str(line))
        for line in errors or ()
    ]


def field_lines(field: Any) -> list[tuple[str, str]]:
    """The lines of one field; a list of rows gives the lines of its cells, so that each links to its cell."""
    if isinstance(field, FieldList):
        inner = [line for entry in field.entries for line in field_lines(entry)]
        return inner + [(field.id, str(item)) for item in field.errors if isinstance(item, str)]
    if isinstance(field, FormField):
        return error_lines(field.form)
    return [(field.id, str(sentence)) for sentence in field.errors]


def page_url(number: int, name: str = "page") -> str:
    """This page's address with another page number, its filters kept; a second list of a page has a name of its own."""
    values: dict[str, Any] = {**request.args.to_dict(flat=False), **(request.view_args or {})}
    values[name] = number
    return url_for(request.endpoint or "", **values)


def page_numbers(number: int, pages: int) -> Iterable[int | None]:
    """First, last and the neighbours of a page; None stands for a gap."""
    last = 0
    for candidate in range(1, pages + 1):
        if candidate in (1, pages) or abs(candidate - number) <= 2:
            if candidate - last > 1:
                yield None
            yield candidate
            last = candidate


def known(endpoint: str) -> bool:
    """Whether the application has this page, for parts of the layout that can do without it."""
    return endpoint in current_app.view_functions


def month_has_class(covers: Stretch | None = None) -> bool:
    """Whether the level of a month or quarter stands beside its points (open question Q14); today unless said."""
    return rulebooks.month_has_class(covers.first_day if covers else clock.today())


def step_value(step: Step | dict[str, Any]) -> str:
    """What a step of a working came to: a number, or the level of a class."""
    known = step if isinstance(step, Step) else Step.from_json(step)
    level = level_of(known)
    return quantity(known.value) if level is None else band(level)


def register(app: Flask) -> None:
    """Gives every template the filters above."""
    app.jinja_env.filters.update(
        points=points,
        quantity=quantity,
        percent=percent,
        percents=percents,
        date=day,
        short_date=short_day,
        moment=moment,
        time=clock_time,
        period_label=period_label,
        step_value=step_value,
        period_title=period_title,
        month=period_label,
        span=span,
        quarter=quarter,
        masked=masked,
        band=band,
        short_band=short_band,
        band_kind=band_kind,
        dash=or_dash,
        translated=translated,
        share=share,
        at_least=at_least,
        bar_height=bar_height,
        error_lines=error_lines,
    )
    app.jinja_env.globals.update(
        english=english,
        known=known,
        of_period=of_period,
        month_has_class=month_has_class,
        page_url=page_url,
        page_numbers=page_numbers,
        new_transaction_id=receipts.new_id,
    )
