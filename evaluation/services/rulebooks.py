"""The rulebooks in use: from the files of the checkout, or from the folder that RULEBOOKS_DIR names."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from flask import current_app

from evaluation import clock
from evaluation.models import Report
from evaluation.rules import legal_deadlines
from evaluation.rules.grading import Blocker
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import Rulebook, RulebookError, Shelf, default_shelf


def shelf() -> Shelf:
    """The rulebooks this application judges by."""
    folder = current_app.config.get("RULEBOOKS_DIR")
    return _shelf_of(Path(folder)) if folder else default_shelf()


@lru_cache(maxsize=8)
def _shelf_of(folder: Path) -> Shelf:
    return Shelf(sorted(folder.glob("*.yaml")))


def book_of(report: Report) -> Rulebook:
    """The rulebook that was frozen on a sheet when its month opened."""
    return shelf().named(report.rulebook)


def month_has_class(day: date) -> bool:
    """Whether a month shows a level beside its points (open question Q14); the class of a year never depends on it."""
    return shelf().for_day("evaluation", day).choice("monthly_class", day) is True


def law_of(name: str) -> Rulebook:
    """The law behind a name on a sheet, without a unit's own weights: they count in a month, not in a year's class."""
    return shelf().named(name.partition("@")[0])


def day_of_year(book: Rulebook, year: int) -> date:
    """The day of a year whose numbers of a rulebook hold for the class of the year: its first day in force."""
    return max(date(year, 1, 1), book.effective[0])


def law_of_year(kind: PersonKind, year: int) -> tuple[Rulebook, date]:
    """By which law the means of a year are judged for a kind of person, and on which day; without one, by that of công chức."""
    officials = shelf().for_day("evaluation", date(year, 1, 1))
    for law in scoring_laws(date(year, 12, 31)):
        if law.kind is kind and law.unit_code is None:
            return law.book, day_of_year(law.book, year)
    return officials, date(year, 1, 1)


def bars(blocker: Blocker, *, leads: bool, book: Rulebook, year: int) -> bool:
    """Whether a conclusion alone fails a year under a law; a law that is silent follows the one of công chức (Article 20.4)."""
    if not book.has("special_cases"):
        book = shelf().for_day("evaluation", date(year, 12, 31))
    return legal_deadlines.bars(blocker, leads=leads, book=book, day=day_of_year(book, year))


def most_groups() -> int:
    """How many groups of complexity a catalogue may have today (Article 13.1.a)."""
    today = clock.today()
    return int(shelf().for_day("evaluation", today).number("complexity_groups_max", today))


@dataclass(frozen=True, slots=True)
class Law:
    """By which rulebook a kind of person is scored, everywhere or (with a code) in the agency of that code."""

    kind: PersonKind
    unit_code: str | None
    book: Rulebook


def scoring_laws(day: date) -> list[Law]:
    """The rulebooks by which a month is scored, công chức first; kinds under a decree without points are left out.

    Refused when công chức have no points on that day: then there is nothing to open.
    """
    official = shelf().for_month(PersonKind.CONG_CHUC, day)
    books = {PersonKind.CONG_CHUC: official}
    for kind in (PersonKind.HOP_DONG, PersonKind.VIEN_CHUC, PersonKind.CAN_BO):
        try:
            books[kind] = shelf().for_month(kind, day)
        except RulebookError:
            continue  # no points for this kind on this day
    return [
        Law(kind, code, book if code is None else shelf().named(book.for_unit(code).name))
        for kind, book in books.items()
        for code in (None, *sorted(book.units()))
    ]
