"""A month that is finished, and those who close and reopen it: for the tests of closings."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from evaluation.clock import PROVINCE_ZONE
from evaluation.extensions import db
from evaluation.models import Period, Person, Report
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.services import confirmations, reports, reviews, rollups, seals
from evaluation.services.access import Actor
from tests import factories

IN_APRIL = date(2026, 4, 1)
MARCH = Month.parse("2026-03")


@dataclass
class Finished:
    """Lan's March is public and rolled up; Mai and Tú are of Home Affairs, Sơn inspects."""

    place: factories.Office1
    report: Report
    period: Period
    mai: Person
    tu: Person
    son: Person
    clock: Any
    minutes: int = 0

    def roll_up(self) -> None:
        """Rolls the month up a minute after the last thing that happened, and seals the journal."""
        self.minutes += 1
        self.clock(datetime(2026, 4, 1, 9, self.minutes, tzinfo=PROVINCE_ZONE))
        rollups.run_month_now(MARCH)
        seals.seal()

    def actor(self, who: Person) -> Actor:
        return factories.actor(who, IN_APRIL)


def finished(clock: Any) -> Finished:
    """The smallest month that can be closed."""
    clock(IN_APRIL)
    place = factories.office()
    made = Finished(
        place=place,
        report=public(place, place.lan),
        period=factories.period(),
        mai=factories.person("Nguyễn Thị Mai"),
        tu=factories.person("Trần Anh Tú"),
        son=factories.person("Lê Hồng Sơn"),
        clock=clock,
    )
    for who, role in (
        (made.mai, Role.HOME_AFFAIRS),
        (made.tu, Role.HOME_AFFAIRS),
        (made.son, Role.INSPECTOR),
    ):
        factories.assignment(who, place.department)
        factories.account(who, roles=[(role, place.province)])
    db.session.commit()
    made.roll_up()
    return made


def drafted(place: factories.Office1, who: Person) -> Report:
    """A sheet with one line of work, not submitted yet."""
    report = factories.report(
        who.assignments[0], supervising=place.division, confirming=place.department, agency=place.department
    )
    factories.item(report, assigned="4", done="4", reported=True)
    factories.criteria(report, "28")
    db.session.commit()
    return report


def public(place: factories.Office1, who: Person) -> Report:
    """A sheet that went all its way."""
    report = drafted(place, who)
    reports.submit(factories.actor(who, IN_APRIL), report.id, version=report.version)
    reviews.score(factories.actor(place.hung, IN_APRIL), report.id)
    thu = factories.actor(place.thu, IN_APRIL)
    confirmations.confirm(thu, report.id)
    confirmations.publish(thu, place.department.id, MARCH)
    return report
