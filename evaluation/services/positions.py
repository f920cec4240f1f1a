"""Job positions and their frameworks: shared by the whole province, changed by its personnel office or Home Affairs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.files.cells import TEXT_LIMIT, parse_text
from evaluation.models import Competency, JobPosition
from evaluation.queries import positions as questions
from evaluation.rules.names import fold
from evaluation.rules.organisation import PositionKind
from evaluation.services import audit
from evaluation.services.access import Actor
from evaluation.services.catalogue_reach import ROLES
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing

SHORT = 300
MOST_COMPETENCIES = 40


@dataclass(frozen=True, slots=True)
class PositionTerms:
    """What a position is, as typed."""

    code: str
    name: str
    kind: str
    rank_code: str
    peer_group: str
    description: str
    competencies: Sequence[tuple[str, str]] = ()


def may_change(actor: Actor) -> bool:
    """Whether the actor looks after the personnel of a managing agency: positions are shared below it."""
    tops = [unit_id for role in ROLES for unit_id in actor.standing.units_of(role)]
    return bool(tops) and bool(questions.managing_agencies(tops))


def require(actor: Actor) -> None:
    """Refuses who may not change positions."""
    if not may_change(actor):
        raise Forbidden(_("You are not allowed to do this here."))


def create(actor: Actor, terms: PositionTerms) -> JobPosition:
    """A new position; its code names no other."""
    require(actor)
    values = _values(terms)
    position = JobPosition(**values)
    if questions.by_code(values["code"]) is not None:
        raise _taken(values["code"])
    db.session.add(position)
    _set_competencies(position, terms)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise _taken(values["code"]) from None
    audit.record(actor, "position.created", position, after=told(position))
    db.session.commit()
    return position


def edit(actor: Actor, position_id: int, terms: PositionTerms, *, seen: str) -> JobPosition:
    """Changes a position and its competency lines; Conflict when it changed since the form was opened."""
    require(actor)
    position = questions.position(position_id, lock=True)
    if position is None:
        raise Missing(_("There is no such position."))
    if mark(position) != seen:
        raise Conflict(_("Somebody changed this position in the meantime. Open it again; nothing was saved."))
    values, before = _values(terms), told(position)
    known = questions.by_code(values["code"])
    if known is not None and known.id != position.id:
        raise _taken(values["code"])
    for name, value in values.items():
        setattr(position, name, value)
    _set_competencies(position, terms)
    after = told(position)
    if before != after:
        changed = [key for key in after if before[key] != after[key]]
        audit.record(
            actor,
            "position.changed",
            position,
            before={key: before[key] for key in changed},
            after={key: after[key] for key in changed},
        )
    db.session.commit()
    return position


def told(position: JobPosition) -> dict[str, Any]:
    """What the journal keeps of a position."""
    return {
        "code": position.code,
        "name": position.name,
        "kind": position.kind,
        "rank_code": position.rank_code,
        "peer_group": position.peer_group,
        "description": position.description,
        "competencies": [[one.text, one.level] for one in position.competencies],
    }


def mark(position: JobPosition) -> str:
    """Changes when the position does."""
    said = json.dumps(audit.plain(told(position)), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _taken(code: str) -> Invalid:
    return Invalid([Fault("code", _("The code %(code)s already names another position.", code=code))])


def _values(terms: PositionTerms) -> dict[str, Any]:
    """The columns of a position, or Invalid with every fault."""
    faults: list[Fault] = []
    given = asdict(terms)
    texts = {
        name: _text(given[name], name, faults) for name in ("name", "rank_code", "peer_group", "description")
    }
    code = "".join(_text(terms.code, "code", faults).split()).upper()
    if not code and not any(fault.place == "code" for fault in faults):
        faults.append(Fault("code", _("Give the position a code, for example VT01.")))
    if not texts["name"]:
        faults.append(Fault("name", _("Give the position a name.")))
    if not texts["peer_group"]:
        message = _(
            "Name the group of similar work; quotas of excellent are counted within it (Article 20.5)."
        )
        faults.append(Fault("peer_group", message))
    if not texts["description"]:
        faults.append(Fault("description", _("Describe the position.")))
    if terms.kind not in {one.value for one in PositionKind}:
        faults.append(Fault("kind", _("Choose the kind of position.")))
    for number, (text, level) in enumerate(terms.competencies, start=1):
        if len(text) > SHORT * 3 or len(level) > SHORT:
            message = _("Competency %(number)s is too long. Shorten it.", number=number)
            faults.append(Fault(f"competency-{number}", message))
        elif level.strip() and not text.strip():
            message = _("Competency %(number)s has a level but no text.", number=number)
            faults.append(Fault(f"competency-{number}", message))
    if faults:
        raise Invalid(faults)
    return {
        **texts,
        "rank_code": texts["rank_code"] or None,
        "code": code,
        "kind": PositionKind(terms.kind),
        "search_key": fold(f"{code} {texts['name']}"),
    }


def _text(typed: str, place: str, faults: list[Fault]) -> str:
    limit = TEXT_LIMIT if place == "description" else SHORT
    if len(typed) > limit:
        faults.append(Fault(place, _("Use at most %(limit)s characters.", limit=limit)))
        return typed[:limit]
    return parse_text(typed)


def _set_competencies(position: JobPosition, terms: PositionTerms) -> None:
    wanted = [
        (parse_text(text), parse_text(level) or None) for text, level in terms.competencies if text.strip()
    ]
    if [(one.text, one.level) for one in position.competencies] == wanted:
        return
    position.competencies = []
    db.session.flush()
    position.competencies = [
        Competency(ordinal=number, text=text, level=level)
        for number, (text, level) in enumerate(wanted[:MOST_COMPETENCIES], start=1)
    ]
    db.session.flush()
