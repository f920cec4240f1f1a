"""What every act of assigning asks first: may this actor give this work on this sheet now (Article 18.1)?"""

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_date, parse_decimal
from evaluation.files.says import CellRefused, said
from evaluation.models import Period, ProductVersion, Report, WorkItem
from evaluation.queries import catalogue
from evaluation.queries import periods as period_questions
from evaluation.queries.catalogue import Reach
from evaluation.queries.organisation import Subject
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Month, Stretch, in_words_of
from evaluation.rules.permissions import Action
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import access, closed_periods, moves
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

OPEN_FOR_WORK = (ReportState.DRAFT, ReportState.RETURNED)
MOST = Decimal(9999)
ASSIGNED = "Work of month %(month)s was assigned to you or changed."


def unit_for(actor: Actor, unit_id: int) -> None:
    """Only whoever heads a unit, or stands in for its head, assigns there; to others the page does not exist."""
    subject = Subject(unit_id=unit_id, supervising_unit_id=unit_id)
    if not access.may(actor, Action.ASSIGN_WORK, subject):
        said = Missing(_("There is no such unit among those you assign work in."))
        raise access.denied(said, actor, Action.ASSIGN_WORK, subject)


def period_for(month: Stretch) -> Period:
    """An opened month or quarter that is not closed."""
    period = period_questions.of_month(month)
    if period is None:
        raise Missing(_("This month has not been opened."))
    refuse_closed(period)
    return period


def refuse_closed(period: Period) -> None:
    """A closed month takes no more work."""
    closed_periods.hold_open(period)


def sheet_for(actor: Actor, report_id: int, *, version: int | None = None) -> Report:
    """A locked sheet that an actor may put work on; never one's own, never one that was already sent."""
    report, _held = access.report_for(actor, report_id, to=Action.ASSIGN_WORK, lock=True, in_any_state=True)
    moves.same_version(report, version)
    refuse_sent(report)
    refuse_closed(report.period)
    return report


def refuse_sent(report: Report) -> None:
    """Work is put only on sheets that their owners still write."""
    if report.state in OPEN_FOR_WORK:
        return
    if report.state is ReportState.NOT_RATED:
        raise Conflict(_("%(name)s is not evaluated in this month.", name=report.person.full_name))
    raise Conflict(
        _(
            "The sheet of %(name)s has already been submitted. Return it first, with a reason.",
            name=report.person.full_name,
        )
    )


def refuse_late_plan(report: Report, last_day: date) -> None:
    """After the last day of assigning the plan is frozen, unless it is extended."""
    if clock.today() > last_day:
        raise Conflict(
            _(
                "Planned work of %(name)s is fixed since %(due)s. Add it as ad hoc work, or ask the head of the agency"
                " or Home Affairs to extend the date.",
                name=report.person.full_name,
                due=f"{last_day:%d/%m/%Y}",
            )
        )


def plan_due(report: Report) -> date:
    """The last day on which planned work of a sheet can change."""
    return period_questions.due_dates([report])[report.id][StepName.ASSIGN]


def why_not(product: ProductVersion, report: Report, where: Reach) -> str | None:
    """Why a product cannot be given on a sheet, or None: the one rule of the catalogue, as a sentence (Article 13, 18.1.a)."""
    match catalogue.barrier(product, where, report.position_id):
        case catalogue.Barrier.AGENCY:
            return _("“%(task)s” is not in the catalogue of this agency.", task=product.task)
        case catalogue.Barrier.MONTH:
            return _("“%(task)s” is no longer in the catalogue.", task=product.task)
        case catalogue.Barrier.UNIT:
            return _("“%(task)s” is not used by this unit.", task=product.task)
        case catalogue.Barrier.POSITION:
            return _("“%(task)s” is not a product of this job position.", task=product.task)
    return None


def new_line(
    actor: Actor,
    report: Report,
    product: ProductVersion,
    *,
    kind: WorkKind,
    quantity: Decimal,
    due_on: date,
) -> WorkItem:
    """A line with its coefficient copied, behind the lines that are there."""
    item = WorkItem(
        report_id=report.id,
        product_version_id=product.id,
        kind=kind,
        ordinal=max((one.ordinal for one in report.items), default=0) + 1,
        task=product.task,
        coefficient=product.coefficient,
        assigned=quantity,
        due_on=due_on,
        assigned_by=actor.person_id,
        assigned_at=clock.now(),
    )
    report.items.append(item)
    return item


def written(report: Report) -> None:
    """Counts a write, so that another page still open notices."""
    report.version += 1
    report.saved_at = clock.now()


def tell_owners(reports: list[Report]) -> None:
    """Tells owners of sheets of one period that their plan changed; one unread notice of it is enough."""
    if not reports:
        return
    period = reports[0].period
    db.session.flush()
    db.session.execute(
        text(
            """
            insert into notice (person_id, says, parameters, link)
            select report.person_id, :says, jsonb_build_object('month', cast(:month as text)), '/reports/' || report.id
            from report
            where report.id = any(:reports) and not exists (
                select from notice earlier
                where earlier.person_id = report.person_id and earlier.says = :says and earlier.read_at is null
                  and earlier.parameters ->> 'month' = :month
            )
            """
        ),
        {
            "says": in_words_of(ASSIGNED, period.cycle),
            "month": period.covers.short,
            "reports": [report.id for report in reports],
        },
    )


def read_terms(quantity: Any, due_on: Any, month: Stretch, suffix: str = "") -> tuple[Decimal, date]:
    """Quantity and last day as typed; every fault at once."""
    faults, amount, day = [], Decimal(0), month.first_day
    try:
        amount = read_quantity(quantity)
    except ValueError as problem:
        faults.append(Fault(f"quantity{suffix}", str(problem)))
    try:
        day = read_day(due_on, month)
    except ValueError as problem:
        faults.append(Fault(f"due_on{suffix}", str(problem)))
    if faults:
        raise Invalid(faults)
    return amount, day


def read_quantity(typed: Any) -> Decimal:
    """A quantity above zero with at most two decimals, or ValueError with the sentence for the person."""
    try:
        number = parse_decimal(typed)
    except CellRefused as refused:
        raise ValueError(said(_, refused.says_id, refused.params)) from None
    if number is None or number <= 0:
        raise ValueError(_("Write a quantity above zero."))
    if number > MOST:
        raise ValueError(_("The quantity is at most %(most)s.", most=MOST))
    if number != round(number, 2):
        raise ValueError(_("A quantity has at most two decimals."))
    return number


def read_day(typed: Any, month: Stretch) -> date:
    """A day of the period, written 15 (in a month), 15/10 or 15/10/2026; ValueError with the sentence for the person."""
    wanted = typed
    if isinstance(typed, str):
        wanted = typed.strip()
        if isinstance(month, Month) and wanted.isascii() and wanted.isdigit() and len(wanted) <= 2:
            wanted = f"{wanted}/{month.month}/{month.year}"
        elif wanted.count("/") == 1:
            wanted = f"{wanted}/{month.year}"
    try:
        day = parse_date(wanted)
    except CellRefused as refused:
        raise ValueError(said(_, refused.says_id, refused.params)) from None
    if day is None:
        raise ValueError(
            _("Write the last day of this work, for example %(day)s.", day=f"15/{month.first_day:%m}")
        )
    if day not in month:
        sentence = in_words_of("The last day lies in month %(month)s.", month.cycle)
        raise ValueError(_(sentence, month=month.short))
    return day
