"""Filling the 14-column tracking sheet: the facts that the score of a sheet stands on, and its a, b and c."""

from collections.abc import Collection
from fractions import Fraction

from evaluation.files.tracking_sheets import Ratio, TrackingLine, TrackingSheet
from evaluation.models import Report, Stage, WorkItem
from evaluation.queries import forms as queries
from evaluation.queries.forms import Filed
from evaluation.rules import scoring
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.scoring import NO_SUMS, WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import rulebooks, scores
from evaluation.services.period_forms import FINAL, SCORED, in_words

KINDS = {
    WorkKind.RECEIVED: "nhận thêm từ công chức khác",
    WorkKind.ADHOC: "đột xuất, phát sinh ngoài kế hoạch",
    WorkKind.TRANSFERRED_OUT: "đã chuyển cho người khác",
}
CONFIRMED = "Số liệu đã được cấp có thẩm quyền xác nhận."
AS_SCORED = "BẢN DỰ THẢO: số liệu theo kết quả theo dõi của cấp có thẩm quyền, chưa xác nhận."
AS_TOLD = "BẢN DỰ THẢO: số liệu do công chức tự cập nhật, chưa được cấp có thẩm quyền theo dõi, đánh giá."


def tracking_sheets(report_ids: Collection[int]) -> list[TrackingSheet]:
    """The tracking sheets of many officials by name, in a constant number of queries; always Vietnamese."""
    filed = queries.sheets(report_ids, lines=True)
    outputs = queries.products([item.product_version_id for one in filed.reports for item in one.items])
    return [_sheet(report, filed, outputs) for report in filed.reports]


def _sheet(report: Report, filed: Filed, outputs: dict[int, str]) -> TrackingSheet:
    book = rulebooks.book_of(report)
    stage = Stage.SUPERVISOR if report.state in SCORED else Stage.OWN
    unit, agency = filed.unit(report, report.unit_id), filed.unit(report, report.agency_id)
    return TrackingSheet(
        sheet_name=report.person.full_name,
        agency=agency.upper(),
        unit=unit.upper() if report.unit_id != report.agency_id else "",
        period=in_words(report.period.covers),
        name=report.person.full_name,
        office=report.title,
        stands=_stands(report.state),
        lines=[_line(item, stage, book, report, outputs) for item in report.items],
        ratios=_ratios(report, stage, book) if report.items else (),
    )


def _stands(state: ReportState) -> str:
    if state in FINAL:
        return CONFIRMED
    return AS_SCORED if state is ReportState.SCORED else AS_TOLD


def _line(
    item: WorkItem, stage: Stage, book: Rulebook, report: Report, outputs: dict[int, str]
) -> TrackingLine:
    line = scores.line_of(item, stage)
    sums = scoring.line_sums(line, book=book, day=report.period.month)
    kind = KINDS.get(item.kind)
    late = item.done_on and item.due_on and item.done_on > item.due_on
    return TrackingLine(
        task=f"{item.task} ({kind})" if kind else item.task,
        due_on=item.due_on,
        product=outputs.get(item.product_version_id or 0, ""),
        coefficient=line.coefficient,
        assigned=line.assigned if item.kind.in_assigned else None,
        assigned_units=sums.assigned,
        done=line.done,
        done_units=sums.done,
        done_on=item.done_on,
        days_late=(item.done_on - item.due_on).days if late and item.done_on and item.due_on else 0,
        progress_units=sums.progress,
        redone=line.quality_fails,
        quality_units=sums.quality,
    )


def _ratios(report: Report, stage: Stage, book: Rulebook) -> tuple[Ratio, ...]:
    """a, b and c as the rules work them out; the cap of the rulebook is seen in what counts."""
    day = report.period.month
    sums = sum(
        (scoring.line_sums(scores.line_of(item, stage), book=book, day=day) for item in report.items), NO_SUMS
    )
    judged = scoring.judge(sums, Fraction(0), book=book, day=day)
    named = (
        ("a", "Tiêu chí số lượng", "Σ(9) / Σ(7)", sums.done, judged.quantity),
        ("b", "Tiêu chí chất lượng", "Σ(14) / Σ(7)", sums.quality, judged.quality),
        ("c", "Tiêu chí tiến độ", "Σ(12) / Σ(7)", sums.progress, judged.progress),
    )
    return tuple(
        Ratio(
            symbol,
            says,
            columns,
            part,
            sums.assigned,
            part / sums.assigned * 100 if sums.assigned else None,
            counted,
        )
        for symbol, says, columns, part, counted in named
    )
