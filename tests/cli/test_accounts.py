"""The first accounts of a province, from the command line."""

from typing import Any

from evaluation.extensions import db
from evaluation.models import Account, AuditEvent, RoleGrant, UnitCode
from evaluation.rules.permissions import Role
from tests import factories


def code_of(unit: Any) -> str:
    return db.session.query(UnitCode.code).filter_by(unit_id=unit.id).scalar()


def test_an_official_gets_an_account_and_a_role_and_signs_in(database: Any, runner: Any, client: Any) -> None:
    office, official = factories.office(), factories.person("Trần Văn Bình")
    number = official.official_number
    done = runner.invoke(args=["accounts", "open", number, " Nam ", "--password", factories.PASSWORD])
    assert done.exit_code == 0, done.output
    done = runner.invoke(args=["accounts", "grant", "nam", "HOME_AFFAIRS", code_of(office.province)])
    assert done.exit_code == 0, done.output
    account = db.session.query(Account).filter_by(username="nam").one()
    grant = db.session.query(RoleGrant).filter_by(account_id=account.id).one()
    assert (account.person_id, grant.role, grant.unit_id) == (
        official.id,
        Role.HOME_AFFAIRS,
        office.province.id,
    )
    actions = {event.action for event in db.session.query(AuditEvent)}
    assert {"account.opened", "role.granted"} <= actions
    signed = client.post("/login", data={"username": "nam", "password": factories.PASSWORD})
    assert signed.status_code == 302


def test_what_cannot_be_opened_is_said_and_changes_nothing(database: Any, runner: Any) -> None:
    office = factories.office()
    before = db.session.query(Account).count()
    number = factories.person("Trần Văn Bình").official_number
    for words, says in (
        (["open", "NOBODY", "x", "--password", factories.PASSWORD], "No official has the number NOBODY"),
        (["open", number, "an", "--password", factories.PASSWORD], "3"),
        (["open", number, "nаm", "--password", factories.PASSWORD], "а"),  # a Cyrillic letter
        (["open", number, "nam", "--password", "short"], "12"),
        (["grant", "nobody", "INSPECTOR", code_of(office.province)], "There is no account nobody"),
    ):
        done = runner.invoke(args=["accounts", *words])
        assert done.exit_code == 1
        assert says in done.output
    assert db.session.query(Account).count() == before
    first = runner.invoke(args=["accounts", "open", number, "nam", "--password", factories.PASSWORD])
    again = runner.invoke(args=["accounts", "open", number, "other", "--password", factories.PASSWORD])
    assert (first.exit_code, again.exit_code) == (0, 1)
    assert db.session.query(Account).count() == before + 1
    unknown = runner.invoke(args=["accounts", "grant", "nam", "INSPECTOR", "H00.00"])
    assert "No unit has the code H00.00" in unknown.output
