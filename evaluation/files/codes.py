"""Reads the codes of people and units: personal numbers, organisation and rank codes, telephones, e-mail."""

import re

from evaluation.files.cells import Birth, parse_text, short_text
from evaluation.files.says import CellRefused, Says, msgid
from evaluation.rules.organisation import Gender


def parse_personal_number(value: object) -> tuple[str, Says | None]:
    """The 12-digit personal number (CCCD), with a warning when lost leading zeros were restored.

    The number itself never appears in a message: messages are logged and shown on shared screens.
    """
    text = re.sub(r"[\s.'-]", "", short_text(value))
    if not text:
        return "", None
    if not re.fullmatch(r"[0-9]+", text):
        raise CellRefused(
            msgid(
                "The personal number must be 12 digits. Format the column as Text in Excel and type it again."
            )
        )
    if re.fullmatch(r"[0-9]{9}", text):
        raise CellRefused(
            msgid(
                "This looks like an old 9-digit identity card. Write the 12-digit number of the citizen card."
            )
        )
    if len(text) in (10, 11):
        return text.zfill(12), Says(
            msgid(
                "Excel dropped the leading zeros of the personal number; they were put back. Please check it."
            )
        )
    if len(text) != 12:
        raise CellRefused(
            msgid("The personal number has %(count)s digits; it must have 12. Check the citizen card."),
            count=len(text),
        )
    return text, None


def doubt_personal_number(number: str, birth: Birth, gender: Gender | None) -> Says | None:
    """A warning, never an error, when century, year or sex inside the number differ from the other cells."""
    if len(number) != 12:
        return None
    century, sex = divmod(int(number[3]), 2)
    year = 1900 + 100 * century + int(number[4:6])
    if birth.on is not None and birth.on.year != year:
        return Says(
            msgid(
                "The personal number belongs to someone born in %(inside)s, but the file says %(written)s."
            ),
            {"inside": year, "written": birth.on.year},
        )
    if gender is not None and gender is not (Gender.FEMALE if sex else Gender.MALE):
        return Says(msgid("The personal number carries another gender than the file. Check both."))
    return None


_UNIT_CODE = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]{2,3}){0,4}")
_REVERSED_CODE = re.compile(r"(?:[0-9A-Z]{2,3}\.){1,4}[A-Z][0-9]{2}")


def parse_unit_code(value: object) -> tuple[str, Says | None]:
    """An organisation code such as H38.12.03, with a warning when it stood in the old reversed form."""
    text = short_text(value).upper().replace(" ", "")
    if not text or _UNIT_CODE.fullmatch(text):
        return text, None
    if _REVERSED_CODE.fullmatch(text):
        parts = text.split(".")[::-1]
        while len(parts) > 1 and not parts[-1].strip("0"):
            parts.pop()
        code = ".".join(parts)
        return code, Says(
            msgid("“%(old)s” is a code in the old reversed form; it was read as %(code)s."),
            {"old": text, "code": code},
        )
    raise CellRefused(
        msgid(
            "“%(value)s” is not an organisation code. It is a letter and two digits, then groups: H38.12.03."
        ),
        value=text,
    )


_RANK = re.compile(r"[0-9]{2}\.[0-9]{3}|V\.[0-9]{2}\.[0-9]{2}\.[0-9]{2}")


def parse_rank_code(value: object) -> tuple[str, Says | None]:
    """A rank code such as 01.003 or V.05.02.07; one that Excel shortened (1.003) is restored with a warning."""
    text = short_text(value).upper().replace(" ", "").replace(",", ".")
    if not text or _RANK.fullmatch(text):
        return text, None
    whole, _, part = text.partition(".")
    if re.fullmatch(r"[0-9]{1,2}", whole) and re.fullmatch(r"[0-9]{1,3}", part):
        code = f"{whole.zfill(2)}.{part.ljust(3, '0')}"
        return code, Says(
            msgid("Excel shortened the rank code; it was read as %(code)s. Please check it."), {"code": code}
        )
    raise CellRefused(msgid("“%(value)s” is not a rank code. Examples: 01.003, V.05.02.07."), value=text)


def parse_phone(value: object) -> str:
    """A telephone number as digits, with a leading 0; one that Excel shortened gets its 0 back."""
    digits = re.sub(r"[\s().'-]", "", short_text(value))
    digits = "0" + digits[3:] if digits.startswith("+84") else digits
    if not digits:
        return ""
    if not re.fullmatch(r"[0-9]{8,12}", digits):
        raise CellRefused(
            msgid("“%(value)s” is not a telephone number. Write digits only."), value=short_text(value)
        )
    return "0" + digits if len(digits) == 9 and not digits.startswith("0") else digits


_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}")


def parse_email(value: object) -> str:
    """An e-mail address in lower case."""
    text = parse_text(value).lower()
    if text and (len(text) > 254 or not _EMAIL.fullmatch(text)):
        raise CellRefused(msgid("“%(value)s” is not an e-mail address."), value=text[:60])
    return text
