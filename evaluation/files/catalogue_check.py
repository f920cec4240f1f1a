"""Checks a catalogue row by row, as the personnel office does before the head of the managing agency decides it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import chain

from evaluation.files.catalogue import CatalogueFile, ProductRow, rounded
from evaluation.files.rows import NAMED
from evaluation.files.says import Gettext, msgid, said
from evaluation.rules.names import fold

_CENT = Decimal("0.01")


class FindingKind(StrEnum):
    """What a catalogue check can find (Article 13.1: clear outputs, no duplicates, at most five groups)."""

    POINTS_OUTSIDE_FRAME = "POINTS_OUTSIDE_FRAME"
    COEFFICIENT_MISMATCH = "COEFFICIENT_MISMATCH"
    COEFFICIENT_ROUNDED = "COEFFICIENT_ROUNDED"
    DUPLICATE_CODE = "DUPLICATE_CODE"
    DUPLICATE_TEXT = "DUPLICATE_TEXT"
    MISSING_OUTPUT = "MISSING_OUTPUT"
    UNKNOWN_GROUP = "UNKNOWN_GROUP"
    MORE_THAN_FIVE_GROUPS = "MORE_THAN_FIVE_GROUPS"
    MISSING_CODE = "MISSING_CODE"
    MISSING_POINTS = "MISSING_POINTS"
    STANDARD_UNKNOWN = "STANDARD_UNKNOWN"


# A rounding is how the office printed a right coefficient: worth knowing, nothing to mend.
REMARKS = frozenset({FindingKind.COEFFICIENT_ROUNDED})


@dataclass(frozen=True)
class Finding:
    """One thing to look at, with the row it stands in (row 0 for the whole file)."""

    sheet: str
    row: int
    code: str
    kind: FindingKind
    says_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, gettext: Gettext) -> str:
        """The finding in the reader's language."""
        return said(gettext, self.says_id, self.params)


def check_catalogue(file: CatalogueFile, most_groups: int) -> list[Finding]:
    """Every finding of the catalogue, in the order of sheets and rows; an empty list means it may be proposed.

    `most_groups` is the law's number of groups of complexity on the day of the check (Article 13.1.a).
    """
    order = {id(product): index for index, product in enumerate(file.products)}
    found: list[tuple[int, Finding]] = []
    if file.standard_points is None and file.products:
        says_id = msgid("No cell states the standard product's points, so coefficients cannot be checked.")
        found.append((-1, Finding("", 0, "", FindingKind.STANDARD_UNKNOWN, says_id)))
    for product in file.products:
        found.extend(
            (order[id(product)], finding) for finding in _of_row(product, file.standard_points, most_groups)
        )
    pairs = (
        _same_codes(file.products),
        _same_texts(file.products),
        _surplus_groups(file.products, most_groups),
    )
    for product, finding in chain.from_iterable(pairs):
        found.append((order[id(product)], finding))
    return [finding for _, finding in sorted(found, key=lambda pair: pair[0])]


def _finding(product: ProductRow, kind: FindingKind, says_id: str, **params: object) -> Finding:
    return Finding(product.sheet, product.row, product.code, kind, says_id, params)


def _of_row(product: ProductRow, standard: Decimal | None, most_groups: int) -> Iterator[Finding]:
    if not product.code:
        yield _finding(product, FindingKind.MISSING_CODE, msgid("The product has no code."))
    if not product.output:
        yield _finding(product, FindingKind.MISSING_OUTPUT, msgid("The output product is missing."))
    if product.points is None:
        yield _finding(product, FindingKind.MISSING_POINTS, msgid("The product has no points."))
    if product.group is None or product.group > most_groups:
        yield _unknown_group(product, most_groups)
    yield from _outside_frame(product)
    yield from _coefficient(product, standard)


def _unknown_group(product: ProductRow, most_groups: int) -> Finding:
    if not product.group_text:
        return _finding(
            product, FindingKind.UNKNOWN_GROUP, msgid("The product is in no group of complexity.")
        )
    return _finding(
        product,
        FindingKind.UNKNOWN_GROUP,
        msgid("“%(group)s” is not a group of complexity. Groups are 1 to %(most)s."),
        group=product.group_text,
        most=most_groups,
    )


def _outside_frame(product: ProductRow) -> Iterator[Finding]:
    low, high, points = product.points_min, product.points_max, product.points
    if points is None or not ((low is not None and points < low) or (high is not None and points > high)):
        return
    yield _finding(
        product,
        FindingKind.POINTS_OUTSIDE_FRAME,
        msgid("%(points)s points lie outside the frame %(low)s–%(high)s."),
        points=shown(points),
        low="…" if low is None else shown(low),
        high="…" if high is None else shown(high),
    )


def _coefficient(product: ProductRow, standard: Decimal | None) -> Iterator[Finding]:
    """The printed coefficient must be points divided by the standard, exactly or as printed at two or more places."""
    if not product.coefficient_given or product.coefficient is None or product.points is None or not standard:
        return
    exact = Fraction(product.points) / Fraction(standard)
    printed = product.coefficient
    if Fraction(printed) == exact:
        return
    places = min(_CENT, Decimal(1).scaleb(int(printed.as_tuple().exponent)))
    values = {
        "printed": shown(printed),
        "points": shown(product.points),
        "standard": shown(standard),
        "right": shown(rounded(exact, _CENT)),
    }
    if printed == rounded(exact, places):
        says_id = msgid("Coefficient %(printed)s is %(points)s divided by %(standard)s, rounded.")
        yield _finding(product, FindingKind.COEFFICIENT_ROUNDED, says_id, **values)
        return
    says_id = msgid("Coefficient %(printed)s is not %(points)s divided by %(standard)s, which is %(right)s.")
    yield _finding(product, FindingKind.COEFFICIENT_MISMATCH, says_id, **values)


def shown(value: Decimal) -> str:
    """A number as Vietnamese readers write it, without needless zeros: 1,5."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


_Pairs = Iterator[tuple[ProductRow, Finding]]


def _same_codes(products: list[ProductRow]) -> _Pairs:
    says_id = msgid("The same code also stands at %(places)s.")
    for product, places in _shared(products, lambda product: fold(product.code).replace(" ", "")):
        yield product, _finding(product, FindingKind.DUPLICATE_CODE, says_id, places=places)


def _same_texts(products: list[ProductRow]) -> _Pairs:
    says_id = msgid("The same task and detail also stand at %(places)s.")
    for product, places in _shared(products, _task_and_detail):
        yield product, _finding(product, FindingKind.DUPLICATE_TEXT, says_id, places=places)


def _task_and_detail(product: ProductRow) -> str:
    words = fold(f"{product.task} | {product.detail}")
    return "" if words == "|" else words


def _shared(products: list[ProductRow], key: Callable[[ProductRow], str]) -> Iterator[tuple[ProductRow, str]]:
    """Each product whose key others share, with the places of those others as “sheet:row”."""
    by_key: dict[str, list[ProductRow]] = defaultdict(list)
    for product in products:
        if key(product):
            by_key[key(product)].append(product)
    for group in by_key.values():
        for product in group if len(group) > 1 else ():
            others = [f"{other.sheet}:{other.row}" for other in group[: NAMED + 1] if other is not product]
            yield product, ", ".join(others[:NAMED])


def _surplus_groups(products: list[ProductRow], most: int) -> _Pairs:
    """Article 13.1.a: at most so many groups in the whole catalogue; named once, at the first row of one more."""
    groups: dict[str, ProductRow] = {}
    for product in products:
        if product.group_text:
            groups.setdefault(str(product.group or fold(product.group_text)), product)
    if len(groups) > most:
        product = list(groups.values())[most]
        says_id = msgid(
            "The catalogue has %(count)s groups of complexity; the decree allows at most %(most)s."
        )
        yield (
            product,
            _finding(product, FindingKind.MORE_THAN_FIVE_GROUPS, says_id, count=len(groups), most=most),
        )
