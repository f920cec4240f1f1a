"""What a supervisor finds on a sheet: facts of lines, points of criteria, a leader's two ratios; never a total."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_decimal
from evaluation.files.says import CellRefused, said
from evaluation.models import CriterionMark, ItemMark, Report, WorkItem
from evaluation.rules.delays import least_delays
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import WorkKind
from evaluation.rules.terms import finite
from evaluation.services import rulebooks
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Fault, Invalid
from evaluation.services.scores import live_mark

Typed = Decimal | int | str | None
MOST_DONE = Decimal("99999.99")
MOST_FINDINGS = 99
RATIOS = ("organising", "cohesion")
FACTS = ("done", "quality_fails", "delays", "exempt_quality_fails", "exempt_delays")


@dataclass(frozen=True, slots=True)
class LineFinding:
    """Facts of one line as the supervisor found them; `delays` cost, `exempt_delays` have a confirmed objective cause."""

    done: Typed
    quality_fails: Typed = 0
    delays: Typed = 0
    exempt_quality_fails: Typed = 0
    exempt_delays: Typed = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LeaderFinding:
    """đ and e of a leader: 100 or 50; `neither` names the ratio for which neither case of Article 15.3 fits exactly."""

    organising: Typed = None
    cohesion: Typed = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    neither: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a supervisor may enter on a sheet at once; what is left out stays as it stands."""

    lines: Mapping[int, LineFinding] = field(default_factory=dict)
    points: Mapping[str, Typed] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    leader: LeaderFinding | None = None


@dataclass(slots=True)
class Changes:
    """What was stored, for the journal: before and after, by place."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    writes: list[Callable[[], None]] = field(default_factory=list)

    def note(self, place: str, before: Any, after: Any, write: Callable[[], None]) -> None:
        """Remembers a change and how to store it; nothing is stored while anything is refused."""
        if before != after:
            self.before[place], self.after[place] = before, after
        self.writes.append(write)


def apply(actor: Actor, report: Report, findings: Findings) -> Changes:
    """Stores findings on a locked sheet, or Invalid with every fault and its place; facts that did not change stay."""
    faults: list[Fault] = []
    changes = Changes()
    items = {item.id: item for item in report.items}
    for item_id, finding in findings.lines.items():
        item = items.get(item_id)
        if item is None:
            faults.append(Fault("", _("A line that is not on this sheet was sent. Open the page again.")))
            continue
        _line(actor, report, item, finding, faults, changes)
    _criteria(report, findings, faults, changes)
    if findings.leader is not None:
        _leader(report, findings.leader, faults, changes)
    if faults:
        raise Invalid(faults)
    for write in changes.writes:
        write()
    return changes


def facts_of(item: WorkItem) -> dict[str, Any]:
    """The facts in force on a line: the supervisor's where there is a mark, else the official's."""
    mark = live_mark(item)
    if mark is not None:
        return {name: getattr(mark, name) for name in FACTS}
    return reported(item)


def reported(item: WorkItem) -> dict[str, Any]:
    """The facts as the official reports them."""
    return {
        "done": item.done,
        "quality_fails": item.quality_fails,
        "delays": item.delays,
        "exempt_quality_fails": 0,
        "exempt_delays": 0,
    }


def _line(
    actor: Actor, report: Report, item: WorkItem, finding: LineFinding, faults: list[Fault], changes: Changes
) -> None:
    found = read_facts(item, finding, faults)
    if found is None:
        return
    mark = live_mark(item)
    known = facts_of(item)
    reason = finding.reason if finding.reason and finding.reason.strip() else None
    if found == known and (mark is None or reason is None or reason.strip() == mark.reason):
        return
    if found == reported(item):
        if mark is not None:
            changes.note(f"line {item.id}", known, found, lambda: _supersede(mark))
        return
    if item.kind is WorkKind.TRANSFERRED_OUT:
        faults.append(
            Fault(f"line-{item.id}-done", _("Work handed over counts where it was taken over, not here."))
        )
        return
    least = _least_delays(report, item)
    if found["delays"] + found["exempt_delays"] < least:
        faults.append(Fault(f"line-{item.id}-delays", _too_few_delays(item, least)))
        return
    try:
        text = reason_given(reason, f"line-{item.id}-reason")
    except Invalid:
        faults.append(
            Fault(
                f"line-{item.id}-reason",
                _("“%(task)s”: write why it differs from what was reported.", task=item.task),
            )
        )
        return
    changes.note(f"line {item.id}", known, {**found, "reason": text}, lambda: _mark(actor, item, found, text))


def _mark(actor: Actor, item: WorkItem, found: dict[str, Any], reason: str) -> None:
    _supersede(live_mark(item))
    item.marks.append(
        ItemMark(
            report_id=item.report_id,
            marked_by=actor.person_id,
            marked_at=clock.now(),
            reason=reason,
            **found,
        )
    )


def _supersede(mark: ItemMark | None) -> None:
    if mark is not None:
        mark.superseded_at = clock.now()
        db.session.flush()


def _least_delays(report: Report, item: WorkItem) -> int:
    """How often a finished line is late at least, by the rulebook's way to count (Điều 14.2.c)."""
    if item.done_on is None:
        return 0
    book, day = rulebooks.book_of(report), report.period.month
    return least_delays(item.due_on, item.done_on, item.missed_deadlines, book=book, day=day)


def _too_few_delays(item: WorkItem, least: int) -> str:
    if least == 1:
        return _(
            "“%(task)s” was finished after its last day: it is late at least once."
            " Confirm an objective cause if there was one.",
            task=item.task,
        )
    return _(
        "“%(task)s” is late at least %(count)s times by its days."
        " Confirm an objective cause for those that had one.",
        task=item.task,
        count=least,
    )


def read_facts(item: WorkItem, finding: LineFinding, faults: list[Fault]) -> dict[str, Any] | None:
    """The typed facts of a line as values; None, and a fault for each, when one cannot be read."""
    found: dict[str, Any] = {}
    before = len(faults)
    for name in FACTS:
        places, most = (2, MOST_DONE) if name == "done" else (0, Decimal(MOST_FINDINGS))
        place = f"line-{item.id}-{name}"
        try:
            number = _number(getattr(finding, name), most, places)
        except ValueError as refused:
            faults.append(Fault(place, _("“%(task)s”: %(what)s", task=item.task, what=refused)))
            continue
        if number is None and name == "done":
            faults.append(
                Fault(place, _("“%(task)s”: write how much was done, 0 when nothing was.", task=item.task))
            )
            continue
        found[name] = number if name == "done" else int(number or 0)
    return found if len(faults) == before else None


def _criteria(report: Report, findings: Findings, faults: list[Fault], changes: Changes) -> None:
    book, day = rulebooks.book_of(report), report.period.month
    rows = {row.code: row for row in book.general_criteria(day)}
    marks = {mark.code: mark for mark in report.criteria}
    needs_reason = book.choice("reason_when_supervisor_differs", day) is True
    for code, typed in findings.points.items():
        row = rows.get(code)
        place = f"criterion-{code}"
        if row is None:
            faults.append(Fault("", _("A criterion that is not on this sheet was sent.")))
            continue
        try:
            points = _number(typed, finite(row.max_points), 2)
        except ValueError as refused:
            faults.append(Fault(place, _("Criterion %(code)s: %(what)s", code=code[1:], what=refused)))
            continue
        mark = marks.get(code)
        own = mark.own_points if mark else None
        given = None if points is None or points == own else points
        before = (mark.given_points, mark.reason) if mark else (None, None)
        reason = None
        if given is not None:
            typed_reason = findings.reasons.get(code, before[1] or "")
            try:
                reason = reason_given(typed_reason, f"{place}-reason")
            except Invalid as refused:
                if needs_reason or typed_reason.strip():
                    what = refused.faults[0].message
                    faults.append(
                        Fault(f"{place}-reason", _("Criterion %(code)s: %(what)s", code=code[1:], what=what))
                    )
                    continue
        if (given, reason) == before:
            continue
        changes.note(
            f"criterion {code}",
            {"points": before[0], "reason": before[1]},
            {"points": given, "reason": reason},
            partial(_give, report, mark, code, given, reason),
        )


def general_with(report: Report, findings: Findings, faults: list[Fault]) -> Fraction:
    """Sum of the general criteria with typed points where there are any."""
    total = Fraction(0)
    rows = {row.code: row for row in rulebooks.book_of(report).general_criteria(report.period.month)}
    marks = {mark.code: mark for mark in report.criteria}
    for code, row in rows.items():
        mark = marks.get(code)
        stands = (mark.given_points if mark.given_points is not None else mark.own_points) if mark else None
        if code in findings.points:
            try:
                typed = _number(findings.points[code], finite(row.max_points), 2)
            except ValueError as refused:
                faults.append(
                    Fault(f"criterion-{code}", _("Criterion %(code)s: %(what)s", code=code[1:], what=refused))
                )
                continue
            stands = typed if typed is not None else (mark.own_points if mark else None)
        total += Fraction(stands or 0)
    return total


def _give(
    report: Report, mark: CriterionMark | None, code: str, given: Decimal | None, reason: str | None
) -> None:
    if mark is None:
        mark = CriterionMark(report_id=report.id, code=code)
        report.criteria.append(mark)
    mark.given_points, mark.reason = given, reason


def _leader(report: Report, finding: LeaderFinding, faults: list[Fault], changes: Changes) -> None:
    if not report.office.leads:
        faults.append(Fault("", _("Only a leader's sheet has the ratios đ and e.")))
        return
    book, day = rulebooks.book_of(report), report.period.month
    full, reduced = (book.number(f"leader_ratio_{which}", day) for which in ("full", "reduced"))
    names = {"organising": _("Organising the work (đ)"), "cohesion": _("Uniting the officials (e)")}
    for name in RATIOS:
        try:
            value = _number(getattr(finding, name), Decimal(100), 0)
        except ValueError:
            value = Decimal(-1)
        if value is None:
            continue
        if Fraction(value) not in (full, reduced):
            faults.append(
                Fault(
                    name,
                    _(
                        "%(name)s is %(full)s or %(reduced)s.",
                        name=names[name],
                        full=int(full),
                        reduced=int(reduced),
                    ),
                )
            )
            continue
        reason: str | None = finding.reasons.get(name, "").strip() or None
        fixed = neither_ratio(book, day) if name == "organising" and name in finding.neither else None
        if fixed is not None:
            value = Decimal(fixed)
            reason = reason or _("Neither case of Article 15.3.b; the ratio is set by the rulebook.")
        elif Fraction(value) == reduced or name in finding.neither:
            try:
                reason = reason_given(reason, f"{name}-reason")
            except Invalid:
                faults.append(
                    Fault(
                        f"{name}-reason",
                        _("%(name)s: write the reason for this ratio.", name=names[name]),
                    )
                )
                continue
        else:
            reason = None
        known = (getattr(report, name), getattr(report, f"{name}_reason"))
        changes.note(
            name,
            {"ratio": known[0], "reason": known[1]},
            {"ratio": int(value), "reason": reason},
            partial(_set_ratio, report, name, int(value), reason),
        )


def neither_ratio(book: Rulebook, day: date) -> int | None:
    """đ where neither case of Article 15.3.b fits: a fixed ratio, or None where the authority chooses with a reason (Q12)."""
    answer = book.choice("neither_case_of_organising", day) if book.has("organising") else "AUTHORITY"
    key = {"FULL": "leader_ratio_full", "HALF": "leader_ratio_reduced"}.get(str(answer))
    return None if key is None else int(book.number(key, day))


def _set_ratio(report: Report, name: str, value: int, reason: str | None) -> None:
    setattr(report, name, value)
    setattr(report, f"{name}_reason", reason)


def missing(report: Report) -> list[Fault]:
    """What must still be set before a sheet can be scored: a criterion without points is never a silent zero."""
    book, day = rulebooks.book_of(report), report.period.month
    marks = {mark.code: mark for mark in report.criteria}
    faults = [
        Fault(
            f"criterion-{row.code}",
            _("Criterion %(code)s has no points: give points, 0 when there are none.", code=row.code[1:]),
        )
        for row in book.general_criteria(day)
        if (mark := marks.get(row.code)) is None or (mark.own_points is None and mark.given_points is None)
    ]
    if report.office.leads:
        if report.organising is None:
            faults.append(Fault("organising", _("Choose 100 or 50 for organising the work (đ).")))
        if report.cohesion is None:
            faults.append(Fault("cohesion", _("Choose 100 or 50 for uniting the officials (e).")))
    return faults


def _number(typed: Typed, most: Decimal, places: int) -> Decimal | None:
    """An exact number from 0 to a maximum; empty is None; a float cannot come here."""
    if isinstance(typed, int):
        typed = Decimal(typed)
    try:
        number = parse_decimal(typed)
    except CellRefused as refused:
        raise ValueError(said(_, refused.says_id, refused.params)) from None
    if number is None:
        return None
    if not number.is_finite() or number < 0 or number > most:
        raise ValueError(_("write a number from 0 to %(most)s.", most=f"{most:f}".replace(".", ",")))
    if number != round(number, places):
        if places == 0:
            raise ValueError(_("write a whole number."))
        raise ValueError(_("at most %(places)s decimals.", places=places))
    return number
