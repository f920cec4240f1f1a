"""The Party's verdict beside the State's on the same facts; it decides nothing and changes no State result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import ForceMajeure, Report, YearGrade
from evaluation.queries import party as queries
from evaluation.queries.organisation import Subject
from evaluation.queries.party import QuarterFacts
from evaluation.rules.organisation import Office
from evaluation.rules.party import (
    AXES,
    PartyFacts,
    PartyStatus,
    PartyVerdict,
    Reach,
    Work,
    evaluated_quarters,
    over_fulfilled,
    quarter_verdict,
    reach_of,
    year_verdict,
)
from evaluation.rules.periods import quarter_of
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.spans import span_score
from evaluation.services import access, audit, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

FAMILY = "party"
PER_PAGE = 50
NOTHING = PartyVerdict(PartyStatus.INSUFFICIENT_DATA, None, ())
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One official of an agency's list."""

    person_id: int
    name: str
    title: str
    unit: str
    verdict: PartyVerdict
    force_majeure: bool
    may_excuse: bool
    short: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of an agency's quarter."""

    lines: list[Line]
    total: int
    page: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def reach(day: date) -> Reach:
    """For whom the Party's rules are worked out on a day; OFF without a rulebook of them."""
    shelf = rulebooks.shelf()
    if not any(book.family == FAMILY and book.covers(day) for book in shelf.books):
        return Reach.OFF
    return reach_of(shelf.for_day("evaluation", day), day)


def book_of(day: date) -> Rulebook:
    """The Party's rulebook of a day."""
    return rulebooks.shelf().for_day(FAMILY, day)


def of_sheet(report: Report) -> PartyVerdict | None:
    """The verdict on the quarter of a sheet so far; None where the rules are off for this official."""
    day = report.period.month
    if not reach(day).covers(report.office):
        return None
    quarter = quarter_of(day)
    found = queries.facts([report.person_id], quarter.year, quarter=quarter.index)
    return _quarter(found[0] if found else None, quarter.year, quarter.index)


def of_grade(grade: YearGrade) -> tuple[PartyVerdict, dict[int, PartyVerdict]] | None:
    """The verdict on a year and on its quarters; None where the rules are off for this official."""
    day = date(grade.year, 1, 1)
    switch = reach(day)
    if switch is Reach.OFF:
        return None
    found = queries.facts([grade.person_id], grade.year)
    office = found[-1].office if found else Office.STAFF
    if not switch.covers(office):
        return None
    return year_of(found, grade.year)


def year_of(found: Sequence[QuarterFacts], year: int) -> tuple[PartyVerdict, dict[int, PartyVerdict]]:
    """A year and its evaluated quarters from one person's facts."""
    day = date(year, 1, 1)
    book = book_of(day)
    by_quarter = {one.quarter: one for one in found}
    quarters = {
        number: _quarter(by_quarter.get(number), year, number) for number in evaluated_quarters(book, day)
    }
    if not found:
        return NOTHING, quarters
    classes = {number: verdict.klass for number, verdict in quarters.items()}
    return year_verdict(_facts(found, book, day), classes, book=book, day=day), quarters


def listing(
    actor: Actor,
    agency_id: int,
    year: int,
    quarter: int,
    *,
    page: int = 1,
    person_id: int | None = None,
) -> Listing:
    """One page of an agency's quarter, for its head, personnel, Home Affairs and inspectors."""
    day = date(year, 3 * quarter - 2, 1)
    switch = reach(day)
    if switch is Reach.OFF:
        raise Missing(_("The Party's rules are switched off (party_rules in the rulebook)."))
    access.require(actor, Action.READ_UNIT, _agency(agency_id))
    rows = queries.people(
        agency_id,
        year,
        quarter,
        everybody=switch is Reach.ALL,
        limit=PER_PAGE,
        offset=(max(page, 1) - 1) * PER_PAGE,
        person_id=person_id,
    )
    found = {
        one.person_id: one for one in queries.facts([row.person_id for row in rows], year, quarter=quarter)
    }
    may = access.may_each(
        actor,
        Action.DECIDE_GRADE,
        [Subject(row.unit_id, row.person_id, confirming_unit_id=row.confirming_unit_id) for row in rows],
    )
    lines = [
        Line(
            person_id=row.person_id,
            name=row.full_name,
            title=row.title,
            unit=row.unit_name or "",
            verdict=_quarter(found.get(row.person_id), year, quarter),
            force_majeure=row.person_id in found and found[row.person_id].force_majeure,
            may_excuse=allowed,
            short=row.person_id in found and found[row.person_id].done < found[row.person_id].assigned,
        )
        for row, allowed in zip(rows, may, strict=True)
    ]
    return Listing(lines, rows[0].total if rows else 0, page)


def confirm_force_majeure(
    actor: Actor,
    person_id: int,
    agency_id: int,
    year: int,
    quarter: int,
    *,
    document_number: str,
    reason: str,
) -> ForceMajeure:
    """Whoever classifies an official confirms that a quarter's unfinished tasks had a reason nobody could prevent."""
    person_of(actor, person_id, agency_id, year, quarter)
    faults = [
        Fault(place, says)
        for place, text, says in (
            ("document_number", document_number, _("Write the number of the document.")),
            ("reason", reason, _("Write the reason.")),
        )
        if not text.strip() or len(text) > LONGEST
    ]
    if faults:
        raise Invalid(faults)
    made = ForceMajeure(
        person_id=person_id,
        year=year,
        quarter=quarter,
        document_number=document_number.strip(),
        reason=reason.strip(),
        confirmed_by=actor.person_id,
        confirmed_at=clock.now(),
    )
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Conflict(_("Force majeure was confirmed for this quarter already.")) from None
    after = {"year": year, "quarter": quarter, "document": made.document_number}
    audit.record(actor, "force_majeure.confirmed", made, after=after, reason=made.reason, unit_id=agency_id)
    db.session.commit()
    return made


def withdraw_force_majeure(
    actor: Actor, person_id: int, agency_id: int, year: int, quarter: int, *, reason: str
) -> None:
    """Takes a confirmation back with a reason; it stays in the register."""
    person_of(actor, person_id, agency_id, year, quarter)
    if not reason.strip() or len(reason) > LONGEST:
        raise Invalid([Fault("reason", _("Write the reason."))])
    found = queries.excuse(person_id, year, quarter)
    if found is None:
        raise Conflict(_("No force majeure is confirmed for this quarter."))
    found.withdrawn_at, found.withdrawn_reason = clock.now(), reason.strip()
    audit.record(actor, "force_majeure.withdrawn", found, reason=found.withdrawn_reason, unit_id=agency_id)
    db.session.commit()


def may_read(actor: Actor, agency_id: int) -> bool:
    """Whether an actor may read an agency's list."""
    return access.may(actor, Action.READ_UNIT, _agency(agency_id))


def axes(day: date) -> list[tuple[str, str]]:
    """The six result axes of a day."""
    return [(row.text("code"), row.text("text")) for row in book_of(day).table(AXES, day)]


def person_of(actor: Actor, person_id: int, agency_id: int, year: int, quarter: int) -> Line:
    """One official of the list, for whoever may confirm force majeure there."""
    found = listing(actor, agency_id, year, quarter, person_id=person_id).lines
    if not found or not found[0].may_excuse:
        raise Missing(_("There is no such official in this list."))
    return found[0]


def _agency(agency_id: int) -> Subject:
    return Subject(agency_id, confirming_unit_id=agency_id)


def _quarter(found: QuarterFacts | None, year: int, quarter: int) -> PartyVerdict:
    day = date(year, 3 * quarter - 2, 1)
    book = book_of(day)
    if quarter not in evaluated_quarters(book, day):
        return PartyVerdict(PartyStatus.NOT_EVALUATED, None, ())
    if found is None:
        return NOTHING
    return quarter_verdict(_facts([found], book, day), book=book, day=day)


def _facts(found: Sequence[QuarterFacts], book: Rulebook, day: date) -> PartyFacts:
    """The facts of one quarter, or of a year as the sum of its quarters."""
    unit_assigned = _total(one.unit_assigned for one in found)
    scores = [part for one in found for part in one.scores]
    return PartyFacts(
        points=span_score(scores, "MEAN_OF_MONTHS"),
        work=Work(
            assigned=_total(one.assigned for one in found),
            done=_total(one.done for one in found),
            over=over_fulfilled(
                _total(one.over for one in found), _total(one.extra for one in found), book=book, day=day
            ),
            late=_total(one.late for one in found),
        ),
        office=found[-1].office,
        unit_done=_total(one.unit_done for one in found) / unit_assigned * 100 if unit_assigned else None,
        force_majeure=_excused(found),
    )


def _excused(found: Sequence[QuarterFacts]) -> bool:
    """Whether every quarter that left something undone is excused."""
    short = [one for one in found if one.done < one.assigned]
    return bool(short) and all(one.force_majeure for one in short)


def _total(parts: Iterable[Fraction]) -> Fraction:
    return sum(parts, Fraction(0))
