"""Golden period scores taken through the use cases: assigned, drafted, submitted, scored unchanged, confirmed."""

import shutil
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import Report, ScoreSheet, Stage
from evaluation.rules import exact_yaml
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import Office, PersonKind
from evaluation.rules.periods import Month
from evaluation.rules.rulebook import FOLDER
from evaluation.rules.scoring import ScoreStatus, WorkKind
from evaluation.services import confirmations, handovers, reports, reviews, rulebooks, workplans
from evaluation.services.refusals import Conflict
from evaluation.services.reports import LineEntry
from tests import factories

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
MAXIMA = [Decimal(5)] * 2 + [Decimal("2.5")] * 8


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{case['id']}")
        for path in sorted(GOLDEN.glob("*.yaml"))
        for case in exact_yaml.read(path.read_text(encoding="utf-8")).data["cases"]
        if case["kind"] == "period_score"
    ]


@dataclass
class Walk:
    """One month of Ms Lan's division, moved by its own people through the services."""

    clock: Any
    month: Month
    rulebook: str = "decree-335-2025"

    def __post_init__(self) -> None:
        self.office = factories.office()
        self.clock(self.month.first_day.replace(day=4))

    def actor(self, who: Any) -> Any:
        from evaluation import clock

        return factories.actor(who, clock.today())

    def sheet(self, who: Any) -> Report:
        leads = who.assignments[0].office is not Office.STAFF
        office = self.office
        made = factories.report(
            who.assignments[0],
            supervising=office.department if leads else office.division,
            confirming=office.department,
            agency=office.department,
            month=str(self.month),
        )
        made.rulebook = self.rulebook
        db.session.commit()
        return made

    def boss(self, report: Report) -> Any:
        return self.actor(self.office.thu if report.office.leads else self.office.hung)

    def assign(self, report: Report, quantity: Any, coefficient: Any = 1) -> Any:
        product = factories.product(self.office.department, coefficient=plain(coefficient))
        return workplans.assign(
            self.boss(report),
            report.id,
            version_id=product.id,
            quantity=plain(quantity),
            due_on=self.month.first_day.replace(day=20),
        )

    def line(self, report: Report, row: dict[str, Any]) -> None:
        """Puts a line of a case on a sheet the way it comes there in life, then reports what was done."""
        kind = WorkKind(row.get("kind", "PLANNED"))
        coefficient = row.get("coefficient", 1)
        entry = LineEntry(
            done=plain(row["done"]), quality_fails=row.get("quality_fails", 0), delays=row.get("delays", 0)
        )
        if kind is WorkKind.PLANNED and not row["assigned"]:
            return
        if kind is WorkKind.PLANNED:
            item = self.assign(report, row["assigned"], coefficient)
        elif kind is WorkKind.ADHOC:
            product = factories.product(self.office.department, coefficient=plain(coefficient))
            item = reports.add_adhoc(
                self.actor(report.person), report.id, version_id=product.id, quantity=plain(row["done"])
            )
        elif kind is WorkKind.RECEIVED:
            colleague = db.session.query(Report).filter_by(person_id=self.office.nam.id).one_or_none()
            given = self.assign(colleague or self.sheet(self.office.nam), row["done"], coefficient)
            _gone, item = handovers.hand_over(
                self.boss(report),
                given.id,
                to_report_id=report.id,
                quantity=plain(row["done"]),
                reason="Chuyển việc",
            )
        else:
            given = self.assign(report, row["assigned"], coefficient)
            receiver = db.session.query(Report).filter_by(person_id=self.office.nam.id).one_or_none()
            receiver = receiver or self.sheet(self.office.nam)
            handovers.hand_over(
                self.boss(report),
                given.id,
                to_report_id=receiver.id,
                quantity=plain(row["assigned"]),
                reason="Chuyển việc",
            )
            return
        db.session.refresh(report)
        reports.save_draft(
            self.actor(report.person), report.id, version=report.version, lines={item.id: entry}
        )

    def submit(self, report: Report, general: Any) -> None:
        left, points = Decimal(plain(general)), {}
        rows = rulebooks.book_of(report).general_criteria(self.month.first_day)
        for row, most in zip(rows, MAXIMA, strict=True):
            points[row.code] = min(left, most)
            left -= points[row.code]
        owner = self.actor(report.person)
        db.session.refresh(report)
        reports.save_draft(owner, report.id, version=report.version, criteria=points)
        self.clock(self.month.end)
        reports.submit(owner, report.id, version=report.version)

    def score(self, report: Report) -> None:
        reviews.score(self.boss(report), report.id, comment="Nhất trí với kết quả tự đánh giá.")

    def confirm(self, report: Report) -> ScoreSheet:
        confirmations.confirm(self.actor(self.office.thu), report.id)
        return final(report)

    def through(self, report: Report, work: list[dict[str, Any]], general: Any) -> ScoreSheet:
        for row in work:
            self.line(report, row)
        self.submit(report, general)
        self.score(report)
        return self.confirm(report)


def plain(value: Any) -> str:
    """A number of a case as a person types it."""
    exact = parse_exact(str(value))
    return str(Decimal(exact.numerator) / Decimal(exact.denominator))


def final(report: Report, stage: Stage = Stage.FINAL) -> ScoreSheet:
    return db.session.query(ScoreSheet).filter_by(report_id=report.id, stage=stage, superseded_at=None).one()


def answer_by(choices: dict[str, str], folder: Path, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of rulebooks whose open questions are answered as a case asks."""
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, folder)
    book = folder / "decree-335-2025.yaml"
    text = book.read_text(encoding="utf-8")
    for key, answer in choices.items():
        before, after = text.split(f"\n  {key}:\n", 1)
        head, tail = after.split("values: { 2026-01-01: ", 1)
        text = before + f"\n  {key}:\n" + head + "values: { 2026-01-01: " + answer + tail[tail.index(" }") :]
    book.write_text(text, encoding="utf-8")
    monkeypatch.setitem(app.config, "RULEBOOKS_DIR", str(folder))


def work_for(ratios: dict[str, Any], deduction: Fraction = Fraction(1, 4)) -> list[dict[str, Any]]:
    """A hundred converted units that give these percentages; part of a finding is one on a lighter product."""
    done, good, timely = (Fraction(str(ratios[key])) for key in ("quantity", "quality", "progress"))
    faults = {"quality_fails": (done - good) / deduction, "delays": (done - timely) / deduction}
    parts = {key: count - int(count) for key, count in faults.items() if count.denominator != 1}
    light = [{"assigned": 1, "done": 1, "coefficient": plain(part), key: 1} for key, part in parts.items()]
    rest = sum(parts.values(), Fraction(0))
    whole = {key: int(count) for key, count in faults.items()}
    return [{"assigned": plain(100 - rest), "done": plain(done - rest), **whole}, *light]


@pytest.mark.parametrize("case", cases())
def test_a_golden_case_ends_with_the_same_exact_score_in_the_database(
    case: dict[str, Any], app: Any, database: Any, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_by(case.get("settings", {}), tmp_path, app, monkeypatch)
    walk = Walk(clock, Month.parse(str(case["period"])))
    leader = case.get("leader")
    work = case["work"] if "work" in case else work_for(case["ratios"])
    excused = {
        at: row for at, row in enumerate(work) if row.get("exempt_delays") or row.get("exempt_quality_fails")
    }
    book = rulebooks.shelf().for_month(PersonKind(case.get("subject", "CONG_CHUC")), walk.month.first_day)
    walk.rulebook = book.for_unit(str(case["unit"])).name if "unit" in case else book.name
    report = walk.sheet(walk.office.hung if leader else walk.office.lan)
    below = walk.sheet(walk.office.lan) if leader else None
    for row in work:
        reported = {**row}
        for name in ("quality_fails", "delays"):
            reported[name] = row.get(name, 0) + row.get(f"exempt_{name}", 0)
        walk.line(report, reported)
    if below is not None:
        walk.line(below, {"assigned": 1, "done": 1 if leader["unit_result"] == 100 else 0})
    walk.submit(report, case["general"])
    if below is not None and leader["unit_result"] is not None:
        walk.submit(below, 28 if leader["unit_result"] == 100 else 10)
        walk.score(below)
        walk.confirm(below)
    for at, row in excused.items():
        reviews.mark_line(
            walk.boss(report),
            report.items[at].id,
            done=report.items[at].done,
            quality_fails=row.get("quality_fails", 0),
            delays=row.get("delays", 0),
            exempt_quality_fails=row.get("exempt_quality_fails", 0),
            exempt_delays=row.get("exempt_delays", 0),
            reason="Chờ ý kiến của cơ quan phối hợp.",
        )
    if leader:
        reviews.rate_leader(
            walk.boss(report),
            report.id,
            organising=leader["organising"],
            cohesion=leader["cohesion"],
            reasons={"organising": "Chậm kéo dài", "cohesion": "Có đơn thư kéo dài"},
        )
    walk.score(report)
    expected = case["expect"]
    if expected.get("status") == "PENDING":
        with pytest.raises(Conflict, match="Nguyễn Thị Lan"):
            walk.confirm(report)
        return
    sheet = walk.confirm(report)
    if "status" in expected:
        assert (sheet.status, sheet.total) == (ScoreStatus.INSUFFICIENT_DATA, None)
        return
    assert parse_exact(sheet.exact_total) == parse_exact(str(expected["total"]))
    if "band" in expected:
        assert sheet.band == expected["band"]
    steps = {step["code"]: parse_exact(step["value"]) for step in sheet.steps}
    for key in ("quantity", "quality", "progress", "task"):
        if key in expected:
            assert steps[key] == parse_exact(str(expected[key])), key
    assert sheet.rulebook == walk.rulebook
    assert sheet.fingerprint == rulebooks.book_of(report).fingerprint


# A month of three lines, and one change of its second line at a time. The expectation is worked out here, by the
# formula of the decree and nothing of the program: (a + b + c) / 3 of 70, each at most 1, and the general points.

LINES = [
    {"assigned": 10, "done": 10, "coefficient": "1"},
    {"assigned": 4, "done": 4, "coefficient": "2.5", "delays": 1},
    {"assigned": 3, "done": 2, "coefficient": "1.2"},
]
CHANGES = [
    {"done": 3},
    {"done": "3.5"},
    {"quality_fails": 1},
    {"quality_fails": 2, "delays": 2},
    {"delays": 0, "exempt_delays": 1},
    {"delays": 3},
    {"done": 0, "delays": 0},
    {"done": 6, "quality_fails": 5},
    {"quality_fails": 40},
]


def by_hand(lines: list[dict[str, Any]], general: int) -> Fraction:
    assigned = done = good = timely = Fraction(0)
    for line in lines:
        weight = Fraction(str(line["coefficient"]))
        units = Fraction(str(line["done"]))
        assigned += weight * line["assigned"]
        done += weight * units
        good += weight * max(Fraction(0), units - Fraction(line.get("quality_fails", 0), 4))
        timely += weight * max(Fraction(0), units - Fraction(line.get("delays", 0), 4))
    ratios = [min(Fraction(1), part / assigned) for part in (done, good, timely)]
    return sum(ratios, Fraction(0)) / 3 * 70 + general


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_supervisors_change_of_one_line_moves_the_final_score_as_the_formula_says(
    change: dict[str, Any], database: Any, clock: Any
) -> None:
    walk = Walk(clock, Month.parse("2026-03"))
    report = walk.sheet(walk.office.lan)
    for row in LINES:
        walk.line(report, row)
    walk.submit(report, 26)
    item = report.items[1]
    found = {"done": item.done, "quality_fails": item.quality_fails, "delays": item.delays, **change}
    reviews.mark_line(walk.boss(report), item.id, reason="Theo hồ sơ lưu", **found)
    walk.score(report)
    sheet = walk.confirm(report)
    changed = [
        LINES[0],
        {**LINES[1], **{key: value for key, value in change.items() if "exempt" not in key}},
        LINES[2],
    ]
    assert parse_exact(sheet.exact_total) == by_hand(changed, 26)
    assert parse_exact(final(report, Stage.OWN).exact_total) == by_hand(LINES, 26)
    assert parse_exact(sheet.exact_total) != by_hand(LINES, 26)


def test_points_the_supervisor_gives_for_a_criterion_move_the_final_score_by_their_difference(
    database: Any, clock: Any
) -> None:
    walk = Walk(clock, Month.parse("2026-03"))
    report = walk.sheet(walk.office.lan)
    for row in LINES:
        walk.line(report, row)
    walk.submit(report, 30)
    reviews.mark_criteria(walk.boss(report), report.id, {"G1.2": "3,25"}, {"G1.2": "Hai lần đi họp muộn"})
    walk.score(report)
    assert parse_exact(walk.confirm(report).exact_total) == by_hand(LINES, 30) - Fraction(7, 4)


def test_a_leader_loses_exactly_seventy_twelfths_when_a_subordinate_fails(database: Any, clock: Any) -> None:
    totals = []
    for month, done in (("2026-03", 1), ("2026-04", 0)):
        walk = Walk(clock, Month.parse(month))
        leader, below = walk.sheet(walk.office.hung), walk.sheet(walk.office.lan)
        walk.line(leader, {"assigned": 4, "done": 4})
        walk.line(below, {"assigned": 1, "done": done})
        walk.submit(leader, 27)
        walk.submit(below, 20)
        reviews.rate_leader(walk.boss(leader), leader.id, organising=100, cohesion=100)
        for report in (below, leader):
            walk.score(report)
        confirmations.confirm_many(walk.actor(walk.office.thu), [leader.id, below.id])
        totals.append(parse_exact(final(leader).exact_total))
    assert totals[0] - totals[1] == Fraction(70, 12)


def test_the_day_of_a_case_is_a_working_day_inside_its_dates(database: Any, clock: Any) -> None:
    walk = Walk(clock, Month.parse("2026-03"))
    report = walk.sheet(walk.office.lan)
    assert date(2026, 3, 4) <= report.period.assign_due
    assert walk.month.end <= report.period.submit_due
