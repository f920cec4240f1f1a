"""The frozen scores of the invented months, worked out by the same rules from the same sums as real ones."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from evaluation import clock
from evaluation.demo.months import Sheet
from evaluation.demo.rows import as_owner, cell, copy_rows, copying
from evaluation.extensions import db
from evaluation.models import AuditEvent, Period, ScoreSheet, Stage
from evaluation.queries import sums
from evaluation.rules import leaders, scoring
from evaluation.rules.explain import exact, half_up
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import LeaderRatios, PeriodScore
from evaluation.rules.terms import finite, sql_terms
from evaluation.rules.workflow import ReportState
from evaluation.services.scores import LINE_COLUMNS

SCORE_COLUMNS = (
    *("stage", "decided_by", "decided_at"),
    *(
        "report_id",
        "status",
        "general",
        "quantity",
        "quality",
        "progress",
        "unit_result",
        "task",
        "total",
        "exact_total",
        "band",
    ),
    *("steps", "inputs", "rulebook", "fingerprint"),
)
STATE_COLUMNS = (
    *(
        "id",
        "state",
        "submitted_at",
        "scored_by",
        "scored_at",
        "confirmed_by",
        "confirmed_at",
        "published_at",
    ),
    *("organising", "organising_reason", "cohesion", "cohesion_reason", "comment"),
)
Said = tuple[int, Sheet, str | None, str | None]  # step, whose, total, band
FINAL = 2
ACTS, STATES = ("submitted", "scored", "confirmed"), ("SUBMITTED", "SCORED", "CONFIRMED")
REASONS = {
    100: "Hoàn thành kế hoạch đúng tiến độ, có giải pháp tổ chức thực hiện",
    50: "Một số nhiệm vụ trong kế hoạch chậm kéo dài",
}


def freeze(
    sheets: Sequence[Sheet], period: Period, book: Rulebook, heads: dict[int, int], *, over: bool
) -> None:
    """Freezes own scores, and of a month that is over the supervisors' and the final ones; then the states."""
    filed = [sheet for sheet in sheets if sheet.state is not ReportState.DRAFT]
    day, terms = period.month, sql_terms(book, period.month)
    ids = [sheet.report_id for sheet in filed]
    own = {row.report_id: row for row in sums.of_reports(ids, Stage.OWN, terms)}
    found = {row.report_id: row for row in sums.of_reports(ids, Stage.FINAL, terms)} if over else {}
    decided = _moments(period)
    said: list[Said] = []
    with copying(ScoreSheet.__tablename__, SCORE_COLUMNS) as copy:
        for part in _bottom_up(filed):
            for sheet in part:
                row = own[sheet.report_id]
                ratios = LeaderRatios(None, Fraction(100), Fraction(100)) if sheet.office.leads else None
                score = scoring.judge(row.sums, row.general, book=book, day=day, leader=ratios)
                body = _body(sheet, sheet.own, sheet.own_lines, score, ratios, book, period)
                copy.write(f"OWN\t{sheet.person.id}\t{decided[0]}\t{body}")
                said.append(_said(0, sheet, score))
                if not over:
                    continue
                if (
                    sheet.office.leads
                    or found[sheet.report_id] != row
                    or sheet.found_lines != sheet.own_lines
                ):
                    row = found[sheet.report_id]
                    ratios = _ratios(sheet, filed, book, period)
                    score = scoring.judge(row.sums, row.general, book=book, day=day, leader=ratios)
                    body = _body(sheet, sheet.given, sheet.found_lines, score, ratios, book, period)
                sheet.total = score.total
                copy.write(f"SUPERVISOR\t{_scorer(sheet, heads)}\t{decided[1]}\t{body}")
                copy.write(f"FINAL\t{heads[sheet.confirming_id]}\t{decided[2]}\t{body}")
                said.extend((_said(1, sheet, score), _said(FINAL, sheet, score)))
    _states(filed, period, heads, over=over)
    _journal(said, period, heads, over=over)


def _said(step: int, sheet: Sheet, score: PeriodScore) -> Said:
    total = None if score.total is None else exact(score.total)
    return step, sheet, total, None if score.band is None else score.band.value


def _scorer(sheet: Sheet, heads: dict[int, int]) -> int:
    return sheet.supervisor_id or heads[sheet.supervising_id]


def _bottom_up(sheets: Sequence[Sheet]) -> Iterator[list[Sheet]]:
    """Staff, then deputies and heads of divisions, then of agencies: d needs the scores below."""

    def level(sheet: Sheet) -> int:
        if sheet.office is Office.STAFF:
            return 0
        top = 2 if sheet.unit_id == sheet.agency_id else 0
        return top + (1 if sheet.office is Office.DEPUTY else 2)

    for wanted in range(5):
        yield [sheet for sheet in sheets if level(sheet) == wanted]


def _ratios(sheet: Sheet, sheets: Sequence[Sheet], book: Rulebook, period: Period) -> LeaderRatios | None:
    if not sheet.office.leads:
        return None
    members = _members(sheets)
    whole = (
        members["agency", sheet.agency_id]
        if sheet.unit_id == sheet.agency_id
        else members["unit", sheet.unit_id]
    )
    below = [
        other.total
        for other in whole
        if other is not sheet
        and not (sheet.office is Office.DEPUTY and other.unit_id == sheet.unit_id and other.office.leads)
    ]
    assert sheet.organising is not None
    assert sheet.cohesion is not None
    return LeaderRatios(
        leaders.unit_result(below, book=book, day=period.month),
        Fraction(sheet.organising),
        Fraction(sheet.cohesion),
    )


_cache: dict[int, dict[tuple[str, int], list[Sheet]]] = {}


def _members(sheets: Sequence[Sheet]) -> dict[tuple[str, int], list[Sheet]]:
    known = _cache.get(id(sheets))
    if known is None:
        _cache.clear()
        known = _cache[id(sheets)] = {}
        for sheet in sheets:
            known.setdefault(("unit", sheet.unit_id), []).append(sheet)
            known.setdefault(("agency", sheet.agency_id), []).append(sheet)
    return known


def _body(
    sheet: Sheet,
    points: Sequence[Decimal],
    lines: str,
    score: PeriodScore,
    ratios: LeaderRatios | None,
    book: Rulebook,
    period: Period,
) -> str:
    """A score as COPY's text, but for whose it is: the supervisor's and the final one are mostly the same."""
    values = (
        sheet.report_id,
        score.status.value,
        *(_four(value) for value in (score.general, score.quantity, score.quality, score.progress)),
        None if ratios is None or ratios.unit_result is None else exact(ratios.unit_result),
        *(_four(value) for value in (score.task, score.total)),
        None if score.total is None else exact(score.total),
        None if score.band is None else score.band.value,
        [step.as_json() for step in score.steps],
    )
    columns = json.dumps(list(LINE_COLUMNS))
    general = json.dumps(
        {row.code: str(value) for row, value in zip(book.general_criteria(period.month), points, strict=True)}
    )
    leader = (
        "null"
        if ratios is None
        else json.dumps(
            {
                "unit_result": None if ratios.unit_result is None else str(ratios.unit_result),
                "organising": str(ratios.organising),
                "cohesion": str(ratios.cohesion),
            }
        )
    )
    inputs = f'{{"month": "{period.month}", "columns": {columns}, "lines": [{lines}], "general": {general}, "leader": {leader}}}'
    head = "\t".join(cell(value) for value in values)
    return f"{head}\t{inputs}\t{book.name}\t{book.fingerprint}\n"


def _moments(period: Period) -> list[str]:
    """When sheets were sent, scored and confirmed: the afternoon before each last day."""
    return [
        f"{due - timedelta(days=1)}T08:00:00Z"
        for due in (period.submit_due, period.score_due, period.confirm_due)
    ]


def _four(value: Fraction | None) -> Any:
    return None if value is None else finite(half_up(value, 4))


def _states(sheets: Sequence[Sheet], period: Period, heads: dict[int, int], *, over: bool) -> None:
    """Moves the sheets to where they stand by one statement over a temporary table."""
    db.session.execute(
        text(
            "create temporary table demo_state (id bigint, state text, submitted_at timestamptz, scored_by bigint,"
            " scored_at timestamptz, confirmed_by bigint, confirmed_at timestamptz, published_at timestamptz,"
            " organising smallint, organising_reason text, cohesion smallint, cohesion_reason text, comment text)"
            " on commit drop"
        )
    )
    moments = _moments(period)
    copy_rows(
        "demo_state", STATE_COLUMNS, (_state(sheet, period, heads, moments, over=over) for sheet in sheets)
    )
    sets = ", ".join(f"{column} = demo_state.{column}" for column in STATE_COLUMNS[1:])
    db.session.execute(
        text(
            f"update report set {sets}, version = version + 1 from demo_state where demo_state.id = report.id"
        )
    )


def _state(
    sheet: Sheet, period: Period, heads: dict[int, int], moments: Sequence[str], *, over: bool
) -> tuple[Any, ...]:
    if not over:
        return (
            sheet.report_id,
            "SUBMITTED",
            _yesterday(),
            *([None] * 10),
        )
    reason = None if sheet.organising is None else REASONS[sheet.organising]
    other = (
        None
        if sheet.cohesion is None
        else REASONS[100]
        if sheet.cohesion == 100
        else "Có đơn kiến nghị nội bộ kéo dài"
    )
    return (
        *(sheet.report_id, "PUBLISHED", moments[0], _scorer(sheet, heads), moments[1]),
        *(heads[sheet.confirming_id], moments[2], f"{period.publish_due}T02:00:00Z"),
        *(sheet.organising, reason, sheet.cohesion, other, "Hoàn thành nhiệm vụ được giao trong tháng."),
    )


def _journal(said: Sequence[Said], period: Period, heads: dict[int, int], *, over: bool) -> None:
    """What the use cases say of each score, so that the journal and the results can be compared."""
    moments = _moments(period) if over else [_yesterday()]
    acts: list[tuple[Any, ...]] = []
    for step, sheet, total, band in said:
        who = (sheet.person.id, _scorer(sheet, heads), heads[sheet.confirming_id])[step]
        after = {"state": STATES[step], "total": total, "band": band}
        acts.append(
            (moments[step], who, f"report.{ACTS[step]}", "report", sheet.report_id, sheet.unit_id, after)
        )
        if step == FINAL:
            at, after = f"{period.publish_due}T02:00:00Z", {"state": "PUBLISHED"}
            acts.append((at, who, "report.published", "report", sheet.report_id, sheet.unit_id, after))
    columns = ("at", "actor_id", "action", "object_type", "object_id", "unit_id", "after")
    with as_owner() as connection:
        copy_rows(AuditEvent, columns, sorted(acts, key=lambda act: act[0]), connection)


def _yesterday() -> str:
    """When the sheets of the present month were sent: before whoever looks at them now."""
    return (clock.now() - timedelta(days=1)).isoformat()
