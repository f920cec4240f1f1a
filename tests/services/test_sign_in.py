"""Signing in: guessing is slowed, nobody locks out a rival, and a stranger learns nothing about who has an account."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Account, AuditEvent, Notice, Session, SignInAttempt
from evaluation.services import second_factors, sessions, sign_in
from evaluation.services.sign_in import Client, Locked, WrongCode, WrongPassword
from tests import factories

START = datetime(2026, 3, 5, 2, tzinfo=UTC)
DESK, STRANGER = Client("10.1.1.7"), Client("203.0.113.9")


class Clock:
    """The present moment, moved by hand."""

    def __init__(self, set_to: Any) -> None:
        self.set_to = set_to
        self.move(timedelta())

    def move(self, by: timedelta) -> None:
        self.set_to(clock_module.now() + by if by else START)


@pytest.fixture
def at(database: Any, clock: Any) -> Clock:
    return Clock(clock)


@pytest.fixture
def lan(at: Clock) -> Account:
    return db.session.query(Account).filter_by(person_id=factories.office().lan.id).one()


def wrong(username: str, client: Client, times: int = 1, password: str = "không phải mật khẩu này") -> None:
    for _number in range(times):
        with pytest.raises(WrongPassword):
            sign_in.by_password(username, password, client)


def right(account: Account, client: Client, code: str = "") -> bool:
    return sign_in.by_password(account.username, factories.PASSWORD, client, code=code)[1]


def with_factor(account: Account) -> str:
    secret = pyotp.random_base32()
    second_factors.enrol(account, secret)
    db.session.commit()
    return secret


def test_five_wrong_passwords_make_this_seat_wait_and_each_more_makes_it_wait_longer(
    lan: Account, at: Clock
) -> None:
    wrong(lan.username, DESK, 5)
    with pytest.raises(Locked):
        right(lan, DESK)
    at.move(timedelta(seconds=61))
    wrong(lan.username, DESK)
    at.move(timedelta(seconds=61))
    with pytest.raises(Locked):
        right(lan, DESK)  # two minutes now
    at.move(timedelta(seconds=60))
    right(lan, DESK)
    wrong(lan.username, DESK, 4)  # counted anew after a right one
    right(lan, DESK)


def test_the_wait_grows_to_an_hour_and_no_further(lan: Account, at: Clock) -> None:
    wrong(lan.username, DESK, 5)
    for _number in range(10):
        at.move(timedelta(hours=1, seconds=1))
        wrong(lan.username, DESK)
    at.move(timedelta(hours=1, seconds=1))
    right(lan, DESK)


def test_a_rival_elsewhere_locks_only_itself_out(lan: Account, at: Clock) -> None:
    wrong(lan.username, STRANGER, 5)
    with pytest.raises(Locked):
        sign_in.by_password(lan.username, factories.PASSWORD, STRANGER)
    right(lan, DESK)


def test_a_rival_behind_the_same_address_does_not_lock_out_a_browser_that_is_known(
    lan: Account, at: Clock
) -> None:
    known = Client(DESK.source, device="lans-browser")
    wrong(lan.username, DESK, 5)
    with pytest.raises(Locked):
        right(lan, DESK)
    right(lan, known)


def test_many_strangers_slow_each_other_but_not_an_address_the_account_was_used_from(
    lan: Account, at: Clock
) -> None:
    right(lan, DESK)
    for number in range(51):
        wrong(lan.username, Client(f"198.51.100.{number}"))
    with pytest.raises(Locked) as locked:
        right(lan, STRANGER)
    assert locked.value.until - clock_module.now() <= timedelta(minutes=1)
    right(lan, DESK)
    at.move(timedelta(seconds=61))
    right(lan, STRANGER)  # never locked for long


def test_whoever_has_a_second_factor_gets_past_every_lock_with_its_code(lan: Account, at: Clock) -> None:
    secret = with_factor(lan)
    for number in range(51):
        wrong(lan.username, Client(f"198.51.100.{number}"))
    with pytest.raises(Locked):
        right(lan, STRANGER)
    assert right(lan, STRANGER, code=second_factors.code_now(secret)) is True
    at.move(timedelta(seconds=30))
    with pytest.raises(WrongPassword):  # the code alone opens nothing
        sign_in.by_password(lan.username, "không phải mật khẩu này", Client("198.51.100.1"), code="000000")


def test_tries_past_a_lock_are_limited_too(lan: Account, at: Clock) -> None:
    with_factor(lan)
    wrong(lan.username, STRANGER, 5)
    for _number in range(sign_in.MOST_BOTH):
        with pytest.raises(WrongPassword):
            sign_in.by_password(lan.username, factories.PASSWORD, STRANGER, code="000000")
    with pytest.raises(Locked):
        sign_in.by_password(lan.username, factories.PASSWORD, STRANGER, code="000000")


def test_an_unknown_name_is_counted_and_answered_like_a_known_one(lan: Account, at: Clock) -> None:
    said = {}
    for username in (lan.username, "khong.co.ai"):
        heard = []
        for _number in range(6):
            with pytest.raises((WrongPassword, Locked)) as refused:
                sign_in.by_password(username, "không phải mật khẩu này", STRANGER)
            heard.append(refused.value.message)
        said[username] = heard
    assert said[lan.username] == said["khong.co.ai"]
    assert len(set(said[lan.username])) == 2


def test_an_unknown_name_costs_the_same_hash_as_a_known_one(
    lan: Account, at: Clock, monkeypatch: Any
) -> None:
    asked = []
    verify = sign_in.passwords.matches
    monkeypatch.setattr(
        sign_in.passwords, "matches", lambda stored, text: asked.append(stored) or verify(stored, text)
    )
    wrong(lan.username, DESK)
    wrong("khong.co.ai", DESK)
    assert len(asked) == 2
    assert asked[1] is None  # a hash of nobody's is verified instead
    assert verify(None, "bất kỳ") is False


def test_a_disabled_account_is_answered_like_an_unknown_one(lan: Account, at: Clock) -> None:
    lan.disabled_at = clock_module.now()
    with pytest.raises(WrongPassword):
        right(lan, DESK)


def test_the_name_that_was_typed_is_kept_as_a_keyed_hash_only(lan: Account, at: Clock) -> None:
    wrong("mật khẩu gõ nhầm ô", DESK)
    kept = db.session.query(SignInAttempt).order_by(SignInAttempt.id.desc()).first()
    assert kept.username_hash == sign_in.hashed_name("MẬT KHẨU gõ nhầm ô ")
    assert len(kept.username_hash) == 32


def test_a_code_counts_once_and_for_its_own_step_and_the_two_around_it(lan: Account, at: Clock) -> None:
    secret = with_factor(lan)
    totp, step = pyotp.TOTP(secret), int(START.timestamp()) // 30
    for shift, good in (
        (-2, False),
        (2, False),
        (-1, True),
        (-1, False),
        (0, True),
        (0, False),
        (-1, False),
        (1, True),
    ):
        assert second_factors.check(lan.id, totp.generate_otp(step + shift)) is good, shift
    at.move(timedelta(seconds=30))
    assert not second_factors.check(lan.id, totp.generate_otp(step + 1))  # used a step early


def test_five_wrong_codes_make_the_second_step_wait(lan: Account, at: Clock) -> None:
    secret = with_factor(lan)
    for _number in range(5):
        with pytest.raises(WrongCode):
            sign_in.by_code(lan, "000000", STRANGER)
    with pytest.raises(Locked):
        sign_in.by_code(lan, second_factors.code_now(secret), STRANGER)
    sign_in.by_code(lan, second_factors.code_now(secret), Client("10.1.1.7", device="lans-browser"))


def test_strangers_with_the_password_are_slowed_at_the_second_step_wherever_they_come_from(
    lan: Account, at: Clock
) -> None:
    with_factor(lan)
    for number in range(11):
        with pytest.raises(WrongCode):
            sign_in.by_code(lan, "000000", Client(f"198.51.100.{number}"))
    with pytest.raises(Locked):
        sign_in.by_code(lan, "000000", Client("198.51.100.99"))


def test_at_sign_in_a_person_hears_of_the_last_time_and_of_wrong_tries_since(lan: Account, at: Clock) -> None:
    first = sign_in.enter(lan, DESK, second_factor=False)
    assert (first.last_at, first.failed) == (None, 0)
    at.move(timedelta(hours=1))
    wrong(lan.username, STRANGER, 3)
    at.move(timedelta(hours=1))
    second = sign_in.enter(lan, DESK, second_factor=False)
    assert (second.last_at, second.last_source, second.failed) == (START, DESK.source, 3)
    assert first.token != second.token
    told = [notice.says for notice in db.session.query(Notice).filter_by(person_id=lan.person_id)]
    assert any("wrong tries to sign in" in says for says in told)
    assert db.session.query(AuditEvent).filter_by(action="account.signed_in", object_id=lan.id).count() == 2


def test_five_wrong_passwords_before_an_act_end_the_session(lan: Account, at: Clock) -> None:
    token = sessions.begin(lan)
    session_id = db.session.query(Session).filter_by(account_id=lan.id).one().id
    for _number in range(4):
        with pytest.raises(WrongPassword):
            sign_in.confirm(session_id, password="sai")
    assert sessions.by_token(token) is not None
    with pytest.raises(WrongPassword):
        sign_in.confirm(session_id, password="sai")
    assert sessions.by_token(token) is None
    assert sessions.why_ended(token) == "WRONG_PASSWORDS"


def test_tries_that_no_rule_looks_at_any_more_are_forgotten(lan: Account, at: Clock) -> None:
    wrong(lan.username, DESK, 2)
    at.move(timedelta(days=91))
    wrong(lan.username, DESK)
    assert sign_in.sweep() == 2
    assert db.session.query(SignInAttempt).count() == 1
