"""Reads cells that hold one of a few words: kind of person, gender, kind and role of a unit, office."""

import re
from collections.abc import Mapping
from typing import TypeVar

from evaluation.files.cells import short_text
from evaluation.files.says import CellRefused, msgid
from evaluation.rules.names import fold
from evaluation.rules.organisation import Gender, Office, PersonKind, UnitKind, UnitRole

_KINDS = {
    PersonKind.CAN_BO: "can bo|cb|can bo bau cu",
    PersonKind.CONG_CHUC: "cong chuc|cc|cong chuc xa|cong chuc cap xa|cong chuc lanh dao",
    PersonKind.VIEN_CHUC: "vien chuc|vc|vien chuc quan ly",
    PersonKind.HOP_DONG: (
        "hop dong|hd|hd 111|hop dong 111|hop dong lao dong|hdld|hd 68|hop dong 68|nguoi lao dong"
        "|hop dong theo nd 111|hop dong nd 111|ldhd"
    ),
}
_GENDERS = {Gender.MALE: "nam|m|male", Gender.FEMALE: "nu|f|female"}
_ROLES = {
    UnitRole.MANAGING_AGENCY: "co quan quan ly|co quan quan ly cong chuc|quan ly",
    UnitRole.USING_AGENCY: "co quan su dung|co quan su dung cong chuc|su dung|don vi su dung",
    UnitRole.DIRECT_UNIT: (
        "don vi truc tiep su dung|co quan truc tiep su dung|co quan truc tiep su dung cong chuc"
        "|truc tiep su dung|truc tiep|don vi su dung truc tiep"
    ),
}
_UNIT_KINDS = {
    UnitKind.PROVINCE: "tinh|thanh pho|ubnd tinh|uy ban nhan dan tinh|ubnd thanh pho|cap tinh",
    UnitKind.DEPARTMENT: "so|ban|so nganh|so ban nganh|van phong|thanh tra|co quan chuyen mon",
    UnitKind.COMMUNE: (
        "xa|phuong|dac khu|cap xa|ubnd xa|ubnd phuong|ubnd dac khu|uy ban nhan dan xa|uy ban nhan dan phuong"
    ),
    UnitKind.DIVISION: "phong|phong ban|bo phan|chi cuc|phong chuyen mon",
    UnitKind.SERVICE_UNIT: (
        "don vi su nghiep|su nghiep|don vi su nghiep cong lap|trung tam|truong|benh vien"
    ),
}
_PLAIN_WORDS = re.compile(r"[^0-9a-z]+")
_Choice = TypeVar("_Choice")


def parse_kind(value: object) -> PersonKind | None:
    """Which law a person is under: cán bộ, công chức, viên chức or contract; empty is None."""
    refusal = msgid("“%(value)s” is not a kind. Use: cán bộ, công chức, viên chức, hợp đồng.")
    return _choose(value, _KINDS, refusal)


def parse_gender(value: object) -> Gender | None:
    """Nam or Nữ; empty is None."""
    return _choose(value, _GENDERS, msgid("“%(value)s” is not a gender. Use: Nam, Nữ."))


def parse_unit_role(value: object) -> UnitRole | None:
    """The part a unit plays for its officials; empty is None."""
    refusal = msgid(
        "“%(value)s” is not a role. Use: cơ quan quản lý, cơ quan sử dụng, đơn vị trực tiếp sử dụng."
    )
    return _choose(value, _ROLES, refusal)


def parse_unit_kind(value: object) -> UnitKind | None:
    """What a unit is: tỉnh, sở, xã, phòng or đơn vị sự nghiệp; empty is None."""
    refusal = msgid("“%(value)s” is not a kind of unit. Use: tỉnh, sở, xã, phòng, đơn vị sự nghiệp.")
    return _choose(value, _UNIT_KINDS, refusal)


def _word(value: object) -> str:
    return _PLAIN_WORDS.sub(" ", fold(short_text(value))).strip()


def _choose(value: object, words: Mapping[_Choice, str], refusal: str) -> _Choice | None:
    word = _word(value)
    if not word:
        return None
    for choice, synonyms in words.items():
        if word in synonyms.split("|") or word == _word(str(choice)):
            return choice
    raise CellRefused(refusal, value=short_text(value))


_DEPUTY = re.compile(
    r"^(?:pho|p) (?:tong )?(?:giam doc|chu tich|truong|chanh|chi cuc|cuc|vu|hieu|vien|doi|tram|ban|phong|bi thu"
    r"|gd|ct|thu truong|khoa|phu trach)|^(?:pct|pgd|ptp|pho)\b"
)
_HEAD = re.compile(
    r"^(?:q |quyen |phu trach )?(?:tong )?(?:giam doc|chu tich|truong (?!nhom)|truong$|chanh|tp|gd|ct|bi thu"
    r"|(?:chi cuc|cuc|vu|hieu|vien|doi|tram) truong)"
)


def guess_office(title: object) -> Office:
    """Head, deputy or staff as a title usually means it: a proposal for a person to confirm."""
    word = _word(title)
    if _DEPUTY.match(word):
        return Office.DEPUTY
    return Office.HEAD if _HEAD.match(word) else Office.STAFF
