"""Filling Mẫu số 01 from a sheet: what is not known yet stays blank, what is not final says so."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from flask_babel import force_locale
from flask_babel import gettext as _

from evaluation.clock import PROVINCE_ZONE
from evaluation.files.forms import CRITERIA_TITLES, Criterion, PeriodForm, Signature
from evaluation.models import CriterionMark, Report, ScoreSheet, Stage
from evaluation.queries import forms as queries
from evaluation.queries import workings
from evaluation.queries.forms import HANDED_IN, Filed
from evaluation.rules import scoring
from evaluation.rules.explain import exact, half_up, parse_exact, shown, written
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.periods import ROMAN, Month, Stretch
from evaluation.rules.rulebook import GeneralCriterion, Rulebook
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import ReportState
from evaluation.rules.working import Working
from evaluation.services import rulebooks, signatures, working_of_sheet
from evaluation.services.signatures import Act

FINAL = (ReportState.CONFIRMED, ReportState.PUBLISHED)
SCORED = (ReportState.SCORED, *FINAL)
NEWEST_FIRST = (Stage.FINAL, Stage.SUPERVISOR, Stage.OWN)
MOST_PLACES = 8
NOT_SENT = "công chức chưa gửi phiếu"
NOT_CONFIRMED = "phần II ghi theo kết quả công chức tự đánh giá, chưa được cấp có thẩm quyền xác nhận"
ABSENCES = {
    AbsenceKind.MATERNITY: "Maternity leave",
    AbsenceKind.SICK: "Sick leave",
    AbsenceKind.UNPAID: "Unpaid leave",
    AbsenceKind.STUDY: "Full-time study",
    AbsenceKind.SUSPENDED: "Suspended from work",
}


def period_forms(report_ids: Collection[int], *, annex: bool = False) -> list[PeriodForm]:
    """Mẫu số 01 of many sheets by name, in a constant number of queries; always Vietnamese."""
    filed = queries.sheets(report_ids)
    acts = {report.id: act for report in filed.reports if (act := _act(report)) is not None}
    capacities = signatures.capacities(acts.values())
    with force_locale("vi"):
        return [
            _period_form(report, filed, annex, capacities[acts[report.id]] if report.id in acts else ())
            for report in filed.reports
        ]


def _act(report: Report) -> Act | None:
    """A score given in the place of the head who answers for the unit."""
    by, head, moment = report.scored_by, report.scored_for, report.scored_at
    if report.state not in SCORED or by is None or head is None or moment is None:
        return None
    return Act(by, head, report.supervising_unit_id, moment.astimezone(PROVINCE_ZONE).date())


def _period_form(report: Report, filed: Filed, annex: bool, capacity: tuple[str, ...]) -> PeriodForm:
    book, day = rulebooks.book_of(report), report.period.month
    scores = filed.scores[report.id]
    stage = Stage.FINAL if report.state in FINAL else Stage.OWN
    score = scores.get(stage) if report.state in HANDED_IN else None
    marks = {mark.code: mark for mark in report.criteria}
    rules = book.general_criteria(day)
    unit, agency = filed.unit(report, report.unit_id), filed.unit(report, report.agency_id)
    heads = (agency, unit) if report.unit_id != report.agency_id else ("", agency)
    own = [marks[rule.code].own_points if rule.code in marks else None for rule in rules]
    return PeriodForm(
        draft=_draft(report.state),
        superior=heads[0].upper(),
        issuer=heads[1].upper(),
        period=in_words(report.period.covers),
        name=report.person.full_name,
        office=report.title,
        unit=unit,
        criteria=tuple(_criteria(rules, marks)),
        most=written(sum((rule.max_points for rule in rules), Fraction(0))),
        own=_sum(own),
        summary=_summary(report, score, book),
        remarks=(report.strengths or "", report.shortcomings or "", report.comment or ""),
        official=signed(report.submitted_at, report.person.full_name)
        if report.state in HANDED_IN
        else Signature(),
        authority=signed(report.scored_at, filed.people.get(report.scored_by or 0, ""), capacity)
        if report.state in SCORED
        else Signature(),
        annex=_annex(report, scores) if annex else None,
    )


def _draft(state: ReportState) -> str:
    if state in (ReportState.DRAFT, ReportState.RETURNED):
        return NOT_SENT
    return NOT_CONFIRMED if state in (ReportState.SUBMITTED, ReportState.SCORED) else ""


def in_words(stretch: Stretch) -> str:
    """'tháng 10 năm 2026' or 'quý IV năm 2026', as the form's footnote asks."""
    if isinstance(stretch, Month):
        return f"tháng {stretch.month} năm {stretch.year}"
    return f"quý {ROMAN[stretch.index]} năm {stretch.year}"


def day_in_words(moment: datetime | date) -> str:
    """'ngày 05 tháng 02 năm 2026': days below ten and the first two months carry a nought (decree 30/2020)."""
    day = moment.astimezone(PROVINCE_ZONE).date() if isinstance(moment, datetime) else moment
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def signed(moment: datetime | None, name: str, capacity: tuple[str, ...] = ()) -> Signature:
    """A signature with the day of the act; without an act all stays dotted."""
    return Signature(day_in_words(moment), name, capacity) if moment else Signature()


def _criteria(rules: Iterable[GeneralCriterion], marks: dict[str, CriterionMark]) -> Iterable[Criterion]:
    """Each group with the sum of its rows, then its rows numbered from 1, as the form prints them."""
    groups: dict[str, list[GeneralCriterion]] = {}
    for rule in rules:
        groups.setdefault(rule.group, []).append(rule)
    for roman, (code, members) in zip(("I", "II", "III", "IV"), groups.items(), strict=False):
        own = [marks[rule.code].own_points if rule.code in marks else None for rule in members]
        most = sum((rule.max_points for rule in members), Fraction(0))
        title = CRITERIA_TITLES.get(code, members[0].group_title)
        yield Criterion(roman, title, written(most), _sum(own), group=True)
        for number, (rule, points) in enumerate(zip(members, own, strict=True), 1):
            title = CRITERIA_TITLES.get(rule.code, rule.title)
            yield Criterion(str(number), title, written(rule.max_points), _points_typed(points))


def _points_typed(points: Decimal | None) -> str:
    return "" if points is None else written(Fraction(points))


def _sum(points: Collection[Decimal | None]) -> str:
    """The sum once every row has its points: half a sum would read as a whole one."""
    known = [Fraction(one) for one in points if one is not None]
    return written(sum(known, Fraction(0))) if len(known) == len(points) else ""


def _summary(report: Report, score: ScoreSheet | None, book: Rulebook) -> tuple[str, str, str]:
    if report.state is ReportState.NOT_RATED:
        reason = ABSENCES.get(report.not_rated_reason) if report.not_rated_reason else None
        return ("", "", f"Không đánh giá trong kỳ ({_(reason)})" if reason else "Không đánh giá trong kỳ")
    if score is None:
        return ("", "", "")
    general = "" if score.general is None else shown(Fraction(score.general))
    if score.status is not ScoreStatus.SCORED or not score.exact_total or score.general is None:
        return (general, "", _(score.status.label))
    total = parse_exact(score.exact_total)
    return (
        general,
        shown(_task(score, total - Fraction(score.general))),
        points_that_hold(total, book, report.period.month),
    )


def _task(score: ScoreSheet, otherwise: Fraction) -> Fraction:
    """The exact points of the tasks from the working: the total may have been rounded before (choice score_rounding)."""
    steps = {step["code"]: step["value"] for step in score.steps}
    return parse_exact(steps["task"]) if "task" in steps else otherwise


def points_that_hold(value: Fraction, book: Rulebook, day: date) -> str:
    """Two decimals, or as many as it takes that the number seen belongs to the class of the exact one."""
    band = scoring.band_of(value, book=book, day=day)
    for places in range(2, MOST_PLACES + 1):
        if scoring.band_of(half_up(value, places), book=book, day=day) is band:
            return shown(value, places)
    return exact(value)


def _annex(report: Report, scores: Mapping[Stage, ScoreSheet]) -> Working | None:
    """The working of the newest score of a sheet that was handed in: the authority's where there is one."""
    if report.state not in HANDED_IN:
        return None
    newest = next((scores[stage] for stage in NEWEST_FIRST if stage in scores), None)
    sheet = workings.sheet(newest.id) if newest is not None else None
    return None if sheet is None else working_of_sheet.of_sheet(sheet)
