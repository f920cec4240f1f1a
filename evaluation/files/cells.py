"""Reads single cells the way Vietnamese offices fill them: text, dates, decimals."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from evaluation.files.says import CellRefused, msgid
from evaluation.rules.names import clean_name, fold

FIRST_YEAR, LAST_YEAR = 1900, 2100
TEXT_LIMIT = 4_000
_SHORT = 60
_EXCEL_DAY_ZERO = date(1899, 12, 30)
# A smaller bare number is more likely a year or a slip than a day counted by Excel (10000 = 18/05/1927).
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_415


def parse_text(value: object) -> str:
    """A cell as clean text: composed, no invisible characters, single spaces; whole numbers without ".0"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "x" if value else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime | date):
        return f"{value.day:02d}/{value.month:02d}/{value.year}"
    text = str(value)
    if len(text) > TEXT_LIMIT:
        raise CellRefused(
            msgid("The text is longer than %(limit)s characters. Shorten it."), limit=TEXT_LIMIT
        )
    clean = clean_name(text)
    return clean[1:] if len(clean) > 1 and clean[0] == "'" and clean[1] in "=+-@" else clean


def short_text(value: object) -> str:
    """A cell as clean text cut at 60 characters, so that no pattern ever sees a long string."""
    text = str(value)
    return (
        parse_text(text if len(text) <= _SHORT else text[:_SHORT] + "…")
        if isinstance(value, str)
        else parse_text(value)
    )


@dataclass(frozen=True)
class Birth:
    """A day of birth, or only its year."""

    on: date | None
    year_only: bool = False


_DAY_MONTH_YEAR = re.compile(
    r"([0-9]{1,2})\s?[/.-]\s?([0-9]{1,2})\s?[/.-]\s?([0-9]{1,4})(?: 0{1,2}:00(?::00)?)?"
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_IN_WORDS = re.compile(r"ngay ([0-9]{1,2}) thang ([0-9]{1,2}) nam ([0-9]{4})")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_NOT_A_DATE = msgid("“%(value)s” is not a date. Write day/month/year, for example 25/08/1985.")


def parse_date(value: object) -> date | None:
    """A day: Excel date, its serial number, dd/mm/yyyy, dd-mm-yyyy, dd.mm.yyyy or ISO; never month first.

    Empty is None. CellRefused for two-digit years, impossible days and days outside 1900 to 2100.
    """
    if isinstance(value, datetime):
        return _within_reach(value.date(), value)
    if isinstance(value, date):
        return _within_reach(value, value)
    text = short_text(value)
    if not text:
        return None
    if isinstance(value, int | float) or re.fullmatch(r"[0-9]{5}", text):
        return _from_serial(text)
    return _from_parts(text)


def _from_serial(text: str) -> date:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        raise CellRefused(_NOT_A_DATE, value=text)
    return _EXCEL_DAY_ZERO + timedelta(days=int(text))


def _from_parts(text: str) -> date:
    if found := _DAY_MONTH_YEAR.fullmatch(text):
        day, month, year = found.groups()
    elif found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _IN_WORDS.fullmatch(fold(text)):
        day, month, year = found.groups()
    else:
        raise CellRefused(_NOT_A_DATE, value=text)
    if len(year) != 4:
        raise CellRefused(msgid("“%(value)s” has no four-digit year. Write it as 25/08/1985."), value=text)
    if int(month) > 12 and int(day) <= 12:
        raise CellRefused(
            msgid("“%(value)s” has the month before the day. Write day/month/year: 25/08/1985."), value=text
        )
    try:
        return _within_reach(date(int(year), int(month), int(day)), text)
    except ValueError as wrong:
        if isinstance(wrong, CellRefused):
            raise
        raise CellRefused(
            msgid("“%(value)s” is a day that does not exist. Check day and month."), value=text
        ) from None


def _within_reach(day: date, value: object) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CellRefused(msgid("“%(value)s” lies outside the years 1900 to 2100."), value=parse_text(value))
    return day


def parse_birth(value: object) -> Birth:
    """A day of birth, or a year alone (1985), which is kept as 1 January with `year_only`."""
    text = "" if isinstance(value, datetime | date) else short_text(value)
    if _YEAR.fullmatch(text):
        return Birth(date(int(text), 1, 1), year_only=True)
    return Birth(parse_date(value))


_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,10})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]{1,10})?")
_AMBIGUOUS = re.compile(r"[+-]?[0-9]{1,3}\.[0-9]{3}")


def parse_decimal(value: object, *, money: bool = False) -> Decimal | None:
    """An exact number with decimal comma or dot; empty is None.

    "1.234" is refused unless the column is money: one reader sees a thousand, another one and a bit.
    NaN, infinity, exponents and anything else that is not plain digits are refused.
    """
    if isinstance(value, float):
        return _from_cell(value)
    if isinstance(value, bool | datetime | date):
        raise CellRefused(_NOT_A_NUMBER, value=parse_text(value))
    if isinstance(value, int | Decimal):
        return Decimal(value)
    text = short_text(value).replace(" ", "").replace("−", "-")
    if not text:
        return None
    if _AMBIGUOUS.fullmatch(text) and not money:
        raise CellRefused(
            msgid("“%(value)s” can mean two different numbers. Write %(whole)s or %(part)s."),
            value=text,
            whole=text.replace(".", ""),
            part=text.replace(".", ","),
        )
    if _THOUSANDS.fullmatch(text) and (money or "," in text or text.count(".") > 1):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    raise CellRefused(_NOT_A_NUMBER, value=text)


_NOT_A_NUMBER = msgid("“%(value)s” is not a number. Write digits with a decimal comma, for example 1,5.")


def _from_cell(value: float) -> Decimal:
    """Excel keeps 15 digits; what lies beyond them is noise of its binary arithmetic."""
    if value != value or abs(value) >= 1e15:
        raise CellRefused(_NOT_A_NUMBER, value=str(value))
    number = Decimal(f"{value:.15g}")
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number
