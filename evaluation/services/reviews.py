"""Scoring a month: the supervisor looks, records findings, scores, accepts in bulk or returns (Article 10.1, 17.2)."""

from collections.abc import Collection, Mapping

from flask_babel import gettext as _
from sqlalchemy import insert, literal, select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Notice, Period, Report, Stage, WorkItem
from evaluation.queries import reviews as questions
from evaluation.rules.attention import may_accept_in_bulk
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import Stretch, in_words_of
from evaluation.rules.permissions import Action, Relation
from evaluation.rules.workflow import ReportState
from evaluation.services import access, audit, marks, moves, notices, periods, receipts, rulebooks, scores
from evaluation.services.access import Actor
from evaluation.services.marks import Findings, LeaderFinding, LineFinding, Typed
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Fault, Invalid, Missing

SCORED = "Your sheet of month %(month)s was scored."
RETURNED = "Your sheet of month %(month)s was returned. Reason: %(reason)s"
REMINDED = "Please submit your sheet of month %(month)s by %(due)s."


def opened(actor: Actor, report_id: int) -> Report:
    """Remembers that the supervisor looked at a submitted sheet; it may then be accepted in bulk."""
    report, _held = access.report_for(actor, report_id, to=Action.SCORE_REPORT, lock=True, in_any_state=True)
    if report.state is ReportState.SUBMITTED and not _looked_at(report):
        report.opened_by_supervisor_at = clock.now()
        audit.record(
            actor, "report.opened", report, unit_id=report.unit_id, on_behalf_of=_for_whom(actor, report)
        )
    db.session.commit()
    return report


def mark_line(
    actor: Actor,
    item_id: int,
    *,
    done: Typed,
    quality_fails: Typed = 0,
    delays: Typed = 0,
    exempt_quality_fails: Typed = 0,
    exempt_delays: Typed = 0,
    reason: str | None = None,
) -> Report:
    """Records what the supervisor found on one line; any difference from what was reported needs a reason."""
    report_id = _report_of_line(item_id)
    finding = LineFinding(done, quality_fails, delays, exempt_quality_fails, exempt_delays, reason)
    return save(actor, report_id, findings=Findings(lines={item_id: finding}), version=None)


def mark_criteria(
    actor: Actor, report_id: int, points: Mapping[str, Typed], reasons: Mapping[str, str] | None = None
) -> Report:
    """Gives points for general criteria; points other than the self score need a reason where the rulebook says so."""
    return save(actor, report_id, findings=Findings(points=points, reasons=reasons or {}), version=None)


def rate_leader(
    actor: Actor,
    report_id: int,
    *,
    organising: Typed,
    cohesion: Typed,
    reasons: Mapping[str, str] | None = None,
    neither: Collection[str] = (),
) -> Report:
    """Sets đ and e of a leader: 100 or 50; 50, or a case that fits neither, needs a reason (Article 15.3)."""
    leader = LeaderFinding(organising, cohesion, reasons or {}, neither)
    return save(actor, report_id, findings=Findings(leader=leader), version=None)


def save(actor: Actor, report_id: int, *, findings: Findings, version: int | None) -> Report:
    """Stores findings on a submitted sheet without scoring it; a total cannot be entered."""
    report, held = _to_judge(actor, report_id, version)
    moves.step(report, "score", held)
    periods.late(report, StepName.SCORE)
    changes = marks.apply(actor, report, findings)
    if changes.writes:
        _look(report)
        report.version += 1
        audit.record(
            actor,
            "report.marked",
            report,
            before=changes.before,
            after=changes.after,
            unit_id=report.unit_id,
            on_behalf_of=_for_whom(actor, report),
        )
    db.session.commit()
    return report


def score(
    actor: Actor,
    report_id: int,
    *,
    findings: Findings | None = None,
    comment: str | None = None,
    version: int | None = None,
    transaction_id: str | None = None,
) -> Report:
    """Scores a submitted sheet with the findings in force and freezes the supervisor's score with its working.

    Refused for oneself, after the last day, while a criterion has no points, and when somebody else was quicker.
    """
    if receipts.taken(actor, transaction_id, "report.scored") is not None:
        return access.report_for(actor, report_id, to=Action.READ_REPORT)[0]
    report, held = _to_judge(actor, report_id, version)
    moves.step(report, "score", held)
    changes = marks.apply(actor, report, findings or Findings())
    _score(actor, report, held, comment=comment, changes=changes)
    receipts.keep(transaction_id, {"report": report.id})
    db.session.commit()
    return report


def accept_many(
    actor: Actor,
    report_ids: Collection[int],
    *,
    versions: Mapping[int, int] | None = None,
    transaction_id: str | None = None,
) -> list[int]:
    """Scores several sheets as they stand; all or none.

    Takes only sheets that were opened since submission or have nothing to examine; the refusal names the others and why.
    """
    earlier = receipts.taken(actor, transaction_id, "report.accepted")
    if earlier is not None:
        return list(earlier["reports"])
    if not report_ids:
        raise Invalid([Fault("reports", _("Choose at least one sheet."))])
    # one order for everybody, so that two people accepting at once wait for each other instead of locking up
    locked = [
        _to_judge(actor, report_id, (versions or {}).get(report_id)) for report_id in sorted(set(report_ids))
    ]
    for report, held in locked:
        moves.step(report, "score", held)
    _refuse_unopened([report for report, _held in locked])
    for report, held in locked:
        _score(actor, report, held, comment=None, changes=marks.Changes())
    done = [report.id for report, _held in locked]
    receipts.keep(transaction_id, {"reports": done})
    db.session.commit()
    return done


def return_(actor: Actor, report_id: int, *, reason: str, version: int | None = None) -> Report:
    """Gives a submitted sheet back to its official with a reason; what the supervisor marked stays for later."""
    report, held = _to_judge(actor, report_id, version)
    _return(actor, report, held, reason_given(reason))
    db.session.commit()
    return report


def return_many(
    actor: Actor, report_ids: Collection[int], *, reason: str, transaction_id: str | None = None
) -> list[int]:
    """Gives several submitted sheets back for one reason; all or none."""
    earlier = receipts.taken(actor, transaction_id, "report.returned")
    if earlier is not None:
        return list(earlier["reports"])
    if not report_ids:
        raise Invalid([Fault("reports", _("Choose at least one sheet."))])
    text = reason_given(reason)
    locked = [_to_judge(actor, report_id, None) for report_id in sorted(set(report_ids))]
    for report, held in locked:
        _return(actor, report, held, text)
    done = [report.id for report, _held in locked]
    receipts.keep(transaction_id, {"reports": done})
    db.session.commit()
    return done


def remind(actor: Actor, month: Stretch) -> int:
    """Tells everybody in the actor's charge who has not submitted the month, once a day each; answers how many."""
    units = list(actor.standing.headed | actor.standing.delegated.keys())
    period = db.session.scalar(
        select(Period).where(Period.month == month.first_day, Period.cycle == month.cycle)
    )
    if period is None or not units:
        raise Missing(_("There is no such month."))
    parameters = {"month": period.covers.short, "due": f"{period.submit_due:%d/%m/%Y}"}
    says = in_words_of(REMINDED, period.cycle)
    told_today = (
        select(Notice.id)
        .where(
            Notice.person_id == Report.person_id,
            Notice.says == says,
            Notice.parameters["month"].astext == parameters["month"],
            Notice.created_at >= clock.now().replace(hour=0, minute=0, second=0, microsecond=0),
        )
        .exists()
    )
    told = db.session.execute(
        insert(Notice)
        .from_select(
            ["person_id", "says", "parameters", "link", "created_at"],
            select(
                Report.person_id,
                literal(says),
                literal(parameters, Notice.parameters.type),
                literal("/reports/"),
                literal(clock.now()),
            ).where(
                Report.period_id == period.id,
                Report.supervising_unit_id.in_(units),
                Report.person_id != actor.person_id,
                Report.state.in_((ReportState.DRAFT, ReportState.RETURNED)),
                ~told_today,
            ),
        )
        .returning(Notice.person_id)
    ).all()
    if told:
        audit.record(actor, "month.reminded", period, after={"people": sorted(row.person_id for row in told)})
    db.session.commit()
    return len(told)


def _to_judge(actor: Actor, report_id: int, version: int | None) -> tuple[Report, frozenset[Relation]]:
    report, held = access.report_for(actor, report_id, to=Action.SCORE_REPORT, lock=True)
    moves.fresh_children(report)
    if report.state is ReportState.SUBMITTED:
        moves.same_version(report, version)
    return report, held


def _score(
    actor: Actor,
    report: Report,
    held: frozenset[Relation],
    *,
    comment: str | None,
    changes: marks.Changes,
) -> None:
    before, target = report.state, moves.step(report, "score", held)
    late = periods.late(report, StepName.SCORE)
    faults = marks.missing(report)
    if faults:
        raise Invalid(faults)
    report.state, report.scored_late = target, late
    _look(report)
    report.scored_by = actor.person_id
    report.scored_for = _for_whom(actor, report)
    report.scored_at = clock.now()
    if comment is not None:
        report.comment = comment.replace("\x00", "").strip()[:4000] or None
    report.version += 1
    sheet = scores.freeze(actor, report, Stage.SUPERVISOR)
    audit.record(
        actor,
        "report.scored",
        report,
        before={"state": before, **changes.before},
        after={
            "state": report.state,
            "total": sheet.exact_total,
            "band": sheet.band,
            **changes.after,
        },
        unit_id=report.unit_id,
        on_behalf_of=report.scored_for,
    )
    notices.tell(
        report.person_id,
        in_words_of(SCORED, report.period.cycle),
        link=f"/results/{report.id}",
        month=report.period.covers.short,
    )


def _return(actor: Actor, report: Report, held: frozenset[Relation], reason: str) -> None:
    before = report.state
    report.state = moves.step(report, "return", held)
    report.returned_reason = reason
    report.opened_by_supervisor_at = None
    report.version += 1
    audit.record(
        actor,
        "report.returned",
        report,
        before={"state": before},
        after={"state": report.state},
        reason=reason,
        unit_id=report.unit_id,
        on_behalf_of=_for_whom(actor, report),
    )
    notices.tell(
        report.person_id,
        in_words_of(RETURNED, report.period.cycle),
        link=f"/reports/{report.id}",
        month=report.period.covers.short,
        reason=reason,
    )


def _refuse_unopened(reports: list[Report]) -> None:
    """Which of these must be opened first, and why each."""
    db.session.flush()
    unset = {report.id: marks.missing(report) for report in reports}
    refused = []
    for sheet in questions.rows(reports, rulebooks.shelf()):
        why = [fault.message.rstrip(".") for fault in unset[sheet.id]]
        if not may_accept_in_bulk(sheet.findings, opened=sheet.opened):
            why = [_(one.reason.label, count=one.count) for one in sheet.findings]
        if why:
            says = _("Open the sheet of %(name)s first: %(why)s.", name=sheet.name, why="; ".join(why))
            refused.append(Fault(f"pick-{sheet.id}", says))
    if refused:
        raise Invalid(refused)


def _report_of_line(item_id: int) -> int:
    found = db.session.scalar(select(WorkItem.report_id).where(WorkItem.id == item_id))
    if found is None:
        raise Missing(_("There is no such sheet."))
    return found


def _looked_at(report: Report) -> bool:
    opened_at, submitted_at = report.opened_by_supervisor_at, report.submitted_at
    return opened_at is not None and submitted_at is not None and opened_at >= submitted_at


def _look(report: Report) -> None:
    if not _looked_at(report):
        report.opened_by_supervisor_at = clock.now()


def _for_whom(actor: Actor, report: Report) -> int | None:
    return access.acting_for(actor, report.supervising_unit_id)
