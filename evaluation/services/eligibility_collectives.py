"""What the members of a collective bring to its verdict: classes, titles of the round, discipline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from evaluation.queries.evidence import YearRecord
from evaluation.rules.bands import Band
from evaluation.rules.facts import Facts
from evaluation.rules.verdicts import Award
from evaluation.services.eligibility_rounds import Round, holds


@dataclass(slots=True)
class Members:
    """Counts of a unit's members; `silent` are those who should have a class and have none on record."""

    people: int = 0
    silent: int = 0
    ldtt: int = 0
    ldtt_open: int = 0
    cstdcs: int = 0
    cstdcs_open: int = 0
    disciplined: int = 0
    warned: int = 0
    classes: Counter[str] = field(default_factory=Counter)

    @property
    def rated(self) -> int:
        """Who has a class of the year; who worked too little to be rated is in no share."""
        return sum(self.classes.values())

    @classmethod
    def all_of(cls, parts: Iterable[Members]) -> Members:
        """The members of several units together."""
        total = cls()
        for part in parts:
            for one in fields(cls):
                setattr(total, one.name, getattr(total, one.name) + getattr(part, one.name))
        return total

    def printed(self) -> dict[str, Any]:
        """What the list of collectives shows of the members."""
        return {
            "people": self.people,
            "rated": self.rated,
            "members": {band.value: self.classes[band.value] for band in Band},
            "ldtt": self.ldtt,
            "ldtt_open": self.ldtt_open,
            "cstdcs": self.cstdcs,
            "cstdcs_open": self.cstdcs_open,
            "disciplined": self.disciplined,
            "warned": self.warned,
        }


def members_of(people: Sequence[YearRecord], before: Mapping[Award, Round]) -> dict[int, Members]:
    """The counts by unit, each person in the unit they were judged in; titles as the rounds before left them."""
    held = {code: _held(before[code], code) if code in before else {} for code in (Award.LDTT, Award.CSTDCS)}
    found: dict[int, Members] = {}
    for record in people:
        here = found.setdefault(record.unit_id, Members())
        here.people += 1
        _class(here, record)
        ldtt, cstdcs = (held[code].get(record.person_id, False) for code in (Award.LDTT, Award.CSTDCS))
        here.ldtt += ldtt is True
        here.ldtt_open += ldtt is None
        here.cstdcs += cstdcs is True
        here.cstdcs_open += cstdcs is None
        year = record.facts.year
        in_year = [
            one
            for one in record.facts.person.discipline
            if not one.quashed and year in (one.decided_on.year, one.starts.year)
        ]
        here.disciplined += bool(in_year)
        here.warned += any(one.form.warning_or_above for one in in_year)
    return found


def _held(round_: Round, code: Award) -> dict[int, bool | None]:
    return {
        one.record.person_id: holds(one, code) for one in round_.judged if isinstance(one.record, YearRecord)
    }


def _class(here: Members, record: YearRecord) -> None:
    person, year = record.facts.person, record.facts.year
    klass = person.ratings.get(year)
    if klass is not None:
        here.classes[klass.value] += 1
    elif year not in person.ratings:
        here.silent += 1


def with_members(facts: Facts, members: Members) -> Facts:
    """A collective's facts with its members counted; what one silent class could change is left unknown."""
    below = members.classes[Band.KHTNV.value]
    known = not members.silent
    return replace(
        facts,
        unit=replace(
            facts.unit,
            members_rated=members.rated if known else None,
            members_below_ht=below if known or below else None,
            members_canh_cao=members.warned,
            ldtt=members.ldtt,
            ldtt_open=members.ldtt_open,
            cstdcs=members.cstdcs,
            cstdcs_open=members.cstdcs_open,
        ),
    )
