"""What the page of a month shows: lines, criteria and texts, as stored or as just typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evaluation import clock
from evaluation.models import Report, WorkItem
from evaluation.queries import periods as period_questions
from evaluation.queries import reports as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.rulebook import GeneralCriterion
from evaluation.rules.scoring import WorkKind
from evaluation.services import entries, projections, rulebooks
from evaluation.services.refusals import Fault
from evaluation.web import presentation
from evaluation.web.timeline import steps_of

ABSENCES = {
    AbsenceKind.MATERNITY: _l("Maternity leave"),
    AbsenceKind.SICK: _l("Sick leave"),
    AbsenceKind.UNPAID: _l("Unpaid leave"),
    AbsenceKind.STUDY: _l("Full-time study"),
    AbsenceKind.SUSPENDED: _l("Suspended from work"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One input: its name, what stands in it, the fault beside it."""

    name: str
    value: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of work as the page shows it."""

    item: WorkItem
    number: int
    detail: str
    tag: str | None
    editable: bool
    late: bool
    files: int
    done: Cell
    quality_fails: Cell
    delays: Cell
    done_on: Cell
    note: Cell


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One of the ten criteria; `opens` is the group's title on its first row."""

    rule: GeneralCriterion
    opens: str | None
    group_max: Fraction
    cell: Cell


class Typed:
    """What stands in a field: the text just typed if there is one, else what is stored, with its fault."""

    def __init__(self, form: Mapping[str, str] | None, faults: list[Fault]) -> None:
        self.form = form or {}
        self.faults = {fault.place: beside(fault) for fault in faults}

    def cell(self, name: str, stored: str) -> Cell:
        return Cell(name, self.form.get(name, stored), self.faults.get(name))


def beside(fault: Fault) -> str:
    """The sentence beside a cell: there the line needs no name."""
    return fault.short if isinstance(fault, entries.CellFault) else fault.message


def context(
    report: Report, form: Mapping[str, str] | None = None, faults: list[Fault] | None = None
) -> dict[str, Any]:
    """Everything the template of a sheet needs; `form` and `faults` keep what was typed and what was wrong."""
    faults = faults or []
    typed = Typed(form, faults)
    due = period_questions.due_dates([report])[report.id]
    around = questions.around(report, clock.today())
    last = due[StepName.SUBMIT]
    assigned = sum(
        (Fraction(item.assigned * item.coefficient) for item in report.items if item.kind.in_assigned),
        Fraction(0),
    )
    return {
        "report": report,
        "rows": [row(report, item, number, typed) for number, item in enumerate(report.items, 1)],
        "criteria": criterion_rows(report, typed),
        "strengths": typed.cell("strengths", report.strengths or ""),
        "shortcomings": typed.cell("shortcomings", report.shortcomings or ""),
        "assigned": assigned,
        "projection": projections.of_report(report),
        "untouched": sum(1 for item in report.items if entries.untouched(item)),
        "steps": steps_of(report, around, due, own=True),
        "due": last,
        "days_left": (last - clock.today()).days,
        "supervisor_title": around.head(report.supervising_unit_id),
        "supervisor_name": around.heads.get(report.supervising_unit_id, ("", ""))[0],
        "errors": [(fault.place, fault.message) for fault in faults],
        "article": rulebooks.book_of(report).article("general_criteria"),
    }


def row(report: Report, item: WorkItem, number: int, typed: Typed) -> Row:
    """A line with its cells."""
    name = f"line-{item.id}"
    return Row(
        item=item,
        number=number,
        detail=detail(item),
        tag=kind_tag(item),
        editable=item.kind is not WorkKind.TRANSFERRED_OUT,
        late=is_late(item),
        files=sum(1 for file in item.evidence if file.removed_at is None),
        done=typed.cell(f"{name}-done", plain(entries.done_of(item))),
        quality_fails=typed.cell(f"{name}-quality_fails", str(item.quality_fails)),
        delays=typed.cell(f"{name}-delays", str(item.delays)),
        done_on=typed.cell(f"{name}-done_on", short(item.done_on, report.period.month)),
        note=typed.cell(f"{name}-note", item.note or ""),
    )


def kind_tag(item: WorkItem) -> str | None:
    """A word for work that did not come by the plan."""
    return {
        WorkKind.ADHOC: _("ad hoc"),
        WorkKind.RECEIVED: _("taken over"),
        WorkKind.TRANSFERRED_OUT: _("handed over"),
    }.get(item.kind)


def detail(item: WorkItem) -> str:
    """The grey line: document number, day of assignment, due day, or why the line stands outside the plan."""
    parts = [item.document_number] if item.document_number else []
    if item.kind is WorkKind.ADHOC:
        parts.append(_("outside the plan, adds to the result (Article 18)"))
    elif item.kind is WorkKind.RECEIVED:
        parts.append(_("outside your plan, adds to the result (Article 18)"))
    elif item.kind is WorkKind.TRANSFERRED_OUT:
        parts.append(_("still counts as assigned, not as done (Article 18)"))
    else:
        parts.append(_("assigned %(day)s", day=presentation.short_day(item.assigned_at)))
    if item.due_on:
        parts.append(_("due %(day)s", day=presentation.short_day(item.due_on)))
    return " · ".join(parts)


def is_late(item: WorkItem) -> bool:
    """Whether the line was finished after its due day, which counts as a delay."""
    return bool(item.done_on and item.due_on and item.done_on > item.due_on)


def criterion_rows(report: Report, typed: Typed) -> list[CriterionRow]:
    """The ten rows in the order of the form; empty until the official fills them."""
    own = {row.code: row.own_points for row in report.criteria}
    rules = rulebooks.book_of(report).general_criteria(report.period.month)
    rows, group = [], None
    for rule in rules:
        opens = rule.group_title if rule.group != group else None
        group = rule.group
        most = sum((one.max_points for one in rules if one.group == rule.group), Fraction(0))
        points = own.get(rule.code)
        cell = typed.cell(f"criterion-{rule.code}", "" if points is None else plain(points))
        rows.append(CriterionRow(rule, opens, most, cell))
    return rows


def plain(value: Decimal) -> str:
    """A number as a person types it: '4,5', without thousands marks."""
    return (
        presentation.quantity(value).replace(".", "")
        if not presentation.english()
        else f"{value.normalize():f}"
    )


def short(value: date | None, month: date) -> str:
    """A day for a narrow cell: without its year where that is the month's own."""
    if value is None:
        return ""
    return presentation.short_day(value) if value.year == month.year else presentation.day(value)


def shown(value: object) -> str:
    """A stored or typed value as a person reads it; nothing is '–'."""
    if value is None or value == "":
        return presentation.NOTHING
    if isinstance(value, date):
        return presentation.day(value)
    return plain(value) if isinstance(value, Decimal) else str(value)
