"""Builds the demo province: the same seed on the same day gives the same province."""

import logging
from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy import select, text, update

from evaluation import clock
from evaluation.demo import factors, months, organisation, rounds, scores, stories
from evaluation.demo.months import Plan
from evaluation.demo.organisation import DemoProvince
from evaluation.extensions import db
from evaluation.models import Account, Notice, Period, Report, YearGrade
from evaluation.queries import periods as period_questions
from evaluation.queries.organisation import count_people
from evaluation.rules.organisation import Office, UnitRole
from evaluation.rules.periods import Month
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import (
    closings,
    commendations,
    grade_proposals,
    grades,
    national_exports,
    passwords,
    periods,
    petitions,
    reviews,
    rollups,
    rulebooks,
    seals,
)
from evaluation.services.access import Actor, actor_for
from evaluation.services.refusals import Conflict

log = logging.getLogger(__name__)
LINES = (12, 20)
LINES_TO_MEASURE = (40, 40)
OPEN_AT_THE_END = 2  # finished months in which something can still be shown


class NotEmpty(Exception):
    """The database already holds people; a demo is only built in an empty one."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built."""

    people: int
    sheets: int
    lines: int


def build(officials: int, number_of_months: int, seed: int, password: str) -> Built:
    """An invented province with finished months and, when there is more than one, the present month half filed."""
    if count_people():
        raise NotEmpty
    chance = Random(f"{seed}/province")
    today = clock.today()
    this = Month.of(today)
    wanted = _months_before(this, number_of_months)
    since = date(wanted[0].year - 1, 1, 1)
    province = organisation.build(officials, chance, since)
    people = stories.cast(province)
    organisation.write(province, password_hash=passwords.hashed(password))
    stories.before_the_months(province, people, today)
    stories.registers(province, people, today, chance)
    db.session.commit()
    strictness = _strictness(province, people, chance)
    sheets = lines = 0
    measuring = number_of_months == 1
    for month in wanted if measuring else [*wanted, this]:
        plan = Plan(
            lines=LINES_TO_MEASURE if measuring else LINES,
            over=month is not this,
            strictness=strictness,
            untouched=frozenset({people.lan.id}),
            prompt_units=frozenset({people.hung.unit, people.strict_head.unit}),
            as_planned=frozenset() if month is not this else _as_planned(province, people),
        )
        filled, written = _month(province, month, plan, f"{seed}/{month}")
        sheets += filled
        lines += written
    db.session.execute(update(Notice).where(Notice.link.not_like(f"%/{this}")).values(read_at=clock.now()))
    db.session.commit()
    db.session.execute(text("analyze"))
    db.session.commit()
    if not measuring:
        _results(wanted, province, people)
    factors.enrol()
    return Built(len(province.people), sheets, lines)


def _as_planned(province: DemoProvince, people: stories.Cast) -> frozenset[int]:
    """Two officials of the shown division whose month went as planned, to be accepted without opening."""
    staff = [person.id for person in province.members(people.hung.unit) if person.office is Office.STAFF]
    return frozenset(staff[-3:]) - {people.lan.id, people.on_leave.id}


def _months_before(this: Month, count: int) -> list[Month]:
    """The finished months to build, oldest first; none before the first day of the rulebook in force now."""
    first = rulebooks.shelf().for_day("evaluation", this.first_day).effective[0]
    found: list[Month] = []
    month = this.previous()
    while len(found) < count and month.first_day >= first:
        found.insert(0, month)
        month = month.previous()
    return found or [this]


def _strictness(province: DemoProvince, people: stories.Cast, chance: Random) -> dict[int, float]:
    """How often the head of each unit finds something: most now and then, some hardly ever, some very often."""
    found = {unit.id: chance.choice((0.02, 0.08, 0.1, 0.12, 0.3)) for unit in province.units}
    found[people.strict_head.unit] = 0.5
    found[people.hung.unit] = 0.06
    return found


def _month(province: DemoProvince, month: Month, plan: Plan, seed: str) -> tuple[int, int]:
    period: Period = periods.open_month(month)
    book = rulebooks.shelf().for_day("evaluation", month.first_day)
    sheets, lines = months.fill(province, period, book, plan, seed)
    heads = {person.unit: person.id for person in province.people if person.office is Office.HEAD}
    scores.freeze(sheets, period, book, heads, over=plan.over)
    db.session.commit()
    log.info("%s: %s sheets, %s lines", month, len(sheets), lines)
    return len(sheets), lines


def _results(finished: list[Month], province: DemoProvince, people: stories.Cast) -> None:
    """Rolls the finished months up, classifies the year so far in all agencies but one, and works the lists out."""
    for month in finished:
        rollups.run_month_now(month)
    year = finished[-1].year
    agencies = [unit.id for unit in province.units if unit.role is UnitRole.USING_AGENCY]
    for agency in agencies:
        grade_proposals.propose(agency, year)
    db.session.commit()
    chance = Random(f"{year}/round")
    for agency in agencies:
        done = agency not in agencies[-2:-1]
        _review(province, agency, year, chance, whole=done)
        if done:
            _classify(province, agency, year)
    for award in ("LDTT", "CSTDCS"):
        commendations.run_now(year, award)
    _score_by_delegate(province, people)
    _hand_over(people)
    _petition(people, finished[-1])
    _close(people, finished[:-OPEN_AT_THE_END])


def _close(people: stories.Cast, old: list[Month]) -> None:
    """The older months are closed; what their heads were told of all but the last of them counts as read."""
    if not old:
        return
    seals.seal()
    mai = actor_for(people.mai.id, _account(people.mai.id))
    made = []
    for month in old:
        period = period_questions.of_month(month)
        if period is not None:
            try:
                made.append(closings.close(mai, period.id).id)
            except Conflict as refused:
                db.session.rollback()
                log.info("%s stays open: %s", month, refused.message)
    links = [f"/closings/sheets/{closing_id}" for closing_id in made[:-1]]
    db.session.execute(update(Notice).where(Notice.link.in_(links)).values(read_at=clock.now()))
    db.session.commit()


def _hand_over(people: stories.Cast) -> None:
    """What is known so far went to the national database; what comes after waits for the next file."""
    made = national_exports.make_now()
    mai = actor_for(people.mai.id, _account(people.mai.id))
    national_exports.hand_over(mai, made.id, receipt="BN-000001")


def _petition(people: stories.Cast, month: Month) -> None:
    """The official who changed units does not agree with the last finished month."""
    report_id = db.session.scalar(
        select(Report.id)
        .join(Period)
        .where(
            Report.person_id == people.transferred.id,
            Period.month == month.first_day,
            Report.state == ReportState.PUBLISHED,
        )
    )
    if report_id is not None:
        petitions.lodge_against_score(
            actor_for(people.transferred.id, _account(people.transferred.id)),
            report_id,
            reason="Văn bản bị ghi chưa đạt phải làm lại do cơ quan phối hợp đổi số liệu, đã báo cáo bằng văn bản.",
            wanted="Không tính lần chưa đạt này vào điểm chất lượng.",
        )


def _score_by_delegate(province: DemoProvince, people: stories.Cast) -> None:
    """The deputy to whom the strict head's duty is lent scores what was submitted this month, on the head's behalf."""
    delegate = province.members(people.strict_head.unit)[1]
    actor = actor_for(delegate.id, _account(delegate.id))
    waiting = db.session.scalars(
        select(Report.id).where(
            Report.supervising_unit_id == people.strict_head.unit,
            Report.state == ReportState.SUBMITTED,
            Report.person_id != delegate.id,
        )
    ).all()
    for report_id in waiting:
        reviews.opened(actor, report_id)
    if waiting:
        reviews.accept_many(actor, list(waiting))


def _review(province: DemoProvince, agency: int, year: int, chance: Random, *, whole: bool) -> None:
    """Everything a decision rests on; where it is not whole, some units have not met and some officials not begun."""
    head, above = (_head_of(province, unit) for unit in (agency, province.root))
    rounds.classify_themselves(agency, year, chance, share=1.0 if whole else 0.6)
    rounds.review(
        agency,
        year,
        head=head,
        above=above,
        names={person.id: person.name for person in province.people},
        units=None if whole else 1,
    )


def _head_of(province: DemoProvince, unit: int) -> Actor:
    head = next(person for person in province.people if person.unit == unit and person.office is Office.HEAD)
    return actor_for(head.id, _account(head.id))


def _classify(province: DemoProvince, agency: int, year: int) -> None:
    """The heads decide as proposed and publish; what has no proposal is left for them to look at."""
    for unit in (agency, province.root):
        actor = _head_of(province, unit)
        wanted = db.session.scalars(
            select(YearGrade.id).where(
                YearGrade.agency_id == agency,
                YearGrade.confirming_unit_id == unit,
                YearGrade.year == year,
                YearGrade.state == GradeState.PROPOSED,
                YearGrade.proposed_class.is_not(None),
                YearGrade.superseded_at.is_(None),
            )
        ).all()
        if wanted:
            grades.decide_as_proposed(actor, list(wanted))
            grades.publish(actor, agency, year, decision_number=f"{agency + 900}/QĐ-XL")


def _account(person_id: int) -> int | None:
    return db.session.scalar(select(Account.id).where(Account.person_id == person_id))
