"""An official's month: drafts, submission and taking it back (Article 18.2)."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import (
    CriterionMark,
    Evidence,
    ProductVersion,
    Report,
    ScoreSheet,
    Stage,
    WorkItem,
)
from evaluation.queries import catalogue, organisation
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import in_words_of
from evaluation.rules.permissions import Action
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import REPORT_MOVES, NotAllowed, ReportState, moved
from evaluation.services import access, audit, entries, notices, periods, receipts, rulebooks, scores
from evaluation.services.access import Actor
from evaluation.services.entries import Entries, LineEntry
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

__all__ = ["LineEntry", "Stale", "add_adhoc", "remove_adhoc", "save_draft", "submit", "withdraw"]

EDITABLE = frozenset({ReportState.DRAFT, ReportState.RETURNED})
SUBMITTED_TO_YOU = "%(name)s has submitted the sheet of month %(month)s."
WITHDRAWN_FROM_YOU = "%(name)s has withdrawn the sheet of month %(month)s."
NOT_EVALUATED = "You are not evaluated in this month, so there is nothing to fill in."


class Stale(Conflict):
    """A form older than the sheet; `differences` are (place, label, stored value, typed value)."""

    def __init__(self, report: Report, differences: list[tuple[str, str, Any, Any]]) -> None:
        super().__init__(
            _(
                "The sheet was changed at %(time)s, in another tab or by the supervisor."
                " Nothing you typed is lost: compare the two versions and choose.",
                time=f"{_local(report):%H:%M %d/%m/%Y}",
            )
        )
        self.report_id = report.id
        self.version = report.version
        self.saved_at = report.saved_at
        self.differences = differences


def _local(report: Report) -> Any:
    return (report.saved_at or clock.now()).astimezone(clock.PROVINCE_ZONE)


def save_draft(
    actor: Actor,
    report_id: int,
    *,
    version: int,
    lines: Mapping[int, LineEntry] | None = None,
    criteria: Mapping[str, Decimal | str | None] | None = None,
    strengths: str | None = None,
    shortcomings: str | None = None,
) -> Report:
    """Stores what the owner typed, all or nothing; the lines sent become stored facts.

    A form older than the sheet is refused as Stale unless it says what is stored already (a repeated send).
    """
    report = _editable(actor, report_id)
    texts = {"strengths": strengths, "shortcomings": shortcomings}
    typed = entries.read(report, lines or {}, criteria or {}, texts)
    differences = _differences(report, typed)
    if version != report.version:
        if differences:
            raise Stale(report, differences)
        return report
    before = {place: stored for place, _label, stored, _new in differences}
    after = {place: new for place, _label, _stored, new in differences}
    if _store(report, typed) or differences:
        _written(report)
        audit.record(actor, "report.saved", report, before=before, after=after, unit_id=report.unit_id)
    db.session.commit()
    return report


def add_adhoc(
    actor: Actor,
    report_id: int,
    *,
    version_id: int,
    quantity: Decimal | str,
    due_on: date | str | None = None,
    note: str | None = None,
) -> WorkItem:
    """Adds work outside the plan from the agency's catalogue; it adds to the results, not to what was assigned."""
    report = _editable(actor, report_id)
    product = db.session.scalar(catalogue.usable_for(report).where(ProductVersion.id == version_id))
    faults = []
    if product is None:
        faults.append(
            Fault(
                "version_id", _("Choose a product of your agency's catalogue that is in force in this month.")
            )
        )
    amount, due, text = Decimal(0), None, None
    try:
        amount = entries.quantity_above_zero(quantity)
    except ValueError as refused:
        faults.append(Fault("quantity", str(refused)))
    try:
        due = entries.day(due_on)
    except ValueError as refused:
        faults.append(Fault("due_on", str(refused)))
    try:
        text = entries.note(note)
    except ValueError as refused:
        faults.append(Fault("note", str(refused)))
    if faults:
        raise Invalid(faults)
    assert product is not None
    item = WorkItem(
        report_id=report.id,
        product_version_id=product.id,
        kind=WorkKind.ADHOC,
        ordinal=max((one.ordinal for one in report.items), default=0) + 1,
        task=product.task,
        coefficient=product.coefficient,
        assigned=Decimal(0),
        done=amount,
        due_on=due,
        note=text,
        reported=True,
        added_by_owner=True,
        assigned_by=actor.person_id,
        assigned_at=clock.now(),
    )
    report.items.append(item)
    _written(report)
    audit.record(
        actor,
        "report.work_added",
        report,
        after={
            "version": product.id,
            "task": product.task,
            "done": amount,
            "coefficient": product.coefficient,
        },
        unit_id=report.unit_id,
    )
    db.session.commit()
    return item


def remove_adhoc(actor: Actor, item_id: int) -> Report:
    """Takes back work the owner added; a line that already has evidence stays and can be set to 0."""
    item = db.session.get(WorkItem, item_id)
    if item is None:
        raise Missing(_("There is no such sheet."))  # as the door of its sheet says
    report = _editable(actor, item.report_id)
    if not item.added_by_owner:
        raise Conflict(
            _("Only work that you added yourself can be removed. Other lines are the supervisor's.")
        )
    if db.session.scalar(select(Evidence.id).where(Evidence.item_id == item.id).limit(1)):
        raise Conflict(_("This line has evidence, so it stays. Write 0 as done when it does not count."))
    audit.record(
        actor,
        "report.work_removed",
        report,
        before={"task": item.task, "done": item.done, "coefficient": item.coefficient},
        unit_id=report.unit_id,
    )
    report.items.remove(item)
    db.session.delete(item)
    _written(report)
    db.session.commit()
    return report


def submit(actor: Actor, report_id: int, *, version: int, transaction_id: str | None = None) -> ScoreSheet:
    """Hands the sheet to the supervisor and freezes the official's own score; the same transaction id answers the same.

    Untouched lines become facts as assigned. Refused while a criterion is empty and after the last day.
    """
    known = receipts.taken(actor, transaction_id, "report.submitted")
    if known:
        return db.session.get_one(ScoreSheet, known["sheet_id"])
    report, held = access.report_for(actor, report_id, to=Action.WRITE_REPORT, lock=True)
    try:
        target = moved(REPORT_MOVES, report.state, "submit", held)
    except NotAllowed as refused:
        raise Conflict(_(refused.reason)) from None
    late = _late(report)
    if version != report.version:
        raise Stale(report, [])
    missing = missing_criteria(report)
    if missing:
        raise Invalid(missing)
    before = {"state": report.state, "version": report.version}
    for item in report.items:
        item.done = entries.done_of(item)
        item.reported = True
    report.state = ReportState(target)
    report.submitted_at = clock.now()
    report.submitted_late = late
    report.opened_by_supervisor_at = None
    _written(report)
    sheet = scores.freeze(actor, report, Stage.OWN, reason="submitted again")
    db.session.flush()
    _tell_supervisor(report, SUBMITTED_TO_YOU)
    audit.record(
        actor,
        "report.submitted",
        report,
        before=before,
        after={
            "state": report.state,
            "late": late,
            "total": sheet.exact_total,
            "band": sheet.band,
            "code": receipt_code(sheet),
        },
        unit_id=report.unit_id,
    )
    receipts.keep(transaction_id, {"report_id": report.id, "sheet_id": sheet.id})
    db.session.commit()
    return sheet


def withdraw(actor: Actor, report_id: int) -> Report:
    """Takes a submitted sheet back for correction while nobody has scored it and it can still be sent again."""
    report, held = access.report_for(actor, report_id, to=Action.WRITE_REPORT, lock=True)
    try:
        target = moved(REPORT_MOVES, report.state, "withdraw", held)
    except NotAllowed as refused:
        raise Conflict(_(refused.reason)) from None
    periods.late(report, StepName.SUBMIT)
    if _examined(report):
        raise Conflict(
            _("The supervisor has already recorded findings on this sheet. Ask the supervisor to return it.")
        )
    report.state = ReportState(target)
    report.submitted_late = False
    report.opened_by_supervisor_at = None
    db.session.execute(
        update(ScoreSheet)
        .where(
            ScoreSheet.report_id == report.id,
            ScoreSheet.stage == Stage.OWN,
            ScoreSheet.superseded_at.is_(None),
        )
        .values(superseded_at=clock.now(), superseded_reason="withdrawn")
    )
    _written(report)
    _tell_supervisor(report, WITHDRAWN_FROM_YOU)
    audit.record(
        actor,
        "report.withdrawn",
        report,
        before={"state": ReportState.SUBMITTED},
        after={"state": report.state},
        unit_id=report.unit_id,
    )
    db.session.commit()
    return report


def missing_criteria(report: Report) -> list[Fault]:
    """Which of the general criteria still have no points; nobody fills them but the official (Article 12.2)."""
    given = {row.code for row in report.criteria if row.own_points is not None}
    return [
        Fault(
            f"criterion-{row.code}",
            _(
                "Criterion %(code)s “%(title)s” has no points yet. Write 0 to %(most)s.",
                code=row.code[1:],
                title=row.title if len(row.title) <= 60 else f"{row.title[:57]}…",
                most=entries.comma(row.max_points),
            ),
        )
        for row in rulebooks.book_of(report).general_criteria(report.period.month)
        if row.code not in given
    ]


def receipt_code(sheet: ScoreSheet) -> str:
    """Eight characters that name one submission and change with anything in it."""
    inputs = json.dumps(sheet.inputs, sort_keys=True)
    text = f"{sheet.report_id}|{sheet.id}|{sheet.exact_total}|{sheet.fingerprint}|{inputs}"
    return sha256(text.encode()).hexdigest()[:8].upper()


def own_sheet(report: Report) -> ScoreSheet | None:
    """The official's own score as submitted, while it stands."""
    return db.session.scalar(
        select(ScoreSheet).where(
            ScoreSheet.report_id == report.id,
            ScoreSheet.stage == Stage.OWN,
            ScoreSheet.superseded_at.is_(None),
        )
    )


def _editable(actor: Actor, report_id: int) -> Report:
    report, _held = access.report_for(actor, report_id, to=Action.WRITE_REPORT, lock=True)
    if report.state is ReportState.NOT_RATED:
        raise Conflict(_(in_words_of(NOT_EVALUATED, report.period.cycle)))
    if report.state not in EDITABLE:
        raise Conflict(
            _("This sheet has been submitted. Withdraw it, or ask the supervisor to return it, to change it.")
        )
    return report


def _late(report: Report) -> bool:
    """Late by an extension, or refused. A returned sheet that was in time may be sent again until scoring ends."""
    if report.state is ReportState.RETURNED and clock.today() <= periods.due(report, StepName.SCORE):
        return report.submitted_late
    return periods.late(report, StepName.SUBMIT)


def _examined(report: Report) -> bool:
    """Whether a supervisor has judged anything on the sheet: then it goes back by being returned, with a reason."""
    return any(scores.live_mark(item) for item in report.items) or any(
        row.given_points is not None for row in report.criteria
    )


def _written(report: Report) -> None:
    report.version += 1
    report.saved_at = clock.now()


def _differences(report: Report, typed: Entries) -> list[tuple[str, str, Any, Any]]:
    """(place, label, stored, typed) of everything that would change."""
    found: list[tuple[str, str, Any, Any]] = []
    items = {item.id: item for item in report.items}
    for item_id, values in typed.lines.items():
        item = items[item_id]
        for name, new in values.items():
            stored = entries.done_of(item) if name == "done" else getattr(item, name)
            if stored != new:
                found.append((f"line-{item_id}-{name}", entries.line_name(report, item), stored, new))
    points = {row.code: row.own_points for row in report.criteria}
    for code, given in typed.criteria.items():
        if points.get(code) != given:
            label = _("criterion %(code)s", code=code[1:])
            found.append((f"criterion-{code}", label, points.get(code), given))
    for name, text in typed.texts.items():
        if getattr(report, name) != text:
            found.append((name, _("text"), getattr(report, name), text))
    return found


def _store(report: Report, typed: Entries) -> bool:
    """Writes the values; True when a line became a fact by being sent."""
    fresh = False
    items = {item.id: item for item in report.items}
    for item_id, values in typed.lines.items():
        item = items[item_id]
        fresh = fresh or not item.reported
        item.reported = True
        for name, value in values.items():
            setattr(item, name, value)
    known = {row.code: row for row in report.criteria}
    for code, given in typed.criteria.items():
        if code in known:
            known[code].own_points = given
        elif given is not None:
            report.criteria.append(CriterionMark(report_id=report.id, code=code, own_points=given))
    for name, text in typed.texts.items():
        setattr(report, name, text)
    return fresh


def _tell_supervisor(report: Report, says: str) -> None:
    head = organisation.head_of(report.supervising_unit_id, clock.today())
    notices.tell(
        head.id if head else report.supervisor_id,
        in_words_of(says, report.period.cycle),
        link=f"/reviews/{report.id}",
        name=report.person.full_name,
        month=report.period.covers.short,
    )
