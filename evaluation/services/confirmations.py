"""Confirming scores for the using agency, sending them back, and making a month public (Article 10.2, 17.3)."""

from collections.abc import Collection, Mapping

from flask_babel import gettext as _
from sqlalchemy import insert, literal, select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import AuditEvent, Notice, Period, Report, ScoreSheet, Stage, Unit
from evaluation.queries import subordinates
from evaluation.queries.organisation import Subject
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Stretch, in_words_of
from evaluation.rules.permissions import Action, Relation
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import REPORT_MOVES, ReportState, moved
from evaluation.services import (
    access,
    audit,
    audit_checks,
    closed_periods,
    moves,
    notices,
    periods,
    receipts,
    rulebooks,
    scores,
)
from evaluation.services.access import Actor
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing

CONFIRMED = "Your score of month %(month)s was confirmed."
SENT_BACK = "The sheet of %(name)s, month %(month)s, was sent back to you. Reason: %(reason)s"
PUBLISHED = "The results of month %(month)s are public in your agency."
NAMES_SHOWN = 5


def confirm(
    actor: Actor, report_id: int, *, version: int | None = None, transaction_id: str | None = None
) -> Report:
    """Makes a supervisor's score final, frozen with steps, rulebook and fingerprint.

    Refused for oneself, after the last day, and for a leader while a subordinate's final score is missing.
    """
    versions = {report_id: version} if version is not None else {}
    confirm_many(actor, [report_id], versions=versions, transaction_id=transaction_id)
    return access.report_for(actor, report_id, to=Action.READ_REPORT)[0]


def confirm_many(
    actor: Actor,
    report_ids: Collection[int],
    *,
    versions: Mapping[int, int] | None = None,
    transaction_id: str | None = None,
) -> list[int]:
    """Makes several scores final, subordinates before their leaders; all or none."""
    earlier = receipts.taken(actor, transaction_id, "report.confirmed")
    if earlier is not None:
        return list(earlier["reports"])
    if not report_ids:
        raise Invalid([Fault("reports", _("Choose at least one sheet."))])
    locked = [
        _to_judge(actor, report_id, (versions or {}).get(report_id)) for report_id in sorted(set(report_ids))
    ]
    for report, held in locked:
        moves.step(report, "confirm", held)
    waiting = sorted(locked, key=lambda pair: pair[0].office.leads)
    while waiting:
        ready = [pair for pair in waiting if not _missing(pair[0])]
        if not ready:
            raise Conflict(_still_missing(waiting[0][0]))
        for report, held in ready:
            _confirm(actor, report, held)
        waiting = [pair for pair in waiting if pair not in ready]
    done = [report.id for report, _held in locked]
    receipts.keep(transaction_id, {"reports": done})
    db.session.commit()
    return done


def send_back(actor: Actor, report_id: int, *, reason: str, version: int | None = None) -> Report:
    """Gives a scored sheet back to its supervisor with a reason; the supervisor's score stays readable as superseded."""
    report, held = _to_judge(actor, report_id, version)
    text = reason_given(reason)
    before, scorer = report.state, report.scored_by
    report.state = moves.step(report, "send_back", held)
    report.scored_by = report.scored_for = report.scored_at = None
    report.scored_late = False
    report.opened_by_supervisor_at = None
    report.version += 1
    db.session.execute(
        update(ScoreSheet)
        .where(
            ScoreSheet.report_id == report.id,
            ScoreSheet.stage == Stage.SUPERVISOR,
            ScoreSheet.superseded_at.is_(None),
        )
        .values(superseded_at=clock.now(), superseded_reason=text)
    )
    audit.record(
        actor,
        "report.sent_back",
        report,
        before={"state": before},
        after={"state": report.state},
        reason=text,
        unit_id=report.unit_id,
        on_behalf_of=_for_whom(actor, report),
    )
    notices.tell(
        scorer,
        in_words_of(SENT_BACK, report.period.cycle),
        link=f"/reviews/{report.id}",
        name=report.person.full_name,
        month=report.period.covers.short,
        reason=text,
    )
    db.session.commit()
    return report


def publish(actor: Actor, unit_id: int, month: Stretch, *, transaction_id: str | None = None) -> int:
    """Makes every confirmed result of a month public where the actor confirms for that unit; answers how many.

    What is public cannot be taken back; results not yet confirmed stay and can be published later (Article 17.3).
    """
    earlier = receipts.taken(actor, transaction_id, "month.published")
    if earlier is not None:
        return int(earlier["count"])
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise Missing(_("There is no such unit."))
    held = access.require(actor, Action.CONFIRM_REPORT, Subject(unit_id=unit_id, confirming_unit_id=unit_id))
    period = db.session.scalar(
        select(Period).where(Period.month == month.first_day, Period.cycle == month.cycle)
    )
    if period is None:
        raise Missing(_("There is no such month."))
    closed_periods.hold_open(period)
    audit_checks.require_clean()
    target = moved(REPORT_MOVES, ReportState.CONFIRMED, "publish", held)
    now = clock.now()
    ids = list(
        db.session.scalars(
            update(Report)
            .where(
                Report.period_id == period.id,
                Report.confirming_unit_id == unit_id,
                Report.person_id != actor.person_id,
                Report.state == ReportState.CONFIRMED,
            )
            .values(state=target, published_at=now, version=Report.version + 1)
            .returning(Report.id)
            .execution_options(synchronize_session="fetch")
        )
    )
    if not ids:
        raise Conflict(_("No confirmed result waits to be published in this month."))
    _tell_published(actor, ids, period, access.acting_for(actor, unit_id))
    audit.record(
        actor,
        "month.published",
        unit,
        after={"month": str(month), "reports": len(ids)},
        unit_id=unit_id,
        on_behalf_of=access.acting_for(actor, unit_id),
    )
    receipts.keep(transaction_id, {"count": len(ids)})
    db.session.commit()
    return len(ids)


def _tell_published(actor: Actor, ids: list[int], period: Period, for_whom: int | None) -> None:
    parameters = {"month": period.covers.short}
    chosen = Report.id.in_(ids)
    db.session.execute(
        insert(Notice).from_select(
            ["person_id", "says", "parameters", "link"],
            select(
                Report.person_id,
                literal(in_words_of(PUBLISHED, period.cycle)),
                literal(parameters, Notice.parameters.type),
                literal("/results/"),
            ).where(chosen),
        )
    )
    states = (
        literal({"state": state.value}, AuditEvent.before.type)
        for state in (ReportState.CONFIRMED, ReportState.PUBLISHED)
    )
    db.session.execute(
        insert(AuditEvent).from_select(
            [
                "actor_id",
                "on_behalf_of_id",
                "action",
                "object_type",
                "object_id",
                "unit_id",
                "before",
                "after",
            ],
            select(
                literal(actor.person_id),
                literal(for_whom, AuditEvent.on_behalf_of_id.type),
                literal("report.published"),
                literal(Report.__tablename__),
                Report.id,
                Report.unit_id,
                *states,
            ).where(chosen),
        )
    )


def _to_judge(actor: Actor, report_id: int, version: int | None) -> tuple[Report, frozenset[Relation]]:
    report, held = access.report_for(actor, report_id, to=Action.CONFIRM_REPORT, lock=True)
    moves.fresh_children(report)
    if report.state is ReportState.SCORED:
        moves.same_version(report, version)
    return report, held


def _confirm(actor: Actor, report: Report, held: frozenset[Relation]) -> None:
    before = report.state
    target = moves.step(report, "confirm", held)
    report.confirmed_late = periods.late(report, StepName.CONFIRM)
    sheet = scores.freeze(actor, report, Stage.FINAL)
    if sheet.status is ScoreStatus.PENDING:
        raise Conflict(_still_missing(report))
    report.state = target
    report.confirmed_by = actor.person_id
    report.confirmed_for = _for_whom(actor, report)
    report.confirmed_at = clock.now()
    report.version += 1
    audit.record(
        actor,
        "report.confirmed",
        report,
        before={"state": before},
        after={
            "state": report.state,
            "status": sheet.status,
            "total": sheet.exact_total,
            "band": sheet.band,
        },
        unit_id=report.unit_id,
        on_behalf_of=report.confirmed_for,
    )
    notices.tell(
        report.person_id,
        in_words_of(CONFIRMED, report.period.cycle),
        link=f"/results/{report.id}",
        month=report.period.covers.short,
    )
    db.session.flush()


def _missing(report: Report) -> list[str]:
    """Names of a leader's subordinates whose final score is missing."""
    if not report.office.leads:
        return []
    choice = rulebooks.book_of(report).choice("deputy_unit_result", report.period.month)
    below = subordinates.of_leader(report, by_field=choice == "FIELD")
    return [one.name for one in below if one.total is None]


def _still_missing(report: Report) -> str:
    names = _missing(report)
    more = len(names) - NAMES_SHOWN
    listed = ", ".join(names[:NAMES_SHOWN])
    if more > 0:
        listed = _("%(names)s and %(more)s more", names=listed, more=more)
    return _(
        "%(name)s cannot be confirmed yet: the result of the unit needs the final scores of %(names)s.",
        name=report.person.full_name,
        names=listed,
    )


def _for_whom(actor: Actor, report: Report) -> int | None:
    return access.acting_for(actor, report.confirming_unit_id)
