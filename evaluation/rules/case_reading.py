"""Reads the inputs of a golden case strictly: an unknown key or an unreadable value is a sentence, never skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.facts import (
    NOBODY,
    AwardFact,
    AwardType,
    Criticism,
    Discipline,
    DisciplineForm,
    Facts,
    Initiative,
    InitiativeLevel,
    LeaveFact,
    LeaveKind,
    PendingKind,
    PendingMatter,
    PersonFacts,
    Position,
    ReformResult,
    TitleFact,
    Transfer,
    UnitFacts,
)

Kind = TypeVar("Kind", bound=StrEnum)
Item = TypeVar("Item")
REQUIRED: Any = object()


class CaseError(ValueError):
    """A case cannot be run; the text says what and where."""


class Fields:
    """The keys of one mapping; every one must be taken, and nothing else may be there."""

    def __init__(self, data: Any, where: str, allowed: Iterable[str]) -> None:
        if not isinstance(data, dict):
            raise CaseError(f"{where} must hold `key: value` lines")
        self.data = data
        self.where = where
        known = set(allowed)
        for key in data:
            if key not in known:
                raise CaseError(f"{where} has the unknown key {key!r}")

    def name(self, key: str) -> str:
        return f"{self.where}.{key}"

    def raw(self, key: str, default: Any = REQUIRED) -> Any:
        if key not in self.data:
            if default is REQUIRED:
                raise CaseError(f"{self.name(key)} is missing")
            return default
        return self.data[key]

    def number(self, key: str, default: Any = REQUIRED) -> Fraction:
        return number(self.raw(key, default), self.name(key))

    def count(self, key: str, default: Any = REQUIRED) -> int:
        return count(self.raw(key, default), self.name(key))

    def text(self, key: str, default: Any = REQUIRED) -> str:
        value = self.raw(key, default)
        if not isinstance(value, str):
            raise CaseError(f"{self.name(key)}: {value!r} is not a text")
        return value

    def flag(self, key: str, default: Any = REQUIRED) -> bool:
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise CaseError(f"{self.name(key)}: {value!r} is not true or false")
        return value

    def day(self, key: str, default: Any = REQUIRED) -> date | None:
        value = self.raw(key, default)
        if value is None or (isinstance(value, date)):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "?")
        except ValueError:
            raise CaseError(f"{self.name(key)}: {value!r} is not a day such as 2026-12-20") from None

    def sure_day(self, key: str) -> date:
        value = self.day(key)
        if value is None:
            raise CaseError(f"{self.name(key)} is empty; write a day such as 2026-12-20")
        return value

    def one_of(self, key: str, kind: type[Kind], default: Any = REQUIRED) -> Kind:
        return one_of(self.raw(key, default), kind, self.name(key))

    def items(self, key: str, read: Callable[[Any, str], Item]) -> tuple[Item, ...]:
        rows = self.raw(key, [])
        if rows is None:
            rows = []
        if not isinstance(rows, list):
            raise CaseError(f"{self.name(key)} must be a list")
        return tuple(read(row, f"{self.name(key)}[{at}]") for at, row in enumerate(rows, 1))

    def by_year(self, key: str, read: Callable[[Any, str], Item]) -> dict[int, Item]:
        rows = self.raw(key, {})
        if not isinstance(rows, dict):
            raise CaseError(f"{self.name(key)} must hold `year: value` lines")
        result: dict[int, Item] = {}
        for year, value in rows.items():
            result[count(year, f"{self.name(key)} year")] = read(value, f"{self.name(key)}.{year}")
        return result


def number(value: Any, where: str) -> Fraction:
    """An integer, a finite decimal or p/q, exactly."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str):
        try:
            return parse_exact(value)
        except ValueError:
            pass
    raise CaseError(f"{where}: {value!r} is not an integer, a finite decimal or a fraction p/q")


def count(value: Any, where: str) -> int:
    """A whole number, not negative."""
    exact = number(value, where)
    if exact.denominator != 1 or exact < 0:
        raise CaseError(f"{where}: {value!r} is not a whole number from 0 up")
    return exact.numerator


def one_of(value: Any, kind: type[Kind], where: str) -> Kind:
    """A word of an enumeration."""
    if isinstance(value, str) and value in kind.__members__:
        return kind[value]
    raise CaseError(f"{where}: {value!r} is not one of {', '.join(kind.__members__)}")


def _maybe(kind: type[Kind]) -> Callable[[Any, str], Kind | None]:
    def read(value: Any, where: str) -> Kind | None:
        return None if value is None else one_of(value, kind, where)

    return read


def facts(fields: Fields, *, collective: bool = False) -> Facts:
    """The facts of an eligibility case (law/commendation.md D.1); what is left out is the ordinary case."""
    if collective and "person" in fields.data:
        raise CaseError(f"{fields.name('person')}: this title is given to a collective, not to a person")
    return Facts(
        year=fields.count("year"),
        as_of=fields.sure_day("as_of"),
        received=fields.sure_day("received"),
        person=NOBODY if collective else _person(fields.raw("person"), fields.name("person")),
        unit=_unit(fields.raw("unit", {}), fields.name("unit")),
        collective=collective,
    )


PERSON_KEYS = frozenset(
    {"id", "gender", "dob", "position", "direct_worker", "employment", "hired_on", "rating", "rating_basis"}
    | {"months_worked", "leave", "transfers", "discipline", "pending", "titles", "awards", "initiatives"}
)
UNIT_KEYS = frozenset(
    {"id", "legal_entity", "level", "rating", "par", "par_class", "criticism", "discipline", "pending"}
    | {"dissolved_on", "cluster_rank", "corruption_handled", "members_rated", "members_below_ht"}
    | {"members_canh_cao", "ldtt", "cstdcs", "cluster_leaders", "awards"}
)


def _person(data: Any, where: str) -> PersonFacts:
    fields = Fields(data, where, PERSON_KEYS)
    return PersonFacts(
        ratings=fields.by_year("rating", _maybe(Band)),
        position=fields.one_of("position", Position, "NONE"),
        months_worked=fields.by_year("months_worked", count),
        leave=fields.items("leave", _leave),
        transfers=fields.items("transfers", _transfer),
        discipline=fields.items("discipline", _discipline),
        pending=fields.items("pending", _pending),
        titles=fields.items("titles", _title),
        awards=fields.items("awards", _award),
        initiatives=fields.items("initiatives", _initiative),
    )


def _unit(data: Any, where: str) -> UnitFacts:
    fields = Fields(data, where, UNIT_KEYS)
    handled = fields.by_year("corruption_handled", _flag)
    return UnitFacts(
        ratings=fields.by_year("rating", _maybe(Band)),
        reform=fields.by_year("par", _maybe(ReformResult)),
        criticism=fields.items("criticism", _criticism),
        discipline=fields.items("discipline", _discipline),
        corruption_handled=frozenset(year for year, yes in handled.items() if yes),
        pending=fields.items("pending", _pending),
        dissolved_on=fields.day("dissolved_on", None),
        cluster_rank=fields.by_year("cluster_rank", _maybe_count),
        cluster_leaders=_some(fields, "cluster_leaders"),
        members_rated=_some(fields, "members_rated"),
        members_below_ht=_some(fields, "members_below_ht"),
        members_canh_cao=_some(fields, "members_canh_cao", 0),
        ldtt=_some(fields, "ldtt"),
        cstdcs=_some(fields, "cstdcs"),
        awards=fields.items("awards", _award),
    )


def _some(fields: Fields, key: str, default: int | None = None) -> int | None:
    """A whole number, or None where the case says that it is not known."""
    return None if fields.raw(key, default) is None else fields.count(key, default)


def _maybe_count(value: Any, where: str) -> int | None:
    return None if value is None else count(value, where)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise CaseError(f"{where}: {value!r} is not true or false")
    return value


def _leave(data: Any, where: str) -> LeaveFact:
    row = Fields(data, where, ("type", "from", "to"))
    return LeaveFact(row.one_of("type", LeaveKind), row.sure_day("from"), row.day("to", None))


def _transfer(data: Any, where: str) -> Transfer:
    row = Fields(data, where, ("from_unit", "to_unit", "on", "months_at_old", "old_opinion"))
    return Transfer(row.sure_day("on"), row.count("months_at_old"), row.flag("old_opinion", False))


def _discipline(data: Any, where: str) -> Discipline:
    row = Fields(data, where, ("form", "duty_related", "decided_on", "from", "to", "quashed"))
    since = row.day("from", None)
    decided = row.day("decided_on", None) or since
    if decided is None:
        raise CaseError(f"{where}.decided_on is missing")
    return Discipline(
        form=row.one_of("form", DisciplineForm),
        decided_on=decided,
        since=since,
        until=row.day("to", None),
        duty_related=row.flag("duty_related") if row.raw("duty_related", None) is not None else None,
        quashed=row.flag("quashed", False),
    )


def _pending(data: Any, where: str) -> PendingMatter:
    row = Fields(data, where, ("kind", "opened", "closed", "outcome"))
    outcome = row.raw("outcome", None)
    return PendingMatter(
        row.one_of("kind", PendingKind),
        row.sure_day("opened"),
        row.day("closed", None),
        None if outcome is None else str(outcome),
    )


def _title(data: Any, where: str) -> TitleFact:
    row = Fields(data, where, ("code", "year", "decision_no", "decision_on"))
    return TitleFact(row.text("code"), row.count("year"))


def _award(data: Any, where: str) -> AwardFact:
    row = Fields(data, where, ("code", "type", "ach_from", "ach_to", "year", "decision_on", "decision_no"))
    years: Mapping[str, int | None] = {
        key: None if row.raw(key, None) is None else row.count(key) for key in ("ach_from", "ach_to")
    }
    decided_on, decided = row.day("decision_on", None), _some(row, "year")
    return AwardFact(
        row.text("code"),
        row.one_of("type", AwardType),
        years["ach_from"],
        years["ach_to"],
        decided_on.year if decided is None and decided_on is not None else decided,
    )


def _initiative(data: Any, where: str) -> Initiative:
    row = Fields(data, where, ("level", "year", "decision_no", "decision_on", "sole_author"))
    return Initiative(row.one_of("level", InitiativeLevel), row.count("year"), row.flag("sole_author", True))


def _criticism(data: Any, where: str) -> Criticism:
    row = Fields(data, where, ("on", "no", "scope"))
    return Criticism(row.sure_day("on"))
