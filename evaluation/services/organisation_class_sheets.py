"""What a reader sees of the classes of organisations: the units within reach, one unit's year, the cap of its authority."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from evaluation import clock
from evaluation.models import OrganisationClass, UnitYear
from evaluation.queries import evidence_tree
from evaluation.queries import organisation_classes as queries
from evaluation.queries.evidence_tree import Tree, UnitRow
from evaluation.queries.organisation import Subject
from evaluation.queries.pages import Page, cut
from evaluation.rules.bands import Band
from evaluation.rules.grading import QuotaReadings
from evaluation.rules.names import fold
from evaluation.rules.organisation_class import LEVELS, organisation_quota
from evaluation.rules.permissions import Action, Role
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.services import access, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Forbidden, Missing

READERS = (Role.HOME_AFFAIRS, Role.INSPECTOR, Role.PERSONNEL)


@dataclass(frozen=True, slots=True)
class Counts:
    """The units of one authority in a year: how many are excellent, good, and without a class."""

    excellent: int
    good: int
    waiting: int
    all: int


@dataclass(frozen=True, slots=True)
class Line:
    """A unit in the list of a year."""

    unit: UnitRow
    recogniser: str | None
    below: int
    below_waiting: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's year: who recognises it, what stands below it, what is on record, the cap of its authority."""

    unit_id: int
    year: int
    name: str
    code: str | None
    recogniser_id: int | None
    recogniser: str | None
    waiting_below: tuple[str, ...]
    failed_below: tuple[str, ...]
    has_below: bool
    history: tuple[OrganisationClass, ...]
    register: UnitYear | None
    counts: Counts

    @property
    def known(self) -> OrganisationClass | None:
        """The recognition in force."""
        return next((one for one in self.history if one.superseded_at is None), None)

    @property
    def recognised(self) -> Band | None:
        """The class that the register carries, however it came there."""
        return self.register.unit_class if self.register else None


def law_of_year(year: int) -> tuple[Rulebook, date]:
    """The rulebook that classifies organisations in a year and the day whose numbers hold; Missing where there is none."""
    try:
        book = rulebooks.shelf().for_day("evaluation", date(year, 12, 31))
        day = rulebooks.day_of_year(book, year)
        book.table(LEVELS, day)
    except RulebookError:
        raise Missing(
            _("No rulebook says how organisations are classified in %(year)s.", year=year)
        ) from None
    return book, day


def has_law(year: int) -> bool:
    """Whether some rulebook classifies organisations in a year."""
    try:
        law_of_year(year)
    except Missing:
        return False
    return True


def reach(actor: Actor) -> frozenset[int]:
    """The units on whose branches somebody reads classes: those headed, deputised or lent, those of a role."""
    held = actor.standing
    tops = held.headed | held.deputised | held.delegated.keys()
    tops |= {unit_id for role, unit_id in held.roles if role in READERS}
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    return frozenset(tops)


def page(actor: Actor, year: int, words: str, shown: str, number: int) -> tuple[Page, Counts]:
    """A page of the units of a year within reach, found by name or code without accents; `shown` WAITING or a class."""
    tops = reach(actor)
    law_of_year(year)
    tree = _tree(year)
    below = _below(tree, year)
    lines, key = [], fold(words)[:100]
    units = [
        unit
        for unit in tree.units.values()
        if recogniser_of(tree, unit.id) is not None
        and stands(unit, year)
        and not tops.isdisjoint(tree.above(unit.id))
    ]
    for unit in units:
        if key and key not in fold(unit.name) and key not in (unit.code or "").lower():
            continue
        if shown == "WAITING" and unit.unit_class is not None:
            continue
        if shown in set(Band) and unit.unit_class != shown:
            continue
        lines.append(unit)
    found = cut(lines, number)
    rows = []
    for unit in found.rows:
        recogniser = recogniser_of(tree, unit.id)
        children = below.get(unit.id, [])
        rows.append(
            Line(
                unit,
                tree.units[recogniser].name if recogniser else None,
                len(children),
                sum(one.unit_class is None for one in children),
            )
        )
    return Page(rows, found.page, found.total), counts_of(units)


def sheet_of(actor: Actor, unit_id: int, year: int) -> Sheet:
    """One unit's year for whoever may read of the unit; else it looks missing."""
    law_of_year(year)
    tree = _tree(year)
    unit = tree.units.get(unit_id)
    if unit is None or not stands(unit, year):
        raise Missing(_("There is no such unit in this year."))
    recogniser = recogniser_of(tree, unit_id)
    subject = Subject(unit_id, confirming_unit_id=recogniser)
    if not access.may(actor, Action.READ_UNIT, subject):
        said = Missing(_("There is no such unit in this year."))
        raise access.denied(said, actor, Action.READ_UNIT, subject)
    children = _below(tree, year).get(unit_id, [])
    peers = [
        one
        for one in tree.units.values()
        if recogniser is not None and recogniser_of(tree, one.id) == recogniser and stands(one, year)
    ]
    return Sheet(
        unit_id=unit_id,
        year=year,
        name=unit.name,
        code=unit.code,
        recogniser_id=recogniser,
        recogniser=tree.units[recogniser].name if recogniser else None,
        waiting_below=tuple(one.name for one in children if one.unit_class is None),
        failed_below=tuple(one.name for one in children if one.unit_class is Band.KHTNV),
        has_below=bool(children),
        history=tuple(queries.of_unit(unit_id, year)),
        register=queries.unit_year(unit_id, year),
        counts=counts_of(peers),
    )


def places(counts: Counts, year: int) -> tuple[QuotaReadings, QuotaReadings]:
    """How many units of an authority may be excellent at the usual and at the exceptional share (Article 8.5)."""
    book, day = law_of_year(year)
    usual = organisation_quota(counts.excellent, counts.good, book=book, day=day)
    return usual, organisation_quota(counts.excellent, counts.good, book=book, day=day, exceptional=True)


def counts_of(units: list[UnitRow]) -> Counts:
    """Some units counted by class."""
    return Counts(
        sum(unit.unit_class is Band.HTXSNV for unit in units),
        sum(unit.unit_class is Band.HTTNV for unit in units),
        sum(unit.unit_class is None for unit in units),
        len(units),
    )


def recogniser_of(tree: Tree, unit_id: int) -> int | None:
    """Whose head recognises a unit (Article 5): the nearest unit above that is more than a part of another."""
    above = tree.above(unit_id)
    return tree.agency(above[1]) if len(above) > 1 else None


def stands(unit: UnitRow, year: int) -> bool:
    """Whether a unit existed in a year."""
    return unit.dissolved_on is None or unit.dissolved_on > date(year, 1, 1)


def _tree(year: int) -> Tree:
    return evidence_tree.tree(year, clock.today())


def _below(tree: Tree, year: int) -> dict[int, list[UnitRow]]:
    """The units directly below each unit that stood to the year's end: they are classified before it (Article 9.1)."""
    found: dict[int, list[UnitRow]] = {}
    for unit in tree.units.values():
        if unit.parent_id is not None and unit.dissolved_on is None:
            found.setdefault(unit.parent_id, []).append(unit)
    return found
