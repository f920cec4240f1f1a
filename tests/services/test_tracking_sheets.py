"""The 14-column sheet agrees with the score: its a, b and c are those of the frozen sheet, its cells the exact units."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.extensions import db
from evaluation.files.tracking_sheets import COLUMNS, HEAD_ROW, write_tracking_sheets
from evaluation.models import ItemMark, Period, Person, Report, ScoreSheet, Stage, WorkItem
from evaluation.queries.forms import Filed
from evaluation.rules.organisation import Office
from evaluation.rules.periods import Cycle
from evaluation.rules.work import WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import confirmations, reports, reviews, scores, tracking_sheets
from evaluation.services.reports import LineEntry
from tests import factories

MARCH = date(2026, 3, 1)
FIRST = HEAD_ROW + 3  # the first line of work, as Excel counts rows
NOBODY = Filed([], {}, {}, {})


@pytest.fixture(scope="module")
def context(app: Any) -> Iterator[None]:
    with app.app_context():
        yield


def written(sheet: Any) -> Any:
    target = io.BytesIO()
    write_tracking_sheets([sheet], target)
    return openpyxl.load_workbook(target).worksheets[0]


def cells(page: Any, row: int) -> list[Any]:
    return [page.cell(row, column).value for column in range(1, len(COLUMNS) + 1)]


def test_the_heads_stand_in_the_order_of_the_sheet_in_use_with_their_numbers(context) -> None:
    page = written(tracking_sheets._sheet(report_of([]), NOBODY, {}))

    heads, numbers = cells(page, HEAD_ROW + 1), cells(page, HEAD_ROW + 2)
    assert [heads[place] for place in (0, 1, 4, 6, 8, 11, 13)] == [
        "STT",
        "Nội dung nhiệm vụ",
        "Hệ số quy đổi",
        "Số lượng giao quy đổi",
        "Số lượng hoàn thành quy đổi",
        "Số lượng đạt tiến độ quy đổi",
        "Số lượng đạt chất lượng quy đổi",
    ]
    assert [number.split(" ")[0] for number in numbers] == [f"({number})" for number in range(1, 15)]


units = st.decimals(min_value=0, max_value=40, places=2)
few = st.integers(min_value=0, max_value=3)


@st.composite
def lines(draw: Any) -> WorkItem:
    kind = draw(st.sampled_from(WorkKind))
    assigned = draw(units)
    done = Decimal(0) if kind is WorkKind.TRANSFERRED_OUT else draw(units)
    item = WorkItem(
        kind=kind,
        task="=1+1",
        coefficient=draw(st.decimals(min_value="0.0001", max_value=20, places=4)),
        assigned=assigned,
        done=done,
        quality_fails=draw(few),
        delays=draw(few),
        marks=[],
    )
    if draw(st.booleans()):
        item.marks.append(
            ItemMark(
                done=Decimal(0) if kind is WorkKind.TRANSFERRED_OUT else draw(units),
                quality_fails=draw(few),
                delays=draw(few),
                exempt_quality_fails=draw(few),
                exempt_delays=draw(few),
                reason="xem lại",
            )
        )
    return item


def report_of(items: list[WorkItem], state: ReportState = ReportState.CONFIRMED) -> Report:
    return Report(
        person=Person(full_name="Nguyễn Thị Lan"),
        period=Period(month=MARCH, cycle=Cycle.MONTH),
        unit_id=2,
        agency_id=1,
        office=Office.STAFF,
        title="Chuyên viên",
        rulebook="decree-335-2025",
        state=state,
        items=items,
        criteria=[],
    )


@given(
    items=st.lists(lines(), min_size=1, max_size=6),
    state=st.sampled_from((ReportState.SUBMITTED, ReportState.CONFIRMED)),
)
def test_whatever_the_lines_the_footer_is_the_score_and_the_cells_add_up_to_it(
    context, items: list[WorkItem], state: ReportState
) -> None:
    report = report_of(items, state)
    stage = Stage.OWN if state is ReportState.SUBMITTED else Stage.SUPERVISOR
    score = scores.score_of(report, stage)

    sheet = tracking_sheets._sheet(report, NOBODY, {})

    a, b, c = sheet.ratios
    assert (a.counted, b.counted, c.counted) == (score.quantity, score.quality, score.progress)
    total = sum(line.assigned_units for line in sheet.lines)
    if total:
        assert a.reached == Fraction(sum(line.done_units for line in sheet.lines)) / total * 100
        assert b.reached == Fraction(sum(line.quality_units for line in sheet.lines)) / total * 100
        assert c.reached == Fraction(sum(line.progress_units for line in sheet.lines)) / total * 100
    page = written(sheet)
    for number, line in enumerate(sheet.lines):
        row = cells(page, FIRST + number)
        assert row[0] == number + 1
        assert row[1].startswith("'=1+1")
        assert [row[4], row[6], row[7], row[8], row[11], row[13]] == [
            float(one)
            for one in (
                line.coefficient,
                line.assigned_units,
                line.done,
                line.done_units,
                line.progress_units,
                line.quality_units,
            )
        ]
        assert (row[5] is None) == (items[number].kind in (WorkKind.ADHOC, WorkKind.RECEIVED))


def test_a_golden_month_of_twelve_lines(database, clock) -> None:
    """Assigned 40 units; one line handed over, one taken over, one ad hoc; findings, one of them exempt."""
    clock(date(2026, 3, 30))
    office = factories.office()
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        supervisor_id=office.hung.id,
    )
    plan = [("1", "4")] * 5 + [("2", "2")] * 2 + [("1.5", "4")] + [("0.5", "8"), ("2", "1")]
    for number, (coefficient, assigned) in enumerate(plan, 1):
        kind = WorkKind.TRANSFERRED_OUT if number == 10 else WorkKind.PLANNED
        factories.item(
            report,
            coefficient=coefficient,
            assigned=assigned,
            kind=kind,
            ordinal=number,
            task=f"Nhiệm vụ {number}",
            due_on=date(2026, 3, 20),
        )
    factories.item(report, assigned="2", kind=WorkKind.RECEIVED, ordinal=11, task="Nhiệm vụ 11")
    factories.item(report, assigned="1", kind=WorkKind.ADHOC, ordinal=12, task="Nhiệm vụ 12")
    factories.criteria(report, "28")
    items = {item.ordinal: item for item in report.items}
    entries = {
        items[number].id: LineEntry(done=str(items[number].assigned))
        for number in range(1, 13)
        if number not in (2, 10)
    }
    entries[items[2].id] = LineEntry(done="1", done_on="20/03/2026")
    entries[items[3].id] = LineEntry(done="4", done_on="25/03/2026", delays="1")
    lan, hung, thu = (
        factories.actor(who, date(2026, 3, 30)) for who in (office.lan, office.hung, office.thu)
    )
    reports.save_draft(lan, report.id, version=report.version, lines=entries)
    reports.submit(lan, report.id, version=report.version)
    for number, found in ((4, {"quality_fails": 2}), (5, {"quality_fails": 0, "exempt_quality_fails": 1})):
        db.session.add(
            ItemMark(
                report_id=report.id,
                item_id=items[number].id,
                done=items[number].done,
                delays=0,
                reason="Sai sót lớn về nội dung",
                marked_by=office.hung.id,
                **found,
            )
        )
    db.session.flush()
    db.session.expire_all()
    reviews.score(hung, report.id)
    confirmations.confirm(thu, report.id)

    (sheet,) = tracking_sheets.tracking_sheets([report.id])
    page = written(sheet)

    frozen = db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=Stage.FINAL).one()
    assert [ratio.counted for ratio in sheet.ratios] == [
        Fraction(value) for value in (frozen.quantity, frozen.quality, frozen.progress)
    ]
    assert cells(page, FIRST + 2)[10] == 5
    assert "đã chuyển cho người khác" in cells(page, FIRST + 9)[1]
    assert cells(page, FIRST + 9)[6:9] == [2, 0, 0]
    assert cells(page, FIRST + 10)[5:9] == [None, 0, 2, 2]
    sums = cells(page, FIRST + 12)
    assert [sums[place] for place in (6, 8, 11, 13)] == [40, 38, 37.75, 37.5]
    footer = [cells(page, FIRST + 13 + number) for number in range(3)]
    assert [row[0] for row in footer] == ["a", "b", "c"]
    assert [row[4] for row in footer] == [
        "a = Σ(9) / Σ(7) = 38 / 40 = 95%",
        "b = Σ(14) / Σ(7) = 37,5 / 40 = 93,75%",
        "c = Σ(12) / Σ(7) = 37,75 / 40 = 94,375%",
    ]
    assert [row[10] for row in footer] == [95, 93.75, 94.375]
    assert "xác nhận" in page["A7"].value
