"""The facts a commendation is examined on: what the registers say of a person and a unit, None where they are silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from evaluation.rules.bands import Band


class Position(StrEnum):
    """The post a person holds in the unit."""

    HEAD = "HEAD"
    DEPUTY = "DEPUTY"
    NONE = "NONE"


class LeaveKind(StrEnum):
    """Kinds of leave the rules know."""

    MATERNITY = "MATERNITY"
    SICK = "SICK"
    UNPAID = "UNPAID"
    STUDY_LT1Y = "STUDY_LT1Y"
    STUDY_GE1Y = "STUDY_GE1Y"
    INJURY_SERVICE = "INJURY_SERVICE"


class DisciplineForm(StrEnum):
    """Forms of discipline, Party forms included."""

    KHIEN_TRACH = "KHIEN_TRACH"
    CANH_CAO = "CANH_CAO"
    CACH_CHUC = "CACH_CHUC"
    BUOC_THOI_VIEC = "BUOC_THOI_VIEC"
    PARTY_KHIEN_TRACH = "PARTY_KHIEN_TRACH"
    PARTY_CANH_CAO = "PARTY_CANH_CAO"
    PARTY_CACH_CHUC = "PARTY_CACH_CHUC"
    PARTY_KHAI_TRU = "PARTY_KHAI_TRU"

    @property
    def warning_or_above(self) -> bool:
        """Cảnh cáo or heavier."""
        return self not in (DisciplineForm.KHIEN_TRACH, DisciplineForm.PARTY_KHIEN_TRACH)


class PendingKind(StrEnum):
    """Matters that hold a commendation while they are open."""

    DISCIPLINE = "DISCIPLINE"
    INVESTIGATION = "INVESTIGATION"
    INSPECTION = "INSPECTION"
    COMPLAINT = "COMPLAINT"
    DENUNCIATION = "DENUNCIATION"
    PRESS = "PRESS"
    RATING_APPEAL = "RATING_APPEAL"


class InitiativeLevel(StrEnum):
    """How far a recognised initiative reaches."""

    CO_SO = "CO_SO"
    TINH = "TINH"
    TOAN_QUOC = "TOAN_QUOC"


class AwardType(StrEnum):
    """Types of commendation (Luật 2022 Điều 8)."""

    CONG_TRANG = "CONG_TRANG"
    DOT_XUAT = "DOT_XUAT"
    CHUYEN_DE = "CHUYEN_DE"
    CONG_HIEN = "CONG_HIEN"


class ReformResult(StrEnum):
    """Result of administrative reform of a unit in a year."""

    COMPLETED = "COMPLETED"
    NOT_COMPLETED = "NOT_COMPLETED"


@dataclass(frozen=True, slots=True)
class LeaveFact:
    kind: LeaveKind
    since: date
    until: date | None = None

    def meets(self, year: int) -> bool:
        """Whether a day of the leave lies in the year."""
        return self.since < date(year + 1, 1, 1) and (self.until is None or self.until > date(year, 1, 1))


@dataclass(frozen=True, slots=True)
class Discipline:
    """A disciplinary decision; `until` is the first day the person is free of it."""

    form: DisciplineForm
    decided_on: date
    since: date | None = None
    until: date | None = None
    duty_related: bool | None = None
    quashed: bool = False

    @property
    def starts(self) -> date:
        """Day it takes effect; the day of decision when the decision names none."""
        return self.since or self.decided_on


@dataclass(frozen=True, slots=True)
class PendingMatter:
    kind: PendingKind
    opened: date
    closed: date | None = None
    outcome: str | None = None

    def open_on(self, day: date) -> bool:
        """Whether it was still open on a day."""
        return self.opened <= day and (self.closed is None or self.closed > day)


@dataclass(frozen=True, slots=True)
class Transfer:
    on: date
    months_at_old: int
    old_opinion: bool
    against: bool = False


@dataclass(frozen=True, slots=True)
class TitleFact:
    code: str
    year: int


@dataclass(frozen=True, slots=True)
class AwardFact:
    """A title or award decided before; the years are those of the achievement it rewarded, where its decision says."""

    code: str
    kind: AwardType
    first_year: int | None = None
    last_year: int | None = None
    decided_year: int | None = None

    @property
    def counts_from(self) -> int | None:
        """Last year it rewarded, or that of its decision where none is written: later years are counted from here."""
        for year in (self.last_year, self.first_year, self.decided_year):
            if year is not None:
                return year
        return None

    def meets(self, first: int, last: int) -> bool | None:
        """Whether the achievement it rewarded shares a year with first..last; None when its decision does not say."""
        until = self.last_year if self.last_year is not None else self.first_year
        since = self.first_year if self.first_year is not None else until
        if since is not None and until is not None:
            return since <= last and first <= until
        return None if self.decided_year is None or self.decided_year >= first else False


@dataclass(frozen=True, slots=True)
class Initiative:
    level: InitiativeLevel
    year: int
    sole_author: bool = True


@dataclass(frozen=True, slots=True)
class Criticism:
    on: date


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """`ratings` has the year as key with None when the register says 'not rated'; no key means the register is silent.

    `unknown_titles` names the titles, by code and year, on which the register cannot speak: nobody has entered that year,
    or the round of the year has not decided yet. What it does not name was not held unless `titles` says so.
    """

    ratings: Mapping[int, Band | None]
    position: Position = Position.NONE
    months_worked: Mapping[int, int] = field(default_factory=dict)
    leave: tuple[LeaveFact, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    discipline: tuple[Discipline, ...] = ()
    pending: tuple[PendingMatter, ...] = ()
    titles: tuple[TitleFact, ...] = ()
    awards: tuple[AwardFact, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    unknown_titles: frozenset[tuple[str, int]] = frozenset()

    def held(self, code: str) -> frozenset[int]:
        """The years a title was held."""
        return frozenset(title.year for title in self.titles if title.code == code)


NOBODY = PersonFacts(ratings={})


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What the registers say of a unit: that of the person examined, or the collective itself; None is silence."""

    ratings: Mapping[int, Band | None] = field(default_factory=dict)
    reform: Mapping[int, ReformResult | None] = field(default_factory=dict)
    criticism: tuple[Criticism, ...] = ()
    discipline: tuple[Discipline, ...] = ()
    corruption_handled: frozenset[int] = frozenset()
    pending: tuple[PendingMatter, ...] = ()
    dissolved_on: date | None = None
    cluster_rank: Mapping[int, int | None] = field(default_factory=dict)
    cluster_leaders: int | None = None
    members_rated: int | None = None
    members_below_ht: int | None = None
    members_canh_cao: int | None = 0
    ldtt: int | None = None
    cstdcs: int | None = None
    ldtt_open: int = 0
    cstdcs_open: int = 0
    awards: tuple[AwardFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """One person, or one collective, in one round: the year judged, the day looked at, the day the dossier was received."""

    year: int
    as_of: date
    received: date
    person: PersonFacts
    unit: UnitFacts
    collective: bool = False
