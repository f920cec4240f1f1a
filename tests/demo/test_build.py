"""The invented province: the same each time, whole, and true to the rules."""

from datetime import date

import pytest
from sqlalchemy import func, select, text

from evaluation.demo import build as builder
from evaluation.extensions import db
from evaluation.models import (
    EligibilityRun,
    Period,
    Person,
    PersonMonth,
    Report,
    ScoreSheet,
    Stage,
    YearGrade,
)
from evaluation.rules.organisation import AbsenceKind
from evaluation.rules.scoring import Band
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import audit_checks

PASSWORD = "mật khẩu của tỉnh mẫu"
TODAY = date(2026, 6, 18)


def built(clock, *, months: int = 3, seed: int = 7, today: date = TODAY) -> builder.Built:
    clock(today)
    return builder.build(96, months, seed, PASSWORD)


def picture() -> list[tuple[object, ...]]:
    rows = db.session.execute(
        text(
            """
            select person.full_name, period.month, report.state, score_sheet.stage, score_sheet.exact_total, count(work_item.id)
            from report
            join period on period.id = report.period_id
            join person on person.id = report.person_id
            left join score_sheet on score_sheet.report_id = report.id
            left join work_item on work_item.report_id = report.id
            group by 1, 2, 3, 4, 5 order by 1, 2, 4
            """
        )
    )
    return [tuple(row) for row in rows]


def test_every_finished_month_rolls_up_to_exactly_what_was_frozen(clock, fresh_database) -> None:
    done = built(clock)
    assert done.people == 97
    states = dict(
        db.session.execute(
            select(Report.state, func.count())
            .join(Period)
            .where(Period.month < date(2026, 6, 1))
            .group_by(Report.state)
        ).all()
    )
    assert set(states) <= {ReportState.PUBLISHED, ReportState.NOT_RATED}
    assert db.session.scalar(select(func.count()).select_from(PersonMonth)) == sum(states.values())
    assert db.session.scalar(select(func.count()).where(PersonMonth.differs)) == 0
    assert audit_checks.differences() == []


def test_the_present_month_is_open_and_half_filed(clock, fresh_database) -> None:
    built(clock)
    states = dict(
        db.session.execute(
            select(Report.state, func.count())
            .join(Period)
            .where(Period.month == date(2026, 6, 1))
            .group_by(Report.state)
        ).all()
    )
    filed = states[ReportState.SUBMITTED] + states[ReportState.SCORED]
    assert 0.35 < filed / sum(states.values()) < 0.75
    lan = db.session.scalars(
        select(Report)
        .join(Period)
        .join(Person, Person.id == Report.person_id)
        .where(Person.full_name == "Nguyễn Thị Hồng Lan", Period.month == date(2026, 6, 1))
    ).one()
    assert (lan.state, len(lan.items)) == (ReportState.DRAFT, 12)
    assert not any(item.reported for item in lan.items)


def test_the_stories_are_there(clock, fresh_database) -> None:
    built(clock)
    transferred = db.session.execute(
        select(Period.month, Report.unit_id)
        .join(Report, Report.period_id == Period.id)
        .join(Person, Person.id == Report.person_id)
        .where(Person.full_name == "Hoàng Đức Long")
        .order_by(Period.month)
    ).all()
    units = [unit for _month, unit in transferred]
    assert units[2] != units[3], "the transfer of 16 May must show from June and not before"
    assert units[0] == units[1] == units[2]
    assert (
        db.session.scalar(
            select(func.count()).where(
                Report.state == ReportState.NOT_RATED, Report.not_rated_reason == AbsenceKind.MATERNITY
            )
        )
        == 4
    )
    failing = db.session.scalars(
        select(ScoreSheet.band)
        .join(Report)
        .join(Person, Person.id == Report.person_id)
        .where(Person.full_name == "Ngô Đình Trường", ScoreSheet.stage == Stage.FINAL)
    ).all()
    assert Band.KHTNV in failing
    acted = db.session.scalar(select(func.count()).where(Report.scored_for.is_not(None)))
    assert acted, "the delegate's scores name the head they were given for"


def test_the_year_is_published_but_for_one_agency_and_both_lists_stand(clock, fresh_database) -> None:
    built(clock, months=8, today=date(2026, 9, 18))
    agencies = dict(
        db.session.execute(
            select(YearGrade.state, func.count(YearGrade.agency_id.distinct())).group_by(YearGrade.state)
        ).all()
    )
    assert agencies[GradeState.PUBLISHED] == 3
    assert agencies[GradeState.PROPOSED] >= 1
    assert set(db.session.scalars(select(EligibilityRun.award))) == {"LDTT", "CSTDCS"}


def test_a_province_is_only_built_where_nobody_is(clock, fresh_database) -> None:
    built(clock, months=1)
    with pytest.raises(builder.NotEmpty):
        builder.build(24, 1, 7, PASSWORD)


@pytest.fixture
def second_picture(server, tmp_path, clock):
    """The same province built again in another database."""
    from tests.conftest import new_app

    name = server.new_database("again")
    app = new_app(server.url(name), tmp_path / "again")
    with app.app_context():
        built(clock, months=2)
        found = picture()
        db.session.remove()
        db.engine.dispose()
    yield found
    server.drop(name)


def test_the_same_seed_on_the_same_day_gives_the_same_province(clock, second_picture, fresh_database) -> None:
    built(clock, months=2)
    assert picture() == second_picture
