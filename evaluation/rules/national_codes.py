"""The shared catalogue of the national database as dated data: codes of results, names of fields; the days are the decree's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.rules import exact_yaml
from evaluation.rules.bands import RANKS
from evaluation.rules.explain import half_up
from evaluation.rules.rulebook import RulebookError, day_text

FOLDER = Path(__file__).resolve().parent.parent / "rulebooks" / "national"
KEYS = frozenset({"catalogue", "title", "verified", "effective", "header", "results", "periods", "fields"})
PERIODS = frozenset({"MONTH", "QUARTER", "YEAR"})
FIELDS = frozenset({"kind", "period", "year", "points", "result", "decision", "day"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result of an official as it is sent: kind of period, its name, points, level, decision and day."""

    kind: str
    period: str
    year: int
    points: Fraction | None
    level: str
    decision: str | None
    day: date


@dataclass(frozen=True, eq=False)
class NationalCodes:
    """One dated catalogue; codes are matched whole, never in part."""

    name: str
    title: str
    verified: bool
    effective: tuple[date, date | None]
    action: str
    results: Mapping[str, str]
    names: Mapping[str, str]
    periods: Mapping[str, str]
    fields: Mapping[str, str]

    def covers(self, day: date) -> bool:
        """Whether the catalogue is in force on a day; the last day is excluded."""
        since, until = self.effective
        return since <= day and (until is None or day < until)

    def row(self, outcome: Outcome) -> dict[str, str]:
        """A line of DS_KETQUA_DANHGIA_PHANLOAI; what is not known is left out, never sent empty."""
        values = {
            "kind": self.periods[outcome.kind],
            "period": outcome.period,
            "year": str(outcome.year),
            "points": None if outcome.points is None else two_decimals(outcome.points),
            "result": self.results[outcome.level],
            "decision": outcome.decision,
            "day": outcome.day.isoformat(),
        }
        return {self.fields[key]: value for key, value in values.items() if value}


def two_decimals(value: Fraction) -> str:
    """A score as the message writes it: half up, a point and two decimals."""
    scaled = half_up(value, 2) * 100
    whole, rest = divmod(abs(scaled.numerator), 100)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:02d}"


def codes_for(day: date, catalogues: Iterable[NationalCodes] | None = None) -> NationalCodes:
    """The one catalogue in force on a day."""
    found = [one for one in (catalogues if catalogues is not None else shipped()) if one.covers(day)]
    if len(found) != 1:
        raise RulebookError(
            "evaluation/rulebooks/national must hold exactly one catalogue for %(day)s; it holds %(count)s.",
            day=day_text(day),
            count=len(found),
        )
    return found[0]


@cache
def shipped() -> tuple[NationalCodes, ...]:
    """The catalogues that ship with the program, read once."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.yaml")))


def load(path: Path) -> NationalCodes:
    """Reads one catalogue whole, or refuses it with one sentence naming file and line."""
    try:
        document = exact_yaml.read(path.read_text(encoding="utf-8"))
    except exact_yaml.UnreadableError as error:
        raise RulebookError(
            "%(file)s, line %(line)s: %(why)s.", file=path.name, line=error.line, why=error.says
        ) from error
    data: Any = document.data

    def need(holds: bool, why: str, *place: object) -> None:
        if not holds:
            raise RulebookError(
                "%(file)s, line %(line)s: %(why)s.", file=path.name, line=document.line(*place), why=why
            )

    need(isinstance(data, dict) and set(data) == KEYS, f"the parts are {', '.join(sorted(KEYS))}")
    span = data["effective"]
    need(isinstance(span, dict) and isinstance(span.get("from"), date), "`from` is not a day", "effective")
    results = data["results"]
    need(
        isinstance(results, dict) and set(results) == set(RANKS),
        "each of the four levels has a code",
        "results",
    )
    codes = {level: one.get("code") for level, one in results.items()}
    need(all(isinstance(code, str) and code for code in codes.values()), "a level has no code", "results")
    need(len(set(codes.values())) == len(codes), "two levels have one code", "results")
    need(set(data["periods"]) == PERIODS, f"the periods are {', '.join(sorted(PERIODS))}", "periods")
    need(set(data["fields"]) == FIELDS, f"the fields are {', '.join(sorted(FIELDS))}", "fields")
    return NationalCodes(
        name=str(data["catalogue"]),
        title=str(data["title"]),
        verified=data["verified"] is True,
        effective=(span["from"], span.get("to")),
        action=str(data["header"]["action"]),
        results=codes,
        names={level: str(one.get("name", level)) for level, one in results.items()},
        periods={key: str(value) for key, value in data["periods"].items()},
        fields={key: str(value) for key, value in data["fields"].items()},
    )
