"""Assigning the month's work: one line, one product for all holders of a position, the whole grid (Article 18.1)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import ProductVersion, Report, WorkItem
from evaluation.queries import catalogue
from evaluation.queries import periods as period_questions
from evaluation.queries import workplans as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Stretch
from evaluation.rules.scoring import WorkKind
from evaluation.services import access, assigning, audit, moves, receipts
from evaluation.services.access import Actor
from evaluation.services.handovers import hand_over
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.services.workplan_copies import copy_last_month

__all__ = [
    "GridConflict",
    "GridRow",
    "Shared",
    "assign",
    "assign_to_holders",
    "copy_last_month",
    "hand_over",
    "remove",
    "save_grid",
]

ASSIGNABLE = (WorkKind.PLANNED, WorkKind.ADHOC)


@dataclass(frozen=True, slots=True)
class Shared:
    """What giving one product to many came to: how many got it, and who did not with the reason."""

    lines: int
    skipped: list[tuple[str, str]] = field(default_factory=list)


def assign(
    actor: Actor,
    report_id: int,
    *,
    version_id: int | None,
    quantity: Decimal | str,
    due_on: date | str,
    kind: WorkKind = WorkKind.PLANNED,
    version: int | None = None,
    transaction_id: str | None = None,
) -> WorkItem:
    """Puts a product of the catalogue on a sheet; planned work until the last day of assigning, ad hoc work after it.

    The product must be in force in the month and used by the unit and the position; its coefficient is copied.
    """
    known = receipts.taken(actor, transaction_id, "workplan.assigned")
    if known:
        return db.session.get_one(WorkItem, known["item_id"])
    report = assigning.sheet_for(actor, report_id, version=version)
    _refuse_kind(kind)
    if kind is WorkKind.PLANNED:
        assigning.refuse_late_plan(report, assigning.plan_due(report))
    month = report.period.covers
    product = _product(version_id, month)
    amount, day = assigning.read_terms(quantity, due_on, month)
    problem = assigning.why_not(product, report, catalogue.reaches([report])[report.id])
    if problem:
        raise Invalid([Fault("version_id", problem)])
    item = assigning.new_line(actor, report, product, kind=kind, quantity=amount, due_on=day)
    assigning.written(report)
    db.session.flush()
    audit.record(
        actor,
        "workplan.assigned",
        report,
        after=_line(item),
        unit_id=report.unit_id,
        on_behalf_of=access.acting_for(actor, report.supervising_unit_id),
    )
    assigning.tell_owners([report])
    receipts.keep(transaction_id, {"item_id": item.id})
    db.session.commit()
    return item


def assign_to_holders(
    actor: Actor,
    unit_id: int,
    month: Stretch,
    *,
    position_id: int | None,
    version_id: int | None,
    quantity: Decimal | str,
    due_on: date | str,
    kind: WorkKind = WorkKind.PLANNED,
    transaction_id: str | None = None,
) -> Shared:
    """Puts one product on the sheets of all holders of a position (of everybody when None), never on one's own.

    Who already has it in the plan, has sent the sheet or is past the last day is left out and named.
    """
    assigning.unit_for(actor, unit_id)
    known = receipts.taken(actor, transaction_id, "workplan.shared")
    if known:
        return Shared(known["lines"], [(name, why) for name, why in known["skipped"]])
    period = assigning.period_for(month)
    _refuse_kind(kind)
    product = _product(version_id, month)
    amount, day = assigning.read_terms(quantity, due_on, month)
    questions.lock(questions.ids_of(unit_id, period.id))
    reports = [
        report
        for report in questions.sheets(unit_id, period.id, besides=actor.person_id)
        if position_id is None or report.position_id == position_id
    ]
    if not reports:
        raise Invalid([Fault("to", _("Nobody else here holds this position in this month."))])
    due = period_questions.due_dates(reports)
    codes = questions.products_of({item.product_version_id for report in reports for item in report.items})
    reach = catalogue.reaches(reports)
    given, skipped = [], []
    for report in reports:
        try:
            assigning.refuse_sent(report)
            if kind is WorkKind.PLANNED:
                assigning.refuse_late_plan(report, due[report.id][StepName.ASSIGN])
        except Conflict as refused:
            skipped.append((report.person.full_name, refused.message))
            continue
        why = assigning.why_not(product, report, reach[report.id]) or _already(report, product, kind, codes)
        if why:
            skipped.append((report.person.full_name, why))
            continue
        item = assigning.new_line(actor, report, product, kind=kind, quantity=amount, due_on=day)
        assigning.written(report)
        given.append((report, item))
    db.session.flush()
    for report, item in given:
        audit.record(
            actor,
            "workplan.assigned",
            report,
            after=_line(item),
            unit_id=report.unit_id,
            on_behalf_of=access.acting_for(actor, unit_id),
        )
    assigning.tell_owners([report for report, _item in given])
    result = Shared(len(given), skipped)
    receipts.keep(transaction_id, {"lines": result.lines, "skipped": result.skipped})
    db.session.commit()
    return result


def remove(actor: Actor, item_id: int) -> Report:
    """Takes a line off a sheet while the plan is open and nothing was reported on it."""
    item = db.session.get(WorkItem, item_id)
    report = assigning.sheet_for(actor, item.report_id if item else 0)
    assert item is not None
    db.session.refresh(item)
    _refuse_removing(report, item, assigning.plan_due(report))
    before = _line(item)
    db.session.delete(item)
    assigning.written(report)
    audit.record(
        actor,
        "workplan.removed",
        report,
        before=before,
        unit_id=report.unit_id,
        on_behalf_of=access.acting_for(actor, report.supervising_unit_id),
    )
    assigning.tell_owners([report])
    db.session.commit()
    return report


# The grid


@dataclass(frozen=True, slots=True)
class GridRow:
    """One line as the grid sends it: the version of its sheet when the page was opened, and what was typed."""

    item_id: int
    version: int
    quantity: str
    due_on: str
    remove: bool = False


class GridConflict(moves.Overtaken):
    """Somebody saved first; `differences` hold (item id, stored quantity, stored day) of every line that differs."""

    def __init__(self, message: str, differences: dict[int, tuple[Decimal | None, date | None]]) -> None:
        super().__init__(message)
        self.differences = differences


def save_grid(
    actor: Actor, unit_id: int, month: Stretch, rows: Iterable[GridRow], *, transaction_id: str | None = None
) -> int:
    """Stores every changed quantity and day of a unit's lines, or none; returns how many sheets changed.

    A line that somebody else changed meanwhile is shown beside what was typed (fault 3), faults all at once.
    """
    assigning.unit_for(actor, unit_id)
    known = receipts.taken(actor, transaction_id, "workplan.saved")
    if known:
        return int(known["sheets"])
    period = assigning.period_for(month)
    typed = {row.item_id: row for row in rows}
    questions.lock(questions.ids_of(unit_id, period.id))
    reports = questions.sheets(unit_id, period.id, besides=actor.person_id)
    changes = _changes(reports, typed, month)
    _refuse_stale(reports, typed, {change.item.id for change in changes})
    _refuse_frozen(changes, reports)
    for report in dict.fromkeys(change.report for change in changes):
        own = [change for change in changes if change.report is report]
        audit.record(
            actor,
            "workplan.saved",
            report,
            before={str(change.item.id): _line(change.item) for change in own},
            after={
                str(change.item.id): None
                if change.removed
                else {"assigned": change.quantity, "due_on": change.due_on}
                for change in own
            },
            unit_id=report.unit_id,
            on_behalf_of=access.acting_for(actor, unit_id),
        )
        for change in own:
            if change.removed:
                db.session.delete(change.item)
            else:
                change.item.missed_deadlines += change.misses_a_deadline
                change.item.assigned, change.item.due_on = change.quantity, change.due_on
        assigning.written(report)
    changed = list(dict.fromkeys(change.report for change in changes))
    assigning.tell_owners(changed)
    receipts.keep(transaction_id, {"sheets": len(changed)})
    db.session.commit()
    return len(changed)


@dataclass(frozen=True, slots=True)
class _Change:
    report: Report
    item: WorkItem
    quantity: Decimal
    due_on: date | None
    removed: bool = False

    @property
    def misses_a_deadline(self) -> bool:
        """Whether a last day that has passed gives way to a later one: that is one delay (Điều 14.2.c)."""
        old = self.item.due_on
        return old is not None and old < clock.today() and self.due_on is not None and self.due_on > old


def _changes(reports: list[Report], typed: dict[int, GridRow], month: Stretch) -> list[_Change]:
    changes, faults = [], []
    for report in reports:
        for item in report.items:
            row = typed.get(item.id)
            if row is None:
                continue
            if row.remove:
                changes.append(_Change(report, item, item.assigned, item.due_on, removed=True))
                continue
            try:
                quantity = assigning.read_quantity(row.quantity)
            except ValueError as problem:
                faults.append(_cell_fault("quantity", item, report, _("Quantity"), str(problem)))
                continue
            due_on = item.due_on
            if row.due_on.strip() or item.due_on is not None:
                try:
                    due_on = assigning.read_day(row.due_on, month)
                except ValueError as problem:
                    faults.append(_cell_fault("due_on", item, report, _("Last day"), str(problem)))
                    continue
            if (quantity, due_on) != (item.assigned, item.due_on):
                changes.append(_Change(report, item, quantity, due_on))
    if faults:
        raise Invalid(faults)
    return changes


def _cell_fault(column: str, item: WorkItem, report: Report, name: str, says: str) -> Fault:
    return Fault(f"{column}-{item.id}", f"{line_name(report, item)}{name.lower()}: {says}")


def line_name(report: Report, item: WorkItem) -> str:
    """Where a fault of the grid stands, as the summary names it."""
    return f"{report.person.full_name}, {item.task[:60]}, "


def _refuse_stale(reports: list[Report], typed: dict[int, GridRow], changed: set[int]) -> None:
    differences: dict[int, tuple[Decimal | None, date | None]] = {}
    sentence = ""
    for report in reports:
        for item in report.items:
            row = typed.get(item.id)
            if row is not None and item.id in changed and row.version != report.version:
                differences[item.id] = (item.assigned, item.due_on)
                sentence = sentence or _(
                    "The sheet of %(name)s changed after you opened it.", name=report.person.full_name
                ) + " " + moves.last_writer(report)
    present = {item.id for report in reports for item in report.items}
    gone = [item_id for item_id, row in typed.items() if item_id not in present and not row.remove]
    if gone:
        differences |= dict.fromkeys(gone, (None, None))
        sentence = sentence or _("A line was taken off by somebody else after you opened the page.")
    if differences:
        raise GridConflict(
            f"{sentence} " + _("Nothing of yours was stored; compare and save again."), differences
        )


def _refuse_frozen(changes: list[_Change], reports: list[Report]) -> None:
    if not changes:
        return
    due = period_questions.due_dates({change.report.id: change.report for change in changes}.values())
    faults = []
    for change in changes:
        try:
            assigning.refuse_sent(change.report)
            if change.removed:
                _refuse_removing(change.report, change.item, due[change.report.id][StepName.ASSIGN])
            else:
                _refuse_changing(change.report, change.item, due[change.report.id][StepName.ASSIGN])
        except Conflict as refused:
            faults.append(Fault(f"quantity-{change.item.id}", refused.message))
    if faults:
        raise Invalid(faults)


def _refuse_changing(report: Report, item: WorkItem, last_day: date) -> None:
    if item.kind not in ASSIGNABLE or item.added_by_owner:
        raise Conflict(_("“%(task)s” cannot be changed here.", task=item.task))
    if item.kind is WorkKind.PLANNED:
        assigning.refuse_late_plan(report, last_day)


def _refuse_removing(report: Report, item: WorkItem, last_day: date) -> None:
    _refuse_changing(report, item, last_day)
    if item.reported or item.marks or questions.has_evidence(item.id):
        raise Conflict(
            _(
                "%(name)s has already reported on “%(task)s”, so it cannot be removed. Change its quantity instead.",
                name=report.person.full_name,
                task=item.task,
            )
        )


def _refuse_kind(kind: WorkKind) -> None:
    if kind not in ASSIGNABLE:
        raise Invalid([Fault("kind", _("Choose planned or ad hoc work."))])


def _product(version_id: int | None, month: Stretch) -> ProductVersion:
    product = questions.version(version_id, month) if version_id else None
    if product is None:
        raise Invalid(
            [Fault("version_id", _("Choose a product of the catalogue that is in force in this month."))]
        )
    return product


def _already(
    report: Report, product: ProductVersion, kind: WorkKind, codes: dict[int, tuple[int, str]]
) -> str | None:
    if kind is not WorkKind.PLANNED:
        return None
    planned = {
        codes[item.product_version_id][0]
        for item in report.items
        if item.kind in questions.IN_PLAN and item.product_version_id in codes
    }
    return _("This product is already in the plan.") if product.product_id in planned else None


def _line(item: WorkItem) -> dict[str, Any]:
    return {
        "item": item.id,
        "task": item.task,
        "kind": item.kind,
        "assigned": item.assigned,
        "coefficient": item.coefficient,
        "due_on": item.due_on,
    }
