"""Agencies that evaluate by quarter: who gets which sheet, what a sheet speaks for, and that nothing is changed backwards."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.language import read_catalogue
from evaluation.models import (
    Absence,
    AgencyCycle,
    AuditEvent,
    Notice,
    Period,
    PersonMonth,
    PersonSpan,
    Report,
    Stage,
    UnitMonth,
    UnitSpan,
    YearGrade,
)
from evaluation.queries import cycles as questions
from evaluation.queries import home
from evaluation.queries import party as party_questions
from evaluation.queries import periods as period_questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.explain import exact
from evaluation.rules.organisation import AbsenceKind, Office, UnitKind, UnitRole
from evaluation.rules.periods import Cycle, Month, in_words_of, parse_stretch
from evaluation.rules.permissions import Action, Role
from evaluation.rules.workflow import ReportState
from evaluation.services import (
    access,
    assigning,
    confirmations,
    cycles,
    grade_proposals,
    handovers,
    periods,
    reminders,
    reports,
    reviews,
    rollups,
    scores,
    workplans,
)
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Invalid, Missing
from tests import factories
from tests.services.test_golden_cases import answer_by

JULY, Q3 = date(2026, 7, 1), parse_stretch("2026-Q3")


def by_quarter(agency, since=JULY, until=None):
    made = AgencyCycle(
        agency_id=agency.id,
        cycle=Cycle.QUARTER,
        valid_from=since,
        valid_to=until,
        decision_number="21169/CHQ-TCCB",
    )
    db.session.add(made)
    db.session.flush()
    return made


@pytest.fixture
def office(database, clock):
    """A department by month, and customs by quarter from 01/07/2026."""
    clock(date(2026, 7, 1))
    made = factories.office()
    made.customs = factories.unit(
        "Chi cục Hải quan", parent=made.province, kind=UnitKind.DEPARTMENT, role=UnitRole.USING_AGENCY
    )
    made.chief = factories.person("Ngô Văn Bình")
    factories.assignment(made.chief, made.customs, office=Office.HEAD)
    made.mai = factories.person("Phạm Thị Mai")
    made.service = factories.assignment(made.mai, made.customs, job=made.job)
    made.clerk = factories.person("Cao Thị Vân")
    factories.account(made.clerk, roles=[(Role.HOME_AFFAIRS, made.province)])
    by_quarter(made.customs)
    return made


def sheets_of(person):
    rows = db.session.scalars(
        select(Report).where(Report.person_id == person.id).join(Period).order_by(Period.month)
    )
    return [str(one.period.covers) for one in rows]


def sheet(person, stretch):
    wanted = parse_stretch(stretch)
    return db.session.scalars(
        select(Report)
        .join(Period)
        .where(Report.person_id == person.id, Period.month == wanted.first_day, Period.cycle == wanted.cycle)
    ).one()


def moved(office, who, to, day):
    who.assignments[0].valid_to = day
    db.session.flush()
    factories.assignment(who, to, since=day)
    db.session.flush()
    db.session.expire(who)


def night(clock, *days):
    for day in days:
        clock(day)
        periods.open_due_months()


def test_the_night_of_the_first_opens_the_quarter_for_some_and_the_month_for_others(office, clock):
    night(clock, JULY)
    assert sheets_of(office.lan) == ["2026-07"]
    assert sheets_of(office.mai) == sheets_of(office.chief) == ["2026-Q3"]
    night(clock, date(2026, 8, 1), date(2026, 9, 1))
    assert sheets_of(office.lan) == ["2026-07", "2026-08", "2026-09"]
    assert sheets_of(office.mai) == ["2026-Q3"], "no month besides"
    night(clock, date(2026, 9, 1), date(2026, 10, 1))
    assert sheets_of(office.mai) == ["2026-Q3", "2026-Q4"]
    assert (
        db.session.scalar(select(func.count()).select_from(Period).where(Period.cycle == Cycle.QUARTER)) == 2
    )


def test_without_an_agency_by_quarter_no_quarter_opens(database, clock):
    factories.office()
    night(clock, JULY)
    assert [str(one.covers) for one in db.session.scalars(select(Period))] == ["2026-07"]


def test_a_quarters_sheet_stands_under_the_same_heads_and_has_dates_of_its_own(office, clock):
    night(clock, JULY)
    mine, chiefs = sheet(office.mai, "2026-Q3"), sheet(office.chief, "2026-Q3")
    assert (mine.supervising_unit_id, mine.confirming_unit_id) == (office.customs.id, office.customs.id)
    assert (chiefs.supervising_unit_id, chiefs.confirming_unit_id) == (office.province.id, office.province.id)
    assert mine.rulebook == "decree-335-2025"
    dates = period_questions.due_dates([mine])[mine.id]
    assert dates[StepName.ASSIGN] == date(2026, 7, 7)
    assert dates[StepName.SUBMIT] == date(2026, 10, 2)
    assert dates[StepName.PUBLISH] == date(2026, 10, 13)
    told = db.session.scalars(select(Notice).where(Notice.person_id == office.chief.id)).one()
    assert told.says.startswith("Quarter %(month)s is open")
    assert told.parameters["month"] == "III/2026"
    assert told.link == f"/workplans/{office.customs.id}/2026-Q3"


def test_who_joins_in_the_quarter_gets_the_rest_of_it(office, clock):
    night(clock, JULY)
    late = factories.person("Lý Văn Muộn")
    factories.assignment(late, office.customs, since=date(2026, 8, 10))
    night(clock, date(2026, 8, 9))
    assert sheets_of(late) == []
    night(clock, date(2026, 8, 10))
    assert sheets_of(late) == ["2026-Q3"]
    mine = sheet(late, "2026-Q3")
    assert questions.covered_by([mine.id]) == {mine.id: 2}, "August and September"
    assert periods.due(mine, StepName.ASSIGN) == date(2026, 8, 14), "five working days from joining"


@pytest.mark.parametrize(
    ("day", "months", "covered"),
    [
        (date(2026, 8, 1), ["2026-07"], 2),
        (date(2026, 8, 16), ["2026-07", "2026-08"], 1),
        (date(2026, 9, 16), ["2026-07", "2026-08", "2026-09"], None),
    ],
)
def test_who_moves_to_the_quarter_keeps_the_months_of_the_old_agency(office, clock, day, months, covered):
    moved(office, office.lan, office.customs, day)
    night(clock, JULY, date(2026, 8, 1), date(2026, 8, 16), date(2026, 9, 1), date(2026, 9, 16))
    found = sheets_of(office.lan)
    assert [one for one in found if "Q" not in one] == months
    if covered is None:
        assert "2026-Q3" not in found, "each month of the quarter has its sheet"
    else:
        mine = sheet(office.lan, "2026-Q3")
        assert mine.agency_id == office.customs.id
        assert questions.covered_by([mine.id]) == {mine.id: covered}


@pytest.mark.parametrize(
    ("day", "months", "covered"),
    [
        (date(2026, 8, 1), ["2026-08", "2026-09"], 1),
        (date(2026, 8, 16), ["2026-09"], 2),
        (date(2026, 9, 16), [], 3),
    ],
)
def test_who_leaves_the_quarter_has_months_from_the_next_month_on(office, clock, day, months, covered):
    moved(office, office.mai, office.division, day)
    night(clock, JULY, date(2026, 8, 1), date(2026, 8, 16), date(2026, 9, 1), date(2026, 9, 16))
    assert [one for one in sheets_of(office.mai) if "Q" not in one] == months
    mine = sheet(office.mai, "2026-Q3")
    assert questions.covered_by([mine.id]) == {mine.id: covered}


def test_a_month_away_is_not_spoken_for_and_a_whole_quarter_away_is_not_rated(office, clock):
    db.session.add(
        Absence(person_id=office.mai.id, kind=AbsenceKind.SICK, valid_from=JULY, valid_to=date(2026, 8, 20))
    )
    db.session.add(
        Absence(person_id=office.chief.id, kind=AbsenceKind.MATERNITY, valid_from=JULY, valid_to=None)
    )
    db.session.flush()
    night(clock, JULY)
    mine = sheet(office.mai, "2026-Q3")
    assert mine.state is ReportState.DRAFT
    assert questions.covered_by([mine.id]) == {mine.id: 2}
    assert sheet(office.chief, "2026-Q3").state is ReportState.NOT_RATED


def finished(report, by, points):
    """A final sheet with everything done: 70 points of tasks and these general ones."""
    decider = by.id
    factories.item(report, assigned="4", done="4")
    factories.criteria(report, points)
    with db.session.no_autoflush:
        report.state = ReportState.CONFIRMED
        report.submitted_at = report.scored_at = report.confirmed_at = clock_module.now()
        report.scored_by = report.confirmed_by = decider
    db.session.flush()
    scores.freeze(Actor(decider, None), report, Stage.FINAL)
    db.session.flush()


def spans(person):
    rows = db.session.scalars(select(PersonSpan).where(PersonSpan.person_id == person.id)).all()
    return {
        (row.kind.value, row.index): (row.exact_mean, row.months_counted, row.last_month.month)
        for row in rows
    }


def test_months_and_quarters_of_one_year_come_to_an_exact_mean(office, clock):
    """Months in the old agency until August, then customs: 2 months, a quarter of one month, a whole quarter."""
    moved(office, office.lan, office.customs, date(2026, 9, 1))
    night(clock, JULY, date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
    for stretch, points in (("2026-07", "5"), ("2026-08", "5"), ("2026-Q3", "3"), ("2026-Q4", "2")):
        finished(sheet(office.lan, stretch), office.chief, points)
    for stretch in ("2026-07", "2026-08", "2026-Q3", "2026-Q4"):
        rollups.run_month_now(parse_stretch(stretch))
    third = Fraction(75 + 75 + 73, 3)
    year = Fraction(75 + 75 + 73 + 3 * 72, 6)
    assert spans(office.lan) == {
        ("QUARTER", 3): (exact(third), 3, 9),
        ("QUARTER", 4): (exact(Fraction(72)), 3, 12),
        ("HALF_YEAR", 2): (exact(year), 6, 12),
        ("YEAR", 1): (exact(year), 6, 12),
    }
    row = db.session.scalars(
        select(UnitSpan).where(UnitSpan.kind == "YEAR", UnitSpan.unit_id == office.customs.id)
    ).one()
    assert row.scored == 1, "counted where the year ended"
    grade_proposals.propose(office.customs.id, 2026)
    db.session.flush()
    grades = db.session.execute(
        db.text("select months_counted, exact_mean from year_grade where person_id = :id"),
        {"id": office.lan.id},
    ).one()
    assert tuple(grades) == (6, exact(year))


def test_the_roll_up_of_a_quarter_has_its_own_figures(office, clock):
    night(clock, JULY)
    finished(sheet(office.mai, "2026-Q3"), office.chief, "4")
    finished(sheet(office.lan, "2026-07"), office.hung, "5")
    clock(date(2026, 7, 2))
    figures = rollups.run_month_now(Q3)
    assert (figures.sheets, figures.scored) == (2, 1)
    assert rollups.run_month_now(Month(2026, 7)).scored == 1
    both = db.session.execute(
        select(Period.cycle, UnitMonth.scored)
        .join(Period, Period.id == UnitMonth.period_id)
        .where(UnitMonth.unit_id == office.province.id)
    )
    assert sorted((cycle.value, scored) for cycle, scored in both) == [("MONTH", 1), ("QUARTER", 1)]
    clock(date(2026, 7, 3))
    sheet(office.mai, "2026-Q3").saved_at = clock_module.now()
    db.session.flush()
    jobs = rollups.ask_for_due()
    assert [job.arguments for job in jobs] == [{"month": "2026-Q3"}]


def test_the_head_finds_the_quarter_among_what_waits(office, clock):
    night(clock, JULY)
    assert [str(one.month) for one in home.own_sheets(office.mai.id)] == ["2026-Q3"]
    assert [str(one.month) for one in home.led_months([office.customs.id], office.chief.id)] == ["2026-Q3"]
    both = home.led_months([office.province.id], 0)
    assert [str(one.month) for one in both] == ["2026-07", "2026-Q3"]


def test_last_quarters_plan_is_copied_not_last_months(office, clock):
    night(clock, JULY)
    product = factories.product(office.customs, task="Tờ khai đã thông quan")
    chief = factories.actor(office.chief, JULY)
    mine = sheet(office.mai, "2026-Q3")
    workplans.assign(chief, mine.id, version_id=product.id, quantity="12", due_on="15/8/2026")
    with pytest.raises(Invalid, match="III/2026"):
        workplans.assign(chief, mine.id, version_id=product.id, quantity="1", due_on="15/10")
    with pytest.raises(Invalid):
        workplans.assign(chief, mine.id, version_id=product.id, quantity="1", due_on="15")
    night(clock, date(2026, 10, 1))
    copied = workplans.copy_last_month(
        factories.actor(office.chief, date(2026, 10, 1)), office.customs.id, parse_stretch("2026-Q4")
    )
    assert (copied.lines, copied.sheets) == (1, 1)
    line = sheet(office.mai, "2026-Q4").items[0]
    assert (line.assigned, line.due_on in parse_stretch("2026-Q4")) == (Decimal(12), True)
    assert db.session.scalars(
        select(Notice.parameters["month"].astext).where(Notice.person_id == office.mai.id)
    ).all() == [
        "III/2026",
        "IV/2026",
    ]


def change(office, **given):
    terms = {"cycle": Cycle.QUARTER, "since": date(2026, 10, 1), "decision_number": "12/QĐ-SNV"} | given
    return cycles.change(factories.actor(office.clerk, date(2026, 7, 2)), office.department.id, **terms)


def test_home_affairs_changes_a_cycle_from_a_quarter_that_has_not_begun(office, clock):
    night(clock, JULY)
    clock(date(2026, 7, 2))
    made = change(office)
    assert (made.valid_from, made.valid_to, made.set_by) == (date(2026, 10, 1), None, office.clerk.id)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "cycle.changed")).one()
    assert event.after["decision_number"] == "12/QĐ-SNV"
    night(clock, date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
    assert sheets_of(office.lan) == ["2026-07", "2026-08", "2026-09", "2026-Q4"]


def test_back_to_months_ends_the_quarters(office, clock):
    clock(date(2026, 7, 2))
    cycles.change(
        factories.actor(office.clerk, date(2026, 7, 2)),
        office.customs.id,
        cycle=Cycle.MONTH,
        since=date(2026, 10, 1),
        decision_number="13/QĐ",
    )
    night(clock, date(2026, 7, 2), date(2026, 10, 1), date(2026, 11, 1))
    assert sheets_of(office.mai) == ["2026-Q3", "2026-10", "2026-11"]


@pytest.mark.parametrize(
    ("given", "place", "words"),
    [
        ({"since": date(2026, 11, 1)}, "since", "01/01/2027"),
        ({"since": date(2026, 7, 1)}, "since", "01/10/2026"),
        ({"since": date(2026, 4, 1)}, "since", "01/10/2026"),
        ({"cycle": Cycle.MONTH}, "cycle", ""),
        ({"decision_number": "  "}, "decision_number", ""),
        ({"decision_number": "x" * 101}, "decision_number", "100"),
    ],
)
def test_a_change_is_refused_with_a_sentence(office, clock, given, place, words):
    night(clock, JULY)
    clock(date(2026, 7, 2))
    with pytest.raises(Invalid) as refused:
        change(office, **given)
    assert [fault.place for fault in refused.value.faults] == [place]
    assert words in refused.value.faults[0].message
    assert db.session.scalar(select(func.count()).select_from(AgencyCycle)) == 1


def test_a_second_change_waits_for_the_first(office, clock):
    clock(date(2026, 7, 2))
    change(office)
    with pytest.raises(Invalid, match="12/QĐ-SNV"):
        change(office, cycle=Cycle.MONTH, since=date(2027, 1, 1))


def test_a_resent_form_is_one_change(office, clock):
    clock(date(2026, 7, 2))
    number = "0d7b8c53-9a0a-4a57-8f0c-4b9f5c3b6a11"
    assert change(office, transaction_id=number).id == change(office, transaction_id=number).id


def test_nobody_else_changes_a_cycle_and_a_division_has_none(office, clock):
    for who in (office.thu, office.hung, office.lan):
        with pytest.raises(Missing):
            cycles.change(
                factories.actor(who, date(2026, 7, 2)),
                office.department.id,
                cycle=Cycle.QUARTER,
                since=date(2026, 10, 1),
                decision_number="1",
            )
    with pytest.raises(Missing):
        cycles.preview(
            factories.actor(office.clerk, date(2026, 7, 2)),
            office.division.id,
            cycle=Cycle.QUARTER,
            since=date(2026, 10, 1),
        )


def test_the_preview_says_what_opens_when(office, clock):
    night(clock, JULY)
    clock(date(2026, 7, 2))
    shown = cycles.preview(
        factories.actor(office.clerk, date(2026, 7, 2)),
        office.department.id,
        cycle=Cycle.QUARTER,
        since=date(2026, 10, 1),
    )
    assert str(shown.last) == "2026-09"
    assert [str(one.covers) for one in shown.coming] == ["2026-Q4", "2027-Q1"]
    assert shown.coming[0].due[StepName.ASSIGN] == date(2026, 10, 7)
    assert shown.people == 4


SAYS = [
    confirmations.CONFIRMED,
    confirmations.SENT_BACK,
    confirmations.PUBLISHED,
    reviews.SCORED,
    reviews.RETURNED,
    reviews.REMINDED,
    assigning.ASSIGNED,
    reports.SUBMITTED_TO_YOU,
    reports.WITHDRAWN_FROM_YOU,
    handovers.GIVEN,
    handovers.RECEIVED,
    handovers.RECEIVED_BY_YOURS,
    periods.SHEETS_OPENED,
    rollups.ROLL_UP.title,
    *reminders.EXTENDED.values(),
    *reminders.NEAR.values(),
    "Month %(month)s has not been opened.",
    "The last day lies in month %(month)s.",
]


@pytest.mark.parametrize("says", SAYS)
def test_each_sentence_about_a_month_is_said_of_a_quarter_in_vietnamese(says):
    catalogue = read_catalogue("vi")
    of_quarter = in_words_of(says, Cycle.QUARTER)
    assert of_quarter != says
    assert "quý %(month)s" in catalogue.get(of_quarter).string.lower()
    assert "tháng" not in catalogue.get(of_quarter).string


def test_a_quarter_goes_all_its_way_through_the_use_cases(office, clock):
    night(clock, JULY)
    factories.account(office.mai)
    factories.account(office.chief)
    mine = sheet(office.mai, "2026-Q3")
    factories.item(mine, assigned="4", done="4")
    factories.criteria(mine, "28")
    clock(date(2026, 10, 1))
    reports.submit(factories.actor(office.mai, date(2026, 10, 1)), mine.id, version=mine.version)
    reviews.accept_many(factories.actor(office.chief, date(2026, 10, 1)), [mine.id])
    with pytest.raises(Conflict):
        confirmations.publish(factories.actor(office.chief, date(2026, 10, 1)), office.customs.id, Q3)
    confirmations.confirm_many(factories.actor(office.chief, date(2026, 10, 1)), [mine.id])
    assert confirmations.publish(factories.actor(office.chief, date(2026, 10, 1)), office.customs.id, Q3) == 1
    rollups.run_month_now(Q3)
    row = db.session.scalars(select(PersonMonth).where(PersonMonth.person_id == office.mai.id)).one()
    assert row.exact_total == exact(Fraction(98))


def test_one_month_of_a_quarter_is_carried_only_where_the_rulebook_says_so(
    office, clock, app, tmp_path, monkeypatch
):
    answer_by({"short_quarter": "CARRIED"}, tmp_path, app, monkeypatch)
    late, later = factories.person("Lý Văn Muộn"), factories.person("Tô Thị Trễ")
    factories.assignment(late, office.customs, since=date(2026, 8, 31))
    factories.assignment(later, office.customs, since=date(2026, 9, 1))
    night(clock, JULY, date(2026, 8, 31), date(2026, 9, 1))
    assert sheets_of(late) == ["2026-Q3"], "August and September"
    assert sheets_of(later) == []
    night(clock, date(2026, 10, 1))
    assert sheets_of(later) == ["2026-Q4"]


def test_each_quarter_counts_once_where_the_rulebook_says_so(office, clock, app, tmp_path, monkeypatch):
    answer_by({"span_score": "DIRECT_QUARTER"}, tmp_path, app, monkeypatch)
    moved(office, office.lan, office.customs, date(2026, 10, 1))
    night(clock, JULY, date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
    for stretch, points in (("2026-07", "6"), ("2026-08", "9"), ("2026-Q4", "2")):
        finished(sheet(office.lan, stretch), office.chief, points)
        rollups.run_month_now(parse_stretch(stretch))
    third, fourth = Fraction(76 + 79, 2), Fraction(72)
    assert spans(office.lan)["YEAR", 1] == (exact((third + fourth) / 2), 5, 12)
    grade_proposals.propose(office.customs.id, 2026)
    db.session.flush()
    mean = db.session.scalars(select(YearGrade.exact_mean).where(YearGrade.person_id == office.lan.id)).one()
    assert mean == exact((third + fourth) / 2)


def test_the_partys_quarter_is_asked_where_the_quarter_ended_and_weighs_the_months_a_sheet_speaks_for(
    office, clock
):
    """July and August by month in the old agency, September within the quarter of customs."""
    moved(office, office.lan, office.customs, date(2026, 9, 1))
    night(clock, JULY, date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
    for stretch, points in (("2026-07", "5"), ("2026-08", "5"), ("2026-Q3", "3")):
        finished(sheet(office.lan, stretch), office.chief, points)
    (found,) = party_questions.facts([office.lan.id], 2026, quarter=3)
    assert sorted((part.score, part.months) for part in found.scores) == [(73, 1), (75, 1), (75, 1)]


def test_the_partys_quarter_of_who_left_customs_is_that_of_the_last_month(office, clock):
    moved(office, office.mai, office.division, date(2026, 8, 1))
    night(clock, JULY, date(2026, 8, 1), date(2026, 9, 1))
    for stretch in ("2026-Q3", "2026-08", "2026-09"):
        finished(sheet(office.mai, stretch), office.chief, "3")
    sheet(office.mai, "2026-Q3").office = Office.DEPUTY
    db.session.flush()
    (found,) = party_questions.facts([office.mai.id], 2026, quarter=3)
    assert found.office is Office.STAFF
    assert sorted(part.months for part in found.scores) == [1, 1, 1]


def test_who_lent_an_official_in_the_middle_of_a_quarter_reads_its_sheet(office, clock):
    night(clock, JULY)
    mine = sheet(office.mai, "2026-Q3")
    reader = factories.actor(office.thu, date(2026, 9, 20))
    with pytest.raises(Missing):
        access.report_for(reader, mine.id, to=Action.READ_REPORT)
    office.service.valid_to = date(2026, 9, 1)
    db.session.flush()
    lent = factories.assignment(office.mai, office.customs, since=date(2026, 9, 1))
    lent.seconded_from_id = office.department.id
    db.session.flush()
    assert access.report_for(reader, mine.id, to=Action.READ_REPORT)[0] is mine
