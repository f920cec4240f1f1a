"""What a product is to say and weigh: read from what was typed, with every fault at once (Article 13.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation.files.catalogue import rounded
from evaluation.files.catalogue_check import shown
from evaluation.files.cells import parse_date, parse_decimal, parse_text
from evaluation.files.says import CellRefused, said
from evaluation.models import ProductVersion
from evaluation.services import rulebooks
from evaluation.services.refusals import Fault, Invalid

COEFFICIENT_PLACES = Decimal("0.0001")
MOST_POINTS = Decimal(99_999)
CODE_LIMIT = 50


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """What a version says: texts, group of complexity, frame and points; the coefficient follows from the points."""

    task: str
    complexity_group: int
    points: Decimal
    section: str | None = None
    detail: str | None = None
    output: str | None = None
    measure: str | None = None
    points_min: Decimal | None = None
    points_max: Decimal | None = None
    working_days: int | None = None
    quality_requirement: str | None = None


def coefficient_of(points: Decimal, standard_points: Decimal) -> Decimal:
    """Points divided by the standard product's points, half up at four places (Article 13.1.c)."""
    return rounded(Fraction(points) / Fraction(standard_points), COEFFICIENT_PLACES)


def terms_of(version: ProductVersion) -> ProductTerms:
    """What a stored version says."""
    return ProductTerms(**{one.name: getattr(version, one.name) for one in fields(ProductTerms)})


def differences(before: ProductTerms, after: ProductTerms) -> list[tuple[str, Any, Any]]:
    """The fields that differ, with both values."""
    pairs = [(one.name, getattr(before, one.name), getattr(after, one.name)) for one in fields(ProductTerms)]
    return [(name, old, new) for name, old, new in pairs if old != new]


def faults_of(terms: ProductTerms) -> list[Fault]:
    """What the law and the table refuse: a task, at most five groups, points above zero and inside the frame."""
    faults = []
    if not terms.task:
        faults.append(Fault("task", _("Describe the task.")))
    most = rulebooks.most_groups()
    if not 1 <= terms.complexity_group <= most:
        faults.append(
            Fault(
                "complexity_group",
                _("The law allows at most %(most)s groups: choose 1 to %(most)s.", most=most),
            )
        )
    if not 0 < terms.points <= MOST_POINTS:
        faults.append(Fault("points", _("Points are above zero and at most 99,999.")))
    low, high = terms.points_min, terms.points_max
    if low is not None and high is not None and low > high:
        faults.append(Fault("points_max", _("The frame ends below its beginning.")))
    elif (low is not None and terms.points < low) or (high is not None and terms.points > high):
        message = _(
            "%(points)s points lie outside the frame %(low)s–%(high)s. Change the points or the frame.",
            points=shown(terms.points),
            low="…" if low is None else shown(low),
            high="…" if high is None else shown(high),
        )
        faults.append(Fault("points", message))
    return faults


def read_terms(typed: Mapping[str, str | None]) -> ProductTerms:
    """The terms as typed into a form; Invalid with every fault and its field."""
    reading = _Reading(typed)
    terms = ProductTerms(
        task=reading.text("task") or "",
        section=reading.text("section"),
        detail=reading.text("detail"),
        output=reading.text("output"),
        measure=reading.text("measure"),
        quality_requirement=reading.text("quality_requirement"),
        complexity_group=reading.whole("complexity_group") or 0,
        points_min=reading.number("points_min"),
        points_max=reading.number("points_max"),
        points=reading.number("points") or Decimal(0),
        working_days=reading.whole("working_days"),
    )
    known = {fault.place for fault in reading.faults}
    faults = reading.faults + [fault for fault in faults_of(terms) if fault.place not in known]
    if faults:
        raise Invalid(faults)
    return terms


class _Reading:
    """Collects the faults of one form."""

    def __init__(self, typed: Mapping[str, str | None]) -> None:
        self.typed = typed
        self.faults: list[Fault] = []

    def text(self, name: str) -> str | None:
        try:
            return parse_text(self.typed.get(name) or "") or None
        except CellRefused as refused:
            self.faults.append(Fault(name, said(_, refused.says_id, refused.params)))
            return None

    def number(self, name: str) -> Decimal | None:
        try:
            number = parse_decimal(self.typed.get(name) or "")
        except CellRefused as refused:
            self.faults.append(Fault(name, said(_, refused.says_id, refused.params)))
            return None
        if number is not None and not (0 <= number <= MOST_POINTS and number == stored_points(number)):
            self.faults.append(Fault(name, _("Points have at most two decimals and are at most 99,999.")))
            return None
        return number

    def whole(self, name: str) -> int | None:
        text = (self.typed.get(name) or "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            self.faults.append(Fault(name, _("Write a whole number.")))
            return None
        return int(text)


def stored_points(number: Decimal) -> Decimal:
    """The number with at most two decimals, as a decision prints points."""
    return number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def read_code(typed: str | None) -> str:
    """The code of a product: one word of at most 50 characters, kept as written."""
    code = "".join(parse_text((typed or "")[:200]).split())
    if not code or len(code) > CODE_LIMIT:
        raise Invalid(
            [Fault("code", _("Give the product a code of at most 50 characters, for example QL.01."))]
        )
    return code


def no_faults(*groups: Sequence[Fault]) -> None:
    """Refuses when any group holds a fault."""
    faults = [fault for group in groups for fault in group]
    if faults:
        raise Invalid(faults)


def read_day(typed: str | None, place: str) -> date | None:
    """A day as typed (23/11/2026), None when empty; Invalid beside its field otherwise."""
    try:
        return parse_date((typed or "").strip())
    except CellRefused as refused:
        raise Invalid([Fault(place, said(_, refused.says_id, refused.params))]) from None


def read_points(typed: str | None, place: str) -> Decimal | None:
    """Points as typed, None when empty; Invalid beside its field otherwise."""
    reading = _Reading({place: typed})
    number = reading.number(place)
    no_faults(reading.faults)
    return number
