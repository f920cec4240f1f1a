"""Copying the plan of the last month or quarter: same products and quantities, days and coefficients of now (Article 13)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import ProductVersion, Report, WorkItem
from evaluation.queries import catalogue
from evaluation.queries import periods as period_questions
from evaluation.queries import workplans as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Stretch, stretch_of
from evaluation.rules.scoring import WorkKind
from evaluation.services import access, assigning, audit, receipts
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Missing


@dataclass(frozen=True, slots=True)
class Copied:
    """What copying came to: lines added, on how many sheets, and what was left out with the reason."""

    lines: int = 0
    sheets: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


def copy_last_month(
    actor: Actor,
    unit_id: int,
    month: Stretch,
    *,
    report_id: int | None = None,
    transaction_id: str | None = None,
) -> Copied:
    """Gives each official of a unit (or one) the planned products of the last period of the same cycle again.

    The product's version in force now decides task, coefficient and who may use it; a product already in this month's
    plan is not given twice, so copying twice is copying once. What was handed over last month is planned again.
    """
    assigning.unit_for(actor, unit_id)
    known = receipts.taken(actor, transaction_id, "workplan.copied")
    if known:
        return Copied(known["lines"], known["sheets"], [(name, why) for name, why in known["skipped"]])
    period = assigning.period_for(month)
    questions.lock(questions.ids_of(unit_id, period.id))
    reports = questions.sheets(
        unit_id,
        period.id,
        besides=actor.person_id,
        report_ids=None if report_id is None else [report_id],
    )
    if not reports:
        raise Missing(_("There is no such sheet."))
    copies = _Copies(actor, month, reports)
    for report in reports:
        copies.give(report)
    db.session.flush()
    for report, items in copies.given:
        audit.record(
            actor,
            "workplan.copied",
            report,
            after={
                "from": str(month.previous()),
                "lines": [
                    {"item": i.id, "task": i.task, "assigned": i.assigned, "coefficient": i.coefficient}
                    for i in items
                ],
            },
            unit_id=report.unit_id,
            on_behalf_of=access.acting_for(actor, unit_id),
        )
    assigning.tell_owners([report for report, _items in copies.given])
    result = Copied(sum(len(items) for _r, items in copies.given), len(copies.given), copies.skipped)
    receipts.keep(transaction_id, {"lines": result.lines, "sheets": result.sheets, "skipped": result.skipped})
    db.session.commit()
    return result


class _Copies:
    """Everything copying needs, read in a fixed number of queries."""

    def __init__(self, actor: Actor, month: Stretch, reports: list[Report]) -> None:
        self.actor, self.month = actor, month
        self.before = questions.planned_by([report.person_id for report in reports], month.previous())
        self.due = period_questions.due_dates(reports)
        self.codes = questions.products_of(
            {item.product_version_id for report in reports for item in report.items}
        )
        wanted = {product_id for lines in self.before.values() for _item, product_id in lines}
        self.versions = questions.versions_of(wanted, month)
        self.reach = catalogue.reaches(reports)
        self.off = period_questions.days_off(month) | period_questions.days_off(month.previous())
        self.given: list[tuple[Report, list[WorkItem]]] = []
        self.skipped: list[tuple[str, str]] = []

    def give(self, report: Report) -> None:
        """Copies one person's plan, or notes why not."""
        name = report.person.full_name
        wanted = self._wanted(report)
        if not wanted:
            return
        try:
            assigning.refuse_sent(report)
            assigning.refuse_late_plan(report, self.due[report.id][StepName.ASSIGN])
        except Conflict as refused:
            self.skipped.append((name, refused.message))
            return
        items = []
        for (product_id, task, old_due), quantity in wanted.items():
            version = self._in_force(product_id)
            why = (
                _("“%(task)s” is no longer in the catalogue.", task=task)
                if version is None
                else assigning.why_not(version, report, self.reach[report.id])
            )
            if version is None or why:
                self.skipped.append((name, why or ""))
                continue
            items.append(
                assigning.new_line(
                    self.actor,
                    report,
                    version,
                    kind=WorkKind.PLANNED,
                    quantity=quantity,
                    due_on=same_working_day(old_due, self.month, self.off),
                )
            )
        if items:
            assigning.written(report)
            self.given.append((report, items))

    def _wanted(self, report: Report) -> dict[tuple[int, str, date | None], Decimal]:
        """Quantities by product and day; what was handed over last month counts with the rest of its line."""
        planned = {
            self.codes[item.product_version_id][0]
            for item in report.items
            if item.kind in questions.IN_PLAN and item.product_version_id in self.codes
        }
        wanted: dict[tuple[int, str, date | None], Decimal] = {}
        for item, product_id in self.before.get(report.person_id, []):
            if product_id not in planned:
                key = (product_id, item.task, item.due_on)
                wanted[key] = wanted.get(key, Decimal(0)) + item.assigned
        return wanted

    def _in_force(self, product_id: int) -> ProductVersion | None:
        """The version in force today; before the month its first one, after it its last one."""
        versions = self.versions.get(product_id, [])
        today = clock.today()
        begun = [version for version in versions if version.valid_from <= today]
        return begun[-1] if begun else (versions[0] if versions else None)


def same_working_day(day: date | None, month: Stretch, off: Collection[date]) -> date:
    """The working day of a period with the same number as a day had in its own; the last one if there are not so many."""
    days = _working_days(month, off)
    if day is None:
        return days[-1]
    before = [one for one in _working_days(stretch_of(day, month.cycle), off) if one <= day]
    return days[min(max(len(before), 1), len(days)) - 1]


def _working_days(month: Stretch, off: Collection[date]) -> list[date]:
    length = (month.end - month.first_day).days
    every = [month.first_day + timedelta(days=number) for number in range(length)]
    return [day for day in every if day.weekday() < 5 and day not in off]
