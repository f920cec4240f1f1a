"""Reads how offices write groups of complexity and frames of points (Article 13.1)."""

import re
from datetime import date, datetime
from decimal import Decimal

from evaluation.files.cells import parse_decimal, short_text
from evaluation.files.says import CellRefused, Says, msgid
from evaluation.rules.names import fold

_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
# A folded text has single spaces only: one that could repeat would try every way to share them out.
_GROUP = re.compile(r"(?:nhom|n|loai|muc)? ?(?:[.:] ?)?([0-9]{1,2}|[ivx]{1,4})(?: ?\(.*| [a-z].*)?")


def parse_group(value: object) -> int | None:
    """The number of a group of complexity however it is written: 3, N3, Nhóm 3, III, Nhóm III (phức tạp)."""
    found = _GROUP.fullmatch(fold(short_text(value)))
    if found is None:
        return None
    number = int(found[1]) if found[1].isdigit() else _ROMAN.get(found[1], 0)
    return number if number > 0 else None


_NUMBER = r"([0-9]{1,6}(?:,[0-9]{1,2}|\.[0-9]{1,2}(?![0-9]))?)"
_FROM_TO = re.compile(
    rf"(?:tu|tren|>=?|≥)?\s*{_NUMBER}\s*(?:diem)?\s*(?:-|–|—|÷|~|den|toi|->|\.\.)\s*(?:duoi|<=?|≤)?\s*{_NUMBER}(?: diem)?"
)
_UP_TO = re.compile(rf"(?:toi da|den|khong qua|<=|≤|duoi|<|max)\s*:?\s*{_NUMBER}(?: diem)?")
_AT_LEAST = re.compile(rf"(?:toi thieu|tu|>=|≥|tren|>|min)\s*:?\s*{_NUMBER}(?: diem)?(?: tro len)?")


Frame = tuple[Decimal | None, Decimal | None, Says | None]


def parse_frame(value: object) -> Frame:
    """Lowest and highest points of a frame: 51-100, từ 51 đến 100, tối đa 100; with a warning for a date."""
    if isinstance(value, datetime | date):
        low, high = sorted((value.day, value.month))
        doubt = Says(
            msgid("Excel turned the frame into a date; it was read as %(low)s-%(high)s. Please check it."),
            {"low": low, "high": high},
        )
        return Decimal(low), Decimal(high), doubt
    text = fold(short_text(value))
    if not text:
        return None, None, None
    if found := _FROM_TO.fullmatch(text):
        return parse_decimal(found[1]), parse_decimal(found[2]), None
    if found := _UP_TO.fullmatch(text):
        return None, parse_decimal(found[1]), None
    if found := _AT_LEAST.fullmatch(text):
        return parse_decimal(found[1]), None, None
    if re.fullmatch(_NUMBER, text):
        return None, parse_decimal(text), None
    raise CellRefused(
        msgid("“%(value)s” is not a frame of points. Write for example 51-100."), value=short_text(value)
    )
