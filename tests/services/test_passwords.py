"""What makes a password too weak, and what is never asked of one."""

import unicodedata
from typing import Any

import pytest

from evaluation.extensions import db
from evaluation.models import Account
from evaluation.services import passwords
from evaluation.services.refusals import Invalid
from tests import factories


@pytest.fixture
def lan(database: Any) -> Account:
    return db.session.query(Account).filter_by(person_id=factories.office().lan.id).one()


def refused(account: Account, password: str) -> bool:
    try:
        passwords.refuse_weak(password, username=account.username, person=account.person)
    except Invalid:
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "ngắn quá",
        "x" * 201,
        "123456789012",
        "aaaaaaaaaaaa",
        "qwertyuiop12",
        "Password1234",
        "P@ssw0rd!2026",
        "matkhau12345678",
        "mậtkhẩu123456",
        "iloveyou2026!",
        "congtam20262026",
        "Nguyễn Thị Lan 1990",
        "nguyenthilan@2026",
    ],
)
def test_what_is_short_common_or_ones_own_name_is_refused(lan: Account, password: str) -> None:
    assert refused(lan, password)


def test_ones_username_and_official_number_are_refused_inside_a_password(lan: Account) -> None:
    assert refused(lan, f"trời xanh {lan.person.official_number} mây trắng")
    assert refused(lan, f"trời xanh {lan.username.upper()} mây trắng")


@pytest.mark.parametrize(
    "password",
    [
        "bảy con voi chở mía",  # no capital, no digit, no mark
        "correct horse battery staple",
        "BẢY CON VOI CHỞ MÍA",
        "🐘🐘🐟🐟 qua cầu khỉ",
        "k9-Vm!x2#Qz7",
        "   ba dấu cách ở đầu   ",
        "bảy con voi " * 16,  # 192 characters: nothing is cut off
    ],
)
def test_no_rule_of_composition_stands_in_the_way_of_a_good_one(lan: Account, password: str) -> None:
    assert not refused(lan, password)


def test_every_character_counts_and_two_keyboards_type_the_same_letter() -> None:
    stored = passwords.hashed("bảy con voi " * 16)
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, "bảy con voi " * 16)
    assert passwords.matches(stored, unicodedata.normalize("NFD", "bảy con voi " * 16))
    assert not passwords.matches(stored, ("bảy con voi " * 16)[:-1])
    assert not passwords.matches(stored, ("bảy con voi " * 16).upper())
