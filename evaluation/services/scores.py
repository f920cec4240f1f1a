"""From stored lines to a score with its working, and freezing it."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import ItemMark, Report, ScoreSheet, Stage, WorkItem
from evaluation.queries import subordinates
from evaluation.rules import leaders, scoring
from evaluation.rules.explain import exact, half_up
from evaluation.rules.scoring import LeaderRatios, PeriodScore, WorkLine
from evaluation.rules.terms import finite
from evaluation.services import closed_periods, rulebooks
from evaluation.services.access import Actor
from evaluation.services.audit import plain

# The columns of a line in a snapshot; a month of a province is millions of lines, so each is a bare row.
LINE_COLUMNS = (
    "item",
    "kind",
    "coefficient",
    "assigned",
    "done",
    "quality_fails",
    "delays",
    "exempt_quality_fails",
    "exempt_delays",
)


def live_mark(item: WorkItem) -> ItemMark | None:
    """The supervisor's finding in force on a line."""
    return next((mark for mark in item.marks if mark.superseded_at is None), None)


def line_of(item: WorkItem, stage: Stage) -> WorkLine:
    """A stored line as the rules read it: the official's facts (OWN), or what the supervisor found."""
    mark = live_mark(item) if stage is not Stage.OWN else None
    facts = mark or item
    return WorkLine(
        assigned=Fraction(item.assigned),
        done=Fraction(facts.done),
        coefficient=Fraction(item.coefficient),
        kind=item.kind,
        quality_fails=facts.quality_fails,
        delays=facts.delays,
        exempt_quality_fails=mark.exempt_quality_fails if mark else 0,
        exempt_delays=mark.exempt_delays if mark else 0,
    )


def general_points(report: Report, stage: Stage) -> Fraction:
    """Sum of the general criteria; a row the supervisor left alone stands as the official scored it."""
    total = Fraction(0)
    for row in report.criteria:
        given = (
            row.own_points
            if stage is Stage.OWN
            else (row.given_points if row.given_points is not None else row.own_points)
        )
        total += Fraction(given or 0)
    return total


def leader_ratios(report: Report, stage: Stage) -> LeaderRatios | None:
    """d from the subordinates' final scores, đ and e as the supervisor set them; None for officials without office."""
    if not report.office.leads:
        return None
    book, day = rulebooks.book_of(report), report.period.month
    full = book.number("leader_ratio_full", day)
    if stage is Stage.OWN or report.organising is None or report.cohesion is None:
        return LeaderRatios(None, full, full)
    by_field = book.choice("deputy_unit_result", day) == "FIELD"
    below = [subordinate.total for subordinate in subordinates.of_leader(report, by_field=by_field)]
    return LeaderRatios(
        leaders.unit_result(below, book=book, day=day), Fraction(report.organising), Fraction(report.cohesion)
    )


def score_of(report: Report, stage: Stage) -> PeriodScore:
    """The score of a sheet at a stage, worked out by the rulebook frozen on it."""
    book, day = rulebooks.book_of(report), report.period.month
    sums = scoring.sums_of((line_of(item, stage) for item in report.items), book=book, day=day)
    return scoring.judge(
        sums, general_points(report, stage), book=book, day=day, leader=leader_ratios(report, stage)
    )


def freeze(actor: Actor, report: Report, stage: Stage, *, reason: str | None = None) -> ScoreSheet:
    """Stores the score of a stage with steps, inputs, rulebook and fingerprint; an earlier one is superseded."""
    score = score_of(report, stage)
    ratios = leader_ratios(report, stage)
    book = rulebooks.book_of(report)
    db.session.flush()
    db.session.execute(
        update(ScoreSheet)
        .where(
            ScoreSheet.report_id == report.id, ScoreSheet.stage == stage, ScoreSheet.superseded_at.is_(None)
        )
        .values(
            superseded_at=clock.now(),
            superseded_reason=closed_periods.reason_with_reopening(report.period_id, reason),
        )
    )
    sheet = ScoreSheet(
        report_id=report.id,
        stage=stage,
        **frozen(score, ratios),
        inputs=snapshot(report, stage),
        rulebook=book.name,
        fingerprint=book.fingerprint,
        decided_by=actor.person_id,
        decided_at=clock.now(),
    )
    db.session.add(sheet)
    return sheet


def frozen(score: PeriodScore, ratios: LeaderRatios | None) -> dict[str, Any]:
    """What a score leaves in its row, apart from whose it is and what it came from."""
    return {
        "status": score.status,
        "general": _stored(score.general),
        "quantity": _stored(score.quantity),
        "quality": _stored(score.quality),
        "progress": _stored(score.progress),
        "unit_result": exact(ratios.unit_result) if ratios and ratios.unit_result is not None else None,
        "task": _stored(score.task),
        "total": _stored(score.total),
        "exact_total": exact(score.total) if score.total is not None else None,
        "band": score.band,
        "steps": [step.as_json() for step in score.steps],
    }


def snapshot(report: Report, stage: Stage) -> dict[str, object]:
    """Everything the score was worked out from, so that it can be worked out again."""
    ratios = leader_ratios(report, stage)
    return {
        "month": report.period.month.isoformat(),
        "columns": list(LINE_COLUMNS),
        "lines": [
            [item.id, *_plain_line(line_of(item, stage))]
            for item in sorted(report.items, key=lambda item: item.id)
        ],
        "general": {
            row.code: plain(
                row.own_points if stage is Stage.OWN or row.given_points is None else row.given_points
            )
            for row in report.criteria
        },
        "leader": None
        if ratios is None
        else {
            "unit_result": plain(ratios.unit_result),
            "organising": plain(ratios.organising),
            "cohesion": plain(ratios.cohesion),
        },
    }


def _plain_line(line: WorkLine) -> list[object]:
    return [
        line.kind.value,
        str(line.coefficient),
        str(line.assigned),
        str(line.done),
        line.quality_fails,
        line.delays,
        line.exempt_quality_fails,
        line.exempt_delays,
    ]


def _stored(value: Fraction | None) -> Decimal | None:
    """Four decimals for sorting and charts; the exact value stands beside it as text."""
    return None if value is None else finite(half_up(value, 4))
