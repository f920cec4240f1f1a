"""Vietnamese names and words: how they are cleaned, searched, ordered and told from look-alikes."""

import unicodedata
from itertools import pairwise

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
_LETTER_CODE = dict(zip(_ALPHABET, _CODES, strict=True))
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {"\u0306", "\u0302", "\u031b"}

# Invisible characters that category Cf/Cc does not already cover: they draw nothing, so two names that look
# the same would differ.
_INVISIBLE = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}


def _every_vietnamese_letter() -> frozenset[str]:
    vowels = "aăâeêioôơuưy"
    toned = {unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in ("", *_TONES)}
    letters = toned | set(_ALPHABET)
    return frozenset(letters | {letter.upper() for letter in letters})


VIETNAMESE_LETTERS = _every_vietnamese_letter()
# Letters of Ê Đê, Gia Rai and Ba Na names ("H'Bŏ", "Y Ñuê"): real citizens carry them on their papers.
HIGHLAND_LETTERS = frozenset("ĕĭŏŭčñƀĔĬŎŬČÑɃ")
_NAME_MARKS = frozenset(" '’ʼ-.")


def clean_name(text: str) -> str:
    """The text composed (NFC), without invisible and bidirectional characters, its spaces single."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable() and _INVISIBLE.isdisjoint(composed):
        return " ".join(
            composed.split()
        )  # nearly every cell of a file; the walk below is twenty times slower
    kept = (_visible(character) for character in composed)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    if character in _INVISIBLE or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return ""
    return character


def fold(text: str) -> str:
    """The text for searching without accents: lower case, no tone or shape, đ as d, single spaces."""
    decomposed = unicodedata.normalize("NFD", clean_name(text).casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.replace("đ", "d").replace("ƀ", "b")


def sort_key(full_name: str) -> str:
    """ASCII text whose byte order is the Vietnamese order of names: given name, then the rest in turn.

    Within a word letters decide before tones (ngang, huyền, hỏi, ngã, sắc, nặng). Store with collation "C".
    """
    words = name_words(full_name)
    return " ".join(_word_key(word) for word in (words[-1:] + words[:-1]))


def name_words(full_name: str) -> list[str]:
    """The words of a name as written, cleaned and in lower case."""
    return clean_name(full_name).lower().split()


def _word_key(word: str) -> str:
    letters: list[str] = []
    tone = "0"
    for character in word:
        parts = unicodedata.normalize("NFD", character)
        base, marks = parts[0], parts[1:]
        tone = next((_TONES[mark] for mark in marks if mark in _TONES), tone)
        shape = "".join(mark for mark in marks if mark in _SHAPES)
        letters.append(_letter_key(unicodedata.normalize("NFC", base + shape)))
    # A space sorts before every letter, so "An" comes before "Anh".
    return "".join(letters) + " " + tone


def _letter_key(letter: str) -> str:
    if letter in _LETTER_CODE:
        return _LETTER_CODE[letter]
    if letter in "'’ʼ-.":
        return ""
    if letter.isascii() and letter.isdigit():
        return letter
    bare = fold(letter)
    if bare in _LETTER_CODE:
        return _LETTER_CODE[bare]
    return f"~{ord(letter):06x}"


def outside_vietnamese(text: str) -> str:
    """Characters of a name that no Vietnamese paper carries (Cyrillic look-alikes, digits, symbols), each once."""
    allowed = VIETNAMESE_LETTERS | HIGHLAND_LETTERS | _NAME_MARKS
    return "".join(dict.fromkeys(character for character in clean_name(text) if character not in allowed))


def foreign_letters(text: str) -> str:
    """Letters and digits of a unit's name or a number that belong to another script and only look like ours, each once."""
    allowed = VIETNAMESE_LETTERS | HIGHLAND_LETTERS
    return "".join(
        dict.fromkeys(
            character
            for character in clean_name(text)
            if character.isalnum() and not character.isascii() and character not in allowed
        )
    )


def hidden_characters(text: str) -> str:
    """Characters that draw nothing or turn the writing round, each once; spaces of any kind are not among them."""
    return "".join(
        dict.fromkeys(
            character
            for character in unicodedata.normalize("NFC", text)
            if not character.isspace() and not _visible(character)
        )
    )


def code_points(characters: str) -> str:
    """Characters by number, for a sentence about what cannot be seen: "U+200B, U+202E"."""
    return ", ".join(f"U+{ord(character):04X}" for character in characters[:5])


def capital_inside_a_word(text: str) -> bool:
    """Whether a word mixes lower case and then a capital ("NguyÔn"): the mark of a legacy font."""
    words = unicodedata.normalize("NFC", text).split()
    return any(before.islower() and after.isupper() for word in words for before, after in pairwise(word))
