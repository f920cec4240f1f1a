"""Finds and converts Vietnamese typed in TCVN3 (.VnTime) or VNI (VNI-Times) fonts, column by column, for a preview."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evaluation.rules.names import VIETNAMESE_LETTERS, capital_inside_a_word

SUSPICIOUS_SHARE = 100
SAMPLES = 5


class LegacyFont(StrEnum):
    """The two encodings that old offices still send."""

    TCVN3 = "TCVN3"
    VNI = "VNI"


@dataclass(frozen=True)
class Sample:
    """One cell before and after conversion."""

    row: int
    before: str
    after: str


@dataclass(frozen=True)
class Conversion:
    """What converting one column would change; a person agrees before anything is applied."""

    sheet: str
    column: str
    font: LegacyFont
    changed: int
    samples: tuple[Sample, ...]


_VOWELS = ("a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y")
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # level, huyền, hỏi, ngã, sắc, nặng

# Positions 0xA0–0xFF of the TCVN3 fonts, vowel by vowel in the order of _TONES; ASCII vowels keep their own place.
_TCVN3_ROWS = {
    "a": "a\xb5\xb6\xb7\xb8\xb9",
    "ă": "\xa8\xbb\xbc\xbd\xbe\xc6",
    "â": "\xa9\xc7\xc8\xc9\xca\xcb",
    "e": "e\xcc\xce\xcf\xd0\xd1",
    "ê": "\xaa\xd2\xd3\xd4\xd5\xd6",
    "i": "i\xd7\xd8\xdc\xdd\xde",
    "o": "o\xdf\xe1\xe2\xe3\xe4",
    "ô": "\xab\xe5\xe6\xe7\xe8\xe9",
    "ơ": "\xac\xea\xeb\xec\xed\xee",
    "u": "u\xef\xf1\xf2\xf3\xf4",
    "ư": "\xad\xf5\xf6\xf7\xf8\xf9",
    "y": "y\xfa\xfb\xfc\xfd\xfe",
}
_TCVN3_CAPITALS = {"Ă": "\xa1", "Â": "\xa2", "Ê": "\xa3", "Ô": "\xa4", "Ơ": "\xa5", "Ư": "\xa6", "Đ": "\xa7"}

# VNI writes a vowel as itself and a second character for shape and tone.
_VNI_PLAIN = ("", "ø", "û", "õ", "ù", "ï")
_VNI_CIRCUMFLEX = ("â", "à", "å", "ã", "á", "ä")
_VNI_BREVE = ("ê", "è", "ú", "ü", "é", "ë")
_VNI_BASES = {
    "a": ("a", _VNI_PLAIN), "ă": ("a", _VNI_BREVE), "â": ("a", _VNI_CIRCUMFLEX), "e": ("e", _VNI_PLAIN),
    "ê": ("e", _VNI_CIRCUMFLEX), "o": ("o", _VNI_PLAIN), "ô": ("o", _VNI_CIRCUMFLEX), "ơ": ("ô", _VNI_PLAIN),
    "u": ("u", _VNI_PLAIN), "ư": ("ö", _VNI_PLAIN), "y": ("y", _VNI_PLAIN),
}  # fmt: skip
_VNI_I = ("i", "ì", "æ", "ó", "í", "ò")


def _toned(vowel: str, tone: str) -> str:
    return unicodedata.normalize("NFC", vowel + tone)


def _tcvn3_table() -> dict[str, str]:
    table = {
        code: _toned(vowel, tone)
        for vowel, codes in _TCVN3_ROWS.items()
        for code, tone in zip(codes, _TONES, strict=True)
        if not code.isascii()
    }
    return table | {"\xae": "đ"} | {code: letter for letter, code in _TCVN3_CAPITALS.items()}


def _vni_table() -> dict[str, str]:
    table = {"ñ": "đ", "î": _toned("y", _TONES[5])}
    for vowel, (base, marks) in _VNI_BASES.items():
        table |= {base + mark: _toned(vowel, tone) for mark, tone in zip(marks, _TONES, strict=True)}
    table |= {code: _toned("i", tone) for code, tone in zip(_VNI_I, _TONES, strict=True)}
    lower = {code: letter for code, letter in table.items() if not code.isascii()}
    capitals = {code.upper(): letter.upper() for code, letter in lower.items()}
    titles = {code[0].upper() + code[1:]: letter.upper() for code, letter in lower.items()}
    return lower | titles | capitals


_TCVN3 = _tcvn3_table()
_VNI = _vni_table()
_TCVN3_PATTERN = re.compile("|".join(map(re.escape, _TCVN3)))
_VNI_PATTERN = re.compile("|".join(map(re.escape, sorted(_VNI, key=len, reverse=True))))


def convert(text: str, font: LegacyFont) -> str:
    """The text as Unicode; a TCVN3 word whose plain letters are all capitals comes back in capitals."""
    composed = unicodedata.normalize("NFC", text)
    if font is LegacyFont.VNI:
        return _VNI_PATTERN.sub(lambda found: _VNI[found[0]], composed)
    return re.sub(r"[^\s]+", lambda word: _tcvn3_word(word[0]), composed)


def _tcvn3_word(word: str) -> str:
    converted = _TCVN3_PATTERN.sub(lambda found: _TCVN3[found[0]], word)
    plain = [letter for letter in word if letter.isascii() and letter.isalpha()]
    return converted.upper() if len(plain) > 1 and all(letter.isupper() for letter in plain) else converted


def to_legacy(text: str, font: LegacyFont) -> str:
    """The text as the legacy font stores it; TCVN3 has no capitals with tones, so those come out small."""
    composed = unicodedata.normalize("NFC", text)
    table = {letter: code for code, letter in (_TCVN3 if font is LegacyFont.TCVN3 else _VNI).items()}
    if font is LegacyFont.TCVN3:
        return "".join(table.get(letter) or table.get(letter.lower(), letter) for letter in composed)
    return "".join(table.get(letter, letter) for letter in composed)


_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?[aăâeêioôơuưy]{1,3}(?:ch|ng|nh|[cmnpt])?"
)


def _possible_syllables(text: str) -> int:
    # Cut at spaces only: the legacy codes hold symbols (¨, ®) that are no letters.
    return sum(_is_syllable(word) for word in unicodedata.normalize("NFC", text).split())


def _is_syllable(word: str) -> bool:
    if capital_inside_a_word(word):
        return False
    letters = unicodedata.normalize("NFD", word.lower()[:12])
    tones = sum(letters.count(tone) for tone in _TONES if tone)
    bare = unicodedata.normalize("NFC", re.sub("[\u0300\u0309\u0303\u0301\u0323]", "", letters))
    return tones <= 1 and _SYLLABLE.fullmatch(bare) is not None


def looks_legacy(text: str) -> bool:
    """Whether a word of composed text mixes plain letters with signs no Vietnamese word has, or has an inner capital.

    A sign standing alone (®, ×) or text with letters that only Unicode has is not suspicious.
    """
    composed = unicodedata.normalize("NFC", text)
    return not _surely_unicode(composed) and any(_strange(word) for word in composed.split())


def _strange(word: str) -> bool:
    if word.isascii():
        return False
    mixed = any(letter.isascii() and letter.isalpha() for letter in word)
    return (mixed and any(sign in _LEGACY_CHARACTERS for sign in word)) or capital_inside_a_word(word)


_LEGACY_CHARACTERS = frozenset(
    character
    for code in (*_TCVN3, *_VNI)
    for character in code
    if not character.isascii() and character not in VIETNAMESE_LETTERS
)


def detect(cells: Sequence[str]) -> LegacyFont | None:
    """The legacy font of a column, when at least one cell in a hundred looks like it and converting makes words of them."""
    suspects = [cell for cell in cells if cell and looks_legacy(cell)]
    filled = sum(1 for cell in cells if cell.strip())
    if not suspects or len(suspects) * SUSPICIOUS_SHARE < filled:
        return None
    scores = {font: _syllables(convert(cell, font) for cell in suspects) for font in LegacyFont}
    best = max(scores, key=lambda font: scores[font])
    return best if scores[best] > _syllables(suspects) else None


def _syllables(texts: Iterable[str]) -> int:
    return sum(_possible_syllables(text) for text in texts)


def convert_column(cells: Sequence[str], font: LegacyFont) -> list[str]:
    """The column converted; cells already in Unicode stay, judged one by one when they are the majority."""
    legacy = sum(1 for cell in cells if looks_legacy(cell))
    unicode_cells = sum(1 for cell in cells if _surely_unicode(cell))
    return [
        convert(cell, font)
        if not _surely_unicode(cell) and (looks_legacy(cell) or legacy > unicode_cells)
        else cell
        for cell in cells
    ]


def _surely_unicode(cell: str) -> bool:
    return any(
        ord(character) > 0xFF and character in VIETNAMESE_LETTERS
        for character in unicodedata.normalize("NFC", cell)
    )
