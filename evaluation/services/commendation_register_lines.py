"""What a line of a commendation register may say, and how it is written; what it replaces stays behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import (
    Initiative,
    OldUnitOpinion,
    PastRating,
    PendingMatter,
    Person,
    Title,
    Unit,
    UnitYear,
)
from evaluation.rules.bands import Band
from evaluation.rules.facts import AwardType, InitiativeLevel, PendingKind
from evaluation.rules.verdicts import Award
from evaluation.services import audit
from evaluation.services.access import Actor
from evaluation.services.refusals import Fault

NOT_RATED = "NOT_RATED"
OPINIONS = {"AGREE": True, "DISAGREE": False}


class Register(StrEnum):
    """A register that can be written line by line."""

    TITLE = "TITLE"
    PAST_RATING = "PAST_RATING"
    OLD_UNIT = "OLD_UNIT"
    MATTER = "MATTER"
    CLUSTER = "CLUSTER"
    INITIATIVE = "INITIATIVE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a register as it was typed: whose it is, what it says, by which document, for which days."""

    register: str
    whose: str
    value: str
    year: int | None
    number: str
    on: date | None
    since: date | None = None
    until: date | None = None
    award_type: str = AwardType.CONG_TRANG.value
    text: str = ""
    sole: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A checked line with the person or the unit it is about."""

    entry: Entry
    person: Person | None
    unit: Unit | None

    @property
    def owner(self) -> dict[str, int | None]:
        """The columns that say whose it is."""
        return {
            "person_id": self.person.id if self.person else None,
            "unit_id": self.unit.id if self.unit else None,
        }


def _title_faults(entry: Entry, found: Found) -> list[Fault]:
    if entry.value not in tuple(Award):
        known = ", ".join(Award)
        return [
            Fault(
                "value",
                _("%(award)s is not a title. Choose one of: %(known)s.", award=entry.value, known=known),
            )
        ]
    award = Award(entry.value)
    if entry.award_type not in tuple(AwardType):
        return [Fault("award_type", _("Choose one of: %(known)s.", known=", ".join(AwardType)))]
    if not (award.of_persons if found.person else award.of_collectives):
        return [Fault("whose", _("This title is not given to a person, or not to a unit, as written here."))]
    held = select(Title.id).where(
        Title.code == award.value, Title.year == entry.year, Title.withdrawn_at.is_(None)
    )
    held = held.where(*(getattr(Title, key) == value for key, value in found.owner.items() if value))
    if db.session.scalar(held.where(Title.award_type == entry.award_type).limit(1)):
        return [Fault("value", _("This title of %(year)s is already on record.", year=entry.year))]
    return []


def _rating_faults(entry: Entry, _found: Found) -> list[Fault]:
    if entry.value in (*(band.value for band in Band), NOT_RATED):
        return []
    known = ", ".join([*(band.value for band in Band), NOT_RATED])
    return [Fault("value", _("Choose one of: %(known)s.", known=known))]


def _opinion_faults(entry: Entry, _found: Found) -> list[Fault]:
    if entry.value not in OPINIONS:
        return [Fault("value", _("Choose one of: %(known)s.", known=", ".join(OPINIONS)))]
    return [] if entry.since else [Fault("since", _("Write the day the official moved."))]


def _matter_faults(entry: Entry, _found: Found) -> list[Fault]:
    if entry.value not in tuple(PendingKind):
        return [Fault("value", _("Choose one of: %(known)s.", known=", ".join(PendingKind)))]
    return [] if entry.since else [Fault("since", _("Write the day the matter was opened."))]


def _cluster_faults(entry: Entry, _found: Found) -> list[Fault]:
    right = entry.value.isdecimal() and len(entry.value) <= 3 and int(entry.value) > 0
    return [] if right else [Fault("value", _("The rank is a whole number from 1 up."))]


def _initiative_faults(entry: Entry, found: Found) -> list[Fault]:
    faults = []
    if entry.value not in tuple(InitiativeLevel):
        faults.append(Fault("value", _("Choose one of: %(known)s.", known=", ".join(InitiativeLevel))))
    if not entry.text.strip():
        faults.append(Fault("text", _("Write the title of the initiative.")))
    held = select(Initiative.id).where(
        Initiative.person_id == found.owner["person_id"],
        Initiative.year == entry.year,
        Initiative.decision_number == entry.number.strip(),
        Initiative.title == entry.text.strip(),
        Initiative.withdrawn_at.is_(None),
    )
    if not faults and db.session.scalar(held.limit(1)):
        faults.append(Fault("text", _("This initiative of the decision is already on record.")))
    return faults


VALUES: dict[Register, Callable[[Entry, Found], Sequence[Fault]]] = {
    Register.TITLE: _title_faults,
    Register.PAST_RATING: _rating_faults,
    Register.OLD_UNIT: _opinion_faults,
    Register.MATTER: _matter_faults,
    Register.CLUSTER: _cluster_faults,
    Register.INITIATIVE: _initiative_faults,
}


def write(actor: Actor | None, found: Found) -> None:
    """Writes one checked line with its audit line; the caller commits."""
    entry = found.entry
    before, subject = WRITERS[Register(entry.register)](entry, found)
    audit.record(
        actor,
        "commendations.recorded",
        subject,
        before=before,
        after={
            "register": entry.register,
            "value": entry.value,
            "year": entry.year,
            "document": entry.number.strip(),
            "on": entry.on,
            "since": entry.since,
            "until": entry.until,
        },
        unit_id=found.unit.id if found.unit else None,
    )


def _write_title(entry: Entry, found: Found) -> Any:
    made = Title(
        **found.owner,
        code=entry.value,
        year=entry.year,
        award_type=entry.award_type,
        achieved_from=entry.since,
        achieved_to=entry.until,
        decision_number=entry.number.strip()[:100],
        decided_on=entry.on,
    )
    return None, _added(made)


def _write_rating(entry: Entry, found: Found) -> Any:
    made = PastRating(
        person_id=found.owner["person_id"],
        year=entry.year,
        klass=None if entry.value == NOT_RATED else Band(entry.value),
        decision_number=entry.number.strip()[:100],
        decided_on=entry.on,
    )
    return _superseded(PastRating, PastRating.year == entry.year, found), _added(made)


def _write_opinion(entry: Entry, found: Found) -> Any:
    made = OldUnitOpinion(
        person_id=found.owner["person_id"],
        moved_on=entry.since,
        agrees=OPINIONS[entry.value],
        document_number=entry.number.strip()[:100],
        given_on=entry.on,
    )
    return _superseded(OldUnitOpinion, OldUnitOpinion.moved_on == entry.since, found), _added(made)


def _write_matter(entry: Entry, found: Found) -> Any:
    """A matter is opened, or closed where the same one is open and the line says until when."""
    owner = [getattr(PendingMatter, key) == value for key, value in found.owner.items() if value]
    known = db.session.scalar(
        select(PendingMatter).where(
            *owner,
            PendingMatter.kind == PendingKind(entry.value),
            PendingMatter.opened_on == entry.since,
            PendingMatter.closed_on.is_(None),
            PendingMatter.withdrawn_at.is_(None),
        )
    )
    if known is not None:
        known.closed_on, known.outcome = entry.until, entry.number.strip()[:200]
        return {"closed_on": None}, known
    made = PendingMatter(
        **found.owner,
        kind=PendingKind(entry.value),
        opened_on=entry.since,
        closed_on=entry.until,
        outcome=entry.number.strip()[:200] if entry.until else None,
    )
    return None, _added(made)


def _write_cluster(entry: Entry, found: Found) -> Any:
    assert found.unit is not None
    known = db.session.get(UnitYear, (found.unit.id, entry.year))
    if known is None:
        known = _added(UnitYear(unit_id=found.unit.id, year=entry.year, criticisms=0))
    before = {"cluster_rank": known.cluster_rank}
    known.cluster_rank = int(entry.value)
    return before, found.unit


def _write_initiative(entry: Entry, found: Found) -> Any:
    made = Initiative(
        person_id=found.owner["person_id"],
        title=entry.text.strip()[:2000],
        level=InitiativeLevel(entry.value),
        year=entry.year,
        decision_number=entry.number.strip()[:100],
        decided_on=entry.on,
        sole_author=entry.sole,
    )
    return None, _added(made)


def _added(made: Any) -> Any:
    db.session.add(made)
    db.session.flush()
    return made


def _superseded(table: Any, which: Any, found: Found) -> dict[str, Any] | None:
    """Closes the live line that the new one replaces."""
    old = db.session.scalar(
        select(table)
        .where(table.person_id == found.owner["person_id"], which, table.superseded_at.is_(None))
        .with_for_update()
    )
    if old is None:
        return None
    old.superseded_at = clock.now()
    db.session.flush()
    return {"superseded": old.id}


WRITERS: dict[Register, Callable[[Entry, Found], Any]] = {
    Register.TITLE: _write_title,
    Register.PAST_RATING: _write_rating,
    Register.OLD_UNIT: _write_opinion,
    Register.MATTER: _write_matter,
    Register.CLUSTER: _write_cluster,
    Register.INITIATIVE: _write_initiative,
}
