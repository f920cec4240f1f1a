"""The roll-up of the database against a slow honest one, whatever the tree, the moves and the lines."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import (
    Charge,
    CriterionMark,
    Period,
    Person,
    PersonMonth,
    PersonSpan,
    Report,
    ScoreSheet,
    Stage,
    Unit,
    UnitMonth,
    UnitPlace,
    UnitSpan,
    WorkItem,
)
from evaluation.rules import scoring
from evaluation.rules.explain import exact, half_up
from evaluation.rules.organisation import AbsenceKind, Office, UnitKind, UnitRole
from evaluation.rules.periods import Month, spans_containing
from evaluation.rules.scoring import Band, ScoreStatus, WorkKind
from evaluation.rules.workflow import ReportState
from evaluation.services import rollups, rulebooks, scores
from evaluation.services.access import Actor
from tests import factories

MONTHS = ("2026-03", "2026-04")
BANDS = {Band.HTXSNV: "excellent", Band.HTTNV: "good", Band.HTNV: "completed", Band.KHTNV: "not_completed"}


def confirmed(report: Report, by: Person, general: str = "24") -> ScoreSheet:
    """The sheet frozen as the use cases freeze it, without walking all of them."""
    db.session.add(CriterionMark(report_id=report.id, code="G1.1", own_points=Decimal(general)))
    if report.office.leads:
        report.organising = report.cohesion = 100
    moment = clock.now()
    report.state = ReportState.CONFIRMED
    report.submitted_at = report.scored_at = report.confirmed_at = moment
    report.scored_by = report.confirmed_by = by.id
    db.session.flush()
    db.session.expire(report, ["items", "criteria"])
    sheet = scores.freeze(Actor(by.id, None), report, Stage.FINAL)  # type: ignore[arg-type]
    db.session.flush()
    return sheet


@dataclass(frozen=True)
class Line:
    kind: WorkKind
    assigned: Decimal
    done: Decimal
    coefficient: Decimal
    fails: int
    delays: int


lines = st.builds(
    Line,
    st.sampled_from([WorkKind.PLANNED, WorkKind.PLANNED, WorkKind.ADHOC, WorkKind.RECEIVED]),
    st.decimals("0.5", "20", places=2),
    st.decimals("0", "20", places=2),
    st.decimals("0.5", "3", places=4),
    st.sampled_from([0, 0, 0, 1, 4]),
    st.sampled_from([0, 0, 0, 1, 2]),
)


@dataclass(frozen=True)
class World:
    """A generated province: each division's parent in either month, and each official's unit, fate and work."""

    parents: tuple[tuple[int, int], ...]
    people: tuple[tuple[int, Office, tuple[str, str], tuple[Line, ...]], ...]


def worlds() -> st.SearchStrategy[World]:
    fate = st.sampled_from(["final", "final", "final", "draft", "leave"])
    person = st.tuples(
        st.integers(0, 5),
        st.just(Office.STAFF),
        st.tuples(fate, fate),
        st.lists(lines, max_size=4).map(tuple),
    )
    return st.builds(
        World,
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5).map(tuple),
        st.lists(person, min_size=1, max_size=6).map(tuple),
    )


def build(world: World) -> tuple[list[Unit], dict[str, dict[int, int | None]]]:
    """Stores a world; the answer tells every unit's parent in each month."""
    april = date(2026, 4, 1)
    top = factories.unit("Tỉnh", kind=UnitKind.PROVINCE, role=UnitRole.MANAGING_AGENCY)
    units, first, second = [top], {top.id: None}, {top.id: None}
    for number, (before, after) in enumerate(world.parents):
        old, new = units[before % len(units)], units[after % len(units)]
        made = factories.unit(f"Đơn vị {number}", parent=old)
        first[made.id], second[made.id] = old.id, new.id
        if new is not old:
            place = db.session.scalars(select(UnitPlace).where(UnitPlace.unit_id == made.id)).one()
            place.valid_to = april
            db.session.flush()
            db.session.add(
                UnitPlace(
                    unit_id=made.id,
                    parent_id=new.id,
                    name="Sau",
                    short_name="Sau",
                    search_key="sau",
                    valid_from=april,
                )
            )
        units.append(made)
    judge = factories.person("Đỗ Văn Chính")
    for where, office, fates, work in world.people:
        unit = units[where % len(units)]
        own = factories.assignment(factories.person(), unit, office=office)
        for month, fate in zip(MONTHS, fates, strict=True):
            report = factories.report(own, supervising=unit, confirming=top, agency=top, month=month)
            for line in work:
                factories.item(
                    report,
                    kind=line.kind,
                    assigned=str(line.assigned),
                    done=str(line.done),
                    coefficient=str(line.coefficient),
                    quality_fails=line.fails,
                    delays=line.delays,
                )
            if fate == "final":
                confirmed(report, judge)
            elif fate == "leave":
                report.state, report.not_rated_reason = ReportState.NOT_RATED, AbsenceKind.MATERNITY
    db.session.flush()
    return units, {MONTHS[0]: first, MONTHS[1]: second}


def naive_month(month: str, parents: dict[int, int | None]) -> dict[int, dict[str, object]]:
    """The month as a patient clerk counts it: sheet by sheet, unit by unit upwards."""
    day = Month.parse(month).first_day
    people: dict[int, list[Report]] = defaultdict(list)
    for report in db.session.scalars(select(Report).join(Period).where(Period.month == day)):
        unit: int | None = report.unit_id
        while unit is not None:
            people[unit].append(report)
            unit = parents[unit]
    result = {}
    for unit_id, reports in people.items():
        row: dict[str, object] = {"expected": 0, "scored": 0, "not_rated": 0} | dict.fromkeys(
            BANDS.values(), 0
        )
        points = Fraction(0)
        for report in reports:
            if report.state is ReportState.NOT_RATED:
                row["not_rated"] += 1  # type: ignore[operator]
                continue
            row["expected"] += 1  # type: ignore[operator]
            if report.state is ReportState.CONFIRMED:
                score = scores.score_of(report, Stage.FINAL)
                if score.total is not None:
                    row["scored"] += 1  # type: ignore[operator]
                    row[BANDS[score.band]] += 1  # type: ignore[operator,index]
                    points += half_up(score.total, 4)
        row["mean"] = half_up(points / row["scored"], 4) if row["scored"] else None  # type: ignore[operator]
        result[unit_id] = row
    return result


def stored_month(month: str) -> dict[int, dict[str, object]]:
    day = Month.parse(month).first_day
    rows = db.session.execute(
        select(UnitMonth.__table__).join(Period, Period.id == UnitMonth.period_id).where(Period.month == day)
    )
    result = {}
    for row in rows:
        kept = {
            key: value
            for key, value in row._mapping.items()
            if key not in ("period_id", "unit_id", "rolled_up_at")
        }
        kept["mean"] = None if row.mean is None else Fraction(row.mean)
        result[row.unit_id] = kept
    return result


def everything() -> list[object]:
    """All rows of the roll-up tables without the moment they were made."""
    result: list[object] = []
    for table in (PersonMonth, UnitMonth, PersonSpan, UnitSpan):
        columns = [column for column in table.__table__.columns if column.name != "rolled_up_at"]
        result.append(sorted(map(repr, db.session.execute(select(*columns)))))
    return result


@contextmanager
def undone() -> Iterator[None]:
    """One example of a property: its commits stay inside a savepoint that is taken back."""
    db.session.remove()
    step = db.engines[None].begin_nested()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        db.session.remove()
        step.rollback()


@pytest.mark.usefixtures("database")
@given(world=worlds())
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_the_database_rolls_up_what_a_patient_clerk_counts(world: World) -> None:
    with undone():
        _units, parents = build(world)
        for month in MONTHS:
            rollups.run_month_now(Month.parse(month))
        db.session.expire_all()
        for month in MONTHS:
            assert stored_month(month) == naive_month(month, parents[month])
        _averages_are_exact_means()


def _averages_are_exact_means() -> None:
    totals: dict[int, list[Fraction]] = defaultdict(list)
    for report in db.session.scalars(select(Report).where(Report.state == ReportState.CONFIRMED)):
        score = scores.score_of(report, Stage.FINAL)
        if score.total is not None:
            totals[report.person_id].append((report.period.month.month, score.total))  # type: ignore[arg-type]
    expected = set()
    for span in spans_containing(Month(2026, 3)) + spans_containing(Month(2026, 4))[:1]:
        inside = {month.month for month in span.months}
        for person_id, scored in totals.items():
            within = [total for month, total in scored if month in inside]  # type: ignore[misc]
            if within:
                average = sum(within, Fraction(0)) / len(within)
                band = scoring.band_of(
                    average, book=rulebooks.shelf().named("decree-335-2025"), day=span.first_day
                )
                expected.add((span.kind, span.index, person_id, len(within), exact(average), band))
    rows = db.session.scalars(select(PersonSpan))
    assert {
        (row.kind, row.index, row.person_id, row.months_counted, row.exact_mean, row.band) for row in rows
    } == expected


@pytest.mark.usefixtures("database")
@given(world=worlds(), size=st.integers(1, 4))
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_a_second_run_and_any_size_of_chunk_change_nothing(world: World, size: int) -> None:
    with undone():
        build(world)
        for month in MONTHS:
            rollups.run_month_now(Month.parse(month))
        once = everything()
        for month in reversed(MONTHS):
            rollups.run_month_now(Month.parse(month), sheets_a_chunk=size)
        assert everything() == once


def test_a_unit_that_moves_on_the_first_leaves_earlier_months_as_they_were(database) -> None:
    office = factories.office()
    other = factories.unit(
        "Sở Tài chính", parent=office.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    for month in MONTHS:
        report = factories.report(
            office.lan.assignments[0],
            supervising=office.division,
            confirming=office.department,
            agency=office.department,
            month=month,
        )
        factories.item(report, done="1")
        confirmed(report, office.thu)
    rollups.run_month_now(Month(2026, 3))
    before = everything()[1]
    place = db.session.scalars(select(UnitPlace).where(UnitPlace.unit_id == office.division.id)).one()
    place.valid_to = date(2026, 4, 1)
    db.session.flush()
    db.session.add(
        UnitPlace(
            unit_id=office.division.id,
            parent_id=other.id,
            name="x",
            short_name="x",
            search_key="x",
            valid_from=date(2026, 4, 1),
        )
    )
    db.session.flush()
    rollups.run_month_now(Month(2026, 3))
    assert everything()[1] == before
    rollups.run_month_now(Month(2026, 4))
    assert set(stored_month("2026-03")) == {office.division.id, office.department.id, office.province.id}
    assert set(stored_month("2026-04")) == {office.division.id, other.id, office.province.id}


def test_a_month_of_leave_never_changes_an_average(database) -> None:
    office = factories.office()
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    factories.item(report, assigned="3", done="2")
    confirmed(report, office.thu)
    rollups.run_month_now(Month(2026, 3))
    quarter = select(PersonSpan.exact_mean, PersonSpan.months_counted).where(PersonSpan.kind == "YEAR")
    before = db.session.execute(quarter).all()
    factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
        month="2026-04",
        state=ReportState.NOT_RATED,
        not_rated_reason=AbsenceKind.SICK,
    )
    rollups.run_month_now(Month(2026, 4))
    assert db.session.execute(quarter).all() == before == [("212/3", 1)]


def test_lines_changed_behind_a_frozen_sheet_are_counted_and_reported(database) -> None:
    office = factories.office()
    report = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    line = factories.item(report, assigned="2", done="2")
    confirmed(report, office.thu)
    assert rollups.run_month_now(Month(2026, 3)).differing == 0
    db.session.execute(update(WorkItem).where(WorkItem.id == line.id).values(done=1))
    figures = rollups.run_month_now(Month(2026, 3))
    assert (figures.scored, figures.differing) == (1, 1)
    assert db.session.scalars(select(PersonMonth.exact_total)).one() == "59"


def led_office(lan_done: str = "1"):
    office = factories.office()
    offices = {"supervising": office.division, "confirming": office.department, "agency": office.department}
    sheets = {}
    for who in ("lan", "nam", "hung", "thu"):
        own = getattr(office, who).assignments[0]
        sheets[who] = report = factories.report(own, **offices)
        factories.item(report, assigned="1", done=lan_done if who == "lan" else "1")
    for who in ("lan", "nam", "hung", "thu"):
        confirmed(sheets[who], office.chairman)
    return office, sheets


def months() -> dict[int, PersonMonth]:
    db.session.expire_all()
    return {row.person_id: row for row in db.session.scalars(select(PersonMonth))}


def test_leaders_are_worked_out_from_their_subordinates_from_the_bottom(database) -> None:
    office, sheets = led_office()
    assert rollups.run_month_now(Month(2026, 3)).differing == 0
    before = months()[office.hung.id].exact_total
    db.session.execute(update(WorkItem).where(WorkItem.report_id == sheets["lan"].id).values(done=0))
    figures = rollups.run_month_now(Month(2026, 3))
    after = months()
    assert after[office.lan.id].band is Band.KHTNV
    assert (before, after[office.hung.id].exact_total, after[office.thu.id].exact_total) == (
        "94",
        "529/6",
        "529/6",
    )
    assert figures.differing == 3
    unit = db.session.scalars(select(UnitMonth).where(UnitMonth.unit_id == office.division.id)).one()
    assert (unit.scored, unit.excellent, unit.good, unit.not_completed) == (3, 1, 1, 1)


def test_a_leader_waits_while_a_subordinate_has_no_score(database) -> None:
    office, sheets = led_office()
    sheets["nam"].state = ReportState.SUBMITTED
    sheets["nam"].scored_by = sheets["nam"].scored_at = sheets["nam"].confirmed_by = sheets[
        "nam"
    ].confirmed_at = None
    db.session.flush()
    rollups.run_month_now(Month(2026, 3))
    assert months()[office.hung.id].status is ScoreStatus.PENDING
    assert months()[office.hung.id].differs


@pytest.mark.usefixtures("database")
@given(
    fields=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    fates=st.lists(
        st.tuples(st.sampled_from(["0", "1", "1", "1", None]), st.integers(0, 4)), min_size=8, max_size=8
    ),
)
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_who_is_below_a_leader_is_the_same_in_both_ways_of_asking(fields, fates) -> None:
    with undone():
        office = factories.office()
        deputy = factories.person("Phạm Văn Phó")
        vice = factories.person("Lý Thị Phó")
        factories.assignment(deputy, office.department, office=Office.DEPUTY)
        factories.assignment(vice, office.division, office=Office.DEPUTY)
        second = factories.unit("Phòng Tổ chức", parent=office.department)
        others = [factories.person(f"Người {number}") for number in range(2)]
        for person in others:
            factories.assignment(person, second)
        everyone = [office.lan, office.nam, office.hung, office.thu, deputy, vice, *others]
        for one, number in zip((deputy, vice), fields, strict=True):
            target = [None, office.division, second, office.lan, office.thu][number]
            if isinstance(target, Unit):
                db.session.add(Charge(deputy_id=one.id, unit_id=target.id, valid_from=factories.BEGINNING))
            elif target is not None:
                db.session.add(Charge(deputy_id=one.id, person_id=target.id, valid_from=factories.BEGINNING))
        for who, (done, luck) in zip(everyone, fates, strict=True):
            db.session.expire(who)
            report = factories.report(
                who.assignments[0],
                supervising=office.department,
                confirming=office.department,
                agency=office.department,
            )
            if done is not None:
                factories.item(report, assigned="1", done=done)
            if who.assignments[0].office is Office.STAFF and luck == 0:
                continue
            confirmed(report, office.chairman)
        for leader in sorted(
            everyone, key=lambda who: (who is office.thu, who is deputy, who is office.hung)
        ):
            _freeze_again(leader, office.chairman)
        rollups.run_month_now(Month(2026, 3))
        db.session.expire_all()
        period = db.session.scalars(select(Period)).one()
        from evaluation.queries import rollup_leaders as queries
        from evaluation.queries import subordinates

        leaders = db.session.scalars(select(Report.id).where(Report.office != Office.STAFF)).all()
        found = queries.moved_leaders(
            period.id,
            period.covers,
            by_field=True,
            ratios={"decree-335-2025": ("full", "reduced")},
            tried=dict.fromkeys(leaders, "never used"),
        )
        rolled = {row.report_id: row for row in db.session.scalars(select(PersonMonth))}
        assert found
        for row in found:
            report = db.session.get_one(Report, row.report_id)
            mine = [rolled[one.report_id] for one in subordinates.of_leader(report)]
            missing = any(
                row.total is None and row.status not in (ScoreStatus.NOT_RATED, ScoreStatus.INSUFFICIENT_DATA)
                for row in mine
            )
            failing = any(row.band is Band.KHTNV for row in mine)
            assert row.unit_result == (None if missing else "reduced" if failing else "full")


def _freeze_again(who: Person, by: Person) -> None:
    report = db.session.scalars(select(Report).where(Report.person_id == who.id)).one()
    if report.state is ReportState.CONFIRMED:
        scores.freeze(Actor(by.id, None), report, Stage.FINAL)  # type: ignore[arg-type]
        db.session.flush()


def test_only_months_that_changed_since_their_last_roll_up_are_asked_for_at_night(
    database, clock, enqueued
) -> None:
    clock(date(2026, 4, 20))
    led_office()
    assert [job.arguments for job in rollups.ask_for_due()] == [{"month": "2026-03"}]
    db.session.execute(text("update job set state = 'DONE', finished_at = now()"))
    clock(date(2026, 4, 21))
    rollups.run_month_now(Month(2026, 3))
    assert rollups.ask_for_due() == []
    clock(date(2026, 4, 22))
    db.session.execute(update(Report).where(Report.office == Office.STAFF).values(published_at=clock_now()))
    assert len(rollups.ask_for_due()) == 1


def clock_now():
    from evaluation import clock as module

    return module.now()
