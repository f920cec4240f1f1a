"""What a supervisor typed into the panel of a sheet, read from the form and put back into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import request

from evaluation.files.cells import parse_decimal
from evaluation.files.says import CellRefused
from evaluation.models import Report
from evaluation.rules.rulebook import GeneralCriterion
from evaluation.services import marks, rulebooks
from evaluation.services.marks import Findings, LeaderFinding, LineFinding
from evaluation.services.refusals import Fault
from evaluation.services.scores import live_mark

NEITHER = "-neither"


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the panel: what was reported, what is typed, what is stored now."""

    item: Any
    reported: dict[str, str]
    typed: dict[str, str]
    stored: dict[str, str]
    reason: str
    evidence: list[Any]

    @property
    def changed(self) -> bool:
        """Whether what is typed differs from what was reported."""
        return self.typed != self.reported


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion of the panel: own points, given points, reason."""

    row: GeneralCriterion
    own: Decimal | None
    typed: str
    stored: str
    reason: str

    @property
    def changed(self) -> bool:
        """Whether the typed points differ from the self score."""
        return self.typed != shown(self.own)


@dataclass(frozen=True, slots=True)
class Panel:
    """One sheet opened for scoring, with what was typed and what is wrong in it."""

    report: Report
    lines: list[LineRow]
    criteria: list[CriterionRow]
    ratios: dict[str, str]
    ratio_reasons: dict[str, str]
    comment: str
    version: int
    faults: list[Fault] = field(default_factory=list)
    notice: str | None = None
    notice_kind: str = "warning"

    @property
    def neither_ratio(self) -> int | None:
        """đ where neither case fits, when the rulebook fixes it (open question Q12)."""
        return marks.neither_ratio(rulebooks.book_of(self.report), self.report.period.month)

    @property
    def errors(self) -> dict[str, str]:
        """Sentence by place."""
        return {fault.place: fault.message for fault in self.faults if fault.place}

    @property
    def summary(self) -> list[tuple[str, str]]:
        """(id of the cell, sentence) for the summary on top; two sheets may stand open on one page."""
        return [(self._cell(fault.place), fault.message) for fault in self.faults]

    def _cell(self, place: str) -> str:
        return place if not place or place.startswith("line-") else f"{place}-{self.report.id}"

    @property
    def criteria_changed(self) -> bool:
        """Whether any criterion differs from the self score, lacks points or is wrong."""
        return any(row.changed or not row.typed for row in self.criteria) or any(
            place.startswith("criterion") for place in self.errors
        )


def shown(value: Decimal | int | None) -> str:
    """A stored number as it stands in a cell: '4,5', '3'."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def panel(
    report: Report,
    typed: Mapping[str, str] | None = None,
    faults: list[Fault] | None = None,
    notice: str | None = None,
    notice_kind: str = "warning",
) -> Panel:
    """The panel of a sheet from what is stored, or from what was typed."""
    given = typed or {}
    marks_by_code = {mark.code: mark for mark in report.criteria}
    rows = rulebooks.book_of(report).general_criteria(report.period.month)
    return Panel(
        report=report,
        lines=[_line(item, given) for item in report.items],
        criteria=[_criterion(row, marks_by_code.get(row.code), given) for row in rows],
        ratios={name: given.get(name, _ratio(report, name)) for name in marks.RATIOS},
        ratio_reasons={
            name: given.get(f"{name}-reason", getattr(report, f"{name}_reason") or "")
            for name in marks.RATIOS
        },
        comment=given.get("comment", report.comment or ""),
        version=report.version,
        faults=faults or [],
        notice=notice,
        notice_kind=notice_kind,
    )


def _line(item: Any, given: Mapping[str, str]) -> LineRow:
    stored = _cells(marks.facts_of(item))
    mark = live_mark(item)
    return LineRow(
        item=item,
        reported=_cells(marks.reported(item)),
        typed={name: given.get(f"line-{item.id}-{name}", value).strip() for name, value in stored.items()},
        stored=stored,
        reason=given.get(f"line-{item.id}-reason", mark.reason if mark else ""),
        evidence=[one for one in item.evidence if one.removed_at is None],
    )


def _cells(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as the panel shows them: all findings, and how many of them have a confirmed cause."""
    return {
        "done": shown(facts["done"]),
        "quality_fails": shown(facts["quality_fails"] + facts["exempt_quality_fails"]),
        "exempt_quality_fails": shown(facts["exempt_quality_fails"]),
        "delays": shown(facts["delays"] + facts["exempt_delays"]),
        "exempt_delays": shown(facts["exempt_delays"]),
    }


def _criterion(row: GeneralCriterion, mark: Any, given: Mapping[str, str]) -> CriterionRow:
    own = mark.own_points if mark else None
    stored = shown(mark.given_points if mark and mark.given_points is not None else own)
    return CriterionRow(
        row=row,
        own=own,
        typed=given.get(f"criterion-{row.code}", stored).strip(),
        stored=stored,
        reason=given.get(f"criterion-{row.code}-reason", (mark.reason or "") if mark else ""),
    )


def _ratio(report: Report, name: str) -> str:
    value = getattr(report, name)
    if value is None:
        return ""
    return f"{value}{NEITHER}" if value == 100 and getattr(report, f"{name}_reason") else str(value)


def findings(report: Report) -> Findings:
    """What the form holds; only the lines of this sheet, only cells that it has, nothing else counts."""
    form = request.form
    lines = {}
    for item in report.items:
        if f"line-{item.id}-done" not in form:
            continue
        cell = {name: form.get(f"line-{item.id}-{name}", "") for name in marks.FACTS}
        fails, excused_fails = _split(cell["quality_fails"], cell["exempt_quality_fails"])
        delays, excused_delays = _split(cell["delays"], cell["exempt_delays"])
        lines[item.id] = LineFinding(
            done=cell["done"],
            quality_fails=fails,
            delays=delays,
            exempt_quality_fails=excused_fails,
            exempt_delays=excused_delays,
            reason=form.get(f"line-{item.id}-reason"),
        )
    rows = rulebooks.book_of(report).general_criteria(report.period.month)
    codes = [row.code for row in rows if f"criterion-{row.code}" in form]
    return Findings(
        lines=lines,
        points={code: form[f"criterion-{code}"] for code in codes},
        reasons={code: form.get(f"criterion-{code}-reason", "") for code in codes},
        leader=_leader() if report.office.leads else None,
    )


def _leader() -> LeaderFinding:
    typed = {name: request.form.get(name, "") for name in marks.RATIOS}
    return LeaderFinding(
        organising=typed["organising"].removesuffix(NEITHER),
        cohesion=typed["cohesion"].removesuffix(NEITHER),
        reasons={name: request.form.get(f"{name}-reason", "") for name in marks.RATIOS},
        neither=[name for name, value in typed.items() if value.endswith(NEITHER)],
    )


def _split(total: str, excused: str) -> tuple[str | int, str | int]:
    """Findings that cost and findings with a confirmed cause, from all of them and of which; unreadable text goes on."""
    try:
        numbers = [parse_decimal(text) or Decimal(0) for text in (total, excused)]
    except CellRefused:
        return total, excused
    if any(not number.is_finite() or number != int(number) for number in numbers):
        return total, excused
    return int(numbers[0] - numbers[1]), int(numbers[1])
