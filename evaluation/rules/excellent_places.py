"""Who of an agency has a place among the excellent, under any share, reading and rounding of Article 20.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.grading import Candidate, QuotaBase, excellent_quota, rank_excellent
from evaluation.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Official:
    """An official of the agency's year under one law: class by the score, and the class decided where one is."""

    key: str
    group: str
    klass: Band | None
    mean: Fraction | None
    decided: bool = False
    decided_class: Band | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How places are counted: the share, what it is a share of, how a broken number is rounded."""

    share: Fraction
    base: QuotaBase
    rounding: str

    @classmethod
    def of(cls, book: Rulebook, day: date) -> Terms:
        """As a rulebook counts on a day."""
        return cls(
            book.number("excellent_share", day),
            QuotaBase(str(book.choice("quota_base", day))),
            str(book.choice("quota_rounding", day)),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """The agency (`group` None) or a group of similar tasks: who reached excellent, who is good, how many places."""

    group: str | None
    reached: int
    good: int
    places: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of an agency and its groups, and where each stopped who reached the score but has none."""

    scopes: tuple[Scope, ...]
    beyond: Mapping[str, Scope]

    @property
    def without(self) -> frozenset[str]:
        """The keys of those who reached the score but have no place."""
        return frozenset(self.beyond)


def places_of(officials: Sequence[Official], terms: Terms) -> Places:
    """Groups first, then the agency over who is left; a tie on the last place has none, a person decides (Điều 20.5)."""
    groups: dict[str, list[Official]] = {}
    for one in officials:
        groups.setdefault(one.group, []).append(one)
    scopes: list[Scope] = []
    beyond: dict[str, Scope] = {}
    for name, members in [*sorted(groups.items()), (None, list(officials))]:
        scope = _scope(name, members, terms)
        scopes.append(scope)
        taken = sum(one.decided_class is Band.HTXSNV for one in members)
        candidates = [
            Candidate(one.key, one.mean)
            for one in members
            if one.klass is Band.HTXSNV and one.mean is not None and not one.decided and one.key not in beyond
        ]
        ranking = rank_excellent(candidates, scope.places - taken)
        beyond |= {one.key: scope for one in (*ranking.tied, *ranking.beyond)}
    return Places((scopes[-1], *scopes[:-1]), beyond)


def _scope(group: str | None, members: Sequence[Official], terms: Terms) -> Scope:
    """Who was decided to be below good counts in no base."""
    base = [one for one in members if one.decided_class in (None, Band.HTTNV, Band.HTXSNV)]
    reached = sum(one.klass is Band.HTXSNV for one in base)
    good = sum(one.klass is Band.HTTNV for one in base)
    places = excellent_quota(reached, good, terms.share, terms.base, rounding=terms.rounding)
    return Scope(group, reached, good, places)
