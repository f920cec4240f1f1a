"""The demo's shared second factor: one key for all who lead, its code by a command, and no real account touched."""

from typing import Any

from evaluation.demo import factors
from evaluation.extensions import db
from evaluation.models import Account, Person
from evaluation.services import second_factors
from tests import factories


def demo(office: Any, *people: Any) -> None:
    for number, person in enumerate(people):
        person.email = f"a{number}@demo.invalid"
    db.session.commit()


def account(who: Any) -> Account:
    return db.session.query(Account).filter_by(person_id=who.id).populate_existing().one()


def test_demo_people_who_lead_share_one_key_and_nobody_else_gets_one(database: Any, runner: Any) -> None:
    office = factories.office()
    office.thu.email = "thu@tinh.example"
    demo(office, office.hung, office.lan)
    key = factors.enrol()
    assert key == second_factors.secret_of(account(office.hung)) == factors.shared() == factors.enrol()
    assert account(office.lan).totp_secret is None  # leads nobody
    assert account(office.thu).totp_secret is None  # a real letterbox
    said = runner.invoke(args=["demo", "code"])
    assert said.exit_code == 0
    assert second_factors.check(account(office.hung).id, said.output.strip())


def test_without_demo_people_there_is_no_code_and_nothing_changes(database: Any, runner: Any) -> None:
    office = factories.office()
    db.session.query(Person).update({"email": None})
    db.session.commit()
    assert factors.enrol() is None
    assert account(office.hung).totp_secret is None
    assert runner.invoke(args=["demo", "code"]).exit_code == 1
