"""Reads what an official typed into a sheet: exact values, or every fault at once with its cell."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.files.cells import parse_date, parse_decimal, parse_text
from evaluation.files.says import CellRefused, said
from evaluation.models import Report, WorkItem
from evaluation.rules.delays import least_delays
from evaluation.rules.explain import written
from evaluation.rules.names import clean_name
from evaluation.rules.scoring import WorkKind
from evaluation.rules.terms import finite
from evaluation.services import rulebooks
from evaluation.services.refusals import Fault, Invalid

MOST_DONE = Decimal("99999.99")
MOST_FINDINGS = 999
NOTE_LIMIT = 1_000
TEXT_LIMIT = 4_000


@dataclass(frozen=True, slots=True)
class LineEntry:
    """What was typed on one line, as text or as values; None leaves the stored value as it stands."""

    done: Decimal | int | str | None = None
    quality_fails: int | str | None = None
    delays: int | str | None = None
    done_on: date | str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CellFault(Fault):
    """A fault of one cell: `short` is the same sentence without the line's name, for the place beside the cell."""

    short: str = ""


@dataclass(frozen=True, slots=True)
class Entries:
    """Typed values that can be stored: for each line, each criterion and the two texts."""

    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    criteria: dict[str, Decimal | None] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)


def untouched(item: WorkItem) -> bool:
    """Whether nobody has yet said what was done on a line that was planned or taken over."""
    return (
        item.kind in (WorkKind.PLANNED, WorkKind.RECEIVED)
        and not item.reported
        and not (item.done or item.quality_fails or item.delays)
    )


def done_of(item: WorkItem) -> Decimal:
    """What counts as done on a line: everything assigned, until the official says otherwise."""
    return item.assigned if untouched(item) else item.done


def line_name(report: Report, item: WorkItem) -> str:
    """A line as a person finds it on the page: 'row 3 (Thẩm định hồ sơ …)'."""
    number = next((place for place, one in enumerate(report.items, 1) if one.id == item.id), 0)
    short = item.task if len(item.task) <= 60 else f"{item.task[:57]}…"
    return _("row %(number)s (%(task)s)", number=number, task=short)


def read(
    report: Report,
    lines: Mapping[int, LineEntry],
    criteria: Mapping[str, Decimal | str | None],
    texts: Mapping[str, str | None],
) -> Entries:
    """The typed values of a sheet, or Invalid with every fault; only its own editable lines are accepted."""
    reading = _Reading(report)
    for item_id, entry in lines.items():
        reading.line(item_id, entry)
    for code, points in criteria.items():
        reading.criterion(code, points)
    for name, text in texts.items():
        reading.text(name, text)
    if reading.faults:
        raise Invalid(reading.faults)
    return reading.found


class _Reading:
    """Collects values and faults of one sheet."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.items = {item.id: item for item in report.items}
        book = rulebooks.book_of(report)
        self.rows = {row.code: row for row in book.general_criteria(report.period.month)}
        self.found = Entries()
        self.faults: list[Fault] = []

    def line(self, item_id: int, entry: LineEntry) -> None:
        item = self.items.get(item_id)
        if item is None:
            self.faults.append(
                Fault("", _("A line that is not on this sheet was sent. Open the page again."))
            )
            return
        if item.kind is WorkKind.TRANSFERRED_OUT:
            message = _(
                "%(line)s was handed over and cannot be filled in.", line=line_name(self.report, item)
            )
            self.faults.append(Fault(f"line-{item_id}-done", message))
            return
        values: dict[str, Any] = {}
        self._cell(item, entry, "done", _("Done"), self._done, values)
        self._cell(item, entry, "quality_fails", _("Failed reviews"), self._count, values)
        self._cell(item, entry, "delays", _("Delays"), self._count, values)
        self._cell(item, entry, "done_on", _("Finished on"), self._day, values)
        self._cell(item, entry, "note", _("Note"), self._note, values)
        _force_delay(self.report, item, values)
        self.found.lines[item_id] = values

    def _cell(
        self,
        item: WorkItem,
        entry: LineEntry,
        name: str,
        column: str,
        reader: Callable[[Any], Any],
        values: dict[str, Any],
    ) -> None:
        typed = getattr(entry, name)
        if typed is None:
            values[name] = done_of(item) if name == "done" else getattr(item, name)
            return
        try:
            values[name] = reader(typed)
        except CellRefused as refused:
            what = said(_, refused.says_id, refused.params)
        except ValueError as refused:
            what = str(refused)
        else:
            return
        where = _(
            "%(line)s, column %(column)s: %(what)s",
            line=line_name(self.report, item),
            column=column,
            what=what,
        )
        self.faults.append(CellFault(f"line-{item.id}-{name}", capital(where), capital(what)))

    def criterion(self, code: str, typed: Decimal | str | None) -> None:
        row = self.rows.get(code)
        if row is None:
            self.faults.append(Fault("", _("A criterion that is not on this sheet was sent.")))
            return
        try:
            self.found.criteria[code] = _number(typed, finite(row.max_points))
        except CellRefused as refused:
            what = said(_, refused.says_id, refused.params)
        except ValueError as refused:
            what = str(refused)
        else:
            return
        where = _("Criterion %(code)s: %(what)s", code=code[1:], what=what)
        self.faults.append(CellFault(f"criterion-{code}", where, capital(what)))

    def text(self, name: str, typed: str | None) -> None:
        if typed is None:
            return
        clean = "\n".join(clean_name(line) for line in typed.replace("\x00", "").splitlines()).strip()
        if len(clean) > TEXT_LIMIT:
            self.faults.append(
                Fault(
                    name,
                    _(
                        "The text has %(length)s characters; at most %(limit)s. Shorten it.",
                        length=len(clean),
                        limit=TEXT_LIMIT,
                    ),
                )
            )
        self.found.texts[name] = clean or None

    @staticmethod
    def _done(typed: Any) -> Decimal:
        number = _number(typed, MOST_DONE)
        if number is None:
            raise ValueError(_("the cell is empty. Write how much was done, 0 when nothing was."))
        return number

    @staticmethod
    def _count(typed: Any) -> int:
        number = _number(typed, Decimal(MOST_FINDINGS)) or Decimal(0)
        if number != number.to_integral_value():
            raise ValueError(_("“%(value)s” is not a whole number of times.", value=_typed(typed)))
        return int(number)

    def _day(self, typed: Any) -> date | None:
        day = parse_date(_with_year(typed, self.report.period.month))
        if day is not None and day > clock.today():
            raise ValueError(_("“%(value)s” lies in the future.", value=_typed(typed)))
        return day

    @staticmethod
    def _note(typed: Any) -> str | None:
        text = parse_text(typed)
        if len(text) > NOTE_LIMIT:
            raise ValueError(_("the note is longer than %(limit)s characters. Shorten it.", limit=NOTE_LIMIT))
        return text or None


def _number(typed: Any, most: Decimal) -> Decimal | None:
    """An exact number from 0 to a maximum with at most two decimals; empty is None."""
    number = parse_decimal(typed)
    if number is None:
        return None
    if not number.is_finite():
        raise ValueError(_("“%(value)s” is not a number.", value=_typed(typed)))
    if number < 0:
        raise ValueError(_("“%(value)s” is below zero.", value=_typed(typed)))
    if number > most:
        raise ValueError(_("“%(value)s” is more than %(most)s.", value=_typed(typed), most=comma(most)))
    if number != round(number, 2):
        raise ValueError(_("“%(value)s” has more than two decimals.", value=_typed(typed)))
    return number


def _with_year(typed: Any, month: date) -> Any:
    """A day written without its year ('25/3') belongs to the month's year, or to January after a December."""
    found = (
        re.fullmatch(r"\s*([0-9]{1,2})\s?[/.-]\s?([0-9]{1,2})\s*", typed) if isinstance(typed, str) else None
    )
    if found is None:
        return typed
    year = month.year + (month.month - int(found[2]) > 6)
    return f"{found[1]}/{found[2]}/{year}"


def _force_delay(report: Report, item: WorkItem, values: dict[str, Any]) -> None:
    """A line is late at least as often as its days say (Điều 14.2.c); only a supervisor can confirm a cause."""
    book, day = rulebooks.book_of(report), report.period.month
    least = least_delays(item.due_on, values.get("done_on"), item.missed_deadlines or 0, book=book, day=day)
    delays = values.get("delays")
    if values.get("done_on") and delays is not None and delays < least:
        values["delays"] = least


def capital(sentence: str) -> str:
    """A sentence with a capital first letter."""
    return sentence[:1].upper() + sentence[1:]


def _typed(value: Any) -> str:
    text = parse_text(str(value)[:60])
    return text.replace(".", ",") if isinstance(value, Decimal) else text


def comma(value: Decimal | Fraction) -> str:
    """A limit inside a sentence: '2,5'."""
    return written(Fraction(value))


def quantity_above_zero(typed: Decimal | str) -> Decimal:
    """A quantity above zero with at most two decimals, or ValueError with the sentence for the person."""
    number = _said(_number, typed, MOST_DONE)
    if not number:
        raise ValueError(_("Write how much was done, more than 0."))
    return number


def day(typed: date | str | None) -> date | None:
    """A day written day/month/year, or ValueError with the sentence for the person."""
    return _said(parse_date, typed)


def note(typed: str | None) -> str | None:
    """A note of at most a thousand characters, or ValueError with the sentence for the person."""
    return _said(_Reading._note, typed or "")


def _said(reader: Callable[..., Any], *typed: Any) -> Any:
    try:
        return reader(*typed)
    except CellRefused as refused:
        raise ValueError(said(_, refused.says_id, refused.params)) from None
