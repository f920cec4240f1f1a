"""The working of a result: exact numbers as text, and the steps a person can check with a pencil."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

EXACT = re.compile(r"([+-]?[0-9]+)(?:\.([0-9]+)|/([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of working: what is computed, with which numbers, giving what, by which article."""

    code: str
    says: str
    formula: str
    value: Fraction
    article: str

    def as_json(self) -> dict[str, str]:
        """Plain text fields; the value stays exact as 'p/q'."""
        return {
            "code": self.code,
            "says": self.says,
            "formula": self.formula,
            "value": exact(self.value),
            "article": self.article,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Step:
        """The step that as_json wrote, unchanged."""
        return cls(data["code"], data["says"], data["formula"], parse_exact(data["value"]), data["article"])


def steps_as_json(steps: Iterable[Step]) -> list[dict[str, str]]:
    """All steps as plain data, in order."""
    return [step.as_json() for step in steps]


def steps_from_json(data: Iterable[Mapping[str, str]]) -> tuple[Step, ...]:
    """The steps that steps_as_json wrote."""
    return tuple(Step.from_json(row) for row in data)


def exact(value: Fraction) -> str:
    """The number without loss: '173/2', or '90' when whole."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def parse_exact(text: str) -> Fraction:
    """Reads an integer, a finite decimal or a fraction p/q; anything else is a ValueError."""
    found = EXACT.fullmatch(text.strip())
    if found is None or (found[3] is not None and int(found[3]) == 0):
        raise ValueError(f"{text!r} is not an exact number. Write 90, 89.5 or 173/2.")
    return Fraction(found[0])


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounded to so many decimals, a half going away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**places)


def shown(value: Fraction | int, places: int = 2) -> str:
    """For the eye only: half up, written the Vietnamese way, '1.234,50'."""
    rounded = half_up(Fraction(value), places)
    whole, rest = divmod(abs(rounded.numerator) * 10**places // rounded.denominator, 10**places)
    text = f"{whole:,}".replace(",", ".")
    if places:
        text += f",{rest:0{places}d}"
    return f"-{text}" if rounded < 0 else text


def written(value: Fraction | int, places: int = 4) -> str:
    """A number inside a formula: as few decimals as it needs, at most so many."""
    text = shown(value, places)
    return text.rstrip("0").rstrip(",") if "," in text else text


def equals(value: Fraction | int, places: int = 2) -> str:
    """The end of a formula: '= 92,5', or '≈ 92,35' when the eye sees a rounded number."""
    value = Fraction(value)
    return f"{'=' if half_up(value, places) == value else '≈'} {written(value, places)}"
