"""Opening a month, its dates, and extensions of them (Article 18; the dates are set locally)."""

from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Extension, Period, Report
from evaluation.queries import cycles
from evaluation.queries import periods as questions
from evaluation.queries.organisation import Subject
from evaluation.rules.deadlines import StepName, Timetable, due_dates, nth_working_day
from evaluation.rules.periods import Month, Stretch, quarter_of
from evaluation.rules.permissions import Action
from evaluation.services import access, audit, closed_periods, opening, receipts, reminders, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

SHEETS_OPENED = "Month %(month)s is open with %(count)s sheets in your unit. Please assign work by %(due)s."
OPENING_LOCK = 335_2025


def open_month(month: Stretch, *, actor: Actor | None = None) -> Period:
    """Opens a month, or a quarter, with its dates and every sheet; run again, it adds only what is missing (Article 18).

    Two runs at once wait for each other, so a doubled beat opens one month.
    """
    db.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": OPENING_LOCK})
    laws = rulebooks.scoring_laws(month.first_day)
    period = questions.of_month(month)
    fresh = period is None
    if period is None:
        period = _new_period(month)
    if period.closed_at is None:
        opened = opening.open_sheets(
            period,
            clock.today(),
            laws=laws,
            says=SHEETS_OPENED,
        )
        if fresh or opened:
            audit.record(
                actor,
                "period.opened" if fresh else "period.sheets_added",
                period,
                after={
                    "month": str(month),
                    "sheets": opened.sheets,
                    "not_rated": opened.not_rated,
                    "rated_after_all": opened.rated_after_all,
                    "rulebook": laws[0].book.name,
                },
            )
    db.session.commit()
    return period


def _new_period(month: Stretch) -> Period:
    days = due_dates(month.first_day, month.end, Timetable(), questions.days_off(month))
    period = Period(
        month=month.first_day,
        cycle=month.cycle,
        opened_at=clock.now(),
        **{f"{step.value.lower()}_due": day for step, day in days.items()},
    )
    db.session.add(period)
    db.session.flush()
    return period


def current() -> Period | None:
    """The newest month that is not closed."""
    return questions.latest_open()


def due(report: Report, step: StepName) -> date:
    """The last day of a step for a sheet, extensions counted."""
    return questions.due_dates([report])[report.id][step]


def late(report: Report, step: StepName) -> bool:
    """Whether a step taken today is late yet allowed by an extension; refused after the last day (fault 22)."""
    today, last = clock.today(), due(report, step)
    if today > last:
        raise Conflict(
            _(
                "The last day for this step was %(due)s. The head of the agency or Home Affairs can extend it.",
                due=f"{last:%d/%m/%Y}",
            )
        )
    return today > questions.general_due(report.period, step)


def grant_extension(
    actor: Actor,
    *,
    period_id: int,
    step: StepName,
    due: date,
    reason: str,
    report_id: int | None = None,
    agency_id: int | None = None,
    transaction_id: str | None = None,
) -> Extension:
    """A later last day of one step for one sheet or one agency, by the head of the agency or Home Affairs.

    Refused for one's own sheet, in a closed month, without a reason, and for a day that is not later than today's answer.
    """
    if (report_id is None) == (agency_id is None):
        raise Invalid([Fault("target", _("Choose one sheet or one agency."))])
    known = receipts.taken(actor, transaction_id, "period.extended")
    if known:
        return db.session.get_one(Extension, known["extension_id"])
    period = db.session.get(Period, period_id, with_for_update=True)
    if period is None:
        raise Missing(_("There is no such month."))
    report = None
    if report_id is not None:
        report, _held = access.report_for(actor, report_id, to=Action.EXTEND_DEADLINE)
        if report.period_id != period.id:
            raise Missing(_("There is no such sheet."))
        unit_id, now_due = report.agency_id, questions.due_dates([report])[report.id][step]
    else:
        assert agency_id is not None
        unit_id, now_due = agency_id, questions.agency_due(period, agency_id, step)
        access.require(
            actor, Action.EXTEND_DEADLINE, Subject(unit_id=agency_id, confirming_unit_id=agency_id)
        )
        if not questions.has_sheets(period.id, agency_id):
            raise Missing(_("This agency has no sheets in this month."))
    closed_periods.hold_open(period)
    _refuse_bad_terms(due, now_due, reason)
    extension = Extension(
        period_id=period.id,
        step=step,
        report_id=report_id,
        agency_id=agency_id,
        due=due,
        reason=reason.strip(),
        granted_by=actor.person_id,
        granted_at=clock.now(),
    )
    db.session.add(extension)
    audit.record(
        actor,
        "period.extended",
        extension,
        before={"step": step, "due": now_due},
        after={"step": step, "due": due, "report_id": report_id, "agency_id": agency_id},
        reason=reason.strip(),
        unit_id=unit_id,
        on_behalf_of=access.acting_for(actor, unit_id),
    )
    reminders.tell_extended(extension, period)
    receipts.keep(transaction_id, {"extension_id": extension.id})
    db.session.commit()
    return extension


def _refuse_bad_terms(due: date, now_due: date, reason: str) -> None:
    faults = []
    if due <= now_due:
        faults.append(
            Fault(
                "due",
                _("The last day is already %(due)s. Choose a later day.", due=f"{now_due:%d/%m/%Y}"),
            )
        )
    elif due < clock.today():
        faults.append(Fault("due", _("This day has passed. Choose today or a later day.")))
    if not reason.strip():
        faults.append(Fault("reason", _("Write why the date is extended.")))
    if faults:
        raise Invalid(faults)


def remind() -> int:
    """On a working day, tells whoever has until today or the next working day; a second run the same day tells nobody."""
    today = clock.today()
    off = questions.days_off(Month.of(today))
    if nth_working_day(today - timedelta(days=1), 1, off) != today:
        return 0
    db.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": OPENING_LOCK})
    days = [today, nth_working_day(today, 1, off)]
    told = sum(
        reminders.tell_near(period, step, days)
        for period in questions.open_periods()
        for step in reminders.NEAR
    )
    db.session.commit()
    return told


def open_due_months() -> list[Period]:
    """What beat does each night: the present month, and the one before while it is open, so that nobody who joined is missed.

    Quarters likewise, as long as an agency evaluates by them.
    """
    this, quarter = Month.of(clock.today()), quarter_of(clock.today())
    wanted: list[Stretch] = [*_still_open(this.previous()), this, *_still_open(quarter.previous())]
    if cycles.agencies_by_quarter(quarter.first_day):
        wanted.append(quarter)
    return [open_month(one) for one in wanted]


def _still_open(stretch: Stretch) -> list[Stretch]:
    known = questions.of_month(stretch)
    return [stretch] if known is not None and known.closed_at is None else []
