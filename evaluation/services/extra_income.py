"""Extra income of a month or quarter, person by person: the class, its coefficient and floor; finance adds the amount."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation.queries import extra_income as queries
from evaluation.queries.extra_income import Wanted
from evaluation.queries.organisation import Subject
from evaluation.rules.bands import Band
from evaluation.rules.extra_income import LEVELS, IncomeNote, Post, highest, rate_of
from evaluation.rules.organisation import Office, UnitKind
from evaluation.rules.periods import Month, Span, Stretch
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.services import access, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Forbidden, Missing

FAMILY = "extra_income"


@dataclass(frozen=True, slots=True)
class IncomeLine:
    """One person's month: the post that counts, the class, what the class earns, what asks for a look."""

    report_id: int
    month: Month
    name: str
    official_number: str
    unit: str
    post: str
    klass: Band | None
    coefficient: Fraction | None
    floor: Fraction | None
    notes: tuple[IncomeNote, ...]


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency of the list: people, lines, and the lines that have no class (yet)."""

    id: int
    name: str
    people: int
    lines: int
    not_rated: int
    pending: int


def book_of(stretch: Stretch) -> Rulebook:
    """The rules of extra income of a month or quarter; Missing with a sentence where there are none."""
    try:
        return rulebooks.shelf().for_day(FAMILY, stretch.first_day)
    except RulebookError:
        raise Missing(
            _(
                "There is no rule of extra income for %(period)s. The city decides it year by year:"
                " add the rulebook of that year.",
                period=stretch.short,
            )
        ) from None


def is_on(day: date) -> bool:
    """Whether extra income is worked out at all: a rulebook of it covers the day."""
    return any(book.family == FAMILY and book.covers(day) for book in rulebooks.shelf().books)


def check(stretch: Stretch) -> None:
    """Refuses a month or quarter without rules, and pay by the month where a month has no class (open question Q14)."""
    book, day = book_of(stretch), stretch.first_day
    together = book.number("months_paid_together", day)
    if isinstance(stretch, Span) and len(stretch.months) != together:
        raise Conflict(_("Extra income is paid for %(months)s months together.", months=int(together)))
    if book.choice("income_class", day) == "MONTH" and not rulebooks.month_has_class(day):
        raise Conflict(
            _(
                "The rulebook gives a month points and no class, so there is no extra income by the month."
                " Change monthly_class, or income_class to the quarter."
            )
        )
    together = book.number("months_paid_together", day)
    if isinstance(stretch, Span) and len(stretch.months) != together:
        raise Conflict(
            _(
                "Extra income is paid for %(months)s months together; list the months one by one.",
                months=str(together),
            )
        )


def months_of(stretch: Stretch) -> tuple[Month, ...]:
    """The months that are paid: one, or the three of a quarter."""
    return stretch.months if isinstance(stretch, Span) else (stretch,)


def agencies(actor: Actor, stretch: Stretch) -> list[Agency]:
    """The agencies whose extra income the actor may list, with their counts."""
    rows = queries.agencies(Wanted(months_of(stretch)))
    subjects = [Subject(unit_id=row.agency_id, confirming_unit_id=row.agency_id) for row in rows]
    allowed = access.may_each(actor, Action.EXPORT_INCOME, subjects)
    return [
        Agency(row.agency_id, row.name or "", row.people, row.lines, row.not_rated, row.pending)
        for row, may in zip(rows, allowed, strict=True)
        if may
    ]


def wanted(actor: Actor, stretch: Stretch, agency_id: int | None = None) -> tuple[Wanted, list[Agency]]:
    """What the actor may have of a month or quarter: one agency, or all of theirs."""
    check(stretch)
    own = agencies(actor, stretch)
    if agency_id is not None:
        own = [agency for agency in own if agency.id == agency_id]
        if not own:
            said = Missing(_("There is no list of extra income of this agency for you."))
            raise access.denied(said, actor, Action.EXPORT_INCOME, Subject(agency_id))
    if not own:
        raise Forbidden(_("You are not allowed to do this here."))
    return Wanted(months_of(stretch), tuple(agency.id for agency in own)), own


def lines(asked: Wanted, *, limit: int | None = None, offset: int = 0) -> Iterator[IncomeLine]:
    """The lines of a list; each month by the rulebook in force in it."""
    books = {month: book_of(month) for month in asked.months}
    for row in queries.lines(asked, limit=limit, offset=offset):
        month = Month.of(row.month)
        yield _line(row, month, books[month])


def _line(row: Row[Any], month: Month, book: Rulebook) -> IncomeLine:
    posts = list(_posts(row.posts or ()))
    klass = _klass(row, book.choice("income_class", month.first_day) == "QUARTER")
    rate = None if klass is None else rate_of(klass, book=book, day=month.first_day)
    notes = []
    if row.state == "NOT_RATED":
        notes.append(IncomeNote.NOT_RATED)
    elif klass is None:
        notes.append(IncomeNote.PENDING)
    if len(posts) > 1:
        notes.append(IncomeNote.SEVERAL_POSTS)
    return IncomeLine(
        report_id=row.report_id,
        month=month,
        name=row.full_name,
        official_number=row.official_number,
        unit=row.unit_name or "",
        post=highest(posts).title if posts else row.title,
        klass=klass,
        coefficient=rate.coefficient if rate else None,
        floor=rate.floor if rate else None,
        notes=tuple(notes),
    )


def _klass(row: Row[Any], by_quarter: bool) -> Band | None:
    """The class the month is paid by; none for a month that was not rated, whatever its quarter says."""
    if row.state == "NOT_RATED":
        return None
    found = row.quarter_band if by_quarter else row.month_band
    return None if found is None else Band(found)


def _posts(held: Iterable[dict[str, Any]]) -> Iterator[Post]:
    for post in held:
        yield Post(
            key=post["key"],
            level=LEVELS[UnitKind(post["kind"])],
            office=Office(post["office"]),
            is_main=post["is_main"],
            title=post["title"],
        )
