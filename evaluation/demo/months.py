"""The work of the invented months: lines, findings and points, written with COPY."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from sqlalchemy import BigInteger, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from evaluation.demo.organisation import DemoPerson, DemoProduct, DemoProvince
from evaluation.demo.rows import NOTHING, copy_rows, copying, take_ids
from evaluation.extensions import db
from evaluation.models import CriterionMark, ItemMark, Period, Report, WorkItem
from evaluation.rules.organisation import Office
from evaluation.rules.periods import Month
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.workflow import ReportState

BLOCK = 1000
UNITS_A_LINE = 3.0
ADHOC_TASK = "Hỗ trợ khắc phục hậu quả mưa lũ theo chỉ đạo đột xuất"
FINDINGS = (
    "Dự thảo phải làm lại vì sai căn cứ pháp lý",
    "Số liệu không khớp báo cáo kỳ trước",
    "Kết quả chưa bao quát đủ nội dung được giao",
)
EXCUSES = ("Chờ ý kiến của Bộ, ngành Trung ương", "Cơ quan phối hợp gửi số liệu chậm")
GENERAL_REASON = "Chưa có minh chứng cho mức điểm tự chấm"
ITEM_COLUMNS = (
    *("id", "report_id", "product_version_id", "kind", "ordinal", "task", "coefficient", "assigned", "done"),
    *(
        "quality_fails",
        "delays",
        "due_on",
        "done_on",
        "reported",
        "added_by_owner",
        "assigned_by",
        "assigned_at",
    ),
)
MARK_COLUMNS = (
    *(
        "report_id",
        "item_id",
        "done",
        "quality_fails",
        "delays",
        "exempt_quality_fails",
        "exempt_delays",
        "reason",
    ),
    *("marked_by", "marked_at"),
)


@dataclass(slots=True)
class Sheet:
    """One sheet of the month being filled; the two texts are its lines as a snapshot keeps them."""

    report_id: int
    person: DemoPerson
    unit_id: int
    agency_id: int
    office: Office
    supervising_id: int
    confirming_id: int
    supervisor_id: int | None
    state: ReportState = ReportState.DRAFT
    own_lines: str = ""
    found_lines: str = ""
    own: list[Decimal] = field(default_factory=list)
    given: list[Decimal] = field(default_factory=list)
    organising: int | None = None
    cohesion: int | None = None
    total: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a month is to be filled: lines a sheet, how strict each supervising unit is, whether it is over."""

    lines: tuple[int, int]
    over: bool
    strictness: dict[int, float]
    untouched: frozenset[int] = frozenset()
    prompt_units: frozenset[int] = frozenset()
    as_planned: frozenset[int] = frozenset()


@dataclass(slots=True)
class Line:
    """One line of work before it has an id."""

    product: DemoProduct
    kind: str
    assigned: int
    done: int
    fails: int
    delays: int
    due: date
    done_on: date | None
    reported: bool
    own_added: bool
    mark: tuple[int, int, int, int, int, str] | None = None


def fill(
    province: DemoProvince, period: Period, book: Rulebook, plan: Plan, seed: str
) -> tuple[list[Sheet], int]:
    """Fills every sheet of an opened month; the sheets, and how many lines were written."""
    sheets = _sheets(province, period)
    month = Month.of(period.month)
    days = [month.first_day + timedelta(days=n) for n in range((month.end - month.first_day).days)]
    workdays = [day for day in days if day.weekday() < 5]
    written = 0
    for start in range(0, len(sheets), BLOCK):
        part = sheets[start : start + BLOCK]
        filled = [
            _lines(sheet, province, plan, workdays, Random(f"{seed}/{sheet.report_id}")) for sheet in part
        ]
        ids = iter(take_ids(WorkItem, sum(len(lines) for lines in filled)))
        marks: list[tuple[Any, ...]] = []
        with copying(WorkItem.__tablename__, ITEM_COLUMNS) as copy:
            copy.write("".join(_texts(part, filled, ids, marks, period)))
        copy_rows(ItemMark, MARK_COLUMNS, marks)
        written += sum(len(lines) for lines in filled)
    _criteria(sheets, period, book, plan, seed)
    return sheets, written


def _sheets(province: DemoProvince, period: Period) -> list[Sheet]:
    people = {person.id: person for person in province.people}
    rows = db.session.execute(
        select(
            Report.id,
            Report.person_id,
            Report.unit_id,
            Report.agency_id,
            Report.office,
            Report.supervising_unit_id,
            Report.confirming_unit_id,
            Report.supervisor_id,
        )
        .where(Report.period_id == period.id, Report.state == ReportState.DRAFT)
        .order_by(Report.id)
    )
    return [Sheet(row[0], people[row[1]], *row[2:]) for row in rows]


def _lines(
    sheet: Sheet, province: DemoProvince, plan: Plan, workdays: Sequence[date], chance: Random
) -> list[Line]:
    products = province.products[sheet.person.position or "VT07"]
    start = chance.randrange(len(products))
    fixed = sheet.person.id in plan.untouched
    likely = 1.0 if sheet.unit_id in plan.prompt_units else 0.5
    filed = plan.over or (not fixed and chance.random() < likely)
    sheet.state = (
        (ReportState.CONFIRMED if plan.over else ReportState.SUBMITTED) if filed else ReportState.DRAFT
    )
    begun = not filed and not fixed and chance.random() < 0.5
    strict = plan.strictness.get(sheet.supervising_id, 0.1)
    skill = max(0.3, min(1.0, sheet.person.ability + chance.uniform(-0.05, 0.04)))
    if sheet.person.id in plan.as_planned:
        skill = 1.0
    count = 12 if fixed else chance.randint(*plan.lines)
    lines = []
    for number in range(count):
        product = products[(start + number) % len(products)]
        line = _line(product, skill, workdays, chance)
        if not filed and not (begun and number < count // 2):
            line.done, line.fails, line.delays, line.done_on, line.reported = 0, 0, 0, None, False
        elif plan.over and chance.random() < strict * 0.5:
            line.mark = _mark(line, chance)
        lines.append(line)
    if filed and chance.random() < 0.12 and sheet.person.id not in plan.as_planned:
        lines.append(
            Line(products[0], "ADHOC", 0, chance.randint(1, 2), 0, 0, workdays[-1], workdays[-1], True, True)
        )
    if sheet.office is not Office.STAFF and plan.over:
        sheet.organising = 50 if chance.random() < 0.04 else 100
        sheet.cohesion = 50 if chance.random() < 0.02 else 100
    return lines


def _line(product: DemoProduct, skill: float, workdays: Sequence[date], chance: Random) -> Line:
    assigned = max(1, min(20, int(UNITS_A_LINE / float(product.coefficient) * chance.uniform(0.5, 1.5))))
    slip = 1.0 - skill
    done, fails, delays = assigned, 0, 0
    if chance.random() < slip * 1.6:
        done = max(0, assigned - max(1, int(assigned * chance.uniform(0.1, 0.2 + slip * 2))))
    if done and chance.random() < slip * 1.5:
        fails = 1 if chance.random() < 0.8 else 2
    due = chance.choice(workdays)
    done_on: date | None = max(workdays[0], due - timedelta(days=chance.randint(0, 3))) if done else None
    if done and chance.random() < slip * 2:
        delays = 1
        done_on = due + timedelta(days=chance.randint(1, 5))
    return Line(product, "PLANNED", assigned, done, fails, delays, due, done_on, True, False)


def _mark(line: Line, chance: Random) -> tuple[int, int, int, int, int, str]:
    """What a supervisor found instead: a confirmed objective cause, or another failed review, or less done."""
    if line.delays and chance.random() < 0.4:
        return line.done, line.fails, 0, 0, line.delays, chance.choice(EXCUSES)
    if line.done > 1 and chance.random() < 0.3:
        return line.done - 1, line.fails, line.delays, 0, 0, FINDINGS[2]
    return line.done, line.fails + 1, line.delays, 0, 0, chance.choice(FINDINGS[:2])


def _texts(
    sheets: Sequence[Sheet],
    filled: Sequence[Sequence[Line]],
    ids: Iterator[int],
    marks: list[tuple[Any, ...]],
    period: Period,
) -> Iterator[str]:
    opened = f"{period.month}T01:00:00Z"
    marked_at = f"{period.score_due - timedelta(days=1)}T07:30:00Z"
    for sheet, lines in zip(sheets, filled, strict=True):
        own: list[str] = []
        found: list[str] = []
        supervisor = NOTHING if sheet.supervisor_id is None else str(sheet.supervisor_id)
        for number, line in enumerate(lines, start=1):
            item = next(ids)
            product = line.product
            task = ADHOC_TASK if line.kind == "ADHOC" else product.escaped
            yield (
                f"{item}\t{sheet.report_id}\t{product.version_id}\t{line.kind}\t{number}\t{task}\t{product.coefficient}"
                f"\t{line.assigned}\t{line.done}\t{line.fails}\t{line.delays}\t{line.due}\t{line.done_on or NOTHING}"
                f"\t{'t' if line.reported else 'f'}\t{'t' if line.own_added else 'f'}"
                f"\t{NOTHING if line.own_added else supervisor}\t{opened}\n"
            )
            head = f'[{item}, "{line.kind}", "{product.exact}", "{line.assigned}", '
            own.append(f'{head}"{line.done}", {line.fails}, {line.delays}, 0, 0]')
            if line.mark is None:
                found.append(own[-1])
            else:
                done, fails, delays, free_fails, free_delays, _reason = line.mark
                found.append(f'{head}"{done}", {fails}, {delays}, {free_fails}, {free_delays}]')
                marks.append((sheet.report_id, item, *line.mark, sheet.supervisor_id, marked_at))
        sheet.own_lines = ", ".join(own)
        sheet.found_lines = ", ".join(found)


def _criteria(sheets: Sequence[Sheet], period: Period, book: Rulebook, plan: Plan, seed: str) -> None:
    """Own and given points of the ten criteria; unfiled sheets keep theirs empty."""
    rows = book.general_criteria(period.month)
    for sheet in sheets:
        if sheet.state is ReportState.DRAFT:
            continue
        chance = Random(f"{seed}/criteria/{sheet.report_id}")
        slack = 1.35 - sheet.person.ability
        strict = plan.strictness.get(sheet.supervising_id, 0.1)
        for row in rows:
            most = Decimal(row.max_points.numerator) / row.max_points.denominator
            cut = Decimal(int(most * Decimal(slack * chance.uniform(0.1, 0.7)) * 4)) / 4
            sheet.own.append(most - cut)
            less = Decimal("0.25") if plan.over and chance.random() < strict * 0.6 else Decimal(0)
            sheet.given.append(max(Decimal(0), most - cut - less))
    filed = [sheet for sheet in sheets if sheet.own]
    ids = [sheet.report_id for sheet in filed]
    db.session.execute(delete(CriterionMark).where(CriterionMark.report_id.in_(_as_rows(ids))))
    copy_rows(
        CriterionMark,
        ("report_id", "code", "own_points", "given_points", "reason"),
        (
            (
                *(sheet.report_id, row.code, own, given if plan.over else None),
                GENERAL_REASON if plan.over and given != own else None,
            )
            for sheet in filed
            for row, own, given in zip(rows, sheet.own, sheet.given, strict=True)
        ),
    )


def _as_rows(ids: Sequence[int]) -> Any:
    """Ids as one array parameter, so that a province of ids is one value."""
    return select(func.unnest(cast(literal(list(ids), ARRAY(BigInteger)), ARRAY(BigInteger))))
