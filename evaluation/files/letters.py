"""Letters that a document can hold: what people paste may carry signs that XML forbids and no font draws."""

import re

_NO_LETTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """The text without control characters, halves of letters and non-characters; line breaks and tabs stay."""
    return _NO_LETTERS.sub("", text)
