"""Comparing a published catalogue with the one in force, and writing what a person confirmed (Article 13)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from evaluation.extensions import db
from evaluation.files.catalogue import COLUMNS, CatalogueFile, ProductRow, read_catalogue
from evaluation.files.catalogue_check import Finding, FindingKind, check_catalogue, shown
from evaluation.files.legacy_fonts import Conversion
from evaluation.files.says import RowError, msgid
from evaluation.models import Catalogue, ImportNoun, Product, ProductPosition, ProductUnit, ProductVersion
from evaluation.queries import catalogue as rule
from evaluation.queries import catalogue_imports as questions
from evaluation.rules.names import fold
from evaluation.services import catalogue, catalogue_reach, rulebooks
from evaluation.services.access import Actor
from evaluation.services.catalogue import Decision
from evaluation.services.import_plans import Change, Diff, ImportKind, Options, What
from evaluation.services.product_terms import (
    CODE_LIMIT,
    MOST_POINTS,
    ProductTerms,
    coefficient_of,
    differences,
    no_faults,
    terms_of,
)
from evaluation.services.refusals import Fault, Forbidden

BLOCKING = frozenset(
    {
        FindingKind.MISSING_CODE,
        FindingKind.MISSING_POINTS,
        FindingKind.UNKNOWN_GROUP,
        FindingKind.MORE_THAN_FIVE_GROUPS,
        FindingKind.POINTS_OUTSIDE_FRAME,
        FindingKind.COEFFICIENT_MISMATCH,
        FindingKind.DUPLICATE_CODE,
    }
)
BY_STANDARD = frozenset(
    {FindingKind.COEFFICIENT_MISMATCH, FindingKind.COEFFICIENT_ROUNDED, FindingKind.STANDARD_UNKNOWN}
)
STANDARD_UNKNOWN = msgid("No cell states the standard product's points, so coefficients cannot be checked.")


@dataclass(frozen=True)
class CatalogueReading:
    """A catalogue's rows with what the check says; the findings on coefficients wait for the standard's points."""

    rows: list[ProductRow]
    errors: list[RowError]
    warnings: list[RowError]
    conversions: list[Conversion]


@dataclass(frozen=True, slots=True)
class Planned:
    """One row to write: a new product, a new version of one, or the correction of one that began that day."""

    code: str
    terms: ProductTerms
    product_id: int | None = None
    last: ProductVersion | None = None
    corrects: bool = False


@dataclass
class Plan:
    """Everything to write."""

    rows: list[Planned] = field(default_factory=list)
    ended: list[ProductVersion] = field(default_factory=list)


def read(data: bytes) -> CatalogueReading:
    """Rows, and the findings of the check as errors (a row that cannot be applied) or warnings."""
    file = read_catalogue(data)
    findings = [one for one in check_catalogue(file, rulebooks.most_groups()) if one.kind not in BY_STANDARD]
    errors, warnings = split(findings)
    return CatalogueReading(
        file.products, [*file.errors, *errors], [*file.warnings, *warnings], file.conversions
    )


def split(findings: list[Finding]) -> tuple[list[RowError], list[RowError]]:
    """Findings that keep a row from being applied, and those worth a look."""
    errors: list[RowError] = []
    warnings: list[RowError] = []
    for one in findings:
        into = errors if one.kind in BLOCKING else warnings
        into.append(RowError(one.sheet, one.row, "", one.says_id, one.params))
    return errors, warnings


def decision_of(options: Options) -> Decision:
    """The decision chosen beside the file; its day of force is the day the import counts from."""
    more = options.more
    return Decision(
        agency_id=more.get("agency_id"),
        title=more.get("title", ""),
        decision_number=more.get("decision_number", ""),
        decided_on=date.fromisoformat(more["decided_on"]) if more.get("decided_on") else None,
        standard_points=Decimal(more["standard_points"]) if more.get("standard_points") else None,
        valid_from=options.day,
    )


def option_faults(options: Options) -> list[Fault]:
    """What keeps the chosen decision from being used: something missing, or recorded differently before."""
    given = decision_of(options)
    faults = catalogue.decision_faults(given)
    recorded = (
        rule.catalogue_by_number(given.agency_id, given.decision_number)
        if given.agency_id is not None and given.decision_number
        else None
    )
    if recorded is not None and given.standard_points not in (None, recorded.standard_points):
        message = _(
            "Decision %(number)s is already recorded with a standard product of %(points)s points.",
            number=recorded.decision_number,
            points=shown(recorded.standard_points),
        )
        faults.append(Fault("standard_points", message))
    if recorded is not None and options.day < recorded.valid_from:
        message = _(
            "Decision %(number)s is in force from %(day)s. Choose that day or a later one.",
            number=recorded.decision_number,
            day=f"{recorded.valid_from:%d/%m/%Y}",
        )
        faults.append(Fault("valid_from", message))
    return faults


def scope(actor: Actor | None, options: Options) -> Collection[int] | None:
    """The agencies whose catalogue an actor may change; Forbidden for none, and for another's agency."""
    if actor is None:
        return None
    agencies = catalogue_reach.agencies_to_change(actor)
    chosen = options.more.get("agency_id")
    if not agencies or (chosen is not None and chosen not in agencies):
        raise Forbidden(_("You are not allowed to do this here."))
    return agencies


def compare(rows: list[ProductRow], options: Options, _scope: Collection[int] | None) -> Diff:
    """What the rows would change from the day on; only the check as long as agency or standard points are not known."""
    given = decision_of(options)
    diff = Diff(plan=Plan())
    if not given.standard_points:
        if rows:
            diff.warnings.append(RowError(rows[0].sheet, rows[0].row, "", STANDARD_UNKNOWN))
        return diff
    rows = _checked(rows, given.standard_points, diff)
    if given.agency_id is None:
        return diff
    known = questions.last_versions(given.agency_id)
    recorded = rule.catalogue_by_number(given.agency_id, given.decision_number)
    used = questions.used([version.id for version in known.values() if version.valid_from == options.day])
    for row in rows:
        last = known.get(code_key(row.code))
        terms = _terms(row)
        if last is None:
            _new(row, terms, given.standard_points, diff)
        else:
            _known(row, terms, last, options.day, recorded, last.id in used, given.standard_points, diff)
    if options.complete:
        in_file = {code_key(code) for code in options.more.get("codes", ())} or {
            code_key(r.code) for r in rows
        }
        for version in missing(known, in_file, options.day):
            _end(version, options.day, diff)
    return diff


def missing(known: Mapping[str, ProductVersion], in_file: Collection[str], day: date) -> list[ProductVersion]:
    """Products in force on the day that the file does not name, by code."""
    return [
        version
        for key, version in sorted(known.items())
        if key not in in_file
        and version.valid_from < day
        and (version.valid_to is None or version.valid_to > day)
    ]


def code_key(code: str) -> str:
    """A code as it is compared: accents, case and spaces aside."""
    return fold(code).replace(" ", "")


def _checked(rows: list[ProductRow], standard: Decimal, diff: Diff) -> list[ProductRow]:
    """The rows whose coefficient, points and texts can be stored; the findings on the others go into the diff."""
    file = CatalogueFile(standard, False, "", None, products=rows)
    errors, warnings = split(
        [one for one in check_catalogue(file, rulebooks.most_groups()) if one.kind in BY_STANDARD]
    )
    diff.warnings.extend(warnings)
    for row in rows:
        assert row.points is not None
        numbers = [one for one in (row.points, row.points_min, row.points_max) if one is not None]
        if len(row.code) > CODE_LIMIT:
            says = msgid("The code is longer than %(limit)s characters. Shorten it.")
            errors.append(RowError(row.sheet, row.row, "", says, {"limit": CODE_LIMIT}))
        if any(one > MOST_POINTS or one != round(one, 4) for one in numbers):
            says = msgid("Points are at most 99,999 and have at most four decimals.")
            errors.append(RowError(row.sheet, row.row, "", says))
        elif coefficient_of(row.points, standard) == 0:
            says = msgid("Points are above zero: a coefficient of zero weighs nothing.")
            errors.append(RowError(row.sheet, row.row, "", says))
    diff.errors.extend(errors)
    bad = {(error.sheet, error.row) for error in errors}
    return [row for row in rows if (row.sheet, row.row) not in bad]


def _terms(row: ProductRow) -> ProductTerms:
    assert row.group is not None
    assert row.points is not None
    return ProductTerms(
        section=row.section or row.sheet,
        task=row.task or row.detail,
        detail=(row.detail or None) if row.task else None,
        output=row.output or None,
        complexity_group=row.group,
        points_min=row.points_min,
        points_max=row.points_max,
        points=row.points,
    )


def _new(row: ProductRow, terms: ProductTerms, standard: Decimal, diff: Diff) -> None:
    diff.plan.rows.append(Planned(row.code, terms))
    items = (
        ("group", None, str(terms.complexity_group)),
        ("points", None, shown(terms.points)),
        ("coefficient", None, shown(coefficient_of(terms.points, standard))),
    )
    diff.changes.append(Change(What.NEW, row.sheet, row.row, f"{row.code} {terms.task}", items))


def _known(
    row: ProductRow,
    terms: ProductTerms,
    last: ProductVersion,
    day: date,
    recorded: Catalogue | None,
    used: bool,
    standard: Decimal,
    diff: Diff,
) -> None:
    """A row of a known code: unchanged, a new version, a correction of the same day, or an error."""
    before = terms_of(last)
    # What an import does not carry stays as it was.
    terms = replace(
        terms,
        measure=before.measure,
        working_days=before.working_days,
        quality_requirement=before.quality_requirement,
    )
    items = [(name, _text(old), _text(new)) for name, old, new in differences(before, terms)]
    coefficient = coefficient_of(terms.points, standard)
    if coefficient != last.coefficient:
        items.append(("coefficient", shown(last.coefficient), shown(coefficient)))
    if last.valid_to is not None and last.valid_to <= day:
        items.append(("valid_to", f"{last.valid_to:%d/%m/%Y}", None))
    if not items:
        diff.unchanged += 1
        return
    if last.valid_from > day:
        says = msgid("A later version of this product begins on %(day)s. Choose a later day for this file.")
        params = {"day": f"{last.valid_from:%d/%m/%Y}"}
        diff.errors.append(RowError(row.sheet, row.row, "", says, params))
        return
    corrects = last.valid_from == day
    if corrects and (used or recorded is None or recorded.id != last.catalogue_id):
        says = msgid(
            "This product already has a version from %(day)s, by decision %(number)s. Choose a later day for this file."
        )
        params = {"day": f"{day:%d/%m/%Y}", "number": last.catalogue.decision_number}
        diff.errors.append(RowError(row.sheet, row.row, "", says, params))
        return
    diff.plan.rows.append(Planned(row.code, terms, last.product_id, last, corrects))
    label = f"{last.product.code} {terms.task}"
    diff.changes.append(Change(What.CHANGED, row.sheet, row.row, label, tuple(items)))


def _end(version: ProductVersion, day: date, diff: Diff) -> None:
    diff.plan.ended.append(version)
    label = f"{version.product.code} {version.task}"
    items = (("valid_to", None, f"{day:%d/%m/%Y}"),)
    diff.changes.append(Change(What.ENDED, "", 0, label, items))


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return shown(value) if isinstance(value, Decimal) else str(value)


def write(diff: Diff, options: Options) -> None:
    """Records the decision if it is new, then every planned version; positions and units stay as they were."""
    given, plan = decision_of(options), diff.plan
    no_faults(option_faults(options))
    assert given.agency_id is not None
    decided = rule.catalogue_by_number(given.agency_id, given.decision_number) if plan.rows else None
    if plan.rows and decided is None:
        decided = catalogue.new_catalogue(given)
    for version in plan.ended:
        version.valid_to = options.day
    for row in plan.rows:
        if (
            row.last is not None
            and not row.corrects
            and (row.last.valid_to is None or row.last.valid_to > options.day)
        ):
            row.last.valid_to = options.day
    fresh = {
        row.code: Product(agency_id=given.agency_id, code=row.code)
        for row in plan.rows
        if row.product_id is None
    }
    db.session.add_all(fresh.values())
    db.session.flush()
    for row in plan.rows:
        assert decided is not None
        values = asdict(row.terms) | {
            "coefficient": coefficient_of(row.terms.points, decided.standard_points),
            "search_key": rule.search_key(
                row.code, row.terms.task, row.terms.detail, row.terms.output, row.terms.section
            ),
        }
        if row.corrects and row.last is not None:
            for name, value in values.items():
                setattr(row.last, name, value)
            continue
        version = ProductVersion(
            product_id=row.product_id or fresh[row.code].id,
            catalogue_id=decided.id,
            valid_from=options.day,
            **values,
        )
        if row.last is not None:
            version.positions = [ProductPosition(position_id=one.position_id) for one in row.last.positions]
            version.units = [ProductUnit(unit_id=one.unit_id) for one in row.last.units]
        db.session.add(version)
    db.session.flush()


KIND = ImportKind(
    noun=ImportNoun.CATALOGUE,
    columns=COLUMNS,
    example=(
        "1", "QL.01", "Xây dựng kế hoạch công tác", "Kế hoạch tháng của phòng", "Kế hoạch", "N3", "51-100", "51",
        "100", "70", "14", "Lãnh đạo, quản lý", "",
    ),
    read=read,
    row_type=ProductRow,
    scope=scope,
    compare=compare,
    write=write,
    tables=("catalogue", "product", "product_version", "product_position", "product_unit"),
    by_day=False,  # its day comes with the decision: it has an upload page of its own
    can_be_complete=True,
)  # fmt: skip
